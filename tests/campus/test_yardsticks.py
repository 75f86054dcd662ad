"""The hospital as a benchmark on the campus: what somebody brings, what is kept of it, and what comes of it."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from campus.cast import Cast
from campus.outcomes_things import answered, cohort_of_all, small_hospital, with_records
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import withdrawing
from wardbench.campus.outcomes import answering, services
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.outcomes.rules import BROUGHT, ENDED, Basis, Kind, Status
from wardbench.campus.people.rules import SYSTEM, ForbiddenError

VALUES = "value,sex,age\n4.2137,f,44\n4.8713,m,61\n4.9517,m,37\n<4,f,40\n"
PAIRS = "old;new\n" + "".join(f"{n},1;{n + n % 3},4\n" for n in range(1, 31))


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_hospital(tmp_path_factory.mktemp("yardsticks") / "store")


@pytest.fixture
def campus(cast: Cast, hospital: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Cast:
    return with_records(cast, hospital, settings, monkeypatch)


def file_of(text: str | bytes, name: str = "mine.csv") -> Any:
    return SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())


def assay(**other: Any) -> dict[str, Any]:
    given = {"analyte": "measurement:5", "unit": "mmol/L", "ages": "18,60", "basis": "sandbox", "values": VALUES}
    return {**given, **other}


def test_values_lie_on_the_hospital_s_distribution_and_are_gone_once_they_were_placed(campus: Cast) -> None:
    client = campus.client("researcher")
    assert client.post("/benchmark/assay/", assay()).status_code == 302
    one = Inquiry.objects.get()
    assert one.name == "values.csv on the hospital's Potassium" and "4.2137" not in str(one.asked)
    assert "4.2137" in one.protocol["values"]
    waiting = client.get(f"/outcomes/{one.id}/protocol.json").content.decode()
    assert "4.2137" not in waiting and one.protocol["sha256"] in waiting
    assert answered(one).status == Status.ANSWERED, one.fault
    assert one.protocol["values"] is None and one.protocol["many"] == 3
    assert "The 3 values lie" in one.report["verdict"] and "60" in one.page
    for kept in ("4.2137", "4.8713", "4.9517"):
        assert kept not in one.page + str(one.report) + str(one.asked) + str(one.protocol)
    page = client.get(f"/outcomes/{one.id}/").content.decode()
    assert "3 values of values.csv" in page and "Back to the benchmark" in page
    assert re.search(r'href="/benchmark/" aria-current="page"', page) and page.count('aria-current="page"') == 1
    again = client.get(f"/benchmark/assay/?again={one.id}").content.decode()
    assert 'value="measurement:5" checked' in again and 'value="18,60"' in again and "4.2137" not in again


@pytest.mark.parametrize("end", sorted(ENDED - {Status.ANSWERED}))
def test_however_a_question_ends_nothing_of_what_was_brought_is_left(campus: Cast, end: Status) -> None:
    asked = {**assay(), "basis": "reviewed", "purpose": "A new analyser."}
    assert campus.client("researcher").post("/benchmark/assay/", asked).status_code == 302
    one, steward = Inquiry.objects.get(), campus.client("data_steward")
    for address in (f"/outcomes/{one.id}/", f"/outcomes/{one.id}/protocol.json"):
        assert "4.8713" not in steward.get(address).content.decode(), "nobody sees them meanwhile"
    if end is Status.FAILED:
        answering.carry_out_due(timezone.now() + answering.UNHEARD - datetime.timedelta(days=1))
        assert "4.8713" in Inquiry.objects.get().protocol["values"]
        answering.carry_out_due(timezone.now() + answering.UNHEARD + datetime.timedelta(days=1))
    elif end is Status.REFUSED:
        services.refuse(one.id, "No.", by=campus.actor("data_steward"))
    else:
        services.take_back(one.id, by=campus.actor("researcher"))
    one.refresh_from_db()
    assert one.status == end and "4.8713" not in str(one.protocol) and one.protocol[BROUGHT[Kind.ASSAY]] is None


def test_who_objected_is_not_in_the_distribution(campus: Cast) -> None:
    for person in range(1, 21):
        withdrawing.opt_out(withdrawing.DATA, person=person, by=SYSTEM)
    client = campus.client("researcher")
    client.post("/benchmark/assay/", assay(basis="reviewed", purpose="A new analyser."))
    one = Inquiry.objects.get()
    services.allow(one.id, "", by=campus.actor("data_steward"))
    persons = re.findall('data-label="Persons" class="n">([^<]*)<', answered(one).page)
    assert persons[0] == "40"
    assert f"--snapshot {one.snapshot} --objected objected.txt" in one.page
    assert "Persons who objected to the use of their data were left out." in one.page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"values": ""}, "values: paste them or send a file."),
        ({"values_file": file_of(VALUES)}, "one of the two"),
        ({"values": "4.2\n4.8\n"}, "values.csv: line 1: the first line names the columns, as value,sex,age."),
        ({"values": "value,sex\n4.2,f\nhigh,f\n"}, "values.csv: line 3, column value: not a number."),
        ({"values": "value,age\n4.2,200\n"}, "values.csv: line 2, column age: not an age in years."),
        ({"values": "value\n<5\n"}, "holds no number above 0"),
        ({"values": "", "values_file": file_of(b"\xff\xfe\x00")}, "mine.csv: is not text in UTF-8."),
        ({"values": "", "values_file": file_of("value\n4\0\n")}, "mine.csv: is not text in UTF-8."),
        ({"values": "", "values_file": file_of(VALUES, "é" * 150 + ".csv")}, "ééé"),
        ({"values": "", "values_file": file_of(VALUES, "x.xlsx")}, "x.xlsx: its name has to end with .csv."),
        ({"values": "", "values_file": file_of("v" * 200_001)}, "200,000 bytes at most"),
        ({"analyte": []}, "tick one thing"),
        ({"unit": ""}, "required"),
        ({"ages": "60,18"}, "that rise, as 18,40,60"),
        ({"ages": "eighteen"}, "that rise, as 18,40,60"),
        ({"basis": "stewardship"}, "valid choice"),
    ],
)
def test_values_that_cannot_be_placed_are_told_by_file_line_and_column(
    campus: Cast, change: dict[str, Any], sentence: str
) -> None:
    answer = campus.client("researcher").post("/benchmark/assay/", assay(**change))
    if sentence == "ééé":
        assert answer.status_code == 302 and Inquiry.objects.get().protocol["name"] == "é" * 56 + ".csv"
        return
    assert answer.status_code == 400 and sentence in answer.content.decode(), answer.content.decode()
    assert not Inquiry.objects.exists()


def test_what_is_looked_for_keeps_what_was_pasted(campus: Cast) -> None:
    page = campus.client("researcher").post(
        "/benchmark/assay/", {**assay(), "analyte": [], "find": "analyte", "find_analyte": "potassium"}
    )
    html = page.content.decode()
    assert 'value="measurement:5"' in html and "4.8713,m,61" in html and "There is a problem" not in html


def test_two_methods_are_compared_at_once_and_nothing_is_kept(campus: Cast) -> None:
    client = campus.client("student")
    answer = client.post("/benchmark/methods/", {"pairs": PAIRS, "unit": "mmol/L"})
    html = answer.content.decode()
    assert answer.status_code == 200 and "new reads" in html and "Bland and Altman" in html and "30 pairs" in html
    style = html.split("style-src '")[1].split("'")[0]
    assert f"style-src '{style}'" in answer["Content-Security-Policy"] and answer["Cache-Control"] == "no-store"
    assert not Inquiry.objects.exists()
    event = Event.objects.get(verb="outcomes.compare_methods")
    assert event.detail == {"pairs": 30}
    saved = client.post("/benchmark/methods/", {"pairs_file": file_of(PAIRS), "x": "NEW", "save": "save"})
    assert saved["Content-Disposition"].startswith("attachment") and "old reads" in saved.content.decode()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "pairs: paste them or send a file."),
        ({"pairs": PAIRS, "pairs_file": file_of(PAIRS)}, "one of the two"),
        ({"pairs": "1,2\n3,4\n"}, "the first line names the columns, as old,new."),
        ({"pairs": "old\n3\n"}, "pairs.csv: line 1: there is a column for each of two methods."),
        ({"pairs": "old,new\n3,4\n"}, "10 to 1,000 pairs"),
        ({"pairs": PAIRS, "x": "old", "y": "OLD"}, "y: name another column than for x."),
        ({"pairs": PAIRS, "y": "newer"}, "there is no column newer, but old, new."),
        ({"pairs": "old,new\n" + "1,2\n" * 1001}, "pairs.csv: 1,000 lines at most."),
        ({"pairs": "old,new\n" + "1,1\n" * 20}, "not positively related"),
        ({"pairs": "old,new\n1,2,3\n"}, "pairs.csv: line 2: has 3 cells"),
    ],
)
def test_pairs_that_cannot_be_compared_are_told_by_line(campus: Cast, given: dict[str, Any], sentence: str) -> None:
    answer = campus.client("researcher").post("/benchmark/methods/", given)
    assert answer.status_code == 400 and sentence in answer.content.decode(), answer.content.decode()
    assert not Event.objects.filter(verb="outcomes.compare_methods").exists()


COUNTS = "sex,age,events,population\nf,60,9,900\nf,75,20,700\nm,60,8,800\nm,75,30,900\n"
STANDARD = "sex,age,events,population\nf,60,100,9000\nf,75,200,8000\nm,60,90,9000\nm,75,260,8000\n"
UNITS = "unit,observed,n\n" + "".join(f"ward {n},{9 + n},{100 + n}\n" for n in range(6))


@pytest.fixture
def failing(campus: Cast) -> Any:
    """A cohort of the researcher's: all sixty, from their diagnosis on."""
    return cohort_of_all(campus.actor("researcher"))


