"""The page where a cohort is built. Every change is kept as a step of somebody's draft before it is answered."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.cohorts import builder, edits, pieces, queries, services
from wardbench.campus.cohorts.builder import Board
from wardbench.campus.cohorts.finding import concepts
from wardbench.campus.cohorts.followed import Followed, followed, rejoined
from wardbench.campus.cohorts.forms import JsonForm, SaveForm
from wardbench.campus.cohorts.given_json import read_json
from wardbench.campus.cohorts.queries import Desk, Seen
from wardbench.campus.cohorts.words import sections_of
from wardbench.campus.counting.permitted import permitted_for
from wardbench.campus.counting.rules import WORDS, Mode, modes_for
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.figures import figure
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import BusyError, InputError, NotFoundError, WardbenchError
from wardbench.ward.cohorts.describe import LANGUAGES, describe_definition
from wardbench.ward.cohorts.editing import Working, outline
from wardbench.ward.cohorts.export import atlas_json
from wardbench.ward.cohorts.lower import lower

LARGEST_FILE = 2_000_000


def at_desk(request: HttpRequest, cohort_id: uuid.UUID) -> tuple[Seen, Desk]:
    by = actor(request)
    seen = queries.seen(cohort_id, by)
    return seen, queries.desk(seen.cohort, by)


def _board(request: HttpRequest, seen: Seen, working: Working, *open: str, form: Any = None) -> Board:
    by = actor(request)
    permitted = builder.permitted_of(request, permitted_for(by)) if "counting_mode" in request.session else None
    mode = Mode.STUDY if permitted else builder.mode_of(request, by)
    return Board(seen, working, by, mode, open, form, permitted)


def _is_partial(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


@signed_in
def build(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """The builder; `edit` opens a part as a form, `find` and `for` show concepts to add, for whoever has no script."""
    seen, desk = at_desk(request, cohort_id)
    board = _board(request, seen, desk.working, request.GET.get("edit", ""))
    by = actor(request)
    context = {
        "cohort": seen.cohort,
        "seen": seen,
        "desk": desk,
        "board": board,
        "tab": "simple",
        "may_edit": seen.may_edit,
        "modes": [(mode, WORDS[mode]) for mode in modes_for(by)],
        "studies": [one.study for one in permitted_for(by)],
        "save_form": SaveForm(),
        **versions_of(seen, desk),
        **_searched(request),
    }
    return render(request, "cohorts/build.html", context)


def versions_of(seen: Seen, desk: Desk) -> dict[str, Any]:
    """The latest version, and that again as `newer` where somebody saved it after a draft began."""
    latest = queries.latest(seen.cohort)
    is_newer = desk.draft is not None and latest is not None and latest.number != desk.based_on
    return {"latest": latest, "newer": latest if is_newer else None}


@signed_in
def part(request: HttpRequest, cohort_id: uuid.UUID, kind: str, number: int) -> HttpResponse:
    """One part as a form, to be put into the page."""
    part = kind if kind in ("course", "additional") else f"{kind}-{number}"
    seen, desk = at_desk(request, cohort_id)
    seen.may_edit.require()
    if not _is_partial(request):
        return redirect(f"{reverse('cohort_build', args=[cohort_id])}?edit={part}#{part}")
    board = _board(request, seen, desk.working, part)
    form = edits.form_of(desk.working, part)
    if kind == "set":
        one = next((one for one in board.outline.sets if one.id == number), None)
        if one is None:
            raise NotFoundError(_("There is no such concept set."))
        return render(request, "cohorts/parts/set_form.html", {"one": one, "cohort": seen.cohort, "board": board})
    if form is None:
        raise NotFoundError(_("There is no such part, or no form can say it."))
    return render(request, "cohorts/parts/form.html", {"form": form, "part": part, "cohort": seen.cohort, "seen": seen})


@signed_in
@require_POST
def change(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """Carry out what a button or form says, and show what it changed."""
    by = actor(request)
    seen, desk = at_desk(request, cohort_id)
    seen.may_edit.require()
    do = request.POST.get("do", "")
    revision = revision_of(request, desk)
    before = _board(request, seen, desk.working)
    edit = edits.Edit(desk.working, "")
    try:
        if revision != desk.revision or _shown(request) not in ({}, before.says):
            raise queries.went_on()
        if do in ("undo", "redo"):
            services.undo(cohort_id, revision, by=by, steps=-1 if do == "undo" else 1)
            edit = edits.Edit(desk.working, _("Undone.") if do == "undo" else _("Done again."), do)
        elif do == "discard":
            services.discard_draft(cohort_id, by=by)
            messages.success(request, _("Your changes are gone; this is the last version."))
            return _go(request, reverse("cohort_build", args=[cohort_id]))
        else:
            edit = edits.edit(desk.working, do, request.POST)
            if edit.working != desk.working:
                services.change_draft(cohort_id, edit.working, revision, by=by, change=do)
    except edits.InvalidFormError as error:
        return _refused_form(request, seen, desk, error)
    except BusyError:
        if not _is_partial(request):
            raise
        return _caught_up(request, seen)
    desk = queries.desk(seen.cohort, by)
    if not _is_partial(request):
        goes_on = edit.open and (do.startswith("add-") or "also" in request.POST)
        opened = f"?edit={edit.open}" if goes_on else ""
        anchor = edit.open or (edit.focus.rsplit("-", 1)[0] if edit.focus.startswith("rule-") else "rules")
        return redirect(f"{reverse('cohort_build', args=[cohort_id])}{opened}#{anchor}")
    became = followed(before.outline, outline(desk.working, language=builder.spoken()), edit.gone)
    after = _board(request, seen, desk.working, *_to_draw(request, edit, do, became))
    context = {
        "cohort": seen.cohort,
        "desk": desk,
        "seen": seen,
        "board": after,
        "said": edit.said,
        "parts": pieces.changed_parts(request, before, after, became),
    }
    response = render(request, "cohorts/changed.html", context)
    if edit.focus:
        response.headers["HX-Trigger-After-Settle"] = json.dumps({"wardbench:focus": {"id": edit.focus}})
    return response


def _shown(request: HttpRequest) -> dict[str, str]:
    """What the page shows of each part, as its script says it (`followed.says`); a page without one says nothing."""
    given = (one.partition("=") for one in request.POST.get("says", "").split())
    return {part: said for part, _equals, said in given}


def _caught_up(request: HttpRequest, seen: Seen) -> HttpResponse:
    """Nothing was changed, because the draft went on in another window: what it says now, with the open forms where
    they belong. A form keeps what is typed in it; one that was only opened is drawn anew where its part changed."""
    desk = queries.desk(seen.cohort, actor(request))
    shown = _shown(request)
    became = rejoined(shown, outline(desk.working, language=builder.spoken()))
    loose = set(request.POST.getlist("open")) - set(request.POST.getlist("typed"))
    drawn = [became[part].part for part in loose if part in became and not became[part].same]
    board = _board(request, seen, desk.working, *drawn)
    context = {"cohort": seen.cohort, "desk": desk, "seen": seen, "board": board, "is_caught_up": True}
    context |= {"parts": pieces.all_parts(request, board, became)}
    response = render(request, "cohorts/changed.html", context, status=BusyError.http_status)
    response.headers["X-Draft-Went-On"] = "yes"
    return response


def _to_draw(request: HttpRequest, edit: edits.Edit, do: str, became: Mapping[str, Followed]) -> list[str]:
    """The forms to draw anew: the one that a button opens or reshapes, and those that are open and say another thing.

    A form that is in use stands apart from what its change replaces, so that it is not written over.
    """
    is_in_use = do.partition(":")[0] in edits.FORMS and not edit.reshaped
    drawn = {edit.open: not is_in_use} if edit.open else {}
    for part in request.POST.getlist("open"):
        if part in became and not became[part].same:
            drawn.setdefault(became[part].part, True)
    return [part for part, is_drawn in drawn.items() if is_drawn]


def _refused_form(request: HttpRequest, seen: Seen, desk: Desk, error: edits.InvalidFormError) -> HttpResponse:
    """The form again with what is wrong; while somebody is still filling it in, nothing at all."""
    if not _is_partial(request):
        board = _board(request, seen, desk.working, error.part, form=error.form)
        context = {"cohort": seen.cohort, "seen": seen, "desk": desk, "board": board, "tab": "simple"}
        context |= {"may_edit": seen.may_edit, "save_form": SaveForm(), **versions_of(seen, desk)}
        return render(request, "cohorts/build.html", context, status=400)
    if "apply" not in request.POST and "also" not in request.POST:
        return HttpResponse(status=204)
    response = render(
        request,
        "cohorts/parts/form.html",
        {"form": error.form, "part": error.part, "cohort": seen.cohort, "seen": seen},
    )
    response.headers["HX-Retarget"] = f"#{error.part}-form"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


@signed_in
@limited(Doing.SEARCH)
def find(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """Concepts by name, synonym or code, each with a button that adds it."""
    seen = queries.seen(cohort_id, actor(request))
    return render(request, "cohorts/parts/found.html", {"cohort": seen.cohort, **_searched(request)})


def _searched(request: HttpRequest) -> dict[str, Any]:
    text, target = request.GET.get("find", "").strip(), request.GET.get("for", "rule")
    found: list[Any] = []
    refusal = ""
    if len(text) >= 2:
        try:
            found = concepts().find(text)
        except WardbenchError as error:
            refusal = said_of(error)
    place = target.removeprefix("set-") if target.startswith("set-") else ""
    part = target.removeprefix("in-") if target.startswith("in-") else ""
    return {"text": text, "target": target, "found": found, "place": place, "into_part": part, "find_refusal": refusal}


@signed_in
@require_POST
def choose_mode(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """Count in another mode from now on, where somebody may."""
    request.session["counting_mode"] = request.POST.get("mode", "")
    return redirect("cohort_build", cohort_id)


@signed_in
def text(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """What somebody has before them in sentences of one of three languages, to be printed or copied."""
    seen, desk = at_desk(request, cohort_id)
    language = request.GET.get("language", builder.spoken())
    language = language if language in LANGUAGES else "en"
    lines, problem, off = [], "", sum(not on for _rule, on in desk.working.rules())
    try:
        definition = desk.working.definition(seen.cohort.name)
        lines = describe_definition(definition, lower(definition), language=language)
    except WardbenchError as error:
        problem = said_of(error)
    context = {"cohort": seen.cohort, "seen": seen, "desk": desk, "tab": "text", "language": language}
    return render(
        request,
        "cohorts/text.html",
        {**context, "languages": LANGUAGES, "sections": sections_of(lines), "problem": problem, "off": off},
    )


@signed_in
def as_json(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """The definition as ATLAS JSON, to be read, taken away, or replaced by what is pasted or uploaded."""
    by = actor(request)
    seen, desk = at_desk(request, cohort_id)
    refusal, form = "", JsonForm(initial={"text": _pretty(desk.working)})
    if request.method == "POST":
        seen.may_edit.require()
        form = JsonForm(request.POST, request.FILES)
        try:
            working = Working(read_json(given_text(request, form)))
            lower(working.definition(seen.cohort.name))
            services.change_draft(cohort_id, working, revision_of(request, desk), by=by, change="json")
            messages.success(request, _("The definition was taken over. Undo leads back to what was there."))
            return redirect("cohort_build", cohort_id)
        except WardbenchError as error:
            refusal = said_of(error)
    context = {"cohort": seen.cohort, "seen": seen, "desk": desk, "tab": "json", "form": form, "refusal": refusal}
    return render(request, "cohorts/json.html", {**context, "may_edit": seen.may_edit}, status=400 if refusal else 200)


def given_text(request: HttpRequest, form: Any) -> str:
    """What was uploaded, else what was pasted. InputError where it is too long or no text."""
    form.is_valid()
    file = request.FILES.get("file")
    if file is None:
        return str(request.POST.get("text", ""))
    if (file.size or 0) > LARGEST_FILE:
        raise InputError(_("file: %(most)s bytes at most.") % {"most": figure(f"{LARGEST_FILE:,}")})
    try:
        return str(file.read(), "utf-8")
    except UnicodeDecodeError:
        raise InputError(_("file: this is no text in UTF-8.")) from None


@signed_in
@limited(Doing.EXPORT)
def export(request: HttpRequest, cohort_id: uuid.UUID) -> HttpResponse:
    """What counts now, as a file that ATLAS imports."""
    seen, desk = at_desk(request, cohort_id)
    content = atlas_json(desk.working.definition(seen.cohort.name))
    return download(content, f"{seen.cohort.name}.json")


def download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/json")
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_. ") else "_" for c in name)
    response.headers["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response


def _pretty(working: Working) -> str:
    return json.dumps(working.expression, ensure_ascii=False, indent=2)


def revision_of(request: HttpRequest, desk: Desk) -> int:
    """The revision that the page showed; without a script a form may not say, and then it is the present one."""
    given = number_in(request, "revision")
    return desk.revision if given is None else given


def number_in(request: HttpRequest, name: str) -> int | None:
    given = request.POST.get(name, "")
    return int(given) if given.isdecimal() and given.isascii() and len(given) < 10 else None


def _go(request: HttpRequest, address: str) -> HttpResponse:
    if _is_partial(request):
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = address
        return response
    return redirect(address)
