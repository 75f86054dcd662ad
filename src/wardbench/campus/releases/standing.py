"""The verbs on criteria that stand: what a study would like to have as it comes, until it is met or its last day."""

from __future__ import annotations

import datetime
import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import terms
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.releases import checking, request_queries, rules
from wardbench.campus.releases.models import Standing, StandingMatch
from wardbench.campus.samples import looking
from wardbench.campus.samples.looking import Scope, Window
from wardbench.campus.studies.models import Permit
from wardbench.core.errors import BusyError, InputError, NotFoundError
from wardbench.ward import samples
from wardbench.ward.samples import Query, standing_from_json, standing_to_json

MOST_STANDING = 20
"""Criteria that a study keeps at once."""
MOST_WANTED = 2_000


@dataclass(frozen=True)
class Criteria:
    """What is looked for, and the days around entry into its cohort on which it is to be taken."""

    standing: samples.Standing
    first: int | None = None
    last: int | None = None

    @property
    def window(self) -> Window | None:
        return Window(self.standing.cohort, self.first, self.last) if self.standing.cohort else None


def criteria_of(one: Standing) -> Criteria:
    """The criteria as they are kept."""
    kept = one.criteria
    return Criteria(standing_from_json(json.dumps(kept["standing"])), kept.get("first"), kept.get("last"))


def _kept(name: str, query: Query, window: Window | None, wanted: int, until: datetime.date) -> dict[str, Any]:
    said = samples.Standing(name, query, wanted, until, window.cohort if window else "")
    return {
        "standing": json.loads(standing_to_json(said)),
        "first": window.first if window else None,
        "last": window.last if window else None,
    }


def _checked(permit: Permit, query: Query, name: str, wanted: int, until: datetime.date) -> None:
    """InputError unless the permit allows as much, for as long."""
    if not name.strip() or len(name) > 200:
        raise InputError(_("name: give the criteria a name of at most 200 characters."))
    last = permit.until
    if not timezone.localdate() <= until <= last:
        raise InputError(
            _("until: choose a day from today to the end of the permit, {day}.").format(day=date_format(last, "j F Y"))
        )
    most = most_wanted(permit, query)
    if not 1 <= wanted <= most:
        raise InputError(_("wanted: the permit allows 1 to {most}.").format(most=most))


def most_wanted(permit: Permit, query: Query) -> int:
    """How many specimens may be waited for: as many as the permit has donors, of materials of which some is left."""
    chosen = dict(query.chosen).get("material")
    found = 0
    for entry in permit.content["material"]:
        codes = terms.materials_called([entry.get("type", "")])
        asked = not chosen or any(code in chosen for code in codes)
        if asked and codes and checking.left_of(permit, entry["type"]) > 0:
            found += int(entry.get("donors") or MOST_WANTED)
    return min(found, MOST_WANTED)


@verb("releases.keep_standing")
def keep(
    scope: Scope, query: Query, name: str, wanted: int, until: datetime.date, *, by: Actor, window: Window | None = None
) -> Standing:
    """Have it said when specimens come that `query` describes, `wanted` of them, until a day.

    ForbiddenError where the permit does not allow it; InputError where it asks for too much or for too long.
    """
    rules.may_keep_basket(by).require()
    if scope.permit is None:
        raise InputError(_("study: choose a study with a permit that names you."))
    looking.still(scope, by).require()
    if window is not None:
        looking.patients_of(scope, window, by)
    permit = scope.permit
    _checked(permit, query, name, wanted, until)
    if Standing.objects.filter(study=permit.study, ended=None).count() >= MOST_STANDING:
        raise BusyError(_("The study keeps {most} criteria already; stop some first.").format(most=MOST_STANDING))
    made = Standing.objects.create(
        study=permit.study, permit=permit, name=name.strip(), wanted=wanted, until=until, by_id=by.id,
        criteria=_kept(name.strip(), query, window, wanted, until),
    )  # fmt: skip
    record("releases.keep_standing", "standing", made.id, by=by, study=permit.study.reference, wanted=wanted)
    return made


def own(standing_id: uuid.UUID, *, by: Actor) -> Standing:
    """Criteria of a study that somebody works on; NotFoundError for any other."""
    found = Standing.objects.select_related("study__investigator", "permit__study__investigator", "by")
    one = found.filter(id=standing_id).first()
    if one is None or by.id not in request_queries.team_of(one.study):
        raise NotFoundError(_("There are no such criteria, or they are another study's."))
    return one


@verb("releases.change_standing")
def change(standing_id: uuid.UUID, name: str, wanted: int, until: datetime.date, *, by: Actor) -> Standing:
    """Say otherwise how many are wanted and until when; what they are is said by new criteria."""
    one = own(standing_id, by=by)
    if one.ended is not None:
        raise BusyError(_("These criteria have ended."))
    kept = criteria_of(one)
    _checked(one.permit, kept.standing.query, name, wanted, until)
    one.name, one.wanted, one.until = name.strip(), wanted, until
    one.criteria = _kept(one.name, kept.standing.query, kept.window, wanted, until)
    one.save(update_fields=["name", "wanted", "until", "criteria"])
    record("releases.change_standing", "standing", one.id, by=by, study=one.study.reference, wanted=wanted)
    return one


@verb("releases.end_standing")
def end(standing_id: uuid.UUID, why: str = "", *, by: Actor) -> None:
    """Stop looking; what was found stays."""
    one = own(standing_id, by=by) if by is not SYSTEM else Standing.objects.get(id=standing_id)
    if Standing.objects.filter(id=one.id, ended=None).update(ended=timezone.now()) != 1:
        raise BusyError(_("These criteria have ended."))
    record("releases.end_standing", "standing", one.id, by=by, study=one.study.reference, why=why)
    if why:
        notify([one.by_id], why, reverse("standing", args=[one.id]), by=by, name=one.name)


@verb("releases.drop_match")
def drop(standing_id: uuid.UUID, match_id: uuid.UUID, *, by: Actor) -> None:
    """Say that something that was found is not wanted: it does not count, and a tube is not taken for it."""
    one = own(standing_id, by=by)
    held = StandingMatch.objects.filter(id=match_id, standing=one, state=FOUND)
    if held.update(state=DROPPED, by_id=by.id) != 1:
        raise BusyError(_("Somebody changed this at the same moment; load the page again."))
    record("releases.drop_match", "standing", one.id, by=by, study=one.study.reference, match=str(match_id))


FOUND, TAKEN, DROPPED = "found", "taken", "dropped"
MET = gettext_noop("Everything was found that “{name}” looked for.")
OVER = gettext_noop("The last day of “{name}” has passed; it looks for nothing any more.")
ENDED = gettext_noop("The permit of “{name}” has ended; it looks for nothing any more.")
NEWS = gettext_noop("Something came that “{name}” looks for.")
