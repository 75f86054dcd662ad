"""The pages of withdrawals and opt-outs: write one down, see what it reached, answer for a thing, print the proof."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.biobank.rules import may_see_inventory, may_see_withdrawals, may_withdraw
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import told_in
from wardbench.campus.releases import proving, withdrawal_rules, withdrawals
from wardbench.campus.releases import together as answering
from wardbench.campus.releases import withdrawal_queries as queries
from wardbench.campus.releases.reaching import Reach
from wardbench.campus.releases.withdrawal_forms import (
    AnswerForm,
    EndForm,
    OptOutForm,
    TogetherForm,
    WithdrawalForm,
)
from wardbench.campus.releases.withdrawal_rules import Outcome, Reached, Where
from wardbench.campus.releases.withdrawal_shown import shown
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.consent import TIERS, Tier
from wardbench.core.errors import NotFoundError

ON_A_PAGE = 50


@signed_in
def listed(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    found = Paginator(queries.withdrawals(by=by), ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "releases/withdrawals.html", {"found": found, "may": may_withdraw(by),
                  "why": may_see_withdrawals(by)})  # fmt: skip


@signed_in
def new(request: HttpRequest) -> HttpResponse:
    """Write down what a donor takes back."""
    by = actor(request)
    may_withdraw(by).require()
    code = request.GET.get("donor", "").replace("\x00", "")[:64]
    form = WithdrawalForm(request.POST or None, initial={"donor": code})
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            donor = queries.donor_by_code(form.cleaned_data["donor"], by=by)
            made = withdrawals.withdraw(donor, by=by, **form.values())
            messages.success(request, _("It is written down, and holds from now on."))
            return redirect("withdrawal", made.id)
    return render(request, "releases/withdrawal_new.html", {"form": form})


@signed_in
@limited(Doing.PATIENT, "POST")
def new_opt_out(request: HttpRequest) -> HttpResponse:
    """Write down that a patient opts out of the reuse of their data."""
    by = actor(request)
    may_withdraw(by).require()
    form = OptOutForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            made = withdrawals.opt_out(given["patient"], by=by, received=given["received"], words=given["words"])
            messages.success(request, _("It is written down, and holds from now on."))
            return redirect("withdrawal", made.id)
    return render(request, "releases/opt_out_new.html", {"form": form})


@signed_in
def withdrawal(request: HttpRequest, withdrawal_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    of = queries.withdrawal(withdrawal_id, by=by)
    reached = queries.tasks_of(of)
    labels = bool(may_see_inventory(by))
    context = {
        "of": of,
        "tiers": [TIERS[Tier(one)] for one in of.tiers],
        "shown": shown(reached, by=by, labels=labels),
        "together": bool(withdrawal_rules.may_answer_together(by)) and _several(reached),
        "left": sum(not one.facts.done for one in reached),
        "may_end": of.opt_out is not None and of.opt_out.until is None and may_withdraw(by),
        "labels": labels,
        "why": may_see_withdrawals(by),
    }
    return render(request, "releases/withdrawal.html", context)


def _several(reached: Sequence[Reach]) -> bool:
    """Whether several specimens that the biobank has wait for its answer."""
    here = [one for one in reached if one.facts.kind is Reached.SPECIMEN and one.facts.where is Where.HERE]
    return sum(not one.facts.done for one in here) > 1


@signed_in
def end_opt_out(request: HttpRequest, withdrawal_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    of = queries.withdrawal(withdrawal_id, by=by)
    may_withdraw(by).require()
    if of.opt_out is None:
        raise NotFoundError(_("There is no such page."))
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            withdrawals.end_opt_out(of, form.cleaned_data["words"], by=by)
            messages.success(request, _("The opt-out has ended."))
            return redirect("withdrawal", of.id)
    return render(request, "releases/opt_out_end.html", {"of": of, "form": form})


@signed_in
def task(request: HttpRequest, task_id: uuid.UUID) -> HttpResponse:
    """One thing that a withdrawal reached, and what became of it."""
    by = actor(request)
    reach = queries.task(task_id, by=by)
    may = withdrawal_rules.may_answer(by, reach.facts)
    form = AnswerForm(request.POST or None, of=reach)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            of = withdrawals.answer(task_id, Outcome(given["outcome"]), given["words"], by=by)
            messages.success(request, _("Thank you; it is kept with the withdrawal."))
            return redirect("withdrawal", of.id) if may_see_withdrawals(by) else redirect("home")
    context: dict[str, Any] = {
        "one": reach.task,
        "what": reach.task.what if may_see_inventory(by) else queries.called([reach.task])[reach.task.id],
        "facts": reach.facts,
        "form": form,
        "may": may,
        "line": queries.line_of(reach),
        "whole": bool(may_see_withdrawals(by)),
        "labels": bool(may_see_inventory(by)) or by.id in reach.facts.holders,
    }
    return render(request, "releases/withdrawal_task.html", context)


@signed_in
def together(request: HttpRequest, withdrawal_id: uuid.UUID) -> HttpResponse:
    """Several specimens that the biobank has, ticked by where they are, and what became of them."""
    by = actor(request)
    of = queries.withdrawal(withdrawal_id, by=by)
    withdrawal_rules.may_answer_together(by).require()
    form = TogetherForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            outcome = Outcome(given["outcome"])
            answering.answer_together(of, given["things"], outcome, given["words"], by=by)
            said = ngettext("%(n)d answer is kept.", "%(n)d answers are kept.", len(given["things"]))
            messages.success(request, said % {"n": len(given["things"])})
            return redirect("withdrawal", of.id)
    places = queries.in_the_biobank(of)
    at = request.GET.get("at")
    ticked = {row.value for place in places if place.key == at for row in place.rows}
    context = {
        "of": of,
        "form": form,
        "places": places,
        "ticked": set(request.POST.getlist("things")) if form.is_bound else ticked,
    }
    return render(request, "releases/withdrawal_together.html", context)


@signed_in
def proof(request: HttpRequest, withdrawal_id: uuid.UUID) -> HttpResponse:
    """The proof as a page to print and hand over, held against the record and the specimens' own histories."""
    by = actor(request)
    of = queries.withdrawal(withdrawal_id, by=by)
    if of.ended is None:
        raise NotFoundError(_("There is no proof yet: not everything is answered for."))
    context = {"of": of, "said": proving.shown(of), "verified": proving.verify(of),
               "labels": bool(may_see_inventory(by))}  # fmt: skip
    return render(request, "releases/proof.html", context)
