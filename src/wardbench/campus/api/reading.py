"""How what a program sends is read."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import ValidationError
from ninja.parser import Parser


class WholeCharacters(Parser):
    """Refuses half a character of UTF-16, which JSON can write ("\\ud800") and nothing can keep or show."""

    def parse_body(self, request: HttpRequest) -> Any:
        found = super().parse_body(request)
        json.dumps(found, ensure_ascii=False).encode()
        return found


def known_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuses what stands in the address after the question mark and that the call does not know by its name: a word
    that is spelled wrong would else be a search for everything. ValidationError with the first."""
    names = frozenset(inspect.signature(view).parameters)

    @functools.wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        in_the_path = request.resolver_match.kwargs if request.resolver_match else {}
        for name in request.GET:
            if name not in names or name in in_the_path:
                raise ValidationError([{"loc": ("query", name[:100]), "msg": _("this is not known here")}])
        return view(request, *args, **kwargs)

    return answered
