"""How what a program sends is read."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser


class WholeCharacters(Parser):
    """Refuses half a character of UTF-16, which JSON can write ("\\ud800") and nothing can keep or show."""

    def parse_body(self, request: HttpRequest) -> Any:
        found = super().parse_body(request)
        json.dumps(found, ensure_ascii=False).encode()
        return found
