"""How the documentation is built: Markdown by MyST, looks by Furo, nothing fetched from anywhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "src"))

from wardbench import __version__  # noqa: E402

project = "Wardbench"
author = "The Wardbench developers"
project_copyright = "2026, The Wardbench developers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
autodoc_typehints = "description"
nitpicky = False

html_theme = "furo"
html_title = "Wardbench"
html_show_sourcelink = False
html_copy_source = False


def write_command_reference(_app: Any) -> None:
    """Write `reference/commands.md` from the command line itself, so that the two cannot drift apart."""
    import typer
    from typer.cli import get_docs_for_click

    from wardbench.cli.app import app

    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command, info_name="wardbench"), name="wardbench")
    target = HERE / "reference" / "commands.md"
    content = text.replace("# `wardbench`", "# Commands", 1)
    if not target.is_file() or target.read_text(encoding="utf-8") != content:
        target.write_text(content, encoding="utf-8")


def write_cohort_manual(_app: Any) -> None:
    """Write `reference/cohorts.md` from the cases that every engine is tested with: a page that cannot be wrong."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from spec.manual import manual

    target = HERE / "reference" / "cohorts.md"
    content = manual()
    if not target.is_file() or target.read_text(encoding="utf-8") != content:
        target.write_text(content, encoding="utf-8")


def write_security_requirements(_app: Any) -> None:
    """Write `reference/asvs.md` from the matrix that the tests are held to."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from campus.asvs_page import PAGE, page

    if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page():
        PAGE.write_text(page(), encoding="utf-8")


def write_campus_reference(_app: Any) -> None:
    """Write the pages about the campus's forms and rights from the forms and rules themselves."""
    from wardbench.campus.manual.__main__ import write

    write(HERE)


def setup(app: Any) -> None:
    app.connect("builder-inited", write_security_requirements)
    app.connect("builder-inited", write_campus_reference)
    app.connect("builder-inited", write_command_reference)
    app.connect("builder-inited", write_cohort_manual)
