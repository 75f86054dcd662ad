"""The record: chained, only ever added to, in the transaction of what it tells of."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest
from django.db import connection, connections, transaction
from django.db.utils import DatabaseError, OperationalError

from campus.cast import Cast
from campus.conftest import ON_POSTGRES
from wardbench.campus.audit import chain, guards, queries, services
from wardbench.campus.audit.models import Event, Head
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.errors import BusyError, InputError


def write(times: int = 1) -> None:
    for number in range(times):
        with transaction.atomic():
            services.record("test.write", "test", number, by=SYSTEM, why="because")


@pytest.mark.django_db
def test_a_whole_chain_is_proved() -> None:
    write(3)
    assert queries.verify({}) == (3, None)
    assert [event.number for event in Event.objects.all()] == [1, 2, 3]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "number", "said"),
    [
        ("UPDATE audit_event SET actor = 'somebody else' WHERE number = 2", 2, "was changed"),
        ("UPDATE audit_event SET detail = '{}' WHERE number = 3", 3, "was changed"),
        ("DELETE FROM audit_event WHERE number = 2", 2, "missing"),
        ("DELETE FROM audit_event WHERE number = 4", 4, "missing"),
        ("UPDATE audit_event SET number = 9 WHERE number = 4", 4, "missing"),
    ],
)
def test_the_first_broken_event_is_named(change: str, number: int, said: str) -> None:
    write(4)
    guards.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(change)
    guards.install(connection)
    whole, broken = queries.verify({})
    assert broken is not None and (broken.number, whole) == (number, number - 1) and said in broken.why


@pytest.mark.django_db
@pytest.mark.skipif(ON_POSTGRES, reason="PostgreSQL keeps no value of another type in a column")
@pytest.mark.parametrize(
    "change",
    [
        "at = 'never'",
        "at = '2026-13-45 00:00:00'",
        "hash = 'text'",
        "before = 'text'",
        "actor = x'ff'",
        "actor = CAST(x'ff' AS TEXT)",
        "detail = '{\"a\": NaN}'",
        'detail = \'{"a": "\\ud800"}\'',
    ],
)
def test_an_event_that_cannot_be_read_any_more_is_named(change: str) -> None:
    write(4)
    guards.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"UPDATE audit_event SET {change} WHERE number IN (2, 4)")
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    guards.install(connection)
    whole, broken = queries.verify({})
    assert broken is not None and (broken.number, whole) == (2, 1) and "was changed" in broken.why


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event"])
def test_the_database_refuses_to_change_an_event(change: str) -> None:
    write()
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert queries.verify({}) == (1, None)


@pytest.mark.django_db
def test_a_chain_that_was_cut_and_joined_again_is_found_by_a_head_kept_elsewhere(tmp_path: Path) -> None:
    write(4)
    kept = tmp_path / "heads.jsonl"
    assert queries.write_head(kept) == 4
    guards.remove(connection)
    Event.objects.filter(number__gt=2).delete()
    last = Event.objects.get(number=2)
    Head.objects.update(number=2, hash=last.hash)
    guards.install(connection)
    assert queries.verify({}) == (2, None), "without the head nothing shows"
    whole, broken = queries.verify(queries.read_heads(kept))
    assert whole == 2 and broken is not None and "there were 4" in broken.why


@pytest.mark.django_db
def test_a_head_that_was_changed_is_refused(tmp_path: Path) -> None:
    write(1)
    kept = tmp_path / "heads.jsonl"
    queries.write_head(kept)
    said = json.loads(kept.read_text())
    kept.write_text(json.dumps({**said, "number": 0}) + "\n")
    with pytest.raises(InputError, match="line 1"):
        queries.read_heads(kept)


@pytest.mark.django_db
def test_what_was_undone_leaves_no_record() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write(2)
        raise ZeroDivisionError
    assert queries.verify({}) == (0, None)


@pytest.mark.django_db
def test_a_verb_without_a_record_is_undone() -> None:
    @services.verb("test.silent")
    def silent() -> None:
        write_nothing()

    def write_nothing() -> None:
        Head.objects.get_or_create(id=1, defaults={"number": 0, "hash": chain.START})

    with pytest.raises(AssertionError, match=r"test\.silent left no record"):
        silent()
    assert not Head.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_events_of_many_at_once_have_one_order() -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            write(10)
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failed
    assert queries.verify({}) == (50, None)


def test_only_those_who_watch_over_it_see_the_record(cast: Cast) -> None:
    for key in cast.people:
        status = cast.client(key).get("/record/").status_code
        assert status == (200 if key in ("data_steward", "data_protection") else 403), key


@pytest.mark.django_db
def test_the_tests_run_on_the_database_they_say() -> None:
    assert connection.vendor == ("postgresql" if ON_POSTGRES else "sqlite")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", ["", "inner", "outer"])
def test_what_was_read_stays_on_the_record_once_however_it_ended(fails: str) -> None:
    @services.verb("test.read")
    def read(*, by: Actor) -> None:
        services.record_for_good("test.read", "test", 1, by=by)
        if fails == "inner":
            raise InputError("no")

    @services.verb("test.write")
    def around(*, by: Actor) -> None:
        read(by=by)
        services.record("test.write", "test", 1, by=by)
        if fails == "outer":
            raise InputError("no")

    with nullcontext() if not fails else pytest.raises(InputError, match="no"):
        around(by=SYSTEM)
    assert [event.verb for event in Event.objects.all()] == (["test.read"] if fails else ["test.read", "test.write"])
    whole, broken = queries.verify({})
    assert (whole, broken) == (1 if fails else 2, None)


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "raised"), [("40P01", BusyError), ("53100", OperationalError)])
def test_one_of_two_who_wait_for_one_another_is_told_to_try_again(state: str, raised: type[Exception]) -> None:
    class RefusedError(Exception):
        sqlstate = state

    @services.verb("test.write")
    def wait(*, by: Actor) -> None:
        services.record("test.write", "test", 1, by=by)
        raise OperationalError("as the database says it") from RefusedError()

    with pytest.raises(raised):
        wait(by=SYSTEM)
    assert not Event.objects.exists()
