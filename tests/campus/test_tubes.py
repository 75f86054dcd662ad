"""Single tubes: what is made of them, what is left, and what may not be done."""

from __future__ import annotations

import datetime

import pytest

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from campus.releases_things import consent
from wardbench.campus.access.models import CareRelation
from wardbench.campus.biobank import custody, donors, preanalytics, storing, tube_queries, tubes, withdrawing
from wardbench.campus.biobank.amounts import Amount, amount_of
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.biobank.preanalytics import Delay
from wardbench.campus.biobank.rules import BY_REQUEST, LEFT, MOVES, WHO, Act, Status
from wardbench.campus.biobank.tubes import Part
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, Actor, ForbiddenError
from wardbench.core.errors import BusyError, InputError

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def by(cast: Cast) -> Actor:
    return cast.actor("biobank_manager")


@pytest.fixture
def tube(cast: Cast) -> Specimen:
    things.freezer()
    return things.tubes(cast, 1, things.box("Freezer Rack 1 Box 1"))[0]


def ml(number: str) -> Amount:
    return amount_of(number, "ml")


def test_aliquots_take_exactly_what_goes_in(tube: Specimen, by: Actor) -> None:
    box = things.box("Freezer Rack 1 Box 2")
    made = tubes.aliquot(tube, [Part("A1", ml("0.3"), box, 0), Part("A2", ml("0.3"), box, 1)], by=by)
    now = things.again(tube)
    assert now.amount == 400_000 and now.status == Status.STORED
    assert [(one.kind, one.material, one.parent_id) for one in made] == [("aliquot", "Plasma", tube.id)] * 2
    assert [things.again(one).place for one in made] == [0, 1]
    tubes.aliquot(now, [Part("A3", ml("0.4"))], by=by)
    assert things.again(tube).status == Status.USED_UP
    assert sum(one.amount or 0 for one in Specimen.objects.all()) == 1_000_000
    assert all(custody.verify(one) is None for one in Specimen.objects.all())


def test_more_than_there_is_cannot_be_taken(tube: Specimen, by: Actor) -> None:
    with pytest.raises(InputError, match="there are 1 ml"):
        tubes.aliquot(tube, [Part("A1", ml("0.6")), Part("A2", ml("0.6"))], by=by)
    with pytest.raises(InputError, match="kept in ml"):
        tubes.aliquot(tube, [Part("A1", amount_of("1", "mg"))], by=by)
    assert Specimen.objects.count() == 1 and things.again(tube).amount == 1_000_000


def test_a_label_is_given_once(tube: Specimen, by: Actor) -> None:
    with pytest.raises(InputError, match="label"):
        tubes.aliquot(tube, [Part(tube.label, ml("0.1"))], by=by)
    with pytest.raises(InputError, match="label"):
        tubes.aliquot(tube, [Part("", ml("0.1"))], by=by)


def test_a_derivative_is_another_material(tube: Specimen, by: Actor) -> None:
    (made,) = tubes.derive(tube, "DNA", [Part("D1", amount_of("12.5", "µg"))], ml("0.25"), by=by)
    assert (made.material, made.kind, made.amount, things.again(tube).amount) == ("DNA", "derivative", 12_500, 750_000)
    tubes.derive(things.again(tube), "Protein", [Part("P1")], by=by)
    assert things.again(tube).status == Status.USED_UP


def test_a_pool_of_several_donors_belongs_to_none(cast: Cast, by: Actor) -> None:
    one = things.tubes(cast, 1, prefix="X")[0]
    other = things.tubes(cast, 1, prefix="Y", donor=things.donor("D2"))[0]
    pool = tubes.pool("POOL", [(one, ml("0.5")), (other, None)], by=by)
    assert (pool.amount, pool.donor_id, things.again(other).status) == (1_500_000, None, Status.USED_UP)
    assert {(part.specimen_id, part.amount) for part in pool.parts.all()} == {(one.id, 500_000), (other.id, 1_000_000)}
    with pytest.raises(InputError, match="at least two"):
        tubes.pool("P2", [(things.again(one), None)], by=by)


