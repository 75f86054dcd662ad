"""Amending a section of what was submitted, with the reason: one page for each, which says who decides again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.forms.formsets import BaseFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.rules import Actor
from wardbench.campus.studies import amending, forms, queries, rules, shown
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.section_views import context_of, forms_of, section_of, values_of
from wardbench.campus.studies.standings import Standing
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError, NotFoundError, StorageError, UnsupportedError


@dataclass(frozen=True)
class _Page:
    """The forms of an amendment, in their order on the page, its lines, and what carries it out with the reason."""

    forms: Sequence[django_forms.Form]
    carry_out: Callable[[str], list[str]]
    rows: Any = None
    more: dict[str, Any] = field(default_factory=dict)

    def is_valid(self) -> bool:
        return all(one.is_valid() for one in self.forms) and (self.rows is None or self.rows.is_valid())


@signed_in
def amend(request: HttpRequest, study_id: uuid.UUID, name: str) -> HttpResponse:
    """Change a section of a study that was submitted, with the reason; says which steps decide again."""
    by, part = actor(request), section_of(name)
    here = queries.study(study_id, by=by)
    rules.may(by, Verb.AMEND, here.facts).require()
    page = _PAGES.get(part, _fields)(request, here, part, by)
    reason = forms.ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and page.is_valid() and reason.is_valid():
        try:
            again = page.carry_out(reason.cleaned_data["reason"])
        except (InputError, NotFoundError, UnsupportedError, StorageError) as error:
            reason.add_error(None, said_of(error))
        else:
            said = _("The study is amended. Nobody has to decide again.") if not again else _("The study is amended.")
            messages.success(request, said)
            return redirect("study", study_id)
    context = context_of(here, part) | {"forms": page.forms, "rows": page.rows, "reason": reason, "amends": True}
    again_titles = shown.who_decides_again(here, part)
    return render(request, "studies/amend.html", context | page.more | {"again": again_titles})


def _fields(request: HttpRequest, here: Standing, part: Section, by: Actor) -> _Page:
    form, rows = forms_of(request, here, part)

    def carry_out(reason: str) -> list[str]:
        values = values_of(part, form.cleaned_data, rows)
        return amending.amend(here.study.id, part, values, reason, by=by)

    return _Page([form], carry_out, rows)


def _units(request: HttpRequest, here: Standing, part: Section, by: Actor) -> _Page:
    form, _rows = forms_of(request, here, part)

    def carry_out(reason: str) -> list[str]:
        return amending.amend_units(here.study.id, **values_of(part, form.cleaned_data, None), reason=reason, by=by)

    return _Page([form], carry_out)


def _data(request: HttpRequest, here: Standing, part: Section, by: Actor) -> _Page:
    form, _rows = forms_of(request, here, part)
    attached = [(one.hash, one.name) for one, _seen in shown.cohorts_of(here, by)]
    given = request.POST if request.method == "POST" else None
    cohorts = forms.CohortsForm(given, attach=shown.cohort_choices(by), detach=attached)

    def carry_out(reason: str) -> list[str]:
        chosen = cohorts.cleaned_data
        return amending.amend_data(
            here.study.id,
            values_of(part, form.cleaned_data, None),
            reason,
            by=by,
            attach=[uuid.UUID(one) for one in chosen.get("attach", ())],
            detach=chosen.get("detach", ()),
        )

    return _Page([form, cohorts], carry_out)


def _team(request: HttpRequest, here: Standing, part: Section, by: Actor) -> _Page:
    given = request.POST if request.method == "POST" else None
    rows: BaseFormSet[Any] = forms.Joining(given, prefix="rows")

    def carry_out(reason: str) -> list[str]:
        said = [row.cleaned_data for row in rows if row.cleaned_data.get("email")]
        return amending.amend_team(
            here.study.id,
            reason,
            by=by,
            join={shown.person_by_email(one["email"]): one["work"] for one in said},
        )

    return _Page([], carry_out, rows, {"members": shown.members(here)})


def _documents(request: HttpRequest, here: Standing, part: Section, by: Actor) -> _Page:
    given, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    held = shown.documents_of(here)
    rows: BaseFormSet[Any] = forms.Papers(given, files, prefix="rows")
    choices = [(str(one.id), f"{one.name} ({one.number})") for one in held if one.withdrawn_at is None]
    off = forms.TakeOffForm(given, documents=choices)

    def carry_out(reason: str) -> list[str]:
        added = [row.cleaned_data for row in rows if row.cleaned_data.get("file")]
        return amending.amend_documents(
            here.study.id,
            reason,
            by=by,
            add=[(one["kind"], one["file"].name, one["file"].chunks()) for one in added],
            take_off=[uuid.UUID(one) for one in off.cleaned_data.get("take_off", ())],
        )

    return _Page([off], carry_out, rows, {"documents": held})


_PAGES: dict[Section, Callable[[HttpRequest, Standing, Section, Actor], _Page]] = {
    Section.UNITS: _units,
    Section.DATA: _data,
    Section.TEAM: _team,
    Section.DOCUMENTS: _documents,
}
