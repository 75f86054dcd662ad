"""The pages of places and single specimens: who sees them, and what their forms do."""

from __future__ import annotations

import datetime
import re

import pytest

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from campus.releases_things import consent
from wardbench.campus.biobank import labels, preanalytics, storage_queries, withdrawing
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM
from wardbench.core.consent import Tier

pytestmark = pytest.mark.django_db
SEE = {Role.BIOBANK_MANAGER, Role.BIOBANK_BOARD, Role.DATA_STEWARD}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def tube(cast: Cast) -> Specimen:
    things.freezer()
    return things.tubes(cast, 1, things.box("Freezer Rack 1 Box 1"), tube="PED")[0]


@pytest.mark.parametrize("role", sorted(Role))
def test_who_sees_the_inventory(cast: Cast, tube: Specimen, role: Role) -> None:
    client = cast.client(role)
    wanted = 200 if role in SEE else 403
    assert tube.box is not None
    for address in (
        "/biobank/",
        "/biobank/places/",
        f"/biobank/places/{tube.box.id}/",
        "/biobank/specimens/",
        f"/biobank/specimens/{tube.id}/",
        f"/biobank/specimens/labels/?id={tube.id}",
    ):
        assert client.get(address).status_code == wanted, address
    assert client.get(f"/biobank/specimens/{tube.id}/dispose/").status_code == (
        200 if role is Role.BIOBANK_MANAGER else 403
    )


def test_a_box_map_shows_what_lies_where(cast: Cast, tube: Specimen) -> None:
    assert tube.box is not None
    page = cast.client("biobank_manager").get(f"/biobank/places/{tube.box.id}/?at=0").content.decode()
    assert 'id="at"' in page and f"/biobank/specimens/{tube.id}/" in page and "B3" in page


def test_scanning_tubes_into_a_box_and_back(cast: Cast, tube: Specimen) -> None:
    client = cast.client("biobank_manager")
    box = things.box("Freezer Rack 2 Box 1")
    answer = client.post(f"/biobank/places/{box.id}/fill/", {"labels": "T0\n", "start": "B2"}, follow=True)
    assert "1 specimen is in Freezer Rack 2 Box 1" in answer.content.decode()
    assert things.again(tube).place == 4
    answer = client.post("/biobank/places/undo/", {"place": str(box.id)}, follow=True)
    assert "it was" in answer.content.decode() or "Undone" in answer.content.decode()
    assert things.again(tube).box_id == tube.box_id
    for scanned, said in (
        ("T0\nt0", "scanned twice"),
        ("NONE", "No specimen has the label NONE"),
        ("t0", "1 specimen is in"),
    ):
        answer = client.post(f"/biobank/places/{box.id}/fill/", {"labels": scanned, "start": ""}, follow=True)
        assert said in answer.content.decode()
    Specimen.objects.filter(id=tube.id).update(status="away", box=None, place=None)
    page = client.post(f"/biobank/places/{box.id}/fill/", {"labels": "T0", "start": ""}).content.decode()
    assert "Specimen T0: The specimen is with a recipient." in page


def test_a_scanner_finds_tubes_and_places(cast: Cast, tube: Specimen) -> None:
    client = cast.client("biobank_manager")
    assert tube.box is not None
    assert (
        client.get("/biobank/places/look-up/", {"q": "T0"})
        .headers["location"]
        .startswith(f"/biobank/places/{tube.box.id}/?at=0")
    )
    assert client.get("/biobank/places/look-up/", {"q": "Freezer"}).status_code == 302
    assert "Nothing has the label" in client.get("/biobank/places/look-up/", {"q": "<b>"}).content.decode()


def test_a_scanner_finds_a_label_in_any_case_where_only_one_has_it(cast: Cast, tube: Specimen) -> None:
    def found(text: str) -> str:
        one = storage_queries.specimen_by_label(text)
        return one.label if one is not None else ""

    assert found("t0") == found(" T0 ") == "T0"
    assert tube.box is not None
    address = cast.client("biobank_manager").get("/biobank/places/look-up/", {"q": "t0"}).headers["location"]
    assert address.startswith(f"/biobank/places/{tube.box.id}/?at=0")
    things.tubes(cast, 1, prefix="t")
    assert (found("t0"), found("T0")) == ("t0", "T0")
    for prefix in ("Ab", "aB"):
        things.tubes(cast, 1, prefix=prefix)
    assert (found("AB0"), found("Ab0"), found("_0"), found("%"), found("")) == ("", "Ab0", "", "", "")
    Specimen.objects.filter(label="Ab0").update(external="LAB-7")
    assert found("lab-7") == "Ab0"


