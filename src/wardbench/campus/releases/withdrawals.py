"""The verbs on withdrawals: write one down, which stops everything at once; answer for each thing that it reaches; and,
when each is answered for, the proof."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection as Several
from collections.abc import Iterable, Sequence

from django.db.models import Exists, F, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.access.queries import may_see_patient
from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import consents, custody, withdrawing
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.lessening import when_less_is_allowed
from wardbench.campus.biobank.models import Consent, Donor, Enrolment, Specimen
from wardbench.campus.biobank.rules import ENDED, HERE, KEEPERS, Act, may_withdraw
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.counting import sessions
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import holders
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.releases import (
    agreeing,
    blinding,
    extracting,
    proving,
    reaching,
    withdrawal_queries,
    withdrawal_rules,
)
from wardbench.campus.releases.extract_rules import Status as Delivered
from wardbench.campus.releases.models import (
    BasketLine,
    FindingSpecimen,
    Request,
    RequestLine,
    Withdrawal,
    WithdrawalTask,
)
from wardbench.campus.releases.moves import change_line, move, next_number, note, reasoned, tell
from wardbench.campus.releases.rules import HELD, LineStatus, Side, Status, Verb
from wardbench.campus.releases.withdrawal_rules import ANSWERS, Kind, Outcome, Reached, Where, Wish
from wardbench.core.consent import Tier
from wardbench.core.errors import BusyError, InputError, NotFoundError

WITHDREW = gettext_noop("The donor took consent back.")


@verb("releases.take_consent_back")
def withdraw(
    donor: Donor,
    kind: Kind,
    *,
    by: Actor,
    received: datetime.date | None = None,
    tiers: Several[Tier] = (),
    wish: Wish = Wish.DESTROY,
    words: str = "",
) -> Withdrawal:
    """Write down what a donor takes back. At once nothing of it is counted, asked for, picked or sent any more, what
    was reserved is free, and everything that is somewhere already has a task.

    ForbiddenError for whom it is not; InputError for a day to come or uses that were never allowed; BusyError where it
    was written down already, or a specimen was changed at the same moment.
    """
    received = _received(received)
    opted, consent = None, None
    if kind is Kind.WHOLE:
        opted = withdrawing.withdraw_consent(donor, by=by)
    elif kind is Kind.TIERS:
        consent = withdrawing.narrow_consent(donor, tiers, received, by=by)[0]
    else:
        opted = withdrawing.opt_out(withdrawing.DATA, donor=donor, by=by)
    made = Withdrawal.objects.create(
        reference=f"W{next_number('W'):05}", donor=donor, kind=kind.value, wish=wish.value, received=received,
        tiers=[tier.value for tier in Tier if tier in tiers] if kind is Kind.TIERS else [],
        words=words.strip()[:5000], by_id=_person(by), opt_out=opted, consent=consent,
    )  # fmt: skip
    _reach(made, by)
    return made


@verb("releases.follow_consent")
def follow_consent(consent: Consent, less: Sequence[Tier], *, by: Actor) -> None:
    """Write down as a withdrawal of some uses that a donor answered no on a newer form to what they allowed before."""
    made = Withdrawal.objects.create(
        reference=f"W{next_number('W'):05}", donor=consent.donor, kind=Kind.TIERS.value, received=consent.given,
        tiers=[tier.value for tier in less], by_id=_person(by), consent=consent,
    )  # fmt: skip
    _reach(made, by)
    record("releases.follow_consent", "donor", made.donor_id, by=by, reference=made.reference, tiers=made.tiers)


when_less_is_allowed(follow_consent)


@verb("releases.opt_out")
def opt_out(person: int, *, by: Actor, received: datetime.date | None = None, words: str = "") -> Withdrawal:
    """Write down that a patient opts out of the reuse of their data; whether they are a donor is not told.

    NotFoundError where the store has no such patient, or they are not in the care of a nurse or physician who asks.
    """
    received = _received(received)
    if by is not SYSTEM:
        may_withdraw(by).require()
    if not _known(person, by):
        raise NotFoundError(_("There is no such patient in your care."))
    opted = withdrawing.opt_out(withdrawing.DATA, person=person, by=by)
    made = Withdrawal.objects.create(
        reference=f"W{next_number('W'):05}", person_id=person, kind=Kind.DATA.value, received=received,
        words=words.strip()[:5000], by_id=_person(by), opt_out=opted,
    )  # fmt: skip
    _reach(made, by)
    return made


def _known(person: int, by: Actor) -> bool:
    if by is not SYSTEM and not by.has(Role.DATA_PROTECTION, Role.DATA_STEWARD) and not may_see_patient(by, person):
        return False
    with sessions.snapshot("store").connect() as con:
        return bool(con.execute("SELECT count(*) FROM person WHERE person_id = ?", [person]).fetchall()[0][0])


def _received(day: datetime.date | None) -> datetime.date:
    today = timezone.localdate()
    if day is not None and day > today:
        raise InputError(_("received: this day has not come yet."))
    return day or today


def _person(by: Actor) -> uuid.UUID | None:
    return uuid.UUID(by.id) if by is not SYSTEM else None


def _reach(of: Withdrawal, by: Actor) -> None:
    """Free what is promised, mark every specimen, make the tasks, and tell whoever has to act."""
    donor = reaching.donor_of(of)
    specimens = reaching.tree(donor) if donor is not None else []
    waiting = reaching.lines_of(specimens, reaching.UNSENT)
    dropped = waiting if of.kind == Kind.WHOLE else reaching.no_longer_allowed(waiting)
    freed = {line.specimen_id for line in dropped if line.specimen.reserved == line.id}
    _mark(of, specimens, freed, by)
    _drop(dropped, by)
    if of.kind == Kind.WHOLE and donor is not None:
        BasketLine.objects.filter(specimen__in=[one.id for one in specimens]).delete()
        Enrolment.objects.filter(donor=donor, ended=None).update(ended=timezone.localdate())
    for extract in reaching.extracts_of(of):
        if extract.status == Delivered.DELIVERED:
            extracting.recall(extract, extracting.OPTED_OUT, by=by, checked=True)
    tasks = reaching.tasks_of(of, specimens)
    _save(tasks)
    blinding.forget([one.id for one in specimens])
    patient = "" if of.person_id is None else str(of.person_id)
    record(
        "releases.opt_out" if of.person_id is not None else "releases.take_consent_back",
        "withdrawal", of.id, by=by, patient=patient, reference=of.reference, of=of.kind, tiers=of.tiers,
        specimens=len(specimens), freed=len(dropped), tasks=len(tasks),
    )  # fmt: skip
    _tell(of, tasks, by)
    end(of, by)


def _mark(of: Withdrawal, specimens: Iterable[Specimen], freed: set[uuid.UUID], by: Actor) -> None:
    """An event in the chain of every specimen that there is: whoever claims it at the same moment is refused."""
    changes = [
        Change(
            one,
            Act.WITHDRAW,
            values={"reserved": None} if one.id in freed else {},
            detail={"withdrawal": of.reference},
        )
        for one in specimens
        if TubeStatus(one.status) not in ENDED
    ]
    if changes:
        custody.carry_out(changes, by=by)


def _drop(lines: Sequence[RequestLine], by: Actor) -> None:
    """Leave specimens out of the requests that have not sent them; an agreement under way is drawn up anew."""
    requests: dict[uuid.UUID, tuple[Request, list[RequestLine]]] = {}
    for line in lines:
        change_line(line, LineStatus(line.status), LineStatus.DROPPED, reason=WITHDREW)
        requests.setdefault(line.request_id, (line.request, []))[1].append(line)
    for request, own in requests.values():
        labels = [line.specimen.label for line in own]
        if request.status == Status.AGREEING:
            agreeing.draw(request)
        if Status(request.status) in (*HELD, Status.PICKING):
            move(request, Verb.LEAVE_OUT, by, detail={"specimens": labels, "why": WITHDREW})
        else:
            note(request, Verb.LEAVE_OUT, by, specimens=labels, why=WITHDREW)
        tell(request, Side.RESEARCHER, gettext_noop("A donor took consent back; request {reference} has less."), by)
        if request.status != Status.DRAFT:
            tell(request, Side.BIOBANK, gettext_noop("A donor took consent back; request {reference} has less."), by)


def _save(tasks: Sequence[WithdrawalTask]) -> None:
    now = timezone.now()
    for one in tasks:
        one.done = now if one.outcome else None
    WithdrawalTask.objects.bulk_create(tasks)


def _tell(of: Withdrawal, tasks: Sequence[WithdrawalTask], by: Actor) -> None:
    """Tell each study once for each of its things, and the biobank once of the whole."""
    here, called = 0, withdrawal_queries.called(tasks)
    for reach in reaching.reaches([one for one in tasks if not one.outcome]):
        if reach.facts.where in withdrawal_rules.BANKS:
            here += 1
            continue
        sentence = gettext_noop("Somebody took consent back: say what became of {what}.")
        notify(reach.facts.holders, sentence, task_page(reach.task), by=by, what=called[reach.task.id])
    told = [one.id for one in holders(*KEEPERS)] if here else []
    sentence = gettext_noop("Withdrawal {reference} reaches specimens in the biobank: {count}.")
    notify(told, sentence, page_of(of), by=by, reference=of.reference, count=str(here))


def page_of(of: Withdrawal) -> str:
    return reverse("withdrawal", args=[of.id])


def task_page(one: WithdrawalTask) -> str:
    return reverse("withdrawal_task", args=[one.id])


@verb("releases.answer_task")
def answer(task_id: uuid.UUID, outcome: Outcome, words: str, *, by: Actor) -> Withdrawal:
    """Say how it ended with one thing, in words that show it; what is said to be destroyed or deleted is so here too.

    ForbiddenError for whom it is not, or while it is on its way; InputError for an outcome that this thing cannot have.
    When everything is answered for, the withdrawal ends with its proof.
    """
    task = _task(task_id)
    reach = reaching.reaches([task])[0]
    if by is not SYSTEM:
        withdrawal_rules.may_answer(by, reach.facts).require()
    if outcome not in ANSWERS.get((reach.facts.kind, reach.facts.where), ()):
        raise InputError(_("outcome: choose one from the list."))
    words = reasoned(words, _("words: say how, when and by whom."))
    if outcome is Outcome.DESTROYED and task.specimen is not None:
        _destroy(task, reach.facts.where, words, by)
    if outcome is Outcome.DELETED and task.finding is not None:
        own = reaching.donor_of(task.withdrawal)
        FindingSpecimen.objects.filter(finding=task.finding, specimen__donor=own).delete()
    done(task, outcome, words, by)
    study = task.study.reference if task.study is not None else ""
    record(
        "releases.answer_task", "withdrawal", task.withdrawal_id, by=by, study=study, thing=task.what,
        outcome=outcome.value, why=words,
    )  # fmt: skip
    end(task.withdrawal, by)
    return task.withdrawal


def _task(task_id: uuid.UUID) -> WithdrawalTask:
    related = ("withdrawal__donor", "specimen", "study__investigator", "finding", "extract")
    found = WithdrawalTask.objects.select_related(*related).filter(id=task_id).first()
    if found is None:
        raise NotFoundError(_("There is no such task."))
    return found


def _destroy(task: WithdrawalTask, where: Where, words: str, by: Actor) -> None:
    """Destroy a specimen, here or, as its recipient says, there; the line of its request ends with it."""
    one = task.specimen
    assert one is not None
    line = reaching.line_of(one) if where is Where.AWAY else None
    if line is None:
        destroy_here([one], task.withdrawal, words, by)
        return
    detail = {"withdrawal": task.withdrawal.reference, "why": words[:500]}
    custody.carry_out([Change(one, Act.DISPOSE, detail=detail)], by=by, study=line.request.study.reference)
    change_line(line, LineStatus(line.status), LineStatus.DESTROYED, reason=words)
    note(line.request, Verb.DESTROY, by, specimens=[one.label], how=words)


def destroy_here(specimens: Sequence[Specimen], of: Withdrawal, words: str, by: Actor) -> None:
    """Destroy specimens that the biobank has, each with an event of its own; BusyError where one is promised."""
    for one in specimens:
        if one.reserved is not None:
            raise BusyError(_("Specimen {label} is promised to a request.").format(label=one.label))
    detail = {"withdrawal": of.reference, "why": words[:500]}
    custody.carry_out([Change(one, Act.DISPOSE, detail=detail) for one in specimens], by=by)


def done(task: WithdrawalTask, outcome: Outcome, words: str, by: Actor) -> None:
    """Keep how it ended with a task; BusyError where it was answered meanwhile."""
    held = WithdrawalTask.objects.filter(id=task.id, outcome="")
    if held.update(outcome=outcome.value, words=words, done=timezone.now(), done_by_id=_person(by)) != 1:
        raise BusyError(_("This was answered already."))


def end(of: Withdrawal, by: Actor) -> None:
    """End a withdrawal once everything is answered for, also what came to be since it was written down."""
    donor = reaching.donor_of(of)
    late = reaching.tasks_of(of, reaching.tree(donor) if donor is not None else [])
    _save(late)
    _tell(of, late, by)
    if WithdrawalTask.objects.filter(withdrawal=of, outcome="").exists():
        return
    content = proving.content(of)
    held = Withdrawal.objects.filter(id=of.id, ended=None)
    if held.update(ended=timezone.now(), proof=content, hash=proving.hash_of(content), revision=F("revision") + 1) != 1:
        return
    of.refresh_from_db()
    record("releases.prove", "withdrawal", of.id, by=by, reference=of.reference, hash=of.hash)
    told = {*([of.by_id] if of.by_id is not None else []), *(one.id for one in holders(*KEEPERS))}
    notify(told, gettext_noop("Withdrawal {reference} has reached everything."), page_of(of), by=by,
           reference=of.reference)  # fmt: skip


@verb("releases.end_opt_out")
def end_opt_out(of: Withdrawal, words: str, *, by: Actor) -> None:
    """Write down that somebody took an opt-out back: their data, or residual material, may be used from now on."""
    words = reasoned(words)
    if of.opt_out is None:
        raise InputError(_("This withdrawal is ended by a new consent."))
    withdrawing.end_opt_out(of.opt_out, by=by)
    record("releases.end_opt_out", "withdrawal", of.id, by=by, reference=of.reference, why=words)


@verb("releases.settle")
def settle(of: Withdrawal, seen: Sequence[tuple[WithdrawalTask, Outcome]], *, by: Actor) -> None:
    """Take down for tasks what happened by other acts: used up, destroyed, come back."""
    for task, outcome in seen:
        done(task, outcome, SEEN[outcome], by)
    record("releases.settle", "withdrawal", of.id, by=by, tasks=len(seen))
    end(of, by)


SEEN = {
    Outcome.GONE: gettext_noop("It was used up."),
    Outcome.DESTROYED: gettext_noop("It was destroyed; its history says by whom."),
    Outcome.RETURNED: gettext_noop("It came back to the biobank."),
}


@verb("releases.reopen_withdrawal")
def reopen(of: Withdrawal, late: Sequence[Specimen], *, by: Actor) -> None:
    """Let a withdrawal reach what came into the inventory of its donor since. One that had ended is open again, and its
    proof is made anew; the record keeps what the former one was.

    BusyError where it was changed at the same moment.
    """
    former = of.hash
    held = Withdrawal.objects.filter(id=of.id, revision=of.revision)
    if held.update(ended=None, proof={}, hash="", revision=F("revision") + 1) != 1:
        raise BusyError(_("Somebody changed this at the same moment; load the page again."))
    of.refresh_from_db()
    _mark(of, late, set(), by)
    record(
        "releases.reopen_withdrawal", "withdrawal", of.id, by=by, reference=of.reference, specimens=len(late),
        former=former,
    )  # fmt: skip
    end(of, by)


def _late() -> int:
    """Reopen the withdrawals of donors who took everything back, and did not agree anew, for what came since; of how
    many specimens."""
    newest = {
        one.donor_id: one
        for one in Withdrawal.objects.filter(kind=Kind.WHOLE).exclude(donor=None).select_related("donor").order_by("at")
    }
    reached = WithdrawalTask.objects.filter(withdrawal__donor=OuterRef("donor"), specimen=OuterRef("pk"))
    there = Specimen.objects.filter(donor__withdrawals__kind=Kind.WHOLE).exclude(Exists(reached)).distinct()
    came: dict[uuid.UUID, list[Specimen]] = {}
    for one in there.exclude(status__in=[*ENDED]).select_related("collection").order_by("label"):
        assert one.donor_id is not None
        came.setdefault(one.donor_id, []).append(one)
    stands = consents.given(list(came), {one.collection for those in came.values() for one in those})
    count = 0
    for donor, those in came.items():
        late = [one for one in those if stands[donor, one.collection_id].withdrawn]
        if late:
            reopen(newest[donor], late, by=SYSTEM)
            count += len(late)
    return count


def carry_out_due() -> int:
    """Take down what happened to things with an open task, and reach what came since; of how many things."""
    tasks = WithdrawalTask.objects.filter(outcome="").exclude(specimen=None)
    seen: dict[uuid.UUID, list[tuple[WithdrawalTask, Outcome]]] = {}
    for task in tasks.select_related("specimen", "withdrawal__donor"):
        assert task.specimen is not None
        status = TubeStatus(task.specimen.status)
        outcome = {TubeStatus.USED_UP: Outcome.GONE, TubeStatus.DISPOSED: Outcome.DESTROYED}.get(status)
        if task.kind == Reached.USE and status in HERE:
            outcome = Outcome.RETURNED
        if outcome is not None:
            seen.setdefault(task.withdrawal_id, []).append((task, outcome))
    for own in seen.values():
        settle(own[0][0].withdrawal, own, by=SYSTEM)
    return sum(map(len, seen.values())) + _late()
