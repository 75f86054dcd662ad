"""What the builder shows: the definition part by part, each with its counts; and which parts a change has changed.

Each part is a template whose first tag has the part's name as id, so that after a change a browser with a script gets
the parts that differ and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext

from wardbench.campus.cohorts import edits
from wardbench.campus.cohorts.course import course_lines
from wardbench.campus.cohorts.followed import Followed
from wardbench.campus.cohorts.queries import Seen
from wardbench.campus.cohorts.sentences import Said, entry_lines, rule_lines
from wardbench.campus.counting import queries as counting
from wardbench.campus.counting import sessions
from wardbench.campus.counting.figures import RuleShown, Shown
from wardbench.campus.counting.people import Strip
from wardbench.campus.counting.permitted import Permitted
from wardbench.campus.counting.rules import WORDS, Mode, modes_for
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.rules import Actor, ForbiddenError
from wardbench.core.errors import WardbenchError
from wardbench.ward.cohorts.describe import LANGUAGES
from wardbench.ward.cohorts.editing import Entry, EntryLine, Outline, RuleLine, SetLine, Working, outline


@dataclass(frozen=True)
class Counted:
    """What was counted of a definition, or why nothing could be."""

    mode: Mode
    shown: Shown | None = None
    strip: Strip | None = None
    refusal: str = ""
    created: str = ""
    study: str = ""

    @property
    def words(self) -> Any:
        return WORDS[self.mode]


@dataclass(frozen=True)
class RuleCard:
    """A rule as it stands on the page: `lines` where a form can say it, else its words; what it does, if it counts."""

    line: RuleLine
    lines: list[Said]
    effect: RuleShown | None
    is_first: bool
    is_last: bool

    @property
    def part(self) -> str:
        return f"rule-{self.line.number}"


@dataclass(frozen=True)
class PartCard:
    """Another part that conditions make up: an entry event, one that ends the cohort, or what is around the entry."""

    part: str
    lines: list[Said]
    editable: bool

    @property
    def remove(self) -> str:
        """What a button does that takes it away."""
        kind, dash, place = self.part.partition("-")
        return f"remove-{kind}:{place}" if dash else f"remove-{kind}"

    @property
    def number(self) -> int:
        _kind, _dash, place = self.part.partition("-")
        return int(place or 0) + 1


@dataclass(frozen=True)
class SetCard:
    """A concept set as it stands on the page."""

    line: SetLine

    @property
    def part(self) -> str:
        return f"set-{self.line.id}"


@dataclass(frozen=True)
class Board:
    """A definition as the builder shows it to somebody; `open` names the parts that are shown as forms.

    `form` is the form of the one open part as it was filled in, where it cannot be taken.
    """

    seen: Seen
    working: Working
    by: Actor
    mode: Mode
    open: tuple[str, ...] = ()
    form: Any = None
    permitted: Permitted | None = None

    @cached_property
    def outline(self) -> Outline:
        return _outlined(json.dumps(self.working.json()), spoken())

    @cached_property
    def counted(self) -> Counted:
        name, problem = self.seen.cohort.name, self.outline.problem
        if self.permitted is not None:
            return count_in_study(self.working, name, self.by, self.permitted, problem)
        return count(self.working, name, self.by, self.mode, problem)

    @cached_property
    def rules(self) -> list[RuleCard]:
        said, effects = self.outline, self.counted.shown.rules if self.counted.shown else ()
        last = len(said.rules) - 1
        return [
            RuleCard(
                line,
                rule_lines(line.form, said.set_names) if line.form else _worded(line.words),
                effects[line.counted] if line.counted is not None and line.counted < len(effects) else None,
                line.number == 0,
                line.number == last,
            )
            for line in said.rules
        ]

    @cached_property
    def entries(self) -> list[PartCard]:
        return self._events("entry", self.outline.entries)

    @cached_property
    def censors(self) -> list[PartCard]:
        return self._events("censor", self.outline.censors)

    @cached_property
    def additional(self) -> list[PartCard]:
        """What else has to hold around the entry: one card, or none."""
        said = self.outline
        if not said.additional and said.additional_form is None:
            return []
        form = said.additional_form
        lines = rule_lines(form, said.set_names) if form else _worded(said.additional)
        return [PartCard("additional", lines, form is not None)]

    @cached_property
    def sets(self) -> list[SetCard]:
        return [SetCard(line) for line in self.outline.sets]

    def _events(self, kind: str, given: Sequence[EntryLine]) -> list[PartCard]:
        names = self.outline.set_names
        return [
            PartCard(
                f"{kind}-{line.number}",
                entry_lines(Entry(line.form.event), names) if line.form else _worded(line.words),
                line.form is not None,
            )
            for line in given
        ]

    @property
    def course(self) -> tuple[str, ...]:
        return course_lines(self.working, self.outline)

    @property
    def emptied_by(self) -> RuleCard | None:
        """The first rule after which nobody is left."""
        return next((card for card in self.rules if card.effect and card.effect.empties), None)

    @property
    def has_unused(self) -> bool:
        return any(not one.used for one in self.outline.sets)

    @property
    def off(self) -> int:
        return sum(not card.line.on for card in self.rules)

    def form_at(self, part: str) -> Any:
        """What is shown as the form of `part`: of a concept set its line. None where it is not open, or has none."""
        if part not in self.open:
            return None
        if part.startswith("set-"):
            return next((card.line for card in self.sets if card.part == part), None)
        return self.form or edits.form_of(self.working, part)


@lru_cache(maxsize=64)
def _outlined(text: str, language: str) -> Outline:
    """The parts of a definition under work, from its JSON. They follow from that and the language alone, so that what
    is kept is never out of date; what a change begins with is what the change before it ended with."""
    return outline(Working.read(json.loads(text)), language=language)


def _worded(words: Sequence[str]) -> list[Said]:
    """Lines of a description, two spaces deep for every level, as lines of the page."""
    stripped = [(len(line) - len(line.lstrip()), line.strip().removeprefix("- ")) for line in words]
    return [Said(indent // 2, "", text) for indent, text in stripped]


def spoken() -> str:
    """The reader's language, where definitions can be described in it."""
    language = (get_language() or "en")[:2]
    return language if language in LANGUAGES else "en"


