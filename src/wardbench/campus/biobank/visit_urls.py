"""Addresses of visits: who comes today, what is taken, what is asked."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.biobank import collection_views as views

urlpatterns = [
    path("", views.visits, name="visits"),
    path("<uuid:visit_id>/", views.visit, name="visit"),
]
