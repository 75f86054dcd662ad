"""Addresses of what came back."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.releases import finding_views as views

urlpatterns = [
    path("studies/<uuid:study_id>/", views.listed, name="findings"),
    path("<uuid:finding_id>/", views.finding, name="finding"),
    path("<uuid:finding_id>/file/", views.file, name="finding_file"),
]
