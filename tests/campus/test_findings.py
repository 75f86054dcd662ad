"""What comes back from a study: on the tube, on the patient's timeline, to the doctor and to whoever asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from campus import biobank_things as things
from campus import releases_things as at_hand
from campus.cast import make_cast
from campus.releases_things import World, at, world
from wardbench.campus.access import services as access
from wardbench.campus.audit.models import Event
from wardbench.campus.biobank import donors
from wardbench.campus.biobank.models import Specimen
from wardbench.campus.biobank.rules import KEEPERS
from wardbench.campus.cohorts.beside import known_of
from wardbench.campus.notices.models import Notice
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import NOBODY, SYSTEM, Actor, Affiliation, ForbiddenError
from wardbench.campus.questions import services as questions
from wardbench.campus.questions.rules import Side
from wardbench.campus.releases import finding_sheet, findings, withdrawals
from wardbench.campus.releases.finding_rules import Facts, may_add_finding, may_retract_finding, may_see_finding
from wardbench.campus.releases.finding_sheet import Value
from wardbench.campus.releases.models import Finding, FindingSpecimen, WithdrawalTask
from wardbench.campus.releases.rules import Status
from wardbench.campus.releases.withdrawal_rules import Kind, Outcome
from wardbench.campus.samples import current, looking
from wardbench.core.consent import Tier
from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.ward.samples import Query

pytestmark = pytest.mark.django_db
VALUES = [
    Value("T0-0", "IL-6", "4.2", "pg/mL"),
    Value("T0-0", "CRP", "<5", "mg/L"),
    Value("T1-0", "IL-6", "8.1", "pg/mL"),
]


@pytest.fixture
def w() -> World:
    made = world(make_cast())
    at(made, Status.RECEIVED)
    return made


def add(w: World, **given: Any) -> Finding:
    about = {"kind": "values", "title": "Cytokines", "values": VALUES, **given}
    return findings.add(w.study.id, by=about.pop("by", w.asks), **about)


def told(key: str) -> list[str]:
    return list(Notice.objects.filter(person__email=f"{key}@test.example").values_list("sentence", flat=True))


def test_values_stand_with_the_tube_and_everybody_is_told(w: World) -> None:
    cast = w.cast
    donors.link_donor(Specimen.objects.get(label="T0-0").donor, 7, by=SYSTEM)  # type: ignore[arg-type]
    access.give_relation(7, cast.endocrinology, by=SYSTEM, since=timezone.localdate())
    raised = questions.raise_question(
        title="Why do kidneys fail?", text="In some.", side=Side.WARD, topics=[], by=cast.actor("physician2")
    )
    questions.take_up(raised, w.study.id, by=w.asks)
    made = add(w, clinical=True, words="Inflammation comes first.")
    rows = FindingSpecimen.objects.filter(finding=made).values_list("specimen__label", "analyte", "value", "unit")
    assert set(rows) == {(one.label, one.analyte, one.value, one.unit) for one in VALUES}
    assert any("may matter for care" in one for one in told("physician")), told("physician")
    assert any("Results came back from a study on the question" in one for one in told("physician2"))
    assert any("Results came back from study" in one for one in told("biobank_manager"))
    assert not any("came back" in one for one in told("researcher2"))
    said = Notice.objects.get(person__email="physician@test.example", sentence__contains="care")
    assert "7" not in str(said.values) and "T0-0" not in str(said.values) and said.values == {"count": "1"}
    page = cast.client("biobank_manager").get(f"/biobank/specimens/{Specimen.objects.get(label='T0-0').id}/").content
    assert b"What came back about it" in page and b"4.2 pg/mL" in page and b"8.1" not in page
    asked = cast.client("physician2").get(f"/questions/{raised.id}/").content
    assert (
        b"Cytokines" in asked and b"Inflammation comes first." in asked and b"T0-0" not in asked and b"4.2" not in asked
    )
    known = known_of(7)
    assert {(one.what, one.value) for one in known} == {("CRP", "<5 mg/L"), ("IL-6", "4.2 pg/mL")}
    assert known_of(8) == []
    event = Event.objects.get(verb="releases.add_finding")
    assert event.detail["values"] == 3 and "4.2" not in str(event.detail)


def test_values_are_for_those_who_agreed_to_be_told(w: World) -> None:
    own = Specimen.objects.get(label="T1-0").donor
    assert own is not None
    donors.link_donor(own, 9, by=SYSTEM)
    at_hand.consent(own, {**at_hand.ALL, Tier.FINDINGS: False})
    add(w)
    (known,) = known_of(9)
    assert known.what == "IL-6" and "8.1" not in known.value and "did not agree" in known.value


def test_only_what_the_study_received_and_whose_donor_agrees(w: World) -> None:
    for values, match in (
        ([Value("T5-0", "IL-6", "1")], "received no such"),
        ([Value("nothing", "IL-6", "1")], "received no such"),
        ([], "no line"),
    ):
        with pytest.raises(InputError, match=match):
            add(w, values=values)
    with pytest.raises(NotFoundError):
        add(w, by=w.cast.actor("researcher2"))
    with pytest.raises(ForbiddenError):
        add(w, by=w.gives)
    own = Specimen.objects.get(label="T1-0").donor
    assert own is not None
    of = withdrawals.withdraw(own, Kind.WHOLE, by=w.gives)
    with pytest.raises(InputError, match="took consent back"):
        add(w)
    made = add(w, values=VALUES[:2])
    assert made.specimens.count() == 2 and not WithdrawalTask.objects.filter(withdrawal=of, finding=made).exists()


def test_a_withdrawal_reaches_what_came_back(w: World) -> None:
    made = add(w)
    own = Specimen.objects.get(label="T1-0").donor
    assert own is not None
    of = withdrawals.withdraw(own, Kind.WHOLE, by=w.gives)
    task = WithdrawalTask.objects.get(withdrawal=of, finding=made)
    withdrawals.answer(task.id, Outcome.DELETED, "Deleted from the tables of the study", by=w.asks)
    assert set(made.specimens.values_list("specimen__label", flat=True)) == {"T0-0"}


def test_a_file_and_a_publication(w: World, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"10\.1000"):
        add(w, kind="publication", values=[], doi="https://doi.org/x", year=2026)
    made = add(w, kind="publication", values=[], doi="10.1000/182", year=2026)
    assert made.doi == "10.1000/182" and made.specimens.count() == 3
    with pytest.raises(InputError, match="choose a file"):
        add(w, kind="file", values=[])
    with pytest.raises(InputError, match="not what its name says"):
        add(w, kind="file", values=[], file=("a.pdf", [b"<html>"]))
    kept = add(w, kind="file", values=[], labels=["T2-0"], file=("raw.csv", [b"a,b\n1,2\n"]))
    assert kept.file_name == "raw.csv" and [one.specimen.label for one in kept.specimens.all()] == ["T2-0"]
    client = w.cast.client("biobank_manager")
    answer: Any = client.post(f"/releases/findings/{kept.id}/file/")
    assert b"".join(answer.streaming_content) == b"a,b\n1,2\n" and "attachment" in answer["Content-Disposition"]
    assert Event.objects.filter(verb="releases.read_finding").count() == 1
    assert w.cast.client("student").post(f"/releases/findings/{kept.id}/file/").status_code == 404


def test_the_next_researcher_sees_that_it_was_assayed_and_no_value(
    w: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current, "folder", lambda: tmp_path / "samples")
    tube = Specimen.objects.get(label="T3-0")
    request = at(w, Status.RECEIVED, tubes=[tube])
    assert request.lines.count() == 1
    add(w, values=[Value("T3-0", "IL-6", "4.2")])
    Specimen.objects.filter(id=tube.id).update(status="out", reserved=None)
    current.refresh()
    page = w.cast.client("researcher").get("/samples/").content
    assert b"assayed: IL-6" in page and b"4.2" not in page
    assert looking.look(looking.scopes(w.asks)[0], Query.of(), by=w.asks).facets.total.specimens >= 1
    current.latest.forget()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "column label"),
        ("label,value\nT,1", "column analyte"),
        ("label,analyte,value\n", "no line"),
        ("label,analyte,value\nT,IL-6,", "line 2: value"),
        ("label,analyte,value\nT,IL-6,1\nT,IL-6,2", "line 3"),
        (f"label,analyte,value\nT,IL-6,{'9' * 101}", "line 2: value"),
        ("label,analyte,value\nT,IL-6,NaN", "line 2: this is no value"),
        ("label,analyte,value\nT,CRP,<5\nT,IL-6,-Infinity", "line 3: this is no value"),
        ("label,analyte,value\nT,IL-6,#DIV/0!", "line 2: this is no value"),
        ("label,analyte,value\nT,IL\x07,1", "line 2: analyte"),
        ("label,analyte,value\nT,a\x00,1", "UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(text: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        finding_sheet.read(text.encode())
    assert "9999" not in str(caught.value)


def test_tables_as_spreadsheets_write_them() -> None:
    expected = [Value("T1", "IL-6", "4,2", "pg/mL")]
    assert finding_sheet.read("\ufeffTube;Assay;Result;Units\r\nT1;IL-6;4,2;pg/mL\r\n;;;\r\n".encode()) == expected
    assert finding_sheet.read(b"label\tanalyte\tvalue\nT1\tIL-6\t'-4") == [Value("T1", "IL-6", "-4")]
    words = ["positive", "<5", "not detected", "nanogram", "INF-1"]
    said = "".join(f"T{n},A,{word}\n" for n, word in enumerate(words))
    assert [one.value for one in finding_sheet.read(f"label,analyte,value\n{said}".encode())] == words
    with pytest.raises(InputError, match="UTF-8"):
        finding_sheet.read("label,analyte,value\nT,é,1".encode("latin-1"))


def test_who_may_say_and_see_what_came_back() -> None:
    team = Actor("m", "M", (Affiliation(Role.RESEARCHER, "o"),))
    people = [team, *(Actor(role, role, (Affiliation(role, "o"),)) for role in Role), Actor("m"), NOBODY]
    for actor in people:
        of_team = actor is team
        sees = of_team or actor.has(*KEEPERS, Role.BIOBANK_BOARD, Role.DATA_STEWARD)
        for received, permitted in ((True, True), (False, True), (False, False)):
            facts = Facts(frozenset({"m"}), received, permitted)
            assert bool(may_retract_finding(actor, facts)) == (of_team or actor.has(*KEEPERS))
            assert bool(may_see_finding(actor, facts)) == sees and bool(may_add_finding(actor, facts)) == (
                of_team and permitted
            )


def test_the_way_on_pages(w: World) -> None:
    asks = w.cast.client("researcher")
    here = f"/releases/findings/studies/{w.study.id}/"
    assert here.encode() in asks.get(f"/studies/{w.study.id}/").content
    given = {"kind": "values", "title": "<b>Cytokines</b>", "pasted": "label,analyte,value\nT9,IL-6,1"}
    assert b"received no such specimen" in asks.post(here, given).content
    assert b"line 2" in asks.post(here, {**given, "pasted": "label,analyte,value\nT0-0,IL-6,"}).content
    table = SimpleUploadedFile("v.csv", b"label,analyte,value,unit\nT0-0,IL-6,4.2,pg/mL\n")
    one = asks.post(here, {"kind": "values", "title": "<b>Cytokines</b>", "table": table})["Location"]
    page = asks.get(one).content
    assert b"4.2 pg/mL" in page and b"<b>Cytokines" not in page
    for key in ("researcher2", "physician", "nobody"):
        client = w.cast.client(key)
        assert {client.get(here).status_code, client.get(one).status_code, client.post(here, given).status_code} == {
            404
        }
    manager = w.cast.client("biobank_manager")
    assert b"This is for the team" in manager.get(here).content and manager.post(here, given).status_code == 403
    assert things.again(Specimen.objects.get(label="T0-0")).status == "away"


def test_what_was_wrong_is_retracted_and_counts_nowhere(w: World, samples_folder: Path) -> None:
    cast = w.cast
    tube = Specimen.objects.get(label="T0-0")
    donors.link_donor(tube.donor, 7, by=SYSTEM)  # type: ignore[arg-type]
    access.give_relation(7, cast.endocrinology, by=SYSTEM, since=timezone.localdate())
    made = add(w, clinical=True)
    current.refresh()
    steward = cast.actor("biobank_manager")

    def assayed() -> bool:
        found = looking.look(looking.scopes(steward)[0], Query.of(giving=None), by=steward).assayed
        return any(found[tube.id])

    assert assayed() and {one.value for one in known_of(7)} == {"<5 mg/L", "4.2 pg/mL"}
    with pytest.raises(InputError, match="say why"):
        findings.retract(made.id, " ", by=w.asks)
    for key in ("physician", "researcher2"):
        with pytest.raises(NotFoundError):
            findings.retract(made.id, "x", by=cast.actor(key))
    with pytest.raises(ForbiddenError):
        findings.retract(made.id, "x", by=cast.actor("data_steward"))
    findings.retract(made.id, "Two plates were swapped.", by=steward)
    with pytest.raises(BusyError, match="retracted already"):
        findings.retract(made.id, "Again", by=w.asks)
    assert not assayed() and all("Retracted on" in one.value for one in known_of(7))
    assert any("were retracted" in one and "care" in one for one in told("physician"))
    page = cast.client("biobank_manager").get(f"/biobank/specimens/{tube.id}/").content.decode()
    assert "retracted" in page and "4.2 pg/mL" not in page
    shown = cast.client("researcher").get(f"/releases/findings/{made.id}/").content.decode()
    assert "Two plates were swapped." in shown and "4.2 pg/mL" in shown and "Retract it" not in shown
    row = Event.objects.get(verb="releases.retract_finding")
    assert row.detail["why"] == "Two plates were swapped." and row.detail["specimens"] == 2


def test_a_correction_takes_the_place_of_what_was_wrong(w: World) -> None:
    made = add(w)
    asks = w.cast.client("researcher")
    here = f"/releases/findings/studies/{w.study.id}/?corrects={made.id}"
    page = asks.get(here).content.decode()
    assert "T0-0,IL-6,4.2,pg/mL" in page and "takes its place" in page, "what was said before stands there to be mended"
    given = {"kind": "values", "title": "Cytokines", "pasted": "label,analyte,value,unit\nt0-0,IL-6,4.3,pg/mL"}
    assert asks.post(here, given).status_code == 200 and Finding.objects.count() == 1, "what was wrong has to be said"
    right = asks.post(here, {**given, "why": "A dilution was forgotten."})["Location"]
    new = Finding.objects.get(corrects=made)
    made.refresh_from_db()
    assert made.retracted is not None and made.why_retracted == "A dilution was forgotten."
    assert right.encode() in asks.get(f"/releases/findings/{made.id}/").content
    assert b"It corrects" in asks.get(right).content
    assert [one.specimen.label for one in new.specimens.all()] == ["T0-0"], "a label is read in any letter case"
    assert any("were corrected" in one for one in told("biobank_manager"))
    with pytest.raises(BusyError):
        add(w, corrects=made.id, why="Once more")
    assert Finding.objects.count() == 2
    other = f"/releases/findings/studies/{w.study.id}/?corrects="
    assert {asks.get(other + wrong).status_code for wrong in ("x", "00000000-0000-0000-0000-000000000000")} == {404}


def test_a_decimal_comma_between_commas_is_no_value(w: World) -> None:
    with pytest.raises(InputError, match="line 2 has more columns"):
        finding_sheet.read(b"label,analyte,value\nT0-0,IL-6,1,5\n")
    with pytest.raises(InputError, match="line 2 has more columns"):
        finding_sheet.read(b"label,analyte,value,unit\nT0-0,IL-6,1,5,pg/mL\n")
    (one,) = finding_sheet.read(b'label,analyte,value,unit\nT0-0,IL-6,"1,5",pg/mL,\n')
    assert one == Value("T0-0", "IL-6", "1,5", "pg/mL")
    assert finding_sheet.read(finding_sheet.written([one]).encode()) == [one]
    said = add(w, kind="publication", title="Paper", values=[], doi="https://doi.org/10.1000/182", year=2026)
    assert said.doi == "10.1000/182"
