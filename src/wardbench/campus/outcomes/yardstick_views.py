"""The pages of the hospital as a benchmark: what can be asked and was asked, and the form of each question."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.outcomes import at_once, rules, services, slots
from wardbench.campus.outcomes.forms import began
from wardbench.campus.outcomes.rate_forms import FunnelForm, RatesForm
from wardbench.campus.outcomes.rules import YARDSTICKS, Basis
from wardbench.campus.outcomes.standalone import standalone
from wardbench.campus.outcomes.views import asked_again, seen_of
from wardbench.campus.outcomes.yardstick_forms import (
    AssayForm,
    IntervalsForm,
    MethodsForm,
    Table1Form,
    YardstickForm,
)
from wardbench.campus.people.refusals import refusal, told_in
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases.rules import may_keep_basket
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import WardbenchError

if TYPE_CHECKING:
    from wardbench.ward.benchmark.page import Report

ASKED: tuple[type[YardstickForm], ...] = (IntervalsForm, Table1Form, RatesForm, FunnelForm, AssayForm)
"""What is asked of the hospital, as the page lists it."""
PANEL = _("A blinded panel of stored specimens")
PANEL_ABOUT = _(
    "Specimens of known values, chosen over the measuring range, to measure blinded and then compare: for studies whose"
    " permit covers specimens and data."
)


@signed_in
@limited(Doing.SEARCH)
def benchmark(request: HttpRequest) -> HttpResponse:
    seen = seen_of(request, YARDSTICKS)
    pages = [(f"{form.kind.value}_new", form.title, form.about) for form in ASKED if seen["may"]]
    pages.append(("methods_new", MethodsForm.title, MethodsForm.about))
    if may_keep_basket(actor(request)):
        pages.append(("panel_new", PANEL, PANEL_ABOUT))
    return render(request, "outcomes/benchmark.html", {**seen, "pages": pages})


def asking(form_of: type[YardstickForm]) -> Callable[..., HttpResponse]:
    """The page that asks the question of a form."""

    @signed_in
    @limited(Doing.CREATE, "POST")
    def ask(request: HttpRequest) -> HttpResponse:
        return _ask(request, form_of)

    return ask


@signed_in
@limited(Doing.COUNT, "POST")
def methods(request: HttpRequest) -> HttpResponse:
    """Compare two methods by pairs that somebody brings: the answer is the report, kept nowhere."""
    by = actor(request)
    rules.may_compare(by).require()
    form = MethodsForm(request.POST, request.FILES) if request.method == "POST" else MethodsForm()
    if form.is_bound and form.is_valid():
        with told_in(form):
            given = form.cleaned_data
            found = at_once.compare_methods(form.table(), given["x"], given["y"], given["unit"], by=by)
            return _told(request, found)
    return _page(request, form, {})


def _told(request: HttpRequest, report: Report) -> HttpResponse:
    from wardbench.ward.benchmark.page import render as rendered

    return standalone(rendered(report), "report.html" if "save" in request.POST else "")


def _ask(request: HttpRequest, form_of: type[YardstickForm]) -> HttpResponse:
    """The form; "Find" looks for what it is about and comes back to it, "Ask" makes the question."""
    by = actor(request)
    rules.may_ask_any(by).require()
    if request.method != "POST":
        again = request.GET.get("again", "")
        fields, chosen = began(asked_again(again, by)) if again else ({}, {})
        return _page(request, form_of(by=by, initial=fields), slots.shown(chosen, slots=form_of.concepts))
    form = form_of(request.POST, request.FILES, by=by)
    try:
        chosen = slots.read(request.POST, form_of.concepts)
    except WardbenchError as error:
        form.is_valid()
        form.add_error(None, refusal(error))
        return _page(request, form, slots.shown({}, slots=form_of.concepts))
    look_in, text = slots.looked_for(request.POST, form_of.concepts)
    found = slots.shown(chosen, look_in=look_in, text=text, slots=form_of.concepts)
    if look_in:
        # What is looked for is no attempt to ask yet, so that nothing is said of what is missing.
        return _page(request, _kept(request, form_of, by), found)
    if form.is_valid():
        with told_in(form):
            report = form.worked_out()
            if report is not None:
                return _told(request, report)
            called, spec = form.spec(chosen)
            given = form.cleaned_data
            made = services.hold_against(
                form.kind, given["name"] or called[: services.LONGEST_NAME], spec, form.said(chosen),
                Basis(given["basis"]), by=by, purpose=given["purpose"],
            )  # fmt: skip
            return redirect("inquiry", made.id)
    return _page(request, form, found)


def _kept(request: HttpRequest, form_of: type[YardstickForm], by: Actor) -> YardstickForm:
    """The form with what was filled in so far, not yet looked at."""
    fields = form_of.base_fields
    several = {name for name, field in fields.items() if isinstance(field, forms.MultipleChoiceField)}
    sent = {name: request.POST.getlist(name) if name in several else request.POST.get(name) for name in fields}
    return form_of(by=by, initial=sent)


def _page(request: HttpRequest, form: forms.Form, shown: dict[str, slots.ShownSlot]) -> HttpResponse:
    context = {"form": form, "slots": shown}
    return render(request, "outcomes/yardstick.html", context, status=400 if form.errors else 200)
