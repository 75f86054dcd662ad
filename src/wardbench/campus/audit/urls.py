from __future__ import annotations

from django.urls import path

from wardbench.campus.audit import views

urlpatterns = [
    path("", views.record, name="record"),
    path("export/", views.export, name="record_export"),
    path("<int:number>/", views.event, name="event"),
]
