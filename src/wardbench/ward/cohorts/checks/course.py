"""Limits, exits and observation: what happens to events once they are found."""

from __future__ import annotations

from collections.abc import Iterator

from wardbench.ward.cohorts.checks.finding import Checked, Finding
from wardbench.ward.cohorts.checks.located import Located, events_of
from wardbench.ward.cohorts.checks.logic import among, is_nothing
from wardbench.ward.cohorts.plan import EndAtEvent, Near


def findings(checked: Checked, located: Located) -> Iterator[Finding]:
    yield from _entry(checked, located)
    yield from _limits(checked)
    yield from _exit(checked)
    yield from _observation(checked, located)


def _entry(checked: Checked, located: Located) -> Iterator[Finding]:
    nothing = [is_nothing(node, checked) for _, node in located.primary]
    for (path, _), is_none in zip(located.primary, nothing, strict=True):
        if is_none:
            all_of_them = "nobody can be in the cohort" if all(nothing) else "the criterion adds nobody"
            yield Finding("critical", "never", path, f"There are no such events, so {all_of_them}.")


def _limits(checked: Checked) -> Iterator[Finding]:
    expression = checked.definition.expression
    primary = expression.primary_criteria
    first = primary.primary_criteria_limit.which
    later = [("ExpressionLimit", expression.expression_limit.which)]
    if expression.additional_criteria is not None:
        later.insert(0, ("QualifiedLimit", expression.qualified_limit.which))
    opposite = {"first": "last", "last": "first"}
    for path, limit in later:
        if first != "all" and limit == opposite[first]:
            sentence = (
                f"The {limit} event of each person is asked for, but PrimaryCriteriaLimit leaves only the {first}."
            )
            yield Finding("warning", "limit", path, sentence)
    if expression.additional_criteria is None and expression.qualified_limit.which == "last":
        sentence = "The limit acts only beside AdditionalCriteria, and there are none."
        yield Finding("information", "limit", "QualifiedLimit", sentence)
    criteria = primary.criteria_list
    if len(criteria) == 1 and criteria[0].only[1].first and first == "last":
        path = "PrimaryCriteria.PrimaryCriteriaLimit"
        yield Finding(
            "warning", "limit", path, "The criterion leaves each person's first event only: no other is last."
        )


def _exit(checked: Checked) -> Iterator[Finding]:
    expression = checked.definition.expression
    strategy = expression.end_strategy
    limits = (expression.primary_criteria.primary_criteria_limit.which, expression.expression_limit.which)
    if strategy is None or (strategy.date_offset is None and strategy.custom_era is None):
        if limits == ("all", "all") and not expression.censoring_criteria:
            sentence = "All events start a membership and none says when it ends: each lasts to the end of observation."
            yield Finding("warning", "exit", "EndStrategy", sentence)
        else:
            sentence = "Nothing says when a membership ends: each lasts to the end of observation."
            yield Finding("information", "exit", "EndStrategy", sentence)
    elif (offset := strategy.date_offset) is not None and offset.date_field == "StartDate":
        path = "EndStrategy.DateOffset.Offset"
        if offset.offset < 0:
            yield Finding("critical", "exit", path, "The end is before the start: nobody can be in the cohort.")
        elif offset.offset == 0:
            yield Finding("information", "exit", path, "A membership ends on the day it starts.")
    for node in checked.plan.walk():
        if isinstance(node, EndAtEvent) and among(events_of(node.source), node.events, checked):
            sentence = "The events that start a membership are among those that end it: each ends on its first day."
            yield Finding("warning", "exit", "CensoringCriteria", sentence)
            return


def _observation(checked: Checked, located: Located) -> Iterator[Finding]:
    """Absence over days that nobody was required to be observed for."""
    window = checked.definition.expression.primary_criteria.observation_window
    before, after = 0, 0
    for top in located.entry:
        for test in top.walk():
            if isinstance(test.node, Near) and test.node.occurs.at_most is not None:
                for days in test.node.windows:
                    before = max(before, -days.earliest if isinstance(days.earliest, int) else 0)
                    after = max(after, days.latest if isinstance(days.latest, int) else 0)
    path = "PrimaryCriteria.ObservationWindow"
    for key, far, needed, side in (
        ("PriorDays", before, window.prior_days, "before"),
        ("PostDays", after, window.post_days, "after"),
    ):
        if far > needed:
            sentence = (
                f"Events are to be absent up to {far} days {side} the entry, and only {needed} days of observation are "
                "required there: what was not observed counts as absent."
            )
            yield Finding("information", "observation", f"{path}.{key}", sentence)
