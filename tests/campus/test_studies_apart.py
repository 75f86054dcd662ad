"""Nobody decides on one study for two bodies, whatever roles they hold."""

from __future__ import annotations

import msgspec
import pytest
from django.urls import reverse

from campus.cast import Cast
from campus.test_studies import ORDER, approved, decide, states, status, submitted
from campus.test_studies_guarded import ends_soon
from campus.test_studies_pages import text_of
from wardbench.campus.notices.models import Notice
from wardbench.campus.people import services as people
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.studies import deciding, explained, granting, queries, rules, standings
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.path import shipped
from wardbench.campus.studies.standing import State, Status

PATH = shipped()


def also(cast: Cast, key: str, role: Role) -> None:
    people.give_role(cast.people[key], role, cast.hospital, by=SYSTEM)


def before_ethics(cast: Cast) -> Study:
    study = submitted(cast)
    for step, key in ORDER[:-2]:
        decide(cast, study, step, key)
    return study


def test_a_member_of_the_board_does_not_speak_for_the_ethics_committee_too(cast: Cast) -> None:
    also(cast, "biobank_board", Role.ETHICS)
    study, both = before_ethics(cast), cast.actor("biobank_board")
    assert not queries.waiting(both), "nothing waits for somebody who may not decide it"
    assert not Notice.objects.filter(
        person=cast.people["biobank_board"], values__step__en=PATH.by_id["ethics"].title.en
    )
    for refused in (
        lambda: decide(cast, study, "ethics", "biobank_board"),
        lambda: deciding.ask(study.id, "ethics", "Why?", by=both),
    ):
        with pytest.raises(ForbiddenError, match="nobody decides on a study for two bodies"):
            refused()
    told = {one.title: str(one.verdict) for one in explained.answers(both, str(study.id))}
    assert told["Vote or decide"] == told["Ask the applicant"] == rules.FOR_ANOTHER
    client = cast.client("biobank_board")
    assert "for two bodies" in text_of(client.get(reverse("study", args=[study.id])))
    response = client.get(reverse("study_decide", args=[study.id, "ethics"]))
    assert response.status_code == 403 and "for two bodies" in response.content.decode()
    decide(cast, study, "ethics", "ethics")
    decide(cast, study, "ethics", "ethics2")
    assert status(study) is Status.APPROVED


def test_it_says_beforehand_what_is_given_up_and_when_too_few_are_left(cast: Cast) -> None:
    also(cast, "biobank_board", Role.ETHICS)
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    desk = reverse("study_decide", args=[study.id, "board"])
    assert "you do not decide on this: Opinion of the ethics committee." in text_of(
        cast.client("biobank_board").get(desk)
    )
    assert "Nobody decides on a study for two" not in text_of(cast.client("biobank_board2").get(desk))
    for step, key in ORDER[1:-2]:
        decide(cast, study, step, key)
    people.end_role(cast.people["ethics2"].affiliations.get(), by=SYSTEM)
    text = text_of(cast.client("ethics").get(reverse("study", args=[study.id])))
    assert "There are not enough members left who may vote." in text


def test_with_two_open_steps_the_one_that_was_chosen_binds(cast: Cast) -> None:
    """The board, the care programme and data protection decide at the same time."""
    also(cast, "biobank_board", Role.DATA_PROTECTION)
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    assert {turn.step for _one, turn in queries.waiting(cast.actor("biobank_board"))} == {"board", "privacy"}
    decide(cast, study, "privacy", "biobank_board")
    assert not queries.waiting(cast.actor("biobank_board"))
    with pytest.raises(ForbiddenError, match="for two bodies"):
        decide(cast, study, "board", "biobank_board")


def test_votes_that_count_no_more_bind_nobody(cast: Cast) -> None:
    """At a renewal the ethics committee decides again: who spoke for it may speak for another body this time."""
    study = approved(cast)
    ends_soon(study)
    granting.renew(study.id, "One more year", by=cast.actor("researcher"))
    also(cast, "ethics", Role.BIOBANK_MANAGER)
    also(cast, "biobank_board", Role.BIOBANK_MANAGER)
    with pytest.raises(ForbiddenError, match="for two bodies"):
        decide(cast, study, "biobank", "biobank_board")
    decide(cast, study, "biobank", "ethics")
    assert states(study)["biobank"] is State.APPROVED


def test_a_path_may_let_two_bodies_share_people(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = [msgspec.structs.replace(one, people_of=("board",)) if one.id == "ethics" else one for one in PATH.steps]
    own = msgspec.structs.replace(PATH, steps=tuple(shared))
    monkeypatch.setattr(standings, "approval_path", lambda: own)
    also(cast, "biobank_board", Role.ETHICS)
    study = before_ethics(cast)
    decide(cast, study, "ethics", "biobank_board")
    decide(cast, study, "ethics", "ethics")
    assert status(study) is Status.APPROVED
