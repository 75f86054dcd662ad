"""What releases store: `requests` from basket to agreement, `shipments` from pick to return, `extracts` of data,
`withdrawals` and what they have to reach, `findings` that came back, `panels` that
a study measures blinded, `standing` criteria for what is not there yet, `warnings` of what was
outside its temperatures before it was sent."""

from wardbench.campus.releases.models.extracts import Extract, ExtractPerson
from wardbench.campus.releases.models.findings import Finding, FindingSpecimen
from wardbench.campus.releases.models.panels import BlindedPanel, BlindedPlace
from wardbench.campus.releases.models.requests import (
    Agreement,
    Basket,
    BasketLine,
    Counter,
    Quote,
    Request,
    RequestLine,
    Tariff,
)
from wardbench.campus.releases.models.shipments import Shipment, ShipmentLine, TemperatureEntry
from wardbench.campus.releases.models.standing import Standing, StandingMatch
from wardbench.campus.releases.models.warnings import Warned
from wardbench.campus.releases.models.withdrawals import Withdrawal, WithdrawalTask

__all__ = [
    "Agreement",
    "Basket",
    "BasketLine",
    "BlindedPanel",
    "BlindedPlace",
    "Counter",
    "Extract",
    "ExtractPerson",
    "Finding",
    "FindingSpecimen",
    "Quote",
    "Request",
    "RequestLine",
    "Shipment",
    "ShipmentLine",
    "Standing",
    "StandingMatch",
    "Tariff",
    "TemperatureEntry",
    "Warned",
    "Withdrawal",
    "WithdrawalTask",
]
