"""Criteria that stand are met, open, or not met, by what will be taken and what is left over."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from wardbench.core.consent import Tier, mask
from wardbench.core.errors import InputError
from wardbench.ward.samples import (
    Choice,
    Giving,
    Offer,
    Query,
    Range,
    Standing,
    matches,
    standing_from_json,
    standing_to_json,
)
from wardbench.ward.samples.standing import Fit

DAY = date(2026, 3, 2)
RESEARCH = mask({Tier.STORAGE, Tier.RESEARCH})


def offer(name: str = "visit", **different: Any) -> Offer:
    given: dict[str, Any] = {
        "name": name,
        "day": DAY,
        "values": {
            "material": frozenset({"Plasma", "Serum"}),
            "sex": frozenset({"female"}),
            "diagnosis": frozenset({"C18.7"}),
        },
        "numbers": {"age": 61, "amount": 500_000},
        "dimension": "volume",
        "consent": RESEARCH,
    }
    return Offer(**{**given, **different})


def standing(chosen: dict[str, Choice], **different: Any) -> Standing:
    given: dict[str, Any] = {"name": "colon", "query": Query.of(chosen), "wanted": 5, "until": date(2026, 12, 31)}
    return Standing(**{**given, **different})


@pytest.mark.parametrize(
    ("chosen", "fit"),
    [
        ({}, Fit.YES),
        ({"material": frozenset({"Plasma"})}, Fit.YES),
        ({"material": frozenset({"DNA"})}, None),
        ({"diagnosis": frozenset({"C18"}), "chapter": frozenset({"C00-D49"})}, Fit.YES),
        ({"diagnosis": frozenset({"C20"})}, None),
        ({"collection": frozenset({"colon"})}, Fit.OPEN),
        ({"age": (Range(60, 69),)}, Fit.YES),
        ({"age": (Range(62),)}, None),
        ({"amount": (Range(1, None, "volume"),)}, Fit.YES),
        ({"amount": (Range(1, None, "mass"),)}, None),
        ({"thaws": (Range(0, 0),)}, Fit.OPEN),
        ({"age": (Range(unknown=True),)}, None),
        ({"consent": frozenset({"research"})}, Fit.YES),
        ({"consent": frozenset({"genetic"})}, None),
    ],
)
def test_each_facet_is_met_open_or_not_met(chosen: dict[str, Choice], fit: Fit | None) -> None:
    found = matches([standing(chosen)], [offer()])
    assert [match.fit for match in found] == ([] if fit is None else [fit])


def test_what_is_open_is_named() -> None:
    found = matches([standing({"delay": frozenset({"A"}), "sex": frozenset({"female"})})], [offer(consent=None)])
    assert found[0].open == ("delay", "consent need")


@pytest.mark.parametrize(
    "different",
    [
        {"day": date(2027, 1, 1)},
        {"consent": 0},
        {"retained": True},
        {"numbers": {"thaws": 3}},
        {"cohorts": frozenset({"another"})},
    ],
)
def test_what_cannot_serve_is_left_out(different: dict[str, Any]) -> None:
    criteria = standing({}, cohort="c0ffee", query=Query.of({}, giving=Giving(most_thaws=2)))
    assert len(matches([criteria], [offer(cohorts=frozenset({"c0ffee"}))])) == 1
    assert matches([criteria], [offer(**{"cohorts": frozenset({"c0ffee"}), **different})]) == []


def test_what_fits_comes_first_then_by_day() -> None:
    criteria = standing({"delay": frozenset({"A"})})
    known = {"delay": frozenset({"A"})}
    offers = [
        offer("open", day=date(2026, 1, 1)),
        offer("later", day=date(2026, 5, 1), values=known),
        offer("sooner", day=date(2026, 2, 1), values=known),
    ]
    assert [match.offer for match in matches([criteria], offers)] == ["sooner", "later", "open"]
    assert matches([criteria], offers[::-1]) == matches([criteria], offers)


def test_criteria_are_written_and_read() -> None:
    criteria = standing({"material": frozenset({"DNA"}), "age": (Range(60),)}, cohort="c0ffee")
    written = standing_to_json(criteria)
    assert standing_from_json(written) == criteria
    for wrong in ({"form": 9}, {"more": 1}, {"wanted": 0}, {"name": ""}, {"until": "soon"}, {"query": {}}):
        with pytest.raises(InputError):
            standing_from_json(json.dumps({**json.loads(written), **wrong}))
