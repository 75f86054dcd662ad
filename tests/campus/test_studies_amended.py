"""Amending what was submitted: people, units, cohorts, documents and fields; who decides again, and what holds on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campus.cast import Cast, make_cast
from campus.test_cohorts import made
from campus.test_permits import DATA, PLASMA, permit_of, says
from campus.test_studies import HASH, ORDER, approved, at_once, completed, decide, states, status, submitted
from campus.test_studies_documents import PDF
from campus.test_studies_guarded import ends_soon
from campus.test_studies_pages import text_of
from wardbench.campus.audit.models import Event
from wardbench.campus.audit.queries import verify
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.cohorts.models import Version
from wardbench.campus.notices.models import Notice
from wardbench.campus.people import services as people
from wardbench.campus.people.models import Organisation
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.studies import amending, granting, handing, permits, queries, services, standings, versions
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Decision, Member, Permit, Study
from wardbench.campus.studies.standing import State, Status
from wardbench.core.errors import BusyError, InputError, NotFoundError

JUDGES = {
    Section.TEAM: {"validation", "biobank", "privacy", "ethics", "transfer"},
    Section.UNITS: {"validation", "board", "care_programme", "biobank", "privacy", "ethics", "transfer"},
    Section.DATA: {"validation", "privacy", "ethics"},
    Section.DOCUMENTS: {"validation", "biobank", "ethics", "transfer"},
    Section.ABOUT: {"validation", "board", "care_programme", "biobank", "privacy", "ethics"},
}
"""Which steps of the shipped path judge what, written down a second time."""


def by(cast: Cast, key: str = "researcher") -> Any:
    return cast.actor(key)


def partner(cast: Cast) -> Organisation:
    return people.add_organisation("A company", "partner", by=SYSTEM)


def saved(cast: Cast, key: str = "researcher") -> Version:
    """A version of a cohort of somebody's own."""
    found = cohorts.latest(made(cast, key, by=key))
    assert found is not None
    return found


AMENDMENTS: dict[Section, Callable[[Cast, Study, str], list[str]]] = {
    Section.TEAM: lambda cast, study, key: amending.amend_team(
        study.id, "An analyst comes", by=by(cast, key), join={cast.people["student"].id: "analyst"}
    ),
    Section.UNITS: lambda cast, study, key: amending.amend_units(
        study.id, [cast.endocrinology.id, cast.cardiology.id], [], [], "Hearts too", by=by(cast, key)
    ),
    Section.DATA: lambda cast, study, key: amending.amend_data(
        study.id, {"data_wanted": "Urea too"}, "Urea", by=by(cast, key)
    ),
    Section.DOCUMENTS: lambda cast, study, key: amending.amend_documents(
        study.id, "A better protocol", by=by(cast, key), add=[("protocol", "protocol.pdf", [PDF])]
    ),
    Section.ABOUT: lambda cast, study, key: amending.amend(
        study.id, Section.ABOUT, {"summary": "Other"}, "Wider", by=by(cast, key)
    ),
}


@pytest.mark.parametrize("section", AMENDMENTS)
def test_those_who_judge_a_section_decide_again_and_what_was_submitted_is_kept(cast: Cast, section: Section) -> None:
    study = approved(cast)
    before = {step: state for step, state in states(study).items() if step not in JUDGES[section]}
    again = AMENDMENTS[section](cast, study, "researcher")
    assert set(again) == JUDGES[section]
    assert states(study)["validation"] is State.OPEN and status(study) is Status.SUBMITTED
    assert not study.votes.filter(step__in=again, void=False).exists()
    assert not study.decisions.filter(step__in=again, void=False).exists()
    last = study.submissions.get(number=2)
    assert last.section == section.value and last.reason and last.hash == permits.hash_of(last.content)
    assert last.content == queries.content_of(Study.objects.get(id=study.id)) != study.submissions.get(number=1).content
    event = Event.objects.filter(verb__startswith="studies.amend").get()
    assert event.actor == by(cast).id and event.detail["reason"] == last.reason and event.detail["again"] == again
    told = set(Notice.objects.filter(sentence__contains="came to you").values_list("person", flat=True))
    waits = {cast.people[key].id for key in cast.people if queries.waiting(cast.actor(key))}
    assert waits == {cast.people["trial_centre"].id} and waits <= told
    ended = permit_of(study).revoked is not None
    assert ended == (section is not Section.TEAM), "a permit on other words ends; nobody's joining changes one"
    decide(cast, study, "validation", "trial_centre")
    now = states(study)
    assert {step: now[step] for step in before} == before, "the others keep their decision"
    assert verify({})[1] is None


