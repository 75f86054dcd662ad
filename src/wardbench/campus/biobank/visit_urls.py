"""Addresses of visits: who comes today, what is taken, what is asked."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
