"""Criteria that stand, held against planned visits and against what comes into the inventory.

What may be taken follows from the permit and from what each donor allows, both looked at anew: at matching, on the page
of the visits, and when it is taken.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import consents, descent, extra
from wardbench.campus.biobank.extra import Extra
from wardbench.campus.biobank.imports.files import pieces
from wardbench.campus.biobank.models import Consent, CustodyEvent, DonorLink, OptOut, Specimen, Visit
from wardbench.campus.biobank.rules import Act, Status
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.releases import checking, standing
from wardbench.campus.releases.models import RequestLine, Standing, StandingMatch
from wardbench.campus.releases.standing import DROPPED, FOUND, TAKEN, Criteria, criteria_of
from wardbench.campus.samples import current, looking
from wardbench.campus.samples.looking import Scope
from wardbench.campus.studies.material import use_of
from wardbench.core.consent import Basis, allows, bits
from wardbench.core.errors import WardbenchError
from wardbench.ward.samples import Offer, Query, matches

AHEAD = datetime.timedelta(days=60)
"""How far ahead visits are looked at."""
SEXES = {"Female": "female", "Male": "male", "Undifferentiated": "other"}
DRAWN = ("WholeBlood", "Plasma", "Serum", "BuffyCoat", "Urine", "Saliva", "Faeces", "Swab")
"""What can be taken besides at a visit, the plainest first."""
CAME = tuple(act.value for act in (Act.COLLECT, Act.REGISTER, Act.RETURN, Act.FIND, Act.FREE, Act.ALLOW))
"""What brings something that could not be given before; what is moved, thawed or put back was there already."""
SEEN = "standing.json"
"""A file beside the index that says what the criteria were held against last."""


@dataclass(frozen=True)
class Open:
    """Criteria that may look now: within which scope, and for whom of a cohort on which day of entry."""

    one: Standing
    criteria: Criteria
    scope: Scope
    query: Query
    entries: Mapping[int, int] | None

    @property
    def materials(self) -> frozenset[str]:
        chosen = dict(self.query.chosen)["material"]
        assert isinstance(chosen, frozenset), "material is a facet of words"
        return chosen


def opened(one: Standing) -> Open | None:
    """None where the permit, or who asked, does not allow it now."""
    by = actor_of(one.by)
    scope = next((found for found in looking.scopes(by) if found.study == one.study.reference), None)
    if scope is None or scope.permit is None:
        return None
    criteria = criteria_of(one)
    if not standing.most_wanted(scope.permit, criteria.standing.query):
        return None
    try:
        entries = _entries(scope, criteria, by)
    except WardbenchError:
        return None
    return Open(one, criteria, scope, looking.narrowed(scope, criteria.standing.query, criteria.window), entries)


def _entries(scope: Scope, criteria: Criteria, by: Actor) -> Mapping[int, int] | None:
    if criteria.window is None:
        return None
    found = looking.patients_of(scope, criteria.window, by)
    assert found.anchors is not None, "a cohort has a day of entry for each person"
    return dict(zip(found.persons.tolist(), found.anchors.tolist(), strict=True))


def fitting(held: Open, visits: Sequence[Visit]) -> dict[uuid.UUID, bool]:
    """The visits that may serve criteria, and whether their donors have agreed to this use already."""
    persons = dict(
        DonorLink.objects.filter(donor__in=[one.enrolment.donor_id for one in visits]).values_list("donor", "person_id")
        if held.entries is not None
        else ()
    )
    collections = {one.enrolment.protocol.collection for one in visits}
    given = consents.given([one.enrolment.donor_id for one in visits], collections)
    offers = []
    for one in visits:
        donor, collection, day = one.enrolment.donor, one.enrolment.protocol.collection, _day(one)
        allowed = given[donor.id, collection.id]
        nothing = allowed.basis is Basis.WRITTEN and not allowed.granted and not allowed.withdrawn
        numbers = {"collected": (day - datetime.date(1970, 1, 1)).days, "thaws": 0}
        if donor.birth_year:
            numbers["age"] = day.year - donor.birth_year
        values = {
            "material": held.materials,
            "collection": frozenset({collection.code}),
            "sex": frozenset({SEXES.get(donor.sex, "")}),
            "kind": frozenset({"primary"}),
        }
        inside = _inside(held, persons.get(donor.id), day)
        offers.append(
            Offer(
                str(one.id), day, values, numbers, consent=None if nothing else bits(allowed),
                cohorts=frozenset({held.criteria.standing.cohort}) if inside else frozenset(),
            )
        )  # fmt: skip
    found = matches([replace(held.criteria.standing, query=held.query)], offers)
    return {uuid.UUID(one.offer): "consent need" not in one.open for one in found}


def _day(visit: Visit) -> datetime.date:
    """When a visit is taken to be: a visit that is late is today's."""
    return max(visit.due, timezone.localdate())


