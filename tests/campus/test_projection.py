"""The index follows the inventory by what was touched: after any acts it is the one that would be made from nothing."""

from __future__ import annotations

import copy
import datetime
import os
import random
import uuid
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from campus.plain_projection import Noted, plain_table
from campus.test_diagnoses import ALL, Store, tube
from wardbench.campus import due
from wardbench.campus.biobank import curating, donors, storing, tubes, withdrawing
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.models import (
    Collection,
    Consent,
    ConsentForm,
    CustodyEvent,
    Donor,
    DonorLink,
    OptOut,
    Specimen,
)
from wardbench.campus.biobank.tubes import Part
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.samples import changes, current, projection, recorded
from wardbench.core.consent import Tier
from wardbench.core.errors import WardbenchError
from wardbench.ward.samples import SCHEMA, write_index
from wardbench.ward.samples.building import is_whole

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("samples_folder")]
NOTED: Noted = {
    1: [("E11.3", datetime.date(2020, 1, 1)), ("I10", datetime.date(2024, 5, 11))],
    2: [("C18", datetime.date(2024, 5, 10)), ("E11.9", datetime.date(1999, 1, 1))],
    5: [("I10", datetime.date(2021, 1, 1))],
}
SOURCES = {"E11.9": 1, "C18": 3, "E11.3": 5, "I10": 6}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    monkeypatch.setattr(recorded, "snapshot", lambda place: made)
    for person, codes in NOTED.items():
        for code, since in codes:
            made.note(person, 0, SOURCES[code], str(since))
    return made


@pytest.fixture
def stock(cast: Cast, store: Store) -> list[Donor]:
    """Tubes of four donors who are patients, and more of one who is none and of nobody, some in boxes."""
    made = [tube(cast, n, record=n != 3, own="E11.3" if n == 1 else "") for n in (1, 2, 3, 4)]
    things.freezer(rows=9, columns=9)
    things.tubes(cast, 12, things.box("Freezer Rack 1 Box 1"), donor=things.donor("other"))
    late = datetime.datetime(2023, 12, 31, 23, 30, 5, 250_000, tzinfo=datetime.UTC)
    things.tubes(cast, 3, prefix="N", donor=None, collected=late, amount=None, unit="", sprec="SER-PED-A-B-N-C-V")
    things.tubes(cast, 3, prefix="R", donor=made[0], collected=late, collection=things.collection(cast, "C2"))
    some = [things.tubes(cast, 1, prefix=f"M{n}", donor=one)[0] for n, one in enumerate(made[:3])]
    pool = tubes.pool("POOL", [(one, Amount(100_000, "ml")) for one in some], by=SYSTEM)
    (part,) = tubes.aliquot(pool, [Part("POOL-1", Amount(1000, "ml"))], by=SYSTEM)
    unknown = things.tubes(cast, 1, prefix="U", donor=None)[0]
    tubes.pool("POOL-2", [(part, None), (unknown, None)], by=SYSTEM)
    return made


def read() -> str:
    return str(msgspec.json.decode((current.folder() / "current.json").read_bytes())["version"])


