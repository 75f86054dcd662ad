"""What can be concluded from a plan alone: what holds always, what never, and what contradicts what.

Every conclusion is certain, whatever the records are; where nothing is certain nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from wardbench.ward.cohorts.checks.finding import Checked
from wardbench.ward.cohorts.checks.located import events_of
from wardbench.ward.cohorts.checks.spans import possible
from wardbench.ward.cohorts.conditions import Condition
from wardbench.ward.cohorts.plan import Edge, Events, InObservation, Near, Relation, Satisfying, Union, Where, Window


def verdict(node: Relation, index: Relation, checked: Checked) -> bool | None:
    """Whether every row of `index` is in `node` (True), or none (False); None where that depends on the records."""
    if node == index:
        return True
    match node:
        case Where(source, conditions) if source == index:
            return False if not possible(conditions) else (None if conditions else True)
        case Near(source) if source == index:
            return _verdict_of_count(node, checked)
        case Satisfying(source, tests, at_least, at_most) if source == index:
            verdicts = [verdict(test, index, checked) for test in tests]
            least = verdicts.count(True)
            most = least + verdicts.count(None)
            if at_least == len(tests) and contradictions(tests, index, checked):
                return False
            if most < at_least or (at_most is not None and least > at_most):
                return False
            if least >= at_least and (at_most is None or most <= at_most):
                return True
    return None


def _verdict_of_count(node: Near, checked: Checked) -> bool | None:
    least, most = _counted(node, checked)
    occurs = node.occurs
    if (most is not None and most < occurs.at_least) or (occurs.at_most is not None and least > occurs.at_most):
        return False
    if occurs.at_most is not None and occurs.at_least > occurs.at_most:
        return False
    if least >= occurs.at_least and (occurs.at_most is None or (most is not None and most <= occurs.at_most)):
        return True
    return None


def _counted(node: Near, checked: Checked) -> tuple[int, int | None]:
    """How many there are at least and at most whatever the records are (None: any number)."""
    if is_nothing(node.events, checked) or any(is_impossible(window) for window in node.windows):
        return 0, 0
    return (1, None) if counts_its_index(node, checked) else (0, None)


def is_impossible(window: Window) -> bool:
    """Whether no day lies in the window."""
    earliest, latest = window.earliest, window.latest
    if isinstance(earliest, int) and isinstance(latest, int):
        return earliest > latest
    return earliest is Edge.PERIOD_END and latest is Edge.PERIOD_START


def is_nothing(events: Relation, checked: Checked) -> bool:
    """Whether it is certain that there are no such events."""
    match events:
        case Events():
            empty = checked.is_empty(events.concepts) or checked.is_empty(events.source_concepts)
            return empty or not possible(events.where)
        case Union(sources):
            return all(is_nothing(source, checked) for source in sources)
        case Satisfying(source=Events() as source, tests=(test,), at_least=1):
            return is_nothing(source, checked) or verdict(test, InObservation(source), checked) is False
    return False


def counts_its_index(node: Near, checked: Checked) -> bool:
    """Whether the event that is asked about is always one of those that are counted around it."""
    if node.same_visit or node.occurs.distinct not in (None, "start_date"):
        return False
    if not all(w.index == w.event == "start" and _holds_the_day_itself(w) for w in node.windows):
        return False
    return among(events_of(node.index), node.events, checked)


def _holds_the_day_itself(window: Window) -> bool:
    from_then = window.earliest in (None, Edge.PERIOD_START) or window.earliest == 0
    earlier = isinstance(window.earliest, int) and window.earliest < 0
    until_then = window.latest in (None, Edge.PERIOD_END) or (isinstance(window.latest, int) and window.latest >= 0)
    return (from_then or earlier) and until_then


def among(smaller: Relation, larger: Relation, checked: Checked) -> bool:
    """Whether it is certain that every row of `smaller` is one of `larger`."""
    if smaller == larger:
        return True
    if isinstance(smaller, Union):
        return all(among(source, larger, checked) for source in smaller.sources)
    if isinstance(larger, Union):
        return any(among(smaller, source, checked) for source in larger.sources)
    if isinstance(smaller, Satisfying):
        return among(smaller.source, larger, checked)
    if not isinstance(smaller, Events) or not isinstance(larger, Events):
        return False
    if larger.first and (not smaller.first or not _same_but_for_conditions(smaller, larger)):
        return False
    plain = replace(smaller, concepts=None, source_concepts=None, where=(), first=False)
    return (
        plain == replace(larger, concepts=None, source_concepts=None, where=(), first=False)
        and checked.contains(larger.concepts, smaller.concepts)
        and checked.contains(larger.source_concepts, smaller.source_concepts)
        and set(larger.where) <= set(smaller.where)
    )


def _same_but_for_conditions(one: Events, other: Events) -> bool:
    return replace(one, where=()) == replace(other, where=())


def contradictions(tests: Sequence[Relation], index: Relation, checked: Checked) -> list[tuple[Relation, Relation]]:
    """The pairs of tests, from any depth of what all have to hold, that no row can satisfy together."""
    atoms = [atom for test in tests for atom in conjuncts(test, index)]
    return [(a, b) for a, b in combinations(dict.fromkeys(atoms), 2) if contradict(a, b, checked)]


def conjuncts(test: Relation, index: Relation) -> Iterator[Relation]:
    """The tests that hold wherever `test` does, groups that ask for all of their tests taken apart."""
    match test:
        case Satisfying(source, tests, at_least) if source == index and at_least == len(tests):
            for part in tests:
                yield from conjuncts(part, index)
        case _:
            yield test


def contradict(one: Relation, other: Relation, checked: Checked) -> bool:
    """Whether no event can satisfy both; each by itself can."""
    if isinstance(one, Where) and isinstance(other, Where):
        both: tuple[Condition, ...] = (*one.conditions, *other.conditions)
        return possible(one.conditions) and possible(other.conditions) and not possible(both)
    if isinstance(one, Near) and isinstance(other, Near):
        return _asks_more_than(one, other, checked) or _asks_more_than(other, one, checked)
    return False


def _asks_more_than(more: Near, fewer: Near, checked: Checked) -> bool:
    """Whether `more` asks for more events than `fewer` allows of events that include those."""
    if fewer.occurs.at_most is None or more.occurs.at_least <= fewer.occurs.at_most:
        return False
    if fewer.occurs.distinct not in (None, more.occurs.distinct):
        return False
    if (fewer.in_period and not more.in_period) or (fewer.same_visit and not more.same_visit):
        return False
    inside = all(
        any(_within(w, wider, more.in_period) for w in more.windows) or _is_open(wider, more.in_period)
        for wider in fewer.windows
    )
    return inside and among(more.events, fewer.events, checked)


def _is_open(window: Window, in_period: bool) -> bool:
    return _earliest(window, in_period) is None and _latest(window, in_period) is None


def _within(window: Window, wider: Window, in_period: bool) -> bool:
    if (window.index, window.event) != (wider.index, wider.event):
        return False
    earliest, latest = _earliest(wider, in_period), _latest(wider, in_period)
    return _not_before(_earliest(window, in_period), earliest) and _not_after(_latest(window, in_period), latest)


def _earliest(window: Window, in_period: bool) -> int | Edge | None:
    """The bound, or None where it says no more than that the event lies in the observation period."""
    implied = in_period and window.event == "start" and window.earliest is Edge.PERIOD_START
    return None if implied else window.earliest


def _latest(window: Window, in_period: bool) -> int | Edge | None:
    implied = in_period and window.event == "start" and window.latest is Edge.PERIOD_END
    return None if implied else window.latest


def _not_before(bound: int | Edge | None, limit: int | Edge | None) -> bool:
    if limit is None or bound == limit:
        return True
    return isinstance(bound, int) and isinstance(limit, int) and bound >= limit


def _not_after(bound: int | Edge | None, limit: int | Edge | None) -> bool:
    if limit is None or bound == limit:
        return True
    return isinstance(bound, int) and isinstance(limit, int) and bound <= limit
