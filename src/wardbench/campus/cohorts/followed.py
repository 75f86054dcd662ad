"""Which part of a definition after a change is which part before it, so that open forms stay with what they are of."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wardbench.ward.cohorts.editing import Outline


@dataclass(frozen=True)
class Followed:
    """What a part is called after a change, and whether a form of it would still say the same."""

    part: str
    same: bool


def followed(before: Outline, after: Outline, gone: str = "") -> dict[str, Followed]:
    """For each part of `before`, as in `rule-3`, what it has become; nothing for one that is not there any more.

    `gone` is the part that was taken away, which its likes could be taken for. A part is first looked for as it was,
    the nearest of several; what is left over has changed where it stood.
    """
    found: dict[str, Followed] = {}
    for kind, (old, new) in _pairs(before, after).items():
        lost = int(gone.removeprefix(f"{kind}-")) if gone.startswith(f"{kind}-") else None
        for was, (now, same) in _places(old, new, lost).items():
            found[f"{kind}-{was}"] = Followed(f"{kind}-{now}", same)
    sets = {one.id: (one.name, one.items) for one in after.sets}
    for one in before.sets:
        if one.id in sets:
            found[f"set-{one.id}"] = Followed(f"set-{one.id}", sets[one.id] == (one.name, one.items))
    found["course"] = Followed("course", _course(before) == _course(after))
    if _around(before) and _around(after):
        found["additional"] = Followed("additional", _around(before) == _around(after))
    return found


def says(said: Outline) -> dict[str, str]:
    """What each part of a definition says, as a short hash, and for a rule what it is called, as another: what a page
    shows, to be held against what is there by then."""
    found = {f"{kind}-{number}": one for kind, lines in _listed(said).items() for number, one in enumerate(lines)}
    found |= {f"set-{one.id}": (one.name, one.items) for one in said.sets}
    found |= {"course": _course(said)} | ({"additional": _around(said)} if _around(said) else {})
    called = {f"rule-{one.number}": f".{_hash(one.name)}" for one in said.rules if one.name}
    return {part: _hash(one) + called.get(part, "") for part, one in found.items()}


def _hash(given: Any) -> str:
    return hashlib.sha256(repr(given).encode()).hexdigest()[:12]


def rejoined(shown: Mapping[str, str], now: Outline) -> dict[str, Followed]:
    """For each part that a page shows, by what it says there (`says`), what it is in a definition that went on without
    the page; nothing for one that is not there any more. A rule that says another thing is looked for by its name."""
    there, found = says(now), {}
    for kind in _listed(now):
        old, new = ([one for part, one in of.items() if part.startswith(f"{kind}-")] for of in (shown, there))
        for was, (is_now, same) in _places(old, new, None, _is_called_alike).items():
            found[f"{kind}-{was}"] = Followed(f"{kind}-{is_now}", same)
    for part, one in shown.items():
        if part in there and part not in found and part.partition("-")[0] not in _listed(now):
            found[part] = Followed(part, one == there[part])
    return found


def _pairs(before: Outline, after: Outline) -> dict[str, tuple[list[Any], list[Any]]]:
    old, new = _listed(before), _listed(after)
    return {kind: (old[kind], new[kind]) for kind in old}


def _listed(said: Outline) -> dict[str, list[Any]]:
    """What the parts say that have a number, in their order."""
    lists: dict[str, Sequence[Any]] = {"entry": said.entries, "rule": said.rules, "censor": said.censors}
    return {kind: [one.words if one.form is None else one.form for one in lines] for kind, lines in lists.items()}


def _around(said: Outline) -> Any:
    return said.additional if said.additional_form is None else said.additional_form


def _course(said: Outline) -> tuple[Any, ...]:
    return (said.limit, said.exit, said.observed, said.calendar)


def _is_called_alike(one: str, other: str) -> bool:
    name = one.partition(".")[2]
    return bool(name) and name == other.partition(".")[2]


def _places(
    before: Sequence[Any], after: Sequence[Any], gone: int | None, *resembles: Callable[[Any, Any], bool]
) -> dict[int, tuple[int, bool]]:
    free = set(range(len(after)))
    left = [number for number in range(len(before)) if number != gone]
    found: dict[int, tuple[int, bool]] = {}
    for is_alike in (operator.eq, *resembles):
        for was in left:
            alike = [now for now in free if was not in found and is_alike(before[was], after[now])]
            if alike:
                now = min(alike, key=lambda now: (abs(now - was), now))
                found[was] = (now, before[was] == after[now])
                free.discard(now)
    for was in left:
        if was not in found and was in free:
            found[was] = (was, False)
    return dict(sorted(found.items()))
