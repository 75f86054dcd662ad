"""Addresses of single specimens: their page, labels, what is made of them."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
