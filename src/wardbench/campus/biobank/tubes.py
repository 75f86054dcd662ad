"""The verbs on single tubes: make aliquots, derivatives and pools, thaw, use, keep back, correct, destroy."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.access.queries import may_see_patient
from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import consents, custody, descent, places, preanalytics, rules
from wardbench.campus.biobank.amounts import UNITS, Amount
from wardbench.campus.biobank.custody import Change
from wardbench.campus.biobank.fitting import fitting
from wardbench.campus.biobank.models import Container, DonorLink, PoolPart, Specimen
from wardbench.campus.biobank.rules import Act, Facts, Status
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor, Verdict, no
from wardbench.core.errors import BusyError, InputError
from wardbench.core.miabis import MATERIALS

MOST_AT_ONCE = 96
CORRECTED = frozenset({"material", "tube", "site", "diagnosis", "collected", "external", "concentration"})
"""What may be corrected of a specimen, with a reason; its amount has `adjust`."""

FROZEN = frozenset({"-18to-35", "-60to-85", "below-135", "LNvapour", "LNliquid"})
"""Storage temperatures below freezing."""
HANDLED = frozenset({"material", "tube", "collected"})
"""What a SPREC code says besides how a specimen was handled."""


def facts(specimen: Specimen) -> Facts:
    reserved = specimen.reserved is not None
    left = reserved and specimen.status == Status.MISSING and _was(specimen) in rules.LEFT
    return Facts(Status(specimen.status), reserved, specimen.retained, left)


def _was(specimen: Specimen) -> str | None:
    """The status of a missing specimen before it was missed."""
    events = specimen.custody.exclude(status=Status.MISSING.value).order_by("-number")
    return events.values_list("status", flat=True).first()


def may(by: Actor, act: Act, specimen: Specimen) -> None:
    """Refused by the sentence that the button shows, with the specimen that it is about: many are done at once."""
    if by is SYSTEM:
        return
    now = facts(specimen)
    verdict = rules.may(by, act, now)
    if not verdict and (now.status, act) not in rules.MOVES:
        verdict = no(gettext_noop("Specimen {label}: {why}"), label=specimen.label, why=_(verdict.reason))
    verdict.require()


def may_keep_back(by: Actor, act: Act, specimen: Specimen) -> Verdict:
    """Whether somebody may keep a specimen back for diagnosis, or no longer: also whether the patient is in their care,
    where they do not look after the inventory."""
    verdict = rules.may(by, act, facts(specimen))
    if not verdict or by.has(*rules.KEEPERS) or treats(by, specimen):
        return verdict
    return no(gettext_noop("This is for whoever treats the patient, and for the biobank."))


def treats(by: Actor, specimen: Specimen) -> bool:
    """Whether the patient whose specimen this is, is in somebody's care; never where nobody knows who it is."""
    link = DonorLink.objects.filter(donor=specimen.donor_id).first() if specimen.donor_id is not None else None
    return link is not None and bool(rules.may_know_donor(by)) and bool(may_see_patient(by, link.person_id))


@dataclass(frozen=True)
class Part:
    """A tube to be made: its label, how much goes in (None where nobody measures), and where it is put."""

    label: str
    amount: Amount | None = None
    box: Container | None = None
    place: int | None = None


@verb("biobank.aliquot")
def aliquot(parent: Specimen, parts: Sequence[Part], *, by: Actor, thawed: bool = False) -> list[Specimen]:
    """Divide a specimen into tubes of the same material; what goes into them is taken from it, exactly. Where it was
    `thawed` for this, that counts for it and for what is made of it.

    InputError where more goes in than there is, or in another dimension; BusyError where it is promised to a request,
    or its donor withdrew.
    """
    return _make(parent, parts, Specimen.Kind.ALIQUOT, parent.material, "biobank.aliquot", by, thawed=thawed)


@verb("biobank.derive")
def derive(
    parent: Specimen,
    material: str,
    parts: Sequence[Part],
    used: Amount | None = None,
    *,
    by: Actor,
    thawed: bool = False,
) -> list[Specimen]:
    """Make another material of a specimen (DNA of blood); `used` of it is gone then, None for all of it. `thawed` and
    errors as in `aliquot`."""
    if material not in MATERIALS:
        raise InputError(_("material: choose one from the list."))
    return _make(
        parent, parts, Specimen.Kind.DERIVATIVE, material, "biobank.derive", by,
        used=used, all_of_it=used is None, thawed=thawed,
    )  # fmt: skip


