"""What the researchers of the demonstration hold against the hospital. The answers come once it is served."""

from __future__ import annotations

import random
from collections.abc import Mapping

from wardbench.bench.outcomes.pico import Pico, Profile, protocol_of
from wardbench.campus.cohorts import finding
from wardbench.campus.demonstration.outcomes import picked
from wardbench.campus.outcomes import services, specs
from wardbench.campus.outcomes.given import sent
from wardbench.campus.outcomes.rules import Basis, Kind
from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import actor_of
from wardbench.core.errors import NotFoundError

DAYS = 1825
BANDS = (60, 75)


def make_yardsticks(people: Mapping[str, Person]) -> None:
    """Questions on the twin about an analyte, a study and units, and one about the hospital's own patients that waits
    for the data steward. What a very small campus cannot be asked is left out."""
    by = actor_of(people["researcher"])
    try:
        measured = finding.concepts().find("Haemoglobin", domain="measurement", limit=1)
    except NotFoundError:
        return
    for one in measured:
        code = f"{one.vocabulary}:{one.code}"
        name = f"Reference intervals of {one.name}"
        services.hold_against(Kind.INTERVALS, name, specs.intervals(code, "", ["sex"]), {}, Basis.SANDBOX, by=by)
        spec = specs.assay(code, "g/dL", sent("new-analyser.csv", _values()), (18, 40, 60))
        services.hold_against(Kind.ASSAY, f"The new analyser's {one.name}", spec, {}, Basis.SANDBOX, by=by)
        services.hold_against(
            Kind.ASSAY, f"The new analyser's {one.name}, beside our own patients", spec, {}, Basis.REVIEWED, by=by,
            purpose="The new analyser replaces the old one in March; does it read as our laboratory does?",
        )  # fmt: skip
    failing = picked("Heart failure", "condition")
    if failing is None:
        return
    target = protocol_of(Pico("Heart failure", profile=Profile((failing,)), washout_days=0)).target
    assert isinstance(target, dict), "a question's own cohort stands in its protocol"
    cohort = {"name": "Heart failure", "expression": target["expression"]}
    counts = "sex,age,events,population\nf,60,14,210\nf,75,41,260\nm,60,19,240\nm,75,38,220\n"
    asked = (
        (Kind.RATES, "Deaths in the registry against heart failure here",
         specs.rates(sent("registry.csv", counts), cohort, None, DAYS, BANDS)),
        (Kind.FUNNEL, "Deaths after heart failure, by who treats",
         specs.funnel(cohort, "provider", None, DAYS, "age-sex")),
    )  # fmt: skip
    for kind, name, spec in asked:
        services.hold_against(kind, name, spec, {}, Basis.SANDBOX, by=by)


def _values() -> str:
    drawn = random.Random(7)
    lines = (
        f"{drawn.gauss(13.3 if sex == 'f' else 14.8, 1.2):.1f},{sex},{drawn.randint(20, 85)}"
        for sex in ("f", "m")
        for _each in range(40)
    )
    return "\n".join(("value,sex,age", *lines)) + "\n"
