"""What every handler says: which scope its caller's key needs, and how much it gives at once."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from wardbench.campus.api.queries import Bearer, bearer
from wardbench.campus.api.rules import Scope, may_use
from wardbench.campus.limits.pace import take
from wardbench.campus.limits.rates import Doing
from wardbench.campus.web.pages import actor

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Text = Annotated[str, Query(max_length=200)]


KINDS = {Scope.READ: Doing.API_READ, Scope.COUNT: Doing.API_COUNT, Scope.WRITE: Doing.API_WRITE}


class Key(HttpBearer):
    """A key in the header `Authorization: Bearer`, that was made for `scope`."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Bearer | None:
        """Whoever the key is of; the request is theirs from here on. ForbiddenError where the scope is another,
        TooOftenError where they asked too often, by whichever of their keys."""
        found = bearer(token)
        if found is None:
            return None
        may_use(found.scopes, self.scope).require()
        take(found.actor, KINDS[self.scope])
        request_of: Any = request
        request_of.actor = found.actor
        return found


def described(view: Any) -> Any:
    """The description of the API is for whoever may use it: with a key of any scope, or signed in. AuthenticationError
    for everybody else."""

    def answered(request: HttpRequest, **kwargs: Any) -> Any:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if not actor(request).id and (kind.lower() != "bearer" or bearer(token) is None):
            return view.keywords["api"].on_exception(request, AuthenticationError())
        return view(request, **kwargs)

    answered.signed_in = True  # type: ignore[attr-defined]
    return answered


READ, COUNT, WRITE = Key(Scope.READ), Key(Scope.COUNT), Key(Scope.WRITE)
