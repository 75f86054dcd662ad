from __future__ import annotations

from django.urls import path

from wardbench.campus.studies import (
    amend_views,
    count_views,
    desk_views,
    hand_views,
    paper_views,
    result_views,
    section_views,
    views,
)

urlpatterns = [
    path("", views.studies, name="studies"),
    path("new/", views.register, name="study_new"),
    path("path/", views.path, name="study_path"),
    path("<uuid:study_id>/", views.study, name="study"),
    path("<uuid:study_id>/submit/", views.submit, name="study_submit"),
    path("<uuid:study_id>/sections/<slug:name>/", section_views.section, name="study_section"),
    path("<uuid:study_id>/amend/<slug:name>/", amend_views.amend, name="study_amend"),
    path("<uuid:study_id>/cohorts/", section_views.cohort, name="study_cohort"),
    path("<uuid:study_id>/cohorts/<slug:content>/", count_views.count, name="study_count"),
    path("<uuid:study_id>/documents/<uuid:document_id>/", paper_views.document, name="study_document"),
    path(
        "<uuid:study_id>/documents/<uuid:document_id>/withdraw/",
        section_views.withdraw_document,
        name="study_document_withdraw",
    ),
    path("<uuid:study_id>/decide/<slug:step>/", desk_views.decide, name="study_decide"),
    path("<uuid:study_id>/answer/<uuid:asking_id>/", desk_views.answer, name="study_answer"),
    path("<uuid:study_id>/questions/<uuid:asking_id>/take-back/", desk_views.take_back, name="study_take_back"),
    path("<uuid:study_id>/do/<slug:verb>/", desk_views.act, name="study_act"),
    path("<uuid:study_id>/investigator/", hand_views.investigator, name="study_investigator"),
    path("<uuid:study_id>/take-on/", hand_views.take_on, name="study_take_on"),
    path("<uuid:study_id>/letters/<int:number>/", paper_views.letter, name="study_letter"),
    path("<uuid:study_id>/versions/<int:number>/", paper_views.version, name="study_version"),
    path("<uuid:study_id>/results/", result_views.listed, name="study_results"),
    path("<uuid:study_id>/results/<uuid:result_id>/", result_views.result, name="study_result"),
    path("<uuid:study_id>/results/<uuid:result_id>/download/", result_views.download, name="study_result_download"),
    path("<uuid:study_id>/results/<uuid:result_id>/<slug:what>/", result_views.act, name="study_result_act"),
    path("<uuid:study_id>/permits/<int:number>/", paper_views.permit, name="study_permit"),
]
