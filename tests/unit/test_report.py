"""The report: what it shows in each mode, that it is one page that asks nothing, and that anybody can read it."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from small_hospital import build, cohort_of
from wardbench.core.errors import InputError, NotFoundError
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.report import canonical_json, render, report_data, write_report
from wardbench.ward.cohorts.run import COHORT_STEP, AttritionStep, Cohort

DESCRIPTION = ["People enter at:", "  a condition <of> any kind & more", "Exit: at the end of observation."]
COMMAND = 'wardbench cohort run "a & b.json" --store hospital'
VOID = {"meta", "br", "rect", "link", "img", "input", "hr"}


@dataclass
class Element:
    """One element of a page: its attributes, its parents' names, and the text in it."""

    tag: str
    attributes: dict[str, str]
    parents: tuple[str, ...]
    text: str = ""
    children: list[Element] = field(default_factory=list)


class Page(HTMLParser):
    """A page as a list of elements; parsing fails where a tag is not closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(html)
        self.close()
        assert not self.open, f"not closed: {[e.tag for e in self.open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(e.tag for e in self.open))
        if self.open:
            self.open[-1].children.append(element)
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open and self.open[-1].tag == tag, f"</{tag}> closes {[e.tag for e in self.open]}"
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def one(self, tag: str) -> Element:
        (element,) = self.all(tag)
        return element

    def by_id(self, name: str) -> Element:
        (element,) = [e for e in self.elements if e.attributes.get("id") == name]
        return element


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return build(tmp_path_factory.mktemp("hospital"))


def html_of(snapshot: Snapshot, cohort: Cohort | None = None, mode: str = "release") -> str:
    return render(report_data(cohort or cohort_of(snapshot), DESCRIPTION, snapshot, mode=mode, command=COMMAND))


@pytest.fixture(scope="module", params=["release", "exact", "nobody", "exact nobody", "nine"])
def html(request: pytest.FixtureRequest, snapshot: Snapshot) -> str:
    """The page in each mode, of a cohort that is large enough, too small, and empty."""
    mode = "exact" if "exact" in request.param else "release"
    persons = {"nobody": 0, "exact nobody": 0, "nine": 9}.get(request.param, 60)
    return html_of(snapshot, cohort_of(snapshot, persons), mode)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def table(page: Page, caption: str) -> list[list[str]]:
    """The body of the table with this caption, as rows of stripped text without the column of bars."""
    found = [t for t in page.all("table") if next(e for e in t.children if e.tag == "caption").text == caption]
    assert len(found) == 1, f"{len(found)} tables have the caption {caption}"
    body = next(e for e in found[0].children if e.tag == "tbody")
    return [
        [" ".join(cell.text.split()) for cell in row.children if cell.attributes.get("class") != "chart"]
        for row in body.children
    ]


def selection(entry: int, persons: int, *, name: str = "Entry events") -> tuple[AttritionStep, ...]:
    """The attrition of a definition without rules."""
    return (AttritionStep(name, entry, entry), AttritionStep(COHORT_STEP, persons, persons))


def test_release_shows_what_may_be_shown(snapshot: Snapshot) -> None:
    page = Page(html_of(snapshot))
    assert table(page, "How the definition narrows the persons down, step by step") == [
        ["Entry events", "95", "100%"],
        ["A rule that removes three", "not shown", ""],
        ["A rule that leaves the cohort, and in the cohort", "60", "63%"],
    ]
    assert table(page, "Sex") == [["Female", "40", "67%"], ["Male", "20", "33%"]]
    assert table(page, "Age at start: Female") == [
        ["0 to 59", "10", "25%"],
        ["60 to 69", "10", "25%"],
        ["70 to 79", "10", "25%"],
        ["80 and over", "10", "25%"],
    ]
    assert table(page, "Age at start: Male") == [["0 to 39", "10", "50%"], ["40 and over", "10", "50%"]]
    assert table(page, "Conditions") == [
        ["Concept 999 OMOP 999", "nearly all", ""],
        ["Type 2 diabetes mellitus SNOMED 44054006", "nearly all", ""],
        ["A year before SNOMED 11", "30", "50%"],
        ["E66.9", "25", "42%"],
        ["Local <b>code</b> ward W-1", "10", "17%"],
        ["No code recorded", "10", "17%"],
    ]
    assert table(page, "Measurements: the latest value of each person") == [
        ["Glucose LOINC 2345-7", "50", "124 (113 to 136)", "mg/dL"],
        ["Glucose LOINC 2345-7", "10", "not shown", "mmol/l"],
    ]
    assert table(page, "Samples by type, whenever they were taken") == [
        ["Whole blood SNOMED 258580003", "40 67%", "80", "10.5 before (quartiles not shown)"]
    ]
    assert table(page, "Start of membership") == [
        ["2015 or before", "fewer than 10", ""],
        ["2016 to 2020", "nearly all", ""],
    ]


def test_exact_shows_everything_and_says_so(snapshot: Snapshot) -> None:
    page = Page(html_of(snapshot, mode="exact"))
    assert "Exact counts: not for release" in page.one("header").text
    assert table(page, "How the definition narrows the persons down, step by step")[1] == [
        "A rule that removes three",
        "90",
        "96.8%",
        "260",
    ]
    assert ["Rare disease SNOMED 14", "9", "15.0%"] in table(page, "Conditions")
    assert ["Type 2 diabetes mellitus SNOMED 44054006", "60", "100.0%"] in table(page, "Conditions")


def figures_in(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every figure in the data of a page, with the path to it."""
    if isinstance(value, dict) and set(value) == {"value", "text"}:
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from figures_in(each, f"{path}/{key}")
    elif isinstance(value, list):
        for each in value:
            yield from figures_in(each, path)


