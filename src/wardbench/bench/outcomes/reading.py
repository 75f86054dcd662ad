"""The text of a protocol, YAML or JSON, as plain values; what is wrong with it is a sentence that names line or field.

Nothing is passed over: a field that stands twice is refused, as one of the two would be silently forgotten.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

SHAPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "yes or no",
    "null": "nothing",
    "array": "a list",
    "object": "fields with values",
    "str | object": "the name of a file or a cohort itself",
    "str | object | null": "the name of a file or a cohort itself",
}
"""What the decoder's types are called here."""
STRING, MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_SHAPE = re.compile(r"Expected `(?P<wanted>[^`]+)`(?P<more>[^`]*?)(?:, got `?(?P<got>[^`]+)`?)?$")
_NAMED = re.compile(r"`(?P<name>[^`]+)`$")


def plain_values(text: bytes, *, is_json: bool) -> Any:
    """What a text says. ValueError with a sentence that names the line."""
    try:
        said = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8.") from None
    try:
        return json.loads(said, object_pairs_hook=_once) if is_json else _from_yaml(said)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: not JSON ({error.msg[:1].lower()}{error.msg[1:]}).") from None
    except RecursionError:
        raise ValueError("it is nested too deeply.") from None


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name}: it stands there twice.")
        found[name] = value
    return found


def _from_yaml(text: str) -> Any:
    import yaml

    class Once(yaml.SafeLoader):
        """A loader that refuses a field which stands twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                where = f"line {key.start_mark.line + 1}"
                if key.tag not in (STRING, MERGE):
                    raise ValueError(f"{where}: the name of a field is a word, not {_called(key.tag)}.")
                if key.value in seen:
                    raise ValueError(f"{where}: {key.value}: it stands there twice.")
                seen.add(key.value)
            return dict(super().construct_mapping(node, deep))

    try:
        return yaml.load(text, Loader=Once)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f"line {mark.line + 1}: "
        if mark is not None and "'\\t'" in str(error.problem):
            raise ValueError(f"{where}a tab; YAML is indented with spaces.") from None
        raise ValueError(f"{where}not YAML ({error.problem or error.context}).") from None
    except yaml.reader.ReaderError:
        raise ValueError("it is not YAML: it holds characters that no text has.") from None


def in_words(error: str, fields: Sequence[str], choices: dict[str, Sequence[str]]) -> str:
    """The decoder's error as a sentence that begins with the field. `fields` are those there are; `choices` the words
    that some of them take."""
    match = _AT.match(error)
    what, path = (match["what"], (match["path"] or "").lstrip(".")) if match else (error, "")
    inside = f"{path}." if path else ""
    if what.startswith("Object contains unknown field") and (named := _NAMED.search(what)):
        near = difflib.get_close_matches(named["name"], fields, n=1)
        return f"{inside}{named['name']}: there is no such field{f'; is {near[0]} meant?' if near else '.'}"
    if what.startswith("Object missing required field") and (named := _NAMED.search(what)):
        return f"{inside}{named['name']}: it is missing, and every protocol has it."
    if what.startswith("Invalid enum value") and path in choices:
        return f"{path}: one of {', '.join(choices[path])}."
    if shape := _SHAPE.match(what):
        wanted = SHAPES.get(shape["wanted"], shape["wanted"]) + shape["more"]
        got = f", not {'a fraction' if shape['got'] == 'float' else _called(shape['got'])}" if shape["got"] else ""
        return f"{path}: here belongs {wanted}{got}." if path else f"a protocol is {wanted}{got}."
    return f"{path or 'a protocol'}: {what[:1].lower()}{what[1:]}."


def _called(kind: str) -> str:
    """A type of the decoder or of YAML in words."""
    last = {"seq": "array", "map": "object", "timestamp": "date"}.get(kind.rpartition(":")[2], kind.rpartition(":")[2])
    return {"date": "a date", "datetime": "a date"}.get(last) or SHAPES.get(last, last)
