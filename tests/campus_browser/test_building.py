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


class Held:
    """The changes of a page, held back on their way until they are let go: what is typed meanwhile is typed in time."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.routes: list[Any] = []
        page.route("**/build/change/", lambda route: self.routes.append(route))

    def let_go(self) -> None:
        assert len(self.routes) == 1
        self.routes.pop().continue_()
        self.page.unroute("**/build/change/")


def focused(one: Visitor) -> str:
    return str(one.page.evaluate("document.activeElement.id"))


def test_what_is_typed_while_a_change_counts_stays(builder: Visitor) -> None:
    """Only the search whose result was added is emptied, and the cursor stays where somebody went on."""
    page = builder.page
    page.locator("#find-rule").press_sequentially("metformin", delay=20)
    page.locator("#found-rule button").first.wait_for()
    held = Held(page)
    add(builder, "entry", "HbA1c", "Add ")
    page.locator("#find-rule").press("End")
    page.locator("#find-rule").press_sequentially(" tab", delay=20)
    held.let_go()
    page.locator("#entry-1-head").wait_for()
    page.locator("#found-entry button").first.wait_for(state="detached")
    assert page.locator("#find-entry").input_value() == ""
    page.keyboard.type("let")
    assert (focused(builder), page.locator("#find-rule").input_value()) == ("find-rule", "metformin tablet")
    found = builder.look()
    assert not found, as_text(found)


def test_what_is_typed_in_a_part_that_a_change_replaces_stays(builder: Visitor) -> None:
    """Also where the search itself stands in what the answer replaces: it is kept, with the cursor in it."""
    page = builder.page
    add(builder, "rule", "metformin", r"Has it\b(?! not)")
    page.locator("#rule-0-fields").wait_for()
    page.locator("#rule-0-more > summary").click()
    held = Held(page)
    add(builder, "in-rule-0", "HbA1c", r"Has it\b(?! not)")
    page.locator("#find-in-rule-0").fill("metfor")
    held.let_go()
    page.locator("#rule-0-head", has_text="all of these:").wait_for()
    page.keyboard.type("min")
    page.locator("#found-in-rule-0 button", has_text=re.compile("metformin", re.IGNORECASE)).first.wait_for()
    assert (focused(builder), page.locator("#find-in-rule-0").input_value()) == ("find-in-rule-0", "metformin")
    # What was not typed over is done with, and what is added next goes where it was found.
    page.locator("#found-in-rule-0").get_by_role("button", name=re.compile(r"^Has it\b(?! not)")).first.click()
    page.locator("#found-in-rule-0 button").first.wait_for(state="detached")
    assert page.locator("#find-in-rule-0").input_value() == ""
    page.locator("[id^=rule-0-2-]").first.wait_for(state="attached")
    found = builder.look()
    assert not found, as_text(found)


def test_open_forms_outlast_every_change_elsewhere(builder: Visitor) -> None:
    """They go along with their parts, with what is typed in them and the cursor where it was."""
    page = builder.page
    for _each in range(2):
        page.get_by_role("button", name="Add a rule on age or sex", exact=True).click()
        page.locator(f"#rule-{_each}-fields").wait_for()
    page.locator("#course-edit").click()
    page.locator("#course-fields").wait_for()
    page.locator("#set-0-edit").click()
    page.locator("#find-set-0").press_sequentially("hba", delay=20)
    page.locator("#found-set-0 button").first.wait_for()
    page.locator("#rule-1-more > summary").click()
    page.locator("#find-in-rule-1").press_sequentially("metformin", delay=20)
    page.locator("#found-in-rule-1 button").first.wait_for()
    page.locator("#rule-1-name").fill("Over sixty")
    page.locator("#rule-1-0-age").fill("60")
    page.locator("#rule-1-head", has_text="at least 60 years").wait_for()
    # A rule before it goes while somebody is typing: what is typed stays, with the cursor, under another number.
    page.locator("#rule-1-about").fill("As the pro")
    held = Held(page)
    page.locator("#rule-0-remove").click()
    page.locator("#rule-1-about").press("End")
    page.locator("#rule-1-about").press_sequentially("to")
    held.let_go()
    page.locator("#rule-1").wait_for(state="detached")
    page.keyboard.type("col")
    assert (focused(builder), page.locator("#rule-0-about").input_value()) == ("rule-0-about", "As the protocol")
    assert page.locator("#find-in-rule-0").input_value() == "metformin"
    # What stands in a form that was moved is of its rule: by its fields, its search and its links.
    page.locator("#found-in-rule-0").get_by_role("button", name=re.compile(r"^Has it\b(?! not)")).first.click()
    page.locator("#rule-0-head", has_text="all of these:").wait_for()
    said = page.locator("#rule-0-head").inner_text()
    assert "Over sixty" in said and "As the protocol" in said and "metformin" in said.lower()
    # A new entry event, a new concept set, the course: none closes another form.
    page.locator("#course-prior").fill("365")
    page.locator("#course-prior").press("Tab")
    page.locator("#course-words", has_text="365").wait_for()
    assert page.locator("#course-prior").is_visible(), "not its own either"
    add(builder, "entry", "HbA1c", "Add ")
    page.locator("#entry-1-head").wait_for()
    assert page.locator("#find-set-0").input_value() == "hba" and page.locator("#found-set-0 button").count()
    for form in ("rule-0-fields", "course-fields", "find-set-0"):
        assert page.locator(f"#{form}").is_visible(), form
    # A change that waits for another follows its rule, and is dropped with it.
    page.evaluate("for (let n = 0; n < 3; n++) document.getElementById('rule-0-remove').click()")
    page.locator("#rules > li.app-empty").wait_for()
    assert page.locator("#messages").inner_text().strip() == ""
    page.locator("#undo").click()
    page.locator("#rule-0-head", has_text="Over sixty").wait_for()
    found = builder.look()
    assert not found, as_text(found)


def test_a_draft_that_went_on_in_another_window_loses_nothing_that_is_typed(builder: Visitor) -> None:
    page = builder.page
    for number in range(3):
        page.get_by_role("button", name="Add a rule on age or sex", exact=True).click()
        page.locator(f"#rule-{number}-name").fill(f"Rule {number} of the protocol")
        page.locator(f"#rule-{number}-name").press("Tab")
        page.locator(f"#rule-{number}-head", has_text="of the protocol").wait_for()
    other = page.context.new_page()
    other.goto(page.url)
    page.locator("#rule-1-about").press_sequentially("Long considered")
    other.locator("#rule-0-remove").click()
    other.locator("#rule-2").wait_for(state="detached")
    other.locator("#rule-1-edit").click()
    other.locator("#rule-1-0-age").fill("60")
    other.locator("#rule-1-0-age").press("Tab")
    other.locator("#rule-1-head", has_text="at least 60").wait_for()
    other.close()
    page.keyboard.press("Tab")
    page.locator("#messages", has_text="changed in another window").wait_for()
    page.locator("#rule-2").wait_for(state="detached")
    assert page.locator("#rule-0-about").input_value() == "Long considered"
    assert page.locator("#rule-1-0-age").input_value() == "60", "nobody typed in this one"
    page.locator("#rule-0-fields [name=apply]").press("Enter")
    page.locator("#rule-0-head", has_text="Long considered").wait_for()
    assert page.locator("#messages").inner_text().strip() == ""
    # What is added and taken away is offered in the forms that are open.
    offered = page.locator("#rule-2-0-concept_set option", has_text="Asthma")
    for number, word in enumerate(("metformin", "asthma"), 2):
        add(builder, "rule", word, r"Has it\b(?! not)")
        page.locator(f"#rule-{number}-fields").wait_for()
    offered.wait_for(state="attached")
    page.locator("#rule-3-remove").click()
    page.locator("button[value=drop-sets]").click()
    offered.wait_for(state="detached")
    assert page.locator("#rule-2-0-concept_set").input_value() == "1"
    found = builder.look()
    assert not found, as_text(found)


def test_typing_on_before_a_search_is_answered_breaks_nothing_off(builder: Visitor) -> None:
    """What is found in the end is what stands in the box in the end."""
    page = builder.page
    searches = re.compile("/build/find/")
    held: list[Any] = []
    page.route(searches, lambda route: held.append(route))
    with page.expect_request(searches):
        page.locator("#find-rule").fill("HbA1")
    page.locator("#find-rule").fill("metformin")
    page.wait_for_timeout(300)
    assert len(held) == 1, "the second waits for the first"
    held.pop().continue_()
    page.unroute(searches)
    page.locator("#found-rule button", has_text=re.compile("metformin", re.IGNORECASE)).first.wait_for()
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


def test_what_is_changed_after_the_session_ended_is_sent_once_signed_in_again(builder: Visitor) -> None:
    """The page stays as it is, also what is typed in it; nothing is done in another person's name."""
    page = builder.page
    page.get_by_role("button", name="Add a rule on age or sex", exact=True).click()
    page.locator("#rule-0-fields").wait_for()
    page.context.clear_cookies(name="session")
    page.locator("#rule-0-name").fill("Kept by the browser")
    page.locator("#rule-0-name").press("Tab")
    page.locator("#messages", has_text="You have been signed out").wait_for()
    assert page.locator("#unsent").is_visible() and page.locator("#rule-0-fields").is_visible()
    page.locator("#find-rule").press_sequentially("metformin", delay=20)
    page.wait_for_function("() => document.querySelectorAll('h1').length === 1", polling=100)
    other = page.context.new_page()
    for who, sent in (("student", False), ("researcher", True)):
        other.goto(builder.address + "/account/login/")
        if other.get_by_role("button", name="Sign out", exact=True).count():
            other.get_by_role("button", name="Sign out", exact=True).click()
            other.goto(builder.address + "/account/login/")
        other.locator(f"button[value='{who}@demo.example']").click()
        other.wait_for_url(builder.address + "/")
        with page.expect_response(re.compile("/build/$")):
            page.evaluate("window.dispatchEvent(new Event('focus'))")
        assert sent or page.locator("#unsent").is_visible()
    page.locator("#rule-0-head", has_text="Kept by the browser").wait_for()
    assert not page.locator("#unsent").is_visible() and page.locator("#messages").inner_text().strip() == ""
    assert page.locator("#find-rule").input_value() == "metformin"
    found = builder.look()
    assert not found, as_text(found)


