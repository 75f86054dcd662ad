"""An export of one campus entered into another: everything, once, or nothing."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import consents, custody, donors, tubes
from wardbench.campus.biobank.amounts import Amount
from wardbench.campus.biobank.models import (
    Biobank,
    Collection,
    Consent,
    ConsentForm,
    Container,
    CustodyEvent,
    Donor,
    DonorLink,
    Enrolment,
    OptOut,
    PlannedSpecimen,
    PoolPart,
    Protocol,
    ProtocolVisit,
    Specimen,
    Visit,
)
from wardbench.campus.biobank.rules import Act
from wardbench.campus.catalogue import exporting, taking_in
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.core.consent import Tier
from wardbench.core.errors import InputError, WardbenchError
from wardbench.ward.samples.exchange.losses import losses, ordered
from wardbench.ward.samples.exchange.standards import NOT_HELD, STANDARDS, read_back

pytestmark = pytest.mark.django_db
ALL = (Tier.STORAGE, Tier.RESEARCH, Tier.CLINICAL_DATA)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def stock(cast: Cast) -> None:
    """A donor's tubes in every state, in a box in a rack in a freezer, under a written consent."""
    form = donors.add_form("F", "1", "en", "A form", ALL, timezone.localdate(), by=SYSTEM)
    things.freezer(rows=4, columns=4)
    box = things.box("Freezer Rack 1 Box 1")
    permission = {"use": "HMB", "modifiers": ["NPU"], "diseases": ["C18"]}
    things.collection(cast, permission=permission, purpose="Colon cancer", diseases=["C18.9"], designs=["Cohort"])
    donors.give_consent(things.donor("YES"), form, dict.fromkeys(ALL, True), timezone.localdate(), by=SYSTEM)
    donor = things.donor("YES")
    taken = timezone.now().replace(microsecond=0)
    made = things.tubes(cast, 6, box, donor=donor, diagnosis="C18.9", thaws=2, collected=taken, tube="PED")
    tubes.note_preanalytics(
        made[0], {"storage": "A", "waited_cold": True, "spins": [[2000, False, True, 10]]}, by=SYSTEM
    )
    (part,) = tubes.aliquot(made[0], [tubes.Part("T0-1", Amount(200_000, "ml"))], by=SYSTEM)
    assert part.parent_id == made[0].id
    tubes.use(made[1], None, "all of it", by=SYSTEM)
    tubes.dispose([made[2]], "broken", by=SYSTEM)
    change(made[3], Act.LOSE)
    change(made[4], Act.TAKE_OUT)
    followed_by_visits(donor)


def followed_by_visits(donor: Donor) -> None:
    """A protocol with two visits, of which a donor made one; an opt-out that was taken back, and one noted for the
    patient whom the donor is."""
    now = timezone.now()
    protocol = Protocol.objects.create(collection=Collection.objects.get(), name="Follow-up", version=2)
    first = ProtocolVisit.objects.create(protocol=protocol, name="First", day=0, after=2)
    later = ProtocolVisit.objects.create(protocol=protocol, name="After a year", day=365, before=30, after=30)
    tube = PlannedSpecimen.objects.create(visit=first, material="WholeBlood", tube="PED", count=2)
    PlannedSpecimen.objects.create(visit=first, parent=tube, material="Plasma", count=4, amount=500_000, unit="ml")
    PlannedSpecimen.objects.create(visit=later, material="Serum", temperature="LNliquid")
    enrolled = Enrolment.objects.create(protocol=protocol, donor=donor, day0=timezone.localdate())
    Visit.objects.create(
        enrolment=enrolled, planned=first, due=timezone.localdate(), place="Ward 1", status="done", at=now
    )
    Visit.objects.create(enrolment=enrolled, planned=later, due=timezone.localdate(), reason="Moves house")
    OptOut.objects.create(donor=donor, kind="material", since=now, until=now)
    donors.link_donor(donor, 7, by=SYSTEM)
    OptOut.objects.create(person_id=7, kind="material", since=now, until=now)


