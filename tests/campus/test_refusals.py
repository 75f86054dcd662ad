"""Why something was refused, in the language of whoever reads it."""

from __future__ import annotations

import datetime

import pytest
from django import forms
from django.utils import translation

from wardbench.campus.people.refusals import reason, refusal, say_on, told_in
from wardbench.campus.people.rules import no
from wardbench.core.errors import InputError


@pytest.mark.parametrize(
    ("language", "said"), [("en", "2 November 2028"), ("nl", "2 november 2028"), ("fr", "2 novembre 2028")]
)
def test_a_day_is_said_as_the_reader_s_language_says_it(language: str, said: str) -> None:
    with translation.override(language):
        assert said in reason(no("The permit ended on {day}.", day=datetime.date(2028, 11, 2)))


EMPTY = InputError("{name} is empty.", about="file", name="a.pdf")


class FileForm(forms.Form):
    file = forms.CharField(required=False)


class OtherForm(forms.Form):
    text = forms.CharField(required=False)


@pytest.mark.parametrize(
    ("language", "before", "said"),
    [
        ("en", "file: ", "a.pdf is empty."),
        ("nl", "file: ", "a.pdf is leeg."),
        ("fr", "file\xa0: ", "a.pdf est vide."),
    ],
)
def test_a_field_is_named_where_no_form_does(language: str, before: str, said: str) -> None:
    with translation.override(language):
        assert str(EMPTY) == "file: a.pdf is empty." and refusal(EMPTY) == before + said
        own, other = FileForm({}), OtherForm({})
        say_on(own, EMPTY)
        say_on(other, EMPTY)
        assert own.errors == {"file": [said]} and other.errors == {"__all__": [before + said]}
        with told_in(form := FileForm({})):
            raise EMPTY
        assert form.errors == {"file": [said]}
