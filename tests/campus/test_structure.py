"""What every part of the campus has to keep, looked up in the code itself."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

import wardbench.campus


def modules(name: str) -> Iterator[ModuleType]:
    """The modules of this name, one for each application that has it."""
    for package in pkgutil.iter_modules(wardbench.campus.__path__):
        try:
            yield importlib.import_module(f"wardbench.campus.{package.name}.{name}")
        except ModuleNotFoundError as missing:
            assert missing.name and missing.name.startswith("wardbench.campus"), missing


SERVICES = [
    (module.__name__.removeprefix("wardbench.campus."), name, function)
    for module in modules("services")
    if not module.__name__.endswith("audit.services")
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and not name.startswith("_") and not name.startswith("is_")
]


def test_there_are_services() -> None:
    assert len(SERVICES) > 5


@pytest.mark.parametrize(("module", "name", "function"), SERVICES, ids=[f"{m}.{n}" for m, n, _ in SERVICES])
def test_a_service_is_a_verb_and_says_who(module: str, name: str, function: Any) -> None:
    assert hasattr(function, "verb"), "decorate it with audit.services.verb: one transaction, and a record of it"
    assert inspect.signature(function).parameters["by"].kind is inspect.Parameter.KEYWORD_ONLY


def verbs() -> Iterator[tuple[str, Any]]:
    """Every function of the campus that was made a verb, wherever it stands."""
    for found in pkgutil.walk_packages(wardbench.campus.__path__, "wardbench.campus."):
        if ".migrations" in found.name or found.name.rpartition(".")[2] in ("__main__", "wsgi", "background"):
            continue
        module = importlib.import_module(found.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and hasattr(function, "verb"):
                yield f"{module.__name__.removeprefix('wardbench.campus.')}.{name}", function


def test_every_verb_says_who_and_has_a_name_of_its_own() -> None:
    found = dict(verbs())
    assert len(found) > 100
    assert [where for where, one in found.items() if "by" not in inspect.signature(one).parameters] == []
    keyword = inspect.Parameter.KEYWORD_ONLY
    assert [where for where, one in found.items() if inspect.signature(one).parameters["by"].kind is not keyword] == []


def pages(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from pages(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern) and pattern.callback.__module__.startswith("wardbench."):
            yield prefix + str(pattern.pattern), pattern.callback


PAGES = list(pages(get_resolver().url_patterns))


@pytest.mark.parametrize("page", [page for _, page in PAGES], ids=[address for address, _ in PAGES])
def test_a_page_says_whom_it_is_for(page: Any) -> None:
    assert getattr(page, "signed_in", False) or getattr(page, "open_to_all", False)
