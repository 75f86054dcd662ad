"""A `WardbenchError` becomes its sentence and its status, as a page or as a fragment of one."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from wardbench.campus.people.refusals import refusal
from wardbench.campus.people.security_log import log_refusal
from wardbench.core.errors import InputError, WardbenchError


class ErrorsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", ""):
            # No text holds it, and PostgreSQL keeps none that does.
            return self._answer(request, _("An address cannot hold a null character."), InputError.http_status)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, WardbenchError):
            return None
        log_refusal(request, exception.http_status)
        return self._answer(request, refusal(exception), exception.http_status)

    def _answer(self, request: HttpRequest, sentence: str, status: int) -> HttpResponse:
        template = "web/error_fragment.html" if getattr(request, "htmx", False) else "web/error.html"
        return render(request, template, {"sentence": sentence, "status": status}, status=status)
