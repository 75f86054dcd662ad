"""What can happen to a specimen, from where to where, and who may do what in the biobank. No Django here.

`MOVES` is custody as data: which act leads from which status to which. `WHO` says by whom. The buttons, the checks of
`custody`, the tests and the picture in the manual come from these two tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.people.roles import CARE, TITLES, Role, gettext_noop
from wardbench.campus.people.rules import Actor, Title, Verdict, is_signed_in, no, yes
from wardbench.campus.questions.identifiers import identifier_in

_NAMES = re.compile(r"[^\W\d_]{2,}[\s,]+[^\W\d_]{2,}")
"""Two words beside one another, as a name is written."""


class Status(StrEnum):
    """Where a specimen is in its life."""

    COLLECTED = "collected"
    STORED = "stored"
    OUT = "out"
    PICKED = "picked"
    SHIPPED = "shipped"
    AWAY = "away"
    USED_UP = "used_up"
    DISPOSED = "disposed"
    MISSING = "missing"


STATUSES = {
    Status.COLLECTED: gettext_noop("Taken, on its way to storage"),
    Status.STORED: gettext_noop("In storage"),
    Status.OUT: gettext_noop("Out of storage"),
    Status.PICKED: gettext_noop("Picked for a release"),
    Status.SHIPPED: gettext_noop("On its way to a recipient"),
    Status.AWAY: gettext_noop("With a recipient"),
    Status.USED_UP: gettext_noop("Used up"),
    Status.DISPOSED: gettext_noop("Destroyed"),
    Status.MISSING: gettext_noop("Missing"),
}

ENDED = frozenset({Status.USED_UP, Status.DISPOSED})
"""There is nothing left of it."""
HERE = frozenset({Status.COLLECTED, Status.STORED, Status.OUT, Status.PICKED})
"""It is in the biobank's hands."""
LEFT = frozenset({Status.SHIPPED, Status.AWAY})
"""It went out with a parcel, and its recipient accounts for it."""


def tells_who(code: str) -> bool:
    """Whether what should be a donor's code looks like a name or a number of the person; a name in one word passes."""
    return identifier_in(code) is not None or _NAMES.search(code) is not None


class Act(StrEnum):
    """What happens to a specimen."""

    COLLECT = "collect"
    REGISTER = "register"
    STORE = "store"
    MOVE = "move"
    TAKE_OUT = "take_out"
    THAW = "thaw"
    PROCESS = "process"
    DERIVE = "derive"
    USE = "use"
    RESERVE = "reserve"
    FREE = "free"
    PICK = "pick"
    SHIP = "ship"
    ARRIVE = "arrive"
    RETURN = "return"
    DISPOSE = "dispose"
    LOSE = "lose"
    FIND = "find"
    RETAIN = "retain"
    ALLOW = "allow"
    CORRECT = "correct"
    WITHDRAW = "withdraw"
    WARN = "warn"


ACTS = {
    Act.COLLECT: gettext_noop("Taken from the donor"),
    Act.REGISTER: gettext_noop("Entered in the inventory"),
    Act.STORE: gettext_noop("Put into storage"),
    Act.MOVE: gettext_noop("Moved"),
    Act.TAKE_OUT: gettext_noop("Taken out of storage"),
    Act.THAW: gettext_noop("Thawed"),
    Act.PROCESS: gettext_noop("Processed"),
    Act.DERIVE: gettext_noop("Something was made of it"),
    Act.USE: gettext_noop("Some of it was used"),
    Act.RESERVE: gettext_noop("Reserved"),
    Act.FREE: gettext_noop("Free again"),
    Act.PICK: gettext_noop("Picked"),
    Act.SHIP: gettext_noop("Sent"),
    Act.ARRIVE: gettext_noop("Arrived"),
    Act.RETURN: gettext_noop("Came back"),
    Act.DISPOSE: gettext_noop("Destroyed"),
    Act.LOSE: gettext_noop("Found to be missing"),
    Act.FIND: gettext_noop("Found again"),
    Act.RETAIN: gettext_noop("Kept back for diagnosis"),
    Act.ALLOW: gettext_noop("Kept back no longer"),
    Act.CORRECT: gettext_noop("Corrected"),
    Act.WITHDRAW: gettext_noop("The donor took consent back"),
    Act.WARN: gettext_noop("Its recipient was told of a time outside its temperatures"),
}

