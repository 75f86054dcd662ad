from __future__ import annotations

from django.urls import path

from wardbench.campus.questions import action_views, ledger_views, views

urlpatterns = [
    path("", views.questions, name="questions"),
    path("new/", views.raise_question, name="question_raise"),
    path("topics/", views.topics, name="question_topics"),
    path("unanswered/", ledger_views.ledger, name="ledger"),
    path("unanswered.csv", ledger_views.ledger_csv, name="ledger_csv"),
    path("concepts/<int:concept_id>/", ledger_views.concept, name="concept"),
    path("<uuid:question_id>/", views.question, name="question"),
    path("<uuid:question_id>/edit/", views.edit_question, name="question_edit"),
    path("<uuid:question_id>/follow/", views.follow, name="question_follow"),
    path("<uuid:question_id>/comment/", views.comment, name="question_comment"),
    path("<uuid:question_id>/partners/", views.partners, name="question_partners"),
    path("<uuid:question_id>/cohort/", action_views.cohort, name="question_cohort"),
    path("<uuid:question_id>/answer/", action_views.answer, name="question_answer"),
    path("<uuid:question_id>/close/", action_views.close, name="question_close"),
    path("<uuid:question_id>/reopen/", action_views.reopen, name="question_reopen"),
    path("<uuid:question_id>/comments/<uuid:comment_id>/edit/", action_views.edit_comment, name="comment_edit"),
    path("<uuid:question_id>/comments/<uuid:comment_id>/hide/", action_views.hide_comment, name="comment_hide"),
]
