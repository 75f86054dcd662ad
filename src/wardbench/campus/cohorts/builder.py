"""What the builder shows: the definition part by part, each with its counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language, gettext

from wardbench.campus.cohorts import edits
from wardbench.campus.cohorts.course import course_lines
from wardbench.campus.cohorts.followed import says
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
    says: str = ""

    @property
    def part(self) -> str:
        return f"rule-{self.line.number}"


@dataclass(frozen=True)
class PartCard:
    """Another part that conditions make up: an entry event, one that ends the cohort, or what is around the entry."""

    part: str
    lines: list[Said]
    editable: bool
    says: str = ""

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
    says: str = ""

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
    def says(self) -> Mapping[str, str]:
        return says(self.outline)

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
                self.says.get(f"rule-{line.number}", ""),
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
        return [PartCard("additional", lines, form is not None, self.says.get("additional", ""))]

    @cached_property
    def sets(self) -> list[SetCard]:
        return [SetCard(line, self.says[f"set-{line.id}"]) for line in self.outline.sets]

    def _events(self, kind: str, given: Sequence[EntryLine]) -> list[PartCard]:
        names = self.outline.set_names
        return [
            PartCard(
                f"{kind}-{line.number}",
                entry_lines(Entry(line.form.event), names) if line.form else _worded(line.words),
                line.form is not None,
                self.says[f"{kind}-{line.number}"],
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
