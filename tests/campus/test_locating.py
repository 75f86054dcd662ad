"""The Sample Locator's query: exact for the inventory's people, an estimate for researchers, as far as donors allow."""

from __future__ import annotations

import contextlib
import datetime
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.test import Client
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from wardbench.campus.api import services as keys
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import donors, registering, tubes, withdrawing
from wardbench.campus.biobank.models import Donor, Specimen
from wardbench.campus.counting.models import Asked
from wardbench.campus.counting.rules import may_estimate
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.samples import locating, people
from wardbench.core.consent import Tier
from wardbench.core.disclosure.feasibility import FeasibilityRules
from wardbench.core.errors import InputError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("samples_folder")]
ALL = (Tier.STORAGE, Tier.RESEARCH, Tier.CLINICAL_DATA)
EVERYTHING = {"ast": {"operand": "OR", "children": []}}
PLASMA = {"ast": {"operand": "AND", "children": [{"key": "sample_kind", "type": "EQUALS", "value": "blood-plasma"}]}}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def stock(cast: Cast) -> None:
    """60 donors with a tube of plasma each, one also with serum; one refuses research, one withdrew."""
    form = donors.add_form("F", "1", "en", "F", ALL, "2026-01-01", by=SYSTEM)
    things.freezer(rows=9, columns=9)
    box = things.box("Freezer Rack 1 Box 1")
    for n in range(60):
        donor = donors.add_donor(f"D{n}", by=SYSTEM, sex=("Female", "Male")[n % 2], birth_year=1950 + n % 3)
        donors.give_consent(
            donor, form, {tier: n != 7 or tier is Tier.STORAGE for tier in ALL}, "2026-01-02", by=SYSTEM
        )
    Donor.objects.get(code="D8").consents.update(withdrawn=timezone.now())
    made = [
        Specimen(label=f"P{n}", collection=things.collection(cast), donor=Donor.objects.get(code=f"D{n}"),
                 material="Plasma", box=box, place=n, collected=timezone.now(), diagnosis="E11" if n % 2 else "")
        for n in range(60)
    ]  # fmt: skip
    made.append(Specimen(label="S", collection=things.collection(cast), donor=Donor.objects.get(code="D0"),
                         material="Serum", box=box, place=70))  # fmt: skip
    registering.register(made, by=SYSTEM)


def program(cast: Cast, key: str) -> Client:
    _, secret = keys.make_key("locator", ["count"], 1, by=cast.actor(key))
    return Client(headers={"host": "localhost", "authorization": f"Bearer {secret}"})


def ask(client: Client, query: Any) -> Any:
    return client.post("/api/samples/locate", json.dumps(query), content_type="application/json")


def group(said: dict[str, Any], name: str) -> dict[str, Any]:
    found = next(one for one in said["group"] if one["code"]["text"] == name)
    return {"count": found["population"][0]["count"], **{
        one["code"][0]["text"]: {each["value"]["text"]: each["population"][0]["count"] for each in one["stratum"]}
        for one in found["stratifier"]
    }}  # fmt: skip


def test_the_inventory_s_people_get_exact_counts(cast: Cast, stock: None) -> None:
    said = ask(program(cast, "biobank_manager"), {**EVERYTHING, "id": "a6f1ccf3-ebf1-424f-9d69-4e5d135f2340"}).json()
    assert said["measure"] == "urn:uuid:a6f1ccf3-ebf1-424f-9d69-4e5d135f2340"
    patients, specimens = group(said, "patients"), group(said, "specimen")
    assert patients["count"] == 58 and patients["gender"] == {"female": 29, "male": 29}
    assert set(patients["Age"]) <= {"70"} and patients["Custodian"] == {"C1": 58}
    assert specimens["count"] == 59 and specimens["sample_kind"] == {"blood-plasma": 58, "blood-serum": 1}
    event = Event.objects.last()
    assert event is not None and event.verb == "samples.locate" and event.detail["mode"] == "stewardship"
    tubes.dispose([Specimen.objects.get(label="P0")], "Old", by=SYSTEM)
    assert group(ask(program(cast, "biobank_manager"), PLASMA).json(), "patients")["count"] == 57