def test_what_is_promised_is_not_touched(tube: Specimen, by: Actor) -> None:
    Specimen.objects.filter(id=tube.id).update(reserved=tube.id)
    held = things.again(tube)
    for act in (
        lambda: tubes.dispose([held], "Old", by=by),
        lambda: tubes.use(held, None, "Check", by=by),
        lambda: tubes.aliquot(held, [Part("A")], by=by),
    ):
        with pytest.raises(BusyError, match="promised"):
            act()


def treated(cast: Cast, patient: int) -> None:
    """A patient in the care of the cast's first physician."""
    CareRelation.objects.create(patient=patient, unit=cast.endocrinology, since=datetime.date(2024, 1, 1))


def test_kept_back_for_diagnosis_and_free_again(cast: Cast, tube: Specimen) -> None:
    doctor = cast.actor("physician")
    for known in (False, True):
        if known:
            donors.link_donor(things.donor(), 7, by=SYSTEM)
        with pytest.raises(ForbiddenError, match="whoever treats the patient"):
            tubes.retain(tube, True, "A doctor of others.", by=doctor)
        assert not tubes.may_keep_back(doctor, Act.RETAIN, tube)
    treated(cast, 7)
    with pytest.raises(ForbiddenError, match="whoever treats the patient"):
        tubes.retain(tube, True, "Another unit's doctor.", by=cast.actor("physician2"))
    tubes.retain(tube, True, "The pathologist still needs it.", by=doctor)
    assert things.again(tube).retained
    with pytest.raises(BusyError, match="already"):
        tubes.retain(things.again(tube), True, "Again", by=doctor)
    tubes.retain(things.again(tube), False, "The report is out.", by=doctor)
    assert not things.again(tube).retained


def test_corrections_have_a_reason_and_leave_the_past(tube: Specimen, by: Actor) -> None:
    tubes.correct(tube, {"material": "Serum"}, "The tube was a serum tube.", by=by)
    last = tube.custody.last()
    assert last is not None and last.detail == {"fields": ["material"], "why": "The tube was a serum tube."}
    tubes.adjust(things.again(tube), ml("1.2"), "Weighed", by=by)
    assert things.again(tube).first_amount == 1_200_000
    for fault in ({"label": "X"}, {"material": "Gold"}):
        with pytest.raises(InputError):
            tubes.correct(things.again(tube), fault, "Because", by=by)
    with pytest.raises(InputError, match="say why"):
        tubes.correct(things.again(tube), {"site": "C18"}, " ", by=by)


def test_sprec_follows_from_what_was_noted(cast: Cast, by: Actor) -> None:
    at = datetime.datetime(2026, 3, 2, 8, tzinfo=datetime.UTC)
    tube = things.tubes(cast, 1, tube="PED", collected=at)[0]
    noted = {"spun": "2026-03-02 09:30", "waited_cold": False, "spins": [[2000, False, True, 10]]}
    assert tubes.note_preanalytics(tube, noted, by=cast.actor("coordinator")) == "PL1-PED-A-B-N-X-X"
    more = {"frozen": "2026-03-02 10:00", "kept_cold": False, "storage": "A"}
    assert tubes.note_preanalytics(things.again(tube), more, by=by) == "PL1-PED-A-B-N-B-A"
    with pytest.raises(InputError, match="before"):
        tubes.note_preanalytics(things.again(tube), {"spun": "2026-03-01 09:30"}, by=by)
    with pytest.raises(InputError, match="no such fact"):
        tubes.note_preanalytics(things.again(tube), {"colour": "red"}, by=by)
    assert things.again(tube).sprec == "PL1-PED-A-B-N-B-A"


def test_a_ward_that_lets_tubes_wait_longer_is_told_of() -> None:
    today = datetime.date(2026, 6, 30)

    def waited(where: str, minutes: float, days: int) -> Delay:
        return Delay(where, "PED", today - datetime.timedelta(days=days), minutes)

    steady = [waited("Ward 1", 40 + n % 5, n) for n in range(60)]
    slower = [waited("Ward 2", 90 if n < 7 else 40, n) for n in range(60)] * 2
    few = [waited("Ward 3", 500 if n < 7 else 40, n) for n in range(0, 60, 9)]
    found = preanalytics.drifts([*steady, *slower, *few], today)
    assert [(one.where, one.before, one.now, one.count) for one in found] == [("Ward 2", 40, 90, 14)]


