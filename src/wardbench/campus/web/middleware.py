"""A `WardbenchError` becomes its sentence and its status, as a page or as a fragment of one."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardbench.campus.people.rules import ForbiddenError
from wardbench.campus.web.templatetags.wb import verdict
from wardbench.core.errors import WardbenchError


class ErrorsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, WardbenchError):
            return None
        sentence = verdict(exception.verdict) if isinstance(exception, ForbiddenError) else str(exception)
        status = exception.http_status
        template = "web/error_fragment.html" if getattr(request, "htmx", False) else "web/error.html"
        return render(request, template, {"sentence": sentence, "status": status}, status=status)
