"""Two versions of a definition: what changed, in words, and what that did to the count."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import numpy as np

from wardbench.core.disclosure import Figure, Rules
from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.checks.store import members_of
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.describe import Names, Section, item_in_words, names_of, sections
from wardbench.ward.cohorts.export import atlas_json
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.plan import CohortPlan, Relation
from wardbench.ward.cohorts.run import Cohort, run_cohort

ALIKE = 0.5
"""The least share of equal sentences for two rules of different names to be versions of one."""


@dataclass(frozen=True)
class Change:
    """What became of one part of a definition; `before` and `after` are the sentences that only one version has.

    Of an inclusion rule `rule` is its number and name, and `was` those that it had in the old version.
    """

    kind: Literal["added", "removed", "changed", "moved", "renamed"]
    part: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    rule: tuple[int, str] | None = None
    was: tuple[int, str] | None = None


@dataclass(frozen=True)
class SetChange:
    """What became of a concept set: its items, and where a vocabulary is at hand how many concepts it got and lost."""

    kind: Literal["added", "removed", "changed", "renamed"]
    name: str
    items_removed: tuple[str, ...] = ()
    items_added: tuple[str, ...] = ()
    concepts_removed: int | None = None
    concepts_added: int | None = None


@dataclass(frozen=True)
class Counts:
    """Persons of both cohorts on one snapshot, and whether the cohorts have the same rows."""

    version: str
    before: int
    after: int
    both: int
    same_rows: bool

    def figures(self, rules: Rules) -> dict[str, Figure]:
        """The persons before and after, in both, only before and only after, through the rules of a mode."""
        cells = (self.both, self.before - self.both, self.after - self.both)
        shown = {group.members: group.count for group in rules.partition(cells)}
        return {
            "before": rules.total(self.before),
            "after": rules.total(self.after),
            **{name: shown[(n,)] for n, name in enumerate(("both", "only_before", "only_after"))},
        }


@dataclass(frozen=True)
class Comparison:
    """`same_plan`: both mean the same. `same_json`: they are also written the same, key by key."""

    same_plan: bool
    same_json: bool
    changes: tuple[Change, ...]
    concept_sets: tuple[SetChange, ...]
    counts: Counts | None


def compare_definitions(
    old: Definition, new: Definition, snapshot: Snapshot | None = None, *, language: str = "en"
) -> Comparison:
    """What `new` changes of `old`; `snapshot` gives names, sizes of concept sets, and the counts.

    What the versions say is in `language`, the names of parts are English. InputError or UnsupportedError as `lower`,
    and InputError for a language that there is not.
    """
    before, after = lower(old), lower(new)
    return Comparison(
        same_plan=before == after,
        same_json=atlas_json(old) == atlas_json(new),
        changes=tuple(
            _changes(
                _Version.of(old, before, new, snapshot, language), _Version.of(new, after, new, snapshot, language)
            )
        ),
        concept_sets=tuple(_set_changes(old, new, _names(old, new, before, after, snapshot), snapshot, language)),
        counts=None if snapshot is None else _counts(run_cohort(old, snapshot), run_cohort(new, snapshot)),
    )


def comparison_in_words(found: Comparison) -> list[str]:
    """The changes as lines; what only the old version says begins with a minus, what only the new one says a plus."""
    lines = []
    for change in found.changes:
        lines.append(f"{change.part}: {change.kind}.")
        lines += [f"  - {line}" for line in change.before] + [f"  + {line}" for line in change.after]
        if change.kind == "changed" and not change.before and not change.after:
            lines.append("  The same words, about other concepts: see the concept sets.")
    for sets in found.concept_sets:
        lines.append(f"Concept set “{sets.name}”: {sets.kind}{_sizes(sets)}.")
        lines += [f"  - {line}" for line in sets.items_removed] + [f"  + {line}" for line in sets.items_added]
    if found.same_plan:
        lines.append(
            "Both are the same, key by key." if found.same_json else "Both mean the same, and are written differently."
        )
    return lines


def _sizes(change: SetChange) -> str:
    if change.concepts_added is None or change.concepts_removed is None:
        return ""
    return f", {change.concepts_added:,} concepts more and {change.concepts_removed:,} fewer"


@dataclass(frozen=True)
class _Rule:
    """An inclusion rule: `content` names what it asks, whatever the entry events are."""

    number: int
    name: str
    content: str
    lines: tuple[str, ...]

    @property
    def called(self) -> tuple[int, str]:
        return self.number, self.name


@dataclass(frozen=True)
class _Version:
    plan: CohortPlan
    entry: Section
    cohort: Section
    rules: tuple[_Rule, ...]

    @classmethod
    def of(
        cls, definition: Definition, plan: CohortPlan, newest: Definition, snapshot: Snapshot | None, language: str
    ) -> _Version:
        """A version in words; concept sets that both versions have are called as in the newest."""
        names = names_of(definition, plan, snapshot)
        called = {**names.concept_sets, **newest.concept_set_names}
        said = sections(plan, dataclasses.replace(names, concept_sets=called), language=language)
        rules = [section for section in said if section.part == "rule"]
        by_part = {section.part: section for section in said}
        made = (
            _Rule(n + 1, definition.rule_names[n], _apart(rule, plan.entry).digest, section.lines)
            for n, (rule, section) in enumerate(zip(plan.rules, rules, strict=True))
        )
        return cls(plan, by_part["entry"], by_part["cohort"], tuple(made))


@dataclass(frozen=True, eq=False)
class _TheEntry(Relation):
    """Stands for the entry events, so that rules can be compared although these changed."""


def _apart(rule: Relation, entry: Relation) -> Relation:
    done: dict[Any, Any] = {entry: _TheEntry()}
    for node in rule.walk():
        if node not in done:
            changed = {field.name: _changed(getattr(node, field.name), done) for field in dataclasses.fields(node)}
            done[node] = dataclasses.replace(node, **changed)
    found = done[rule]
    assert isinstance(found, Relation)
    return found


def _changed(value: Any, done: dict[Any, Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(_changed(part, done) for part in value)
    return done[value] if isinstance(value, Relation) else value


def _changes(old: _Version, new: _Version) -> Iterator[Change]:
    if old.plan.entry != new.plan.entry:
        yield Change("changed", "Entry events", *_different(old.entry.lines, new.entry.lines))
    pairs = _pairs(old.rules, new.rules)
    stayed = _in_order([(one.number, other.number) for one, other in pairs])
    for rule in old.rules:
        if rule.number not in {one.number for one, _ in pairs}:
            yield Change("removed", _called(rule), before=rule.lines, rule=rule.called)
    for one, other in sorted(pairs, key=lambda pair: pair[1].number):
        now, was = other.called, one.called
        if one.content != other.content:
            yield Change("changed", _called(other), *_different(one.lines, other.lines), rule=now, was=was)
        if one.name != other.name:
            yield Change("renamed", _called(other), (_called(one),), (_called(other),), rule=now, was=was)
        if (one.number, other.number) not in stayed:
            yield Change(
                "moved", _called(other), (f"number {one.number}",), (f"number {other.number}",), rule=now, was=was
            )
    for rule in new.rules:
        if rule.number not in {other.number for _, other in pairs}:
            yield Change("added", _called(rule), after=rule.lines, rule=rule.called)
    if old.cohort.lines != new.cohort.lines:
        yield Change("changed", "Limits and exit", *_different(old.cohort.lines, new.cohort.lines))


def _called(rule: _Rule) -> str:
    return f"Inclusion rule {rule.number}, {rule.name}"


def _pairs(old: Sequence[_Rule], new: Sequence[_Rule]) -> list[tuple[_Rule, _Rule]]:
    """Which rule of the old version became which: the same content first, then the same name, then the most alike."""
    left, right, pairs = list(old), list(new), []

    def take(one: _Rule, other: _Rule) -> None:
        pairs.append((one, other))
        left.remove(one)
        right.remove(other)

    for same in (
        lambda a, b: (a.content, a.name) == (b.content, b.name),
        lambda a, b: a.content == b.content,
        lambda a, b: a.name == b.name,
    ):
        for one in list(left):
            other = next((rule for rule in right if same(one, rule)), None)
            if other is not None:
                take(one, other)
    alike = sorted(
        ((_likeness(a.lines, b.lines), a.number, b.number, a, b) for a in left for b in right),
        key=lambda one: (-one[0], *one[1:3]),
    )
    for likeness, _, _, one, other in alike:
        if likeness >= ALIKE and one in left and other in right:
            take(one, other)
    return pairs


def _likeness(one: Sequence[str], other: Sequence[str]) -> float:
    return SequenceMatcher(None, "\n".join(one), "\n".join(other), autojunk=False).ratio()


def _in_order(pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """The largest part of `pairs` that keeps its order: whatever is outside has moved."""
    nothing: list[tuple[int, int]] = []
    chains: list[list[tuple[int, int]]] = []
    for pair in sorted(pairs):
        before = [chain for chain in chains if chain[-1][1] < pair[1]]
        longest = max(before, key=len, default=nothing)
        chains.append([*longest, pair])
    longest = max(chains, key=len, default=nothing)
    return set(longest)


def _different(old: Sequence[str], new: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    before: list[str] = []
    after: list[str] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            before += old[i1:i2]
            after += new[j1:j2]
    return tuple(before), tuple(after)


def _names(old: Definition, new: Definition, before: CohortPlan, after: CohortPlan, snapshot: Snapshot | None) -> Names:
    concepts = {**names_of(old, before, snapshot).concepts, **names_of(new, after, snapshot).concepts}
    return Names(concepts=concepts)


def _set_changes(
    old: Definition, new: Definition, names: Names, snapshot: Snapshot | None, language: str
) -> Iterator[SetChange]:
    before, after = _sets(old), _sets(new)
    gone = [pair for pair in before if pair not in after]
    come = [pair for pair in after if pair not in before]
    members: dict[ConceptSet, frozenset[int]] = {}
    if snapshot is not None and (gone or come):
        with snapshot.connect() as con:
            members = members_of(con, tuple({concepts for _, concepts in (*gone, *come)}))
    for name, concepts in gone:
        renamed = next((pair for pair in come if pair[1] == concepts), None)
        changed = next((pair for pair in come if pair[0] == name), None)
        if changed is not None:
            come.remove(changed)
            yield _set_change("changed", name, concepts, changed[1], names, members, language)
        elif renamed is not None:
            come.remove(renamed)
            yield SetChange("renamed", name, (name,), (renamed[0],))
        else:
            yield _set_change("removed", name, concepts, ConceptSet(frozenset()), names, members, language)
    for name, concepts in come:
        yield _set_change("added", name, ConceptSet(frozenset()), concepts, names, members, language)


def _sets(definition: Definition) -> list[tuple[str, ConceptSet]]:
    given = definition.expression.concept_sets or ()
    return [(named.name or f"concept set {named.id}", definition.concept_sets[named.id]) for named in given]


def _set_change(
    kind: Literal["added", "removed", "changed"],
    name: str,
    old: ConceptSet,
    new: ConceptSet,
    names: Names,
    members: dict[ConceptSet, frozenset[int]],
    language: str,
) -> SetChange:
    def said(items: frozenset[ConceptItem]) -> tuple[str, ...]:
        return tuple(item_in_words(item, names, language=language) for item in sorted(items))

    lost = gained = None
    if members:
        nothing: frozenset[int] = frozenset()
        had, has = members.get(old, nothing), members.get(new, nothing)
        lost, gained = len(had - has), len(has - had)
    return SetChange(kind, name, said(old.items - new.items), said(new.items - old.items), lost, gained)


def _counts(old: Cohort, new: Cohort) -> Counts:
    before, after = (np.unique(cohort.rows["subject_id"].to_numpy()) for cohort in (old, new))
    columns = ["subject_id", "cohort_start_date", "cohort_end_date"]
    return Counts(
        version=new.snapshot_version,
        before=int(before.size),
        after=int(after.size),
        both=int(np.intersect1d(before, after, assume_unique=True).size),
        same_rows=old.rows.select(columns).equals(new.rows.select(columns)),
    )
