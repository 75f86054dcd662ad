"""What the API takes and gives. Unknown fields are refused."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Generic, TypeVar

from ninja import Schema
from pydantic import ConfigDict, Field, field_validator

T = TypeVar("T")


class Shape(Schema):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Page(Shape, Generic[T]):
    """Some of many: `total` of them all, `items` from `offset` on."""

    total: int
    offset: int
    items: list[T]


class Fault(Shape):
    status: int
    sentence: str


class Refusal(Shape):
    """Every error has this shape."""

    error: Fault


class Role(Shape):
    role: str
    organisation: str
    unit: str | None
    leads: str | None
    """"head" or "deputy" of the unit, or of the organisation as a whole where there is none."""


class PersonOut(Shape):
    id: uuid.UUID
    name: str
    title: str
    roles: list[Role]
    expertise: list[str]


class VersionOut(Shape):
    """A version of a cohort. The figure is as it was disclosed to its author; an exact one is for who may count so."""

    id: uuid.UUID
    number: int
    hash: str
    at: datetime.datetime
    author: str
    note: str
    figure: str
    mode: str
    snapshot: str


class CohortOut(Shape):
    id: uuid.UUID
    name: str
    about: str
    owner: str
    status: str
    versions: int


class CohortIn(Shape):
    """`expression` is what ATLAS exports."""

    name: str = Field(min_length=1, max_length=200)
    about: str = Field("", max_length=2000)
    expression: dict[str, Any]


class SaveIn(Shape):
    expression: dict[str, Any]
    note: str = Field("", max_length=500)


class CountIn(Shape):
    expression: dict[str, Any]
    mode: str = "sandbox"


class RuleOut(Shape):
    name: str
    alone: str
    left: str
    cost: str


class CountOut(Shape):
    """What a count shows in its mode: texts, because a number may be withheld."""

    mode: str
    told: str
    persons: str
    entry: str
    rules: list[RuleOut]
    snapshot: str


class EstimateOut(Shape):
    persons: str
    notes: list[str]
    snapshot: str
    left: int


class QuestionOut(Shape):
    id: uuid.UUID
    title: str
    text: str
    side: str
    status: str
    raised_by: str
    raised_at: datetime.datetime
    figure: str


class QuestionIn(Shape):
    title: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=10_000)
    side: str = "ward"
    topics: list[str] = Field(default_factory=list, max_length=20)


class StepOut(Shape):
    id: str
    state: str
    since: datetime.datetime | None
    due: datetime.date | None


class StudyOut(Shape):
    id: uuid.UUID
    reference: str
    title: str
    kind: str
    investigator: str
    status: str


class SubmissionOut(Shape):
    """What a study said when it was handed in or amended, by the hash of its content."""

    number: int
    section: str
    reason: str
    hash: str
    at: datetime.datetime


class TurnOut(Shape):
    """Whom a study waits for, about which step, since and until when; `step` is empty before it is submitted."""

    who: str
    step: str
    since: datetime.datetime | None
    due: datetime.date | None


class StudyWhole(StudyOut):
    summary: str
    waits_for: list[TurnOut]
    steps: list[StepOut]
    versions: list[SubmissionOut]


class StudyIn(Shape):
    title: str = Field(min_length=1, max_length=300)
    kind: str


class LensIn(Shape):
    """What Lens sends: the syntax tree of a query, and the id by which the answer is known."""

    ast: dict[str, Any]
    id: str = Field("", max_length=64)


class InquiryOut(Shape):
    """A question about outcomes, or of the hospital as a benchmark, and where it stands."""

    id: uuid.UUID
    kind: str
    name: str
    owner: str
    at: datetime.datetime
    basis: str
    study: str
    status: str
    shared: bool
    hash: str
    snapshot: str
    answerable: bool | None


class InquiryWhole(InquiryOut):
    """With what was asked and, once it is answered, the figures (`report`) and the page that shows them. `reason` is a
    data steward's, `fault` why it could not be answered."""

    purpose: str
    reason: str
    fault: str
    protocol: dict[str, Any]
    verdict: str
    report: dict[str, Any]
    page: str


class ReportOut(Shape):
    """What was worked out at once and is kept nowhere: the figures, and the page that shows them."""

    verdict: str
    report: dict[str, Any]
    page: str


