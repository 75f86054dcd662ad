"""Reading withdrawals: those somebody may see, what each reached, what waits for whom."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from wardbench.campus.biobank import places
from wardbench.campus.biobank.models import Donor
from wardbench.campus.biobank.rules import KEEPERS, may_see_withdrawals, may_withdraw
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import reaching, withdrawal_rules
from wardbench.campus.releases.models import RequestLine, Withdrawal, WithdrawalTask
from wardbench.campus.releases.reaching import Reach
from wardbench.campus.releases.withdrawal_rules import Reached, Where
from wardbench.campus.studies.queries import worked_on
from wardbench.core.consent import Tier
from wardbench.core.errors import NotFoundError

RELATED = ("withdrawal__donor", "specimen", "study__investigator", "done_by", "extract", "finding")


def withdrawals(*, by: Actor) -> QuerySet[Withdrawal]:
    """All of them, newest first, each with how many things it reached and how many are `left`."""
    may_see_withdrawals(by).require()
    found = Withdrawal.objects.select_related("donor", "by").order_by("-at")
    return found.annotate(reached=Count("tasks"), left=Count("tasks", filter=Q(tasks__outcome="")))


def withdrawal(withdrawal_id: uuid.UUID, *, by: Actor) -> Withdrawal:
    """One of them; NotFoundError for whom it is not, as if it were not there."""
    found = Withdrawal.objects.select_related("donor", "by", "opt_out").filter(id=withdrawal_id).first()
    if found is None or not may_see_withdrawals(by):
        raise NotFoundError(_("There is no such withdrawal, or it is not for you to see."))
    return found


def tasks_of(of: Withdrawal) -> list[Reach]:
    """What a withdrawal reached, what is open first."""
    found = list(of.tasks.select_related(*RELATED))
    return sorted(reaching.reaches(found), key=lambda one: one.facts.done)


@dataclass(frozen=True)
class Row:
    """An open task about a specimen that the biobank has, with its position as it is called on the box."""

    reach: Reach
    position: str

    @property
    def value(self) -> str:
        """The task, and the number of the specimen's last event as it is shown: whoever answers says what they saw."""
        task = self.reach.task
        return f"{task.id}:{task.specimen.events if task.specimen is not None else 0}"


@dataclass(frozen=True)
class Place:
    """A box, `key` its id, or whatever is in none (""), with the tasks about what is in it, by position."""

    key: str
    name: str
    rows: Sequence[Row]


def in_the_biobank(of: Withdrawal) -> list[Place]:
    """The open tasks about specimens that the biobank has, by where they are; what is in no box comes last."""
    words = places.Words()
    found: dict[str, list[Reach]] = {}
    open_ones = of.tasks.filter(outcome="", kind=Reached.SPECIMEN.value)
    for reach in reaching.reaches(list(open_ones.select_related(*RELATED, "specimen__box"))):
        if reach.facts.where is Where.HERE and reach.task.specimen is not None:
            found.setdefault(str(reach.task.specimen.box_id or ""), []).append(reach)
    made = []
    for key, own in found.items():
        own.sort(key=lambda one: (one.task.specimen.place or 0, one.task.what))  # type: ignore[union-attr]
        box = own[0].task.specimen.box  # type: ignore[union-attr]
        rows = [Row(one, places.label(box, one.task.specimen.place) if box else "") for one in own]  # type: ignore[union-attr]
        made.append(Place(key, words.of(box, None), rows))
    return sorted(made, key=lambda one: (not one.key, one.name))


def task(task_id: uuid.UUID, *, by: Actor) -> Reach:
    """One thing with what its rules ask; NotFoundError for whom it is not."""
    found = WithdrawalTask.objects.select_related(*RELATED).filter(id=task_id).first()
    reach = reaching.reaches([found])[0] if found is not None else None
    if reach is None or not withdrawal_rules.may_see_task(by, reach.facts):
        raise NotFoundError(_("There is no such task, or it is not for you to see."))
    return reach


def called(tasks: Sequence[WithdrawalTask]) -> dict[uuid.UUID, str]:
    """What stands on each thing that a study has, by the task: of a blinded panel the code, and never the label."""
    ids = {one.specimen_id for one in tasks if one.study_id is not None and one.specimen_id is not None}
    coded: dict[tuple[uuid.UUID, uuid.UUID], str] = {}
    if ids:
        lines = RequestLine.objects.filter(specimen__in=ids).exclude(code="").order_by("request__made")
        coded = {(study, tube): code for study, tube, code in lines.values_list("request__study", "specimen", "code")}
    return {one.id: coded.get((one.study_id, one.specimen_id), one.what) for one in tasks}  # type: ignore[arg-type]


WAITING = (
    "kind", "what", "outcome", "withdrawal__reference", "withdrawal__at", "specimen__status", "study__investigator",
)  # fmt: skip
"""What a home page reads of what waits."""


def waiting(by: Actor, own: Sequence[uuid.UUID] | None = None) -> list[Reach]:
    """What waits for somebody. `own` are the studies that they work on, where one knows."""
    if not by.id or not by.roles:
        return []
    found = WithdrawalTask.objects.filter(outcome="")
    if not by.has(*KEEPERS):
        own = worked_on(by) if own is None else own
        if not own:
            return []
        found = found.filter(study__in=own)
    if not found.exists():  # seldom there is any, and every home page asks
        return []
    reached = reaching.reaches(list(found.select_related("withdrawal", "specimen", "study").only(*WAITING)))
    return [one for one in reached if withdrawal_rules.is_turn(by, one.facts)]


def under_way(limit: int) -> list[tuple[Withdrawal, int]]:
    """Those that have not reached everything yet with how many things are open, the oldest first."""
    there = Withdrawal.objects.filter(ended=None).select_related("donor").order_by("at")
    found = list(there.only("reference", "kind", "donor__code")[:limit])
    if not found:
        return []
    tasks = WithdrawalTask.objects.filter(withdrawal__in=[one.id for one in found], outcome="").order_by()
    left = dict(tasks.values_list("withdrawal_id").annotate(n=Count("id")))
    return [(one, left.get(one.id, 0)) for one in found]


def of_donor(donor: Donor) -> list[tuple[Withdrawal, int]]:
    """What a donor took back with how many things are open, the newest first."""
    found = donor.withdrawals.annotate(left=Count("tasks", filter=Q(tasks__outcome=""))).order_by("-at")
    return [(one, one.left) for one in found]


def donor_by_code(code: str, *, by: Actor) -> Donor:
    """A donor by their code, for whoever writes down what they take back."""
    may_withdraw(by).require()
    found = Donor.objects.filter(code__iexact=code.strip()).first()
    if found is None:
        raise NotFoundError(_("There is no such donor."))
    return found


def allowed_tiers(donor: Donor) -> Sequence[Tier]:
    """What a donor allows on some form now, in the order of the tiers."""
    said = [one.answers for one in donor.consents.filter(withdrawn=None)]
    return [tier for tier in Tier if any(answers.get(tier.value) for answers in said)]


def line_of(reach: Reach) -> RequestLine | None:
    """The line of the request under which a study has the specimen of a task."""
    return reaching.line_of(reach.task.specimen) if reach.task.specimen is not None else None