def count(working: Working, name: str, by: Actor, mode: Mode, problem: str | None = None) -> Counted:
    """Count what somebody has before them; a refusal becomes its sentence."""
    if problem is not None:
        return Counted(mode)
    try:
        definition = working.definition(name)
        shown = counting.look(definition, by=by, mode=mode)
        strip = counting.strip(definition, by=by, mode=mode)
        created = sessions.snapshot("twin" if mode is Mode.SANDBOX else "store").created
    except ForbiddenError:
        raise
    except WardbenchError as error:
        return Counted(mode, refusal=said_of(error))
    return Counted(mode, shown, strip, created=created)


def count_in_study(working: Working, name: str, by: Actor, permitted: Permitted, problem: str | None = None) -> Counted:
    """Count what somebody has before them exactly, if it is what the permit of a study covers; else its reason."""
    told = Counted(Mode.STUDY, study=permitted.study)
    if problem is not None:
        return told
    try:
        shown, strip = counting.look_in_study(working.definition(name), permitted, by=by)
    except ForbiddenError as error:
        verdict = error.verdict
        return replace(told, refusal=gettext(verdict.reason).format(**verdict.values))
    except WardbenchError as error:
        return replace(told, refusal=said_of(error))
    return replace(told, shown=shown, strip=strip, created=sessions.snapshot("store").created)


def permitted_of(request: HttpRequest, studies: Sequence[Permitted]) -> Permitted | None:
    """The study that somebody chose to count in, as long as its permit lets them."""
    chosen = request.session.get("counting_mode", "")
    return next((one for one in studies if chosen == f"{Mode.STUDY.value}:{one.study}"), None)


def mode_of(request: HttpRequest, by: Actor) -> Mode:
    """The mode that somebody chose in this session, as long as they may count in it."""
    chosen = request.session.get("counting_mode", "")
    modes = modes_for(by)
    return next((mode for mode in modes if mode.value == chosen), modes[0] if modes else Mode.SANDBOX)


@dataclass(frozen=True)
class Part:
    """A piece of the page: its template, with what it alone gets, and whatever it shows that a change may change."""

    template: str
    shows: Any
    more: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def rendered(self, request: HttpRequest, board: Board) -> str:
        context = {"board": board, "cohort": board.seen.cohort, "seen": board.seen, **self.more}
        return render_to_string(f"cohorts/parts/{self.template}.html", context, request).strip()


@dataclass(frozen=True)
class Cards:
    """A list of cards on the page: its id, its template, that of one card's head, and the cards."""

    name: str
    template: str
    head: str
    cards: Sequence[Any]

    def whole(self, became: Mapping[str, Followed]) -> Part:
        """The list without forms, every card marked with what it was called, so that a browser moves its form along."""
        were = {one.part: part for part, one in became.items()}
        return Part(self.template, self.cards, {"cards": self.cards, "list": self.name, "were": were, "bare": True})

    def heads(self) -> dict[str, Part]:
        return {f"{card.part}-head": Part(self.head, card, {"card": card}) for card in self.cards}


def lists(board: Board) -> list[Cards]:
    return [
        Cards("rules", "rules", "rule", board.rules),
        Cards("entry-list", "cards", "card", board.entries),
        Cards("additional-list", "cards", "card", board.additional),
        Cards("censor-list", "cards", "card", board.censors),
        Cards("set-list", "set_list", "set", board.sets),
    ]


def parts(board: Board) -> dict[str, Part]:
    """The parts of the page by id, without the lists of cards and without forms."""
    said, counted = board.outline, board.counted
    entry = counted.shown.entry if counted.shown else None
    return {
        "entry-count": Part("entry_count", (entry, bool(board.entries))),
        "course-words": Part("course_words", board.course),
        "sets-unused": Part("unused", board.has_unused),
        "side": Part("side", (counted, board.rules, said.problem, bool(board.entries))),
    }


def changed_parts(request: HttpRequest, before: Board, after: Board, became: Mapping[str, Followed]) -> str:
    """The parts of `after` that differ from `before`, each marked to take the place of what is there.

    A form is given only where `after` has it open: every other stays as somebody left it, with what is typed in it,
    because a list of cards that became others, or came into another order, is taken over card by card (`cards` in the
    builder's script). What shows the same is not drawn: drawing is most of what a change costs.
    """
    old, new = parts(before), parts(after)
    whole: dict[str, Part] = {}
    for was, now in zip(lists(before), lists(after), strict=True):
        stand = [became[card.part].part if card.part in became else "" for card in was.cards]
        if stand == [card.part for card in now.cards]:
            old |= was.heads()
            new |= now.heads()
        else:
            whole[now.name] = now.whole(became)
    forms = {f"{part}-form": Part("place", None, {"part": part}) for part in after.open}
    changed = whole | {name: part for name, part in new.items() if old.get(name) != part} | forms
    html = {name: part.rendered(request, after) for name, part in changed.items()}
    how = {name: "cards" if name in whole else "true" for name in changed}
    return "\n".join(
        text.replace(f'id="{name}"', f'id="{name}" hx-swap-oob="{how[name]}"', 1) for name, text in html.items()
    )
