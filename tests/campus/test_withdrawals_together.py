"""Several specimens of one withdrawal are answered for at once: each with its own event and answer, all or none."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from campus import biobank_things as things
from campus.cast import make_cast
from campus.releases_things import World, world
from campus.test_studies import at_once
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import custody, storing
from wardbench.campus.biobank.models import CustodyEvent, Donor, Specimen
from wardbench.campus.biobank.rules import KEEPERS
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor, Affiliation, ForbiddenError
from wardbench.campus.releases import proving, withdrawal_queries, withdrawals
from wardbench.campus.releases.models import Withdrawal, WithdrawalTask
from wardbench.campus.releases.together import answer_together
from wardbench.campus.releases.withdrawal_rules import Kind, Outcome, may_answer_together
from wardbench.core.errors import BusyError, InputError, WardbenchError

pytestmark = pytest.mark.django_db
BOX = "Freezer Rack 2 Box 2"


@pytest.fixture
def w() -> World:
    return world(make_cast())


def taken_back(w: World) -> Withdrawal:
    """A withdrawal that reaches three tubes in one box, and one in another (T0-0)."""
    donor = Donor.objects.get(code="D0")
    made = things.tubes(w.cast, 3, prefix="B", donor=donor)
    storing.fill([things.again(one) for one in made], things.box(BOX), by=w.gives)
    return withdrawals.withdraw(donor, Kind.WHOLE, by=w.cast.actor("coordinator"))


def seen(of: Withdrawal) -> dict[str, tuple[uuid.UUID, int]]:
    tasks = WithdrawalTask.objects.filter(withdrawal=of).select_related("specimen")
    return {one.what: (one.id, one.specimen.events) for one in tasks if one.specimen is not None}


def ticked(of: Withdrawal, *labels: str) -> dict[uuid.UUID, int]:
    return dict(seen(of)[label] for label in labels)


def outcomes(of: Withdrawal) -> dict[str, str]:
    return dict(WithdrawalTask.objects.filter(withdrawal=of).values_list("what", "outcome"))


def test_a_box_is_destroyed_at_once_and_each_tube_has_its_own_event(w: World) -> None:
    of = taken_back(w)
    answer_together(of, ticked(of, "B0", "B1", "B2"), Outcome.DESTROYED, "Autoclaved by A, seen by B", by=w.gives)
    assert outcomes(of) == {"B0": "destroyed", "B1": "destroyed", "B2": "destroyed", "T0-0": ""}
    events = CustodyEvent.objects.filter(act="dispose")
    assert {one.specimen.label for one in events} == {"B0", "B1", "B2"} and len({one.batch for one in events}) == 1
    assert {one.detail["why"] for one in events} == {"Autoclaved by A, seen by B"}
    assert all(custody.verify(one) is None for one in Specimen.objects.all())
    told = Event.objects.get(verb="releases.answer_together")
    assert told.detail["things"] and set(told.detail["things"]) == {"B0", "B1", "B2"}
    assert Withdrawal.objects.get().ended is None
    answer_together(of, ticked(of, "T0-0"), Outcome.KEPT, "For the court", by=w.gives)
    ended = Withdrawal.objects.get()
    assert ended.ended is not None and proving.verify(ended) and Specimen.objects.get(label="T0-0").status == "stored"
    said = {one.what: one.words for one in WithdrawalTask.objects.filter(withdrawal=of)}
    assert said["B1"] == "Autoclaved by A, seen by B" and said["T0-0"] == "For the court"


def test_where_one_was_changed_meanwhile_none_is_destroyed(w: World) -> None:
    of = taken_back(w)
    before = ticked(of, "B0", "B1", "B2")
    storing.take_out([Specimen.objects.get(label="B1")], "Dropped", by=w.gives)
    with pytest.raises(BusyError, match="load the page again"):
        answer_together(of, before, Outcome.DESTROYED, "Autoclaved", by=w.gives)
    assert set(outcomes(of).values()) == {""} and not CustodyEvent.objects.filter(act="dispose").exists()
    withdrawals.answer(seen(of)["B2"][0], Outcome.DESTROYED, "Alone", by=w.gives)
    with pytest.raises(BusyError, match="load the page again"):
        answer_together(of, ticked(of, "B0", "B2"), Outcome.KEPT, "For the court", by=w.gives)
    assert outcomes(of)["B0"] == ""
    Specimen.objects.filter(label="T0-0").update(reserved=uuid.uuid4())
    with pytest.raises(BusyError, match="promised"):
        answer_together(of, ticked(of, "B0", "T0-0"), Outcome.DESTROYED, "Autoclaved", by=w.gives)
    assert outcomes(of)["B0"] == "" and Specimen.objects.get(label="B0").status == "stored"


def test_what_is_of_another_withdrawal_or_no_answer_is_refused(w: World) -> None:
    of = taken_back(w)
    other = withdrawals.withdraw(Donor.objects.get(code="D1"), Kind.WHOLE, by=w.gives)
    with pytest.raises(BusyError):
        answer_together(of, ticked(of, "B0") | ticked(other, "T1-0"), Outcome.DESTROYED, "Autoclaved", by=w.gives)
    for given, outcome, words, match in (
        ({}, Outcome.DESTROYED, "Autoclaved", "tick"),
        (ticked(of, "B0"), Outcome.DELETED, "Autoclaved", "outcome"),
        (ticked(of, "B0"), Outcome.DESTROYED, " ", "words"),
    ):
        with pytest.raises(InputError, match=match):
            answer_together(of, given, outcome, words, by=w.gives)
    assert set(outcomes(of).values()) == {""} and set(outcomes(other).values()) == {""}


def test_who_answers_for_several(w: World) -> None:
    of = taken_back(w)
    for role in Role:
        by = Actor(role, "", (Affiliation(role, "o"),))
        assert may_answer_together(by).allowed is (role in KEEPERS), role
        if role not in KEEPERS:
            with pytest.raises(ForbiddenError):
                answer_together(of, ticked(of, "B0"), Outcome.DESTROYED, "Autoclaved", by=w.cast.actor(role))
    assert not may_answer_together(Actor("")) and outcomes(of)["B0"] == ""


def post(client: Client, of: Withdrawal, things: list[str], **values: str) -> str:
    given = {"things": things, "outcome": "destroyed", "words": "Autoclaved", **values}
    return client.post(f"/releases/withdrawals/{of.id}/together/", given, follow=True).content.decode()


def test_the_tubes_are_ticked_by_box_on_one_page(w: World) -> None:
    of, client = taken_back(w), w.cast.client("biobank_manager")
    address = f"/releases/withdrawals/{of.id}/together/"
    assert address in client.get(f"/releases/withdrawals/{of.id}/").content.decode()
    home = client.get("/").content.decode()
    assert home.count(f'href="{address}"') == 1 and "/releases/withdrawals/things/" not in home
    page = client.get(address).content.decode()
    assert page.count(" checked") == 0 and page.index("B0") < page.index("B1") and BOX in page
    box = things.box(BOX)
    assert f'href="?at={box.id}"' in page
    assert client.get(f"{address}?at={box.id}").content.decode().count(" checked") == 3
    assert "Tick what this is about" in post(client, of, [])
    assert "Tick what this is about" in post(client, of, ["x"])
    first, rest = withdrawal_queries.in_the_biobank(of)
    values = [row.value for row in (*first.rows, *rest.rows) if row.reach.task.what.startswith("B")]
    storing.take_out([Specimen.objects.get(label="B1")], "Dropped", by=w.gives)
    busy = post(client, of, values)
    assert "answered or changed meanwhile" in busy and "In no box" in busy
    assert busy.count('name="things"') == 4 and busy.count(" checked") == 3  # two tubes and the outcome
    now = [row.value for place in withdrawal_queries.in_the_biobank(of) for row in place.rows]
    assert "4 answers are kept" in post(client, of, now) and Withdrawal.objects.get().ended is not None
    assert "Nothing of this withdrawal waits" in client.get(address).content.decode()
    assert address not in client.get(f"/releases/withdrawals/{of.id}/").content.decode()
    for stranger, status in (("coordinator", 403), ("data_protection", 403), ("researcher", 404), ("student", 404)):
        stranger_client = w.cast.client(stranger)
        assert stranger_client.get(address).status_code == status, stranger
        assert stranger_client.post(address, {"things": now}).status_code == status, stranger
        if status == 403:
            assert address not in stranger_client.get(f"/releases/withdrawals/{of.id}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_answer_for_the_same_box_one_does() -> None:
    w = world(make_cast())
    of = taken_back(w)
    given = ticked(of, "B0", "B1", "B2")
    failed = at_once(
        lambda: answer_together(of, given, Outcome.DESTROYED, "By me", by=w.gives),
        lambda: answer_together(of, given, Outcome.KEPT, "By them", by=w.gives),
        lambda: withdrawals.answer(seen(of)["B1"][0], Outcome.DESTROYED, "Alone", by=w.gives),
    )
    assert all(isinstance(one, WardbenchError) for one in failed) and len(failed) == 2, failed
    found = outcomes(of)
    gone = {one.label for one in Specimen.objects.filter(status="disposed")}
    assert gone == {label for label, said in found.items() if said == "destroyed"}
    assert len({said for label, said in found.items() if label in ("B0", "B2")}) == 1
    assert all(custody.verify(one) is None for one in Specimen.objects.all())
