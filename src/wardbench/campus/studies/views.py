"""Studies: the list, the path before asking, registering, and the page of one."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.rules import is_partner_alone
from wardbench.campus.studies import doing, forms, presenting, queries, rules, services, shown, standings
from wardbench.campus.studies.facts import KINDS, SECTIONS, Asked, Consent, Data, Kind
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standing import STATUSES, Status
from wardbench.campus.web.pages import actor, signed_in

ON_A_PAGE = 20


@signed_in
@limited(Doing.SEARCH)
def studies(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    verdict = rules.may_see_studies(by)
    verdict.require()
    asked = queries.Filter(**{name: request.GET.get(name, "").strip() for name in ("text", "status", "kind", "whose")})
    found = Paginator(queries.find(by, asked), ON_A_PAGE).get_page(request.GET.get("page"))
    today = timezone.localdate()
    those = list(found)
    names = presenting.names_of(those)
    lines = [
        (here, presenting.whose_turn(here, today, names=names), *reversed(presenting.status_of(here)),
         KINDS[Kind(here.study.kind)], rules.may_see(by, here.facts))
        for here in those
    ]  # fmt: skip
    context = {
        "found": found,
        "lines": lines,
        "asked": asked,
        "statuses": list(STATUSES.items()),
        "kinds": list(KINDS.items()),
        "may_register": rules.may_register(by),
        "partner": is_partner_alone(by),
        "why": verdict,
    }
    return render(request, "studies/studies.html", context)


@signed_in
def path(request: HttpRequest) -> HttpResponse:
    """The whole path for a study that is not there yet, with the days it takes."""
    rules.may_see_studies(actor(request)).require()
    form = forms.SeeForm(request.GET or None)
    steps, days = None, 0
    if form.is_valid():
        given = form.cleaned_data
        asked = Asked(
            Kind(given["kind"]),
            Data(given["closeness"]),
            given["material"],
            given["leaves"],
            given["arrives"],
            Consent(given["consent"]) if given["consent"] else None,
        )
        steps, days = presenting.expected(standings.approval_path(), asked.facts)
    context = {"form": form, "steps": steps, "days": days, "may_register": rules.may_register(actor(request))}
    template = "studies/expected.html" if getattr(request, "htmx", False) else "studies/path.html"
    return render(request, template, context)


@signed_in
@limited(Doing.CREATE, "POST")
def register(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_register(by).require()
    question = shown.question_to_take_up(by, _uuid(request.GET.get("question", "")))
    initial = {"title": question.title} if question else {}
    form = forms.RegisterForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        made = services.register(**form.cleaned_data, by=by, question=question.id if question else None)
        messages.success(request, _("Your study is registered as %(reference)s.") % {"reference": made.reference})
        return redirect("study", made.id)
    return render(request, "studies/register.html", {"form": form, "question": question})


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except (ValueError, ValidationError):
        return None


@signed_in
def study(request: HttpRequest, study_id: uuid.UUID) -> HttpResponse:
    """One study; whoever may know of it and not see it gets its public line."""
    by, today = actor(request), timezone.localdate()
    here = queries.line(study_id, by=by)
    why = rules.may_see(by, here.facts)
    turns = presenting.whose_turn(here, today, by)
    status, tone = presenting.status_of(here)
    context: dict[str, Any] = {
        "here": here,
        "study": here.study,
        "status": status,
        "tone": tone,
        "kind": KINDS[Kind(here.study.kind)],
        "turns": turns,
        "why": why or rules.may_see_line(by, here.facts),
    }
    if not why:
        return render(request, "studies/line.html", context)
    page = shown.page(here, by)
    context |= {
        "rows": presenting.rows(here, by, today),
        "sections": list(SECTIONS.items()),
        "checklist": shown.checklist(here),
        "page": page,
        "ended_with": doing.ended_with(page.history),
        "today": today,
        "may_add_document": rules.may_add_document(by, here.facts),
        "may_remove_member": rules.may_remove_member(by, here.facts) if here.facts.members else None,
        "may": {verb.value: rules.may(by, verb, here.facts) for verb in Verb},
        "actions": doing.actions(here, by),
        "next_steps": doing.next_steps(here, by),
        "permit_news": doing.permit_news(here),
        "investigator_at": shown.investigator_at(here),
        "answer_form": forms.TextForm(auto_id="answer_%s"),
        "answers_later": rules.may_answer_later(by, here.facts),
        "ended": (Status.WITHDRAWN, Status.CLOSED),
    }
    return render(request, "studies/study.html", context)


@signed_in
@require_POST
def submit(request: HttpRequest, study_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    here = queries.study(study_id, by=by)
    services.submit(study_id, by=by)
    messages.success(
        request,
        _("Study %(reference)s is with those who decide. You hear here, and by mail, when it is your turn.")
        % {"reference": here.study.reference},
    )
    return redirect("study", study_id)
