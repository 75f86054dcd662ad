"""Addresses of extracts of data."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.releases import extract_views as views

urlpatterns = [
    path("studies/<uuid:study_id>/", views.listed, name="extracts"),
    path("<uuid:extract_id>/", views.extract, name="extract"),
    path("<uuid:extract_id>/download/", views.download, name="extract_download"),
    path("<uuid:extract_id>/<slug:what>/", views.act, name="extract_act"),
]
