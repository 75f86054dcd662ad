"""The Python client against a real server: what it asks for it gets, and a refusal is an error with its sentence."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

import small_hospital
from campus.cast import Cast, make_cast
from wardbench.campus.api import services
from wardbench.campus.counting import feasibility, sessions
from wardbench.campus.outcomes import services as outcomes
from wardbench.campus.outcomes.answering import carry_on
from wardbench.campus.outcomes.models import Inquiry
from wardbench.campus.people.queries import actor_of
from wardbench.client import Campus, RefusedError, tables
from wardbench.core.errors import BusyError, InputError, NotFoundError, UnsupportedError

EVERYBODY = {
    "ConceptSets": [],
    "PrimaryCriteria": {
        "CriteriaList": [{"ObservationPeriod": {}}],
        "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
        "PrimaryCriteriaLimit": {"Type": "First"},
    },
}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture
def campus(cast: Cast, live_server: Any, tmp_path: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Campus:
    """A researcher's program, and a hospital whose synthetic twin is the same data."""
    store = str(small_hospital.build(tmp_path / "store").path("person").parents[3])
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, store=store, twin=store)
    settings.ALLOWED_HOSTS = ["*"]
    monkeypatch.setattr(sessions, "_sessions", {})
    monkeypatch.setattr(feasibility, "BUCKET", 0.001)
    _, secret = services.make_key("client", ["read", "count", "write"], 5, by=cast.actor("researcher"))
    return Campus(live_server.url, secret)


def test_a_program_works_as_its_person(campus: Campus, cast: Cast) -> None:
    assert campus.me()["name"] == "Researcher"
    assert {person["name"] for person in campus.people()} >= {"Physician", "Student"}
    made = campus.make_cohort("Everybody", EVERYBODY)
    [version] = campus.versions(made["id"])
    assert version["number"] == 1 and len(version["hash"]) == 64
    assert campus.expression(made["id"], 1)["PrimaryCriteria"] == EVERYBODY["PrimaryCriteria"]
    wider = {**EVERYBODY, "PrimaryCriteria": {**EVERYBODY["PrimaryCriteria"], "PrimaryCriteriaLimit": {"Type": "All"}}}
    assert campus.save(made["id"], wider, "all")["number"] == 2
    assert [one["name"] for one in campus.cohorts("Every")] == ["Everybody"]
    counted = campus.count(EVERYBODY)
    assert int(counted["persons"].replace(",", "")) > 0 and counted["mode"] == "sandbox"
    assert campus.estimate(EVERYBODY)["left"] == 19
    raised = campus.raise_question("Why do kidneys fail?", "Patients lose function despite treatment.", side="bench")
    assert [one["id"] for one in campus.questions("kidneys")] == [raised["id"]]
    study = campus.register_study("Kidneys", "retrospective")
    assert study["reference"].startswith("S") and campus.study(study["id"])["status"] == "draft"
    assert campus.study(study["id"])["versions"] == []
    by_number = campus.study(study["reference"])
    assert by_number["id"] == study["id"] and [turn["who"] for turn in by_number["waits_for"]] == ["the applicant"]
    assert [one["reference"] for one in campus.studies()] == [study["reference"]]


