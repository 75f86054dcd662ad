"""What somebody can do now with a study as a whole, and what its permit lets the team do next."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wardbench.campus.people.rules import Actor, Verdict
from wardbench.campus.studies import permits, rules
from wardbench.campus.studies.models import Permit
from wardbench.campus.studies.rules import ACTIONS, DONE_BY_PAGE, ON_A_PERMIT, Part, Verb
from wardbench.campus.studies.shown import Happened
from wardbench.campus.studies.standing import Status
from wardbench.campus.studies.standings import Standing


@dataclass(frozen=True)
class Action:
    """One thing that is done to the whole study, and whether the reader may."""

    verb: str
    title: str
    verdict: Verdict


@dataclass(frozen=True)
class Next:
    """A step that a permit opens; `address` is empty where it is not taken on these pages."""

    title: str
    address: str = ""


def actions(here: Standing, by: Actor) -> list[Action]:
    """What is done to the study in its status; of a permit, what can be done as it stands."""
    holding = [one for one in here.study.permits.all() if _holds(one)]
    possible = {
        Verb.REVOKE: bool(holding),
        Verb.SUSPEND: any(one.suspended is None or one.resting for one in holding),
        Verb.RESUME: any(one.suspended is not None for one in holding),
    }
    found = []
    for verb in DONE_BY_PAGE:
        if not possible.get(verb, bool(rules.doers(verb, here.facts))):
            continue
        verdict = rules.may(by, verb, here.facts)
        apart = verb is Verb.DECLARE or (verb in ON_A_PERMIT and verb not in rules.TABLE[here.status])
        if apart and not verdict:
            continue
        if verb is Verb.RENEW and verdict and not (soon := permits.ends_soon(here.study)):
            verdict = soon
        found.append(Action(verb.value, ACTIONS[verb], verdict))
    return found


def _holds(permit: Permit) -> bool:
    return permit.revoked is None and permit.until >= timezone.localdate()


def permit_news(here: Standing) -> str:
    """What whoever reads of a study has to know of its last permit; nothing where it simply holds, or all is over."""
    last = here.study.permits.order_by("-number").first()
    if last is None or here.status in (Status.WITHDRAWN, Status.CLOSED):
        return ""
    until = _day(last.until)
    if last.revoked is not None:
        said = {"day": _day(timezone.localdate(last.revoked)), "why": _sentence(permits.said(last.why_revoked))}
        return _("The permit ended on %(day)s: %(why)s Nothing may be done under it.") % said
    if last.until < timezone.localdate():
        return _("The permit ended on %(day)s. Nothing may be done under it.") % {"day": until}
    if last.suspended is not None:
        said = {"day": _day(timezone.localdate(last.suspended)), "why": _sentence(permits.said(last.why_suspended))}
        return _("The permit is suspended since %(day)s: %(why)s Until it holds again nothing may be done.") % said
    if here.status is not Status.APPROVED:
        return _("The permit that was given before holds until %(day)s.") % {"day": until}
    if permits.ends_soon(here.study):
        return _("The permit ends on %(day)s; until then it can be renewed.") % {"day": until}
    return ""


OVER = frozenset({"studies.close", "studies.withdraw"})


def ended_with(history: Sequence[Happened]) -> str:
    """The words with which a study was closed or withdrawn; nothing of one that goes on."""
    return next((one.detail for one in history if one.verb in OVER), "")


def _day(day: datetime.date) -> str:
    return date_format(day, "j F Y")


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def next_steps(here: Standing, by: Actor) -> list[Next]:
    """What the permit that holds lets the team do, for whoever belongs to it."""
    study = here.study
    if not rules.parts(by, here.facts) & {Part.INVESTIGATOR, Part.MEMBER}:
        return []
    permit = permits.holding(study)
    if permit is None or permit.suspended is not None or by.id not in permit.content["whom"] or here.facts.orphaned:
        return []
    content, found = permit.content, []
    if content.get("arriving"):
        found.append(Next(_("Tell the biobank when the material arrives: it registers it before it is used.")))
    if content["material"]:
        found.append(Next(_("Find specimens, and ask the biobank for them."), reverse("samples")))
    if content["cohorts"] and content["data"] != "none":
        found.append(Next(_("Count the cohorts that are attached."), "#cohorts"))
        found.append(Next(_("Ask for a table to leave the study."), reverse("study_results", args=[study.id])))
    if content["cohorts"] and content["data"] in ("pseudonymised", "identifiable"):
        found.append(Next(_("Ask for an extract of the data."), reverse("extracts", args=[study.id])))
    if rules.may(by, Verb.CLOSE, here.facts):
        address = reverse("study_act", args=[study.id, Verb.CLOSE.value])
        found.append(Next(_("Close the study once it is done, and say what came of it."), address))
    return found
