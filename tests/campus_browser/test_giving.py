"""Specimens from a basket to their return, each step by whoever's turn it is; picked with a scanner's keyboard."""

from __future__ import annotations

import time
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


def stops(one: Visitor) -> list[str]:
    """The labels that STOP stands for, from the top."""
    return [str(label) for label in one.page.locator(".app-scan--bad .app-scan__label").all_inner_texts()]


def put_aside(one: Visitor) -> None:
    """Say of the first wrong tube that it was put back, by keyboard; the scan field has the focus again."""
    buttons = one.page.get_by_role("button", name="I put it back")
    last = buttons.nth(buttons.count() - 1)
    buttons.first.focus()
    one.page.keyboard.press("Enter")
    last.wait_for(state="detached")
    assert focused(one) == "scan"


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
    scan(gives, labels[0])
    gives.page.get_by_text("1 of 3 picked").wait_for()
    # Some scanners send Tab after a label, others nothing at all.
    gives.page.keyboard.type(labels[1])
    gives.page.keyboard.press("Tab")
    gives.page.get_by_text("2 of 3 picked").wait_for()
    assert focused(gives) == "scan"
    gives.page.keyboard.type(labels[2])
    gives.page.get_by_text("3 of 3 picked").wait_for()
    # Whoever scans on without looking finds the wrong tube still standing, and cannot send before it is put back.
    send = gives.page.get_by_role("link", name="Send the parcel")
    assert focused(gives) == "scan" and stops(gives) == ["NOT-ON-THE-LIST"] and not send.count()
    gives.page.reload()
    assert stops(gives) == ["NOT-ON-THE-LIST"], "also when the page is loaded again"
    # What a scanner types while a button has the focus does not press it.
    gives.page.get_by_role("button", name="I put it back").focus()
    scan(gives, "ANOTHER")
    gives.page.get_by_text("ANOTHER", exact=True).first.wait_for()
    assert stops(gives) == ["NOT-ON-THE-LIST", "ANOTHER"]
    well(gives)
    put_aside(gives)
    put_aside(gives)
    assert not stops(gives)
    # A scan that gets no answer is not swallowed, keeps its label, and is gone once it is scanned again.
    gives.page.route("**/picking/", lambda route: route.abort())
    scan(gives, "LOST", "AWAY")
    gives.page.locator("#unsent .app-scan--bad").nth(1).wait_for()
    assert stops(gives) == ["LOST", "AWAY"] and focused(gives) == "scan" and not send.is_visible()
    assert "Not sent. Scan this label again." in gives.page.locator("#unsent").inner_text()
    gives.complaints.clear()
    gives.page.unroute("**/picking/")
    gives.page.route("**/picking/", lambda route: route.fulfill(status=502, body="Bad gateway"))
    scan(gives, "FAILED")
    gives.page.locator("#unsent .app-scan--bad").nth(2).wait_for()
    gives.complaints.clear()
    gives.page.unroute("**/picking/")
    well(gives)
    scan(gives, labels[0])
    gives.page.get_by_text("This tube is picked already.").wait_for()
    scan(gives, "AWAY")
    gives.page.locator("#stops .app-scan--bad").wait_for()
    assert stops(gives) == ["LOST", "FAILED", "AWAY"]
    for _three in range(3):
        put_aside(gives)
    send.wait_for()
    assert not stops(gives)
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
    asks.page.get_by_role("checkbox", name=sorted(labels)[0], exact=True).check()
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


def found(one: Visitor) -> str:
    """From the finder, by its facets, to a request for material that leaves by an agreement; the path of its page."""
    one.open("/samples/")
    before = int(one.page.locator(".app-number-big").inner_text().replace(",", ""))
    one.page.get_by_label("Female", exact=True).first.check()
    one.page.get_by_role("button", name="Count", exact=True).first.click()
    one.page.wait_for_load_state("networkidle")
    well(one)
    assert 0 < int(one.page.locator(".app-number-big").inner_text().replace(",", "")) < before
    follow(one, "Put into a basket")
    one.page.get_by_label("Name of a new basket").fill("From the finder")
    one.page.get_by_label("How many specimens").fill("2")
    well(one)
    press(one, "Put into the basket")
    assert "2 specimens were put into the basket." in one.page.content()
    press(one, "Begin the request")
    one.page.get_by_label("Who receives the specimens").fill("Nordlicht Diagnostics")
    one.page.get_by_label("Address").fill("Hafenstrasse 4, Kiel")
    one.page.get_by_label("Country").fill("DE")
    one.page.get_by_label("The recipient is outside the campus").check()
    one.page.get_by_label("E-mail of the recipient").fill("samples@nordlicht.example")
    well(one)
    press(one, "Change the request")
    follow(one, "Ask the biobank")
    press(one, "Ask the biobank")
    return one.page.url.removeprefix(one.address)


