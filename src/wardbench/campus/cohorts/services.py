"""The verbs on cohorts: make, change a draft, undo, save as a version, share, archive, copy."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from wardbench.campus.access.queries import may_see_patient
from wardbench.campus.access.rules import IN_EMERGENCY
from wardbench.campus.audit.services import record, record_for_good, verb
from wardbench.campus.cohorts import queries, rules
from wardbench.campus.cohorts.models import Cohort, Draft, Share, Step, Version
from wardbench.campus.people.figures import figure
from wardbench.campus.people.models import Person, Unit
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.ward.cohorts.editing import Working, content_hash, new_definition
from wardbench.ward.cohorts.lower import lower

MOST_STEPS = 100
"""Steps that undo goes back."""
LARGEST = 1_000_000
"""Characters of a definition: the largest of OHDSI's library has a sixth of this."""


@dataclass(frozen=True)
class Shown:
    """The count that somebody was shown: as it was disclosed, in which mode, on which snapshot."""

    figure: str = ""
    value: float | None = None
    mode: str = ""
    snapshot: str = ""


@verb("cohorts.make")
def make_cohort(
    name: str, *, by: Actor, about: str = "", expression: Mapping[str, Any] | None = None, source: str = ""
) -> Cohort:
    """Make a cohort with a draft of its definition: `expression`, or an empty one.

    InputError or UnsupportedError names the path in `expression` that cannot be used. `source` says where it is from.
    """
    rules.may_make(by).require()
    working = Working(dict(expression)) if expression is not None else new_definition()
    if expression is not None:
        lower(working.definition())
    cohort = Cohort.objects.create(owner_id=queries.key(by), name=_named(name), about=about.strip())
    draft = Draft.objects.create(cohort=cohort, person_id=cohort.owner_id)
    Step.objects.create(draft=draft, number=0, working=_text(working))
    record("cohorts.make", "cohort", cohort.id, by=by, name=cohort.name, source=source)
    return cohort


@verb("cohorts.edit")
def change_draft(cohort_id: uuid.UUID, working: Working, revision: int, *, by: Actor, change: str = "") -> Draft:
    """Put `working` after the present step of the draft of `by`, which begins here where there is none.

    `revision` is the one that was changed (`Desk.revision`); BusyError where the draft has gone on since then.
    """
    cohort = _allowed(cohort_id, "edit", by)
    text = _text(working)
    draft = _draft(cohort, by)
    _go_on(draft, revision, draft.position + 1)
    steps = Step.objects.filter(draft=draft)
    steps.filter(number__gt=draft.position).delete()
    steps.filter(number__lte=draft.position - MOST_STEPS).delete()
    Step.objects.create(draft=draft, number=draft.position + 1, working=text)
    record("cohorts.edit", "cohort", cohort.id, by=by, change=change)
    return Draft.objects.get(id=draft.id)


@verb("cohorts.undo")
def undo(cohort_id: uuid.UUID, revision: int, *, by: Actor, steps: int = -1) -> Draft:
    """Go back one step of one's draft; forward with `steps` 1. InputError where there is none."""
    cohort = _allowed(cohort_id, "edit", by)
    draft = Draft.objects.filter(cohort=cohort, person_id=queries.key(by)).first()
    to = draft.position + steps if draft else -1
    if draft is None or abs(steps) != 1 or not Step.objects.filter(draft=draft, number=to).exists():
        raise InputError(_("There is nothing to undo.") if steps < 0 else _("There is nothing to redo."))
    _go_on(draft, revision, to)
    record("cohorts.undo", "cohort", cohort.id, by=by, steps=steps)
    return Draft.objects.get(id=draft.id)


@verb("cohorts.discard")
def discard_draft(cohort_id: uuid.UUID, *, by: Actor) -> None:
    """Let go of what was changed since the version that the draft began from. InputError where nothing was."""
    cohort = _allowed(cohort_id, "edit", by)
    if not queries.latest(cohort):
        raise InputError(_("There is no version to go back to; save one first, or archive the cohort."))
    found, _kinds = Draft.objects.filter(cohort=cohort, person_id=queries.key(by)).delete()
    if not found:
        raise InputError(_("There are no changes to let go of."))
    record("cohorts.discard", "cohort", cohort.id, by=by)


