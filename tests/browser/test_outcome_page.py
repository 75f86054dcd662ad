"""The first page of an outcome report, on paper: the whole answer, its curves and how far it may be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from browser.chromium import Browser
from wardbench.cli.app import app
from wardbench.core.store import Store
from wardbench.synthetic import protocols, write_store

PAPER = (680, 994)
"""Of A4 within the margins of the page's style, in pixels."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison that passes every gate."""
    folder = tmp_path_factory.mktemp("first page")
    write_store(folder / "store", 8000, 1)
    with Store.open(folder / "store").snapshot().connect() as con:
        protocols.write(con, folder)
    report = folder / "report.html"
    words = ["outcomes", "run", str(folder / "heart-failure.json"), "--store", str(folder / "store")]
    assert CliRunner().invoke(app, [*words, "--report", str(report)]).exit_code == 0
    return report


def test_the_answer_with_its_curves_and_doubts_is_one_printed_page(browser: Browser, page: Path) -> None:
    browser.media("print")
    browser.width(PAPER[0])
    browser.open(page)
    try:
        found = browser.evaluate(
            "(() => { const first = document.querySelector('.first');"
            " return [first.getBoundingClientRect().bottom, first.querySelectorAll('svg').length,"
            " [...first.querySelectorAll('h3')].map(one => one.textContent).join()]; })()"
        )
    finally:
        browser.media()
    bottom, charts, parts = found
    assert bottom <= PAPER[1] and charts == 1 and "How far it may be trusted" in parts
