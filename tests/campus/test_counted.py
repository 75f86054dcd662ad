"""Who objected to the reuse of their record stands in no count for research, from the moment it is written down."""

from __future__ import annotations

import ast
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wardbench.campus
from campus import biobank_things as things
from campus import test_study_results as result
from campus.cast import Cast
from campus.test_counting import definition
from campus.test_studies_count import approve, builder, page, study
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import donors, withdrawing
from wardbench.campus.biobank.models import ConsentForm, DonorLink
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.cohorts.page import EXACT
from wardbench.campus.counting import feasibility, purposes, queries, sessions
from wardbench.campus.counting.models import Asked
from wardbench.campus.counting.permitted import permitted_for
from wardbench.campus.counting.purposes import whom
from wardbench.campus.counting.rules import PURPOSES, WORDS, Mode, Purpose
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.result_tables import SafeTable
from wardbench.core.consent import Tier

__all__ = ["study"]
OUT = range(1, 13)


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feasibility, "BUCKET", 0.001)


@pytest.fixture
def permitted(cast: Cast, study: Study) -> Study:
    approve(cast, study)
    return study


def persons(purpose: Purpose) -> int:
    return sessions.look(whom(purpose), definition()).persons


def everybody(study: Study) -> Any:
    return cohorts.definition_of(cohorts.version(study.cohorts.get().version))


def test_an_objection_changes_the_next_count_for_research_and_none_for_care(study: Study) -> None:
    before = persons(Purpose.RESEARCH)
    assert before == persons(Purpose.CARE) > 12
    made = withdrawing.opt_out("data", person=7, by=SYSTEM)
    assert persons(Purpose.RESEARCH) == before - 1 and persons(Purpose.CARE) == before
    withdrawing.opt_out("material", person=8, by=SYSTEM)
    assert persons(Purpose.RESEARCH) == before - 1, "what is done with samples is another question"
    withdrawing.end_opt_out(made, by=SYSTEM)
    assert persons(Purpose.RESEARCH) == before


@pytest.mark.parametrize("how", ["opts out", "takes back", "narrows", "opts out before the link"])
def test_whichever_way_a_donor_says_no(cast: Cast, study: Study, how: str) -> None:
    before, of = persons(Purpose.RESEARCH), things.donor()
    form = donors.add_form("F", "1", "en", "Form", tuple(Tier), datetime.date(2020, 1, 1), by=SYSTEM)
    donors.give_consent(of, form, dict.fromkeys(Tier, True), datetime.date(2024, 1, 1), by=SYSTEM)
    if how == "opts out before the link":
        withdrawing.opt_out("data", donor=of, by=SYSTEM)
    DonorLink.objects.create(donor=of, person_id=7)
    if how == "opts out":
        assert persons(Purpose.RESEARCH) == before
        withdrawing.opt_out("data", donor=of, by=SYSTEM)
    elif how == "takes back":
        assert persons(Purpose.RESEARCH) == before
        withdrawing.withdraw_consent(of, by=SYSTEM)
    elif how == "narrows":
        assert persons(Purpose.RESEARCH) == before
        withdrawing.narrow_consent(of, [Tier.CLINICAL_DATA], datetime.date(2024, 2, 1), by=SYSTEM)
    assert persons(Purpose.RESEARCH) == before - 1
    assert ConsentForm.objects.count() == 1


def test_what_was_counted_before_is_not_given_after(study: Study) -> None:
    """In every figure that a session keeps, and in those made of its members."""
    of = definition()

    def seen() -> list[Any]:
        by = whom(Purpose.RESEARCH)
        look = sessions.look(by, of)
        ids, _days = sessions.members(by, of)
        ages = int(sessions.by_age_and_sex(by, of).counts.sum())
        strip = sessions.strip(by, of, purposes.RULES)
        both = sessions.overlap(by, of, definition(5))
        with_sample = strip.with_sample.value
        return [
            look.persons,
            look.records,
            look.entry.persons,
            len(ids),
            ages,
            both.both + both.only_first,
            with_sample,
        ]

    before = seen()
    for person in OUT:
        withdrawing.opt_out("data", person=person, by=SYSTEM)
    after = seen()
    assert [a - b for a, b in zip(before[:6], after[:6], strict=True)] == [12] * 6
    ids, _days = sessions.members(whom(Purpose.RESEARCH), of)
    assert not np.isin(ids, list(OUT)).any()


def test_pages_and_tables_of_a_study_count_without_them_and_say_so(cast: Cast, permitted: Study) -> None:
    by, total = cast.actor("researcher"), persons(Purpose.CARE)
    client, address = builder(cast, permitted)
    assert f'id="persons">{total}<' in client.get(address).content.decode()
    withdrawing.opt_out("data", person=7, by=SYSTEM)
    shown = client.get(address).content.decode()
    assert f'id="persons">{total - 1}<' in shown and "Who objected to the reuse of their record is not counted" in shown
    assert "persons of the hospital objected" not in shown, "one is a small number"
    for person in (*range(1, 7), *range(8, 13)):
        withdrawing.opt_out("data", person=person, by=SYSTEM)
    shown = client.get(address).content.decode()
    assert f'id="persons">{total - 12}<' in shown and "10 persons of the hospital objected" in shown
    _status, shown = page(cast, permitted)
    assert f'app-number-big">{total - 12}<' in shown and "10 persons of the hospital objected" in shown
    found, strip = queries.look_in_study(everybody(permitted), permitted_for(by)[0], by=by)
    assert found.persons.value == found.entry.value == total - 12
    sexes = [band.women.value + band.men.value for band in strip.bands]
    assert sum(sexes) + strip.other.value == total - 12
    for kind in ("counts", "attrition", "age_sex"):
        table = SafeTable.of(result.ask(cast, permitted, kind).content)
        assert table.rows[-1][1][-1].value == 5 * round((total - 12) / 5), kind
    recorded = Event.objects.filter(verb="counting.count").order_by("number")
    first, last = recorded.first(), recorded.last()
    assert first is not None and last is not None
    assert not first.detail["without"] and last.detail["without"] == whom(Purpose.RESEARCH).but.digest
    assert first.object == last.object, "the record names what was asked, whoever was left out"


