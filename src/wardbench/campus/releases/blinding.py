"""The verbs of blinded panels: have one made, write down what was measured, open it, and read the key.

The hospital's value of a specimen is the result of its donor that was measured nearest to when it was taken. It is kept
with the panel as it was when this was made, so that nobody can choose the yardstick after the measurement.
"""

from __future__ import annotations

import datetime
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank.amounts import UNITS, Amount
from wardbench.campus.biobank.models import Collection, Specimen
from wardbench.campus.counting import sessions
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.releases import blinding_queries, blinding_rules, checking, requesting
from wardbench.campus.releases.blinding_rules import Act
from wardbench.campus.releases.blinding_sheet import FAILED
from wardbench.campus.releases.models import BlindedPanel, BlindedPlace, RequestLine
from wardbench.campus.releases.moves import tell
from wardbench.campus.releases.rules import Side
from wardbench.campus.samples import looking
from wardbench.campus.samples.looking import Scope, Window
from wardbench.campus.studies.material import Asked, use_of
from wardbench.core.errors import BusyError, InputError
from wardbench.ward.samples import Query

if TYPE_CHECKING:
    from wardbench.ward.benchmark.page import Report
    from wardbench.ward.benchmark.panel import Candidate, Place
    from wardbench.ward.benchmark.recorded import Analyte
    from wardbench.ward.benchmark.results import Results

FEWEST, MOST = 10, 200
"""Places of a panel: fewer pairs tell no line."""
MOST_DAYS = 90
LONGEST_METHOD = 100
AT_ONCE = 500
EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True)
class Wish:
    """What a panel is to be: so many `places` of one material, of patients of a `cohort` of the permit (its content
    hash), with a result of the analyte at most `days` days from when it was taken; `amount` is wanted of each, None for
    all of it; two places lie beside each of `decisions`. `method` is what is to be held against the hospital's."""

    cohort: str
    concept: int
    unit: str
    material: str
    method: str
    places: int = 40
    days: int = 1
    decisions: tuple[float, ...] = ()
    amount: Amount | None = None

    def __post_init__(self) -> None:
        if not FEWEST <= self.places <= MOST:
            raise InputError(gettext_noop("places: ask for {fewest} to {most}."), fewest=FEWEST, most=MOST)
        if not 0 <= self.days <= MOST_DAYS:
            raise InputError(gettext_noop("days: ask for 0 to {most}."), most=MOST_DAYS)
        if any(not limit > 0 for limit in self.decisions) or 4 * len(self.decisions) > self.places:
            raise InputError(
                gettext_noop("decisions: limits above 0; two places go to each, and not more than half of all.")
            )
        if not self.method.strip() or len(self.method) > LONGEST_METHOD:
            raise InputError(gettext_noop("method: say what your method is called."))


@verb("releases.make_panel")
def make(scope: Scope, query: Query, wish: Wish, *, by: Actor, window: Window | None = None) -> BlindedPanel:
    """A draft request for a panel of what `query` finds within a scope, chosen over the range of the hospital's values.

    ForbiddenError where the permit does not cover specimens and results of the cohort's patients; InputError where
    fewer donors than places have a specimen that can be given with a result.
    """
    permit = scope.permit
    if permit is None:
        raise InputError(_("study: choose a study with a permit that names you."))
    blinding_queries.permitted(permit.study, wish.cohort, by).require()
    around = window if window is not None and window.cohort == wish.cohort else Window(wish.cohort)
    found = looking.rows(scope, query.choosing("material", frozenset({wish.material})), by=by, window=around)
    analyte, results, version = _results(wish, permit.content["period"])
    lines, places = _chosen(_offered(found, results, wish), wish, scope)
    request = requesting.begin(permit, lines, by)
    made = BlindedPanel.objects.create(
        request=request, cohort=wish.cohort, concept=analyte.concept_id, analyte=analyte.name[:300], unit=analyte.unit,
        method=wish.method.strip(), snapshot=version,
    )  # fmt: skip
    BlindedPlace.objects.bulk_create(
        [
            BlindedPlace(panel=made, line=line, value=place.candidate.value, days=place.candidate.days)
            for line, place in zip(lines, places, strict=True)
        ]
    )
    record(
        "releases.make_panel", "panel", made.id, by=by, study=permit.study.reference, request=request.reference,
        permit=permit.hash, cohort=wish.cohort, analyte=analyte.code, unit=analyte.unit, places=len(places),
        snapshot=version,
    )  # fmt: skip
    return made