def rates(**other: Any) -> dict[str, Any]:
    return {"basis": "sandbox", "within": "365", "ages": "60,75", **other}


def test_a_study_s_events_against_the_hospital_s_rates(campus: Cast, failing: Any) -> None:
    client = campus.client("researcher")
    given = rates(counts=COUNTS, hospital=str(failing.id))
    assert client.post("/benchmark/rates/", given).status_code == 302
    one = answered(Inquiry.objects.get())
    assert one.status == Status.ANSWERED, one.fault
    assert one.name == "counts.csv against Failing hearts" and "a ratio of" in one.report["verdict"]
    assert "--csv counts.csv --hospital hospital.json" in one.page
    page = client.get(f"/outcomes/{one.id}/").content.decode()
    assert "365 days" in page and "60, 75" in page and "Death" in page
    again = client.get(f"/benchmark/rates/?again={one.id}").content.decode()
    assert f'<option value="{failing.id}" selected' in again and "f,60,9,900" not in again
    both = client.post("/benchmark/rates/", rates(study=str(failing.id), hospital=str(failing.id)))
    two = answered(Inquiry.objects.exclude(id=one.id).get())
    assert both.status_code == 302 and two.status == Status.ANSWERED, two.fault
    assert "a ratio of 1 (" in two.report["verdict"], "the same people on both sides"


