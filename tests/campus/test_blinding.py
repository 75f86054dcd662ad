"""Blinded panels: chosen within the permit alone, known by codes alone, opened once each is accounted for."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import random
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

import tiny_cohort_hospital as tiny
from campus import biobank_things as things
from campus import outcomes_things as outcomes
from campus import releases_things as releases
from campus.cast import Cast, make_cast
from campus.kept import kept
from campus.releases_things import STEPS, World, advance, again, change_permit, consent, lines
from campus.test_studies import ORDER, completed, decide
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import withdrawing
from wardbench.campus.biobank.amounts import amount_of
from wardbench.campus.biobank.models import DonorLink, Specimen
from wardbench.campus.biobank.storing import Put, put
from wardbench.campus.people.rules import NOBODY, SYSTEM, Actor, ForbiddenError, no, yes
from wardbench.campus.releases import (
    blinding,
    blinding_queries,
    blinding_rules,
    blinding_sheet,
    findings,
    requesting,
    returning,
    rules,
    shipping,
    withdrawals,
)
from wardbench.campus.releases.blinding import Wish
from wardbench.campus.releases.blinding_rules import TABLE, Act, Facts, Stage
from wardbench.campus.releases.models import BlindedPanel, BlindedPlace, Request, Shipment, ShipmentLine, WithdrawalTask
from wardbench.campus.releases.rules import Side, Status
from wardbench.campus.releases.shipping import Arrived
from wardbench.campus.releases.withdrawal_rules import Kind
from wardbench.campus.samples import looking
from wardbench.campus.samples.looking import Scope
from wardbench.campus.studies import services
from wardbench.campus.studies.models import Permit, Study
from wardbench.campus.studies.writing import Section
from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.ward.benchmark.lines import Sent
from wardbench.ward.samples import Query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("samples_folder")]
DONORS, PLACES, POTASSIUM = 14, 12, 5
KEYS = ("researcher", "researcher2", "biobank_manager", "biobank_board", "data_steward", "data_protection", "physician")
PAGE = "/releases/panels/"


@kept
def hospital_world(cast: Cast) -> World:
    """A permit for plasma and measurements of a cohort, and a tube of each of fourteen of its patients, taken on the
    day on which their potassium was measured."""
    by = cast.actor("researcher")
    version = outcomes.cohort_of_all(by)
    study = completed(cast)
    study.cohorts.all().delete()
    services.attach_cohort(study.id, version.id, by=by)
    data = {"tables": ["person", "measurement"], "data": "pseudonymised", "data_wanted": "Potassium"}
    services.edit(study.id, Section.DATA, data, by=by)
    services.submit(study.id, by=by)
    for step, key in ORDER:
        decide(cast, study, step, key)
    of = things.collection(cast, permission=releases.TERMS)
    things.freezer(rows=4, columns=4)
    box, tubes = things.box("Freezer Rack 1 Box 1"), []
    for n in range(1, DONORS + 1):
        donor = things.donor(f"D{n}")
        consent(donor)
        DonorLink.objects.create(donor=donor, person_id=n)
        tube = things.tubes(cast, 1, None, prefix=f"T{n:02}-", donor=donor, collection=of)[0]
        put([Put(tube, box, n - 1)], by=SYSTEM)
        taken = timezone.make_aware(datetime.datetime.combine(tiny.on(12), datetime.time(9)))
        Specimen.objects.filter(id=tube.id).update(collected=taken)
        tubes.append(Specimen.objects.get(id=tube.id))
    return World(cast, Study.objects.get(id=study.id), Permit.objects.get(study=study), tubes)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return outcomes.small_hospital(tmp_path_factory.mktemp("panel") / "store")


@pytest.fixture
def w(hospital: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    blinding_queries._kept.clear()
    return hospital_world(outcomes.with_records(make_cast(), hospital, settings, monkeypatch))


def scope_of(w: World, by: Actor | None = None) -> Scope:
    return next(one for one in looking.scopes(by or w.asks) if one.study)


def wish(w: World, **changes: Any) -> Wish:
    cohort = w.study.cohorts.get().hash
    return replace(Wish(cohort, POTASSIUM, "mmol/L", "Plasma", "New strip", PLACES), **changes)


def made(w: World, **changes: Any) -> BlindedPanel:
    panel = blinding.make(scope_of(w), Query.of(), wish(w, **changes), by=w.asks)
    requesting.edit(panel.request_id, {"recipient": "Institute", "address": "Street 1, Leuven"}, by=w.asks)
    return panel


def brought_to(w: World, panel: BlindedPanel, to: Status) -> BlindedPanel:
    """The same once its request has come so far."""
    requesting.ask(panel.request_id, by=w.asks)
    for step in STEPS[1 : STEPS.index(to) + 1]:
        if again(panel.request).status != step:
            advance(w, again(panel.request), step)
    return BlindedPanel.objects.get(id=panel.id)


def received(w: World, **changes: Any) -> BlindedPanel:
    return brought_to(w, made(w, **changes), Status.RECEIVED)


def true_values(panel: BlindedPanel, bias: float = 0.1) -> dict[str, float | str | None]:
    """What a method reads that finds more by `bias`, give or take a little."""
    draw = random.Random(1)
    return {
        one.line.code: round((one.value or 0) + bias + draw.gauss(0, 0.02), 3)
        for one in panel.places.select_related("line")
    }


def key_of(panel: BlindedPanel) -> dict[str, str]:
    return {one.line.code: one.line.specimen.label for one in panel.places.select_related("line__specimen")}


def test_a_panel_is_of_different_donors_over_the_range_in_an_order_that_tells_nothing(w: World) -> None:
    panel = made(w, decisions=(4.1,))
    places = blinding_queries.places(panel)
    values = [one.value for one in places]
    assert len(places) == PLACES == len({one.line.specimen.donor_id for one in places})
    assert {round(one, 4) for one in values if one} <= {round(4 + n / 60, 4) for n in range(1, DONORS + 1)}
    assert min(values) < 4.05 and max(values) > 4.2 and values != sorted(values)  # type: ignore[type-var]
    assert [one.line.code for one in places] == sorted(one.line.code for one in places)
    assert all(re.fullmatch("[A-Z2-7]{8}", one.line.code) and one.days == 0 for one in places)
    other = blinding.make(scope_of(w), Query.of(), wish(w), by=w.asks)
    assert not set(key_of(panel)) & set(key_of(other)), "a seed that is the same tells which code is which"
    event = Event.objects.get(verb="releases.make_panel", object=str(panel.id))
    assert event.detail["places"] == PLACES and "4.0" not in str(event.detail)


def test_a_panel_takes_what_the_permit_and_each_donor_allow_and_nothing_else(w: World) -> None:
    for n in (0, 1):
        withdrawing.withdraw_consent(w.tubes[n].donor, by=SYSTEM)  # type: ignore[arg-type]
    panel = made(w)
    assert not {w.tubes[0].label, w.tubes[1].label} & set(key_of(panel).values())
    withdrawing.opt_out(withdrawing.DATA, person=3, by=SYSTEM)
    with pytest.raises(InputError, match="11 donors"):
        blinding.make(scope_of(w), Query.of(), wish(w), by=w.asks)
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"tables": ["person"]}, "measurements"),
        ({"data": "aggregate"}, "single patients"),
        ({"cohorts": []}, "single patients"),
    ]
    for content, why in refusals:
        before = dict(w.permit.content)
        change_permit(w.permit, **content)
        with pytest.raises(ForbiddenError, match=why):
            blinding.make(scope_of(w), Query.of(), wish(w, places=10), by=w.asks)
        change_permit(w.permit, **before)
    with pytest.raises(ForbiddenError, match="cohort"):
        blinding.make(scope_of(w), Query.of(), wish(w, cohort="0" * 64, places=10), by=w.asks)
    with pytest.raises(ForbiddenError, match="name you"):
        blinding.make(scope_of(w), Query.of(), wish(w, places=10), by=w.cast.actor("researcher2"))
    change_permit(w.permit, period=["2020-02-01", ""])
    with pytest.raises(InputError, match="0 donors"):
        blinding.make(scope_of(w), Query.of(), wish(w, places=10), by=w.asks)
    assert BlindedPanel.objects.count() == 1


def test_what_is_reserved_or_kept_in_another_unit_is_not_chosen(w: World) -> None:
    Specimen.objects.filter(id__in=[one.id for one in w.tubes[:2]]).update(unit="mg")
    panel = made(w, amount=amount_of("0.2", "ml"))
    assert len(set(key_of(panel).values()) & {one.label for one in w.tubes[2:]}) == PLACES
    assert {one.line.amount for one in panel.places.all()} == {200_000}
    brought_to(w, panel, Status.RESERVED)
    with pytest.raises(InputError, match="2 donors"):
        blinding.make(scope_of(w), Query.of(), wish(w, places=10), by=w.asks)


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"places": 9}, "places"), ({"places": 201}, "places"), ({"days": -1}, "days"), ({"days": 91}, "days"),
     ({"decisions": (0.0,)}, "decisions"), ({"decisions": (1.0, 2.0, 3.0, 4.0)}, "decisions"),
     ({"decisions": (float("nan"),)}, "decisions"), ({"method": " "}, "method")],
)  # fmt: skip
def test_a_wish_that_cannot_be_is_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=f"^{what}:"):
        replace(Wish("0" * 64, 1, "g/L", "Plasma", "New", 12), **changes)


ALLOWED = {
    Stage.COMING: {(Act.LABEL, "biobank_manager")},
    Stage.MEASURING: {(Act.MEASURE, "researcher"), (Act.OPEN, "researcher"), (Act.LABEL, "biobank_manager")},
    Stage.OPEN: {(Act.COMPARE, "researcher"), (Act.LABEL, "biobank_manager")},
    Stage.OVER: set(),
}


def do(act: Act, panel: BlindedPanel, by: Actor) -> object:
    match act:
        case Act.MEASURE:
            return blinding.measure(panel.id, {}, by=by)
        case Act.OPEN:
            return blinding.unblind(panel.id, by=by)
        case Act.COMPARE:
            return blinding.read(panel.id, by=by)
        case Act.LABEL:
            return blinding.read_key(panel.id, by=by)


def held_to_the_table(w: World, panel: BlindedPanel, stage: Stage) -> None:
    """Each act by each role: what the table says, by the rule and by the verb itself."""
    for act, key in itertools.product(Act, KEYS):
        by = w.cast.actor(key)
        facts = blinding_queries.facts_of(BlindedPanel.objects.get(id=panel.id), by)
        wanted = (act, key) in ALLOWED[stage]
        # Opening waits for values besides, which have a test of their own.
        verdict = blinding_rules.may_act(by, act, replace(facts, unsaid=0, measured=1))
        assert facts.stage is stage and bool(verdict) is wanted, (stage, act, key, str(verdict))
        if wanted and act is not Act.OPEN:
            do(act, panel, by)
        else:
            with pytest.raises((ForbiddenError, NotFoundError)):
                do(act, panel, by)


def test_each_act_by_each_role_in_each_status_is_what_the_table_says(w: World) -> None:
    panel = made(w)
    facts = blinding_queries.facts_of(panel, w.asks)
    assert facts.stage is Stage.COMING and not blinding_rules.may_see_panel(w.gives, facts)
    requesting.ask(panel.request_id, by=w.asks)
    for step in STEPS[:-1]:
        if again(panel.request).status != step:
            advance(w, again(panel.request), step)
        held_to_the_table(w, panel, Stage.MEASURING if step is Status.RECEIVED else Stage.COMING)
    blinding.measure(panel.id, true_values(panel), by=w.asks)
    blinding.unblind(panel.id, by=w.asks)
    held_to_the_table(w, panel, Stage.OPEN)
    for ended in (Status.REFUSED, Status.WITHDRAWN, Status.EXPIRED):
        BlindedPanel.objects.update(opened=None)
        Request.objects.filter(id=panel.request_id).update(status=ended)
        held_to_the_table(w, panel, Stage.OVER)
    assert set(TABLE) == set(ALLOWED)


def test_whoever_is_on_both_sides_is_on_the_side_of_the_study_alone() -> None:
    manager = replace(Actor("m"), affiliations=make_cast().actor("biobank_manager").affiliations)
    requested = rules.Facts(Status.PICKING, frozenset({"m"}))
    facts = Facts(requested, False, yes("The permit names you."), 0, 0)
    assert not blinding_rules.may_act(manager, Act.LABEL, facts)
    assert not blinding_rules.may_act(NOBODY, Act.LABEL, facts)
    ended = replace(facts, request=replace(requested, status=Status.CLOSED), opened=True, permitted=no("It ended."))
    assert not blinding_rules.may_act(manager, Act.COMPARE, ended)
    assert Side.BIOBANK not in rules.sides(manager, requested)


def test_it_opens_once_each_is_accounted_for_and_not_before(w: World) -> None:
    panel = received(w)
    said = true_values(panel)
    codes = sorted(said)
    first = {code: said[code] for code in codes[:-2]}
    assert blinding.measure(panel.id, first, by=w.asks) == PLACES - 2
    with pytest.raises(ForbiddenError, match="2"):
        blinding.unblind(panel.id, by=w.asks)
    with pytest.raises(ForbiddenError):
        blinding.read(panel.id, by=w.asks)
    blinding.measure(panel.id, {codes[-2]: "failed", codes[-1]: said[codes[-1]], codes[0]: None}, by=w.asks)
    with pytest.raises(ForbiddenError, match="1"):
        blinding.unblind(panel.id, by=w.asks)
    blinding.measure(panel.id, {codes[0]: said[codes[0]]}, by=w.asks)
    blinding.unblind(panel.id, by=w.asks)
    for act in (lambda: blinding.unblind(panel.id, by=w.asks), lambda: blinding.measure(panel.id, said, by=w.asks)):
        with pytest.raises(ForbiddenError):
            act()
    _panel, found = blinding.read(panel.id, by=w.asks)
    assert {one.line.code: one.measured for one in found} == {**said, codes[-2]: None}
    report = blinding.compare(panel, found)
    assert (
        "0.1" in report.verdict and "New strip reads" in report.verdict and "more than the hospital" in report.verdict
    )
    assert [one.verb for one in Event.objects.filter(kind="panel", object=str(panel.id)).order_by("number")] == [
        "releases.make_panel", *["releases.measure_panel"] * 3, "releases.open_panel", "releases.read_panel"
    ]  # fmt: skip
    assert not re.search(r"\d\.\d", str(list(Event.objects.filter(kind="panel").values_list("detail", flat=True))))


def test_not_all_can_have_failed(w: World) -> None:
    panel = received(w)
    blinding.measure(panel.id, dict.fromkeys(true_values(panel), "failed"), by=w.asks)
    with pytest.raises(ForbiddenError, match="No specimen has a value"):
        blinding.unblind(panel.id, by=w.asks)


def test_what_did_not_arrive_needs_no_value_and_is_never_told(w: World) -> None:
    panel = brought_to(w, made(w), Status.SENT)
    parcel = Shipment.objects.get(request=panel.request)
    inside = list(ShipmentLine.objects.filter(shipment=parcel).select_related("line__specimen"))
    lost = inside[0].line
    states = {one.id: Arrived("missing" if one.line == lost else "received") for one in inside}
    shipping.receive(parcel, states, by=w.asks)
    said = {code: value for code, value in true_values(panel).items() if code != lost.code}
    with pytest.raises(InputError, match=lost.code):
        blinding.measure(panel.id, {lost.code: 4.0}, by=w.asks)
    blinding.measure(panel.id, said, by=w.asks)
    blinding.unblind(panel.id, by=w.asks)
    shipping.resolve(panel.request_id, lost.id, "there", "It was under the ice", by=w.gives)
    assert lost.code not in [one.line.code for one in blinding.read(panel.id, by=w.asks)[1]]


def test_a_withdrawal_takes_both_values_away_and_what_is_left_can_be_compared(w: World) -> None:
    panel = received(w)
    blinding.measure(panel.id, true_values(panel), by=w.asks)
    one = panel.places.select_related("line__specimen__donor").order_by("line__code")[3]
    withdrawals.withdraw(one.line.specimen.donor, Kind.WHOLE, by=SYSTEM)
    other = panel.places.select_related("line__specimen__donor__link").order_by("line__code")[5]
    withdrawals.opt_out(other.line.specimen.donor.link.person_id, by=SYSTEM)
    kept_now = {place.line.code: (place.value, place.measured) for place in panel.places.select_related("line")}
    assert [code for code, values in kept_now.items() if values == (None, None)] and len(
        [values for values in kept_now.values() if values == (None, None)]
    ) == 2
    blinding.unblind(panel.id, by=w.asks)
    found = blinding.read(panel.id, by=w.asks)[1]
    assert len(found) == PLACES - 2 and not {one.id, other.id} & {place.id for place in found}
    task = one.line.specimen
    assert BlindedPlace.objects.get(line__specimen=task).value is None


def test_a_permit_that_ended_opens_nothing_and_shows_nothing_any_more(w: World) -> None:
    panel = received(w)
    blinding.measure(panel.id, true_values(panel), by=w.asks)
    Permit.objects.filter(id=w.permit.id).update(revoked=timezone.now(), why_revoked="Fraud")
    with pytest.raises(ForbiddenError, match="no permit"):
        blinding.unblind(panel.id, by=w.asks)
    Permit.objects.filter(id=w.permit.id).update(revoked=None)
    blinding.unblind(panel.id, by=w.asks)
    Permit.objects.filter(id=w.permit.id).update(suspended=timezone.now(), why_suspended="A complaint")
    with pytest.raises(ForbiddenError, match="complaint"):
        blinding.read(panel.id, by=w.asks)


def test_two_who_act_at_once_do_not_both_win(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = received(w)
    blinding.measure(panel.id, true_values(panel), by=w.asks)
    read = blinding_queries.panel

    def overtaken(panel_id: uuid.UUID, *, by: Actor) -> Any:
        found = read(panel_id, by=by)
        monkeypatch.setattr(blinding_queries, "panel", read)
        blinding.measure(panel_id, {min(true_values(panel)): "failed"}, by=by)
        return found

    monkeypatch.setattr(blinding_queries, "panel", overtaken)
    with pytest.raises(BusyError):
        blinding.unblind(panel.id, by=w.asks)
    assert BlindedPanel.objects.get(id=panel.id).opened is None


def pages_of(w: World, panel: BlindedPanel) -> Iterator[str]:
    client, request = w.cast.client("researcher"), f"/releases/requests/{panel.request_id}/"
    for address in (f"{PAGE}{panel.id}/", f"{PAGE}{panel.id}/codes.csv", request, f"{request}arrived/",
                    f"{request}agreement/", f"{request}use/", f"{request}destroy/", f"{request}send_back/",
                    f"/releases/findings/studies/{w.study.id}/", "/", "/releases/requests/"):  # fmt: skip
        answer = client.get(address)
        if answer.status_code == 200:
            yield f"{address}\n{answer.content.decode()}"


def test_no_page_tells_the_study_a_label_a_donor_or_the_order_before_it_is_open(w: World) -> None:
    releases.let_it_leave(w.permit)
    panel = made(w)
    key = key_of(panel)
    by_label = sorted(key, key=lambda code: key[code])
    seen = list(pages_of(w, panel))
    requesting.ask(panel.request_id, by=w.asks)
    for step in STEPS[1:-1]:
        if again(panel.request).status != step:
            advance(w, again(panel.request), step)
        seen += pages_of(w, panel)
    assert len(seen) > 40 and sum("arrived/" in one.partition("\n")[0] for one in seen) == 1
    for page in seen:
        address, _newline, text = page.partition("\n")
        assert not re.search(r"T\d\d-0|\bD\d+\b", text), address
        assert not re.search(r"\b4\.[012]\d", text), address
        order = list(dict.fromkeys(re.findall("|".join(key), text)))
        assert order == sorted(order) and (order != by_label or not order), address


def test_a_withdrawal_tells_the_study_a_code_and_no_label(w: World) -> None:
    panel = received(w)
    place = panel.places.select_related("line__specimen__donor").order_by("line__code")[2]
    withdrawals.withdraw(place.line.specimen.donor, Kind.WHOLE, by=SYSTEM)
    (task,) = WithdrawalTask.objects.filter(study=w.study)
    page = reverse("withdrawal_task", args=[task.id])
    for address in (page, reverse("home"), reverse("notices")):
        text = w.cast.client("researcher").get(address).content.decode()
        assert place.line.code in text and task.what not in text, address
    assert task.what in w.cast.client("biobank_manager").get(page).content.decode()


def test_the_home_page_asks_for_values_and_then_to_open(w: World) -> None:
    panel, client = brought_to(w, made(w), Status.SENT), w.cast.client("researcher")
    reference, said = panel.request.reference, true_values(panel)
    measure = f"Write down what you measured of blinded panel {reference}"
    assert measure not in client.get("/").content.decode()
    advance(w, panel.request, Status.RECEIVED)
    assert measure in client.get("/").content.decode()
    assert measure not in w.cast.client("researcher2").get("/").content.decode()
    blinding.measure(panel.id, said, by=w.asks)
    home = client.get("/").content.decode()
    assert measure not in home and f"Open blinded panel {reference}" in home
    Permit.objects.filter(id=w.permit.id).update(suspended=timezone.now(), why_suspended="A complaint")
    assert f"panel {reference}" not in client.get("/").content.decode(), "it cannot be opened now"
    Permit.objects.filter(id=w.permit.id).update(suspended=None, why_suspended="")
    blinding.unblind(panel.id, by=w.asks)
    assert f"panel {reference}" not in client.get("/").content.decode()


def test_the_biobank_alone_reads_which_code_is_which_and_prints_it(w: World) -> None:
    panel = brought_to(w, made(w), Status.PICKING)
    client, address = w.cast.client("biobank_manager"), f"{PAGE}{panel.id}/key/"
    page, key = client.get(address).content.decode(), key_of(panel)
    assert page.count("<svg") >= PLACES
    page = re.sub('<svg class="app-a4".*</svg>', "", page, flags=re.DOTALL)
    assert all(code in page and label in page for code, label in key.items()) and "4.0" not in page
    sent = client.get(f"{address}?as=zpl").content.decode()
    assert all(f"^FD{code}^FS" in sent for code in key) and "T01" not in sent
    pick = client.get(f"/releases/requests/{panel.request_id}/picking/").content.decode()
    assert all(code in pick and label in pick for code, label in key.items())
    assert w.cast.client("researcher").get(address).status_code == 403
    assert w.cast.client("researcher2").get(address).status_code == 404
    assert Event.objects.filter(verb="releases.read_key").count() == 2


def test_from_the_finder_to_the_report_by_the_pages_alone(w: World) -> None:
    client = w.cast.client("researcher")
    finder = client.get(f"/samples/?in={w.study.reference}&material=Plasma").content.decode()
    (link,) = re.findall(r'href="(/releases/panels/new/\?[^"]*)"', finder)
    link = link.replace("&amp;", "&")
    form = client.get(link).content.decode()
    assert "Potassium, mmol/L" in form and "T01" not in form
    given = {"cohort": w.permit.content["cohorts"][0], "analyte": f"{POTASSIUM} mmol/L", "material": "Plasma",
             "method": "New <b>strip</b>", "places": "12", "days": "1", "decisions": "4.1"}  # fmt: skip
    for wrong in ({"places": "9"}, {"decisions": "a"}, {"decisions": "-1"}, {"cohort": "x"}, {"amount": "much"}):
        assert client.post(link, {**given, **wrong}).status_code == 400
    answer = client.post(link, given)
    panel = BlindedPanel.objects.get()
    page = f"{PAGE}{panel.id}/"
    assert answer.status_code == 302 and answer["Location"] == page
    requesting.edit(panel.request_id, {"recipient": "Institute", "address": "Street 1, Leuven"}, by=w.asks)
    brought_to(w, panel, Status.RECEIVED)
    shown = client.get(page).content.decode()
    assert shown.count("to be measured") == PLACES and "neither a value" in shown
    sheet = list(csv.DictReader(io.StringIO(client.get(f"{page}codes.csv").content.decode())))
    said = true_values(panel)
    assert {one["code"]: one["value"] for one in sheet} == dict.fromkeys(said, "")
    wrong = client.post(page, {"values": f"code,value\n{min(said)},4.123x\n"})
    assert wrong.status_code == 400 and "line 2" in wrong.content.decode()
    typed = "".join(f"{code.lower()};{str(value).replace('.', ',')}\n" for code, value in said.items())
    assert client.post(page, {"values": f"code;value\n{typed}"}).status_code == 302
    assert client.post(f"{page}open/").status_code == 302
    compared = client.get(f"{page}compared/").content.decode()
    assert all(code in compared and label in compared for code, label in key_of(panel).items())
    assert "Female" in compared and "New &lt;b&gt;strip" in compared
    report = client.get(f"{page}report/")
    text = report.content.decode()
    assert "Passing and Bablok" in text and "<b>strip" not in text and "New &lt;b&gt;strip" in text
    for other, status in (("researcher2", 404), ("biobank_manager", 403), ("data_steward", 403)):
        for part in ("compared/", "report/"):
            assert w.cast.client(other).get(page + part).status_code == status, (other, part)
    change_permit(w.permit, tables=["measurement"])
    assert "Female" not in client.get(f"{page}compared/").content.decode()
    assert Event.objects.filter(verb="releases.read_panel").count() == 3


def test_few_pairs_are_shown_and_not_compared(w: World) -> None:
    panel = received(w)
    said = dict(sorted(true_values(panel).items()))
    blinding.measure(panel.id, {code: v if n < 5 else "failed" for n, (code, v) in enumerate(said.items())}, by=w.asks)
    blinding.unblind(panel.id, by=w.asks)
    client, page = w.cast.client("researcher"), f"{PAGE}{panel.id}/"
    assert "5 pairs" in client.get(f"{page}compared/").content.decode()
    assert client.get(f"{page}report/").status_code == 302


def test_what_has_no_permit_for_it_is_taught_and_no_finder_leads_there(w: World) -> None:
    assert "It takes a permit" in w.cast.client("researcher2").get(f"{PAGE}new/").content.decode()
    change_permit(w.permit, tables=[])
    client = w.cast.client("researcher")
    assert "/panels/new/" not in client.get(f"/samples/?in={w.study.reference}").content.decode()
    assert client.get(f"{PAGE}new/?in={w.study.reference}").status_code == 403


def test_findings_and_returns_know_tubes_by_their_codes(w: World) -> None:
    panel = received(w)
    key = key_of(panel)
    with pytest.raises(InputError, match="received no such specimen"):
        findings.add(w.study.id, "publication", "Early", labels=[min(key.values())], doi="10.1/a", year=2026, by=w.asks)
    line = panel.places.select_related("line").order_by("line__code")[0].line
    parcel = returning.send_back(panel.request_id, [line.id], "dry_ice", by=w.asks)
    assert returning.take_back(parcel.id, [line.code.lower()], by=w.gives) == (1, [])
    assert lines(panel.request)[key[line.code]] == "returned"


@pytest.mark.parametrize(
    ("text", "fault"),
    [("code,value\nA,1\na,2\n", "line 3"), ("code,value\n,2\n", "line 2"), ("code,value\nA,<5\n", "line 2"),
     ("code,value\nA,inf\n", "line 2"), ("name,value\nA,1\n", "no column code"), ("code,value\n", "no lines"),
     ("code,value\n" + "".join(f"A{n},1\n" for n in range(1001)), "1,000 lines")],
)  # fmt: skip
def test_a_sheet_that_cannot_be_read_is_told_by_its_line_and_never_by_what_is_in_it(text: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault) as told:
        blinding_sheet.read(Sent("values.csv", text.encode()))
    assert "<5" not in str(told.value) and "inf" not in str(told.value)


def test_a_sheet_reads_values_the_word_failed_and_nothing() -> None:
    read = blinding_sheet.read(Sent("values.csv", b"Value\tCode\n1,5\tab\nFailed\tAC\n\tAD\n"))
    assert dict(read) == {"AB": 1.5, "AC": "failed", "AD": None}
