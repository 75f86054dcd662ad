"""Reading blinded panels: those somebody may see, what counts of them, and which analytes one can be made for."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import Max
from django.utils.translation import gettext as _

from wardbench.campus.counting import sessions
from wardbench.campus.people.rules import Actor, Verdict, no
from wardbench.campus.releases import blinding_rules, checking, request_queries
from wardbench.campus.releases.blinding_rules import Act, Facts
from wardbench.campus.releases.extracting import NO_PERMIT
from wardbench.campus.releases.finding_queries import RECEIVED
from wardbench.campus.releases.models import BlindedPanel, BlindedPlace, Request
from wardbench.campus.releases.rules import Status
from wardbench.campus.samples import looking
from wardbench.campus.samples.looking import Scope
from wardbench.campus.studies import permits
from wardbench.campus.studies.material import use_of
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.permits import Use, Wanted
from wardbench.core.consent import Tier
from wardbench.core.errors import NotFoundError

if TYPE_CHECKING:
    from wardbench.ward.benchmark.recorded import Analyte

MOST_ANALYTES = 500
RELATED = ("request__study__investigator", "request__permit", "request__by")
ARRIVED = (Status.RECEIVED, Status.CLOSED)
FEWEST_PERSONS = 10
"""Of how many persons an analyte has results that can be chosen."""

_kept: dict[str, tuple[Analyte, ...]] = {}


def analytes() -> tuple[Analyte, ...]:
    """What can be chosen: the analytes that the hospital measures most, each in each unit."""
    from wardbench.ward.benchmark import recorded

    snapshot = sessions.snapshot("store")
    name = f"{snapshot.folder}"
    if name not in _kept:
        _kept.clear()
        _kept[name] = recorded.analytes(snapshot, most=MOST_ANALYTES, persons=FEWEST_PERSONS)
    return _kept[name]


def scopes(by: Actor) -> list[Scope]:
    """The permits under which somebody can have a panel made."""
    return [one for one in looking.scopes(by) if one.permit and blinding_rules.covers(one.permit.content)]


def permitted(study: Study, cohort: str, by: Actor) -> Verdict:
    """What the permit that holds says now of results of single patients of a cohort, and of whoever asks."""
    permit = permits.holding(study)
    if permit is None:
        return no(NO_PERMIT)
    found = blinding_rules.covers(permit.content)
    return permits.check(permit, by, Wanted(Use.DATA, cohort=cohort)) if found else found


def tells_persons(study: Study) -> bool:
    """Whether the permit that holds names the table of persons, so that sex and age may be shown."""
    permit = permits.holding(study)
    return permit is not None and "person" in permit.content["tables"]


def panel(panel_id: uuid.UUID, *, by: Actor) -> tuple[BlindedPanel, Facts]:
    """One of them and what the rules ask of it; NotFoundError for whom it is not."""
    found = BlindedPanel.objects.select_related(*RELATED).filter(id=panel_id).first()
    facts = facts_of(found, by) if found is not None else None
    if found is None or facts is None or not blinding_rules.may_see_panel(by, facts):
        raise NotFoundError(_("There is no such panel, or it is not for you to see."))
    return found, facts


def of_request(request: Request) -> BlindedPanel | None:
    """The panel that a request is for."""
    return BlindedPanel.objects.filter(request=request).first()


def facts_of(of: BlindedPanel, by: Actor) -> Facts:
    received = due(of)
    return Facts(
        request_queries.facts_of(of.request),
        of.opened is not None,
        permitted(of.request.study, of.cohort, by),
        sum(one.measured is not None for one in received),
        sum(one.measured is None and not one.failed for one in received),
    )


def waiting(by: Actor, own: Sequence[uuid.UUID]) -> list[tuple[BlindedPanel, Facts]]:
    """Those of the studies that somebody works on (`own`) that wait for what was measured, or to be opened; when the
    last parcel `arrived` stands on each."""
    if not own:
        return []
    found = BlindedPanel.objects.filter(opened=None, request__study__in=own, request__status__in=ARRIVED)
    found = found.select_related(*RELATED).annotate(arrived=Max("request__shipments__arrived"))
    told = [(one, facts_of(one, by)) for one in found]
    return [
        (one, facts)
        for one, facts in told
        if blinding_rules.may_act(by, Act.MEASURE if facts.unsaid else Act.OPEN, facts)
    ]


def places(of: BlindedPanel) -> list[BlindedPlace]:
    """The specimens of a panel in the order of their codes, which is that of nothing else."""
    found = of.places.select_related("line__specimen__collection", "line__specimen__donor", "line__specimen__box")
    return list(found.order_by("line__code"))


def due(of: BlindedPanel) -> list[BlindedPlace]:
    """Those that the study received and whose donors allow it still: each has to be accounted for."""
    return standing(of, [one for one in places(of) if one.line.status in RECEIVED])


def standing(of: BlindedPanel, found: Sequence[BlindedPlace]) -> list[BlindedPlace]:
    """Those of `found` whose donors allow the use of the specimen and of their record now."""
    need = use_of(of.request.permit).need | {Tier.CLINICAL_DATA}
    answers = checking.consents_of([one.line.specimen for one in found], need)
    return [one for one in found if one.value is not None and answers[one.line.specimen_id]]
