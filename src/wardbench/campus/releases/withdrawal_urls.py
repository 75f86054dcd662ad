"""Addresses of withdrawals and opt-outs."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.releases import withdrawal_views as views

urlpatterns = [
    path("", views.listed, name="withdrawals"),
    path("new/", views.new, name="withdrawal_new"),
    path("opt-out/", views.new_opt_out, name="opt_out_new"),
    path("things/<uuid:task_id>/", views.task, name="withdrawal_task"),
    path("<uuid:withdrawal_id>/", views.withdrawal, name="withdrawal"),
    path("<uuid:withdrawal_id>/together/", views.together, name="withdrawal_together"),
    path("<uuid:withdrawal_id>/end/", views.end_opt_out, name="opt_out_end"),
    path("<uuid:withdrawal_id>/proof/", views.proof, name="withdrawal_proof"),
]
