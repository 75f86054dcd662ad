"""Definitions at the edge of what can be said: refused by path or understood, and never in the way of the others."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tiny_cohort_hospital import concepts, condition, drug, expression, near, observed, person, rule, snapshot
from wardbench.cli.app import app
from wardbench.core.errors import InputError, NotFoundError, StorageError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts import read_definition, read_entries, run_batch, run_cohort

HUGE = 10**15


@pytest.fixture
def hospital(tmp_path: Path) -> Snapshot:
    return snapshot(
        tmp_path / "store",
        person=[person(1), person(2)],
        observation_period=[observed(1, 1), observed(2, 2)],
        concept=concepts(1, 2),
        condition_occurrence=[condition(1, 1, 10), condition(2, 2, 20)],
        drug_exposure=[drug(3, 1, 12)],
    )


def written(folder: Path, definition: Any, name: str = "definition.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(definition))
    return path


def window_of(days: int) -> dict[str, Any]:
    return {**expression()["PrimaryCriteria"], "ObservationWindow": {"PriorDays": days, "PostDays": 0}}


@pytest.mark.parametrize(
    ("other", "path"),
    [
        ({"PrimaryCriteria": window_of(HUGE)}, "PrimaryCriteria.ObservationWindow.PriorDays"),
        ({"CollapseSettings": {"CollapseType": "ERA", "EraPad": HUGE}}, "CollapseSettings.EraPad"),
        (
            {"ConceptSets": [{"id": 1, "expression": {"items": [{"concept": {"CONCEPT_ID": 10**30}}]}}]},
            "ConceptSets[0].expression.items[0].concept.CONCEPT_ID",
        ),
        (
            {"InclusionRules": [rule("n", near({"Measurement": {"ValueAsNumber": {"Value": 1e30, "Op": "gt"}}}))]},
            "InclusionRules[0].expression.CriteriaList[0].Criteria.Measurement.ValueAsNumber.Value",
        ),
    ],
)
def test_a_number_that_no_record_can_hold_is_refused_by_its_path(tmp_path: Path, other: Any, path: str) -> None:
    with pytest.raises(InputError) as refused:
        read_definition(written(tmp_path, expression(**other)))
    assert f": {path}: the number is beyond" in str(refused.value)


@pytest.mark.parametrize(
    ("other", "people"),
    [
        ({"PrimaryCriteria": window_of(2**31 - 1)}, []),
        ({"CollapseSettings": {"CollapseType": "ERA", "EraPad": 2**31 - 1}}, [1, 2]),
        ({"EndStrategy": {"CustomEra": {"DrugCodesetId": 2, "GapDays": 2**31 - 1, "Offset": 2**31 - 1}}}, [1, 2]),
        ({"EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": 2**31 - 1}}}, [1, 2]),
        ({"InclusionRules": [rule(str(n), near({"ConditionOccurrence": {}})) for n in range(120)]}, [1, 2]),
    ],
)
def test_days_beyond_any_calendar_mean_no_bound(
    hospital: Snapshot, tmp_path: Path, other: Any, people: list[int]
) -> None:
    cohort = run_cohort(read_definition(written(tmp_path, expression(**other))), hospital)
    assert cohort.rows["subject_id"].to_pylist() == people


def test_more_rules_than_can_be_counted_are_refused(tmp_path: Path) -> None:
    rules = [rule(str(n), near({"ConditionOccurrence": {}})) for n in range(121)]
    with pytest.raises(InputError, match="more than 120 InclusionRules"):
        read_definition(written(tmp_path, expression(InclusionRules=rules)))


def test_a_key_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text(json.dumps(expression()).replace('"PriorDays": 0', '"PriorDays": 0, "PriorDays": 365'))
    with pytest.raises(InputError, match=r"twice\.json: the key 'PriorDays' is there twice"):
        read_definition(path)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "windows.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(expression()).encode())
    assert read_definition(path).name == "windows"


def test_a_damaged_gzip_is_named(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(json.dumps({"id": 1, "expression": expression()}).encode() * 20))
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "damaged.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"damaged\.jsonl\.gz"):
        list(read_entries(path))


def test_a_key_beside_the_expression_refuses_that_definition_alone(hospital: Snapshot, tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    folder.mkdir()
    written(folder, expression(), "fine.json")
    written(folder, {"expression": expression(), "foo": 1}, "strange.json")
    fine, strange = run_batch(read_entries(folder), hospital, tmp_path / "rows.parquet")
    assert (fine.rows, fine.refused) == (2, None)
    assert strange.refused == "foo: not supported."


def test_definitions_without_an_id_get_one_that_is_nobodys(tmp_path: Path) -> None:
    for name in ("2.json", "a.json", "b.json", "1.json"):
        written(tmp_path, expression(), name)
    assert [(entry.id, Path(entry.source).name) for entry in read_entries(tmp_path)] == [
        (1, "1.json"),
        (2, "2.json"),
        (3, "a.json"),
        (4, "b.json"),
    ]


def test_nothing_is_written_over_the_definition_or_a_device(hospital: Snapshot, tmp_path: Path) -> None:
    path = written(tmp_path, expression())
    store = str(hospital.folder.parent.parent)
    before = path.read_bytes()
    over_itself = CliRunner().invoke(app, ["cohort", "run", str(path), "--store", store, "--out", str(path)])
    assert isinstance(over_itself.exception, InputError)
    assert path.read_bytes() == before
    device = CliRunner().invoke(app, ["cohort", "run", str(path), "--store", store, "--out", "/dev/null"])
    assert isinstance(device.exception, InputError)
    assert Path("/dev/null").is_char_device()


def test_an_expression_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"definition\.json: expression: a cohort expression is a JSON object"):
        read_definition(written(tmp_path, {"name": "n", "expression": None}))


def test_a_name_can_neither_steer_the_terminal_nor_turn_the_page(tmp_path: Path) -> None:
    hostile = "Adults\x1b[2J\u202eneerhcs\r\n and others"
    asked = {**expression(), "InclusionRules": [rule(hostile, near({"DrugExposure": {}}))]}
    definition = read_definition(written(tmp_path, {"name": hostile, "expression": asked}))
    assert definition.name == definition.rule_names[0] == "Adults [2Jneerhcs and others"


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_run(hospital: Snapshot, tmp_path: Path) -> None:
    asked = written(tmp_path, expression())
    rows, page = tmp_path / "rows.parquet", tmp_path / "nowhere" / "page.html"
    arguments = ["cohort", "run", str(asked), "--store", str(tmp_path / "store"), "--out", str(rows), "--report"]
    done = CliRunner().invoke(app, [*arguments, str(page)])
    assert isinstance(done.exception, NotFoundError) and str(page) in str(done.exception)
    assert not rows.exists()


def test_a_damaged_table_is_said_and_not_shown_as_a_fault_of_ours(hospital: Snapshot, tmp_path: Path) -> None:
    table = hospital.path("condition_occurrence")
    table.write_bytes(table.read_bytes()[:-20])
    with pytest.raises(StorageError, match=r"missing or damaged; `wardbench store check` says which"):
        run_cohort(read_definition(written(tmp_path, expression())), hospital)


def test_a_question_beyond_the_memory_is_refused_in_a_sentence(hospital: Snapshot) -> None:
    with (
        pytest.raises(StorageError, match="needs more than the 20MB of memory"),
        hospital.connect(memory="20MB") as con,
    ):
        con.execute("SELECT count(DISTINCT hash(range)) FROM range(50_000_000)")
