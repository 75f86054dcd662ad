"""The blinded panel of the demonstration: it has arrived, and waits for what the study measures."""

from __future__ import annotations

from collections.abc import Mapping

from wardbench.campus.cohorts.finding import concepts
from wardbench.campus.demonstration.clock import Clock
from wardbench.campus.demonstration.cohorts import ANALYTE
from wardbench.campus.demonstration.releases import Pace, agree
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import actor_of
from wardbench.campus.releases import blinding, blinding_queries, picking, shipping
from wardbench.campus.releases.blinding import Wish
from wardbench.campus.releases.models import BlindedPanel
from wardbench.campus.releases.shipping import Arrived
from wardbench.campus.studies.models import Study
from wardbench.core.errors import InputError
from wardbench.ward.samples import Query

PLACES = 12


def make_panel(people: Mapping[str, Person], study: Study, clock: Clock) -> BlindedPanel | None:
    """Serum of a dozen donors over the range of their creatinine, brought to the study by hand; None where the campus
    is too small to have it."""
    asks, gives = actor_of(people["researcher2"]), actor_of(people["manager"])
    scope = next((one for one in blinding_queries.scopes(asks) if one.study == study.reference), None)
    analyte = next((one for one in concepts().find(ANALYTE, domain="measurement") if one.name == ANALYTE), None)
    if scope is None or analyte is None:
        return None
    wish = Wish(
        study.cohorts.get().hash, analyte.concept_id, "mg/dL", "Serum", "The strip", PLACES, decisions=(1.2,)
    )  # fmt: skip
    try:
        panel = blinding.make(scope, Query.of(), wish, by=asks)
    except InputError:
        return None
    about = {"recipient": "Institute for Biotechnology, laboratory 3", "address": "Campuslaan 12, 3000 Leuven"}
    agree(panel.request, about, asks, gives, Pace(clock, 0.1, 0.1, 0.2))
    for line in picking.start(panel.request_id, by=gives):
        picking.scan(panel.request_id, line.specimen.label, by=gives)
    clock.wait(hours=2)
    parcel = shipping.send(panel.request_id, "dry_ice", by=gives, courier="By hand").shipment
    clock.wait(hours=4)
    shipping.receive(parcel, {one.id: Arrived("received") for one in parcel.lines.all()}, by=asks)
    return panel
