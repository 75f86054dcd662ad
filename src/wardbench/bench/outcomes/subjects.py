"""Who is compared, from when, for how long: the two cohorts of a protocol brought to one time zero.

Eligibility, assignment and the start of follow-up all lie on the first day of the first membership, so that nobody is
followed before they could be counted (no immortal time by construction; what a definition itself asks of the days
after its start is for `diagnostics` to find).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wardbench.bench.outcomes.arrays import Floats, Integers
from wardbench.bench.outcomes.protocol import Protocol, Question
from wardbench.core.arrow import whole_numbers
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import Cohort, Definition, run_cohort
from wardbench.ward.cohorts.engines.arrays import Arrays
from wardbench.ward.cohorts.engines.arrays.days import EARLIEST, day_of, person_of

FREE, OUTCOME, DEATH = range(3)
"""How follow-up ended: without either, with the outcome, with death before it (where death is not the outcome)."""
CAUSE, OTHER_CAUSE = 1, 2
NEVER = np.iinfo(np.int64).max // 4


@dataclass(frozen=True)
class Step:
    """How many persons of each arm are left after one step."""

    name: str
    target: int
    comparator: int


@dataclass(frozen=True)
class Subjects:
    """n persons, in the order of their ids; each array has one value for each."""

    person: Integers
    treated: Integers
    """Whether they are of the target cohort; all are where there is no comparator."""
    index: Integers
    """Time zero, in days since 1970."""
    stop: Integers
    """The last day of the membership, in days since 1970."""
    days: Floats
    """Days of follow-up from the first day of risk on, at least 1 where anything could be seen."""
    ended: Integers
    """`FREE`, `OUTCOME` or `DEATH`."""
    attrition: tuple[Step, ...]

    @property
    def size(self) -> int:
        return len(self.person)

    @property
    def in_both_arms(self) -> bool:
        """Whether there is somebody of the target and somebody of the comparator."""
        return bool(self.treated.any() and not self.treated.all())

    def among(self, kept: Integers) -> Subjects:
        """Those for whom `kept` is true."""
        arrays = (self.person, self.treated, self.index, self.stop, self.days, self.ended)
        person, treated, index, stop, days, ended = (array[kept] for array in arrays)
        return Subjects(person, treated, index, stop, days, ended, self.attrition)


@dataclass(frozen=True)
class Members:
    """n persons of either cohort in the order of their ids, before anything of their follow-up; days since 1970."""

    person: Integers
    treated: Integers
    index: Integers
    stop: Integers

    def among(self, kept: Integers) -> Members:
        return Members(self.person[kept], self.treated[kept], self.index[kept], self.stop[kept])


@dataclass(frozen=True)
class Eligible:
    """Who may be followed, how they were found, and their outcome (None: death)."""

    members: Members
    seen: Integers
    """The last day of observation that goes on from time zero; -1 without one."""
    died: Integers
    """The day of death, `NEVER` where none is on record."""
    outcome: Cohort | None
    attrition: tuple[Step, ...]

    def among(self, kept: Integers) -> Eligible:
        return Eligible(self.members.among(kept), self.seen[kept], self.died[kept], self.outcome, self.attrition)


def assemble(question: Question, data: Snapshot | Arrays, *, without: Collection[int] = ()) -> Subjects:
    """Run the cohorts and follow everybody who is eligible; those in `without` are as if they were not in the store.

    UnsupportedError as the cohort engine raises it.
    """
    return followed(question.protocol, eligible(question, engine_of(data), without))


def follow(
    question: Question, data: Snapshot | Arrays, subjects: Subjects, outcomes: Sequence[Definition]
) -> list[Subjects]:
    """The same persons with other outcomes, for negative controls; who had one before keeps their place without it."""
    engine = engine_of(data)
    members = Members(subjects.person, subjects.treated, subjects.index, subjects.stop)
    who = with_ends(members, engine, None, subjects.attrition)
    return [followed_for(question.protocol, who, run_cohort(one, engine)) for one in outcomes]


def engine_of(data: Snapshot | Arrays) -> Arrays:
    return Arrays(data) if isinstance(data, Snapshot) else data


def eligible(question: Question, engine: Arrays, without: Collection[int] = ()) -> Eligible:
    """Who may be followed, step by step."""
    target = run_cohort(question.target, engine)
    comparator = None if question.comparator is None else run_cohort(question.comparator, engine)
    outcome = None if question.outcome is None else run_cohort(question.outcome, engine)
    population = None if question.population is None else run_cohort(question.population, engine)
    members = _members(target, comparator)
    if without:
        members = members.among(~np.isin(members.person, np.fromiter(without, np.int64, len(without))))
    attrition = [_step("In the cohorts", members)]
    for name, left in _eligible(engine, question, members, outcome, population):
        attrition.append(_step(name, left))
        members = left
    return with_ends(members, engine, outcome, tuple(attrition))


def with_ends(members: Members, engine: Arrays, outcome: Cohort | None, attrition: tuple[Step, ...]) -> Eligible:
    """When the observation of each member ends, and when they died."""
    place, start, end = _periods(engine, members)
    goes_on = (start <= members.index[place]) & (end >= members.index[place])
    seen = np.full(len(members.person), -1, dtype=np.int64)
    np.maximum.at(seen, place[goes_on], end[goes_on])
    keys = engine.columns.table("death").keys
    keys = keys[keys >= 0]
    place, day = _places(engine, members)[person_of(keys)], day_of(keys)
    known = (place >= 0) & (day > EARLIEST)
    died = np.full(len(members.person), NEVER, dtype=np.int64)
    np.minimum.at(died, place[known], day[known])
    return Eligible(members, seen, died, outcome, attrition)


def followed(protocol: Protocol, who: Eligible) -> Subjects:
    return followed_for(protocol, who, who.outcome)


def followed_for(protocol: Protocol, who: Eligible, outcome: Cohort | None) -> Subjects:
    """Everybody's end of follow-up: the outcome, death, the end of observation, the end of treatment as the estimand
    has it, or the last day of the protocol, whichever is first."""
    members, follow_up = who.members, protocol.follow_up
    begins = members.index + follow_up.first_day
    last = np.minimum(who.seen, members.index + follow_up.last_day)
    if protocol.estimand == "as-treated":
        last = np.minimum(last, members.stop + follow_up.after_stop)
    happened = who.died if outcome is None else _first_outcome(members, outcome, begins)
    # A death on the last day of observation ends it and was seen; one after it was not.
    ends = np.minimum(np.minimum(happened, who.died), last)
    ended = np.where(
        (happened <= ends) & (happened <= last), OUTCOME, np.where((who.died <= ends) & (who.died <= last), DEATH, FREE)
    )
    kept = ends >= begins
    subjects = Subjects(
        members.person,
        members.treated,
        members.index,
        members.stop,
        (ends - begins + 1).astype(np.float64),
        ended,
        (*who.attrition, _step("Followed for a day at least", members.among(kept))),
    )
    return subjects.among(kept)


def causes(ended: Integers) -> Integers:
    """How follow-up ended as causes that compete: `CAUSE` the outcome, `OTHER_CAUSE` death before it, 0 neither."""
    return np.select([ended == OUTCOME, ended == DEATH], [CAUSE, OTHER_CAUSE], 0)


def lasts(cohort: Cohort, engine: Arrays) -> bool:
    """Whether everybody's first membership of a cohort that anybody is in lasts as long as they are observed."""
    members = _members(cohort, None)
    return len(members.person) > 0 and not np.any(members.stop < with_ends(members, engine, None, ()).seen)