def _make(
    parent: Specimen,
    parts: Sequence[Part],
    kind: str,
    material: str,
    what: str,
    by: Actor,
    *,
    used: Amount | None = None,
    all_of_it: bool = False,
    thawed: bool = False,
) -> list[Specimen]:
    may(by, Act.DERIVE, parent)
    _free(parent)
    _theirs([parent])
    if not 1 <= len(parts) <= MOST_AT_ONCE:
        raise InputError(_("parts: make 1 to {most} at once.").format(most=MOST_AT_ONCE))
    if kind == Specimen.Kind.ALIQUOT:
        taken = _sum([part.amount for part in parts], parent)
    else:
        taken = parent.amount if all_of_it else _in_its_unit(used, parent)
    if kind != Specimen.Kind.ALIQUOT or not parent.unit:
        for part in parts:
            fitting(material, part.amount.unit if part.amount else "")
    left = 0 if all_of_it else _left(parent, taken)
    batch = _thawed([parent] if thawed else [], by)
    made = [
        Specimen(
            label=part.label.strip(),
            collection_id=parent.collection_id,
            donor_id=parent.donor_id,
            visit_id=parent.visit_id,
            parent=parent,
            kind=kind,
            material=material,
            tube=parent.tube,
            site=parent.site,
            diagnosis=parent.diagnosis,
            amount=part.amount.value if part.amount else None,
            unit=part.amount.unit if part.amount else "",
            thaws=parent.thaws,
            collected=parent.collected,
            preanalytics=parent.preanalytics if kind == Specimen.Kind.ALIQUOT else {},
            sprec=parent.sprec if kind == Specimen.Kind.ALIQUOT else "",
            retained=parent.retained,
            box=part.box,
            place=part.place,
        )
        for part in parts
    ]
    for one in made:
        labelled(one)
    detail = {"made": [one.label for one in made]}
    values = {} if left is None else {"amount": left}
    custody.carry_out([Change(parent, Act.DERIVE, values=values, detail=detail)], by=by, batch=batch)
    custody.enter(made, Act.REGISTER, by=by, batch=batch, detail={"of": parent.label})
    record(what, "specimen", parent.id, by=by, made=[str(one.id) for one in made])
    return made


@verb("biobank.pool")
def pool(label: str, parts: Sequence[tuple[Specimen, Amount | None]], *, by: Actor, box: Container | None = None,
         place: int | None = None, thawed: bool = False) -> Specimen:  # fmt: skip
    """Mix specimens of one material and collection in a tube: of each an amount, or (None) all of it.

    A pool of several donors has none; what any of them withdraws reaches it by its parts. `thawed` as in `aliquot`,
    of each of them.
    """
    if len({one.id for one, _amount in parts}) != len(parts):
        raise InputError(_("parts: a specimen is mixed with others, not with itself."))
    if len(parts) < 2:
        raise InputError(_("parts: a pool has at least two."))
    first = parts[0][0]
    if any((one.material, one.collection_id) != (first.material, first.collection_id) for one, _amount in parts):
        raise InputError(_("parts: only specimens of one material and one collection are mixed."))
    for specimen, _amount in parts:
        may(by, Act.DERIVE, specimen)
        _free(specimen)
    _theirs([specimen for specimen, _amount in parts])
    batch = _thawed([specimen for specimen, _amount in parts] if thawed else [], by)
    changes, shares, total, known = [], [], 0, True
    for specimen, amount in parts:
        taken = specimen.amount if amount is None else _in_its_unit(amount, specimen)
        left = 0 if amount is None else _left(specimen, taken)
        known = known and taken is not None
        total += taken or 0
        shares.append((specimen, taken))
        values = {} if left is None else {"amount": left}
        changes.append(Change(specimen, Act.DERIVE, values=values, detail={"made": [label.strip()]}))
    dimensions = {UNITS[one.unit].dimension for one, _amount in parts if one.unit}
    if len(dimensions) > 1:
        raise InputError(_("parts: their amounts are not of one kind."))
    donors = {one.donor_id for one, _amount in parts}
    made = Specimen(
        label=label.strip(),
        collection_id=first.collection_id,
        donor_id=donors.pop() if len(donors) == 1 else None,
        kind=Specimen.Kind.POOL,
        material=first.material,
        tube=first.tube,
        amount=total if known else None,
        unit=first.unit,
        thaws=max(one.thaws for one, _amount in parts),
        retained=any(one.retained for one, _amount in parts),
        box=box,
        place=place,
    )
    labelled(made)
    custody.carry_out(changes, by=by, batch=batch)
    custody.enter([made], Act.REGISTER, by=by, batch=batch, detail={"of": [one.label for one, _amount in parts]})
    PoolPart.objects.bulk_create([PoolPart(pool=made, specimen=one, amount=taken) for one, taken in shares])
    record("biobank.pool", "specimen", made.id, by=by, of=[str(one.id) for one, _taken in shares])
    return made


