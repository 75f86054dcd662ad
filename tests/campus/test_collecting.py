"""Collections and who answers for them, donors and their consents, visits and what is taken at them."""

from __future__ import annotations

import datetime
import re
import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from wardbench.campus.access import services as access
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import collection_queries as queries
from wardbench.campus.biobank import consents, curating, donors, storing, visiting
from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import (
    Collection,
    ConsentForm,
    Donor,
    DonorLink,
    OptOut,
    Protocol,
    ProtocolVisit,
    Specimen,
    Visit,
)
from wardbench.campus.biobank.rules import COLLECTORS, Status, may_print_label
from wardbench.campus.biobank.visiting import Planned
from wardbench.campus.people import services as people
from wardbench.campus.people.roles import CARE, Role
from wardbench.campus.people.rules import SYSTEM, Actor, Affiliation, ForbiddenError
from wardbench.campus.web.home import page_of
from wardbench.core.consent import PRESUMED, Basis, Tier
from wardbench.core.errors import BusyError, InputError

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 5, 4)
SEE = (Role.BIOBANK_BOARD, Role.DATA_STEWARD)
"""Who sees the inventory, besides the biobank's manager."""


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def form(*tiers: Tier) -> ConsentForm:
    return donors.add_form("F", "1", "en", "Consent", tiers or (Tier.STORAGE, Tier.RESEARCH), TODAY, by=SYSTEM)


def protocol(cast: Cast, **of: object) -> Protocol:
    visits = [
        (
            ProtocolVisit(name="Start", day=0, before=0, after=3),
            [Planned("WholeBlood", "PED", 2, amount_of("4", "ml"))],
        ),
        (ProtocolVisit(name="Month 1", day=30, before=5, after=5), [Planned("Urine")]),
    ]
    return visiting.add_protocol(things.collection(cast, **of), "Yearly", visits, by=SYSTEM)  # type: ignore[arg-type]


def test_a_day_to_come_is_no_day_of_a_consent(cast: Cast) -> None:
    """It would stand above whatever the donor says until then."""
    form = donors.add_form("F9", "1", "en", "Form", [Tier.STORAGE], TODAY, by=SYSTEM)
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    with pytest.raises(InputError, match="has not come yet"):
        donors.give_consent(things.donor(), form, {Tier.STORAGE: True}, tomorrow, by=cast.actor("coordinator"))


def agree(donor: Donor, *, research: bool = True, given: datetime.date = TODAY) -> None:
    asked = ConsentForm.objects.first() or form()
    donors.give_consent(donor, asked, {Tier.STORAGE: True, Tier.RESEARCH: research}, given, by=SYSTEM)


def stands(donor: Donor, collection: Collection) -> frozenset[Tier]:
    return consents.given([donor.id], [collection])[donor.id, collection.id].tiers


def test_the_newest_answers_count(cast: Cast) -> None:
    donor, collection = things.donor(), things.collection(cast)
    assert stands(donor, collection) == frozenset()
    agree(donor)
    assert stands(donor, collection) == {Tier.STORAGE, Tier.RESEARCH}
    agree(donor, research=False, given=TODAY + datetime.timedelta(days=1))
    assert stands(donor, collection) == {Tier.STORAGE}
    donor.consents.filter(answers__research=False).update(withdrawn=timezone.now())
    assert stands(donor, collection) == frozenset()


def test_residual_material_needs_no_yes_but_heeds_a_no(cast: Cast) -> None:
    donor = things.donor()
    rest = things.collection(cast, "REST", basis=Basis.RESIDUAL.value)
    assert stands(donor, rest) == PRESUMED
    out = OptOut.objects.create(donor=donor, kind="material", since=timezone.now())
    assert stands(donor, rest) == frozenset()
    out.until = timezone.now()
    out.save()
    donors.link_donor(donor, 77, by=SYSTEM)
    OptOut.objects.create(person_id=77, kind="data", since=timezone.now())
    assert stands(donor, rest) == PRESUMED - {Tier.CLINICAL_DATA}


def test_everything_that_a_form_asks_is_answered(cast: Cast) -> None:
    asked, donor = form(), things.donor()
    for answers in ({Tier.STORAGE: True}, {Tier.STORAGE: True, Tier.RESEARCH: True, Tier.GENETIC: True}):
        with pytest.raises(InputError, match="answer everything"):
            donors.give_consent(donor, asked, answers, TODAY, by=cast.actor("coordinator"))
    with pytest.raises(InputError):
        form()


