"""Importing people from a file: choose it, see every fault, import the good rows, take the others back.

Between the steps the file travels with the page, so that nothing is kept of a file that nobody imports.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people import forms, queries, rules, services
from wardbench.campus.people.importing import check
from wardbench.campus.people.reauthentication import reauthenticated_to_decide
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.roles import TITLES
from wardbench.campus.people.sheet import (
    MOST_BYTES,
    as_western,
    broken_words,
    read_sheet,
    template,
    text_of,
    write_rest,
)
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError

SHOWN = 200


@signed_in
@limited(Doing.CREATE, "POST")
def import_people(request: HttpRequest) -> HttpResponse:
    rules.may_manage_people(actor(request)).require()
    form = forms.ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            return _preview(request, file.read(MOST_BYTES + 1), file.name)
        except InputError as error:
            form.add_error("file", said_of(error))
    context = {"form": form, "roles": list(TITLES.values()), "organisations": queries.places()}
    return render(request, "people/import.html", context)


@signed_in
@require_POST
@reauthenticated_to_decide
@limited(Doing.CREATE)
def import_good(request: HttpRequest) -> HttpResponse:
    """Import what the preview showed. Where the campus has changed in between, it is shown anew."""
    by = actor(request)
    rules.may_manage_people(by).require()
    data = _unpacked(request)
    checked = check(read_sheet(data), queries.known())
    if request.POST.get("good") != str(len(checked.good)) or not checked.good:
        messages.warning(request, _("The campus has changed since you looked at the file; look again."))
        return _preview(request, data, request.POST.get("name", ""))
    added = services.import_people(checked.good, by=by, source=hashlib.sha256(data).hexdigest())
    messages.success(request, ngettext("%(n)d person is added.", "%(n)d people are added.", added) % {"n": added})
    return redirect("people")


@signed_in
@require_POST
@limited(Doing.CREATE)
def import_western(request: HttpRequest) -> HttpResponse:
    """The same file, with what is not UTF-8 read as Western spreadsheets write it; nothing is imported by it."""
    rules.may_manage_people(actor(request)).require()
    data = as_western(text_of(_unpacked(request), MOST_BYTES)).encode()
    return _preview(request, data, request.POST.get("name", ""))


@signed_in
@require_POST
@limited(Doing.EXPORT)
def import_rest(request: HttpRequest) -> HttpResponse:
    """The rows with faults as a file, with a column of reasons."""
    rules.may_manage_people(actor(request)).require()
    sheet = read_sheet(_unpacked(request))
    return _csv(write_rest(sheet, check(sheet, queries.known()).reasons), _("rows-to-correct.csv"))


@signed_in
def import_template(request: HttpRequest) -> HttpResponse:
    rules.may_manage_people(actor(request)).require()
    return _csv(template(), _("people.csv"))


def _preview(request: HttpRequest, data: bytes, name: str) -> HttpResponse:
    sheet = read_sheet(data)
    checked = check(sheet, queries.known())
    reasons = checked.reasons
    whose = {row.line: as_western(row.values.get("name") or row.values.get("email", "")) for row in sheet.rows}
    context = {
        "name": name,
        "sheet": sheet,
        "checked": checked,
        "faults": [(fault, whose.get(fault.line, "")) for fault in checked.faults[:SHOWN]],
        "more": max(0, len(checked.faults) - SHOWN),
        "good": checked.good[:SHOWN],
        "more_good": max(0, len(checked.good) - SHOWN),
        "rest": len(reasons),
        "western": broken_words(sheet),
        "packed": base64.b64encode(zlib.compress(data)).decode(),
    }
    return render(request, "people/import_preview.html", context)


def _unpacked(request: HttpRequest) -> bytes:
    """The file that travelled with the page."""
    try:
        unpack = zlib.decompressobj()
        data = unpack.decompress(base64.b64decode(request.POST.get("file", ""), validate=True), MOST_BYTES + 1)
    except (zlib.error, binascii.Error, ValueError):
        data = b""
    if not data:
        raise InputError(_("file: choose the file again."))
    return data


def _csv(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
