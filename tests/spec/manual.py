"""The cases as pages of the manual: what each part of a cohort means, with a hospital small enough to check by hand."""

from __future__ import annotations

from textwrap import dedent

from spec.example import Case, all_cases

HEAD = """# What a cohort means

Every rule below is a test: each example gives exactly these rows on every engine. Days are counted from 1 on January 1,
2020. Where nothing else is said everybody is a man born in 1980 and observed from day 1 to day 100, and the concepts 1
to 9 are valid and unrelated; `-` is a value that is missing.
"""


def manual() -> str:
    """All cases as one Markdown page."""
    return "\n".join([HEAD, *(_page(case) for case in all_cases())])


def _page(case: Case) -> str:
    parts = [f"## {case.title}", case.text, "The hospital:", _block(case.hospital)]
    for example in case.examples:
        parts.append(f"{example.says[:1].upper()}{example.says[1:]}:")
        parts.append(_block(example.rows) if example.rows.strip() else "nothing.")
    return "\n\n".join(parts) + "\n"


def _block(text: str) -> str:
    return f"```text\n{dedent(text).strip()}\n```"
