"""Any inventory, written in any standard and read back: whole with the list of what was lost."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardbench.core import miabis
from wardbench.core.consent import Basis
from wardbench.core.duo import Modifier, Use
from wardbench.core.errors import InputError
from wardbench.ward.samples.exchange.amounts import SIZES
from wardbench.ward.samples.exchange.inventory import (
    Biobank,
    Collection,
    Consent,
    Container,
    Donor,
    Enrolment,
    Extent,
    Form,
    Inventory,
    OptOut,
    Protocol,
    Sample,
)
from wardbench.ward.samples.exchange.losses import WHOLE, ordered
from wardbench.ward.samples.exchange.standards import NOT_HELD, STANDARDS, Standard, export, read_back

WORDS = st.sampled_from(
    ["", "a", "=1+1", "'=x", "-5", "a;b", "a\\b", "é µ", 'say "x"', "two\nlines", "@", "x, y", " a"]
)
NAMES = WORDS.filter(lambda word: bool(word.strip()))
CODES = ["A", "b/2", "=3", "c c", "D.4-x"]


def several(of: object) -> st.SearchStrategy[tuple[str, ...]]:
    values = sorted(of) if isinstance(of, dict) else ["x", "a;b", "=2"]
    return st.lists(st.sampled_from(values), unique=True, max_size=2).map(tuple)


BIOBANKS = st.builds(
    Biobank,
    code=st.just("BB/1"),
    name=NAMES,
    acronym=WORDS,
    url=st.sampled_from(["", "https://biobank.example/a"]),
    juristic_person=WORDS,
    country=st.sampled_from(["BE", "NL"]),
    contact_name=st.sampled_from(["", "Ann Peeters", "Ann", "Ann  van den Berg", " Ann"]),
    contact_email=st.sampled_from(["", "a@b.example"]),
    description=WORDS,
    infrastructural=several(miabis.INFRASTRUCTURAL),
    organisational=several(miabis.ORGANISATIONAL),
    bioprocessing=several(miabis.BIOPROCESSING),
    quality_standards=several(None),
)


def collections(code: str) -> st.SearchStrategy[Collection]:
    return st.builds(
        Collection,
        code=st.just(code),
        biobank=st.just("BB/1"),
        name=NAMES,
        acronym=WORDS,
        url=st.sampled_from(["", "https://biobank.example/c"]),
        description=WORDS,
        purpose=WORDS,
        basis=st.sampled_from([one.value for one in Basis]),
        source=st.sampled_from(miabis.SOURCES),
        dataset_types=several(miabis.DATASETS),
        diseases=several({"E11": "", "C50.1": ""}),
        settings=several(miabis.SETTINGS),
        designs=several(miabis.DESIGNS),
        use_conditions=several(miabis.CONDITIONS),
        inclusion=several(miabis.INCLUSION),
        publications=several(None),
        use=st.sampled_from(["", *(use.value for use in Use)]),
        use_modifiers=several({one.value: "" for one in Modifier}),
        use_diseases=several({"E11": ""}),
        ended=st.sampled_from(["", "2026-01-02"]),
    )


def donors(code: str) -> st.SearchStrategy[Donor]:
    return st.builds(
        Donor, st.just(code), sex=st.sampled_from(miabis.SEXES), birth_year=st.sampled_from([None, 1900, 1960, 2026])
    )


def samples(label: str, at: list[str], by: list[str], before: list[str]) -> st.SearchStrategy[Sample]:
    amounts = st.one_of(st.none(), st.sampled_from([0, 1, 999, 1_500_000, 8_999_999_999_999_999]))
    return st.builds(
        Sample,
        label=st.just(label),
        collection=st.sampled_from(at),
        material=st.sampled_from(sorted(miabis.MATERIALS)),
        donor=st.sampled_from(["", *by]),
        parent=st.sampled_from(["", *before]),
        kind=st.sampled_from(["primary", "aliquot", "derivative", "pool"]),
        external=WORDS,
        tube=st.sampled_from(["", "PED"]),
        site=st.sampled_from(["", "C18.9"]),
        diagnosis=st.sampled_from(["", "C18.9", "E11"]),
        amount=amounts,
        first_amount=amounts,
        unit=st.sampled_from(["", *SIZES]),
        concentration=WORDS,
        thaws=st.integers(0, 3),
        collected=st.sampled_from(
            ["", "2024-03-31T02:30:00+01:00", "1999-12-31T23:59:59.000123+00:00", "2026-01-02T10:00:00+01:00"]
        ),
        temperature=st.sampled_from(["", *miabis.TEMPERATURES]),
        sprec=st.sampled_from(["", "PL1-PED-A-A-N-B-A"]),
        preanalytics=st.sampled_from([(), (("centrifuged", "2024-03-31T04:00:00+02:00"), ("g", "2000"))]),
        status=st.sampled_from(["collected", "stored", "used_up"]),
        retained=st.booleans(),
        box=st.sampled_from(["", "BOX-1"]),
        place=st.sampled_from([None, 0, 80]),
        parts=st.lists(
            st.tuples(st.sampled_from(before or [label]), st.sampled_from([None, 0, 500])),
            unique_by=lambda part: part[0],
            max_size=3 if before else 0,
        ).map(lambda parts: tuple(sorted(parts))),
        visit=st.sampled_from([(), ("C/Follow-up/1/A", "First", "2026-01-02")]),
    )


def containers(code: str) -> st.SearchStrategy[Container]:
    return st.builds(
        Container,
        barcode=st.just(code),
        name=WORDS,
        kind=st.sampled_from(["room", "freezer", "box"]),
        parent=st.sampled_from(["", *CODES]),
        place=st.sampled_from([None, 0, 80]),
        rows=st.sampled_from([None, 9]),
        columns=st.sampled_from([None, 9]),
        temperature=st.sampled_from(["", *miabis.TEMPERATURES]),
        materials=several(miabis.MATERIALS),
    )


FORMS = st.builds(
    Form,
    code=st.sampled_from(CODES),
    form=WORDS,
    version=WORDS,
    language=st.sampled_from(["nl", "fr"]),
    title=WORDS,
    tiers=several({"storage": "", "research": ""}),
    since=st.sampled_from(["", "2026-01-02"]),
)


def consents(code: str, by: list[str], forms: tuple[Form, ...], at: list[str]) -> st.SearchStrategy[Consent]:
    return st.builds(
        Consent,
        id=st.just(code),
        donor=st.sampled_from(by),
        form=st.sampled_from([one.code for one in forms]),
        collection=st.sampled_from(["", *at]),
        answers=st.sampled_from([(), (("storage", True), ("research", False))]),
        given=st.sampled_from(["", "2026-01-02T10:00:00+01:00"]),
        withdrawn=st.sampled_from(["", "2026-03-02T10:00:00+01:00"]),
    )


def opt_outs(code: str, by: list[str]) -> st.SearchStrategy[OptOut]:
    return st.builds(
        OptOut,
        id=st.just(code),
        donor=st.sampled_from(by),
        kind=st.sampled_from(["data", "material"]),
        since=st.just("2026-01-02T10:00:00+01:00"),
        until=st.sampled_from(["", "2026-03-02T10:00:00+01:00"]),
    )


def protocols(code: str, at: list[str]) -> st.SearchStrategy[Protocol]:
    taken = ("WholeBlood", "PED", 2, None, "", "", None), ("Plasma", "", 4, 500_000, "ml", "LNliquid", 0)
    return st.builds(
        Protocol,
        code=st.just(code),
        collection=st.sampled_from(at),
        name=WORDS,
        version=st.integers(1, 2),
        ended=st.sampled_from(["", "2026-01-02"]),
        visits=st.sampled_from(
            [(), (("First", 0, 0, 2, taken),), (("First", 0, 0, 0, ()), ("Second", 30, 7, 7, taken[:1]))]
        ),
    )


def enrolments(code: str, by: list[str]) -> st.SearchStrategy[Enrolment]:
    visit = ("First", "2026-01-02", "Ward 1", "done", "2026-01-02T10:00:00+01:00", "")
    return st.builds(
        Enrolment,
        code=st.just(code),
        protocol=st.sampled_from(CODES),
        donor=st.sampled_from(by),
        day0=st.just("2026-01-02"),
        ended=st.sampled_from(["", "2026-03-02"]),
        visits=st.sampled_from([(), (visit,)]),
    )


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    at = draw(st.lists(st.sampled_from(CODES), unique=True, min_size=1, max_size=2))
    by = draw(st.lists(st.sampled_from(CODES), unique=True, max_size=3))
    labels = draw(st.lists(st.sampled_from(CODES), unique=True, max_size=4))
    made = [draw(samples(label, at, by, labels[:place])) for place, label in enumerate(labels)]
    forms = tuple(draw(st.lists(FORMS, unique_by=lambda one: one.code, max_size=2)))
    extent = Extent(12, 30, ("Plasma", "DNA"), ("RT", "LNliquid"), ("Male", "Undifferentiated"), 18, None)
    return ordered(
        Inventory(
            (draw(BIOBANKS),),
            tuple(draw(collections(code)) for code in at),
            tuple(draw(donors(code)) for code in by),
            tuple(made),
            tuple(draw(containers(code)) for code in draw(st.lists(st.sampled_from(CODES), unique=True, max_size=2))),
            forms,
            tuple(draw(consents(code, by, forms, at)) for code in (CODES[:2] if by and forms else ())),
            tuple(draw(opt_outs(code, by)) for code in (CODES[:2] if by else ())),
            tuple(
                draw(protocols(code, at)) for code in draw(st.lists(st.sampled_from(CODES), unique=True, max_size=2))
            ),
            tuple(draw(enrolments(code, by)) for code in (CODES[:2] if by else ())),
            extents=dict.fromkeys(at[:1], extent),
        )
    )


@pytest.mark.parametrize("standard", STANDARDS.values(), ids=STANDARDS)
@settings(max_examples=40, deadline=None)
@given(inventory=inventories())
def test_what_is_written_is_read_back_whole(standard: Standard, inventory: Inventory) -> None:
    made = export(inventory, standard)
    assert read_back(made.files, standard) == inventory
    # A text with an apostrophe before what a spreadsheet would calculate cannot be told from one that we defused.
    lost = {(loss.kind, loss.field) for loss in made.lost if not str(loss.value).startswith("'=")}
    assert lost <= set(standard.why), "a field got lost that is not known to get lost"
    told = json.loads(made.files[NOT_HELD])
    assert sum(one["things"] for one in told["not_held"]) == len(told["values"]) == len(made.lost)


@pytest.mark.parametrize("standard", STANDARDS.values(), ids=STANDARDS)
@settings(max_examples=15, deadline=None)
@given(inventory=inventories())
def test_without_the_list_it_is_what_the_standard_holds(standard: Standard, inventory: Inventory) -> None:
    made = export(inventory, standard)
    alone = {name: content for name, content in made.files.items() if name != NOT_HELD}
    read = read_back(alone, standard)
    lost = {(loss.kind, loss.id, loss.field) for loss in made.lost}
    found = {one.label: one for one in read.samples}
    for sample in inventory.samples:
        if ("sample", sample.label, WHOLE) in lost:
            assert sample.label not in found
            continue
        for each in fields(sample):
            kept = getattr(sample, each.name) == getattr(found[sample.label], each.name)
            assert kept == (("sample", sample.label, each.name) not in lost)
    again = export(read, standard)
    assert read_back(again.files, standard) == read, "what it holds stays as it is"


SAMPLE = Sample(
    "T1", "C", "Plasma", donor="D1", amount=1_500_000, first_amount=2_000_000, unit="ml", thaws=2, diagnosis="E11",
    collected="2026-01-02T10:00:00+01:00", temperature="LNliquid", box="B", place=3,
)  # fmt: skip
SMALL = Inventory(
    (Biobank("B", "Bank", contact_name="Ann Peeters", contact_email="a@b.example"),),
    (Collection("C", "B", "Coll", designs=("CaseControl",), dataset_types=("Lifestyle",)),),
    (Donor("D1", "Female", 1960),),
    (SAMPLE,),
)


def test_a_bundle_of_miabis_says_it_in_its_words() -> None:
    said = json.loads(export(SMALL, STANDARDS["miabis-fhir"]).files["miabis-on-fhir.json"])
    by = {one["resource"]["id"]: one["resource"] for one in said["entry"]}
    base = "https://fhir.bbmri-eric.eu"
    assert by["T1"]["type"]["coding"][0]["system"] == f"{base}/CodeSystem/miabis-detailed-samply-type-cs"
    cold = by["T1"]["processing"][0]["extension"][0]
    assert cold["url"] == f"{base}/StructureDefinition/miabis-sample-storage-temperature-extension"
    assert cold["valueCodeableConcept"]["coding"][0]["code"] == "LN"
    assert by["T1"]["container"][0]["specimenQuantity"]["value"] == 1.5
    assert by["diagnosis-T1"]["specimen"] == {"reference": "Specimen/T1"}
    assert by["collection-C"]["partOf"] == {"reference": "Organization/biobank-B"}
    kinds = [one["valueCodeableConcept"]["coding"][0]["code"] for one in by["collection-C"]["extension"]]
    assert "Lifesyle" in kinds and "CaseControl" in kinds
    assert by["biobank-B"]["contact"][0]["name"] == {"given": ["Ann"], "family": "Peeters", "text": "Ann Peeters"}


def test_a_bundle_of_bbmri_can_be_queried_by_the_locator() -> None:
    said = json.loads(export(SMALL, STANDARDS["bbmri-fhir"]).files["bbmri-de.json"])
    specimen = next(one["resource"] for one in said["entry"] if one["resource"]["resourceType"] == "Specimen")
    base = "https://fhir.bbmri.de/StructureDefinition/"
    found = {one["url"].removeprefix(base): one for one in specimen["extension"]}
    assert set(found) == {"Custodian", "StorageTemperature", "SampleDiagnosis"}
    assert found["StorageTemperature"]["valueCodeableConcept"]["coding"][0]["code"] == "temperatureLN"
    assert specimen["type"]["coding"][0]["code"] == "blood-plasma"
    patient = next(one["resource"] for one in said["entry"] if one["resource"]["resourceType"] == "Patient")
    assert not {"name", "telecom", "address"} & set(patient)


def test_omop_is_read_by_the_engine_s_own_names() -> None:
    made = export(SMALL, STANDARDS["omop"])
    title, row = made.files["specimen.csv"].decode().splitlines()
    said = dict(zip(title.split(","), row.split(","), strict=True))
    assert said["specimen_concept_id"] == "4000626" and said["unit_concept_id"] == "8587"
    assert said["quantity"] == "2" and said["specimen_date"] == "2026-01-02"
    undated = replace(SMALL, samples=(replace(SAMPLE, collected=""),))
    assert [loss.kind for loss in export(undated, STANDARDS["omop"]).lost if loss.field == WHOLE] == [
        "biobank", "collection", "sample",
    ]  # fmt: skip


@pytest.mark.parametrize("standard", STANDARDS.values(), ids=STANDARDS)
def test_what_was_not_written_here_is_refused_in_a_sentence(standard: Standard) -> None:
    made = export(SMALL, standard).files
    for name in made:
        for content in (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"entry": [{}]}', b'{"values": [{"kind": "x"}]}'):
            try:
                read_back({**made, name: content}, standard)
            except InputError as error:
                assert str(error).endswith(".") and "D1" not in str(error)
        if name != NOT_HELD:
            with pytest.raises(InputError, match="missing"):
                read_back({other: content for other, content in made.items() if other != name}, standard)
    wrong = json.dumps({"values": [{"kind": "sample", "id": "OTHER", "field": "thaws", "value": 1}]}).encode()
    with pytest.raises(InputError, match="does not fit"):
        read_back({**made, NOT_HELD: wrong}, standard)
