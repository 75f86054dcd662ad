"""What left as data and what came back in the demonstration: two extracts that were asked for, values of two tubes."""

from __future__ import annotations

from collections.abc import Mapping

from wardbench.campus.demonstration.clock import Clock
from wardbench.campus.demonstration.releases import Pace, reserve
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import actor_of
from wardbench.campus.releases import extracting, findings, picking, shipping
from wardbench.campus.releases.finding_sheet import Value
from wardbench.campus.releases.shipping import Arrived
from wardbench.campus.studies.models import Study
from wardbench.ward.extracts import Dates, Format, Wanted

LABORATORY = Wanted(
    {
        "person": ["gender_concept_id", "age"],
        "measurement": ["measurement_concept_id", "measurement_date", "value_as_number", "unit_concept_id"],
    }
)
DIAGNOSES = Wanted(
    {"condition_occurrence": ["condition_concept_id", "condition_start_date"]}, Dates.RELATIVE, Format.PARQUET
)


def make_returns(people: Mapping[str, Person], study: Study, clock: Clock) -> None:
    """An extract that is being made, one that waits for a review; and a pilot of two tubes whose values came back."""
    asks, steward, gives = (actor_of(people[key]) for key in ("researcher2", "steward", "manager"))
    cohort = study.cohorts.first()
    if cohort is not None:
        purpose = "Creatinine and albumin over time, beside the proteins."
        first = extracting.ask(study.id, cohort.hash, LABORATORY, purpose, by=asks)
        extracting.approve(first.id, "No more than the question needs.", by=steward)
        extracting.ask(study.id, cohort.hash, DIAGNOSES, "Which other diseases they have.", by=asks)
    pilot = reserve(study, "Pilot", 2, asks, gives, Pace(clock, 0.3, 0.2, 1))
    if pilot is None:
        return
    for line in picking.start(pilot.id, by=gives):
        picking.scan(pilot.id, line.specimen.label, by=gives)
    clock.wait(hours=3)
    parcel = shipping.send(pilot.id, "dry_ice", by=gives, courier="By hand").shipment
    clock.wait(hours=18)
    shipping.receive(parcel, {one.id: Arrived("received") for one in parcel.lines.all()}, by=asks)
    clock.wait(days=3)
    values = [
        Value(line.specimen.label, analyte, f"{base + number / 10:.1f}", "pg/mL")
        for number, line in enumerate(pilot.lines.select_related("specimen").order_by("order"))
        for analyte, base in (("Interleukin-6", 4.0), ("Cystatin C", 0.9))
    ]
    words = "Both proteins could be measured in plasma that has been frozen for years."
    findings.add(study.id, "values", "Pilot of two tubes", by=asks, method="Proximity extension", words=words,
                 values=values)  # fmt: skip
