"""Conditions as SQL, and the joins that their fields need."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import cast

from sqlglot import exp

from wardbench.core.omop.concept_sets import MEMBERS, ConceptSet
from wardbench.ward.cohorts.conditions import (
    ABNORMAL_VALUES,
    LINKED_CONCEPTS,
    PERSON_CONCEPTS,
    RATIOS,
    ConceptIs,
    Condition,
    DateIs,
    IsAbnormal,
    NumberIs,
    Operator,
    TextIs,
)
from wardbench.ward.cohorts.dialect import (
    Dialect,
    both,
    column,
    day,
    either,
    is_known,
    number,
    select,
    table,
    text,
)
from wardbench.ward.cohorts.records import FAR_END

_COMPARISONS: dict[Operator, type[exp.Binary]] = {
    "lt": exp.LT,
    "lte": exp.LTE,
    "eq": exp.EQ,
    "ne": exp.NEQ,
    "gt": exp.GT,
    "gte": exp.GTE,
}
_LINKED_TABLES = {"visit_concept_id": "visit_occurrence", "specialty_concept_id": "provider"}
_ESCAPE = "!"
_LINKED_TABLES["place_of_service_concept_id"] = "care_site"


def member(value: exp.Expression, set_number: int) -> exp.Expression:
    """Whether `value` is in the concept set that was resolved under this number."""
    members = select(column("concept_id", "m")).from_(table(MEMBERS, "m"), copy=False)
    members = members.where(exp.EQ(this=column("set_id", "m"), expression=number(set_number)), copy=False)
    return exp.In(this=value, query=exp.Subquery(this=members))


@dataclass
class Fields:
    """Where the fields of one relation are found; `joins` collects the tables that were needed on the way.

    `row` is the relation's alias, `own` the columns of its table (none for a relation in the common columns).
    """

    dialect: Dialect
    row: str
    start: exp.Expression
    end: exp.Expression
    own: frozenset[str] = frozenset()
    joins: dict[str, exp.Expression] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)

    def __getitem__(self, name: str) -> exp.Expression:
        match name:
            case "start_date":
                return self.start.copy()
            case "end_date":
                return self.end.copy()
            case "days":
                return self.dialect.days_between(self.start.copy(), self.end.copy())
            case "age_at_start" | "age_at_end":
                year = self.dialect.year(self[name.replace("age_at_", "") + "_date"])
                return exp.Sub(this=year, expression=self._person("year_of_birth"))
        if name in RATIOS and name not in self.own:
            divisor = exp.Nullif(this=self._own(RATIOS[name]), expression=number(0))
            return exp.Div(this=self._own("value_as_number"), expression=divisor, typed=False, safe=False)
        if name in PERSON_CONCEPTS:
            return self._person(name)
        if name in LINKED_CONCEPTS and name not in self.own:
            return self._linked(name)
        return self._own(name)

    def _own(self, name: str) -> exp.Expression:
        self.columns.add(name)
        return column(name, self.row)

    def _person(self, name: str) -> exp.Expression:
        self.joins["person"] = exp.EQ(this=column("person_id", "person"), expression=column("person_id", self.row))
        return column(name, "person")

    def stay_of_care_site(self, region: exp.Expression) -> exp.Expression:
        """Whether the record's care site was, from the event's start to its end, where `region` holds of `place`."""
        on = exp.EQ(this=column("location_id", "place"), expression=column("location_id", "stay"))
        stays = select(number(1)).from_(table("location_history", "stay"), copy=False)
        stays = stays.join(table("location", "place"), on=on, copy=False)
        last = exp.Coalesce(this=column("end_date", "stay"), expressions=[day(FAR_END)])
        return exp.Exists(
            this=stays.where(
                exp.EQ(this=column("domain_id", "stay"), expression=text("CARE_SITE")),
                exp.EQ(this=column("entity_id", "stay"), expression=self._own("care_site_id")),
                exp.LTE(this=column("start_date", "stay"), expression=self["start_date"]),
                exp.GTE(this=last, expression=self["end_date"]),
                region,
                copy=False,
            )
        )

    def _linked(self, name: str) -> exp.Expression:
        key, other = LINKED_CONCEPTS[name], _LINKED_TABLES[name]
        on: exp.Expression = exp.EQ(this=column(key, other), expression=self._own(key))
        if other == "visit_occurrence":
            on = both(on, exp.EQ(this=column("person_id", other), expression=column("person_id", self.row)))
        self.joins[other] = on
        return column(name, other)


def satisfied(condition: Condition, fields: Fields, set_number: Callable[[ConceptSet], int]) -> exp.Expression:
    """`condition` as SQL that is TRUE exactly where it is satisfied, and never TRUE where a value is missing."""
    match condition:
        case NumberIs():
            bounds = [number(v) for v in (condition.value, condition.extent) if v is not None]
            return _compared(fields[condition.field], condition.operator, bounds)
        case DateIs():
            bounds = [day(v) for v in (condition.value, condition.extent) if v is not None]
            return _compared(fields[condition.field], condition.operator, bounds)
        case ConceptIs(field="place_of_service_region_concept_id"):
            region = _one_of(column("region_concept_id", "place"), condition, set_number)
            return fields.stay_of_care_site(region)
        case ConceptIs():
            return _one_of(fields[condition.field], condition, set_number)
        case TextIs():
            return _matching(fields[condition.field], condition)
        case IsAbnormal():
            value = fields["value_as_number"]
            high_or_low = [number(v) for v in ABNORMAL_VALUES]
            return either(
                exp.LT(this=value, expression=fields["range_low"]),
                exp.GT(this=value.copy(), expression=fields["range_high"]),
                exp.In(this=fields["value_as_concept_id"], expressions=high_or_low),
            )


def joined(query: exp.Select, joins: dict[str, exp.Expression]) -> exp.Select:
    for name, on in joins.items():
        query = query.join(table(name, name), on=on, join_type="LEFT", copy=False)
    return query


def _compared(value: exp.Expression, operator: Operator, bounds: list[exp.Expression]) -> exp.Expression:
    if operator in ("between", "not_between"):
        between = exp.Between(this=value, low=bounds[0], high=bounds[1])
        return between if operator == "between" else exp.Not(this=between)
    return cast(exp.Expression, _COMPARISONS[operator](this=value, expression=bounds[0]))


def _one_of(value: exp.Expression, condition: ConceptIs, set_number: Callable[[ConceptSet], int]) -> exp.Expression:
    if isinstance(condition.concepts, ConceptSet):
        found = member(value, set_number(condition.concepts))
    elif condition.concepts:
        found = exp.In(this=value, expressions=_numbers(condition.concepts))
    else:
        found = exp.false()
    if not condition.negated:
        return found
    # "not in" an empty set would be satisfied by a missing value too.
    return both(is_known(value.copy()), exp.Not(this=found))


def _numbers(values: Iterable[int]) -> list[exp.Expression]:
    return [number(value) for value in sorted(values)]


def _matching(value: exp.Expression, condition: TextIs) -> exp.Expression:
    wanted, length = text(condition.text), number(len(condition.text))
    match condition.match:
        case "contains":
            found: exp.Expression = exp.GT(this=exp.StrPosition(this=value, substr=wanted), expression=number(0))
        case "starts_with":
            found = exp.EQ(this=exp.Left(this=value, expression=length), expression=wanted)
        case "ends_with":
            found = exp.EQ(this=exp.Right(this=value, expression=length), expression=wanted)
        case "equals":
            found = exp.EQ(this=value, expression=wanted)
        case "like":
            # Some engines take the backslash for the escape character unless another one is named.
            pattern = text(condition.text.replace(_ESCAPE, _ESCAPE * 2))
            found = exp.Escape(this=exp.Like(this=value, expression=pattern), expression=text(_ESCAPE))
    return exp.Not(this=found) if condition.negated else found
