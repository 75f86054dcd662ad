"""Addresses of the public catalogue."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.catalogue import views

urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("miabis.json", views.all_in_miabis, name="catalogue_miabis"),
    path("records.<str:form>", views.all_records, name="catalogue_records"),
    path("<uuid:collection_id>/", views.collection, name="catalogue_collection"),
    path("<uuid:collection_id>/miabis.json", views.in_miabis, name="catalogue_collection_miabis"),
    path("<uuid:collection_id>/record.<str:form>", views.record, name="catalogue_collection_record"),
]
