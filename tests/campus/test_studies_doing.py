"""What a page offers to do with a study and its permit, and what a permit for material from elsewhere lets one take."""

from __future__ import annotations

import datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campus.cast import Cast
from campus.test_studies import HASH, MATERIAL, approved, completed, decide, submitted
from campus.test_studies_documents import PDF
from campus.test_studies_pages import text_of
from wardbench.campus.notices.models import Notice
from wardbench.campus.people import services as people
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.studies import doing, ending, granting, permits, queries, services, shown
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Document, Permit, Study
from wardbench.campus.studies.permits import Use, Wanted


def offered(cast: Cast, study: Study, key: str) -> dict[str, bool]:
    by = cast.actor(key)
    return {one.verb: bool(one.verdict) for one in doing.actions(queries.study(study.id, by=by), by)}


def next_steps(cast: Cast, study: Study, key: str) -> list[str]:
    by = cast.actor(key)
    return [one.address for one in doing.next_steps(queries.study(study.id, by=by), by)]


def test_a_page_offers_what_can_be_done_with_the_permit_as_it_stands(cast: Cast) -> None:
    study, by = approved(cast), cast.actor("data_protection")
    assert offered(cast, study, "data_protection").keys() >= {"suspend", "revoke"}
    assert "resume" not in offered(cast, study, "data_protection")
    granting.suspend(study.id, "A complaint", by=by)
    assert offered(cast, study, "data_protection").keys() & {"suspend", "resume", "revoke"} == {"resume", "revoke"}
    assert next_steps(cast, study, "researcher") == [], "nothing while it is suspended"
    granting.revoke(study.id, "It was true", by=by)
    assert not offered(cast, study, "data_protection").keys() & {"suspend", "resume", "revoke"}
    assert offered(cast, study, "researcher")["renew"], "what was revoked can be asked for anew at once"


def test_overseers_reach_the_permit_while_it_is_renewed(cast: Cast) -> None:
    study = approved(cast)
    assert offered(cast, study, "researcher")["renew"] is False
    page = text_of(cast.client("researcher").get(reverse("study", args=[study.id])))
    assert "The permit can be renewed from 60 days before its end on." in page
    Permit.objects.update(until=timezone.localdate() + datetime.timedelta(days=permits.SOON))
    Permit.objects.update(content={**Permit.objects.get().content, "until": Permit.objects.get().until.isoformat()})
    granting.renew(study.id, "Two more years", by=cast.actor("researcher"))
    held = {"suspend": True, "revoke": True}
    assert offered(cast, study, "trial_centre") == {"withdraw": False, "close": False, "declare": True, **held}
    assert offered(cast, study, "researcher") == {"withdraw": True, "close": True}


def test_a_permit_leads_its_team_and_nobody_else_to_what_it_lets_them_do(cast: Cast) -> None:
    study = approved(cast)
    results, extracts = reverse("study_results", args=[study.id]), reverse("extracts", args=[study.id])
    found = next_steps(cast, study, "researcher")
    assert found == [reverse("samples"), "#cohorts", results, extracts, reverse("study_act", args=[study.id, "close"])]
    assert next_steps(cast, study, "trial_centre") == []
    assert "What the permit lets you do" in text_of(cast.client("researcher").get(reverse("study", args=[study.id])))


def test_a_permit_for_material_from_elsewhere_gives_none_of_the_biobanks_own(cast: Cast) -> None:
    study, by = completed(cast), cast.actor("researcher")
    services.edit(study.id, Section.ABOUT, {"kind": "incoming_transfer"}, by=by)
    services.edit(study.id, Section.MATERIAL, {**MATERIAL, "party": "Meridian Diagnostics"}, by=by)
    services.edit(study.id, Section.DATA, {"data": "none"}, by=by)
    for kind in ("origin", "transfer_agreement"):
        Document.objects.create(
            study=study, kind=kind, name=f"{kind}.pdf", number=1, digest=HASH, size=1, media_type="application/pdf",
            by=cast.people["researcher"],
        )  # fmt: skip
    services.submit(study.id, by=by)
    for step, key in (
        ("validation", "trial_centre"), ("board", "biobank_board"), ("board", "biobank_board2"),
        ("biobank", "biobank_manager"), ("ethics", "ethics"), ("ethics", "ethics2"),
        ("transfer", "technology_transfer"),
    ):  # fmt: skip
        decide(cast, study, step, key)
    told = Notice.objects.filter(sentence__contains="comes to the biobank first")
    assert [one.person for one in told] == [cast.people["biobank_manager"]]
    permit = Permit.objects.get()
    assert not permits.check(permit, by, Wanted(Use.MATERIAL, material="Plasma", amount=1))
    page = text_of(cast.client("researcher").get(reverse("study_permit", args=[study.id, 1])))
    assert "Plasma: 40 ml" in page and "Meridian Diagnostics" in page and "goes to the biobank first" in page
    assert (
        reverse("samples") not in next_steps(cast, study, "researcher")
        and next_steps(cast, study, "researcher")[0] == ""
    )


