"""The query of the Sample Locator: each criterion, Focus's own examples, and what Focus gets wrong."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardbench.core.errors import InputError
from wardbench.ward.samples.lens import CRITERIA, Person, Tube, canonical, lists, read_query, selects
from wardbench.ward.samples.lens_index import Donors
from wardbench.ward.samples.lens_report import Report, answer, measure_report

DAY = datetime.date
TODAY = DAY(2026, 3, 1)
ID = "a6f1ccf3-ebf1-424f-9d69-4e5d135f2340"


def query(*children: Any, operand: str = "AND") -> bytes:
    return json.dumps({"ast": {"operand": operand, "children": list(children)}, "id": ID}).encode()


def leaf(key: str, kind: str, value: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, "system": "", "value": value}


def lens(*groups: list[dict[str, Any]], more: list[Any] | None = None) -> bytes:
    """As Lens builds it: an OR of ANDs of ORs."""
    branch = {"operand": "AND", "children": [{"operand": "OR", "children": group} for group in groups]}
    return query(branch, *(more or []), operand="OR")


BLOOD = Tube("blood-plasma", "temperature-60to-85", DAY(2023, 10, 10), custodian="C1")
TISSUE = Tube("tissue-frozen", "temperatureGN", DAY(2020, 1, 1), "NF", ("C18.9",), "C2")
ONE = Person(
    "male", DAY(1980, 3, 2), (("C61", DAY(2020, 3, 1)), ("E11", None)), (25.0, 31.5), (80.0,), ("LA18978-9",),
    (BLOOD, TISSUE),
)  # fmt: skip


def test_the_ranges_of_bmi_and_weight_are_ranges() -> None:
    """Focus asks for `value < min and value > max`, which no value is; its published tests expect that text."""
    for key, low, high in (("bmi", 10, 100), ("bmi", 1, 111), ("body_weight", 10, 1100)):
        assert selects(read_query(query(leaf(key, "BETWEEN", {"min": low, "max": high}))), ONE, TODAY), key


@pytest.mark.parametrize(
    ("key", "kind", "value", "fits"),
    [
        ("gender", "EQUALS", "male", True),
        ("gender", "EQUALS", "female", False),
        ("gender", "IN", ["other", "male"], True),
        ("gender", "NOT_EQUALS", "male", False),
        ("diagnosis", "EQUALS", "C61", True),
        ("diagnosis", "EQUALS", "C6", False),
        ("diagnosis", "EQUALS", "C18.9", True),
        ("diagnosis", "EQUALS", "C18", False),
        ("date_of_diagnosis", "BETWEEN", {"min": "2020-03-01", "max": "2020-03-01"}, True),
        ("date_of_diagnosis", "BETWEEN", {"min": "2020-02-29T23:30:00-01:00", "max": "2021-01-01"}, True),
        ("date_of_diagnosis", "BETWEEN", {"min": "2020-03-02", "max": "2021-01-01"}, False),
        ("date_of_diagnosis", "LOWER_THAN", "2020-03-01", False),
        ("diagnosis_age_donor", "BETWEEN", {"min": 39, "max": 39}, True),
        ("diagnosis_age_donor", "BETWEEN", {"min": 40, "max": 70}, False),
        ("diagnosis_age_donor", "BETWEEN", {"min": 38.2, "max": 38.9}, True),
        ("donor_age", "BETWEEN", {"min": 45, "max": 45}, True),
        ("donor_age", "BETWEEN", {"min": 46, "max": 99}, False),
        ("donor_age", "GREATER_THAN", 45, False),
        ("donor_age", "GREATER_THAN", 44, True),
        ("bmi", "BETWEEN", {"min": 25, "max": 25}, True),
        ("bmi", "BETWEEN", {"min": 26, "max": 31}, False),
        ("bmi", "BETWEEN", {"min": 31.5, "max": 40}, True),
        ("bmi", "BETWEEN", {"min": 40, "max": 10}, False),
        ("bmi", "BETWEEN", {"min": 30}, True),
        ("bmi", "LOWER_THAN", 25, False),
        ("body_weight", "BETWEEN", {"min": 80, "max": 90}, True),
        ("body_weight", "BETWEEN", {"min": 81, "max": 90}, False),
        ("smoking_status", "IN", ["LA18978-9"], True),
        ("smoking_status", "EQUALS", "LA18976-3", False),
        ("sample_kind", "EQUALS", "blood-plasma", True),
        ("sample_kind", "EQUALS", "plasma-edta", True),
        ("sample_kind", "IN", ["dna", "tumor-tissue-frozen"], True),
        ("sample_kind", "IN", [], False),
        ("sample_kind", "EQUALS", "urine", False),
        ("storage_temperature", "EQUALS", "temperatureGN", True),
        ("storage_temperature", "EQUALS", "four_degrees", False),
        ("sampling_date", "BETWEEN", {"min": "2023-10-03T22:00:00.000Z", "max": "2023-10-29T23:00:00.000Z"}, True),
        ("sampling_date", "BETWEEN", {"min": "2023-10-11", "max": "2023-10-29"}, False),
        ("fasting_status", "EQUALS", "NF", True),
        ("fasting_status", "EQUALS", "F", False),
    ],
)  # fmt: skip
def test_a_criterion(key: str, kind: str, value: Any, fits: bool) -> None:
    for asked in (query(leaf(key, kind, value)), lens([leaf(key, kind, value)])):
        assert selects(read_query(asked), ONE, TODAY) == fits
        nobody = selects(read_query(asked), Person(), TODAY)
        assert nobody == (kind == "NOT_EQUALS"), "of whom nothing is known, nothing is true"


def test_every_criterion_is_tested() -> None:
    asked = {mark.args[1][n][0] for mark in test_a_criterion.pytestmark for n in range(len(mark.args[1]))}  # type: ignore[attr-defined]
    assert asked == set(CRITERIA)


FOCUS = {
    "male_or_female": lens([leaf("gender", "EQUALS", "male"), leaf("gender", "EQUALS", "female")]),
    "age_at_diagnosis_30_to_70": lens([leaf("diagnosis_age_donor", "BETWEEN", {"min": 30, "max": 70})]),
    "age_at_diagnosis_lower_than_70": lens([leaf("diagnosis_age_donor", "BETWEEN", {"min": 0, "max": 70})]),
    "c61_and_male": lens([leaf("diagnosis", "EQUALS", "C61")], [leaf("gender", "EQUALS", "male")]),
    "empty": query(operand="OR"),
    "lens2": lens(
        [leaf("gender", "EQUALS", "male"), leaf("gender", "EQUALS", "female")],
        [leaf("diagnosis", "EQUALS", "C41"), leaf("diagnosis", "EQUALS", "C50")],
        [leaf("sample_kind", "EQUALS", "tissue-frozen"), leaf("sample_kind", "EQUALS", "blood-serum")],
    ),
    "some_gbn": query(
        leaf("gender", "IN", ["other", "male"]),
        leaf("diagnosis", "EQUALS", "C24"),
        leaf("bmi", "BETWEEN", {"max": 111, "min": 1}),
        leaf("body_weight", "BETWEEN", {"max": 1111, "min": 110}),
    ),
}
"""The queries of Focus's own tests, in its words."""
OTHERS = (
    Person("female", DAY(1950, 1, 1), (("C50", DAY(2000, 1, 1)),), (), (), (), (TISSUE, BLOOD)),
    Person("male", DAY(1990, 1, 1), (("C24", DAY(2000, 1, 1)),), (22.0,), (120.0,), (), (BLOOD,)),
    Person("other", None, (), (), (), (), ()),
)


