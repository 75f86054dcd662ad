"""What is taken at a visit besides what its protocol plans, because somebody else asked for it.

Who asks is not the biobank's to know: whoever has such wishes says so by `ask`, and is told of what was taken.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext

from wardbench.campus.biobank.models import Specimen, Visit
from wardbench.campus.people.rules import Actor
from wardbench.core.miabis import MATERIALS


@dataclass(frozen=True)
class Extra:
    """A tube that somebody would like of a visit; `key` names the wish, `why` says for what, as the reader reads it."""

    key: str
    material: str
    why: str

    @property
    def name(self) -> str:
        return gettext(MATERIALS[self.material])


class Source(Protocol):
    """Somebody who asks for tubes."""

    def wanted(self, visits: Sequence[Visit]) -> Mapping[uuid.UUID, Sequence[Extra]]:
        """What is asked for of each visit now, by its id: only what its donor and a permit allow."""
        ...

    def taken(self, key: str, specimen: Specimen, *, by: Actor) -> None:
        """Be told, within the verb, that what `key` asked for was taken."""
        ...


_sources: list[Source] = []


def ask(source: Source) -> None:
    """Have a source asked at every visit."""
    _sources.append(source)


def wanted(visits: Sequence[Visit]) -> dict[uuid.UUID, list[Extra]]:
    """What all sources ask for of these visits."""
    found: dict[uuid.UUID, list[Extra]] = {}
    for source in _sources:
        for visit, extras in source.wanted(visits).items():
            found.setdefault(visit, []).extend(extras)
    return found


def taken(key: str, specimen: Specimen, *, by: Actor) -> None:
    """Tell every source; each knows its own keys."""
    for source in _sources:
        source.taken(key, specimen, by=by)