ACTS = {
    Act.THAW: lambda one, by: tubes.thaw([one], by=by),
    Act.USE: lambda one, by: tubes.use(one, ml("0.1"), "Check", by=by),
    Act.DERIVE: lambda one, by: tubes.aliquot(one, [Part("NEW", ml("0.1"))], by=by),
    Act.DISPOSE: lambda one, by: tubes.dispose([one], "Old", by=by),
    Act.CORRECT: lambda one, by: tubes.correct(one, {"site": "C18"}, "Typed wrong", by=by),
    Act.RETAIN: lambda one, by: tubes.retain(one, True, "Needed", by=by),
}


@pytest.mark.parametrize("act", sorted(ACTS))
def test_every_status_every_role(cast: Cast, act: Act) -> None:
    """The table status x act x role: what the rules say is what the verb does, and nothing else changes."""
    bench = storing.add_container("Bench", "shelf", "BENCH", by=SYSTEM)
    donors.link_donor(things.donor(), 7, by=SYSTEM)
    treated(cast, 7)
    for number, status in enumerate(Status):
        for role in Role:
            tube = things.tubes(cast, 1, prefix=f"{number}{role.value}")[0]
            where = bench if status is Status.STORED else None
            Specimen.objects.filter(id=tube.id).update(status=status.value, box=where)
            held = things.again(tube)
            by_request = act in BY_REQUEST and status in LEFT
            allowed = (Status(held.status), act) in MOVES and role in WHO[act] and not by_request
            try:
                ACTS[act](held, cast.actor(role))
            except (BusyError, ForbiddenError):
                assert not allowed, (status, role)
                assert things.again(tube).events == tube.events
            else:
                assert allowed, (status, role)
                assert things.again(tube).events == tube.events + 1
                Specimen.objects.filter(label="NEW").update(label=f"NEW{number}{role.value}")


def test_a_thawing_counts_for_what_it_was_thawed_for_and_for_what_is_made(
    cast: Cast, tube: Specimen, by: Actor
) -> None:
    (one,) = tubes.aliquot(tube, [Part("A", ml("0.2"))], by=by, thawed=True)
    assert (things.again(tube).thaws, things.again(one).thaws) == (1, 1)
    assert [event.act for event in tube.custody.order_by("number")][-2:] == ["thaw", "derive"]
    tubes.use(things.again(tube), ml("0.1"), "Check", by=by, thawed=True)
    (made,) = tubes.derive(things.again(tube), "DNA", [Part("N")], ml("0.1"), by=by)
    assert (things.again(tube).thaws, things.again(made).thaws) == (2, 2)
    pool = tubes.pool("P", [(things.again(tube), ml("0.1")), (things.again(one), None)], by=by, thawed=True)
    assert (things.again(tube).thaws, things.again(one).thaws, pool.thaws) == (3, 2, 3)
    assert all(custody.verify(each) is None for each in Specimen.objects.all())
    with pytest.raises(InputError, match="there are"):
        tubes.aliquot(things.again(tube), [Part("B", ml("9"))], by=by, thawed=True)
    assert things.again(tube).thaws == 3, "what could not be done thawed nothing"


def test_a_tube_from_the_freezer_is_taken_to_be_thawed_until_that_was_counted(tube: Specimen, by: Actor) -> None:
    assert tubes.is_frozen(tube)
    storing.take_out([tube], by=by)
    assert tubes.is_frozen(things.again(tube))
    tubes.thaw([things.again(tube)], by=by)
    assert not tubes.is_frozen(things.again(tube))
    storing.fill([things.again(tube)], things.box("Freezer Rack 1 Box 2"), by=by)
    assert tubes.is_frozen(things.again(tube))
    tubes.thaw([things.again(tube)], by=by)
    assert tubes.is_frozen(things.again(tube)), "it was thawed and lies in the freezer again"
    storing.take_out([things.again(tube)], by=by)
    assert not tubes.is_frozen(things.again(tube)), "it was counted just before"
    storing.fill([things.again(tube)], things.box("Freezer Rack 1 Box 2"), by=by)
    storing.change_container(things.box("Freezer Rack 1"), {"temperature": "2to10"}, by=by)
    assert not tubes.is_frozen(things.again(tube))