def test_keys_alone_never_lose_their_place_and_each_count_is_spoken(builder: Visitor) -> None:
    page = builder.page
    said = page.locator("#said")

    def press(id_: str, key: str = "Enter") -> str:
        page.locator(f"#{id_}").focus()
        with page.expect_response(re.compile("/build/change/$")):
            page.keyboard.press(key)
        page.wait_for_timeout(100)
        return focused(builder)

    page.evaluate("window.said = document.getElementById('said')")
    page.locator("button[value=add-person]").focus()
    page.keyboard.press("Enter")
    page.locator("#rule-0-fields").wait_for()
    page.locator("#rule-0-one-more").click()
    page.locator("#rule-0-fields button[value=person]").evaluate("button => button.id = 'one-more-person'")
    assert press("one-more-person") == "rule-0-1-sex", "the condition that is new"
    page.locator("#rule-0-fields [value='remove:1']").evaluate("button => button.id = 'one-less'")
    assert press("one-less") == "rule-0-one-more"
    for _each in range(3):
        assert press("undo") == "undo"
    assert press("undo") == "undo" and page.locator("#undo").get_attribute("aria-disabled") == "true"
    assert said.inner_text().startswith("Undone.") and said.evaluate("one => one === window.said"), (
        "a region that stays"
    )
    page.keyboard.press("Enter")
    for _each in range(4):
        assert press("redo") == "redo"
    assert re.match(r"Done again\. \d+ persons\.", said.inner_text())
    page.locator("#find-rule").press_sequentially("metformin", delay=20)
    page.locator("#told-rule", has_text="found").wait_for(state="attached")
    page.emulate_media(media="print")
    controls = "main :is(a, button, input, select, textarea, summary)"
    shown = page.evaluate(
        f"[...document.querySelectorAll('{controls}')].filter(e => e.checkVisibility()).map(e => e.id)"
    )
    broken = page.evaluate("getComputedStyle(document.querySelector('#rules > li')).breakInside")
    page.emulate_media(media="screen")
    assert (shown, broken) == ([], "avoid"), "what is printed has no controls, and no rule over two pages"
    found = builder.look()
    assert not found, as_text(found)
