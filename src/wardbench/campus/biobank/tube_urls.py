"""Addresses of single specimens: their page, labels, what is made of them."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.biobank import label_views
from wardbench.campus.biobank import tube_views as views

urlpatterns = [
    path("", views.specimens, name="specimens"),
    path("labels/", label_views.sheet, name="specimen_labels"),
    path("<uuid:specimen_id>/", views.specimen, name="specimen"),
    path("<uuid:specimen_id>/keep-back/", views.keep_back, name="specimen_keep_back"),
    path("<uuid:specimen_id>/<slug:name>/", views.do, name="specimen_do"),
]