def signed(one: Visitor, request: str, name: str) -> None:
    one.open(request)
    follow(one, "Sign the agreement")
    if one.page.get_by_label("Name and function of whoever signs").count():
        one.page.get_by_label("Name and function of whoever signs").fill(name)
    one.page.get_by_label("I have read this agreement and may sign it").check()
    well(one)
    press(one, "Sign the agreement")


def marked(one: Visitor, mark: str) -> bool:
    """Whether a page of the finder says so of a specimen."""
    one.open("/samples/")
    for _page in range(20):
        if mark in said(one):
            return True
        after = one.page.get_by_role("link", name="Next page")
        if not after.count():
            return False
        after.click()
        one.page.wait_for_load_state("networkidle")
    return False


def test_from_the_finder_over_an_agreement_to_what_came_back(visitors: Arrive) -> None:
    asks, gives = visitors("lecturer"), visitors("manager")
    request = found(asks)
    for step in ("Reserve the specimens", "Say what it costs"):
        gives.open(request)
        follow(gives, step)
        press(gives, step)
    asks.open(request)
    follow(asks, "Accept the quote")
    press(asks, "Accept the quote")
    gives.open(request)
    assert not gives.page.get_by_role("link", name="Begin to pick").count(), "nothing is picked before both have signed"
    signed(asks, request, "Dr. Ilse Brandt, director")
    signed(gives, request, "Pieter Goossens, manager")
    gives.open(request)
    follow(gives, "Begin to pick")
    press(gives, "Begin to pick")
    labels = [one.inner_text() for one in gives.page.locator("#picked th[scope=row]").all()]
    assert len(labels) == 2
    scan(gives, labels[0], "SR000000")
    alert = gives.page.get_by_role("alert")
    alert.wait_for()
    assert "STOP" in alert.inner_text() and focused(gives) == "scan"
    scan(gives, labels[1])
    gives.page.get_by_text("2 of 2 picked").wait_for()
    put_aside(gives)
    follow(gives, "Send the parcel")
    press(gives, "Send the parcel")
    well(gives)
    assert "The code of the parcel" in said(gives)
    asks.open(request)
    follow(asks, "Say what arrived")
    press(asks, "Say what arrived")
    follow(asks, "Report use")
    asks.page.get_by_role("checkbox").first.check()
    asks.page.get_by_label("How much of each was used").fill("0.1")
    asks.page.get_by_label("Unit").select_option("ml")
    press(asks, "Report use")
    asks.open(request)
    asks.page.locator("main a[href^='/studies/']").first.click()
    asks.page.wait_for_load_state("networkidle")
    follow(asks, "What came back")
    asks.page.get_by_label("Values", exact=False).first.check()
    asks.page.get_by_label("Title").fill("Cytokines of two tubes")
    rows = "".join(f"{label},IL-6,4.2,pg/mL\n" for label in labels)
    asks.page.get_by_label("Or values as text, like the file").fill(f"label,analyte,value,unit\n{rows}")
    well(asks)
    press(asks, "Keep it")
    assert "Cytokines of two tubes" in said(asks)
    asks.open(request)
    follow(asks, "Send back")
    press(asks, "Send back")
    gives.open(request)
    follow(gives, "Take back what comes back")
    scan(gives, *labels)
    press(gives, "Take back what comes back")
    follow(gives, "Close the request")
    press(gives, "Close the request")
    assert "Nobody has to do anything now." in said(gives)
    gives.open(f"/biobank/specimens/?text={labels[0]}")
    follow(gives, labels[0])
    assert "IL-6" in said(gives) and "4.2 pg/mL" in said(gives)
    well(gives)
    # The finder's index follows the inventory within a minute.
    end = time.monotonic() + 150
    while not marked(asks, "assayed: IL-6"):
        assert time.monotonic() < end, "the next one does not see that it was assayed"
        time.sleep(5)
    assert "4.2" not in said(asks)