def _members(target: Cohort, comparator: Cohort | None) -> Members:
    """The first membership of each person in each cohort."""
    parts = []
    for cohort, treated in ((target, True), (comparator, False)):
        if cohort is None:
            continue
        person, start, end = _rows(cohort)
        first = np.ones(len(person), dtype=bool)
        first[1:] = person[1:] != person[:-1]
        parts.append((person[first], np.full(int(first.sum()), treated), start[first], end[first]))
    person, of_target, index, stop = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.lexsort((of_target, person))
    return Members(person[order], of_target[order], index[order], stop[order])


def _rows(cohort: Cohort) -> tuple[Integers, Integers, Integers]:
    """The persons of a cohort with the first and last day of each membership, in order."""
    person, start, end = (
        whole_numbers(cohort.rows[name]) for name in ("subject_id", "cohort_start_date", "cohort_end_date")
    )
    return person, start.astype(np.int64), end.astype(np.int64)


def _step(name: str, members: Members) -> Step:
    treated = int(np.count_nonzero(members.treated))
    return Step(name, treated, len(members.person) - treated)


def _eligible(
    engine: Arrays, question: Question, members: Members, outcome: Cohort | None, population: Cohort | None
) -> Iterator[tuple[str, Members]]:
    """Step by step, what is asked of members and who is left, each asked of those who satisfied all before."""
    protocol = question.protocol
    if question.comparator is not None:
        _, place, times = np.unique(members.person, return_inverse=True, return_counts=True)
        members = members.among(times[place] == 1)
        yield "In one cohort only", members
    if population is not None:
        members = members.among(_within(members, population))
        yield "In the population at time zero", members
    if question.comparator is not None:
        members = members.among(_common_period(members))
        yield "Started while both were in use", members
    place, start, end = _periods(engine, members)
    long_enough = (start <= members.index[place] - protocol.washout_days) & (end >= members.index[place])
    observed = np.zeros(len(members.person), dtype=bool)
    observed[place[long_enough]] = True
    members = members.among(observed)
    yield f"Observed for {protocol.washout_days} days before", members
    if outcome is not None and protocol.exclude_prior_outcome:
        begins = members.index + protocol.follow_up.first_day
        members = members.among(_first_outcome(members, outcome, None) >= begins)
        yield "Without the outcome before", members


