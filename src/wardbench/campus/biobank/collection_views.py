"""Collections, who answers for them, their protocols; donors and what they agreed to."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.biobank import beside, curating, donors, rules, visiting
from wardbench.campus.biobank import collection_forms as forms
from wardbench.campus.biobank import collection_queries as queries
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import refusal, told_in
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.consent import TIERS
from wardbench.core.errors import NotFoundError, WardbenchError

ON_A_PAGE = 50


@signed_in
def collections(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    context = {
        "collections": queries.collections(by=by),
        "may_keep": rules.may_keep_inventory(by),
        "biobanks": queries.biobanks(),
        "may_see_inventory": rules.may_see_inventory(by),
    }
    return render(request, "biobank/collections.html", context)


@signed_in
def new_collection(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_keep_inventory(by).require()
    form = forms.NewCollectionForm(request.POST or None, initial={"basis": "written"})
    if request.method == "POST" and form.is_valid():
        values = form.values()
        biobank = next((one for one in queries.biobanks() if str(one.id) == values.pop("biobank")), None)
        with told_in(form):
            if biobank is None:
                raise NotFoundError(_("There is no such biobank."))
            made = curating.add_collection(biobank, values.pop("code"), values.pop("name"), by=by, **values)
            return redirect("collection", made.id)
    return render(request, "biobank/collection_edit.html", {"form": form, "collection": None})


@signed_in
def collection(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = queries.collection(collection_id, by=by)
    answering = list(one.responsible.select_related("person"))
    context = {
        "collection": one,
        "why": queries.may_see_collection(by, one),
        "may_keep": rules.may_keep_inventory(by),
        "answering": answering,
        "mine": any(str(each.person_id) == by.id for each in answering),
        "lacking": queries.lacking(one),
        "protocols": queries.protocols(one),
        "form": forms.ResponsibleForm(),
        "permission_words": queries.permission_words(one),
    }
    return render(request, "biobank/collection.html", context)


@signed_in
def edit_collection(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = queries.collection(collection_id, by=by)
    rules.may_keep_inventory(by).require()
    form = forms.CollectionForm.of(one, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            curating.change_collection(one, form.values(), by=by)
            return redirect("collection", one.id)
    return render(request, "biobank/collection_edit.html", {"form": form, "collection": one})


@signed_in
@require_POST
def act(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponse:
    """The buttons of a collection's page: who answers, whether it is published."""
    by = actor(request)
    one = queries.collection(collection_id, by=by)
    given = request.POST
    try:
        if "name" in given:
            curating.name_responsible(one, uuid.UUID(given.get("person", "")), by=by)
        elif "drop" in given:
            curating.drop_responsible(one, uuid.UUID(given["drop"]), by=by)
        elif "reached" in given:
            curating.confirm_reached(one, by=by)
        elif "publish" in given:
            curating.publish(one, given["publish"] == "yes", by=by)
    except ValueError:
        messages.error(request, _("Choose somebody from the list."))
    except WardbenchError as error:
        messages.error(request, refusal(error))
    return redirect("collection", one.id)


