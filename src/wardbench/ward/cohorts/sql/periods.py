"""When memberships end, and what they come to when they are put together."""

from __future__ import annotations

from sqlglot import exp

from wardbench.ward.cohorts.dialect import (
    ascending,
    both,
    column,
    day,
    derived,
    descending,
    either,
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
    Clip,
    Collapse,
    EarliestEnd,
    EndAtEvent,
    EndAtOffset,
    EndOfEra,
    EndOfObservation,
    Relation,
)
from wardbench.ward.cohorts.records import RECORD_TABLES
from wardbench.ward.cohorts.sql.conditions import member
from wardbench.ward.cohorts.sql.events import day_of
from wardbench.ward.cohorts.sql.writer import KEY, Writer, columns, has_unique_keys, same, select_of


@select_of.register
def _end_of_observation(node: EndOfObservation, writer: Writer) -> exp.Query:
    return writer.rows(columns("e", end_date=column("op_end", "e")), node.source, "e")


@select_of.register
def _end_at_offset(node: EndAtOffset, writer: Writer) -> exp.Query:
    end = writer.dialect.add_days(column(f"{node.day}_date", "e"), node.days)
    capped = exp.Case(
        ifs=[exp.If(this=exp.GT(this=end, expression=column("op_end", "e")), true=column("op_end", "e"))],
        default=end.copy(),
    )
    return writer.rows(columns("e", end_date=capped), node.source, "e")


@select_of.register
def _end_of_era(node: EndOfEra, writer: Writer) -> exp.Query:
    spec = RECORD_TABLES["drug_exposure"]
    start = column(spec.start_date, "r")
    end = day_of(writer, spec, "end")
    if node.days_supply is not None:
        end = writer.dialect.add_days(start.copy(), node.days_supply)
    number_of_set = writer.set_number(node.drugs)
    taken = either(
        member(column("drug_concept_id", "r"), number_of_set),
        member(column("drug_source_concept_id", "r"), number_of_set),
    )
    exposures = select(
        column("person_id", "r"),
        named(start, "start_date"),
        named(writer.dialect.add_days(end, node.offset), "end_date"),
    )
    exposures = exposures.from_(table("drug_exposure", "r"), copy=False).where(taken, copy=False)
    eras = _merged(writer, derived(exposures, "x"), node.gap)
    on = both(
        exp.EQ(this=column("person_id", "era"), expression=column("person_id", "e")),
        exp.GTE(this=column("start_date", "e"), expression=column("start_date", "era")),
        exp.LTE(this=column("start_date", "e"), expression=column("end_date", "era")),
    )
    shown = columns("e", end_date=column("end_date", "era"))
    return writer.rows(shown, node.source, "e").join(derived(eras, "era"), on=on, copy=False)


@select_of.register
def _end_at_event(node: EndAtEvent, writer: Writer) -> exp.Query:
    row = ("person_id", "event_id", "start_date", "op_end")
    on = both(
        exp.EQ(this=column("person_id", "c"), expression=column("person_id", "e")),
        exp.GTE(this=column("start_date", "c"), expression=column("start_date", "e")),
        exp.LTE(this=column("start_date", "c"), expression=column("op_end", "e")),
    )
    ends = writer.rows(
        [*(column(n, "e") for n in row), named(exp.Min(this=column("start_date", "c")), "ends")], node.source, "e"
    )
    ends = ends.join(table(writer.name_of(node.events), "c"), on=on, copy=False)
    ends = ends.group_by(*(column(n, "e") for n in row), copy=False)
    return _ended(writer, node.source, ends, row)


@select_of.register
def _earliest_end(node: EarliestEnd, writer: Writer) -> exp.Query:
    only = node.ends[0]
    if len(node.ends) == 1 and _is_row_by_row(only, node.source) and has_unique_keys(node.source):
        in_time = exp.GTE(this=column("end_date", "e"), expression=column("start_date", "e"))
        return writer.rows(columns("e"), only, "e").where(in_time, copy=False)
    row = ("person_id", "event_id", "start_date")
    given = union_all([writer.rows([column(n, "x") for n in (*KEY, "end_date")], end, "x") for end in node.ends])
    on = both(*same(KEY, "x", "e"), exp.GTE(this=column("end_date", "x"), expression=column("start_date", "e")))
    ends = writer.rows(
        [*(column(n, "e") for n in row), named(exp.Min(this=column("end_date", "x")), "ends")], node.source, "e"
    )
    ends = ends.join(derived(given, "x"), on=on, copy=False).group_by(*(column(n, "e") for n in row), copy=False)
    return _ended(writer, node.source, ends, row)


def _is_row_by_row(end: Relation, source: Relation) -> bool:
    return isinstance(end, EndAtOffset | EndOfObservation) and end.source == source


def _ended(writer: Writer, source: Relation, ends: exp.Select, row: tuple[str, ...]) -> exp.Query:
    query = writer.rows(columns("s", end_date=column("ends", "d")), source, "s")
    return query.join(derived(ends, "d"), on=both(*same(row, "d", "s")), copy=False)


@select_of.register
def _collapse(node: Collapse, writer: Writer) -> exp.Query:
    rows = writer.rows([column(n, "s") for n in ("person_id", "start_date", "end_date")], node.source, "s")
    order = [ascending(column("start_date", "c"))]
    other = {
        "event_id": ordinal([column("person_id", "c")], list(order)),
        "sort_date": column("start_date", "c"),
        "concept_id": missing("int"),
        "visit_occurrence_id": missing("bigint"),
        "op_start": missing("date"),
        "op_end": missing("date"),
    }
    return select(*columns("c", **other)).from_(derived(_merged(writer, derived(rows, "x"), node.gap), "c"), copy=False)


def _merged(writer: Writer, rows: exp.Subquery, gap: int) -> exp.Select:
    """The periods that `rows` (person_id, start_date, end_date; aliased x) cover when gaps up to `gap` close."""
    person, start, end = (column(n, "x") for n in ("person_id", "start_date", "end_date"))
    order: list[exp.Expression] = [ascending(start), ascending(end)]
    latest = window(exp.Max(this=end.copy()), [person.copy()], order, rows="before")
    continues = exp.LTE(this=start.copy(), expression=writer.dialect.add_days(latest, gap))
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


@select_of.register
def _clip(node: Clip, writer: Writer) -> exp.Query:
    start: exp.Expression = column("start_date", "c")
    end: exp.Expression = column("end_date", "c")
    if node.earliest is not None:
        start = _larger(start, day(node.earliest), exp.GT)
    if node.latest is not None:
        end = _larger(end, day(node.latest), exp.LT)
    shown = columns("c", start_date=start, end_date=end, sort_date=start.copy())
    query = writer.rows(shown, node.source, "c")
    return query.where(exp.LTE(this=start.copy(), expression=end.copy()), copy=False)


def _larger(value: exp.Expression, bound: exp.Expression, comparison: type[exp.Binary]) -> exp.Expression:
    kept = exp.If(this=comparison(this=value, expression=bound), true=value.copy())
    return exp.Case(ifs=[kept], default=bound.copy())
