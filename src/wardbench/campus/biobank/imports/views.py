"""Importing: choose a file, see what is wrong with it, mend it, enter the good rows, take the others back."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.background import is_silent
from wardbench.campus.biobank import rules
from wardbench.campus.biobank.imports import looking, queries, services, shown, work
from wardbench.campus.biobank.imports.files import MOST_BYTES, csv_pieces
from wardbench.campus.biobank.imports.forms import MATERIAL_CHOICES, FileForm, OptionsForm
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import refusal
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError, NotFoundError, WardbenchError
from wardbench.core.workbook import write_workbook

ON_A_PAGE = 30
MOST_IN_WORKBOOK = 10_000
"""Rows that are handed back as a workbook: half a second. More of them are a CSV, which is sent as it is written."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@signed_in
@limited(Doing.CREATE, "POST")
def imports(request: HttpRequest) -> HttpResponse:
    """Every import, and a form for the next."""
    by = actor(request)
    found = Paginator(queries.imports(by=by), ON_A_PAGE).get_page(request.GET.get("page"))
    may_keep = rules.may_keep_inventory(by)
    context: dict[str, Any] = {"found": found, "may_keep": may_keep}
    if may_keep:
        collections = list(queries.collections(by=by))
        form = FileForm(
            request.POST or None,
            request.FILES or None,
            collections=collections,
            initial={"collection": request.GET.get("collection", "")},
        )
        context |= {"form": form, "collections": collections}
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                collection = queries.collection_of(uuid.UUID(given["collection"]), by=by)
                data = given["file"].read(MOST_BYTES + 1)
                one = looking.take_in(collection, given["file"].name, data, by=by, sheet=given["sheet"])
            except InputError as error:
                form.add_error("file", refusal(error))
            else:
                return redirect("import", one.id)
    elif request.method == "POST":
        may_keep.require()
    return render(request, "biobank/imports.html", context)