@pytest.mark.parametrize("section", AMENDMENTS)
def test_only_the_investigator_amends_and_only_what_was_submitted(cast: Cast, section: Section) -> None:
    draft = completed(cast)
    with pytest.raises(ForbiddenError):
        AMENDMENTS[section](cast, draft, "researcher")
    services.add_member(draft.id, cast.people["lecturer"].id, "coordinator", by=by(cast))
    services.submit(draft.id, by=by(cast))
    revision = Study.objects.get(id=draft.id).revision
    for key in set(cast.people) - {"researcher"}:
        with pytest.raises((ForbiddenError, NotFoundError)):
            AMENDMENTS[section](cast, draft, key)
    assert Study.objects.get(id=draft.id).revision == revision and draft.submissions.count() == 1


def again_approved(cast: Cast, study: Study, again: list[str]) -> None:
    for step, key in ORDER:
        if step in again:
            decide(cast, study, step, key)


def test_who_joins_uses_the_permit_that_follows_and_the_others_go_on_meanwhile(cast: Cast) -> None:
    study = approved(cast)
    again = AMENDMENTS[Section.TEAM](cast, study, "researcher")
    assert Notice.objects.filter(person=cast.people["student"], sentence__contains="added you").count() == 1
    assert says(study, cast) == "" and "does not name you" in says(study, cast, key="student")
    with pytest.raises(ForbiddenError):
        granting.use(permit_of(study).id, DATA, by=by(cast, "student"))
    again_approved(cast, study, again)
    assert permit_of(study).number == 2 and Permit.objects.filter(study=study, revoked=None).count() == 1
    assert says(study, cast) == says(study, cast, key="student") == ""


def test_who_left_and_comes_back_is_let_in_by_those_who_decide(cast: Cast) -> None:
    study = completed(cast)
    student = cast.people["student"].id
    services.add_member(study.id, student, "student", by=by(cast))
    services.submit(study.id, by=by(cast))
    again_approved(cast, study, [step for step, _ in ORDER])
    assert says(study, cast, key="student") == ""
    services.remove_member(study.id, student, by=by(cast, "data_protection"))
    again = AMENDMENTS[Section.TEAM](cast, study, "researcher")
    assert "joined the team after this permit" in says(study, cast, key="student") and says(study, cast) == ""
    again_approved(cast, study, again)
    assert says(study, cast, key="student") == ""


def test_a_refused_newcomer_leaves_the_permit_as_it_was_and_the_team_is_put_before_them_again(cast: Cast) -> None:
    study = approved(cast)
    AMENDMENTS[Section.TEAM](cast, study, "researcher")
    decide(cast, study, "validation", "trial_centre", "refuse", "Not yet trained")
    assert status(study) is Status.REFUSED and says(study, cast) == ""
    services.remove_member(study.id, cast.people["student"].id, by=by(cast))
    again = amending.amend_team(study.id, "She does not come", by=by(cast))
    assert status(study) is Status.SUBMITTED
    again_approved(cast, study, again)
    assert says(study, cast) == "" and says(study, cast, key="student") != ""


def test_the_work_of_a_member_is_amended_and_they_use_the_permit_on(cast: Cast) -> None:
    study = completed(cast)
    services.add_member(study.id, cast.people["student"].id, "student", by=by(cast))
    services.submit(study.id, by=by(cast))
    again_approved(cast, study, [step for step, _ in ORDER])
    AMENDMENTS[Section.TEAM](cast, study, "researcher")
    assert Member.objects.get(study=study).work == "analyst" and says(study, cast, key="student") == ""


