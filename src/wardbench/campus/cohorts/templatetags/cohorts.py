"""How the builder's forms stand on the page: in lines, with ids of their part."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.forms import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from wardbench.campus.cohorts.sentences import DOMAIN_TITLES

register = template.Library()

LINES = (
    ("name",),
    ("how", "count", "domain", "concept_set"),
    ("value_op", "value", "value_to"),
    ("from_side", "from_days", "to_side", "to_days"),
    ("sex",),
    ("age_op", "age", "age_to"),
    ("first", "same_visit", "outside_observation"),
    ("limit",),
    ("prior", "post"),
    ("kind", "days"),
)


@register.filter
def groups(form: forms.Form) -> list[list[BoundField]]:
    """The fields of a form in the lines in which they are read."""
    found = [[form[name] for name in line if name in form.fields] for line in LINES]
    return [line for line in found if line]


@register.filter
def at(field: BoundField, part: str) -> SafeString:
    """A field with an id of its part, so that two forms can be open at once."""
    attributes: dict[str, Any] = {"id": f"{part}-{field.html_name}"}
    if not isinstance(field.field.widget, forms.CheckboxInput):
        attributes["class"] = "nhsuk-select" if isinstance(field.field.widget, forms.Select) else "nhsuk-input"
    if isinstance(field.field.widget, forms.NumberInput):
        attributes["step"] = "any" if isinstance(field.field, forms.FloatField) else "1"
    return field.as_widget(attrs=attributes)


@register.filter
def part_address(part: str) -> str:
    """What a form of `part` does: `rule-3` is `rule:3`."""
    return part.replace("-", ":", 1)


@register.filter
def domain_title(domain: str) -> str:
    return str(DOMAIN_TITLES.get(domain, domain))


LANE_TITLES = {
    "visits": gettext_lazy("visits"),
    "diagnoses": gettext_lazy("diagnoses"),
    "drugs": gettext_lazy("drugs"),
    "procedures": gettext_lazy("procedures"),
    "measurements": gettext_lazy("measurements"),
    "observations": gettext_lazy("observations"),
    "devices": gettext_lazy("devices"),
    "samples": gettext_lazy("samples"),
    "death": gettext_lazy("death"),
}


@register.filter
def lane_title(lane: str) -> str:
    return str(LANE_TITLES.get(lane, lane))
