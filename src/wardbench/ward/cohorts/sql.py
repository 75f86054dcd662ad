"""From a plan to SQL: one SELECT for each node, over named relations for the nodes below it.

The SQL is built, never written as text or translated from another engine's. It keeps to the subset that DuckDB,
PostgreSQL and Spark agree on; `dialect` holds the rest. Every SELECT gives the columns of `plan.COLUMNS` in their
order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatchmethod

from sqlglot import exp

from wardbench.core.omop.concept_sets import MEMBERS, ConceptSet
from wardbench.ward.cohorts.dialect import (
    DUCKDB,
    Dialect,
    ascending,
    both,
    column,
    count_rows,
    day,
    derived,
    descending,
    either,
    is_known,
    missing,
    named,
    number,
    ordinal,
    select,
    table,
    union_all,
    window,
)
from wardbench.ward.cohorts.plan import (
    COLUMNS,
    Clip,
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
    Pick,
    Relation,
    Satisfying,
    Union,
    Where,
    Window,
)
from wardbench.ward.cohorts.records import RECORD_TABLES, End, RecordTable
from wardbench.ward.cohorts.sql_conditions import Fields, joined, member, satisfied

KEY = ("person_id", "event_id")
TIES = ("start_date", "end_date", "visit_occurrence_id", "concept_id", "op_start", "op_end")


def has_unique_keys(relation: Relation) -> bool:
    """Whether no two rows can share a key, whatever the data."""
    match relation:
        case Number() | Pick() | Collapse():
            return True
        case Near():
            return has_unique_keys(relation.index)
        case Events() | Union() | InObservation() | EndOfEra():
            return False
    return has_unique_keys(relation.children[0])


class Selects:
    """Writes the SELECT of a node; `name_of` names the relation that holds the rows of a node below it.

    `set_number` gives the number under which a concept set was resolved.
    """

    def __init__(
        self,
        name_of: Callable[[Relation], str],
        set_number: Callable[[ConceptSet], int],
        dialect: Dialect = DUCKDB,
    ) -> None:
        self._name_of = name_of
        self._set_number = set_number
        self._dialect = dialect

    def _from(self, columns: list[exp.Expression], relation: Relation, alias: str) -> exp.Select:
        return select(*columns).from_(table(self._name_of(relation), alias), copy=False)

    @singledispatchmethod
    def of(self, node: Relation) -> exp.Query:
        """The rows of `node`."""
        raise AssertionError(f"no SQL for {type(node).__name__}")

    @of.register
    def _events(self, node: Events) -> exp.Query:
        spec = RECORD_TABLES[node.table]
        start, end = self._day(spec, "start", node.dates), self._day(spec, "end", node.dates)
        fields = Fields(self._dialect, "r", start, end, spec.column_names)
        wanted = [satisfied(condition, fields, self._set_number) for condition in node.where]
        if node.dates is not None:
            wanted.insert(0, exp.GTE(this=end.copy(), expression=start.copy()))
        query = self._event(node, spec, start, end)
        chosen = [
            member(column(name, "r"), self._set_number(concepts))
            for name, concepts in ((spec.concept, node.concepts), (spec.source_concept, node.source_concepts))
            if concepts is not None and name is not None
        ]
        if not node.first:
            query = joined(query.from_(table(node.table, "r"), copy=False), fields.joins)
            return query.where(*chosen, *wanted, copy=False) if chosen or wanted else query
        names = {"person_id", spec.event_id, spec.start_date, *fields.columns}
        names |= {name for name in (spec.end_date, spec.concept, spec.visit) if name is not None}
        names |= {"days_supply"} if "days_supply" in spec.ends else set()
        order = [ascending(column(name, "r")) for name in (spec.start_date, spec.event_id)]
        ranked = select(
            *(column(name, "r") for name in sorted(names)),
            named(ordinal([column("person_id", "r")], list(order)), "ordinal"),
        ).from_(table(node.table, "r"), copy=False)
        ranked = ranked.where(*chosen, copy=False) if chosen else ranked
        query = joined(query.from_(derived(ranked, "r"), copy=False), fields.joins)
        return query.where(exp.EQ(this=column("ordinal", "r"), expression=number(1)), *wanted, copy=False)

    def _event(self, node: Events, spec: RecordTable, start: exp.Expression, end: exp.Expression) -> exp.Select:
        """The common columns of a record (aliased r)."""
        return select(
            named(column("person_id", "r"), "person_id"),
            named(column(spec.event_id, "r"), "event_id"),
            named(day(node.fixed_start) if node.fixed_start else start, "start_date"),
            named(day(node.fixed_end) if node.fixed_end else end, "end_date"),
            named(start.copy(), "sort_date"),
            named(column(spec.concept, "r") if spec.concept else missing("int"), "concept_id"),
            named(column(spec.visit, "r") if spec.visit else missing("bigint"), "visit_occurrence_id"),
            named(missing("date"), "op_start"),
            named(missing("date"), "op_end"),
        )

    def _day(self, spec: RecordTable, which: Day, dates: Dates | None = None) -> exp.Expression:
        """The start or end of an event of that table (aliased r), moved as `dates` says."""
        side, days = which, 0
        if dates is not None:
            side = dates.start_from if which == "start" else dates.end_from
            days = dates.start_days if which == "start" else dates.end_days
        start = column(spec.start_date, "r")
        if side == "start":
            return self._dialect.add_days(start, days)
        ends: dict[End, exp.Expression] = {
            "end": column(spec.end_date or "", "r"),
            "days_supply": self._dialect.add_days(start, column("days_supply", "r")),
            "next_day": self._dialect.add_days(start, 1),
        }
        known = [ends[end].copy() for end in spec.ends]
        end = known[0] if len(known) == 1 else exp.Coalesce(this=known[0], expressions=known[1:])
        return self._dialect.add_days(end, days)

    @of.register
    def _union(self, node: Union) -> exp.Query:
        scans: dict[str, list[ConceptSet]] = {}
        others: list[Relation] = []
        for source in node.sources:
            match source:
                case Events(table=name, concepts=ConceptSet() as concepts) if source == Events(
                    name, concepts
                ) and concepts not in scans.get(name, []):
                    scans.setdefault(name, []).append(concepts)
                case _:
                    others.append(source)
        selects = [self._from(_columns("u"), source, "u") for source in others]
        return union_all([*selects, *(self._scan(table, sets) for table, sets in scans.items())])

    def _scan(self, name: str, sets: list[ConceptSet]) -> exp.Select:
        """The events of several concept sets in one reading of their table: a row once for each set that it is in."""
        spec = RECORD_TABLES[name]
        numbers = [number(self._set_number(concepts)) for concepts in sets]
        assert spec.concept is not None
        on = both(
            exp.EQ(this=column("concept_id", "m"), expression=column(spec.concept, "r")),
            exp.In(this=column("set_id", "m"), expressions=numbers),
        )
        query = self._event(Events(name, sets[0]), spec, self._day(spec, "start"), self._day(spec, "end"))
        return query.from_(table(name, "r"), copy=False).join(table(MEMBERS, "m"), on=on, copy=False)

    @of.register
    def _in_observation(self, node: InObservation) -> exp.Query:
        first, last = column("observation_period_start_date", "op"), column("observation_period_end_date", "op")
        start = column("start_date", "e")
        on = both(
            exp.EQ(this=column("person_id", "op"), expression=column("person_id", "e")),
            exp.GTE(this=start, expression=self._dialect.add_days(first, node.days_before)),
            exp.LTE(this=self._dialect.add_days(start.copy(), node.days_after), expression=last),
        )
        columns = _columns("e", op_start=first.copy(), op_end=last.copy())
        return self._from(columns, node.source, "e").join(table("observation_period", "op"), on=on, copy=False)

    @of.register
    def _number(self, node: Number) -> exp.Query:
        by_day = (descending if node.latest_first else ascending)(column("sort_date", "e"))
        order = [by_day, ascending(column("event_id", "e")), *_ties("e")]
        numbered = ordinal([column("person_id", "e")], order)
        return self._from(_columns("e", event_id=numbered), node.source, "e")

    @of.register
    def _pick(self, node: Pick) -> exp.Query:
        if node.which == "numbered" and isinstance(node.source, Number):
            first = exp.EQ(this=column("event_id", "e"), expression=number(1))
            return self._from(_columns("e"), node.source, "e").where(first, copy=False)
        by_day = {"earliest": [ascending(column("start_date", "e"))], "latest": [descending(column("start_date", "e"))]}
        ties = [] if has_unique_keys(node.source) else _ties("e")
        order = [*by_day.get(node.which, []), ascending(column("event_id", "e")), *ties]
        ranked = self._from(
            [*_columns("e"), named(ordinal([column("person_id", "e")], order), "ordinal")], node.source, "e"
        )
        chosen = select(*_columns("p")).from_(derived(ranked, "p"), copy=False)
        return chosen.where(exp.EQ(this=column("ordinal", "p"), expression=number(1)), copy=False)

    @of.register
    def _where(self, node: Where) -> exp.Query:
        fields = Fields(self._dialect, "e", column("start_date", "e"), column("end_date", "e"))
        wanted = [satisfied(condition, fields, self._set_number) for condition in node.conditions]
        query = joined(self._from(_columns("e"), node.source, "e"), fields.joins)
        return query.where(*wanted, copy=False) if wanted else query

    @of.register
    def _near(self, node: Near) -> exp.Query:
        query = self._from(_columns("i"), node.index, "i")
        low, high = node.occurs.at_least, node.occurs.at_most
        if high is not None and high < low:
            return query.where(exp.false(), copy=False)
        if low == 0 and high is None:
            return query
        if (low, high) in ((1, None), (0, 0)) and has_unique_keys(node.index):
            pair = _matched_pair(node, self._dialect)
            if node.occurs.distinct is not None:
                pair.append(is_known(column(node.occurs.distinct, "e")))
            found: exp.Expression = exp.Exists(this=self._from([number(1)], node.events, "e").where(*pair, copy=False))
        else:
            found = _has_key("i", derived(self._counted(node, max(low, 1) if low else (high or 0) + 1), "k"))
        return query.where(exp.Not(this=found) if low == 0 else found, copy=False)

    def _counted(self, node: Near, low: int) -> exp.Select:
        """The keys around which at least `low` events occur, and where a lower bound was asked no more than allowed."""
        distinct, high = node.occurs.distinct, node.occurs.at_most
        counted = exp.Count(
            this=exp.Distinct(expressions=[column(distinct, "e")]) if distinct else column("event_id", "e")
        )
        keys = self._from([column(name, "i") for name in KEY], node.index, "i")
        keys = keys.join(
            table(self._name_of(node.events), "e"), on=both(*_matched_pair(node, self._dialect)), copy=False
        )
        keys = keys.group_by(*(column(name, "i") for name in KEY), copy=False)
        enough: exp.Expression = exp.GTE(this=counted, expression=number(low))
        if node.occurs.at_least and high is not None:
            enough = both(enough, exp.LTE(this=counted.copy(), expression=number(high)))
        return keys.having(enough, copy=False)

    @of.register
    def _satisfying(self, node: Satisfying) -> exp.Query:
        query = self._from(_columns("s"), node.source, "s")
        tests, low, high = node.tests, node.at_least, node.at_most
        if high is not None and high < low:
            return query.where(exp.false(), copy=False)
        if low == 0 and (high is None or high >= len(tests)):
            return query
        if low == len(tests):
            return query.where(*(_has_key("s", table(self._name_of(t), "k")) for t in tests), copy=False)
        keys = union_all([self._from([column(n, "t") for n in KEY], test, "t").distinct(copy=False) for test in tests])
        counted = select(*(column(n, "t") for n in KEY)).from_(derived(keys, "t"), copy=False)
        counted = counted.group_by(*(column(n, "t") for n in KEY), copy=False)
        if low == 0:
            counted = counted.having(exp.GT(this=count_rows(), expression=number(high or 0)), copy=False)
            return query.where(exp.Not(this=_has_key("s", derived(counted, "k"))), copy=False)
        if low > 1:
            counted = counted.having(exp.GTE(this=count_rows(), expression=number(low)), copy=False)
        if high is not None and high < len(tests):
            counted = counted.having(exp.LTE(this=count_rows(), expression=number(high)), copy=False)
        return query.where(_has_key("s", derived(counted, "k")), copy=False)

    @of.register
    def _end_of_observation(self, node: EndOfObservation) -> exp.Query:
        return self._from(_columns("e", end_date=column("op_end", "e")), node.source, "e")

    @of.register
    def _end_at_offset(self, node: EndAtOffset) -> exp.Query:
        end = self._dialect.add_days(column(f"{node.day}_date", "e"), node.days)
        capped = exp.Case(
            ifs=[exp.If(this=exp.GT(this=end, expression=column("op_end", "e")), true=column("op_end", "e"))],
            default=end.copy(),
        )
        return self._from(_columns("e", end_date=capped), node.source, "e")

    @of.register
    def _end_of_era(self, node: EndOfEra) -> exp.Query:
        spec = RECORD_TABLES["drug_exposure"]
        start = column(spec.start_date, "r")
        end = self._day(spec, "end")
        if node.days_supply is not None:
            end = self._dialect.add_days(start.copy(), node.days_supply)
        number_of_set = self._set_number(node.drugs)
        taken = either(
            member(column("drug_concept_id", "r"), number_of_set),
            member(column("drug_source_concept_id", "r"), number_of_set),
        )
        exposures = select(
            column("person_id", "r"),
            named(start, "start_date"),
            named(self._dialect.add_days(end, node.offset), "end_date"),
        )
        exposures = exposures.from_(table("drug_exposure", "r"), copy=False).where(taken, copy=False)
        eras = self._merged(derived(exposures, "x"), node.gap)
        on = both(
            exp.EQ(this=column("person_id", "era"), expression=column("person_id", "e")),
            exp.GTE(this=column("start_date", "e"), expression=column("start_date", "era")),
            exp.LTE(this=column("start_date", "e"), expression=column("end_date", "era")),
        )
        columns = _columns("e", end_date=column("end_date", "era"))
        return self._from(columns, node.source, "e").join(derived(eras, "era"), on=on, copy=False)

    @of.register
    def _end_at_event(self, node: EndAtEvent) -> exp.Query:
        row = ("person_id", "event_id", "start_date", "op_end")
        on = both(
            exp.EQ(this=column("person_id", "c"), expression=column("person_id", "e")),
            exp.GTE(this=column("start_date", "c"), expression=column("start_date", "e")),
            exp.LTE(this=column("start_date", "c"), expression=column("op_end", "e")),
        )
        ends = self._from(
            [*(column(n, "e") for n in row), named(exp.Min(this=column("start_date", "c")), "ends")], node.source, "e"
        )
        ends = ends.join(table(self._name_of(node.events), "c"), on=on, copy=False)
        ends = ends.group_by(*(column(n, "e") for n in row), copy=False)
        return self._ended(node.source, ends, row)

    @of.register
    def _earliest_end(self, node: EarliestEnd) -> exp.Query:
        only = node.ends[0]
        if len(node.ends) == 1 and _is_row_by_row(only, node.source) and has_unique_keys(node.source):
            in_time = exp.GTE(this=column("end_date", "e"), expression=column("start_date", "e"))
            return self._from(_columns("e"), only, "e").where(in_time, copy=False)
        row = ("person_id", "event_id", "start_date")
        given = union_all([self._from([column(n, "x") for n in (*KEY, "end_date")], end, "x") for end in node.ends])
        on = both(*_same(KEY, "x", "e"), exp.GTE(this=column("end_date", "x"), expression=column("start_date", "e")))
        ends = self._from(
            [*(column(n, "e") for n in row), named(exp.Min(this=column("end_date", "x")), "ends")], node.source, "e"
        )
        ends = ends.join(derived(given, "x"), on=on, copy=False).group_by(*(column(n, "e") for n in row), copy=False)
        return self._ended(node.source, ends, row)

    def _ended(self, source: Relation, ends: exp.Select, row: tuple[str, ...]) -> exp.Query:
        query = self._from(_columns("s", end_date=column("ends", "d")), source, "s")
        return query.join(derived(ends, "d"), on=both(*_same(row, "d", "s")), copy=False)

    @of.register
    def _collapse(self, node: Collapse) -> exp.Query:
        rows = self._from([column(n, "s") for n in ("person_id", "start_date", "end_date")], node.source, "s")
        order = [ascending(column("start_date", "c"))]
        columns = {
            "event_id": ordinal([column("person_id", "c")], list(order)),
            "sort_date": column("start_date", "c"),
            "concept_id": missing("int"),
            "visit_occurrence_id": missing("bigint"),
            "op_start": missing("date"),
            "op_end": missing("date"),
        }
        return select(*_columns("c", **columns)).from_(
            derived(self._merged(derived(rows, "x"), node.gap), "c"), copy=False
        )

    def _merged(self, rows: exp.Subquery, gap: int) -> exp.Select:
        """The periods that `rows` (person_id, start_date, end_date; aliased x) cover when gaps up to `gap` close."""
        person, start, end = (column(n, "x") for n in ("person_id", "start_date", "end_date"))
        order: list[exp.Expression] = [ascending(start), ascending(end)]
        latest = window(exp.Max(this=end.copy()), [person.copy()], order, rows="before")
        continues = exp.LTE(this=start.copy(), expression=self._dialect.add_days(latest, gap))
        begins = exp.Case(ifs=[exp.If(this=continues, true=number(0))], default=number(1))
        flagged = select(person, start.copy(), end.copy(), named(begins, "begins")).from_(rows, copy=False)
        y = {n: column(n, "y") for n in ("person_id", "start_date", "end_date", "begins")}
        period = window(
            exp.Sum(this=y["begins"]),
            [y["person_id"]],
            # Among rows of equal days the beginning comes first, so that it numbers the others too.
            [ascending(y["start_date"]), ascending(y["end_date"]), descending(y["begins"].copy())],
            rows="so_far",
        )
        grouped = select(*(y[n].copy() for n in ("person_id", "start_date", "end_date")), named(period, "period"))
        grouped = grouped.from_(derived(flagged, "y"), copy=False)
        return (
            select(
                column("person_id", "z"),
                named(exp.Min(this=column("start_date", "z")), "start_date"),
                named(exp.Max(this=column("end_date", "z")), "end_date"),
            )
            .from_(derived(grouped, "z"), copy=False)
            .group_by(column("person_id", "z"), column("period", "z"), copy=False)
        )

    @of.register
    def _clip(self, node: Clip) -> exp.Query:
        start: exp.Expression = column("start_date", "c")
        end: exp.Expression = column("end_date", "c")
        if node.earliest is not None:
            start = _larger(start, day(node.earliest), exp.GT)
        if node.latest is not None:
            end = _larger(end, day(node.latest), exp.LT)
        columns = _columns("c", start_date=start, end_date=end, sort_date=start.copy())
        query = self._from(columns, node.source, "c")
        return query.where(exp.LTE(this=start.copy(), expression=end.copy()), copy=False)


def _is_row_by_row(end: Relation, source: Relation) -> bool:
    return isinstance(end, EndAtOffset | EndOfObservation) and end.source == source


def _columns(alias: str, **other: exp.Expression) -> list[exp.Expression]:
    return [named(other[name], name) if name in other else column(name, alias) for name in COLUMNS]


def _ties(alias: str) -> list[exp.Expression]:
    return [ascending(column(name, alias)) for name in TIES]


def _same(names: tuple[str, ...], left: str, right: str) -> list[exp.Expression]:
    return [exp.EQ(this=column(name, left), expression=column(name, right)) for name in names]


def _has_key(alias: str, keys: exp.Expression) -> exp.Expression:
    found = select(number(1)).from_(keys, copy=False).where(*_same(KEY, "k", alias), copy=False)
    return exp.Exists(this=found)


def _larger(value: exp.Expression, bound: exp.Expression, comparison: type[exp.Binary]) -> exp.Expression:
    kept = exp.If(this=comparison(this=value, expression=bound), true=value.copy())
    return exp.Case(ifs=[kept], default=bound.copy())


def _matched_pair(node: Near, dialect: Dialect) -> list[exp.Expression]:
    """When a row of the events (e) counts for a row of the index (i)."""
    matched: list[exp.Expression] = _same(("person_id",), "e", "i")
    if node.in_period:
        start = column("start_date", "e")
        matched.append(exp.GTE(this=start, expression=column("op_start", "i")))
        matched.append(exp.LTE(this=start.copy(), expression=column("op_end", "i")))
    for part in node.windows:
        event = column(f"{part.event}_date", "e")
        if part.earliest is not None:
            matched.append(exp.GTE(this=event, expression=_bound(part, part.earliest, dialect)))
        if part.latest is not None:
            matched.append(exp.LTE(this=event.copy(), expression=_bound(part, part.latest, dialect)))
    if node.same_visit:
        matched.extend(_same(("visit_occurrence_id",), "e", "i"))
    return matched


def _bound(part: Window, bound: int | Edge, dialect: Dialect) -> exp.Expression:
    if isinstance(bound, Edge):
        return column("op_start" if bound is Edge.PERIOD_START else "op_end", "i")
    return dialect.add_days(column(f"{part.index}_date", "i"), bound)
