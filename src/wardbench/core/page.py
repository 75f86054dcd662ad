"""A page of figures that stands alone: HTML without script, font, picture or request, the same bytes every time.

The template is given figures that went through disclosure control, and text; it refuses a bare number.
"""

from __future__ import annotations

import base64
import hashlib
import html
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import jinja2
from markupsafe import Markup

from wardbench.core.disclosure import Figure

_SHELL = resources.files(__package__).joinpath("templates")


def rendered(templates: Traversable, template: str, **values: Any) -> str:
    """A template of a folder as HTML. It extends `page.html`, which asks for a `name`, a `kind`, `figures` with `mode`,
    `label` and `notes`, what the page was `made` from and with, `methods`, `json` and its `checksum`; a style of the
    same name as the template is added to the shell's."""
    # The policy names the style by a hash of its text exactly as it stands in the page.
    css = _SHELL.joinpath("page.css").read_text(encoding="utf-8").strip()
    own = templates.joinpath(template.replace(".html", ".css"))
    if own.is_file():
        css += "\n" + own.read_text(encoding="utf-8").strip()

    def source(name: str) -> str:
        folder = _SHELL if name == "page.html" else templates
        return folder.joinpath(name).read_text(encoding="utf-8")

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    css_hash = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return environment.get_template(template).render(css=css, css_hash=css_hash, **values)


def escape(words: str) -> str:
    """Words as they stand between the tags of a picture. The library of XML does the same, and loads all of HTTP."""
    return html.escape(words, quote=False)


def _shown(value: Any) -> Any:
    """What a template may print: text, and figures that went through disclosure control."""
    if isinstance(value, Figure):
        return value.text
    if isinstance(value, str | Markup | jinja2.Undefined):
        return value
    raise TypeError(f"a template printed {type(value).__name__}; figures go through wardbench.core.disclosure")
