"""Who may ask what happened to patients or how something stands against the hospital, on which records, and who sees
the answer. No Django here.

On the synthetic twin everybody may ask, at once. On the hospital's records there are three ways: within a study whose
permit names the cohort; as a data steward; and reviewed, where a data steward lets each question be answered and what
is shown went through disclosure control. No rule could let everybody ask at once what they like: two questions that
differ by one patient would tell about that patient, however each answer is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.counting.rules import Mode, Purpose, may_count, may_estimate
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor, Title, Verdict, is_signed_in, may_treat, no, yes


class Basis(StrEnum):
    """On which records, and by which right."""

    SANDBOX = "sandbox"
    REVIEWED = "reviewed"
    STUDY = "study"
    STEWARDSHIP = "stewardship"


BASES = {
    Basis.SANDBOX: gettext_noop("The synthetic twin: nobody in it exists, and the answer comes at once"),
    Basis.REVIEWED: gettext_noop("The hospital's records: a data steward has to approve the question first"),
    Basis.STUDY: gettext_noop("The hospital's records, within study {study}"),
    Basis.STEWARDSHIP: gettext_noop("The hospital's records, exact, as a data steward"),
}
TOLD = {
    Basis.SANDBOX: gettext_noop(
        "This answer is of a synthetic twin of the hospital: nobody in it exists. It shows how the question works, and"
        " says nothing about patients."
    ),
    Basis.REVIEWED: gettext_noop(
        "This answer is of the hospital's own records. Small numbers are left out and the others rounded; patients who"
        " objected to the use of their data are not in it."
    ),
    Basis.STUDY: gettext_noop(
        "This answer is of the hospital's own records, exact, for the people whom the permit names. Results leave the"
        " study by a reviewed release only. Patients who objected to the use of their data are not in it."
    ),
    Basis.STEWARDSHIP: gettext_noop(
        "This answer is of the hospital's own records, exact, for your eyes. It is on the record; do not pass it on."
    ),
}
EXACT = frozenset({Basis.SANDBOX, Basis.STUDY, Basis.STEWARDSHIP})
"""Where figures are shown as they are."""
PURPOSES = {
    Basis.SANDBOX: Purpose.SANDBOX,
    Basis.REVIEWED: Purpose.RESEARCH,
    Basis.STUDY: Purpose.RESEARCH,
    Basis.STEWARDSHIP: Purpose.CARE,
}
"""What each is for, on which it depends whether who objected to the reuse of their record is left out."""


class Kind(StrEnum):
    """What is asked."""

    OUTCOMES = "outcomes"
    INTERVALS = "intervals"
    ASSAY = "assay"
    TABLE1 = "table1"
    RATES = "rates"
    FUNNEL = "funnel"


KINDS = {
    Kind.OUTCOMES: gettext_noop("What happened to patients"),
    Kind.INTERVALS: gettext_noop("Reference intervals"),
    Kind.ASSAY: gettext_noop("Values on the hospital's distribution"),
    Kind.TABLE1: gettext_noop("A study beside the hospital"),
    Kind.RATES: gettext_noop("Rates against a standard"),
    Kind.FUNNEL: gettext_noop("Units on a funnel"),
}
YARDSTICKS = frozenset(Kind) - {Kind.OUTCOMES}
"""Those that take the hospital as a benchmark."""
BROUGHT: Mapping[Kind, str] = {Kind.ASSAY: "values"}
"""Questions that come with values of single persons, and under which name: these go when the question ends, and are
shown to nobody before."""


class Status(StrEnum):
    """Where a question stands."""

    ASKED = "asked"
    WAITING = "waiting"
    RUNNING = "running"
    ANSWERED = "answered"
    FAILED = "failed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


STATUSES = {
    Status.ASKED: gettext_noop("Waits for a data steward"),
    Status.WAITING: gettext_noop("Waits for its turn"),
    Status.RUNNING: gettext_noop("Being answered"),
    Status.ANSWERED: gettext_noop("Answered"),
    Status.FAILED: gettext_noop("Could not be answered"),
    Status.REFUSED: gettext_noop("Refused"),
    Status.WITHDRAWN: gettext_noop("Taken back"),
}


class Act(StrEnum):
    """What somebody can do with a question."""

    ALLOW = "allow"
    REFUSE = "refuse"
    TAKE_BACK = "take_back"
    SHARE = "share"
    UNSHARE = "unshare"


ACTS = {
    Act.ALLOW: gettext_noop("Let it be answered"),
    Act.REFUSE: gettext_noop("Refuse it"),
    Act.TAKE_BACK: gettext_noop("Take it back"),
    Act.SHARE: gettext_noop("Show it to everybody on the campus"),
    Act.UNSHARE: gettext_noop("Keep it to myself again"),
}


class Part(StrEnum):
    """What somebody is to a question."""

    OWNER = "owner"
    REVIEWER = "reviewer"


TABLE: Mapping[Status, Mapping[Act, Part]] = {
    Status.ASKED: {Act.ALLOW: Part.REVIEWER, Act.REFUSE: Part.REVIEWER, Act.TAKE_BACK: Part.OWNER},
    Status.WAITING: {Act.TAKE_BACK: Part.OWNER},
    Status.RUNNING: {Act.TAKE_BACK: Part.OWNER},
    Status.ANSWERED: {Act.SHARE: Part.OWNER, Act.UNSHARE: Part.OWNER},
    Status.FAILED: {},
    Status.REFUSED: {},
    Status.WITHDRAWN: {},
}
"""Who may do what in which status; answering is the application's own."""
ENDED = frozenset({Status.ANSWERED, Status.FAILED, Status.REFUSED, Status.WITHDRAWN})
SHAREABLE = frozenset({Basis.SANDBOX, Basis.REVIEWED})
"""Answers that others may be shown: of nobody who exists, or disclosure-safe."""