def test_all_of_it_is_all_of_it_where_nobody_measured_too(cast: Cast, by: Actor) -> None:
    one, other, third = things.tubes(cast, 3, amount=None, unit="")
    tubes.derive(one, "DNA", [Part("N")], by=by)
    tubes.pool("P", [(other, None), (third, None)], by=by)
    assert {things.again(each).status for each in (one, other, third)} == {Status.USED_UP}
    fourth = things.tubes(cast, 1, prefix="X", amount=None, unit="")[0]
    tubes.aliquot(fourth, [Part("A")], by=by)
    assert things.again(fourth).status == Status.COLLECTED, "of what was divided nobody knows what is left"


def test_nothing_is_made_of_what_a_donor_took_back(cast: Cast, by: Actor) -> None:
    mine = things.tubes(cast, 2, prefix="X", donor=things.donor("D7"))
    theirs = things.tubes(cast, 2, prefix="Y", donor=things.donor("D8"))
    pool = tubes.pool("P", [(mine[1], ml("0.5")), (theirs[1], ml("0.5"))], by=by)
    consent(things.donor("D7"))
    withdrawing.withdraw_consent(things.donor("D7"), by=SYSTEM)
    for act in (
        lambda: tubes.aliquot(mine[0], [Part("A")], by=by),
        lambda: tubes.derive(mine[0], "DNA", [Part("A")], by=by),
        lambda: tubes.use(mine[0], None, "Check", by=by),
        lambda: tubes.pool("Q", [(theirs[0], None), (mine[0], None)], by=by),
        lambda: tubes.aliquot(things.again(pool), [Part("A")], by=by),
    ):
        with pytest.raises(BusyError, match="withdrew"):
            act()
    assert Specimen.objects.count() == 5 and things.again(mine[0]).events == mine[0].events
    unasked = things.tubes(cast, 1, prefix="Z", donor=things.donor("D9"))[0]
    (part,) = tubes.aliquot(unasked, [Part("Z1", ml("0.1"))], by=by)
    withdrawing.withdraw_consent(things.donor("D9"), by=SYSTEM)
    with pytest.raises(BusyError, match="withdrew"):
        tubes.aliquot(part, [Part("Z2", ml("0.1"))], by=by)
    tubes.aliquot(theirs[0], [Part("A")], by=by)
    tubes.retain(mine[0], True, "The pathologist needs it.", by=by)
    tubes.aliquot(things.again(mine[0]), [Part("B")], by=by)


def test_delays_of_one_kind_are_compared(cast: Cast) -> None:
    today = datetime.date(2026, 6, 30)

    def told(until: str, minutes: float, days: int) -> Delay:
        return Delay("Ward", "PED", today - datetime.timedelta(days=days), minutes, until)

    mixed = [told("spun", 30, 20)] * 9 + [told("unspun", 90, 1)] * 9
    assert not preanalytics.drifts(mixed, today), "another step is not a longer one"
    found = preanalytics.drifts([*mixed, *[told("unspun", 30, 20)] * 9], today)
    assert [(one.until, one.before, one.now) for one in found] == [("unspun", 30, 90)]


def test_a_specimen_tells_each_of_its_delays_once(cast: Cast, by: Actor) -> None:
    at = datetime.datetime(2026, 3, 2, 8, tzinfo=datetime.UTC)
    noted = {"spun": "2026-03-02 09:00", "spun_off": "2026-03-02 09:15", "frozen": "2026-03-02 10:00"}
    blood = things.tubes(cast, 1, material="WholeBlood", collected=at)[0]
    made = tubes.derive(blood, "Plasma", [Part(f"P{n}", ml("0.1")) for n in range(2)], ml("0.5"), by=by)
    for one in made:
        tubes.note_preanalytics(one, noted, by=by)
    tubes.aliquot(things.again(made[0]), [Part("A", ml("0.05"))], by=by)
    tissue = things.tubes(cast, 1, prefix="S", material="TissueFixed", amount=1, unit="pieces", collected=at)[0]
    tubes.note_preanalytics(tissue, {"warm_minutes": 4, "cold_minutes": 25}, by=by)
    told = preanalytics.delays(tube_queries.recent(days=100_000))
    assert sorted((one.until, one.minutes) for one in told) == [
        ("cold_minutes", 25), ("frozen", 45), ("spun", 60), ("warm_minutes", 4),
    ]  # fmt: skip
