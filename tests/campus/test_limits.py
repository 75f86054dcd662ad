"""Nobody searches, exports, counts, creates or changes faster than a person does, in however many processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver

from campus.cast import Cast
from campus.laid_out import laid_out
from campus.test_api_keys import made
from wardbench.campus.limits import pace
from wardbench.campus.limits.models import Pace
from wardbench.campus.limits.pace import take
from wardbench.campus.limits.rates import RATES, Doing, Rate, TooOftenError

MANUAL = Path(__file__).parents[2] / "docs/explanation/security.md"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands still, for the limits alone."""
    still = SimpleNamespace(now=1_000_000.0)
    still.time = lambda: still.now
    monkeypatch.setattr(pace, "time", still)
    return still


@pytest.fixture
def twice(monkeypatch: pytest.MonkeyPatch, clock: SimpleNamespace) -> None:
    """Everything may be done twice in ten seconds."""
    for kind in Doing:
        monkeypatch.setitem(RATES, kind, Rate(2, 10))


@pytest.mark.django_db(transaction=True)
def test_counting_does_not_wait_for_the_disk_and_what_follows_does() -> None:
    """2 is FULL, 1 is NORMAL: https://sqlite.org/pragma.html#pragma_synchronous"""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no such setting")

    def synchronous() -> int:
        with connection.cursor() as cursor:
            return int(cursor.execute("PRAGMA synchronous").fetchone()[0])

    assert synchronous() == 2
    with pytest.raises(ZeroDivisionError), pace.unforced():
        assert synchronous() == 1
        _fault = 1 / 0
    assert synchronous() == 2
    with transaction.atomic(), pace.unforced():
        assert synchronous() == 2, "what is written together is kept together"


def test_searches_are_refused_in_words_and_say_when_to_try_again(cast: Cast, clock: SimpleNamespace) -> None:
    client = cast.client("researcher")
    statuses = [client.get("/search/", {"q": f"heart {n}"}).status_code for n in range(61)]
    assert statuses == [200] * 60 + [429]
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.get("/search/", {"q": "heart"}, headers=headers)
        assert (answer.status_code, answer["Retry-After"]) == (429, "1")
        assert "Wait 1 s, then try again" in answer.content.decode()
    assert client.get("/people/", {"text": "heart"}).status_code == 429, "wherever one searches"
    assert client.get("/people/").status_code == 200 and client.get("/").status_code == 200
    assert cast.client("student").get("/search/", {"q": "heart"}).status_code == 200, "others are not held up"
    assert cast.client("researcher").get("/search/", {"q": "heart"}).status_code == 429, "nor is a new session"
    clock.now += 1
    assert [client.get("/search/", {"q": "heart"}).status_code for _ in range(2)] == [200, 429]


