"""The pages of the shell itself: home and the search."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.web import search as searching
from wardbench.campus.web.home import page_of
from wardbench.campus.web.home_steps import steps_for
from wardbench.campus.web.pages import actor, open_to_all, signed_in

FEW, MANY = 5, 50


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    by, today = actor(request), timezone.localdate()
    waiting, panels = page_of(by)
    tasks = [(task, task.overdue(today)) for task in waiting]
    main = [one for one in panels if one.key not in ASIDE]
    aside = [one for one in panels if one.key in ASIDE]
    context = {"tasks": tasks, "main": main, "aside": aside, "steps": steps_for(by), "today": today}
    return render(request, "web/home.html", context)


ASIDE = ("news", "needs")
"""Panels that stand beside one's own work."""


@signed_in
@limited(Doing.SEARCH)
def search(request: HttpRequest) -> HttpResponse:
    """Everything that somebody may see and that has to do with a few words; a part of a page while they type."""
    # PostgreSQL takes no NUL in a text.
    text = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:200]
    only = request.GET.get("kind", "")
    groups = searching.search(actor(request), text, only=only, limit=MANY if only else FEW)
    context = {"text": text, "groups": groups, "shortest": searching.SHORTEST, "only": only}
    context["count"] = sum(len(group.hits) for group in groups)
    template = "web/search_results.html" if getattr(request, "htmx", False) else "web/search.html"
    return render(request, template, context)


@open_to_all
def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before somebody signed in anew, or from elsewhere. A page's script sees by the header which it is."""
    template = "web/form_expired.html" if getattr(request, "htmx", False) else "403_csrf.html"
    response = render(request, template, status=403)
    response.headers["X-Form-Expired"] = "yes"
    return response


@open_to_all
def icon(request: HttpRequest) -> HttpResponse:
    """Where browsers look for the icon of what names none, as a report that stands by itself."""
    return redirect(static("web/icon.svg"))
