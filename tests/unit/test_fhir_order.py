"""Equal records give an equal store, however they are delivered."""

import gzip
import json
import shutil
import tempfile
from pathlib import Path

from fhir_resources import (
    Json,
    bundle,
    coded,
    condition,
    encounter,
    lab,
    load,
    observation,
    of,
    patient,
    write,
)
from hypothesis import given, settings
from hypothesis import strategies as st

WORLD: list[Json] = [
    patient("p1", address=[{"state": "MA", "postalCode": "02115"}]),
    patient("p2", deceasedDateTime="2021-01-01T00:00:00Z"),
    encounter("e1"),
    encounter("e2", "p2", partOf={"reference": "Encounter/e3"}),
    encounter("e3", "p2"),
    condition("c1", encounter={"reference": "Encounter/e1"}),
    condition("c1", encounter={"reference": "Encounter/e1"}),
    condition("c2", "p2", meta={"versionId": "1"}),
    condition("c2", "p2", code="44054006", meta={"versionId": "2"}),
    condition("c3", "p2", encounter={"reference": "Encounter/e2"}),
    observation("o1", **lab(1.5)),
    observation(
        "o2", "p2", component=[{"code": coded("x"), "valueString": "a"}, {"code": coded("y"), "valueInteger": 2}]
    ),
    observation("o3", "nobody"),
    of("Procedure", "r1", status="completed", code=coded("1"), performedDateTime="2020-01-01"),
    of("Immunization", "i1", status="completed", vaccineCode=coded("140"), occurrenceDateTime="2020-03-06"),
    {"resourceType": "Organization", "id": "h"},
    {"resourceType": "Claim", "id": "x"},
]


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[str, bytes]]:
    """The world in shuffled order, cut into files of every form."""
    resources = draw(st.permutations(WORLD))
    cuts = sorted(draw(st.lists(st.integers(0, len(resources)), max_size=4)))
    files = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(resources)], strict=True)):
        part = resources[start:end]
        form = draw(st.sampled_from(["ndjson", "ndjson.gz", "json", "by type"]))
        if form == "json":
            files.append(
                (f"{number}.json", json.dumps(bundle(*part), indent=draw(st.sampled_from([None, 1]))).encode())
            )
            continue
        groups = {"all": part}
        if form == "by type":
            groups = {k: [r for r in part if r["resourceType"] == k] for k in {r["resourceType"] for r in part}}
        for name, group in groups.items():
            content = b"".join(json.dumps(r).encode() + b"\n" for r in group)
            packed = form.endswith(".gz")
            files.append((f"{number}/{name}.ndjson{'.gz' * packed}", gzip.compress(content) if packed else content))
    return files


def _version(files: list[tuple[str, bytes]]) -> str:
    folder = Path(tempfile.mkdtemp())
    try:
        for name, content in files:
            path = folder / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        report, snapshot = load(folder, folder / "in")
        assert report.records == len(WORLD)
        return snapshot.version
    finally:
        shutil.rmtree(folder)


EXPECTED: list[str] = []


@settings(max_examples=15, deadline=None)
@given(deliveries())
def test_order_files_and_forms_do_not_matter(files: list[tuple[str, bytes]]) -> None:
    if not EXPECTED:
        EXPECTED.append(_version([("all.ndjson", b"".join(json.dumps(r).encode() + b"\n" for r in WORLD))]))
    assert _version(files) == EXPECTED[0]


def test_loading_twice_changes_nothing(tmp_path: Path) -> None:
    source = write(tmp_path / "in/all.ndjson", WORLD)
    _, first = load(tmp_path, source)
    _, second = load(tmp_path, source)
    assert first.version == second.version


def test_a_load_replaces_what_was_there(tmp_path: Path) -> None:
    load(tmp_path, write(tmp_path / "1/all.ndjson", [patient("before"), condition("c", "before")]))
    source = write(tmp_path / "2/all.ndjson", WORLD)
    _, replaced = load(tmp_path, source)
    _, fresh = load(tmp_path / "other", source)
    assert replaced.version == fresh.version
