"""What a material can be measured in: the rule, and everywhere that an amount is said of a material."""

from __future__ import annotations

import pytest

from campus.biobank_things import again, collection
from campus.biobank_things import tubes as stock
from campus.cast import make_cast
from wardbench.campus.biobank import registering, tubes, visiting
from wardbench.campus.biobank.amounts import UNITS, amount_of
from wardbench.campus.biobank.collection_forms import _planned
from wardbench.campus.biobank.fitting import HOLDERS, MEASURED_BY, fits
from wardbench.campus.biobank.models import PlannedSpecimen, Protocol, ProtocolVisit, Specimen
from wardbench.campus.biobank.tubes import Part
from wardbench.campus.biobank.visiting import Planned
from wardbench.core.errors import InputError
from wardbench.core.miabis import MATERIALS


@pytest.mark.parametrize(
    ("material", "units"),
    [
        ("Serum", "ml µl nl l"),
        ("Urine", "ml µl nl l"),
        ("TissueFreshFrozen", "g mg µg ng blocks pieces"),
        ("Teeth", "g mg µg ng blocks pieces"),
        ("DNA", "ml µl nl l g mg µg ng blocks pieces"),
        ("Faeces", "ml µl nl l g mg µg ng blocks pieces"),
        ("CordBlood", "ml µl nl l cells"),
        ("Swab", "ml µl nl l blocks pieces"),
        ("PBMC", "ml µl nl l g mg µg ng cells blocks pieces"),
        ("Other", "ml µl nl l g mg µg ng cells blocks pieces"),
    ],
)
def test_a_material_has_its_units(material: str, units: str) -> None:
    assert {unit for unit in UNITS if fits(material, unit)} == {*units.split(), *HOLDERS}
    assert fits(material, "")


def test_every_material_can_be_measured() -> None:
    assert set(MEASURED_BY) == set(MATERIALS) and all(MEASURED_BY.values())


def test_no_verb_takes_an_amount_that_does_not_fit(db: None) -> None:
    cast = make_cast()
    by, where = cast.actor("biobank_manager"), collection(cast)
    wrong = Specimen(label="W1", collection=where, material="Serum", amount=12_000_000, unit="mg")
    with pytest.raises(InputError, match="Serum is not measured in mg"):
        registering.register([wrong], by=by)
    with pytest.raises(InputError, match="Plasma is not measured in cells"):
        planned = [Planned("Plasma", "", 1, amount_of(5, "cells"))]
        visiting.add_protocol(where, "P", [(ProtocolVisit(name="V", day=0), planned)], by=by)
    assert not Protocol.objects.exists() and not PlannedSpecimen.objects.exists()
    with pytest.raises(InputError, match="mg"):
        _planned("2 Plasma PED 4 mg")
    (tube,), (unmeasured,) = stock(cast, 1), stock(cast, 1, prefix="U", amount=None, unit="")
    with pytest.raises(InputError, match="Plasma is not measured in mg"):
        tubes.adjust(unmeasured, amount_of(3, "mg"), "Weighed", by=by)
    with pytest.raises(InputError, match="Plasma is not measured in mg"):
        tubes.aliquot(unmeasured, [Part("A", amount_of(1, "mg"))], by=by)
    with pytest.raises(InputError, match="DNA is not measured in cells"):
        tubes.derive(tube, "DNA", [Part("D", amount_of(1, "cells"))], by=by)
    with pytest.raises(InputError, match="Hair is not measured in ml"):
        tubes.correct(tube, {"material": "Hair"}, "Looked", by=by)
    assert Specimen.objects.count() == 2


def test_what_was_entered_before_the_rule_can_still_be_divided_and_corrected(db: None) -> None:
    cast = make_cast()
    by = cast.actor("biobank_manager")
    (old,) = stock(cast, 1)
    Specimen.objects.update(unit="mg")
    old.refresh_from_db()
    tubes.adjust(old, amount_of("0.5", "mg"), "Weighed", by=by)
    tubes.aliquot(again(old), [Part("A", amount_of("0.1", "mg"))], by=by)
    tubes.correct(again(old), {"material": "TissueFixed"}, "Looked", by=by)