@pytest.mark.parametrize(
    ("name", "donors", "tubes"),
    [
        ("male_or_female", 3, 5), ("age_at_diagnosis_30_to_70", 2, 4), ("age_at_diagnosis_lower_than_70", 3, 5),
        ("c61_and_male", 1, 2), ("empty", 4, 5), ("lens2", 1, 1), ("some_gbn", 1, 1),
    ],
)  # fmt: skip
def test_the_queries_of_focus(name: str, donors: int, tubes: int) -> None:
    found = answer(read_query(FOCUS[name]), (ONE, *OTHERS), TODAY)
    assert (found.patients.total, found.specimens.total) == (donors, tubes)


def test_specimens_are_listed_by_what_is_asked_of_specimens() -> None:
    plasma, cold = leaf("sample_kind", "EQUALS", "blood-plasma"), leaf("storage_temperature", "EQUALS", "temperatureGN")
    male = leaf("gender", "EQUALS", "male")
    for asked, listed in (
        (query(male), [True, True]),
        (query(plasma), [True, False]),
        (query(male, plasma), [True, False]),
        (query(male, plasma, operand="OR"), [True, False]),
        (query(plasma, cold), [False, False]),
        (query(plasma, cold, operand="OR"), [True, True]),
        (lens([plasma], [male]), [True, False]),
        (lens([plasma], more=[{"operand": "AND", "children": [cold]}]), [True, True]),
    ):
        assert [lists(read_query(asked), tube) for tube in ONE.tubes] == listed, asked
    assert selects(read_query(query(plasma, cold)), ONE, TODAY), "the donor has one of each"