def test_studies_come_in_parts(campus: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked for two at a time got all of them, again and again."""
    made = [campus.register_study(f"Study {number}", "retrospective")["id"] for number in range(3)]
    part = campus._ask("GET", "/studies", limit=2, offset=1)
    assert part["total"] == 3 and part["offset"] == 1 and [one["id"] for one in part["items"]] == made[1::-1]
    monkeypatch.setattr("wardbench.client.PAGE", 2)
    assert [one["id"] for one in campus.studies()] == made[::-1]


def test_a_question_is_waited_for_and_says_what_became_of_it(campus: Campus, monkeypatch: pytest.MonkeyPatch) -> None:
    units = "unit,observed,n\n" + "".join(f"ward {n},{9 + n},{100 + n}\n" for n in range(6))
    assert len(tables(campus.ask_benchmark("funnel", units=units))["Funnel: Units"]) == 6
    asked = campus.ask_benchmark("intervals", analyte="LOINC:718-7")
    with pytest.raises(BusyError, match="intervals: LOINC:718-7: it waits for its turn"):
        campus.wait(asked["id"], most=0.02, every=0.01)
    # It is answered by another process, between two looks.
    slept = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: carry_on(uuid.UUID(asked["id"])))
    monkeypatch.setattr("wardbench.client.time", slept)
    with pytest.raises(InputError, match="no result has the code LOINC:718-7"):
        campus.wait(asked["id"])
    again = campus.ask_benchmark("intervals", analyte="LOINC:718-7")
    outcomes.take_back(uuid.UUID(again["id"]), by=actor_of(Inquiry.objects.get(id=again["id"]).owner))
    with pytest.raises(InputError, match="taken back"):
        campus.wait(again["id"])


def test_a_refusal_is_its_sentence(campus: Campus, live_server: Any, cast: Cast) -> None:
    with pytest.raises(NotFoundError, match="no such cohort"):
        campus.versions("00000000-0000-0000-0000-000000000000")
    with pytest.raises((InputError, UnsupportedError), match="ObservationWindow"):
        campus.make_cohort("Nobody", {**EVERYBODY, "PrimaryCriteria": {"CriteriaList": []}})
    with pytest.raises(RefusedError, match="Data steward"):
        campus.count(EVERYBODY, mode="stewardship")
    with pytest.raises(InputError, match="'forest': ask for one of intervals, "):
        campus.ask_benchmark("forest")
    with pytest.raises(NotFoundError, match="no such study"):
        campus.study("S99999")
    with pytest.raises(RefusedError, match="key"):
        Campus(live_server.url, "wbk_0_0").me()
    _, secret = services.make_key("reads", ["read"], 5, by=cast.actor("researcher"))
    with pytest.raises(RefusedError, match="scope write"):
        Campus(live_server.url, secret).register_study("Kidneys", "retrospective")


def test_a_campus_that_does_not_answer_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"127\.0\.0\.1:1/api: the campus does not answer"):
        Campus("http://127.0.0.1:1", "wbk_0_0").me()


@contextlib.contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """Something that is no campus: its address, and the key that came with each request."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(self.headers["Authorization"] or "")
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_given: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", came
        server.shutdown()


def test_what_is_sent_is_not_taken_elsewhere() -> None:
    """A server leads from http to https: followed, what was to be made would be asked for, and look as if it was."""
    with answering(200, b'{"items": [], "total": 0}') as (there, came):
        with (
            answering(302, b"", Location=f"{there}/api/studies?x=1") as (here, _came),
            pytest.raises(InputError, match=f"it says to ask {there}[.]"),
        ):
            Campus(here, "wbk_0_0").register_study("Kidneys", "retrospective")
        assert not came


def test_what_is_no_campus_is_said_to_be_none() -> None:
    with answering(200, b"<html>Sign in to the network</html>") as (here, _came), pytest.raises(NotFoundError) as told:
        Campus(here, "wbk_0_0").me()
    assert "no campus" in str(told.value)


def test_the_key_is_the_one_that_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the line break of its file; not what .netrc holds for the same host."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with answering(200, b"{}") as (here, came):
        Campus(here, "wbk_1_2\n").me()
    assert came == ["Bearer wbk_1_2"]
    with pytest.raises(InputError, match="no key has"):
        Campus(here, "wbk_1\n_2")


def test_what_cannot_be_sent_is_said_before(campus: Campus) -> None:
    with pytest.raises(InputError, match="cannot be sent"):
        campus.count({**EVERYBODY, "id": float("nan")})
    for one in ("", "..", "."):
        with pytest.raises(InputError, match="no id"):
            campus.study(one)
    with pytest.raises(NotFoundError):
        campus.versions("../people/me?x=")
    with pytest.raises(InputError):
        campus.raise_question("Half a \ud800 character", "Text", side="bench")
