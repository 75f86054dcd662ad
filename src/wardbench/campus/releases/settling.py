"""What is paid of a quote in the end: for the specimens that are given, and not for those that fell out since."""

from __future__ import annotations

from dataclasses import dataclass

from wardbench.campus.releases.models import Quote, RequestLine
from wardbench.campus.releases.rules import LineStatus


@dataclass(frozen=True)
class Work:
    """A line of a quote: so many times a piece of work, at so many cents of euro each."""

    work: str
    count: int
    cents: int

    @property
    def total(self) -> int:
        return self.count * self.cents


def settled(of: Quote) -> list[Work]:
    """What is paid of a quote: the work in it, less that on specimens that were left out since it was made."""
    dropped = RequestLine.objects.filter(request=of.request_id, status=LineStatus.DROPPED)
    gone = {str(one) for one in dropped.values_list("id", flat=True)}
    return [
        Work(one["work"], max(0, one["count"] - len(gone.intersection(one.get("of", ())))), one["cents"])
        for one in of.lines
    ]