def test_aliquots_by_the_form(cast: Cast, tube: Specimen) -> None:
    client = cast.client("biobank_manager")
    given = {"labels": "A1\nA2", "number": "0,3", "unit": "ml", "box": "Freezer Rack 1 Box 2", "start": "A2"}
    client.post(f"/biobank/specimens/{tube.id}/aliquot/", given)
    assert things.again(tube).amount == 400_000
    assert list(Specimen.objects.filter(parent=tube).order_by("label").values_list("place", flat=True)) == [1, 2]
    page = client.post(f"/biobank/specimens/{tube.id}/aliquot/", {**given, "labels": "A3\nA4"}).content.decode()
    assert "there are 0.4 ml" in page and Specimen.objects.count() == 3


def test_a_pool_by_the_form(cast: Cast, tube: Specimen) -> None:
    client = cast.client("biobank_manager")
    other = things.tubes(cast, 1, None, prefix="P", donor=things.donor("D2"), collection=tube.collection)[0]
    assert b"Mix it with others" in client.get(f"/biobank/specimens/{tube.id}/").content
    address = f"/biobank/specimens/{tube.id}/pool/"
    given = {
        "others": "p0",
        "number": "0,4",
        "unit": "ml",
        "label": "POOL",
        "box": "Freezer Rack 1 Box 2",
        "start": "A1",
    }
    for wrong, said in (
        ({"others": "T0"}, "not with itself"),
        ({"others": "P0\nP0"}, "scanned twice"),
        ({"others": "NONE"}, "No specimen has the label"),
        ({"number": "4"}, "there are 1 ml"),
        ({"start": "Z9"}, "has no position"),
        ({"box": "Nowhere"}, "No place has this barcode"),
    ):
        assert said in client.post(address, {**given, **wrong}).content.decode()
    assert client.post(address, given).status_code == 302
    pool = Specimen.objects.get(label="POOL")
    assert (pool.kind, pool.amount, pool.donor_id, pool.place) == ("pool", 800_000, None, 0)
    assert things.again(tube).amount == things.again(other).amount == 600_000
    assert b"POOL" in client.get(f"/biobank/specimens/{other.id}/").content
    for donor in (tube.donor, other.donor):
        assert donor is not None
        consent(donor, {**dict.fromkeys(Tier, True), Tier.GENETIC: donor != other.donor})
    page = client.get(f"/biobank/specimens/{pool.id}/").content.decode()
    assert "✓ Use by companies" in page and "✗ Study of inherited genes" in page, "what all of them allow"
    withdrawing.withdraw_consent(tube.donor, by=SYSTEM)
    assert "app-tag--bad" in client.get(f"/biobank/specimens/{pool.id}/").content.decode()


def test_a_tube_in_the_first_position_leads_to_it_on_the_map(cast: Cast, tube: Specimen) -> None:
    assert tube.place == 0
    assert "?at=0#at" in cast.client("biobank_manager").get(f"/biobank/specimens/{tube.id}/").content.decode()


def test_what_is_corrected_is_told_and_its_code_follows(cast: Cast, tube: Specimen) -> None:
    noted = {"spun": "2026-03-02T10:30:00+00:00", "waited_cold": False, "spins": [[2000, False, True, 10]]}
    taken = datetime.datetime(2026, 3, 2, 8, 0, tzinfo=datetime.UTC)
    Specimen.objects.filter(id=tube.id).update(preanalytics=noted, sprec="PL1-PED-C-B-N-X-X", collected=taken)
    client, address = cast.client("biobank_manager"), f"/biobank/specimens/{tube.id}/correct/"
    same = {"material": "Plasma", "tube": "PED", "collected": "2026-03-02T09:00", "why": "Misread"}
    assert b"Nothing is corrected" in client.post(address, same).content
    assert b"has not come yet" in client.post(address, {**same, "collected": "2126-03-02T09:00"}).content
    assert client.post(address, {**same, "collected": "2026-03-02T10:00", "tube": "SCI"}).status_code == 302
    now = things.again(tube)
    assert now.sprec.startswith("PL1-SCI-A-") and now.collected == taken + datetime.timedelta(hours=1)
    event = now.custody.order_by("-number")[0]
    assert event.detail["fields"] == ["collected", "tube"]
    assert client.post(address, {**same, "collected": "2026-03-02T00:00", "tube": "SCI"}).status_code == 302
    assert things.again(tube).sprec.startswith("PL1-SCI-X-")


