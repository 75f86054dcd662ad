"""Why can somebody see something? The rules answer, in the words that the person would read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from wardbench.campus.limits.pace import limited
from wardbench.campus.limits.rates import Doing
from wardbench.campus.people import explain, queries, rules, services
from wardbench.campus.people.rules import Actor
from wardbench.campus.web.pages import actor, signed_in
from wardbench.core.errors import NotFoundError

MOST = 10


@signed_in
@limited(Doing.SEARCH)
def why(request: HttpRequest) -> HttpResponse:
    """About oneself, or with the right to it about anybody: the general rights, and those on one thing."""
    by = actor(request)
    who, kind_key, text = (request.GET.get(name, "").strip() for name in ("who", "kind", "what"))
    may_ask_all = rules.may_explain(by, "")
    found = list(queries.by_words(who)[: MOST + 1]) if who and may_ask_all else []
    about = by
    if len(found) == 1:
        about = queries.actor_of(found[0])
    context = {
        "may_ask_all": may_ask_all,
        "may_ask_patient": rules.may_treat(by) or rules.may_search_record(by),
        "who": who,
        "kind": kind_key,
        "what": text,
        "kinds": explain.kinds(),
        "people": found if len(found) > 1 else [],
        "nobody": bool(who and may_ask_all and not found),
    }
    if len(found) > 1 or context["nobody"]:
        return render(request, "people/why.html", context)
    context |= {"about": about, "own": about.id == by.id, "rights": explain.rights_of(about)}
    if text:
        context |= _on_thing(by, about, kind_key, text)
    if about.id != by.id:
        services.ask_why(about.id, kind_key, str(context.get("thing_id", "")), by=by)
    return render(request, "people/why.html", context)


def _on_thing(by: Actor, about: Actor, key: str, text: str) -> dict[str, object]:
    """The rights on the thing that `text` names by words or by the address of its page; or the things that it may name.

    Whoever may not ask about everybody learns of things that they may see, and of no others.
    """
    ids = [str(one) for one in queries.uuids_in(text)]
    kind, given = explain.found(by, key, text, ids)
    choices = list(given[: MOST + 1])
    if kind is None and not ids:
        return {"unsaid": True}
    if kind is None or len(choices) != 1:
        return {"choices": choices, "nothing": not choices}
    answers = kind.answers(about, choices[0].id)
    if not answers or not (answers[0].verdict or rules.may_explain(by, "")):
        raise NotFoundError(_("There is no such thing, or none that you may know of."))
    return {"thing": choices[0].name, "thing_id": choices[0].id, "answers": answers}
