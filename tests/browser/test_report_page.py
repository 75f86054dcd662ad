"""The report in a real browser: it asks for nothing, fits a phone, works by keyboard, can be heard, and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser.chromium import Browser
from small_hospital import build, cohort_of
from wardbench.ward.cohorts.report import write_report

LONG = "Immunohistochemistry-of-an-extraordinarily-long-name " * 3

UNBREAKABLE = """
    SELECT n AS procedure_occurrence_id, n AS person_id, 0 AS procedure_concept_id, repeat('procedure', 5) AS
      procedure_source_value, DATE '2020-06-01' AS procedure_date, 32817 AS procedure_type_concept_id
    FROM range(1, 41) AS r(n)"""


@pytest.fixture(scope="module", params=["release", "exact", "nobody"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of each kind, with names as long as they come."""
    folder = tmp_path_factory.mktemp(request.param)
    snapshot = build(folder / "store", procedure_occurrence=UNBREAKABLE)
    cohort = cohort_of(snapshot, 0 if request.param == "nobody" else 60, name=LONG)
    mode = "exact" if request.param == "exact" else "release"
    description = [f"People enter at {LONG}", f"    {'x' * 200}"]
    write_report(
        cohort, description, snapshot, folder / "report.html", mode=mode, command="wardbench cohort run " + LONG
    )
    return folder / "report.html"


def test_nothing_is_asked_for_and_the_policy_is_kept(browser: Browser, page: Path) -> None:
    browser.open(page)
    asked = [event["request"]["url"] for name, event in browser.events if name == "Network.requestWillBeSent"]
    assert asked == [page.as_uri()]
    assert [event for name, event in browser.events if name in {"Log.entryAdded", "Runtime.exceptionThrown"}] == []
    # The style is in force, so the policy knows its hash.
    assert browser.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"


def test_the_policy_stops_a_script_that_somebody_got_into_the_page(
    browser: Browser, page: Path, tmp_path: Path
) -> None:
    """The control: were there something to stop, it would be stopped, and this test would see it."""
    attacked = tmp_path / "attacked.html"
    extra = "<script>document.title = 'run'</script><img src='x.png' alt=''>"
    attacked.write_text(page.read_text(encoding="utf-8").replace("</main>", extra + "</main>"), encoding="utf-8")
    browser.open(attacked)
    assert browser.evaluate("document.title") != "run"
    assert len([event for name, event in browser.events if name == "Log.entryAdded"]) == 2


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(browser: Browser, page: Path, width: int, scheme: str) -> None:
    browser.media(prefers_color_scheme=scheme)
    browser.width(width)
    browser.open(page)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    outside = browser.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => !e.matches('.skip'))"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 80))"
    )
    assert outside == []


def test_text_has_contrast_against_what_is_behind_it(browser: Browser, page: Path) -> None:
    for scheme in ("light", "dark"):
        browser.media(prefers_color_scheme=scheme)
        browser.open(page)
        assert browser.evaluate(FAINT) == [], scheme


def test_faint_text_is_found(browser: Browser, tmp_path: Path) -> None:
    """The control of the test above."""
    faint = tmp_path / "faint.html"
    faint.write_text("<body style='background:#fff'><p style='color:#999'>hard to read</p><p>easy</p></body>")
    browser.open(faint)
    assert browser.evaluate(FAINT) == ["hard to read"]


def test_the_keyboard_reaches_everything_and_the_skip_link_comes_first(browser: Browser, page: Path) -> None:
    browser.open(page)
    reached: list[str] = []
    for _ in range(40):
        browser.press("Tab")
        focused = browser.evaluate("document.activeElement.outerHTML.slice(0, 40)")
        if focused.startswith("<body"):
            break
        reached.append(focused)
        outline = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"no focus is seen on {focused}"
    assert reached[0].startswith('<a class="skip" href="#main"')
    links = browser.evaluate("document.querySelectorAll('a[href], summary, [tabindex]').length")
    # What is in a closed <details> is reached once it is open.
    assert len(reached) == links - 1


def test_the_skip_link_is_seen_when_it_has_the_focus(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.evaluate("document.querySelector('.skip').getBoundingClientRect().right") < 0
    browser.press("Tab")
    assert browser.evaluate("document.querySelector('.skip').getBoundingClientRect().left") >= 0
    browser.press("Enter")
    assert browser.evaluate("location.hash") == "#main"


def nodes(browser: Browser) -> list[dict[str, Any]]:
    """What a screen reader is given: roles and names of all that is not ignored."""
    tree = browser.call("Accessibility.getFullAXTree")["nodes"]
    return [
        {"role": node["role"]["value"], "name": node.get("name", {}).get("value", "")}
        for node in tree
        if not node["ignored"]
    ]


def test_a_screen_reader_is_given_landmarks_and_named_tables(browser: Browser, page: Path) -> None:
    for width in (1280, 320):
        browser.width(width)
        browser.open(page)
        heard = nodes(browser)
        roles = [node["role"] for node in heard]
        for landmark in ("banner", "navigation", "main", "contentinfo"):
            assert roles.count(landmark) == 1, landmark
        named = [node for node in heard if node["role"] in {"region", "table", "link", "navigation", "heading"}]
        assert named
        assert [node for node in named if not node["name"]] == []
        # Also where a narrow window stacks their cells, tables stay tables.
        for role, tag in (("table", "table"), ("row", "tr"), ("rowheader", "tbody th"), ("columnheader", "thead th")):
            assert roles.count(role) == browser.evaluate(f"document.querySelectorAll('{tag}').length"), role
        # Bars repeat what the numbers say, so they are for the eye alone.
        assert not {"image", "graphics-document", "img", "SvgRoot"} & set(roles)


def test_it_prints_on_a4_without_what_only_a_screen_can_use(browser: Browser, page: Path) -> None:
    browser.open(page)
    printed = browser.pdf()
    assert printed.startswith(b"%PDF-")
    # A4 in points, as the style asks for.
    assert b"/MediaBox [0 0 594.9" in printed or b"/MediaBox [0 0 595" in printed
    browser.media("print", prefers_color_scheme="dark")
    assert browser.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert browser.evaluate("getComputedStyle(document.querySelector('details')).display") == "none"
    assert browser.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


FAINT = """
(() => {
  const channels = text => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = channels(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  return [...document.querySelectorAll('body *')].filter(own).filter(e => {
    const style = getComputedStyle(e);
    const [a, b] = [light(channels(style.color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    return ratio < (large ? 3 : 4.5);
  }).map(e => e.textContent.trim().slice(0, 40));
})()
"""
