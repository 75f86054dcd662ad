"""A cohort's characteristics after disclosure control: every figure a report shows, and nothing else.

Counts that hang together are asked for together: the steps of the selection as one chain, sex as a partition of the
cohort, ages as a partition of each sex that is shown, everything else as a part of the cohort.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from wardbench.core.disclosure import NEARLY_ALL, Figure, Rules, Spread, percent
from wardbench.ward.cohorts.characterise import (
    UNKNOWN,
    Characteristics,
    MeasurementSummary,
    SampleSummary,
    TermCount,
    quantiles_of,
)
from wardbench.ward.cohorts.run import AttritionStep, Cohort

TOP = 15
OLDEST = 90
YEARS = 15


@dataclass(frozen=True)
class Row:
    """One line of a table: what, how many persons, which share of whom, and its bar, 100 for the table's longest."""

    label: str
    code: str
    persons: Figure
    share: str
    bar: str


@dataclass(frozen=True)
class AgeTable:
    """Ages at the index date of one group of persons."""

    group: str
    persons: Figure
    spread: Spread
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class StepRow:
    """One step of the selection; `events` where the mode shows them."""

    row: Row
    events: Figure | None


@dataclass(frozen=True)
class MeasurementRow:
    """One measurement in one unit."""

    row: Row
    unit: str
    spread: Spread


@dataclass(frozen=True)
class SampleRow:
    """One type of specimen; `days` from the index date to the nearest one."""

    row: Row
    specimens: Figure
    days: Spread


@dataclass(frozen=True)
class Released:
    """All that a page may show of a cohort."""

    mode: str
    label: str
    notes: tuple[str, ...]
    window_days: str
    persons: Figure
    memberships: Figure | None
    selection: tuple[StepRow, ...]
    age: Spread
    sexes: tuple[Row, ...]
    ages: tuple[AgeTable, ...]
    years: tuple[Row, ...]
    conditions: tuple[Row, ...]
    drugs: tuple[Row, ...]
    procedures: tuple[Row, ...]
    measurements: tuple[MeasurementRow, ...]
    with_sample: Row
    samples: tuple[SampleRow, ...]
    membership_days: Spread
    follow_up_days: Spread


def release(cohort: Cohort, found: Characteristics, rules: Rules) -> Released:
    """Take `found`, the characteristics of `cohort`, through `rules`."""
    return _Releasing(found, rules).all_of(cohort)