def test_a_collection_that_nobody_answers_for_is_not_published(cast: Cast) -> None:
    by, collection = cast.actor("biobank_manager"), things.collection(cast)
    with pytest.raises(InputError, match="description"):
        curating.publish(collection, by=by)
    words = {"description": "Blood", "purpose": "Kidneys", "permission": {"use": "DUO:0000006", "modifiers": []}}
    curating.change_collection(collection, words, by=by)
    for key in ("physician", "biobank_manager"):
        with pytest.raises(InputError, match="responsible"):
            curating.publish(collection, by=by)
        curating.name_responsible(collection, cast.people[key].id, by=by)
    with pytest.raises(InputError, match="messages reach"):
        curating.publish(collection, by=by)
    for key in ("physician", "biobank_manager"):
        curating.confirm_reached(collection, by=cast.actor(key))
    with pytest.raises(ForbiddenError):
        curating.confirm_reached(collection, by=cast.actor("researcher"))
    curating.publish(collection, by=by)
    assert Collection.objects.get(id=collection.id).published is not None
    listed = cast.client("physician").get("/biobank/collections/").content.decode()
    assert collection.name in listed and 'href="/biobank/"' not in listed
    assert cast.client("physician2").get("/biobank/collections/").status_code == 403
    with pytest.raises(InputError, match="responsible"):
        curating.drop_responsible(collection, cast.people["physician"].id, by=by)
    assert collection.responsible.count() == 2
    with pytest.raises(InputError, match="purpose"):
        curating.change_collection(collection, {"purpose": ""}, by=by)


def test_saying_that_a_collection_reached_one_waits_until_it_is_said_and_again_after_a_year(cast: Cast) -> None:
    collection, by = things.collection(cast), cast.actor("physician")
    assert page_of(by)[0] == []
    curating.name_responsible(collection, cast.people["physician"].id, by=SYSTEM)
    (task,) = page_of(by)[0]
    assert collection.name in task.what and task.address == reverse("collection", args=[collection.id])
    assert "Messages reach me" in cast.client("physician").get(task.address).content.decode()
    assert page_of(cast.actor("physician2"))[0] == []
    curating.confirm_reached(collection, by=by)
    assert page_of(by)[0] == []
    collection.responsible.update(reached=timezone.now() - curating.REACHED_WITHIN - datetime.timedelta(days=1))
    assert len(page_of(by)[0]) == 1


def test_a_responsible_person_without_a_role_does_not_count(cast: Cast) -> None:
    collection = things.collection(cast)
    words = {"description": "Blood", "purpose": "Kidneys", "permission": {"use": "DUO:0000006", "modifiers": []}}
    curating.change_collection(collection, words, by=SYSTEM)
    for key in ("physician", "biobank_manager"):
        curating.name_responsible(collection, cast.people[key].id, by=SYSTEM)
        curating.confirm_reached(collection, by=cast.actor(key))
    assert curating.lacking(collection) == []
    held = cast.people["physician"].affiliations.get()
    people.end_role(held, by=cast.actor("administrator"))
    assert len(curating.lacking(collection)) == 2


def test_a_visit_takes_what_is_planned_once(cast: Cast) -> None:
    donor, nurse = things.donor(), cast.actor("coordinator")
    plan = protocol(cast)
    visiting.enrol(donor, plan, TODAY, "Room 1", by=nurse)
    with pytest.raises(BusyError, match="already"):
        visiting.enrol(donor, plan, TODAY, by=nurse)
    first = Visit.objects.get(planned__name="Start")
    with pytest.raises(BusyError, match="not agreed"):
        visiting.collect(first, by=nurse)
    agree(donor)
    tube = first.planned.planned.get()
    made = visiting.collect(first, {f"{tube.id}/2": "SCANNED"}, by=nurse)
    assert [one.label for one in made] == ["C1-000001", "SCANNED"]
    assert [(one.status, one.amount, one.tube, one.donor_id, one.visit_id) for one in made] == [
        ("collected", 4_000_000, "PED", donor.id, first.id)
    ] * 2
    with pytest.raises(BusyError, match="over already"):
        visiting.collect(Visit.objects.get(id=first.id), by=nurse)
    with pytest.raises(BusyError, match="over already"):
        visiting.decline(Visit.objects.get(id=first.id), "ill", by=nurse)


