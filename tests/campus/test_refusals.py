"""Why something was refused, in the language of whoever reads it."""

from __future__ import annotations

import datetime

import pytest
from django.utils import translation

from wardbench.campus.people.refusals import reason
from wardbench.campus.people.rules import no


@pytest.mark.parametrize(
    ("language", "said"), [("en", "2 November 2028"), ("nl", "2 november 2028"), ("fr", "2 novembre 2028")]
)
def test_a_day_is_said_as_the_reader_s_language_says_it(language: str, said: str) -> None:
    with translation.override(language):
        assert said in reason(no("The permit ended on {day}.", day=datetime.date(2028, 11, 2)))
