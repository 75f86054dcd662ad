"""The decision desk: one screen for a step, with what has to be judged beside what was decided before; and what else
is done to a study with a reason."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.people.refusals import told_in
from wardbench.campus.studies import checks, deciding, ending, forms, granting, presenting, queries, rules, shown
from wardbench.campus.studies.facts import KINDS, Kind
from wardbench.campus.studies.rules import ACTIONS, Verb
from wardbench.campus.studies.standing import STATUSES
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import BusyError, InputError, NotFoundError


@signed_in
@reauthenticated_to_decide
def decide(request: HttpRequest, study_id: uuid.UUID, step: str) -> HttpResponse:
    by, today = actor(request), timezone.localdate()
    here = queries.study(study_id, by=by)
    rules.may_decide(by, here.facts, step).require()
    row = next((row for row in presenting.rows(here, by, today) if row.id == step), None)
    if row is None:
        raise NotFoundError(_("There is no such step."))
    if not row.mine:
        raise BusyError(_("It is not your turn on this step; load the page again."))
    units = shown.units_to_speak_for(here, step, by)
    decides = here.path.by_id[step].votes == 1
    form = forms.VoteForm(request.POST if request.POST.get("do") == "vote" else None, units=units, decides=decides)
    ask = forms.AskForm(request.POST if request.POST.get("do") == "ask" else None, auto_id="ask_%s")
    out = forms.ReasonForm(request.POST if request.POST.get("do") == "out" else None, auto_id="out_%s")
    unit = uuid.UUID(request.POST.get("unit") or units[0][0]) if units else None
    if form.is_valid():
        given = form.cleaned_data
        deciding.vote(study_id, step, given["answer"], by=by, reason=given["reason"], unit=unit, seen=_seen(request))
        messages.success(request, _("Your decision is on the record.") if decides else _("Your vote is on the record."))
        return redirect("study", study_id)
    if ask.is_valid():
        deciding.ask(study_id, step, ask.cleaned_data["text"], by=by)
        messages.success(request, _("The applicant is asked. The step waits for the answer."))
        return redirect("study", study_id)
    if out.is_valid():
        deciding.vote(study_id, step, "", by=by, reason=out.cleaned_data["reason"], unit=unit)
        messages.success(request, _("You stepped out. The others decide without you."))
        return redirect("home")
    known, since = shown.since_decided(here, step)
    context = {
        "here": here,
        "study": here.study,
        "kind": KINDS[Kind(here.study.kind)],
        "known": known,
        "since": since,
        "submissions": here.study.submissions.count(),
        "row": row,
        "form": form,
        "ask": ask,
        "out": out,
        "status": STATUSES[here.status],
        "page": shown.page(here, by),
        "checks": checks.checks(shown.judged(here), here.path.by_id[step].role),
        "similar": shown.similar_decisions(here, step),
        "eligible": row.can_vote,
        "own_vote": shown.own_vote(here, step, by),
        "gives_up": presenting.gives_up(here, step, by),
    }
    return render(request, "studies/decide.html", context)


@signed_in
@require_POST
def answer(request: HttpRequest, study_id: uuid.UUID, asking_id: uuid.UUID) -> HttpResponse:
    form = forms.TextForm(request.POST)
    if not form.is_valid():
        said = {"field": form.fields["text"].label, "fault": form.errors["text"][0]}
        raise InputError(_("%(field)s: %(fault)s") % said)
    deciding.answer_question(study_id, asking_id, form.cleaned_data["text"], by=actor(request))
    messages.success(request, _("Your answer is with who asked."))
    return redirect("study", study_id)


@signed_in
@require_POST
def take_back(request: HttpRequest, study_id: uuid.UUID, asking_id: uuid.UUID) -> HttpResponse:
    """Take back a question that was put to the applicant."""
    deciding.take_back(study_id, asking_id, by=actor(request))
    messages.success(request, _("The question is taken back, and the applicant is told."))
    return redirect("study", study_id)


WITH_A_REASON: dict[Verb, Callable[..., Any]] = {
    Verb.WITHDRAW: ending.withdraw,
    Verb.REVOKE: granting.revoke,
    Verb.SUSPEND: granting.suspend,
    Verb.RESUME: granting.resume,
    Verb.RENEW: granting.renew,
    Verb.CLOSE: ending.close,
    Verb.DECLARE: deciding.declare,
}


@signed_in
@reauthenticated_to_decide
def act(request: HttpRequest, study_id: uuid.UUID, verb: str) -> HttpResponse:
    """What is done to the whole study, with its reason."""
    by = actor(request)
    here = queries.study(study_id, by=by)
    wanted = next((one for one in WITH_A_REASON if one.value == verb), None)
    if wanted is None:
        raise NotFoundError(_("There is no such action."))
    rules.may(by, wanted, here.facts).require()
    form = forms.ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with told_in(form):
            WITH_A_REASON[wanted](study_id, form.cleaned_data["reason"], by=by)
            return redirect("study", study_id)
    context = {"form": form, "study": here.study, "title": ACTIONS[wanted], "hint": rules.HINTS.get(wanted, "")}
    return render(request, "studies/act.html", context)


def _seen(request: HttpRequest) -> int | None:
    """How many submissions the page knew of that somebody decides on."""
    given = request.POST.get("seen", "")
    return int(given) if given.isdecimal() and given.isascii() and len(given) < 10 else None
