"""Specimens from a basket to their return, each step by whoever's turn it is; picked with a scanner's keyboard."""

from __future__ import annotations

from collections.abc import Callable

from campus_browser.conftest import Visitor
from campus_browser.test_journey import follow, press, said, well

Arrive = Callable[..., Visitor]


def scan(one: Visitor, *labels: str) -> None:
    """Type as a scanner does: each label and Enter, without waiting for anything, wherever the focus is."""
    for label in labels:
        one.page.keyboard.type(label)
        one.page.keyboard.press("Enter")


def focused(one: Visitor) -> str:
    return str(one.page.evaluate("document.activeElement.id"))


def ask(one: Visitor) -> str:
    """From an empty basket to a request that the biobank has; the path of its page."""
    one.open("/releases/requests/baskets/")
    one.page.get_by_label("Name of the basket").fill("Journey")
    well(one)
    press(one, "Begin a basket")
    one.page.get_by_label("How many donors").fill("3")
    press(one, "Choose")
    well(one)
    press(one, "Begin the request")
    one.page.get_by_label("Who receives the specimens").fill("Laboratory 3")
    one.page.get_by_label("Address").fill("Campuslaan 12, Leuven")
    well(one)
    press(one, "Change the request")
    follow(one, "Ask the biobank")
    press(one, "Ask the biobank")
    well(one)
    assert "It waits for: the biobank" in said(one)
    return one.page.url.removeprefix(one.address)


def test_specimens_go_and_come_back(visitors: Arrive) -> None:
    asks, gives = visitors("researcher2"), visitors("manager")
    request = ask(asks)
    gives.open("/")
    assert gives.page.locator(f"main a[href='{request}']").count(), "it waits on the manager's home page"
    gives.open(request)
    for step in ("Reserve the specimens", "Say what it costs"):
        follow(gives, step)
        well(gives)
        press(gives, step)
    asks.open(request)
    follow(asks, "Accept the quote")
    well(asks)
    press(asks, "Accept the quote")
    gives.open(request)
    follow(gives, "Begin to pick")
    press(gives, "Begin to pick")
    well(gives)
    labels = [one.inner_text() for one in gives.page.locator("#picked th[scope=row]").all()]
    assert len(labels) == 3 and focused(gives) == "scan"
    scan(gives, "NOT-ON-THE-LIST")
    alert = gives.page.get_by_role("alert")
    alert.wait_for()
    assert "STOP" in alert.inner_text() and "NOT-ON-THE-LIST" in alert.inner_text() and focused(gives) == "scan"
    well(gives)
    # A click elsewhere does not lose the next scan.
    gives.page.locator("h1").click()
    scan(gives, *labels)
    gives.page.get_by_text("3 of 3 picked").wait_for()
    assert focused(gives) == "scan" and not gives.page.get_by_role("alert").count()
    well(gives)
    follow(gives, "Send the parcel")
    press(gives, "Send the parcel")
    well(gives)
    asks.open(request)
    follow(asks, "Say what arrived")
    asks.page.get_by_label(f"Arrived {sorted(labels)[0]}").select_option("damaged")
    well(asks)
    press(asks, "Say what arrived")
    follow(asks, "Report use")
    well(asks)
    press(asks, "Report use")
    follow(asks, "Send back")
    well(asks)
    press(asks, "Send back")
    gives.open(request)
    follow(gives, "Take back what comes back")
    scan(gives, *sorted(labels)[1:])
    well(gives)
    press(gives, "Take back what comes back")
    follow(gives, "Close the request")
    press(gives, "Close the request")
    well(gives)
    assert "Nobody has to do anything now." in said(gives)