def _inside(held: Open, person: int | None, day: datetime.date) -> bool:
    if held.entries is None or person is None or person not in held.entries:
        return False
    after = (day - datetime.date(1970, 1, 1)).days - held.entries[person]
    first, last = held.criteria.first, held.criteria.last
    return (first is None or after >= first) and (last is None or after <= last)


def planned(until: datetime.date) -> list[Visit]:
    """The visits that are still to come."""
    found = Visit.objects.filter(status=Visit.Status.PLANNED, enrolment__ended=None, due__lte=until)
    whole = found.select_related("enrolment__donor", "enrolment__protocol__collection", "planned")
    return list(whole.prefetch_related("planned__planned").order_by("due"))


def carry_out_due(now: datetime.datetime) -> int:
    """Hold all criteria against visits and the inventory, where either changed since; how many matches were new."""
    today = timezone.localdate(now)
    standings = list(Standing.objects.filter(ended=None).select_related("study__investigator", "by"))
    if not standings:
        return 0
    visits = planned(today + AHEAD)
    state = json.dumps(
        [today.isoformat(), current.state(), [f"{one.id} {one.criteria} {one.permit_id}" for one in standings],
         [f"{one.id} {one.revision}" for one in visits], _permits(standings)], default=str,
    )  # fmt: skip
    place = current.folder() / SEEN
    if place.exists() and place.read_text() == state:
        return 0
    new = sum(_hold(one, visits, today) for one in standings)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(state)
    return new


def _permits(standings: Iterable[Standing]) -> list[str]:
    return [f"{one.permit.revoked} {one.permit.suspended} {one.permit.until}" for one in standings]


def _hold(one: Standing, visits: Sequence[Visit], today: datetime.date) -> int:
    if one.until < today:
        standing.end(one.id, standing.OVER, by=SYSTEM)
        return 0
    held = opened(one)
    if held is None:
        if one.permit.revoked is not None or one.permit.until < today:
            standing.end(one.id, standing.ENDED, by=SYSTEM)
        return 0
    _let_go(held)
    leftovers = _leftovers(held)
    _bring(one, [specimen for _visit, specimen in leftovers if specimen is not None])
    hits = [*leftovers, *_of_visits(held, visits)]
    if fresh(one, hits):
        return note(one.id, hits, by=SYSTEM)
    end_where_met(one)
    return 0


Hit = tuple[uuid.UUID | None, uuid.UUID | None]
"""A visit or a specimen."""


def _of_visits(held: Open, visits: Sequence[Visit]) -> list[Hit]:
    able = [one for one in visits if _drawn(held) or _plans(one, held)]
    fit = fitting(held, able)
    return [(one.id, None) for one in able if one.id in fit]


def _drawn(held: Open) -> str:
    """The first material of these criteria that can be taken at a visit, or nothing."""
    return next((code for code in DRAWN if code in held.materials), "")


def _plans(visit: Visit, held: Open) -> bool:
    """Whether a visit takes what is looked for as it is."""
    return any(one.material in held.materials for one in visit.planned.planned.all())


def _let_go(held: Open) -> None:
    """Let go of visits that are over and brought nothing of what is looked for."""
    waiting = StandingMatch.objects.filter(standing=held.one, state=FOUND, specimen=None).exclude(visit=None)
    over = waiting.exclude(visit__status=Visit.Status.PLANNED)
    brought = Specimen.objects.filter(visit__in=over.values("visit"), material__in=held.materials)
    over.exclude(visit__in=brought.values("visit")).update(state=DROPPED)


def _leftovers(held: Open) -> list[Hit]:
    """What can be given and came, came back or was allowed since the criteria were kept."""
    query, by = held.criteria.standing.query, actor_of(held.one.by)
    names = looking.names(held.scope, query, whom=by, window=held.criteria.window)
    since = CustodyEvent.objects.filter(at__gte=held.one.at)
    new = CustodyEvent.objects.filter(
        specimen=OuterRef("specimen"), number=OuterRef("number") - 1, status=Status.COLLECTED.value
    )
    stored = since.filter(Exists(new), act=Act.STORE.value)
    came = {
        *since.filter(act__in=CAME).values_list("specimen", flat=True).distinct(),
        *stored.values_list("specimen", flat=True).distinct(),
    }
    came |= _allowed_since(held)
    return [(None, one) for one in names if one in came]


def _allowed_since(held: Open) -> set[uuid.UUID]:
    """The specimens whose donors did not allow this use when the criteria were kept and said something since, with what
    was made of them; whether they allow it now, the finder says."""
    since = held.one.at
    back = OptOut.objects.filter(until__gte=since)
    linked = DonorLink.objects.filter(person_id__in=back.exclude(person_id=None).values("person_id"))
    donors = {
        *Consent.objects.filter(at__gte=since).order_by().values_list("donor", flat=True),
        *back.exclude(donor=None).order_by().values_list("donor", flat=True),
        *linked.values_list("donor", flat=True),
    }
    if not donors or held.scope.permit is None:
        return set()
    then, need = consents.said_by(donors, since), use_of(held.scope.permit).need
    own = set[uuid.UUID]()
    for some in pieces(sorted(donors), 500):
        for one in Specimen.objects.filter(donor__in=some).select_related("collection"):
            assert one.donor_id is not None
            if not allows(then.given(one.donor_id, one.collection_id, Basis(one.collection.basis)), need):
                own.add(one.id)
    return own.union(*descent.made_of(own).values())


