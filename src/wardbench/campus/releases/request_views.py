"""The pages of baskets and requests, for those who ask and those who give."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from wardbench.campus.biobank.rules import may_keep_inventory
from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.people.refusals import refusal, told_in
from wardbench.campus.releases import (
    agreeing,
    agreement_shown,
    baskets,
    blinding_queries,
    quoting,
    request_acts,
    request_forms,
    request_queries,
    request_shown,
    requesting,
    rules,
    shipping,
    warning,
    warning_queries,
    warning_shown,
)
from wardbench.campus.releases.rules import ACTIONS, STATUSES, Status, Verb
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError, NotFoundError, WardbenchError


@signed_in
def requests(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    status = request.GET.get("status", "")
    found = request_queries.visible(by, status if status in set(Status) else "")
    context = {
        "lines": request_shown.listed(found),
        "statuses": [(one.value, STATUSES[one]) for one in Status],
        "status": status,
        "may_basket": rules.may_keep_basket(by),
        "may_keep": may_keep_inventory(by),
    }
    return render(request, "releases/requests.html", context)


@signed_in
@require_POST
def answer_warning(request: HttpRequest, warned_id: uuid.UUID) -> HttpResponse:
    """What a time outside the temperatures means for the work of a study."""
    by = actor(request)
    one, _facts = warning_queries.warned(warned_id, by=by)
    try:
        warning.answer(one.id, request.POST.get("words", ""), by=by)
    except WardbenchError as error:
        messages.error(request, refusal(error))
    else:
        messages.success(request, _("Thank you; the biobank knows that you know."))
    return redirect("request", one.request_id)


@signed_in
def one_request(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    of, facts = request_queries.with_facts(request_id, by=by)
    newest = request_queries.quote_of(of)
    quote, total = request_shown.quote_lines(newest)
    secret = request.session.pop("parcel_code", None)
    context = {
        "of": of,
        "status": STATUSES[Status(of.status)],
        "tone": request_shown.tone(of.status),
        "turn": request_shown.turn_of(facts),
        "rows": request_shown.rows(of, by, facts),
        "buttons": request_shown.buttons(of, by, facts),
        "quote": quote,
        "total": total,
        "last_quote": newest,
        "settled": request_shown.settled(newest),
        "agreement": request_queries.agreement_of(of),
        "panel": blinding_queries.of_request(of),
        "warnings": warning_shown.of_request(of, by),
        "parcels": request_shown.parcels(of),
        "code": secret["code"] if secret and secret.get("request") == str(of.id) else "",
        "arrived_at": request.build_absolute_uri(reverse("parcel_outside")),
        "may_edit": rules.may(by, Verb.EDIT, facts),
        "why": rules.may_see(by, facts),
    }
    return render(request, "releases/request.html", context)


@signed_in
def act(request: HttpRequest, request_id: uuid.UUID, verb: str) -> HttpResponse:
    """The page of one verb: what it asks for, and the button."""
    by = actor(request)
    of, facts = request_queries.with_facts(request_id, by=by)
    what = next((one for one in request_forms.FORMS if one.value == verb), None)
    if what is None:
        raise NotFoundError(_("There is no such page."))
    rules.may(by, what, facts).require()
    form = request_forms.FORMS[what](request.POST or None, of=of)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            made = request_acts.DO[what](of, form, by)
            _tell(request, of.id, what, made)
            return redirect("request_pick", of.id) if what is Verb.PICK else redirect("request", of.id)
    quote, total = request_shown.quote_lines(request_queries.quote_of(of)) if what is Verb.ACCEPT else ([], "")
    context = {"of": of, "title": ACTIONS[what], "form": form, "quote": quote, "total": total}
    return render(request, "releases/act.html", context)


def _tell(request: HttpRequest, request_id: uuid.UUID, what: Verb, made: Any) -> None:
    """What the next page says about what was done."""
    code = made.secret if isinstance(made, shipping.Sent) else made if what is Verb.OPEN else ""
    if code:
        request.session["parcel_code"] = {"request": str(request_id), "code": code}
    if what is Verb.RESERVE:
        for label, why in made:
            messages.warning(request, _("%(label)s was left out: %(why)s") % {"label": label, "why": why})
    if what is Verb.LOG:
        said = ngettext("%(n)d temperature is kept.", "%(n)d temperatures are kept.", made.new) % {"n": made.new}
        if made.again:
            again = ngettext("%(n)d was there already.", "%(n)d were there already.", made.again)
            said = f"{said} {again % {'n': made.again}}"
        messages.success(request, said)
        if made.outside:
            messages.warning(request, _("The parcel was outside its temperatures."))
    if what is Verb.TAKE_BACK and made[1]:
        messages.warning(request, _("Missing: %(labels)s") % {"labels": ", ".join(made[1][:20])})


@signed_in
@require_POST
def drop_lines(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """Take the chosen specimens out of a draft."""
    by = actor(request)
    try:
        requesting.drop_lines(request_id, _ids(request.POST.getlist("line")), by=by)
    except WardbenchError as error:
        messages.error(request, refusal(error))
    return redirect("request", request_id)


def _ids(given: list[str]) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(one) for one in given]
    except ValueError:
        raise InputError(_("line: this request has no such specimen.")) from None


@signed_in
def agreement(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """The transfer agreement as it stands, to read and print."""
    return _agreement(request, request_id, None)


@signed_in
@reauthenticated_to_decide
def sign(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """The agreement once more, with the form by which a side signs it."""
    by = actor(request)
    of, facts = request_queries.with_facts(request_id, by=by)
    rules.may(by, Verb.SIGN, facts).require()
    found = request_queries.agreement_of(of)
    form = request_forms.SignForm(request.POST or None, initial={"hash": found.hash if found is not None else ""})
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            agreeing.sign(of.id, form.cleaned_data["hash"], form.cleaned_data["name"], by=by)
            return redirect("request", of.id)
    return _agreement(request, request_id, form)


def _agreement(request: HttpRequest, request_id: uuid.UUID, form: request_forms.SignForm | None) -> HttpResponse:
    by = actor(request)
    of, facts = request_queries.with_facts(request_id, by=by)
    found = request_queries.agreement_of(of)
    if found is None:
        raise NotFoundError(_("This request has no transfer agreement."))
    context = {
        "of": of,
        "agreement": found,
        "said": found.content,
        "purpose": agreement_shown.purpose(found.content),
        "material": agreement_shown.material(found.content),
        "fate": agreement_shown.fate(found.content),
        "travelling": agreement_shown.travelling(of, found.content),
        "cost": request_forms.euro(found.content["cents"]),
        "may": rules.may(by, Verb.SIGN, facts),
        "may_draw": rules.may(by, Verb.DRAW_UP, facts),
        "form": form,
    }
    return render(request, "releases/agreement.html", context)


@signed_in
def all_baskets(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_keep_basket(by).require()
    studies = request_queries.studies_with_material(by)
    choices = [(str(study.id), f"{study.reference} {study.title}") for study, _permit in studies]
    form = request_forms.BasketForm(request.POST or None, studies=choices)
    if request.method == "POST" and form.is_valid():
        study = next(one for one, _permit in studies if str(one.id) == form.cleaned_data["study"])
        made = baskets.add_basket(form.cleaned_data["name"], study, by=by)
        return redirect("basket", made.id)
    return render(
        request, "releases/baskets.html", {"baskets": request_queries.baskets(by), "form": form, "may": choices}
    )


@signed_in
def one_basket(request: HttpRequest, basket_id: uuid.UUID) -> HttpResponse:
    """What is in a basket; more of it chosen from the stock; and the request that is made of it."""
    by = actor(request)
    here = request_queries.basket(basket_id, by=by)
    permit = request_queries.permit_of(here, by)
    wanted = request_queries.materials_of(permit)
    what = request.POST.get("do", "")
    choose = request_forms.ChooseForm(request.POST if what == "choose" else None, materials=wanted)
    draft = request_forms.DraftForm(request.POST if what == "draft" else None, auto_id="draft_%s")
    try:
        if what == "choose" and choose.is_valid():
            given = choose.cleaned_data
            found = baskets.choose(here, given["material"], given["count"], by=by, amount=given["least"])
            said = ngettext("%(n)d specimen was found.", "%(n)d specimens were found.", found) % {"n": found}
            messages.success(request, said)
            return redirect("basket", here.id)
        if what == "draft" and draft.is_valid() and permit is not None:
            made = requesting.draft(here, permit, by=by, amount=draft.cleaned_data["each"])
            return redirect("request_act", made.id, Verb.EDIT.value)
        if what == "take_out":
            baskets.take_out(here, _ids(request.POST.getlist("line")), by=by)
            return redirect("basket", here.id)
        if what == "drop":
            baskets.drop_basket(here, by=by)
            return redirect("baskets")
    except WardbenchError as error:
        (draft if what == "draft" else choose).is_valid()
        messages.error(request, refusal(error))
    context = {
        "here": here,
        "lines": request_queries.basket_lines(here),
        "permit": permit,
        "choose": choose if wanted else None,
        "draft": draft,
    }
    return render(request, "releases/basket.html", context)


@signed_in
def tariffs(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    may_keep_inventory(by).require()
    form = request_forms.TariffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        bank = request_queries.biobank(uuid.UUID(given["biobank"]))
        with told_in(form):
            quoting.set_tariff(bank, given["work"], int(given["price"] * 100), int(given["outside"] * 100), by=by)
            return redirect("request_tariffs")
    shown = [
        (one.biobank.name, rules.WORKS[one.work], request_forms.euro(one.cents), request_forms.euro(one.outside_cents))
        for one in request_queries.tariffs()
    ]
    return render(request, "releases/tariffs.html", {"tariffs": shown, "form": form})