class _Releasing:
    """The steps of one release; they share the rules and the cohort's size."""

    def __init__(self, found: Characteristics, rules: Rules) -> None:
        self.found = found
        self.rules = rules
        self.persons = rules.total(found.persons)

    def all_of(self, cohort: Cohort) -> Released:
        found, rules = self.found, self.rules
        sexes, ages = self.sexes_and_ages()
        return Released(
            mode=rules.mode,
            label=rules.label,
            notes=rules.notes,
            window_days=str(found.window_days),
            persons=self.persons,
            memberships=rules.total(found.memberships) if rules.shows_events else None,
            selection=self.selection(cohort),
            age=rules.quantiles(quantiles_of(_known_ages(found.ages)), found.persons),
            sexes=sexes,
            ages=ages,
            years=self.years(),
            conditions=self.terms(found.conditions),
            drugs=self.terms(found.drugs),
            procedures=self.terms(found.procedures),
            measurements=self.measurements(found.measurements),
            with_sample=self.row("Any sample", "", self.any_sample(found)),
            samples=self.samples(found.samples),
            membership_days=rules.quantiles(found.membership_days),
            follow_up_days=rules.quantiles(found.follow_up_days),
        )

    def row(self, label: str, code: str, persons: Figure, whole: Figure | None = None) -> Row:
        whole = whole or self.persons
        return Row(label, code, persons, percent(persons, whole, decimals=self.rules.percent_decimals), "0")

    def selection(self, cohort: Cohort) -> tuple[StepRow, ...]:
        steps = cohort.attrition
        if not self.rules.shows_events:
            # End dates lose hardly anybody who met every rule. A line for each would withhold the last rule's always.
            *earlier, last_rule, whole = steps
            steps = (*earlier, AttritionStep(f"{last_rule.name}, and in the cohort", whole.events, whole.persons))
        figures = self.rules.chain([step.persons for step in steps])
        first = next((figure for figure in figures if figure.value is not None), self.persons)
        rows = [self.row(step.name, "", figure, first) for step, figure in zip(steps, figures, strict=True)]
        events = [self.rules.total(step.events) if self.rules.shows_events else None for step in steps]
        return tuple(StepRow(row, number) for row, number in zip(_with_bars(rows), events, strict=True))

    def sexes_and_ages(self) -> tuple[tuple[Row, ...], tuple[AgeTable, ...]]:
        by_sex: dict[str, dict[int | None, int]] = {"female": {}, "male": {}}
        if self.found.unknown_sex:
            by_sex[UNKNOWN] = {}
        for (sex, age), persons in self.found.ages.items():
            by_sex.setdefault(sex, {})[age] = persons
        groups = self.rules.partition([sum(ages.values()) for ages in by_sex.values()])
        names = list(by_sex)
        labels = [_capitalised(" or ".join(names[member] for member in group.members)) for group in groups]
        sexes = self.shared(labels, [group.count for group in groups])
        told_apart = [group for group in groups if group.count.value is not None]
        if len(told_apart) < len(groups) or len(groups) == 1:
            everyone = _added(list(by_sex.values()))
            return sexes, (self.ages("Everyone", self.persons, everyone),)
        return sexes, tuple(
            self.ages(label, group.count, _added([by_sex[names[member]] for member in group.members]))
            for label, group in zip(labels, groups, strict=True)
            if group.count.value
        )

    def ages(self, group: str, persons: Figure, ages: Mapping[int | None, int]) -> AgeTable:
        bands: list[tuple[int, int | None]] = [(low, low + 9) for low in range(0, OLDEST, 10)]
        bands.append((OLDEST, None))
        cells = [sum(n for age, n in ages.items() if age is not None and _within(age, band)) for band in bands]
        if self.found.unknown_age:
            cells.append(ages.get(None, 0))

        def label(members: Sequence[int]) -> str:
            known = [member for member in members if member < len(bands)]
            parts = [_span(bands[known[0]][0], bands[known[-1]][1])] if known else []
            if len(known) < len(members):
                parts.append("not recorded")
            return ", or ".join(parts)

        known_ages = {age: n for age, n in ages.items() if age is not None}
        return AgeTable(
            group,
            persons,
            self.rules.quantiles(quantiles_of(known_ages), sum(ages.values())),
            self.partition(cells, label),
        )

    def years(self) -> tuple[Row, ...]:
        """Persons by year, over years of the snapshot: those of the cohort would give away its first and last."""
        years = self.found.years
        if not years and self.found.observed_years is None:
            return ()
        last = max([*years, *(self.found.observed_years or ())])
        first = max(last - YEARS, min([*years, *(self.found.observed_years or ())]))
        columns = range(first, last + 1)
        cells = [sum(n for year, n in years.items() if year <= first), *(years.get(year, 0) for year in columns[1:])]

        def label(members: Sequence[int]) -> str:
            end = columns[members[-1]]
            if members[0] == 0:
                return f"{end} or before"
            return str(end) if len(members) == 1 else f"{columns[members[0]]} to {end}"

        return self.partition(cells, label)

    def partition(self, cells: Sequence[int], label: Callable[[Sequence[int]], str]) -> tuple[Row, ...]:
        groups = self.rules.partition(cells)
        return self.shared([label(group.members) for group in groups], [group.count for group in groups])

    def shared(self, labels: Sequence[str], counts: Sequence[Figure]) -> tuple[Row, ...]:
        """Rows of what makes up a whole, with shares that add up: each was rounded, so the whole is their sum."""
        values = [count.value for count in counts if count.value is not None]
        whole = Figure(sum(values) if len(values) == len(counts) else None, "")
        return _with_bars([self.row(label, "", count, whole) for label, count in zip(labels, counts, strict=True)])

    def terms(self, counts: Sequence[TermCount]) -> tuple[Row, ...]:
        rows = [
            self.row(count.term.label, count.term.code, self.part(count.persons))
            for count in counts
            if self.rules.listed(count.persons)
        ]
        return _with_bars(sorted(rows, key=_by_size)[:TOP])

    def measurements(self, summaries: Sequence[MeasurementSummary]) -> tuple[MeasurementRow, ...]:
        rows = [
            MeasurementRow(
                self.row(summary.term.label, summary.term.code, self.part(summary.values.persons)),
                summary.unit,
                self.rules.quantiles(summary.values, self.found.persons),
            )
            for summary in summaries
            if self.rules.listed(summary.values.persons)
        ]
        return tuple(sorted(rows, key=lambda each: (*_by_size(each.row), each.unit))[:TOP])

    def samples(self, summaries: Sequence[SampleSummary]) -> tuple[SampleRow, ...]:
        rows = [
            SampleRow(
                self.row(summary.term.label, summary.term.code, self.part(summary.persons)),
                self.rules.amount(summary.specimens, summary.persons, summary.largest),
                _in_words(self.rules.quantiles(summary.days, self.found.persons)),
            )
            for summary in summaries
            if self.rules.listed(summary.persons)
        ]
        return tuple(sorted(rows, key=lambda each: _by_size(each.row)))

    def any_sample(self, found: Characteristics) -> Figure:
        if not self.rules.listed(found.persons_with_sample):
            return self.part(found.persons_with_sample)
        # Those of one type are part of those with any: shown side by side, the difference is who has other types only.
        most = max((summary.persons for summary in found.samples), default=0)
        any_type = self.rules.chain([found.persons_with_sample, most])[0]
        return self.part(found.persons_with_sample) if any_type.value is not None else any_type

    def part(self, persons: int) -> Figure:
        return self.rules.part(persons, self.found.persons)


