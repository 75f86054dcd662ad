"""Questions about outcomes and of the hospital as a benchmark, asked and read by programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from campus.cast import Cast
from campus.outcomes_things import answered, cohort_of_all, small_hospital, with_records
from wardbench.campus.api import services as keys
from wardbench.campus.audit.models import Event
from wardbench.campus.outcomes import services
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.outcomes.rules import Status
from wardbench.client import tables

PAIRS = "old,new\n" + "".join(f"{n},{n + n % 3}\n" for n in range(1, 31))
COUNTS = "sex,age,events,population\nf,0,29,900\nm,0,30,900\n"
UNITS = "unit,observed,n\n" + "".join(f"ward {n},{9 + n},{100 + n}\n" for n in range(6))


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_hospital(tmp_path_factory.mktemp("programs") / "store")


@pytest.fixture
def campus(cast: Cast, hospital: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Cast:
    return with_records(cast, hospital, settings, monkeypatch)


def program(cast: Cast, key: str, *scopes: str) -> Client:
    _, secret = keys.make_key("a program", list(scopes), 5, by=cast.actor(key))
    return Client(headers={"Authorization": f"Bearer {secret}"})


def send(client: Client, path: str, **given: Any) -> Any:
    return client.post(f"/api/{path}", given, content_type="application/json")


def test_a_program_asks_what_happened_and_reads_the_answer_once_it_is_there(campus: Cast) -> None:
    client = program(campus, "researcher", "read", "count")
    asked = send(
        client, "outcomes", conditions=["condition:1"], intervention=["drug:2"], comparison=["drug:3"], washout_days=3,
        days=365,
    )  # fmt: skip
    assert asked.status_code == 201, asked.json()
    made = asked.json()
    assert made["status"] == "waiting" and made["name"] == "carvedilol or bisoprolol: Heart failure"
    assert client.get(f"/api/outcomes/{made['id']}").json()["page"] == ""
    answered(Inquiry.objects.get())
    found = client.get(f"/api/outcomes/{made['id']}").json()
    assert found["status"] == "answered" and found["answerable"] is False and "fewer than 100" in found["verdict"]
    assert found["report"]["figures"]["target"]["text"] == "30" and found["page"].startswith("<!doctype html>")
    assert "model" in Inquiry.objects.get().report and "model" not in found["report"]
    assert client.get("/api/outcomes?mine=true").json()["items"][0]["id"] == made["id"]
    assert client.get("/api/benchmark").json()["total"] == 0
    other = program(campus, "physician", "read")
    assert (
        other.get(f"/api/outcomes/{made['id']}").status_code == 404 and other.get("/api/outcomes").json()["total"] == 0
    )
    services.share(Inquiry.objects.get().id, by=campus.actor("researcher"))
    assert other.get("/api/outcomes").json()["total"] == 1 and other.get("/api/outcomes?mine=1").json()["total"] == 0
    again = campus.client("researcher").get(f"/outcomes/new/?again={made['id']}").content.decode()
    assert all(f'value="{value}" checked' in again for value in ("condition:1", "drug:2", "drug:3"))


def test_what_the_hospital_is_asked_waits_for_a_steward_and_a_key_needs_its_scope(campus: Cast) -> None:
    asked = {"analyte": "c5", "unit": "mmol/L", "values": "value,sex\n4.2137,f\n", "basis": "reviewed"}
    assert send(program(campus, "researcher", "read", "write"), "benchmark/assay", **asked).status_code == 403
    client = program(campus, "researcher", "read", "count")
    assert "purpose" in send(client, "benchmark/assay", **asked).json()["error"]["sentence"]
    assert send(client, "benchmark/assay", **asked, purpose="A new analyser.").json()["status"] == "asked"
    one = Inquiry.objects.get()
    found = client.get(f"/api/benchmark/{one.id}")
    assert found.status_code == 200 and "4.2137" not in found.content.decode()
    services.allow(one.id, "", by=campus.actor("data_steward"))
    assert answered(one).status == Status.ANSWERED, one.fault
    report = client.get(f"/api/benchmark/{one.id}").json()["report"]
    assert report["mode"] == "release" and report["sections"][0]["tables"], "the figures, and not the page alone"
    assert program(campus, "student", "read").get(f"/api/benchmark/{one.id}").status_code == 404


def test_every_kind_is_asked_and_answered(campus: Cast) -> None:
    client, all_of_them = (
        program(campus, "researcher", "read", "count"),
        str(cohort_of_all(campus.actor("researcher")).id),
    )
    aggregates = "variable,level,n,mean,sd\npersons,,40,,\nage,,40,61.5,9\n"
    for path, given in (
        ("intervals", {"analyte": "5", "by": ["sex", "device"], "ages": [60], "healthy": all_of_them}),
        ("table1", {"hospital": all_of_them, "aggregates": aggregates}),
        ("rates", {"counts": COUNTS, "hospital": all_of_them, "ages": []}),
        ("rates", {"study": all_of_them, "standard": COUNTS, "ages": [], "outcome": all_of_them}),
        ("funnel", {"cohort": all_of_them, "adjust": "none"}),
    ):
        made = send(client, f"benchmark/{path}", **given)
        assert made.status_code == 201, made.json()
        one = answered(Inquiry.objects.get(id=made.json()["id"]))
        assert one.status == (Status.FAILED if path == "funnel" or "outcome" in given else Status.ANSWERED), one.fault
    compared = send(client, "benchmark/methods", pairs=PAIRS, unit="mmol/L").json()
    assert "new reads" in compared["verdict"] and compared["report"]["sections"]
    assert Inquiry.objects.count() == 5


def test_tables_alone_are_worked_out_at_once_as_on_the_pages_and_kept_nowhere(campus: Cast) -> None:
    client, page = program(campus, "student", "count"), campus.client("student")
    for path, given in (("rates", {"counts": COUNTS, "standard": COUNTS}), ("funnel", {"units": UNITS})):
        given = {name: table.strip() for name, table in given.items()}
        answer = send(client, f"benchmark/{path}", **given)
        assert answer.status_code == 200, answer.json()
        found = answer.json()
        shown = page.post(f"/benchmark/{path}/", {"basis": "sandbox", "within": "365", **given}).content.decode()
        assert found["verdict"] and found["page"] == shown
        assert tables(found) and found["report"]["mode"] == "exact"
    assert tables(found)["Funnel: Units"][0]["Unit"] == "ward 0"
    other = send(client, "benchmark/funnel", units=UNITS, dispersion="shmi").json()
    assert "--dispersion shmi" in other["page"]
    assert not Inquiry.objects.exists()
    assert [event.detail["of"] for event in Event.objects.filter(verb="outcomes.work_out").order_by("at")] == [
        "rates", "rates", "funnel", "funnel", "funnel",
    ]  # fmt: skip
    assert send(program(campus, "student", "read"), "benchmark/funnel", units=UNITS).status_code == 403


@pytest.mark.parametrize(
    ("path", "given", "status", "sentence"),
    [
        ("outcomes", {}, 400, "choose a cohort, or a diagnosis"),
        ("outcomes", {"conditions": ["condition:77"]}, 400, "no such concept"),
        ("outcomes", {"conditions": ["condition:1"], "basis": "all"}, 400, "basis: 'all' is none of"),
        ("outcomes", {"conditions": ["condition:1"], "basis": "study"}, 400, "choose the cohort that the permit names"),
        ("outcomes", {"conditions": ["condition:1"], "sex": "both"}, 400, "sex: 'both' is none of"),
        ("outcomes", {"conditions": ["condition:1"], "youngest": 60, "oldest": 50}, 400, "oldest: it is below"),
        ("outcomes", {"conditions": ["condition:1"], "estimand": "best"}, 400, "estimand: 'best' is none of"),
        ("outcomes", {"population": "mine"}, 400, "population: give the id of a version of a cohort."),
        ("outcomes", {"population": "0d9e2be7-7b1e-4b7c-8b57-7d4d5a0d9c11"}, 404, ""),
        ("outcomes", {"conditions": ["condition:1"], "name": "\x00"}, 422, "name"),
        ("benchmark/assay", {"analyte": "5", "unit": "u", "values": "4.2\n"}, 400, "the first line names the columns"),
        (
            "benchmark/assay",
            {"analyte": "5", "unit": "u", "values": "value\nx\n"},
            400,
            "values.csv: line 2, column value",
        ),
        ("benchmark/assay", {"analyte": "5", "unit": "u", "values": "value\n4\x00\n"}, 422, "null character"),
        ("benchmark/assay", {"analyte": "5", "unit": "u", "values": "value\n4\n", "ages": [9, 3]}, 400, "that rise"),
        ("benchmark/intervals", {"analyte": "5", "by": ["luck"]}, 400, "by: 'luck' is none of 'sex', 'age', 'device'"),
        ("benchmark/intervals", {"analyte": "5", "by": ["age"], "ages": [60, 18]}, 400, "that rise"),
        ("benchmark/intervals", {"analyte": "5", "healthy": "mine"}, 400, "healthy: give the id of a version"),
        ("benchmark/rates", {"counts": COUNTS}, 400, "hospital: choose a cohort or bring a table"),
        ("benchmark/rates", {"counts": COUNTS, "standard": COUNTS, "ages": []}, 400, "ages: leave it out"),
        ("benchmark/rates", {"counts": COUNTS, "standard": COUNTS, "basis": "reviewed"}, 400, "basis: leave it out"),
        ("benchmark/rates", {"counts": COUNTS, "standard": "f,0,1,9\n"}, 400, "standard.csv: line 1: the first line"),
        ("benchmark/rates", {"counts": COUNTS.replace("29", "x"), "standard": COUNTS}, 400, "counts.csv: line 2"),
        ("benchmark/funnel", {}, 400, "cohort: choose a cohort or bring a table"),
        ("benchmark/funnel", {"units": UNITS, "adjust": "none"}, 400, "adjust: leave it out"),
        ("benchmark/funnel", {"units": UNITS, "dispersion": "luck"}, 400, "dispersion: it is none of cqc, shmi"),
        ("benchmark/funnel", {"units": "unit,observed,n\na,1,2\n"}, 400, "needs 5 units or more"),
        ("benchmark/funnel", {"units": UNITS + "ward 1,1,2\n"}, 400, "units.csv: line 8, column unit"),
        ("benchmark/funnel", {"units": UNITS + "w,1,2\n" * 1000}, 400, "1,000 lines at most"),
        ("benchmark/methods", {"pairs": "a,b\n1,2\n"}, 400, "10 to 1,000 pairs"),
        ("benchmark/intervals", {"analyte": "5", "basis": "stewardship"}, 403, ""),
        ("benchmark/intervals", {"analyte": "5", "basis": "study"}, 403, ""),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    campus: Cast, path: str, given: dict[str, Any], status: int, sentence: str
) -> None:
    answer = send(program(campus, "researcher", "count"), path, **given)
    assert answer.status_code == status, answer.content
    assert sentence in answer.json()["error"]["sentence"]
    assert not Inquiry.objects.exists()
