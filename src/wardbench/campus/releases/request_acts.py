"""What the button of each verb does with what its form says."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import (
    agreeing,
    picking,
    quoting,
    request_forms,
    request_queries,
    requesting,
    returning,
    shipping,
)
from wardbench.campus.releases.models import Request
from wardbench.campus.releases.rules import Verb

Do = Callable[[Request, Any, Actor], object]


def _accept(of: Request, _form: Any, by: Actor) -> object:
    last = request_queries.quote_of(of)
    return quoting.accept(of.id, last.number if last is not None else 0, by=by)


def _log(of: Request, form: Any, by: Actor) -> object:
    parcel = of.shipments.get(id=form.cleaned_data["parcel"])
    return shipping.note_temperatures(parcel, form.cleaned_data["readings"], by=by, lines=form.numbers)


def _line(form: Any) -> uuid.UUID:
    return uuid.UUID(form.cleaned_data["line"])


def _parcel(form: Any) -> dict[str, str]:
    return {name: form.cleaned_data[name] for name in ("conditions", "courier", "tracking")}


DO: Mapping[Verb, Do] = {
    Verb.EDIT: lambda of, form, by: requesting.edit(of.id, form.cleaned_data, by=by),
    Verb.AMOUNTS: lambda of, form, by: requesting.change_amounts(of.id, form.ids(), form.cleaned_data["each"], by=by),
    Verb.ASK: lambda of, _form, by: requesting.ask(of.id, by=by),
    Verb.WITHDRAW: lambda of, form, by: requesting.withdraw(of.id, form.cleaned_data["why"], by=by),
    Verb.RESERVE: lambda of, form, by: requesting.reserve(of.id, by=by, **form.cleaned_data),
    Verb.REFUSE: lambda of, form, by: requesting.refuse(of.id, form.cleaned_data["why"], by=by),
    Verb.LEAVE_OUT: lambda of, form, by: requesting.leave_out(of.id, _line(form), form.cleaned_data["why"], by=by),
    Verb.EXTEND: lambda of, form, by: requesting.extend(of.id, form.cleaned_data["until"], by=by),
    Verb.QUOTE: lambda of, form, by: quoting.quote(
        of.id, by=by, counts=form.counts(), until=form.cleaned_data["until"]
    ),
    Verb.ACCEPT: _accept,
    Verb.DRAW_UP: lambda of, form, by: agreeing.draw_up(of.id, form.cleaned_data["clauses"], by=by),
    Verb.PICK: lambda of, _form, by: picking.start(of.id, by=by),
    Verb.STOP: lambda of, _form, by: picking.stop(of.id, by=by),
    Verb.SEND: lambda of, form, by: shipping.send(of.id, by=by, **_parcel(form)),
    Verb.OPEN: lambda of, _form, by: shipping.open_parcel(of.id, by=by),
    Verb.LOG: _log,
    Verb.USE: lambda of, form, by: returning.report_use(
        of.id,
        form.ids(),
        form.cleaned_data["used"],
        form.cleaned_data["words"],
        by=by,
        thawed=form.cleaned_data["thawed"],
    ),
    Verb.DESTROY: lambda of, form, by: returning.destroy(of.id, form.ids(), form.cleaned_data["how"], by=by),
    Verb.SEND_BACK: lambda of, form, by: returning.send_back(of.id, form.ids(), by=by, **_parcel(form)),
    Verb.TAKE_BACK: lambda of, form, by: returning.take_back(
        uuid.UUID(form.cleaned_data["parcel"]), form.cleaned_data["scanned"].splitlines(), by=by
    ),
    Verb.RESOLVE: lambda of, form, by: shipping.resolve(
        of.id, _line(form), form.cleaned_data["where"], form.cleaned_data["words"], by=by
    ),
    Verb.CLOSE: lambda of, form, by: returning.close(of.id, form.cleaned_data["words"], by=by),
}
assert set(DO) == set(request_forms.FORMS)
