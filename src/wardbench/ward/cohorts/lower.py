"""From a definition to its plan: every rule of Circe's that decides who is in a cohort is applied here, once.

The plan says everything that the definition means, so that what reads plans needs to know nothing of Circe.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from wardbench.core.errors import InputError, UnsupportedError
from wardbench.core.omop.concept_sets import ConceptSet
from wardbench.core.omop.tables import TABLES
from wardbench.ward.cohorts.conditions import (
    RATIOS,
    ConceptIs,
    Condition,
    DateIs,
    IsAbnormal,
    NumberIs,
    Operator,
    TextIs,
)
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.definition.criteria import (
    CRITERIA,
    CorrelatedCriteria,
    Criteria,
    Criterion,
    DemographicCriteria,
    Group,
)
from wardbench.ward.cohorts.definition.expression import EndStrategy
from wardbench.ward.cohorts.definition.shapes import (
    ConceptSetSelection,
    DateAdjustment,
    DateRange,
    NumericRange,
    Occurrence,
    TextFilter,
    WindowEdge,
    circe_key,
)
from wardbench.ward.cohorts.definition.shapes import Window as WindowShape
from wardbench.ward.cohorts.plan import (
    Clip,
    CohortPlan,
    Collapse,
    Dates,
    Day,
    EarliestEnd,
    Edge,
    EndAtEvent,
    EndAtOffset,
    EndOfEra,
    EndOfObservation,
    Events,
    InObservation,
    Near,
    Number,
    Occurs,
    Pick,
    Relation,
    Satisfying,
    Union,
    Where,
    Window,
)
from wardbench.ward.cohorts.records import BEYOND_CDM, type_of

LARGEST_OFFSET = 200_000
"""Days from any day of this era to a day that is still a date everywhere; further offsets mean no bound at all."""


def lower(definition: Definition, *, extensions: Collection[str] = ()) -> CohortPlan:
    """The plan of `definition`.

    InputError or UnsupportedError names the path of what the definition says that has no meaning, such as a concept
    set that it does not list, or something that CDM 5.4 has not and none of `extensions` (`records.EXTENSIONS`) is.
    """
    try:
        sets, repeated = definition.concept_sets, definition.repeated_concept_sets
        plan = _Lowering(sets, repeated, extensions).cohort(definition)
        plan.digest  # noqa: B018  (it is computed from the leaves up, so that a plan too deep for it is found here)
    except RecursionError:
        raise InputError("the expression is nested too deeply.") from None
    return plan


@dataclass(frozen=True)
class _Lowering:
    concept_sets: Mapping[int, ConceptSet]
    repeated: Mapping[int, int]
    extensions: Collection[str]

    def cohort(self, definition: Definition) -> CohortPlan:
        expression = definition.expression
        primary = expression.primary_criteria
        criteria = [self.events(c, f"PrimaryCriteria.CriteriaList[{n}]") for n, c in enumerate(primary.criteria_list)]
        observed = InObservation(
            _union(criteria),
            _clamped(primary.observation_window.prior_days),
            _clamped(primary.observation_window.post_days),
        )
        limit = primary.primary_criteria_limit.which
        entry: Relation = Number(observed, latest_first=limit == "last")
        if limit != "all":
            entry = Pick(entry, "numbered")
        if expression.additional_criteria is not None:
            entry = self.group(expression.additional_criteria, entry, "AdditionalCriteria")
            entry = _limited(entry, expression.qualified_limit.which)
        rules = tuple(
            self.group(rule.expression, entry, f"InclusionRules[{n}].expression")
            for n, rule in enumerate(expression.inclusion_rules or ())
        )
        included: Relation = Satisfying(entry, rules, len(rules)) if rules else entry
        included = _limited(included, expression.expression_limit.which)
        ends = self.ends(included, expression.end_strategy)
        for n, censor in enumerate(expression.censoring_criteria or ()):
            ends.append(EndAtEvent(included, self.events(censor, f"CensoringCriteria[{n}]")))
        pad = _clamped(expression.collapse_settings.era_pad) if expression.collapse_settings else 0
        cohort: Relation = Collapse(EarliestEnd(included, tuple(ends)), pad)
        window = expression.censor_window
        if window is not None and (window.start_date or window.end_date):
            cohort = Clip(cohort, window.start_date, window.end_date)
        return CohortPlan(entry, rules, cohort)

    def ends(self, included: Relation, strategy: EndStrategy | None) -> list[Relation]:
        if strategy is not None and (offset := strategy.date_offset) is not None:
            day: Day = "start" if offset.date_field == "StartDate" else "end"
            return [EndAtOffset(included, day, _clamped(offset.offset))]
        ends: list[Relation] = [EndOfObservation(included)]
        if strategy is not None and (era := strategy.custom_era) is not None:
            drugs = self.concept_set(era.drug_codeset_id, "EndStrategy.CustomEra.DrugCodesetId")
            supply = None if era.days_supply_override is None else _clamped(era.days_supply_override)
            ends.append(EndOfEra(included, drugs, _clamped(era.gap_days), _clamped(era.offset), supply))
        return ends

    def events(self, criteria: Criteria, path: str) -> Relation:
        """The events of one criterion, with what is asked of other events around each of them."""
        table, criterion = criteria.only
        path = f"{path}.{type(criterion).__name__}"
        kind = CRITERIA[table]
        if table not in TABLES:
            self.check_cdm(table, path)
        period = getattr(criterion, "user_defined_period", None)
        where = self.conditions(criterion, table, kind.fields, path)
        for side in ("start_date", "end_date"):
            if period is not None and (day := getattr(period, side)) is not None:
                where += (DateIs("start_date", "lte", day), DateIs("end_date", "gte", day))
        events: Relation = Events(
            table,
            concepts=self.chosen(criterion, kind.concepts, path),
            source_concepts=self.chosen(criterion, kind.source_concepts, path),
            first=bool(criterion.first),
            # Circe's SQL for specimens has no place for an adjustment.
            dates=None if table == "specimen" else _dates(criterion.date_adjustment),
            where=where,
            fixed_start=period.start_date if period else None,
            fixed_end=period.end_date if period else None,
        )
        copies = self.copies(criterion, kind.concepts) * self.copies(criterion, kind.source_concepts)
        copies = 1 if table in _LOOKED_UP else copies
        if copies > 1 and not criterion.first:
            events = Union((events,) * copies)
        group = criterion.correlated_criteria
        if group is not None and group.parts:
            around = self.group(group, InObservation(events), f"{path}.CorrelatedCriteria")
            events = Satisfying(events, (around,), 1)
        return events

    def check_cdm(self, there: str, path: str) -> None:
        if there not in self.extensions:
            raise UnsupportedError(f"{path}: CDM 5.4 has no {there}.")

    def copies(self, criterion: Criterion, attribute: str | None) -> int:
        """How often Circe finds each event: once for each time that the definition lists its concept set."""
        id = getattr(criterion, attribute) if attribute else None
        return 1 if id is None else self.repeated.get(id, 1)

    def chosen(self, criterion: Criterion, attribute: str | None, path: str) -> ConceptSet | None:
        if attribute is None or (id := getattr(criterion, attribute)) is None:
            return None
        return self.concept_set(id, f"{path}.{circe_key(attribute)}")

    def concept_set(self, id: int, path: str) -> ConceptSet:
        if id not in self.concept_sets:
            raise InputError(f"{path}: no concept set of this definition has the id {id}.")
        return self.concept_sets[id]

    def conditions(
        self, shape: Criterion | DemographicCriteria, table: str, fields: Mapping[str, str], path: str
    ) -> tuple[Condition, ...]:
        found: list[Condition] = []
        for attribute, name in fields.items():
            for asked in (attribute, f"{attribute}_cs"):
                value = getattr(shape, asked, None)
                if value is not None and value != () and value != []:
                    if name in BEYOND_CDM.get(table, ()):
                        self.check_cdm(f"{table}.{name}", f"{path}.{circe_key(asked)}")
                    if name == "place_of_service_region_concept_id":
                        self.check_cdm("location_history", f"{path}.{circe_key(asked)}")
                    negated = bool(getattr(shape, f"{attribute}_exclude", False))
                    found.append(self.condition(name, value, negated, table, f"{path}.{circe_key(asked)}"))
        if getattr(shape, "abnormal", False):
            found.append(IsAbnormal())
        return tuple(found)

    def condition(self, name: str, value: Any, negated: bool, table: str, path: str) -> Condition:
        match value:
            case DateRange():
                return DateIs(name, _operator(value.op), value.value, _extent(value))
            case NumericRange():
                bounds = [_number(v, table, name, path) for v in (value.value, _extent(value)) if v is not None]
                return NumberIs(name, _operator(value.op), *bounds)
            case TextFilter():
                return _text_is(name, value)
            case ConceptSetSelection():
                concepts = self.concept_set(value.codeset_id, f"{path}.CodesetId")
                return ConceptIs(name, concepts, bool(value.is_exclusion))
            case int():
                return ConceptIs(name, self.concept_set(value, path))
        return ConceptIs(name, frozenset(concept.concept_id for concept in value), negated)

    def group(self, group: Group, index: Relation, path: str) -> Relation:
        """The rows of `index` around which what the group asks for is so."""
        tests: list[Relation] = [
            self.near(criteria, index, f"{path}.CriteriaList[{n}]")
            for n, criteria in enumerate(group.criteria_list or ())
        ]
        for n, demographic in enumerate(group.demographic_criteria_list or ()):
            conditions = self.conditions(demographic, "", _DEMOGRAPHIC, f"{path}.DemographicCriteriaList[{n}]")
            tests.append(Where(index, conditions))
        tests.extend(self.group(g, index, f"{path}.Groups[{n}]") for n, g in enumerate(group.groups or ()))
        if not tests:
            return index
        match group.type.upper():
            case "ALL":
                return Satisfying(index, tuple(tests), len(tests))
            case "ANY":
                return Satisfying(index, tuple(tests), 1)
            case "AT_LEAST":
                return Satisfying(index, tuple(tests), group.count or 0)
        return Satisfying(index, tuple(tests), 0, group.count)

    def near(self, criteria: CorrelatedCriteria, index: Relation, path: str) -> Relation:
        in_period = not criteria.ignore_observation_period
        windows = [_window(criteria.start_window, in_period, event_end=bool(criteria.start_window.use_event_end))]
        if (end := criteria.end_window) is not None:
            windows.append(_window(end, in_period, event_end=end.use_event_end is not False))
        return Near(
            index,
            self.events(criteria.criteria, f"{path}.Criteria"),
            tuple(window for window in windows if window.earliest is not None or window.latest is not None),
            _occurs(criteria.occurrence, criteria.criteria),
            in_period=in_period,
            same_visit=bool(criteria.restrict_visit),
        )


_LOOKED_UP = frozenset({"condition_era", "drug_era", "dose_era", "specimen"})
"""Tables whose concepts Circe looks up in its concept sets; those of others it joins with them."""
_DEMOGRAPHIC = {
    "age": "age_at_start",
    "gender": "gender_concept_id",
    "race": "race_concept_id",
    "ethnicity": "ethnicity_concept_id",
    "occurrence_start_date": "start_date",
    "occurrence_end_date": "end_date",
}
_OPERATORS: Mapping[str, Operator] = {"!eq": "ne", "bt": "between", "!bt": "not_between"}
_MATCHES: Mapping[str, Any] = {"contains": "contains", "startsWith": "starts_with", "endsWith": "ends_with"}
_COUNTED: Mapping[str, Any] = {
    "DOMAIN_CONCEPT": "concept_id",
    "START_DATE": "start_date",
    "END_DATE": "end_date",
    "VISIT_ID": "visit_occurrence_id",
}


def _union(relations: Sequence[Relation]) -> Relation:
    return relations[0] if len(relations) == 1 else Union(tuple(relations))


def _limited(relation: Relation, limit: str) -> Relation:
    if limit == "all":
        return relation
    return Pick(relation, "earliest" if limit == "first" else "latest")


def _dates(adjustment: DateAdjustment | None) -> Dates | None:
    if adjustment is None:
        return None
    days: dict[str, Day] = {"START_DATE": "start", "END_DATE": "end"}
    return Dates(
        days[adjustment.start_with],
        _clamped(adjustment.start_offset),
        days[adjustment.end_with],
        _clamped(adjustment.end_offset),
    )


def _window(window: WindowShape, in_period: bool, *, event_end: bool) -> Window:
    return Window(
        index="end" if window.use_index_end else "start",
        event="end" if event_end else "start",
        earliest=_bound(window.start, in_period),
        latest=_bound(window.end, in_period),
    )


def _bound(edge: WindowEdge, in_period: bool) -> int | Edge | None:
    if edge.days is not None:
        return _clamped(edge.coeff * edge.days)
    if not in_period:
        return None
    return Edge.PERIOD_START if edge.coeff == -1 else Edge.PERIOD_END


def _occurs(occurrence: Occurrence, counted: Criteria) -> Occurs:
    distinct = None
    if occurrence.is_distinct:
        distinct = _COUNTED[occurrence.count_column or "DOMAIN_CONCEPT"]
        if counted.death is not None and distinct == "concept_id":
            # Circe counts an unknown cause as one more concept. A person dies once, so that the day counts the same.
            distinct = "start_date"
    count = occurrence.count
    match occurrence.type:
        case 0:
            return Occurs(count, count, distinct)
        case 1:
            return Occurs(0, count, distinct)
    return Occurs(count, None, distinct)


def _text_is(name: str, filter: TextFilter) -> TextIs:
    """As Circe's SQL asks for it: LIKE, with what is no text spelt out, and backslashes before a quote left out."""
    text = re.sub(r"\\*'", "'", "null" if filter.text is None else filter.text)
    where, negated = filter.op.lstrip("!"), filter.op.startswith("!")
    if text and not set(text) & set("%_"):
        return TextIs(name, _MATCHES[where], text, negated)
    before, after = ("" if where == "startsWith" else "%"), ("" if where == "endsWith" else "%")
    return TextIs(name, "like", f"{before}{text}{after}", negated)


def _operator(operator: str) -> Operator:
    return _OPERATORS.get(operator, operator)  # type: ignore[arg-type]


def _extent(value: Any) -> Any:
    return value.extent if value.op.endswith("bt") else None


def _number(value: int | float, table: str, name: str, path: str) -> int | float:
    """A bound as Circe compares it: to four decimals where the field has any, else whole."""
    if name in RATIOS or type_of(table, name) == "float":
        return float(Decimal(repr(value)).quantize(Decimal("0.0001"), ROUND_HALF_UP))
    if value != int(value):
        raise UnsupportedError(f"{path}: {value} is not a whole number, and the field has no decimals.")
    return int(value)


def _clamped(days: int) -> int:
    return max(-LARGEST_OFFSET, min(LARGEST_OFFSET, days))
