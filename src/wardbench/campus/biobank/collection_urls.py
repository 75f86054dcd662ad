"""Addresses of collections, protocols, donors and what they agreed to."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.biobank import collection_views as views
from wardbench.campus.biobank import describing_views as describing

urlpatterns = [
    path("", views.collections, name="collections"),
    path("new/", views.new_collection, name="collection_new"),
    path("biobanks/new/", describing.new_biobank, name="biobank_new"),
    path("biobanks/<uuid:biobank_id>/", describing.edit_biobank, name="biobank_edit"),
    path("donors/", views.donor_list, name="donors"),
    path("donors/new/", views.new_donor, name="donor_new"),
    path("donors/<uuid:donor_id>/", views.donor, name="donor"),
    path("donors/<uuid:donor_id>/enrol/", views.enrol, name="donor_enrol"),
    path("donors/<uuid:donor_id>/who/", views.who, name="donor_who"),
    path("donors/<uuid:donor_id>/consent/<uuid:form_id>/", views.consent, name="donor_consent"),
    path("<uuid:collection_id>/", views.collection, name="collection"),
    path("<uuid:collection_id>/edit/", views.edit_collection, name="collection_edit"),
    path("<uuid:collection_id>/describe/", describing.describe_collection, name="collection_describe"),
    path("<uuid:collection_id>/act/", views.act, name="collection_act"),
    path("<uuid:collection_id>/protocol/", views.new_protocol, name="protocol_new"),
]
