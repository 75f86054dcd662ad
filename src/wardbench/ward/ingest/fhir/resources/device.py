"""Device and DeviceUseStatement: a device is an exposure when a statement says when it was used."""

from __future__ import annotations

import msgspec

from wardbench.ward.ingest.fhir.reading import Borrowed, Reading, coded, ending, only, starting
from wardbench.ward.ingest.fhir.shapes import CodeableConcept, Period, Reference, Resource, Shape


class UdiCarrier(Shape):
    deviceIdentifier: str | None = None  # noqa: N815


class Device(Resource):
    udiCarrier: list[UdiCarrier] | None = None  # noqa: N815
    status: str | None = None
    lotNumber: str | None = None  # noqa: N815
    type: CodeableConcept | None = None


class DeviceUseStatement(Resource):
    status: str | None = None
    subject: Reference | None = None
    timingPeriod: Period | None = None  # noqa: N815
    timingDateTime: str | None = None  # noqa: N815
    recordedOn: str | None = None  # noqa: N815
    source: Reference | None = None
    device: Reference | None = None
    body_site: CodeableConcept | None = msgspec.field(default=None, name="bodySite")


_given, _code = coded("type")

DEVICE = Reading(
    kind="Device",
    shape=Device,
    given=_given,
    columns={**_code, "unique_device_id": "udiCarrier[1].deviceIdentifier", "production_id": "lotNumber"},
    excluded=(("status = 'entered-in-error'", "'status entered-in-error'"),),
    dated=False,
)

DEVICE_USE_STATEMENT = Reading(
    kind="DeviceUseStatement",
    shape=DeviceUseStatement,
    excluded=(only("status", "active", "completed"),),
    columns={
        **dict.fromkeys(("system", "code", "display", "several"), "NULL::VARCHAR"),
        **starting("coalesce(timingDateTime, timingPeriod.start)"),
        **ending("timingPeriod.end"),
        "patient": "named(subject, 'Patient')",
        "device": "named(device, 'Device')",
        "target": "'device_exposure'",
        "type_concept_id": "CASE WHEN contains(source.reference, 'Patient/') THEN 32865 ELSE 32827 END",
    },
    references={"patient": "Patient", "device": "Device"},
    borrowed=Borrowed(
        reference="device",
        kind="Device",
        columns={
            "system": "system",
            "code": "code",
            "display": "display",
            "several": "several",
            "unique_device_id": "unique_device_id",
            "production_id": "production_id",
        },
    ),
)
