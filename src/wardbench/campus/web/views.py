"""The pages of the shell itself: home."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wardbench.campus.web.pages import signed_in


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "web/home.html", {})
