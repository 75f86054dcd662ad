"""Amounts between whole numbers of the smallest unit and what standards write: decimal numbers of a unit of UCUM."""

from __future__ import annotations

from decimal import Decimal

SIZES = {
    "ml": 10**6, "µl": 10**3, "nl": 1, "l": 10**9, "g": 10**9, "mg": 10**6, "µg": 10**3, "ng": 1, "cells": 1,
    "tubes": 1, "slides": 1, "blocks": 1, "vials": 1, "pieces": 1,
}  # fmt: skip
"""How many of the smallest unit of its dimension each unit is."""
UCUM = {
    "ml": "mL", "µl": "uL", "nl": "nL", "l": "L", "g": "g", "mg": "mg", "µg": "ug", "ng": "ng", "cells": "{cells}",
    "tubes": "{tube}", "slides": "{slide}", "blocks": "{block}", "vials": "{vial}", "pieces": "{piece}",
}  # fmt: skip


def exact(value: int, unit: str) -> Decimal:
    """`value` of the smallest unit as a decimal number of `unit`, with no digit lost and none that says nothing."""
    number = Decimal(value) / SIZES[unit]
    return Decimal(f"{number:f}")
