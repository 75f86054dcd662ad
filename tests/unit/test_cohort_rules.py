"""Who may do what with a cohort: the whole table of status x action x standing, and the reasons."""

from __future__ import annotations

import itertools

import pytest

from wardbench.campus.cohorts.rules import ACTIONS, ARCHIVED, OPEN, STANDINGS, STATES, Access, may, may_make, standing
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import NOBODY, Actor, Affiliation


def actor(id: str, role: Role | None = Role.RESEARCHER, unit: str = "") -> Actor:
    return Actor(id, id, (Affiliation(role, "hospital", "hospital", unit),) if role else ())


ACCESS = Access("owner", readers=frozenset({"reader"}), editors=frozenset({"editor"}))
ALLOWED = {
    (OPEN, "edit"): {"owner", "editor"},
    (OPEN, "save"): {"owner", "editor"},
    (OPEN, "rename"): {"owner"},
    (OPEN, "share"): {"owner"},
    (OPEN, "archive"): {"owner"},
    (ARCHIVED, "restore"): {"owner"},
}


@pytest.mark.parametrize(("status", "action", "who"), list(itertools.product((OPEN, ARCHIVED), ACTIONS, STANDINGS)))
def test_what_may_be_done_in_which_status_by_whom(status: str, action: str, who: str) -> None:
    access = Access("owner", status, frozenset({"reader"}), frozenset({"editor"}))
    assert standing(actor(who), access)[0] == who
    verdict = may(actor(who), action, access)
    assert bool(verdict) is (who in ALLOWED.get((status, action), set()))
    assert str(verdict), "every answer has a reason"


def test_archiving_and_restoring_are_each_others_way_back() -> None:
    assert STATES[OPEN, "archive"][0] == ARCHIVED and STATES[ARCHIVED, "restore"][0] == OPEN


@pytest.mark.parametrize(
    ("access", "who", "expected"),
    [
        (Access("o", units=frozenset({"endo"})), actor("x", unit="endo"), "reader"),
        (Access("o", units=frozenset({"endo"})), actor("x", unit="cardio"), "other"),
        (Access("o", editing_units=frozenset({"endo"})), actor("x", unit="endo"), "editor"),
        (Access("o", everybody=True), actor("x"), "reader"),
        (Access("o", everybody=True, everybody_edits=True), actor("x"), "editor"),
        (Access("o", everybody=True), actor("x", Role.PARTNER), "other"),
        (Access("o", everybody=True), actor("x", None), "other"),
        (Access("o", readers=frozenset({"x"})), actor("x", Role.PARTNER), "reader"),
        (Access("o", editors=frozenset({"x"})), actor("x", Role.PARTNER), "reader"),
        (Access("", everybody=True), NOBODY, "other"),
        (Access("", editors=frozenset({""})), NOBODY, "other"),
    ],
)
def test_what_somebody_is_to_a_cohort(access: Access, who: Actor, expected: str) -> None:
    found, verdict = standing(who, access)
    assert found == expected and bool(verdict) is (expected != "other")


@pytest.mark.parametrize(
    ("who", "allowed"),
    [(NOBODY, False), (actor("x", None), False), (actor("x", Role.PARTNER), False), (actor("x", Role.STUDENT), True)],
)
def test_everybody_who_works_here_makes_cohorts(who: Actor, allowed: bool) -> None:
    assert bool(may_make(who)) is allowed
