"""Finding specimens: who sees what, under which permit, and that what is counted is what is listed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.utils import timezone

from campus import biobank_things as things
from campus.cast import Cast, make_cast
from campus.test_studies import approved
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import curating, donors, registering, tubes
from wardbench.campus.biobank.models import Collection, Specimen
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, Actor, ForbiddenError
from wardbench.campus.samples import addresses, current, looking
from wardbench.campus.samples.looking import Scope, Window
from wardbench.campus.samples.rules import Mode
from wardbench.campus.studies.models import Permit
from wardbench.core.consent import Tier
from wardbench.ward.samples import Patients, Query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("samples_folder")]
TODAY = timezone.localdate()


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def stock(cast: Cast) -> Collection:
    """Twelve tubes of plasma of twelve donors who agreed to research, two of whom withdrew; three of serum."""
    health = {"use": "DUO:0000006", "modifiers": []}
    collection = things.collection(cast, "C1", permission=health)
    form = donors.add_form("F", "1", "en", "F", [Tier.STORAGE, Tier.RESEARCH, Tier.CLINICAL_DATA], TODAY, by=SYSTEM)
    things.freezer(rows=9, columns=9)
    box = things.box("Freezer Rack 1 Box 1")
    made = []
    for n in range(12):
        donor = things.donor(f"D{n}")
        answers = {Tier.STORAGE: True, Tier.RESEARCH: n >= 2, Tier.CLINICAL_DATA: True}
        donors.give_consent(donor, form, answers, TODAY, by=SYSTEM)
        made.append(
            Specimen(
                label=f"P{n}",
                collection=collection,
                donor=donor,
                material="Plasma",
                amount=10,
                unit="ml",
                box=box,
                place=n,
            )
        )
    registering.register(made, by=SYSTEM)
    things.tubes(cast, 3, things.box("Freezer Rack 1 Box 2"), prefix="S", material="Serum", donor=things.donor("D3"))
    return collection


def test_what_is_counted_is_what_can_be_given(cast: Cast, stock: Collection) -> None:
    by = cast.actor("biobank_manager")
    (scope,) = looking.scopes(by)
    looked = looking.look(scope, Query.of({"material": frozenset({"Plasma"})}), by=by)
    assert looked.facets.total.specimens == 10 and looked.facets.total.donors == 10
    assert looked.facets.values["material"]["Serum"].specimens == 3
    assert looked.facets.availability is not None and looked.facets.availability.asked.specimens == 12
    assert [one.material for one in looked.specimens] == ["Plasma"] * 10
    event = Event.objects.last()
    assert event is not None and event.verb == "samples.look" and event.detail["mode"] == "stewardship"


def test_the_index_follows_the_inventory(cast: Cast, stock: Collection) -> None:
    by = cast.actor("biobank_manager")
    assert current.refresh() is True
    assert current.refresh() is False
    tubes.dispose([Specimen.objects.get(label="P5")], "Old", by=by)
    assert current.refresh() is True
    looked = looking.look(looking.scopes(by)[0], Query.of({"material": frozenset({"Plasma"})}), by=by)
    assert looked.facets.total.specimens == 9
    Specimen.objects.get(label="P6").donor.consents.update(withdrawn=timezone.now())  # type: ignore[union-attr]
    assert current.refresh() is True
    assert looking.look(looking.scopes(by)[0], Query.of(), by=by).facets.total.specimens == 8 + 3


def test_an_index_that_another_version_of_wardbench_made_is_made_anew(cast: Cast, stock: Collection) -> None:
    current.read_ahead()
    assert not current.folder().exists(), "nothing is made for nobody"
    current.refresh()
    noted = current.folder() / "current.json"
    made = json.loads(noted.read_text())
    noted.write_text(json.dumps({name: said for name, said in made.items() if name != "format"}))
    assert current.refresh() is True
    noted.write_text(json.dumps({**made, "format": made["format"] - 1}))
    by = cast.actor("biobank_manager")
    assert looking.look(looking.scopes(by)[0], Query.of(giving=None), by=by).facets.total.specimens > 0
    assert json.loads(noted.read_text())["format"] == made["format"]


def permit_of(cast: Cast) -> Permit:
    return Permit.objects.get(study=approved(cast))


def test_a_permit_opens_what_it_covers_to_whom_it_names(cast: Cast, stock: Collection) -> None:
    permit = permit_of(cast)
    named = {str(one.id): key for key, one in cast.people.items()}
    whom = [named[one] for one in permit.content["whom"]]
    by = cast.actor(whom[0])
    scope = next(one for one in looking.scopes(by) if one.mode is Mode.STUDY)
    looked = looking.look(scope, Query.of(), by=by)
    materials = {one["type"] for one in permit.content["material"]}
    assert {one.material for one in looked.specimens} <= materials
    assert looked.facets.total.specimens == Specimen.objects.filter(material__in=materials).count() - (
        2 if "Plasma" in materials else 0
    )
    assert set(looked.facets.values["material"]) <= materials, "what the permit does not cover is not counted either"
    outside = looking.look(scope, Query.of({"material": frozenset({"Serum"})}), by=by)
    assert outside.facets.total.specimens == (3 if "Serum" in materials else 0)
    stranger = cast.actor("researcher2" if "researcher2" not in whom else "lecturer")
    with pytest.raises(ForbiddenError):
        looking.look(scope, Query.of(), by=stranger)
    Permit.objects.filter(id=permit.id).update(revoked=timezone.now(), why_revoked="Ended")
    with pytest.raises(ForbiddenError):
        looking.look(scope, Query.of(), by=by)
    assert all(one.mode is not Mode.STUDY for one in looking.scopes(by))


def test_a_collection_that_forbids_the_purpose_is_left_out_with_its_reason(cast: Cast, stock: Collection) -> None:
    forbidden = {"use": "DUO:0000007", "diseases": ["gout"], "modifiers": []}
    curating.change_collection(stock, {"permission": forbidden}, by=SYSTEM)
    permit = permit_of(cast)
    by = next(cast.actor(key) for key, one in cast.people.items() if str(one.id) in permit.content["whom"])
    scope = next(one for one in looking.scopes(by) if one.mode is Mode.STUDY)
    assert looking.look(scope, Query.of(), by=by).facets.total.specimens == 0
    ((name, why),) = scope.refused
    assert name == stock.name and why


@pytest.mark.parametrize("role", sorted(Role))
def test_everybody_else_browses_what_was_released(cast: Cast, stock: Collection, role: Role) -> None:
    page = cast.client(role).get("/samples/").content.decode()
    exact = role in (Role.BIOBANK_MANAGER, Role.BIOBANK_BOARD, Role.DATA_STEWARD)
    assert (">P2</a>" in page) == exact and ("released once a quarter" in page) != exact
    assert cast.client(role).get("/samples/?in=cube").status_code == 200


def test_a_study_that_is_not_ones_own_is_not_answered_by_ones_own(cast: Cast, stock: Collection) -> None:
    permit = permit_of(cast)
    own = next(key for key, one in cast.people.items() if str(one.id) in permit.content["whom"])
    client, study = cast.client(own), permit.content["study"]
    assert client.get("/samples/").status_code == client.get(f"/samples/?in={study}").status_code == 200
    for key, wanted in ((own, "S99999"), ("lecturer", study), ("biobank_manager", study), ("biobank_manager", "x")):
        answer = cast.client(key).get(f"/samples/?in={wanted}")
        assert answer.status_code == 404 and "There is no such study" in answer.content.decode(), (key, wanted)
    Permit.objects.filter(id=permit.id).update(revoked=timezone.now(), why_revoked="Ended")
    assert client.get(f"/samples/?in={study}").status_code == 404
    assert client.get("/samples/").status_code == client.get("/samples/?in=").status_code == 200


def test_somebody_without_a_role_sees_nothing(cast: Cast, stock: Collection) -> None:
    assert cast.client("nobody").get("/samples/").status_code == 403


def test_a_cube_is_kept_for_a_quarter(cast: Cast, stock: Collection) -> None:
    first = current.cube()
    things.tubes(cast, 5, prefix="N")
    current.refresh()
    assert current.cube() == first
    assert all(cell["least"] == 0 or cell["least"] >= 10 for cell in first["cells"])


@pytest.mark.parametrize(
    "asked",
    ["?nonsense=1", "?age=x", "?age=9..1", "?material=Gold", "?page=-3", "?page=99999", "?most_thaws=-1", "?in=S00000",
     "?cohort=nothing", "?amount=5..6", "?collected=%00"],
)  # fmt: skip
def test_any_address_gets_a_sentence(cast: Cast, stock: Collection, asked: str) -> None:
    assert cast.client("biobank_manager").get(f"/samples/{asked}").status_code in (200, 400, 404)


def test_days_that_are_none_are_said_beside_them(
    cast: Cast, stock: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = permit_of(cast).content["study"]
    client = cast.client("researcher")
    asked: list[Window] = []

    def of(_scope: Scope, window: Window, _by: Actor) -> Patients:
        asked.append(window)
        return Patients(np.arange(1, 100), np.zeros(99, np.int32), window.first, window.last)

    monkeypatch.setattr(looking, "patients_of", of)
    monkeypatch.setattr(looking, "cohorts_of", lambda _scope: [("c" * 64, "Kidneys")])
    monkeypatch.setattr(addresses.looking, "cohorts_of", looking.cohorts_of)
    here = f"/samples/?in={study}&cohort={'c' * 64}"
    turned = client.get(f"{here}&first=10&last=-5")
    page = turned.content.decode()
    assert turned.status_code == 200 and page.count("The days end before they begin.") == 2
    assert 'aria-describedby="days_error"' in page and 'value="-5"' in page, "what was typed stands there still"
    assert asked[-1] == Window("c" * 64) and "These counts leave the days out." in page
    assert "Put into a basket" not in page and "Collect for me" not in page, "nothing goes on that was not counted"
    for wrong, sentence in (
        (f"{here}&first=soon", "Write whole days"),
        (f"/samples/?in={study}&first=-30", "Choose a cohort too"),
    ):
        assert sentence in client.get(wrong).content.decode(), wrong
    good = client.get(f"{here}&first=-5&last=-5").content.decode()
    assert "days_error" not in good and asked[-1] == Window("c" * 64, -5, -5)
