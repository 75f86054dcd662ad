"""How a request for specimens goes its way, as data. No Django here.

`MOVES` says which verb leads from which status to which, `WHO` by whom: the side of the researcher or of the biobank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wardbench.campus.biobank.rules import KEEPERS
from wardbench.campus.biobank.rules import NOT_NOW as TUBE_NOT_NOW
from wardbench.campus.biobank.rules import Status as TubeStatus
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor, Title, Verdict, no, yes
from wardbench.core.consent import Answer


class Status(StrEnum):
    """Where a request stands."""

    DRAFT = "draft"
    ASKED = "asked"
    RESERVED = "reserved"
    QUOTED = "quoted"
    AGREEING = "agreeing"
    READY = "ready"
    PICKING = "picking"
    SENT = "sent"
    RECEIVED = "received"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


STATUSES = {
    Status.DRAFT: gettext_noop("Draft"),
    Status.ASKED: gettext_noop("Asked"),
    Status.RESERVED: gettext_noop("Reserved"),
    Status.QUOTED: gettext_noop("Quoted"),
    Status.AGREEING: gettext_noop("The agreement is being signed"),
    Status.READY: gettext_noop("Ready to pick"),
    Status.PICKING: gettext_noop("Being picked"),
    Status.SENT: gettext_noop("Sent"),
    Status.RECEIVED: gettext_noop("With the recipient"),
    Status.CLOSED: gettext_noop("Closed"),
    Status.REFUSED: gettext_noop("Refused"),
    Status.WITHDRAWN: gettext_noop("Withdrawn"),
    Status.EXPIRED: gettext_noop("Expired"),
}


class LineStatus(StrEnum):
    """Where one specimen of a request stands."""

    ASKED = "asked"
    RESERVED = "reserved"
    DROPPED = "dropped"
    PICKED = "picked"
    SENT = "sent"
    RECEIVED = "received"
    MISSING = "missing"
    DAMAGED = "damaged"
    RETURNED = "returned"
    DESTROYED = "destroyed"
    USED_UP = "used_up"


LINE_STATUSES = {
    LineStatus.ASKED: gettext_noop("Asked for"),
    LineStatus.RESERVED: gettext_noop("Reserved"),
    LineStatus.DROPPED: gettext_noop("Left out"),
    LineStatus.PICKED: gettext_noop("Picked"),
    LineStatus.SENT: gettext_noop("Sent"),
    LineStatus.RECEIVED: gettext_noop("Received"),
    LineStatus.MISSING: gettext_noop("Missing on arrival"),
    LineStatus.DAMAGED: gettext_noop("Damaged on arrival"),
    LineStatus.RETURNED: gettext_noop("Returned"),
    LineStatus.DESTROYED: gettext_noop("Destroyed"),
    LineStatus.USED_UP: gettext_noop("Used up"),
}

WITH_RECIPIENT = frozenset({LineStatus.RECEIVED, LineStatus.DAMAGED})
"""What the recipient has, and has to account for."""
LIVE_LINES = frozenset(LineStatus) - {LineStatus.DROPPED}
"""Lines that are part of the request still."""


class Verb(StrEnum):
    """What can be done to a request."""

    EDIT = "edit"
    AMOUNTS = "amounts"
    ASK = "ask"
    WITHDRAW = "withdraw"
    RESERVE = "reserve"
    REFUSE = "refuse"
    LEAVE_OUT = "leave_out"
    EXTEND = "extend"
    EXPIRE = "expire"
    QUOTE = "quote"
    ACCEPT = "accept"
    DRAW_UP = "draw_up"
    SIGN = "sign"
    PICK = "pick"
    SCAN = "scan"
    PUT_BACK = "put_back"
    STOP = "stop"
    SEND = "send"
    OPEN = "open"
    LOG = "log"
    RECEIVE = "receive"
    RESOLVE = "resolve"
    USE = "use"
    DESTROY = "destroy"
    SEND_BACK = "send_back"
    TAKE_BACK = "take_back"
    CLOSE = "close"


ACTIONS = {
    Verb.EDIT: gettext_noop("Change the request"),
    Verb.AMOUNTS: gettext_noop("Change how much is wanted"),
    Verb.ASK: gettext_noop("Ask the biobank"),
    Verb.WITHDRAW: gettext_noop("Withdraw the request"),
    Verb.RESERVE: gettext_noop("Reserve the specimens"),
    Verb.REFUSE: gettext_noop("Refuse the request"),
    Verb.LEAVE_OUT: gettext_noop("Leave a specimen out"),
    Verb.EXTEND: gettext_noop("Reserve for longer"),
    Verb.EXPIRE: gettext_noop("Let the reservation expire"),
    Verb.QUOTE: gettext_noop("Say what it costs"),
    Verb.ACCEPT: gettext_noop("Accept the quote"),
    Verb.DRAW_UP: gettext_noop("Draw up the agreement anew"),
    Verb.SIGN: gettext_noop("Sign the agreement"),
    Verb.PICK: gettext_noop("Begin to pick"),
    Verb.SCAN: gettext_noop("Pick by scanning"),
    Verb.PUT_BACK: gettext_noop("Put a picked specimen back"),
    Verb.STOP: gettext_noop("Stop picking"),
    Verb.SEND: gettext_noop("Send the parcel"),
    Verb.OPEN: gettext_noop("Make a new code for the recipient"),
    Verb.LOG: gettext_noop("Keep temperatures of the parcel"),
    Verb.RECEIVE: gettext_noop("Say what arrived"),
    Verb.RESOLVE: gettext_noop("Say what became of what was missing"),
    Verb.USE: gettext_noop("Report use"),
    Verb.DESTROY: gettext_noop("Report destruction"),
    Verb.SEND_BACK: gettext_noop("Send back"),
    Verb.TAKE_BACK: gettext_noop("Take back what comes back"),
    Verb.CLOSE: gettext_noop("Close the request"),
}


class Side(StrEnum):
    """Who is across the table: the study that asks, the biobank that gives, and time itself."""

    RESEARCHER = "researcher"
    BIOBANK = "biobank"
    SYSTEM = "system"


SIDES = {
    Side.RESEARCHER: gettext_noop("the study"),
    Side.BIOBANK: gettext_noop("the biobank"),
    Side.SYSTEM: gettext_noop("the application itself"),
}
HELD = (Status.RESERVED, Status.QUOTED, Status.AGREEING, Status.READY)
"""While specimens are reserved and none is picked yet."""
UNSENT = (Status.ASKED, *HELD, Status.PICKING)
"""While the permit's amounts are promised, and not yet on the permit's own record."""
OVER = frozenset({Status.CLOSED, Status.REFUSED, Status.WITHDRAWN, Status.EXPIRED})

MOVES: Mapping[tuple[Status, Verb], Status] = {
    (Status.DRAFT, Verb.EDIT): Status.DRAFT,
    (Status.DRAFT, Verb.AMOUNTS): Status.DRAFT,
    (Status.DRAFT, Verb.ASK): Status.ASKED,
    (Status.ASKED, Verb.RESERVE): Status.RESERVED,
    (Status.RESERVED, Verb.QUOTE): Status.QUOTED,
    (Status.QUOTED, Verb.QUOTE): Status.QUOTED,
    (Status.QUOTED, Verb.ACCEPT): Status.READY,
    (Status.AGREEING, Verb.DRAW_UP): Status.AGREEING,
    (Status.AGREEING, Verb.SIGN): Status.AGREEING,
    (Status.READY, Verb.PICK): Status.PICKING,
    (Status.PICKING, Verb.SCAN): Status.PICKING,
    (Status.PICKING, Verb.PUT_BACK): Status.PICKING,
    (Status.PICKING, Verb.STOP): Status.READY,
    (Status.PICKING, Verb.SEND): Status.SENT,
    (Status.SENT, Verb.OPEN): Status.SENT,
    (Status.SENT, Verb.RECEIVE): Status.RECEIVED,
    (Status.RECEIVED, Verb.CLOSE): Status.CLOSED,
    **{(status, Verb.LOG): status for status in (Status.SENT, Status.RECEIVED)},
    **{
        (Status.RECEIVED, verb): Status.RECEIVED
        for verb in (Verb.RESOLVE, Verb.USE, Verb.DESTROY, Verb.SEND_BACK, Verb.TAKE_BACK)
    },
    **{(status, Verb.LEAVE_OUT): status for status in (*HELD, Status.PICKING)},
    **{(status, Verb.EXTEND): status for status in HELD},
    **{(status, Verb.EXPIRE): Status.EXPIRED for status in HELD},
    **{(status, Verb.REFUSE): Status.REFUSED for status in (Status.ASKED, *HELD)},
    **{(status, Verb.WITHDRAW): Status.WITHDRAWN for status in (Status.DRAFT, Status.ASKED, *HELD)},
}
"""Where a verb leads from a status; `after` knows what an agreement adds."""

_STUDY, _BANK = frozenset({Side.RESEARCHER}), frozenset({Side.BIOBANK})
WHO: Mapping[Verb, frozenset[Side]] = {
    **dict.fromkeys(Verb, _BANK),
    **dict.fromkeys(
        (
            Verb.EDIT,
            Verb.AMOUNTS,
            Verb.ASK,
            Verb.WITHDRAW,
            Verb.ACCEPT,
            Verb.RECEIVE,
            Verb.USE,
            Verb.DESTROY,
            Verb.SEND_BACK,
        ),
        _STUDY,
    ),
    Verb.SIGN: _STUDY | _BANK,
    Verb.LOG: _STUDY | _BANK,
    Verb.EXPIRE: frozenset({Side.SYSTEM}),
}
"""Who may do what; a recipient outside the campus receives by the secret address of the parcel."""
NEEDS_REASON = frozenset({Verb.REFUSE, Verb.WITHDRAW, Verb.LEAVE_OUT})


def after(status: Status, verb: Verb, *, leaves: bool = False, signed: bool = False) -> Status | None:
    """The status after a verb, or None where it cannot be done. Material that `leaves` needs an agreement first, and
    the agreement is done once both have `signed` it."""
    found = MOVES.get((status, verb))
    if verb is Verb.ACCEPT and found is not None and leaves:
        return Status.AGREEING
    return Status.READY if found is Status.AGREEING and verb is Verb.SIGN and signed else found


@dataclass(frozen=True)
class Facts:
    """What the rules ask of a request; ids as text.

    `team` works on its study; `leaves` says whether material leaves the hospital, `signed` which sides signed the
    agreement; `with_recipient` and `missing` how many specimens are not accounted for; `back` whether a parcel is on
    its way back, `outside` whether the recipient is outside the campus.
    """

    status: Status
    team: frozenset[str]
    leaves: bool = False
    signed: frozenset[Side] = frozenset()
    with_recipient: int = 0
    missing: int = 0
    back: bool = False
    outside: bool = False


NOT_NOW = {
    Status.DRAFT: gettext_noop("The request is a draft; the biobank has not been asked yet."),
    Status.ASKED: gettext_noop("The biobank has been asked, and has not reserved anything yet."),
    Status.RESERVED: gettext_noop("The specimens are reserved; the biobank says what it costs first."),
    Status.QUOTED: gettext_noop("The quote has not been accepted yet."),
    Status.AGREEING: gettext_noop("The transfer agreement has to be signed by both sides first."),
    Status.READY: gettext_noop("Everything is agreed; nothing is picked yet."),
    Status.PICKING: gettext_noop("The specimens are being picked."),
    Status.SENT: gettext_noop("The parcel is on its way."),
    Status.RECEIVED: gettext_noop("The specimens are with the recipient."),
    Status.CLOSED: gettext_noop("The request is closed."),
    Status.REFUSED: gettext_noop("The request was refused."),
    Status.WITHDRAWN: gettext_noop("The request was withdrawn."),
    Status.EXPIRED: gettext_noop("The reservation expired."),
}
YOU_ARE = {
    Side.RESEARCHER: gettext_noop("You work on the study that asks."),
    Side.BIOBANK: gettext_noop("You look after the biobank."),
    Side.SYSTEM: gettext_noop("This happens by itself."),
}
FOR = {
    Side.RESEARCHER: gettext_noop("This is for the study that asks."),
    Side.BIOBANK: gettext_noop("This is for the biobank."),
    Side.SYSTEM: gettext_noop("This happens by itself."),
}
WATCHERS = (Role.BIOBANK_BOARD, Role.DATA_STEWARD, Role.DATA_PROTECTION, Role.TRIAL_CENTRE)


def sides(actor: Actor, facts: Facts) -> frozenset[Side]:
    """What somebody is to a request. Nobody who works on a study gives specimens to it."""
    if actor is SYSTEM:
        return frozenset({Side.SYSTEM, Side.BIOBANK})
    if not actor.id or not actor.roles:
        return frozenset()
    if actor.id in facts.team:
        return frozenset({Side.RESEARCHER})
    return frozenset({Side.BIOBANK}) if actor.has(*KEEPERS) and facts.status is not Status.DRAFT else frozenset()


def may_see(actor: Actor, facts: Facts) -> Verdict:
    """A request and its specimens: for the study, the biobank, and those who watch over what leaves."""
    held = sides(actor, facts)
    for side in Side:
        if side in held:
            return yes(YOU_ARE[side])
    if actor.has(*WATCHERS) and facts.status is not Status.DRAFT:
        return yes(gettext_noop("The board, data stewards and those who watch over studies see every request."))
    return no(gettext_noop("A request is seen by its study, the biobank and those who watch over what leaves."))


def may(actor: Actor, verb: Verb, facts: Facts) -> Verdict:
    """Whether somebody may do something to a request now. Who may not see it learns nothing of its status."""
    seen = may_see(actor, facts)
    if not seen:
        return seen
    if (facts.status, verb) not in MOVES:
        return no(NOT_NOW[facts.status])
    held = sides(actor, facts) & WHO[verb]
    if not held:
        if Side.BIOBANK in WHO[verb] and actor.id in facts.team and actor.has(*KEEPERS):
            return no(gettext_noop("Nobody gives specimens to a study that they work on."))
        return no(FOR[min(WHO[verb], key=list(Side).index)])
    side = min(held, key=list(Side).index)
    if verb is Verb.SIGN and side in facts.signed:
        return no(gettext_noop("Your side has signed already."))
    if verb in (Verb.USE, Verb.DESTROY, Verb.SEND_BACK) and not facts.with_recipient:
        return no(gettext_noop("The recipient has none of the specimens any more."))
    if verb is Verb.RESOLVE and not facts.missing:
        return no(gettext_noop("Nothing is missing."))
    if verb is Verb.OPEN and not facts.outside:
        return no(gettext_noop("The recipient is on the campus, and signs in."))
    if verb is Verb.TAKE_BACK and not facts.back:
        return no(gettext_noop("Nothing is on its way back."))
    if verb is Verb.CLOSE and (facts.with_recipient or facts.missing or facts.back):
        return no(gettext_noop("Some specimens are not accounted for yet: used, returned, destroyed or lost."))
    return yes(YOU_ARE[side])


def turns(facts: Facts) -> frozenset[Side]:
    """Whose turn it is. Everything that says so (home pages, notices, lists) asks here."""
    match facts.status:
        case Status.DRAFT | Status.QUOTED | Status.SENT:
            return _STUDY
        case Status.ASKED | Status.RESERVED | Status.READY | Status.PICKING:
            return _BANK
        case Status.AGREEING:
            return (_STUDY | _BANK) - facts.signed
        case Status.RECEIVED:
            bank = facts.back or facts.missing or not facts.with_recipient
            return (_BANK if bank else frozenset()) | (_STUDY if facts.with_recipient else frozenset())
    return frozenset()


NEXT: Mapping[tuple[Status, Side], tuple[Verb, str]] = {
    (Status.DRAFT, Side.RESEARCHER): (Verb.ASK, gettext_noop("Complete and send request {reference}")),
    (Status.ASKED, Side.BIOBANK): (Verb.RESERVE, gettext_noop("Decide on request {reference}")),
    (Status.RESERVED, Side.BIOBANK): (Verb.QUOTE, gettext_noop("Say what request {reference} costs")),
    (Status.QUOTED, Side.RESEARCHER): (Verb.ACCEPT, gettext_noop("Accept the quote of request {reference}")),
    (Status.AGREEING, Side.RESEARCHER): (Verb.SIGN, gettext_noop("Sign the agreement of request {reference}")),
    (Status.AGREEING, Side.BIOBANK): (Verb.SIGN, gettext_noop("Sign the agreement of request {reference}")),
    (Status.READY, Side.BIOBANK): (Verb.PICK, gettext_noop("Pick the specimens of request {reference}")),
    (Status.PICKING, Side.BIOBANK): (Verb.SCAN, gettext_noop("Go on picking request {reference}")),
    (Status.SENT, Side.RESEARCHER): (Verb.RECEIVE, gettext_noop("Say what arrived of request {reference}")),
    (Status.RECEIVED, Side.RESEARCHER): (Verb.USE, gettext_noop("Report the use of request {reference}")),
    (Status.RECEIVED, Side.BIOBANK): (Verb.CLOSE, gettext_noop("Settle what is left of request {reference}")),
}
"""What a side has to do where it is its turn, and how its home page says so."""


@dataclass(frozen=True)
class Tube:
    """What is asked of one specimen before it may be given: `claimed` by another request, `consent` for this use,
    `use` what DUO says of the collection ("refused", "person" or "allowed", with its sentence in `use_words`);
    `spoiled` where it was outside its temperatures and the biobank said that all of that is to be destroyed."""

    status: TubeStatus
    retained: bool
    claimed: bool
    enough: bool
    consent: Answer | None
    use: str
    use_words: str = ""
    judged: bool = False
    spoiled: bool = False


PERSON = gettext_noop("The biobank has to judge whether this is allowed: {why}")
"""What is said of a specimen whose collection leaves the use to a person."""
GIVEN_FROM = frozenset({TubeStatus.STORED, TubeStatus.OUT, TubeStatus.COLLECTED, TubeStatus.PICKED})


def may_give(tube: Tube) -> Verdict:
    """Whether one specimen may be given for a use. A person's judgement counts once it was given (`judged`)."""
    if tube.status not in GIVEN_FROM:
        return no(TUBE_NOT_NOW[tube.status])
    if tube.spoiled:
        return no(gettext_noop("It was outside its temperatures, and is to be destroyed."))
    if tube.claimed:
        return no(gettext_noop("It is promised to another request."))
    if tube.retained:
        return no(gettext_noop("It is kept back for diagnosis."))
    if not tube.enough:
        return no(gettext_noop("There is not as much of it left."))
    if tube.consent is None:
        return no(gettext_noop("Nobody knows whose it is, and so whether they agreed."))
    if not tube.consent:
        return no(tube.consent.reason)
    if tube.use == "refused":
        return no(gettext_noop("The collection may not be used for this purpose: {why}"), why=tube.use_words)
    if tube.use == "person" and not tube.judged:
        return no(PERSON, why=tube.use_words)
    return yes(gettext_noop("It can be given."))


