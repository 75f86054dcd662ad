"""Feasibility counts: gated before data are touched, charged before they are counted, never more than the budget."""

from __future__ import annotations

import datetime
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import connections

import small_hospital
from campus.cast import Cast, make_cast
from wardbench.campus.audit.models import Event
from wardbench.campus.counting import feasibility, services, sessions
from wardbench.campus.counting.budgets import IN_PERIOD, IN_YEAR, OF_PROJECT, Kind, Shared, Spent, SpentError, may_ask
from wardbench.campus.counting.models import Asked
from wardbench.campus.people.rules import ForbiddenError
from wardbench.cohorts import Definition
from wardbench.core.errors import UnsupportedError
from wardbench.ward.cohorts.definition import Entry


def expression(days: int = 0, **attributes: Any) -> dict[str, Any]:
    return {
        "ConceptSets": [],
        "PrimaryCriteria": {
            "CriteriaList": [{"ObservationPeriod": attributes}],
            "ObservationWindow": {"PriorDays": days, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "First"},
        },
    }


def definition(days: int = 0, **attributes: Any) -> Definition:
    return Entry(1, "everybody", "everybody", expression(days, **attributes)).decode()


@pytest.fixture
def store(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A campus with a small hospital, in which nobody has to wait."""
    small_hospital.build(tmp_path / "store")
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, store=str(tmp_path / "store"))
    monkeypatch.setattr(sessions, "_sessions", {})
    monkeypatch.setattr(feasibility, "BUCKET", 0.001)


def ask(cast: Cast, days: int = 0, key: str = "researcher", *projects: str) -> feasibility.Estimate:
    return feasibility.estimate(definition(days), by=cast.actor(key), projects=projects)


def test_an_answer_is_rounded_and_told_with_what_it_is_worth(cast: Cast, store: None) -> None:
    answer = ask(cast)
    assert answer.figure.value is None or answer.figure.value % 5 == 0
    assert answer.notes and answer.left == IN_PERIOD - 1


def test_asking_again_costs_nothing_and_gives_the_same(cast: Cast, store: None) -> None:
    first, again = ask(cast), ask(cast)
    assert first == again and Asked.objects.count() == 1


def test_the_first_look_of_another_person_is_charged_to_them(cast: Cast, store: None) -> None:
    first, other = ask(cast), ask(cast, key="researcher2")
    assert first.figure == other.figure and Asked.objects.count() == 2


def test_a_question_that_singles_out_is_refused_and_not_charged(cast: Cast, store: None) -> None:
    fine = definition(AgeAtStart={"Value": 41, "Op": "gte"})
    with pytest.raises(UnsupportedError, match="bands of ten years"):
        feasibility.estimate(fine, by=cast.actor("researcher"))
    assert not Asked.objects.exists()


@pytest.mark.parametrize("key", ["student", "partner", "nobody", "data_steward", "administrator"])
def test_who_leads_no_study_does_not_ask(cast: Cast, store: None, key: str) -> None:
    with pytest.raises(ForbiddenError):
        ask(cast, key=key)
    assert not Asked.objects.exists()


def test_a_charge_is_on_the_record_before_the_data_are_touched(
    cast: Cast, store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sessions, "look", broken)
    with pytest.raises(ZeroDivisionError):
        ask(cast)
    assert Asked.objects.count() == 1 and Event.objects.filter(verb="counting.charge").count() == 1


def test_a_spent_budget_says_so_in_the_same_words_whatever_is_asked(cast: Cast) -> None:
    by = cast.actor("researcher")
    for number in range(IN_PERIOD):
        services.charge("v", str(number), by=by)
    said = set()
    for question in ("new", "another"):
        with pytest.raises(SpentError) as refused:
            services.charge("v", question, by=by)
        said.add(str(refused.value))
    assert len(said) == 1
    assert services.charge("v", "3", by=by).left == 0, "a repeat is free also then"
    services.charge("v", "new", by=cast.actor("physician"))


def test_a_budget_comes_back_after_thirty_days_and_not_after_a_year_of_it(cast: Cast) -> None:
    by = cast.actor("researcher")
    for number in range(IN_PERIOD):
        services.charge("v", str(number), by=by)
    Asked.objects.update(at=Asked.objects.first().at - datetime.timedelta(days=31))
    assert services.charge("v", "new", by=by).left == IN_PERIOD - 1


@pytest.mark.parametrize(
    ("spent", "left"),
    [
        (Spent(0, 0), IN_PERIOD),
        (Spent(IN_PERIOD, 20), 0),
        (Spent(0, IN_YEAR), 0),
        (Spent(0, 0, (Shared(Kind.COHORT, OF_PROJECT),)), 0),
        (Spent(0, 0, (Shared(Kind.COHORT, 0), Shared(Kind.STUDY, OF_PROJECT))), 0),
        (Spent(0, 0, (Shared(Kind.COHORT, OF_PROJECT + 1),)), 0),
        (Spent(1, IN_YEAR - 2), 2),
        (Spent(0, 0, (Shared(Kind.QUESTION, OF_PROJECT - 1), Shared(Kind.COHORT, 0))), 1),
    ],
)
def test_the_tightest_budget_counts(spent: Spent, left: int) -> None:
    assert spent.left == left and bool(may_ask(spent)) == (left > 0)


def asked_of(project: str) -> int:
    return Asked.objects.filter(purse=project).count()


def test_colleagues_share_the_budget_of_what_they_work_on(cast: Cast) -> None:
    """Three with budgets of their own empty that of the project; a fourth who asked nothing is refused there alone."""
    for key in ("researcher", "researcher2", "physician"):
        for number in range(OF_PROJECT // 3):
            services.charge("v", f"{key} {number}", by=cast.actor(key), projects=["study:1"])
    fourth = cast.actor("physician2")
    with pytest.raises(SpentError, match="the study that this cohort belongs to"):
        services.charge("v", "new", by=fourth, projects=["cohort:1", "study:1"])
    assert asked_of("cohort:1") == asked_of(f"person:{fourth.id}") == 0, "a refusal is charged to nobody"
    assert services.charge("v", "new", by=fourth, projects=["cohort:1"]).own == IN_PERIOD - 1
    assert services.charge("next", "new", by=fourth, projects=["study:1"]).left == IN_PERIOD - 2
    with pytest.raises(SpentError, match="your 20 feasibility counts of 30 days"):
        services.charge("v", "new", by=cast.actor("researcher"), projects=["cohort:2"])


def test_a_question_of_a_colleague_is_charged_to_whoever_asks_it_too_and_not_again_to_the_project(cast: Cast) -> None:
    services.charge("v", "q", by=cast.actor("researcher"), projects=["cohort:1"])
    spent = services.charge("v", "q", by=cast.actor("researcher2"), projects=["cohort:1"])
    assert spent.own == IN_PERIOD - 1 and asked_of("cohort:1") == 1
    for number in range(OF_PROJECT - 1):
        by = cast.actor(("researcher", "researcher2", "physician", "physician2")[number % 4])
        services.charge("v", str(number), by=by, projects=["cohort:1"])
    assert services.charge("v", "q", by=cast.actor("physician"), projects=["cohort:1"]).left == 0, (
        "known to the project"
    )
    services.charge("v", "0", by=cast.actor("researcher"), projects=["cohort:1"])


@pytest.mark.django_db(transaction=True)
def test_fifty_requests_at_once_never_get_more_than_the_budget() -> None:
    cast = make_cast()
    by = cast.actor("researcher")
    told: list[object] = []
    ready = threading.Barrier(10)

    def work(first: int) -> None:
        ready.wait()
        for number in range(first, first + 5):
            try:
                told.append(services.charge("v", str(number), by=by))
            except BaseException as error:
                told.append(error)
        connections.close_all()

    workers = [threading.Thread(target=work, args=(5 * n,)) for n in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    charged = [one for one in told if isinstance(one, Spent)]
    assert len(charged) == IN_PERIOD == Asked.objects.count()
    assert all(isinstance(one, Spent | SpentError) for one in told) and len(told) == 50
