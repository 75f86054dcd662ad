"""Who may let a result leave a study: the full table of status, action and role."""

from __future__ import annotations

import itertools

import pytest

from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor, Affiliation
from wardbench.campus.studies.result_rules import Act, Facts, Status, may, may_ask, may_see

TEAM = frozenset({"asker", "member"})
REVIEWS = {(Status.ASKED, Act.APPROVE), (Status.ASKED, Act.REFUSE)}
TEAMS = {(Status.ASKED, Act.WITHDRAW), (Status.APPROVED, Act.DOWNLOAD)}


def actor(who: str, role: Role) -> Actor:
    return Actor(who, affiliations=(Affiliation(role, "hospital"),))


@pytest.mark.parametrize(("status", "act", "role"), list(itertools.product(Status, Act, Role)))
def test_status_by_action_by_role(status: Status, act: Act, role: Role) -> None:
    facts = Facts(status, "asker", TEAM)
    assert bool(may(actor("other", role), act, facts)) == (role is Role.DATA_STEWARD and (status, act) in REVIEWS)
    for who in TEAM:
        # Whatever their role: a data steward who works on the study reviews nothing of it.
        assert bool(may(actor(who, role), act, facts)) == ((status, act) in TEAMS)


@pytest.mark.parametrize("act", Act)
def test_who_asked_and_left_the_team_reviews_nothing(act: Act) -> None:
    left = Facts(Status.ASKED, "asker", frozenset({"member"}))
    assert not may(actor("asker", Role.DATA_STEWARD), act, left)


@pytest.mark.parametrize("status", Status)
def test_nobody_who_has_not_signed_in(status: Status) -> None:
    facts = Facts(status, "", frozenset({""}))
    assert not may_ask(Actor(""), frozenset({""})) and not may_see(Actor(""), facts)
    assert not any(may(Actor(""), act, facts) for act in Act)