def _within(members: Members, population: Cohort) -> Integers:
    """Whether each member is in the population on their time zero."""
    found = np.zeros(len(members.person), dtype=bool)
    person, start, end = _rows(population)
    first, last = (np.searchsorted(members.person, person, side=side) for side in ("left", "right"))
    # Who is in both arms stands there twice.
    for more in range(int(np.max(last - first, initial=0))):
        place = first[last - first > more] + more
        at = members.index[place]
        inside = (start[last - first > more] <= at) & (end[last - first > more] >= at)
        found[place[inside]] = True
    return found


def _common_period(members: Members) -> Integers:
    """Time zero lies between the later first and the earlier last use of the two."""
    index, treated = members.index, members.treated
    if treated.all() or not treated.any():
        return np.ones(len(index), dtype=bool)
    low = max(index[treated].min(), index[~treated].min())
    high = min(index[treated].max(), index[~treated].max())
    return np.asarray((index >= low) & (index <= high))


def in_cohort(engine: Arrays, subjects: Subjects, cohort: Definition) -> Integers:
    """Whether each subject is in a cohort on their time zero."""
    members = Members(subjects.person, subjects.treated, subjects.index, subjects.stop)
    return _within(members, run_cohort(cohort, engine))


def observed_before(engine: Arrays, subjects: Subjects, days: int) -> Integers:
    """Whether each subject was observed for so many days up to time zero."""
    members = Members(subjects.person, subjects.treated, subjects.index, subjects.stop)
    place, start, end = _periods(engine, members)
    observed = np.zeros(subjects.size, dtype=bool)
    observed[place[(start <= members.index[place] - days) & (end >= members.index[place])]] = True
    return observed


def _first_outcome(members: Members, outcome: Cohort, since: Integers | None) -> Integers:
    """For each member, the day of their first outcome, on or after the day `since` where that is given."""
    person, day, _ = _rows(outcome)
    found = np.full(len(members.person), NEVER, dtype=np.int64)
    if not len(found):
        return found
    place = np.minimum(np.searchsorted(members.person, person), len(found) - 1)
    counts = members.person[place] == person
    if since is not None:
        counts &= day >= since[place]
    np.minimum.at(found, place[counts], day[counts])
    return found


def _places(engine: Arrays, members: Members) -> Integers:
    """By position among everybody who was ever observed: where they stand among the members, or -1."""
    people = engine.columns.people
    places = np.full(len(people.ids) + 1, -1, dtype=np.int64)
    positions = people.positions(members.person)
    known = positions >= 0
    places[positions[known]] = np.flatnonzero(known)
    return places


def _periods(engine: Arrays, members: Members) -> tuple[Integers, Integers, Integers]:
    """The observation periods of members: the member's place, first day, last day."""
    people = engine.columns.people
    place = _places(engine, members)[person_of(people.period_keys)]
    of_members = place >= 0
    return place[of_members], day_of(people.period_keys[of_members]), people.period_ends[of_members]
