"""Writing the record: `verb` around a service function, `record` inside it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ParamSpec, Protocol, TypeVar

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit import chain
from wardbench.campus.audit.models import Event, Head
from wardbench.core.errors import BusyError

P = ParamSpec("P")
R = TypeVar("R")

DEADLOCK = "40P01"
"""What PostgreSQL says to one of two who wait for one another; all that it did is undone."""

_origin: ContextVar[str] = ContextVar("origin", default="command line")
_written: ContextVar[int] = ContextVar("written", default=0)
_staying: ContextVar[list[tuple[Act, Who]] | None] = ContextVar("staying", default=None)
"""Events of the verb under way that stay although it is undone; None outside a verb."""


class Who(Protocol):
    """Whoever acts: `id` is what the record keeps of them."""

    @property
    def id(self) -> str: ...


@contextmanager
def origin(text: str) -> Iterator[None]:
    """Everything recorded inside comes from `text`: an address and a session, or a command."""
    token = _origin.set(text[:200])
    try:
        yield
    finally:
        _origin.reset(token)


def where() -> str:
    """Where what is being done comes from, as it is recorded."""
    return _origin.get()


def verb(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a service: `name` is what it does, its transaction is one, and it has to leave a record.

    The function takes `by` as a keyword. Returning without a call of `record` is a fault of ours and undoes all. An
    error undoes all too, but for events that were recorded to stay. BusyError where two waited for one another.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def carried_out(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                with _kept_if_undone(), transaction.atomic():
                    before = _written.get()
                    result = function(*args, **kwargs)
                    assert _written.get() > before, f"{name} left no record"
                    return result
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) != DEADLOCK:
                    raise
                raise BusyError(_("Somebody changed this at the same moment; load the page again.")) from error

        carried_out.verb = name  # type: ignore[attr-defined]
        return carried_out

    return decorate


@contextmanager
def _kept_if_undone() -> Iterator[None]:
    """Around the transaction of the outermost verb: where it is undone, what is to stay is recorded once more."""
    if _staying.get() is not None:
        yield
        return
    staying: list[tuple[Act, Who]] = []
    token = _staying.set(staying)
    try:
        yield
    except Exception:
        with transaction.atomic():
            for act, by in staying:
                record_all([act], by=by)
        raise
    finally:
        _staying.reset(token)


def record(
    what: str,
    kind: str,
    target: object,
    *,
    by: Who,
    study: object = "",
    patient: object = "",
    **detail: Any,
) -> int:
    """Add an event to the chain, inside the transaction of what it tells of; its number.

    `what` is the verb ("study.submit"), `kind` and `target` say on what. `detail` is for what was decided and why;
    never for a patient's values.
    """
    act = Act(what, kind, target, detail, study=str(study), patient=str(patient))
    return record_all([act], by=by)


def record_for_good(
    what: str, kind: str, target: object, *, by: Who, study: object = "", patient: object = "", **detail: Any
) -> int:
    """As `record`, and kept although the verb around it is undone: something was read, or refused, however it ended."""
    act = Act(what, kind, target, detail, study=str(study), patient=str(patient))
    if (staying := _staying.get()) is not None:
        staying.append((act, by))
    return record_all([act], by=by)


@dataclass(frozen=True)
class Act:
    """What an event tells of; the fields of `record`."""

    what: str
    kind: str
    target: object
    detail: Mapping[str, Any] = field(default_factory=dict)
    study: str = ""
    patient: str = ""


def record_all(acts: Sequence[Act], *, by: Who) -> int:
    """Add many events at once, in their order; the number of the last."""
    if not transaction.get_connection().in_atomic_block:
        raise AssertionError(f"{acts[0].what}: an event is recorded in the transaction of what it tells of")
    locked = Head.objects.select_for_update()
    head = locked.filter(id=1).first()
    if head is None:
        Head.objects.get_or_create(id=1, defaults={"number": 0, "hash": chain.START})
        head = locked.get(id=1)
    number, before, at, events = head.number, bytes(head.hash), timezone.now(), []
    for act in acts:
        number += 1
        event = Event(
            number=number,
            at=at,
            actor=by.id,
            verb=act.what,
            kind=act.kind,
            object=str(act.target),
            study=act.study,
            patient=act.patient,
            origin=_origin.get(),
            detail=dict(act.detail),
            before=before,
        )
        before = event.hash = chain.link(settings.CAMPUS_KEYS["audit"], before, content(event))
        events.append(event)
    Event.objects.bulk_create(events, batch_size=200)
    Head.objects.filter(id=1).update(number=number, hash=before)
    _written.set(_written.get() + 1)
    return number


def content(event: Event) -> dict[str, Any]:
    """What the hash covers: everything but the hashes."""
    return {
        "number": event.number,
        "at": event.at.isoformat(timespec="microseconds"),
        "actor": event.actor,
        "verb": event.verb,
        "kind": event.kind,
        "object": event.object,
        "study": event.study,
        "patient": event.patient,
        "origin": event.origin,
        "detail": event.detail,
    }
