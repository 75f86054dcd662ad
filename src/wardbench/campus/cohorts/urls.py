from __future__ import annotations

from django.urls import path

from wardbench.campus.cohorts import (
    builder_views,
    estimate_views,
    history_views,
    saving_views,
    settings_views,
    views,
)

urlpatterns = [
    path("", views.cohorts, name="cohorts"),
    path("new/", views.new, name="cohort_new"),
    path("hash/<slug:content_hash>/", views.by_hash, name="cohort_by_hash"),
    path("<uuid:cohort_id>/", views.cohort, name="cohort"),
    path("<uuid:cohort_id>/versions/<int:number>/", views.cohort, name="cohort_version"),
    path("<uuid:cohort_id>/versions/<int:number>/copy/", views.copy, name="cohort_copy"),
    path("<uuid:cohort_id>/versions/<int:number>/json/", views.version_json, name="cohort_version_json"),
    path("<uuid:cohort_id>/build/", builder_views.build, name="cohort_build"),
    path("<uuid:cohort_id>/build/change/", builder_views.change, name="cohort_change"),
    path("<uuid:cohort_id>/build/find/", builder_views.find, name="cohort_find"),
    path("<uuid:cohort_id>/build/mode/", builder_views.choose_mode, name="cohort_mode"),
    path("<uuid:cohort_id>/build/save/", saving_views.save, name="cohort_save"),
    path("<uuid:cohort_id>/build/text/", builder_views.text, name="cohort_text"),
    path("<uuid:cohort_id>/build/json/", builder_views.as_json, name="cohort_json"),
    path("<uuid:cohort_id>/build/export/", builder_views.export, name="cohort_export"),
    path("<uuid:cohort_id>/build/part/<slug:kind>/<int:number>/", builder_views.part, name="cohort_part"),
    path("<uuid:cohort_id>/build/estimate/", estimate_views.estimate, name="cohort_estimate"),
    path("<uuid:cohort_id>/history/", history_views.history, name="cohort_history"),
    path("<uuid:cohort_id>/compare/", history_views.compare, name="cohort_compare"),
    path("<uuid:cohort_id>/settings/", settings_views.settings, name="cohort_settings"),
    path("<uuid:cohort_id>/settings/share/", settings_views.share, name="cohort_share"),
    path("<uuid:cohort_id>/settings/archive/", settings_views.archive, name="cohort_archive"),
]