@pytest.mark.parametrize("persons", [0, 9, 10, 11, 13, 27, 41, 60])
def test_every_count_that_is_released_is_a_multiple_of_five_or_words(snapshot: Snapshot, persons: int) -> None:
    data = report_data(cohort_of(snapshot, persons), DESCRIPTION, snapshot, command=COMMAND)
    found = list(figures_in(json.loads(canonical_json(data))))
    assert len(found) > 8
    assert [step.events for step in data.figures.selection] == [None] * 3
    assert data.figures.memberships is None
    for path, figure in found:
        if figure["value"] is None:
            assert figure["text"] in {"fewer than 10", "nearly all", "not shown"}
        elif not re.search(r"/(median|q25|q75)$", path):
            assert figure["value"] >= 10
            assert figure["value"] % 5 == 0


def test_what_few_have_is_not_even_named(snapshot: Snapshot) -> None:
    assert "Rare disease" not in html_of(snapshot)
    assert "text of one person" not in html_of(snapshot, mode="exact")


def test_a_sample_type_that_nearly_everybody_with_samples_has_hides_the_sum(snapshot: Snapshot) -> None:
    data = report_data(cohort_of(snapshot), DESCRIPTION, snapshot, command=COMMAND)
    assert data.figures.with_sample.persons.text == "not shown"
    exact = report_data(cohort_of(snapshot), DESCRIPTION, snapshot, mode="exact", command=COMMAND)
    assert exact.figures.with_sample.persons.text == "40"


@pytest.mark.parametrize("persons", [51, 53, 57])
def test_shares_of_a_whole_add_up(snapshot: Snapshot, persons: int) -> None:
    page = Page(html_of(snapshot, cohort_of(snapshot, persons)))
    assert sum(int(share.rstrip("%")) for _, _, share in table(page, "Sex")) == 100
    assert abs(sum(int(share.rstrip("%")) for _, _, share in table(page, "Age at start: Female")) - 100) <= 2


@pytest.mark.parametrize(
    ("end", "first", "last"),
    [
        (2021, ["2006 or before", "0", "0.0%"], ["2021", "0", "0.0%"]),
        (2035, ["2020 or before", "60", "100.0%"], ["2035", "0", "0.0%"]),
    ],
)
def test_years_are_of_the_snapshot_and_the_oldest_stand_together(
    tmp_path: Path, end: int, first: list[str], last: list[str]
) -> None:
    period = f"""
        SELECT n AS observation_period_id, n AS person_id, DATE '1930-01-01' AS observation_period_start_date,
          DATE '{end}-12-31' AS observation_period_end_date, 32817 AS period_type_concept_id
        FROM range(1, 61) AS r(n)"""
    snapshot = build(tmp_path / "store", observation_period=period)
    rows = table(Page(html_of(snapshot, mode="exact")), "Start of membership")
    assert [rows[0], rows[-1], len(rows)] == [first, last, 16]
    assert sum(int(persons) for _, persons, _ in rows) == 60


