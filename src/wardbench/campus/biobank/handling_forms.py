"""What is noted of how a specimen was handled: a fluid by how it waited and was spun, a solid by ischaemia and fixing.

A form shows what is noted already, and what is emptied is noted no longer.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wardbench.campus.biobank import preanalytics
from wardbench.campus.biobank.models import Specimen
from wardbench.core.sprec import COLLECTIONS, FIXATIONS, STORED

NOBODY = ("", _("Nobody noted"))
WARM, ROOM, COLD = "warm", "room", "cold"
WAITED = [NOBODY, (ROOM, _("At room temperature")), (COLD, _("Cold, 2 to 10 °C"))]
SPINS = [NOBODY, ("0", _("Not at all")), ("1", _("Once")), ("2", _("Twice"))]
BRAKES = [("yes", _("With brake")), ("no", _("Without brake"))]
MINUTES = 10_080
"""The longest ischaemia and fixation that is written down: a week."""


def _choices(codes: Sequence[str]) -> list[tuple[str, Any]]:
    return [NOBODY, *((code, code) for code in sorted(codes))]


def _time(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=False, widget=widget)


def _minutes(label: Any) -> forms.FloatField:
    return forms.FloatField(label=label, min_value=0, max_value=MINUTES, required=False)


def _storages() -> list[tuple[str, str]]:
    return [
        ("", gettext("Nobody noted")),
        *((code, f"{code}: {gettext(what)}, {gettext(cold)}") for code, (what, cold) in STORED.items()),
    ]


class SolidForm(forms.Form):
    """How a tissue or another solid was handled."""

    collection = forms.ChoiceField(
        label=_("How it was taken, by SPREC"), choices=_choices([*COLLECTIONS]), required=False
    )
    warm_minutes = _minutes(_("Warm ischaemia (minutes)"))
    cold_minutes = _minutes(_("Cold ischaemia (minutes)"))
    fixation = forms.ChoiceField(label=_("Fixation, by SPREC"), choices=_choices([*FIXATIONS]), required=False)
    fixed_minutes = _minutes(_("Fixed for (minutes)"))
    storage = forms.ChoiceField(label=_("Storage, by SPREC"), choices=_storages, required=False)

    @staticmethod
    def shown(noted: Mapping[str, Any]) -> dict[str, Any]:
        """What the form begins with."""
        return dict(noted)

    def noted(self, _before: Mapping[str, Any]) -> dict[str, Any]:
        """The facts, as `preanalytics` keeps them; empty where one is noted no longer."""
        return dict(self.cleaned_data)


class FluidForm(forms.Form):
    """How a fluid was handled; times in the campus's own zone. SPREC knows two centrifugations."""

    spun = _time(_("Put into the centrifuge at"))
    waited = forms.ChoiceField(
        label=_("It waited until then"),
        choices=[*WAITED, (WARM, _("Warm, 35 to 38 °C"))],
        required=False,
        help_text=_("Until it was frozen, where it was not spun."),
    )
    spins = forms.ChoiceField(label=_("How often it was spun"), choices=SPINS, required=False)
    g = forms.IntegerField(label=_("Spun at (multiples of g)"), min_value=1, max_value=500_000, required=False)
    minutes = forms.IntegerField(label=_("for (minutes)"), min_value=1, max_value=600, required=False, initial=10)
    spun_cold = forms.ChoiceField(label=_("Centrifuge"), choices=WAITED[1:], required=False, initial=ROOM)
    brake = forms.ChoiceField(label=_("Brake"), choices=BRAKES, required=False, initial="yes")
    g2 = forms.IntegerField(
        label=_("The second time, at (multiples of g)"), min_value=1, max_value=500_000, required=False
    )
    minutes2 = forms.IntegerField(
        label=_("The second time, for (minutes)"), min_value=1, max_value=600, required=False, initial=10
    )
    spun_cold2 = forms.ChoiceField(
        label=_("The second time, centrifuge"), choices=WAITED[1:], required=False, initial=ROOM
    )
    brake2 = forms.ChoiceField(label=_("The second time, brake"), choices=BRAKES, required=False, initial="yes")
    spun_off = _time(_("Out of the centrifuge at"))
    kept = forms.ChoiceField(label=_("It waited after the centrifuge"), choices=WAITED, required=False)
    frozen = _time(_("Frozen at"))
    storage = forms.ChoiceField(label=_("Storage, by SPREC"), choices=_storages, required=False)
    fasting = forms.ChoiceField(
        label=_("The donor had fasted"),
        choices=[NOBODY, ("F", _("Yes")), ("NF", _("No"))],
        required=False,
    )

    @staticmethod
    def shown(noted: Mapping[str, Any]) -> dict[str, Any]:
        """What the form begins with."""
        spins = noted.get("spins")
        found = {
            "waited": WARM if noted.get("waited_warm") else _cold(noted.get("waited_cold")),
            "kept": _cold(noted.get("kept_cold")),
            "spins": "" if spins is None else str(min(len(spins), 2)),
            "storage": noted.get("storage", ""),
            "fasting": noted.get("fasting", ""),
            **{name: preanalytics.time_of(noted, name) for name in preanalytics.TIMES},
        }
        for number, spin in zip(("", "2"), spins or (), strict=False):
            g, cold, brake, minutes = spin
            found.update({f"g{number}": g, f"minutes{number}": minutes, f"spun_cold{number}": _cold(cold)})
            found[f"brake{number}"] = "yes" if brake else "no"
        return found

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        wanted = int(given.get("spins") or 0)
        for number in ("", "2")[:wanted]:
            for name in (f"g{number}", f"minutes{number}"):
                if given.get(name) is None and name not in self.errors:
                    self.add_error(name, gettext("Say this too, or that nobody noted how often it was spun."))
        return given

    def noted(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The facts, as `preanalytics` keeps them; empty where one is noted no longer. A time that is the same to the
        minute is the one that is there: the form has no seconds."""
        given = self.cleaned_data
        found: dict[str, Any] = {"storage": given["storage"], "fasting": given["fasting"]}
        for name in preanalytics.TIMES:
            at: datetime.datetime | None = given[name]
            was = preanalytics.time_of(before, name)
            same = at is not None and was is not None and at == was.replace(second=0, microsecond=0)
            found[name] = before[name] if same else at.isoformat() if at else ""
        waited = given["waited"]
        found["waited_warm"] = True if waited == WARM else None
        found["waited_cold"] = None if waited in ("", WARM) else waited == COLD
        found["kept_cold"] = None if not given["kept"] else given["kept"] == COLD
        found["spins"] = None
        if given["spins"]:
            found["spins"] = [
                [given[f"g{n}"], given[f"spun_cold{n}"] == COLD, given[f"brake{n}"] != "no", given[f"minutes{n}"]]
                for n in ("", "2")[: int(given["spins"])]
            ]
        return found


def _cold(is_cold: Any) -> str:
    return "" if is_cold is None else COLD if is_cold else ROOM


def form_of(one: Specimen, data: Any) -> FluidForm | SolidForm:
    """The form of a specimen's material, with what is noted already."""
    kind = SolidForm if preanalytics.is_solid(one.material) else FluidForm
    return kind(data, initial={name: value for name, value in kind.shown(one.preanalytics).items() if value != ""})
