"""Django's settings, all of them from the campus's folder (`configuration`).

Without a folder (tests, type checks, making migrations) there is an empty campus in memory, with keys of its own that
end with the process.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from wardbench.campus.collector import logging_settings
from wardbench.campus.configuration import FOLDER, KEYS, Configuration, read_configuration, read_key
from wardbench.campus.databases import address_of, database_settings
from wardbench.campus.people.providers import has_saml, provider_settings
from wardbench.campus.secret_store import read_secret
from wardbench.campus.studies.scanning import Scanner

BASE = Path(__file__).parent
CAMPUS_FOLDER = Path(os.environ[FOLDER]).resolve() if os.environ.get(FOLDER) else None
CAMPUS = read_configuration(CAMPUS_FOLDER) if CAMPUS_FOLDER else Configuration(database="sqlite::memory:")
CAMPUS_KEYS = {
    name: read_key(CAMPUS_FOLDER, name, CAMPUS.secrets) if CAMPUS_FOLDER else secrets.token_bytes(32) for name in KEYS
}

SECRET_KEY = CAMPUS_KEYS["session"].hex()
DEBUG = False
ALLOWED_HOSTS = list(CAMPUS.hosts)
HTTPS = CAMPUS.address.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *(["allauth.socialaccount.providers.saml"] if has_saml() else []),
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "wardbench.campus.audit",
    "wardbench.campus.people",
    "wardbench.campus.limits",
    "wardbench.campus.notices",
    "wardbench.campus.access",
    "wardbench.campus.questions",
    "wardbench.campus.counting",
    "wardbench.campus.cohorts",
    "wardbench.campus.studies",
    "wardbench.campus.biobank",
    "wardbench.campus.releases",
    "wardbench.campus.samples",
    "wardbench.campus.catalogue",
    "wardbench.campus.outcomes",
    "wardbench.campus.api",
    "wardbench.campus.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "wardbench.campus.people.middleware.LeavingMiddleware",
    "wardbench.campus.people.middleware.ActorMiddleware",
    "wardbench.campus.people.language.LanguageMiddleware",
    "wardbench.campus.people.sessions.SessionsMiddleware",
    "wardbench.campus.web.middleware.ErrorsMiddleware",
]

ROOT_URLCONF = "wardbench.campus.web.urls"
WSGI_APPLICATION = "wardbench.campus.web.wsgi.application"
FORM_RENDERER = "wardbench.campus.web.forms.Renderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        # Ours come before the pages of allauth, which they replace.
        "DIRS": [BASE / "web" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wardbench.campus.web.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "wardbench.campus.web.templatetags.wb",
            ],
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {"default": database_settings(address_of(CAMPUS, CAMPUS_FOLDER), CAMPUS_FOLDER)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # Several processes share the counts of failed attempts to sign in.
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
}

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "wardbench.campus.people.first_passwords.FirstPasswordValidator"},
    {"NAME": "wardbench.campus.people.passwords.CampusWordsValidator"},
    {"NAME": "wardbench.campus.people.passwords.BreachedPasswordsValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "wardbench.campus.people.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "wardbench.campus.people.adapters.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
# A session lasts as long as its roles allow: a box that promises more would promise what is not kept.
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{CAMPUS.name}] "
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_FORMS = {"reset_password": "wardbench.campus.people.forms.ResetPasswordForm"}
ACCOUNT_EMAIL_NOTIFICATIONS = CAMPUS.mail is not None
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "parcel": "20/5m/ip",
}
# Pages come through one proxy where they come by HTTPS; the address it names counts, not the proxy's own.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if HTTPS else 0
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS = provider_settings(CAMPUS, CAMPUS_FOLDER)
MFA_ADAPTER = "wardbench.campus.people.adapters.MFAAdapter"
# Addresses are given by administrators, and nobody makes an account. A link to a new password, asked for by anybody,
# makes allauth note the address as not verified, and would keep its person from ever setting up a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = f"Wardbench {CAMPUS.name}"

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# Carries a SAML answer, which the identity provider's page posts, over to a request of our own.
SAML_COOKIE_NAME = "__Host-saml" if HTTPS else "saml"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "wardbench.campus.web.views.form_expired"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_TRUSTED_ORIGINS = [CAMPUS.address] if "://" in CAMPUS.address else []
SECURE_SSL_REDIRECT = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# With "no-referrer" browsers send forms with an Origin of "null", which the check against forged forms refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [
    (code, name)
    for code, name in (("en", _("English")), ("nl", _("Dutch")), ("fr", _("French")))
    if code in CAMPUS.languages
]
LOCALE_PATHS = [BASE / "locale"]
LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "language"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = CAMPUS.time_zone

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
SCANNER = Scanner.at(CAMPUS.scanner)
DOCUMENTS = (CAMPUS_FOLDER or Path(os.devnull)) / "documents"
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# A mail server that takes the call and says nothing holds nobody up for longer, least of all what is due.
EMAIL_TIMEOUT = 20
if CAMPUS.mail:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = CAMPUS.mail.host, CAMPUS.mail.port, CAMPUS.mail.tls
    EMAIL_HOST_USER = CAMPUS.mail.user
    if CAMPUS.mail.password_file and CAMPUS_FOLDER:
        EMAIL_HOST_PASSWORD = read_secret(CAMPUS.secrets, CAMPUS_FOLDER, CAMPUS.mail.password_file)
    DEFAULT_FROM_EMAIL = CAMPUS.mail.sender
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
_COLLECTED = logging_settings(CAMPUS.syslog)
LOGGING["handlers"] |= _COLLECTED.get("handlers", {})
LOGGING["loggers"] = _COLLECTED.get("loggers", {})
