"""What comes back unused is the permit's to ask for again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wardbench.campus.biobank.amounts import UNITS, Dimension
from wardbench.campus.biobank.terms import is_called
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.campus.releases import checking
from wardbench.campus.releases.models import Request, RequestLine
from wardbench.campus.studies import granting


def give_back(request: Request, lines: Sequence[RequestLine], *, by: Actor) -> None:
    """Write on the permit that what is left in these tubes was not taken after all. A tube that was begun counts as
    taken where the permit counts tubes."""
    whole = [line for line in lines if not (line.used and _counts_pieces(request, line))]
    shares = checking.shares_of(request.permit, whole)
    if isinstance(shares, Verdict):
        # What nobody can measure, or the permit does not name, was not written down as so much either.
        return
    for share in shares:
        if share.amount > 0:
            granting.give_back(request.permit_id, share.type, share.amount, by=by)


def _counts_pieces(request: Request, line: RequestLine) -> bool:
    entries = request.permit.content["material"]
    entry: Mapping[str, Any] = next(
        (one for one in entries if is_called(line.specimen.material, one.get("type", ""))), {}
    )
    unit = UNITS.get(entry.get("unit", ""))
    return unit is None or unit.dimension is Dimension.PIECES