_STAYS = (
    Act.RESERVE,
    Act.FREE,
    Act.RETAIN,
    Act.ALLOW,
    Act.CORRECT,
    Act.WITHDRAW,
    Act.WARN,
)
MOVES: dict[tuple[Status | None, Act], Status] = {
    (None, Act.COLLECT): Status.COLLECTED,
    (None, Act.REGISTER): Status.COLLECTED,
    (Status.COLLECTED, Act.STORE): Status.STORED,
    (Status.OUT, Act.STORE): Status.STORED,
    (Status.PICKED, Act.STORE): Status.STORED,
    (Status.STORED, Act.MOVE): Status.STORED,
    (Status.STORED, Act.TAKE_OUT): Status.OUT,
    (Status.STORED, Act.PICK): Status.PICKED,
    (Status.OUT, Act.PICK): Status.PICKED,
    (Status.COLLECTED, Act.PICK): Status.PICKED,
    (Status.PICKED, Act.SHIP): Status.SHIPPED,
    (Status.SHIPPED, Act.ARRIVE): Status.AWAY,
    (Status.SHIPPED, Act.RETURN): Status.OUT,
    (Status.AWAY, Act.RETURN): Status.OUT,
    (Status.AWAY, Act.USE): Status.AWAY,
    (Status.AWAY, Act.THAW): Status.AWAY,
    (Status.SHIPPED, Act.THAW): Status.SHIPPED,
    (Status.AWAY, Act.DISPOSE): Status.DISPOSED,
    (Status.SHIPPED, Act.DISPOSE): Status.DISPOSED,
    (Status.SHIPPED, Act.LOSE): Status.MISSING,
    (Status.AWAY, Act.LOSE): Status.MISSING,
    (Status.MISSING, Act.FIND): Status.OUT,
    (Status.MISSING, Act.ARRIVE): Status.AWAY,
    (Status.MISSING, Act.DISPOSE): Status.DISPOSED,
    **{(status, Act.THAW): status for status in (Status.COLLECTED, Status.STORED, Status.OUT, Status.PICKED)},
    **{(status, Act.PROCESS): status for status in (Status.COLLECTED, Status.OUT)},
    **{(status, Act.DERIVE): status for status in (Status.COLLECTED, Status.STORED, Status.OUT)},
    **{(status, Act.USE): status for status in (Status.COLLECTED, Status.STORED, Status.OUT)},
    **{
        (status, Act.DISPOSE): Status.DISPOSED
        for status in (Status.COLLECTED, Status.STORED, Status.OUT, Status.PICKED)
    },
    **{(status, Act.LOSE): Status.MISSING for status in (Status.COLLECTED, Status.STORED, Status.OUT, Status.PICKED)},
    **{(status, act): status for act in _STAYS for status in Status if status not in ENDED},
}
"""Where an act leads from a status (None: there is no specimen yet). An act that leaves nothing of it ends at
`USED_UP`: `after` says so."""

EMPTIES = frozenset({Act.USE, Act.DERIVE})
"""Acts after which a specimen may be used up."""


def after(status: Status | None, act: Act, *, left: bool = True) -> Status | None:
    """The status after an act, or None where it cannot be done. `left` says whether any of the specimen is left."""
    found = MOVES.get((status, act))
    return Status.USED_UP if found is not None and not left and act in EMPTIES else found


BY_REQUEST = frozenset({Act.USE, Act.THAW, Act.DISPOSE, Act.LOSE, Act.FIND})
"""Acts on what left the biobank that are written down at its request, whose line follows."""

KEEPERS = frozenset({Role.BIOBANK_MANAGER})
"""Who looks after the inventory."""
COLLECTORS = CARE | KEEPERS
"""Who takes material from donors and asks them for consent."""

WHO: dict[Act, frozenset[Role]] = {
    **dict.fromkeys(Act, KEEPERS),
    Act.COLLECT: frozenset(COLLECTORS),
    Act.PROCESS: frozenset(COLLECTORS),
    Act.RETAIN: frozenset({*KEEPERS, Role.PHYSICIAN}),
    Act.ALLOW: frozenset({*KEEPERS, Role.PHYSICIAN}),
}
"""Who may do what to a specimen in the biobank; recipients act on what they were sent by the rules of releases."""


@dataclass(frozen=True)
class Facts:
    """What the rules need to know of a specimen; `left` whether it is missing of what went out with a request."""

    status: Status | None
    reserved: bool = False
    retained: bool = False
    left: bool = False


