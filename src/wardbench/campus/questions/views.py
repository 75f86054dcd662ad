"""Questions: the list, one question, raising and changing it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.colleagues import may_see
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions import forms, links, queries, rules, services
from wardbench.campus.questions.rules import SIDES, STATUSES, Action, Side
from wardbench.campus.web.pages import actor, signed_in

ON_A_PAGE = 20


@signed_in
@limited(Doing.SEARCH)
def questions(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    verdict = rules.may_see_questions(by)
    verdict.require()
    asked = asked_for(request)
    found = Paginator(queries.find(by, asked), ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "questions/questions.html", {**choices(by), "found": found, "asked": asked, "why": verdict})


def asked_for(request: HttpRequest) -> queries.Filter:
    fields = ("text", "side", "status", "tag", "unit", "whose")
    return queries.Filter(**{field: request.GET.get(field, "").replace("\x00", "").strip() for field in fields})


def choices(by: Actor) -> dict[str, Any]:
    """What the filters of a list of questions offer."""
    return {
        "sides": list(SIDES.items()),
        "statuses": list(STATUSES.items()),
        "tags": queries.tag_names(by),
        "units": queries.units(by),
        "may_raise": rules.may_raise_any(by),
    }


@signed_in
@limited(Doing.CREATE, "POST")
def raise_question(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_raise_any(by).require()
    if request.method == "POST":
        form, picker = forms.QuestionForm(request.POST, actor=by), forms.picker(request.POST)
        if not _only_looks(request.POST) and form.is_valid():
            made = services.raise_question(
                title=form.cleaned_data["title"],
                text=form.cleaned_data["text"],
                side=Side(form.cleaned_data["side"]),
                topics=picker.topics,
                by=by,
            )
            messages.success(request, _("Your question is raised. You hear here what becomes of it."))
            return redirect("question", made.id)
        if _only_looks(request.POST):
            form = forms.QuestionForm(initial=request.POST.dict(), actor=by)
    else:
        initial = {name: request.GET[name] for name in ("side", "title") if name in request.GET}
        form, picker = forms.QuestionForm(initial=initial, actor=by), forms.picker(request.GET)
    return render(request, "questions/raise.html", {"form": form, "picker": picker})


@signed_in
def edit_question(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    rules.may_edit(by, shown.facts).require()
    if request.method == "POST":
        form, picker = forms.EditForm(request.POST), forms.picker(request.POST)
        if not _only_looks(request.POST) and form.is_valid():
            services.edit_question(shown, **form.cleaned_data, topics=picker.topics, by=by)
            return redirect("question", shown.id)
        if _only_looks(request.POST):
            form = forms.EditForm(initial=request.POST.dict())
    else:
        form = forms.EditForm(initial={"title": shown.title, "text": shown.text})
        data = QueryDict(mutable=True)
        data.setlist("topic", [f"c:{t.concept}" if t.concept else f"w:{t.name}" for t in shown.tags.all()])
        picker = forms.picker(data)
    return render(request, "questions/raise.html", {"form": form, "picker": picker, "question": shown})


def _only_looks(data: QueryDict) -> bool:
    """Whether the form was sent to look topics up: by its button, with something to look for."""
    return data.get("act") == "find" and bool(data.get("find", "").strip())


@signed_in
@limited(Doing.SEARCH)
def topics(request: HttpRequest) -> HttpResponse:
    """The part of the form where topics are ticked, while somebody types."""
    rules.may_raise_any(actor(request)).require()
    return render(request, "questions/topics.html", {"picker": forms.picker(request.GET)})


@signed_in
def question(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    return render(request, "questions/question.html", _context(by, shown, forms.CommentForm()))


def _context(by: Actor, shown: Any, form: forms.CommentForm) -> dict[str, Any]:
    facts = shown.facts
    actions = [(action, rules.ACTIONS[action], verdict) for action, verdict in rules.actions_for(by, facts)]
    return {
        "page": queries.page(by, shown),
        "question": shown,
        "form": form,
        "why": rules.may_see(by, facts),
        "may_see_people": may_see(by, facts.asker),
        "may_edit": rules.may_edit(by, facts),
        "may_discuss": rules.may_discuss(by, facts),
        "may_hide": rules.may_hide_comment(by),
        "may_open_to_partners": rules.may_open_to_partners(by),
        # Taking up and giving back are done from a study.
        "actions": [(a, title, v) for a, title, v in actions if a not in (Action.TAKE_UP, Action.GIVE_BACK)],
        "may_put_cohort": rules.may_put_cohort(by, facts),
        "cohort_seen": queries.cohort_seen(by, shown),
        "may_take_up": next((v for a, _title, v in actions if a is Action.TAKE_UP), None),
        "take_up_address": links.take_up_address(shown.id),
    }


@signed_in
@require_POST
def follow(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    if request.POST.get("follow") == "no":
        services.unfollow(shown, by=by)
        messages.success(request, _("You no longer follow this question."))
    else:
        services.follow(shown, by=by)
        messages.success(request, _("You follow this question and hear what becomes of it."))
    return redirect("question", shown.id)


@signed_in
@require_POST
@limited(Doing.CREATE)
def comment(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    form = forms.CommentForm(request.POST)
    if not form.is_valid():
        return render(request, "questions/question.html", _context(by, shown, form))
    said = services.comment(shown, form.cleaned_data["text"], by=by)
    return redirect(f"/questions/{shown.id}/#comment-{said.id}")


@signed_in
@require_POST
def partners(request: HttpRequest, question_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.question(by, question_id)
    services.open_to_partners(shown, opened=request.POST.get("open") == "yes", by=by)
    return redirect("question", shown.id)
