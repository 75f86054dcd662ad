"""The builder in a browser: rules of several conditions by forms, quick clicks, a lost connection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from campus_browser.conftest import Visitor, as_text


@pytest.fixture
def builder(visitor: Visitor) -> Iterator[Visitor]:
    """A researcher before a new cohort of people with type 2 diabetes."""
    visitor.sign_in("researcher")
    visitor.open("/cohorts/new/")
    visitor.page.get_by_label("Name", exact=True).fill("Built by forms")
    visitor.page.get_by_role("button", name="Start building", exact=True).click()
    add(visitor, "entry", "type 2 diab", "Add Type 2 diabetes")
    visitor.page.locator("#entry-0-head").wait_for()
    yield visitor


def add(one: Visitor, place: str, text: str, button: str) -> None:
    """Search in a box of the page, and press the button of the first thing found."""
    one.page.locator(f"#find-{place}").press_sequentially(text, delay=20)
    one.page.locator(f"#found-{place}").get_by_role("button", name=re.compile(f"^{button}")).first.click()


def rules(one: Visitor) -> Any:
    return one.page.locator("#rules > li.app-rule")


def test_a_rule_of_several_conditions_is_made_by_forms_alone(builder: Visitor) -> None:
    page = builder.page
    add(builder, "rule", "metformin", r"Has it\b(?! not)")
    page.locator("#rule-0-fields").wait_for()
    page.locator("#rule-0-more > summary").click()
    add(builder, "in-rule-0", "HbA1c", r"Has it\b(?! not)")
    page.locator("#rule-0-head", has_text="all of these:").wait_for()
    page.locator("#rule-0-how").select_option("any")
    page.locator("#rule-0-head", has_text="at least one of these:").wait_for()
    # What was changed last goes along with a button pressed at once after it.
    page.locator("#rule-0-1-value_op").select_option("gte")
    page.locator("#rule-0-1-value").fill("7")
    page.locator("#rule-0-more > summary").click()
    page.locator("#rule-0-into").select_option("1.w")
    page.get_by_role("button", name="Age or sex", exact=True).click()
    page.locator("#rule-0-head", has_text="and around it:").wait_for()
    assert "with a value of at least 7" in page.locator("#rule-0-head").inner_text()
    assert "at least 20 years old on that day" in page.locator("#rule-0-head").inner_text()
    found = builder.look()
    assert not found, as_text(found)
    page.get_by_role("button", name="Remove condition 2.1", exact=True).click()
    page.locator("#rule-0-head", has_text="and around it:").wait_for(state="detached")
    page.reload()
    assert "at least one of these:" in page.locator("#rule-0-head").inner_text(), "it is kept without saving"


def test_a_version_saved_at_once_has_the_change_before_it(builder: Visitor) -> None:
    page = builder.page
    page.evaluate(
        """() => { document.querySelector('button[value=add-person]').click();
        document.querySelector('.app-save').open = true; document.getElementById('note').value = 'Adults';
        document.querySelector('.app-save form button').click(); }"""
    )
    page.wait_for_url(re.compile(r"/cohorts/[0-9a-f-]{36}/$"))
    assert "Inclusion rule 1, Age or sex" in page.locator("main").inner_text()
    found = builder.look()
    assert not found, as_text(found)


def test_a_concept_set_is_widened(builder: Visitor) -> None:
    page = builder.page
    page.locator("#sets a", has_text="Change").first.click()
    page.locator("#find-set-0").wait_for(state="visible")
    add(builder, "set-0", "HbA1c", "Add HbA1c")
    page.locator("#set-0", has_text="2 concepts").wait_for()


def test_what_is_typed_while_a_change_counts_stays(builder: Visitor) -> None:
    """Only the search whose result was added is emptied."""
    page = builder.page
    page.locator("#find-rule").press_sequentially("metformin", delay=20)
    page.locator("#found-rule button").first.wait_for()
    page.locator("#find-entry").press_sequentially("HbA1c", delay=20)
    page.locator("#found-entry button").first.wait_for()
    page.locator("#found-entry").get_by_role("button", name=re.compile("^Add ")).first.click()
    page.locator("#find-rule").press("End")
    page.locator("#find-rule").press_sequentially(" tab", delay=20)
    page.locator("#entry-1-head").wait_for()
    page.wait_for_function("document.getElementById('find-entry').value === ''")
    assert page.locator("#find-rule").input_value() == "metformin tab"
    assert page.locator("#found-entry").inner_text().strip() == ""
    found = builder.look()
    assert not found, as_text(found)


def test_two_quick_clicks_are_two_changes(builder: Visitor) -> None:
    page = builder.page
    page.evaluate(
        """() => { const button = document.querySelector('button[value=add-person]');
        button.click(); button.click(); button.click(); }"""
    )
    rules(builder).nth(2).wait_for()
    # Undo twice and then switch the rule off that is left: three changes at once, each after the one before it.
    page.evaluate(
        """() => { for (const id of ['undo', 'undo', 'rule-0-switch']) document.getElementById(id).click(); }"""
    )
    page.get_by_role("button", name="Switch on rule 1", exact=True).wait_for()
    assert rules(builder).count() == 1
    found = builder.look()
    assert not found, as_text(found)


def test_a_change_without_a_connection_is_sent_when_there_is_one(builder: Visitor) -> None:
    page = builder.page
    page.context.set_offline(True)
    page.get_by_role("button", name="Add a rule on age or sex", exact=True).click()
    page.locator("#offline").wait_for(state="visible")
    assert rules(builder).count() == 0
    page.context.set_offline(False)
    rules(builder).first.wait_for()
    page.locator("#offline").wait_for(state="hidden")
    page.reload()
    assert rules(builder).count() == 1
