"""A page of figures that stands alone: HTML without script, font, picture or request, the same bytes every time.

The template is given figures that went through disclosure control, and text; it refuses a bare number.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources.abc import Traversable
from typing import Any

import jinja2
from markupsafe import Markup

from wardbench.core.disclosure import Figure


def rendered(templates: Traversable, template: str, css: str, **values: Any) -> str:
    """A template of a folder as HTML, with `css` and its `css_hash` for the page's policy beside `values`."""
    # The policy names the style by a hash of its text exactly as it stands in the page.
    css = css.strip()
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: templates.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    css_hash = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return environment.get_template(template).render(css=css, css_hash=css_hash, **values)


def _shown(value: Any) -> Any:
    """What a template may print: text, and figures that went through disclosure control."""
    if isinstance(value, Figure):
        return value.text
    if isinstance(value, str | Markup | jinja2.Undefined):
        return value
    raise TypeError(f"a template printed {type(value).__name__}; figures go through wardbench.core.disclosure")
