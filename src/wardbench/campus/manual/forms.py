"""The page of everything that can be sent in: each field with its rule, what has to fit together, and every limit."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.recovery_codes import forms as codes
from allauth.mfa.totp import forms as totp
from django import forms
from django.contrib.auth.password_validation import get_default_password_validators
from django.utils import translation

import wardbench.campus
from wardbench.campus.access import sheet as care
from wardbench.campus.api import shapes
from wardbench.campus.biobank.collection_forms import AnswersForm
from wardbench.campus.biobank.models import ConsentForm
from wardbench.campus.cohorts.condition_forms import CriterionForm, EntryForm, PersonForm
from wardbench.campus.manual import limits
from wardbench.campus.manual.sentences import Refusal, of_form, raised, read_besides
from wardbench.campus.people import sheet as people
from wardbench.campus.people.importing import LONGEST
from wardbench.core.consent import Tier
from wardbench.ward.cohorts.editing import Event

SIGNING_IN: tuple[type[forms.Form], ...] = (
    account.LoginForm,
    account.ResetPasswordForm,
    account.ResetPasswordKeyForm,
    account.ChangePasswordForm,
    account.ReauthenticateForm,
    mfa.AuthenticateForm,
    mfa.ReauthenticateForm,
    totp.ActivateTOTPForm,
    totp.DeactivateTOTPForm,
    codes.GenerateRecoveryCodesForm,
)
"""The forms of allauth that a campus shows."""

_EVENT: Mapping[str, Any] = {"event": Event("condition", None), "sets": {}, "codes": {}}
WITH_MORE: Mapping[type[forms.Form], Callable[[], forms.Form]] = {
    EntryForm: lambda: EntryForm(**_EVENT),
    CriterionForm: lambda: CriterionForm(**_EVENT),
    PersonForm: lambda: PersonForm(),
    AnswersForm: lambda: AnswersForm(form=ConsentForm(tiers=[tier.value for tier in Tier])),
    account.LoginForm: lambda: account.LoginForm(),
}
"""Forms that get fields of their own when they are made, and how one is made."""
ABSTRACT = {"ChosenForm", "ConditionForm", "EventForm"}
"""Forms of which no page has one; those that are made from them stand here."""
TOGETHER = ("clean", "shape", "shape_of", "_bound", "compared")
"""Methods of a form that look at several fields."""
MOST_CHOICES = 16
"""Choices that are named; longer lists are of the campus's own things."""

HEAD = """# What can be sent in

Every form, every call of a program and every file that the campus takes: what each field may be, what has to fit
together, and how often or how much. This page is written from the forms and limits themselves when the manual is built,
and a test fails where the two differ. What a form refuses is said beside its field, in the reader's language; a program
gets the same sentence. Other fields of a form are not read, those of a program are refused, also in
its address after the question mark.

A text with a null character is refused; any other is shown as text everywhere. A day is written `YYYY-MM-DD`. A choice
is one of those that the page offers to whoever asks, and anything else is refused.
"""
BESIDES = """
## What pages read besides

Pages, filters and buttons of no form. A search finds nothing by a text that it does not know, and anything else that is
none of what is meant has the default's effect or is refused.

| page | fields |
| --- | --- |
"""
FILES = """
Documents and definitions of cohorts stand in
[How the campus is kept safe](../explanation/security.md#what-may-be-sent-in); what a definition may say, in the manual
of cohorts.
"""
TOGETHER_HEAD = """
## What has to fit together

Beyond its form, every verb refuses what does not fit with what the campus knows, whoever sends it: a page, a program or
the command line. The sentence says what is wrong; words in braces are filled in.

| where it is looked at | what is said |
| --- | --- |
"""
SIGNING_IN_HEAD = """
## Signing in

An e-mail address or password that is wrong, and an account that is closed, get the same answer. A new password is held
to these rules:

"""


def page() -> str:
    """The whole page, in Markdown."""
    with translation.override("en"):
        return "".join(_parts()).rstrip("\n") + "\n"


def every_form() -> list[type[forms.Form]]:
    """Each class of forms of the campus of which a page has one, by module and name."""
    for module in pkgutil.walk_packages(wardbench.campus.__path__, "wardbench.campus."):
        if module.name.rpartition(".")[2].endswith(("forms", "views")):
            importlib.import_module(module.name)
    found, waiting = set(), list(forms.Form.__subclasses__())
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.startswith("wardbench.") and one.__name__ not in ABSTRACT and "FormSet" not in one.__name__:
            found.add(one)
    return sorted(found, key=lambda one: (one.__module__, one.__qualname__))


def every_shape() -> list[type[shapes.Shape]]:
    """What programs send, by name."""
    found = list(shapes.Shape.__subclasses__())
    for one in found:
        found += one.__subclasses__()
    named = {one for one in found if one.__name__.endswith("In") and one is not shapes.AskIn}
    return sorted(named, key=lambda one: one.__name__)