def test_what_no_visit_plans_is_not_taken(cast: Cast) -> None:
    donor, nurse = things.donor(), cast.actor("coordinator")
    visiting.enrol(donor, protocol(cast), TODAY, by=nurse)
    agree(donor)
    visit = Visit.objects.get(planned__name="Start")
    with pytest.raises(InputError, match="plans no such tube"):
        visiting.collect(visit, {"nothing/1": "X"}, by=nurse)
    tube = visit.planned.planned.get()
    for label in ("X" * 65, "A\x00B", "A\nB"):
        with pytest.raises(InputError, match="at most 64 characters"):
            visiting.collect(Visit.objects.get(id=visit.id), {f"{tube.id}/1": label}, by=nurse)
    assert Specimen.objects.count() == 0 and Visit.objects.get(id=visit.id).status == "planned"


def test_who_stands_in_the_list_of_a_day(cast: Cast) -> None:
    nurse = cast.actor("coordinator")
    plan = protocol(cast)
    visiting.enrol(things.donor("A"), plan, TODAY, "Room 1", by=nurse)
    visiting.enrol(things.donor("B"), plan, TODAY - datetime.timedelta(days=10), "Room 2", by=nurse)
    agree(things.donor("A"))
    found = queries.visits(TODAY, by=nurse)
    assert [(one.visit.enrolment.donor.code, one.agreed, one.late, len(one.tubes)) for one in found] == [
        ("B", False, 7, 2),
        ("A", True, 0, 2),
    ]
    assert len(queries.visits(TODAY, by=nurse, place="Room 1")) == 1
    assert [one.visit.planned.name for one in queries.visits(TODAY + datetime.timedelta(days=26), by=nurse)].count(
        "Month 1"
    ) == 2


def test_more_visits_cost_no_more_statements(cast: Cast) -> None:
    nurse, plan = cast.actor("coordinator"), protocol(cast)

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            assert all(one.agreed for one in queries.visits(TODAY, by=nurse))
        return len(found.captured_queries)

    def come(code: str) -> None:
        visiting.enrol(things.donor(code), plan, TODAY, by=nurse)
        agree(things.donor(code))

    come("A")
    few = asked()
    come("B")
    come("C")
    assert asked() == few


def test_nobody_learns_by_trying_numbers_who_is_a_donor(cast: Cast) -> None:
    donors.link_donor(things.donor("D1"), 12, by=SYSTEM)
    client = cast.client("physician")
    for person in ("12", "13"):
        given = {"code": f"X{person}", "sex": "Female", "person": person}
        page = client.post(reverse("donor_new"), given).content.decode()
        assert "There is no such patient in your care." in page
    access.give_relation(13, cast.endocrinology, by=SYSTEM)
    assert client.post(reverse("donor_new"), given).status_code == 302


@pytest.mark.parametrize("role", sorted(Role))
def test_who_collects_and_who_knows_donors(cast: Cast, role: Role) -> None:
    donor = things.donor()
    donors.link_donor(donor, 12, by=SYSTEM)
    by = cast.actor(role)
    before = Event.objects.count()
    if role in CARE or role is Role.DATA_STEWARD:
        assert queries.who_is(donor, by=by) == 12
        event = Event.objects.get(number=before + 1)
        assert (event.verb, event.patient) == ("biobank.know_donor", "12")
    else:
        with pytest.raises(ForbiddenError):
            queries.who_is(donor, by=by)
        assert Event.objects.count() == before
    collects = role in CARE or role is Role.BIOBANK_MANAGER
    assert cast.client(role).get("/biobank/visits/").status_code == (200 if collects else 403)
    assert cast.client(role).get("/biobank/collections/donors/new/").status_code == (200 if collects else 403)


def test_the_page_of_visits_in_two_taps(cast: Cast) -> None:
    plan = protocol(cast)
    today = timezone.localdate()
    visiting.enrol(things.donor("A"), plan, today, by=SYSTEM)
    visiting.enrol(things.donor("B"), plan, today, by=SYSTEM)
    agree(things.donor("A"), given=today)
    client = cast.client("coordinator")
    page = client.get("/biobank/visits/").content.decode()
    assert "Taken as planned" in page and "Ask for consent first" in page
    first = Visit.objects.get(enrolment__donor__code="A", planned__name="Start")
    assert "C1-000001" in client.post(f"/biobank/visits/{first.id}/", follow=True).content.decode()
    other = Visit.objects.get(enrolment__donor__code="B", planned__name="Start")
    assert "has not agreed" in client.post(f"/biobank/visits/{other.id}/", follow=True).content.decode()
    client.post(f"/biobank/visits/{other.id}/", {"decline": "ill"})
    assert Visit.objects.get(id=other.id).status == "declined"


