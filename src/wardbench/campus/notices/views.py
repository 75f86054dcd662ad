"""One's notices; following one marks it as read."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.notices import queries, sending
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import NotFoundError


@signed_in
def notices(request: HttpRequest) -> HttpResponse:
    return render(request, "notices/notices.html", {"notices": queries.inbox(actor(request))})


@signed_in
def follow(request: HttpRequest, notice_id: uuid.UUID) -> HttpResponse:
    link = queries.link_of(actor(request), notice_id)
    if not link:
        raise NotFoundError(_("There is no such notice."))
    sending.mark_read(actor(request), notice_id)
    return redirect(link)


@signed_in
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    sending.mark_read(actor(request))
    return redirect("notices")
