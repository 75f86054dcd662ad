"""Descriptions in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar, Literal

from wardbench.ward.cohorts.describe.language import Anchor, Language, amount, in_threes, listed
from wardbench.ward.cohorts.plan import Dates, Day, Edge, EndOfEra, Occurs, Window

RECORDS: Mapping[str, tuple[str, str, str]] = {
    "condition_occurrence": ("condition", "conditions", "of"),
    "drug_exposure": ("drug exposure", "drug exposures", "to"),
    "procedure_occurrence": ("procedure", "procedures", "of"),
    "device_exposure": ("device exposure", "device exposures", "to"),
    "measurement": ("measurement", "measurements", "of"),
    "observation": ("observation", "observations", "of"),
    "visit_occurrence": ("visit", "visits", "of"),
    "visit_detail": ("visit detail", "visit details", "of"),
    "specimen": ("specimen", "specimens", "of"),
    "death": ("death", "deaths", "from"),
    "condition_era": ("condition era", "condition eras", "of"),
    "drug_era": ("drug era", "drug eras", "of"),
    "dose_era": ("dose era", "dose eras", "of"),
    "observation_period": ("observation period", "observation periods", "of"),
    "payer_plan_period": ("payer plan period", "payer plan periods", "of"),
    "location_history": ("stay in a region", "stays in a region", "of"),
}
"""One record, several, and what stands between them and their concepts."""
OPERATORS: Mapping[str, str] = {
    "lt": "less than {}",
    "lte": "at most {}",
    "eq": "equal to {}",
    "ne": "not equal to {}",
    "gt": "more than {}",
    "gte": "at least {}",
    "between": "from {} to {}",
    "not_between": "outside {} to {}",
}
DATES: Mapping[str, str] = {
    "lt": "before {}",
    "lte": "on or before {}",
    "eq": "on {}",
    "ne": "not on {}",
    "gt": "after {}",
    "gte": "on or after {}",
    "between": "from {} to {}",
    "not_between": "outside the days from {} to {}",
}
TEXTS: Mapping[str, str] = {
    "contains": "that contains",
    "starts_with": "that starts with",
    "ends_with": "that ends with",
    "equals": "that is",
    "like": "that is like (with % for any characters and _ for any one)",
}
COUNTED: Mapping[str, tuple[str, str]] = {
    "concept_id": ("different concept", "different concepts"),
    "start_date": ("different start date", "different start dates"),
    "end_date": ("different end date", "different end dates"),
    "visit_occurrence_id": ("different visit", "different visits"),
}
ENDS: Mapping[tuple[str, ...], str] = {
    ("end",): "{} end on their recorded end; without one they have no end, and nothing that is asked of it holds",
    ("next_day",): "{} end on the day after their start",
    ("end", "next_day"): "{} without a recorded end end on the day after their start",
    ("end", "days_supply", "next_day"): (
        "{} without a recorded end end as many days after their start as were supplied, or where that is not recorded "
        "on the day after their start"
    ),
    ("end", "far_end"): "{} without a recorded end end on 31 December 2099",
}


class English(Language):
    code = "en"
    months = (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    )
    fields: ClassVar[Mapping[str, str]] = {
        "start_date": "start",
        "end_date": "end",
        "days": "length in days",
        "age_at_start": "age at the start (in calendar years)",
        "age_at_end": "age at the end (in calendar years)",
        "gender_concept_id": "sex",
        "visit_concept_id": "kind of visit",
        "specialty_concept_id": "provider's specialty",
        "place_of_service_concept_id": "place of service",
        "place_of_service_region_concept_id": "region of the place of service",
        "value_as_number": "value",
        "value_as_concept_id": "coded value",
        "value_as_string": "value as text",
        "range_low": "lower reference limit",
        "range_high": "upper reference limit",
        "range_low_ratio": "value divided by the lower reference limit",
        "range_high_ratio": "value divided by the upper reference limit",
        "condition_occurrence_count": "number of conditions in the era",
        "drug_exposure_count": "number of exposures in the era",
        "gap_days": "days of gaps in the era",
    }
    decimal_mark = "."

    entry_title = "Entry events are:"
    cohort_title = "The cohort is:"
    sets_title = "Concept sets:"
    items_title = "All items of the larger concept sets:"
    notes_title = "Throughout:"

    entry_events = "the entry events."
    entry_events_of_every_rule = "the entry events that satisfy every inclusion rule."
    together = "all of these together:"
    satisfying = "Of these those that satisfy:"
    among = "it is one of these:"
    same_event = "the end of the same event among these:"
    nothing_asked = "nothing is asked."
    with_all = "with all of:"
    at_any_time = "at any time"
    any_period = "within the observation period or not"
    same_visit = "in the same visit"
    only_first = "only each person's first"
    abnormal = "a value outside its reference range, or coded as abnormally high or low"
    nothing = "nothing asked"

    until_earliest = (
        "Each lasts up to and including the earliest of these days; days before its start do not count, and what has "
        "no other day is left out:"
    )
    until_only = "Each lasts up to and including this day, and is left out where that is before its start:"
    until = "Each gets this end:"
    end_of_observation = "the end of the observation period."
    first_event = "the start of the first of these from its own start to the end of the observation period:"

    periods_note = (
        "Around an event only events that start in the same observation period count, unless it is said otherwise."
    )
    bounds_note = "The first and the last day of a stretch of days both belong to it."

    def rule_title(self, number: int, name: str) -> str:
        return f"Inclusion rule {number}{f', {name}' if name else ''}:"

    def entry_events_of_rule(self, number: int) -> str:
        return f"the entry events that satisfy inclusion rule {number}."

    def quoted(self, name: str) -> str:
        return f"“{name}”"

    def unnamed_set(self, number: int) -> str:
        return f"concept set {number}"

    def numbered_set(self, name: str, number: int) -> str:
        return f"{name} (set {number})"

    def days(self, count: int) -> str:
        return f"{self.number(count)} day" if abs(count) == 1 else f"{self.number(count)} days"

    def records(self, table: str, concepts: str | None) -> str:
        return _of(table, 2, concepts)

    def counted(self, occurs: Occurs, table: str, concepts: str | None) -> str:
        least, most, number = amount(occurs)
        if occurs.distinct is None:
            return f"{_amount(least, most)} {_of(table, number, concepts)}"
        return f"{_amount(least, most)} {_counted(occurs.distinct, number)} among {_of(table, 2, concepts)}"

    def counted_among(self, occurs: Occurs) -> str:
        least, most, number = amount(occurs)
        if occurs.distinct is None:
            return "none of these events" if least == most == 0 else f"{_amount(least, most)} of these events"
        return f"{_amount(least, most)} {_counted(occurs.distinct, number)} among these events"

    def source(self, concepts: str) -> str:
        return f"with a source concept in {concepts}"

    def moved(self, dates: Dates) -> str:
        start = _offset(self, dates.start_days, f"their {dates.start_from}")
        end = _offset(self, dates.end_days, f"their {dates.end_from}")
        return f"taken to start {start} and to end {end}"

    def fixed_start(self, day: date) -> str:
        return f"then taken to start on {self.calendar_day(day)}"

    def fixed_end(self, day: date) -> str:
        return f"then taken to end on {self.calendar_day(day)}"

    def having(self, conditions: Sequence[str]) -> str:
        return f"with {listed(conditions, 'and')}"

    def of_these_having(self, conditions: Sequence[str]) -> str:
        return f"Of these those with {listed(conditions, 'and') if conditions else self.nothing}."

    def leaving_out(self, persons: int) -> str:
        return f"Of these those of everybody but {'1 person' if persons == 1 else f'{persons} persons'} left out."

    def observed(self, before: int, after: int) -> str:
        return f"Of these those that start during an observation period{self._around(before, after)}."

    def observed_and(self, before: int, after: int) -> str:
        return f"Of these those that start during an observation period{self._around(before, after)}, and that satisfy:"

    def _around(self, before: int, after: int) -> str:
        sides = [f"at least {self.days(before)} of it before the start"] if before else []
        sides += [f"at least {self.days(after)} of it after the start"] if after else []
        return f", with {listed(sides, 'and')}" if sides else ""

    def numbered(self, latest_first: bool) -> str:
        order = "latest to the earliest" if latest_first else "earliest to the latest"
        return f"Each person's are taken in order, from the {order}."

    def number_one(self, latest_first: bool) -> str:
        return f"Of these only each person's {'last' if latest_first else 'first'}."

    def picked(self, which: Literal["numbered", "earliest", "latest"]) -> str:
        if which == "numbered":
            return "Of these only the first of each person in their order."
        return f"Of these only the one of each person that starts {which}."

    def how_many(self, at_least: int, at_most: int | None, tests: int) -> str:
        if at_most is None:
            if at_least == tests:
                return "all of:" if tests > 1 else "this:"
            return "at least one of:" if at_least == 1 else f"at least {at_least} of:"
        if at_least == at_most:
            return f"exactly {at_least} of:" if at_least else "none of:"
        return f"at most {at_most} of:" if at_least == 0 else f"from {at_least} to {at_most} of:"

    def end_at_offset(self, day: Day, days: int) -> str:
        return f"{_offset(self, days, f'its {day}')}, or the end of the observation period where that is earlier."

    def end_of_era(self, end: EndOfEra, drugs: str) -> str:
        lasts = "to its end" if end.days_supply is None else f"{self.days(end.days_supply)} from its start"
        more = f", and {self.days(end.offset)} more" if end.offset else ""
        return (
            f"the end of the era of exposure to {drugs} during which it starts (gaps of at most {self.days(end.gap)} "
            f"are bridged, and each exposure lasts {lasts}{more})."
        )

    def joined(self, gap: int) -> str:
        which = "that overlap or touch" if gap == 0 else f"that lie at most {self.days(gap)} apart"
        return f"A person's periods {which} are joined into one."

    def cut(self, earliest: date | None, latest: date | None) -> str:
        sides = [f"from {self.calendar_day(earliest)}"] if earliest else []
        sides += [f"until {self.calendar_day(latest)}"] if latest else []
        return f"Of these periods only the days {' '.join(sides)}."

    def number_is(self, field: str, operator: str, value: str, extent: str) -> str:
        return f"{field} {OPERATORS[operator].format(value, extent)}"

    def date_is(self, field: str, operator: str, value: str, extent: str) -> str:
        return f"{field} {DATES[operator].format(value, extent)}"

    def concept_is(self, field: str, concepts: Sequence[str], in_set: bool, negated: bool) -> str:
        if in_set:
            return f"{field} {'known and not in' if negated else 'in'} {concepts[0]}"
        if negated:
            return f"{field} known and other than {listed(concepts, 'or') if concepts else self.nothing}"
        return f"{field} {listed(concepts, 'or') if concepts else 'none at all'}"

    def text_is(self, field: str, match: str, text: str, negated: bool) -> str:
        verb = TEXTS[match].replace("that ", "that not ") if negated else TEXTS[match]
        return f"a text in {field} {verb} {text}"

    def window(self, window: Window, anchor: Anchor) -> str:
        what = "starting" if window.event == "start" else "ending"
        day = _day(window.index, anchor)
        match window.earliest, window.latest:
            case None, None:
                return f"{what} at any time before or after {day}"
            case earliest, None:
                return f"{what} {_bound(self, earliest, window.index, anchor)} or later"
            case None, latest:
                return f"{what} {_bound(self, latest, window.index, anchor)} or earlier"
            case earliest, latest if earliest == latest:
                return f"{what} {_on(_bound(self, earliest, window.index, anchor))}"
            case earliest, latest:
                first, last = (_bound(self, bound, window.index, anchor) for bound in (earliest, latest))
                return f"{what} from {first} to {last}"

    def item(self, concept: str, descendants: bool, mapped: bool) -> str:
        extras = [word for word, there in (("descendants", descendants), ("mapped concepts", mapped)) if there]
        return f"{concept} with {listed(extras, 'and')}" if extras else concept

    def items(self, included: Sequence[str], excluded: Sequence[str]) -> str:
        said = "; ".join(included) or "no concept"
        return f"{said}; but not {'; '.join(excluded)}" if excluded else said

    def summed_up(self, included: int, excluded: int) -> str:
        without = f" and {self.number(excluded)} that are excluded" if excluded else ""
        return f"{self.number(included)} items{without}, listed at the end"

    def missing_ends(self, ends: tuple[str, ...], tables: Sequence[str]) -> str:
        said = ENDS[ends].format(listed([RECORDS[table][1] for table in tables], "and"))
        return f"{said[0].upper()}{said[1:]}."

    def grouped(self, digits: str) -> str:
        return in_threes(digits, ",")


def _of(table: str, number: int, concepts: str | None) -> str:
    one, several, of = RECORDS[table]
    noun = one if number == 1 else several
    return f"{noun} {of} {concepts}" if concepts else noun


def _counted(column: str, number: int) -> str:
    return COUNTED[column][0 if number == 1 else 1]


def _amount(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least}"
    if most == least:
        return f"exactly {least}" if least else "no"
    return f"at most {most}" if least == 0 else f"from {least} to {most}"


def _offset(say: English, days: int, what: str) -> str:
    if days == 0:
        return f"at {what}"
    return f"{say.days(abs(days))} {'after' if days > 0 else 'before'} {what}"


def _day(index: Day, anchor: Anchor) -> str:
    if anchor == "entry":
        return "the day of entry" if index == "start" else "the day the entry event ends"
    return f"the day the event {index}s"


def _bound(say: English, bound: int | Edge | None, index: Day, anchor: Anchor) -> str:
    match bound:
        case Edge.PERIOD_START:
            return "the first day of observation"
        case Edge.PERIOD_END:
            return "the last day of observation"
    assert isinstance(bound, int)
    if bound == 0:
        return _day(index, anchor)
    near = "entry" if (anchor, index) == ("entry", "start") else f"the {index} of the {anchor}"
    near = "the end of the entry event" if (anchor, index) == ("entry", "end") else near
    return f"{say.days(abs(bound))} {'after' if bound > 0 else 'before'} {near}"


def _on(day: str) -> str:
    return f"on {day}" if day.startswith("the ") else day
