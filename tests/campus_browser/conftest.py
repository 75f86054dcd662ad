"""A demonstration campus, served as it is in production, and people who use it with a real Chromium."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATIENCE = 180
SAVED = 299
"""Instead of the status of a page: a file was saved."""


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "wardbench", *arguments]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


@pytest.fixture(scope="session")
def campus(tmp_path_factory: pytest.TempPathFactory, demonstration: Path) -> Iterator[str]:
    """The address of a running demonstration, of this process's own."""
    if shutil.which("chromium") is None:
        pytest.skip("there is no Chromium on this machine")
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(demonstration / "campus", folder / "campus")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(
        _command("serve", "--campus", str(folder / "campus"), "--bind", f"127.0.0.1:{port}"),
        env=ENVIRONMENT,
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, folder / "server.log")
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(address, timeout=10).close()
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"the campus did not answer in {PATIENCE} s: {log.read_text()}")


@dataclass
class Visitor:
    """Somebody in a browser window. Whatever a page complains of, or asks another host for, is kept."""

    page: Any
    address: str
    failure: type[Exception]
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        self.page.set_default_timeout(30_000)

    def _said(self, message: Any) -> None:
        # A page that refuses (403, 404) is reported by the browser too; those are what some tests are about.
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != self.address:
            self.complaints.append(f"asked another host: {request.url}")

    def open(self, path: str) -> int:
        """Open a path of the campus; the status of the answer, `SAVED` where a file is saved instead."""
        try:
            answer = self.page.goto(self.address + path if path.startswith("/") else path)
        except self.failure as error:
            if "Download is starting" not in str(error):
                raise
            return SAVED
        return int(answer.status) if answer else 200

    def sign_in(self, key: str) -> None:
        """Sign in as somebody of the demonstration, by the button with their name."""
        self.open("/account/login/")
        self.page.locator(f"button[value='{key}@demo.example']").click()
        self.page.wait_for_url(self.address + "/")

    def look(self) -> list[str]:
        """Everything that is wrong with the page as it is shown: accessibility, width, complaints."""
        return [f"{self.page.url}: {fault}" for fault in self.accessibility()] + self.glance()

    def glance(self) -> list[str]:
        """What is wrong with the page's width, and what it complains of."""
        found = [f"{self.page.url}: {complaint}" for complaint in self.complaints]
        self.complaints.clear()
        return found + [f"{self.page.url}: {fault}" for fault in self.too_wide()]

    def parts(self) -> list[str]:
        """The page's main part and the frame around it, without what says where one is and what nobody sees."""
        found: list[str] = self.page.evaluate(
            """() => {
              const page = document.body.cloneNode(true), main = page.querySelector('main');
              page.querySelectorAll('input[type=hidden]').forEach(hidden => hidden.remove());
              page.querySelectorAll('[aria-current]').forEach(here => here.removeAttribute('aria-current'));
              page.removeAttribute('hx-headers');
              if (main) main.remove();
              return [main ? main.outerHTML : '', page.outerHTML];
            }"""
        )
        return found

    def accessibility(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA and its best practices."""
        if not AXE.is_file():
            pytest.skip("axe is not installed (npm ci in tests/campus_browser)")
        # Under the content security policy a script tag would be refused; evaluating is not.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", WCAG)
        return [
            f"{one['id']} ({one['impact']}): {node['html'][:160]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def too_wide(self, width: int = 320) -> list[str]:
        """What makes the page wider than a small phone."""
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": width, "height": 800})
        wide = self.page.evaluate(
            """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
            [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > window.innerWidth + 1
              && !e.closest('.app-table-scroll')).slice(0, 3).map(e => e.outerHTML.slice(0, 120))"""
        )
        too_wide = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        # Once the page has drawn itself anew: what is scrolled sideways is so by keyboard too.
        stuck = self.page.evaluate(
            """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))).then(() =>
            [...document.querySelectorAll('body *')].filter(e => e.scrollWidth > e.clientWidth && e.checkVisibility()
              && e.tabIndex < 0 && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
              && !e.querySelector('a[href], button, input, select, textarea, summary, [tabindex="0"]'))
              .map(e => e.outerHTML.slice(0, 120)))"""
        )
        self.page.set_viewport_size(before)
        found = [f"wider than {width} px: {wide}"] if too_wide else []
        return found + [f"no keyboard scrolls it at {width} px: {one}" for one in stuck]

    def links(self) -> list[str]:
        """The paths of this campus that the page links to, without what signs out or downloads."""
        places = "main a[href], nav a[href], header a[href]"
        found = self.page.evaluate("places => [...document.querySelectorAll(places)].map(a => a.href)", places)
        paths = []
        for link in found:
            parts = urlsplit(link)
            if f"{parts.scheme}://{parts.netloc}" == self.address and not re.search(
                r"\.(csv|json|jsonld|pdf|ttl)$", parts.path
            ):
                paths.append(parts.path + (f"?{parts.query}" if parts.query else ""))
        return list(dict.fromkeys(paths))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


def _failure() -> type[Exception]:
    from playwright.sync_api import Error

    return Error


@pytest.fixture
def visitor(chromium: Any, campus: str) -> Iterator[Visitor]:
    """A window of its own: no cookies, 1280 pixels wide."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    yield Visitor(context.new_page(), campus, _failure())
    context.close()


@pytest.fixture
def visitors(chromium: Any, campus: str) -> Iterator[Any]:
    """As many windows as asked for, each somebody's: `visitors("researcher")`."""
    contexts: list[Any] = []

    def arrive(key: str, **options: Any) -> Visitor:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options})
        contexts.append(context)
        one = Visitor(context.new_page(), campus, _failure())
        one.sign_in(key)
        return one

    yield arrive
    for context in contexts:
        context.close()


def as_text(found: list[str]) -> str:
    return json.dumps(found, indent=1)
