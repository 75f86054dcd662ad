"""The terms of a collection: what is kept becomes what the matcher takes; what cannot be read is for a person."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from wardbench.campus.biobank.models import Collection
from wardbench.campus.biobank.terms import NOT_SAID, is_called, materials_called, of_purpose, permission_of
from wardbench.core.duo import Modifier, Outcome, Purpose, Use
from wardbench.core.errors import InputError
from wardbench.core.miabis import MATERIALS

HEALTH = Purpose(use=Use("DUO:0000006"))


def test_all_that_is_kept_is_read() -> None:
    read = permission_of(
        {
            "use": "DUO:0000007",
            "diseases": ["gout"],
            "modifiers": ["DUO:0000022"],
            "countries": ["BE"],
            "moratorium": "2030-01-31",
            "restriction": "Gout alone",
        }
    )
    assert read.use == Use("DUO:0000007") and read.diseases == {"gout"} and read.countries == {"BE"}
    assert read.modifiers == {Modifier("DUO:0000022")} and read.restriction == "Gout alone"
    assert read.moratorium == datetime.date(2030, 1, 31)


@pytest.mark.parametrize(
    "kept", [{}, {"use": ""}, {"use": "nonsense"}, {"use": "DUO:0000006", "modifiers": ["x"]},
             {"use": "DUO:0000006", "moratorium": "soon"}, {"use": "DUO:0000006", "diseases": 5}],
)  # fmt: skip
def test_what_cannot_be_read_is_for_a_person(kept: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        permission_of(kept)
    outcome, why = of_purpose(Collection(permission=kept), HEALTH)
    assert outcome is Outcome.PERSON and why


def test_a_purpose_is_held_against_them_with_the_sentence_that_decides() -> None:
    assert of_purpose(Collection(permission={"use": "DUO:0000042"}), HEALTH) == (Outcome.ALLOWED, "")
    outcome, why = of_purpose(Collection(permission={"use": "DUO:0000007", "diseases": ["gout"]}), HEALTH)
    assert outcome is Outcome.REFUSED and why and why != NOT_SAID


def test_materials_are_known_by_code_and_by_name() -> None:
    assert is_called("Plasma", " plasma ") and not is_called("Plasma", "serum")
    assert materials_called(["serum", "Plasma", "gold"]) == [code for code in MATERIALS if code in ("Plasma", "Serum")]
