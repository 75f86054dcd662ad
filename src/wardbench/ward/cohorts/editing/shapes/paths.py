"""Conditions within conditions: finding one by its path, adding one, taking one away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from wardbench.core.errors import InputError
from wardbench.ward.cohorts.editing.shapes.asked import Criterion, Event, Group, Person

Node = Group | Criterion | Person | Event


def nodes(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """`node` and all below it with their paths: places in groups by number, `w` for what is around an event.

    In the path `0.w.1` the second condition around the event of the first condition.
    """
    yield path, node
    inner: list[tuple[str, Node]] = []
    if isinstance(node, Group):
        inner = [(str(place), one) for place, one in enumerate(node.members)]
    elif isinstance(node, Criterion | Event):
        around = node.event.around if isinstance(node, Criterion) else node.around
        inner = [("w", around)] if around is not None else []
    for step, one in inner:
        yield from nodes(one, f"{path}.{step}" if path else step)


def with_member(node: Node, path: str, member: Criterion | Person | Group) -> Any:
    """`node` with one more condition in the group at `path`; around an event that had none, a group of it alone."""

    def added(found: Any) -> Group:
        return Group("all", (member,)) if found is None else replace(found, members=(*found.members, member))

    return _changed(node, path.split(".") if path else [], added)


def without_member(node: Node, path: str) -> Any:
    """`node` without the condition at `path`; groups that are empty then go with it. None where nothing is left."""
    return _changed(node, path.split("."), lambda _found: None)


def _changed(node: Any, path: list[str], change: Callable[[Any], Any]) -> Any:
    """`node` with what is at `path` changed; what becomes None is taken away, and a group without members with it.

    InputError where `path` leads nowhere.
    """
    if not path:
        return change(node)
    step, rest = path[0], path[1:]
    if isinstance(node, Criterion) and step == "w":
        return replace(node, event=_changed(node.event, path, change))
    if isinstance(node, Event) and step == "w":
        if node.around is None and rest:
            raise InputError("{path}: there is no such condition.", path=".".join(path))
        return replace(node, around=_changed(node.around, rest, change))
    if isinstance(node, Group) and step.isdecimal() and int(step) < len(node.members):
        place = int(step)
        changed = _changed(node.members[place], rest, change)
        members = (*node.members[:place], *(() if changed is None else (changed,)), *node.members[place + 1 :])
        return replace(node, members=members) if members else None
    raise InputError("{path}: there is no such condition.", path=".".join(path))