def _parts() -> Iterator[str]:
    yield HEAD
    yield "\n## Forms\n"
    for form in every_form():
        module = form.__module__.removeprefix("wardbench.campus.")
        yield f"\n### {module}.{form.__name__}\n\n"
        yield from _fields(WITH_MORE[form]().fields if form in WITH_MORE else form.base_fields)
        yield from _together(form)
    yield BESIDES
    yield from (f"| `{where}` | {_names(names)} |\n" for where, names in read_besides())
    yield SIGNING_IN_HEAD
    yield from (f"- {one.get_help_text()}\n" for one in get_default_password_validators())
    for form in SIGNING_IN:
        if fields := WITH_MORE[form]().fields if form in WITH_MORE else form.base_fields:
            yield f"\n### allauth.{form.__name__}\n\n"
            yield from _fields(fields)
    yield "\n## Programs\n\nA field that is not named here is refused.\n"
    for shape in every_shape():
        yield f"\n### {shape.__name__}\n\n| field | needed | what it may be |\n| --- | --- | --- |\n"
        described = shape.model_json_schema()
        for name, told in described["properties"].items():
            yield f"| `{name}` | {_yes(name in described.get('required', ()))} | {_of_program(told)} |\n"
    yield "\n## Files\n\n| file | columns | at most |\n| --- | --- | --- |\n"
    longest = ", ".join(f"`{name}` {length}" for name, length in LONGEST.items())
    columns = _names(name for name in people.HEADERS if name != "reasons")
    most = f"{people.MOST_ROWS:,} rows; characters: {longest}"
    yield f"| people, CSV | {columns}; needed: {_names(people.NEEDED)} | {most} |\n"
    yield f"| which team treats whom, CSV | {_names(care.COLUMNS)} | {care.MOST:,} rows |\n"
    yield FILES
    yield TOGETHER_HEAD
    yield from (f"| `{one.where}` | {_cell(one.sentence)} |\n" for one in dict.fromkeys(raised("InputError")))
    yield from limits.table()


def fields_of(form: type[forms.Form]) -> Mapping[str, forms.Field]:
    """The fields of a form, by name: those of its class, and those that it gets when it is made."""
    if form in WITH_MORE:
        return WITH_MORE[form]().fields
    return dict(form.base_fields)


def _fields(fields: Mapping[str, forms.Field]) -> Iterator[str]:
    yield "| field | label | needed | what it may be |\n| --- | --- | --- | --- |\n"
    for name, field in fields.items():
        label = str(field.label or name.replace("_", " "))
        yield f"| `{name}` | {_cell(label)} | {_yes(field.required)} | {_cell(rule(field))} |\n"


def rule(field: forms.Field) -> str:
    """What a field takes, in words."""
    told = [_kind(field)]
    for validator in field.validators:
        if getattr(validator, "__module__", "").startswith("wardbench."):
            said = (validator.__doc__ or "").removeprefix("A validator: ").strip()
            assert said, f"{validator}: its docstring says what it refuses, for the manual"
            told.append(said.rstrip("."))
    return "; ".join(told)


def _kind(field: forms.Field) -> str:
    match field:
        case forms.MultipleChoiceField():
            return f"any of {_choices(field)}"
        case forms.NullBooleanField():
            return "yes, no or not known"
        case forms.ChoiceField():
            return f"one of {_choices(field)}"
        case forms.BooleanField():
            return "yes or no"
        case forms.FileField():
            return "a file"
        case forms.DateField():
            return "a day"
        case forms.DateTimeField():
            return "a day and a time"
        case forms.DecimalField():
            return f"a number{_between(field)}"
        case forms.FloatField():
            return f"a number{_between(field)}"
        case forms.IntegerField():
            return f"a whole number{_between(field)}"
        case forms.EmailField():
            return f"an e-mail address of at most {field.max_length} characters"
        case forms.CharField():
            return f"text{_characters(field.min_length, field.max_length)}"
    raise AssertionError(f"{type(field).__name__}: say here what such a field takes")


def _characters(least: int | None, most: int | None) -> str:
    parts = ([f"at least {least}"] if least else []) + ([f"at most {most:,}"] if most else [])
    return f" of {' and '.join(parts)} characters" if parts else ""


def _between(field: Any) -> str:
    least, most = field.min_value, field.max_value
    if least is None and most is None:
        return ""
    return f" of {least:,} or more" if most is None else f" from {least or 0:,} to {most:,}"


def _choices(field: forms.ChoiceField) -> str:
    listed: Iterable[Any] = field.choices  # type: ignore[assignment]
    offered = [str(value) for value, _title in listed if not isinstance(value, list | tuple) and str(value)]
    if not offered or len(offered) > MOST_CHOICES:
        return "those that the page offers"
    return _names(offered)


def _together(form: type[forms.Form]) -> Iterator[str]:
    """What a form refuses of fields that do not fit together, or of one beyond its own rule."""
    methods = [*(name for name in dir(form) if name.startswith("clean_")), *TOGETHER]
    said = [one for method in methods for one in of_form(form, method)]
    lines = dict.fromkeys(f"- {_about(one)}{one.sentence}\n" for one in said)
    if lines:
        yield "\nRefused besides, with these words:\n\n"
        yield from lines


def _about(one: Refusal) -> str:
    field = one.field or (one.where.removeprefix("clean_") if one.where.startswith("clean_") else "")
    return f"`{field}`: " if field else ""


PROGRAMS = {
    "string": "text",
    "integer": "a whole number",
    "object": "an object",
    "array": "a list",
    "boolean": "true or false",
}


def _of_program(told: Mapping[str, Any]) -> str:
    said = PROGRAMS[told["type"]]
    if told["type"] == "string":
        said += _characters(told.get("minLength"), told.get("maxLength"))
    if "maxItems" in told:
        said += f" of at most {told['maxItems']}"
    return said + (f"; `{told['default']}` where it is left out" if told.get("default") else "")


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _yes(needed: bool) -> str:
    return "yes" if needed else ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