def may_keep_basket(actor: Actor) -> Verdict:
    """Putting specimens together for a study: for those who do research or look after the biobank."""
    wanted = (Role.PHYSICIAN, Role.COORDINATOR, Role.RESEARCHER, Role.LECTURER, Role.STUDENT, Role.BIOBANK_MANAGER)
    if actor.has(*wanted):
        return yes(gettext_noop("People who do research may put specimens together."))
    return no(gettext_noop("This needs the role {role}."), role=Title(*wanted))


@dataclass(frozen=True)
class Conditions:
    """How a parcel travels: between which temperatures, in hundredths of a degree Celsius."""

    title: str
    lowest: int | None
    highest: int | None


CONDITIONS = {
    "nitrogen": Conditions(gettext_noop("In the vapour of liquid nitrogen"), None, -15_000),
    "dry_ice": Conditions(gettext_noop("On dry ice"), None, -6_000),
    "frozen": Conditions(gettext_noop("Frozen, at -20 °C"), None, -1_500),
    "cooled": Conditions(gettext_noop("Cooled"), 200, 800),
    "room": Conditions(gettext_noop("At room temperature"), 1_500, 2_500),
}
WORKS = {
    "administration": gettext_noop("Administration of a request"),
    "retrieval": gettext_noop("Retrieval of a tube"),
    "aliquot": gettext_noop("Taking a part of a tube"),
    "shipment": gettext_noop("Packing and a shipment"),
}
"""Work that a tariff stands for."""
