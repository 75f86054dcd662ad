from __future__ import annotations

from django.urls import path

from wardbench.campus.notices import views

urlpatterns = [
    path("", views.notices, name="notices"),
    path("read/", views.read_all, name="read_notices"),
    path("<uuid:notice_id>/", views.follow, name="notice"),
]
