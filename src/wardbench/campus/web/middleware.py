"""A `WardbenchError` becomes its sentence and its status, as a page, as a fragment of one, or as a program reads it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db.utils import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from wardbench.campus.limits.rates import TooOftenError
from wardbench.campus.people.refusals import refusal
from wardbench.campus.people.security_log import log_refusal
from wardbench.core.errors import InputError, StorageError, WardbenchError

log = logging.getLogger("wardbench.server")
FULL = ("disk is full", "No space left on device")
"""What SQLite and PostgreSQL say where there is no room."""


SENTENCE = 20
"""Characters from which on words in a field of a form are worth giving back."""


class ErrorsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", ""):
            # No text holds it, and PostgreSQL keeps none that does.
            return self._answer(request, _("An address cannot hold a null character."), InputError.http_status)
        response = self.get_response(request)
        if _is_of_a_program(request) and response.status_code >= 400 and not _is_json(response):
            return self._said(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError) and any(said in str(exception) for said in FULL):
            log.error("the database has no room: %s", exception)
            sentence = _("The disk of the campus is full, and nothing was kept. Tell whoever looks after it.")
            return self._answer(request, sentence, StorageError.http_status)
        if not isinstance(exception, WardbenchError):
            return None
        log_refusal(request, exception.http_status)
        answer = self._answer(request, refusal(exception), exception.http_status)
        if isinstance(exception, TooOftenError):
            answer.headers["Retry-After"] = str(exception.wait)
        return answer

    def _answer(self, request: HttpRequest, sentence: str, status: int) -> HttpResponse:
        if _is_of_a_program(request):
            return JsonResponse({"error": {"status": status, "sentence": sentence}}, status=status)
        if getattr(request, "htmx", False):
            return render(request, "web/error_fragment.html", {"sentence": sentence, "status": status}, status=status)
        said = {"sentence": sentence, "status": status, "written": _written(request)}
        answer = render(request, "web/error.html", said, status=status)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _said(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """What no handler of the API answered, in the one shape of its errors."""
        sentences = {
            404: _("There is no such page, or it is not for you."),
            405: _("This address does not take {method}.").format(method=request.method),
        }
        said = self._answer(
            request, sentences.get(response.status_code, _("Something went wrong")), response.status_code
        )
        if "Allow" in response.headers:
            said.headers["Allow"] = response.headers["Allow"]
        return said


def _written(request: HttpRequest) -> list[str]:
    """The sentences that somebody wrote in a form that was refused, a reason or an answer, so that they are not lost.
    Neither short values are given back, nor passwords, nor what a page sent by itself."""
    if request.method != "POST":
        return []
    values = [value.strip() for name in request.POST if "password" not in name for value in request.POST.getlist(name)]
    return [one for one in values if len(one) >= SENTENCE and len(one.split()) > 1 and not one.startswith(("{", "["))]


def _is_of_a_program(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _is_json(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("application/json")
