"""With the keyboard alone: sign in, raise a question, build a cohort, register a study, decide. No mouse anywhere."""

from __future__ import annotations

import re
from typing import Any

import pytest

from campus_browser.conftest import Visitor

FAR = 150
"""Presses of Tab after which something counts as out of reach."""

FOCUSED = """() => {
    const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect()
    const own = e.getAttribute('aria-label') || e.innerText || ''
    const label = e.labels && e.labels.length ? e.labels[0].innerText : own
    const ring = (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none'
    // A radio button or a box of the design shows its ring beside it.
    const beside = e.nextElementSibling && ['radio', 'checkbox'].includes(e.type)
      && getComputedStyle(e.nextElementSibling, '::before').boxShadow !== 'none'
    return {tag: e.tagName, type: e.type || '', name: label.trim().replace(/\\s+/g, ' '), id: e.id,
            seen: ring || beside || e === document.body, on_page: r.width > 0}
}"""


def reach(one: Visitor, name: str, tag: str = "") -> dict[str, Any]:
    """Press Tab until what has this name has the focus; everything on the way must show that it has."""
    passed: list[str] = []
    for _ in range(FAR):
        one.page.keyboard.press("Tab")
        at: dict[str, Any] = one.page.evaluate(FOCUSED)
        assert at["seen"], f"the focus cannot be seen on {at}"
        passed.append(f"{at['tag']} {at['name'][:40]}")
        if re.search(name, at["name"]) and at["tag"] in (tag or at["tag"]):
            return at
    raise AssertionError(f"{name} is out of reach: {passed}")


def leave(one: Visitor) -> None:
    """The page that Enter leads to, once it is there."""
    with one.page.expect_navigation(wait_until="networkidle"):
        one.page.keyboard.press("Enter")


def go(one: Visitor, key: str) -> None:
    """What a key does to this page, once it is done."""
    one.page.keyboard.press(key)
    one.page.wait_for_timeout(200)
    one.page.wait_for_load_state("networkidle")


def test_a_focus_that_cannot_be_seen_is_found_out(visitor: Visitor) -> None:
    """The control: were the ring taken away, it would be missed."""
    visitor.sign_in("researcher")
    visitor.page.evaluate(
        "document.querySelectorAll('a').forEach(a => ['outline', 'box-shadow'].forEach("
        " one => a.style.setProperty(one, 'none', 'important')))"
    )
    with pytest.raises(AssertionError, match="cannot be seen"):
        reach(visitor, "Nothing is called this")


def test_the_first_stop_leads_past_the_menu(visitor: Visitor) -> None:
    visitor.sign_in("researcher")
    visitor.open("/")
    assert "main" in reach(visitor, "Skip to main content|Skip")["name"].lower()
    leave(visitor)
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("!!document.activeElement.closest('main')"), "the menu was not passed"


def test_a_question_is_raised(visitor: Visitor) -> None:
    visitor.open("/account/login/")
    reach(visitor, "An Peeters", "BUTTON")
    leave(visitor)
    reach(visitor, "^Questions$", "A")
    leave(visitor)
    reach(visitor, "Raise a question", "A")
    leave(visitor)
    at = visitor.page.evaluate(FOCUSED)
    if "From the ward" not in at["name"] and at["type"] != "radio":
        reach(visitor, "From the (ward|bench)", "INPUT")
    go(visitor, "Space")
    reach(visitor, "The question in one line")
    visitor.page.keyboard.type("Is a question raised by keys heard?")
    reach(visitor, "What do you see")
    visitor.page.keyboard.type("Somebody who does not use a mouse.")
    reach(visitor, "^Raise the question$", "BUTTON")
    leave(visitor)
    assert "Is a question raised by keys heard?" in visitor.page.locator("h1").inner_text()


def test_a_cohort_is_built_and_undone(visitor: Visitor) -> None:
    visitor.sign_in("researcher")
    visitor.open("/cohorts/new/")
    reach(visitor, "^Name$", "INPUT")
    visitor.page.keyboard.type("Built by keys")
    reach(visitor, "^Start building$", "BUTTON")
    leave(visitor)
    reach(visitor, "Add what somebody enters with", "INPUT")
    visitor.page.keyboard.type("type 2 diab")
    visitor.page.locator("text=SNOMED 44054006").wait_for()
    visitor.page.wait_for_load_state("networkidle")
    reach(visitor, "^Add Type 2 diabetes", "BUTTON")
    go(visitor, "Enter")
    visitor.page.locator("text=Nothing starts the cohort yet").wait_for(state="detached")
    assert visitor.page.evaluate("document.activeElement !== document.body"), "a change must not throw the focus away"
    visitor.open(visitor.page.url)
    reach(visitor, "^Undo$", "BUTTON")
    go(visitor, "Enter")
    visitor.page.locator("text=Nothing starts the cohort yet").wait_for()


def test_a_study_is_registered_and_what_waits_is_decided(visitor: Visitor) -> None:
    visitor.sign_in("researcher")
    visitor.open("/studies/new/")
    reach(visitor, "^Title$", "INPUT")
    visitor.page.keyboard.type("Registered by keys")
    reach(visitor, "Prospective trial", "INPUT")
    for _ in range(2):
        visitor.page.keyboard.press("ArrowDown")
    reach(visitor, "^Register$", "BUTTON")
    leave(visitor)
    assert visitor.page.locator("h1").inner_text() == "Registered by keys"
    assert "Retrospective" in visitor.page.locator("main").inner_text()


def test_a_body_decides(visitor: Visitor) -> None:
    """What waits in the demonstration for the trial centre, as far as the decision itself."""
    visitor.sign_in("trialcentre")
    reach(visitor, "Decide on S", "A")
    leave(visitor)
    reach(visitor, "^Approve", "INPUT")
    go(visitor, "Space")
    assert visitor.page.locator("input[name=answer]:checked").count() == 1
    reach(visitor, "Put it on the record", "BUTTON")
