"""The API: one address, one shape of errors, a key for every question. OpenAPI 3.1 at `/api/openapi.json`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from wardbench.campus.api import benchmark, cohorts, outcomes, people, questions, samples, studies
from wardbench.campus.api.access import described
from wardbench.campus.api.reading import WholeCharacters, known_only
from wardbench.campus.limits.rates import TooOftenError
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.security_log import log_refusal
from wardbench.core.errors import WardbenchError
from wardbench.core.version import __version__

# The interactive pages of the library load scripts from elsewhere; the description is enough for any client.
api = NinjaAPI(
    title="Wardbench",
    version=__version__,
    docs_url=None,
    docs_decorator=described,
    urls_namespace="api",
    parser=WholeCharacters(),
)
api.add_decorator(known_only)
api.add_router("/people", people.router)
api.add_router("/cohorts", cohorts.router)
api.add_router("/counts", cohorts.counts)
api.add_router("/questions", questions.router)
api.add_router("/outcomes", outcomes.router)
api.add_router("/benchmark", benchmark.router)
api.add_router("/samples", samples.router)
api.add_router("/studies", studies.router)


def _answer(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    log_refusal(request, status)
    return api.create_response(request, {"error": {"status": status, "sentence": sentence}}, status=status)


@api.exception_handler(WardbenchError)
def refused(request: HttpRequest, error: WardbenchError) -> HttpResponse:
    answer = _answer(request, error.http_status, said_of(error))
    if isinstance(error, TooOftenError):
        answer.headers["Retry-After"] = str(error.wait)
    return answer


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    answer = _answer(request, 401, _("Give a key in the header Authorization: Bearer; yours is missing or has ended."))
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(ValidationError)
def unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The first thing that is wrong, by its path; never the value that was given."""
    first: dict[str, Any] = dict(error.errors[0]) if error.errors else {}
    path = ".".join(str(part) for part in first.get("loc", ()))
    fault = first.get("msg") or _("this cannot be read")
    return _answer(request, 422, _("%(field)s: %(fault)s.") % {"field": path, "fault": fault})


@api.exception_handler(HttpError)
def other(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _answer(request, error.status_code, str(error))
