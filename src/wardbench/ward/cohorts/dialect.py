"""The few words of SQL that engines spell differently, each as one method; everything else is the common subset.

Left out on purpose, because engines silently disagree: months and weeks, casts of fractions, rounding, division by
what may be zero. Days stay days: a date plus an interval is a timestamp in some engines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

from sqlglot import ErrorLevel, exp


@dataclass(frozen=True)
class Dialect:
    """One engine's SQL; `name` is sqlglot's name of it."""

    name: str

    def add_days(self, day: exp.Expression, days: int | exp.Expression) -> exp.Expression:
        """`day` moved by whole days; a date."""
        if days == 0:
            return day
        return exp.Add(this=day, expression=number(days) if isinstance(days, int) else days)

    def days_between(self, start: exp.Expression, end: exp.Expression) -> exp.Expression:
        """Whole days from `start` to `end`, negative where the end is earlier."""
        return exp.Paren(this=exp.Sub(this=exp.Paren(this=end), expression=exp.Paren(this=start)))

    def year(self, day: exp.Expression) -> exp.Expression:
        return exp.Extract(this=exp.var("YEAR"), expression=day)

    def render(self, query: exp.Query) -> str:
        """The text; sqlglot.UnsupportedError where the engine has no way to say it."""
        return query.sql(self.name, unsupported_level=ErrorLevel.RAISE, copy=False)


@dataclass(frozen=True)
class SparkDialect(Dialect):
    def add_days(self, day: exp.Expression, days: int | exp.Expression) -> exp.Expression:
        if days == 0:
            return day
        return exp.Anonymous(this="DATE_ADD", expressions=[day, number(days) if isinstance(days, int) else days])

    def days_between(self, start: exp.Expression, end: exp.Expression) -> exp.Expression:
        return exp.Anonymous(this="DATEDIFF", expressions=[end, start])


DUCKDB = Dialect("duckdb")
POSTGRES = Dialect("postgres")
SPARK = SparkDialect("spark")


def number(value: int | float) -> exp.Expression:
    literal = exp.Literal.number(abs(value) if value < 0 else value)
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def text(value: str) -> exp.Expression:
    return exp.Literal.string(value)


def day(value: date) -> exp.Expression:
    return exp.Cast(this=exp.Literal.string(value.isoformat()), to=exp.DataType.build("date"))


def missing(type: str) -> exp.Expression:
    """NULL of a type, so that every branch of a union agrees."""
    return exp.Cast(this=exp.Null(), to=exp.DataType.build(type))


def column(name: str, table: str) -> exp.Column:
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(table))


def named(expression: exp.Expression, name: str) -> exp.Expression:
    return exp.Alias(this=expression, alias=exp.to_identifier(name))


def table(name: str, alias: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name), alias=exp.TableAlias(this=exp.to_identifier(alias)))


def derived(select: exp.Query, alias: str) -> exp.Subquery:
    return exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier(alias)))


def ascending(expression: exp.Expression) -> exp.Ordered:
    return exp.Ordered(this=expression, desc=False, nulls_first=False)


def descending(expression: exp.Expression) -> exp.Ordered:
    return exp.Ordered(this=expression, desc=True, nulls_first=False)


def window(
    function: exp.Expression, partition: list[exp.Expression], order: list[exp.Expression], *, rows: str = ""
) -> exp.Window:
    """`function` over the partition; `rows` is `before` (all earlier rows) or `so_far` (those and this one)."""
    spec = None
    if rows:
        spec = exp.WindowSpec(
            kind="ROWS",
            start="UNBOUNDED",
            start_side="PRECEDING",
            end=number(1) if rows == "before" else "CURRENT ROW",
            end_side="PRECEDING" if rows == "before" else None,
        )
    return exp.Window(this=function, partition_by=partition, order=exp.Order(expressions=order), spec=spec)


def ordinal(partition: list[exp.Expression], order: list[exp.Expression]) -> exp.Window:
    return window(exp.RowNumber(), partition, order)


def select(*columns: exp.Expression) -> exp.Select:
    return exp.Select(expressions=list(columns))


def both(*parts: exp.Expression) -> exp.Expression:
    """All of `parts`; TRUE when there is none."""
    return cast(exp.Expression, exp.and_(*parts, copy=False)) if parts else exp.true()


def either(*parts: exp.Expression) -> exp.Expression:
    """One of `parts` at least."""
    return cast(exp.Expression, exp.or_(*parts, copy=False))


def is_missing(expression: exp.Expression) -> exp.Expression:
    return exp.Is(this=expression, expression=exp.Null())


def is_known(expression: exp.Expression) -> exp.Expression:
    return exp.Not(this=is_missing(expression))


def union_all(selects: list[exp.Select]) -> exp.Query:
    query: exp.Query = selects[0]
    for other in selects[1:]:
        query = exp.Union(this=query, expression=other, distinct=False)
    return query


def count_rows() -> exp.Expression:
    return exp.Count(this=exp.Star())
