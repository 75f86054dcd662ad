"""Specimens of a patient for those who treat them: what there is, and what is kept back for diagnosis."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.biobank import rules, tubes
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.biobank.rules import ENDED, Act
from wardbench.campus.cohorts.beside import Held, held_of_patients
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import NotFoundError

SHOWN = 100


def in_care(specimen_id: uuid.UUID, *, by: Actor) -> Specimen:
    """A specimen of a patient whom `by` treats; NotFoundError for any other, as if it were not there."""
    found = Specimen.objects.select_related("collection").filter(id=specimen_id).first()
    if found is None or not tubes.treats(by, found):
        raise NotFoundError(_("There is no such specimen of a patient in your care."))
    return found


def act_of(specimen: Specimen) -> Act:
    """What can be done: keep it back, or no longer."""
    return Act.ALLOW if specimen.retained else Act.RETAIN


@held_of_patients
def of_patient(actor: Actor, patient: int) -> Sequence[Held]:
    """What the biobank has of a patient, the newest first, with the page on which each is kept back."""
    if not rules.may_know_donor(actor):
        return []
    own = Specimen.objects.filter(donor__link__person_id=patient).exclude(status__in=[*ENDED])
    made = []
    for one in own.order_by("-collected", "label")[:SHOWN]:
        may = rules.may(actor, act_of(one), tubes.facts(one))
        taken = f"{timezone.localtime(one.collected):%Y-%m-%d}" if one.collected else ""
        said = [taken, one.get_status_display(), _("kept back for diagnosis") if one.retained else ""]
        act = _("Keep it back no longer") if one.retained else _("Keep it back for diagnosis")
        made.append(
            Held(
                f"{one.get_material_display()} {one.label}",
                ", ".join(part for part in said if part),
                reverse("specimen_keep_back", args=[one.id]) if may else "",
                act,
            )
        )
    return made
