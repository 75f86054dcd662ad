"""Addresses of shipments: the page of a recipient outside."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.releases import parcel_views

urlpatterns = [path("arrived/", parcel_views.outside, name="parcel_outside")]
