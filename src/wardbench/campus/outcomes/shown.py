"""What a page says of what was asked of the hospital as a benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wardbench.campus.outcomes.rules import Kind

Fact = tuple[str, str]
UNITS = {"care_site": gettext_lazy("Sites of care"), "provider": gettext_lazy("People who treat")}
ADJUSTMENTS = {
    "case-mix": gettext_lazy("By age, sex and the diagnoses of the year before"),
    "age-sex": gettext_lazy("By age and sex"),
    "none": gettext_lazy("Not at all"),
}
DISPERSIONS = {
    "cqc": gettext_lazy(
        "As the Care Quality Commission: root of ratios, the outermost tenth of units at either end drawn in"
    ),
    "shmi": gettext_lazy(
        "As the Summary Hospital-level Mortality Indicator: logarithm of ratios, the outermost tenth at either end left"
        " out"
    ),
}


def facts(kind: Kind, spec: Mapping[str, Any]) -> list[Fact]:
    """Titles and what stands beside them; none for a question about outcomes, whose page says its own."""
    return [fact for fact in SHOWN[kind](spec) if fact[1]] if kind in SHOWN else []


def _intervals(spec: Mapping[str, Any]) -> Iterator[Fact]:
    yield _("Analyte"), spec["analyte"]
    yield _("Unit"), spec["unit"]
    titles = {"sex": _("Sex"), "age": _("Age"), "device": _("Device that measured")}
    yield _("Apart for each"), ", ".join(titles[group] for group in spec["by"])
    if "age" in spec["by"]:
        yield _("Bands of age begin at"), ", ".join(map(str, spec.get("ages", ())))
    healthy = spec.get("healthy")
    yield _("Healthy persons"), healthy["name"] if healthy else ""


def _assay(spec: Mapping[str, Any]) -> Iterator[Fact]:
    yield _("Analyte"), spec["analyte"]
    yield _("Unit"), spec["unit"]
    yield (
        _("Values"),
        ngettext("{n} value of {file}", "{n} values of {file}", spec["many"]).format(n=spec["many"], file=spec["name"]),
    )
    yield _("Kept"), _("The values until the question ends, for nobody to see; then only their number and hash")
    yield _("Bands of age begin at"), ", ".join(map(str, spec["ages"]))


def _table1(spec: Mapping[str, Any]) -> Iterator[Fact]:
    yield _("The hospital's patients"), spec["hospital"]["name"]
    yield _("The study"), spec["study"]["name"] if spec["study"] else spec["name"]


def _rates(spec: Mapping[str, Any]) -> Iterator[Fact]:
    for title, side in ((_("The study"), spec["study"]), (_("The standard"), spec["standard"])):
        yield title, side["name"]
    yield from _followed(spec)
    yield _("Bands of age begin at"), ", ".join(map(str, spec["ages"]))


def _funnel(spec: Mapping[str, Any]) -> Iterator[Fact]:
    yield _("Patients of a cohort"), spec["cohort"]["name"]
    yield _("Units"), str(UNITS[spec["by"]])
    yield _("Adjusted"), str(ADJUSTMENTS[spec["adjust"]])
    yield _("What units vary beyond chance"), str(DISPERSIONS[spec["dispersion"]]) if "dispersion" in spec else ""
    yield from _followed(spec)


def _followed(spec: Mapping[str, Any]) -> Iterator[Fact]:
    yield _("What happened"), spec["outcome"]["name"] if spec["outcome"] else _("Death")
    yield _("Followed for"), ngettext("{n} day", "{n} days", spec["within"]).format(n=spec["within"])


SHOWN: Mapping[Kind, Callable[[Mapping[str, Any]], Iterator[Fact]]] = {
    Kind.INTERVALS: _intervals,
    Kind.ASSAY: _assay,
    Kind.TABLE1: _table1,
    Kind.RATES: _rates,
    Kind.FUNNEL: _funnel,
}
