"""The verbs on places: add a container, put specimens into it, move them, take them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank.curating import checked, keeps
from wardbench.campus.biobank.models import Container
from wardbench.campus.people.rules import Actor
from wardbench.core.errors import BusyError, InputError

DEEPEST = 12
"""How deep containers may stand in one another; a path has room for 13."""


@verb("biobank.add_container")
def add_container(
    name: str, kind: str, barcode: str, parent: Container | None = None, *, by: Actor, **attributes: Any
) -> Container:
    """Add a container, inside `parent` where it is given; InputError where its position, name or barcode is taken."""
    keeps(by)
    container = made(name, kind, barcode, parent, attributes)
    checked(container)
    container.save()
    record("biobank.add_container", "container", container.id, by=by, sort=kind)
    return container


def made(name: str, kind: str, barcode: str, parent: Container | None, attributes: Mapping[str, Any]) -> Container:
    """A container that is not saved yet, with its path."""
    container = Container(name=name.strip(), kind=kind, barcode=barcode.strip(), parent=parent, **attributes)
    above = parent.path if parent is not None else ""
    if above.count("/") >= DEEPEST:
        raise InputError(_("parent: containers stand in one another too deep."))
    if parent is not None and parent.positions is not None:
        if container.place is None or not 0 <= container.place < parent.positions:
            raise InputError(_("place: say in which position of %(parent)s it stands.") % {"parent": parent.name})
        if Container.objects.filter(parent=parent, place=container.place).exists():
            raise BusyError(_("place: another container stands in this position."))
    container.path = f"{above}{container.id.hex}/"
    return container