class World:
    """Does something or other; what it may not do just now is not done."""

    def __init__(self, seed: int, cast: Cast, store: Store) -> None:
        self.chance, self.cast, self.store = random.Random(seed), cast, store
        self.by: Actor = cast.actor("biobank_manager")

    def act(self) -> str:
        act: Callable[[], object] = self.chance.choice(
            [self.handle, self.handle, self.handle, self.say, self.say, self.opt, self.rule, self.place, self.learn]
        )
        try:
            act()
        except WardbenchError:
            return ""
        return act.__name__

    def specimen(self) -> Specimen:
        return self.chance.choice(list(Specimen.objects.select_related("box", "donor").order_by("label")))

    def donor(self) -> Donor:
        return self.chance.choice(list(Donor.objects.order_by("code")))

    def handle(self) -> None:
        one, name = self.specimen(), f"S{self.chance.random()}"
        self.chance.choice(
            [
                lambda: tubes.thaw([one], "x", by=self.by),
                lambda: tubes.dispose([one], "x", by=self.by),
                lambda: tubes.use(one, Amount(1000, "ml"), "x", by=self.by),
                lambda: tubes.retain(one, not one.retained, "x", by=self.by),
                lambda: tubes.correct(one, {"diagnosis": self.chance.choice(["I10", "C18", ""])}, "x", by=self.by),
                lambda: tubes.aliquot(one, [Part(name, Amount(1000, "ml"))], by=self.by),
                lambda: tubes.pool(name, [(one, None), (self.specimen(), Amount(1000, "ml"))], by=self.by),
                lambda: storing.take_out([one], by=self.by),
                lambda: storing.fill([one], self.box(), by=self.by),
                lambda: things.tubes(self.cast, 1, prefix=name, donor=self.donor()),
            ]
        )()

    def box(self) -> object:
        return things.box(f"Freezer Rack {self.chance.randint(1, 2)} Box {self.chance.randint(1, 2)}")

    def say(self) -> None:
        donor = self.donor()
        form = ConsentForm.objects.order_by("code")[0]
        answers = {tier: self.chance.random() < 0.6 for tier in ALL}
        of = self.chance.choice([None, *Collection.objects.all()])
        self.chance.choice(
            [
                lambda: donors.give_consent(donor, form, answers, timezone.localdate(), by=SYSTEM, collection=of),
                lambda: withdrawing.withdraw_consent(donor, by=SYSTEM),
                lambda: withdrawing.narrow_consent(donor, [Tier.CLINICAL_DATA], timezone.localdate(), by=SYSTEM),
                lambda: donors.link_donor(donor, 5, by=SYSTEM),
            ]
        )()

    def opt(self) -> None:
        standing = OptOut.objects.filter(until=None).first()
        if standing is not None and self.chance.random() < 0.5:
            withdrawing.end_opt_out(standing, by=SYSTEM)
        elif self.chance.random() < 0.5:
            withdrawing.opt_out("data", person=self.chance.randint(1, 5), by=SYSTEM)
        else:
            withdrawing.opt_out(self.chance.choice(["data", "material"]), donor=self.donor(), by=SYSTEM)

    def rule(self) -> None:
        one = self.chance.choice(list(Collection.objects.order_by("code")))
        said = {"basis": self.chance.choice(["written", "residual"])}
        curating.change_collection(one, said, by=self.by)

    def place(self) -> None:
        rack = things.box("Freezer Rack 2")
        if self.chance.random() < 0.5:
            storing.move_container(rack, None, by=self.by)
        else:
            cold = self.chance.choice(["", "RT", "LN", "-18to-35"])
            storing.change_container(self.chance.choice([rack, self.box()]), {"temperature": cold}, by=self.by)

    def learn(self) -> None:
        if self.chance.random() < 0.2:
            self.store.version += "+"


