from __future__ import annotations

from django.urls import path

from wardbench.campus.outcomes import yardstick_views

urlpatterns = [
    path("", yardstick_views.benchmark, name="benchmark"),
    path("intervals/", yardstick_views.intervals, name="intervals_new"),
    path("assay/", yardstick_views.assay, name="assay_new"),
    path("table1/", yardstick_views.table1, name="table1_new"),
    path("rates/", yardstick_views.rates, name="rates_new"),
    path("funnel/", yardstick_views.funnel, name="funnel_new"),
    path("methods/", yardstick_views.methods, name="methods_new"),
]
