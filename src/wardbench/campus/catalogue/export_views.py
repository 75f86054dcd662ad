"""The page on which the inventory is exported in a standard, and an export is read back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.catalogue import exporting, rules, taking_in
from wardbench.campus.catalogue.export_forms import ExportForm, ReadBackForm
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import told_in
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.pages import actor, signed_in
from wardbench.ward.samples.exchange.losses import KINDS, summary

SHOWN = 50


@signed_in
def exports(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_export(by).require()
    return _page(request, by, ExportForm(by=by, initial={"standard": "miabis"}), ReadBackForm())


def _page(
    request: HttpRequest,
    by: Actor,
    form: ExportForm,
    reading: ReadBackForm,
    found: exporting.ReadBack | None = None,
    plan: taking_in.Plan | None = None,
) -> HttpResponse:
    lacks = [(title, exporting.not_held(code)) for code, title in exporting.standards()]
    context = {
        "form": form,
        "reading": reading,
        "lacks": lacks,
        "undescribed": exporting.without_description(by=by),
        "found": found,
        "differs": found.differs[:SHOWN] if found else (),
        "counts": summary(found.differs) if found else {},
        "why": rules.may_export(by),
        "plan": plan,
        "new": sum(plan.new.values()) if plan else 0,
        "against": plan.against[:SHOWN] if plan else (),
        "otherwise": plan.otherwise[:SHOWN] if plan else (),
        "too_many": bool(plan and plan.new["sample"] > taking_in.MOST_AT_ONCE),
    }
    return render(request, "catalogue/exports.html", context)


@signed_in
@require_POST
@limited(Doing.EXPORT)
def export(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_export(by).require()
    form = ExportForm(request.POST, by=by)
    if form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            chosen = [uuid.UUID(one) for one in given["collections"]]
            made = exporting.export_inventory(given["standard"], chosen, by=by)
            headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
            return HttpResponse(made.content, content_type="application/zip", headers=headers)
    return _page(request, by, form, ReadBackForm())


@signed_in
@require_POST
@limited(Doing.EXPORT)
def read(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_export(by).require()
    form = ReadBackForm(request.POST, request.FILES)
    found, plan = None, None
    if form.is_valid():
        with told_in(form):
            content, standard = form.cleaned_data["file"].read(), form.cleaned_data["standard"]
            found = exporting.read_export(content, standard, by=by)
            if rules.may_take_in(by):
                plan = taking_in.plan(content, standard, by=by)
    return _page(request, by, ExportForm(by=by, initial={"standard": "miabis"}), form, found, plan)


@signed_in
@require_POST
@limited(Doing.CREATE)
def enter(request: HttpRequest) -> HttpResponse:
    """Enter an export that somebody has seen the plan of: the same file, chosen again."""
    by = actor(request)
    rules.may_take_in(by).require()
    form = ReadBackForm(request.POST, request.FILES)
    if form.is_valid():
        with told_in(form):
            content, standard = form.cleaned_data["file"].read(), form.cleaned_data["standard"]
            digest = request.POST.get("digest") or "-"
            done = taking_in.take_in(content, standard, by=by, digest=digest, most=taking_in.MOST_AT_ONCE)
            said = _(
                "The export is entered: {samples} specimens, {donors} donors and {collections} collections are new."
            )
            counts = {name: done.new[kind] for kind, (name, _made, _key) in KINDS.items()}
            messages.success(request, said.format(**counts))
            return redirect("inventory_files")
    return _page(request, by, ExportForm(by=by, initial={"standard": "miabis"}), form)
