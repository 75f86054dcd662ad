"""A table that is to leave a study, counted and made safe before anything is written.

A count can take a while, and inside a transaction it would keep everybody else from writing. What was counted is
looked at again where it is kept (`results.ask`): the permit, and what was asked for meanwhile.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import msgspec
import numpy as np
from django.utils.translation import gettext as _

from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.counting import services as counting
from wardbench.campus.counting import sessions
from wardbench.campus.counting.purposes import Whom, whom
from wardbench.campus.counting.rules import Mode, Purpose
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, ForbiddenError, Verdict, no
from wardbench.campus.studies import moves, permits, result_queries, result_rules
from wardbench.campus.studies import result_tables as tables
from wardbench.campus.studies.models import AttachedCohort, Permit, Result, Study
from wardbench.campus.studies.permits import Use, Wanted
from wardbench.campus.studies.result_rules import Kind, Status
from wardbench.campus.studies.result_tables import SafeTable
from wardbench.campus.studies.standings import Standing
from wardbench.cohorts import Definition
from wardbench.core.errors import InputError, NotFoundError
from wardbench.ward.cohorts.editing import content_hash

NO_PERMIT = gettext_noop("This study has no permit yet.")


@dataclass(frozen=True)
class Prepared:
    """A table that was made safe, of the cohorts with these names by their hashes, on a snapshot.

    `close` are pairs of what it shows and what is shown elsewhere that differ by a few persons; `compared` are the
    results among which they were looked for.
    """

    kind: Kind
    cohorts: Mapping[str, str]
    snapshot: str
    table: SafeTable
    close: tuple[tuple[str, str], ...]
    compared: frozenset[uuid.UUID]


def prepare(here: Standing, kind: str, cohort: str, *, by: Actor) -> Prepared:
    """Count a table of a study on the newest snapshot, under its permit, and make it safe. Errors as of
    `results.ask`."""
    result_rules.may_ask(by, frozenset(moves.team(here))).require()
    if kind not in list(Kind):
        raise InputError(_("kind: there is no such table."))
    permit = result_queries.permit_of(here.study)
    if permit is None:
        raise ForbiddenError(no(NO_PERMIT))
    wanted = _wanted(here, permit, kind, cohort)
    verdicts = [allowed(permit, by, one.hash) for one in wanted]
    for verdict in verdicts:
        verdict.require()
    counted = [(one, _definition(one)) for one in wanted]
    of, shown = whom(Purpose.RESEARCH), []
    for (one, definition), verdict in zip(counted, verdicts, strict=True):
        looked = sessions.look(of, definition)
        found = counting.count(looked, of, by=by, mode=Mode.STUDY, permitted=verdict, study=here.study.reference)
        shown.append((one.name, found))
    if kind == Kind.COUNTS:
        table = tables.counts(shown)
    elif kind == Kind.ATTRITION:
        table = tables.attrition(shown[0][1])
    else:
        table = tables.age_by_sex(of, counted[0][1])
    if table.withheld == sum(len(cells) for _name, cells in table.rows):
        raise InputError(_("kind: nothing of this table can leave; its numbers are too small."))
    earlier = compared_with(here.study)
    own = [number for one, definition in counted for number in _numbers(one.hash, one.name, definition, kind, table)]
    return Prepared(
        Kind(kind),
        {one.hash: one.name for one in wanted},
        shown[0][1].snapshot_version,
        table,
        _close(of, own, [number for old in earlier for number in _numbers_of(old)]),
        frozenset(old.id for old in earlier),
    )


def compared_with(study: Study) -> Sequence[Result]:
    """What left a study, or waits to leave it."""
    return list(study.results.filter(status__in=[Status.ASKED, Status.APPROVED]).order_by("at"))


def allowed(permit: Permit | None, actor: Actor, cohort: str) -> Verdict:
    """Whether a study's permit lets somebody count a cohort now, from which a table can be made."""
    if permit is None:
        return no(NO_PERMIT)
    return permits.check(permit, actor, Wanted(Use.COUNT, cohort=cohort))


def _wanted(here: Standing, permit: Permit, kind: str, cohort: str) -> list[AttachedCohort]:
    if kind == Kind.COUNTS:
        found = list(here.study.cohorts.filter(hash__in=permit.content["cohorts"]).order_by("name", "hash"))
    else:
        found = list(here.study.cohorts.filter(hash=cohort))
    if not found:
        raise InputError(_("cohort: choose one that is attached to the study."))
    return found


def _definition(one: AttachedCohort) -> Definition:
    definition = cohorts.definition_of(cohorts.version(one.version))
    if content_hash(definition) != one.hash:
        raise NotFoundError(_("The cohort is not what was attached to the study any more."))
    return definition


@dataclass(frozen=True)
class Number:
    """A number of persons that a table shows: who is in `definition`, of the cohort with a hash."""

    cohort: str
    name: str
    definition: Definition


def _numbers(content: str, name: str, definition: Definition, kind: str, table: SafeTable) -> Iterable[Number]:
    """All persons of a cohort; of an attrition also who is left at each step that is shown, as "name (2/3)"."""
    yield Number(content, name, definition)
    if kind != Kind.ATTRITION:
        return
    rules = definition.expression.inclusion_rules or ()
    for step, (_row, cells) in enumerate(table.rows[: len(rules)]):
        if cells[0].value is not None:
            expression = msgspec.structs.replace(definition.expression, inclusion_rules=rules[:step])
            yield Number(content, f"{name} ({step}/{len(rules)})", replace(definition, expression=expression))


def _numbers_of(old: Result) -> Iterable[Number]:
    table = SafeTable.of(old.content)
    for one in old.cohorts:
        version = cohorts.versions_of(one["hash"]).first()
        if version is not None:
            yield from _numbers(one["hash"], one["name"], cohorts.definition_of(version), old.kind, table)


def _close(of: Whom, own: Sequence[Number], earlier: Sequence[Number]) -> tuple[tuple[str, str], ...]:
    """Pairs of numbers that differ by so few persons that one can be subtracted from the other to find them: of this
    request with one another, and with what was asked to leave before. Looked at on the newest snapshot.

    Numbers of one cohort are not compared: the steps of an attrition are withheld where they are close.
    """
    shown = {(one.cohort, one.name): one for one in (*earlier, *own)}
    persons = {key: sessions.members(of, one.definition)[0] for key, one in shown.items()}
    asked = list(dict.fromkeys((one.cohort, one.name) for one in own))
    pairs = [(one, other) for place, one in enumerate(asked) for other in asked[place + 1 :]]
    pairs += product(asked, [key for key in shown if key not in asked])
    return tuple(
        (one[1], other[1])
        for one, other in pairs
        if one[0] != other[0]
        and 0 < np.setxor1d(persons[one], persons[other], assume_unique=True).size < tables.RULES.threshold
    )
