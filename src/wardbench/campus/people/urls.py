from __future__ import annotations

from django.urls import path

from wardbench.campus.people import head_views, import_views, manage_views, recovery_views, views, why_views

urlpatterns = [
    path("", views.people, name="people"),
    path("why/", why_views.why, name="why"),
    path("add/", manage_views.add_person, name="add_person"),
    path("import/", import_views.import_people, name="import_people"),
    path("import/good/", import_views.import_good, name="import_good"),
    path("import/western/", import_views.import_western, name="import_western"),
    path("import/rest/", import_views.import_rest, name="import_rest"),
    path("import/template/", import_views.import_template, name="import_template"),
    path("sessions/", recovery_views.all_sessions, name="all_sessions"),
    path("organisations/", manage_views.organisations, name="organisations"),
    path("organisations/<uuid:organisation_id>/", manage_views.organisation, name="organisation"),
    path("organisations/<uuid:organisation_id>/heads/", head_views.heads, name="organisation_heads"),
    path("units/<uuid:unit_id>/heads/", head_views.heads, name="unit_heads"),
    path("<uuid:person_id>/", views.person, name="person"),
    path("<uuid:person_id>/edit/", views.edit_profile, name="edit_profile"),
    path("<uuid:person_id>/roles/", manage_views.give_role, name="give_role"),
    path("<uuid:person_id>/roles/<uuid:affiliation_id>/", manage_views.end_role, name="end_role"),
    path("<uuid:person_id>/close/", manage_views.close_account, name="close_account"),
    path("<uuid:person_id>/first-password/", recovery_views.first_password, name="first_password"),
    path("<uuid:person_id>/second-factor/", recovery_views.second_factor, name="remove_second_factor"),
    path("<uuid:person_id>/sessions/", recovery_views.sessions_of, name="person_sessions"),
    path("<uuid:person_id>/reopen/", manage_views.reopen_account, name="reopen_account"),
]
