"""Rules and groups: those that hold always or never, that are there twice, and that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from wardbench.ward.cohorts.checks.finding import Checked, Finding
from wardbench.ward.cohorts.checks.located import Located, Test
from wardbench.ward.cohorts.checks.logic import (
    conjuncts,
    contradict,
    counts_its_index,
    is_impossible,
    is_nothing,
    verdict,
)
from wardbench.ward.cohorts.plan import Near, Relation, Satisfying, Where


def findings(checked: Checked, located: Located) -> Iterator[Finding]:
    yield from _contradictions(checked, located.entry)
    for top in located.nested:
        yield from _contradictions(checked, [top])
    for test in located.tests:
        yield from _verdict(checked, test)
        yield from _repeated(test)
    yield from _same_rules(located.entry)
    yield from _same_criteria(located)


def _contradictions(checked: Checked, tops: Sequence[Test]) -> Iterator[Finding]:
    """Among everything that the same events have to satisfy, and within every group that asks for all of its tests."""
    groups = [*tops] if len(tops) > 1 else []
    seen: set[frozenset[str]] = set()
    for tests in [groups, *([test] for top in tops for test in top.walk() if test.parts)]:
        atoms = [atom for test in tests for atom in _atoms(test)]
        for one, other in combinations(atoms, 2):
            pair = frozenset({one.path, other.path})
            if pair in seen or not contradict(one.node, other.node, checked):
                continue
            seen.add(pair)
            sentence = f"Nothing can satisfy this and {one.path} too, and both are asked for.{_counts(one, other)}"
            yield Finding("critical", "contradiction", other.path, sentence)


def _atoms(test: Test) -> Iterator[Test]:
    """The tests that hold wherever `test` does."""
    node = test.node
    if test.parts and isinstance(node, Satisfying) and node.at_least == len(node.tests):
        for part in test.parts:
            yield from _atoms(part)
    else:
        yield test


def _counts(one: Test, other: Test) -> str:
    if not isinstance(one.node, Near) or not isinstance(other.node, Near):
        return ""
    more, fewer = sorted((one.node.occurs, other.node.occurs), key=lambda occurs: -occurs.at_least)
    return f" One wants at least {more.at_least} of these events, the other allows at most {fewer.at_most}."


def _verdict(checked: Checked, test: Test) -> Iterator[Finding]:
    if test.node == test.index:
        yield Finding("warning", "always", test.path, "The group asks for nothing, so everything satisfies it.")
        return
    found = verdict(test.node, test.index, checked)
    if found is None or (test.parts and _is_said_below(checked, test)):
        return
    if found:
        if isinstance(test.node, Near) and test.node.occurs.at_least == 0 and test.node.occurs.at_most is None:
            return
        yield Finding("warning", "always", test.path, f"This is always so: {_why(checked, test)}.")
    else:
        yield Finding("critical", "never", test.path, f"This can never be so: {_why(checked, test)}.")


def _is_said_below(checked: Checked, test: Test) -> bool:
    """Whether a part says already what makes a group always so, or never, or contradicts another part."""
    node = test.node
    assert isinstance(node, Satisfying)
    if any(verdict(part.node, part.index, checked) is not None for part in test.parts):
        return True
    atoms = list(conjuncts(node, test.index))
    return any(contradict(one, other, checked) for one, other in combinations(atoms, 2))


def _why(checked: Checked, test: Test) -> str:
    node = test.node
    if isinstance(node, Where):
        return "what is asked of the person and the days excludes itself"
    if isinstance(node, Satisfying):
        there = "1 test is there" if len(node.tests) == 1 else f"{len(node.tests)} tests are there"
        return f"{there}, and {_asked(node)} of them are asked for"
    assert isinstance(node, Near)
    if any(is_impossible(window) for window in node.windows):
        return "no day lies in the window"
    if is_nothing(node.events, checked):
        return "there are no such events"
    if counts_its_index(node, checked):
        return "the event that it is asked about is itself one of those that are counted"
    return "no number is both at least that many and at most that many"


def _asked(node: Satisfying) -> str:
    most = "" if node.at_most is None else f"at most {node.at_most}"
    return most or f"at least {node.at_least}"


def _repeated(test: Test) -> Iterator[Finding]:
    seen: dict[Relation, str] = {}
    for part in test.parts:
        if part.node in seen:
            sentence = f"The group has the same as {seen[part.node]} already."
            yield Finding("warning", "duplicate", part.path, sentence)
        seen.setdefault(part.node, part.path)


def _same_rules(entry: Sequence[Test]) -> Iterator[Finding]:
    seen: dict[Relation, Test] = {}
    for test in entry:
        if test.rule is not None and test.node != test.index:
            if (first := seen.get(test.node)) is not None:
                sentence = f"The rule is the same as {first.path.removesuffix('.expression')}, so it keeps everybody."
                yield Finding("warning", "duplicate", test.path.removesuffix(".expression"), sentence)
            seen.setdefault(test.node, test)


def _same_criteria(located: Located) -> Iterator[Finding]:
    seen: dict[Relation, str] = {}
    for path, node in located.primary:
        if node in seen:
            sentence = f"The criterion is the same as {seen[node]}, so each of its events is there twice."
            yield Finding("warning", "duplicate", path, sentence)
        seen.setdefault(node, path)
