"""An approval path as data: which bodies decide, after whom, about which studies. Read strictly. No Django here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path as File

import msgspec

from wardbench.campus.configuration import APPROVAL_PATH
from wardbench.campus.people.roles import Role
from wardbench.campus.studies.facts import Fact, Section
from wardbench.campus.studies.holidays import Holiday
from wardbench.core.errors import InputError, NotFoundError

DOCUMENTS = ("protocol", "biobank_form", "consent_form", "transfer_agreement", "origin", "other")
"""Kinds of documents that a step may require."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in three languages."""

    en: str
    nl: str
    fr: str

    def in_language(self, language: str) -> str:
        return str(getattr(self, language[:2], self.en))


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One body's decision.

    `role` decides, by `votes` of its members where that is more than one; with `of_care_programmes` one member of each
    care programme concerned. `when` are facts of which one makes the step necessary; none: it always is. `days` is
    what is expected where past cases are too few to tell. `documents` have to be there; those of `documents_when` where
    their fact holds. `sees` are the sections of the study that the body judges: a change of one of them makes it decide
    again. `renews` says that it decides again when a permit is renewed. `body` is what it is called on its letters,
    where it is not called after the role. `people_of` are steps of other bodies, before it, whose members may decide
    on this one as well; otherwise nobody decides on one study for two bodies.
    """

    id: str
    role: Role
    days: int
    title: Words
    about: Words
    after: tuple[str, ...] = ()
    when: tuple[Fact, ...] = ()
    documents: tuple[str, ...] = ()
    documents_when: Mapping[Fact, tuple[str, ...]] = msgspec.field(default_factory=dict)
    votes: int = 1
    of_care_programmes: bool = False
    renews: bool = False
    body: Words | None = None
    sees: tuple[Section, ...] = tuple(Section)
    people_of: tuple[str, ...] = ()

    def documents_of(self, facts: frozenset[Fact]) -> tuple[str, ...]:
        """The kinds of documents that the step needs of a study with these facts."""
        return self.documents + tuple(
            one for fact, kinds in self.documents_when.items() if fact in facts for one in kinds
        )


class Path(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The steps of a path; each comes after those it waits for.

    A question has to be answered in `answer_days`; a permit holds for `permit_months`. Nothing falls due on a weekend
    or on one of `holidays`.
    """

    name: str
    title: Words
    steps: tuple[Step, ...]
    answer_days: int = 28
    permit_months: int = 24
    holidays: tuple[Holiday, ...] = ()

    def apart(self, one: str, other: str) -> bool:
        """Whether whoever speaks on one of two steps may not speak on the other: they are those of two bodies."""
        first, second = self.by_id[one], self.by_id[other]
        return first.role != second.role and one not in second.people_of and other not in first.people_of

    @property
    def by_id(self) -> Mapping[str, Step]:
        return {step.id: step for step in self.steps}


# msgspec works out what a type is when it is first read; two threads that read their first at once crash the process,
# so that it is asked for here, where one thread alone imports.
msgspec.json.Decoder(Path)


def read_path(text: str, source: str) -> Path:
    """A path in TOML. InputError names what is wrong in `source`: a key, a step that is not there, a circle."""
    try:
        path = msgspec.convert(tomllib.loads(text), Path)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InputError(f"{source}: {error}.") from None
    for fault in _faults(path):
        raise InputError(f"{source}: {fault}.")
    return path


def _faults(path: Path) -> list[str]:
    found = []
    known: set[str] = set()
    for step in path.steps:
        if step.id in known:
            found.append(f"the step {step.id} is there twice")
        missing = [one for one in step.after if one not in known]
        if missing:
            found.append(
                f"step {step.id}: after: {missing[0]} is no step that stands before it, so that nobody could begin"
            )
        strangers = [one for one in step.people_of if one not in known]
        if strangers:
            found.append(f"step {step.id}: people_of: {strangers[0]} is no step that stands before it")
        named = [*step.documents, *(one for kinds in step.documents_when.values() for one in kinds)]
        unknown = [one for one in named if one not in DOCUMENTS]
        if unknown:
            found.append(f"step {step.id}: documents: {unknown[0]} is none of {', '.join(DOCUMENTS)}")
        if step.votes < 1 or step.days < 1:
            found.append(f"step {step.id}: votes and days are 1 or more")
        if step.votes > 1 and step.of_care_programmes:
            found.append(f"step {step.id}: either votes or of_care_programmes, not both")
        known.add(step.id)
    if not path.steps:
        found.append("a path has a step")
    if path.answer_days < 1 or path.permit_months < 1:
        found.append("answer_days and permit_months are 1 or more")
    found += [f"holiday {one.name}: {one.fault}" for one in path.holidays if one.fault]
    return found


@lru_cache
def shipped(name: str = "leuven") -> Path:
    """A path that comes with Wardbench; NotFoundError where there is none of that name."""
    file = resources.files(__package__).joinpath("paths", f"{name}.toml")
    if not file.is_file():
        raise NotFoundError(f"{name}: no approval path of that name comes with Wardbench.")
    return read_path(file.read_text(encoding="utf-8"), f"{name}.toml")


def path_of(folder: File | None) -> Path:
    """The campus's own path, `approval-path.toml` in its folder, or the one that comes with Wardbench."""
    own = folder / APPROVAL_PATH if folder else None
    if own is not None and own.is_file():
        return _own_path(own, own.stat().st_mtime_ns)
    return shipped()


@lru_cache(maxsize=4)
def _own_path(file: File, _written: int) -> Path:
    """The path in a file, read again when the file was written since."""
    return read_path(file.read_text(encoding="utf-8"), str(file))