def test_a_partner_sees_the_profiles_of_those_they_work_with_and_no_others(cast: Cast) -> None:
    study, client = completed(cast), cast.client("partner")
    with_whom, others = cast.people["researcher"].id, cast.people["physician"].id
    assert client.get(reverse("person", args=[with_whom])).status_code == 403
    services.add_member(study.id, cast.people["partner"].id, "partner", by=cast.actor("researcher"))
    shown = text_of(client.get(reverse("person", args=[with_whom])))
    assert "You work with this person on a study." in shown
    assert client.get(reverse("person", args=[others])).status_code == 403
    assert client.get(reverse("people")).status_code == 403, "and the directory stays closed"
    assert client.get(reverse("edit_profile", args=[with_whom])).status_code == 403
    services.remove_member(study.id, cast.people["partner"].id, by=cast.actor("researcher"))
    assert client.get(reverse("person", args=[with_whom])).status_code == 403


def test_a_study_without_a_permit_that_holds_does_not_look_approved(cast: Cast) -> None:
    study, by = approved(cast), cast.actor("data_protection")
    address, client = reverse("study", args=[study.id]), cast.client("researcher")

    def shown() -> str:
        return (
            text_of(client.get(reverse("studies")))
            + text_of(client.get(reverse("home")))
            + text_of(client.get(address))
        )

    assert "no permit holds" not in shown() and "Nothing may be done" not in shown()
    granting.suspend(study.id, "A complaint", by=by)
    page = shown()
    assert page.count("Approved, and the permit is suspended") >= 3
    assert "A complaint. Until it holds again nothing may be done." in page
    granting.resume(study.id, "Unfounded", by=by)
    granting.revoke(study.id, "The patient took back consent.", by=by)
    page = shown()
    assert page.count("Approved, and no permit holds") >= 3
    assert "took back consent. Nothing may be done under it" in page
    granting.renew(study.id, "Without that patient", by=cast.actor("researcher"))
    assert "no permit holds" not in shown(), "it is with the bodies again"


def test_a_list_asks_as_much_of_the_database_however_many_studies_are_in_it(cast: Cast) -> None:
    """Whether a permit holds, and of which care programme it is the turn, is read for all of them together."""
    client, asked = cast.client("researcher"), []
    for _ in range(2):
        approved(cast)
        decide(cast, submitted(cast), "validation", "trial_centre")
        for address in (reverse("studies"), reverse("home"), reverse("search") + "?q=S0"):
            client.get(address)
            with CaptureQueriesContext(connection) as seen:
                assert client.get(address).status_code == 200
            asked.append(len(seen))
    assert asked[:3] == asked[3:]


def test_a_permit_that_ends_soon_or_has_ended_says_so(cast: Cast) -> None:
    study = approved(cast)
    page = reverse("study", args=[study.id])
    Permit.objects.update(until=timezone.localdate() + datetime.timedelta(days=3))
    assert "until then it can be renewed" in text_of(cast.client("researcher").get(page))
    Permit.objects.update(until=timezone.localdate() - datetime.timedelta(days=1))
    ended = text_of(cast.client("researcher").get(page))
    assert "Nothing may be done under it" in ended and "Approved, and no permit holds" in ended


def test_those_who_decide_read_where_the_team_is_and_whether_anybody_leads_it(cast: Cast) -> None:
    study = submitted(cast)
    page, desk = reverse("study", args=[study.id]), reverse("study_decide", args=[study.id, "validation"])
    person = cast.people["researcher"]
    second = people.give_role(person, Role.LECTURER, cast.hospital, by=SYSTEM)
    where = f"{person.name} ({cast.hospital.name}, {cast.institute.name})"
    assert where in text_of(cast.client("trial_centre").get(desk))
    first = person.affiliations.exclude(id=second.id).get()
    people.end_role(first, by=SYSTEM)
    shown = text_of(cast.client("trial_centre").get(page))
    assert f"({cast.hospital.name})" in shown and "Nobody answers for this study" not in shown, "one of two is left"
    people.end_role(second, by=SYSTEM)
    assert "Nobody answers for this study" in text_of(cast.client("trial_centre").get(page))
    assert cast.client("researcher").get(page).status_code == 404, "who has no role is nothing to a study"


def test_the_history_names_whom_and_what_it_is_about(cast: Cast) -> None:
    study, by = completed(cast), cast.actor("researcher")
    services.add_member(study.id, cast.people["student"].id, "student", by=by)
    made = services.add_document(study.id, "other", "budget.pdf", [PDF], by=by)
    services.withdraw_document(study.id, made.id, by=by)
    told = {one.what: one.detail for one in shown.happened(queries.study(study.id, by=by))}
    assert told["Somebody joined the team"] == "Student"
    assert told["Document added"] == told["Document taken off"] == "budget.pdf (1)"


def test_the_path_before_asking_names_the_documents(cast: Cast) -> None:
    def shown(query: str) -> str:
        return text_of(cast.client("researcher").get(f"{reverse('study_path')}?closeness=none&{query}"))

    arriving = shown("kind=incoming_transfer&consent=primary")
    assert "Documents that you add: Biobank application form; Proof of where material from elsewhere" in arriving
    assert "Transfer agreement (draft or signed)." in arriving
    own = shown("kind=secondary_use&consent=secondary")
    assert "Documents that you add: Biobank application form." in own and "Proof of where" not in own


def test_a_study_that_is_over_says_first_how_it_ended(cast: Cast) -> None:
    study = approved(cast)
    address = reverse("study", args=[study.id])
    assert "How it ended" not in text_of(cast.client("trial_centre").get(address))
    ending.close(study.id, "One in five stops within the year.", by=cast.actor("researcher"))
    page = text_of(cast.client("trial_centre").get(address))
    assert "How it ended:</p><p>One in five stops within the year.</p>" in page
