"""How the builder's forms stand on the page: in lines, with ids of their part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from wardbench.campus.cohorts.sentences import DOMAIN_TITLES
from wardbench.ward.cohorts.editing import CODED, DOMAINS, NUMBERS

register = template.Library()


@dataclass(frozen=True)
class Line:
    """Fields that are read together. `domains` are the kinds of events that have them, empty for every kind."""

    fields: list[BoundField]
    domains: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.fields[0].name

    @property
    def classes(self) -> str:
        """Classes by which a style sheet shows the line for the kinds of events that have it."""
        return " ".join(["app-on", *(f"app-on-{domain}" for domain in self.domains)]) if self.domains else ""


LINES = (
    ("name",),
    ("about",),
    ("how", "count", "domain", "concept_set"),
    ("value_op", "value", "value_to"),
    ("unit",),
    ("value_as",),
    ("from_side", "from_days", "to_side", "to_days"),
    ("sex",),
    ("limit",),
    ("prior", "post"),
    ("kind", "days"),
    ("drug", "gap"),
    ("first_day", "last_day"),
)
MORE = (
    ("first", "same_visit", "outside_observation"),
    ("age_op", "age", "age_to"),
    ("began_op", "began", "began_to"),
    *((f"{name}_op", name, f"{name}_to") for name in NUMBERS if name not in ("value", "age")),
    ("visit_type",),
    ("distinct",),
    ("of", "anchor"),
    ("second", "second_from_side", "second_from_days", "second_to_side", "second_to_days", "second_anchor"),
)
"""What few conditions ask: shown when somebody wants more, or when it is asked."""
_DOMAINS = {**NUMBERS, **CODED}


@register.filter
def lines(form: forms.Form) -> list[Line]:
    """The fields of a form in the lines in which they are read."""
    plain = (*LINES, ("age_op", "age", "age_to")) if "sex" in form.fields else LINES
    return _lines(form, plain)


@register.filter
def more_lines(form: forms.Form) -> list[Line]:
    """The lines of what an event may be asked beyond the usual."""
    return _lines(form, MORE) if "domain" in form.fields else []


@register.filter
def asks_more(form: forms.Form) -> bool:
    """Whether a form asks anything beyond the usual: then that is shown at once."""
    said: tuple[Any, ...] = ("", "start", None, False, [])
    names = [field.name for line in more_lines(form) for field in line.fields]
    return any(form[name].errors or form[name].value() not in said for name in names if not name.startswith("second_"))


def _lines(form: forms.Form, wanted: Iterable[Sequence[str]]) -> list[Line]:
    found = []
    for names in wanted:
        fields = [form[name] for name in names if name in form.fields]
        if fields:
            of = _DOMAINS.get(names[0].removesuffix("_op"), ()) if "domain" in form.fields else ()
            every = set(DOMAINS) <= set(of)
            found.append(Line(fields, () if every else tuple(of)))
    return found


@register.filter
def role(field: BoundField) -> str:
    """What a field is for in its line: `number` and `extent` of a comparison, else its name."""
    name = field.name
    if f"{name}_op" in field.form.fields:
        return "number"
    if name.endswith("_to") and f"{name.removesuffix('_to')}_op" in field.form.fields:
        return "extent"
    return name


@register.filter
def is_choice_of_many(field: BoundField) -> bool:
    return isinstance(field.field.widget, forms.CheckboxSelectMultiple)


@register.filter
def at(field: BoundField, part: str) -> SafeString:
    """A field with an id of its part, so that two forms can be open at once."""
    attributes: dict[str, Any] = {"id": f"{part}-{field.html_name}", "data-f": field.name}
    widget = field.field.widget
    if not isinstance(widget, forms.CheckboxInput | forms.CheckboxSelectMultiple):
        kind = (
            "select"
            if isinstance(widget, forms.Select)
            else "textarea"
            if isinstance(widget, forms.Textarea)
            else "input"
        )
        attributes["class"] = f"nhsuk-{kind}"
    if isinstance(widget, forms.NumberInput):
        attributes["step"] = "any" if isinstance(field.field, forms.FloatField) else "1"
    return field.as_widget(attrs=attributes)


@register.filter
def part_address(part: str) -> str:
    """What a form of `part` does: `rule-3` is `rule:3`, `course` itself."""
    return part.replace("-", ":", 1)


@register.filter
def form_at(board: Any, part: str) -> Any:
    """What is shown as the form of `part`, if it is open."""
    return board.form_at(part)


@register.filter
def of_part(were: Any, part: str) -> str:
    """What `part` was called, as far as that is known."""
    return str(were.get(part, "")) if were else ""


@register.filter
def kind_of(part: str) -> str:
    """`entry` of `entry-3`."""
    return part.partition("-")[0]


@register.filter
def number_of(part: str) -> str:
    """`3` of `entry-3`."""
    return part.partition("-")[2]


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
