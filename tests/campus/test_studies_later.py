"""What was approved stays approved when the path, of a newer version or of the campus, comes to ask for more."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from django.urls import reverse
from django.utils import timezone

from campus.cast import Cast
from campus.test_permits import says
from campus.test_studies import ORDER, approved, decide, states, status, submitted
from campus.test_studies_declared import declare
from campus.test_studies_guarded import ends_soon
from campus.test_studies_pages import text_of
from wardbench.campus.people.roles import Role
from wardbench.campus.studies import amending, ending, granting, handing, queries, standings
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Decision, Permit, Study, Vote
from wardbench.campus.studies.path import Path, shipped
from wardbench.campus.studies.standing import State, Status

PATH = shipped()


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """The path of the campus, whose last is in force."""
    held = [PATH]
    monkeypatch.setattr(standings, "approval_path", lambda: held[-1])
    yield held


def without(step: str) -> Path:
    """The path as it was before it had a step."""
    steps = [
        msgspec.structs.replace(one, after=tuple(before for before in one.after if before != step))
        for one in PATH.steps
        if one.id != step
    ]
    return msgspec.structs.replace(PATH, steps=tuple(steps))


def approved_before(cast: Cast, path: list[Path], step: str = "privacy") -> Study:
    """A study that was approved before the path had a step, which it has now."""
    path.append(without(step))
    study = submitted(cast)
    for one, key in ORDER:
        if one != step:
            decide(cast, study, one, key)
    assert status(study) is Status.APPROVED
    path.append(PATH)
    return study


def test_a_step_that_came_later_reopens_nothing_and_is_shown_as_such(cast: Cast, path: list[Path]) -> None:
    study = approved_before(cast, path)
    assert status(study) is Status.APPROVED and states(study)["privacy"] is State.NOT_NEEDED
    assert not queries.waiting(cast.actor("data_protection")) and says(study, cast) == ""
    text = text_of(cast.client("researcher").get(reverse("study", args=[study.id])))
    assert text.count("The path came to ask for this after the study was approved, which stands.") == 1
    [line] = queries.find(cast.actor("researcher"), queries.Filter(status="approved"))
    assert line.study == study
    ending.close(study.id, "Done", by=cast.actor("researcher"))
    assert states(study)["privacy"] is State.NOT_NEEDED, "a closed study keeps the steps that it had"


def test_what_is_under_way_follows_the_path(cast: Cast, path: list[Path]) -> None:
    path.append(without("privacy"))
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    path.append(PATH)
    assert states(study)["privacy"] is State.OPEN


def test_an_amendment_is_judged_on_the_path_of_its_day(cast: Cast, path: list[Path]) -> None:
    study = approved_before(cast, path)
    form = cast.client("researcher").get(reverse("study_amend", args=[study.id, "material"]))
    assert "Data protection" in text_of(form), "it says beforehand who decides too"
    amending.amend(study.id, Section.MATERIAL, {"retention": "Ours"}, "Moved", by=cast.actor("researcher"))
    decide(cast, study, "validation", "trial_centre")
    assert states(study)["privacy"] is State.OPEN, "though it does not judge the material"
    for step, key in ORDER[1:]:
        decide(cast, study, step, key)
    assert status(study) is Status.APPROVED and Permit.objects.filter(study=study, revoked=None).count() == 1


def test_an_amendment_that_no_body_of_then_judges_asks_for_the_new_step(cast: Cast, path: list[Path]) -> None:
    study = approved_before(cast, path)
    narrow = tuple(msgspec.structs.replace(one, sees=(Section.ABOUT,)) for one in PATH.steps)
    path.append(msgspec.structs.replace(PATH, steps=narrow))
    assert amending.amend_data(study.id, {"data_wanted": "Urea"}, "Urea", by=cast.actor("researcher")) == []
    assert states(study)["privacy"] is State.OPEN and not Permit.objects.filter(study=study, revoked=None).exists()


def test_a_renewal_another_investigator_and_a_conflict_ask_for_the_new_step_too(cast: Cast, path: list[Path]) -> None:
    by = cast.actor("researcher")
    study = approved_before(cast, path)
    ends_soon(study)
    granting.renew(study.id, "One more year", by=by)
    assert states(study)["privacy"] is State.OPEN
    other = approved_before(cast, path)
    handing.name_investigator(other.id, cast.people["lecturer"].id, "Leaves", by=by)
    handing.take_on(other.id, by=cast.actor("lecturer"))
    assert status(other) is Status.SUBMITTED
    third = approved_before(cast, path)
    declare(cast, third, "ethics")
    assert states(third)["privacy"] is State.OPEN


def test_more_votes_than_there_were_reopen_nothing(cast: Cast, path: list[Path]) -> None:
    study = approved(cast)
    stricter = tuple(msgspec.structs.replace(one, votes=3) if one.id == "ethics" else one for one in PATH.steps)
    path.append(msgspec.structs.replace(PATH, steps=stricter))
    assert status(study) is Status.APPROVED
    declare(cast, study, "trial_centre")
    assert states(study)["ethics"] is State.WAITING, "what is decided again is decided on the path of the day"


def test_votes_that_were_taken_back_before_that_was_kept_reopen_too(cast: Cast, path: list[Path]) -> None:
    study = approved_before(cast, path)
    Vote.objects.filter(study=study, step="biobank").update(void=True)
    assert status(study) is Status.SUBMITTED
    Vote.objects.filter(study=study, step="biobank").update(voided=timezone.now())
    assert status(study) is Status.SUBMITTED


@pytest.mark.parametrize("gone", ["dropped", "not needed"])
def test_a_conflict_on_a_step_that_the_path_has_no_more(cast: Cast, path: list[Path], gone: str) -> None:
    """Nobody is there to decide it again; the permit does not stay suspended for good with nobody's turn."""
    study = approved(cast)
    if gone == "dropped":
        path.append(without("privacy"))
    else:
        Study.objects.filter(id=study.id).update(data="aggregate")
    assert status(study) is Status.APPROVED
    client = cast.client("data_protection")
    page = reverse("study_act", args=[study.id, "declare"])
    assert client.post(page, {"reason": "My sister works for the sponsor"}).status_code == 302
    assert not Decision.objects.filter(study=study, step__in=["privacy", "validation"], void=False).exists()
    assert [turn.role for turn in standings.stands(Study.objects.get(id=study.id)).turns] == [Role.TRIAL_CENTRE]
    decide(cast, study, "validation", "trial_centre")
    assert status(study) is Status.APPROVED and "suspended" not in says(study, cast)
