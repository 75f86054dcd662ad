"""Every address of the biobank; each part has its own."""

from __future__ import annotations

from django.urls import include, path

from wardbench.campus.biobank.storage_views import biobank

APP = "wardbench.campus.biobank"
urlpatterns = [
    path("", biobank, name="biobank"),
    path("places/", include(f"{APP}.storage_urls")),
    path("specimens/", include(f"{APP}.tube_urls")),
    path("collections/", include(f"{APP}.collection_urls")),
    path("visits/", include(f"{APP}.visit_urls")),
    path("imports/", include(f"{APP}.import_urls")),
]
