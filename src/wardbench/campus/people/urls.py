from __future__ import annotations

from django.urls import path

from wardbench.campus.people import views

urlpatterns = [
    path("", views.people, name="people"),
    path("why/", views.why, name="why"),
    path("<uuid:person_id>/", views.person, name="person"),
]
