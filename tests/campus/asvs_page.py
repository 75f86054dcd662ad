"""The page of the manual that says how each requirement of OWASP ASVS 5.0 is met: written from asvs.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/reference/asvs.md"
CHAPTERS = {
    "V1": "Encoding and sanitization",
    "V2": "Validation and business logic",
    "V3": "Web frontend",
    "V4": "API and web service",
    "V5": "File handling",
    "V6": "Authentication",
    "V7": "Session management",
    "V8": "Authorization",
    "V9": "Self-contained tokens",
    "V10": "OAuth and OIDC",
    "V11": "Cryptography",
    "V12": "Secure communication",
    "V13": "Configuration",
    "V14": "Data protection",
    "V15": "Secure coding and architecture",
    "V16": "Security logging and error handling",
    "V17": "WebRTC",
}
WAYS = {
    "tests": "shown by tests",
    "not_applicable": "do not apply",
    "procedure": "held by a procedure at each release",
    "open": "are open",
}
HEAD = """# Security requirements

The requirements of levels 1 and 2 of the OWASP Application Security Verification Standard 5.0, by number, and for
each the tests that show it, why it does not apply, or what is still missing. This page is written from
`tests/campus/asvs.toml` when the manual is built, and a test fails where the two differ or where a test that is named
does not exist. What the numbers ask for stands in the standard; what an installation relies on is in
[How the campus is kept safe](../explanation/security.md).

"""


def matrix() -> dict[str, dict[str, dict[str, Any]]]:
    """Chapter, requirement, and the one thing that is said of it."""
    return tomllib.loads((HERE / "asvs.toml").read_text(encoding="utf-8"))


def page() -> str:
    """The whole page, in Markdown."""
    chapters = matrix()
    said = [
        next(way for way in ("procedure", *one) if way in one) for part in chapters.values() for one in part.values()
    ]
    counts = ", ".join(f"{said.count(way)} {words}" for way, words in WAYS.items())
    lines = [HEAD, f"Of {len(said)} requirements, {counts}.\n"]
    for chapter, requirements in chapters.items():
        lines += [f"\n## {chapter} {CHAPTERS[chapter]}\n", "\n| requirement | how it is met |\n| --- | --- |\n"]
        lines += [f"| {number} | {_told(one)} |\n" for number, one in requirements.items()]
    return "".join(lines)


def _told(said: dict[str, Any]) -> str:
    if "procedure" in said:
        tests = {"tests": said["tests"]}
        return f"cannot be shown by a test: {said['procedure']}; its parts are held by {_told(tests)}"
    if "tests" in said:
        return ", ".join(f"`{test.replace('::', ' ')}`" for test in said["tests"])
    return f"does not apply: {said['not_applicable']}" if "not_applicable" in said else f"**open**: {said['open']}"