def _results(wish: Wish, period: Sequence[str]) -> tuple[Analyte, Results, str]:
    """The analyte and its results within the permit's period, and of which snapshot."""
    from wardbench.ward.benchmark import recorded

    snapshot = sessions.snapshot("store")
    analyte = recorded.find_analyte(snapshot, str(wish.concept), wish.unit)
    results = recorded.results_of(snapshot, analyte)
    first, last = ((datetime.date.fromisoformat(day) - EPOCH).days if day else None for day in period)
    if first is not None:
        results = results.where(results.day >= first)
    if last is not None:
        results = results.where(results.day <= last)
    return analyte, results, snapshot.version


def _offered(found: pa.Table, results: Results, wish: Wish) -> list[Candidate]:
    """What has a value, of the biobank that has it of most donors: each biobank is asked by a request of its own."""
    from wardbench.ward.benchmark.panel import nearest

    bank_of = dict(Collection.objects.values_list("code", "biobank_id"))
    of = dict(zip(found.column("specimen").to_pylist(), found.column("collection").to_pylist(), strict=True))
    banks: dict[uuid.UUID, list[Candidate]] = {}
    for one in nearest(found, results, days=wish.days):
        if of[one.specimen] in bank_of:
            banks.setdefault(bank_of[of[one.specimen]], []).append(one)
    return max(banks.values(), key=lambda own: len({one.person for one in own}), default=[])


def _chosen(offered: list[Candidate], wish: Wish, scope: Scope) -> tuple[list[RequestLine], Sequence[Place]]:
    """The places of a panel and their lines, all of them specimens that can be given as things are now."""
    from wardbench.ward.benchmark.panel import choose

    assert scope.permit is not None, "a panel is chosen under a permit"
    use = use_of(scope.permit)
    while len({one.person for one in offered}) >= wish.places:
        # Codes and places come of a seed that nobody knows: whoever knew it could work out which is which.
        places = choose(offered, wish.places, decisions=wish.decisions, seed=secrets.randbits(63))
        lines = _can_be_given([one.candidate for one in places], wish, use)
        if len(lines) == len(places):
            for place in places:
                lines[place.candidate.specimen].code = place.code
            return [lines[place.candidate.specimen] for place in places], places
        gone = {one.candidate.specimen for one in places} - set(lines)
        offered = [one for one in offered if one.specimen not in gone]
    left = _can_be_given(offered, wish, use)
    donors = len({one.person for one in offered if one.specimen in left})
    raise InputError(
        gettext_noop("places: {n} donors have such a specimen that can be given, with a result."), n=donors
    )


def _can_be_given(some: Sequence[Candidate], wish: Wish, use: Asked) -> dict[str, RequestLine]:
    """A line for each of those that can be given as things are now, by the specimen's name."""
    found: dict[str, RequestLine] = {}
    for at in range(0, len(some), AT_ONCE):
        names = [uuid.UUID(one.specimen) for one in some[at : at + AT_ONCE]]
        there = Specimen.objects.select_related("collection", "donor").in_bulk(names)
        lines = [
            RequestLine(specimen=tube, amount=requesting.part_of(wish.amount, tube))
            for tube in there.values()
            if _fits(wish.amount, tube)
        ]
        found |= {str(one.line.specimen_id): one.line for one in checking.judge(lines, use) if one.verdict or one.waits}
    return found


def _fits(amount: Amount | None, tube: Specimen) -> bool:
    return amount is None or (bool(tube.unit) and UNITS[tube.unit].dimension is amount.dimension)


@verb("releases.measure_panel")
def measure(panel_id: uuid.UUID, said: Mapping[str, float | str | None], *, by: Actor) -> int:
    """Write down values by code, `FAILED` or None for none; how many changed. Codes that are not named stay as they
    are. InputError for a code that the study has not received."""
    panel, facts = blinding_queries.panel(panel_id, by=by)
    blinding_rules.may_act(by, Act.MEASURE, facts).require()
    there = {one.line.code: one for one in blinding_queries.due(panel)}
    changed = []
    for code, value in said.items():
        if code not in there:
            raise InputError(_("values: {code} is no code of this panel that you received.").format(code=code[:16]))
        one, failed = there[code], value == FAILED
        measured = None if value is None or failed else float(value)
        if (one.measured, one.failed) != (measured, failed):
            one.measured, one.failed = measured, failed
            changed.append(one)
    _move(panel)
    BlindedPlace.objects.bulk_update(changed, ["measured", "failed"], batch_size=200)
    record(
        "releases.measure_panel", "panel", panel.id, by=by, study=panel.request.study.reference,
        request=panel.request.reference, codes=sorted(one.line.code for one in changed),
    )  # fmt: skip
    return len(changed)


