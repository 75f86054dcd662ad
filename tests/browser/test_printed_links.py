"""On paper a link within the campus is its words alone: an address without a host leads nowhere."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from browser.chromium import Browser

STATIC = resources.files("wardbench.campus.web") / "static" / "web"
AFTER = "getComputedStyle(document.querySelector('[href^=\"{start}\"]'), '::after').content"


def test_only_an_address_elsewhere_is_printed_beside_its_words(browser: Browser, tmp_path: Path) -> None:
    sheets = "".join(
        f'<link rel="stylesheet" href="file://{STATIC / name}">' for name in ("vendor/design.css", "app.css")
    )
    links = "".join(f'<a href="{one}">x</a>' for one in ("/people/1/", "#cohorts", "?page=2", "https://orcid.org/1"))
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><html><head>{sheets}</head><body>{links}</body></html>", encoding="utf-8")
    browser.open(page)
    browser.media("print")
    for start in ("/people", "#cohorts", "?page"):
        assert browser.evaluate(AFTER.format(start=start)) == "none", start
    assert "orcid.org" in browser.evaluate(AFTER.format(start="https"))
    browser.media("")
