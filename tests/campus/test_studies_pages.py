"""The pages of studies: each as every role, by guessed addresses, and the way from registering to a permit by them."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campus.cast import Cast
from campus.test_studies import ORDER, approved, completed, decide, registered, submitted
from campus.test_studies_documents import PDF
from wardbench.campus.people import services as people
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.questions import services as questions
from wardbench.campus.questions.rules import Side
from wardbench.campus.studies import amending, ending, permits, queries, services, standings
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Decision, Permit, Study
from wardbench.campus.studies.path import Words
from wardbench.campus.studies.standing import Status

NOT_DRAFT = {"trial_centre", "data_protection", "data_steward"}
"""Who sees every study that was submitted."""


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def pages(study: Study) -> list[str]:
    """Every address that is about a study."""
    found = [reverse("study", args=[study.id])]
    found += [reverse("study_section", args=[study.id, section.value]) for section in Section]
    found += [reverse("study_amend", args=[study.id, section.value]) for section in Section]
    found += [reverse("study_act", args=[study.id, "withdraw"])]
    found += [reverse("study_version", args=[study.id, 1])]
    found += [reverse("study_letter", args=[study.id, 1]), reverse("study_permit", args=[study.id, 1])]
    found += [reverse("study_document", args=[study.id, one.id]) for one in study.documents.all()]
    found += [reverse("study_decide", args=[study.id, step]) for step in ("validation", "biobank", "ethics")]
    return found


POSTS = ("study_submit", "study_cohort")


def test_a_draft_is_for_its_team_alone_whatever_address_is_guessed(cast: Cast) -> None:
    study = completed(cast)
    for key in cast.people:
        if key == "researcher":
            continue
        client = cast.client(key)
        for address in pages(study):
            assert client.get(address).status_code == 404, (key, address)
        for name in POSTS:
            assert client.post(reverse(name, args=[study.id])).status_code == 404, (key, name)
        assert study.reference not in text_of(client.get(reverse("studies"))) or key == "nobody"


def test_what_is_not_there_looks_like_what_is_not_for_you(cast: Cast) -> None:
    study, client = completed(cast), cast.client("researcher2")
    hidden, missing = (client.get(reverse("study", args=[one])) for one in (study.id, uuid.uuid4()))
    assert hidden.status_code == missing.status_code == 404
    hidden_text, missing_text = (
        re.sub(r'csrf\w*"[^>]*|/studies/[-0-9a-f]+/', "", text_of(one), flags=re.I) for one in (hidden, missing)
    )
    assert hidden_text == missing_text and "There is no such study" in hidden_text


def test_who_sees_a_submitted_study(cast: Cast) -> None:
    """The team and those who watch over it whole, bodies once it has reached them, the campus its public line."""
    study = submitted(cast)
    address = reverse("study", args=[study.id])

    def seen() -> dict[str, str]:
        found = {}
        for key in cast.people:
            response = cast.client(key).get(address)
            text = text_of(response)
            whole = "Plasma: 40 ml" in text
            found[key] = "whole" if whole else {200: "line", 404: "nothing"}[response.status_code]
        return found

    before = seen()
    assert {key for key, what in before.items() if what == "whole"} == {"researcher", *NOT_DRAFT}
    assert {key for key, what in before.items() if what == "nothing"} == {"partner", "nobody"}
    decide(cast, study, "validation", "trial_centre")
    reached = {"biobank_board", "biobank_board2", "physician"}
    assert {key for key, what in seen().items() if what == "whole"} == {"researcher", *NOT_DRAFT} | reached
    Study.objects.filter(id=study.id).update(public=False)
    assert "line" not in seen().values()
    study.partners.add(cast.institute)
    assert seen()["partner"] == "line", "a partner's organisation takes part in it"


def test_what_somebody_decided_on_stays_before_them(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board")
    amending.amend(study.id, Section.ABOUT, {"summary": "Other"}, "Wider", by=cast.actor("researcher"))
    address = reverse("study", args=[study.id])
    assert "Plasma: 40 ml" in text_of(cast.client("biobank_board").get(address)), "she voted on it"
    assert "Plasma: 40 ml" not in text_of(cast.client("biobank_board2").get(address)), "it waits for others again"


def test_votes_are_for_the_bodies_until_a_step_is_decided(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "board", "biobank_board", "conditions", "No more than 1 ml each")
    address = reverse("study", args=[study.id])
    assert "No more than 1 ml each" not in text_of(cast.client("researcher").get(address))
    assert "No more than 1 ml each" in text_of(cast.client("biobank_board2").get(address))
    decide(cast, study, "board", "biobank_board2")
    assert "No more than 1 ml each" in text_of(cast.client("researcher").get(address))


def test_from_registering_to_a_permit_by_the_pages_alone(cast: Cast) -> None:
    client = cast.client("researcher")
    form = {"title": "Plasma proteins", "kind": "secondary_use"}
    response = client.post(reverse("study_new"), form)
    study = Study.objects.get()
    assert response.url == reverse("study", args=[study.id])
    assert "Say in plain words what the study is about." in text_of(client.get(response.url))

    def fill(section: str, **values: Any) -> Any:
        return client.post(reverse("study_section", args=[study.id, section]), values)

    assert fill("about", **form, summary="Why kidneys fail.", sponsor="Institute").status_code == 302
    rows = {"rows-TOTAL_FORMS": 1, "rows-INITIAL_FORMS": 0}
    row = {"rows-0-type": "Plasma", "rows-0-amount": "40", "rows-0-unit": "ml", "rows-0-donors": "100"}
    incomplete = fill(
        "material", material="on", retention="Freezer", fate="destroy", **rows, **{**row, "rows-0-donors": ""}
    )
    assert "Say how much." in text_of(incomplete)
    material = fill("material", material="on", retention="Freezer", fate="destroy", consent="secondary", **rows, **row)
    assert material.status_code == 302
    assert fill("units", programmes=[str(cast.endocrinology.id)]).status_code == 302
    fill("data", closeness="aggregate")
    assert "names its diseases" not in text_of(fill("purpose", use="DUO:0000006", concerns=["population"]))
    for kind in ("protocol", "biobank_form", "consent_form"):
        fill("documents", kind=kind, file=SimpleUploadedFile(f"{kind}.pdf", PDF))
    fill("team", do="add", email="student@test.example", work="student")
    study.refresh_from_db()
    assert study.material_wanted == [{"type": "Plasma", "amount": 40.0, "unit": "ml", "donors": 100}]
    assert study.purpose == {"use": "DUO:0000006", "concerns": ["population"]}
    assert study.documents.count() == 3 and study.members.get().person == cast.people["student"]
    assert "Everything is there." in text_of(client.get(reverse("study", args=[study.id])))
    assert client.post(reverse("study_submit", args=[study.id])).status_code == 302

    for step, key in ORDER:
        if step == "privacy":
            continue
        desk = reverse("study_decide", args=[study.id, step])
        browser = cast.client(key)
        assert desk in text_of(browser.get(reverse("home"))), f"{key} finds {step} at home"
        assert "What to look at" in text_of(browser.get(desk))
        given = {"do": "vote", "answer": "conditions", "reason": f"As {key} says"}
        if step == "care_programme":
            given["unit"] = str(cast.endocrinology.id)
        assert browser.post(desk, given).status_code == 302, (step, key)
        assert desk not in text_of(browser.get(reverse("home")))
    page = text_of(client.get(reverse("study", args=[study.id])))
    assert "Nobody has to do anything now." in page and "Permit 1, until" in page
    permit = text_of(client.get(reverse("study_permit", args=[study.id, 1])))
    assert "It holds until" in permit and "As biobank_manager says" in permit and "Student" in permit


def test_autosave_answers_with_a_line(cast: Cast) -> None:
    study, client = registered(cast), cast.client("researcher")
    address = reverse("study_section", args=[study.id, "about"])
    given = {"title": "New title", "kind": "thesis"}
    response = client.post(address, given, headers={"hx-request": "true"})
    assert response.status_code == 200 and text_of(response).startswith("Saved at")
    study.refresh_from_db()
    assert study.title == "New title" and study.kind == "thesis"
    response = client.post(address, {**given, "title": ""}, headers={"hx-request": "true"})
    assert "Not saved yet" in text_of(response)
    study.refresh_from_db()
    assert study.title == "New title"


def test_a_document_is_only_ever_saved_as_a_file(cast: Cast) -> None:
    study, client = registered(cast), cast.client("researcher")
    address = reverse("study_section", args=[study.id, "documents"])
    bad = client.post(address, {"kind": "protocol", "file": SimpleUploadedFile("a.pdf", b"MZ")})
    assert "The content of a.pdf is not what its name says" in text_of(bad) and not study.documents.exists()
    client.post("/language/", {"language": "fr", "next": "/"})
    french = text_of(client.post(address, {"kind": "protocol", "file": SimpleUploadedFile("a.pdf", b"MZ")}))
    assert "Le contenu de a.pdf" in french and "file :" not in french and "file:" not in french
    client.post("/language/", {"language": "en", "next": "/"})
    for content in (PDF, PDF, PDF + b"% second\n%%EOF\n"):
        client.post(address, {"kind": "protocol", "file": SimpleUploadedFile("../x/protocol.pdf", content)})
    assert [one.number for one in study.documents.order_by("number")] == [1, 2], "the same content is the same version"
    one = study.documents.get(number=1)
    response = client.get(reverse("study_document", args=[study.id, one.id]))
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"] == 'attachment; filename="protocol.pdf"'
    assert response["Content-Type"] == "application/octet-stream" and response["X-Content-Type-Options"] == "nosniff"
    other = registered(cast, "physician")
    elsewhere = reverse("study_document", args=[other.id, one.id])
    assert cast.client("physician").get(elsewhere).status_code == 404, "a document of another study"


@pytest.mark.parametrize("language", ["en", "nl", "fr"])
def test_a_letter_is_in_the_language_of_the_applicant(cast: Cast, language: str) -> None:
    cast.people["researcher"].language = language
    cast.people["researcher"].save()
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre", "refuse", "Incomplete")
    response = cast.client("researcher").get(reverse("study_letter", args=[study.id, 1]))
    text = text_of(response)
    assert f'<html lang="{language}"' in text
    decision = Decision.objects.get()
    assert f"{study.reference}/1" in text and decision.hash in text and "Incomplete" in text
    step = {"en": "Validation by the", "nl": "Validatie door het", "fr": "Validation par le"}[language]
    assert step in text
    assert language != "en" or "Decided by: Clinical Trial Centre, Hospital</p>" in text, "the body by its name"
    Decision.objects.update(content={**decision.content, "reasons": ["Other"]})
    changed = text_of(cast.client("researcher").get(reverse("study_letter", args=[study.id, 1]) + "?language=en"))
    assert "It does not fit" in changed


def test_the_path_is_seen_before_asking(cast: Cast) -> None:
    client = cast.client("researcher")
    address = reverse("study_path")
    assert "once you say what the study is" in text_of(client.get(address))
    given = {"kind": "secondary_use", "closeness": "pseudonymised", "material": "on", "consent": "secondary"}
    text = text_of(client.get(address, given))
    assert "About 63 days in all" in text and "too few past cases" in text
    assert "Not needed unless: material leaves the hospital" in text
    fragment = text_of(client.get(address, given, headers={"hx-request": "true"}))
    assert "<html" not in fragment and "About 63 days" in fragment


def test_past_cases_count_once_there_are_five(cast: Cast) -> None:
    for number in range(queries.ENOUGH_CASES):
        assert queries.expected_days(standings.approval_path())["validation"] == (7, False), number
        study = submitted(cast)
        decide(cast, study, "validation", "trial_centre")
    assert queries.expected_days(standings.approval_path())["validation"] == (1, True)


def test_the_desk_shows_what_was_decided_before_and_lets_a_member_step_out(cast: Cast) -> None:
    earlier = submitted(cast)
    decide(cast, earlier, "validation", "trial_centre", "refuse", "The protocol has no statistics")
    study = submitted(cast)
    client, desk = cast.client("trial_centre"), reverse("study_decide", args=[study.id, "validation"])
    text = text_of(client.get(desk))
    assert "The protocol has no statistics" in text and "the same material" in text
    assert client.post(desk, {"do": "vote", "answer": "refuse"}).status_code == 200, "a refusal needs its reason"
    assert client.post(desk, {"do": "out"}).status_code == 200, "and so does stepping out"
    assert client.post(desk, {"do": "out", "reason": "My brother leads it"}).status_code == 302
    assert standings.stands(Study.objects.get(id=study.id)).status is Status.SUBMITTED
    text = text_of(cast.client("data_protection").get(reverse("study", args=[study.id])))
    assert "There are not enough members left who may vote." in text and "My brother leads it" in text


def test_a_question_on_the_page_and_its_answer(cast: Cast) -> None:
    study = submitted(cast)
    desk = reverse("study_decide", args=[study.id, "validation"])
    cast.client("trial_centre").post(desk, {"do": "ask", "text": "Which freezer?"})
    client, page = cast.client("researcher"), reverse("study", args=[study.id])
    assert "Which freezer?" in text_of(client.get(page))
    asking = study.askings.get()
    client.post(reverse("study_answer", args=[study.id, asking.id]), {"text": "Number 3"})
    assert "Number 3" in text_of(client.get(page))
    assert cast.client("trial_centre").get(desk).status_code == 200


def test_amending_by_the_page_says_who_decides_again(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    client, address = cast.client("researcher"), reverse("study_amend", args=[study.id, "data"])
    assert "Validation by the Clinical Trial Centre" in text_of(client.get(address))
    given = {"closeness": "aggregate", "reason": "Counts are enough"}
    assert client.post(address, given).status_code == 302
    assert [one.number for one in study.submissions.all()] == [1, 2]
    assert "Counts are enough" in text_of(client.get(reverse("study", args=[study.id])))


@pytest.mark.parametrize("verb", ["withdraw", "close", "suspend", "revoke"])
def test_what_is_done_with_a_reason(cast: Cast, verb: str) -> None:
    study = approved(cast)
    key = "data_protection" if verb in ("suspend", "revoke") else "researcher"
    client, address = cast.client(key), reverse("study_act", args=[study.id, verb])
    assert client.post(address, {"reason": ""}).status_code == 200
    assert client.post(address, {"reason": "Because of it"}).status_code == 302
    shown = text_of(client.get(reverse("study_permit", args=[study.id, 1])))
    assert "It ended on" in shown or "It is suspended since" in shown
    for other in set(cast.people) - {"researcher", "data_protection", "trial_centre"}:
        assert cast.client(other).post(address, {"reason": "Mine"}).status_code in (403, 404), other


def test_a_question_is_taken_up_by_a_study_and_given_back(cast: Cast) -> None:
    asked = questions.raise_question(
        title="Why do their kidneys fail?", text="Despite it.", side=Side.WARD, topics=[], by=cast.actor("physician")
    )
    client = cast.client("researcher")
    address = reverse("study_new") + f"?question={asked.id}"
    assert "Why do their kidneys fail?" in text_of(client.get(address))
    client.post(address, {"title": "Kidneys", "kind": "retrospective"})
    study = Study.objects.get()
    asked.refresh_from_db()
    assert asked.status == "taken_up" and study.question == asked.id
    page = reverse("question", args=[asked.id])
    assert study.reference in text_of(client.get(page))
    assert study.reference not in text_of(cast.client("student").get(page)), "a draft is not for everybody"
    ending.withdraw(study.id, "No funds", by=cast.actor("researcher"))
    asked.refresh_from_db()
    assert asked.status == "reopened"


def test_search_and_home_know_of_studies(cast: Cast) -> None:
    study = submitted(cast)
    found = reverse("search") + f"?q={study.reference}"
    assert study.title in text_of(cast.client("student").get(found))
    assert study.title not in text_of(cast.client("partner").get(found))
    assert study.reference in text_of(cast.client("researcher").get(reverse("home")))


def test_a_name_in_a_study_is_never_markup(cast: Cast) -> None:
    study = services.register("<script>alert(1)</script>", "thesis", by=cast.actor("researcher"))
    text = text_of(cast.client("researcher").get(reverse("study", args=[study.id])))
    assert "<script>alert(1)" not in text and "&lt;script&gt;alert(1)" in text


def test_a_person_who_left_the_team_sees_nothing_and_uses_nothing(cast: Cast) -> None:
    study = completed(cast)
    services.add_member(study.id, cast.people["partner"].id, "partner", by=cast.actor("researcher"))
    services.submit(study.id, by=cast.actor("researcher"))
    client, page = cast.client("partner"), reverse("study", args=[study.id])
    assert "Plasma: 40 ml" in text_of(client.get(page))
    services.remove_member(study.id, cast.people["partner"].id, by=cast.actor("researcher"))
    Study.objects.filter(id=study.id).update(public=False)
    assert client.get(page).status_code == 404

    assert not Permit.objects.exists()


def test_a_permit_on_paper_says_whose_it_is_and_since_when(cast: Cast) -> None:
    study = approved(cast)
    Permit.objects.update(made=datetime.datetime(2031, 2, 3, 12, tzinfo=datetime.UTC))
    response = cast.client("researcher").get(reverse("study_permit", args=[study.id, 1]))
    text = text_of(response)
    assert "Issued on 3 February 2031" in text and f"<p>{response.context['campus'].name}<br>" in text


def test_a_letter_of_a_care_programme_names_it(cast: Cast) -> None:
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    decide(cast, study, "care_programme", "physician")
    text = text_of(cast.client("researcher").get(reverse("study_letter", args=[study.id, 2])))
    assert "Decided by: Care programme (Endocrinology), Hospital</p>" in text


def test_a_letter_names_the_organisation_that_its_body_was_of_when_it_decided(cast: Cast) -> None:
    study, officer = submitted(cast), cast.people["trial_centre"]
    people.give_role(officer, Role.RESEARCHER, cast.institute, by=SYSTEM)
    decide(cast, study, "validation", "trial_centre")
    letter = reverse("study_letter", args=[study.id, 1])
    people.end_role(officer.affiliations.get(role=Role.TRIAL_CENTRE), by=SYSTEM)
    people.give_role(officer, Role.TRIAL_CENTRE, cast.institute, by=SYSTEM)
    type(cast.hospital).objects.filter(id=cast.hospital.id).update(name="Hospital East")
    text = text_of(cast.client("researcher").get(letter))
    assert "Decided by: Clinical Trial Centre, Hospital</p>" in text and "It does not fit" not in text
    officer.affiliations.filter(role=Role.TRIAL_CENTRE).update(since="2020-01-01")
    decision = Decision.objects.get()
    before = {key: value for key, value in decision.content.items() if key != "organisations"}
    Decision.objects.update(content=before)
    text = text_of(cast.client("researcher").get(letter))
    assert "Decided by: Clinical Trial Centre, Institute</p>" in text, "of before this was kept"


def test_a_path_of_ones_own_says_what_a_body_is_called(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    path = standings.approval_path()
    body = Words("Medical ethics board", "Raad", "Conseil")
    steps = tuple(msgspec.structs.replace(one, body=body if one.id == "validation" else None) for one in path.steps)
    own = msgspec.structs.replace(path, steps=steps)
    monkeypatch.setattr(standings, "approval_path", lambda: own)
    study = submitted(cast)
    decide(cast, study, "validation", "trial_centre")
    text = text_of(cast.client("researcher").get(reverse("study_letter", args=[study.id, 1]) + "?language=fr"))
    assert "Conseil, Hospital</p>" in text


def test_what_a_kind_of_study_says_by_itself_is_ticked_shown_and_kept(cast: Cast) -> None:
    study, client = registered(cast, kind="incoming_transfer"), cast.client("researcher")
    address = reverse("study_section", args=[study.id, "material"])
    assert text_of(client.get(address)).count("A study of this kind cannot do without.") == 2
    rows = {"rows-TOTAL_FORMS": 1, "rows-INITIAL_FORMS": 0, "rows-0-type": "Serum", "rows-0-amount": "40"}
    rows |= {"rows-0-unit": "ml", "rows-0-donors": "40"}
    assert client.post(address, {"consent": "primary", "party": "Elsewhere", **rows}).status_code == 302
    study.refresh_from_db()
    assert (study.material, study.arrives, study.leaves) == (True, True, False)
    Study.objects.update(material=False, arrives=False)
    page = text_of(client.get(reverse("study", args=[study.id])))
    assert "Serum: 40 ml" in page and "Elsewhere" in page, "also of those who ticked nothing before"
    assert "cannot do without" not in text_of(
        client.get(reverse("study_section", args=[registered(cast, kind="thesis").id, "material"]))
    )


def test_a_partner_reads_why_no_study_is_there(cast: Cast) -> None:
    page = text_of(cast.client("partner").get(reverse("studies")))
    assert "names your organisation or you" in page and "Registering one takes" not in page
    assert "Registering one takes" in text_of(cast.client("student").get(reverse("studies")))


def test_who_knows_the_patients_is_not_asked_to_stay_ignorant(cast: Cast) -> None:
    for data, said in (
        ("identifiable", "told to nobody outside the team"),
        ("pseudonymised", "Nobody tries to find out"),
    ):
        sentences = permits.obligations(Study(kind="case_report", data=data))
        assert [said in one for one in sentences].count(True) == 1 and len(sentences) == 3
