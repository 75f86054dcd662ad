"""Telling studies that specimens that they were sent had been outside their temperatures before.

An excursion is often found when the log of a machine is read, days later. What had left by then is followed: the
specimens themselves, and what was made of them after it began. The study, the biobank and the specimen's own chain are
told within the verb by which the excursion was found, grew, or was judged; of what leaves later, within that by which
it is sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import custody, descent, equipment, exposure
from wardbench.campus.biobank.beside import on_excursion
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.imports.files import pieces
from wardbench.campus.biobank.models import CustodyEvent, Excursion, Specimen
from wardbench.campus.biobank.rules import ENDED, KEEPERS, Act
from wardbench.campus.notices.sending import notify, notify_at_once
from wardbench.campus.people.queries import holders
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import warning_queries, warning_rules
from wardbench.campus.releases.models import Request, RequestLine, Warned
from wardbench.campus.releases.moves import page_of, reasoned
from wardbench.campus.releases.rules import LineStatus
from wardbench.core.errors import BusyError

FOUND = gettext_noop(
    "Specimens of request {reference} had been outside their temperatures before they were sent ({count}); the biobank"
    " has still to say what that means."
)
JUDGED = {
    "kept": gettext_noop(
        "Specimens of request {reference} that had been outside their temperatures ({count}): nothing was harmed, says"
        " the biobank."
    ),
    "thawed": gettext_noop(
        "Specimens of request {reference} that had been outside their temperatures ({count}) count as thawed once more,"
        " says the biobank."
    ),
    "destroy": gettext_noop(
        "Specimens of request {reference} that had been outside their temperatures ({count}) are not to be used, says"
        " the biobank."
    ),
}
"""What a study is told, by what the biobank said of an excursion."""
TOLD_THE_BIOBANK = gettext_noop(
    "{name} was outside its temperatures, and specimens that were in it had been sent with request {reference}"
    " ({count}); the study is told."
)


@on_excursion
def hear(excursion: Excursion, by: Actor) -> None:
    """Warn those who have what an excursion touched, where they do not know."""
    if untold(excursion):
        warn(excursion, by=by)


def tell_of_sent(request: Request, *, by: Actor) -> None:
    """Tell the study of a request that was sent just now of the excursions that are known of what it gets, except those
    that harmed nothing."""
    lines = RequestLine.objects.filter(request=request, status=LineStatus.SENT)
    found = exposure.exposed(lines.values_list("specimen", flat=True))
    for excursion in {one.id: one for those in found.values() for one in those}.values():
        if excursion.judged != "kept" and untold(excursion, request):
            warn(excursion, by=by, of=request)


def untold(excursion: Excursion, of: Request | None = None) -> dict[uuid.UUID, list[RequestLine]]:
    """By request, the lines of which a study is to be told: those it knows nothing of, or all of them where the
    biobank said since what it means. `of` one request alone, where one is asked for."""
    known = {
        one.request_id: (one.judged, {line.id for line in one.lines.all()})
        for one in Warned.objects.filter(excursion=excursion).prefetch_related("lines")
    }
    found: dict[uuid.UUID, list[RequestLine]] = {}
    for line in sent_since(excursion, of):
        judged, lines = known.get(line.request_id, (None, set()))
        if judged != excursion.judged or line.id not in lines:
            found.setdefault(line.request_id, []).append(line)
    return found


def sent_since(excursion: Excursion, of: Request | None = None) -> list[RequestLine]:
    """The lines of requests under which specimens left after an excursion began that were in the machine meanwhile, or
    were made later of one that was."""
    left = Q(shipments__shipment__back=False, shipments__shipment__sent__gt=excursion.began)
    asked = RequestLine.objects.filter(left) if of is None else of.lines.filter(left)
    lines = {one.id: one for one in asked.select_related("request__study", "specimen")}
    sent = {line.specimen_id for line in lines.values()}
    origins = descent.made_from(sent) if sent else {}
    inside = {one.specimen.id for one in equipment.touched(excursion, sent.union(*origins.values()))}
    later = set[uuid.UUID]()
    for some in pieces((one for one in sent if not inside.isdisjoint(origins[one])), 500):
        begun = CustodyEvent.objects.filter(specimen__in=some, number=1, at__gt=excursion.began)
        later |= set(begun.values_list("specimen", flat=True))
    found = [line for line in lines.values() if line.specimen_id in inside or line.specimen_id in later]
    return sorted(found, key=lambda one: (one.request.reference, one.specimen.label))


@verb("releases.warn_of_excursion")
def warn(excursion: Excursion, *, by: Actor, of: Request | None = None) -> list[Warned]:
    """Tell the studies that have what an excursion touched what they do not know of it, or that `of` one request; those
    that were told.

    BusyError where there is nothing to tell.
    """
    due = untold(excursion, of)
    if not due:
        raise BusyError(_("Everybody who has something of it was told."))
    told = []
    for request_id, lines in due.items():
        one, _new = Warned.objects.select_for_update().get_or_create(
            excursion=excursion, request_id=request_id, defaults={"told": timezone.now()}
        )
        one.lines.add(*lines)
        one.judged, one.told, one.seen, one.seen_by = excursion.judged, timezone.now(), None, None
        one.save()
        count = one.lines.count()
        _tell(one, count, by)
        record(
            "releases.warn_of_excursion", "request", request_id, by=by, study=one.request.study.reference,
            reference=one.request.reference, excursion=str(excursion.id), judged=excursion.judged, specimens=count,
        )  # fmt: skip
        told.append(one)
    _mark(excursion, {line.specimen_id: line for lines in due.values() for line in lines}, by)
    return told


def _tell(one: Warned, count: int, by: Actor) -> None:
    request, number = one.request, str(count)
    sentence = JUDGED.get(one.judged, FOUND)
    notify_at_once(
        [request.by_id, request.study.investigator_id], sentence, f"{page_of(request)}#warnings", by=by,
        reference=request.reference, count=number,
    )  # fmt: skip
    if not one.judged:
        notify(
            [each.id for each in holders(*KEEPERS)], TOLD_THE_BIOBANK,
            reverse("excursion", args=[one.excursion_id]), by=by, reference=request.reference,
            name=one.excursion.equipment.container.name, count=number,
        )  # fmt: skip


def _mark(excursion: Excursion, lines: Mapping[uuid.UUID, RequestLine], by: Actor) -> None:
    """Write it into the chain of each specimen (by id) of which there is anything."""
    studies = {specimen: line.request.study.reference for specimen, line in lines.items()}
    there = Specimen.objects.filter(id__in=list(studies)).exclude(status__in=[one.value for one in ENDED])
    judged = equipment.JUDGEMENTS.get(excursion.judged)
    why = _("{name} was outside its temperatures from {day} on, which was found later.").format(
        name=excursion.equipment.container.name, day=f"{timezone.localtime(excursion.began):%Y-%m-%d %H:%M}"
    )
    detail = {"excursion": str(excursion.id), "why": f"{why} {_(judged)}." if judged else why}
    by_study: dict[str, list[Change]] = {}
    for specimen in there:
        by_study.setdefault(studies[specimen.id], []).append(Change(specimen, Act.WARN, detail=detail))
    for study, changes in by_study.items():
        custody.carry_out(changes, by=by, study=study)


@verb("releases.answer_warning")
def answer(warned_id: uuid.UUID, words: str, *, by: Actor) -> Warned:
    """Say that a study knows, and what it means for its work. BusyError where it was told of more meanwhile."""
    one, facts = warning_queries.warned(warned_id, by=by)
    warning_rules.may_answer(by, facts).require()
    words = reasoned(words, _("words: say what it means for your work."))
    held = Warned.objects.filter(id=one.id, told=one.told, seen=None)
    if held.update(seen=timezone.now(), seen_by=uuid.UUID(by.id), words=words) != 1:
        raise BusyError(_("Somebody answered this, or more is known by now; load the page again."))
    notify(
        [each.id for each in holders(*KEEPERS)],
        gettext_noop("The study of request {reference} knows that specimens had been outside their temperatures."),
        f"{page_of(one.request)}#warnings", by=by, reference=one.request.reference,
    )  # fmt: skip
    record(
        "releases.answer_warning", "request", one.request_id, by=by, study=one.request.study.reference,
        reference=one.request.reference, why=words,
    )  # fmt: skip
    one.refresh_from_db()
    return one
