"""Addresses of criteria that stand."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.releases import standing_views as views

urlpatterns = [
    path("", views.standings, name="standings"),
    path("new/", views.new, name="standing_new"),
    path("<uuid:standing_id>/", views.one_standing, name="standing"),
    path("<uuid:standing_id>/matches/<uuid:match_id>/drop/", views.drop_match, name="standing_drop"),
]
