"""A patient's timeline, for the care team alone. The patient's number is never in an address."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from wardbench.campus.access.queries import patients_of
from wardbench.campus.access.rules import may_open, may_relate_some
from wardbench.campus.cohorts import queries, services
from wardbench.campus.cohorts.beside import held_of, known_of
from wardbench.campus.cohorts.drawing import drawing
from wardbench.campus.counting import sessions
from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.rules import Actor, may_treat
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import NotFoundError
from wardbench.ward.patients import timeline

MOST_LISTED = 50


class PatientForm(forms.Form):
    patient = forms.IntegerField(label=_("Number of the patient"), min_value=0, max_value=2**63 - 1)
    cohort = forms.ChoiceField(label=_("Mark what counts for a cohort"), required=False)
    show = forms.ChoiceField(
        label=_("Time as"), choices=[("days", _("days from entry")), ("dates", _("calendar dates"))], required=False
    )

    def __init__(self, *args: object, by: Actor, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["cohort"]
        assert isinstance(field, forms.ChoiceField)
        seen = [(str(one.id), one.name) for one in queries.with_versions(by)]
        field.choices = [("", _("no cohort")), *seen]


@signed_in
@limited(Doing.PATIENT, "POST")
def patient(request: HttpRequest) -> HttpResponse:
    """Ask for a patient, and see what happened to them; each view is on the record."""
    by = actor(request)
    may_treat(by).require()
    form = PatientForm(by=by)
    context: dict[str, object] = {"form": form, "own": patients_of(by)[:MOST_LISTED]}
    context |= {"may_open": may_open(by), "may_relate": may_relate_some(by)}
    if request.method == "POST":
        form = PatientForm(request.POST, by=by)
        context["form"] = form
        if form.is_valid():
            number, chosen = form.cleaned_data["patient"], form.cleaned_data["cohort"]
            version = queries.latest(queries.seen(chosen, by).cohort) if chosen else None
            try:
                verdict = services.look_at_patient(number, by=by, version=version)
                definition = queries.definition_of(version) if version else None
                found = timeline(sessions.snapshot("store"), number, definition)
            except NotFoundError as error:
                # The same for a patient of others and for none at all, so that nobody learns who is one.
                context |= {"refusal": said_of(error), "number": number}
                return render(request, "cohorts/patient.html", context, status=404)
            dates = form.cleaned_data["show"] == "dates"
            context |= {"found": found, "drawing": drawing(found, dates=dates), "dates": dates}
            context |= {"version": version, "verdict": verdict, "beside": known_of(number), "held": held_of(by, number)}
    return render(request, "cohorts/patient.html", context)