Concepts = Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=40)]
"""Concepts as `condition:201826`: the domain in which each is asked for, and its id."""
Version = Annotated[str, Field(max_length=36)]
"""The id of a version of a cohort; empty for none."""
Table = Annotated[str, Field(max_length=200_000)]
"""A CSV table as text, its first line the names of its columns."""
Ages = Annotated[list[int], Field(max_length=6)]


class Kept(Shape):
    """Refuses null characters, which no database keeps."""

    @field_validator("*", mode="before")
    @classmethod
    def kept(cls, value: Any) -> Any:
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(one, str) and "\0" in one for one in texts):
            raise ValueError("a null character is not kept")
        return value


class AskIn(Kept):
    """On which records a question is asked: `sandbox`, `reviewed` with its purpose, or `stewardship`."""

    name: str = Field("", max_length=200)
    basis: str = Field("sandbox", max_length=16)
    purpose: str = Field("", max_length=5000)


class OutcomesIn(AskIn):
    """A question in the words of PICO; `basis` may be `study` too, within `study`. `sex` is female, male or empty."""

    study: str = Field("", max_length=16)
    population: Version = ""
    conditions: Concepts = Field(default_factory=list)
    sex: str = Field("", max_length=6)
    youngest: int = Field(0, ge=0, le=120)
    oldest: int = Field(120, ge=0, le=120)
    intervention: Concepts = Field(default_factory=list)
    comparison: Concepts = Field(default_factory=list)
    outcome: Concepts = Field(default_factory=list)
    controls: Concepts = Field(default_factory=list)
    days: int = Field(1095, ge=1, le=3650)
    washout_days: int = Field(365, ge=0, le=3650)
    estimand: str = Field("intention-to-treat", max_length=20)
    adjustment: str = Field("matching", max_length=20)
    with_day_zero: bool = False


class IntervalsIn(AskIn):
    """`analyte` is a code, as LOINC:718-7, or a concept id; `by` may hold sex, age and device. The direct limits of
    `healthy`, a version of a cohort of healthy persons, stand beside where it is named."""

    analyte: str = Field(min_length=1, max_length=100)
    unit: str = Field("", max_length=50)
    by: list[str] = Field(default_factory=list, max_length=3)
    ages: Ages = Field(default_factory=lambda: [18, 40, 60])
    healthy: Version = ""


class AssayIn(AskIn):
    """`values` has the columns value, sex and age; it goes when the question ends."""

    analyte: str = Field(min_length=1, max_length=100)
    unit: str = Field(min_length=1, max_length=50)
    values: Table
    ages: Ages = Field(default_factory=lambda: [18, 40, 60])


class Table1In(AskIn):
    """The study is a version of a cohort, or its aggregates."""

    hospital: Version
    study: Version = ""
    aggregates: Table = ""


class RatesIn(AskIn):
    """The study and the standard are each a version of a cohort or a table of counts. Two tables are worked out at once
    and kept nowhere: nothing else is said of them."""

    study: Version = ""
    counts: Table = ""
    hospital: Version = ""
    standard: Table = ""
    outcome: Version = ""
    within: int = Field(365, ge=1, le=3650)
    ages: Ages = Field(default_factory=lambda: [18, 40, 60, 75])


class FunnelIn(AskIn):
    """Units that saw the patients of a cohort, or a table of `units` (unit, observed, and n, expected or both) that is
    worked out at once and kept nowhere. `by` is care_site or provider, `adjust` case-mix, age-sex or none; how it is
    estimated what units vary beyond chance, `dispersion`, is cqc or shmi, of a table too."""

    cohort: Version = ""
    units: Table = ""
    by: str = Field("care_site", max_length=16)
    outcome: Version = ""
    within: int = Field(365, ge=1, le=3650)
    adjust: str = Field("case-mix", max_length=16)
    dispersion: str = Field("cqc", max_length=16)


class MethodsIn(Kept):
    """`x` and `y` are columns of `pairs`; left out, the first two."""

    pairs: Table
    x: str = Field("", max_length=100)
    y: str = Field("", max_length=100)
    unit: str = Field("", max_length=50)
