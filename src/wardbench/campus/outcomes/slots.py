"""The parts of a question for which concepts are chosen: found by words, ticked, and kept from one look to the next.

All of it is a plain form: what is ticked is sent along, "Find" brings what it found as further boxes to tick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from wardbench.bench.outcomes.pico import Picked
from wardbench.campus.cohorts import finding
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.questions import concepts as vocabulary
from wardbench.core.errors import InputError, NotFoundError

MOST_FOUND = 12
MOST_PICKED = 40
TREATMENTS = ("drug", "procedure", "device")
HAPPENINGS = ("condition", "procedure", "observation")
DOMAIN_TITLES = {
    "condition": gettext_noop("Diagnosis"),
    "drug": gettext_noop("Drug"),
    "procedure": gettext_noop("Procedure"),
    "device": gettext_noop("Device"),
    "observation": gettext_noop("Observation"),
    "measurement": gettext_noop("Measurement"),
}


@dataclass(frozen=True)
class Slot:
    """A part of a question, the domains whose concepts it takes, and what is said of it."""

    key: str
    title: str
    hint: str
    domains: tuple[str, ...]


SLOTS = {
    one.key: one
    for one in (
        Slot(
            "conditions",
            gettext_noop("Diagnoses they all have"),
            gettext_noop("By the day on which the treatment starts, or the first of them, where none is asked for."),
            ("condition",),
        ),
        Slot(
            "intervention",
            gettext_noop("What was done for them"),
            gettext_noop("A drug, procedure or device, counted from its first use. Leave it out to describe them all."),
            TREATMENTS,
        ),
        Slot(
            "comparison",
            gettext_noop("Compared with"),
            gettext_noop("What else they could have had for the same reason. Leave it out to compare nothing."),
            TREATMENTS,
        ),
        Slot(
            "outcome",
            gettext_noop("What happened"),
            gettext_noop("Without any, death is what is looked for."),
            HAPPENINGS,
        ),
        Slot(
            "controls",
            gettext_noop("What neither treatment can change"),
            gettext_noop(
                "Negative controls: diagnoses as gout or a broken arm. With five or more, the answer says how far this"
                " kind of question is misled here."
            ),
            ("condition",),
        ),
    )
}


ANALYTE = {
    "analyte": Slot(
        "analyte",
        gettext_noop("What was measured"),
        gettext_noop("One analyte of the laboratory; tick the one you mean."),
        ("measurement",),
    )
}


@dataclass(frozen=True)
class Box:
    """One concept to tick."""

    value: str
    name: str
    line: str
    ticked: bool


@dataclass(frozen=True)
class ShownSlot:
    """A slot as the page shows it: what is chosen, and the `hits` that the last words found, where there were some."""

    slot: Slot
    boxes: tuple[Box, ...]
    text: str = ""
    hits: int = 0


def value_of(one: Picked) -> str:
    return f"{one.domain}:{one.concept_id}"


def picked(value: str, domains: Sequence[str]) -> Picked:
    """The concept that a box stands for. InputError where there is none in these domains."""
    domain, _colon, number = value.partition(":")
    if domain in domains and number.isdecimal() and len(number) < 19:
        try:
            found = finding.concepts().of(int(number), domain)
        except NotFoundError:
            found = None
        if found is not None:
            return Picked(found.concept_id, found.name, domain, found.code, found.vocabulary, found.standard)
        # The twin may have no record of what a patient of the hospital has.
        known = vocabulary.concepts_of([int(number)]).get(int(number))
        if known is not None:
            standard = known.id < vocabulary.CUSTOM
            return Picked(known.id, known.name or known.code, domain, known.code, known.vocabulary, standard)
    raise InputError(_("{value}: there is no such concept to ask for.").format(value=value[:40]))


def read(given: QueryDict, slots: Mapping[str, Slot] = SLOTS) -> dict[str, tuple[Picked, ...]]:
    """What is ticked, by slot. InputError for what is no concept, or for more than may be chosen."""
    found = {}
    for key, slot in slots.items():
        values = given.getlist(key)
        if len(values) > MOST_PICKED:
            raise InputError(_("Choose at most {most} for one part of the question.").format(most=MOST_PICKED))
        found[key] = tuple(picked(value, slot.domains) for value in dict.fromkeys(values))
    return found


def shown(
    chosen: Mapping[str, Sequence[Picked]],
    *,
    look_in: str = "",
    text: str = "",
    offered: Mapping[str, Sequence[Picked]] | None = None,
    slots: Mapping[str, Slot] = SLOTS,
) -> dict[str, ShownSlot]:
    """The slots with what is chosen, what `text` finds for one of them, and what is offered unticked."""
    found = {}
    for key, slot in slots.items():
        ticked = [_box(one, ticked=True) for one in chosen.get(key, ())]
        words = text.strip() if key == look_in else ""
        hits = _found(words, slot) if words else []
        more = [*(offered or {}).get(key, ()), *hits]
        have = {box.value for box in ticked}
        unticked = [_box(one, ticked=False) for one in more if value_of(one) not in have]
        boxes = tuple({box.value: box for box in (*ticked, *unticked)}.values())
        found[key] = ShownSlot(slot, boxes, words, len(hits))
    return found


def looked_for(given: QueryDict, slots: Mapping[str, Slot] = SLOTS) -> tuple[str, str]:
    """In which slot concepts are looked for, and by which words; empty where the form was sent to ask.

    The Enter key presses the first button, whichever field it was pressed in.
    """
    pressed = given.get("find", "")
    if pressed not in slots:
        return "", ""
    texts = {key: given.get(f"find_{key}", "").strip()[:200] for key in (pressed, *slots)}
    return next(((key, words) for key, words in texts.items() if words), (pressed, ""))


def _found(text: str, slot: Slot) -> list[Picked]:
    try:
        concepts = finding.concepts()
    except NotFoundError:
        return []
    hits = [one for domain in slot.domains for one in concepts.find(text, domain=domain, limit=MOST_FOUND)]
    return [Picked(one.concept_id, one.name, one.domain, one.code, one.vocabulary, one.standard) for one in hits]


def _box(one: Picked, *, ticked: bool) -> Box:
    line = " · ".join(part for part in (_(DOMAIN_TITLES[one.domain]), f"{one.vocabulary} {one.code}".strip()) if part)
    return Box(value_of(one), one.name, line, ticked)
