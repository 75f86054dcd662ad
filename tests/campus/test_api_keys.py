"""Keys for programs: shown once, kept as a hash, good for their scope until they end."""

from __future__ import annotations

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from campus.cast import Cast
from wardbench.campus.api import access, services
from wardbench.campus.api.api import api
from wardbench.campus.api.models import Key
from wardbench.campus.people import services as people
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.core.errors import BusyError, InputError, NotFoundError


def ask(path: str, secret: str = "") -> tuple[int, dict]:
    headers = {"host": "localhost", **({"authorization": f"Bearer {secret}"} if secret else {})}
    answer = Client(headers=headers).get(path)
    return answer.status_code, answer.json()


def made(cast: Cast, key: str = "researcher", scopes: tuple[str, ...] = ("read",), days: int = 5) -> tuple[Key, str]:
    return services.make_key("notebook", list(scopes), days, by=cast.actor(key))


def test_a_key_acts_for_its_person(cast: Cast) -> None:
    _, secret = made(cast)
    status, answer = ask("/api/people/me", secret)
    assert status == 200 and answer["name"] == "Researcher"
    assert answer["roles"] == [{"role": "researcher", "organisation": "Institute", "unit": None, "leads": None}]


def test_nothing_of_a_secret_is_kept(cast: Cast) -> None:
    key, secret = made(cast)
    stored = str(Key.objects.filter(id=key.id).values().get())
    assert secret not in stored and secret.split("_", 2)[2] not in stored


@pytest.mark.parametrize("secret", ["", "wbk", "wbk_x_y", "nonsense", "wbk__", "wbk_00000000_" + "x" * 43])
def test_without_a_good_key_nothing_is_told(cast: Cast, secret: str) -> None:
    status, answer = ask("/api/people", secret)
    assert status == 401 and set(answer) == {"error"} and "key" in answer["error"]["sentence"]


def test_a_secret_that_is_wrong_by_one_letter_is_refused(cast: Cast) -> None:
    _, secret = made(cast)
    wrong = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    assert ask("/api/people/me", wrong)[0] == 401


def test_a_key_that_has_ended_is_refused(cast: Cast) -> None:
    key, secret = made(cast)
    Key.objects.filter(id=key.id).update(expires=timezone.now() - datetime.timedelta(seconds=1))
    assert ask("/api/people/me", secret)[0] == 401


def test_a_word_in_the_address_that_is_not_known_is_refused_by_its_name(cast: Cast) -> None:
    _, secret = made(cast)
    assert ask("/api/studies?text=kidney&limit=5", secret)[0] == 200
    for address in ("/api/studies?txt=kidney", "/api/studies?limit=5&txt=1", "/api/people/me?txt="):
        status, answer = ask(address, secret)
        assert status == 422 and answer["error"]["sentence"] == "query.txt: this is not known here.", address
    assert ask("/api/studies/S10001?study=S10002", secret)[0] == 422, "what the path says is said there"


def test_a_revoked_key_is_refused_at_once_and_only_its_owner_revokes_it(cast: Cast) -> None:
    key, secret = made(cast)
    with pytest.raises(NotFoundError):
        services.revoke_key(key.id, by=cast.actor("administrator"))
    services.revoke_key(key.id, by=cast.actor("researcher"))
    assert ask("/api/people/me", secret)[0] == 401
    with pytest.raises(BusyError):
        services.revoke_key(key.id, by=cast.actor("researcher"))


def test_a_closed_account_has_no_keys(cast: Cast) -> None:
    _, secret = made(cast)
    people.close_account(cast.people["researcher"], by=SYSTEM)
    assert ask("/api/people/me", secret)[0] == 401


def test_a_key_of_before_an_account_was_closed_opens_nothing_afterwards(cast: Cast) -> None:
    """Whoever was kept out by closing it may hold the key still."""
    _, secret = made(cast)
    people.close_account(cast.people["researcher"], by=SYSTEM)
    people.reopen_account(cast.people["researcher"], by=SYSTEM)
    assert ask("/api/people/me", secret)[0] == 401


def test_a_role_that_ended_ends_what_a_key_may(cast: Cast) -> None:
    _, secret = made(cast)
    assert ask("/api/people", secret)[0] == 200
    people.end_role(cast.people["researcher"].affiliations.get(), by=SYSTEM)
    status, answer = ask("/api/people", secret)
    assert status == 403 and "no role" in answer["error"]["sentence"]


def test_a_key_is_good_for_its_scope_alone(cast: Cast) -> None:
    _, secret = made(cast, scopes=("count",))
    status, answer = ask("/api/people/me", secret)
    assert status == 403 and "scope read" in answer["error"]["sentence"]


def test_whoever_has_no_role_makes_no_key(cast: Cast) -> None:
    with pytest.raises(ForbiddenError, match="no role"):
        made(cast, "nobody")


@pytest.mark.parametrize(("scopes", "days"), [([], 5), (["everything"], 5), (["read"], 0), (["read"], 367)])
def test_what_a_key_cannot_be_is_said(cast: Cast, scopes: list[str], days: int) -> None:
    with pytest.raises(InputError):
        services.make_key("notebook", scopes, days, by=cast.actor("researcher"))


def test_the_page_shows_a_secret_once(cast: Cast) -> None:
    client = cast.client("researcher")
    shown = client.post("/account/keys/", {"name": "notebook", "scopes": ["read"], "days": "5"}).content.decode()
    secret = re.search(r"wbk_[0-9a-f]{8}_[\w-]{43}", shown)
    assert secret and ask("/api/people/me", secret[0])[0] == 200
    assert secret[0] not in client.get("/account/keys/").content.decode()


def test_another_persons_keys_are_not_shown(cast: Cast) -> None:
    made(cast)
    assert "notebook" not in cast.client("researcher2").get("/account/keys/").content.decode()


def test_a_session_does_not_open_the_api(cast: Cast) -> None:
    """Or a page of somebody else could make a browser ask with it."""
    assert cast.client("researcher").get("/api/people").status_code == 401


def test_every_question_of_the_api_says_its_scope() -> None:
    operations = [
        operation
        for _, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
    ]
    assert operations
    for operation in operations:
        assert operation.auth_callbacks and all(isinstance(one, access.Key) for one in operation.auth_callbacks), (
            operation
        )


@pytest.mark.parametrize("where", ["topics", "title"])
def test_half_a_character_is_refused_wherever_it_is(cast: Cast, where: str) -> None:
    """JSON can write one, and nothing can keep or show it."""
    _, secret = made(cast, "researcher", ("write",))
    half = '"\\ud800"'
    given = {"title": '"Why?"', "text": '"Because."', "side": '"bench"', "topics": "[]"}
    given[where] = f"[{half}]" if where == "topics" else half
    body = "{" + ", ".join(f'"{name}": {value}' for name, value in given.items()) + "}"
    client = Client(headers={"host": "localhost", "authorization": f"Bearer {secret}"}, raise_request_exception=False)
    assert client.post("/api/questions", body, content_type="application/json").status_code == 400
