"""The cohorts of the demonstration: diabetes and the kidneys in two versions, whoever had creatinine measured, and two
of the synthetic campus's own."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from wardbench.campus.access.services import give_relation
from wardbench.campus.cohorts import builder, queries, services
from wardbench.campus.cohorts.finding import concepts
from wardbench.campus.cohorts.models import Cohort
from wardbench.campus.cohorts.services import Shown
from wardbench.campus.counting import feasibility, sessions
from wardbench.campus.counting.projects import projects_of
from wardbench.campus.counting.rules import Mode
from wardbench.campus.people.models import Person, Unit
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.questions import services as asking
from wardbench.campus.questions.models import Question
from wardbench.cohorts import EditingSession
from wardbench.core.errors import NotFoundError
from wardbench.synthetic import definitions
from wardbench.ward.cohorts import editing
from wardbench.ward.cohorts.editing import (
    Bound,
    ConceptItems,
    Criterion,
    Entry,
    Event,
    Number,
    Rule,
    Window,
    Working,
)

GIVEN: Sequence[tuple[str, str, str, str]] = (
    ("metformin", "new-metformin", "physician", "Type 2 diabetes, new on metformin"),
    ("colon", "colon-cancer-with-specimen", "oncologist", "Colon cancer, operated, with a sample"),
)
"""Cohorts from the definitions that come with the synthetic campus: key, definition, owner, name."""

TREATED = 12
ANALYTE = "Creatinine in serum or plasma"


def make_cohorts(people: Mapping[str, Person]) -> dict[str, Cohort]:
    """The cohorts by a key of their own; "kidneys" is the one that the demonstration's study takes up.

    A cohort whose concepts a very small campus lacks is left out.
    """
    who = {key: actor_of(person) for key, person in people.items()}
    made = {}
    with contextlib.suppress(NotFoundError):
        made["kidneys"] = _kidneys(who, people)
    with contextlib.suppress(NotFoundError):
        made["creatinine"] = _measured(who["researcher2"])
    for key, name, owner, title in GIVEN:
        with contextlib.suppress(NotFoundError):
            made[key] = _given(name, title, who[owner])
    if "metformin" in made:
        _treat(made["metformin"], people["physician"])
    return made


def _treat(cohort: Cohort, physician: Person) -> None:
    """Let some of the hospital's patients be those of the physician's team, so that their timelines can be seen."""
    version, unit = queries.latest(cohort), _unit_of(physician)
    with contextlib.suppress(NotFoundError):
        snapshot = sessions.snapshot("store")
        if version is not None and unit is not None:
            patients, _days = EditingSession(snapshot, disk=0).members(queries.definition_of(version))
            for patient in patients[:TREATED]:
                give_relation(int(patient), unit, by=SYSTEM)


def put_behind_questions(
    made: Mapping[str, Cohort], questions: Mapping[str, Question], people: Mapping[str, Person]
) -> None:
    """Let the question about the kidneys say by its cohort which patients it is about, and about how many."""
    version = queries.latest(made["kidneys"]) if "kidneys" in made else None
    if version is not None:
        by = actor_of(people["researcher"])
        told = feasibility.estimate(queries.definition_of(version), by=by, projects=projects_of(made["kidneys"].id))
        counted = asking.Counted(told.figure.text, told.figure.value, told.snapshot_version)
        asking.put_cohort(questions["kidneys"], version.id, by=by, counted=counted)


def _kidneys(who: Mapping[str, Actor], people: Mapping[str, Person]) -> Cohort:
    by = who["researcher"]
    work = editing.new_definition()
    work, diabetes = _concepts(work, "Type 2 diabetes", "condition")
    work, hba1c = _concepts(work, "HbA1c in blood", "measurement")
    work, kidneys = _concepts(work, "Chronic kidney disease", "condition")
    work = editing.add_entry(work, Entry(Event("condition", diabetes, source=True, first=True)))
    work = editing.add_rule(work, Rule.asking("20 years or older", editing.Person(Number("gte", 20))))
    work = editing.add_rule(
        work,
        Rule.asking(
            "HbA1c of 8 % or less in the year after",
            Criterion(
                "at_least",
                1,
                Event("measurement", hba1c, source=True, numbers={"value": Number("lte", 8)}),
                Window(Bound(0, -1), Bound(365, 1)),
            ),
        ),
    )
    work = editing.add_rule(
        work,
        Rule.asking(
            "Kidney disease later",
            Criterion("at_least", 1, Event("condition", kidneys, source=True), Window(Bound(1, 1), Bound(None, 1))),
        ),
    )
    cohort = services.make_cohort(
        "Type 2 diabetes under control, and still the kidneys fail",
        by=by,
        about="Patients behind the question of the endocrinologists: kidney disease despite a good HbA1c.",
        expression=work.expression,
    )
    services.share(cohort.id, by=by, unit=_unit_of(people["physician"]), may_edit=True)
    services.share(cohort.id, by=by)
    _save(cohort, by, "From the question")
    ever = Window(Bound(None, -1), Bound(None, 1))
    sample = Rule.asking("A sample in the biobank", Criterion("at_least", 1, Event("specimen", None), ever))
    desk = queries.desk(cohort, by)
    changed = editing.add_rule(desk.working, sample)
    services.change_draft(cohort.id, changed, desk.revision, by=by, change="add-rule")
    _save(cohort, by, "Only those whose samples can be asked for")
    return cohort


def _measured(by: Actor) -> Cohort:
    work, analyte = _concepts(editing.new_definition(), ANALYTE, "measurement")
    work = editing.add_entry(work, Entry(Event("measurement", analyte, source=True, first=True)))
    cohort = services.make_cohort("Creatinine was measured", by=by, expression=work.expression)
    services.share(cohort.id, by=by)
    _save(cohort, by, "First version")
    return cohort


def _given(name: str, title: str, by: Actor) -> Cohort:
    with sessions.snapshot("twin").connect() as con:
        expression = definitions.definition(con, name)
    cohort = services.make_cohort(title, by=by, expression=expression, source=name)
    services.share(cohort.id, by=by)
    _save(cohort, by, "First version")
    return cohort


def _save(cohort: Cohort, by: Actor, note: str) -> None:
    desk = queries.desk(cohort, by)
    counted = builder.count(desk.working, cohort.name, by, Mode.SANDBOX).shown
    shown = Shown()
    if counted:
        shown = Shown(counted.persons.text, counted.persons.value, Mode.SANDBOX.value, counted.snapshot_version)
    services.save_version(cohort.id, desk.revision, by=by, note=note, shown=shown)


def _concepts(work: Working, name: str, domain: str) -> tuple[Working, int]:
    found = next((one for one in concepts().find(name, domain=domain) if one.name == name), None)
    if found is None:
        raise NotFoundError(f"The twin has no {name}.")
    item = ConceptItems(found.concept_id, found.name, found.code, found.vocabulary, descendants=False)
    return editing.new_concept_set(work, name, [item])


def _unit_of(person: Person) -> Unit | None:
    affiliation = person.affiliations.exclude(unit=None).select_related("unit").first()
    return affiliation.unit if affiliation else None
