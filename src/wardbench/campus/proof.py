"""The proof that the record is whole, from the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wardbench.campus.configuration import read_configuration
from wardbench.campus.installation import opened
from wardbench.core.errors import NotFoundError


@dataclass(frozen=True)
class Broken:
    number: int
    why: str


@dataclass(frozen=True)
class Proof:
    """How many events fit, and the first that does not; `heads` that were kept elsewhere were compared."""

    events: int
    heads: int
    broken: Broken | None


def prove(folder: Path, heads: Path | None = None) -> Proof:
    """Check the chain of the campus in `folder` against `heads`, by default its own file of them."""
    kept = heads or folder / read_configuration(folder).audit_heads
    if heads is not None and not heads.is_file():
        raise NotFoundError(f"{heads}: there is no such file.")
    with opened(folder):
        from wardbench.campus.audit import queries

        known = queries.read_heads(kept)
        events, broken = queries.verify(known)
        return Proof(events, len(known), Broken(broken.number, broken.why) if broken else None)