@verb("biobank.thaw")
def thaw(specimens: Sequence[Specimen], why: str = "", *, by: Actor) -> uuid.UUID:
    """Count a thawing of each."""
    for one in specimens:
        may(by, Act.THAW, one)
    detail = {"why": why.strip()[:500]} if why.strip() else {}
    batch = custody.carry_out([Change(one, Act.THAW, detail=detail) for one in specimens], by=by)
    record("biobank.thaw", "batch", batch, by=by, specimens=len(specimens))
    return batch


@verb("biobank.use")
def use(specimen: Specimen, amount: Amount | None, why: str, *, by: Actor, thawed: bool = False) -> None:
    """Use some of a specimen in the biobank itself (a check of quality), or (None) all of it. `thawed` and errors as in
    `aliquot`."""
    may(by, Act.USE, specimen)
    _free(specimen)
    _theirs([specimen])
    why = _reason(why)
    taken = specimen.amount if amount is None else _in_its_unit(amount, specimen)
    left = 0 if amount is None else _left(specimen, taken)
    batch = _thawed([specimen] if thawed else [], by)
    values = {} if left is None else {"amount": left}
    custody.carry_out([Change(specimen, Act.USE, values=values, detail={"why": why})], by=by, batch=batch)
    record("biobank.use", "specimen", specimen.id, by=by)


@verb("biobank.adjust")
def adjust(specimen: Specimen, amount: Amount, why: str, *, by: Actor) -> None:
    """Say how much there really is, after it was measured again; with a reason. Refused where it is not here to be
    measured."""
    if by is not SYSTEM:
        rules.may_measure(by, facts(specimen)).require()
    if specimen.unit and UNITS[specimen.unit].dimension is not amount.dimension:
        raise InputError(_("amount: it is kept in {unit}.").format(unit=specimen.unit))
    if not specimen.unit:
        fitting(specimen.material, amount.unit)
    first = max(specimen.first_amount or 0, amount.value)
    values = {"amount": amount.value, "first_amount": first, "unit": amount.unit}
    custody.carry_out([Change(specimen, Act.CORRECT, values=values, detail={"why": _reason(why)})], by=by)
    record("biobank.adjust", "specimen", specimen.id, by=by)


@verb("biobank.correct")
def correct(specimen: Specimen, values: Mapping[str, Any], why: str, *, by: Actor) -> None:
    """Correct what is said of a specimen; the event keeps which fields, and why. Its SPREC code follows.

    InputError where nothing is corrected, or a value cannot be.
    """
    may(by, Act.CORRECT, specimen)
    unknown = set(values) - CORRECTED
    if unknown:
        raise InputError(_("{name}: this cannot be corrected.").format(name=sorted(unknown)[0]))
    if values.get("material", "Other") not in MATERIALS:
        raise InputError(_("material: choose one from the list."))
    values = {name: value for name, value in values.items() if value != getattr(specimen, name)}
    if not values:
        raise InputError(_("Nothing is corrected: all of it is said already."))
    if "material" in values:
        fitting(values["material"], specimen.unit)
    taken = values.get("collected")
    if taken is not None and taken > timezone.now():
        raise InputError(_("collected: this has not come yet."))
    detail = {"why": _reason(why), "fields": sorted(values)}
    follows = {}
    if specimen.preanalytics and HANDLED & set(values):
        said = {name: values.get(name, getattr(specimen, name)) for name in HANDLED}
        follows = {"sprec": preanalytics.code(Specimen(**said), specimen.preanalytics)}
    custody.carry_out([Change(specimen, Act.CORRECT, values={**values, **follows}, detail=detail)], by=by)
    record("biobank.correct", "specimen", specimen.id, by=by, fields=sorted(values))


@verb("biobank.note_preanalytics")
def note_preanalytics(specimen: Specimen, noted: Mapping[str, Any], *, by: Actor) -> str:
    """Keep times, temperatures and speeds of how a specimen was handled; its SPREC code, worked out of them. What is
    None or empty is noted no longer.

    InputError for a fact that is none, or times that run backwards.
    """
    if by is not SYSTEM:
        rules.may_collect(by).require()
    facts_now = {
        name: value for name, value in {**specimen.preanalytics, **noted}.items() if value is not None and value != ""
    }
    code = preanalytics.code(specimen, facts_now)
    values = {"preanalytics": facts_now, "sprec": code}
    custody.carry_out([Change(specimen, Act.CORRECT, values=values, detail={"fields": sorted(noted)})], by=by)
    record("biobank.note_preanalytics", "specimen", specimen.id, by=by, sprec=code)
    return code