def test_care_counts_everybody_and_says_so(cast: Cast, study: Study) -> None:
    withdrawing.opt_out("data", person=7, by=SYSTEM)
    by, total = cast.actor("data_steward"), persons(Purpose.CARE)
    assert queries.look(definition(), by=by, mode=Mode.STEWARDSHIP).persons.value == total
    assert "Everybody is counted" in WORDS[Mode.STEWARDSHIP].told and "not counted" in WORDS[Mode.STUDY].told


def test_a_feasibility_count_is_another_after_an_objection_and_charged_again(
    cast: Cast, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the noise of before, the difference of two answers would be whether that one person is in the cohort."""
    asked: list[tuple[int, bytes]] = []

    class Plain:
        notes, label = (), ""

        def __init__(self, *_given: object) -> None: ...

        def count(self, persons: int, question: bytes) -> Any:
            asked.append((persons, question))
            return purposes.RULES.total(persons)

    monkeypatch.setattr(feasibility, "FeasibilityRules", Plain)

    def ask() -> feasibility.Estimate:
        return feasibility.estimate(definition(), by=cast.actor("researcher"))

    first = ask()
    assert ask() == first and Asked.objects.count() == 1 and first.left_out is None
    withdrawing.opt_out("data", person=7, by=SYSTEM)
    second = ask()
    assert asked[-1][0] == asked[0][0] - 1 and asked[-1][1] != asked[0][1]
    assert Asked.objects.count() == 2 and second.left == first.left - 1
    assert ask() == second and Asked.objects.count() == 2
    assert feasibility.OBJECTED in second.notes


def test_a_person_whom_the_store_has_not_changes_nothing_but_the_key(study: Study) -> None:
    before = persons(Purpose.RESEARCH)
    withdrawing.opt_out("data", person=999_999, by=SYSTEM)
    assert persons(Purpose.RESEARCH) == before


def test_every_mode_has_its_purpose_and_none_but_the_twin_and_care_counts_everybody() -> None:
    assert set(PURPOSES) == set(Mode)
    assert {mode for mode in Mode if PURPOSES[mode] is not Purpose.RESEARCH} == {Mode.SANDBOX, Mode.STEWARDSHIP}


def _uses(name: str) -> dict[str, set[str]]:
    """The names that each module of the campus calls or reads of those that are asked about, by its path."""
    root, found = Path(wardbench.campus.__file__).parent, {}
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text())
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {f"{node.value.id}.{node.attr}" for node in ast.walk(tree)
                  if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}  # fmt: skip
        if any(one == name or one.startswith(f"{name}.") for one in names):
            found[str(path.relative_to(root))] = {one for one in names if one == name or one.startswith(f"{name}.")}
    return found


@pytest.mark.parametrize(
    ("name", "where"),
    [
        # A count is of a `Whom`, and only `whom` makes one.
        ("Whom", {"counting/purposes.py", "counting/sessions.py", "counting/services.py", "counting/figures.py",
                  "studies/result_tables.py", "studies/result_making.py", "outcomes/nearness.py"}),
        # Nobody else opens the engine: the report of a cohort is for the twin and for care, the demonstration looks
        # for a patient to show. Answers about outcomes are given whom to leave out.
        ("EditingSession", {"counting/sessions.py", "demonstration/cohorts.py"}),
        ("run_cohort", {"cohorts/page.py", "outcomes/yardstick_answers.py"}),
        ("run_batch", set()),
        ("Arrays", set()),
        ("DuckDB", set()),
        ("Purpose.CARE", {"counting/purposes.py", "counting/rules.py", "outcomes/rules.py"}),
    ],
)  # fmt: skip
def test_no_count_goes_round_it(name: str, where: set[str]) -> None:
    found = _uses(name)
    assert set(found) == where


def test_only_one_place_makes_a_whom() -> None:
    root, makers = Path(wardbench.campus.__file__).parent, set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Whom":
                makers.add(str(path.relative_to(root)))
    assert makers == {"counting/purposes.py"}


@pytest.mark.parametrize("function", [sessions.look, sessions.members, sessions.overlap, sessions.strip,
                                      sessions.by_age_and_sex])  # fmt: skip
def test_every_count_says_of_whom(function: Callable[..., Any]) -> None:
    assert next(iter(function.__annotations__.values())) == "Whom"


def test_a_report_is_made_in_no_mode_that_leaves_somebody_out() -> None:
    assert all(PURPOSES[mode] is not Purpose.RESEARCH for mode in EXACT)