def _with_bars(rows: Sequence[Row]) -> tuple[Row, ...]:
    longest = max((row.persons.value or 0 for row in rows), default=0)

    def bar(persons: Figure) -> str:
        return "100" if persons == NEARLY_ALL else percent(persons, Figure(longest, ""), decimals=1).rstrip("%") or "0"

    return tuple(replace(row, bar=bar(row.persons)) for row in rows)


def _by_size(row: Row) -> tuple[float, str, str]:
    # By what is shown: the order of the true counts would tell equal figures apart.
    size = float("inf") if row.persons.value is None else row.persons.value
    return (-size, row.label, row.code)


def _within(age: int, band: tuple[int, int | None]) -> bool:
    return band[0] <= age and (band[1] is None or age <= band[1])


def _span(low: int, high: int | None) -> str:
    if high is None:
        return f"{low} and over" if low else "all ages"
    return f"{low} to {high}"


def _known_ages(ages: Mapping[tuple[str, int | None], int]) -> dict[int, int]:
    known: dict[int, int] = {}
    for (_, age), persons in ages.items():
        if age is not None:
            known[age] = known.get(age, 0) + persons
    return known


def _added(parts: Sequence[Mapping[int | None, int]]) -> dict[int | None, int]:
    together: dict[int | None, int] = {}
    for part in parts:
        for age, persons in part.items():
            together[age] = together.get(age, 0) + persons
    return together


def _in_words(days: Spread) -> Spread:
    def words(figure: Figure) -> Figure:
        if figure.value is None:
            return figure
        if figure.value == 0:
            return Figure(0, "same day")
        return Figure(figure.value, f"{figure.text.lstrip('-')} {'before' if figure.value < 0 else 'after'}")

    return Spread(words(days.q25), words(days.median), words(days.q75))


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