def test_researchers_get_an_estimate_of_donors_that_does_not_follow_the_inventory(
    cast: Cast, stock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same noise each time: else one run in some hundreds withholds a count of sixty.
    monkeypatch.setattr(locating, "FeasibilityRules", lambda _key, _version: FeasibilityRules(b"k" * 32, "1"))
    client = program(cast, "researcher")
    first = ask(client, PLASMA)
    assert first.status_code == 200, first.content
    said = first.json()
    assert [one["code"]["text"] for one in said["group"]] == ["patients"], "no specimens and no diagnoses"
    found = group(said, "patients")
    assert found["count"] % 5 == 0 and found["count"] > 10
    numbers = [count for name in ("gender", "Age") for count in found[name].values()]
    assert all(count >= 10 and count % 5 == 0 for count in numbers)
    assert any("random number" in one["valueString"] for one in said["extension"])
    assert Asked.objects.count() == 3, "the whole, by sex, by age"
    tubes.dispose(list(Specimen.objects.filter(label__in=[f"P{n}" for n in range(10, 30)])), "Old", by=SYSTEM)
    again = ask(client, {"ast": {"operand": "AND", "children": [*PLASMA["ast"]["children"]]}}).json()
    assert group(again, "patients") == found and Asked.objects.count() == 3
    assert group(ask(program(cast, "researcher2"), PLASMA).json(), "patients") == found, "the same for everybody"


def test_the_budget_of_estimates_ends(cast: Cast, stock: None) -> None:
    client = program(cast, "researcher")
    answers = []
    for years in range(30):
        asked = {"key": "donor_age", "type": "BETWEEN", "value": {"min": years, "max": 100}}
        answers.append(ask(client, {"ast": {"operand": "AND", "children": [asked]}}).status_code)
        if answers[-1] != 200:
            break
    assert answers[-1] == 429 and answers.count(200) <= 7


def test_who_is_answered_how(cast: Cast, stock: None) -> None:
    for role in Role:
        answer = ask(program(cast, role), EVERYTHING)
        if role in (Role.BIOBANK_MANAGER, Role.BIOBANK_BOARD, Role.DATA_STEWARD):
            assert group(answer.json(), "patients")["count"] == 58, role
        elif may_estimate(cast.actor(role)):
            assert [one["code"]["text"] for one in answer.json()["group"]] == ["patients"], role
        else:
            assert answer.status_code == 403, role


def test_what_is_wrong_is_said_by_its_path(cast: Cast, stock: None) -> None:
    client = program(cast, "biobank_manager")
    bad = {"ast": {"operand": "AND", "children": [{"key": "shoe_size", "type": "EQUALS", "value": "44"}]}}
    answer = ask(client, bad)
    assert answer.status_code == 400 and "ast.children[0]" in answer.json()["error"]["sentence"]
    assert ask(client, {"ast": []}).status_code == 422
    assert ask(client, {**EVERYTHING, "more": 1}).status_code == 422
    assert ask(Client(headers={"host": "localhost"}), EVERYTHING).status_code == 401


def test_the_record_of_patients_is_asked_only_where_donors_allow_it(
    cast: Cast, stock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    donors.link_donor(Donor.objects.get(code="D0"), 1, by=SYSTEM)
    donors.link_donor(Donor.objects.get(code="D7"), 2, by=SYSTEM)
    asked: list[int] = []

    def records(persons: Any) -> dict[int, Any]:
        asked.extend(persons)
        return {1: people._Record([("C50", None)], [31.0], [80.0])}

    monkeypatch.setattr(people, "_records", records)
    bmi = {"ast": {"operand": "AND", "children": [{"key": "bmi", "type": "BETWEEN", "value": {"min": 30, "max": 40}}]}}
    assert group(ask(program(cast, "biobank_manager"), bmi).json(), "patients")["count"] == 1
    assert asked == [1], "the donor who refused is not looked up"


def test_what_a_store_knows_of_patients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE concept AS SELECT * FROM (VALUES (1, 'C50.1', 'ICD10'), (2, '29463-7', 'LOINC'), "
        "(3, '39156-5', 'LOINC'), (4, '254837009', 'SNOMED'), "
        "(5, '72166-2', 'LOINC'), (6, '8517006', 'SNOMED'), (9, 'LA18978-9', 'LOINC')) "
        "t(concept_id, concept_code, vocabulary_id)"
    )
    con.execute(
        "CREATE TABLE condition_occurrence AS SELECT * FROM (VALUES (7, 1, 0, DATE '2020-01-01'), "
        "(7, 1, 0, DATE '2019-01-01'), (7, 4, 0, DATE '2019-01-01'), (8, 1, 0, DATE '2020-01-01')) "
        "t(person_id, condition_source_concept_id, condition_concept_id, condition_start_date)"
    )
    con.execute(
        "CREATE TABLE concept_relationship "
        "(concept_id_1 INTEGER, concept_id_2 INTEGER, relationship_id VARCHAR, invalid_reason VARCHAR)"
    )
    con.execute(
        "CREATE TABLE measurement AS SELECT * FROM (VALUES (7, 2, 0, 80.5, 'kg', 0), (7, 2, 0, 177.0, 'lb', 0),"
        " (7, 0, 3, 31.0, '', 9531), (7, 0, 2, NULL, 'kg', 0), (8, 2, 0, 60.0, 'kg', 0)) t(person_id, "
        "measurement_concept_id, measurement_source_concept_id, value_as_number, unit_source_value, "
        "unit_concept_id)"
    )

    con.execute(
        "CREATE TABLE observation AS SELECT * FROM (VALUES (7, 5, 0, 6, NULL), (7, 0, 5, 9, NULL), (7, 5, 0, 0, 'x'),"
        " (7, 5, 0, 0, '266919005'), (7, 1, 0, 6, NULL), (8, 5, 0, 6, NULL)) t(person_id, observation_concept_id,"
        " observation_source_concept_id, value_as_concept_id, value_source_value)"
    )

    # One connection stands for a snapshot.
    class Held:
        tables = ("concept", "condition_occurrence", "measurement", "observation")

        def connect(self) -> Any:
            return contextlib.nullcontext(con)

    monkeypatch.setattr(people, "snapshot", lambda place: Held())
    found = people._records([7])
    assert set(found) == {7}
    assert found[7].conditions == [("C50.1", datetime.date(2019, 1, 1))]
    assert found[7].weight == [80.5] and found[7].bmi == [31.0]
    assert sorted(found[7].smoking) == ["LA15920-4", "LA18978-9", "LA18978-9"]


def test_what_was_noted_of_fasting_is_asked_of_specimens(cast: Cast, stock: None) -> None:
    tube = Specimen.objects.get(label="P1")
    tubes.note_preanalytics(tube, {"fasting": "F"}, by=SYSTEM)
    tubes.note_preanalytics(Specimen.objects.get(label="P2"), {"fasting": "NF"}, by=SYSTEM)
    with pytest.raises(InputError, match="fasting"):
        tubes.note_preanalytics(tube, {"fasting": "maybe"}, by=SYSTEM)
    client = program(cast, "biobank_manager")
    for value, count in (("F", 1), ("NF", 1), ("FNA", 0)):
        leaf = {"key": "fasting_status", "type": "EQUALS", "value": value}
        said = ask(client, {"ast": {"operand": "AND", "children": [leaf]}}).json()
        assert group(said, "patients")["count"] == group(said, "specimen")["count"] == count


def test_what_is_kept_for_answers_follows_consent_and_the_inventory(
    cast: Cast, stock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, made = program(cast, "biobank_manager"), people.people
    asked: list[int] = []
    monkeypatch.setattr(people, "people", lambda: asked.append(1) or made())
    first = group(ask(client, EVERYTHING).json(), "patients")["count"]
    assert group(ask(client, PLASMA).json(), "patients")["count"] == first and len(asked) == 1
    withdrawing.withdraw_consent(Donor.objects.get(code="D1"), by=SYSTEM)
    assert group(ask(client, EVERYTHING).json(), "patients")["count"] == first - 1
    tubes.dispose([Specimen.objects.get(label="P2")], "Broken", by=SYSTEM)
    assert group(ask(client, EVERYTHING).json(), "patients")["count"] == first - 2 and len(asked) == 3
