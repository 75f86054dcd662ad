"""A part of a definition as one form: the conditions of a rule or an entry event, as deep as they go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wardbench.campus.cohorts.comparisons import ConditionForm
from wardbench.campus.cohorts.condition_forms import (
    CriterionForm,
    EntryForm,
    GroupForm,
    PersonForm,
)
from wardbench.campus.cohorts.sentences import event_words
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.core.errors import InputError
from wardbench.ward.cohorts.editing import Criterion, Entry, Event, Group, Node, Person, Recorded, Rule

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Offered:
    """What conditions can be made of: concept sets by id, those of the hospital's own codes, and coded values."""

    sets: Mapping[int, str]
    sources: Sequence[int]
    codes: Callable[[Event], Mapping[str, Sequence[Recorded]]]


@dataclass
class Branch:
    """A condition on the page: its form, its place in words ("2.1"), and the conditions below it.

    `around` are those around its event; `members` those of a group.
    """

    path: str
    place: str
    kind: str
    form: ConditionForm
    members: list[Branch] = field(default_factory=list)
    around: Branch | None = None

    def walk(self) -> Iterator[Branch]:
        yield self
        for below in [*self.members, *([self.around] if self.around else [])]:
            yield from below.walk()

    def shape(self) -> Any:
        """The condition as it was filled in. InputError, with its place, says what it refuses."""
        if isinstance(self.form, GroupForm):
            return self._said(lambda: self.form.shape_of([one.shape() for one in self.members]))  # type: ignore[attr-defined]
        if isinstance(self.form, PersonForm):
            return self._said(self.form.shape)
        around = self.around.shape() if self.around else None
        return self._said(lambda: self.form.shape(around))  # type: ignore[call-arg]

    def _said(self, made: Callable[[], Any]) -> Any:
        try:
            return made()
        except _PlacedError:
            raise
        except InputError as error:
            raise _PlacedError(f"{self.place}: {said_of(error)}" if self.place else said_of(error)) from None


class _PlacedError(InputError):
    """What a condition refuses, its place said."""


class NameForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the rule"), max_length=200)
    about = forms.CharField(
        label=gettext_lazy("What it is for"), widget=forms.Textarea(attrs={"rows": 1}), max_length=2000, required=False
    )


class PartForm:
    """The forms of one part, filled in as it is or, with `fields`, as given."""

    def __init__(self, given: Rule | Entry | Group, offered: Offered, fields: Fields | None = None) -> None:
        self.given = given
        self.fields = fields
        self._offered = offered
        self.title = None
        if isinstance(given, Rule):
            self.title = NameForm(fields, initial={"name": given.name, "about": given.about})
        root: Node = given.group if isinstance(given, Rule) else given.event if isinstance(given, Entry) else given
        self.root = self._branch(root, "", "", False)
        self._part: Any = None
        self._refusal = ""

    def _branch(self, node: Node, path: str, place: str, is_around: bool) -> Branch:
        def below(inner: Node, step: str, number: str, around: bool) -> Branch:
            return self._branch(
                inner, f"{path}.{step}" if path else step, f"{place}.{number}" if place else number, around
            )

        prefix = path or None
        if isinstance(node, Group):
            group = GroupForm(self.fields, prefix=prefix, initial=GroupForm.of(node))
            members = [below(one, str(n), str(n + 1), is_around) for n, one in enumerate(node.members)]
            return Branch(path, place, "group", group, members)
        if isinstance(node, Person):
            person = PersonForm(self.fields, prefix=prefix, initial=PersonForm.of(node), is_around=is_around)
            return Branch(path, place, "person", person)
        event = node.event if isinstance(node, Criterion) else node
        offered: dict[str, Any] = {
            "event": event,
            "sets": self._offered.sets,
            "sources": self._sources(event),
            "codes": self._offered.codes(event),
        }
        around = None
        if event.around is not None:
            # Conditions around an event are numbered after it, as those of a group are.
            around = self._branch(event.around, f"{path}.w" if path else "w", place, True)
        if isinstance(node, Criterion):
            initial = CriterionForm.of(node)
            form: ConditionForm = CriterionForm(
                self.fields, prefix=prefix, initial=initial, is_around=is_around, **offered
            )
            return Branch(path, place, "criterion", form, around=around)
        form = EntryForm(self.fields, prefix=prefix, initial=EntryForm.of(node), **offered)
        return Branch(path, place, "event", form, around=around)

    def _sources(self, event: Event) -> list[int]:
        asked = [event.concept_set] if event.source and event.concept_set is not None else []
        return [*self._offered.sources, *asked]

    def forms(self) -> list[forms.Form]:
        found: list[forms.Form] = [self.title] if self.title else []
        return [*found, *(branch.form for branch in self.root.walk())]

    def is_valid(self) -> bool:
        """Whether everything can be taken; `errors` says what cannot."""
        # Every form is asked, so that all that is wrong is said at once.
        if sum(not form.is_valid() for form in self.forms()):
            return False
        try:
            self._part = self._made()
        except InputError as error:
            self._refusal = said_of(error)
        return not self._refusal

    def part(self) -> Any:
        """The part as it was filled in, once `is_valid` said so."""
        return self._part

    @property
    def errors(self) -> list[str]:
        if self.fields is None:
            return []
        found = []
        for place, form in [("", self.title), *((branch.place, branch.form) for branch in self.root.walk())]:
            for bound in form or ():
                at = f"{place}: " if place else ""
                found += [f"{at}{bound.label}: {error}" for error in bound.errors]
        return [*found, *([self._refusal] if self._refusal else [])]

    def _made(self) -> Any:
        made = self.root.shape()
        if isinstance(self.given, Rule):
            assert self.title is not None
            given = self.title.cleaned_data
            return Rule(given["name"].strip(), made, given["about"].replace("\r\n", "\n"))
        return Entry(made) if isinstance(self.given, Entry) else made

    @property
    def places(self) -> list[tuple[str, str]]:
        """Where one more condition can go: the path of a group, with `+` for a new group in it; and that in words."""
        found: list[tuple[str, str]] = []
        for branch in self.root.walk():
            if branch.kind == "group":
                around = branch.path.endswith("w")
                if around:
                    there = _("around %(place)s") % {"place": branch.place} if branch.place else _("around this event")
                else:
                    there = _("in group %(place)s") % {"place": branch.place} if branch.place else _("beside these")
                found.append((branch.path, there))
            elif branch.kind in ("criterion", "event") and branch.around is None:
                path = f"{branch.path}.w" if branch.path else "w"
                name = event_words(branch.form.initial["domain"])
                there = (
                    _("around %(place)s, the %(event)s") % {"place": branch.place, "event": name}
                    if branch.place
                    else _("around this event")
                )
                found.append((path, there))
        if self.root.kind == "group":
            found.append(("+", _("in a new group, of which one is enough")))
        return found