@verb("releases.open_panel")
def unblind(panel_id: uuid.UUID, *, by: Actor) -> BlindedPanel:
    """Open a panel of which every specimen is accounted for: from now on what was measured stays, and the key can be
    read."""
    panel, facts = blinding_queries.panel(panel_id, by=by)
    blinding_rules.may_act(by, Act.OPEN, facts).require()
    _move(panel, opened=timezone.now(), opened_by_id=uuid.UUID(by.id))
    panel.refresh_from_db()
    record(
        "releases.open_panel", "panel", panel.id, by=by, study=panel.request.study.reference,
        request=panel.request.reference, measured=facts.measured,
    )  # fmt: skip
    tell(panel.request, Side.BIOBANK, gettext_noop("The blinded panel of request {reference} was opened."), by)
    return panel


def _move(panel: BlindedPanel, **values: object) -> None:
    """The panel moves on from what was read, as long as it is blinded."""
    held = BlindedPanel.objects.filter(id=panel.id, revision=panel.revision, opened=None)
    if held.update(revision=F("revision") + 1, **values) != 1:
        raise BusyError(_("Somebody changed this panel at the same moment; load the page again."))


@verb("releases.read_panel")
def read(panel_id: uuid.UUID, *, by: Actor) -> tuple[BlindedPanel, list[BlindedPlace]]:
    """An opened panel and its specimens with both values, those alone that were accounted for when it was opened and
    whose donors allow it still. Each look is on the record."""
    panel, facts = blinding_queries.panel(panel_id, by=by)
    blinding_rules.may_act(by, Act.COMPARE, facts).require()
    found = [one for one in blinding_queries.due(panel) if one.measured is not None or one.failed]
    record(
        "releases.read_panel", "panel", panel.id, by=by, study=panel.request.study.reference,
        request=panel.request.reference, specimens=len(found),
    )  # fmt: skip
    return panel, found


def compare(panel: BlindedPanel, found: Sequence[BlindedPlace]) -> Report:
    """The report of what was `read`: the study's method against the hospital's. InputError for fewer than ten pairs."""
    import numpy as np

    from wardbench.core.disclosure import rules_for
    from wardbench.ward.benchmark import page
    from wardbench.ward.benchmark.methods_report import methods_report

    pairs = [(one.value, one.measured) for one in found if one.measured is not None]
    values = np.array(pairs, dtype=float).reshape(-1, 2)
    names = ("the hospital", panel.method)
    words = ("methods", "pairs.csv", "--x", names[0], "--y", names[1], "--unit", panel.unit, "--mode", "exact")
    made = page.made_of(page.command_of(words), f"the blinded panel of request {panel.request.reference}")
    failed = len(found) - len(pairs)
    return methods_report((values[:, 0], values[:, 1]), names, panel.unit, failed, rules_for("exact"), made)


@verb("releases.read_key")
def read_key(panel_id: uuid.UUID, *, by: Actor) -> tuple[BlindedPanel, list[BlindedPlace]]:
    """Which code is which specimen, for the biobank; no value. Each look is on the record."""
    panel, facts = blinding_queries.panel(panel_id, by=by)
    blinding_rules.may_act(by, Act.LABEL, facts).require()
    found = sorted(blinding_queries.places(panel), key=lambda one: (one.line.order or 0, one.line.specimen.label))
    record(
        "releases.read_key", "panel", panel.id, by=by, study=panel.request.study.reference,
        request=panel.request.reference, specimens=len(found),
    )  # fmt: skip
    return panel, found


def forget(specimens: Sequence[uuid.UUID]) -> int:
    """Remove what the hospital and the study measured of those of `specimens` whose donors do not allow it any more, as
    a part of the verb that writes this down; of how many."""
    found = 0
    for panel in BlindedPanel.objects.filter(places__line__specimen__in=specimens).distinct():
        own = [one for one in blinding_queries.places(panel) if one.line.specimen_id in set(specimens)]
        kept = {one.id for one in blinding_queries.standing(panel, own)}
        gone = panel.places.filter(id__in=[one.id for one in own if one.id not in kept])
        found += gone.update(value=None, measured=None)
    return found
