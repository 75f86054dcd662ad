"""What templates need beyond Django: sentences of verdicts, roles' names, numbers."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.conf import settings
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from wardbench.campus.people import figures, queries
from wardbench.campus.people.refusals import reason
from wardbench.campus.people.roles import LEADS, TITLES, Lead, Role
from wardbench.campus.people.rules import Verdict

register = template.Library()
register.filter("figure", figures.figure)
register.filter("day", figures.day)
register.filter("label", figures.label)
register.filter("degrees", figures.degrees)


@register.filter
def verdict(given: Verdict) -> str:
    """A verdict's reason in the reader's language."""
    return reason(given)


@register.filter
def role_title(role: str) -> str:
    """The name of a role in the reader's language."""
    return gettext(TITLES[Role(role)])


@register.filter
def lead_title(lead: str) -> str:
    """What somebody who leads a unit is called, in the reader's language."""
    return gettext(LEADS[Lead(lead)])


@register.filter
def translated(sentence: str) -> str:
    """A sentence of the catalogues in the reader's language."""
    return gettext(sentence) if sentence else ""


@register.filter
def styled(field: BoundField, style: str = "") -> SafeString:
    """A form's field as the design system draws it."""
    widget = field.field.widget
    kinds = ((forms.Select, "nhsuk-select"), (forms.Textarea, "nhsuk-textarea"), (forms.FileInput, "nhsuk-file-upload"))
    style = style or next((name for kind, name in kinds if isinstance(widget, kind)), "nhsuk-input")
    attributes: dict[str, str | bool] = {"class": f"{style} {widget.attrs.get('class', '')}".strip()}
    if field.errors:
        attributes["aria-describedby"] = f"{field.auto_id}_error"
    return field.as_widget(attrs=attributes)


@register.filter
def choices(field: BoundField) -> SafeString:
    """Radio buttons or checkboxes as the design system draws them."""
    # To Django, several checkboxes are a kind of radio buttons.
    several = isinstance(field.field.widget, forms.CheckboxSelectMultiple)
    block = "nhsuk-checkboxes" if several else "nhsuk-radios"
    field.field.widget.attrs["class"] = f"{block}__input"
    return render_to_string("web/forms/choices.html", {"block": block, "options": list(field.subwidgets)})


@register.simple_tag
def demonstration_people() -> list[tuple[str, list[Any]]]:
    """The people of a demonstration, by the title of their role."""
    return [(TITLES[role], held) for role, held in queries.by_role().items()] if settings.CAMPUS.demo else []


@register.simple_tag
def mail_is_sent() -> bool:
    """Whether this campus can send mail: a link to a new password, for instance."""
    return settings.CAMPUS.mail is not None
