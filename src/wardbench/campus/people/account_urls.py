"""What stands before allauth's own addresses under /account/: the first that fits answers."""

from __future__ import annotations

from django.urls import path

from wardbench.campus.people import account_views
from wardbench.campus.people.providers import has_saml
from wardbench.campus.people.views import demonstration_sign_in

CLOSED = (
    "signup/",
    "email/",
    "confirm-email/",
    "confirm-email/<str:key>/",
    "password/set/",
    "login/code/",
    "login/code/confirm/",
    "3rdparty/",
    "3rdparty/signup/",
    "social/signup/",
    "social/connections/",
)
"""Pages of allauth that do not exist on a campus."""

SAML = (
    [
        path("saml/<str:organization_slug>/acs/", account_views.saml_answer),
        path("saml/<str:organization_slug>/acs/finish/", account_views.saml_finish),
        path("saml/<str:organization_slug>/sls/", account_views.saml_sign_out),
    ]
    if has_saml()
    else []
)

urlpatterns = [
    path("demonstration/", demonstration_sign_in, name="demonstration_sign_in"),
    path("password/reset/", account_views.reset_password, name="reset_password"),
    path("sessions/", account_views.own_sessions, name="own_sessions"),
    path("sessions/end/", account_views.end_sessions, name="end_sessions"),
    path("2fa/totp/activate/", account_views.activate_second_factor),
    path("oidc/<str:provider_id>/login/callback/", account_views.openid_callback, name="openid_callback"),
    *SAML,
    *(path(closed, account_views.no_such_page) for closed in CLOSED),
]
