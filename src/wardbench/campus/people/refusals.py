"""The sentence of an error in the language of whoever reads it. Errors themselves speak English and know no Django."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from types import TracebackType

from django.forms import BaseForm
from django.utils.formats import date_format
from django.utils.translation import gettext

from wardbench.campus.people.roles import TITLES
from wardbench.campus.people.rules import ForbiddenError, Title, Verdict
from wardbench.core.errors import WardbenchError

PATH = re.compile(r"(PrimaryCriteria|InclusionRules|ConceptSets|AdditionalCriteria|CensoringCriteria|EndStrategy)\b")
"""How a fault begins that was found in the JSON of a definition: with the path to it."""


def reason(given: Verdict) -> str:
    """A verdict's reason."""
    return gettext(given.reason).format(**{name: _in_words(value) for name, value in given.values.items()})


def _in_words(value: object) -> object:
    if isinstance(value, Title):
        return " / ".join(gettext(TITLES[role]) for role in value.roles)
    return date_format(value, "j F Y") if isinstance(value, datetime.date) else value


def refusal(error: WardbenchError) -> str:
    """What is said of `error`. A fault in the JSON of a definition keeps its path, after a sentence."""
    if isinstance(error, ForbiddenError):
        return reason(error.verdict)
    if PATH.match(error.sentence):
        return gettext("The definition cannot be used as it is. {detail}").format(detail=str(error))
    said = _sentence(error)
    return gettext("%(field)s: %(fault)s") % {"field": error.about, "fault": said} if error.about else said


def _sentence(error: WardbenchError) -> str:
    said = gettext(error.sentence) if error.sentence else ""
    return said.format(**error.values) if error.values else said


def say_on(form: BaseForm, error: WardbenchError) -> None:
    """Say on a form why something was refused: at the field that it is about, whose name stands there already."""
    if error.about in form.fields:
        form.add_error(error.about, _sentence(error))
    else:
        form.add_error(None, refusal(error))


@dataclass(frozen=True)
class Told:
    """Whatever is refused inside is said on the form, and what follows goes on with it."""

    form: BaseForm

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        if not isinstance(error, WardbenchError):
            return False
        say_on(self.form, error)
        return True


def told_in(form: BaseForm) -> Told:
    """For views: do what a valid form asks inside, and answer; a refusal leads past it, to the form that says why."""
    return Told(form)