def test_objectors_are_neither_followed_nor_an_outcome(campus: Cast, failing: Any) -> None:
    for person in range(1, 31):
        withdrawing.opt_out(withdrawing.DATA, person=person, by=SYSTEM)
    given = rates(counts=COUNTS, hospital=str(failing.id), basis="reviewed", purpose="Mortality.", ages="")
    assert campus.client("researcher").post("/benchmark/rates/", given).status_code == 400, "the bands do not fit"
    counts = "sex,age,events,population\nf,0,9,900\nm,0,9,900\n"
    given["counts"] = counts
    assert campus.client("researcher").post("/benchmark/rates/", given).status_code == 302
    one = Inquiry.objects.get()
    services.allow(one.id, "", by=campus.actor("data_steward"))
    events = [int(n) for n in re.findall('data-label="Events" class="n">([0-9]+)<', answered(one).page)]
    assert sum(events) == 10, (one.fault, events)


def test_two_tables_are_worked_out_at_once_and_kept_nowhere(campus: Cast) -> None:
    answer = campus.client("student").post("/benchmark/rates/", rates(counts=COUNTS, standard=STANDARD))
    html = answer.content.decode()
    assert answer.status_code == 200 and "Standardised to standard" in html and "a ratio of" in html
    answer = campus.client("student").post("/benchmark/funnel/", rates(units=UNITS))
    assert answer.status_code == 200 and "Units in units.csv" in answer.content.decode()
    assert not Inquiry.objects.exists()
    assert Event.objects.filter(verb="outcomes.work_out").count() == 2
    answer = campus.client("student").post("/benchmark/funnel/", rates(units=UNITS, dispersion="shmi"))
    assert "mean square of the truncated scores" in answer.content.decode()
    assert "--dispersion shmi" in answer.content.decode()


