"""What came back, where others look: on a specimen's page, a patient's timeline, a question's page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.campus.biobank import consents
from wardbench.campus.biobank.beside import beside_specimens
from wardbench.campus.biobank.desk import Line
from wardbench.campus.biobank.models import DonorLink, Specimen
from wardbench.campus.cohorts.beside import Known, beside_patients
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions.links import CameBack, came_back_by
from wardbench.campus.releases import finding_queries, finding_rules
from wardbench.campus.releases.finding_rules import Facts
from wardbench.campus.releases.models import Finding, FindingSpecimen
from wardbench.campus.releases.request_queries import team_of
from wardbench.core.consent import Tier

SHOWN = 50


@beside_specimens
def about_specimen(actor: Actor, specimen: Specimen) -> Sequence[Line]:
    """A line for each value; of another specimen of the same kin its label is said."""
    return [
        Line(
            one.analyte or one.finding.title,
            reverse("finding", args=[one.finding_id]),
            ", ".join(
                part
                for part in (
                    _("retracted") if one.finding.retracted else f"{one.value} {one.unit}".strip(),
                    one.finding.study.reference,
                    f"{timezone.localdate(one.finding.at):%Y-%m-%d}",
                    one.specimen.label if one.specimen_id != specimen.id else "",
                )
                if part
            ),
            one.finding.get_kind_display(),
            "bad" if one.finding.retracted else "",
        )
        for one in finding_queries.about(specimen)[:SHOWN]
    ]


@beside_patients
def about_patient(patient: int) -> Sequence[Known]:
    """What came back about a patient's own specimens. The values are for those who agreed to be told of findings."""
    link = DonorLink.objects.filter(person_id=patient).first()
    if link is None:
        return []
    found = FindingSpecimen.objects.filter(specimen__donor=link.donor_id)
    rows = list(found.select_related("finding__study", "specimen__collection").order_by("finding__at")[:500])
    stands = consents.given([link.donor_id], {one.specimen.collection for one in rows})
    withheld = _("The patient did not agree to be told of findings.")
    known = []
    for one in rows:
        told = Tier.FINDINGS in stands[link.donor_id, one.specimen.collection_id].tiers
        source = f"{one.finding.study.reference} {one.finding.study.title}, {one.specimen.get_material_display()}"
        value = f"{one.value} {one.unit}".strip() if told or not one.value else withheld
        if one.finding.retracted is not None:
            day = date_format(timezone.localtime(one.finding.retracted), "j F Y")
            value = _("Retracted on {day}: it was wrong.").format(day=day)
        known.append(Known(timezone.localdate(one.finding.at), one.analyte or one.finding.title, value, source))
    return known


def of_studies(actor: Actor, studies: Sequence[uuid.UUID]) -> Sequence[CameBack]:
    """What came back from studies on a question: what it is and in plain words; never a value or a label."""
    found = (
        Finding.objects.filter(study__in=studies).select_related("study__investigator").prefetch_related("specimens")
    )
    made = []
    for one in found[:SHOWN]:
        count = len({row.specimen_id for row in one.specimens.all()})
        about = ngettext("%(n)d specimen", "%(n)d specimens", count) % {"n": count} if count else ""
        parts = (one.get_kind_display(), about, where(one), one.words)
        said = " · ".join(part for part in parts if part)
        if one.retracted is not None:
            said = f"{one.get_kind_display()} · " + _("retracted: it was wrong")
        may = finding_rules.may_see_finding(actor, Facts(team_of(one.study)))
        address = reverse("finding", args=[one.id]) if may else ""
        is_reference = one.kind == Finding.Kind.PUBLICATION and one.retracted is None
        made.append(CameBack(one.title, said, address, f"{one.title}. {where(one)}" if is_reference else ""))
    return made


def where(one: Finding) -> str:
    """Where a publication stands: its reference, year and DOI; nothing of what is none."""
    year = str(one.year) if one.year and str(one.year) not in one.reference else ""
    return ", ".join(part for part in (one.reference.rstrip("."), year, f"doi:{one.doi}" if one.doi else "") if part)


came_back_by(of_studies)
