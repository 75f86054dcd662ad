"""OWASP ASVS 5.0, levels 1 and 2: each requirement has tests that exist, a reason, or is listed as open (asvs.toml)."""

from __future__ import annotations

import ast
import csv
import functools
import tomllib
from pathlib import Path
from typing import Any

import pytest

from campus import asvs_page

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MATRIX: dict[str, dict[str, Any]] = {
    requirement: said
    for chapter in tomllib.loads((HERE / "asvs.toml").read_text(encoding="utf-8")).values()
    for requirement, said in chapter.items()
}
KINDS = {"tests", "not_applicable", "open", "procedure"}
MOST_OPEN = 0
"""Requirements still open; it only ever goes down."""


@functools.cache
def found_in(file: str) -> frozenset[str]:
    """The names of the tests in a file; those of a class as `Class::name`."""
    path = HERE.parent / file if file.startswith("unit/") else HERE / file
    if not path.is_file():
        return frozenset()
    found = {""}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found.add(node.name)
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(found)


@pytest.mark.parametrize("requirement", list(MATRIX))
def test_a_requirement_says_one_thing_and_its_tests_exist(requirement: str) -> None:
    said = MATRIX[requirement]
    assert set(said) <= KINDS and all(said.values()), said
    assert len(said) == 1 or set(said) == {"procedure", "tests"}, "a procedure says which tests hold its parts"
    missing = []
    for one in said.get("tests", []):
        file, _, name = one.partition("::")
        if name not in found_in(file):
            missing.append(one)
    assert not missing


def test_every_requirement_of_the_standard_is_there(shared: Path) -> None:
    with (shared / "data/security/asvs5.csv").open(encoding="utf-8", newline="") as file:
        wanted = {row["req_id"] for row in csv.DictReader(file) if row["L"] in ("1", "2")}
    assert len(wanted) == 253 and set(MATRIX) == wanted


def test_what_is_open_becomes_less(record_property: Any) -> None:
    still = [requirement for requirement, said in MATRIX.items() if "open" in said]
    record_property("asvs_open", len(still))
    print(f"ASVS: {len(still)} of {len(MATRIX)} requirements are open: {', '.join(still)}")
    assert len(still) == MOST_OPEN, "lower MOST_OPEN with each that is closed; it never rises"


def test_what_no_test_can_show_is_few_and_says_what_the_tests_of_it_show() -> None:
    held = {requirement: said for requirement, said in MATRIX.items() if "procedure" in said}
    assert set(held) == {"V15.2.1"} and all(said.get("tests") for said in held.values())
    assert "cannot be shown by a test" in asvs_page.page()


def test_a_test_that_is_not_there_is_noticed() -> None:
    assert "test_no_such_thing" not in found_in("test_sign_in.py") and not found_in("test_no_such_file.py")
    assert "TestForgottenPassword::test_nothing_tells_whether_an_address_exists" in found_in("test_sign_in.py")


def test_how_to_sign_in_tells_what_the_matrix_relies_on() -> None:
    """The documentation that the standard asks for: limits of attempts, ways to sign in, how long sessions last."""
    said = " ".join((ROOT / "docs/how-to/sign-in.md").read_text(encoding="utf-8").split())
    for part in ("five times in five minutes", "ten times a minute", "OpenID Connect", "SAML", "second factor"):
        assert part in said, part
    for part in ("15 minutes", "10 minutes", "30 minutes", "12 hours", "4 hours", "as many sessions", "sign out there"):
        assert part in said, part


def test_the_page_of_the_manual_is_that_of_the_matrix() -> None:
    written = asvs_page.PAGE.read_text(encoding="utf-8")
    assert written == asvs_page.page(), "write it again: ./wardbench docs"
    assert all(f"| {requirement} |" in written for requirement in MATRIX)
