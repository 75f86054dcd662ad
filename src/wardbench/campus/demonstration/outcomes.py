"""What the physicians of the demonstration ask about patients like theirs. The answers come once it is served."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from wardbench.bench.outcomes.pico import Picked, Pico, Profile
from wardbench.campus.outcomes import services
from wardbench.campus.outcomes.rules import Basis
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import actor_of
from wardbench.campus.questions import concepts


def make_inquiries(people: Mapping[str, Person]) -> None:
    """Two questions on the twin, and one about the hospital's own patients that waits for the data steward. One whose
    concepts a very small campus lacks is left out."""
    failing, diabetes = picked("Heart failure", "condition"), picked("Type 2 diabetes", "condition")
    carvedilol, bisoprolol = picked("carvedilol", "drug"), picked("bisoprolol", "drug")
    for key, basis, asked in (
        (
            "physician",
            Basis.SANDBOX,
            _asked("Carvedilol or bisoprolol in heart failure", failing, carvedilol, bisoprolol),
        ),
        ("physician", Basis.REVIEWED, _asked("Heart failure from the diagnosis on", failing)),
        ("diabetologist", Basis.SANDBOX, _asked("Type 2 diabetes from the diagnosis on", diabetes)),
    ):
        if asked is not None:
            purpose = "What to tell patients at the first visit." if basis is Basis.REVIEWED else ""
            slots = {
                "conditions": asked.profile.conditions, "intervention": asked.intervention,
                "comparison": asked.comparison,
            }  # fmt: skip
            said = {
                "name": asked.name, "days": str(asked.days), "washout_days": asked.washout_days, "basis": basis.value,
                "estimand": asked.estimand, "adjustment": asked.adjustment, "with_day_zero": asked.with_day_zero,
                "slots": {slot: [msgspec.to_builtins(one) for one in of] for slot, of in slots.items()},
            }  # fmt: skip
            services.ask(asked, said, basis, by=actor_of(people[key]), purpose=purpose)


def _asked(
    name: str, condition: Picked | None, intervention: Picked | None = None, comparison: Picked | None = None
) -> Pico | None:
    if condition is None or (intervention is None) != (comparison is None):
        return None
    return Pico(
        name,
        profile=Profile((condition,)),
        intervention=(intervention,) if intervention else (),
        comparison=(comparison,) if comparison else (),
        washout_days=0,
        with_day_zero=True,
    )


def picked(name: str, domain: str) -> Picked | None:
    found = [one for one in concepts.find_concepts(name, 1) if one.name.lower() == name.lower()]
    if not found:
        return None
    (one,) = found
    return Picked(one.id, one.name, domain, one.code, one.vocabulary, one.id < concepts.CUSTOM)
