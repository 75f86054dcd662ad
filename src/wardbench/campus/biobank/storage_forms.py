"""The forms of places: a new container, a move, tubes for a box, temperatures."""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections import Counter
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank import places, storage_queries
from wardbench.campus.biobank.equipment import JUDGEMENTS
from wardbench.campus.biobank.models import Container, Specimen
from wardbench.core.errors import InputError
from wardbench.core.miabis import TEMPERATURES

MOST_READINGS = 50_000
AHEAD = datetime.timedelta(hours=1)
"""How far the clock of a logger may be ahead of ours."""


class ContainerForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), choices=Container.Kind.choices)
    barcode = forms.CharField(label=_("Barcode"), max_length=64)
    position = forms.CharField(label=_("Position"), max_length=8, required=False)
    rows = forms.IntegerField(
        label=_("Rows"), min_value=1, max_value=100, required=False, help_text=_("Leave empty where any number fits.")
    )
    columns = forms.IntegerField(label=_("Columns"), min_value=1, max_value=100, required=False)
    labels = forms.ChoiceField(label=_("Positions are called"), choices=Container.Labels.choices, required=False)
    temperature = forms.ChoiceField(
        label=_("Temperature"), choices=[("", _("As around it")), *[(c, _(t)) for c, t in TEMPERATURES.items()]],
        required=False,
    )  # fmt: skip

    def __init__(self, *args: Any, parent: Container | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parent = parent
        if parent is None or parent.positions is None:
            del self.fields["position"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (given.get("rows") is None) != (given.get("columns") is None):
            self.add_error("columns", gettext("Give rows and columns, or neither."))
        if self.parent is not None and "position" in self.fields and "position" in given:
            try:
                given["place"] = places.place_of(self.parent, given["position"])
            except InputError as error:
                self.add_error("position", str(error).partition(": ")[2])
        return given


class ChangeForm(ContainerForm):
    """What is said of a place that is there."""

    def __init__(self, *args: Any, here: Container, **kwargs: Any) -> None:
        super().__init__(*args, initial={name: getattr(here, name) for name in CHANGED}, **kwargs)
        del self.fields["kind"]

    def changed(self) -> dict[str, Any]:
        """The fields that are to be another: somebody else may change the others meanwhile."""
        return {name: self.cleaned_data[name] for name in CHANGED if name in self.changed_data}


CHANGED = ("name", "barcode", "rows", "columns", "labels", "temperature")
"""What may be changed of a place by its page."""


class MoveForm(forms.Form):
    to = forms.CharField(label=_("Into which place"), max_length=100, help_text=_("Scan its barcode or type its name."))
    position = forms.CharField(label=_("Position"), max_length=8, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        into = storage_queries.by_barcode(given.get("to", ""))
        if given.get("to") and into is None:
            self.add_error(
                "to",
                gettext("No place has this barcode, or several have this name; write the path: Freezer 1 / Rack 2."),
            )
        given["into"], given["place"] = into, None
        if into is not None and given.get("position"):
            try:
                given["place"] = places.place_of(into, given["position"])
            except InputError as error:
                self.add_error("position", str(error).partition(": ")[2])
        return given


def in_turn(text: str) -> list[Specimen]:
    """The specimens whose labels were scanned, a line each. ValidationError for a label that none has, or one twice."""
    wanted = [line.strip() for line in text.splitlines() if line.strip()]
    found = storage_queries.scanned(wanted)
    unknown = [label for label in wanted if label not in found]
    if unknown:
        raise ValidationError(gettext("No specimen has the label %(label)s.") % {"label": ", ".join(unknown[:5])})
    tubes = [found[label] for label in wanted]
    twice = [one.label for one, count in Counter(tubes).items() if count > 1]
    if twice:
        raise ValidationError(gettext("%(label)s was scanned twice.") % {"label": twice[0]})
    return tubes


class TubesForm(forms.Form):
    labels = forms.CharField(
        label=_("Scan the tubes"),
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True, "spellcheck": "false", "autocomplete": "off"}),
        max_length=100_000,
        help_text=_("One after the other, a line each. They go into the free positions in this order."),
    )
    start = forms.CharField(label=_("From position"), max_length=8, required=False)

    def __init__(self, *args: Any, box: Container, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.box = box
        if box.positions is None:
            del self.fields["start"]

    def clean_labels(self) -> list[Specimen]:
        return in_turn(self.cleaned_data["labels"])

    def clean_start(self) -> int:
        text = self.cleaned_data["start"]
        try:
            return places.place_of(self.box, text) if text else 0
        except InputError as error:
            raise ValidationError(str(error).partition(": ")[2]) from None


class CheckForm(forms.Form):
    scanned = forms.CharField(
        label=_("What was scanned in the box"),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        max_length=200_000,
        help_text=_("A line for each position, as box scanners write it: A1 and the label, with a comma or a tab."),
    )

    def __init__(self, *args: Any, box: Container, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.box = box

    def clean_scanned(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for number, line in enumerate(self.cleaned_data["scanned"].splitlines(), start=1):
            parts = [part.strip().strip('"') for part in line.replace(";", ",").replace("\t", ",").split(",")]
            if not any(parts):
                continue
            try:
                place = places.place_of(self.box, parts[0])
            except InputError as error:
                said = {"line": number, "fault": str(error).partition(": ")[2]}
                raise ValidationError(gettext("Line %(line)s: %(fault)s") % said) from None
            label = parts[1] if len(parts) > 1 else ""
            if label and label.upper() not in ("EMPTY", "NO TUBE", "NOTUBE", "NO READ", "NOREAD"):
                found[place] = label
        return found


class EquipmentForm(forms.Form):
    maker = forms.CharField(label=_("Maker and model"), max_length=200, required=False)
    serial = forms.CharField(label=_("Serial number"), max_length=100, required=False)
    lowest = forms.DecimalField(label=_("Not below, in °C"), max_digits=6, decimal_places=2)
    highest = forms.DecimalField(label=_("Not above, in °C"), max_digits=6, decimal_places=2)
    service_due = forms.DateField(
        label=_("Service due"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T,]+(.*))?", re.ASCII)


def _moment(text: str) -> datetime.datetime:
    """A time as loggers write it: ISO 8601, or the day first. ValueError for any other."""
    found = DAY_FIRST.fullmatch(text)
    if found is None:
        return datetime.datetime.fromisoformat(text)
    day = datetime.date(int(found[3]), int(found[2]), int(found[1]))
    return datetime.datetime.combine(day, datetime.time.fromisoformat(found[4].zfill(5) if found[4] else "00:00"))


class ReadingsForm(forms.Form):
    """Temperatures as a logger writes them; `numbers` are the lines on which those stand that were read."""

    readings = forms.CharField(
        label=_("Temperatures"),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        max_length=3_000_000,
        help_text=_("A line for each: time and °C, as 2026-01-31 14:00, -79.5 or 31/01/2026 14:00; -79,5."),
    )

    def clean_readings(self) -> list[tuple[datetime.datetime, int]]:
        found: list[tuple[datetime.datetime, int]] = []
        self.numbers: list[int] = []
        now = timezone.now() + AHEAD
        text = self.cleaned_data["readings"]
        sniffed = ";" if ";" in text.partition("\n")[0] else "\t" if "\t" in text.partition("\n")[0] else ","
        try:
            rows = list(csv.reader(io.StringIO(text), delimiter=sniffed))
        except csv.Error:
            raise ValidationError(gettext("There is no temperature in this.")) from None
        for number, row in enumerate(rows, start=1):
            if not row or not any(row):
                continue
            if sniffed == "," and len(row) == 3 and row[2].strip().isdecimal():
                # -79,5 between commas would be read as -79.
                said = gettext("Line %(line)s: write decimals with a point, or put a semicolon before the temperature.")
                raise ValidationError(said % {"line": number})
            try:
                at = _moment(row[0].strip())
                value = round(float(row[1].strip().replace(",", ".")) * 100)
                if not -27_315 <= value <= 20_000 or not 1900 <= at.year <= 2200:
                    raise ValueError
            except (ValueError, OverflowError, IndexError):
                if number == 1 and not row[0].strip()[:1].isdecimal():
                    continue
                said = gettext("Line %(line)s: write a time and a temperature.") % {"line": number}
                raise ValidationError(said) from None
            at = timezone.make_aware(at) if timezone.is_naive(at) else at
            if at > now:
                raise ValidationError(gettext("Line %(line)s: this time has not come yet.") % {"line": number})
            found.append((at, value))
            self.numbers.append(number)
            if len(found) > MOST_READINGS:
                raise ValidationError(gettext("At most %(most)s at once.") % {"most": MOST_READINGS})
        if not found:
            raise ValidationError(gettext("There is no temperature in this."))
        return found


class JudgeForm(forms.Form):
    judged = forms.ChoiceField(
        label=_("What it means"), choices=[(c, _(t)) for c, t in JUDGEMENTS.items()], widget=forms.RadioSelect
    )
    words = forms.CharField(label=_("How you know"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    shown = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
