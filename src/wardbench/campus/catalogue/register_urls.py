"""Addresses of the registers, and of how the biobank does."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.catalogue import register_views as views

urlpatterns = [
    path("", views.register, name="register"),
    path("file/", views.register_file, {"ending": "csv"}, name="register_csv"),
    path("workbook/", views.register_file, {"ending": "xlsx"}, name="register_xlsx"),
    path("figures/", views.figures, name="biobank_figures"),
    path("figures/recovered.csv", views.recovered_file, name="recovered_csv"),
]