def test_few_with_a_sample_are_fewer_than_ten(snapshot: Snapshot) -> None:
    cohort = cohort_of(snapshot)
    men = replace(cohort, rows=cohort.rows.filter(pc.field("subject_id") >= 40), attrition=selection(21, 21))
    data = report_data(men, DESCRIPTION, snapshot, command=COMMAND)
    assert data.figures.persons.text == "20"
    assert data.figures.with_sample.persons.text == "fewer than 10"


def test_exact_tells_the_last_rule_from_the_cohort(snapshot: Snapshot) -> None:
    data = report_data(cohort_of(snapshot), DESCRIPTION, snapshot, mode="exact", command=COMMAND)
    steps = [(step.row.label, step.row.persons.text, step.events) for step in data.figures.selection[2:]]
    assert [(label, persons, events.text) for label, persons, events in steps if events] == [
        ("A rule that leaves the cohort", "61", "123"),
        ("Cohort", "60", "120"),
    ]


def test_too_few_and_nobody_are_explained(snapshot: Snapshot) -> None:
    few = Page(html_of(snapshot, cohort_of(snapshot, 9)))
    assert "There are fewer than 10 persons in this cohort, zero included" in few.one("main").text
    assert "None is recorded for enough persons" in few.one("main").text
    nobody = Page(html_of(snapshot, cohort_of(snapshot, 0), "exact"))
    assert "Nobody satisfies this definition" in nobody.one("main").text


def test_nine_and_nobody_look_the_same_but_for_the_selection(snapshot: Snapshot) -> None:
    def figures(persons: int) -> Any:
        cohort = replace(cohort_of(snapshot, persons), attrition=selection(persons, persons))
        return report_data(cohort, DESCRIPTION, snapshot, command=COMMAND).figures

    assert figures(9) == figures(0)


