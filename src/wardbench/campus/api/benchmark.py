"""The hospital as a benchmark, for programs: the same questions as the pages ask."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status

from wardbench.campus.api.access import COUNT, READ, Limit, Offset, Text
from wardbench.campus.api.outcomes import REFUSED, basis_of, line, listed, one_of, version, whole
from wardbench.campus.api.shapes import (
    AskIn,
    AssayIn,
    FunnelIn,
    InquiryOut,
    InquiryWhole,
    IntervalsIn,
    MethodsIn,
    Page,
    RatesIn,
    ReportOut,
    Table1In,
)
from wardbench.campus.outcomes import at_once, queries, services, specs
from wardbench.campus.outcomes.given import headed, sent
from wardbench.campus.outcomes.rules import YARDSTICKS, Kind
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.pages import actor
from wardbench.core.errors import InputError
from wardbench.ward.benchmark.lines import Sent

if TYPE_CHECKING:
    from wardbench.ward.benchmark.page import Report

router = Router(tags=["benchmark"])
ASKED = {201: InquiryOut, **REFUSED}
AT_ONCE = {200: ReportOut, **ASKED}
"""Where tables alone are brought, the report comes at once, and there is no question to read later."""
COUNTS, UNITS = "sex,age,events,population", "unit,observed,n"


@router.get("", response={200: Page[InquiryOut], **REFUSED}, auth=READ, summary="The questions that you may see")
def inquiries(request: HttpRequest, text: Text = "", mine: bool = False, limit: Limit = 25, offset: Offset = 0) -> Any:
    return listed(actor(request), YARDSTICKS, text, mine, limit, offset)


@router.post("/intervals", response=ASKED, auth=COUNT, summary="Ask for the reference intervals of an analyte")
def intervals(request: HttpRequest, given: IntervalsIn) -> Any:
    for word in given.by:
        one_of("by", word, specs.GROUPS)
    healthy = _cohort(given.healthy, "healthy", actor(request))
    spec = specs.intervals(given.analyte, given.unit, given.by, given.ages, healthy)
    return _ask(request, Kind.INTERVALS, given, spec, given.analyte)


@router.post("/assay", response=ASKED, auth=COUNT, summary="Ask where values of an analyte lie among the hospital's")
def assay(request: HttpRequest, given: AssayIn) -> Any:
    values = headed(sent("values.csv", given.values), "value,sex,age")
    spec = specs.assay(given.analyte, given.unit, values, specs.rising(given.ages))
    return _ask(request, Kind.ASSAY, given, spec, given.analyte)


@router.post("/table1", response=ASKED, auth=COUNT, summary="Ask how a study's patients stand beside the hospital's")
def table1(request: HttpRequest, given: Table1In) -> Any:
    by = actor(request)
    study = _cohort(given.study, "study", by)
    aggregates = sent("aggregates.csv", given.aggregates) if given.aggregates else None
    spec = specs.table1(version(given.hospital, "hospital", by)[0], study, aggregates)
    return _ask(request, Kind.TABLE1, given, spec, spec["hospital"]["name"])


@router.post("/rates", response=AT_ONCE, auth=COUNT, summary="Ask how a study's events compare with a standard's rates")
def rates(request: HttpRequest, given: RatesIn) -> Any:
    by = actor(request)
    study = specs.either("study", _cohort(given.study, "study", by), _table("counts.csv", given.counts, COUNTS))
    standard = specs.either(
        "hospital", _cohort(given.hospital, "hospital", by), _table("standard.csv", given.standard, COUNTS)
    )
    if isinstance(study, Sent) and isinstance(standard, Sent):
        _nothing_besides(given, {"counts", "standard"})
        return _worked_out(at_once.rates_of_files(study, standard, by=by))
    outcome = _cohort(given.outcome, "outcome", by)
    spec = specs.rates(study, standard, outcome, given.within, specs.rising(given.ages))
    return _ask(request, Kind.RATES, given, spec, spec["standard"]["name"])


@router.post("/funnel", response=AT_ONCE, auth=COUNT, summary="Ask whether a unit differs by more than chance")
def funnel(request: HttpRequest, given: FunnelIn) -> Any:
    by = actor(request)
    cohort = specs.either("cohort", _cohort(given.cohort, "cohort", by), _table("units.csv", given.units, UNITS))
    if isinstance(cohort, Sent):
        _nothing_besides(given, {"units", "dispersion"})
        return _worked_out(at_once.funnel_of_file(cohort, given.dispersion, by=by))
    outcome = _cohort(given.outcome, "outcome", by)
    spec = specs.funnel(cohort, given.by, outcome, given.within, given.adjust, given.dispersion)
    return _ask(request, Kind.FUNNEL, given, spec, cohort["name"])


@router.post("/methods", response={200: ReportOut, **REFUSED}, auth=COUNT, summary="Compare two methods; kept nowhere")
def methods(request: HttpRequest, given: MethodsIn) -> Any:
    pairs = headed(sent("pairs.csv", given.pairs), "old,new")
    return _worked_out(at_once.compare_methods(pairs, given.x, given.y, given.unit, by=actor(request)))


@router.get("/{inquiry_id}", response={200: InquiryWhole, **REFUSED}, auth=READ, summary="One question, and its answer")
def inquiry(request: HttpRequest, inquiry_id: uuid.UUID) -> Any:
    return whole(queries.inquiry(inquiry_id, by=actor(request)))


def _ask(request: HttpRequest, kind: Kind, given: AskIn, spec: dict[str, Any], about: str) -> Any:
    name = given.name or f"{kind.value}: {about}"[: services.LONGEST_NAME]
    basis, by = basis_of(given.basis), actor(request)
    made = services.hold_against(kind, name, spec, {}, basis, by=by, purpose=given.purpose)
    return Status(201, line(made))


def _cohort(text: str, field: str, by: Actor) -> dict[str, Any] | None:
    return version(text, field, by)[0] if text else None


def _table(called: str, text: str, columns: str) -> Sent | None:
    return headed(sent(called, text), columns) if text else None


def _nothing_besides(given: AskIn, tables: set[str]) -> None:
    """InputError where more is said than tables that are worked out at once: how persons are followed, or on which
    records, would be taken to have counted."""
    fields = type(given).model_fields
    for field in sorted(given.model_fields_set - tables):
        if getattr(given, field) != fields[field].get_default(call_default_factory=True):
            raise InputError(_("{field}: leave it out; tables alone are worked out as they are.").format(field=field))


def _worked_out(report: Report) -> dict[str, Any]:
    """What is kept nowhere, the figures and the page."""
    from wardbench.ward.benchmark import page

    figures = msgspec.json.decode(page.canonical_json(report))
    return {"verdict": report.verdict, "report": figures, "page": page.render(report)}
