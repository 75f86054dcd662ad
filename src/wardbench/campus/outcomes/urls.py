from __future__ import annotations

from django.urls import path

from wardbench.campus.outcomes import views

urlpatterns = [
    path("", views.listed, name="inquiries"),
    path("new/", views.new, name="inquiry_new"),
    path("new/patient/", views.from_patient, name="inquiry_from_patient"),
    path("<uuid:inquiry_id>/", views.inquiry, name="inquiry"),
    path("<uuid:inquiry_id>/progress/", views.progress, name="inquiry_progress"),
    path("<uuid:inquiry_id>/report/", views.report, name="inquiry_report"),
    path("<uuid:inquiry_id>/protocol.json", views.protocol, name="inquiry_protocol"),
    path("<uuid:inquiry_id>/patient/", views.place_patient, name="inquiry_patient"),
    path("<uuid:inquiry_id>/<slug:what>/", views.act, name="inquiry_act"),
]
