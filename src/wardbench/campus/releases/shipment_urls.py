"""Addresses of shipments, at both ends."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
