from __future__ import annotations

from django.urls import path

from wardbench.campus.cohorts import patient_views

urlpatterns = [path("", patient_views.patient, name="patient_timeline")]
