"""Writing the record: `verb` around a service function, `record` inside it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, Protocol, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from wardbench.campus.audit import chain
from wardbench.campus.audit.models import Event, Head

P = ParamSpec("P")
R = TypeVar("R")

_origin: ContextVar[str] = ContextVar("origin", default="command line")
_written: ContextVar[int] = ContextVar("written", default=0)


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


def verb(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a service: `name` is what it does, its transaction is one, and it has to leave a record.

    The function takes `by` as a keyword. Returning without a call of `record` is a fault of ours and undoes all.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def carried_out(*args: P.args, **kwargs: P.kwargs) -> R:
            with transaction.atomic():
                before = _written.get()
                result = function(*args, **kwargs)
                assert _written.get() > before, f"{name} left no record"
                return result

        carried_out.verb = name  # type: ignore[attr-defined]
        return carried_out

    return decorate


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
    if not transaction.get_connection().in_atomic_block:
        raise AssertionError(f"{what}: an event is recorded in the transaction of what it tells of")
    Head.objects.get_or_create(id=1, defaults={"number": 0, "hash": chain.START})
    head = Head.objects.select_for_update().get(id=1)
    event = Event(
        number=head.number + 1,
        at=timezone.now(),
        actor=by.id,
        verb=what,
        kind=kind,
        object=str(target),
        study=str(study),
        patient=str(patient),
        origin=_origin.get(),
        detail=detail,
        before=bytes(head.hash),
    )
    event.hash = chain.link(settings.CAMPUS_KEYS["audit"], bytes(head.hash), content(event))
    event.save(force_insert=True)
    Head.objects.filter(id=1).update(number=event.number, hash=event.hash)
    _written.set(_written.get() + 1)
    return event.number


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
