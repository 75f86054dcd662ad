"""Cohorts and counts, for programs: the same services, rules and disclosure as the pages."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status

from wardbench.campus.api.access import COUNT, READ, WRITE, Limit, Offset, Text
from wardbench.campus.api.shapes import (
    CohortIn,
    CohortOut,
    CountIn,
    CountOut,
    EstimateOut,
    Page,
    Refusal,
    SaveIn,
    VersionOut,
)
from wardbench.campus.cohorts import queries, services
from wardbench.campus.counting import feasibility
from wardbench.campus.counting import queries as counting
from wardbench.campus.counting.projects import projects_of
from wardbench.campus.counting.rules import WORDS, Mode
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.pages import actor
from wardbench.core.errors import InputError
from wardbench.ward.cohorts.definition import Definition, Entry
from wardbench.ward.cohorts.editing import Working, content_hash

router = Router(tags=["cohorts"])
counts = Router(tags=["counts"])
REFUSED = {400: Refusal, 401: Refusal, 403: Refusal, 404: Refusal, 409: Refusal, 422: Refusal, 429: Refusal}


@router.get("", response={200: Page[CohortOut], **REFUSED}, auth=READ, summary="The cohorts that you may see")
def cohorts(request: HttpRequest, text: Text = "", limit: Limit = 25, offset: Offset = 0) -> Any:
    found = queries.find(actor(request), text)
    return {"total": found.count(), "offset": offset, "items": [_out(c) for c in found[offset : offset + limit]]}


@router.post("", response={201: CohortOut, **REFUSED}, auth=WRITE, summary="Make a cohort from an ATLAS expression")
def make(request: HttpRequest, given: CohortIn) -> Any:
    by = actor(request)
    made = services.make_cohort(given.name, by=by, about=given.about, expression=given.expression, source="api")
    services.save_version(made.id, queries.desk(made, by).revision, by=by)
    return Status(201, _out(queries.seen(made.id, by).cohort))


@router.get("/{cohort_id}", response={200: CohortOut, **REFUSED}, auth=READ, summary="One cohort")
def cohort(request: HttpRequest, cohort_id: uuid.UUID) -> Any:
    return _out(queries.seen(cohort_id, actor(request)).cohort)


@router.get("/{cohort_id}/versions", response={200: list[VersionOut], **REFUSED}, auth=READ, summary="Its versions")
def versions(request: HttpRequest, cohort_id: uuid.UUID) -> Any:
    seen = queries.seen(cohort_id, actor(request))
    return [_version(one, seen.by) for one in queries.versions(seen.cohort)]


@router.post("/{cohort_id}/versions", response={201: VersionOut, **REFUSED}, auth=WRITE, summary="Save a version")
def save(request: HttpRequest, cohort_id: uuid.UUID, given: SaveIn) -> Any:
    by = actor(request)
    desk = queries.desk(queries.seen(cohort_id, by).cohort, by)
    draft = services.change_draft(cohort_id, Working(given.expression), desk.revision, by=by, change="api")
    return Status(201, _version(services.save_version(cohort_id, draft.revision, by=by, note=given.note), by))


@router.get("/{cohort_id}/versions/{number}/expression", response={200: dict, **REFUSED}, auth=READ)
def expression(request: HttpRequest, cohort_id: uuid.UUID, number: int) -> Any:
    """A version as ATLAS reads it."""
    version = queries.version_of(queries.seen(cohort_id, actor(request)).cohort, number)
    return Status(200, json.loads(version.definition))


@counts.post("", response={200: CountOut, **REFUSED}, auth=COUNT, summary="Count a definition, with each rule's effect")
def count(request: HttpRequest, given: CountIn) -> Any:
    if given.mode not in list(Mode):
        raise InputError(
            _("mode: %(name)s is none of %(known)s.") % {"name": repr(given.mode), "known": ", ".join(Mode)}
        )
    shown = counting.look(_definition(given.expression), by=actor(request), mode=Mode(given.mode))
    return {
        "mode": shown.mode.value,
        "told": WORDS[shown.mode].told,
        "persons": shown.persons.text,
        "entry": shown.entry.text,
        "rules": [
            {"name": rule.name, "alone": rule.alone.text, "left": rule.left.text, "cost": rule.cost.text}
            for rule in shown.rules
        ],
        "snapshot": shown.snapshot_version,
    }


@counts.post("/estimate", response={200: EstimateOut, **REFUSED}, auth=COUNT, summary="About how many patients")
def estimate(request: HttpRequest, given: SaveIn) -> Any:
    by = actor(request)
    definition = _definition(given.expression)
    projects = projects_of(*queries.of_content(content_hash(definition), by))
    answer = feasibility.estimate(definition, by=by, projects=projects)
    return {
        "persons": answer.figure.text,
        "notes": list(answer.notes),
        "snapshot": answer.snapshot_version,
        "left": answer.left,
    }


def _definition(given: dict[str, Any]) -> Definition:
    return Entry(1, "this definition", "", given).decode()


def _out(cohort: Any) -> dict[str, Any]:
    return {
        "id": cohort.id,
        "name": cohort.name,
        "about": cohort.about,
        "owner": cohort.owner.name,
        "status": cohort.status,
        "versions": queries.versions(cohort).count(),
    }


def _version(version: Any, by: Actor) -> dict[str, Any]:
    return {
        "id": version.id,
        "number": version.number,
        "hash": version.hash,
        "at": version.at,
        "author": version.author.name,
        "note": version.note,
        "figure": queries.figure_of(version, by),
        "mode": version.mode,
        "snapshot": version.snapshot,
    }
