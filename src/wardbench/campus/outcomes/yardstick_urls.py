from __future__ import annotations

from django.urls import path

from wardbench.campus.outcomes import yardstick_views

urlpatterns = [
    path("", yardstick_views.benchmark, name="benchmark"),
    path("intervals/", yardstick_views.intervals, name="intervals_new"),
    path("table1/", yardstick_views.table1, name="table1_new"),
]
