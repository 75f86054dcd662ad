"""Single specimens: the page with its chain, labels, and what can be done with one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from wardbench.campus.biobank import (
    beside,
    handling_forms,
    keeping_back,
    rules,
    storing,
    tube_forms,
    tube_queries,
    tubes,
)
from wardbench.campus.biobank.rules import Act
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import told_in
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.consent import TIERS
from wardbench.core.errors import NotFoundError

ON_A_PAGE = 50
DOINGS: dict[str, tuple[Act, str]] = {
    "aliquot": (Act.DERIVE, gettext_noop("Divide it into tubes")),
    "derive": (Act.DERIVE, gettext_noop("Make another material of it")),
    "pool": (Act.DERIVE, gettext_noop("Mix it with others")),
    "preanalytics": (Act.CORRECT, gettext_noop("Note how it was handled")),
    "take-out": (Act.TAKE_OUT, gettext_noop("Take it out of storage")),
    "thaw": (Act.THAW, gettext_noop("Count a thawing")),
    "use": (Act.USE, gettext_noop("Use some of it")),
    "adjust": (Act.CORRECT, gettext_noop("Say how much there is")),
    "correct": (Act.CORRECT, gettext_noop("Correct what is said of it")),
    "retain": (Act.RETAIN, gettext_noop("Keep it back for diagnosis")),
    "allow": (Act.ALLOW, gettext_noop("Keep it back no longer")),
    "lose": (Act.LOSE, gettext_noop("Say that it is missing")),
    "find": (Act.FIND, gettext_noop("Say that it was found")),
    "dispose": (Act.DISPOSE, gettext_noop("Destroy it")),
}
"""What can be done with a specimen: the act that the rules ask about, and the button's words."""


@signed_in
@limited(Doing.SEARCH)
def specimens(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    text = request.GET.get("text", "").replace("\x00", "").strip()
    found = Paginator(tube_queries.find(text, by=by), ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "biobank/specimens.html", {"found": found, "text": text})


@signed_in
def specimen(request: HttpRequest, specimen_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = tube_queries.specimen(specimen_id, by=by)
    doings = []
    for name, (act, title) in DOINGS.items():
        if name == ("retain" if one.retained else "allow"):
            continue
        if _may(name, act, one, by):
            doings.append((name, title))
    shown = tube_queries.shown(one)
    given = shown.given.tiers if shown.given else frozenset()
    context = {
        "shown": shown,
        "doings": doings,
        "tiers": [(tier, title, tier in given) for tier, title in TIERS.items()],
        "beside": beside.lines_beside(by, one),
        "why": rules.may_see_inventory(by),
    }
    return render(request, "biobank/specimen.html", context)


def _may(name: str, act: Act, one: Any, by: Actor) -> Verdict:
    if act in (Act.RETAIN, Act.ALLOW):
        return tubes.may_keep_back(by, act, one)
    facts = tubes.facts(one)
    return rules.may_measure(by, facts) if name == "adjust" else rules.may(by, act, facts)


def _form(name: str, one: Any, data: Any) -> forms.Form:
    unit: dict[str, Any] = {"unit": one.unit}
    if name in ("aliquot", "derive", "pool", "use") and tubes.is_frozen(one):
        unit["thawed"] = True
    if name == "aliquot":
        return tube_forms.PartsForm(data, initial=unit)
    if name == "derive":
        return tube_forms.DeriveForm(data, initial={**unit, "unit": "", "used_unit": one.unit, "material": "DNA"})
    if name == "pool":
        return tube_forms.PoolForm(data, initial=unit)
    if name == "use":
        return tube_forms.UseForm(data, initial=unit)
    if name == "adjust":
        return tube_forms.AdjustForm(data, initial=unit)
    if name == "preanalytics":
        return handling_forms.form_of(one, data)
    if name == "correct":
        fields = ("material", "tube", "collected", "site", "diagnosis", "external")
        return tube_forms.CorrectForm(data, initial={field: getattr(one, field) for field in fields})
    return tube_forms.WhyForm(data)


def _carry_out(name: str, one: Any, given: dict[str, Any], form: Any, by: Actor) -> None:
    thawed = given.get("thawed", False)
    doings: dict[str, Callable[[], Any]] = {
        "aliquot": lambda: tubes.aliquot(one, given["parts"], by=by, thawed=thawed),
        "derive": lambda: tubes.derive(one, given["material"], given["parts"], given["used"], by=by, thawed=thawed),
        "pool": lambda: tubes.pool(
            given["label"],
            [(each, given["amount"]) for each in (one, *given["others"])],
            by=by,
            box=given["into"],
            place=given["place"],
            thawed=thawed,
        ),
        "preanalytics": lambda: tubes.note_preanalytics(one, form.noted(one.preanalytics), by=by),
        "take-out": lambda: storing.take_out([one], given["why"], by=by),
        "thaw": lambda: tubes.thaw([one], given["why"], by=by),
        "use": lambda: tubes.use(one, given["amount"], given["why"], by=by, thawed=thawed),
        "adjust": lambda: tubes.adjust(one, given["amount"], given["why"], by=by),
        "correct": lambda: tubes.correct(one, _corrected(one, given), given["why"], by=by),
        "retain": lambda: tubes.retain(one, True, given["why"], by=by),
        "allow": lambda: tubes.retain(one, False, given["why"], by=by),
        "lose": lambda: storing.lose([one], given["why"], by=by),
        "find": lambda: storing.find(one, why=given["why"], by=by),
        "dispose": lambda: tubes.dispose([one], given["why"], by=by),
    }
    doings[name]()


def _corrected(one: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What a form corrects. Its time has no seconds: one that is the same to the minute is the one that is there."""
    values = {name: value for name, value in given.items() if name != "why"}
    if one.collected is not None and values["collected"] == one.collected.replace(second=0, microsecond=0):
        del values["collected"]
    return values


@signed_in
def do(request: HttpRequest, specimen_id: uuid.UUID, name: str) -> HttpResponse:
    """One of `DOINGS`: its form, and what it does."""
    by = actor(request)
    one = tube_queries.specimen(specimen_id, by=by)
    if name not in DOINGS:
        raise NotFoundError(_("There is no such page."))
    act, title = DOINGS[name]
    _may(name, act, one, by).require()
    form = _form(name, one, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            _carry_out(name, one, form.cleaned_data, form, by)
            messages.success(request, _("It is done, and stands in its history."))
            return redirect("specimen", one.id)
    return render(request, "biobank/specimen_do.html", {"specimen": one, "form": form, "title": title, "name": name})


@signed_in
@limited(Doing.PATIENT, "POST")
def keep_back(request: HttpRequest, specimen_id: uuid.UUID) -> HttpResponse:
    """Keep a specimen of one's own patient back for diagnosis, or no longer."""
    by = actor(request)
    one = keeping_back.in_care(specimen_id, by=by)
    act, kept = keeping_back.act_of(one), one.retained
    may = tubes.may_keep_back(by, act, one)
    form = tube_forms.WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        may.require()
        with told_in(form):
            tubes.retain(one, not kept, form.cleaned_data["why"], by=by)
            messages.success(request, _("It is done, and stands in its history."))
            return redirect("specimen_keep_back", one.id)
    context = {"specimen": one, "form": form, "may": may, "kept": kept}
    return render(request, "biobank/keep_back.html", context)