def test_preanalytics_by_the_form(cast: Cast, tube: Specimen) -> None:
    client, address = cast.client("biobank_manager"), f"/biobank/specimens/{tube.id}/preanalytics/"
    taken = datetime.datetime(2026, 3, 2, 7, 40, 30, tzinfo=datetime.UTC)
    Specimen.objects.filter(id=tube.id).update(collected=taken)
    given = {
        "spun": "2026-03-02T09:30", "waited": "room", "spins": "1", "g": "2000", "minutes": "10", "spun_cold": "room",
        "brake": "yes", "kept": "cold", "frozen": "2026-03-02T10:00", "storage": "A",
    }  # fmt: skip
    client.post(address, given)
    # It lies in the freezer by now; that it waited cold afterwards says nothing of the centrifuge.
    assert things.again(tube).sprec == "PL1-PED-A-B-N-A-A" and things.again(tube).status == "stored"
    page = client.get(address).content.decode()
    assert 'value="2026-03-02T09:30"' in page and 'value="2000"' in page
    cold = {**given, "spun_cold": "cold", "brake": "no", "waited": "warm"}
    client.post(address, cold)
    assert things.again(tube).sprec == "PL1-PED-O-C-N-A-A"
    client.post(
        address, {**given, "spins": "2", "g2": "12000", "minutes2": "15", "spun_cold2": "cold", "brake2": "yes"}
    )
    assert things.again(tube).sprec == "PL2-PED-A-B-J-A-A"
    client.post(address, {**given, "spins": "0", "frozen": ""})
    assert things.again(tube).sprec == "PL1-PED-A-N-N-N-A" and "frozen" not in things.again(tube).preanalytics
    assert b"Say this too" in client.post(address, {**given, "g": ""}).content
    assert b"before" in client.post(address, {**given, "spun": "2026-03-02T08:00"}).content


def test_seconds_that_a_form_has_not_are_kept(cast: Cast, tube: Specimen) -> None:
    noted = {"spun": "2026-03-02T08:30:41+00:00", "spins": [[2000, False, True, 10]]}
    Specimen.objects.filter(id=tube.id).update(preanalytics=noted)
    given = {"spun": "2026-03-02T09:30", "spins": "1", "g": "2000", "minutes": "10", "brake": "yes", "waited": "cold"}
    cast.client("biobank_manager").post(f"/biobank/specimens/{tube.id}/preanalytics/", given)
    assert things.again(tube).preanalytics == {**noted, "waited_cold": True}


def test_a_tissue_is_asked_for_ischaemia_and_fixing(cast: Cast, tube: Specimen) -> None:
    Specimen.objects.filter(id=tube.id).update(material="TissueFixed", unit="pieces")
    client, address = cast.client("biobank_manager"), f"/biobank/specimens/{tube.id}/preanalytics/"
    assert b"Warm ischaemia" in client.get(address).content and b"centrifuge" not in client.get(address).content
    given = {
        "collection": "SRG",
        "warm_minutes": "9.5",
        "cold_minutes": "12",
        "fixation": "NBF",
        "fixed_minutes": "600",
    }
    client.post(address, {**given, "storage": "P"})
    assert things.again(tube).sprec == "TIS-SRG-B-C-NBF-E-P"
    client.post(address, given)
    assert things.again(tube).sprec == "TIS-SRG-B-C-NBF-E-X"


def test_what_lies_frozen_is_thawed_to_be_divided_unless_somebody_says_not(cast: Cast, tube: Specimen) -> None:
    client, address = cast.client("biobank_manager"), f"/biobank/specimens/{tube.id}/aliquot/"
    assert re.search(r'<input[^>]*name="thawed"[^>]*checked', client.get(address).content.decode())
    client.post(address, {"labels": "A1", "number": "0.1", "unit": "ml", "thawed": "on"})
    client.post(address, {"labels": "A2", "number": "0.1", "unit": "ml"})
    assert things.again(tube).thaws == 1 and things.again(tube).amount == 800_000
    page = client.get(f"/biobank/specimens/{tube.id}/").content.decode()
    assert "then 0.8 ml" in page and "A2" in page


def test_labels_say_nothing_of_the_donor_and_escape_commands(cast: Cast, tube: Specimen) -> None:
    Specimen.objects.filter(id=tube.id).update(label="T^XZ~1_")
    written = labels.zpl_of([labels.label_of(things.again(tube), drawn=False)])
    assert written.count("^XA") == written.count("^XZ") == 1
    assert "_5EXZ_7E1_5F" in written and "D1" not in written
    page = cast.client("biobank_manager").get(f"/biobank/specimens/labels/?id={tube.id}&as=zpl")
    assert page.content.decode() == written
    assert "<svg" in labels.label_of(things.again(tube)).svg


def test_pages_that_are_not_there(cast: Cast, tube: Specimen) -> None:
    client = cast.client("biobank_manager")
    assert client.get(f"/biobank/specimens/{tube.id}/burn/").status_code == 404
    assert client.get("/biobank/specimens/labels/?id=x").status_code == 404
    assert client.get(f"/biobank/places/{tube.id}/").status_code == 404


def test_a_label_has_the_day_of_the_ward_and_not_of_greenwich(tube: Specimen) -> None:
    """Half past midnight in Belgium is still yesterday in UTC."""
    tube.collected = datetime.datetime(2026, 3, 1, 23, 30, tzinfo=datetime.UTC)
    tube.preanalytics = {"spun": "2026-03-02T01:00:00+01:00"}
    assert "2026-03-02" in labels.label_of(tube, drawn=False).lines
    assert [one.day for one in preanalytics.delays([tube])] == [datetime.date(2026, 3, 2)]
