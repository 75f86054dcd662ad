"""Acts that cannot be taken back ask who one is, unless one has shown it a moment ago."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from campus.cast import Cast
from campus.test_sign_in import PASSWORD
from campus.test_studies import registered, submitted
from wardbench.campus.studies.models import Vote

MINUTE = 60


def proved(client: Client, ago: int) -> Client:
    session = client.session
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - ago}]
    session.save()
    return client


def asks(client: Client, address: str) -> bool:
    answer = client.get(address)
    return answer.status_code == 302 and "reauthenticate" in answer["Location"]


def with_password(cast: Cast, key: str) -> None:
    cast.people[key].set_password(PASSWORD)
    cast.people[key].save()


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("administrator", "/people/add/"),
        ("administrator", "/people/{person}/roles/"),
        ("administrator", "/people/{person}/close/"),
        ("trial_centre", "/studies/{submitted}/decide/validation/"),
        ("researcher", "/studies/{draft}/do/withdraw/"),
        ("researcher", "/account/keys/"),
    ],
)
def test_it_is_asked_first(cast: Cast, key: str, address: str) -> None:
    with_password(cast, key)
    names = {"person": cast.people["student"].id, "submitted": submitted(cast).id, "draft": registered(cast).id}
    address = address.format(**names)
    client = cast.client(key, proved=False)
    assert asks(client, address)
    assert proved(client, 1).get(address).status_code == 200
    assert asks(proved(client, 6 * MINUTE), address), "five minutes are over"


def test_what_was_thought_about_for_half_an_hour_is_taken(cast: Cast) -> None:
    with_password(cast, "trial_centre")
    study = submitted(cast)
    address = f"/studies/{study.id}/decide/validation/"
    said = {"do": "vote", "answer": "approve", "reason": "Complete"}
    late = proved(cast.client("trial_centre", proved=False), 61 * MINUTE).post(address, said)
    assert "reauthenticate" in late["Location"] and not Vote.objects.exists()
    proved(cast.client("trial_centre", proved=False), 30 * MINUTE).post(address, said)
    assert Vote.objects.get(study=study).answer == "approve"


def test_who_may_not_is_not_asked_but_refused(cast: Cast) -> None:
    assert cast.client("student").get("/people/add/").status_code == 403