@dataclass(frozen=True)
class Facts:
    """What the rules ask of a question; `owner` is an id as text, `permitted` what the permit says now of its cohort
    and of whoever asks, where it was asked within a study."""

    owner: str
    basis: Basis
    status: Status
    shared: bool = False
    permitted: Verdict | None = None
    tells_staff: bool = False
    """Whether the answer tells apart people who treat patients."""


def may_ask(actor: Actor, basis: Basis, permitted: Verdict | None = None) -> Verdict:
    """Whether somebody may ask on these records; within a study the permit says so (`permitted`)."""
    if basis is Basis.SANDBOX:
        return may_count(actor, Mode.SANDBOX)
    if basis is Basis.REVIEWED:
        return may_estimate(actor)
    if basis is Basis.STEWARDSHIP:
        return may_count(actor, Mode.STEWARDSHIP)
    return permitted if permitted is not None else may_count(actor, Mode.STUDY)


def may_ask_any(actor: Actor) -> Verdict:
    """Whether somebody may ask at all: on the twin."""
    return may_ask(actor, Basis.SANDBOX)


def may_compare(actor: Actor) -> Verdict:
    """Whether somebody may have their own pairs of values compared, for which nothing of the hospital's is read."""
    return is_signed_in(actor)


def may_see(actor: Actor, facts: Facts) -> Verdict:
    """Whether somebody sees a question, and its answer. An answer within a study is for whom its permit names now."""
    if not actor.id or not actor.roles:
        return may_ask_any(actor)
    if facts.basis is Basis.STUDY:
        return may_ask(actor, Basis.STUDY, facts.permitted)
    if facts.basis is Basis.STEWARDSHIP:
        return may_ask(actor, Basis.STEWARDSHIP)
    if actor.id == facts.owner:
        return yes(gettext_noop("You asked this."))
    if facts.basis is Basis.REVIEWED and actor.has(Role.DATA_STEWARD, Role.DATA_PROTECTION):
        return yes(gettext_noop("Data stewards and data protection see what is asked of the hospital's records."))
    if facts.shared and actor.roles - {Role.PARTNER}:
        return yes(gettext_noop("It is shown to everybody who works on the campus."))
    return no(gettext_noop("This is not shared with you; ask whoever asked it."))


def may_place(actor: Actor, facts: Facts) -> Verdict:
    """Whether somebody may look if an answer is about a patient; which patients, the care relation says."""
    seen = may_see(actor, facts)
    if seen and facts.status is not Status.ANSWERED:
        return no(gettext_noop("This cannot be done now: {status}."), status=STATUSES[facts.status])
    return may_treat(actor) if seen else seen


def may_act(actor: Actor, act: Act, facts: Facts) -> Verdict:
    """Whether somebody may do something with a question now. Nobody reviews what they asked themselves."""
    seen = may_see(actor, facts)
    if not seen:
        return seen
    part = TABLE[facts.status].get(act)
    if part is None:
        return no(gettext_noop("This cannot be done now: {status}."), status=STATUSES[facts.status])
    if part is Part.OWNER:
        if actor.id != facts.owner:
            return no(gettext_noop("Only whoever asked can do this."))
        if act in (Act.SHARE, Act.UNSHARE):
            if facts.tells_staff and act is Act.SHARE:
                return no(
                    gettext_noop("It tells apart the people who treat patients; it is for you and the reviewers alone.")
                )
            if facts.basis not in SHAREABLE:
                return no(gettext_noop("Exact answers are for those alone who may ask for them themselves."))
            if facts.shared is (act is Act.SHARE):
                return no(gettext_noop("That is so already."))
        return yes(gettext_noop("You asked this."))
    if actor.id == facts.owner:
        return no(gettext_noop("Nobody reviews what they asked themselves."))
    if actor.has(Role.DATA_STEWARD):
        return yes(gettext_noop("You hold the role {role}."), role=Title(Role.DATA_STEWARD))
    return no(gettext_noop("This needs the role {role}."), role=Title(Role.DATA_STEWARD))


EXPLAINED = (
    (gettext_noop("Ask what happened to patients, on the synthetic twin"), may_ask_any),
    (
        gettext_noop("Ask what happened to patients, on the hospital's records, once a data steward approves it"),
        lambda actor: may_ask(actor, Basis.REVIEWED),
    ),
    (gettext_noop("Compare two methods by pairs of one's own"), may_compare),
)
"""What the page that explains rights shows for everybody."""
