"""The sentences by which code refuses what it is given, read from its source."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CAMPUS = Path(__file__).parents[1]
MARKED = {"_", "gettext", "gettext_lazy", "gettext_noop"}
"""How a sentence of the catalogues is marked."""
PLACE = re.compile(r"%\((\w+)\)[sd]")


@dataclass(frozen=True)
class Refusal:
    """A sentence, the function that says it, and the field it is about where one is named."""

    where: str
    sentence: str
    field: str = ""


def raised(error: str) -> Iterator[Refusal]:
    """What every function of the campus says by raising `error`, by module and function."""
    for path in sorted(CAMPUS.rglob("*.py")):
        module = ".".join(path.relative_to(CAMPUS).with_suffix("").parts)
        if "migrations" in path.parts or module.startswith(("manual.", "demonstration.")):
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for one in _own(function):
                    if isinstance(one, ast.Raise) and isinstance(one.exc, ast.Call) and _called(one.exc) == error:
                        about = next((word.value for word in one.exc.keywords if word.arg == "about"), None)
                        field = f"{about.value!s}: " if isinstance(about, ast.Constant) else ""
                        for sentence in _sentences(one.exc):
                            yield Refusal(f"{module}.{function.name}", field + sentence)


def read_besides() -> Iterator[tuple[str, tuple[str, ...]]]:
    """What views read of a request without a form, by module and function: the names of the fields."""
    for path in sorted(CAMPUS.rglob("*views.py")):
        module = ".".join(path.relative_to(CAMPUS).with_suffix("").parts)
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                names = [name for one in _own(function) for name in _asked(one)]
                if names:
                    yield f"{module}.{function.name}", tuple(dict.fromkeys(names))


def _asked(node: ast.AST) -> Iterator[str]:
    """The name in `request.POST["name"]`, `request.GET.get("name")` and the like."""
    if isinstance(node, ast.Subscript):
        source, key = node.value, node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        if node.func.attr not in ("get", "getlist"):
            return
        source, key = node.func.value, node.args[0]
    else:
        return
    if isinstance(source, ast.Attribute) and source.attr in ("POST", "GET", "FILES") and isinstance(key, ast.Constant):
        yield str(key.value)


def of_form(form: type, method: str) -> list[Refusal]:
    """What a method of a form's class refuses, in the class itself or one of its own bases."""
    found: list[Refusal] = []
    for one in form.__mro__:
        if not one.__module__.startswith("wardbench.") or method not in vars(one):
            continue
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(vars(one)[method])))):
            if isinstance(node, ast.Call) and _called(node) in ("add_error", "ValidationError", "InputError"):
                field = node.args[0] if _called(node) == "add_error" else None
                named = field.value if isinstance(field, ast.Constant) and isinstance(field.value, str) else ""
                found += [Refusal(method, sentence, named) for sentence in _sentences(node)]
    return found


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What is in a function and in no function within it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting[:0] = ast.iter_child_nodes(node)


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _sentences(call: ast.Call) -> list[str]:
    """The sentences in a call: those that are marked for the catalogues, and plain ones of the command line."""
    marked = [
        _plain(node.args[0].value)
        for node in ast.walk(call)
        if isinstance(node, ast.Call)
        and _called(node) in MARKED
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]
    if marked:
        return marked
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return [_plain(first.value)]
    return [_formatted(first)] if isinstance(first, ast.JoinedStr) else []


def _plain(sentence: str) -> str:
    return PLACE.sub(r"{\1}", sentence).replace("%%", "%")


def _formatted(text: ast.JoinedStr) -> str:
    parts = []
    for one in text.values:
        if isinstance(one, ast.Constant):
            parts.append(str(one.value))
        elif isinstance(one, ast.FormattedValue):
            parts.append(f"{{{ast.unparse(one.value)}}}")
    return "".join(parts)