@verb("cohorts.save")
def save_version(
    cohort_id: uuid.UUID,
    revision: int,
    *,
    by: Actor,
    note: str = "",
    shown: Shown | None = None,
    over: int | None = None,
) -> Version:
    """Save one's draft as the next version; rules that are switched off stay behind, and the draft ends.

    BusyError where somebody saved another version since the draft began, unless it is `over` that `by` has compared
    theirs with, or where the draft has gone on since `revision`. InputError where it is no complete definition, or
    nothing was changed.
    """
    cohort = _allowed(cohort_id, "save", by)
    draft = Draft.objects.filter(cohort=cohort, person_id=queries.key(by)).first()
    if draft is None:
        raise InputError(_("Nothing has been changed since the last version."))
    _go_on(draft, revision, draft.position)
    last = queries.latest(cohort)
    number = last.number if last else 0
    if number not in (draft.based_on, over):
        author = last.author.name if last else ""
        raise BusyError(
            _("%(author)s saved version %(number)d after you began; compare it first, or save yours anyway.")
            % {"author": author, "number": number}
        )
    working = Working.read(json.loads(Step.objects.get(draft=draft, number=draft.position).working))
    definition = working.definition(cohort.name)
    plan, content = lower(definition), content_hash(definition)
    if last and last.hash == content:
        raise InputError(_("Nothing has been changed since version %(number)d.") % {"number": number})
    shown = shown or Shown()
    try:
        with transaction.atomic():
            version = Version.objects.create(
                cohort=cohort,
                number=number + 1,
                hash=content,
                plan=plan.digest,
                definition=json.dumps(working.expression, ensure_ascii=False),
                author_id=queries.key(by),
                note=note.strip()[:500],
                figure=shown.figure,
                value=shown.value,
                mode=shown.mode,
                snapshot=shown.snapshot,
            )
    except IntegrityError:
        raise BusyError(
            _("Somebody saved version %(number)d at the same moment; compare it first.") % {"number": number + 1}
        ) from None
    Draft.objects.filter(id=draft.id).delete()
    if working.off:
        _keep_off(cohort, by, working, number + 1)
    Cohort.objects.get(id=cohort.id).save(update_fields=["changed"])
    record("cohorts.save", "cohort", cohort.id, by=by, version=number + 1, hash=content)
    return version


@verb("cohorts.rename")
def rename(cohort_id: uuid.UUID, name: str, about: str, *, by: Actor) -> None:
    """Give a cohort another name and purpose; InputError where the name is empty."""
    cohort = _allowed(cohort_id, "rename", by)
    Cohort.objects.filter(id=cohort.id).update(name=_named(name), about=about.strip())
    record("cohorts.rename", "cohort", cohort.id, by=by, name=_named(name))


@verb("cohorts.share")
def share(
    cohort_id: uuid.UUID,
    *,
    by: Actor,
    person: Person | None = None,
    unit: Unit | None = None,
    may_edit: bool = False,
) -> None:
    """Let a person, a unit, or with neither everybody on the campus see a cohort, or change it too.

    What was said before of the same person, unit or everybody is replaced. InputError for its owner.
    """
    cohort = _allowed(cohort_id, "share", by)
    if person is not None and unit is not None:
        raise InputError(_("Share with a person or with a unit, one at a time."))
    if person is not None and person.id == cohort.owner_id:
        raise InputError(_("person: this is the owner."))
    Share.objects.filter(cohort=cohort, person=person, unit=unit).delete()
    Share.objects.create(cohort=cohort, person=person, unit=unit, may_edit=may_edit)
    record("cohorts.share", "cohort", cohort.id, by=by, **_whom(person, unit), may_edit=may_edit)


@verb("cohorts.unshare")
def unshare(cohort_id: uuid.UUID, *, by: Actor, person: Person | None = None, unit: Unit | None = None) -> None:
    """Take back what `share` gave. BusyError where it was taken back already."""
    cohort = _allowed(cohort_id, "share", by)
    gone, _kinds = Share.objects.filter(cohort=cohort, person=person, unit=unit).delete()
    if not gone:
        raise BusyError(_("This was taken back already."))
    record("cohorts.unshare", "cohort", cohort.id, by=by, **_whom(person, unit))


