"""What the API takes and gives. Unknown fields are refused."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, Generic, TypeVar

from ninja import Schema
from pydantic import ConfigDict, Field

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


class StudyWhole(StudyOut):
    summary: str
    steps: list[StepOut]
    versions: list[SubmissionOut]


class StudyIn(Shape):
    title: str = Field(min_length=1, max_length=300)
    kind: str


class LensIn(Shape):
    """What Lens sends: the syntax tree of a query, and the id by which the answer is known."""

    ast: dict[str, Any]
    id: str = Field("", max_length=64)
