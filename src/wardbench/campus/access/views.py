"""Opening a record in an emergency, ending it, and reviewing what was opened; saying which team treats whom."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from wardbench.campus.access import answering, forms, queries, rules, services, sheet
from wardbench.campus.access.rules import Action, Status
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people import queries as people
from wardbench.campus.people.reauthentication import reauthenticated
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import BusyError, InputError, NotFoundError


@signed_in
def accesses(request: HttpRequest) -> HttpResponse:
    """What was opened in an emergency: one's own and what the units answer for that one leads, or everybody's for those
    who watch over it."""
    by = actor(request)
    review = rules.may_review(by)
    if not review:
        rules.may_open(by).require()
    found = queries.accesses(by)
    waiting = [one for one in found if one.status in (Status.ACTIVE, Status.ENDED)]
    judged = [one for one in found if one not in waiting]
    context = {"waiting": waiting, "judged": judged, "review": review, "may_open": rules.may_open(by)}
    context["leads"] = bool(by.heads)
    context |= {"may_relate": rules.may_relate_some(by)}
    return render(request, "access/accesses.html", context)


@signed_in
@reauthenticated
@limited(Doing.PATIENT, "POST")
def open_record(request: HttpRequest) -> HttpResponse:
    """Open a record in an emergency. A page that knows the patient sends the number; the form asks the rest."""
    by = actor(request)
    rules.may_open(by, len(queries.open_accesses(by))).require()
    asked = request.method == "POST" and "reason" in request.POST
    form = forms.OpenForm(request.POST) if asked else forms.OpenForm(initial={"patient": request.POST.get("patient")})
    status = 200
    if asked and form.is_valid():
        given = form.cleaned_data
        try:
            made = services.open_in_emergency(given["patient"], by=by, reason=given["reason"], words=given["words"])
        except NotFoundError as error:
            form.add_error("patient", said_of(error))
            status = error.http_status
        else:
            return redirect("emergency_access", made.id)
    context = {"form": form, "lasts": int(rules.LASTS.total_seconds() // 60)}
    return render(request, "access/open.html", context, status=status)


@signed_in
@limited(Doing.PATIENT, "POST")
def why(request: HttpRequest) -> HttpResponse:
    """Who can see a patient's record, and why: of everybody for those who watch over access, of oneself for whoever
    treats patients. The number is sent as a form, and that it was asked is on the record."""
    by = actor(request)
    others = rules.may_review(by)
    rules.may_ask_why(by).require()
    form = forms.WhyForm(request.POST if request.method == "POST" else None, others=bool(others))
    context: dict[str, object] = {"form": form, "others": others}
    if form.is_valid():
        number, who = form.cleaned_data["patient"], form.cleaned_data.get("who", "").strip()
        found = list(people.by_words(who)[:2]) if who else []
        if who and len(found) != 1:
            form.add_error("who", _("Nobody has this name or address.") if not found else _("Several people have it."))
            return render(request, "access/why.html", context)
        about = people.actor_of(found[0]) if found else by
        services.ask_why(number, "" if others and not found else about.id, by=by)
        context |= {"number": number, "about": about}
        if others and not found:
            context["everybody"] = queries.who_sees(number)
        else:
            context["verdict"] = queries.may_see_patient(about, number)
    return render(request, "access/why.html", context)


@signed_in
def access(request: HttpRequest, access_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    shown = queries.access(by, access_id)
    may_judge = rules.may_move(by, Action.OBJECT, shown.facts)
    may_speak = rules.may_move(by, Action.SPEAK, shown.facts)
    form, speak_form = forms.ReviewForm(), forms.SpeakForm()
    late: list[str] = []
    if request.method == "POST" and "speak" in request.POST:
        late = answering.too_late(by, shown)
        if not late:
            may_speak.require()
        speak_form = forms.SpeakForm(request.POST)
        if not late and speak_form.is_valid():
            given = speak_form.cleaned_data
            try:
                services.speak(shown, by=by, needed=given["needed"] == "yes", words=given["said"])
            except BusyError:
                # A colleague said it between the two looks at it.
                shown = queries.access(by, access_id)
                late, may_speak = answering.too_late(by, shown), rules.may_move(by, Action.SPEAK, shown.facts)
                if not late:
                    raise
            else:
                messages.success(request, _("What you said is on the record, and data protection reads it."))
                return redirect("emergency_access", access_id)
    elif request.method == "POST":
        may_judge.require()
        form = forms.ReviewForm(request.POST)
        if form.is_valid():
            justified = form.cleaned_data["justified"] == "yes"
            services.review(shown, by=by, justified=justified, finding=form.cleaned_data["finding"])
            messages.success(request, _("Your finding is on the record."))
            return redirect("emergency_accesses")
    context = {
        "access": shown,
        "form": form,
        "may_judge": may_judge,
        "speak_form": speak_form,
        "may_speak": may_speak,
        "late": late,
        "may_look": by.id == shown.person and shown.status is Status.ACTIVE,
        "answers": [] if by.id == shown.person else answering.said(shown),
        "may_end": rules.may_move(by, Action.END, shown.facts),
        "why": rules.may_see_access(by, shown.person, shown.places),
    }
    return render(request, "access/access.html", context, status=BusyError.http_status if late else 200)


@signed_in
@require_POST
def end(request: HttpRequest, access_id: uuid.UUID) -> HttpResponse:
    by = actor(request)
    services.end(queries.access(by, access_id), by=by)
    messages.success(request, _("The record is closed again."))
    return redirect("emergency_access", access_id)


@signed_in
def relations(request: HttpRequest) -> HttpResponse:
    """Say whom one's team treats; a data steward also takes over a whole list."""
    by = actor(request)
    units = _units(by)
    may_import = rules.may_import(by)
    if not units and not may_import:
        rules.may_relate(by, "").require()
    one, many = forms.RelationForm(units=units), forms.ImportForm()
    faults: list[sheet.Fault] = []
    if request.method == "POST" and "sheet" in request.FILES:
        may_import.require()
        many = forms.ImportForm(request.POST, request.FILES)
        if many.is_valid():
            rows, faults = sheet.read(_text(many.cleaned_data["sheet"].read()))
            added = services.import_relations(rows, by=by) if rows else 0
            messages.success(request, _("New: %(added)d of %(rows)d rows.") % {"added": added, "rows": len(rows)})
    elif request.method == "POST":
        one = forms.RelationForm(request.POST, units=units)
        if one.is_valid():
            unit = people.unit(one.cleaned_data["unit"])
            if "end" in request.POST:
                services.end_relation(one.cleaned_data["patient"], unit, by=by)
            else:
                services.give_relation(one.cleaned_data["patient"], unit, by=by)
            messages.success(request, _("Done."))
            return redirect("care_relations")
    context = {"one": one, "many": many, "may_import": may_import, "faults": faults[:200]}
    return render(request, "access/relations.html", context)


def _units(by: Actor) -> list[tuple[str, str]]:
    """The teams of which this person may say whom they treat."""
    if by.has(Role.DATA_STEWARD):
        return [(str(u.id), u.name) for organisation in people.organisations() for u in organisation.units.all()]
    return [(unit, people.unit(unit).name) for unit in sorted(by.units(Role.COORDINATOR))]


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(_("sheet: the list is not text in UTF-8.")) from None
