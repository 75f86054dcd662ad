"""Every page that somebody can reach by links, for each role: it answers, it is accessible, it fits a small phone.

Of the pages of one kind (the same address but for an id) each role opens one. What is on it, and the frame around that,
are judged for accessibility where they are not word for word what has been judged already, for another role perhaps.
"""

from __future__ import annotations

import re

import pytest

from campus_browser.conftest import SAVED, Visitor, as_text

SOMEBODY = [
    "physician",
    "coordinator",
    "researcher",
    "student",
    "lecturer",
    "manager",
    "board1",
    "trialcentre",
    "ethics1",
    "privacy",
    "transfer",
    "partner",
    "steward",
    "administrator",
]
MOST = 80


def kind_of(path: str) -> str:
    """The address without ids and numbers, so that pages of one kind are one."""
    path, _, query = path.partition("?")
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", path)
    path = re.sub(r"\d+", "N", path)
    return path + "?" + "&".join(sorted(re.findall(r"(\w+)=", query)))


judged: set[str] = set()


def is_new(visitor: Visitor) -> bool:
    """Whether the page has a part that none before it had."""
    before = len(judged)
    judged.update(visitor.parts())
    return len(judged) > before


@pytest.mark.parametrize("key", SOMEBODY)
def test_every_page_that_a_role_can_reach(visitor: Visitor, key: str) -> None:
    visitor.sign_in(key)
    waiting, seen, wrong, titles = ["/"], {kind_of("/")}, [], {}
    looked = 0
    while waiting and looked < MOST:
        path = waiting.pop(0)
        status = visitor.open(path)
        looked += 1
        if status >= 400:
            wrong.append(f"{path}: a link led to {status}")
            continue
        if status == SAVED or not visitor.page.url.startswith(visitor.address):
            continue
        wrong += visitor.look() if is_new(visitor) else visitor.glance()
        headings = visitor.page.locator("h1").count()
        if headings != 1:
            wrong.append(f"{path}: {headings} first headings")
        titles.setdefault(visitor.page.title(), kind_of(path))
        for link in visitor.links():
            if kind_of(link) not in seen:
                seen.add(kind_of(link))
                waiting.append(link)
    assert not wrong, as_text(wrong)
    assert looked > 3


def test_a_page_with_faults_is_found_out(visitor: Visitor) -> None:
    """The control: were there something wrong, it would be seen."""
    visitor.sign_in("researcher")
    assert visitor.look() == []
    visitor.page.evaluate(
        """() => { document.querySelector('main').insertAdjacentHTML('beforeend',
        '<img src="/static/web/icon.svg"><p id="pale">pale</p><input>'
        + '<p id="wide">wide</p><div id="stuck"><p>wide</p></div>');
        document.getElementById('pale').style.color = '#eee';
        document.getElementById('wide').style.width = '900px';
        document.getElementById('stuck').style.overflowX = 'auto';
        document.querySelector('#stuck p').style.width = '900px';
        fetch('https://elsewhere.example/').catch(() => 0); console.error('a fault') }"""
    )
    visitor.page.wait_for_timeout(300)
    found = as_text(visitor.look())
    faults = (
        "image-alt",
        "color-contrast",
        "label",
        "wider than 320 px",
        "no keyboard",
        "elsewhere.example",
        "a fault",
    )
    for fault in faults:
        assert fault in found, fault


def test_a_page_that_changed_is_judged_again(visitor: Visitor) -> None:
    visitor.sign_in("researcher")
    is_new(visitor)
    visitor.open("/")
    assert not is_new(visitor)
    for part in ("main", "header"):
        visitor.page.evaluate("part => document.querySelector(part).insertAdjacentHTML('beforeend', '<p>x</p>')", part)
        assert is_new(visitor), part


def test_who_has_not_signed_in_is_asked_to(visitor: Visitor) -> None:
    visitor.open("/people/")
    assert "/account/login/" in visitor.page.url
    assert visitor.look() == []
