"""Addresses of biobanks, collections, protocols and consent forms."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