@signed_in
def new_protocol(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = queries.collection(collection_id, by=by)
    rules.may_keep_inventory(by).require()
    form = forms.ProtocolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            visiting.add_protocol(one, form.cleaned_data["name"], form.cleaned_data["visits"], by=by)
            return redirect("collection", one.id)
    return render(request, "biobank/protocol_edit.html", {"form": form, "collection": one})


@signed_in
@limited(Doing.SEARCH)
def donor_list(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    text = request.GET.get("text", "").replace("\x00", "").strip()
    found = Paginator(queries.find_donors(text, by=by), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"found": found, "text": text, "may_collect": rules.may_collect(by)}
    return render(request, "biobank/donors.html", context)


@signed_in
def donor(request: HttpRequest, donor_id: uuid.UUID) -> HttpResponse:
    """A donor by their code: what they allow, what they gave, which visits are planned."""
    by = actor(request)
    one = queries.donor(donor_id, by=by)
    allowed = [
        (collection, given, [(title, tier in given.tiers) for tier, title in TIERS.items()])
        for collection, given in queries.given_of(one).items()
    ]
    context = {
        "donor": one,
        "allowed": allowed,
        "consents": one.consents.select_related("form", "collection", "by"),
        "specimens": one.specimens.select_related("collection").order_by("label")[:200],
        "taken_back": beside.lines_of_donor(by, one),
        "may_see_specimens": rules.may_see_inventory(by),
        "may_know": rules.may_know_donor(by),
        "may_collect": rules.may_collect(by),
        "may_withdraw": rules.may_withdraw(by),
        "forms": queries.forms_of_consent(),
        "language": translation.get_language(),
    }
    return render(request, "biobank/donor.html", context)


@signed_in
def new_donor(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_collect(by).require()
    form = forms.DonorForm(request.POST or None, links=bool(rules.may_know_donor(by)))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            with transaction.atomic():
                made = donors.add_donor(given["code"], by=by, sex=given["sex"], birth_year=given["birth_year"])
                if given.get("person"):
                    donors.link_donor(made, given["person"], by=by)
            return redirect("donor", made.id)
    return render(request, "biobank/donor_new.html", {"form": form})


@signed_in
def enrol(request: HttpRequest, donor_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = queries.donor(donor_id, by=by)
    rules.may_collect(by).require()
    form = forms.EnrolForm(request.POST or None, initial={"day0": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            protocol = queries.protocol(uuid.UUID(given["protocol"]), by=by)
            visiting.enrol(one, protocol, given["day0"], given["place"], by=by)
            messages.success(request, _("The visits are planned."))
            return redirect("donor", one.id)
    return render(request, "biobank/enrol.html", {"donor": one, "form": form})


@signed_in
@require_POST
def who(request: HttpRequest, donor_id: uuid.UUID) -> HttpResponse:
    """Who a donor is: a look that is on the record."""
    by = actor(request)
    one = queries.donor(donor_id, by=by)
    person = queries.who_is(one, by=by)
    return render(request, "biobank/donor_who.html", {"donor": one, "person": person})


@signed_in
def consent(request: HttpRequest, donor_id: uuid.UUID, form_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = queries.donor(donor_id, by=by)
    rules.may_collect(by).require()
    asked = queries.form_of_consent(form_id)
    form = forms.AnswersForm(request.POST or None, form=asked, initial={"given": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            donors.give_consent(one, asked, form.answers(), form.cleaned_data["given"], by=by)
            messages.success(request, _("The donor's answers are kept."))
            return redirect("donor", one.id)
    return render(request, "biobank/consent.html", {"donor": one, "asked": asked, "form": form,
                  "one_before": one.consents.filter(withdrawn=None).exists()})  # fmt: skip


@signed_in
def visits(request: HttpRequest) -> HttpResponse:
    """Today's visits: two taps a patient."""
    by = actor(request)
    place = request.GET.get("place", "").replace("\x00", "").strip()
    context: dict[str, Any] = {
        "today": timezone.localdate(),
        "visits": queries.visits(timezone.localdate(), by=by, place=place),
        "taken": queries.taken(by=by, place=place),
        "places": queries.places(by=by),
        "place": place,
        "reasons": list(visiting.DECLINED.items()),
        "forms": queries.forms_of_consent(),
        "may_know": rules.may_know_donor(by),
    }
    return render(request, "biobank/visits.html", context)


@signed_in
@require_POST
def visit(request: HttpRequest, visit_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = queries.visit(visit_id, by=by)
    try:
        if "decline" in request.POST:
            visiting.decline(one, request.POST["decline"], by=by)
            messages.success(request, _("Noted; nothing was taken."))
        else:
            scanned = ((key[4:], str(value)) for key, value in request.POST.items() if key.startswith("tube"))
            labels = {key: value for key, value in scanned if value.strip()}
            ticked = set(request.POST.getlist("taken"))
            not_taken = [key for key in request.POST.getlist("planned") if key not in ticked]
            besides = request.POST.getlist("besides")
            made = visiting.collect(one, labels, by=by, besides=besides, not_taken=not_taken)
            said = ", ".join(specimen.label for specimen in made)
            sheet = f"{reverse('specimen_labels')}?visit={one.id}"
            told = (_("Taken: %(labels)s") % {"labels": said}, sheet, _("Print the labels"))
            messages.success(request, format_html('{} <a href="{}">{}</a>', *told))
    except WardbenchError as error:
        messages.error(request, refusal(error))
    return redirect("visits")