def fresh(one: Standing, hits: Sequence[Hit]) -> list[Hit]:
    """Those of what was found that are new, as many as are wanted still."""
    there = list(StandingMatch.objects.filter(standing=one))
    known = {(match.visit_id, None) for match in there} | {(None, match.specimen_id) for match in there}
    room = one.wanted - sum(match.state != DROPPED for match in there)
    return [hit for hit in hits if hit not in known][: max(0, room)]


@verb("releases.match_standing")
def note(standing_id: uuid.UUID, hits: Sequence[Hit], *, by: Actor) -> int:
    """Keep what was found, and tell whoever asked; how many are new."""
    one = Standing.objects.select_related("study", "by").get(id=standing_id)
    new = fresh(one, hits)
    StandingMatch.objects.bulk_create(
        [StandingMatch(standing=one, visit_id=visit, specimen_id=specimen) for visit, specimen in new]
    )
    record("releases.match_standing", "standing", one.id, by=by, study=one.study.reference, found=len(new))
    notify([one.by_id], standing.NEWS, reverse("standing", args=[one.id]), by=by, name=one.name)
    end_where_met(one)
    return len(new)


def end_where_met(one: Standing) -> None:
    """End criteria of which every specimen came."""
    came = StandingMatch.objects.filter(standing=one).exclude(state=DROPPED).exclude(specimen=None).count()
    if came >= one.wanted and Standing.objects.filter(id=one.id, ended=None).exists():
        standing.end(one.id, standing.MET, by=SYSTEM)


def _bring(one: Standing, specimens: Sequence[uuid.UUID]) -> None:
    """What a visit that was found has brought is that match's specimen, and no match of its own."""
    waiting = StandingMatch.objects.filter(standing=one, state=FOUND, specimen=None).exclude(visit=None)
    of = {match.visit_id: match for match in waiting}
    if not of:
        return
    taken = StandingMatch.objects.filter(standing=one).exclude(specimen=None)
    known = set(taken.values_list("specimen_id", flat=True))
    for specimen, visit in Specimen.objects.filter(visit__in=list(of)).order_by("label").values_list("id", "visit_id"):
        if specimen in specimens and specimen not in known and visit in of:
            match = of.pop(visit)
            StandingMatch.objects.filter(id=match.id).update(specimen=specimen, state=TAKEN)


class Wishes:
    """What studies ask to be taken besides, for the page of the visits."""

    def wanted(self, visits: Sequence[Visit]) -> Mapping[uuid.UUID, Sequence[Extra]]:
        """The tubes that criteria found of these visits, as far as permit and consent allow them now."""
        ids = [one.id for one in visits]
        found = StandingMatch.objects.filter(visit__in=ids, state=FOUND, standing__ended=None)
        of: dict[uuid.UUID, list[StandingMatch]] = {}
        for match in found.select_related("standing__study__investigator", "standing__by", "standing__permit"):
            of.setdefault(match.standing_id, []).append(match)
        there = {one.id: one for one in visits}
        asked: dict[uuid.UUID, list[Extra]] = {}
        for held_matches in of.values():
            held = opened(held_matches[0].standing)
            if held is None:
                continue
            fit = fitting(held, [there[match.visit_id] for match in held_matches if match.visit_id])
            for match in held_matches:
                visit = there[match.visit_id] if match.visit_id else None
                if visit is not None and fit.get(visit.id) and _drawn(held) and not _plans(visit, held):
                    asked.setdefault(visit.id, []).append(_tube(match, held))
        return asked

    def taken(self, key: str, specimen: Specimen, *, by: Actor) -> None:
        """The match has its specimen."""
        match_id, _slash, _material = key.partition("/")
        held = StandingMatch.objects.filter(id=match_id, state=FOUND).select_related("standing").first()
        if held is not None:
            StandingMatch.objects.filter(id=held.id).update(specimen=specimen, state=TAKEN)
            end_where_met(held.standing)


def _tube(match: StandingMatch, held: Open) -> Extra:
    """One tube for a match; a study that wants several materials keeps criteria for each."""
    why = _("for study {study}: {name}").format(study=held.one.study.reference, name=held.one.name)
    return Extra(f"{match.id}/{_drawn(held)}", _drawn(held), why)


def still_good(lines: Sequence[StandingMatch], scope: Scope | None) -> dict[uuid.UUID, bool]:
    """Of matches with a specimen whether it can be given now."""
    there = [one for one in lines if one.specimen is not None]
    if scope is None or scope.permit is None:
        return {one.id: False for one in there}
    judged = checking.judge([RequestLine(specimen=one.specimen) for one in there], use_of(scope.permit))
    return {match.id: bool(one.verdict or one.waits) for match, one in zip(there, judged, strict=True)}


extra.ask(Wishes())
