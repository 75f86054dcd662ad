"""That a study does not end while specimens are out in its name: each is used, destroyed or sent back first."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count
from django.utils.translation import ngettext

from wardbench.campus.releases.models import RequestLine, ShipmentLine
from wardbench.campus.releases.rules import WITH_RECIPIENT, LineStatus
from wardbench.campus.studies.before_the_end import before_the_end
from wardbench.campus.studies.models import Study


@before_the_end
def unaccounted(study: Study) -> Sequence[str]:
    """A sentence for each request of which the study has specimens, or a parcel is on its way to it."""
    back = ShipmentLine.objects.filter(shipment__back=True, shipment__arrived=None).values("line")
    out = RequestLine.objects.filter(request__study=study, status__in=[*WITH_RECIPIENT, LineStatus.SENT])
    counts = out.exclude(id__in=back).order_by("request__reference").values_list("request__reference")
    return [_sentence(count, reference) for reference, count in counts.annotate(Count("id"))]


def _sentence(count: int, reference: str) -> str:
    said = ngettext(
        "{n} specimen of request {reference} is not accounted for: say that it was used or destroyed, or send it back.",
        "{n} specimens of request {reference} are not accounted for: say that they were used or destroyed, or send "
        "them back.",
        count,
    )
    return said.format(n=count, reference=reference)
