"""What the pages of blinded panels show: codes with what was said of them, the key, and labels to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.biobank import labels, places
from wardbench.campus.biobank.labels import Label
from wardbench.campus.releases import blinding_queries
from wardbench.campus.releases.blinding_sheet import FAILED, HEADER
from wardbench.campus.releases.models import BlindedPanel, BlindedPlace
from wardbench.campus.releases.rules import LINE_STATUSES, LineStatus
from wardbench.campus.samples import words
from wardbench.core.miabis import MATERIALS


@dataclass(frozen=True)
class Coded:
    """A specimen by its code, for whoever measures: `state` of it in words, and whether something has to be said."""

    code: str
    state: str
    value: str
    waits: bool


@dataclass(frozen=True)
class Opened:
    """A specimen of an open panel; sex and age are empty where the permit does not name the table of persons."""

    code: str
    label: str
    hospital: str
    own: str
    apart: str
    days: int
    sex: str
    age: str


@dataclass(frozen=True)
class Keyed:
    """A specimen for the biobank: its code beside its label and where it is."""

    code: str
    label: str
    material: str
    place: str


def coded(of: BlindedPanel) -> list[Coded]:
    wanted = {one.id for one in blinding_queries.due(of)}
    return [
        Coded(
            one.line.code,
            _(LINE_STATUSES[LineStatus(one.line.status)]),
            _said(one) if one.id in wanted else "",
            one.id in wanted and one.measured is None and not one.failed,
        )
        for one in blinding_queries.places(of)
    ]


def _said(one: BlindedPlace) -> str:
    if one.failed:
        return _("failed")
    return _figure(one.measured)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def sheet(of: BlindedPanel) -> str:
    """The codes that have to be accounted for as CSV, with what was said so far."""
    lines = [f"{one.line.code},{FAILED if one.failed else _figure(one.measured)}" for one in blinding_queries.due(of)]
    return "\n".join([",".join(HEADER), *lines]) + "\n"


def opened(of: BlindedPanel, found: Sequence[BlindedPlace]) -> list[Opened]:
    persons = blinding_queries.tells_persons(of.request.study)
    return [_opened(one, persons) for one in found]


def _opened(one: BlindedPlace, persons: bool) -> Opened:
    tube = one.line.specimen
    donor, taken = tube.donor, timezone.localdate(tube.collected) if tube.collected else None
    assert one.value is not None, "who took their consent back is not here"
    sex = donor.sex.lower() if persons and donor is not None else ""
    age = taken.year - donor.birth_year if persons and taken and donor and donor.birth_year else None
    return Opened(
        one.line.code,
        tube.label,
        _figure(one.value),
        _said(one),
        "" if one.measured is None else f"{one.measured - one.value:.4g}",
        one.days,
        _(words.SEXES[sex]) if sex in words.SEXES else "",
        "" if age is None else str(age),
    )


def keyed(found: Sequence[BlindedPlace]) -> list[Keyed]:
    said = places.Words()
    return [
        Keyed(
            one.line.code,
            one.line.specimen.label,
            _(MATERIALS[one.line.specimen.material]),
            said.of(one.line.specimen.box, one.line.specimen.place),
        )
        for one in found
    ]


def printed(of: BlindedPanel, found: Sequence[BlindedPlace], *, drawn: bool = True) -> list[Label]:
    """A label for each: the code, and what tells whose it is but nothing of the specimen."""
    lines = (of.request.study.reference, of.request.reference)
    return [labels.saying(one.line.code, lines, drawn=drawn) for one in found]