def test_the_answer_is_the_report_that_spot_takes() -> None:
    found = answer(read_query(query(operand="OR")), (ONE, *OTHERS), TODAY)
    at = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    said = measure_report(found, lambda *which: which[3], at, ID)
    assert [one["code"]["text"] for one in said["group"]] == ["patients", "diagnosis", "specimen"]
    strata = {
        one["code"][0]["text"]: {each["value"]["text"]: each["population"][0]["count"] for each in one["stratum"]}
        for group in said["group"]
        for one in group["stratifier"]
    }
    assert strata == {
        "gender": {"male": 2, "female": 1, "other": 1},
        "Age": {"30": 1, "40": 1, "70": 1, "unknown": 1},
        "Custodian": {"C1": 2, "C2": 1, "null": 1},
        "diagnosis": {"C24": 1, "C50": 1, "C61": 1, "E11": 1},
        "sample_kind": {"blood-plasma": 3, "tissue-frozen": 2},
    }
    assert [group["population"][0]["count"] for group in said["group"]] == [4, 4, 5]
    hidden = measure_report(found, lambda group, *_rest: None if group == "specimen" else 10, at, ID)
    assert [one["code"]["text"] for one in hidden["group"]] == ["patients", "diagnosis"]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"{}", b'{"ast": 1}', b'{"ast": {"operand": "XOR", "children": []}}',
        b'{"ast": {"operand": "AND"}}', b'{"ast": {"operand": "AND", "children": [1]}}', b"[" * 100_000,
        query(leaf("password", "EQUALS", "x")), query(leaf("gender", "LIKE", "x")), query(leaf("gender", "EQUALS", 1)),
        query(leaf("gender", "IN", "male")), query(leaf("gender", "BETWEEN", {"min": 1, "max": 2})),
        query(leaf("bmi", "EQUALS", 5)), query(leaf("bmi", "BETWEEN", 5)), query(leaf("bmi", "BETWEEN", {})),
        query(leaf("bmi", "BETWEEN", {"min": "1", "max": 2})), query(leaf("bmi", "BETWEEN", {"min": True, "max": 2})),
        query(leaf("sampling_date", "BETWEEN", {"min": "yesterday", "max": "2020-01-01"})),
        query(leaf("gender", "EQUALS", "m" * 201)), query(*[leaf("gender", "EQUALS", "m")] * 501),
        query({"key": "gender"}), query({"key": ["gender"], "type": "EQUALS", "value": "x"}),
    ],
)  # fmt: skip
def test_what_is_no_query_is_refused_by_its_path(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^(query|ast[.\[\]\w]*): .*\.$"):
        read_query(content)


def test_a_query_that_goes_too_deep_is_refused() -> None:
    deep: dict[str, Any] = leaf("gender", "EQUALS", "male")
    for _level in range(30):
        deep = {"operand": "AND", "children": [deep]}
    with pytest.raises(InputError, match="deep"):
        read_query(json.dumps({"ast": deep}))


LEAVES = st.sampled_from(
    [leaf("gender", "EQUALS", "male"), leaf("bmi", "BETWEEN", {"min": 30, "max": 40}),
     leaf("sample_kind", "IN", ["dna"]), leaf("diagnosis", "EQUALS", "C61"),
     leaf("storage_temperature", "EQUALS", "temperatureGN")]
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda operand, children: {"operand": operand, "children": children},
        st.sampled_from(["AND", "OR"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


@given(tree=TREES)
def test_an_answer_adds_up_and_order_does_not_matter(tree: dict[str, Any]) -> None:
    asked = read_query(json.dumps({"ast": {"operand": "AND", "children": [tree]}}))
    found: Report = answer(asked, (ONE, *OTHERS), TODAY)
    for one in (found.patients, found.specimens):
        assert all(sum(counts.values()) == one.total for counts in one.strata.values())
    assert Donors((ONE, *OTHERS)).answer(asked, TODAY) == found
    assert found.specimens.total <= 5 and found.patients.total <= 4
    turned = json.dumps({"ast": {"operand": "AND", "children": [_turned(tree)]}})
    assert canonical(read_query(turned)) == canonical(asked)
    assert answer(read_query(turned), (ONE, *OTHERS), TODAY) == found


def _turned(tree: dict[str, Any]) -> dict[str, Any]:
    if "children" not in tree:
        return tree
    return {**tree, "children": [_turned(one) for one in reversed(tree["children"])]}


EACH = st.one_of(
    [
        st.builds(
            leaf,
            st.just(key),
            st.just(kind),
            st.lists(st.sampled_from(values), max_size=2) if kind == "IN" else st.sampled_from(values),
        )
        for key, values in {
            "gender": ["male", "female", "other", "none"],
            "diagnosis": ["C61", "C50", "C24", "E11"],
            "smoking_status": ["LA18978-9", "LA15920-4"],
            "sample_kind": ["dna", "blood-plasma", "tissue-frozen"],
            "storage_temperature": ["temperatureGN", "temperatureLN"],
            "fasting_status": ["F", "NF"],
        }.items()
        for kind in ("EQUALS", "NOT_EQUALS", "IN")
    ]
    + [
        st.builds(leaf, st.just(key), st.just("BETWEEN"), st.builds(
            lambda low, high, key=key: {"min": low, "max": high} if low <= high else {"max": low},
            st.sampled_from(ends), st.sampled_from(ends)))
        for key, ends in {
            "bmi": [0, 22.0, 30, 40], "body_weight": [60, 80, 120.0], "donor_age": [20, 29.5, 36, 76],
            "diagnosis_age_donor": [5, 10, 50], "date_of_diagnosis": ["1999-12-31", "2000-01-01", "2020-01-01"],
            "sampling_date": ["2019-12-31", "2020-01-01", "2021-01-01"],
        }.items()
    ]
    + [
        st.builds(leaf, st.just(key), st.sampled_from(["LOWER_THAN", "GREATER_THAN"]), st.sampled_from(ends))
        for key, ends in {"bmi": [22.0, 30], "donor_age": [36, 76], "sampling_date": ["2020-01-01"]}.items()
    ]
)  # fmt: skip
NESTED = st.recursive(
    EACH,
    lambda inner: st.builds(
        lambda operand, children: {"operand": operand, "children": children},
        st.sampled_from(["AND", "OR"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)
SOME_DAYS = st.sampled_from([None, DAY(1950, 2, 28), DAY(1990, 1, 1), DAY(2000, 2, 29), DAY(2020, 1, 1)])
SOME_TUBES = st.builds(
    Tube, st.sampled_from(["dna", "blood-plasma", "tissue-frozen"]), st.sampled_from(["", "temperatureGN"]), SOME_DAYS,
    st.sampled_from(["", "F", "NF"]), st.lists(st.sampled_from(["C61", "E11"]), max_size=2).map(tuple),
    st.sampled_from(["", "DIAB"]),
)  # fmt: skip
SOMEBODY = st.builds(
    Person, st.sampled_from(["", "male", "female", "other"]), SOME_DAYS,
    st.lists(st.tuples(st.sampled_from(["C61", "C50", "C24"]), SOME_DAYS), max_size=2).map(tuple),
    st.lists(st.sampled_from([22.0, 30.0, 40.5]), max_size=2).map(tuple), st.just((80.0,)) | st.just(()),
    st.lists(st.sampled_from(["LA18978-9", "LA15920-4"]), max_size=2).map(tuple),
    st.lists(SOME_TUBES, max_size=3).map(tuple),
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(tree=NESTED, people=st.lists(SOMEBODY, max_size=5), today=st.sampled_from([DAY(2026, 2, 28), DAY(2026, 3, 1)]))
def test_columns_answer_as_donor_by_donor(tree: dict[str, Any], people: list[Person], today: datetime.date) -> None:
    asked = read_query(json.dumps({"ast": {"operand": "AND", "children": [tree]}}))
    assert Donors(people).answer(asked, today) == answer(asked, people, today)
