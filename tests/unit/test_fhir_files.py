"""Which files are read, in which forms, and what becomes of those that are broken."""

import gzip
import json
from pathlib import Path

import pytest
from fhir_resources import bundle, condition, encounter, excluded, lines, load, observation, patient, rows, write

from wardbench.core.errors import InputError, NotFoundError, WardbenchError
from wardbench.core.store import Layer, Store
from wardbench.ward.ingest.fhir.load import load_fhir
from wardbench.ward.ingest.fhir.origin import resources_of_rows

PEOPLE = [patient("p1"), patient("p2")]
EVENTS = [condition("c1"), condition("c2", "p2"), condition("c3", "p2", "44054006")]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The version of the store that two plain files give."""
    folder = tmp_path_factory.mktemp("plain")
    write(folder / "in/Patient.ndjson", PEOPLE)
    write(folder / "in/Condition.ndjson", EVENTS)
    return load(folder, folder / "in")[1].version


def test_packed_files_of_any_depth_give_the_same_store(tmp_path: Path, plain: str) -> None:
    write(tmp_path / "in/a/Patient.000.ndjson.gz", PEOPLE[:1])
    write(tmp_path / "in/a/b/Patient.001.jsonl", PEOPLE[1:])
    write(tmp_path / "in/Condition.ndjson.gz", EVENTS)
    (tmp_path / "in/README.md").write_text("no FHIR here")
    assert load(tmp_path, tmp_path / "in")[1].version == plain


def test_several_sources_and_a_file_given_twice_are_read_once(tmp_path: Path, plain: str) -> None:
    people = write(tmp_path / "x/Patient.ndjson", PEOPLE)
    events = write(tmp_path / "y/Condition.ndjson", EVENTS)
    report, snapshot = load(tmp_path, people, events, tmp_path / "x", people)
    assert snapshot.version == plain
    assert report.records == 5


def test_a_file_that_mixes_types(tmp_path: Path, plain: str) -> None:
    mixed = write(tmp_path / "all.ndjson", [EVENTS[2], PEOPLE[0], EVENTS[0], PEOPLE[1], EVENTS[1]])
    assert load(tmp_path, mixed)[1].version == plain


def test_a_type_that_begins_a_file_does_not_speak_for_the_rest(tmp_path: Path, plain: str) -> None:
    write(tmp_path / "in/1.ndjson", PEOPLE)
    write(tmp_path / "in/2.ndjson", [*EVENTS[:2], {"resourceType": "Claim", "id": "x"}])
    write(tmp_path / "in/3.ndjson", [{"resourceType": "Claim", "id": "y"}, EVENTS[2]])
    report, snapshot = load(tmp_path, tmp_path / "in")
    assert snapshot.version == plain
    assert excluded(report, "Claim") == {"not mapped: Claim": 2}


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection", "searchset"])
@pytest.mark.parametrize("name", ["b.json", "b.json.gz"])
def test_bundles(tmp_path: Path, plain: str, kind: str, name: str) -> None:
    first, second = bundle(*PEOPLE, EVENTS[0], kind=kind), bundle(*EVENTS[1:], kind=kind)
    write(tmp_path / "in/1" / name, first)
    write(tmp_path / "in/2" / name, json.dumps(second).encode())
    assert load(tmp_path, tmp_path / "in")[1].version == plain


def test_a_bundle_may_be_a_line(tmp_path: Path, plain: str) -> None:
    path = write(tmp_path / "pages.ndjson", [bundle(*PEOPLE), bundle(*EVENTS)])
    assert load(tmp_path, path)[1].version == plain


def test_single_resources(tmp_path: Path, plain: str) -> None:
    for number, resource in enumerate([*PEOPLE, *EVENTS]):
        write(tmp_path / f"in/{number}.json", resource if number % 2 else json.dumps(resource).encode())
    assert load(tmp_path, tmp_path / "in")[1].version == plain


def test_references_by_uuid_inside_a_bundle(tmp_path: Path) -> None:
    born = patient("real-id")
    unnamed = encounter("ignored", "x")
    del unnamed["id"]
    unnamed["subject"] = {"reference": "urn:uuid:1111"}
    event = condition("c1")
    event |= {"subject": {"reference": "urn:uuid:1111"}, "encounter": {"reference": "urn:uuid:2222"}}
    path = write(
        tmp_path / "b.json",
        bundle(born, unnamed, event, kind="transaction", urls=["urn:uuid:1111", "urn:uuid:2222", None]),
    )
    report, snapshot = load(tmp_path, path)
    assert report.unresolved == []
    assert rows(
        snapshot,
        "SELECT person_source_value, visit_occurrence_id IS NOT NULL"
        " FROM condition_occurrence JOIN person USING (person_id)",
    ) == [("real-id", True)]
    origin = resources_of_rows(snapshot)
    assert rows(snapshot, f"SELECT resource_id FROM {origin} WHERE resource_type = 'Encounter'") == [("2222",)]


def test_an_entry_without_a_resource_is_counted(tmp_path: Path) -> None:
    content = bundle(*PEOPLE)
    content["entry"].append({"request": {"method": "DELETE", "url": "Patient/x"}})
    report, _ = load(tmp_path, write(tmp_path / "b.json", content))
    assert excluded(report, "(no resource)") == {"entry without a resource": 1}


def test_json_that_is_not_fhir_is_named_and_left_aside(tmp_path: Path, plain: str) -> None:
    write(tmp_path / "in/Patient.ndjson", PEOPLE)
    write(tmp_path / "in/Condition.ndjson", EVENTS)
    write(tmp_path / "in/log.ndjson", [{"exportId": "x"}])
    write(tmp_path / "in/package.json", {"name": "x"})
    report, snapshot = load(tmp_path, tmp_path / "in")
    assert snapshot.version == plain
    assert sum("not FHIR, left aside" in note for note in report.notes) == 2


def test_empty_files_blank_lines_and_byte_order_marks(tmp_path: Path, plain: str) -> None:
    write(tmp_path / "in/Device.ndjson", b"")
    write(tmp_path / "in/Patient.ndjson", b"\xef\xbb\xbf" + lines(PEOPLE).replace(b"\n", b"\r\n\r\n"))
    write(tmp_path / "in/Condition.ndjson", b"\n" + lines(EVENTS).rstrip())
    assert load(tmp_path, tmp_path / "in")[1].version == plain


def _refused(folder: Path, source: Path, error: type[WardbenchError] = InputError) -> str:
    """The sentence of a refused load into a store that holds something, which stays as it was."""
    store = Store.open_or_create(folder / "store")
    first = write(folder / "first/Patient.ndjson", [patient("before")])
    version = load_fhir([first], store).version
    with pytest.raises(error) as caught:
        load_fhir([source], store)
    assert store.snapshot().version == version
    assert sorted(p.name for p in store.folder.iterdir()) == [".lock", "manifest.json", "snapshots"]
    return str(caught.value)


def test_what_is_not_there(tmp_path: Path) -> None:
    assert "no such file" in _refused(tmp_path, tmp_path / "nowhere", NotFoundError)


def test_a_folder_without_fhir(tmp_path: Path) -> None:
    write(tmp_path / "in/x.json", {"a": 1})
    (tmp_path / "in/y.txt").write_text('{"resourceType": "Patient"}')
    assert "no FHIR in this folder" in _refused(tmp_path, tmp_path / "in")


def test_a_named_file_that_is_not_fhir(tmp_path: Path) -> None:
    assert "not FHIR" in _refused(tmp_path, write(tmp_path / "x.ndjson", [{"a": 1}]))


@pytest.mark.parametrize("cut", [10, 100, -1, -9])
def test_a_packed_file_that_is_cut_short(tmp_path: Path, cut: int) -> None:
    people = [patient(f"p{n}", gender=["male", "female", "other"][n % 3]) for n in range(200)]
    packed = gzip.compress(lines(people))
    (tmp_path / "Patient.ndjson.gz").write_bytes(packed[:cut])
    sentence = _refused(tmp_path, tmp_path / "Patient.ndjson.gz")
    assert "Patient.ndjson.gz: the " in sentence


@pytest.mark.parametrize("place", [0.3, 0.7, "checksum"])
def test_a_packed_file_with_one_wrong_bit(tmp_path: Path, place: float | str) -> None:
    people = [patient(f"p{n}", gender=["male", "female", "other"][n % 3]) for n in range(20_000)]
    packed = bytearray(gzip.compress(lines(people)))
    packed[-6 if isinstance(place, str) else int(place * len(packed))] ^= 1
    (tmp_path / "Patient.ndjson.gz").write_bytes(packed)
    assert "Patient.ndjson.gz: the compressed file is" in _refused(tmp_path, tmp_path / "Patient.ndjson.gz")


def test_a_gz_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "Patient.ndjson.gz").write_bytes(lines(PEOPLE))
    assert "Patient.ndjson.gz" in _refused(tmp_path, tmp_path / "Patient.ndjson.gz")


BROKEN = {
    "not JSON": b'{"resourceType": "Patient", "id": "Secret", ',
    "a number for a text": b'{"resourceType": "Patient", "id": "p9", "gender": {"x": "Secret"}, "address": "Secret"}',
    "no id": b'{"resourceType": "Patient", "gender": "Secret"}',
    "no type": b'{"id": "Secret"}',
    "not a type": b'{"resourceType": "Pateint", "id": "Secret"}',
    "not an object": b'["Secret"]',
    "not UTF-8": b'{"resourceType": "Patient", "id": "Secret\xff"}',
    "two on a line": b'{"resourceType": "Patient", "id": "p8"} {"resourceType": "Patient", "id": "Secret"}',
    "an id that is no text": b'{"resourceType": "Patient", "id": ["Secret"], "address": 5}',
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_a_broken_line_refuses_the_load_by_file_and_line(tmp_path: Path, broken: bytes, first: bool) -> None:
    whole = lines(PEOPLE)
    path = write(tmp_path / "Patient.ndjson", broken + b"\n" + whole if first else whole + broken + b"\n")
    sentence = _refused(tmp_path, path)
    line, offset = (1, 0) if first else (3, len(whole))
    assert f"Patient.ndjson, line {line} (byte {offset})" in sentence
    assert "Secret" not in sentence


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_quarantine_sets_broken_lines_aside_and_loads_the_rest(tmp_path: Path, broken: bytes) -> None:
    path = write(tmp_path / "in/Patient.ndjson", lines(PEOPLE[:1]) + broken + b"\n" + lines(PEOPLE[1:]))
    kept = tmp_path / "bad.ndjson"
    report, snapshot = load(tmp_path, path, allow_quarantine=True, quarantine=kept)
    assert snapshot.tables["person"].rows == 2
    assert (report.records, report.quarantined) == (3, 1)
    bad = json.loads(kept.read_text())
    text = path.read_bytes()
    assert text[bad["byte_offset"] : bad["byte_offset"] + bad["bytes"]] == broken.strip()
    assert (bad["line"], bad["file"]) == (2, str(path))
    table = snapshot.path("quarantine", "extra")
    assert rows(snapshot, f"SELECT line, byte_offset, reason FROM '{table}'") == [
        (2, bad["byte_offset"], bad["reason"])
    ]


def test_a_broken_document_names_its_line(tmp_path: Path) -> None:
    text = json.dumps(bundle(*PEOPLE), indent=1).replace('"p2"', "p2")
    path = write(tmp_path / "in/b.json", text.encode())
    line = text[: text.index("p2")].count("\n") + 1
    assert f"b.json, line {line} " in _refused(tmp_path, path)


def test_a_broken_entry_of_a_bundle_is_set_aside_alone(tmp_path: Path) -> None:
    content = bundle(*PEOPLE, {"resourceType": "Condition", "id": "c1", "code": "no concept"}, EVENTS[0])
    report, snapshot = load(tmp_path, write(tmp_path / "b.json", content), allow_quarantine=True)
    assert report.quarantined == 1
    assert snapshot.tables["condition_occurrence"].rows == 1


def test_nothing_that_can_be_loaded_refuses(tmp_path: Path) -> None:
    assert "not one record" in _refused(tmp_path, write(tmp_path / "in/o.ndjson", [observation()]))


def test_the_fast_reader_and_the_line_reader_agree(tmp_path: Path) -> None:
    """A bad line anywhere sends its file through the other reader, which must not change any row."""
    resources = [observation(f"o{n}", valueQuantity={"value": 0.1 * n, "comparator": "<"}) for n in range(20)]
    write(tmp_path / "fast/Patient.ndjson", PEOPLE)
    write(tmp_path / "fast/Observation.ndjson", resources)
    write(tmp_path / "slow/Patient.ndjson", PEOPLE)
    write(tmp_path / "slow/Observation.ndjson", lines(resources) + b"{\n")
    _, fast = load(tmp_path / "a", tmp_path / "fast")
    _, slow = load(tmp_path / "b", tmp_path / "slow", allow_quarantine=True)
    layers: tuple[Layer, ...] = ("cdm", "source")
    for layer in layers:
        assert {n: t.sha256 for n, t in fast.layer(layer).items()} == {
            n: t.sha256 for n, t in slow.layer(layer).items()
        }
