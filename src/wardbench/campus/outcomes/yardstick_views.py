"""The pages of the hospital as a benchmark: what was asked, reference intervals, a study beside the hospital."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.outcomes import rules, services, slots
from wardbench.campus.outcomes.forms import began, said_of
from wardbench.campus.outcomes.rules import YARDSTICKS, Basis, Kind
from wardbench.campus.outcomes.views import asked_again, seen_of
from wardbench.campus.outcomes.yardstick_forms import IntervalsForm, Table1Form
from wardbench.campus.people.refusals import refusal, told_in
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import WardbenchError


@signed_in
@limited(Doing.SEARCH)
def benchmark(request: HttpRequest) -> HttpResponse:
    return render(request, "outcomes/benchmark.html", seen_of(request, YARDSTICKS))


@signed_in
@limited(Doing.CREATE, "POST")
def intervals(request: HttpRequest) -> HttpResponse:
    """Ask for the reference intervals of an analyte; "Find" looks for it and comes back to the form."""
    by = actor(request)
    rules.may_ask_any(by).require()
    if request.method != "POST":
        again = request.GET.get("again", "")
        fields, chosen = began(asked_again(again, by)) if again else ({}, {})
        return _asked_for(request, IntervalsForm(by=by, initial=fields), slots.shown(chosen, slots=slots.ANALYTE))
    form = IntervalsForm(request.POST, by=by)
    try:
        chosen = slots.read(request.POST, slots.ANALYTE)
    except WardbenchError as error:
        form.is_valid()
        form.add_error(None, refusal(error))
        return _asked_for(request, form, slots.shown({}, slots=slots.ANALYTE))
    look_in, text = slots.looked_for(request.POST, slots.ANALYTE)
    found = slots.shown(chosen, look_in=look_in, text=text, slots=slots.ANALYTE)
    if look_in:
        fields = {**request.POST.dict(), "by_groups": request.POST.getlist("by_groups")}
        return _asked_for(request, IntervalsForm(by=by, initial=fields), found)
    if form.is_valid():
        with told_in(form):
            name, spec = form.spec(chosen)
            given = form.cleaned_data
            made = services.hold_against(
                Kind.INTERVALS, name, spec, said_of(given, chosen), Basis(given["basis"]), by=by,
                purpose=given["purpose"],
            )  # fmt: skip
            return redirect("inquiry", made.id)
    return _asked_for(request, form, found)


def _asked_for(request: HttpRequest, form: IntervalsForm, shown: dict[str, slots.ShownSlot]) -> HttpResponse:
    context = {"form": form, "slots": shown}
    return render(request, "outcomes/intervals.html", context, status=400 if form.errors else 200)


@signed_in
@limited(Doing.CREATE, "POST")
def table1(request: HttpRequest) -> HttpResponse:
    """Ask how a study's patients stand beside the hospital's."""
    by = actor(request)
    rules.may_ask_any(by).require()
    again = request.GET.get("again", "")
    form = Table1Form(by=by, initial=began(asked_again(again, by))[0] if again else {})
    if request.method == "POST":
        form = Table1Form(request.POST, request.FILES, by=by)
        if form.is_valid():
            with told_in(form):
                name, spec = form.spec()
                given = form.cleaned_data
                said = said_of({key: value for key, value in given.items() if key != "aggregates"}, {})
                made = services.hold_against(
                    Kind.TABLE1, name, spec, said, Basis(given["basis"]), by=by, purpose=given["purpose"]
                )
                return redirect("inquiry", made.id)
    return render(request, "outcomes/table1.html", {"form": form}, status=400 if form.errors else 200)
