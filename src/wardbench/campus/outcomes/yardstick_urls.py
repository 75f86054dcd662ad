from __future__ import annotations

from django.urls import path

from wardbench.campus.outcomes.yardstick_views import ASKED, asking, benchmark, methods

urlpatterns = [
    path("", benchmark, name="benchmark"),
    path("methods/", methods, name="methods_new"),
    *(path(f"{form.kind.value}/", asking(form), name=f"{form.kind.value}_new") for form in ASKED),
]