@pytest.mark.parametrize("how", ["member", "investigator"])
def test_nobody_who_joins_has_decided_on_it(cast: Cast, how: str) -> None:
    """A member of the board, which does not judge the team, joins: what the board said falls."""
    study = approved(cast)
    person = cast.people["biobank_board"]
    people.give_role(person, Role.RESEARCHER, cast.institute, by=SYSTEM)
    if how == "member":
        again = amending.amend_team(study.id, "She knows it", by=by(cast), join={person.id: "laboratory"})
    else:
        again = handing.name_investigator(study.id, person.id, "She knows it", by=by(cast))
        handing.take_on(study.id, by=by(cast, "biobank_board"))
    assert "board" in again
    assert not study.votes.filter(step="board", void=False).exists()
    decide(cast, study, "validation", "trial_centre")
    assert states(study)["board"] is State.OPEN
    with pytest.raises(ForbiddenError, match="Nobody decides"):
        decide(cast, study, "board", "biobank_board")


def test_a_partner_takes_part_by_an_amendment_and_data_protection_sees_it(cast: Cast) -> None:
    study, company = approved(cast), partner(cast)
    again = amending.amend_units(study.id, [cast.endocrinology.id], [], [company.id], "They pay", by=by(cast))
    assert "privacy" in again and list(study.partners.all()) == [company]
    with pytest.raises(InputError, match="partner companies"):
        amending.amend_units(study.id, [], [], [cast.hospital.id], "No company", by=by(cast))
    with pytest.raises(InputError, match="care programmes"):
        amending.amend_units(study.id, [], [], [], "For nobody", by=by(cast))
    assert study.programmes.count() == 1 and study.partners.count() == 1, "what is refused is not written"


def test_cohorts_come_and_go_by_an_amendment(cast: Cast) -> None:
    study, version = approved(cast), saved(cast)
    amending.amend_data(study.id, {}, "The next one", by=by(cast), attach=[version.id], detach=[HASH])
    assert [one.hash for one in study.cohorts.all()] == [version.hash]
    again_approved(cast, study, sorted(JUDGES[Section.DATA]))
    assert permit_of(study).content["cohorts"] == [version.hash]
    with pytest.raises(BusyError):
        amending.amend_data(study.id, {}, "Again", by=by(cast), detach=[HASH])
    with pytest.raises(InputError, match="Attach the cohort"):
        amending.amend_data(study.id, {}, "None", by=by(cast), detach=[version.hash])
    other = saved(cast, "researcher2")
    with pytest.raises(NotFoundError):
        amending.amend_data(study.id, {}, "Theirs", by=by(cast), attach=[other.id])
    assert [one.hash for one in study.cohorts.all()] == [version.hash]


def test_documents_come_and_go_by_an_amendment(cast: Cast) -> None:
    study = approved(cast)
    protocol = study.documents.get(kind="protocol")
    with pytest.raises(InputError, match="protocol"):
        amending.amend_documents(study.id, "Without", by=by(cast), take_off=[protocol.id])
    protocol.refresh_from_db()
    assert protocol.withdrawn_at is None
    new = [("protocol", "second.pdf", [PDF])]
    amending.amend_documents(study.id, "Another", by=by(cast), add=new, take_off=[protocol.id])
    held = study.documents.filter(withdrawn_at=None, kind="protocol")
    assert [one.name for one in held] == ["second.pdf"]
    with pytest.raises(BusyError):
        amending.amend_documents(study.id, "Once more", by=by(cast), take_off=[protocol.id])
    with pytest.raises(InputError, match="Nothing changes"):
        amending.amend_documents(study.id, "The same", by=by(cast), add=new)


def test_an_amendment_says_why_and_changes_something(cast: Cast) -> None:
    study = submitted(cast)
    for section, change in AMENDMENTS.items():
        if section is not Section.DOCUMENTS:
            change(cast, study, "researcher")
            with pytest.raises(InputError, match="Nothing changes"):
                change(cast, study, "researcher")
    with pytest.raises(InputError, match="what changes and why"):
        amending.amend_team(study.id, " ", by=by(cast), join={cast.people["lecturer"].id: ""})
    assert study.submissions.count() == len(AMENDMENTS)