def test_units_that_saw_the_patients_of_a_cohort_and_who_may_see_them_told_apart(campus: Cast, failing: Any) -> None:
    client = campus.client("researcher")
    for by in ("care_site", "provider"):
        given = rates(cohort_id=str(failing.id), by_units=by, adjust="age-sex", dispersion="shmi")
        assert client.post("/benchmark/funnel/", given).status_code == 302
    sites, staff = Inquiry.objects.order_by("at")
    for one in (sites, staff):
        assert answered(one).status == Status.FAILED and "seen by a unit" in one.fault, "nobody's visit is recorded"
        Inquiry.objects.filter(id=one.id).update(status=Status.ANSWERED)
    assert staff.name == "Failing hearts by People who treat"
    assert staff.protocol["dispersion"] == "shmi"
    assert "Summary Hospital-level Mortality Indicator" in client.get(f"/outcomes/{staff.id}/").content.decode()
    again = client.get(f"/benchmark/funnel/?again={staff.id}").content.decode()
    assert re.search('value="shmi"[^>]*checked', again)
    services.share(sites.id, by=campus.actor("researcher"))
    with pytest.raises(ForbiddenError, match="treat patients"):
        services.share(staff.id, by=campus.actor("researcher"))


@pytest.mark.parametrize(
    ("page", "given", "sentence"),
    [
        ("rates", {"standard": STANDARD}, "study: choose a cohort or bring a table, one of the two."),
        ("rates", {"counts": COUNTS}, "hospital: choose a cohort or bring a table, one of the two."),
        ("rates", {"counts": COUNTS, "counts_file": file_of(COUNTS)}, "counts: paste it or send a file"),
        (
            "rates",
            {"counts": "f,60,9,900\n", "standard": STANDARD},
            "the first line names the columns, as sex,age,events",
        ),
        (
            "rates",
            {"counts": COUNTS.replace("9,900", "x,900"), "standard": STANDARD},
            "counts.csv: line 2, column events",
        ),
        ("rates", {"counts": COUNTS, "standard": STANDARD + "x,1,1,1\n"}, "standard.csv: line 6, column sex"),
        ("rates", {"counts": COUNTS, "standard": STANDARD.replace("75", "80")}, "has no stratum"),
        ("rates", {"counts": COUNTS, "hospital": "all", "ages": "18,60"}, "counts.csv: stratum “men from 75”"),
        ("rates", {"counts": COUNTS, "hospital": "all", "ages": "0"}, "ages: at most 6 ages"),
        ("rates", {"counts": COUNTS, "hospital": "all", "within": "0"}, "greater than or equal to 1"),
        ("rates", {"counts": COUNTS, "hospital": "0d9e2be7-7b1e-4b7c-8b57-7d4d5a0d9c11"}, "valid choice"),
        ("funnel", {}, "cohort_id: choose a cohort or bring a table, one of the two."),
        ("funnel", {"units": UNITS, "cohort_id": "all"}, "cohort_id: choose a cohort or bring a table"),
        ("funnel", {"units": "unit,observed,n\na,1,2\n"}, "needs 5 units or more"),
        ("funnel", {"units": UNITS + "ward 1,1,2\n"}, "units.csv: line 8, column unit: empty, or named before."),
        ("funnel", {"units": "unit,observed,n\n" + "".join(f"{n},1,2\n" for n in range(1001))}, "1,000 lines at most."),
        ("funnel", {"units": UNITS.replace("observed", "seen")}, "there is no column observed, but unit, seen, n."),
        ("funnel", {"cohort_id": "all", "adjust": "luck"}, "valid choice"),
        ("funnel", {"units": UNITS, "dispersion": "luck"}, "valid choice"),
    ],
)
def test_counts_and_units_that_cannot_be_used_are_told_by_field_or_line(
    campus: Cast, failing: Any, page: str, given: dict[str, Any], sentence: str
) -> None:
    said = {name: str(failing.id) if value == "all" else value for name, value in given.items()}
    answer = campus.client("researcher").post(f"/benchmark/{page}/", rates(**said))
    assert answer.status_code == 400 and sentence in answer.content.decode()
    assert not Inquiry.objects.exists()


def test_what_can_be_asked_stands_on_one_page(campus: Cast) -> None:
    page = campus.client("researcher").get("/benchmark/").content.decode()
    for address in ("intervals", "table1", "rates", "funnel", "assay", "methods"):
        assert f'href="/benchmark/{address}/"' in page
        assert campus.client("researcher").get(f"/benchmark/{address}/").status_code == 200
    assert (
        services.hold_against(Kind.ASSAY, "x", {}, {}, Basis.SANDBOX, by=campus.actor("student")).status
        == Status.WAITING
    )
