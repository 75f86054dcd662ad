"""What the page of a transfer agreement shows: all that is signed, its codes in words, and beside it what travels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wardbench.campus.releases.models import Request, RequestLine
from wardbench.campus.releases.request_shown import amount_of
from wardbench.campus.releases.rules import LINE_STATUSES, LineStatus
from wardbench.campus.studies.versions import FLAGS
from wardbench.campus.studies.vocabulary import FATES
from wardbench.core.duo import LABELS, Concern, Use
from wardbench.core.duo.model import CONCERNS
from wardbench.core.miabis import MATERIALS


@dataclass(frozen=True)
class Travelling:
    """A specimen of an agreement: what is signed of it, and what goes for it, empty where it was left out since."""

    signed: str
    label: str
    amount: str
    status: str


def material(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """The specimens that are signed: label, amount, and the material in words."""
    return [{**one, "material": _(MATERIALS.get(one["material"], one["material"]))} for one in content["material"]]


def purpose(content: Mapping[str, Any]) -> list[str]:
    """The purpose of the permit in words: its use, diseases, concerns and whose interest it serves."""
    said = content["purpose"]
    use = [_(LABELS[Use(said["use"])])] if said.get("use") else []
    concerns = [_(CONCERNS[Concern(one)]) for one in said.get("concerns", ())]
    flags = [_(title) for key, title in FLAGS.items() if said.get(key)]
    return [*use, *said.get("diseases", ()), *concerns, *flags]


def fate(content: Mapping[str, Any]) -> str:
    """What becomes of the material after the study, in words."""
    code = content["fate"]
    return _(FATES.get(code, code)) if code else ""


def travelling(of: Request, content: Mapping[str, Any]) -> list[Travelling]:
    """What goes for each specimen that is signed; empty where these are the very tubes.

    The text stays as it was signed: a part of a tube has a label of its own only once it is picked.
    """
    lines = list(of.lines.select_related("specimen__parent"))
    named = {line.called: line for line in lines}
    parts = {line.specimen.parent.label: line for line in lines if line.specimen.parent is not None and not line.code}
    found = [_of(one["label"], named.get(one["label"]) or parts.get(one["label"])) for one in content["material"]]
    return found if any(one.label != one.signed for one in found) else []


def _of(signed: str, line: RequestLine | None) -> Travelling:
    dropped = line is None or line.status == LineStatus.DROPPED
    label = "" if line is None or dropped else line.called
    amount = "" if line is None or dropped else amount_of(line)
    return Travelling(
        signed, label, amount, _(LINE_STATUSES[LineStatus.DROPPED if line is None else LineStatus(line.status)])
    )