@pytest.mark.usefixtures("twice")
class TestEachKind:
    @pytest.mark.parametrize(
        ("key", "method", "address", "data"),
        [
            ("researcher", "get", "/search/", {"q": "heart"}),
            ("researcher", "get", "/people/", {"text": "heart"}),
            ("researcher", "get", "/questions/", {"text": "heart"}),
            ("researcher", "get", "/questions/topics/", {"q": "heart"}),
            ("researcher", "get", "/studies/", {"text": "heart"}),
            ("researcher", "get", "/cohorts/", {"text": "heart"}),
            ("data_steward", "get", "/record/", {"verb": "people.give_role"}),
            ("data_steward", "post", "/record/export/", {}),
            ("researcher", "get", "/questions/unanswered.csv", {}),
            ("physician", "post", "/patients/", {"patient": "1"}),
            ("researcher", "post", "/questions/new/", {}),
            ("researcher", "post", "/studies/new/", {}),
            ("researcher", "post", "/cohorts/new/", {}),
            ("administrator", "post", "/people/organisations/", {"name": "", "kind": "hospital"}),
            ("researcher", "post", "/account/keys/", {}),
            ("researcher", "post", "/notices/read/", {}),
        ],
    )
    def test_the_third_at_once_is_refused(
        self, cast: Cast, clock: SimpleNamespace, key: str, method: str, address: str, data: dict[str, str]
    ) -> None:
        client = cast.client(key)
        statuses = [getattr(client, method)(address, data).status_code for _ in range(3)]
        assert 429 not in statuses[:2] and statuses[2] == 429
        clock.now += 10
        assert getattr(client, method)(address, data).status_code == statuses[0]

    def test_programs_are_held_to_it_by_person_and_not_by_key(self, cast: Cast, clock: SimpleNamespace) -> None:
        secrets = [made(cast)[1], made(cast)[1]]
        other = made(cast, "student")[1]

        def ask(secret: str, path: str = "/api/people/me") -> Any:
            return Client(headers={"host": "localhost", "authorization": f"Bearer {secret}"}).get(path)

        assert [ask(one).status_code for one in secrets] == [200, 200]
        refused = ask(secrets[0], "/api/questions")
        assert (refused.status_code, refused["Retry-After"]) == (429, "10")
        assert json.loads(refused.content)["error"]["sentence"].endswith("Wait 10 s, then try again.")
        assert ask(other).status_code == 200
        clock.now += 10
        assert ask(secrets[1]).status_code == 200

    def test_in_a_demonstration_fifty_may_be_one_person(
        self, cast: Cast, clock: SimpleNamespace, settings: Any
    ) -> None:
        settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, demo=True)
        for _ in range(100):
            take(cast.actor("researcher"), Doing.COUNT)
        with pytest.raises(TooOftenError):
            take(cast.actor("researcher"), Doing.COUNT)

    def test_a_refusal_is_logged(self, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
        client = cast.client("researcher")
        for _ in range(3):
            client.get("/search/", {"q": "a secret word"})
        (line,) = [record.getMessage() for record in caplog.records if record.name == "wardbench.security"]
        said = json.loads(line)
        assert (said["status"], said["page"], said["person"]) == (429, "search", str(cast.people["researcher"].id))
        assert "secret" not in line

    def test_what_is_refused_does_nothing_and_costs_nothing(self, cast: Cast, clock: SimpleNamespace) -> None:
        by = cast.actor("researcher")
        for _ in range(2):
            take(by, Doing.CREATE)
        before = Pace.objects.get(kind=Doing.CREATE).full
        for _ in range(5):
            with pytest.raises(TooOftenError):
                take(by, Doing.CREATE)
        assert Pace.objects.get(kind=Doing.CREATE).full == before
        take(by, Doing.COUNT)


SEARCHES = {"search", "people", "why", "cohorts", "cohort_find", "studies", "questions", "question_topics", "record"}
SEARCHES |= {"samples", "specimens", "donors"}
EXPORTS = {
    "record_export",
    "ledger_csv",
    "cohort_version_json",
    "cohort_export",
    "study_document",
    "study_letter",
    "study_permit",
    "study_result_download",
    "import_rest",
}
COUNTS = {"cohort_estimate", "cohort_compare", "study_count", "concept"}
CREATES = {"cohort_new", "cohort_copy", "question_raise", "question_comment", "study_new"}
CREATES |= {"import_people", "import_good"}
PATIENTS = {"patient_timeline", "emergency_open"}
PAGES = {
    **dict.fromkeys(SEARCHES, Doing.SEARCH),
    **dict.fromkeys(EXPORTS, Doing.EXPORT),
    **dict.fromkeys(COUNTS, Doing.COUNT),
    **dict.fromkeys(CREATES, Doing.CREATE),
    **dict.fromkeys(PATIENTS, Doing.PATIENT),
}


def test_the_pages_that_are_dear_say_so() -> None:
    found = {}
    for pattern in _named(get_resolver().url_patterns):
        if kind := getattr(pattern.callback, "limited", None):
            found[pattern.name] = kind
    assert {name: found.get(name) for name in PAGES} == PAGES


def _named(patterns: list[Any]) -> list[Any]:
    found = []
    for one in patterns:
        found += _named(one.url_patterns) if hasattr(one, "url_patterns") else [one]
    return found


def test_a_download_is_limited() -> None:
    """Every page whose name says that it gives something out as a file."""
    for pattern in _named(get_resolver().url_patterns):
        if pattern.name and any(part in pattern.name for part in ("export", "csv", "download", "_document")):
            ours = pattern.callback.__module__.startswith("wardbench.")
            limited = getattr(pattern.callback, "limited", None) is Doing.EXPORT
            withdraws = pattern.name.endswith("withdraw")
            assert limited or withdraws or not ours, f"{pattern.name}: put @limited(Doing.EXPORT) under @signed_in"


def test_the_manual_tells_every_rate() -> None:
    said = MANUAL.read_text(encoding="utf-8")
    for kind, rate in RATES.items():
        row = next(line for line in said.splitlines() if line.startswith(f"| `{kind}` |"))
        each = f"{rate.each:g} s"
        assert [cell.strip() for cell in row.strip("| ").split("|")][2:] == [str(rate.burst), each], row


MAKE = """
import sys
from pathlib import Path
from wardbench.campus.installation import make_campus
make_campus(Path(sys.argv[1]), name="Campus", database=sys.argv[2])
from wardbench.campus.people.services import add_person
from wardbench.campus.people.rules import SYSTEM
print(add_person("a@b.example", "A", by=SYSTEM).id)
"""

TAKE = """
import sys
from pathlib import Path
from wardbench.campus.installation import start_django
start_django(Path(sys.argv[1]))
from wardbench.campus.limits.pace import take
from wardbench.campus.limits.rates import Doing, TooOftenError
from wardbench.campus.people.rules import Actor
for _ in range(int(sys.argv[3])):
    try:
        take(Actor(sys.argv[2]), Doing.COUNT)
        print("done")
    except TooOftenError:
        print("refused")
"""
PROCESSES = 3


def run(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": "src"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_count_together(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, rate = tmp_path / "campus", RATES[Doing.COUNT]
    person, faults = run(MAKE, folder, laid_out(tmp_path_factory, folder)).communicate()
    assert person, faults
    began = time.monotonic()
    running = [run(TAKE, folder, person.strip(), rate.burst) for _ in range(PROCESSES)]
    done = [one.communicate() for one in running]
    assert all(one.returncode == 0 for one in running), done
    answers = "".join(out for out, _ in done).split()
    most = rate.burst + (time.monotonic() - began) / rate.each
    assert len(answers) == PROCESSES * rate.burst and rate.burst <= answers.count("done") <= most
