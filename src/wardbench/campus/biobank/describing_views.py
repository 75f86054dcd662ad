"""What is said of biobanks and collections for catalogues."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from wardbench.campus.biobank import collection_queries as queries
from wardbench.campus.biobank import curating, rules
from wardbench.campus.biobank.describing_forms import BiobankForm, DescribeCollectionForm
from wardbench.campus.people.refusals import told_in
from wardbench.campus.web.pages import actor, signed_in


@signed_in
def describe_collection(request: HttpRequest, collection_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = queries.collection(collection_id, by=by)
    rules.may_keep_inventory(by).require()
    form = DescribeCollectionForm.of(one, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            curating.change_collection(one, form.values(), by=by)
            return redirect("collection", one.id)
    return render(request, "biobank/describe_collection.html", {"form": form, "collection": one})


@signed_in
def new_biobank(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_keep_inventory(by).require()
    form = BiobankForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            values = form.values()
            curating.add_biobank(values.pop("code"), values.pop("name"), values.pop("organisation"), by=by, **values)
            return redirect("collections")
    return render(request, "biobank/biobank_edit.html", {"form": form, "biobank": None})


@signed_in
def edit_biobank(request: HttpRequest, biobank_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    one = queries.biobank(biobank_id, by=by)
    form = BiobankForm(request.POST or None, one=one)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            curating.change_biobank(one, form.values(), by=by)
            messages.success(request, _("Kept. The catalogue shows it from now on."))
            return redirect("collections")
    return render(request, "biobank/biobank_edit.html", {"form": form, "biobank": one})
