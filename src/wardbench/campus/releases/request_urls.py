"""Addresses of baskets, requests, quotes, agreements and picking."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.releases import found_views, pairing_views, parcel_views, request_views

urlpatterns = [
    path("", request_views.requests, name="requests"),
    path("baskets/", request_views.all_baskets, name="baskets"),
    path("baskets/<uuid:basket_id>/", request_views.one_basket, name="basket"),
    path("found/", found_views.into_basket, name="basket_found"),
    path("pairs/", pairing_views.pairs, name="basket_pairs"),
    path("tariffs/", request_views.tariffs, name="request_tariffs"),
    path("<uuid:request_id>/", request_views.one_request, name="request"),
    path("warnings/<uuid:warned_id>/", request_views.answer_warning, name="request_warning"),
    path("<uuid:request_id>/drop/", request_views.drop_lines, name="request_drop"),
    path("<uuid:request_id>/agreement/", request_views.agreement, name="request_agreement"),
    path("<uuid:request_id>/agreement/sign/", request_views.sign, name="request_sign"),
    path("<uuid:request_id>/picking/", parcel_views.pick, name="request_pick"),
    path("<uuid:request_id>/arrived/", parcel_views.receive, name="request_receive"),
    path("<uuid:request_id>/<str:verb>/", request_views.act, name="request_act"),
]
