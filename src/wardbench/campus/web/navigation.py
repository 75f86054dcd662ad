"""The way around: what stands in the menu, for whom. What is not done is not in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from wardbench.campus.biobank.rules import may_collect, may_see_inventory
from wardbench.campus.outcomes.rules import may_ask_any
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Verdict, is_signed_in, may_search_record, may_see_person, may_treat
from wardbench.campus.questions.rules import may_see_questions
from wardbench.campus.samples.rules import may_browse
from wardbench.campus.studies.rules import may_see_studies


@dataclass(frozen=True)
class Item:
    title: str
    address: str
    rule: Callable[[Actor], Verdict] = is_signed_in


ITEMS = (
    Item(gettext_noop("Home"), "home"),
    Item(gettext_noop("Questions"), "questions", may_see_questions),
    Item(gettext_noop("Studies"), "studies", may_see_studies),
    Item(gettext_noop("Cohorts"), "cohorts"),
    Item(gettext_noop("Patients"), "patient_timeline", may_treat),
    Item(gettext_noop("Outcomes"), "inquiries", may_ask_any),
    Item(gettext_noop("Benchmark"), "benchmark", may_ask_any),
    Item(gettext_noop("Samples"), "samples", may_browse),
    Item(gettext_noop("Visits"), "visits", may_collect),
    Item(gettext_noop("Biobank"), "biobank", may_see_inventory),
    Item(gettext_noop("People"), "people", lambda actor: may_see_person(actor, "")),
    Item(gettext_noop("Record"), "record", may_search_record),
)


def items_for(actor: Actor, path: str) -> list[dict[str, object]]:
    """The items that `actor` may open, and which one `path` is in."""
    shown = [(item.title, reverse(item.address)) for item in ITEMS if item.rule(actor)]
    home = reverse("home")
    within = [address for _title, address in shown if path == address or (address != home and path.startswith(address))]
    current = max(within, key=len, default=None)
    return [{"title": title, "address": address, "current": address == current} for title, address in shown]