def change(specimen: Specimen, act: Act) -> None:
    custody.carry_out([custody.Change(specimen, act)], by=SYSTEM)


def empty() -> None:
    """Another campus: of this one nothing stays but its people."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'biobank_%'"
            for (name,) in cursor.execute(guards).fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")
    for model in (
        CustodyEvent, PoolPart, Specimen, Visit, Enrolment, PlannedSpecimen, ProtocolVisit, Protocol, OptOut, DonorLink,
        Consent, ConsentForm, Donor, Collection, Biobank,
    ):  # fmt: skip
        getattr(model.objects.all(), "_raw_delete")(model.objects.db)  # noqa: B009
    Container.objects.update(parent=None)
    Container.objects.all().delete()
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = origin")


def exported(cast: Cast, standard: str) -> bytes:
    return exporting.export_inventory(standard, [], by=cast.actor("biobank_manager")).content


def files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(held: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("standard", STANDARDS)
def test_an_export_entered_into_an_empty_campus_is_the_same_inventory(cast: Cast, standard: str) -> None:
    stock(cast)
    by, chosen = cast.actor("biobank_manager"), STANDARDS[standard]
    content = exported(cast, standard)
    before = read_back(files(content), chosen)
    empty()
    made = taking_in.take_in(content, standard, by=by)
    assert made.new["sample"] == 7 and made.new["container"] == 3 and made.new["consent"] == 1
    assert (made.new["opt-out"], made.new["protocol"], made.new["enrolment"]) == (2, 1, 1)
    again = exported(cast, standard)
    after = read_back(files(again), chosen)
    lost = losses(before, after)
    assert lost == list(made.otherwise)
    assert [(one.id, one.field, one.value) for one in lost] == [("T4", "status", "out")]
    assert ordered(after).consents == ordered(before).consents and ordered(after).containers == before.containers
    for name in ("opt_outs", "protocols", "enrolments"):
        assert getattr(ordered(after), name) == getattr(ordered(before), name) != (), name
    told, told_again = (
        {(one["kind"], one["field"]): one["things"] for one in json.loads(files(each)[NOT_HELD])["not_held"]}
        for each in (content, again)
    )
    assert told == {**told_again, ("sample", "status"): told_again["sample", "status"] + 1}, "but for what was out"
    named = set(told)
    assert named <= {(kind, field) for kind, field, _why in exporting.not_held(standard)}
    assert all(custody.verify(one) is None for one in Specimen.objects.all())
    twice = taking_in.take_in(content, standard, by=by)
    assert not any(twice.new.values()) and Specimen.objects.count() == 7 and Consent.objects.count() == 1


@pytest.mark.parametrize("standard", ["miabis", "bbmri-fhir"])
def test_an_export_read_where_it_was_made_is_there_already(cast: Cast, standard: str) -> None:
    """Also what is out there, which another campus would enter otherwise."""
    stock(cast)
    made = taking_in.plan(exported(cast, standard), standard, by=cast.actor("biobank_manager"))
    assert not made.against and not any(made.new.values()) and made.there["sample"] == 7 and not made.otherwise


def test_without_its_list_an_export_enters_what_the_standard_holds(cast: Cast) -> None:
    stock(cast)
    held = files(exported(cast, "miabis"))
    del held[NOT_HELD]
    empty()
    made = taking_in.take_in(zipped(held), "miabis", by=cast.actor("biobank_manager"))
    assert not made.whole and made.new["sample"] == 7 and not Container.objects.exists()
    assert set(Specimen.objects.values_list("status", flat=True)) == {"collected"}
    assert {one.field for one in made.otherwise} == {"temperature"}


def test_what_stands_against_it_enters_nothing(cast: Cast) -> None:
    stock(cast)
    by, content = cast.actor("biobank_manager"), exported(cast, "miabis-json")
    Specimen.objects.filter(label="T0").update(diagnosis="C20")
    Specimen.objects.filter(label="T5").update(label="ELSE")
    with pytest.raises(InputError, match="The sample T0 is there already, with another diagnosis"):
        taking_in.take_in(content, "miabis-json", by=by)
    assert not Specimen.objects.filter(label="T5").exists()
    empty()
    held = files(content)
    lost = json.loads(held[NOT_HELD])

    def tampered(field: str, value: Any) -> bytes:
        values = [one for one in lost["values"] if (one["id"], one["field"]) != ("T5", field)]
        values.append({"kind": "sample", "id": "T5", "field": field, "value": value})
        return zipped({**held, NOT_HELD: json.dumps({**lost, "values": values}).encode()})

    for field, value, why in (
        ("parent", "NONE", "names the parent"),
        ("parent", "T5", "made of itself"),
        ("box", "NONE", "names the box"),
        ("amount", 9_000_000, "More is left"),
        ("amount", "much", "amount: "),
        ("amount", -1, "amount: "),
        ("status", "lent", "no such status"),
        ("kind", "clone", "kind"),
        ("collected", "yesterday", "moment"),
        ("thaws", [], "cannot be"),
        ("place", 99, "position"),
        ("place", 0, "Position"),
    ):
        with pytest.raises(WardbenchError, match=why):
            taking_in.take_in(tampered(field, value), "miabis-json", by=by)
        assert not any(model.objects.exists() for model in (Specimen, Donor, Collection, Biobank, Container)), field


@pytest.mark.parametrize("role", sorted(Role))
def test_who_enters_an_export_and_how_the_page_leads_there(cast: Cast, role: Role) -> None:
    stock(cast)
    content = exported(cast, "bbmri-fhir")
    empty()
    client, enters = cast.client(role), role == Role.BIOBANK_MANAGER
    given = {"standard": "bbmri-fhir"}

    def sent(address: str, more: dict[str, str], data: bytes = content) -> Any:
        return client.post(address, {**given, **more, "file": SimpleUploadedFile("x.zip", data)})

    answer = sent("/biobank/exports/read/", {})
    page = answer.content.decode()
    assert (answer.status_code == 200) == (role in (Role.BIOBANK_MANAGER, Role.DATA_STEWARD))
    assert ("Enter it</button>" in page) == enters
    answer = sent("/biobank/exports/enter/", {"digest": "0" * 64})
    assert answer.status_code == (200 if enters else 403) and not Specimen.objects.exists()
    if not enters:
        with pytest.raises(ForbiddenError):
            taking_in.take_in(content, "bbmri-fhir", by=cast.actor(role))
        return
    assert "another file" in answer.content.decode()
    digest = taking_in.plan(content, "bbmri-fhir", by=cast.actor(role)).digest
    assert digest in page
    answer = sent("/biobank/exports/enter/", {"digest": digest})
    assert answer.status_code == 302 and Specimen.objects.count() == 7
    event = Event.objects.filter(verb="catalogue.take_in_export").get()
    assert event.detail["samples"] == 7 and event.detail["sha256"] == digest
    page = sent("/biobank/exports/read/", {}).content.decode()
    assert "Everything in it is there already." in page and "Enter it</button>" not in page


@pytest.mark.parametrize(
    ("kind", "field", "value", "said"),
    [
        ("enrolment", "donor", "NOBODY", "names the donor"),
        ("enrolment", "visits", [["Never", "2026-01-02", "", "done", "", ""]], "has no visit"),
        ("enrolment", "visits", [["First", "2026-01-02", "", "abroad", "", ""]], "cannot be kept"),
        ("enrolment", "visits", [["First"]], "cannot be kept"),
        ("enrolment", "day0", "yesterday", "cannot be kept"),
        ("protocol", "visits", [["First", 0, 0, 0, [["Plasma", "", 1, None, "", "", 3]]]], "what comes after it"),
        ("protocol", "visits", [["First", 0, 0, 0, [["Gold", "", 1, None, "", "", None]]]], "cannot be kept"),
        ("opt-out", "kind", "everything", "cannot be kept"),
        ("opt-out", "until", "1999-01-01T00:00:00+00:00", "cannot be kept"),
        ("opt-out", "donor", "NOBODY", "names the donor"),
    ],
)
def test_what_a_file_says_of_visits_and_opt_outs_is_checked(
    cast: Cast, kind: str, field: str, value: object, said: str
) -> None:
    """Whatever was changed in the list stops it all with a sentence."""
    stock(cast)
    held = files(exported(cast, "miabis"))
    told = json.loads(held[NOT_HELD])
    for one in told["values"]:
        if one["kind"] == kind:
            one["value"][field] = value
    held[NOT_HELD] = json.dumps(told).encode()
    empty()
    with pytest.raises(InputError, match=said):
        taking_in.take_in(zipped(held), "miabis", by=cast.actor("biobank_manager"))
    assert not Specimen.objects.exists() and not Protocol.objects.exists() and not OptOut.objects.exists()


def pooled(cast: Cast) -> Specimen:
    """What `stock` has, with a pool of two donors' tubes, a tube made of the pool, and one taken at a visit."""
    stock(cast)
    other = things.donor("ALSO")
    donors.give_consent(other, ConsentForm.objects.get(), dict.fromkeys(ALL, True), timezone.localdate(), by=SYSTEM)
    (theirs,) = things.tubes(cast, 1, prefix="A", donor=other, tube="PED")
    Specimen.objects.filter(label="T5").update(visit=Visit.objects.get(status="done"))
    mixed = [(Specimen.objects.get(label="T0"), Amount(300_000, "ml")), (theirs, None)]
    pool = tubes.pool("POOL", mixed, by=SYSTEM)
    tubes.aliquot(pool, [tubes.Part("OF-POOL", Amount(100_000, "ml"))], by=SYSTEM)
    return pool


