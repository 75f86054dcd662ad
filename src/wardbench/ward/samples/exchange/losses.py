"""What a standard could not hold of an inventory: found by reading back what was written, and put back from the list.

The list is exact: it names each field by kind, id and value, so that what was written and the list together are the
inventory again (`restored`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from operator import attrgetter
from typing import Any, TypeAlias

from wardbench.core.errors import InputError
from wardbench.ward.samples.exchange.inventory import (
    Biobank,
    Collection,
    Consent,
    Container,
    Donor,
    Enrolment,
    Form,
    Inventory,
    OptOut,
    Protocol,
    Sample,
)

Thing: TypeAlias = Biobank | Collection | Donor | Sample | Container | Form | Consent | OptOut | Protocol | Enrolment
KINDS: Mapping[str, tuple[str, type[Thing], str]] = {
    "biobank": ("biobanks", Biobank, "code"),
    "collection": ("collections", Collection, "code"),
    "donor": ("donors", Donor, "code"),
    "sample": ("samples", Sample, "label"),
    "container": ("containers", Container, "barcode"),
    "form": ("forms", Form, "code"),
    "consent": ("consents", Consent, "id"),
    "opt-out": ("opt_outs", OptOut, "id"),
    "protocol": ("protocols", Protocol, "code"),
    "enrolment": ("enrolments", Enrolment, "code"),
}
"""The kinds of things: the list of the inventory that holds them, their class, the field that names them."""
WHOLE = "*"
"""The field of a loss that is a whole thing."""


@dataclass(frozen=True)
class Loss:
    """A field that the standard does not hold, or holds otherwise; `value` is what it was."""

    kind: str
    id: str
    field: str
    value: Any


def ordered(inventory: Inventory) -> Inventory:
    """The same with each list in the order of its ids."""
    lists: dict[str, Any] = {
        name: tuple(sorted(getattr(inventory, name), key=attrgetter(key))) for name, _made, key in KINDS.values()
    }
    return replace(inventory, **lists)


def losses(inventory: Inventory, read: Inventory) -> list[Loss]:
    """What of `inventory` is not in `read`, which was read from what was written of it."""
    found = []
    for kind, (name, _made, key) in KINDS.items():
        there = {getattr(one, key): one for one in getattr(read, name)}
        for one in getattr(inventory, name):
            code = getattr(one, key)
            if code not in there:
                found.append(Loss(kind, code, WHOLE, asdict(one)))
                continue
            other = there[code]
            for each in fields(one):
                value = getattr(one, each.name)
                if value != getattr(other, each.name):
                    found.append(Loss(kind, code, each.name, value))
    return found


def restored(read: Inventory, lost: Iterable[Loss]) -> Inventory:
    """What was read, with what was lost put back; InputError where the list does not fit."""
    lists: dict[str, dict[str, Thing]] = {
        kind: {getattr(one, key): one for one in getattr(read, name)} for kind, (name, _made, key) in KINDS.items()
    }
    for loss in lost:
        if loss.kind not in KINDS:
            raise InputError(f"not-held.json: {loss.kind}: there is no such kind.")
        made = KINDS[loss.kind][1]
        try:
            if loss.field == WHOLE:
                lists[loss.kind][loss.id] = made(**{name: _tupled(value) for name, value in loss.value.items()})
            else:
                there = lists[loss.kind][loss.id]
                lists[loss.kind][loss.id] = replace(there, **{loss.field: _tupled(loss.value)})
        except (KeyError, TypeError, AttributeError):
            raise InputError(f"not-held.json: the {loss.kind} {loss.id} does not fit what was read.") from None
    back = {KINDS[kind][0]: tuple(things.values()) for kind, things in lists.items()}
    return ordered(Inventory(**back))  # type: ignore[arg-type]


def _tupled(value: Any) -> Any:
    return tuple(_tupled(one) for one in value) if isinstance(value, (list, tuple)) else value


def summary(lost: Sequence[Loss]) -> dict[str, dict[str, int]]:
    """How many things of each kind lost which field."""
    found: dict[str, dict[str, int]] = {}
    for loss in lost:
        of = found.setdefault(loss.kind, {})
        of[loss.field] = of.get(loss.field, 0) + 1
    return found


@dataclass(frozen=True)
class Missing:
    """A field that the standard asks for and that the inventory leaves empty: what was written is not valid by it."""

    kind: str
    id: str
    field: str


def missing(inventory: Inventory, asked: Iterable[tuple[str, str]]) -> list[Missing]:
    """What is empty of the fields (kind, field) that a standard asks for."""
    found = []
    for kind, field in asked:
        name, _made, key = KINDS[kind]
        things = [one for one in getattr(inventory, name) if not getattr(one, field).strip()]
        found += [Missing(kind, getattr(one, key), field) for one in things]
    return found


def to_json(
    standard: str, lost: Sequence[Loss], why: Mapping[tuple[str, str], str], lacks: Sequence[Missing] = ()
) -> bytes:
    """The list as a file: what the standard asks for and the inventory lacks, how much of what is not held and why, and
    each value."""
    told = [
        {"kind": kind, "field": field, "things": count, "why": why.get((kind, field), "")}
        for kind, of in summary(lost).items()
        for field, count in sorted(of.items())
    ]
    said = {
        "standard": standard,
        "missing": [asdict(one) for one in lacks],
        "not_held": told,
        "values": [asdict(loss) for loss in lost],
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()


def from_json(content: bytes) -> list[Loss]:
    """The list that was written; InputError where it cannot be read."""
    try:
        return [Loss(one["kind"], one["id"], one["field"], one["value"]) for one in json.loads(content)["values"]]
    except (ValueError, KeyError, TypeError):
        raise InputError("not-held.json: this is no list of what a standard could not hold.") from None