def test_what_could_not_be_taken_is_in_no_inventory(cast: Cast) -> None:
    visiting.enrol(things.donor("A"), protocol(cast), timezone.localdate(), by=SYSTEM)
    agree(things.donor("A"), given=timezone.localdate())
    client, visit = cast.client("coordinator"), Visit.objects.get(planned__name="Start")
    page = client.get("/biobank/visits/").content.decode()
    first, second = dict.fromkeys(re.findall(r'name="taken" value="([^"]+)" checked', page))
    address = f"/biobank/visits/{visit.id}/"
    none = client.post(address, {"planned": [first, second]}, follow=True).content.decode()
    assert "nothing is ticked" in none and not Specimen.objects.exists()
    labelled = {"planned": [first, second], "taken": [second], f"tube{first}": "X1"}
    assert "it was not taken" in client.post(address, labelled, follow=True).content.decode()
    assert Visit.objects.get(id=visit.id).status == "planned" and not Specimen.objects.exists()
    client.post(address, {"planned": [first, second], "taken": [second], f"tube{second}": "X2"})
    assert [one.label for one in Specimen.objects.all()] == ["X2"]
    event = Event.objects.get(verb="biobank.collect")
    assert (event.detail["specimens"], event.detail["not_taken"]) == (1, 1)


def taken(cast: Cast) -> tuple[Visit, list[Specimen]]:
    visiting.enrol(things.donor("A"), protocol(cast), TODAY, "Room 1", by=SYSTEM)
    agree(things.donor("A"))
    visit = Visit.objects.get(planned__name="Start")
    return visit, visiting.collect(visit, by=SYSTEM)


def test_whoever_took_tubes_labels_them(cast: Cast) -> None:
    client, today = cast.client("coordinator"), timezone.localdate()
    visiting.enrol(things.donor("A"), protocol(cast), today, by=SYSTEM)
    agree(things.donor("A"), given=today)
    visit = Visit.objects.get(planned__name="Start")
    sheet = f"/biobank/specimens/labels/?visit={visit.id}"
    page = client.post(f"/biobank/visits/{visit.id}/", follow=True).content.decode()
    assert page.count(f'href="{sheet}"') == 2  # in the message, and with the visit
    assert client.get("/biobank/visits/").content.decode().count(f'href="{sheet}"') == 1
    labels = client.get(sheet).content.decode()
    assert labels.count("<g transform") == 2 and "C1-000002" in labels and 'href="/biobank/visits/"' in labels
    assert 'href="/biobank/specimens/"' not in labels  # that page is not theirs
    printed = client.get(f"{sheet}&as=zpl")
    assert printed.content.decode().count("^XA") == 2 and printed["Content-Type"].startswith("text/plain")
    assert client.get("/biobank/visits/?place=Elsewhere").content.decode().count(sheet) == 0


def test_tubes_in_storage_are_labelled_by_the_biobank(cast: Cast) -> None:
    visit, (first, second) = taken(cast)
    things.freezer()
    storing.fill([first], things.box("Freezer Rack 1 Box 1"), by=cast.actor("biobank_manager"))
    sheet = "/biobank/specimens/labels/"
    nurse, manager = cast.client("coordinator"), cast.client("biobank_manager")
    both = f"{sheet}?id={first.id}&id={second.id}"
    assert nurse.get(f"{sheet}?id={second.id}").content.decode().count("<g transform") == 1
    assert nurse.get(f"{sheet}?visit={visit.id}").content.decode().count("<g transform") == 1
    refused = nurse.get(both)
    assert refused.status_code == 403 and "until it is in storage" in refused.content.decode()
    assert nurse.get(f"{sheet}?box={things.again(first).box_id}").status_code == 403
    other = things.tubes(cast, 1, prefix="X")[0]  # on its way to storage, from no visit
    assert nurse.get(f"{sheet}?id={other.id}").status_code == 403
    for address, count in ((both, 2), (f"{sheet}?visit={visit.id}", 2), (f"{sheet}?id={other.id}", 1)):
        assert manager.get(address).content.decode().count("<g transform") == count
    assert nurse.get(f"{sheet}?visit=x").status_code == 404


