"""Who may see a patient, and every change of an emergency access: status x action x role."""

from __future__ import annotations

import datetime
from itertools import product

import pytest

from wardbench.campus.access.rules import (
    MOST_AT_ONCE,
    TABLE,
    Action,
    Facts,
    Status,
    may_import,
    may_move,
    may_open,
    may_relate,
    may_review,
    may_see_access,
    may_see_patient,
    told,
)
from wardbench.campus.people.roles import CARE, Role
from wardbench.campus.people.rules import NOBODY, Actor, Affiliation

LATER = datetime.datetime(2026, 1, 31, 12, 30)


def actor(*roles: Role, name: str = "me", unit: str = "ward", leads: bool = False) -> Actor:
    return Actor(name, name, tuple(Affiliation(role, "hospital", "hospital", unit, leads) for role in roles))


@pytest.mark.parametrize("role", list(Role))
def test_a_patient_is_seen_by_care_alone_and_by_the_treating_team_or_in_an_emergency(role: Role) -> None:
    one, care = actor(role), role in CARE
    assert bool(may_see_patient(one, ["ward"])) is care
    assert bool(may_see_patient(one, ["another", "ward"])) is care
    assert not may_see_patient(one, ["another"]) and not may_see_patient(one, [])
    assert bool(may_see_patient(one, ["another"], LATER)) is care
    assert bool(may_open(one)) is care and not may_open(one, MOST_AT_ONCE)
    assert bool(may_review(one)) is (role in (Role.DATA_PROTECTION, Role.DATA_STEWARD))
    assert bool(may_import(one)) is (role is Role.DATA_STEWARD)


def test_a_role_elsewhere_opens_nothing_here() -> None:
    both = Actor(
        "me", "me", (Affiliation(Role.PHYSICIAN, "h", "hospital", "a"), Affiliation(Role.RESEARCHER, "h", unit="b"))
    )
    assert may_see_patient(both, ["a"]) and not may_see_patient(both, ["b"])
    assert not may_see_patient(actor(Role.PHYSICIAN, unit=""), [""])


def test_nobody_sees_nothing() -> None:
    assert not may_see_patient(NOBODY, ["ward"], LATER) and not may_open(NOBODY) and not may_see_access(NOBODY, "")


def test_research_is_told_why_not() -> None:
    assert "never for research" in str(may_open(actor(Role.RESEARCHER)))
    assert "12:30" in str(may_see_patient(actor(Role.PHYSICIAN), [], LATER))


@pytest.mark.parametrize(("status", "action", "role"), list(product(Status, Action, Role)))
@pytest.mark.parametrize("own", [True, False])
def test_every_change_of_an_emergency_access(status: Status, action: Action, role: Role, own: bool) -> None:
    judges = role in (Role.DATA_PROTECTION, Role.DATA_STEWARD)
    of_ward, spoken, person = frozenset({"ward", "hospital"}), frozenset({"other ward"}), "me" if own else "another"
    for leads in ("ward", "hospital", "another", ""):
        by, heads = actor(role, unit="" if leads == "hospital" else leads, leads=bool(leads)), leads in of_ward
        right = {
            Action.END: own,
            Action.SPEAK: heads and not own,
            Action.JUSTIFY: role is Role.DATA_PROTECTION and not own,
            Action.OBJECT: role is Role.DATA_PROTECTION and not own,
        }[action]
        verdict = may_move(by, action, Facts(status, person, of_ward | spoken, of_ward))
        assert bool(verdict) is (right and (status, action) in TABLE), leads
        if action is Action.SPEAK:
            assert not may_move(by, action, Facts(status, person, of_ward)), "it was said already"
            assert not may_move(by, action, Facts(status, person))
        assert bool(may_see_access(by, "another", of_ward)) is (heads or judges), leads


def test_of_a_unit_without_anybody_else_those_above_are_told_and_never_whoever_opened_it() -> None:
    one, two, above = frozenset({"one"}), frozenset({"one", "two"}), frozenset({"above"})
    assert told(one, above, "x") == one and told(two, above, "one") == {"two"}
    assert told(one, above, "one") == above and told(frozenset(), above, "x") == above
    assert told(one, one, "one") == frozenset() == told(frozenset(), frozenset(), "x")


def test_speaking_changes_no_status() -> None:
    assert {key: new for key, new in TABLE.items() if key[1] is Action.SPEAK} == {
        (Status.ACTIVE, Action.SPEAK): Status.ACTIVE,
        (Status.ENDED, Action.SPEAK): Status.ENDED,
    }


def test_what_was_judged_stays_judged() -> None:
    assert not [key for key in TABLE if key[0] in (Status.JUSTIFIED, Status.UNJUSTIFIED)]
    assert not [key for key in TABLE if key == (Status.ACTIVE, Action.JUSTIFY)], "it may still be misused"


@pytest.mark.parametrize("role", list(Role))
def test_a_coordinator_says_whom_the_own_team_treats_and_the_steward_all(role: Role) -> None:
    steward, coordinator = role is Role.DATA_STEWARD, role is Role.COORDINATOR
    assert bool(may_relate(actor(role), "ward")) is (steward or coordinator)
    assert bool(may_relate(actor(role), "another")) is steward
    assert bool(may_see_access(actor(role), "another")) is (steward or role is Role.DATA_PROTECTION)
    assert may_see_access(actor(role), "me")