@verb("biobank.retain")
def retain(specimen: Specimen, kept: bool, why: str, *, by: Actor) -> None:
    """Keep a specimen back for diagnosis, or no longer: the keepers of the inventory any, a physician those of the
    patients whom they treat."""
    act = Act.RETAIN if kept else Act.ALLOW
    may(by, act, specimen)
    if by is not SYSTEM:
        may_keep_back(by, act, specimen).require()
    if specimen.retained is kept:
        raise BusyError(_("This was done already."))
    custody.carry_out([Change(specimen, act, values={"retained": kept}, detail={"why": _reason(why)})], by=by)
    record("biobank.retain", "specimen", specimen.id, by=by, kept=kept)


@verb("biobank.dispose")
def dispose(specimens: Sequence[Specimen], why: str, *, by: Actor) -> uuid.UUID:
    """Destroy specimens, for a reason. BusyError where one is promised to a request."""
    for one in specimens:
        may(by, Act.DISPOSE, one)
        _free(one)
    detail = {"why": _reason(why)}
    batch = custody.carry_out([Change(one, Act.DISPOSE, detail=detail) for one in specimens], by=by)
    record("biobank.dispose", "batch", batch, by=by, specimens=len(specimens), why=why.strip()[:500])
    return batch


def _free(specimen: Specimen) -> None:
    if specimen.reserved is not None:
        raise BusyError(_("Specimen {label} is promised to a request.").format(label=specimen.label))


def _theirs(specimens: Sequence[Specimen]) -> None:
    """BusyError where a donor of one withdrew or objected: it is kept or destroyed, and nothing is made of it. What is
    kept back for diagnosis serves the donor's own care."""
    asked = [one for one in specimens if not one.retained]
    of = descent.sources_of([one.id for one in asked])
    donors = sorted(frozenset().union(*of.values()))
    stands = consents.given(donors, {one.collection for one in asked})
    for one in asked:
        if any(stands[donor, one.collection_id].withdrawn for donor in of[one.id]):
            raise BusyError(_("Specimen {label}: the donor withdrew or objected.").format(label=one.label))


def _thawed(specimens: Sequence[Specimen], by: Actor) -> uuid.UUID:
    """Count a thawing of each of these, none at all too; the batch of whatever is done with them."""
    batch = uuid.uuid4()
    if specimens:
        custody.carry_out([Change(one, Act.THAW) for one in specimens], by=by, batch=batch)
    return batch


def is_frozen(specimen: Specimen) -> bool:
    """Whether a specimen lies frozen, or was taken out of the cold and nobody counted that it thawed since."""
    last = specimen.custody.exclude(container=None).select_related("container").order_by("-number").first()
    if specimen.status not in (Status.STORED, Status.OUT) or last is None or last.container is None:
        return False
    thawed = specimen.custody.filter(number__gte=last.number, act=Act.THAW.value)
    if specimen.status == Status.OUT and thawed.exists():
        return False
    return places.temperature_of(last.container) in FROZEN


def _in_its_unit(amount: Amount | None, specimen: Specimen) -> int | None:
    if amount is None:
        return None
    if specimen.unit and UNITS[specimen.unit].dimension is not amount.dimension:
        raise InputError(_("amount: it is kept in {unit}.").format(unit=specimen.unit))
    return amount.value


def _sum(amounts: Sequence[Amount | None], parent: Specimen) -> int | None:
    unknown = sum(amount is None for amount in amounts)
    if unknown == len(amounts):
        return None
    if unknown:
        sentence = _("amount: say of every tube how much goes into it, or of none: else nobody can tell what is left.")
        raise InputError(sentence)
    return sum(_in_its_unit(amount, parent) or 0 for amount in amounts)


def _left(specimen: Specimen, taken: int | None) -> int | None:
    """What is left once `taken` is gone; None where nobody knows."""
    if specimen.amount is None or taken is None:
        return None if specimen.amount is None else specimen.amount
    if taken > specimen.amount:
        has = Amount(specimen.amount, specimen.unit)
        raise InputError(_("amount: there are {has} in {label}.").format(has=has, label=specimen.label))
    return specimen.amount - taken


def labelled(specimen: Specimen) -> None:
    """InputError for a label that cannot be kept or read by a scanner."""
    if not specimen.label or len(specimen.label) > 64 or not specimen.label.isprintable():
        raise InputError(_("label: give each tube a label of at most 64 characters."))


def _reason(why: str) -> str:
    if not why.strip():
        raise InputError(_("reason: say why."))
    return why.strip()[:500]
