"""The record on the pages: searched, shown in plain words, exported; and what of that is itself recorded."""

from __future__ import annotations

import csv
import io
import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from campus.cast import Cast
from campus.test_structure import SERVICES
from wardbench.campus.audit import guards, queries, words
from wardbench.campus.audit.models import Event
from wardbench.campus.audit.services import Act, record, record_all
from wardbench.campus.people.rules import SYSTEM

WATCHERS = ("data_steward", "data_protection")


def happen(cast: Cast, key: str, what: str = "cohorts.make", **said: Any) -> int:
    with transaction.atomic():
        return record(what, said.pop("kind", "cohort"), said.pop("target", "c-1"), by=cast.actor(key), **said)


def page(cast: Cast, query: str = "", key: str = "data_steward") -> str:
    answer = cast.client(key).get(f"/record/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def numbers(text: str) -> set[int]:
    import re

    return {int(found) for found in re.findall(r'href="/record/(\d+)/"', text)}


def test_only_those_who_watch_over_it_reach_its_pages(cast: Cast) -> None:
    for key in cast.people:
        client, status = cast.client(key), 200 if key in WATCHERS else 403
        assert client.get("/record/1/").status_code == status, key
        assert client.post("/record/export/", {}).status_code == status, key
    assert cast.client("data_steward").get("/record/999999/").status_code == 404
    assert cast.client("data_steward").get("/record/export/").status_code == 405


def test_each_field_finds_what_it_is_for(cast: Cast) -> None:
    made = happen(cast, "physician")
    counted = happen(cast, "researcher", "counting.count", kind="definition", target="sha-77", study="S12345")
    by_system = happen(cast, "physician", target="c-2")
    for query, expected in {
        "?who=physician@test.example": {made, by_system},
        "?who=Researcher@test": {counted},
        "?verb=counting.count": {counted},
        "?object=sha-7": {counted},
        "?object=definition": {counted},
        "?study=S12345": {counted},
        "?who=physician@test.example&object=c-2": {by_system},
        "?who=nobody+at+all": set(),
        "?since=2999-01-01": set(),
        "?until=2000-01-01": set(),
        "?since=soon": set(),
    }.items():
        assert numbers(page(cast, query)) == expected, query
    assert numbers(page(cast, "?who=wardbench")) == set(range(1, made))
    assert "Nothing that happened matches" in page(cast, "?study=none")
    everything = page(cast)
    assert "Counted patients" in everything and "counting.count" in everything


def test_looking_at_a_patient_is_recorded_and_lists_name_none(cast: Cast) -> None:
    number = happen(cast, "physician", "cohorts.look_at_patient", kind="patient", target="4711-77", patient="4711-77")
    assert "4711-77" not in page(cast) and not Event.objects.filter(verb="audit.view").exists()
    assert numbers(page(cast, "?object=4711-77")) == set(), "an id of a patient is asked for as such"
    found = cast.client("data_steward").post("/record/", {"patient": "4711-77"})
    assert numbers(found.content.decode()) >= {number}
    assert "4711-77" in cast.client("data_protection").get(f"/record/{number}/").content.decode()
    views = Event.objects.filter(verb="audit.view").order_by("number")
    steward, officer = (str(cast.people[key].id) for key in WATCHERS)
    assert [(one.actor, one.patient) for one in views] == [(steward, "4711-77"), (officer, "4711-77")]
    page(cast, f"?who={cast.people['physician'].email}")
    assert views.count() == 2
    assert queries.verify({})[1] is None


def test_no_address_carries_a_patient(cast: Cast) -> None:
    with transaction.atomic():
        for _number in range(120):
            record("cohorts.look_at_patient", "patient", "4711-77", by=cast.actor("physician"), patient="4711-77")
    client = cast.client("data_steward")
    assert client.get("/record/?patient=4711-77").status_code == 400
    assert not Event.objects.filter(verb="audit.view").exists()
    moved = client.post("/record/", {"study": "S12345", "patient": ""})
    assert moved.status_code == 302 and moved.url == "/record/?study=S12345", "the rest can be kept as an address"
    pages = [client.post("/record/", {"patient": "4711-77", "page": str(number)}).content.decode() for number in (1, 2)]
    shared = numbers(pages[0]) & numbers(pages[1])
    assert len(numbers(pages[0])) == len(numbers(pages[1])) == 50 and len(shared) == 1, "the search stands there too"
    shown = client.get(f"/record/{min(numbers(pages[0]))}/").content.decode()
    for text in (*pages, shown):
        assert "patient=4711" not in text and 'href="/record/?page' not in text


def test_an_export_is_recorded_defused_and_names_no_patient_that_was_not_asked_for(cast: Cast) -> None:
    happen(cast, "physician", target="=cmd|'/c calc'", kind="cohort")
    happen(cast, "physician", "cohorts.look_at_patient", kind="patient", target="4711-77", patient="4711-77")

    def rows(**asked: str) -> list[dict[str, str]]:
        answer: Any = cast.client("data_steward").post("/record/export/", {"who": "physician@test.example", **asked})
        text = b"".join(answer.streaming_content).decode().lstrip("\ufeff")
        return list(csv.DictReader(io.StringIO(text)))

    found = rows()
    assert [(one["verb"], one["object"], one["patient"]) for one in found] == [
        ("cohorts.look_at_patient", "", "a patient"),
        ("cohorts.make", "'=cmd|'/c calc'", ""),
    ]
    assert found[1]["what"] == "Made a cohort" and found[1]["name"] == "Physician"
    assert rows(patient="4711-77")[0]["object"] == "4711-77"
    kept = list(Event.objects.filter(verb="audit.export").order_by("number"))
    assert [(one.detail["events"], one.patient) for one in kept] == [(2, ""), (1, "4711-77")]
    assert "4711-77" not in json.dumps([one.detail for one in kept])


def test_one_event_shows_its_place_in_the_chain(cast: Cast) -> None:
    first, number = happen(cast, "physician", why="because"), happen(cast, "researcher")
    shown = page(cast, f"{first}/")
    assert "because" in shown and "fits" in shown and numbers(shown) == {first - 1, number}
    guards.remove(connection)
    Event.objects.filter(number=first).update(actor="somebody else")
    guards.install(connection)
    assert "broken" in page(cast, f"{first}/")
    assert "fits" in page(cast, f"{number}/") and "fits" in page(cast, "1/")
    guards.remove(connection)
    Event.objects.filter(number=first).delete()
    guards.install(connection)
    assert "broken" in page(cast, f"{number}/")


@pytest.mark.parametrize("function", [f for _m, _n, f in SERVICES], ids=[f"{m}.{n}" for m, n, _f in SERVICES])
def test_every_verb_has_a_sentence(function: Any) -> None:
    assert words.sentence(function.verb) != function.verb, "say it in the application's module verbs"


@pytest.mark.django_db
def test_heads_are_written_only_when_something_happened(tmp_path: Path) -> None:
    kept = tmp_path / "heads.jsonl"

    def write() -> None:
        with transaction.atomic():
            record("test.write", "test", 1, by=SYSTEM)

    assert queries.write_head(kept) == 0 and not kept.exists()
    write()
    assert [queries.write_head(kept) for _ in range(3)] == [1, 0, 0]
    write()
    assert queries.write_head(kept) == 2
    assert list(queries.read_heads(kept)) == [1, 2]
    with kept.open("a") as file:
        file.write("cut sho")
    assert queries.write_head(kept) == 2, "a line that was cut short does not spoil the next"
    assert json.loads(kept.read_text().splitlines()[-1])["number"] == 2


@pytest.mark.django_db
def test_a_long_chain_is_proved_without_holding_it(capsys: pytest.CaptureFixture[str]) -> None:
    def peak(events: int) -> int:
        with transaction.atomic():
            record_all([Act("test.write", "test", n, {"why": "x" * 50}) for n in range(events)], by=SYSTEM)
        tracemalloc.start()
        began = time.monotonic()
        whole, broken = queries.verify({})
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{whole:,} events, {time.monotonic() - began:.1f} s while measured, {most / 1e6:.1f} MB")
        assert broken is None
        return most

    small, large = peak(4_000), peak(16_000)
    assert large < 1.5 * small + 1_000_000
