"""What a withdrawal reaches: the whole tree of specimens, their uses by studies, extracts of data, findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from wardbench.campus.biobank import descent, places, withdrawing
from wardbench.campus.biobank.models import Donor, DonorLink, Specimen
from wardbench.campus.biobank.rules import ENDED
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.releases import checking
from wardbench.campus.releases.extract_rules import Status as Delivered
from wardbench.campus.releases.models import (
    Extract,
    FindingSpecimen,
    RequestLine,
    ShipmentLine,
    Withdrawal,
    WithdrawalTask,
)
from wardbench.campus.releases.request_queries import teams_of
from wardbench.campus.releases.rules import OVER, WITH_RECIPIENT, LineStatus
from wardbench.campus.releases.withdrawal_rules import Facts, Kind, Outcome, Reached, Where, Wish, where_of

THERE = frozenset({*WITH_RECIPIENT, LineStatus.SENT, LineStatus.MISSING})
"""Lines of what left the biobank and is not accounted for."""
UNSENT = frozenset({LineStatus.ASKED, LineStatus.RESERVED, LineStatus.PICKED})
USED_BEFORE = gettext_noop("It was used up before.")
DESTROYED_BEFORE = gettext_noop("It was destroyed before.")
FOR_DIAGNOSIS = gettext_noop(
    "Kept back for diagnosis: it stays for the care of the donor, and is used for nothing else."
)
AS_WISHED = gettext_noop("Kept for the care of the donor alone, as they wished.")
NEVER_READ = gettext_noop("Nobody had taken the extract from the campus; its files were deleted at once.")


def tree(donor: Donor) -> list[Specimen]:
    """Every specimen that holds anything of a donor: those taken, what was made of them, pools, and what was made of
    pools; by label."""
    taken = set(Specimen.objects.filter(donor=donor).values_list("id", flat=True))
    found = taken.union(*descent.made_of(taken).values())
    return list(Specimen.objects.select_related("collection", "box").filter(id__in=found).order_by("label"))


def lines_of(specimens: Iterable[Specimen], statuses: Iterable[LineStatus]) -> list[RequestLine]:
    """Lines of requests that are not over, of these specimens, in these statuses."""
    found = RequestLine.objects.filter(specimen__in=[one.id for one in specimens], status__in=list(statuses))
    related = ("request__study__investigator", "request__permit__study", "specimen__collection")
    return list(found.exclude(request__status__in=[*OVER]).select_related(*related).order_by("specimen__label"))


def no_longer_allowed(lines: Sequence[RequestLine]) -> list[RequestLine]:
    """Those whose use the donors do not allow now."""
    found = []
    for line in lines:
        need = checking.asked_of(line.request).need
        if not checking.consents_of([line.specimen], need)[line.specimen_id]:
            found.append(line)
    return found


def tasks_of(of: Withdrawal, specimens: Sequence[Specimen]) -> list[WithdrawalTask]:
    """What has to be done about everything that a withdrawal reaches, not saved yet; what needs nothing says why."""
    known = WithdrawalTask.objects.filter(withdrawal=of).values_list("specimen", "extract", "finding")
    there = {key for row in known for key in row if key is not None}
    made = []
    if of.kind == Kind.WHOLE:
        made += [_about_specimen(of, one) for one in specimens]
        made += _about_findings(of, specimens)
    else:
        made += [_about_use(of, line) for line in no_longer_allowed(lines_of(specimens, THERE))]
    made += _about_extracts(of)
    return [one for one in made if not there & {one.specimen_id, one.extract_id, one.finding_id}]


def person_of(of: Withdrawal) -> int | None:
    """The person of the store that a withdrawal is of, where anybody knows."""
    if of.person_id is not None:
        return of.person_id
    link = DonorLink.objects.filter(donor=of.donor).first() if of.donor_id else None
    return link.person_id if link is not None else None


def donor_of(of: Withdrawal) -> Donor | None:
    """The donor that a withdrawal is of, also where it was noted for a patient."""
    if of.donor is not None:
        return of.donor
    return Donor.objects.filter(link__person_id=of.person_id).first() if of.person_id is not None else None


def extracts_of(of: Withdrawal) -> list[Extract]:
    """The extracts with data of the person, where these are not reused any more."""
    person = person_of(of)
    if person is None or not withdrawing.opted_out([person]):
        return []
    there = Extract.objects.filter(persons__person_id=person, status__in=[Delivered.DELIVERED, Delivered.RECALLED])
    return list(there.select_related("study__investigator", "by"))


def _about_specimen(of: Withdrawal, one: Specimen) -> WithdrawalTask:
    status = TubeStatus(one.status)
    line = line_of(one)
    task = WithdrawalTask(withdrawal=of, kind=Reached.SPECIMEN.value, specimen=one, what=one.label)
    task.place = places.Words().of(one.box, one.place)
    if line is not None and status not in ENDED and where_of(status) is not Where.HERE:
        task.study, task.place = line.request.study, _with_whom(line)
    if status in ENDED:
        task.outcome = Outcome.GONE.value
        task.words = DESTROYED_BEFORE if status is TubeStatus.DISPOSED else USED_BEFORE
    elif one.retained and where_of(status) is Where.HERE:
        task.outcome, task.words = Outcome.KEPT.value, FOR_DIAGNOSIS
    elif of.wish == Wish.KEEP and where_of(status) is Where.HERE:
        task.outcome, task.words = Outcome.KEPT.value, AS_WISHED
    return task


def _with_whom(line: RequestLine) -> str:
    """Who has a specimen, by which request, and by which code they know it where it is in a blinded panel."""
    return f"{line.request.recipient} ({', '.join(filter(None, (line.request.reference, line.code)))})"[:400]


def _about_use(of: Withdrawal, line: RequestLine) -> WithdrawalTask:
    place = _with_whom(line)
    return WithdrawalTask(
        withdrawal=of, kind=Reached.USE.value, specimen=line.specimen, study=line.request.study,
        what=line.specimen.label, place=place,
    )  # fmt: skip


def _about_extracts(of: Withdrawal) -> list[WithdrawalTask]:
    made = []
    for one in extracts_of(of):
        task = WithdrawalTask(withdrawal=of, kind=Reached.EXTRACT.value, extract=one, study=one.study)
        task.what, task.place = f"{one.study.reference} {timezone.localdate(one.at):%Y-%m-%d}", one.study.reference
        if not one.downloads:
            task.outcome, task.words = Outcome.DELETED.value, NEVER_READ
        made.append(task)
    return made


def _about_findings(of: Withdrawal, specimens: Sequence[Specimen]) -> list[WithdrawalTask]:
    own = FindingSpecimen.objects.filter(specimen__in=[one.id for one in specimens if one.donor_id is not None])
    found = {one.finding_id: one.finding for one in own.select_related("finding__study")}
    return [
        WithdrawalTask(
            withdrawal=of, kind=Reached.FINDING.value, finding=one, study=one.study, what=one.title[:300],
            place=one.study.reference,
        )
        for one in found.values()
    ]  # fmt: skip


def line_of(one: Specimen) -> RequestLine | None:
    """The line of a request under which a specimen left the biobank and is not accounted for."""
    return (
        RequestLine.objects.filter(specimen=one, status__in=[*THERE])
        .select_related("request__study__investigator")
        .order_by("-request__made")
        .first()
    )


@dataclass(frozen=True)
class Reach:
    """A task with what its rules ask."""

    task: WithdrawalTask
    facts: Facts


def reaches(tasks: Sequence[WithdrawalTask]) -> list[Reach]:
    """Each task with where its thing is now and who has it; few questions however many there are."""
    ids = [one.specimen_id for one in tasks if one.specimen_id is not None]
    coming = ShipmentLine.objects.filter(shipment__back=True, shipment__arrived=None, line__specimen__in=ids)
    back = set(coming.values_list("line__specimen", flat=True)) if ids else set()
    teams = teams_of([one.study for one in tasks if one.study is not None])
    found = []
    for one in tasks:
        where = Where.AWAY
        if one.specimen is not None:
            where = where_of(TubeStatus(one.specimen.status), on_its_way=one.specimen_id in back)
        holders = teams[one.study_id] if one.study_id is not None else frozenset()
        found.append(Reach(one, Facts(Reached(one.kind), where, holders, bool(one.outcome))))
    return found