def test_the_last_answer_of_a_day_counts_in_the_other_campus_too(cast: Cast) -> None:
    """Agreed to in the morning, taken back in part in the afternoon: whichever way their ids are in order."""
    stock(cast)
    first = Consent.objects.get()
    for number, answer in enumerate((False, True, False)):
        Consent.objects.create(
            id=uuid.UUID(int=9 - number), donor=first.donor, form=first.form, given=first.given,
            answers={**first.answers, Tier.COMMERCIAL.value: answer},
        )  # fmt: skip
    content = exported(cast, "miabis")
    assert not taking_in.plan(content, "miabis", by=cast.actor("biobank_manager")).against
    before = read_back(files(content), STANDARDS["miabis"])
    assert [one.after for one in before.consents] == [3, 2, 1, 0]
    empty()
    taking_in.take_in(content, "miabis", by=cast.actor("biobank_manager"))
    (now,) = consents.given([Donor.objects.get(code="YES").id], Collection.objects.all()).values()
    assert Tier.COMMERCIAL in now.refused and Tier.COMMERCIAL not in now.granted
    assert read_back(files(exported(cast, "miabis")), STANDARDS["miabis"]).consents == before.consents


@pytest.mark.parametrize("standard", STANDARDS)
def test_pools_and_visits_come_back_whole(cast: Cast, standard: str) -> None:
    pooled(cast)
    by, chosen = cast.actor("biobank_manager"), STANDARDS[standard]
    content = exported(cast, standard)
    before = read_back(files(content), chosen)
    made = taking_in.plan(content, standard, by=by)
    assert not made.against and not any(made.new.values()), "where it was made it is there already"
    empty()
    made = taking_in.take_in(content, standard, by=by)
    assert made.new["sample"] == 10
    after = read_back(files(exported(cast, standard)), chosen)
    assert [(one.id, one.field) for one in losses(before, after)] == [("T4", "status")]
    back = Specimen.objects.get(label="POOL")
    assert list(back.parts.order_by("specimen__label").values_list("specimen__label", "amount")) == [
        ("A0", 1_000_000), ("T0", 300_000)
    ]  # fmt: skip
    assert back.donor is None and Specimen.objects.get(label="OF-POOL").parent == back
    visit = Specimen.objects.get(label="T5").visit
    assert visit is not None and (visit.planned.name, visit.enrolment.donor.code) == ("First", "YES")
    named = {(one["kind"], one["field"]) for one in json.loads(files(content)[NOT_HELD])["not_held"]}
    assert named <= {(kind, field) for kind, field, _why in exporting.not_held(standard)}
    if standard.endswith("fhir"):
        held = {name: data for name, data in files(content).items() if name != NOT_HELD}
        said = {one.label: one for one in read_back(held, chosen).samples}
        assert said["POOL"].parts == (("A0", None), ("T0", None)), "FHIR itself says what a pool is of"


