from __future__ import annotations

from django.urls import path

from wardbench.campus.access import views

urlpatterns = [
    path("", views.accesses, name="emergency_accesses"),
    path("open/", views.open_record, name="emergency_open"),
    path("why/", views.why, name="patient_why"),
    path("teams/", views.relations, name="care_relations"),
    path("<uuid:access_id>/", views.access, name="emergency_access"),
    path("<uuid:access_id>/end/", views.end, name="emergency_end"),
]
