"""The forms of questions. Texts that could name a patient are refused here already, beside their field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.rules import Actor
from wardbench.campus.questions import concepts, services
from wardbench.campus.questions.identifiers import identifier_in
from wardbench.campus.questions.rules import SIDES, Side, may_raise
from wardbench.campus.questions.services import LONGEST_REASON, LONGEST_TEXT, LONGEST_TITLE, Topic

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

FOUND = 8


def without_identifiers(text: str) -> None:
    """A validator: nothing in `text` may look as if it named a patient."""
    if sentence := identifier_in(text):
        raise ValidationError(gettext(sentence))


def words(
    label: StrPromise, longest: int, help_text: StrPromise | str = "", *, rows: int = 0, required: bool = True
) -> forms.CharField:
    """A field for plain words; of several lines where `rows` says so."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=longest,
        required=required,
        widget=forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput(),
        validators=[without_identifiers],
    )


class QuestionForm(forms.Form):
    side = forms.ChoiceField(label=_("Where does it come from?"), widget=forms.RadioSelect)
    title = words(
        _("The question in one line"),
        LONGEST_TITLE,
        _("For example: patients with type 2 diabetes whose kidneys fail despite treatment: why?"),
    )
    text = words(
        _("What do you see, and what would it change to know?"),
        LONGEST_TEXT,
        _("Plain words. Describe patients in general, never one patient: no names, dates of birth or numbers."),
        rows=8,
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sides = [side for side in Side if may_raise(actor, side)]
        field = self.fields["side"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(side.value, _(SIDES[side])) for side in sides]
        # Whoever treats patients asks from the ward first.
        field.initial = sides[0].value if sides else None


class EditForm(forms.Form):
    title = words(_("The question in one line"), LONGEST_TITLE)
    text = words(_("What do you see, and what would it change to know?"), LONGEST_TEXT, rows=8)


class CommentForm(forms.Form):
    text = words(_("Your comment"), LONGEST_TEXT, _("No names, dates of birth or numbers of patients."), rows=4)


class AnswerForm(forms.Form):
    text = words(_("Answer"), LONGEST_TEXT, _("The finding first, then how sure it is."), rows=8)
    references = words(
        _("References"), LONGEST_TEXT, _("One a line: a publication, a study, a protocol."), rows=4, required=False
    )


class ReasonForm(forms.Form):
    why = words(_("Reason"), LONGEST_REASON, rows=3)


class PerhapsReasonForm(forms.Form):
    why = words(_("Remark"), LONGEST_REASON, rows=3, required=False)


class CohortForm(forms.Form):
    version = forms.ChoiceField(
        label=_("Cohort"),
        help_text=_("Its newest version. Those who may not see the cohort see the number of patients alone."),
        required=False,
    )

    count = forms.BooleanField(
        label=_("Ask how many patients the hospital has"),
        help_text=_("An estimate with noise, rounded, that everybody who reads the question sees. It costs one count."),
        required=False,
    )

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], may_count: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_count:
            del self.fields["count"]
        field = self.fields["version"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("No cohort")), *choices]


@dataclass(frozen=True)
class Choice:
    """One topic that can be ticked: `value` is `c:` and a concept's id, or `w:` and words."""

    value: str
    topic: Topic
    note: str = ""


@dataclass(frozen=True)
class Picker:
    """The topics that are ticked, what was looked for, and what was found for it."""

    chosen: Sequence[Choice]
    found: Sequence[Choice]
    text: str

    @property
    def topics(self) -> list[Topic]:
        return [choice.topic for choice in self.chosen]


def picker(data: QueryDict) -> Picker:
    """What a form says of topics. Ids that the store does not know are left out."""
    values = list(dict.fromkeys(data.getlist("topic")))[: services.MOST_TAGS + 1]
    chosen = chosen_topics(values)
    text = " ".join(data.get("find", "").replace("\x00", "").split())[:LONGEST_TITLE]
    found = [
        Choice(f"c:{one.id}", _topic(one), one.said or f"{one.vocabulary} {one.code}")
        for one in concepts.find_concepts(text, FOUND)
    ]
    names = {one.topic.name.lower() for one in (*chosen, *found)}
    if text and text.lower() not in names:
        found.append(Choice(f"w:{text}", Topic(text), gettext("in your own words")))
    ticked = {one.value for one in chosen}
    return Picker(chosen, [one for one in found if one.value not in ticked], text)


def chosen_topics(values: Sequence[str]) -> list[Choice]:
    ids = [int(value[2:]) for value in values if value.startswith("c:") and value[2:].isdecimal() and len(value) < 14]
    known = concepts.concepts_of(ids) if ids else {}
    chosen = []
    for value in values:
        if value.startswith("w:") and value[2:].strip():
            chosen.append(Choice(value, Topic(value[2:].strip())))
        elif value.startswith("c:") and value[2:].isdecimal() and (one := known.get(int(value[2:]))):
            chosen.append(Choice(value, _topic(one), f"{one.vocabulary} {one.code}"))
    return chosen


def _topic(one: concepts.Concept) -> Topic:
    return Topic(one.name, one.id, one.vocabulary, one.code)
