"""Addresses of imports."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.biobank.imports import views

urlpatterns = [
    path("", views.imports, name="imports"),
    path("template/<uuid:collection_id>.<slug:ending>", views.template, name="import_template_of"),
    path("<uuid:import_id>/", views.import_page, name="import"),
    path("<uuid:import_id>/match/", views.match, name="import_match"),
    path("<uuid:import_id>/donors/", views.add_donors, name="import_donors"),
    path("<uuid:import_id>/rows/", views.sort_out, name="import_sort_out"),
    path("<uuid:import_id>/mend/", views.mend, name="import_mend"),
    path("<uuid:import_id>/replace/", views.replace, name="import_replace"),
    path("<uuid:import_id>/start/", views.start, name="import_start"),
    path("<uuid:import_id>/check/", views.check, name="import_check"),
    path("<uuid:import_id>/stop/", views.stop, name="import_stop"),
    path("<uuid:import_id>/drop/", views.drop, name="import_drop"),
    path("<uuid:import_id>/progress/", views.progress, name="import_progress"),
    path("<uuid:import_id>/rest.<slug:ending>", views.rest, name="import_rest_of"),
]
