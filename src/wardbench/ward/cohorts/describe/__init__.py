"""A plan in sentences, as a methods section would have it, in English, Dutch and French."""

from __future__ import annotations

from wardbench.core.errors import InputError
from wardbench.core.omop.concept_sets import ConceptItem
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.describe import grammar
from wardbench.ward.cohorts.describe.dutch import Dutch
from wardbench.ward.cohorts.describe.english import English
from wardbench.ward.cohorts.describe.french import French
from wardbench.ward.cohorts.describe.grammar import Section
from wardbench.ward.cohorts.describe.language import Language
from wardbench.ward.cohorts.describe.names import Names, names_of
from wardbench.ward.cohorts.plan import CohortPlan

LANGUAGES = ("en", "nl", "fr")
_SPOKEN: dict[str, Language] = {spoken.code: spoken for spoken in (English(), Dutch(), French())}


def describe(plan: CohortPlan, names: Names | None = None, *, language: str = "en") -> list[str]:
    """`plan` in sentences, one a line, indented by two spaces for every level below the titles.

    InputError for a language that is none of `LANGUAGES`.
    """
    found = []
    for section in sections(plan, names, language=language):
        found += [section.title, *(f"  {line}" for line in section.lines)]
    return found


def sections(plan: CohortPlan, names: Names | None = None, *, language: str = "en") -> list[Section]:
    """As `describe`, part by part: entry events, each inclusion rule, the cohort, its concept sets, and notes."""
    return grammar.Description(plan, names or Names(), spoken(language)).sections()


def describe_definition(
    definition: Definition, plan: CohortPlan, snapshot: Snapshot | None = None, *, language: str = "en"
) -> list[str]:
    """`plan`, made of `definition`, in sentences.

    Concepts are called as the vocabulary of `snapshot` calls them, or where it does not as the definition does.
    InputError for a language that is none of `LANGUAGES`.
    """
    return describe(plan, names_of(definition, plan, snapshot), language=language)


def item_in_words(item: ConceptItem, names: Names, *, language: str = "en") -> str:
    """One line of a concept set, without saying whether it is excluded."""
    return grammar.item_in_words(item, names, spoken(language))


def spoken(language: str) -> Language:
    """The language of a code; InputError where there is none."""
    if language not in _SPOKEN:
        raise InputError(f"language: {language!r} is none of {', '.join(LANGUAGES)}.")
    return _SPOKEN[language]


__all__ = [
    "LANGUAGES",
    "Names",
    "Section",
    "describe",
    "describe_definition",
    "item_in_words",
    "names_of",
    "sections",
    "spoken",
]
