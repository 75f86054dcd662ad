"""Places: the manager's desk, the tree, box maps, moves by scanning, checks of boxes, temperatures."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from wardbench.campus.biobank import (
    beside,
    desk,
    equipment,
    places,
    rules,
    storage_forms,
    storage_queries,
    storing,
)
from wardbench.campus.people.refusals import refusal, told_in
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import InputError, WardbenchError


@signed_in
def biobank(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    verdict = rules.may_see_inventory(by)
    verdict.require()
    context = {
        "cards": desk.cards_for(by),
        "cold": storage_queries.cold_places(),
        "may_keep": rules.may_keep_inventory(by),
        "why": verdict,
    }
    return render(request, "biobank/desk.html", context)


@signed_in
def all_places(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    rules.may_see_inventory(by).require()
    form = storage_forms.ContainerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = storing.add_container(**_container(form.cleaned_data), by=by)
        except InputError as error:
            form.add_error(None, refusal(error))
        else:
            return redirect("place", made.id)
    context = {"sites": storage_queries.sites(), "form": form, "may_keep": rules.may_keep_inventory(by)}
    return render(request, "biobank/places.html", context)


def _container(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": given["name"],
        "kind": given["kind"],
        "barcode": given["barcode"],
        "rows": given["rows"],
        "columns": given["columns"],
        "labels": given["labels"] or "A1",
        "temperature": given["temperature"],
        "place": given.get("place"),
    }


@signed_in
def place(request: HttpRequest, container_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    here = storage_queries.container(container_id, by=by)
    is_box = here.kind in ("box", "plate")
    context = {
        "here": here,
        "above": storage_queries.above(here),
        "is_box": is_box,
        "rows": storage_queries.box_map(here) if is_box else [],
        "columns": [places.label(here, column)[1:] for column in range(here.columns or 0)] if is_box else [],
        "loose": storage_queries.contents(here) if here.positions is None else [],
        "inside": [] if is_box else storage_queries.standing_in(here),
        "empty": not here.specimens.exists() and not here.inside.exists(),
        "temperature": storage_queries.temperature(here),
        "machine": storage_queries.machine(here),
        "may_keep": rules.may_keep_inventory(by),
    }
    return render(request, "biobank/place.html", context)


@signed_in
def add_inside(request: HttpRequest, container_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    here = storage_queries.container(container_id, by=by)
    rules.may_keep_inventory(by).require()
    form = storage_forms.ContainerForm(
        request.POST or None, parent=here, initial={"position": request.GET.get("position", ""), "kind": "box"}
    )
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            storing.add_container(**_container(form.cleaned_data), parent=here, by=by)
            return redirect("place", here.id)
    return render(request, "biobank/place_add.html", {"here": here, "form": form})


@signed_in
def change_place(request: HttpRequest, container_id: uuid.UUID) -> HttpResponse:
    """Change what a place is called, how cold it is and how large."""
    by = actor(request)
    here = storage_queries.container(container_id, by=by)
    rules.may_keep_inventory(by).require()
    form = storage_forms.ChangeForm(request.POST or None, here=here)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            storing.change_container(here, form.changed(), by=by)
            return redirect("place", here.id)
    return render(request, "biobank/place_change.html", {"here": here, "form": form})


@signed_in
def move_place(request: HttpRequest, container_id: uuid.UUID) -> HttpResponse:
    """Move a container, or let it change places with the one that stands where it is to go."""
    by = actor(request)
    here = storage_queries.container(container_id, by=by)
    rules.may_keep_inventory(by).require()
    form = storage_forms.MoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        with told_in(form):
            if "swap" in request.POST:
                batch = storing.swap_containers(here, given["into"], by=by)
            else:
                batch = storing.move_container(here, given["into"], given["place"], by=by).batch
            return _undoable(request, batch, _("%(name)s was moved.") % {"name": here.name}, here.id)
    return render(request, "biobank/place_move.html", {"here": here, "form": form})


def _undoable(request: HttpRequest, batch: uuid.UUID, sentence: str, here: uuid.UUID) -> HttpResponse:
    messages.success(request, sentence)
    request.session["biobank_undo"] = {"batch": str(batch), "what": sentence}
    return redirect("place", here)


@signed_in
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    by = actor(request)
    last = request.session.pop("biobank_undo", None)
    batch = request.POST.get("batch") or (last or {}).get("batch", "")
    try:
        count = storing.undo(uuid.UUID(batch), by=by)
    except ValueError:
        messages.error(request, _("There is nothing to undo."))
    except WardbenchError as error:
        messages.error(request, refusal(error))
    else:
        said = ngettext(
            "Undone: %(n)d specimen is where it was.", "Undone: %(n)d specimens are where they were.", count
        )
        messages.success(request, said % {"n": count})
    back = request.POST.get("place", "")
    return redirect("place", back) if _is_id(back) else redirect("biobank")


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


@signed_in
@require_POST
def close_place(request: HttpRequest, container_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    here = storage_queries.container(container_id, by=by)
    try:
        storing.close_container(here, by=by)
    except WardbenchError as error:
        messages.error(request, refusal(error))
    return redirect("place", here.id)


@signed_in
def fill(request: HttpRequest, container_id: uuid.UUID) -> HttpResponse:
    """Scan tubes into a box: those in storage move, others are stored."""
    by = actor(request)
    here = storage_queries.container(container_id, by=by)
    rules.may_keep_inventory(by).require()
    form = storage_forms.TubesForm(request.POST or None, box=here)
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            batch = storing.fill(form.cleaned_data["labels"], here, by=by, start=form.cleaned_data.get("start") or 0)
            count = len(form.cleaned_data["labels"])
            said = ngettext("%(n)d specimen is in %(name)s.", "%(n)d specimens are in %(name)s.", count)
            return _undoable(request, batch, said % {"n": count, "name": here.name}, here.id)
    return render(request, "biobank/place_fill.html", {"here": here, "form": form})


@signed_in
def check(request: HttpRequest, container_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    here = storage_queries.container(container_id, by=by)
    rules.may_keep_inventory(by).require()
    form = storage_forms.CheckForm(request.POST or None, box=here)
    found = None
    if request.method == "POST" and form.is_valid():
        differences = storing.check_box(here, form.cleaned_data["scanned"], by=by)
        found = [(places.label(here, one.place), one.expected, one.scanned) for one in differences]
    return render(request, "biobank/place_check.html", {"here": here, "form": form, "found": found})


@signed_in
def look_up(request: HttpRequest) -> HttpResponse:
    """What a scanner read: a tube leads to its box, a container to its page."""
    by = actor(request)
    rules.may_see_inventory(by).require()
    text = request.GET.get("q", "").replace("\x00", "").strip()
    found = storage_queries.specimen_by_label(text) if text else None
    if found is not None and found.box_id is not None:
        return redirect(f"{reverse('place', args=[found.box_id])}?at={found.place}#at")
    into = storage_queries.by_barcode(text) if text else None
    if into is not None:
        return redirect("place", into.id)
    return render(request, "biobank/look_up.html", {"q": text, "found": found})


@signed_in
def machine(request: HttpRequest, container_id: uuid.UUID) -> HttpResponse:
    """The machine that keeps a place cold: its limits, what was measured, when it was outside."""
    by = actor(request)
    here = storage_queries.container(container_id, by=by)
    may_keep = rules.may_keep_inventory(by)
    kept = getattr(here, "equipment", None)
    kinds: Any = storage_forms.ReadingsForm if kept else storage_forms.EquipmentForm
    form = kinds(request.POST or None)
    if request.method == "POST":
        may_keep.require()
        if form.is_valid():
            if kept is None:
                given = form.cleaned_data
                low, high = (round(given.pop(name) * 100) for name in ("lowest", "highest"))
                try:
                    equipment.add_equipment(here, low, high, by=by, **given)
                except InputError as error:
                    form.add_error(None, refusal(error))
                else:
                    return redirect("place_machine", here.id)
            else:
                new = equipment.add_readings(kept, form.cleaned_data["readings"], by=by)
                if new:
                    messages.warning(request, _("It was outside its temperatures; look at what was in it."))
                else:
                    messages.success(request, _("The temperatures are kept."))
                return redirect("place_machine", here.id)
    context = {
        "here": here,
        "kept": kept,
        "form": form,
        "may_keep": may_keep,
        "readings": list(kept.readings.order_by("-at")[:24]) if kept else [],
        "excursions": list(kept.excursions.all()[:20]) if kept else [],
    }
    return render(request, "biobank/machine.html", context)


@signed_in
def excursion(request: HttpRequest, excursion_id: uuid.UUID) -> HttpResponse:
    """A time outside the temperatures, what was in it, and what somebody says of these: of those that were shown."""
    by = actor(request)
    one = storage_queries.excursion(excursion_id, by=by)
    form: storage_forms.JudgeForm | None = None
    if "destroy" in request.POST:
        try:
            count = equipment.destroy_touched(one, request.POST["destroy"], by=by)
        except WardbenchError as error:
            messages.error(request, refusal(error))
        else:
            said = ngettext("%(n)d specimen was destroyed.", "%(n)d specimens were destroyed.", count)
            messages.success(request, said % {"n": count})
        return redirect("excursion", one.id)
    if request.method == "POST":
        form = storage_forms.JudgeForm(request.POST)
        if form.is_valid():
            given = form.cleaned_data
            with told_in(form):
                equipment.judge(one, given["judged"], given["words"], by=by, shown=given["shown"] or "nothing")
                return redirect("excursion", one.id)
    found = equipment.touched(one)
    shown = equipment.as_shown(one, [each.specimen for each in found])
    if form is None:
        form = storage_forms.JudgeForm(initial={"shown": shown})
    else:
        # What is judged at the next try is the list that stands below now.
        form.data = {**request.POST.dict(), "shown": shown}
    free, promised = equipment.to_destroy(one)
    context = {
        "excursion": one,
        "touched": found,
        "free": len(free),
        "shown": equipment.as_shown(one, free),
        "promised": promised,
        "form": form,
        "may_keep": rules.may_keep_inventory(by),
        "judged": equipment.JUDGEMENTS.get(one.judged, ""),
        "sent": beside.lines_of_excursion(by, one),
    }
    return render(request, "biobank/excursion.html", context)
