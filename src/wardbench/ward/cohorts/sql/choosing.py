"""Numbering events, and choosing among them by what they are and what lies around them."""

from __future__ import annotations

from sqlglot import exp

from wardbench.ward.cohorts.dialect import (
    Dialect,
    ascending,
    both,
    column,
    count_rows,
    derived,
    descending,
    is_known,
    named,
    number,
    ordinal,
    select,
    table,
    union_all,
)
from wardbench.ward.cohorts.plan import (
    Edge,
    LeavingOut,
    Near,
    Number,
    Pick,
    Satisfying,
    Where,
    Window,
)
from wardbench.ward.cohorts.sql.conditions import Fields, joined, satisfied
from wardbench.ward.cohorts.sql.writer import KEY, Writer, columns, has_key, has_unique_keys, same, select_of, ties


@select_of.register
def _number(node: Number, writer: Writer) -> exp.Query:
    by_day = (descending if node.latest_first else ascending)(column("sort_date", "e"))
    order = [by_day, ascending(column("event_id", "e")), *ties("e")]
    numbered = ordinal([column("person_id", "e")], order)
    return writer.rows(columns("e", event_id=numbered), node.source, "e")


@select_of.register
def _pick(node: Pick, writer: Writer) -> exp.Query:
    if node.which == "numbered" and isinstance(node.source, Number):
        first = exp.EQ(this=column("event_id", "e"), expression=number(1))
        return writer.rows(columns("e"), node.source, "e").where(first, copy=False)
    by_day = {"earliest": [ascending(column("start_date", "e"))], "latest": [descending(column("start_date", "e"))]}
    further = [] if has_unique_keys(node.source) else ties("e")
    order = [*by_day.get(node.which, []), ascending(column("event_id", "e")), *further]
    ranked = writer.rows(
        [*columns("e"), named(ordinal([column("person_id", "e")], order), "ordinal")], node.source, "e"
    )
    chosen = select(*columns("p")).from_(derived(ranked, "p"), copy=False)
    return chosen.where(exp.EQ(this=column("ordinal", "p"), expression=number(1)), copy=False)


@select_of.register
def _leaving_out(node: LeavingOut, writer: Writer) -> exp.Query:
    query = writer.rows(columns("e"), node.source, "e")
    if not node.persons.ids:
        return query
    among = exp.In(this=column("person_id", "e"), expressions=[number(one) for one in node.persons.ids])
    return query.where(exp.Not(this=among), copy=False)


@select_of.register
def _where(node: Where, writer: Writer) -> exp.Query:
    fields = Fields(writer.dialect, "e", column("start_date", "e"), column("end_date", "e"))
    wanted = [satisfied(condition, fields, writer.set_number) for condition in node.conditions]
    query = joined(writer.rows(columns("e"), node.source, "e"), fields.joins)
    return query.where(*wanted, copy=False) if wanted else query


@select_of.register
def _near(node: Near, writer: Writer) -> exp.Query:
    query = writer.rows(columns("i"), node.index, "i")
    low, high = node.occurs.at_least, node.occurs.at_most
    if high is not None and high < low:
        return query.where(exp.false(), copy=False)
    if low == 0 and high is None:
        return query
    if (low, high) in ((1, None), (0, 0)) and has_unique_keys(node.index):
        pair = _matched_pair(node, writer.dialect)
        if node.occurs.distinct is not None:
            pair.append(is_known(column(node.occurs.distinct, "e")))
        found: exp.Expression = exp.Exists(this=writer.rows([number(1)], node.events, "e").where(*pair, copy=False))
    else:
        found = has_key("i", derived(_counted(node, writer, max(low, 1) if low else (high or 0) + 1), "k"))
    return query.where(exp.Not(this=found) if low == 0 else found, copy=False)


def _counted(node: Near, writer: Writer, low: int) -> exp.Select:
    """The keys around which at least `low` events occur, and where a lower bound was asked no more than allowed."""
    distinct, high = node.occurs.distinct, node.occurs.at_most
    counted = exp.Count(this=exp.Distinct(expressions=[column(distinct, "e")]) if distinct else column("event_id", "e"))
    keys = writer.rows([column(name, "i") for name in KEY], node.index, "i")
    keys = keys.join(table(writer.name_of(node.events), "e"), on=both(*_matched_pair(node, writer.dialect)), copy=False)
    keys = keys.group_by(*(column(name, "i") for name in KEY), copy=False)
    enough: exp.Expression = exp.GTE(this=counted, expression=number(low))
    if node.occurs.at_least and high is not None:
        enough = both(enough, exp.LTE(this=counted.copy(), expression=number(high)))
    return keys.having(enough, copy=False)


def _matched_pair(node: Near, dialect: Dialect) -> list[exp.Expression]:
    """When a row of the events (e) counts for a row of the index (i)."""
    matched: list[exp.Expression] = same(("person_id",), "e", "i")
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
        matched.extend(same(("visit_occurrence_id",), "e", "i"))
    return matched


def _bound(part: Window, bound: int | Edge, dialect: Dialect) -> exp.Expression:
    if isinstance(bound, Edge):
        return column("op_start" if bound is Edge.PERIOD_START else "op_end", "i")
    return dialect.add_days(column(f"{part.index}_date", "i"), bound)


@select_of.register
def _satisfying(node: Satisfying, writer: Writer) -> exp.Query:
    query = writer.rows(columns("s"), node.source, "s")
    tests, low, high = node.tests, node.at_least, node.at_most
    if high is not None and high < low:
        return query.where(exp.false(), copy=False)
    if low == 0 and (high is None or high >= len(tests)):
        return query
    if low == len(tests):
        return query.where(*(has_key("s", table(writer.name_of(t), "k")) for t in tests), copy=False)
    keys = union_all([writer.rows([column(n, "t") for n in KEY], test, "t").distinct(copy=False) for test in tests])
    counted = select(*(column(n, "t") for n in KEY)).from_(derived(keys, "t"), copy=False)
    counted = counted.group_by(*(column(n, "t") for n in KEY), copy=False)
    if low == 0:
        counted = counted.having(exp.GT(this=count_rows(), expression=number(high or 0)), copy=False)
        return query.where(exp.Not(this=has_key("s", derived(counted, "k"))), copy=False)
    if low > 1:
        counted = counted.having(exp.GTE(this=count_rows(), expression=number(low)), copy=False)
    if high is not None and high < len(tests):
        counted = counted.having(exp.LTE(this=count_rows(), expression=number(high)), copy=False)
    return query.where(has_key("s", derived(counted, "k")), copy=False)
