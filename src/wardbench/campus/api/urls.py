from __future__ import annotations

from django.urls import path

from wardbench.campus.api import views

urlpatterns = [
    path("", views.keys, name="keys"),
    path("<uuid:key_id>/revoke/", views.revoke, name="revoke_key"),
]