def test_those_who_have_nothing_new_before_them_are_not_told_again(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    Study.objects.filter(id=study.id).update(kind="secondary_use")
    own = msgspec.structs.replace(
        standings.approval_path(),
        steps=tuple(
            msgspec.structs.replace(step, sees=(Section.DATA,) if step.id == "privacy" else (Section.ABOUT,))
            for step in standings.approval_path().steps
        ),
    )
    Notice.objects.all().delete()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standings, "approval_path", lambda: own)
        amending.amend_data(study.id, {"data_wanted": "Urea"}, "Urea", by=by(cast))
    told = set(Notice.objects.filter(sentence__contains="came to you").values_list("person", flat=True))
    assert told == {cast.people["data_protection"].id}, "the board and the care programme know already"


@pytest.mark.parametrize("meanwhile", ["holds", "revoked", "suspended"])
def test_where_nobody_judges_it_the_permit_is_made_anew_for_no_longer(
    cast: Cast, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = approved(cast)
    first = ends_soon(study)
    own = msgspec.structs.replace(
        standings.approval_path(),
        steps=tuple(msgspec.structs.replace(one, sees=(Section.ABOUT,)) for one in standings.approval_path().steps),
    )
    monkeypatch.setattr(standings, "approval_path", lambda: own)
    if meanwhile != "holds":
        verb = granting.revoke if meanwhile == "revoked" else granting.suspend
        verb(study.id, "A leak", by=by(cast, "data_protection"))
    assert amending.amend_data(study.id, {"data_wanted": "Urea"}, "Urea", by=by(cast)) == []
    held = Permit.objects.filter(study=study, revoked=None)
    if meanwhile == "revoked":
        assert not held.exists(), "what was revoked does not come back by an amendment"
    else:
        assert held.get().number == 2 and held.get().until == first.until
        assert (held.get().suspended is not None) == (meanwhile == "suspended")


def test_what_was_taken_stays_taken_whatever_permit_follows(cast: Cast) -> None:
    study = approved(cast)
    for _ in range(3):
        granting.use(permit_of(study).id, PLASMA, by=by(cast))
    again_approved(cast, study, AMENDMENTS[Section.TEAM](cast, study, "researcher"))
    second = permit_of(study)
    assert second.number == 2 and permits.used_of(second, "Plasma") == 30
    granting.use(second.id, PLASMA, by=by(cast, "student"))
    with pytest.raises(ForbiddenError, match="of which 40 is used"):
        granting.use(second.id, PLASMA, by=by(cast))
    assert permits.used_of(Permit.objects.get(study=study, number=1), "Plasma") == 30


@pytest.mark.django_db(transaction=True)
def test_two_amendments_at_the_same_moment_are_one() -> None:
    cast = make_cast()
    study = approved(cast)
    failed = at_once(
        lambda: AMENDMENTS[Section.TEAM](cast, study, "researcher"),
        lambda: AMENDMENTS[Section.UNITS](cast, study, "researcher"),
    )
    assert all(isinstance(one, BusyError) for one in failed) and len(failed) <= 1, failed
    done = 2 - len(failed)
    assert study.submissions.count() == 1 + done == 1 + Event.objects.filter(verb__contains="amend").count()
    assert [one.number for one in study.submissions.all()] == list(range(1, 2 + done))
    assert verify({})[1] is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("section", [Section.TEAM, Section.DOCUMENTS])
def test_the_last_approval_and_an_amendment_at_the_same_moment(section: Section) -> None:
    """No permit that holds says other words, or names other people, than what was decided on."""
    cast = make_cast()
    study = submitted(cast)
    for step, key in ORDER[:-1]:
        decide(cast, study, step, key)
    failed = at_once(lambda: decide(cast, study, *ORDER[-1]), lambda: AMENDMENTS[section](cast, study, "researcher"))
    assert all(isinstance(one, (BusyError, ForbiddenError, NotFoundError)) for one in failed), failed
    for permit in Permit.objects.filter(study=study, revoked=None):
        assert str(cast.people["student"].id) not in permit.content["whom"]
        assert section is Section.TEAM or study.submissions.count() == 1
    if study.submissions.count() == 2:
        assert status(study) is Status.SUBMITTED and not Decision.objects.filter(step="validation", void=False).exists()
    assert verify({})[1] is None


def test_every_section_is_amended_by_its_page(cast: Cast) -> None:
    study, client = approved(cast), cast.client("researcher")
    company, version = partner(cast), saved(cast)
    page = reverse("study", args=[study.id])
    for section in Section:
        address = reverse("study_amend", args=[study.id, section.value])
        assert address in text_of(client.get(page)), section
        assert "These decide again on what you change: Validation" in text_of(client.get(address)), section

    def send(section: str, **given: Any) -> Any:
        return client.post(reverse("study_amend", args=[study.id, section]), given)

    rows = {"rows-TOTAL_FORMS": 2, "rows-INITIAL_FORMS": 0}
    team = {**rows, "rows-0-email": "student@test.example", "rows-0-work": "analyst", "rows-1-work": "investigator"}
    assert "This field is required" in text_of(send("team", **team)) and not study.members.exists()
    unknown = send("team", **{**team, "rows-0-email": "who@test.example"}, reason="More hands")
    assert unknown.status_code == 200 and "who@test.example" in text_of(unknown)
    assert send("team", **team, reason="More hands").status_code == 302
    assert study.members.get().work == "analyst"
    units = {"programmes": [str(cast.endocrinology.id)], "partners": [str(company.id)]}
    assert "For nobody" in text_of(send("units", partners=[str(company.id)], reason="For nobody"))
    assert send("units", **units, reason="They pay").status_code == 302
    data = {"closeness": "pseudonymised", "data_wanted": "Creatinine over time"}
    assert send("data", **data, attach=[str(version.id)], detach=[HASH], reason="Adults").status_code == 302
    papers = {**rows, "rows-0-kind": "protocol", "rows-0-file": SimpleUploadedFile("second.pdf", PDF)}
    off = str(study.documents.get(kind="protocol").id)
    assert send("documents", **papers, take_off=[off], reason="Better").status_code == 302
    bad = {**rows, "rows-0-kind": "protocol", "rows-0-file": SimpleUploadedFile("third.pdf", b"MZ")}
    assert "is not what its name says" in text_of(send("documents", **bad, reason="Bad"))
    assert [one.section for one in study.submissions.all()] == ["", "team", "units", "data", "documents"]
    shown = text_of(client.get(page))
    assert all(words in shown for words in ("More hands", "They pay", "Adults", "Better", "second.pdf", "A company"))
    assert reverse("study_investigator", args=[study.id]) in text_of(
        client.get(reverse("study_amend", args=[study.id, "team"]))
    )


def test_after_submission_papers_and_leaving_are_reached_from_the_page(cast: Cast) -> None:
    study = completed(cast)
    services.add_member(study.id, cast.people["student"].id, "student", by=by(cast))
    services.submit(study.id, by=by(cast))
    client = cast.client("researcher")
    papers, team = (reverse("study_section", args=[study.id, one]) for one in ("documents", "team"))
    page = text_of(client.get(reverse("study", args=[study.id])))
    assert papers in page and team in page
    given = {"kind": "other", "file": SimpleUploadedFile("answer.pdf", PDF)}
    assert client.post(papers, given).status_code == 302 and study.documents.filter(name="answer.pdf").exists()
    assert "Add somebody" not in text_of(client.get(team)), "who joins a study that was submitted is an amendment"
    assert client.post(team, {"do": "remove", "person": str(cast.people["student"].id)}).status_code == 302
    assert not study.members.exists()


def test_every_version_stays_readable_and_says_what_changed(cast: Cast) -> None:
    study, company = approved(cast), partner(cast)
    AMENDMENTS[Section.ABOUT](cast, study, "researcher")
    AMENDMENTS[Section.TEAM](cast, study, "researcher")
    amending.amend_units(study.id, [cast.endocrinology.id], [], [company.id], "They pay", by=by(cast))
    client = cast.client("researcher")
    page = text_of(client.get(reverse("study", args=[study.id])))
    pages = {number: reverse("study_version", args=[study.id, number]) for number in range(1, 5)}
    assert all(address in page for address in pages.values())
    first = text_of(client.get(pages[1]))
    assert (
        "Why kidneys fail." in first and "What changed" not in first and study.submissions.get(number=1).hash in first
    )
    assert found(study, 2) == [("Summary", ("Why kidneys fail.",), ("Other",))]
    assert found(study, 3) == [("Team", (), ("Student (Data analyst)",))]
    assert found(study, 4) == [("Partner organisations", (), ("A company",))]
    assert [label for label, _before, _now in found(study, 4, since=1)] == ["Summary", "Team", "Partner organisations"]
    assert "What changed since version 1" in text_of(client.get(pages[4] + "?since=1"))
    study.submissions.filter(number=2).update(content={**study.submissions.get(number=2).content, "summary": "Never"})
    assert "It does not fit" in text_of(client.get(pages[2]))
    for address in (reverse("study_version", args=[study.id, 9]), pages[4].replace(str(study.id), str(company.id))):
        assert client.get(address).status_code == 404
    assert cast.client("researcher2").get(pages[1]).status_code == 404


def found(study: Study, number: int, since: int | None = None) -> list[tuple[str, Any, Any]]:
    kept = versions.version(Study.objects.get(id=study.id), number, since)
    assert kept.whole
    return [(one.label, one.before, one.now) for one in kept.changes]


def test_every_field_of_a_submission_is_in_its_version(cast: Cast) -> None:
    """Whatever is different from one submission to the next is shown as a change."""
    study = submitted(cast)
    content = study.submissions.get().content
    other: dict[str, Any] = {
        **dict.fromkeys(
            ("title", "summary", "sponsor", "ethics_reference", "party", "retention", "data_wanted"), "Other"
        ),
        "kind": "thesis",
        "material": not content["material"],
        "material_wanted": [{"type": "DNA", "amount": 1, "unit": "ml", "donors": 2}],
        "consent": "residual",
        "fate": "keep",
        "data": "identifiable",
        "tables": ["person"],
        "purpose": {"use": "DUO:0000042", "commercial": True},
        "since": "2020-01-01",
        "until": "2021-01-01",
        "investigator": str(cast.people["lecturer"].id),
        "members": [[str(cast.people["student"].id), "student"]],
        "programmes": [str(cast.cardiology.id)],
        "departments": [str(cast.cardiology.id)],
        "partners": [str(cast.hospital.id)],
        "cohorts": ["b" * 64],
        "documents": ["c" * 64],
        **{flag: not content[flag] for flag in ("public", "leaves", "arrives")},
    }
    assert set(other) | {"reference"} == set(content), "a field that is new is shown here too"
    content = {**content, "kind": "retrospective", "leaves": True, "arrives": False}
    for key, value in other.items():
        changed = {**content, key: value if key != "leaves" else False}
        changed = {**changed, "arrives": True} if key == "arrives" else changed
        names = versions.names_of(study, [content, changed])
        assert versions.changes(content, changed, names), key
    assert versions.changes(content, content, versions.names_of(study, [content])) == []


def test_the_desk_says_what_is_new_since_the_body_spoke(cast: Cast) -> None:
    study = submitted(cast)
    desk = reverse("study_decide", args=[study.id, "validation"])
    assert "New since your body last spoke" not in text_of(cast.client("trial_centre").get(desk))
    decide(cast, study, "validation", "trial_centre")
    AMENDMENTS[Section.UNITS](cast, study, "researcher")
    shown = text_of(cast.client("trial_centre").get(desk))
    assert "New since your body last spoke" in shown and "Hearts too" in shown
    assert reverse("study_version", args=[study.id, 2]) + "?since=1" in shown
    renewed = approved(cast)
    ends_soon(renewed)
    granting.renew(renewed.id, "One more year", by=by(cast))
    shown = text_of(cast.client("data_protection").get(reverse("study_decide", args=[renewed.id, "privacy"])))
    assert "Renewal asked for: One more year" in shown and "?since=" not in shown
