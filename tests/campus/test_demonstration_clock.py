"""The demonstration's clock runs for its block alone, forwards, and never beyond now."""

from __future__ import annotations

import pytest
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast
from wardbench.campus.audit.models import Event
from wardbench.campus.demonstration.clock import beginning


def test_what_is_done_takes_the_days_that_pass(cast: Cast) -> None:
    true = timezone.now
    with beginning(5) as clock:
        first = things.donor("D1")
        clock.wait(days=2, hours=12)
        things.donor("D2")
        clock.wait(days=9)
        third = timezone.now()
    assert timezone.now is true and third <= true()
    began, middle = (one.at for one in Event.objects.filter(verb="biobank.add_donor").order_by("number"))
    assert 2.49 < (middle - began).total_seconds() / 86_400 < 2.51
    assert 4.9 < (third - began).total_seconds() / 86_400 < 5.1 and first.code == "D1"


def test_the_true_clock_comes_back_whatever_happens() -> None:
    true = timezone.now
    with pytest.raises(ZeroDivisionError), beginning(5):
        raise ZeroDivisionError
    assert timezone.now is true
