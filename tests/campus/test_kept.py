"""What tests begin with is the same whether the verbs made it or its rows were written again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from campus import kept
from campus.cast import Cast, make_cast
from campus.releases_things import World, world
from campus.test_studies import registered
from wardbench.campus.audit.queries import verify
from wardbench.campus.people import services
from wardbench.campus.people.models import Organisation, Person
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.studies.models import Study

pytestmark = pytest.mark.django_db


class UndoneError(Exception):
    """Ends a block whose changes are taken back."""


def undone(make: Callable[[], World]) -> tuple[World, kept.Rows]:
    try:
        with transaction.atomic():
            found, tables = make(), kept._tables()
            raise UndoneError
    except UndoneError:
        return found, tables


def test_rows_are_written_as_the_verbs_left_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_kept", {})
    first, rows = undone(lambda: world(make_cast()))
    assert rows["audit_event"] and rows["biobank_specimen"] and rows["studies_permit"]
    monkeypatch.setattr(kept, "_left", None)
    second, again = undone(lambda: world(make_cast()))
    assert {table: sorted(some, key=repr) for table, some in again.items()} == {
        table: sorted(some, key=repr) for table, some in rows.items()
    }
    assert second is not first and second.tubes[0] is not first.tubes[0]
    assert (second.study, second.permit, second.tubes) == (first.study, first.permit, first.tubes)


def test_the_record_goes_on_where_it_was_left(cast: Cast) -> None:
    made = world(cast)
    assert made.cast is cast
    services.add_organisation("One more", "hospital", by=SYSTEM)
    assert verify({})[1] is None


def test_what_was_changed_since_is_not_written_over(cast: Cast) -> None:
    registered(cast)
    registered(cast)
    assert Study.objects.count() == 2
    Person.objects.filter(id=cast.people["nobody"].id).update(name="Somebody")
    registered(cast)
    assert Study.objects.count() == 3 and Person.objects.get(id=cast.people["nobody"].id).name == "Somebody"


def test_a_database_that_is_not_empty_is_added_to() -> None:
    Organisation.objects.create(name="There before", kind="hospital")
    made = make_cast()
    assert {one.name for one in Organisation.objects.all()} == {"There before", made.hospital.name, made.institute.name}


def test_mails_and_files_come_along(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(kept, "_kept", {})
    folder = Path(settings.DOCUMENTS)
    calls = []

    @kept.kept
    def build() -> str:
        calls.append(1)
        folder.mkdir()
        (folder / "paper").write_bytes(b"words")
        mail.send_mail("News", "", None, ["somebody@test.example"])
        return "built"

    for _time in range(2):
        assert build() == "built"
        assert (folder / "paper").read_bytes() == b"words" and [one.subject for one in mail.outbox] == ["News"]
        (folder / "paper").unlink()
        folder.rmdir()
        mail.outbox.clear()
    assert len(calls) == 1
