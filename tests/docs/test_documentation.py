"""Every command and code block in the README and the manual runs, and the manual builds without asking anyone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from demonstration import COMMAND

ROOT = Path(__file__).parent.parent.parent
WRITTEN = {"commands.md", "cohorts.md"}
"""Pages that are written from the code when the manual is built."""
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
PAGES = [page for page in PAGES if page.is_file() and "_build" not in page.parts and page.name not in WRITTEN]
RUN = {"sh", "python"}
SHOWN = {"text", "json"}
# This test is itself part of `./wardbench test`; CI runs the command, and the test below holds CI to it.
RUNNING_NOW = "./wardbench test"
MADE_ONCE = f"./wardbench {' '.join(COMMAND)}\n"
SERVES = "./wardbench demo"
"""Serves until it is ended by Ctrl-C."""


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    found, start, language, lines = [], 0, None, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.match(r"```(\S*)", line)
        if language is None and fence:
            start, language, lines = number, fence[1], []
        elif language is not None and line.startswith("```"):
            found.append(Block(language, "\n".join(lines), start))
            language = None
        elif language is not None:
            lines.append(line)
    assert language is None, f"{page}:{start}: the code block is not closed"
    return found


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks like a fresh checkout, where what a page writes does no harm."""
    for entry in ROOT.iterdir():
        if entry.name not in {".venv", ".git", "demo", ".cache"}:
            (tmp_path / entry.name).symlink_to(entry)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_says_what_it_is(page: Path) -> None:
    for block in blocks(page):
        known = block.language in RUN | SHOWN or block.language.startswith("{")
        assert known, (
            f"{name(page)}:{block.line}: a block is `sh` or `python` and runs, or `text` or `json` and is shown"
        )


@pytest.mark.parametrize("page", [p for p in PAGES if any(b.language in RUN for b in blocks(p))], ids=name)
def test_every_command_runs(page: Path, checkout: Path, request: pytest.FixtureRequest) -> None:
    if MADE_ONCE in page.read_text(encoding="utf-8"):
        # By this very command, which then takes what is there.
        shutil.copytree(request.getfixturevalue("demonstration"), checkout / "demo")
    environment = {
        **os.environ,
        "WARDBENCH_VENV": os.environ.get("WARDBENCH_VENV", str(ROOT / ".venv")),
        "PYTHONPATH": str(ROOT / "src"),
    }
    for block in blocks(page):
        if block.language not in RUN or block.text.strip() == RUNNING_NOW:
            continue
        if block.text.strip() == SERVES:
            opened_and_ended(["sh", "-euc", f"exec {block.text}"], checkout, environment)
            continue
        command = ["sh", "-euc", block.text] if block.language == "sh" else [sys.executable, "-c", block.text]
        result = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
        assert result.returncode == 0, f"{name(page)}:{block.line}:\n{block.text}\n{result.stdout}\n{result.stderr}"


def opened_and_ended(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Run what serves until it says where, ask for the page, and end it as a person would."""
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = next((found[0] for line in server.stdout if (found := re.search(r"http://127[^ \n]*", line))), None)
        try:
            assert address is not None, "it ended without saying where it serves"
            with urllib.request.urlopen(address, timeout=60) as answer:
                assert answer.status == 200
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0


def test_the_command_that_is_not_run_here_is_what_ci_runs() -> None:
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").strip().endswith(RUNNING_NOW)


def test_the_manual_builds_and_asks_nobody_for_anything(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(ROOT / "docs"), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(build, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    loads = re.compile(
        r"""(?:<(?:script|img|iframe|source)[^>]*\ssrc|<link[^>]*\shref)\s*=\s*["'](?:https?:)?//[^"']*"""
    )
    for page in tmp_path.rglob("*.html"):
        assert not loads.findall(page.read_text(encoding="utf-8")), page
    for sheet in tmp_path.rglob("*.css"):
        assert not re.findall(r"url\(\s*[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_between_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists() or Path(target).name in WRITTEN, f"{name(page)}: {target}"
