"""Entering an export of ours into the inventory: what of it is new, what is there already, what stands against it.

Everything that a file holds goes in, or nothing. What is there already and says the same is left alone, so that a file
that is entered twice enters nothing twice; what is there and says otherwise stops it all.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import bulk, curating, custody, places, preanalytics, storing
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.models import (
    Biobank,
    Collection,
    Consent,
    ConsentForm,
    Container,
    Donor,
    PoolPart,
    Specimen,
)
from wardbench.campus.biobank.rules import Act, Status
from wardbench.campus.catalogue import described, followed, rules
from wardbench.campus.people.models import Organisation
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.errors import InputError
from wardbench.ward.samples.exchange.files import unzipped
from wardbench.ward.samples.exchange.inventory import Inventory, Sample
from wardbench.ward.samples.exchange.losses import KINDS, WHOLE, Loss, losses, ordered
from wardbench.ward.samples.exchange.standards import NOT_HELD, read_back, standard_of

MOST_BYTES = 200_000_000
MOST_AT_ONCE = 2_000
"""Specimens that are entered from the page, while somebody waits; more are entered by the command."""
CHUNK = 500
SAID_SINCE = frozenset({"parts", "visit", "after"})
"""What older exports say nothing of: where a file does not say it, nothing stands against what is here."""
GONE = {Status.USED_UP: Act.USE, Status.DISPOSED: Act.DISPOSE, Status.MISSING: Act.LOSE}
"""The act that brings a specimen to where it is no more."""
OTHERWISE = {
    Status.OUT: Status.COLLECTED,
    Status.PICKED: Status.MISSING,
    Status.SHIPPED: Status.MISSING,
    Status.AWAY: Status.MISSING,
}
"""What is out for a request of another campus is not here, and not to be given to anybody."""


@dataclass(frozen=True)
class Plan:
    """What entering a file would do: `new` and `there` count things by kind, `against` are sentences of what stops it.

    `inventory` is the file as it is entered, and `otherwise` what of it cannot be entered as it is written.
    """

    standard: str
    digest: str
    inventory: Inventory
    new: Mapping[str, int]
    there: Mapping[str, int]
    against: Sequence[str]
    otherwise: Sequence[Loss]
    whole: bool
    """Whether the list of what the standard could not hold is with it."""
    fresh: frozenset[tuple[str, str]]
    """What is new: kind and code of each."""


def plan(content: bytes, standard: str, *, by: Actor) -> Plan:
    """What entering an export would do; nothing is changed. InputError where it is no export of this standard."""
    _may(by)
    with _readable():
        return _plan(content, standard, by)


@contextmanager
def _readable() -> Iterator[None]:
    """Turn what a file holds against all rules into a sentence."""
    try:
        yield
    except (ValidationError, ValueError, TypeError, LookupError, AttributeError, IntegrityError, DataError):
        raise InputError(_("file: a value in it cannot be kept; was it changed since it was exported?")) from None


def _plan(content: bytes, standard: str, by: Actor) -> Plan:
    chosen = standard_of(standard)
    files = unzipped(io.BytesIO(content), _("The file"), MOST_BYTES)
    read = ordered(read_back(files, chosen))
    wanted = _as_entered(read, _organisation(by).name)
    held = _held(wanted)
    differs = [one for one in losses(wanted, held) if one.value or one.field not in SAID_SINCE]
    fresh = frozenset((one.kind, one.id) for one in differs if one.field == WHOLE)
    new = {kind: sum(one == kind for one, _id in fresh) for kind in KINDS}
    there = {kind: len(getattr(wanted, name)) - new[kind] for kind, (name, _made, _key) in KINDS.items()}
    changed = {(one.kind, one.id) for one in losses(read, held)}  # what is there as it is written is left alone, too
    stops = [one for one in differs if (one.kind, one.id) in changed]
    against = [*_differing(stops), *_unknown(wanted, held), *_faulty(wanted, fresh)]
    digest = hashlib.sha256(content).hexdigest()
    otherwise = tuple(one for one in losses(read, wanted) if (one.kind, one.id) in fresh)
    return Plan(chosen.title, digest, wanted, new, there, against, otherwise, NOT_HELD in files, fresh)


@verb("catalogue.take_in_export")
def take_in(content: bytes, standard: str, *, by: Actor, digest: str = "", most: int | None = None) -> Plan:
    """Enter what an export of ours holds and the inventory does not; the plan that was carried out.

    `digest` is that of the file that somebody saw the plan of. InputError where anything stands against it, or more
    than `most` specimens are new.
    """
    made = plan(content, standard, by=by)
    if digest and digest != made.digest:
        raise InputError(_("file: this is another file than the one that you looked at."))
    if made.against:
        raise InputError(_("Nothing was entered. {why}").format(why=" ".join(made.against[:3])))
    if most is not None and made.new["sample"] > most:
        said = _("These are %(count)d new specimens; so many are entered by the command wardbench campus take-in.")
        raise InputError(said % {"count": made.new["sample"]})
    with _readable():
        _Entry(made, by).enter()
    record(
        "catalogue.take_in_export", "inventory", standard_of(standard).code, by=by, sha256=made.digest,
        **{name: made.new[kind] for kind, (name, _made, _key) in KINDS.items()},
    )  # fmt: skip
    return made


def _may(by: Actor) -> None:
    if by is not SYSTEM:
        rules.may_take_in(by).require()


def _organisation(by: Actor) -> Organisation:
    """The organisation that a new biobank is of: that in which somebody keeps the inventory."""
    of = [one.organisation for one in by.affiliations if one.role == Role.BIOBANK_MANAGER]
    found = Organisation.objects.filter(id__in=of).first() or Organisation.objects.filter(kind="hospital").first()
    if found is None:
        raise InputError(_("This campus has no organisation that a biobank could be of."))
    return found


def _as_entered(read: Inventory, organisation: str) -> Inventory:
    """What was read, as this campus can hold it."""
    boxes = {one.barcode: one for one in read.containers}
    said = places.temperatures()
    cold = {code: said[one] for one, code in Container.objects.values_list("id", "barcode")}
    for code in boxes:
        at, way = code, set[str]()
        while at in boxes and at not in way and not boxes[at].temperature:
            way.add(at)
            at = boxes[at].parent
        cold[code] = boxes[at].temperature if at in boxes else cold.get(at, "")
    banks = tuple(replace(one, juristic_person=one.juristic_person or organisation) for one in read.biobanks)
    read = followed.as_entered(read)
    return replace(read, biobanks=banks, samples=tuple(_sample_as_entered(one, cold) for one in read.samples))


def _sample_as_entered(one: Sample, cold: Mapping[str, str]) -> Sample:
    status: str = OTHERWISE.get(one.status, one.status)  # type: ignore[call-overload]
    if status == Status.STORED and not one.box:
        status = Status.COLLECTED.value
    stored = status == Status.STORED
    amount = 0 if status == Status.USED_UP and one.amount is None else one.amount
    return replace(
        one,
        status=str(status),
        box=one.box if stored else "",
        place=one.place if stored else None,
        temperature=cold.get(one.box, "") if stored else "",
        amount=amount,
        first_amount=amount if one.first_amount is None and status != Status.USED_UP else one.first_amount,
        collected=_moment(one.collected),
    )


def _moment(said: str) -> str:
    try:
        return timezone.localtime(datetime.datetime.fromisoformat(said)).isoformat() if said else ""
    except ValueError:
        raise InputError(_("sample: a moment of taking cannot be read.")) from None


def _held(wanted: Inventory) -> Inventory:
    """What the inventory holds of what a file names."""
    cold = places.temperatures()
    specimens = Specimen.objects.select_related("collection", "donor", "parent", "box")
    collections = Collection.objects.select_related("biobank__organisation")
    consents = Consent.objects.select_related("donor", "form", "collection")
    return Inventory(
        tuple(
            map(described.biobank_of, _each(Biobank.objects.select_related("organisation"), "code", wanted.biobanks))
        ),
        tuple(map(described.collection_of, _each(collections, "code", wanted.collections))),
        tuple(map(described.donor_of, _each(Donor.objects.all(), "code", wanted.donors))),
        tuple(described.samples_of(_each(specimens, "label", wanted.samples), cold)),
        tuple(
            map(described.container_of, _each(Container.objects.select_related("parent"), "barcode", wanted.containers))
        ),
        tuple(map(described.form_of, ConsentForm.objects.all())) if wanted.forms else (),
        tuple(described.consents_of(_each(consents, "id", wanted.consents))),
        *followed.held(wanted),
    )


def _each(rows: Any, key: str, things: Sequence[Any]) -> Iterable[Any]:
    codes = [getattr(one, key) for one in things]
    for at in range(0, len(codes), CHUNK):
        try:
            yield from rows.filter(**{f"{key}__in": codes[at : at + CHUNK]})
        except (ValidationError, ValueError):
            raise InputError(_("The file names something in a way that cannot be read.")) from None


def _differing(differs: Iterable[Loss]) -> list[str]:
    """A sentence for each thing that is there and says otherwise."""
    fields: dict[tuple[str, str], list[str]] = {}
    for one in differs:
        if one.field != WHOLE:
            fields.setdefault((one.kind, one.id), []).append(one.field)
    said = _("The {kind} {id} is there already, with another {fields}.")
    return [said.format(kind=kind, id=code, fields=", ".join(names)) for (kind, code), names in fields.items()]


def _unknown(wanted: Inventory, held: Inventory) -> list[str]:
    """A sentence for each thing that refers to what neither the file nor the inventory has."""

    def known(model: Any, key: str, name: str) -> set[str]:
        return {*model.objects.values_list(key, flat=True), *(getattr(one, key) for one in getattr(wanted, name))}

    labels = {one.label for one in wanted.samples}
    above = {label for one in wanted.samples for label in (one.parent, *_parts(one)) if label} - labels
    for at in range(0, len(above), CHUNK):
        some = sorted(above)[at : at + CHUNK]
        labels |= set(Specimen.objects.filter(label__in=some).values_list("label", flat=True))
    of = {
        "biobank": known(Biobank, "code", "biobanks"),
        "collection": known(Collection, "code", "collections"),
        "donor": known(Donor, "code", "donors"),
        "box": known(Container, "barcode", "containers"),
        "parent": labels,
    }
    of["form"] = {one.code for one in (*wanted.forms, *held.forms)}
    of["part"] = labels
    of["protocol"] = {one.code for one in wanted.protocols}
    of["protocol"] |= set(followed.known_protocols() if wanted.enrolments else ())
    told = {(one.code, *visit[:2]) for one in wanted.enrolments for visit in one.visits}
    came = [one for one in wanted.samples if one.visit]
    of["visit"] = {_visit(visit) for visit in (*told, *followed.visits_of({one.donor for one in came}))}
    asked = [
        *(("collection", one.code, "biobank", one.biobank) for one in wanted.collections),
        *(("container", one.barcode, "box", one.parent) for one in wanted.containers if one.parent),
        *(("consent", one.id, name, getattr(one, name)) for one in wanted.consents for name in ("donor", "form")),
        *followed.referred(wanted),
        *(("sample", one.label, "collection", one.collection) for one in wanted.samples),
        *(
            ("sample", one.label, name, getattr(one, name))
            for one in wanted.samples
            for name in ("donor", "parent", "box")
            if getattr(one, name)
        ),
        *(("sample", one.label, "part", label) for one in wanted.samples for label in _parts(one)),
        *(("sample", one.label, "visit", _visit(one.visit)) for one in came),
    ]
    said = _("The {kind} {id} names the {what} “{code}”, which neither the file nor the inventory has.")
    return [
        said.format(kind=kind, id=code, what=name, code=value)
        for kind, code, name, value in asked
        if value not in of[name]
    ]


def _parts(one: Sample) -> list[str]:
    return [label for label, _amount in one.parts]


def _visit(said: Sequence[str]) -> str:
    return " / ".join(said)


def _faulty(wanted: Inventory, fresh: frozenset[tuple[str, str]]) -> list[str]:
    """A sentence for each new specimen that could not be kept as it is."""
    found = []
    ranks = _ranks(wanted.samples)
    for one in wanted.samples:
        if ("sample", one.label) not in fresh:
            continue
        why = ""
        if one.label not in ranks:
            why = _("It is made of itself, by way of what it was made of.")
        elif one.status not in set(Status):
            why = _("There is no such status.")
        else:
            why = _fault(one)
        if why:
            found.append(_("The {kind} {id} cannot be kept: {why}").format(kind="sample", id=one.label, why=why))
    return found


def _fault(one: Sample) -> str:
    """What is wrong with the values of a specimen, "" for nothing."""
    fields = _fields(one)
    specimen = Specimen(**fields)
    try:
        specimen.clean_fields(exclude=("collection", "donor", "parent", "box", "visit", "head"))
    except ValidationError as error:
        return " ".join(f"{name}: {' '.join(told)}" for name, told in error.message_dict.items())
    if any(getattr(specimen, name) != value for name, value in fields.items()):
        return _("A value of it cannot be read.")
    if one.parts and one.kind != Specimen.Kind.POOL:
        return _("Only a pool is mixed of parts.")
    if one.visit and not one.visit[0].endswith(f"/{one.donor}"):
        return _("It came from a visit of another donor.")
    if one.amount is not None and one.first_amount is not None and one.amount > one.first_amount:
        return _("More is left than there was at first.")
    return ""


def _ranks(samples: Iterable[Sample]) -> dict[str, int]:
    """How deep each sample lies below what was taken from a donor; without those that lie in a ring."""
    origins = {one.label: {one.parent, *_parts(one)} for one in samples}
    above = {label: {one for one in those if one in origins} for label, those in origins.items()}
    below: dict[str, list[str]] = {label: [] for label in above}
    for label, those in above.items():
        for one in those:
            below[one].append(label)
    waits = {label: len(those) for label, those in above.items()}
    ready = [label for label, count in waits.items() if not count]
    ranks: dict[str, int] = {}
    for label in ready:
        ranks[label] = 1 + max((ranks[one] for one in above[label]), default=-1)
        for one in below[label]:
            waits[one] -= 1
            if not waits[one]:
                ready.append(one)
    return ranks


def _fields(one: Sample) -> dict[str, Any]:
    """The fields of a specimen but for what it refers to."""
    return {
        "label": one.label,
        "external": one.external,
        "kind": one.kind,
        "material": one.material,
        "tube": one.tube,
        "site": one.site,
        "diagnosis": one.diagnosis,
        "amount": one.first_amount if one.status == Status.USED_UP else one.amount,
        "first_amount": one.first_amount,
        "unit": one.unit,
        "concentration": one.concentration,
        "thaws": one.thaws,
        "collected": datetime.datetime.fromisoformat(one.collected) if one.collected else None,
        "preanalytics": {name: _value(name, text) for name, text in one.preanalytics},
        "sprec": one.sprec,
        "retained": one.retained,
    }


def _value(name: str, text: str) -> Any:
    """A fact as it was kept, from its text."""
    if name in (*preanalytics.TIMES, *preanalytics.CODES):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


class _Entry:
    """Entering what is new of a plan."""

    def __init__(self, made: Plan, by: Actor) -> None:
        self.by, self.plan, self.inventory = by, made, made.inventory

    def enter(self) -> None:
        self._collections()
        self._places()
        self._donors()
        self._samples()

    def _new(self, kind: str) -> list[Any]:
        name, _made, key = KINDS[kind]
        return [one for one in getattr(self.inventory, name) if (kind, getattr(one, key)) in self.plan.fresh]

    def _collections(self) -> None:
        for one in self._new("biobank"):
            values = {name: _listed(value) for name, value in vars(one).items() if name not in ("code", "name")}
            curating.add_biobank(one.code, one.name, _organisation(self.by), by=self.by, **values)
        for one in self._new("collection"):
            values = {name: _listed(value) for name, value in vars(one).items()}
            for name in ("code", "name", "biobank"):
                del values[name]
            use, modifiers, diseases = (values.pop(f"use{name}") for name in ("", "_modifiers", "_diseases"))
            values["permission"] = (
                {"use": use, "modifiers": modifiers, "diseases": diseases} if use or modifiers or diseases else {}
            )
            values["collection_settings"] = values.pop("settings")
            values["ended"] = datetime.date.fromisoformat(one.ended) if one.ended else None
            biobank = Biobank.objects.get(code=one.biobank)
            curating.add_collection(biobank, one.code, one.name, by=self.by, **values)

    def _places(self) -> None:
        waiting = self._new("container")
        while waiting:
            names = {one.barcode for one in waiting}
            ready = [one for one in waiting if one.parent not in names]
            if not ready:
                raise InputError(_("container: places stand inside one another."))
            for one in ready:
                parent = Container.objects.get(barcode=one.parent) if one.parent else None
                size = {name: getattr(one, name) for name in ("place", "rows", "columns", "labels", "temperature")}
                materials = list(one.materials)
                storing.add_container(one.name, one.kind, one.barcode, parent, by=self.by, materials=materials, **size)
            waiting = [one for one in waiting if one.parent in names]

    def _donors(self) -> None:
        donors = [Donor(code=one.code, sex=one.sex, birth_year=one.birth_year) for one in self._new("donor")]
        for donor in donors:
            donor.clean_fields()
        bulk.create(donors)
        for one in self._new("form"):
            ConsentForm.objects.create(
                code=one.form, version=one.version, language=one.language, title=one.title, tiers=list(one.tiers),
                since=one.since, until=one.until or None,
            )  # fmt: skip
        forms = {described.form_code(one): one for one in ConsentForm.objects.all()}
        # The last answer of a day is the one that counts.
        consents = sorted(self._new("consent"), key=lambda one: (one.given, one.after))
        ids = self._ids(Donor, "code", {one.donor for one in consents})
        collections = dict(Collection.objects.values_list("code", "id"))
        by_id = None if self.by is SYSTEM else self.by.id
        for one in consents:
            Consent.objects.create(
                id=uuid.UUID(one.id), donor_id=ids[one.donor], form=forms[one.form],
                collection_id=collections[one.collection] if one.collection else None, answers=dict(one.answers),
                given=one.given, withdrawn=one.withdrawn or None, by_id=by_id,
            )  # fmt: skip

        followed.enter_protocols(self._new("protocol"), collections)
        refused, enrolled = self._new("opt-out"), self._new("enrolment")
        ids = self._ids(Donor, "code", {one.donor for one in (*refused, *enrolled)})
        followed.enter_donors(refused, enrolled, ids, str(by_id) if by_id else None)

    def _ids(self, model: Any, key: str, codes: Iterable[str]) -> dict[str, uuid.UUID]:
        listed, found = sorted(codes), dict[str, uuid.UUID]()
        for at in range(0, len(listed), CHUNK):
            found.update(model.objects.filter(**{f"{key}__in": listed[at : at + CHUNK]}).values_list(key, "id"))
        return found

    def _samples(self) -> None:
        samples = self._new("sample")
        ranks = _ranks(self.inventory.samples)
        samples.sort(key=lambda one: ranks[one.label])
        donors = self._ids(Donor, "code", {one.donor for one in samples if one.donor})
        above = {label for one in samples for label in (one.parent, *_parts(one)) if label}
        parents = self._ids(Specimen, "label", above)
        visits = followed.visits_of({one.donor for one in samples if one.visit})
        collections = dict(Collection.objects.values_list("code", "id"))
        codes = {one.box for one in samples if one.box}
        boxes = {one.barcode: one for one in Container.objects.all() if one.barcode in codes}
        batch, detail = uuid.uuid4(), {"export": self.plan.digest}
        for at in range(0, len(samples), CHUNK):
            some, made, gone = samples[at : at + CHUNK], [], []
            for one in some:
                specimen = Specimen(
                    **_fields(one), collection_id=collections[one.collection], donor_id=donors.get(one.donor),
                    parent_id=parents.get(one.parent), visit_id=visits[one.visit] if one.visit else None,
                    box=boxes.get(one.box), place=one.place,
                )  # fmt: skip
                parents[one.label] = specimen.id
                made.append(specimen)
                if Status(one.status) in GONE:
                    values = {"amount": one.amount} if one.status == Status.USED_UP else {}
                    gone.append(Change(specimen, GONE[Status(one.status)], values=values, detail=detail))
            custody.enter(made, Act.REGISTER, by=self.by, batch=batch, detail=detail)
            if gone:
                custody.carry_out(gone, by=self.by, batch=batch)
            mixed = [
                PoolPart(pool_id=parents[one.label], specimen_id=parents[label], amount=amount)
                for one in some
                for label, amount in one.parts
            ]
            for part in mixed:
                part.clean_fields(exclude=("pool", "specimen"))
            PoolPart.objects.bulk_create(mixed)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