def test_a_pool_leaves_with_the_consent_of_all_its_donors(cast: Cast) -> None:
    pooled(cast)
    Consent.objects.filter(donor__code="ALSO").update(withdrawn=timezone.now())
    said = read_back(files(exported(cast, "miabis")), STANDARDS["miabis"])
    assert {one.label for one in said.samples} & {"POOL", "OF-POOL", "A0"} == set()
    assert "T0" in {one.label for one in said.samples}


def tampered_list(content: bytes, label: str, field: str, value: Any) -> bytes:
    held = files(content)
    told = json.loads(held[NOT_HELD])
    told["values"] = [one for one in told["values"] if (one["id"], one["field"]) != (label, field)]
    told["values"].append({"kind": "sample", "id": label, "field": field, "value": value})
    return zipped({**held, NOT_HELD: json.dumps(told).encode()})


def test_what_a_file_says_of_pools_and_visits_is_checked(cast: Cast) -> None:
    pooled(cast)
    by, content = cast.actor("biobank_manager"), exported(cast, "miabis")
    visit = next(one.visit for one in read_back(files(content), STANDARDS["miabis"]).samples if one.label == "T5")
    older = tampered_list(tampered_list(content, "POOL", "parts", []), "T5", "visit", [])
    assert not taking_in.plan(older, "miabis", by=by).against, "an older export says nothing of either"
    empty()
    for label, field, value, why in (
        ("POOL", "parts", [["NONE", 1]], "names the part"),
        ("POOL", "parts", [["POOL", 1]], "made of itself"),
        ("POOL", "parts", [["OF-POOL", 1]], "made of itself"),
        ("POOL", "parts", [["T0", -1]], "cannot be kept"),
        ("POOL", "parts", [["T0", 1], ["T0", 2]], "cannot be kept"),
        ("POOL", "parts", [["T0"]], "cannot be kept"),
        ("T5", "parts", [["T0", 1]], "Only a pool"),
        ("T5", "visit", [visit[0], "Never", visit[2]], "names the visit"),
        ("T5", "visit", [7], "cannot be kept"),
        ("A0", "visit", list(visit), "visit of another donor"),
    ):
        with pytest.raises(InputError, match=why):
            taking_in.take_in(tampered_list(content, label, field, value), "miabis", by=by)
        assert not Specimen.objects.exists(), (label, field, value)


def test_an_enrolment_may_name_a_protocol_that_the_campus_has(cast: Cast) -> None:
    stock(cast)
    by, held = cast.actor("biobank_manager"), files(exported(cast, "miabis"))
    told = json.loads(held[NOT_HELD])
    told["values"] = [one for one in told["values"] if one["kind"] != "protocol"]
    alone = zipped({**held, NOT_HELD: json.dumps(told).encode()})
    assert not any(taking_in.plan(alone, "miabis", by=by).new.values()), "it knows the enrolment too"
    for model in (Visit, Enrolment):
        getattr(model.objects.all(), "_raw_delete")(model.objects.db)  # noqa: B009
    made = taking_in.take_in(alone, "miabis", by=by)
    assert made.new["enrolment"] == 1 and Enrolment.objects.get().visits.count() == 2
    empty()
    with pytest.raises(InputError, match="names the protocol"):
        taking_in.take_in(alone, "miabis", by=by)
