"""What is exchanged: biobanks, collections, donors and samples as plain values; lists hold MIABIS's codes.

`Extent` is what a collection holds as it may be told; it is worked out anew by each side, and is never read back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Biobank:
    """A biobank with the attributes of MIABIS Core 3.0."""

    code: str
    name: str
    acronym: str = ""
    url: str = ""
    juristic_person: str = ""
    country: str = "BE"
    contact_name: str = ""
    contact_email: str = ""
    description: str = ""
    infrastructural: tuple[str, ...] = ()
    organisational: tuple[str, ...] = ()
    bioprocessing: tuple[str, ...] = ()
    quality_standards: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collection:
    """A collection of a biobank (by its code). `use`, `use_modifiers` and `use_diseases` are its permission in DUO."""

    code: str
    biobank: str
    name: str
    acronym: str = ""
    url: str = ""
    description: str = ""
    purpose: str = ""
    basis: str = "written"
    source: str = "Human"
    dataset_types: tuple[str, ...] = ()
    diseases: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    designs: tuple[str, ...] = ()
    use_conditions: tuple[str, ...] = ()
    inclusion: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    use: str = ""
    use_modifiers: tuple[str, ...] = ()
    use_diseases: tuple[str, ...] = ()
    ended: str = ""
    """The day it ended, in ISO 8601; empty while it goes on."""


@dataclass(frozen=True)
class Extent:
    """What a collection holds, as it may be told to whom it is told: numbers are None where they may not be."""

    donors: int | None = None
    specimens: int | None = None
    materials: tuple[str, ...] = ()
    temperatures: tuple[str, ...] = ()
    sexes: tuple[str, ...] = ()
    age_low: int | None = None
    age_high: int | None = None


@dataclass(frozen=True)
class Donor:
    code: str
    sex: str = "Unknown"
    birth_year: int | None = None


@dataclass(frozen=True)
class Sample:
    """A specimen. Amounts are whole numbers of the smallest unit of the dimension of `unit`; `collected` is a moment in
    ISO 8601 with its offset, or empty; `diagnosis` ICD-10, `site` ICD-O-3 topography; `box` and `place` the barcode of
    its container and the position in it. `preanalytics` are names and values in order of the names. `parts` are the
    labels of what was mixed into a pool, each with how much of it, in their order; `visit` is that at which it was
    taken: the code of the enrolment, the name of the visit and the day it was due, or empty."""

    label: str
    collection: str
    material: str
    donor: str = ""
    parent: str = ""
    kind: str = "primary"
    external: str = ""
    tube: str = ""
    site: str = ""
    diagnosis: str = ""
    amount: int | None = None
    first_amount: int | None = None
    unit: str = ""
    concentration: str = ""
    thaws: int = 0
    collected: str = ""
    temperature: str = ""
    sprec: str = ""
    preanalytics: tuple[tuple[str, str], ...] = ()
    status: str = "collected"
    retained: bool = False
    box: str = ""
    place: int | None = None
    parts: tuple[tuple[str, int | None], ...] = ()
    visit: tuple[str, ...] = ()


@dataclass(frozen=True)
class Container:
    """A place that samples lie in, or that such places stand in: `parent` is the barcode of what it stands in, `place`
    the position there; positions are numbered row by row from 0."""

    barcode: str
    name: str
    kind: str = "box"
    parent: str = ""
    place: int | None = None
    rows: int | None = None
    columns: int | None = None
    labels: str = "A1"
    temperature: str = ""
    materials: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A version of a consent form in one language; `code` names all three, days are in ISO 8601."""

    code: str
    form: str
    version: str
    language: str
    title: str
    tiers: tuple[str, ...] = ()
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Consent:
    """What a donor answered on a form, tier by tier; `collection` where it holds for that alone. `withdrawn` is a
    moment in ISO 8601, empty while it stands. `after` counts the donor's answers of the same day that were kept before
    this one, since the last of a day is the one that counts."""

    id: str
    donor: str
    form: str
    collection: str = ""
    answers: tuple[tuple[str, bool], ...] = ()
    given: str = ""
    withdrawn: str = ""
    after: int = 0


@dataclass(frozen=True)
class OptOut:
    """A donor's no outside any form: to the keeping of residual `material`, or to the reuse of `data`. `since` and
    `until`, when it was taken back, are moments in ISO 8601."""

    id: str
    donor: str
    kind: str
    since: str
    until: str = ""


Planned: TypeAlias = tuple[str, str, int, int | None, str, str, int | None]
"""What is taken at a visit: material, tube, how many, amount, unit, storage temperature, and the number of what it is
made of in the same list, from 0."""
PlannedVisit: TypeAlias = tuple[str, int, int, int, tuple[Planned, ...]]
"""A visit of a protocol: its name, the day after the first, days before and after that it may be, what is taken."""
MadeVisit: TypeAlias = tuple[str, str, str, str, str, str]
"""A visit of a donor: the name of the planned one, the day it is due, where, status, moment and reason."""


@dataclass(frozen=True)
class Protocol:
    """How a collection takes its material; `code` names the collection, the protocol and its version."""

    code: str
    collection: str
    name: str
    version: int = 1
    ended: str = ""
    visits: tuple[PlannedVisit, ...] = ()


@dataclass(frozen=True)
class Enrolment:
    """A donor in a protocol, whose visits are counted from `day0`; `code` names both. Days are in ISO 8601."""

    code: str
    protocol: str
    donor: str
    day0: str
    ended: str = ""
    visits: tuple[MadeVisit, ...] = ()


@dataclass(frozen=True)
class Inventory:
    """Everything that is exchanged, each list in the order of its codes or labels. What comes after `samples` has a
    place in no standard: it stands in the list of what that could not hold."""

    biobanks: tuple[Biobank, ...] = ()
    collections: tuple[Collection, ...] = ()
    donors: tuple[Donor, ...] = ()
    samples: tuple[Sample, ...] = ()
    containers: tuple[Container, ...] = ()
    forms: tuple[Form, ...] = ()
    consents: tuple[Consent, ...] = ()
    opt_outs: tuple[OptOut, ...] = ()
    protocols: tuple[Protocol, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    extents: dict[str, Extent] = field(default_factory=dict, compare=False)
    """By the code of a collection."""
