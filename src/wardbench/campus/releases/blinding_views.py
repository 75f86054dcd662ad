"""The pages of blinded panels: having one made, its codes and values, the comparison, and the key of the biobank."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from wardbench.campus.biobank import label_views
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.outcomes.standalone import standalone
from wardbench.campus.people.refusals import refusal, told_in
from wardbench.campus.releases import blinding, blinding_queries, blinding_rules, blinding_shown, rules
from wardbench.campus.releases.blinding_forms import MeasuredForm, PanelForm
from wardbench.campus.releases.blinding_rules import STAGES, Act
from wardbench.campus.samples import addresses, looking
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import WardbenchError


@signed_in
@limited(Doing.COUNT, "POST")
def new(request: HttpRequest) -> HttpResponse:
    """What a panel is to be, of what the finder's address finds under a permit; which permit, where it names none."""
    by = actor(request)
    rules.may_keep_basket(by).require()
    open_to = blinding_queries.scopes(by)
    if "in" not in request.GET and len(open_to) != 1:
        return render(request, "releases/panel_studies.html", {"scopes": open_to})
    scope = addresses.under_permit(request.GET, looking.scopes(by)) if "in" in request.GET else open_to[0]
    if scope.permit is not None:
        blinding_rules.covers(scope.permit.content).require()
    sought = addresses.read(request.GET)
    named = sought.chosen.get("material", [])
    first = {"material": named[0] if named else "", "cohort": sought.window.cohort if sought.window else ""}
    form = PanelForm(request.POST or None, scope=scope, initial=first)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            made = blinding.make(scope, sought.query, form.wish(), by=by, window=sought.window)
            messages.success(request, _("The panel was chosen. Say where it goes, and ask the biobank."))
            return redirect("panel", made.id)
    context = {"form": form, "scope": scope, "said": addresses.said(sought, by, scope), "back": sought.address(scope)}
    return render(request, "releases/panel_new.html", context, status=400 if form.errors else 200)


@signed_in
@limited(Doing.CREATE, "POST")
def panel(request: HttpRequest, panel_id: uuid.UUID) -> HttpResponse:
    """A panel by its codes, and writing down what was measured."""
    by = actor(request)
    of, facts = blinding_queries.panel(panel_id, by=by)
    may = {act: blinding_rules.may_act(by, act, facts) for act in Act}
    form = None
    if request.method == "POST":
        may[Act.MEASURE].require()
        form = MeasuredForm(request.POST, request.FILES)
        if form.is_valid():
            with told_in(form):
                n = blinding.measure(of.id, form.cleaned_data["said"], by=by)
                messages.success(request, ngettext("{n} line was changed.", "{n} lines were changed.", n).format(n=n))
                return redirect("panel", of.id)
    elif may[Act.MEASURE]:
        form = MeasuredForm(initial={"values": blinding_shown.sheet(of)})
    context = {
        "of": of,
        "stage": STAGES[facts.stage],
        "facts": facts,
        "may_open": may[Act.OPEN],
        "may_compare": may[Act.COMPARE],
        "may_label": may[Act.LABEL],
        "form": form,
        "rows": blinding_shown.coded(of),
        "why": blinding_rules.may_see_panel(by, facts),
    }
    return render(request, "releases/panel.html", context, status=400 if form and form.errors else 200)


@signed_in
def sheet(request: HttpRequest, panel_id: uuid.UUID) -> HttpResponse:
    """The codes as CSV, to fill in."""
    by = actor(request)
    of, facts = blinding_queries.panel(panel_id, by=by)
    blinding_rules.may_act(by, Act.MEASURE, facts).require()
    response = HttpResponse(blinding_shown.sheet(of), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{of.request.reference}.csv"'
    return response


@signed_in
@require_POST
def unblind(request: HttpRequest, panel_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    try:
        blinding.unblind(panel_id, by=by)
    except WardbenchError as error:
        messages.error(request, refusal(error))
        return redirect("panel", panel_id)
    return redirect("panel_compared", panel_id)


@signed_in
@limited(Doing.COUNT)
def compared(request: HttpRequest, panel_id: uuid.UUID) -> HttpResponse:
    """An open panel with both values of each specimen; each look is on the record."""
    of, found = blinding.read(panel_id, by=actor(request))
    rows = blinding_shown.opened(of, found)
    context = {
        "of": of,
        "rows": rows,
        "persons": blinding_queries.tells_persons(of.request.study),
        "pairs": sum(one.measured is not None for one in found),
        "fewest": blinding.FEWEST,
    }
    return render(request, "releases/panel_compared.html", context)


@signed_in
@limited(Doing.COUNT)
def report(request: HttpRequest, panel_id: uuid.UUID) -> HttpResponse:
    """The comparison of both methods as a page of its own; each look is on the record."""
    from wardbench.ward.benchmark.page import render as rendered

    of, found = blinding.read(panel_id, by=actor(request))
    try:
        told = blinding.compare(of, found)
    except WardbenchError as error:
        messages.error(request, refusal(error))
        return redirect("panel", panel_id)
    return standalone(rendered(told))


@signed_in
def key(request: HttpRequest, panel_id: uuid.UUID) -> HttpResponse:
    """Which code is which specimen, with labels to print; as ZPL for a label printer. Each look is on the record."""
    of, found = blinding.read_key(panel_id, by=actor(request))
    if request.GET.get("as") == "zpl":
        return label_views.zpl(request, blinding_shown.printed(of, found, drawn=False))
    context = {
        "of": of,
        "rows": blinding_shown.keyed(found),
        **label_views.sheets(request, blinding_shown.printed(of, found)),
    }
    return render(request, "releases/panel_key.html", context)
