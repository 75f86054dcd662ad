"""Diagnoses of donors in the finder: from the patient's record as far as donors allow, as of the day of collection."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

import duckdb
import pytest
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from wardbench.campus.biobank import donors, registering, withdrawing
from wardbench.campus.biobank.models import Donor, OptOut, Specimen
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.samples import current, projection, recorded
from wardbench.core.consent import Tier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("samples_folder")]
ALL = (Tier.STORAGE, Tier.RESEARCH, Tier.CLINICAL_DATA)
TAKEN = datetime.datetime(2024, 5, 10, 9, tzinfo=datetime.UTC)


class Store:
    """One connection stands for a snapshot; how often it was asked is counted."""

    tables = ("concept", "condition_occurrence", "concept_relationship")

    def __init__(self) -> None:
        self.asked, self.version, self.con = 0, "one", duckdb.connect()
        self.con.execute(
            "CREATE TABLE concept AS SELECT * FROM (VALUES (1, 'E11.9', 'ICD10CM'), (2, 'C18.2', 'ICD10'),"
            " (3, '363406005', 'SNOMED'), (4, '44054006', 'SNOMED'), (5, 'E11.3', 'ICD10CM'), (6, 'I10', 'ICD10'),"
            " (7, '1', 'SNOMED'), (8, 'K50', 'ICD10'), (9, 'K51', 'ICD10'), (10, '2', 'SNOMED'),"
            " (11, 'D12345', 'ICD10'), (12, 'N18.3', 'ICD10CM'), (13, '3', 'SNOMED'), (14, 'B01', 'ICD10PCS'))"
            " t(concept_id, concept_code, vocabulary_id)"
        )
        self.con.execute(
            "CREATE TABLE concept_relationship AS SELECT concept_id_1, concept_id_2, 'Maps to' AS relationship_id,"
            " invalid_reason FROM (VALUES (1, 4, NULL), (5, 4, ''), (8, 7, NULL), (9, 7, NULL), (12, 10, NULL),"
            " (12, 13, NULL), (6, 10, 'D')) t(concept_id_1, concept_id_2, invalid_reason)"
        )
        self.con.execute(
            "CREATE TABLE condition_occurrence(person_id BIGINT, condition_concept_id INTEGER,"
            " condition_source_concept_id INTEGER, condition_start_date DATE)"
        )

    @contextlib.contextmanager
    def connect(self) -> Any:
        self.asked += 1
        yield self.con
        self.con.execute("DROP TABLE wanted")

    def note(self, person: int, standard: int, source: int, day: str = "2020-01-01") -> None:
        self.con.execute("INSERT INTO condition_occurrence VALUES (?, ?, ?, ?)", [person, standard, source, day])


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    monkeypatch.setattr(recorded, "snapshot", lambda place: made)
    return made


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def tube(cast: Cast, n: int, *, record: bool = True, own: str = "", taken: Any = TAKEN) -> Donor:
    """The tube P`n` of the donor D`n`, who is patient `n`."""
    donor: Donor = donors.add_donor(f"D{n}", by=SYSTEM)
    donors.link_donor(donor, n, by=SYSTEM)
    form = donors.add_form(f"F{n}", "1", "en", "F", ALL, "2020-01-01", by=SYSTEM)
    answers = {Tier.STORAGE: True, Tier.RESEARCH: True, Tier.CLINICAL_DATA: record}
    donors.give_consent(donor, form, answers, "2023-01-02", by=SYSTEM)
    made = Specimen(label=f"P{n}", collection=things.collection(cast), donor=donor, material="Plasma",
                    collected=taken, diagnosis=own)  # fmt: skip
    registering.register([made], by=SYSTEM)
    return donor


def projected() -> dict[str, list[str] | None]:
    label = {str(one.id): one.label for one in Specimen.objects.all()}
    return {label[one["specimen"]]: one["diagnoses"] for one in projection.table().to_pylist()}


def test_what_was_on_record_by_the_day_of_collection_is_the_donors_diagnosis(cast: Cast, store: Store) -> None:
    for n, day in ((1, "2024-05-10"), (2, "2024-05-11"), (3, "2020-01-01"), (4, "2020-01-01")):
        store.note(n, 4, 1, day)
    store.note(3, 0, 2)
    store.note(3, 0, 2, "2021-01-01")
    tube(cast, 1)
    tube(cast, 2)
    tube(cast, 3, own="E11.9")
    tube(cast, 4, taken=None)
    assert projected() == {"P1": ["E11.9"], "P2": None, "P3": ["E11.9", "C18.2"], "P4": None}
    assert store.asked == 1, "one question for all donors"


def test_the_record_of_a_donor_who_does_not_allow_it_adds_nothing(cast: Cast, store: Store) -> None:
    for n in (1, 2, 3, 4):
        store.note(n, 4, 1)
    tube(cast, 1)
    tube(cast, 2, record=False, own="I10")
    withdrawing.withdraw_consent(tube(cast, 3), by=SYSTEM)
    tube(cast, 4)
    OptOut.objects.create(person_id=4, kind="data", since=timezone.now())
    assert projected() == {"P1": ["E11.9"], "P2": ["I10"], "P3": None, "P4": None}


def test_conditions_in_other_words_have_a_category_where_it_is_certain(cast: Cast, store: Store) -> None:
    said = {1: (4, 4), 2: (0, 3), 3: (7, 7), 4: (10, 10), 5: (13, 13), 6: (0, 11), 7: (0, 14), 8: (4, 5)}
    for n, (standard, source) in said.items():
        store.note(n, standard, source)
        tube(cast, n)
    found = projected()
    assert found["P1"] == ["E11"], "both codes that map to it are of one category"
    assert found["P2"] == ["C18"], "the vocabulary says nothing of it, and it is frequent"
    assert found["P3"] is None, "K50 and K51 both map to it"
    assert found["P4"] is None and found["P5"] is None, "what maps to two things is neither; I10 no longer maps to it"
    assert found["P6"] is None and found["P7"] is None, "no code of a diagnosis"
    assert found["P8"] == ["E11.3"], "what was recorded in ICD-10 is as it was recorded"


def test_the_index_follows_opt_outs_and_the_store(cast: Cast, store: Store) -> None:
    store.note(1, 4, 1)
    tube(cast, 1)
    current.refresh()

    def known() -> list[str]:
        counts = current.index()[0]
        return [value for value in counts.facets["diagnosis"].values if value]

    assert known() == ["E11"]
    assert current.refresh() is False
    later = OptOut.objects.create(person_id=1, kind="data", since=timezone.now() + datetime.timedelta(hours=1))
    current.refresh()
    assert known() == ["E11"]
    OptOut.objects.filter(id=later.id).update(since=timezone.now())
    assert current.refresh() is True and known() == []
    OptOut.objects.filter(id=later.id).update(until=timezone.now())
    assert current.refresh() is True and known() == ["E11"]
    store.note(1, 0, 2)
    assert current.refresh() is False
    store.version = "two"
    assert current.refresh() is True and known() == ["C18", "E11"]


def test_a_campus_without_a_store_has_what_was_typed(cast: Cast) -> None:
    tube(cast, 1, own="I10")
    tube(cast, 2)
    assert projected() == {"P1": ["I10"], "P2": None}
