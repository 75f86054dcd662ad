"""The sentence of an error in the language of whoever reads it. Errors themselves speak English and know no Django."""

from __future__ import annotations

import re

from django.utils.translation import gettext

from wardbench.campus.people.roles import TITLES
from wardbench.campus.people.rules import ForbiddenError, Title, Verdict
from wardbench.core.errors import WardbenchError

PATH = re.compile(r"(PrimaryCriteria|InclusionRules|ConceptSets|AdditionalCriteria|CensoringCriteria|EndStrategy)\b")
"""How a fault begins that was found in the JSON of a definition: with the path to it."""


def reason(given: Verdict) -> str:
    """A verdict's reason."""
    values = {
        name: " / ".join(gettext(TITLES[role]) for role in value.roles) if isinstance(value, Title) else value
        for name, value in given.values.items()
    }
    return gettext(given.reason).format(**values)


def refusal(error: WardbenchError) -> str:
    """What is said of `error`. A fault in the JSON of a definition keeps its path, after a sentence."""
    if isinstance(error, ForbiddenError):
        return reason(error.verdict)
    if PATH.match(error.sentence):
        return gettext("The definition cannot be used as it is. {detail}").format(detail=str(error))
    said = gettext(error.sentence) if error.sentence else ""
    return said.format(**error.values) if error.values else said
