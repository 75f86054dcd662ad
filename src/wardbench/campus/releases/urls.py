"""Every address of releases; each part has its own."""

from __future__ import annotations

from django.urls import include, path

APP = "wardbench.campus.releases"
urlpatterns = [
    path("requests/", include(f"{APP}.request_urls")),
    path("standing/", include(f"{APP}.standing_urls")),
    path("shipments/", include(f"{APP}.shipment_urls")),
    path("extracts/", include(f"{APP}.extract_urls")),
    path("withdrawals/", include(f"{APP}.withdrawal_urls")),
    path("panels/", include(f"{APP}.blinding_urls")),
    path("findings/", include(f"{APP}.finding_urls")),
]
