"""A protocol: what is compared with what, for whom, from when, and how it is judged. Small, versioned, hashed.

Made before anybody looks at outcomes, it names everything that could be chosen afterwards to please; whatever it leaves
out has the default that is written here, and the hash is of all of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from wardbench.bench.outcomes.reading import in_words, plain_values
from wardbench.core.errors import InputError, NotFoundError, UnsupportedError
from wardbench.ward.cohorts import Definition, lower, read_definition
from wardbench.ward.cohorts.definition import Entry

DEATH = "death"
VERSION = 1
OLDER = 65
"""The age that parts the subgroups by age."""
BY_PERSON = ("sex", "age")
"""Subgroups that need no cohort."""
MOST_SUBGROUPS = 5
LONGEST = 36_525
"""Days, a hundred years: nobody is followed or observed longer."""

Estimand = Literal["intention-to-treat", "as-treated"]
Adjustment = Literal["matching", "overlap", "iptw"]


class FollowUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days counted from time zero, the first day of the first membership of either cohort."""

    first_day: int = 1
    last_day: int = 1095
    after_stop: int = 30
    """As treated: how long after the end of the membership an outcome still counts."""


class Covariates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may differ between the arms: everything recorded in fixed windows before time zero."""

    windows: tuple[tuple[int, int], ...] = ((-365, -1), (-30, -1))
    """First and last day, both included; day 0 holds the treatment itself, unless `with_day_zero`."""
    with_day_zero: bool = False
    least_share: float = 0.001
    """What fewer persons of both arms together have is left out."""
    excluded_concepts: tuple[int, ...] = ()
    """Beside the concepts that make somebody a member of either arm, which are always left out."""


class Protocol(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document as it is written. Cohorts are files of ATLAS JSON, relative to it, or its JSON itself."""

    name: str
    target: str | dict[str, Any]
    outcome: str | dict[str, Any]
    version: int = VERSION
    comparator: str | dict[str, Any] | None = None
    population: str | dict[str, Any] | None = None
    """Who is asked about: only who is in this cohort at time zero; everybody of the arms where it is left out."""
    estimand: Estimand = "intention-to-treat"
    washout_days: int = 365
    exclude_prior_outcome: bool = True
    follow_up: FollowUp = FollowUp()
    horizons: tuple[int, ...] = (365, 1095)
    adjustment: Adjustment = "matching"
    matching_ratio: int = 1
    covariates: Covariates = Covariates()
    negative_controls: tuple[str | dict[str, Any], ...] = ()
    """Outcomes that neither treatment can change."""
    subgroups: tuple[str | dict[str, Any], ...] = ()
    """In whom the effect might differ: `sex`, `age`, or a cohort (who is in it at time zero, and who is not)."""


FIELDS = tuple(name for one in (Protocol, FollowUp, Covariates) for name in one.__struct_fields__)
CHOICES: dict[str, Sequence[str]] = {"estimand": get_args(Estimand), "adjustment": get_args(Adjustment)}


@dataclass(frozen=True)
class Question:
    """A protocol with its cohorts read. `outcome` is None for death; `digest` names the whole content."""

    protocol: Protocol
    target: Definition
    comparator: Definition | None
    outcome: Definition | None
    negative_controls: tuple[Definition, ...]
    digest: str
    population: Definition | None = None
    subgroups: tuple[tuple[str, Definition | None], ...] = ()
    """`sex`, `age`, or the name of a cohort and the cohort."""


def read_question(path: Path | str) -> Question:
    """Read a protocol from YAML or JSON. InputError names the file, and the line or field that cannot be read."""
    path = Path(path)
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None
    try:
        protocol = msgspec.convert(plain_values(text, is_json=path.suffix.lower() == ".json"), Protocol)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {in_words(str(error), FIELDS, CHOICES)}") from None
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    return question(protocol, path.parent, source=str(path))


def question(protocol: Protocol, folder: Path, *, source: str = "protocol") -> Question:
    """Check what a protocol says and read its cohorts, files relative to `folder`. InputError names the field."""
    for fault in faults(protocol):
        raise InputError(f"{source}: {fault}")

    def read(name: str, cohort: str | dict[str, Any]) -> Definition:
        if isinstance(cohort, str):
            return read_named(cohort, folder, f"{source}: {name}")
        return read_inline(cohort, f"{source}: {name}")

    target = read("target", protocol.target)
    comparator = None if protocol.comparator is None else read("comparator", protocol.comparator)
    outcome = None if protocol.outcome == DEATH else read("outcome", protocol.outcome)
    population = None if protocol.population is None else read("population", protocol.population)
    controls = tuple(read(f"negative_controls[{n}]", one) for n, one in enumerate(protocol.negative_controls))
    subgroups = tuple(
        (str(one), None) if one in BY_PERSON else ("", read(f"subgroups[{n}]", one))
        for n, one in enumerate(protocol.subgroups)
    )
    for fault in _mistaken(target, comparator, outcome, controls, subgroups):
        raise InputError(f"{source}: {fault}")
    digest = digest_of(protocol, [target, comparator, outcome, population, *controls], subgroups)
    return Question(protocol, target, comparator, outcome, controls, digest, population, subgroups)


