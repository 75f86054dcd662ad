"""Which part of a definition after a change is which part before it, so that open forms stay with what they are of."""

from __future__ import annotations

from collections.abc import Sequence
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


def _pairs(before: Outline, after: Outline) -> dict[str, tuple[list[Any], list[Any]]]:
    def said(lines: Sequence[Any]) -> list[Any]:
        return [line.words if line.form is None else line.form for line in lines]

    return {
        "entry": (said(before.entries), said(after.entries)),
        "rule": (said(before.rules), said(after.rules)),
        "censor": (said(before.censors), said(after.censors)),
    }


def _around(said: Outline) -> Any:
    return said.additional if said.additional_form is None else said.additional_form


def _course(said: Outline) -> tuple[Any, ...]:
    return (said.limit, said.exit, said.observed, said.calendar)


def _places(before: Sequence[Any], after: Sequence[Any], gone: int | None) -> dict[int, tuple[int, bool]]:
    free = set(range(len(after)))
    left = [number for number in range(len(before)) if number != gone]
    found: dict[int, tuple[int, bool]] = {}
    for was in left:
        alike = [now for now in free if after[now] == before[was]]
        if alike:
            now = min(alike, key=lambda now: (abs(now - was), now))
            found[was] = (now, True)
            free.discard(now)
    for was in left:
        if was not in found and was in free:
            found[was] = (was, False)
    return dict(sorted(found.items()))
