"""What the API takes and gives. Unknown fields are refused."""

from __future__ import annotations

import uuid
from typing import Generic, TypeVar

from ninja import Schema
from pydantic import ConfigDict

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


class PersonOut(Shape):
    id: uuid.UUID
    name: str
    title: str
    roles: list[Role]
    expertise: list[str]
