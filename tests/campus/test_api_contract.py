"""The API against its own description: whatever is sent, it answers as it says, and never with a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from campus.cast import Cast
from wardbench.campus.api import services
from wardbench.campus.api.api import api
from wardbench.campus.limits.rates import RATES, Doing, Rate
from wardbench.campus.web.wsgi import application

SCHEMA = schemathesis.openapi.from_dict(api.get_openapi_schema())
SCHEMA.app = application


def test_the_description_is_openapi_3_1() -> None:
    assert api.get_openapi_schema()["openapi"].startswith("3.1")


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A server closes what a request used; here the connection is the test's, in its transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def _not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (Doing.API_READ, Doing.API_COUNT, Doing.API_WRITE):
        monkeypatch.setitem(RATES, kind, Rate(10_000, 1))


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.django_db
def test_whatever_is_sent(case: schemathesis.Case, cast: Cast) -> None:
    _, secret = services.make_key("fuzz", ["read", "count", "write"], 5, by=cast.actor("researcher"))
    answer = case.call(headers={"Authorization": f"Bearer {secret}", "Host": "localhost"})
    case.validate_response(answer, checks=[not_a_server_error])
    assert answer.status_code in (200, 201, 204, 400, 401, 403, 404, 405, 409, 422), answer.text
