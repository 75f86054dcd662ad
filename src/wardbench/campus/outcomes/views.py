"""The pages of questions about outcomes: those somebody sees, asking one, its answer and its report."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from wardbench.bench.outcomes.pico import Picked
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.counting import sessions
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.outcomes import nearness, queries, rules, services, shown, slots
from wardbench.campus.outcomes.forms import DAYS, SEXES, PatientForm, PicoForm, ReviewForm, began
from wardbench.campus.outcomes.rules import KINDS, STATUSES, TOLD, YARDSTICKS, Act, Basis, Kind, Status
from wardbench.campus.outcomes.standalone import standalone
from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.people.refusals import refusal, told_in
from wardbench.campus.people.rules import Actor, may_treat
from wardbench.campus.web.navigation import items_for
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import NotFoundError, WardbenchError
from wardbench.ward.patients import Recorded, profile

TONES = {
    Status.ANSWERED: "good",
    Status.FAILED: "bad",
    Status.REFUSED: "bad",
    Status.WITHDRAWN: "empty",
}
ON_A_PAGE = 25
YEARS = 5
"""How much older or younger than a patient those like them may be, to begin with."""
OFFERED = 12
"""Diagnoses and drugs of a patient that are offered to tick, those recorded last."""


@signed_in
@limited(Doing.SEARCH)
def listed(request: HttpRequest) -> HttpResponse:
    return render(request, "outcomes/inquiries.html", seen_of(request, [Kind.OUTCOMES]))


def seen_of(request: HttpRequest, kinds: Collection[Kind]) -> dict[str, Any]:
    """The questions of these kinds that somebody sees, narrowed to words, and what they may do."""
    by = actor(request)
    text = request.GET.get("text", "").strip()
    shown = Paginator(queries.visible(by, text, kinds), ON_A_PAGE).get_page(request.GET.get("page"))
    found = [(one, TONES.get(Status(one.status), "wait")) for one in shown]
    return {"found": found, "page": shown, "text": text, "may": rules.may_ask_any(by), "may_treat": may_treat(by)}


@signed_in
@limited(Doing.CREATE, "POST")
def new(request: HttpRequest) -> HttpResponse:
    """Ask: "Find" looks for concepts and comes back to the form; "Ask" makes the question."""
    by = actor(request)
    rules.may_ask_any(by).require()
    if request.method != "POST":
        fields, chosen = _begun(request, by)
        return _page(request, PicoForm(by=by, initial=fields), chosen)
    form, chosen = PicoForm(request.POST, by=by), {}
    try:
        chosen = slots.read(request.POST)
    except WardbenchError as error:
        form.is_valid()
        form.add_error(None, refusal(error))
        return _page(request, form, {})
    look_in, text = slots.looked_for(request.POST)
    if look_in:
        # What is looked for is no attempt to ask yet, so that nothing is said of what is missing.
        plain = PicoForm(by=by, initial=request.POST.dict())
        return _page(request, plain, chosen, look_in=look_in, text=text)
    if form.is_valid():
        with told_in(form):
            asked, content = form.asked(chosen)
            basis, study = form.records()
            made = services.ask(
                asked, form.said(chosen), basis, by=by, study=study, cohort=content,
                purpose=form.cleaned_data["purpose"],
            )  # fmt: skip
            return redirect("inquiry", made.id)
    return _page(request, form, chosen)


def _begun(request: HttpRequest, by: Actor) -> tuple[dict[str, Any], Mapping[str, Sequence[Picked]]]:
    """What the form begins with: a question that is asked again, or a cohort whose patients are asked about."""
    again, cohort = request.GET.get("again", ""), request.GET.get("cohort", "")
    if again:
        return began(asked_again(again, by))
    if cohort:
        seen = cohorts.seen(cohort, by)
        last = cohorts.latest(seen.cohort)
        if last is not None:
            return {"population": str(last.id), "name": seen.cohort.name}, {}
    return {}, {}


def asked_again(text: str, by: Actor) -> dict[str, Any]:
    """What the form of an earlier question said."""
    try:
        asked: dict[str, Any] = queries.inquiry(uuid.UUID(text), by=by).asked
        return asked
    except ValueError:
        raise NotFoundError(_("There is no such question about outcomes, or it is not for you to see.")) from None


@signed_in
@require_POST
@limited(Doing.PATIENT, "POST")
def from_patient(request: HttpRequest) -> HttpResponse:
    """Begin a question with what a patient has: sex, about their age, and their diagnoses and drugs to tick."""
    by = actor(request)
    may_treat(by).require()
    given = PatientForm(request.POST)
    if not given.is_valid():
        raise NotFoundError(_("There is no such patient in your care."))
    number = given.cleaned_data["patient"]
    services.start_from_patient(number, by=by)
    found = profile(sessions.snapshot("store"), number)
    fields: dict[str, Any] = {"sex": str(found.sex or "")}
    if found.age is not None:
        fields |= {"youngest": max(0, found.age - YEARS), "oldest": found.age + YEARS}
    offered = {
        "conditions": [_picked(one, "condition") for one in found.conditions[:OFFERED]],
        "intervention": [_picked(one, "drug") for one in found.drugs[:OFFERED]],
    }
    return _page(request, PicoForm(by=by, initial=fields), {}, offered=offered)


def _picked(one: Recorded, domain: str) -> Picked:
    return Picked(one.concept_id, one.name, domain, one.code, one.vocabulary, one.standard)


def _page(
    request: HttpRequest,
    form: PicoForm,
    chosen: Mapping[str, Sequence[Picked]],
    *,
    look_in: str = "",
    text: str = "",
    offered: Mapping[str, Sequence[Picked]] | None = None,
) -> HttpResponse:
    shown = slots.shown(chosen, look_in=look_in, text=text, offered=offered)
    context = {
        "form": form,
        "slots": shown,
        "looked": look_in,
        "from_patient": offered is not None,
        **{part: form.part(part) for part in PicoForm.PARTS},
    }
    return render(request, "outcomes/ask.html", context, status=400 if form.errors else 200)


@signed_in
@require_safe
def inquiry(request: HttpRequest, inquiry_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    told = _told(queries.inquiry(inquiry_id, by=by), by)
    if told["yardstick"]:
        told["navigation"] = partial(items_for, by, reverse("benchmark"))
    return render(request, "outcomes/inquiry.html", told)


@signed_in
@require_safe
def progress(request: HttpRequest, inquiry_id: uuid.UUID) -> HttpResponse:
    """How far an answer is; once it is there the page is loaded anew."""
    by = actor(request)
    one = queries.inquiry(inquiry_id, by=by)
    response = render(request, "outcomes/progress.html", _told(one, by))
    if one.status not in (Status.WAITING, Status.RUNNING):
        response.headers["HX-Refresh"] = "true"
    return response


def _told(one: Any, by: Actor) -> dict[str, Any]:
    facts, kind = queries.facts_of(one, by), Kind(one.kind)
    fields, chosen = began(one.asked)
    figures = one.report.get("figures", {})
    gates = figures.get("gates", [])
    return {
        "one": one,
        "status": STATUSES[facts.status],
        "tone": TONES.get(facts.status, "wait"),
        "told": TOLD[facts.basis],
        "parts": [
            (_({**slots.SLOTS, **slots.ANALYTE}[key].title), [item.name for item in of])
            for key, of in chosen.items()
            if of
        ],
        "kind": KINDS[kind],
        "yardstick": kind in YARDSTICKS,
        "said": shown.facts(kind, one.protocol),
        "again": "inquiry_new" if kind is Kind.OUTCOMES else f"{kind.value}_new",
        "sex": SEXES.get(fields.get("sex") or ""),
        "youngest": fields.get("youngest"),
        "oldest": fields.get("oldest"),
        "days": DAYS.get(fields.get("days", "")),
        "figures": figures,
        "passed": sum(gate["passed"] for gate in gates),
        "gates": len(gates),
        "may": {act.value: rules.may_act(by, act, facts) for act in Act},
        "form": ReviewForm(),
        "near": nearness.near(one) if rules.may_act(by, Act.ALLOW, facts) else (),
        "why": rules.may_see(by, facts),
        "may_ask": rules.may_ask_any(by),
        "may_place": kind is Kind.OUTCOMES and rules.may_place(by, facts),
    }


@signed_in
@require_safe
@limited(Doing.EXPORT)
def report(request: HttpRequest, inquiry_id: uuid.UUID) -> HttpResponse:
    """The report, a page of its own that can be saved."""
    one = queries.inquiry(inquiry_id, by=actor(request))
    if not one.page:
        raise NotFoundError(_("There is no answer yet."))
    return standalone(one.page, f"outcomes-{one.hash[:12]}.html" if "save" in request.GET else "")


@signed_in
@require_safe
@limited(Doing.EXPORT)
def protocol(request: HttpRequest, inquiry_id: uuid.UUID) -> HttpResponse:
    """The protocol as a file for `wardbench outcomes run`, or what else was asked."""
    one = queries.inquiry(inquiry_id, by=actor(request))
    response = JsonResponse(queries.protocol_of(one), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response.headers["Content-Disposition"] = f'attachment; filename="{one.hash[:12]}.json"'
    return response


@signed_in
@require_POST
@limited(Doing.PATIENT, "POST")
def place_patient(request: HttpRequest, inquiry_id: uuid.UUID) -> HttpResponse:
    """Whether an answer is about a patient of one's own; nothing of it is kept but that somebody looked."""
    from wardbench.campus.outcomes.placing import placed

    by = actor(request)
    given = PatientForm(request.POST)
    if not given.is_valid():
        raise NotFoundError(_("There is no such patient in your care."))
    number = given.cleaned_data["patient"]
    one = services.place_patient(inquiry_id, number, by=by)
    found = placed(one.report, sessions.snapshot("store"), number)
    context = {"one": one, "found": found, "told": TOLD[Basis(one.basis)]}
    return render(request, "outcomes/placed.html", context)


@signed_in
@reauthenticated_to_decide
@require_POST
def act(request: HttpRequest, inquiry_id: uuid.UUID, what: str) -> HttpResponse:
    """Let it be answered or refuse it, take it back, share it."""
    by = actor(request)
    form = ReviewForm(request.POST)
    why = form.cleaned_data["why"] if form.is_valid() else ""
    if what not in {one.value for one in Act}:
        raise NotFoundError(_("There is no such action."))
    try:
        if what == Act.ALLOW:
            services.allow(inquiry_id, why, by=by)
        elif what == Act.REFUSE:
            services.refuse(inquiry_id, why, by=by)
        elif what == Act.TAKE_BACK:
            services.take_back(inquiry_id, by=by)
        elif what == Act.SHARE:
            services.share(inquiry_id, by=by)
        else:
            services.unshare(inquiry_id, by=by)
    except NotFoundError:
        raise
    except WardbenchError as error:
        messages.error(request, refusal(error))
    return redirect("inquiry", inquiry_id)
