"""Addresses of the finder."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.samples import views

urlpatterns = [path("", views.samples, name="samples")]
