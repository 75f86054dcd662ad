"""What a definition reads like in English, Dutch and French: whole texts, and how each language writes what varies."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tiny_cohort_hospital import concept_set, expression, near, rule, window
from wardbench.core.errors import InputError
from wardbench.core.omop.concept_sets import ConceptItem, ConceptSet
from wardbench.ward.cohorts import lower, read_definition
from wardbench.ward.cohorts.definition.criteria import CRITERIA
from wardbench.ward.cohorts.describe import LANGUAGES, describe, describe_definition, spoken
from wardbench.ward.cohorts.plan import CohortPlan, Events, InObservation, Near, Occurs
from wardbench.ward.cohorts.records import RECORD_TABLES

DIABETES, METFORMIN = "Type 2 diabetes", "Metformin"
VALUE = {"Op": "gte", "Value": 1234.5}
WOMAN = {"CONCEPT_ID": 8532, "CONCEPT_NAME": "FEMALE"}
UNIT = [{"CONCEPT_ID": 8840, "CONCEPT_NAME": "mg/dL"}, {"CONCEPT_ID": 8753, "CONCEPT_NAME": "mmol/L"}]


def example(folder: Path) -> Path:
    """A definition of about every kind of sentence that real ones have."""
    asked = expression(
        {"ConditionOccurrence": {"CodesetId": 1, "First": True}},
        ConceptSets=[{**concept_set(1, 201826), "name": DIABETES}, {**concept_set(2, 1503297), "name": METFORMIN}],
        InclusionRules=[
            rule(
                "Treated, and never before",
                near({"DrugExposure": {"CodesetId": 2}}, days=window(0, 30)),
                near({"DrugExposure": {"CodesetId": 2}}, 0, 0, window(None, -1), IgnoreObservationPeriod=True),
            ),
            rule(
                "High glucose",
                near(
                    {
                        "Measurement": {
                            "ValueAsNumber": VALUE,
                            "Unit": UNIT,
                            "OccurrenceStartDate": {"Op": "bt", "Value": "2020-01-01", "Extent": "2021-03-15"},
                        }
                    },
                    2,
                    days=window(-365, 0),
                    RestrictVisit=True,
                ),
            ),
            rule("Adult woman", DemographicCriteriaList=[{"Age": {"Op": "gte", "Value": 18}, "Gender": [WOMAN]}]),
        ],
        EndStrategy={"DateOffset": {"DateField": "EndDate", "Offset": 7}},
        CensoringCriteria=[{"Death": {}}],
        CollapseSettings={"CollapseType": "ERA", "EraPad": 30},
        CensorWindow={"StartDate": "2015-01-01"},
    )
    asked["PrimaryCriteria"]["ObservationWindow"] = {"PriorDays": 365, "PostDays": 1}
    asked["PrimaryCriteria"]["PrimaryCriteriaLimit"] = {"Type": "First"}
    asked["ConceptSets"][0]["expression"]["items"][0] |= {"includeDescendants": True}
    asked["ConceptSets"][0]["expression"]["items"].append({"concept": {"CONCEPT_ID": 4096041}, "isExcluded": True})
    path = folder / "1.json"
    path.write_text(json.dumps(asked))
    return path


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_definition_reads_as_a_methods_section_does(tmp_path: Path, language: str) -> None:
    definition = read_definition(example(tmp_path))
    said = "\n".join(describe_definition(definition, lower(definition), language=language)) + "\n"
    expected = (Path(__file__).parent / "descriptions" / f"{language}.txt").read_text(encoding="utf-8")
    assert said.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ") == expected


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_every_field_that_a_definition_can_ask_about_has_a_name_in_every_language(language: str) -> None:
    asked = {name for kind in CRITERIA.values() for name in kind.fields.values()}
    assert asked | {"race_concept_id", "ethnicity_concept_id"} <= set(spoken(language).fields)


@pytest.mark.parametrize("language", LANGUAGES)
def test_records_of_every_table_and_a_missing_end_of_each_can_be_said(language: str) -> None:
    said = {table: "\n".join(describe(_plan(Events(table)), language=language)) for table in RECORD_TABLES}
    assert len(set(said.values())) == len(RECORD_TABLES)
    assert not [table for table in said if "_" in said[table]]


def _plan(rows: Events) -> CohortPlan:
    return CohortPlan(rows, (), rows)


@pytest.mark.parametrize(
    ("language", "numbers", "day", "days"),
    [
        ("en", ["0", "-0.5", "1,234.5", "1,000,000"], "1 March 2020", ["1 day", "2 days"]),
        ("nl", ["0", "-0,5", "1.234,5", "1.000.000"], "1 maart 2020", ["1 dag", "2 dagen"]),
        ("fr", ["0", "-0,5", "1 234,5", "1 000 000"], "1er mars 2020", ["1 jour", "2 jours"]),
    ],
)
def test_numbers_and_days_are_written_as_the_language_does(
    language: str, numbers: list[str], day: str, days: list[str]
) -> None:
    say = spoken(language)
    said = [say.number(value) for value in (0, -0.5, 1234.5, 1_000_000)]
    assert [s.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-") for s in said] == numbers
    assert say.calendar_day(date(2020, 3, 1)) == day
    assert [say.days(1), say.days(2)] == days


@pytest.mark.parametrize(
    ("occurs", "said"),
    [
        (Occurs(1), ("at least 1 measurement,", "ten minste 1 meting,", "au moins 1 mesure,")),
        (Occurs(0, 0), ("no measurements,", "geen metingen,", "aucune mesure,")),
        (Occurs(2, 2), ("exactly 2 measurements,", "precies 2 metingen,", "exactement 2 mesures,")),
        (Occurs(0, 1), ("at most 1 measurement,", "ten hoogste 1 meting,", "au plus 1 mesure,")),
        (Occurs(1, 3), ("from 1 to 3 measurements,", "1 tot en met 3 metingen,", "de 1 à 3 mesures,")),
        (
            Occurs(1, None, "start_date"),
            ("at least 1 different start date among", "ten minste 1 verschillende begindatum", "au moins 1 date de"),
        ),
    ],
)
def test_nouns_agree_with_their_number(occurs: Occurs, said: tuple[str, ...]) -> None:
    entry = InObservation(Events("condition_occurrence"))
    plan = CohortPlan(entry, (Near(entry, Events("measurement"), (), occurs),), entry)
    for language, expected in zip(LANGUAGES, said, strict=True):
        assert expected in "\n".join(describe(plan, language=language))


def test_a_large_concept_set_is_summed_up_and_listed_at_the_end() -> None:
    items = [ConceptItem(n, excluded=n > 1200) for n in range(1, 1301)]
    plan = _plan(Events("condition_occurrence", ConceptSet(frozenset(items))))
    *said, title, listed = describe(plan)
    assert "  concept set 1: 1,200 items and 100 that are excluded, listed at the end." in said
    assert title == "All items of the larger concept sets:"
    assert listed.count(";") == 1200 + 99
    assert max(map(len, said)) < 120


def test_a_language_that_nobody_speaks_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="'de' is none of en, nl, fr"):
        describe(_plan(Events("death")), language="de")