def test_the_same_input_gives_the_same_bytes(snapshot: Snapshot, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_report(cohort_of(snapshot), DESCRIPTION, snapshot, tmp_path / name, command=COMMAND)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_rows_in_another_order_give_the_same_bytes(snapshot: Snapshot) -> None:
    cohort = cohort_of(snapshot)
    shuffled = replace(cohort, rows=cohort.rows.take(list(reversed(range(cohort.rows.num_rows)))))
    assert html_of(snapshot, shuffled) == html_of(snapshot, cohort)


def test_the_checksum_is_of_the_json_on_the_page(snapshot: Snapshot) -> None:
    page = Page(html_of(snapshot))
    data = page.by_id("data").text
    assert json.loads(data)["figures"]["persons"] == {"value": 60, "text": "60"}
    digests = [e.text for e in page.all("code") if re.fullmatch("[0-9a-f]{64}", e.text)]
    assert hashlib.sha256(data.encode()).hexdigest() in digests


def test_what_is_needed_to_do_it_again_is_on_the_page(snapshot: Snapshot) -> None:
    text = Page(html_of(snapshot)).one("main").text
    for fact in (
        COMMAND,
        snapshot.version,
        snapshot.created,
        "ab" * 32,
        "Hospital of <sixty>",
        "OMOP CDM 5.4",
        "DuckDB",
    ):
        assert fact in text
    assert "Of 95 persons at the first reported step of the selection, 60 were in the cohort." in text


def test_everything_is_escaped(snapshot: Snapshot) -> None:
    hostile = '"><script>alert(1)</script>&amp;{{ 7 * 7 }}'
    cohort = replace(cohort_of(snapshot), name=hostile, plan_hash=hostile, attrition=selection(60, 60, name=hostile))
    page = Page(render(report_data(cohort, [hostile, "    " + hostile], snapshot, mode="exact", command=hostile)))
    assert page.all("script") == []
    assert page.one("h1").text == hostile
    assert page.one("title").text.startswith(hostile)
    assert table(page, "How the definition narrows the persons down, step by step")[0][0] == hostile
    assert json.loads(page.by_id("data").text)["description"][0] == hostile
    assert page.all("b") == page.all("i") == []


def test_a_bare_number_is_refused_by_the_template(snapshot: Snapshot) -> None:
    data = report_data(cohort_of(snapshot), DESCRIPTION, snapshot, command=COMMAND)
    bare: Any = 365
    with pytest.raises(TypeError, match="printed int"):
        render(replace(data, figures=replace(data.figures, window_days=bare)))


def test_errors_name_what_is_wrong(snapshot: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'open'"):
        write_report(cohort_of(snapshot), [], snapshot, tmp_path / "r.html", mode="open", command=COMMAND)
    with pytest.raises(NotFoundError, match=r"missing/r\.html: cannot be written"):
        write_report(cohort_of(snapshot), [], snapshot, tmp_path / "missing" / "r.html", command=COMMAND)
    assert list(tmp_path.iterdir()) == []


def test_the_page_runs_nothing_and_asks_for_nothing(page: Page, html: str) -> None:
    assert page.all("script") == page.all("link") == page.all("img") == page.all("iframe") == []
    for element in page.elements:
        for name, value in element.attributes.items():
            assert not name.startswith("on"), f"<{element.tag} {name}>"
            assert name not in {"style", "src", "srcset", "action"}, f"<{element.tag} {name}>"
            if name in {"href", "xlink:href"}:
                assert value.startswith("#")
    css = page.one("style").text
    assert "url(" not in css
    assert "@import" not in css


def test_the_content_security_policy_allows_this_style_alone(page: Page) -> None:
    (policy,) = [e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes]
    digest = b64encode(hashlib.sha256(page.one("style").text.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_landmarks_headings_and_names(page: Page) -> None:
    assert page.one("html").attributes["lang"] == "en"
    assert page.one("title").text
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert page.one(landmark)
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch("h[1-6]", e.tag)]
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = [e.attributes["href"][1:] for e in page.all("a")]
    targets += [e.attributes["aria-labelledby"] for e in page.elements if "aria-labelledby" in e.attributes]
    assert set(targets) <= set(ids)
    assert all("aria-labelledby" in e.attributes for e in page.all("section"))
    (viewport,) = [e for e in page.all("meta") if e.attributes.get("name") == "viewport"]
    assert viewport.attributes["content"] == "width=device-width, initial-scale=1"


def test_every_table_can_be_heard(page: Page) -> None:
    assert page.all("table")
    for each in page.all("table"):
        assert [child.tag for child in each.children] == ["caption", "thead", "tbody"]
        (head,) = each.children[1].children
        for row in each.children[2].children:
            assert len(row.children) == len(head.children)
            assert row.children[0].tag == "th"
    assert all(e.attributes.get("scope") in {"col", "row"} for e in page.all("th"))
    assert all(e.attributes.get("aria-hidden") == "true" for e in page.all("svg"))
    assert all(not e.text.strip() for e in page.all("svg"))


def luminance(colour: str) -> float:
    """Relative luminance of `#rgb` or `#rrggbb`, by WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_contrast_in_light_dark_and_print(snapshot: Snapshot) -> None:
    css = Page(html_of(snapshot)).one("style").text
    themes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", block)) for block in re.findall(r":root \{(.*?)\}", css, re.S)
    ]
    assert len(themes) == 3
    texts = [
        ("ink", "paper"),
        ("ink", "panel"),
        ("ink", "safe"),
        ("ink", "warn"),
        ("quiet", "paper"),
        ("quiet", "panel"),
    ]
    texts += [("accent", "paper"), ("accent", "safe"), ("accent", "warn")]
    needed = [(pair, 4.5) for pair in texts] + [(("bar", "paper"), 3.0), (("safe-edge", "paper"), 3.0)]
    for theme in themes:
        for (front, back), least in needed:
            lighter, darker = sorted((luminance(theme[front]), luminance(theme[back])), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= least, f"{front} on {back}: {theme[front]} on {theme[back]}"