@pytest.mark.parametrize("role", sorted(Role))
@pytest.mark.parametrize("visited", [True, False])
def test_who_prints_labels_in_which_status(role: Role, visited: bool) -> None:
    by = Actor("somebody", "", (Affiliation(role, "organisation"),))
    for status in Status:
        collects = role in COLLECTORS and visited and status is Status.COLLECTED
        said = may_print_label(by, status, visited=visited)
        assert said.allowed is (role in (*SEE, Role.BIOBANK_MANAGER) or collects), (role, status)
        assert said.reason, status


@pytest.mark.parametrize("role", sorted(Role))
def test_who_prints_the_labels_of_a_visit(cast: Cast, role: Role) -> None:
    visit, (tube, _other) = taken(cast)
    wanted = 200 if role in COLLECTORS or role in SEE else 403
    for asked in (f"visit={visit.id}", f"id={tube.id}", f"id={visit.id}"):
        assert cast.client(role).get(f"/biobank/specimens/labels/?{asked}").status_code == wanted, asked


def test_only_who_knows_donors_says_who_one_is(cast: Cast) -> None:
    for role, asked in (("biobank_manager", False), ("coordinator", True)):
        page = cast.client(role).get("/biobank/collections/donors/new/").content.decode()
        assert ('name="person"' in page) is asked, role
    manager = cast.client("biobank_manager")
    given = {"code": "DX-1", "sex": "Female", "birth_year": "2099", "person": "7"}
    assert b"has not come yet" in manager.post("/biobank/collections/donors/new/", given).content
    assert manager.post("/biobank/collections/donors/new/", {**given, "birth_year": "1980"}).status_code == 302
    assert not DonorLink.objects.exists()


def test_collections_and_protocols_by_the_forms(cast: Cast) -> None:
    bank, client = things.biobank(cast), cast.client("biobank_manager")
    given = {"biobank": str(bank.id), "code": "NEW", "name": "New", "purpose": "To know", "basis": "written"}
    assert '<option value="" selected>' in client.get("/biobank/collections/new/").content.decode()
    page = client.post("/biobank/collections/new/", {**given, "use": "DUO:0000007"}).content.decode()
    assert "Name diseases" in page
    client.post("/biobank/collections/new/", {**given, "use": "DUO:0000007", "diseases": "gout, asthma"})
    made = Collection.objects.get(code="NEW")
    assert made.permission == {"use": "DUO:0000007", "modifiers": [], "diseases": ["gout", "asthma"]}
    address = f"/biobank/collections/{made.id}/protocol/"
    for line, said in (
        ("Start; 0; 0; 0; 2 Gold", "no material"),
        ("Start; x; 0; 0; Urine", "example"),
        ("Start; 0; 0; 0; 500 Serum", "Take 1 to 50 tubes"),
        ("Start; 0; 0; 0; 1 Serum FOO", "no tube of SPREC"),
        ("Start; 0; 0; 0; Urine\nStart; 1; 0; 0; Urine", "<li>Protocol visit"),
    ):
        assert said in client.post(address, {"name": "P", "visits": line}).content.decode()
    client.post(address, {"name": "P", "visits": "Start; 0; 0; 7; 2 Plasma PED 4 ml; 1 urine; volbloed ped"})
    tubes = made.protocols.get().visits.get().planned.order_by("material")
    assert [(one.material, one.tube, one.count, one.amount) for one in tubes] == [
        ("Plasma", "PED", 2, 4_000_000),
        ("Urine", "", 1, None),
        ("WholeBlood", "PED", 1, None),
    ]
    assert client.get(f"/biobank/collections/{made.id}/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_instant_take_a_visit_once() -> None:
    cast = make_cast()
    donor, nurse = things.donor(), cast.actor("coordinator")
    visiting.enrol(donor, protocol(cast), TODAY, by=nurse)
    agree(donor)
    visit = Visit.objects.get(planned__name="Start")
    ready, done = threading.Barrier(4), []

    def take() -> None:
        try:
            mine = Visit.objects.get(id=visit.id)
            ready.wait()
            done.append(len(visiting.collect(mine, by=nurse)))
        except (BusyError, InputError):
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [2] and Specimen.objects.count() == 2


@pytest.mark.parametrize("code", ["Piet Janssens", "Janssens, Piet 1961", "85.07.30-033.28"])
def test_the_code_of_a_donor_is_no_name_and_no_national_number(cast: Cast, code: str) -> None:
    with pytest.raises(InputError, match="looks like a name"):
        donors.add_donor(code, by=SYSTEM)
