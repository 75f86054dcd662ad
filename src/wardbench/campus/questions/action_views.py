"""What is done to a question or a comment with a form of its own: answer, close, reopen, edit, hide."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.counting import feasibility
from wardbench.campus.counting.budgets import Kind, SpentError
from wardbench.campus.counting.projects import projects_of
from wardbench.campus.counting.rules import may_estimate
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions import forms, queries, rules, services
from wardbench.campus.questions.rules import Action, Status
from wardbench.campus.web.pages import actor, signed_in
from wardbench.campus.web.templatetags.wb import verdict
from wardbench.core.errors import UnsupportedError


@signed_in
def answer(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    rules.may_move(by, Action.ANSWER, shown.facts).require()

    def carry_out(text: str, references: str) -> None:
        services.answer(shown, text, references=references, by=by)

    title = _("Answer the question")
    references = [one.reference for one in queries.from_studies(by, shown) if one.reference]
    initial = {"references": "\n".join(references)}
    return _ask(request, shown, forms.AnswerForm, carry_out, title, title, initial=initial)


@signed_in
def close(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    rules.may_move(by, Action.CLOSE, shown.facts).require()
    answered = shown.facts.status is Status.ANSWERED
    hint = (
        _("The question has an answer. It leaves the list of what is open and can be reopened.")
        if answered
        else _("The question has no answer. Say why nobody needs one any more.")
    )

    def carry_out(why: str) -> None:
        services.close(shown, why=why, by=by)

    form = forms.PerhapsReasonForm if answered else forms.ReasonForm
    return _ask(request, shown, form, carry_out, _("Close the question"), _("Close the question"), hint)


@signed_in
def reopen(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    rules.may_move(by, Action.REOPEN, shown.facts).require()

    def carry_out(why: str) -> None:
        services.reopen(shown, why, by=by)

    hint = _("Say what the answer leaves open, or what has changed.")
    return _ask(request, shown, forms.ReasonForm, carry_out, _("Reopen the question"), _("Reopen"), hint)


@signed_in
def cohort(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    rules.may_put_cohort(by, shown.facts).require()
    choices = queries.cohort_choices(by)
    given = request.POST if request.method == "POST" else None
    initial = {"version": shown.cohort_version}
    form = forms.CohortForm(given, choices=choices, may_count=bool(may_estimate(by)), initial=initial)
    if form.is_valid():
        version = uuid.UUID(form.cleaned_data["version"]) if form.cleaned_data["version"] else None
        try:
            counted = _count(shown.id, version, by) if version and form.cleaned_data.get("count") else None
        except SpentError as error:
            form.add_error("count", verdict(error.verdict))
        except UnsupportedError as error:
            form.add_error("count", said_of(error))
        else:
            services.put_cohort(shown, version, by=by, counted=counted)
            return redirect("question", shown.id)
    hint = "" if choices else _("You see no cohort with a saved version yet. Build one first.")
    context = {"form": form, "question": shown, "title": _("The cohort behind the question"), "hint": hint}
    return render(request, "questions/act.html", {**context, "button": _("Save")})


def _count(question_id: uuid.UUID, version_id: uuid.UUID, by: Actor) -> services.Counted:
    """About how many patients of the hospital there are; before anything is written, because it takes a while."""
    version = cohorts.version(version_id)
    cohorts.seen(version.cohort_id, by)
    projects = sorted({*projects_of(version.cohort_id), Kind.QUESTION.purse(question_id)})
    answer = feasibility.estimate(cohorts.definition_of(version), by=by, projects=projects)
    return services.Counted(answer.figure.text, answer.figure.value, answer.snapshot_version)


@signed_in
def edit_comment(request: HttpRequest, question_id: uuid.UUID, comment_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    rules.may_discuss(by, shown.facts).require()
    said = queries.comment(shown, comment_id)
    queries.may_edit(by, said).require()

    def carry_out(text: str) -> None:
        services.edit_comment(said, text, by=by)

    return _ask(
        request, shown, forms.CommentForm, carry_out, _("Change your comment"), _("Save"), initial={"text": said.text}
    )


@signed_in
def hide_comment(request: HttpRequest, question_id: uuid.UUID, comment_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    rules.may_hide_comment(by).require()
    said = queries.comment(shown, comment_id)

    def carry_out(why: str) -> None:
        services.hide_comment(said, why, by=by)

    hint = _("The words stay on the record. Everybody reads your reason in their place.")
    return _ask(request, shown, forms.ReasonForm, carry_out, _("Hide a comment"), _("Hide"), hint)


def _ask(
    request: HttpRequest,
    shown: Any,
    kind: type[django_forms.Form],
    carry_out: Callable[..., None],
    title: str,
    button: str,
    hint: str = "",
    initial: dict[str, str] | None = None,
) -> HttpResponse:
    """One form on one page; what it asks for goes to `carry_out`, then back to the question."""
    form = kind(request.POST) if request.method == "POST" else kind(initial=initial)
    if request.method == "POST" and form.is_valid():
        carry_out(**form.cleaned_data)
        return redirect("question", shown.id)
    context = {"form": form, "question": shown, "title": title, "button": button, "hint": hint}
    return render(request, "questions/act.html", context)
