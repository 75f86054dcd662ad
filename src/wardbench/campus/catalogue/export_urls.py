"""Addresses of exports of the inventory."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.catalogue import export_views as views

urlpatterns = [
    path("", views.exports, name="inventory_files"),
    path("file/", views.export, name="inventory_export"),
    path("enter/", views.enter, name="inventory_enter"),
    path("read/", views.read, name="inventory_read"),
]
