"""A command alone is the command among all of them, and brings along only what it needs."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import typer

from wardbench.cli.commands import COMMANDS, command_line


def commands(word: str = "") -> dict[str, Any]:
    found: Any = typer.main.get_command(command_line(word))
    return dict(found.commands)


def test_every_command_is_found_by_its_word() -> None:
    assert commands().keys() == COMMANDS.keys()


@pytest.mark.parametrize("word", COMMANDS)
def test_a_word_brings_its_command_alone_and_whole(word: str) -> None:
    (alone,) = commands(word).items()
    assert alone[0] == word
    every = commands()[word]
    assert getattr(alone[1], "commands", {}).keys() == getattr(every, "commands", {}).keys()
    assert [one.name for one in alone[1].params] == [one.name for one in every.params]


def test_what_is_no_command_is_looked_for_among_all() -> None:
    for word in ("", "--help", "none of them"):
        assert commands(word).keys() == COMMANDS.keys()


SMALL = """
import sys
from wardbench.cli import main
sys.argv[1:] = ["version"]
try:
    main()
except SystemExit:
    print(*{"duckdb", "pyarrow", "numpy", "django", "sqlglot"} & set(sys.modules))
"""


def test_a_small_command_imports_nothing_large() -> None:
    result = subprocess.run([sys.executable, "-c", SMALL], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[1:] == [""]
