"""Concept sets: unused, without a concept, twice, of another domain, or of concepts that records no longer have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.ward.cohorts.checks.finding import Checked, Finding
from wardbench.ward.cohorts.checks.values import describes_nothing
from wardbench.ward.cohorts.definition.criteria import CRITERIA, Criteria
from wardbench.ward.cohorts.definition.expression import CustomEra
from wardbench.ward.cohorts.definition.reading import printable
from wardbench.ward.cohorts.definition.shapes import Concept, Item, NamedConceptSet
from wardbench.ward.cohorts.paths import keys, parts

DOMAINS: Mapping[str, str] = {
    "condition_occurrence": "Condition",
    "condition_era": "Condition",
    "drug_exposure": "Drug",
    "drug_era": "Drug",
    "dose_era": "Drug",
    "procedure_occurrence": "Procedure",
    "device_exposure": "Device",
    "measurement": "Measurement",
    "specimen": "Specimen",
    "visit_occurrence": "Visit",
    "visit_detail": "Visit",
}
"""The domain whose concepts the records of a table have; of tables that take concepts of any domain there is none."""

NEEDS_CONCEPTS = frozenset({*DOMAINS, "observation"}) - {"visit_occurrence", "visit_detail", "specimen"}


@dataclass(frozen=True)
class Use:
    """A place that refers to a concept set: its path, the set's id, and the table whose concept or source concept has
    to be in it (`is_source`; None where either will do); without a table an attribute."""

    path: str
    id: int
    table: str | None = None
    is_source: bool | None = False


def uses(checked: Checked) -> tuple[Use, ...]:
    """Every place of a definition that refers to a concept set."""
    found: list[Use] = []
    roles: dict[str, tuple[str, bool | None]] = {}
    for path, part in parts(checked.definition.expression):
        if isinstance(part, Criteria):
            table, criterion = part.only
            below = f"{path}.{type(criterion).__name__}"
            key = keys(type(criterion))
            for attribute, is_source in ((CRITERIA[table].concepts, False), (CRITERIA[table].source_concepts, True)):
                if attribute is not None:
                    roles[f"{below}.{key[attribute]}"] = (table, is_source)
        elif isinstance(part, CustomEra):
            roles[f"{path}.DrugCodesetId"] = ("drug_exposure", None)
        elif isinstance(part, int) and path.endswith(("CodesetId", "Concept")):
            table_and_side = roles.get(path, (None, False))
            found.append(Use(path, part, *table_and_side))
    return tuple(found)


def findings(checked: Checked) -> Iterator[Finding]:
    used: dict[int, list[Use]] = {}
    for use in uses(checked):
        used.setdefault(use.id, []).append(use)
    seen: dict[ConceptSet, int] = {}
    for number, named in enumerate(checked.definition.expression.concept_sets or ()):
        path = f"ConceptSets[{number}]"
        name = _name(named)
        concepts = checked.definition.concept_sets[named.id]
        if named.id not in used:
            yield Finding("warning", "unused", path, f"No criterion uses the concept set {name}.")
            continue
        if all(item.is_excluded for item in named.expression.items):
            what = "has no items" if not named.expression.items else "only excludes concepts"
            yield Finding("critical", "empty", path, f"The concept set {name} {what}, so nothing is ever in it.")
        elif concepts in seen:
            other = f"ConceptSets[{seen[concepts]}]"
            yield Finding("information", "duplicate", path, f"The concept set {name} is the same as {other}.")
        seen.setdefault(concepts, number)
        yield from _both_ways(path, name, named)
        yield from _domain(path, name, named, used[named.id])
        if not checked.members:
            yield from _outdated(path, name, named, used[named.id])
    yield from _without_concepts(checked)


def _name(named: NamedConceptSet) -> str:
    return f"“{printable(named.name or '') or f'concept set {named.id}'}”"


def _both_ways(path: str, name: str, named: NamedConceptSet) -> Iterator[Finding]:
    included = {i.concept.concept_id: i for i in named.expression.items if not i.is_excluded}
    for number, item in enumerate(named.expression.items):
        other = included.get(item.concept.concept_id)
        if item.is_excluded and other is not None and (item.include_descendants or not other.include_descendants):
            sentence = f"{name} includes the concept {concept(item.concept)} and excludes it again."
            yield Finding("warning", "both-ways", f"{path}.expression.items[{number}]", sentence)


def _domain(path: str, name: str, named: NamedConceptSet, used: list[Use]) -> Iterator[Finding]:
    domains = {str(i.concept.domain_id) for i in named.expression.items if not i.is_excluded and i.concept.domain_id}
    if len(domains) == 0 or any(not i.concept.domain_id for i in included_items(named)):
        return
    for use in used:
        expected = None if use.table is None or use.is_source else DOMAINS.get(use.table)
        if expected is not None and not any(is_of_domain(domain, expected) for domain in domains):
            what = ", ".join(sorted(domains))
            sentence = f"{name} has concepts of the domain {what} only, and the criterion is of the domain {expected}."
            yield Finding("warning", "domain", use.path, sentence)


def _outdated(path: str, name: str, named: NamedConceptSet, used: list[Use]) -> Iterator[Finding]:
    """What the definition itself says of its concepts; a vocabulary knows better."""
    if any(use.is_source is not False or use.table is None for use in used):
        return
    given = [item.concept for item in included_items(named) if not item.include_mapped]
    invalid = [one for one in given if one.invalid_reason in ("D", "U")]
    other = [one for one in given if one.standard_concept == "N" and one not in invalid]
    for check, some, what in (("invalid", invalid, "no longer valid"), ("non-standard", other, "not standard")):
        if some:
            shown = "; ".join(concept(one) for one in some[:3]) + ("; ..." if len(some) > 3 else "")
            sentence = f"{name} includes concepts that were {what} when the definition was written: {shown}."
            yield Finding("information", check, path, sentence)


def included_items(named: NamedConceptSet) -> list[Item]:
    return [item for item in named.expression.items if not item.is_excluded]


def is_of_domain(domain: str, expected: str) -> bool:
    """Whether a domain is the expected one, or one of the combined ones that hold it, such as `Meas/Procedure`."""
    return any(part and expected.startswith(part.strip()[:4]) for part in domain.split("/"))


def _without_concepts(checked: Checked) -> Iterator[Finding]:
    for path, part in parts(checked.definition.expression):
        if isinstance(part, Criteria):
            table, criterion = part.only
            if table in NEEDS_CONCEPTS and describes_nothing(criterion):
                sentence = f"Without a concept set or any attribute, every record of {table} counts."
                yield Finding("warning", "no-concepts", f"{path}.{type(criterion).__name__}", sentence)


def concept(given: Concept) -> str:
    """A concept as sentences name it."""
    name = printable(given.concept_name or "")
    return f"{given.concept_id} ({name})" if name else str(given.concept_id)
