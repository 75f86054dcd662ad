"""Refused rights are logged for whoever watches over the campus: who, which page, from where; nothing typed."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from campus.cast import Cast
from wardbench.campus.api.services import make_key


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(one.getMessage()) for one in caplog.records if one.name == "wardbench.security"]


def test_a_refused_right_is_logged(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    assert cast.client("student").get("/record/?text=secret-words").status_code == 403
    (line,) = logged(caplog)
    assert (line["event"], line["status"], line["page"]) == ("refused", 403, "record")
    assert line["person"] == str(cast.people["student"].id) and "127.0.0.1" in line["from"]
    assert "secret-words" not in caplog.text


def test_whoever_tries_addresses_is_logged(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    """What one may not know of is answered as if it were not there; that somebody asked is seen all the same."""
    client = cast.client("student")
    _key, secret = make_key("for a test", ["read"], 1, by=cast.actor("student"))
    nothing = uuid.uuid4()
    assert client.get(f"/studies/{nothing}/").status_code == 404
    assert client.get(f"/api/studies/{nothing}", headers={"authorization": f"Bearer {secret}"}).status_code == 404
    page, program = logged(caplog)
    for line in (page, program):
        assert (line["event"], line["status"], line["person"]) == ("not_found", 404, str(cast.people["student"].id))
    assert page["page"] == "study" and str(nothing) not in json.dumps([page, program])


def test_a_form_that_is_refused_is_logged_and_one_that_is_taken_is_not(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    cast.client("student").post("/people/add/", {"name": "x\n{} forged line", "email": "x@test.example"})
    (line,) = logged(caplog)
    assert line["method"] == "POST" and "forged" not in caplog.text
    caplog.clear()
    assert cast.client("administrator").get("/people/add/").status_code == 200
    assert not logged(caplog)


def test_a_key_that_is_none_is_logged(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(headers={"host": "localhost", "authorization": "Bearer not-a-key"})
    assert client.get("/api/studies").status_code == 401
    (line,) = logged(caplog)
    assert line["status"] == 401 and "not-a-key" not in caplog.text


def test_what_was_shown_is_cleared_from_the_browser_at_signing_out(cast: Cast) -> None:
    client = cast.client("researcher")
    assert "Clear-Site-Data" not in client.get("/")
    assert client.post("/account/logout/")["Clear-Site-Data"] == '"cache", "storage"'


def test_an_unexpected_error_is_logged_once_with_its_traceback(
    cast: Cast, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardbench.campus.people import queries

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("an unexpected fault")

    monkeypatch.setattr(queries, "profile", fails)
    client = cast.client("researcher")
    client.raise_request_exception = False
    assert client.get(f"/people/{cast.people['researcher'].pk}/").status_code == 500
    logged = [one for one in caplog.records if one.exc_info]
    assert len(logged) == 1 and logged[0].levelname == "ERROR"
    assert "an unexpected fault" in caplog.text and caplog.text.count("Traceback") == 1


def test_what_is_due_and_fails_is_logged_and_due_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The process in the background goes on after an unexpected error, and does not pass over it in silence."""
    from wardbench.campus import background, due

    class EndedError(Exception):
        pass

    def ends(*_: Any) -> None:
        raise EndedError

    def fails(*_: Any) -> None:
        raise RuntimeError("an unexpected fault")

    monkeypatch.setattr(due, "carry_out", fails)
    monkeypatch.setattr("threading.Event.wait", ends)
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)
    with pytest.raises(EndedError):
        background._every_minute(tmp_path)
    assert "an unexpected fault" in caplog.text and "Traceback" in caplog.text