def may(actor: Actor, act: Act, facts: Facts) -> Verdict:
    """Whether the status of a specimen allows the act, and the actor's role does."""
    if (facts.status, act) not in MOVES:
        if facts.status is None:
            return no(gettext_noop("There is no such specimen yet."))
        return no(NOT_NOW[facts.status])
    if act in BY_REQUEST and (facts.left or facts.status in LEFT):
        return no(gettext_noop("The specimen left with a request: write this down there, so that the request follows."))
    return _holds(actor, WHO[act])


def may_measure(actor: Actor, facts: Facts) -> Verdict:
    """Saying how much there is of a specimen, after it was measured: of what is in the biobank's hands."""
    if facts.left or facts.status in LEFT:
        return no(gettext_noop("The specimen left with a request: how much of it was used is said there."))
    if facts.status is not None and facts.status not in HERE:
        return no(NOT_NOW[facts.status])
    return may(actor, Act.CORRECT, facts)


def _holds(actor: Actor, roles: frozenset[Role]) -> Verdict:
    if not actor.id:
        return is_signed_in(actor)
    for role in sorted(actor.roles):
        if role in roles:
            return yes(gettext_noop("You hold the role {role}."), role=Title(role))
    return no(gettext_noop("This needs the role {role}."), role=Title(*(role for role in TITLES if role in roles)))


NOT_NOW = {
    Status.COLLECTED: gettext_noop("The specimen was taken and is not in storage yet."),
    Status.STORED: gettext_noop("The specimen is in storage."),
    Status.OUT: gettext_noop("The specimen is out of storage."),
    Status.PICKED: gettext_noop("The specimen is picked for a release."),
    Status.SHIPPED: gettext_noop("The specimen is on its way to a recipient."),
    Status.AWAY: gettext_noop("The specimen is with a recipient."),
    Status.USED_UP: gettext_noop("The specimen is used up."),
    Status.DISPOSED: gettext_noop("The specimen was destroyed."),
    Status.MISSING: gettext_noop("The specimen is missing."),
}


def may_see_inventory(actor: Actor) -> Verdict:
    """Single specimens, where they are, and their history; donors by their code alone."""
    return _holds(actor, frozenset({*KEEPERS, Role.BIOBANK_BOARD, Role.DATA_STEWARD}))


def may_keep_inventory(actor: Actor) -> Verdict:
    """Changing collections, protocols, storage, equipment; importing."""
    return _holds(actor, KEEPERS)


def may_collect(actor: Actor) -> Verdict:
    """Visits: taking material, asking for consent."""
    return _holds(actor, frozenset(COLLECTORS))


def may_print_label(actor: Actor, status: Status, *, visited: bool) -> Verdict:
    """The label of a specimen: for whoever sees the inventory; of what came from a visit (`visited`), until it is in
    storage, also for those who take specimens, who stick it on the tube."""
    seen = may_see_inventory(actor)
    if seen or not may_collect(actor):
        return seen
    if visited and status is Status.COLLECTED:
        return yes(gettext_noop("It was taken at a visit and is on its way to storage; you take specimens."))
    return no(gettext_noop("Who takes specimens prints labels of what came from a visit, until it is in storage."))


def may_know_donor(actor: Actor) -> Verdict:
    """Who the patient behind a donor's code is: a right of its own, and every look is on the record."""
    return _holds(actor, frozenset({*CARE, Role.DATA_STEWARD}))


def may_withdraw(actor: Actor) -> Verdict:
    """Writing down that a donor takes consent back, or that somebody opts out of the reuse of their data."""
    return _holds(actor, frozenset({*COLLECTORS, Role.DATA_PROTECTION, Role.DATA_STEWARD}))


def may_see_withdrawals(actor: Actor) -> Verdict:
    """Every withdrawal and opt-out with what it reached, donors by their code alone."""
    return _holds(actor, frozenset({*COLLECTORS, Role.BIOBANK_BOARD, Role.DATA_PROTECTION, Role.DATA_STEWARD}))


def may_see_catalogue(actor: Actor) -> Verdict:
    """What collections there are, for everybody, signed in or not, once a collection is published."""
    return yes(gettext_noop("The catalogue of collections is open to everybody."))


EXPLAINED = (
    (gettext_noop("See the biobank's inventory: single specimens, and donors by their code"), may_see_inventory),
    (gettext_noop("Change the inventory, collections and protocols"), may_keep_inventory),
    (gettext_noop("Take specimens at visits and ask for consent"), may_collect),
    (gettext_noop("Look up who a donor is"), may_know_donor),
    (gettext_noop("Write down that somebody takes consent back or opts out"), may_withdraw),
    (gettext_noop("See withdrawals and opt-outs, and what they reached"), may_see_withdrawals),
)
"""What the page that explains rights shows for everybody."""