@verb("cohorts.archive")
def archive(cohort_id: uuid.UUID, *, by: Actor) -> None:
    """Put a cohort out of sight. What refers to its versions keeps them."""
    _turn(_allowed(cohort_id, "archive", by), "archive", by)


@verb("cohorts.restore")
def restore(cohort_id: uuid.UUID, *, by: Actor) -> None:
    """Bring an archived cohort back."""
    _turn(_allowed(cohort_id, "restore", by), "restore", by)


@verb("cohorts.copy")
def copy_cohort(version: Version, *, by: Actor) -> Cohort:
    """Make a cohort of one's own that begins from a version of one that `by` may see."""
    queries.seen(version.cohort_id, by)
    name = f"{version.cohort.name} ({version.number})"[:200]
    source = f"version {version.number} of {version.cohort_id}"
    cohort = make_cohort(name, by=by, about=version.cohort.about, expression=version.expression, source=source)
    record("cohorts.copy", "cohort", version.cohort_id, by=by, version=version.number, copy=str(cohort.id))
    return cohort


def _allowed(cohort_id: uuid.UUID, action: str, by: Actor) -> Cohort:
    seen = queries.seen(cohort_id, by)
    seen.may(action).require()
    return seen.cohort


def _turn(cohort: Cohort, action: str, by: Actor) -> None:
    status, _roles = rules.STATES[cohort.status, action]
    if Cohort.objects.filter(id=cohort.id, status=cohort.status).update(status=status) != 1:
        raise BusyError(_("Somebody was quicker; load the page again."))
    record(f"cohorts.{action}", "cohort", cohort.id, by=by)


def _draft(cohort: Cohort, by: Actor) -> Draft:
    """The draft of `by`, begun from the latest version where there is none yet."""
    there = queries.draft_of(cohort, by)
    if there is not None:
        return there
    desk = queries.desk(cohort, by)
    draft, made = Draft.objects.get_or_create(
        cohort=cohort, person_id=queries.key(by), defaults={"based_on": desk.based_on}
    )
    if made:
        Step.objects.create(draft=draft, number=0, working=_text(desk.working))
    return draft


def _go_on(draft: Draft, revision: int, position: int) -> None:
    """Move a draft on from `revision`; BusyError where it is no longer there."""
    moved = Draft.objects.filter(id=draft.id, revision=revision).update(revision=revision + 1, position=position)
    if moved != 1:
        raise queries.went_on()


def _keep_off(cohort: Cohort, by: Actor, working: Working, based_on: int) -> None:
    """A draft that goes on with the rules that are switched off, which a version cannot have."""
    draft = Draft.objects.create(cohort=cohort, person_id=queries.key(by), based_on=based_on)
    Step.objects.create(draft=draft, number=0, working=_text(working))


def _text(working: Working) -> str:
    text = json.dumps(working.json(), ensure_ascii=False)
    if len(text) > LARGEST:
        raise InputError(_("The definition is longer than %(most)s characters.") % {"most": figure(f"{LARGEST:,}")})
    return text


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InputError(_("name: give the cohort a name."))
    if len(name) > 200:
        raise InputError(_("name: 200 characters at most."))
    return name


def _whom(person: Person | None, unit: Unit | None) -> dict[str, str]:
    if person is None and unit is None:
        return {"whom": "everybody"}
    return {"person": str(person.id)} if person else {"unit": str(unit.id)} if unit else {}


@verb("cohorts.look_at_patient")
def look_at_patient(person_id: int, *, by: Actor, version: Version | None = None) -> Verdict:
    """Put on the record that `by` looks at the timeline of a patient; why they may.

    NotFoundError where they may not, as where there is no such patient; that they asked is on the record too.
    """
    verdict = may_see_patient(by, person_id)
    if not verdict:
        record_for_good("cohorts.refuse_patient", "patient", person_id, by=by, patient=person_id)
        raise NotFoundError(_("There is no such patient in your care."))
    shown = str(version.id) if version else ""
    in_emergency = {"emergency": True} if verdict.reason == IN_EMERGENCY else {}
    record("cohorts.look_at_patient", "patient", person_id, by=by, patient=person_id, version=shown, **in_emergency)
    return verdict
