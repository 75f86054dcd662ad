"""Another principal investigator: named by whoever leads a study or watches over it, never past those who decide."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import pytest
from django.urls import reverse
from django.utils import timezone, translation

from campus.cast import Cast, make_cast
from campus.test_permits import DATA, permit_of, says
from campus.test_studies import ORDER, approved, at_once, completed, decide, registered, states, status, submitted
from campus.test_studies_declared import long_ago
from campus.test_studies_pages import text_of
from wardbench.campus.audit.models import Event
from wardbench.campus.audit.queries import verify
from wardbench.campus.notices.models import Notice
from wardbench.campus.people import services as people
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.studies import (
    amending,
    deciding,
    ending,
    explained,
    granting,
    handing,
    queries,
    rules,
    services,
    standings,
)
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Member, Permit, Study
from wardbench.campus.studies.standing import State, Status
from wardbench.core.errors import BusyError, InputError, NotFoundError

JUDGING = {"validation", "biobank", "privacy", "ethics"}
"""The steps of the shipped path that judge the team, where nothing is transferred."""


def leave(cast: Cast, key: str = "researcher") -> None:
    for affiliation in cast.people[key].affiliations.all():
        people.end_role(affiliation, by=SYSTEM)


def name(
    cast: Cast, study: Study, to: str = "lecturer", key: str = "trial_centre", reason: str = "She left"
) -> list[str]:
    return handing.name_investigator(study.id, cast.people[to].id, reason, by=cast.actor(key))


def at_partner(cast: Cast) -> Any:
    return cast.people["partner"].affiliations.get().organisation


def take_on(cast: Cast, study: Study, key: str = "lecturer") -> None:
    handing.take_on(study.id, by=cast.actor(key))


def again_approved(cast: Cast, study: Study, again: list[str]) -> None:
    for step, key in ORDER:
        if step in again:
            decide(cast, study, step, key)


def leads(study: Study) -> Any:
    return Study.objects.get(id=study.id).investigator


def test_who_leads_hands_over_and_no_permit_goes_over_with_it(cast: Cast) -> None:
    study = approved(cast)
    with pytest.raises(InputError, match="role in which one may lead"):
        name(cast, study, to="student", key="researcher")
    again = name(cast, study, key="researcher", reason="I retire")
    assert set(again) == JUDGING and leads(study) == cast.people["lecturer"]
    ended = permit_of(study)
    assert ended.revoked is not None and "Another principal investigator" in ended.why_revoked
    for key in ("researcher", "lecturer"):
        with pytest.raises(ForbiddenError):
            granting.use(ended.id, DATA, by=cast.actor(key))
    last = study.submissions.get(number=2)
    assert (last.section, last.reason) == ("team", "I retire")
    assert last.content["investigator"] == str(cast.people["lecturer"].id)
    event = Event.objects.get(verb="studies.hand_over")
    assert event.actor == cast.actor("researcher").id and event.detail["reason"] == "I retire"
    assert event.detail["to"] == str(cast.people["lecturer"].id) and event.detail["permits"] == 1
    with pytest.raises(ForbiddenError):
        name(cast, study, to="physician", key="researcher")
    take_on(cast, study)
    again_approved(cast, study, again)
    assert says(study, cast, key="lecturer") == says(study, cast) == "", "who led it stays in the team"
    assert verify({})[1] is None


def test_nobody_decides_until_the_new_one_has_taken_it_on(cast: Cast) -> None:
    study = approved(cast)
    name(cast, study, key="researcher")
    assert status(study) is Status.SUBMITTED
    with pytest.raises(ForbiddenError):
        decide(cast, study, "validation", "trial_centre")
    assert {key for key in cast.people if queries.waiting(cast.actor(key))} == {"lecturer"}
    for key in set(cast.people) - {"lecturer"}:
        with pytest.raises((ForbiddenError, NotFoundError)):
            take_on(cast, study, key)
    Notice.objects.all().delete()
    take_on(cast, study)
    told = set(Notice.objects.filter(sentence__contains="came to you").values_list("person", flat=True))
    assert told == {cast.people["trial_centre"].id}
    assert [turn.step for _one, turn in queries.waiting(cast.actor("trial_centre"))] == ["validation"]
    with pytest.raises(ForbiddenError, match="already"):
        take_on(cast, study)


def test_the_new_one_amends_closes_or_withdraws_at_once(cast: Cast) -> None:
    study = approved(cast)
    name(cast, study, key="researcher")
    with pytest.raises(ForbiddenError):
        ending.close(study.id, "Done", by=cast.actor("researcher"))
    amending.amend(study.id, Section.ABOUT, {"summary": "Mine"}, "As I see it", by=cast.actor("lecturer"))
    ending.close(study.id, "Nothing was found.", by=cast.actor("lecturer"))
    assert status(study) is Status.CLOSED
    other = submitted(cast)
    name(cast, other, key="researcher")
    with pytest.raises(ForbiddenError):
        ending.close(other.id, "Never begun", by=cast.actor("lecturer"))
    ending.withdraw(other.id, "No time", by=cast.actor("lecturer"))
    assert status(other) is Status.WITHDRAWN


def test_the_new_one_hands_on_what_they_do_not_want(cast: Cast) -> None:
    study = approved(cast)
    name(cast, study, key="researcher")
    name(cast, study, to="researcher", key="lecturer", reason="Not mine")
    assert leads(study) == cast.people["researcher"] and not Permit.objects.filter(study=study, revoked=None).exists()
    take_on(cast, study, "researcher")
    again_approved(cast, study, sorted(JUDGING))
    assert says(study, cast) == "" and says(study, cast, key="lecturer") == ""


@pytest.mark.parametrize("how", ["role ended", "account closed", "another role"])
@pytest.mark.parametrize("key", ["trial_centre", "data_protection"])
def test_where_the_investigator_left_those_who_watch_over_studies_name_another(cast: Cast, how: str, key: str) -> None:
    study, address = approved(cast), "/studies/{}/investigator/"
    other = approved(cast)
    Study.objects.filter(id=other.id).update(investigator=cast.people["physician"])
    with pytest.raises(ForbiddenError, match="holds a role in which one may lead"):
        name(cast, study, key=key)
    if how == "account closed":
        people.close_account(cast.people["researcher"], by=SYSTEM)
    else:
        leave(cast)
    if how == "another role":
        people.give_role(cast.people["researcher"], Role.DATA_STEWARD, cast.hospital, by=SYSTEM)
    home = text_of(cast.client(key).get("/"))
    assert address.format(study.id) in home and address.format(other.id) not in home
    for stranger in set(cast.people) - {"trial_centre", "data_protection", "researcher"}:
        with pytest.raises((ForbiddenError, NotFoundError)):
            name(cast, study, key=stranger)
        assert address.format(study.id) not in text_of(cast.client(stranger).get("/"))
    name(cast, study, key=key)
    assert Member.objects.filter(study=study).exists() == (how == "another role"), "who is gone is not of the team"
    assert "investigator/" not in text_of(cast.client(key).get("/"))
    assert verify({})[1] is None


def test_nobody_names_themselves(cast: Cast) -> None:
    study = approved(cast)
    leave(cast)
    people.give_role(cast.people["trial_centre"], Role.RESEARCHER, cast.institute, by=SYSTEM)
    with pytest.raises(InputError, match="nobody names themselves"):
        name(cast, study, to="trial_centre")
    with pytest.raises(InputError, match="say why"):
        name(cast, study, reason=" ")
    with pytest.raises(InputError, match="may lead a study"):
        name(cast, study, to="nobody")
    name(cast, study, to="trial_centre", key="data_protection")
    assert "validation" in rules_again(study), "who decided on it decides on it no more"


def rules_again(study: Study) -> list[str]:
    return Event.objects.filter(verb="studies.hand_over").latest("number").detail["again"]


def test_nothing_is_done_under_a_permit_while_nobody_answers_for_the_study(cast: Cast) -> None:
    study = completed(cast)
    services.add_member(study.id, cast.people["lecturer"].id, "coordinator", by=cast.actor("researcher"))
    services.submit(study.id, by=cast.actor("researcher"))
    again_approved(cast, study, [step for step, _key in ORDER])
    assert says(study, cast, key="lecturer") == ""
    held = cast.people["researcher"].affiliations.get()
    leave(cast)
    assert "Nobody answers for the study" in says(study, cast, key="lecturer")
    assert "Nobody answers for this study" in text_of(cast.client("lecturer").get(reverse("study", args=[study.id])))
    people.give_role(cast.people["researcher"], Role(held.role), cast.institute, by=SYSTEM)
    assert says(study, cast, key="lecturer") == "", "who comes back answers for it again"


@pytest.mark.parametrize("stage", ["draft", "submitted", "asked", "expired", "refused", "ended"])
def test_a_study_is_handed_over_wherever_it_stands(cast: Cast, stage: str) -> None:
    study = registered(cast) if stage == "draft" else submitted(cast)
    if stage in ("asked", "expired"):
        deciding.ask(study.id, "validation", "Which freezer?", by=cast.actor("trial_centre"))
    if stage == "expired":
        long_ago(study)
    if stage == "refused":
        decide(cast, study, "validation", "trial_centre", "refuse", "No.")
    if stage == "ended":
        ending.withdraw(study.id, "No", by=cast.actor("researcher"))
    leave(cast)
    if stage == "ended":
        with pytest.raises(ForbiddenError):
            name(cast, study)
        return
    before = status(study)
    assert before.value == stage
    name(cast, study)
    if stage == "expired":
        before = Status.ASKED
    assert leads(study) == cast.people["lecturer"] and status(study) is before, "the new one has time to answer"
    if stage == "draft":
        assert not study.submissions.exists()
        with pytest.raises(NotFoundError):
            name(cast, study, to="physician")
        services.edit(study.id, Section.ABOUT, {"summary": "Mine"}, by=cast.actor("lecturer"))
        return
    take_on(cast, study)
    assert status(study) is before, "a refusal stands, and so does a question"
    if stage == "refused":
        amending.amend(study.id, Section.ABOUT, {"summary": "Other"}, "Better", by=cast.actor("lecturer"))
        assert states(study)["validation"] is State.OPEN


def test_a_draft_of_somebody_who_left_is_found_by_those_who_watch_over_studies_alone(cast: Cast) -> None:
    study = registered(cast)
    page = reverse("study", args=[study.id])
    seen = {key for key in cast.people if cast.client(key).get(page).status_code == 200}
    assert seen == {"researcher"}
    leave(cast)
    seen = {key for key in cast.people if cast.client(key).get(page).status_code == 200}
    assert seen == {"trial_centre", "data_protection"}
    assert [one.study for one in queries.visible(cast.actor("trial_centre"))] == [study]
    assert [one.study for one in queries.visible(cast.actor("data_steward"))] == []
    by = cast.actor("trial_centre")
    with pytest.raises(ForbiddenError):
        services.edit(study.id, Section.ABOUT, {"summary": "Mine"}, by=by)
    with pytest.raises(ForbiddenError):
        ending.withdraw(study.id, "Old", by=by)


def test_on_a_path_that_judges_no_team_the_first_body_judges_who_leads(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = approved(cast)
    path = standings.approval_path()
    own = msgspec.structs.replace(
        path, steps=tuple(msgspec.structs.replace(one, sees=(Section.ABOUT,)) for one in path.steps)
    )
    monkeypatch.setattr(standings, "approval_path", lambda: own)
    assert name(cast, study, key="researcher") == ["validation"]
    take_on(cast, study)
    assert not Permit.objects.filter(study=study, revoked=None).exists()
    decide(cast, study, "validation", "trial_centre")
    assert says(study, cast, key="lecturer") == ""


def test_by_its_page_with_letters_to_both_and_its_history(cast: Cast) -> None:
    study = approved(cast)
    client, address = cast.client("researcher"), reverse("study_investigator", args=[study.id])
    page = text_of(client.get(address))
    assert "A permit that the study has ends at once" in page and "Researcher stays in the team" in page
    assert "Validation by the Clinical Trial Centre, Decision of the biobank" in page
    assert "There is no such person" in text_of(client.post(address, {"email": "who@test.example", "reason": "x"}))
    assert "This field is required" in text_of(client.post(address, {"email": "lecturer@test.example"}))
    assert client.post(address, {"email": "lecturer@test.example", "reason": "I retire"}).status_code == 302
    new = Notice.objects.get(person=cast.people["lecturer"], sentence=handing.LEADS)
    assert new.urgent
    history = text_of(client.get(reverse("study", args=[study.id])))
    assert "Another principal investigator named: Researcher" in history
    assert "Lecturer in place of Researcher" in history and "I retire" in history
    browser = cast.client("lecturer")
    assert "Take S" in text_of(browser.get("/"))
    mine = text_of(browser.get(reverse("study", args=[study.id])))
    assert "Take the study on" in mine and "Close the study" in mine
    assert browser.get(reverse("study_take_on", args=[study.id])).status_code == 405
    assert client.post(reverse("study_take_on", args=[study.id])).status_code == 403
    assert browser.post(reverse("study_take_on", args=[study.id])).status_code == 302
    assert "Taken on by its principal investigator: Lecturer" in text_of(client.get(reverse("study", args=[study.id])))
    desk = text_of(cast.client("trial_centre").get(reverse("study_decide", args=[study.id, "validation"])))
    assert "Another principal investigator named" in desk and "?since=1" in desk
    leave(cast, "lecturer")
    officer = cast.client("data_protection")
    assert "holds no role on the campus any more" in text_of(officer.get(address))
    assert officer.post(address, {"email": "physician@test.example", "reason": "She left"}).status_code == 302
    told = Notice.objects.filter(sentence=handing.LED_BY, person=cast.people["researcher"])
    assert told.count() == 1, "the team hears of it"


def test_a_draft_handed_over_by_those_who_watch_leads_back_to_their_home(cast: Cast) -> None:
    study = registered(cast)
    leave(cast)
    client, address = cast.client("trial_centre"), reverse("study_investigator", args=[study.id])
    answer = client.post(address, {"email": "lecturer@test.example", "reason": "She left"})
    assert answer.status_code == 302 and answer["Location"] == "/"
    assert client.get(address).status_code == 404


def test_those_who_watch_are_told_once_of_each_investigator(cast: Cast) -> None:
    study, now = approved(cast), timezone.now()
    assert granting.carry_out_due(now) == 0
    leave(cast)
    assert granting.carry_out_due(now) == 1 and granting.carry_out_due(now) == 0
    told = Notice.objects.filter(sentence__startswith="Nobody answers for study")
    assert set(told.values_list("person", flat=True)) == {
        cast.people[key].id for key in ("trial_centre", "data_protection")
    }
    assert Event.objects.filter(verb="studies.orphaned").count() == 1, "nor is it on the record again"
    name(cast, study)
    leave(cast, "lecturer")
    assert granting.carry_out_due(now) == 1


def test_those_who_watch_are_told_once_where_nobody_takes_a_study_on_in_time(cast: Cast) -> None:
    study, now = approved(cast), timezone.now()
    name(cast, study, key="researcher")
    watching = [cast.actor(key) for key in ("trial_centre", "data_protection")]
    assert granting.carry_out_due(now) == 0 and not any(map(queries.orphans, watching))
    long = now - datetime.timedelta(days=200)
    Study.objects.update(named=long, submitted=long)
    assert granting.carry_out_due(now) == 1 and granting.carry_out_due(now) == 0
    told = Notice.objects.filter(sentence__contains="not taken it on in time")
    assert set(told.values_list("person", flat=True)) == {
        cast.people[key].id for key in ("trial_centre", "data_protection")
    }
    assert [one.id for by in watching for one in queries.orphans(by)] == [study.id] * 2
    assert "Name another principal investigator of" in text_of(cast.client("trial_centre").get(reverse("home")))
    assert not queries.orphans(cast.actor("researcher"))
    take_on(cast, study)
    assert not any(map(queries.orphans, watching)) and granting.carry_out_due(now) == 0


def test_who_is_left_with_another_role_keeps_nothing_of_what_an_investigator_may(cast: Cast) -> None:
    study, person = approved(cast), cast.people["researcher"]
    leave(cast)
    people.give_role(person, Role.PARTNER, at_partner(cast), by=SYSTEM)
    by, facts = cast.actor("researcher"), queries.standing_of(study.id).facts
    assert by.roles == {Role.PARTNER} and facts.orphaned
    may = {verb for verb in rules.Verb if rules.may(by, verb, facts)}
    assert may == set() and rules.may_see(by, facts), "they read what they worked on"
    assert not rules.may_remove_member(by, facts)
    with pytest.raises(ForbiddenError, match="may lead none any more"):
        amending.amend(study.id, Section.ABOUT, {"summary": "Mine"}, "I say so", by=by)
    with pytest.raises(ForbiddenError):
        ending.close(study.id, "Nothing was found.", by=by)
    assert name(cast, study), "those who watch over studies go on"
    draft = registered(cast, "lecturer")
    leave(cast, "lecturer")
    people.give_role(cast.people["lecturer"], Role.PARTNER, at_partner(cast), by=SYSTEM)
    with pytest.raises(ForbiddenError):
        ending.withdraw(draft.id, "No more", by=cast.actor("lecturer"))


def test_why_somebody_may_name_another_is_explained(cast: Cast) -> None:
    study = approved(cast)
    told = {one.title: one.verdict for one in explained.answers(cast.actor("trial_centre"), str(study.id))}
    assert not told[rules.ACTIONS[rules.Verb.HAND_OVER]]
    leave(cast)
    told = {one.title: one.verdict for one in explained.answers(cast.actor("trial_centre"), str(study.id))}
    assert told[rules.ACTIONS[rules.Verb.HAND_OVER]]


@pytest.mark.django_db(transaction=True)
def test_two_who_name_somebody_at_the_same_moment() -> None:
    cast = make_cast()
    study = approved(cast)
    leave(cast)
    failed = at_once(
        lambda: name(cast, study, to="lecturer", key="trial_centre"),
        lambda: name(cast, study, to="physician", key="data_protection"),
    )
    assert all(isinstance(one, BusyError) for one in failed) and len(failed) <= 1, failed
    named = Event.objects.filter(verb="studies.hand_over").latest("number")
    assert str(leads(study).id) == named.detail["to"]
    assert study.submissions.count() == 3 - len(failed) and verify({})[1] is None


def test_why_a_permit_ended_is_told_in_the_language_of_whoever_reads_it(cast: Cast) -> None:
    study = approved(cast)
    with translation.override("fr"):
        name(cast, study, key="researcher")
    permit = Permit.objects.get(study=study)
    assert permit.why_revoked == "Another principal investigator was named."
    client = cast.client("researcher")
    client.post("/language/", {"language": "nl"})
    with translation.override("nl"):
        dutch = translation.gettext(permit.why_revoked)
        assert dutch != permit.why_revoked and dutch in says(study, cast)
    for address in (f"/studies/{study.id}/", reverse("study_permit", args=[study.id, permit.number])):
        assert dutch in text_of(client.get(address))