@pytest.mark.parametrize("seed", range(2))
def test_after_any_acts_the_index_is_the_one_made_from_nothing(
    seed: int, cast: Cast, store: Store, stock: list[Donor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current.refresh()
    whole, table = [], projection.table
    monkeypatch.setattr(projection, "table", lambda: whole.append(1) or table())
    world, done, times = World(seed, cast, store), [], 0
    for _step in range(14):
        done += [world.act() for _again in range(world.chance.randint(1, 3))]
        current.refresh()
        times += 1
        assert read() == write_index(table(), tmp_path / "whole").name, done
    assert table().cast(SCHEMA).sort_by("specimen").equals(plain_table(NOTED).sort_by("specimen"))
    assert len(whole) < times / 2, "most of the time only what was touched is projected"


def test_the_table_in_columns_is_the_one_specimen_by_specimen(stock: list[Donor], store: Store) -> None:
    plain = plain_table(NOTED).sort_by("specimen")
    assert projection.table().cast(SCHEMA).sort_by("specimen").equals(plain)
    few = [one.id for one in Specimen.objects.order_by("id")[:5]]
    assert projection.table_of([*few, uuid.uuid4()]).cast(SCHEMA).sort_by("specimen").equals(plain.slice(0, 5))
    assert sum(one is not None for one in plain["diagnoses"].to_pylist()) == 5, "of two patients the record had some"


def test_whatever_is_said_around_specimens_reaches_them(
    cast: Cast, stock: list[Donor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by, today = cast.actor("biobank_manager"), timezone.localdate()
    second = things.collection(cast, "C2")
    things.tubes(cast, 12, prefix="X", donor=None)
    things.tubes(cast, 2, prefix="Y", donor=things.donor("other"), collection=second)
    Consent.objects.update(at=timezone.now() - datetime.timedelta(days=1))
    DonorLink.objects.update(at=timezone.now() - datetime.timedelta(days=1))
    current.refresh()
    table = projection.table
    monkeypatch.setattr(projection, "table", lambda: pytest.fail("not all of it"))
    form, answers = ConsentForm.objects.order_by("code")[0], {one: one is Tier.STORAGE for one in ALL}
    said: dict[str, Callable[[], object]] = {
        "an answer": lambda: donors.give_consent(stock[1], form, answers, today, by=SYSTEM),
        "an answer taken back": lambda: Consent.objects.filter(donor=stock[2]).update(withdrawn=timezone.now()),
        "a rule": lambda: curating.change_collection(second, {"basis": "residual"}, by=by),
        "a warmer rack": lambda: storing.change_container(
            things.box("Freezer Rack 1"), {"temperature": "RT"}, by=by
        ),
        "an opt-out": lambda: withdrawing.opt_out("data", person=4, by=SYSTEM),
        "an opt-out taken back": lambda: withdrawing.end_opt_out(OptOut.objects.get(person_id=4), by=SYSTEM),
        "who somebody is": lambda: donors.link_donor(things.donor("other"), 5, by=SYSTEM),
    }  # fmt: skip
    for what, act in said.items():
        before = read()
        act()
        assert current.refresh() is True and read() != before, what
        assert read() == write_index(table(), tmp_path / "whole").name, what


def test_a_tube_that_is_only_moved_leaves_the_index_as_it_is(
    cast: Cast, stock: list[Donor], monkeypatch: pytest.MonkeyPatch
) -> None:
    current.refresh()
    version = read()
    monkeypatch.setattr(current, "write_index", lambda *given: pytest.fail("nothing in it is another"))
    moved = Specimen.objects.select_related("box").get(label="T1")
    storing.put([storing.Put(moved, things.box("Freezer Rack 1 Box 2"), 0)], by=cast.actor("biobank_manager"))
    assert current.refresh() is True and read() == version
    assert current.refresh() is False


def test_an_event_that_comes_to_light_after_a_later_one_is_not_missed(cast: Cast, stock: list[Donor]) -> None:
    by = cast.actor("biobank_manager")
    tubes.thaw([Specimen.objects.get(label="T1")], "x", by=by)
    one, two = CustodyEvent.objects.latest("id"), Specimen.objects.get(label="T2")
    # What PostgreSQL shows while the first act is still under way: the second event, and a number that nothing has.
    late, there = copy.copy(one), copy.copy(one)
    late.id, there.id = one.id + 1, one.id + 2
    late.number, there.number, there.specimen = one.number + 1, 99, two
    there.save(force_insert=True)
    long_ago = timezone.now() - datetime.timedelta(days=1)
    Consent.objects.update(at=long_ago)
    DonorLink.objects.update(at=long_ago)
    before = changes.mark(timezone.now())
    assert [run[:2] for run in before.holes][-1:] == [(late.id, late.id)]
    late.save(force_insert=True)
    now = changes.mark(timezone.now(), before)
    assert changes.touched(before, now, most=99) == {late.specimen_id} and not changes.touched(now, now, most=99)


def test_everything_is_projected_where_what_was_projected_is_not_known(cast: Cast, stock: list[Donor]) -> None:
    now = timezone.now()
    before = changes.mark(now)
    assert changes.touched(before, before, most=99) is not None

    def other(**said: object) -> changes.Mark:
        return msgspec.structs.replace(before, **said)

    for was in (other(form=0), other(zone="Asia/Tokyo"), other(store="?"), other(hash="00"), other(said=(9, 0, 0))):
        assert changes.touched(was, before, most=99) is None
    things.tubes(cast, 4, prefix="M")
    assert changes.touched(before, changes.mark(now, before), most=3) is None
    long_ago = now - datetime.timedelta(days=1)
    before = changes.mark(now)
    waited = ((900_001, 900_001, long_ago), (900_003, 900_004, now))
    assert changes.mark(now, other(holes=waited)).holes == waited[1:], "nobody waits for the first any longer"
    Consent.objects.update(at=long_ago)
    assert changes.touched(before, changes.mark(now), most=99) is None, "what came to light late was said long before"


def test_what_is_of_the_index_before_is_not_taken_over_where_it_is_damaged(cast: Cast, stock: list[Donor]) -> None:
    current.refresh()
    version = read()
    (current.folder() / version / "rows.arrow").write_bytes(b"")
    tubes.thaw([Specimen.objects.get(label="T1")], "x", by=cast.actor("biobank_manager"))
    assert current.refresh() is True and read() != version
    assert current.index()[0].rows.num_rows == Specimen.objects.count()
    (current.folder() / current.MARK).write_text("{}")
    tubes.thaw([Specimen.objects.get(label="T2")], "x", by=cast.actor("biobank_manager"))
    assert current.refresh() is True and current.index()[0].rows.num_rows == Specimen.objects.count()


def test_an_index_that_is_open_outlives_those_that_follow_it(cast: Cast, stock: list[Donor]) -> None:
    by = cast.actor("biobank_manager")
    current.refresh()
    found, _at = current.index()
    for label, kept in (("T1", 2), ("T2", 2), ("T3", 2)):
        tubes.thaw([Specimen.objects.get(label=label)], "x", by=by)
        assert current.refresh() is True
        assert sum(place.is_dir() for place in current.folder().iterdir()) == kept
    assert not found.folder.exists() and found.rows.num_rows == Specimen.objects.count()
    assert found.hindering("reserved").size == found.present.size and found.slices and found.persons


def test_an_index_that_took_long_is_not_made_again_at_once(cast: Cast, stock: list[Donor]) -> None:
    now = timezone.now()
    assert current.carry_out_due(now) is True
    noted = current.folder() / "current.json"
    made = msgspec.json.decode(noted.read_bytes())
    assert 0 <= made["took"] < 60
    noted.write_bytes(msgspec.json.encode({**made, "took": 40.0}))
    tubes.thaw([Specimen.objects.get(label="T1")], "x", by=cast.actor("biobank_manager"))
    began = datetime.datetime.fromisoformat(made["at"])
    assert current.carry_out_due(began + datetime.timedelta(seconds=199)) is False
    assert current.carry_out_due(began + datetime.timedelta(seconds=201)) is True


def test_the_background_has_the_index_open_before_anything_changes(
    cast: Cast, stock: list[Donor], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    due.take_up()
    assert not current.folder().exists(), "nothing is made for nobody"
    current.refresh()
    current.latest.forget()
    opened: list[str] = []
    monkeypatch.setattr(current.latest, "_opening", lambda made: opened.append(made.version))
    due.take_up()
    assert opened == [read()] and not caplog.text
    current.latest.forget()
    monkeypatch.setattr(current.latest, "_opening", lambda made: 1 / 0)
    due.take_up()
    assert "could not be opened" in caplog.text, "and it begins all the same"


@pytest.mark.parametrize("asked", [lambda: current.index()[0].rows.num_rows, current.refresh])
@pytest.mark.parametrize("name", ["tiles.npy", "words.npy", "rows.arrow"])
def test_an_index_whose_files_were_copied_without_their_times_is_made_anew(
    stock: list[Donor], asked: Callable[[], object], name: str
) -> None:
    """Nothing of the inventory changed, and still nobody is left without a finder."""
    current.refresh()
    version = current.index()[0].version
    os.utime(current.folder() / version / name, (1, 1))
    current.latest.forget()
    assert asked()
    assert is_whole(current.folder() / version) and current.index()[0].version == version
    assert current.refresh() is False
