"""Addresses of baskets, requests, quotes, agreements and picking."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
