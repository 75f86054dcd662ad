"""Why a row is kept back: a sentence for each cause, so that many rows are one thing to mend."""

from __future__ import annotations

from wardbench.campus.people.roles import gettext_noop

CAUSES: dict[str, str] = {
    "empty": gettext_noop("Nothing stands there, and it is needed."),
    "long": gettext_noop("It is longer than can be kept."),
    "unseen": gettext_noop("There is a line break, or a letter that cannot be seen."),
    "note": gettext_noop("This looks like no specimen: a total, a heading or a note."),
    "site": gettext_noop("A site is kept as a code of 16 letters at most: write C18.9 for the colon, or unknown."),
    "formula": gettext_noop("It starts with a sign that a spreadsheet takes for a formula."),
    "twice": gettext_noop("Another row has the same label."),
    "there": gettext_noop("The inventory has a specimen with this label already."),
    "material": gettext_noop("No material is called so."),
    "kind": gettext_noop("This is no kind: write primary, aliquot, derivative or pool."),
    "kind_parent": gettext_noop("It is said to be as it was taken, and yet to be made of another specimen."),
    "kind_material": gettext_noop("An aliquot is of the same material as what it was made of."),
    "parent": gettext_noop("Neither the file nor the inventory has the specimen that it was made of."),
    "parent_fault": gettext_noop("What it was made of has a fault; they are entered together."),
    "parent_loop": gettext_noop("It is made of itself, by way of what it was made of."),
    "parent_collection": gettext_noop("What it was made of is of another collection."),
    "parent_donor": gettext_noop("What it was made of is of another donor."),
    "donor": gettext_noop("No donor has this code."),
    "donor_told": gettext_noop("This looks like a name or a national number; a code says nothing of who somebody is."),
    "donor_differs": gettext_noop("Sex or year of birth differ from what is said of this donor elsewhere."),
    "sex": gettext_noop("This is no sex: write female, male, undifferentiated or unknown."),
    "year": gettext_noop("This is no year of birth."),
    "date": gettext_noop("This is no date: write 2026-01-31 or 31/01/2026, with 14:30 after it where it is known."),
    "no_day": gettext_noop("There is a month or a year, and no day: write a day of it, or leave the cell empty."),
    "serial": gettext_noop("This is a spreadsheet's number of a day; format the column as a date and save it anew."),
    "future": gettext_noop("The day is yet to come."),
    "ancient": gettext_noop("The day is before 1900, or before the donor was born."),
    "number": gettext_noop("This is no number."),
    "either": gettext_noop(
        "This can be a thousand and more, or a number with decimals, and nothing in the column tells which."
    ),
    "below": gettext_noop("An amount is not below nothing."),
    "large": gettext_noop("This is absurdly much."),
    "fine": gettext_noop("This is finer than can be kept."),
    "unit": gettext_noop("No unit is called so."),
    "no_unit": gettext_noop("There is an amount, and no unit."),
    "unit_material": gettext_noop(
        "This material is not measured so: a liquid has a volume, a tissue a mass or pieces."
    ),
    "more": gettext_noop("More is left than there was at first."),
    "whole": gettext_noop("This is no whole number, or too large."),
    "status": gettext_noop("This does not say whether the tube is there: write there, or used up."),
    "never": gettext_noop("It was never taken, so there is no tube."),
    "gone_place": gettext_noop("Nothing is left of it, and yet it lies in a box."),
    "box": gettext_noop("No place has this barcode, name or path."),
    "boxes": gettext_noop("Several places are called so; write the path, with slashes: Freezer 1 / Rack 2 / Box 3."),
    "box_closed": gettext_noop("The box is closed."),
    "box_material": gettext_noop("The box is for other materials."),
    "temperature": gettext_noop("No storage temperature is called so: write -80 °C, 4 °C, liquid nitrogen."),
    "temperature_other": gettext_noop("The box is kept at another temperature."),
    "temperature_both": gettext_noop("Another row says another temperature of the same new box."),
    "cold": gettext_noop("This says neither cold nor room temperature."),
    "no_time": gettext_noop("The hour is missing: of how long a tube waited, a day says nothing."),
    "backwards": gettext_noop("This is before what has to come first."),
    "no_g": gettext_noop("How fast it was spun is missing: in multiples of g."),
    "sprec": gettext_noop("SPREC has no such code."),
    "room": gettext_noop("There is no free position for one more box where new boxes go."),
    "no_box": gettext_noop("There is a position, and no box."),
    "no_position": gettext_noop("The box has positions, and none is said."),
    "position": gettext_noop("The box has no such position."),
    "taken": gettext_noop("Another specimen lies in this position."),
    "both": gettext_noop("Another row goes into the same position."),
}
"""The sentence of each cause, by the name that `checking` gives it."""
LEAVABLE = frozenset({"note", "never"})
"""Causes of rows that are no specimens: they can be left out with one act."""
