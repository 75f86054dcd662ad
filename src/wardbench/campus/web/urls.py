"""Every address of the campus."""

from __future__ import annotations

from django.urls import include, path

from wardbench.campus.api.api import api
from wardbench.campus.people.views import choose_language
from wardbench.campus.web import views

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.icon, name="icon"),
    path("language/", choose_language, name="set_language"),
    path("account/keys/", include("wardbench.campus.api.urls")),
    path("account/", include("wardbench.campus.people.account_urls")),
    path("account/", include("allauth.urls")),
    path("search/", views.search, name="search"),
    path("access/", include("wardbench.campus.access.urls")),
    path("api/", api.urls),
    path("notices/", include("wardbench.campus.notices.urls")),
    path("people/", include("wardbench.campus.people.urls")),
    path("patients/", include("wardbench.campus.cohorts.patient_urls")),
    path("biobank/registers/", include("wardbench.campus.catalogue.register_urls")),
    path("biobank/exports/", include("wardbench.campus.catalogue.export_urls")),
    path("biobank/", include("wardbench.campus.biobank.urls")),
    path("catalogue/", include("wardbench.campus.catalogue.urls")),
    path("cohorts/", include("wardbench.campus.cohorts.urls")),
    path("benchmark/", include("wardbench.campus.outcomes.yardstick_urls")),
    path("outcomes/", include("wardbench.campus.outcomes.urls")),
    path("questions/", include("wardbench.campus.questions.urls")),
    path("record/", include("wardbench.campus.audit.urls")),
    path("releases/", include("wardbench.campus.releases.urls")),
    path("samples/", include("wardbench.campus.samples.urls")),
    path("studies/", include("wardbench.campus.studies.urls")),
]