@signed_in
def import_page(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """An import: what is wrong, what can be mended, or how far it is."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    return _page(request, one, OptionsForm.of(one.options))


def _page(request: HttpRequest, one: Any, form: OptionsForm) -> HttpResponse:
    may_keep = rules.may_keep_inventory(actor(request))
    is_due = looking.is_due(one)
    context: dict[str, Any] = {"one": one, "may_keep": may_keep, "open": one.status in services.OPEN and not is_due}
    if is_due or one.status == "running":
        context |= _progress(one)
    if context["open"]:
        field, cause = request.GET.get("field", ""), request.GET.get("cause", "")
        look = shown.look(one, field, cause, request.GET.get("page"))
        context |= {
            "look": look,
            "form": form,
            "choices": shown.choices(),
            "materials": MATERIAL_CHOICES,
            "missing": [shown.choices()[name] for name in services.lacking(one)],
            "field": field,
            "cause": cause,
            "as_workbook": look.kept_back <= MOST_IN_WORKBOOK,
        }
    return render(request, "biobank/import.html", context)


@signed_in
@require_POST
def match(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """What the columns mean, and what fills in."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    rules.may_keep_inventory(by).require()
    form = OptionsForm.of(one.options, request.POST)
    if not form.is_valid():
        return _page(request, one, form)
    meanings = [request.POST.get(f"column-{place}", "") for place in range(len(one.headers))]
    return _done(request, one, lambda: services.match(one, meanings, form.options(), by=by))


@signed_in
@require_POST
def add_donors(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Donors that are not there yet are added."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    options = {**one.options, "new_donors": True}
    return _done(request, one, lambda: services.match(one, one.matching, options, by=by))


@signed_in
@require_POST
def sort_out(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """What becomes of rows that look like no specimen."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    given = request.POST
    return _done(request, one, lambda: services.sort_out(one, given.get("cause", ""), given.get("what", ""), by=by))


@signed_in
@require_POST
def mend(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Cells of rows that are kept back."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    cells = {}
    for name, text in request.POST.items():
        head, _dash, rest = name.partition("-")
        line, _dash, place = rest.partition("-")
        was = request.POST.get(f"was-{rest}", "")
        if head == "cell" and line.isdecimal() and place.isdecimal() and len(rest) < 20 and str(text) != was:
            cells[int(line), int(place)] = str(text)
    return _done(request, one, lambda: services.mend(one, cells, by=by))


@signed_in
@require_POST
def replace(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """A text wherever it stands in a column."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    given = request.POST
    place = given.get("place", "")
    before, texts = given.getlist("before"), given.getlist("text")
    wanted = {old: new for old, new in zip(before, texts, strict=False) if new.strip()}
    return _done(request, one, lambda: services.replace(one, int(place) if place.isdecimal() else -1, wanted, by=by))


@signed_in
@require_POST
@limited(Doing.CREATE)
def start(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Enter the good rows that the page showed; where the inventory has changed since, look again."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    rules.may_keep_inventory(by).require()
    good = shown.good_rows(one) if one.status in services.OPEN and not looking.is_due(one) else 0
    if request.POST.get("good") != str(good) or not good:
        messages.warning(request, _("The inventory has changed since you looked at the file; look again."))
        return redirect("import", one.id)
    return _done(request, one, lambda: work.let_go(one, good, by=by))


@signed_in
@require_POST
@limited(Doing.CREATE)
def check(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Check a large file again: the inventory may have changed."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    rules.may_keep_inventory(by).require()
    looking.ask_anew(one)
    return redirect("import", one.id)


@signed_in
@require_POST
def stop(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Enter no more rows."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    return _done(request, one, lambda: services.stop(one, by=by))


@signed_in
@require_POST
def drop(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Put an import aside."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    return _done(request, one, lambda: services.drop(one, by=by), "imports")


def _done(request: HttpRequest, one: Any, act: Any, leads: str = "import") -> HttpResponse:
    try:
        act()
    except WardbenchError as error:
        messages.error(request, refusal(error))
        leads = "import"
    looking.ask(one)
    return redirect(leads, one.id) if leads == "import" else redirect(leads)


@signed_in
def progress(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """How far an import is; where it has come to its end, the page is to be loaded anew."""
    one = queries.import_of(import_id, by=actor(request))
    told = _progress(one)
    response = render(request, "biobank/import_progress.html", {"one": one, **told})
    if not told["at_work"]:
        response.headers["HX-Refresh"] = "true"
    return response


def _progress(one: Any) -> dict[str, Any]:
    at_work = one.status == "running" or looking.is_due(one)
    return {
        "at_work": at_work,
        "follows": queries.follows_another(one),
        "silent": at_work and is_silent(settings.CAMPUS_FOLDER),
    }


@signed_in
@limited(Doing.EXPORT)
def rest(request: HttpRequest, import_id: uuid.UUID, ending: str) -> HttpResponse:
    """The rows that are kept back, as a file with the reasons."""
    by = actor(request)
    one = queries.import_of(import_id, by=by)
    rules.may_keep_inventory(by).require()
    if one.status not in services.OPEN:
        raise NotFoundError(_("Nothing of this import is kept back."))
    if looking.is_due(one) or (ending == "xlsx" and shown.kept_back(one) > MOST_IN_WORKBOOK):
        return redirect("import", one.id)
    headers, rows = shown.rest(one)
    return _file(_("rows-to-correct"), ending, headers, rows)


@signed_in
def template(request: HttpRequest, collection_id: uuid.UUID, ending: str) -> HttpResponse:
    """A file to start from, with the headers of a collection."""
    by = actor(request)
    rules.may_keep_inventory(by).require()
    collection = queries.collection_of(collection_id, by=by)
    headers, *rows = queries.template(collection)
    return _file("".join(c if c.isalnum() else "-" for c in collection.code), ending, headers, rows)


def _file(name: str, ending: str, headers: Any, rows: Any) -> HttpResponse:
    said = {"Content-Disposition": f'attachment; filename="{name}.{ending}"', "X-Content-Type-Options": "nosniff"}
    if ending == "xlsx":
        return HttpResponse(write_workbook(_("Specimens"), [headers, *rows]), content_type=XLSX, headers=said)
    pieces = csv_pieces(headers, rows)
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=said)
    return cast(HttpResponse, response)
