"""What is said of a specimen follows its whole line: aliquots of aliquots, derivatives, pools, what is made of them."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.utils import timezone

from campus.cast import Cast
from campus.releases_things import World, at, consent, world
from campus.test_findings import add
from wardbench.campus.access.models import CareRelation
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import consents, descent, rules, tubes
from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import DonorLink, Specimen
from wardbench.campus.biobank.rules import Facts, Status
from wardbench.campus.biobank.tubes import Part
from wardbench.campus.people.models import Unit
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.releases import finding_queries, withdrawals
from wardbench.campus.releases.findings import Value
from wardbench.campus.releases.rules import Status as RequestStatus
from wardbench.campus.releases.withdrawal_rules import Kind, Outcome
from wardbench.campus.samples import current, looking
from wardbench.core.consent import Tier
from wardbench.core.errors import InputError
from wardbench.ward.samples import Query
from wardbench.ward.samples.query import Giving

ml = lambda number: amount_of(number, "ml")  # noqa: E731


@pytest.fixture
def w(cast: Cast) -> World:
    return world(cast)


def tube(label: str) -> Specimen:
    return Specimen.objects.get(label=label)


def line(w: World) -> dict[str, uuid.UUID]:
    """T0-0, an aliquot A of it, an aliquot B of A, DNA of B, a pool of B with T1-0, an aliquot of the pool."""
    (a,) = tubes.aliquot(tube("T0-0"), [tubes.Part("A", ml("0.5"))], by=w.gives)
    (b,) = tubes.aliquot(a, [tubes.Part("B", ml("0.3"))], by=w.gives)
    tubes.derive(b, "DNA", [tubes.Part("N")], ml("0.1"), by=w.gives)
    pool = tubes.pool("P", [(tube("B"), ml("0.1")), (tube("T1-0"), ml("0.1"))], by=w.gives)
    tubes.aliquot(pool, [tubes.Part("Q", ml("0.1"))], by=w.gives)
    return {one: tube(one).id for one in ("T0-0", "A", "B", "N", "P", "Q", "T1-0", "T2-0")}


def test_a_line_is_followed_to_its_ends_both_ways(w: World) -> None:
    of = line(w)
    made, origins = descent.made_of(list(of.values())), descent.made_from(list(of.values()))
    names = {one: name for name, one in of.items()}
    said = {name: "".join(sorted(names[x] for x in made[one] if x in names)) for name, one in of.items()}
    assert said == {"T0-0": "ABNPQ", "A": "BNPQ", "B": "NPQ", "N": "", "P": "Q", "Q": "", "T1-0": "PQ", "T2-0": ""}
    for one in of.values():
        for other in of.values():
            assert (other in made[one]) == (one in origins[other])


def test_the_donors_of_a_pool_are_all_whose_it_is_or_nobody(w: World, django_assert_max_num_queries: Any) -> None:
    of = line(w)
    first, second = tube("T0-0").donor_id, tube("T1-0").donor_id
    Specimen.objects.filter(label__in=["A", "B"]).update(donor=None)
    with django_assert_max_num_queries(16):
        found = descent.sources_of(list(of.values()))
    assert {name: found[one] for name, one in of.items()} == {
        **dict.fromkeys(("T0-0", "A", "B", "N"), frozenset({first})),
        **dict.fromkeys(("P", "Q"), frozenset({first, second})),
        "T1-0": frozenset({second}),
        "T2-0": frozenset({tube("T2-0").donor_id}),
    }
    Specimen.objects.filter(label="T0-0").update(donor=None)
    assert not descent.sources_of([of["P"]])[of["P"]] and not descent.sources_of([uuid.uuid4()]).popitem()[1]


def test_a_pool_is_counted_where_everybody_in_it_agreed_and_given_then(w: World) -> None:
    of = line(w)
    asked = Query.of(giving=Giving())
    (scope,) = looking.scopes(w.gives)

    def given() -> set[str]:
        current.refresh()
        rows = looking.rows(scope, asked, by=w.gives)
        return {name for name, one in of.items() if str(one) in rows.column("specimen").to_pylist()}

    Specimen.objects.update(status="out", box=None, place=None)
    for label in ("T0-0", "T1-0", "P", "Q"):
        tubes.thaw([tube(label)], by=w.gives)
    assert {"P", "Q"} <= given()
    other = tube("T1-0").donor
    assert other is not None
    consent(other, {**dict.fromkeys(Tier, True), Tier.RESEARCH: False})
    assert not {"P", "Q", "T1-0"} & given() and "T0-0" in given()


def test_a_line_costs_a_few_questions_however_long_the_list(w: World, django_assert_max_num_queries: Any) -> None:
    of = line(w)
    with django_assert_max_num_queries(12):
        descent.made_of(list(of.values()))


def test_what_is_taken_back_is_out_of_the_finder_to_the_end_of_the_line(w: World) -> None:
    of = line(w)
    before = timezone.now()
    donor = tube("T0-0").donor
    assert donor is not None
    Specimen.objects.filter(label__in=["A", "B"]).update(donor=None)
    withdrawals.withdraw(donor, Kind.WHOLE, by=w.gives)
    gone = consents.forbidden_since(before, frozenset({Tier.STORAGE, Tier.RESEARCH}))
    assert gone >= {of[one] for one in ("T0-0", "A", "B", "N", "P", "Q")}
    assert not gone & {of["T1-0"], of["T2-0"]}


def test_a_yes_takes_nothing_out(w: World) -> None:
    line(w)
    before, donor = timezone.now(), tube("T0-0").donor
    assert donor is not None
    consent(donor)
    assert consents.forbidden_since(before, Giving().need) == frozenset()


def test_the_next_researcher_sees_what_was_assayed_three_steps_away(
    w: World, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current, "folder", lambda: tmp_path / "samples")
    line(w)
    request = at(w, RequestStatus.RECEIVED, tubes=[tube("T2-0")])
    made = add(w, values=[Value("T2-0", "IL-6", "4.2")])
    made.specimens.update(specimen=tube("Q"))
    assert request.lines.count() == 1
    for label in ("T0-0", "A", "B", "P", "Q", "T1-0"):
        assert [one.analyte for one in finding_queries.about(tube(label))] == ["IL-6"], label
    assert not finding_queries.about(tube("N")) and not finding_queries.about(tube("T3-0"))
    Specimen.objects.update(reserved=None)
    Specimen.objects.filter(label="B").update(status="out")
    current.refresh()
    looked = looking.look(looking.scopes(w.gives)[0], Query.of(), by=w.gives)
    marks = {one.label: [(m.label, m.what, m.before) for m in looked.assayed[one.id]] for one in looked.specimens}
    assert marks["T0-0"] == marks["T1-0"] == [("Q", "IL-6", False)] and marks["T3-0"] == []
    made.specimens.update(specimen=tube("T0-0"))
    looked = looking.look(looking.scopes(w.gives)[0], Query.of(), by=w.gives)
    marks = {one.label: [(m.label, m.what, m.before) for m in looked.assayed[one.id]] for one in looked.specimens}
    assert marks["T0-0"] == [("", "IL-6", False)] and marks["T1-0"] == []
    assert marks["B"] == [("T0-0", "IL-6", True)]
    page = w.cast.client("biobank_manager").get("/samples/").content.decode()
    assert "made of T0-0, assayed: IL-6" in page and "4.2" not in page
    current.latest.forget()


def test_amounts_of_some_tubes_and_not_of_others_are_refused(w: World) -> None:
    for label in ("T0-0", "T1-0"):
        if label == "T1-0":
            Specimen.objects.filter(label=label).update(amount=None, first_amount=None)
        before = tube(label).amount
        with pytest.raises(InputError, match="of every tube"):
            tubes.aliquot(tube(label), [tubes.Part("X", ml("0.1")), tubes.Part("Y")], by=w.gives)
        assert tube(label).amount == before and not Specimen.objects.filter(label__in=["X", "Y"]).exists()


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("left", [False, True])
def test_only_what_is_here_is_measured(cast: Cast, status: Status, left: bool) -> None:
    verdict = rules.may_measure(cast.actor("biobank_manager"), Facts(status, left=left))
    assert bool(verdict) == (status in rules.HERE and not left)
    assert not rules.may_measure(cast.actor("researcher"), Facts(status, left=left))


def test_nobody_says_how_much_there_is_of_what_a_recipient_has(w: World) -> None:
    at(w, RequestStatus.RECEIVED, tubes=[tube("T2-0")])
    client, sent = w.cast.client("biobank_manager"), tube("T2-0")
    page = client.get(f"/biobank/specimens/{sent.id}/").content.decode()
    assert "Say how much there is" not in page and "Correct what is said of it" in page
    assert "Say how much there is" in client.get(f"/biobank/specimens/{tube('T3-0').id}/").content.decode()
    given = {"number": "1", "unit": "ml", "why": "Guessed"}
    assert client.post(f"/biobank/specimens/{sent.id}/adjust/", given).status_code == 403
    with pytest.raises(ForbiddenError, match="how much of it was used is said there"):
        tubes.adjust(sent, ml("1"), "Guessed", by=w.gives)


def test_the_care_team_keeps_a_specimen_of_its_patient_back(w: World) -> None:
    doctor = w.cast.people["physician"]
    unit = Unit.objects.get(id=next(iter(w.cast.actor("physician").units(Role.PHYSICIAN))))
    own, other = tube("T0-0"), tube("T1-0")
    for number, one in ((7, own), (8, other)):
        DonorLink.objects.create(donor=one.donor, person_id=number)
    CareRelation.objects.create(patient=7, unit=unit, since=datetime.date(2024, 1, 1))
    client = w.cast.client("physician")
    assert client.get(f"/biobank/specimens/{other.id}/keep-back/").status_code == 404
    assert client.post(f"/biobank/specimens/{other.id}/keep-back/", {"why": "Mine"}).status_code == 404
    assert not tube("T1-0").retained
    address = f"/biobank/specimens/{own.id}/keep-back/"
    assert "Keep it back for diagnosis" in client.get(address).content.decode()
    assert "reason" not in client.post(address, {"why": ""}).content.decode() and not tube("T0-0").retained
    assert client.post(address, {"why": "The pathologist needs it"}).status_code == 302 and tube("T0-0").retained
    assert "Keep it back no longer" in client.get(address).content.decode()
    assert client.post(address, {"why": "The report is out"}).status_code == 302 and not tube("T0-0").retained
    assert Event.objects.filter(verb="biobank.retain", actor=doctor.id).count() == 2
    for key in ("nurse", "researcher", "student", "biobank_manager"):
        if key in w.cast.people:
            assert w.cast.client(key).get(address).status_code in (403, 404), key


def test_the_timeline_leads_there(w: World, tmp_path: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import msgspec

    import small_hospital
    from wardbench.campus.counting import sessions

    small_hospital.build(tmp_path / "store")
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, store=str(tmp_path / "store"))
    monkeypatch.setattr(sessions, "_sessions", {})
    unit = Unit.objects.get(id=next(iter(w.cast.actor("physician").units(Role.PHYSICIAN))))
    CareRelation.objects.create(patient=7, unit=unit, since=datetime.date(2024, 1, 1))
    DonorLink.objects.create(donor=tube("T0-0").donor, person_id=7)
    shown = w.cast.client("physician").post("/patients/", {"patient": "7"}).content.decode()
    assert "Their specimens in the biobank" in shown
    assert f"/biobank/specimens/{tube('T0-0').id}/keep-back/" in shown and tube("T1-0").label not in shown


def test_labels_are_on_a_withdrawal_for_those_alone_who_see_the_inventory(w: World) -> None:
    donor = tube("T0-0").donor
    assert donor is not None
    of = withdrawals.withdraw(donor, Kind.WHOLE, by=SYSTEM)
    task = of.tasks.get()
    for key, sees in (("biobank_manager", True), ("data_steward", True), ("data_protection", False), ("nurse", False)):
        if key not in w.cast.people:
            continue
        client = w.cast.client(key)
        page = client.get(f"/releases/withdrawals/{of.id}/").content.decode()
        assert ("T0-0" in page) == ("Rack" in page) == sees, key
        assert "Plasma" in page and ("One specimen" in page) != sees
        answer = client.get(f"/releases/withdrawals/things/{task.id}/")
        if answer.status_code == 200:
            assert ("T0-0" in answer.content.decode()) == sees, key


def test_what_holds_for_several_specimens_is_said_once(w: World) -> None:
    """Whoever may not see labels reads how many specimens wait alike, and why the answer is not theirs once."""
    donor = tube("T0-0").donor
    assert donor is not None
    tubes.aliquot(tube("T0-0"), [Part(f"A{n}", amount_of("0.1", "ml")) for n in range(3)], by=w.gives)
    of = withdrawals.withdraw(donor, Kind.WHOLE, by=SYSTEM)
    nurse, keeper = (w.cast.client(key).get(f"/releases/withdrawals/{of.id}/").content.decode()
                     for key in ("coordinator", "biobank_manager"))  # fmt: skip
    said = "This is for whoever has it"
    assert nurse.count(said) == 1 and "One specimen" in nurse and "3 specimens" in nurse
    assert said not in keeper and all(f">{label}<" in keeper for label in ("T0-0", "A0", "A1", "A2"))
    officer = w.cast.client("data_protection").get(f"/releases/withdrawals/{of.id}/").content.decode()
    assert officer.count("This needs the role") == 1 and "Say what became of it" not in officer
    withdrawals.answer(of.tasks.get(what="A1").id, Outcome.DESTROYED, "Autoclaved", by=w.gives)
    nurse = w.cast.client("coordinator").get(f"/releases/withdrawals/{of.id}/").content.decode()
    assert "2 specimens" in nurse and nurse.count("Autoclaved") == 1, "what ended stands apart from what is open"
