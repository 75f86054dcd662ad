"""Extracts of data: under a permit, reviewed, minimised, with names of one study, whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import small_hospital
import tiny_cohort_hospital as tiny
from campus import biobank_things as things
from campus.cast import Cast, make_cast
from campus.test_counting import expression
from campus.test_studies import ORDER, completed, decide
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import donors, withdrawing
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.cohorts import services as cohort_services
from wardbench.campus.counting import sessions
from wardbench.campus.notices.models import Notice
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, Actor, Affiliation, ForbiddenError
from wardbench.campus.releases import extracting, proving, withdrawals
from wardbench.campus.releases.extract_rules import TABLE, Act, Facts, Part, Status, may_act
from wardbench.campus.releases.models import Extract, ExtractPerson, Withdrawal, WithdrawalTask
from wardbench.campus.releases.withdrawal_rules import Kind, Outcome
from wardbench.campus.studies import granting, services
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Study
from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.core.omop.tables import TABLES
from wardbench.core.pseudonyms import MOST_DAYS, Pseudonymiser
from wardbench.core.store import Store
from wardbench.ward import extracts
from wardbench.ward.extracts import ARCHIVE, COLUMNS, Dates, Format, People, Wanted, write_extract

KEY = b"k" * 32
ALL = Wanted(
    {
        "person": ["gender_concept_id", "age"],
        "condition_occurrence": ["condition_concept_id", "condition_start_date"],
        "measurement": ["measurement_concept_id", "measurement_date", "value_as_number"],
    }
)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hospital") / "store"
    small_hospital.build(place)
    return place


def everybody() -> People:
    return People(np.arange(1, 61), np.full(60, np.datetime64("2020-06-15").astype(np.int32)))


def rows(archive: Path, table: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(archive) as file:
        return list(csv.DictReader(io.StringIO(file.read(f"{table}.csv").decode())))


def written(hospital: Path, place: Path, wanted: Wanted = ALL, study: str = "S1") -> tuple[Path, dict[str, Any]]:
    snapshot = Store.open(hospital).snapshot()
    manifest = write_extract(snapshot, everybody(), wanted, Pseudonymiser({1: KEY}, study), {"study": study}, place)
    return place / ARCHIVE, manifest


def test_intervals_are_kept_and_no_true_day_but_by_chance(hospital: Path, tmp_path: Path) -> None:
    archive, manifest = written(hospital, tmp_path / "a")
    with Store.open(hospital).snapshot().connect() as con:
        true = con.execute(
            "SELECT person_id, coalesce(nullif(condition_concept_id, 0), condition_source_concept_id),"
            " condition_start_date FROM condition_occurrence"
        ).fetchall()
    names = Pseudonymiser({1: KEY}, "S1")
    moved = {names.pseudonym("person", n): names.days(n) for n in range(1, 61)}
    of = {names.pseudonym("person", n): n for n in range(1, 61)}
    first, last = (date.fromisoformat(day).toordinal() for day in Store.open(hospital).snapshot().period() or ())
    kept = [
        (person, concept, day.toordinal())
        for person, concept, day in true
        if first + MOST_DAYS <= day.toordinal() + names.days(person) <= last - MOST_DAYS
    ]
    given = rows(archive, "condition_occurrence")
    assert len(true) > len(given) == len(kept) > 0
    back = sorted(
        (of[one["person"]], int(one["condition_concept_id"]),
         date.fromisoformat(one["condition_start_date"]).toordinal() - moved[one["person"]])
        for one in given
    )  # fmt: skip
    assert back == sorted(kept)
    entry = date(2020, 6, 15).toordinal()
    index = {one["person"]: one["index_date"] for one in rows(archive, "person")}
    inside = {name for name, days in moved.items() if first + MOST_DAYS <= entry + days <= last - MOST_DAYS}
    assert {name for name, day in index.items() if day} == inside and 0 < len(inside) < len(index)
    assert {date.fromisoformat(index[name]).toordinal() - moved[name] for name in inside} == {entry}
    assert len(set(moved.values())) > 30 and 0 not in moved.values() and manifest["persons"] == 60
    again, _same = written(hospital, tmp_path / "b", Wanted(ALL.tables, Dates.RELATIVE))
    assert {one["index_day"] for one in rows(again, "person")} == {"0"}
    days = sorted(int(one["condition_start_day"]) for one in rows(again, "condition_occurrence"))
    assert days == sorted(day - date(2020, 6, 15).toordinal() for _person, _concept, day in kept)


def test_no_first_or_last_row_tells_by_how_much_dates_moved(tmp_path: Path) -> None:
    """Everybody has a row on each day: whoever's are given begin and end on the same day as everybody's."""
    days = range(1, 1200)
    data = tiny.snapshot(
        tmp_path / "store",
        person=[tiny.person(n) for n in (1, 2, 3)],
        observation_period=[tiny.observed(n, n, 1, 1199) for n in (1, 2, 3)],
        condition_occurrence=[tiny.condition(1200 * n + day, n, day) for n in (1, 2, 3) for day in days],
    )
    people = People(np.array([1, 2, 3]), np.full(3, np.datetime64("2021-01-01").astype(np.int32)))
    for place, since, until in (("a", None, None), ("b", tiny.on(50), tiny.on(1000))):
        wanted = Wanted({"condition_occurrence": ["condition_start_date"]}, since=since, until=until)
        write_extract(data, people, wanted, Pseudonymiser({1: KEY}, "S1"), {}, tmp_path / place)
        given: dict[str, list[str]] = {}
        for row in rows(tmp_path / place / ARCHIVE, "condition_occurrence"):
            given.setdefault(row["person"], []).append(row["condition_start_date"])
        assert len(given) == 3
        assert len({(min(dates), max(dates)) for dates in given.values()}) == 1
    with pytest.raises(InputError, match="longer than a year"):
        Wanted({"person": ["age"]}, since=tiny.on(1), until=tiny.on(365))


@pytest.mark.parametrize(("since", "until", "margin"), [(None, None, 182), (400, 600, 50)])
def test_no_first_or_last_row_tells_the_index_day(
    tmp_path: Path, since: int | None, until: int | None, margin: int
) -> None:
    """Everybody has a row on each day, and one that lasts as long as there are records: the period's end less the last
    relative day is nobody's index day, nor anything that two with the same share."""
    persons, days = range(1, 9), range(1, 1200)
    data = tiny.snapshot(
        tmp_path / "store",
        person=[tiny.person(n) for n in persons],
        observation_period=[tiny.observed(n, n, 1, 1199) for n in persons],
        condition_occurrence=[tiny.condition(1200 * n + day, n, day, end=1199) for n in persons for day in days],
    )
    index = tiny.on(500)
    people = People(np.array(persons), np.full(len(persons), np.datetime64(index).astype(np.int32)))
    columns = ["condition_start_date", "condition_end_date"]
    ends = {"since": tiny.on(since) if since else None, "until": tiny.on(until) if until else None}
    wanted = Wanted({"condition_occurrence": columns}, Dates.RELATIVE, **ends)
    names = Pseudonymiser({1: KEY}, "S1")
    manifest = write_extract(data, people, wanted, names, {}, tmp_path / "a")
    assert extracts.OWN_EDGES in manifest["rules"]
    given: dict[str, list[int]] = {}
    for row in rows(tmp_path / "a" / ARCHIVE, "condition_occurrence"):
        given.setdefault(row["person"], []).append(int(row["condition_start_day"]))
        assert not row["condition_end_day"], "it lies beyond everybody's edge"
    told = [(ends["until"] or tiny.on(1199)) - index - timedelta(max(of)) for of in given.values()]
    begins = [(ends["since"] or tiny.on(1)) - index - timedelta(min(of)) for of in given.values()]
    assert len(given) == len(persons) and len(set(told)) > 4 and len(set(begins)) > 4
    assert all(0 <= one.days <= 2 * margin for one in told) and max(told).days > margin // 2
    shifts = {names.pseudonym("person", n): names.days(n) * margin // MOST_DAYS for n in persons}
    assert {max(of) + shifts[name] for name, of in given.items()} == {
        ((ends["until"] or tiny.on(1199)) - index).days - margin
    }


def test_no_index_day_tells_by_how_much_dates_moved(tmp_path: Path) -> None:
    """Everybody's first day in the cohort is the first day that there are records of, which is known."""
    data = tiny.snapshot(
        tmp_path / "store",
        person=[tiny.person(n) for n in range(1, 21)],
        observation_period=[tiny.observed(n, n, 1, 1199) for n in range(1, 21)],
    )
    for place, day in (("first", 1), ("last", 1199)):
        people = People(np.arange(1, 21), np.full(20, np.datetime64(tiny.on(day)).astype(np.int32)))
        wanted = Wanted({"person": ["age"]})
        write_extract(data, people, wanted, Pseudonymiser({1: KEY}, "S1"), {}, tmp_path / place)
        given = rows(tmp_path / place / ARCHIVE, "person")
        assert len(given) == 20 and {one["index_date"] for one in given} == {""}


def test_a_permit_for_too_few_days_says_so_when_it_is_asked(
    study: tuple[Cast, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, one = study
    permit = extracting.permits.holding(one)
    assert permit is not None
    permit.content["period"] = ["2020-01-01", "2020-06-30"]
    permit.hash = extracting.permits.hash_of(permit.content)
    monkeypatch.setattr(extracting.permits, "holding", lambda _study: permit)
    cohort = one.cohorts.get().hash
    with pytest.raises(InputError, match="longer than a year"):
        extracting.ask(one.id, cohort, WANTED, "To look", by=cast.actor("researcher"))
    assert extracting.ask(one.id, cohort, Wanted(WANTED.tables, Dates.RELATIVE), "To look", by=cast.actor("researcher"))


def test_two_studies_share_no_name_and_no_shift(hospital: Path, tmp_path: Path) -> None:
    first, _manifest = written(hospital, tmp_path / "a", study="S1")
    second, _manifest = written(hospital, tmp_path / "b", study="S2")
    names = [{one["person"] for one in rows(archive, "person")} for archive in (first, second)]
    assert len(names[0]) == len(names[1]) == 60 and not names[0] & names[1]
    shifts = [[Pseudonymiser({1: KEY}, study).days(n) for n in range(1, 61)] for study in ("S1", "S2")]
    assert sum(a == b for a, b in zip(*shifts, strict=True)) < 10
    # Rows do not lie in the order of the patients' numbers either.
    names_of = Pseudonymiser({1: KEY}, "S1")
    order = [one["person"] for one in rows(first, "person")]
    assert order == sorted(order) != [names_of.pseudonym("person", n) for n in range(1, 61)]
    with zipfile.ZipFile(first) as file:
        text = b"".join(file.read(name) for name in file.namelist()).decode()
    assert "source_value" not in text and "year_of_birth" not in text


def test_nothing_can_be_asked_for_that_is_free_text_or_names_somebody() -> None:
    for table, columns in COLUMNS.items():
        for column in columns:
            if column == "age":
                continue
            kind = TABLES[table][column].type
            assert not kind.startswith("varchar") and "source" not in column and kind != "datetime", (table, column)
            assert not column.endswith("_id") or column.endswith("concept_id"), (table, column)
    assert "note" not in COLUMNS and "year_of_birth" not in COLUMNS["person"]
    for tables in ({}, {"person": []}, {"note": ["note_text"]}, {"person": ["person_source_value"]}):
        with pytest.raises(InputError):
            Wanted(tables)


def test_it_is_minimised_to_columns_and_days_and_says_what_is_in_it(hospital: Path, tmp_path: Path) -> None:
    wanted = Wanted(
        {"condition_occurrence": ["condition_concept_id"]},
        dates=Dates.RELATIVE,
        format=Format.CSV,
        since=date(2020, 1, 1),
        until=date(2020, 12, 31),
    )
    archive, manifest = written(hospital, tmp_path / "a", wanted)
    with Store.open(hospital).snapshot().connect() as con:
        inside = con.execute(
            "SELECT count(*) FROM condition_occurrence WHERE year(condition_start_date) = 2020"
        ).fetchall()
        total = con.execute("SELECT count(*) FROM condition_occurrence").fetchall()
    (table,) = manifest["tables"]
    assert 0 < table["rows"] < inside[0][0] < total[0][0] and table["columns"] == [
        "person",
        "visit",
        "condition_concept_id",
    ]
    with zipfile.ZipFile(archive) as file:
        assert sorted(file.namelist()) == [
            "SHA256SUMS", "concept.csv", "condition_occurrence.csv", "dictionary.csv", "manifest.json",
        ]  # fmt: skip
        sums = dict(line.split("  ")[::-1] for line in file.read("SHA256SUMS").decode().splitlines())
        assert sums == {name: hashlib.sha256(file.read(name)).hexdigest() for name in file.namelist()[:-1]}
        said = json.loads(file.read("manifest.json"))
        told = list(csv.DictReader(io.StringIO(file.read("dictionary.csv").decode())))
        content = file.read("condition_occurrence.csv")
    assert [one["column"] for one in told] == table["columns"] and said == manifest
    assert hashlib.sha256(content).hexdigest() == table["sha256"]
    parquet, _m = written(hospital, tmp_path / "b", Wanted({"person": ["age"]}, format=Format.PARQUET))
    with zipfile.ZipFile(parquet) as file:
        assert "person.parquet" in file.namelist()
    assert sorted(path.name for path in parquet.parent.iterdir()) == ["extract.zip", "manifest.json"]
    first, second = (written(hospital, tmp_path / name, ALL)[0].read_bytes() for name in "cd")
    assert first == second
    assert max(int(one["age"]) for one in rows(tmp_path / "c" / ARCHIVE, "person")) <= extracts.OLDEST


@pytest.fixture
def study(
    hospital: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, db: None
) -> tuple[Cast, Study]:
    """A study with a permit for diagnoses and measurements of everybody in a small hospital."""
    cast = make_cast()
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, store=str(hospital))
    monkeypatch.setattr(sessions, "_sessions", {})
    monkeypatch.setattr(extracting, "folder", lambda: tmp_path / "extracts")
    by = cast.actor("researcher")
    cohort = cohort_services.make_cohort("Everybody", by=by, expression=expression())
    version = cohort_services.save_version(cohort.id, cohorts.desk(cohort, by).revision, by=by)
    found = completed(cast)
    found.cohorts.all().delete()
    services.attach_cohort(found.id, version.id, by=by)
    tables = {"tables": ["person", "condition_occurrence"], "data": "pseudonymised", "data_wanted": "Diagnoses"}
    services.edit(found.id, Section.DATA, tables, by=by)
    services.submit(found.id, by=by)
    for step, key in ORDER:
        decide(cast, found, step, key)
    return cast, Study.objects.get(id=found.id)


WANTED = Wanted({"person": ["age"], "condition_occurrence": ["condition_concept_id", "condition_start_date"]})


def asked(study: tuple[Cast, Study]) -> Extract:
    cast, of = study
    return extracting.ask(of.id, of.cohorts.get().hash, WANTED, "Kidneys", by=cast.actor("researcher"))


def delivered(study: tuple[Cast, Study]) -> Extract:
    made = asked(study)
    extracting.approve(made.id, "Only what is needed", by=study[0].actor("data_steward"))
    assert extracting.carry_out_due() == 1
    return Extract.objects.get(id=made.id)


def test_from_asking_to_the_download_each_step_on_the_record(study: tuple[Cast, Study]) -> None:
    cast, of = study
    asks, other = cast.actor("researcher"), cast.actor("researcher2")
    cohort = of.cohorts.get().hash
    with pytest.raises(InputError, match="measurement"):
        extracting.ask(of.id, cohort, ALL, "More", by=asks)
    with pytest.raises(ForbiddenError, match="cohort"):
        extracting.ask(of.id, "0" * 64, WANTED, "Another", by=asks)
    with pytest.raises(NotFoundError):
        extracting.ask(of.id, cohort, WANTED, "Curious", by=other)
    with pytest.raises(InputError, match="purpose"):
        extracting.ask(of.id, cohort, WANTED, " ", by=asks)
    made = asked(study)
    with pytest.raises(ForbiddenError):
        extracting.download(made.id, by=asks)
    withdrawing.opt_out("data", person=7, by=SYSTEM)
    extracting.approve(made.id, "Only what is needed", by=cast.actor("data_steward"))
    assert extracting.carry_out_due() == 1
    made.refresh_from_db()
    assert made.status == Status.DELIVERED and made.persons_count == made.manifest["persons"] == 59
    place = extracting.download(made.id, by=asks)
    names = extracting.names_of(of)
    inside = {one["person"] for one in rows(place, "person")}
    assert names.pseudonym("person", 7) not in inside and names.pseudonym("person", 8) in inside and len(inside) == 59
    assert not ExtractPerson.objects.filter(person_id=7).exists()
    assert Event.objects.get(verb="releases.download_extract").detail["digest"] == made.manifest["archive"]["sha256"]
    for stranger in (other, cast.actor("biobank_manager")):
        with pytest.raises(NotFoundError):
            extracting.download(made.id, by=stranger)
    with pytest.raises(ForbiddenError):
        extracting.download(made.id, by=cast.actor("data_steward"))
    place.write_bytes(place.read_bytes() + b"x")
    with pytest.raises(InputError, match="changed"):
        extracting.download(made.id, by=asks)


def test_it_ends_with_its_permit(study: tuple[Cast, Study]) -> None:
    cast, of = study
    made = delivered(study)
    granting.suspend(of.id, "A look", by=cast.actor("data_protection"))
    with pytest.raises(ForbiddenError, match="A look"):
        extracting.download(made.id, by=cast.actor("researcher"))
    assert Event.objects.filter(verb="releases.refuse_download").count() == 1
    for key in ("researcher", "data_steward"):
        page = cast.client(key).get(f"/releases/extracts/{made.id}/").content.decode()
        assert "It cannot be downloaded now." in page and "A look" in page
        assert "Ready to download" not in page and "Download the extract" not in page
        listed = cast.client(key).get(f"/releases/extracts/studies/{of.id}/").content.decode()
        assert "Cannot be downloaded now" in listed and "Ready to download" not in listed
    granting.revoke(of.id, "A complaint", by=cast.actor("data_protection"))
    assert extracting.carry_out_due() == 1 and extracting.carry_out_due() == 0
    made.refresh_from_db()
    assert made.status == Status.RECALLED and not (extracting.folder() / str(made.id)).exists()
    assert Notice.objects.filter(person__email="researcher@test.example", sentence__contains="recalled").exists()


def test_a_permit_that_ends_before_it_is_made_makes_none(study: tuple[Cast, Study]) -> None:
    cast, of = study
    made = asked(study)
    extracting.approve(made.id, "Fine", by=cast.actor("data_steward"))
    granting.revoke(of.id, "A complaint", by=cast.actor("data_protection"))
    extracting.carry_out_due()
    made.refresh_from_db()
    assert made.status == Status.FAILED and "permit" in made.fault and not extracting.folder().exists()


def test_killed_anywhere_there_is_no_extract_or_a_whole_one(
    study: tuple[Cast, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = asked(study)
    extracting.approve(made.id, "Fine", by=study[0].actor("data_steward"))

    class Killed(BaseException):
        pass

    def kill(*_args: object, **_more: object) -> None:
        raise Killed

    for where, what in ((extracts, "_write_dictionary"), (extracts, "sync_tree"), (extracting, "sync"),
                        (extracting, "deliver")):  # fmt: skip
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(where, what, kill)
            extracting.carry_out_due()
        made.refresh_from_db()
        assert made.status == Status.APPROVED
        with pytest.raises(ForbiddenError):
            extracting.download(made.id, by=study[0].actor("researcher"))
    extracting.carry_out_due()
    assert extracting.download(made.id, by=study[0].actor("researcher")).is_file()
    assert [one.name for one in extracting.folder().iterdir()] == [str(made.id)]


def test_who_opts_out_while_it_is_made_is_not_in_it(study: tuple[Cast, Study], monkeypatch: pytest.MonkeyPatch) -> None:
    made = asked(study)
    extracting.approve(made.id, "Fine", by=study[0].actor("data_steward"))
    write = extracting.write_extract

    def meanwhile(*args: Any) -> Any:
        withdrawing.opt_out("data", person=9, by=SYSTEM)
        return write(*args)

    with monkeypatch.context() as patch:
        patch.setattr(extracting, "write_extract", meanwhile)
        extracting.carry_out_due()
    made.refresh_from_db()
    assert made.status == Status.APPROVED and not (extracting.folder() / str(made.id)).exists()
    extracting.carry_out_due()
    made.refresh_from_db()
    assert made.status == Status.DELIVERED and not ExtractPerson.objects.filter(person_id=9).exists()


def test_an_opt_out_recalls_what_was_delivered_and_whoever_has_it_answers(study: tuple[Cast, Study]) -> None:
    cast, _of = study
    made, dpo = delivered(study), cast.actor("data_protection")
    first = withdrawals.opt_out(7, by=dpo)
    made.refresh_from_db()
    assert made.status == Status.RECALLED and first.ended is not None
    (line,) = proving.shown(first).found
    assert line.outcome == "Deleted" and "Nobody had taken" in line.words
    Extract.objects.filter(id=made.id).update(downloads=1)
    second = withdrawals.opt_out(8, by=dpo)
    task = WithdrawalTask.objects.get(withdrawal=second)
    with pytest.raises(ForbiddenError):
        extracting.download(made.id, by=cast.actor("researcher"))
    with pytest.raises(InputError, match="outcome"):
        withdrawals.answer(task.id, Outcome.DESTROYED, "Burnt", by=cast.actor("researcher"))
    withdrawals.answer(task.id, Outcome.DELETED, "Deleted from disk and backup", by=cast.actor("researcher"))
    assert Withdrawal.objects.get(id=second.id).ended is not None
    again = delivered(study)
    assert again.persons_count == 58


def test_a_no_that_no_withdrawal_wrote_down_stops_what_was_delivered(study: tuple[Cast, Study]) -> None:
    """A donor who took everything back is linked to a patient afterwards: nobody downloads, and it is recalled."""
    cast, _of = study
    made, asks = delivered(study), cast.actor("researcher")
    assert extracting.download(made.id, by=asks)
    donor = things.donor("LATE")
    withdrawals.withdraw(donor, Kind.WHOLE, by=SYSTEM)
    assert extracting.download(made.id, by=asks) and not extracting.carry_out_due()
    donors.link_donor(donor, 7, by=SYSTEM)
    with pytest.raises(BusyError, match="does not allow"):
        extracting.download(made.id, by=asks)
    assert extracting.carry_out_due() == 1
    made.refresh_from_db()
    assert made.status == Status.RECALLED and not (extracting.folder() / str(made.id)).exists()


def test_every_status_act_and_part() -> None:
    people = {
        Part.TEAM: Actor("m", "M", (Affiliation(Role.RESEARCHER, "o"),)),
        Part.REVIEWER: Actor("r", "R", (Affiliation(Role.DATA_STEWARD, "o"),)),
        "own": Actor("m", "M", (Affiliation(Role.DATA_STEWARD, "o"),)),
        "privacy": Actor("p", "P", (Affiliation(Role.DATA_PROTECTION, "o"),)),
        "manager": Actor("b", "B", (Affiliation(Role.BIOBANK_MANAGER, "o"),)),
        "nobody": Actor(""),
    }
    for status, act, (part, actor) in itertools.product(Status, Act, people.items()):
        needed = TABLE[status].get(act)
        may = needed is not None and (
            (needed is Part.TEAM and part in (Part.TEAM, "own"))
            or (needed is Part.REVIEWER and (part is Part.REVIEWER or (part == "privacy" and act is Act.RECALL)))
        )
        assert bool(may_act(actor, act, Facts(status, frozenset({"m"})))) == may, (status, act, part)


def test_the_way_on_pages(study: tuple[Cast, Study]) -> None:
    cast, of = study
    asks, steward = cast.client("researcher"), cast.client("data_steward")
    here = f"/releases/extracts/studies/{of.id}/"
    assert here.encode() in asks.get(f"/studies/{of.id}/").content
    page = asks.get(here).content
    assert b"condition_occurrence.condition_concept_id" in page and b"measurement.value_as_number" not in page
    assert b"Text that somebody wrote is never given" in page
    given = {"cohort": of.cohorts.get().hash, "columns": ["person.age", "condition_occurrence.condition_concept_id"],
             "dates": "relative", "format": "csv", "purpose": "Kidneys"}  # fmt: skip
    assert b"error" in asks.post(here, {**given, "columns": ["measurement.value_as_number"]}).content
    one = asks.post(here, given)["Location"]
    assert b"Review the extract" in steward.get("/").content and b"Let it be made" in steward.get(one).content
    assert b"Let it be made" not in asks.get(one).content
    assert asks.post(f"{one}approve/", {"why": "Mine"}).status_code == 302 and Extract.objects.get().status == "asked"
    steward.post(f"{one}approve/", {"why": "Fine"})
    extracting.carry_out_due()
    assert b"Download the extract" in asks.get(one).content and b"Download the extract" not in steward.get(one).content
    for client in (asks, steward):
        assert (
            b"Ready to download" in client.get(one).content and b"cannot be downloaded" not in client.get(one).content
        )
    content = asks.get(one).content
    assert b"concept.csv" in content and b"say nothing in more than half" not in content
    found = Extract.objects.get()
    manifest = json.loads(json.dumps(found.manifest))
    table = manifest["tables"][1]
    table["empty"]["condition_concept_id"] = table["rows"]
    Extract.objects.update(manifest=manifest)
    assert f"{table['rows']} of {table['rows']} rows".encode() in asks.get(one).content
    del manifest["concepts"], table["empty"]
    Extract.objects.update(manifest=manifest)
    assert asks.get(one).status_code == 200, "of before codes were told"
    Extract.objects.update(manifest=found.manifest)
    answer: Any = asks.post(f"{one}download/")
    assert answer.status_code == 200 and b"".join(answer.streaming_content)[:2] == b"PK"
    assert asks.get(f"{one}download/").status_code == 405
    for stranger in ("researcher2", "biobank_manager", "nobody"):
        client = cast.client(stranger)
        assert {
            client.get(one).status_code,
            client.get(here).status_code,
            client.post(f"{one}download/").status_code,
        } == {404}
    cast.client("data_protection").post(f"{one}recall/", {"why": "A complaint"})
    assert b"Delete every copy" in asks.get(one).content


MEASURED = Wanted(
    {
        "measurement": ["measurement_concept_id", "value_as_number", "unit_concept_id"],
        "condition_occurrence": ["condition_concept_id"],
    }
)
SECRET = "as mevrouw Peeters said"


def unmapped(folder: Path) -> Path:
    """A store without standard concepts: what was measured has the codes of its source, and free text beside them."""
    concept = {"domain_id": "Measurement", "concept_class_id": "Source code"}
    day = {"measurement_date": tiny.on(400), "measurement_type_concept_id": 32817}

    def measured(
        n: int, source: int, unit: str, *, of_unit: int = 0, standard: int = 0, value: float | None = 4
    ) -> dict[str, Any]:
        return {
            "measurement_id": n, "person_id": 1, "measurement_concept_id": standard, "value_as_number": value,
            "measurement_source_concept_id": source, "measurement_source_value": SECRET, "unit_concept_id": 0,
            "unit_source_concept_id": of_unit, "unit_source_value": unit, **day,
        }  # fmt: skip

    return tiny.snapshot(
        folder,
        person=[tiny.person(1)],
        observation_period=[tiny.observed(1, 1, 1, 1199)],
        concept=[
            {"concept_id": 2_000_000_001, "concept_name": "Creatinine", "vocabulary_id": "LOINC",
             "concept_code": "2160-0", **concept},
            {"concept_id": 2_000_000_002, "concept_name": SECRET, "vocabulary_id": "hospital", "concept_code": "OTH",
             **concept},
            {"concept_id": 2_000_000_003, "concept_name": SECRET, "vocabulary_id": "hospital", "concept_code": SECRET,
             **concept},
            {"concept_id": 2_000_000_004, "concept_name": SECRET, "vocabulary_id": "None", "concept_code": "X",
             **concept},
            {"concept_id": 2_000_000_005, "concept_name": "mg/dL", "vocabulary_id": "UCUM", "concept_code": "mg/dL",
             **concept},
            {"concept_id": 2_000_000_006, "concept_name": SECRET, "vocabulary_id": "UCUM", "concept_code": "Peeters",
             **concept},
            {"concept_id": 31, "concept_name": "Glucose", "vocabulary_id": "LOINC", "concept_code": "2345-7"},
            {"concept_id": 77, "concept_name": "Never measured", "vocabulary_id": "LOINC", "concept_code": "77-7"},
        ],
        measurement=[
            measured(1, 2_000_000_001, "mg/dL", of_unit=2_000_000_005),
            measured(2, 2_000_000_001, "mmol/L"),
            measured(3, 2_000_000_002, "Peeters", of_unit=2_000_000_006),
            measured(4, 2_000_000_003, SECRET),
            measured(5, 2_000_000_004, "{Peeters}"),
            measured(6, 2_000_000_001, "10*9/L", standard=31, value=None),
        ],
        condition_occurrence=[{**tiny.condition(1, 1, 400, 0), "condition_source_value": SECRET}],
    ).folder  # fmt: skip


@pytest.fixture
def told(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    place = tmp_path / "store"
    unmapped(place)
    people = People(np.array([1]), np.full(1, np.datetime64(tiny.on(300)).astype(np.int32)))
    snapshot = Store.open(place).snapshot()
    manifest = write_extract(snapshot, people, MEASURED, Pseudonymiser({1: KEY}, "S1"), {}, tmp_path / "x")
    return tmp_path / "x" / ARCHIVE, manifest


def test_what_has_no_standard_concept_has_that_of_its_source_and_every_code_can_be_read(
    told: tuple[Path, dict[str, Any]],
) -> None:
    archive, manifest = told
    given = [
        (int(one["measurement_concept_id"]), int(one["unit_concept_id"]), one["unit"])
        for one in rows(archive, "measurement")
    ]
    assert sorted(given) == [
        (0, 0, ""), (0, 0, ""), (31, 0, "10*9/L"), (2_000_000_001, 0, "mmol/L"), (2_000_000_001, 2_000_000_005, ""),
        (2_000_000_002, 0, ""),
    ]  # fmt: skip
    # A standard concept comes before that of the source; a code is not given that may be somebody's text.
    assert [tuple(one.values()) for one in rows(archive, "concept")] == [
        ("31", "Glucose", "LOINC", "2345-7"),
        ("2000000001", "Creatinine", "LOINC", "2160-0"),
        ("2000000002", "", "hospital", "OTH"),
        ("2000000005", "mg/dL", "UCUM", "mg/dL"),
    ]
    with zipfile.ZipFile(archive) as file:
        assert manifest["concepts"]["sha256"] == hashlib.sha256(file.read("concept.csv")).hexdigest()
        assert manifest["concepts"]["rows"] == 4
        assert b"Peeters" not in b"".join(file.read(name) for name in file.namelist())
        dictionary = list(csv.DictReader(io.StringIO(file.read("dictionary.csv").decode())))
    columns = {one["name"]: one["columns"] for one in manifest["tables"]}
    assert columns["measurement"] == [
        "person", "visit", "measurement_concept_id", "value_as_number", "unit_concept_id", "unit",
    ]  # fmt: skip
    assert [one["column"] for one in dictionary if one["table"] == "measurement"] == columns["measurement"]
    assert {extracts.CODED, extracts.UNITS} <= set(manifest["rules"])


def test_sexes_are_called_what_omop_calls_them_where_the_store_has_no_vocabulary(
    hospital: Path, tmp_path: Path
) -> None:
    archive, _manifest = written(hospital, tmp_path / "a", Wanted({"person": ["gender_concept_id"]}))
    assert [tuple(one.values()) for one in rows(archive, "concept")] == [
        ("8507", "MALE", "Gender", "M"), ("8532", "FEMALE", "Gender", "F"),
    ]  # fmt: skip
    small_hospital.build(tmp_path / "named", concept="SELECT 8507 AS concept_id, 'Man' AS concept_name,"
                         " 'Gender' AS vocabulary_id, 'M' AS concept_code")  # fmt: skip
    archive, _manifest = written(tmp_path / "named", tmp_path / "b", Wanted({"person": ["gender_concept_id"]}))
    assert [one["concept_name"] for one in rows(archive, "concept")] == ["Man", "FEMALE"]


def test_it_counts_the_rows_in_which_a_column_says_nothing(told: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    _archive, manifest = told
    empty = {one["name"]: one["empty"] for one in manifest["tables"]}
    assert empty["measurement"] == {
        "person": 0, "visit": 6, "measurement_concept_id": 2, "value_as_number": 1, "unit_concept_id": 3,
    }  # fmt: skip
    assert extracts.mostly_empty(manifest) == [("condition_occurrence", "condition_concept_id", 1, 1)]
    assert (
        extracts.mostly_empty({})
        == []
        == extracts.mostly_empty({"tables": [{"name": "person", "rows": 0, "columns": ["person", "age"]}]})
    )


def test_no_units_and_no_codes_where_none_were_asked_for(hospital: Path, tmp_path: Path) -> None:
    wanted = Wanted({"person": ["age"], "measurement": ["value_as_number"]})
    archive, manifest = written(hospital, tmp_path / "a", wanted)
    with zipfile.ZipFile(archive) as file:
        assert "concept.csv" not in file.namelist()
    assert "concepts" not in manifest and not {extracts.CODED, extracts.UNITS} & set(manifest["rules"])
    assert set(rows(archive, "measurement")[0]) == {"person", "visit", "value_as_number"}
