"""Addresses of blinded panels."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.releases import blinding_views as views

urlpatterns = [
    path("new/", views.new, name="panel_new"),
    path("<uuid:panel_id>/", views.panel, name="panel"),
    path("<uuid:panel_id>/codes.csv", views.sheet, name="panel_sheet"),
    path("<uuid:panel_id>/open/", views.unblind, name="panel_open"),
    path("<uuid:panel_id>/compared/", views.compared, name="panel_compared"),
    path("<uuid:panel_id>/report/", views.report, name="panel_report"),
    path("<uuid:panel_id>/key/", views.key, name="panel_key"),
]
