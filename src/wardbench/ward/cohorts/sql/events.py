"""Events: records of the clinical tables, together, and in their observation periods."""

from __future__ import annotations

from sqlglot import exp

from wardbench.core.omop.concept_sets import MEMBERS, ConceptSet
from wardbench.ward.cohorts.dialect import (
    ascending,
    both,
    column,
    day,
    derived,
    missing,
    named,
    number,
    ordinal,
    select,
    table,
    text,
    union_all,
)
from wardbench.ward.cohorts.plan import (
    Dates,
    Day,
    Events,
    InObservation,
    Relation,
    Union,
)
from wardbench.ward.cohorts.records import FAR_END, RECORD_TABLES, End, RecordTable
from wardbench.ward.cohorts.sql.conditions import Fields, joined, member, satisfied
from wardbench.ward.cohorts.sql.writer import Writer, columns, select_of


@select_of.register
def _events(node: Events, writer: Writer) -> exp.Query:
    spec = RECORD_TABLES[node.table]
    start, end = day_of(writer, spec, "start", node.dates), day_of(writer, spec, "end", node.dates)
    fields = Fields(writer.dialect, "r", start, end, spec.column_names)
    wanted = [satisfied(condition, fields, writer.set_number) for condition in node.where]
    if node.dates is not None:
        wanted.insert(0, exp.GTE(this=end.copy(), expression=start.copy()))
    query = _event(node, writer, spec, start, end)
    chosen = [
        member(column(name, "r"), writer.set_number(concepts))
        for name, concepts in ((spec.concept, node.concepts), (spec.source_concept, node.source_concepts))
        if concepts is not None and name is not None
    ]
    if not node.first:
        query = joined(query.from_(_rows_of(spec), copy=False), fields.joins)
        return query.where(*chosen, *wanted, copy=False) if chosen or wanted else query
    names = {"person_id", spec.event_id, spec.start_date, *fields.columns}
    names |= {name for name in (spec.end_date, spec.concept, spec.visit) if name is not None}
    names |= {"days_supply"} if "days_supply" in spec.ends else set()
    order = [ascending(column(name, "r")) for name in (spec.start_date, spec.event_id)]
    ranked = select(
        *(column(name, "r") for name in sorted(names)),
        named(ordinal([column("person_id", "r")], list(order)), "ordinal"),
    ).from_(_rows_of(spec), copy=False)
    ranked = ranked.where(*chosen, copy=False) if chosen else ranked
    query = joined(query.from_(derived(ranked, "r"), copy=False), fields.joins)
    return query.where(exp.EQ(this=column("ordinal", "r"), expression=number(1)), *wanted, copy=False)


def _event(node: Events, writer: Writer, spec: RecordTable, start: exp.Expression, end: exp.Expression) -> exp.Select:
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


def _rows_of(spec: RecordTable) -> exp.Expression:
    """The table's rows, under the alias r."""
    if spec.name != "location_history":
        return table(spec.name, "r")
    people = select(
        named(column("entity_id", "stay"), "person_id"),
        *(column(name, "stay") for name in (spec.event_id, "start_date", "end_date")),
        column("region_concept_id", "place"),
    ).from_(table("location_history", "stay"), copy=False)
    on = exp.EQ(this=column("location_id", "place"), expression=column("location_id", "stay"))
    people = people.join(table("location", "place"), on=on, copy=False)
    about_people = exp.EQ(this=column("domain_id", "stay"), expression=text("PERSON"))
    return derived(people.where(about_people, copy=False), "r")


def day_of(writer: Writer, spec: RecordTable, which: Day, dates: Dates | None = None) -> exp.Expression:
    """The start or end of an event of that table (aliased r), moved as `dates` says."""
    side, days = which, 0
    if dates is not None:
        side = dates.start_from if which == "start" else dates.end_from
        days = dates.start_days if which == "start" else dates.end_days
    start = column(spec.start_date, "r")
    if side == "start":
        return writer.dialect.add_days(start, days)
    ends: dict[End, exp.Expression] = {
        "end": column(spec.end_date or "", "r"),
        "days_supply": writer.dialect.add_days(start, column("days_supply", "r")),
        "next_day": writer.dialect.add_days(start, 1),
        "far_end": day(FAR_END),
    }
    known = [ends[end].copy() for end in spec.ends]
    end = known[0] if len(known) == 1 else exp.Coalesce(this=known[0], expressions=known[1:])
    return writer.dialect.add_days(end, days)


@select_of.register
def _union(node: Union, writer: Writer) -> exp.Query:
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
    selects = [writer.rows(columns("u"), source, "u") for source in others]
    return union_all([*selects, *(_scan(writer, table, sets) for table, sets in scans.items())])


def _scan(writer: Writer, name: str, sets: list[ConceptSet]) -> exp.Select:
    """The events of several concept sets in one reading of their table: a row once for each set that it is in."""
    spec = RECORD_TABLES[name]
    numbers = [number(writer.set_number(concepts)) for concepts in sets]
    assert spec.concept is not None
    on = both(
        exp.EQ(this=column("concept_id", "m"), expression=column(spec.concept, "r")),
        exp.In(this=column("set_id", "m"), expressions=numbers),
    )
    query = _event(Events(name, sets[0]), writer, spec, day_of(writer, spec, "start"), day_of(writer, spec, "end"))
    return query.from_(_rows_of(spec), copy=False).join(table(MEMBERS, "m"), on=on, copy=False)


@select_of.register
def _in_observation(node: InObservation, writer: Writer) -> exp.Query:
    first, last = column("observation_period_start_date", "op"), column("observation_period_end_date", "op")
    start = column("start_date", "e")
    on = both(
        exp.EQ(this=column("person_id", "op"), expression=column("person_id", "e")),
        exp.GTE(this=start, expression=writer.dialect.add_days(first, node.days_before)),
        exp.LTE(this=writer.dialect.add_days(start.copy(), node.days_after), expression=last),
    )
    shown = columns("e", op_start=first.copy(), op_end=last.copy())
    return writer.rows(shown, node.source, "e").join(table("observation_period", "op"), on=on, copy=False)
