"""The verbs that end a study: withdraw it, or say that it is over. Its permits end, and its question is open again."""

from __future__ import annotations

import uuid

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import verb
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.questions import queries as questions
from wardbench.campus.questions import services as question_services
from wardbench.campus.studies import permits
from wardbench.campus.studies.before_the_end import require_done
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.moves import allowed, move, needs_reason, page_of
from wardbench.campus.studies.rules import Verb
from wardbench.campus.studies.standings import Standing
from wardbench.core.errors import BusyError, NotFoundError


@verb("studies.withdraw")
def withdraw(study_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Take a study back; nothing can be done with it any more, and its permits end. BusyError while something of it has
    to be accounted for."""
    here = allowed(study_id, Verb.WITHDRAW, by)
    reason = needs_reason(reason)
    require_done(here.study)
    Study.objects.filter(id=here.study.id).update(withdrawn=timezone.now())
    permits.end_all(here.study, reason=gettext_noop("The study was withdrawn."))
    move(here, by, "studies.withdraw", reason=reason)
    _give_back(here, reason, by)
    sentence = gettext_noop("Study {reference} was withdrawn.")
    notify(here.facts.voters, sentence, page_of(here.study), by=by, reference=here.study.reference)


@verb("studies.close")
def close(study_id: uuid.UUID, reason: str = "", *, by: Actor) -> None:
    """Say that a study is over, and what came of it; its permits end. BusyError as in `withdraw`."""
    here = allowed(study_id, Verb.CLOSE, by)
    require_done(here.study)
    Study.objects.filter(id=here.study.id).update(closed=timezone.now())
    permits.end_all(here.study, reason=gettext_noop("The study was closed."))
    move(here, by, "studies.close", reason=reason.strip())
    _give_back(here, reason.strip() or _("The study was closed."), by)


def _give_back(here: Standing, reason: str, by: Actor) -> None:
    """A question that the study had taken up is open again, where it still has it."""
    if here.study.question is None:
        return
    try:
        question = questions.question(by, here.study.question)
        question_services.give_back(question, here.study.id, why=reason[:500], by=SYSTEM)
    except (BusyError, NotFoundError):  # it was given back already, or is gone
        return