def _mistaken(
    target: Definition,
    comparator: Definition | None,
    outcome: Definition | None,
    controls: Sequence[Definition],
    subgroups: Sequence[tuple[str, Definition | None]],
) -> Iterator[str]:
    """Cohorts that mean the same and must not, one sentence each, beginning with the field."""
    known = {lower(target).digest: "the target"}
    if comparator is not None:
        if lower(comparator).digest in known:
            yield "comparator: it is the same cohort as the target."
        known[lower(comparator).digest] = "the comparator"
    if outcome is not None:
        if lower(outcome).digest in known:
            yield f"outcome: it is the same cohort as {known[lower(outcome).digest]}."
        known[lower(outcome).digest] = "the outcome"
    for number, control in enumerate(controls):
        if lower(control).digest in known:
            yield f"negative_controls[{number}]: it is the same cohort as {known[lower(control).digest]}."
        known[lower(control).digest] = f"negative_controls[{number}]"
    called: dict[str, int] = {}
    for number, (_, cohort) in enumerate(subgroups):
        if cohort is not None and called.setdefault(lower(cohort).digest, number) != number:
            yield f"subgroups[{number}]: it is the same cohort as subgroups[{called[lower(cohort).digest]}]."


def read_named(cohort: str, folder: Path, source: str) -> Definition:
    """A cohort in a file. The error names the field as well as the file."""
    if not cohort.strip():
        raise InputError(f"{source}: here belongs the name of a file or a cohort itself.")
    try:
        return read_definition(folder / cohort)
    except NotFoundError:
        sort = f"; where it is {DEATH}, write {DEATH}" if cohort.strip().lower() == DEATH else ""
        raise NotFoundError(f"{source}: there is no file {folder / cohort}{sort}.") from None
    except (InputError, UnsupportedError) as error:
        raise type(error)(f"{source}: {error}") from None


def read_inline(cohort: dict[str, Any], source: str) -> Definition:
    """A cohort written into the protocol itself: an expression, or an object that has one."""
    expression = cohort.get("expression", cohort)
    try:
        return Entry(0, str(cohort.get("name") or source), source, expression).decode()
    except (InputError, UnsupportedError) as error:
        raise type(error)(f"{source}: {error}") from None


def faults(protocol: Protocol) -> Sequence[str]:
    """What contradicts itself, one sentence each, beginning with the field."""
    found = []
    follow_up, covariates = protocol.follow_up, protocol.covariates
    if protocol.version != VERSION:
        found.append(f"version: {protocol.version}; this version of Wardbench reads {VERSION}.")
    if not protocol.name.strip():
        found.append("name: a protocol needs a name.")
    if follow_up.first_day < 0 or follow_up.last_day <= follow_up.first_day:
        found.append("follow_up: the last day must come after the first, and the first not before day 0.")
    if max(follow_up.last_day, follow_up.after_stop, protocol.washout_days) > LONGEST:
        found.append(f"follow_up, washout_days: at most {LONGEST} days, a hundred years.")
    if follow_up.after_stop < 0:
        found.append("follow_up.after_stop: days after the end cannot be fewer than 0.")
    if protocol.washout_days < 0:
        found.append("washout_days: days of observation before time zero cannot be fewer than 0.")
    if not protocol.horizons or any(not 0 < day <= follow_up.last_day for day in protocol.horizons):
        found.append("horizons: each must be a day after 0 and within the follow-up.")
    if list(protocol.horizons) != sorted(set(protocol.horizons)):
        found.append("horizons: each day once, in rising order.")
    if any(first > last or last > -1 for first, last in covariates.windows) or not covariates.windows:
        found.append("covariates.windows: each is a first and a last day before time zero, as [-365, -1].")
    if not 0 <= covariates.least_share < 1:
        found.append("covariates.least_share: a share of persons, at least 0 and below 1.")
    if not 1 <= protocol.matching_ratio <= 10:
        found.append("matching_ratio: from 1 to 10 comparators for each treated person.")
    if protocol.comparator is None and protocol.negative_controls:
        found.append("negative_controls: they judge a comparison, and there is no comparator.")
    if protocol.comparator is None and protocol.subgroups:
        found.append("subgroups: they part a comparison, and there is no comparator.")
    if len(protocol.subgroups) > MOST_SUBGROUPS:
        found.append(f"subgroups: at most {MOST_SUBGROUPS}; among many one differs by chance.")
    if any(protocol.subgroups.count(one) > 1 for one in protocol.subgroups):
        found.append("subgroups: each once.")
    return found


def digest_of(
    protocol: Protocol,
    cohorts: Sequence[Definition | None],
    subgroups: Sequence[tuple[str, Definition | None]] = (),
) -> str:
    """SHA-256 of the content: settings as JSON with sorted keys, cohorts by what they mean and not by their files."""
    settings = msgspec.to_builtins(protocol)
    settings["cohorts"] = [None if one is None else lower(one).digest for one in cohorts]
    for named in ("target", "comparator", "outcome", "population", "negative_controls"):
        del settings[named]
    # A protocol without subgroups is called as it was before there were any.
    del settings["subgroups"]
    if subgroups:
        settings["subgroups"] = [name if cohort is None else lower(cohort).digest for name, cohort in subgroups]
    return hashlib.sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()
