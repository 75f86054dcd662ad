"""The verbs on questions: raise, edit, follow, discuss, take up, answer, close, reopen, open to partners."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.campus.questions import queries, rules
from wardbench.campus.questions.identifiers import identifier_in
from wardbench.campus.questions.models import Answer, Comment, Follower, Question, Tag, TakenUp, Turn
from wardbench.campus.questions.rules import Action, Side, Status
from wardbench.core.errors import BusyError, InputError

LONGEST_TITLE, LONGEST_TEXT, LONGEST_REASON, MOST_TAGS = 200, 10_000, 500, 12


@dataclass(frozen=True)
class Topic:
    """What a question is about: a concept with its name, or words alone."""

    name: str
    concept: int | None = None
    vocabulary: str = ""
    code: str = ""


@verb("question.raise")
def raise_question(*, title: str, text: str, side: Side, topics: Sequence[Topic], by: Actor) -> Question:
    """Raise a question and follow it. InputError names what is missing, too long, or could name a patient."""
    rules.may_raise(by, side).require()
    question = Question.objects.create(
        title=_words("title", title, LONGEST_TITLE),
        text=_words("text", text, LONGEST_TEXT),
        side=side.value,
        raised_by_id=by.id,
        unit_id=next((a.unit for a in by.affiliations if a.unit), None),
    )
    _set_topics(question, topics)
    Follower.objects.create(question=question, person_id=by.id)
    record("question.raise", "question", question.id, by=by, side=side.value)
    return question


@verb("question.edit")
def edit_question(question: Question, *, title: str, text: str, topics: Sequence[Topic], by: Actor) -> None:
    """Change the words of a question. BusyError where a study took it up, or somebody answered it, meanwhile."""
    rules.may_edit(by, question.facts).require()
    changed = Question.objects.filter(id=question.id, status=question.status).update(
        title=_words("title", title, LONGEST_TITLE), text=_words("text", text, LONGEST_TEXT), changed_at=timezone.now()
    )
    if changed != 1:
        raise _busy()
    _set_topics(question, topics)
    record("question.edit", "question", question.id, by=by)


@dataclass(frozen=True)
class Counted:
    """The answer of a feasibility count, as it was disclosed."""

    figure: str
    value: float | None
    snapshot: str


@verb("question.put_cohort")
def put_cohort(question: Question, version_id: uuid.UUID | None, *, by: Actor, counted: Counted | None = None) -> None:
    """Say by a version of a cohort which patients the question is about; None takes it away.

    The figure is that of `counted`, else the one that was disclosed when the version was saved, unless that was for
    its author's eyes alone. NotFoundError where `by` may not see the cohort.
    """
    rules.may_put_cohort(by, question.facts).require()
    values: dict[str, Any] = dict.fromkeys(("cohort", "cohort_version", "touched", "figure_at"))
    values |= dict.fromkeys(("cohort_hash", "cohort_name", "figure", "figure_mode", "figure_snapshot"), "")
    if version_id is not None:
        version = cohorts.version(version_id)
        cohorts.seen(version.cohort_id, by)
        values |= {"cohort": version.cohort_id, "cohort_version": version.id, "cohort_hash": version.hash}
        values |= {"cohort_name": version.cohort.name} | _figure(version)
        if counted is not None:
            values |= {
                "figure": counted.figure,
                "touched": None if counted.value is None else round(counted.value),
                "figure_mode": rules.FEASIBILITY,
                "figure_snapshot": counted.snapshot,
                "figure_at": timezone.now(),
            }
    if Question.objects.filter(id=question.id, status=question.status).update(**values) != 1:
        raise _busy()
    record("question.put_cohort", "question", question.id, by=by, hash=values["cohort_hash"])


def _figure(version: Any) -> dict[str, Any]:
    if not version.figure or version.mode not in (*rules.SHARED_MODES, rules.SANDBOX):
        return {}
    ranked = version.mode in rules.SHARED_MODES and version.value is not None
    return {
        "figure": version.figure,
        "touched": round(version.value) if ranked else None,
        "figure_mode": version.mode,
        "figure_snapshot": version.snapshot,
        "figure_at": version.at,
    }


@verb("question.follow")
def follow(question: Question, *, by: Actor) -> None:
    """Hear what becomes of a question; following twice is following."""
    rules.may_follow(by, question.facts).require()
    Follower.objects.get_or_create(question=question, person_id=by.id)
    record("question.follow", "question", question.id, by=by)


@verb("question.unfollow")
def unfollow(question: Question, *, by: Actor) -> None:
    """Hear no more of a question."""
    rules.may_follow(by, question.facts).require()
    Follower.objects.filter(question=question, person_id=by.id).delete()
    record("question.unfollow", "question", question.id, by=by)


@verb("question.comment")
def comment(question: Question, text: str, *, by: Actor) -> Comment:
    """Say something about a question; its followers hear of it."""
    rules.may_discuss(by, question.facts).require()
    said = Comment.objects.create(question=question, author_id=by.id, text=_words("comment", text, LONGEST_TEXT))
    record("question.comment", "question", question.id, by=by, comment=str(said.id))
    _tell(question, gettext_noop("{name} commented on “{title}”."), by=by, discussion=True)
    return said


@verb("question.edit_comment")
def edit_comment(said: Comment, text: str, *, by: Actor) -> None:
    """Change one's own words. ForbiddenError after a quarter of an hour, BusyError where it was hidden meanwhile."""
    rules.may_discuss(by, said.question.facts).require()
    queries.may_edit(by, said).require()
    changed = Comment.objects.filter(id=said.id, hidden_by=None).update(
        text=_words("comment", text, LONGEST_TEXT), edited_at=timezone.now()
    )
    if changed != 1:
        raise _busy()
    record("question.edit_comment", "question", said.question_id, by=by, comment=str(said.id))


@verb("question.hide_comment")
def hide_comment(said: Comment, why: str, *, by: Actor) -> None:
    """Hide what should not have been written, with a reason for all to read. BusyError where it is hidden already."""
    rules.may_hide_comment(by).require()
    why = _words("reason", why, LONGEST_REASON)
    changed = Comment.objects.filter(id=said.id, hidden_by=None).update(
        hidden_by=by.id, hidden_at=timezone.now(), hidden_why=why
    )
    if changed != 1:
        raise BusyError(_("This comment is hidden already."))
    record("question.hide_comment", "question", said.question_id, by=by, comment=str(said.id), why=why)


@verb("question.take_up")
def take_up(question: Question, study_id: uuid.UUID, *, by: Actor) -> None:
    """A study works on the question from now on. BusyError where the study has it already, or its status changed."""
    _move(question, Action.TAKE_UP, by=by)
    link, made = TakenUp.objects.get_or_create(question=question, study=study_id, defaults={"by_id": by.id})
    if not made:
        again = TakenUp.objects.filter(id=link.id, given_back_at__isnull=False)
        if again.update(by_id=by.id, at=timezone.now(), given_back_at=None) != 1:
            raise BusyError(_("This study has taken up the question already."))
    record("question.take_up", "question", question.id, by=by, study=study_id)
    _tell(question, gettext_noop("A study has taken up “{title}”."), by=by)


@verb("question.give_back")
def give_back(question: Question, study_id: uuid.UUID, *, why: str, by: Actor) -> None:
    """A study works on the question no longer; where no other does, the question is open again.

    The application itself may do so for a study that has ended. BusyError where the study does not have it.
    """
    if by is not SYSTEM:
        rules.may_move(by, Action.GIVE_BACK, question.facts).require()
    why = _words("reason", why, LONGEST_REASON)
    had = TakenUp.objects.filter(question=question, study=study_id, given_back_at=None)
    if had.update(given_back_at=timezone.now()) != 1:
        raise BusyError(_("This study does not work on the question."))
    # What was answered or closed meanwhile stays so; only what still waits for the study is open again.
    waits = Question.objects.filter(id=question.id, status=Status.TAKEN_UP).exists()
    if waits and not TakenUp.objects.filter(question=question, given_back_at=None).exists():
        _set_status(question, Action.GIVE_BACK, why, by=by)
        _tell(question, gettext_noop("No study works on “{title}” any more."), by=by)
    record("question.give_back", "question", question.id, by=by, study=study_id, why=why)


@verb("question.answer")
def answer(question: Question, text: str, *, by: Actor, references: str = "") -> Answer:
    """Answer a question, with references, one a line. BusyError where its status changed meanwhile."""
    text = _words("answer", text, LONGEST_TEXT)
    references = _words("references", references, LONGEST_TEXT, required=False)
    _move(question, Action.ANSWER, by=by)
    given = Answer.objects.create(question=question, author_id=by.id, text=text, references=references)
    record("question.answer", "question", question.id, by=by, answer=str(given.id))
    _tell(question, gettext_noop("{name} answered “{title}”."), by=by)
    return given


@verb("question.close")
def close(question: Question, *, by: Actor, why: str = "") -> None:
    """Close a question. One that has no answer needs a reason; BusyError where its status changed meanwhile."""
    unanswered = question.facts.status is not Status.ANSWERED
    why = _words("reason", why, LONGEST_REASON, required=unanswered)
    _move(question, Action.CLOSE, why, by=by)
    record("question.close", "question", question.id, by=by, why=why)
    _tell(question, gettext_noop("“{title}” is closed."), by=by)


@verb("question.reopen")
def reopen(question: Question, why: str, *, by: Actor) -> None:
    """Open a question again, with a reason. BusyError where its status changed meanwhile."""
    why = _words("reason", why, LONGEST_REASON)
    _move(question, Action.REOPEN, why, by=by)
    record("question.reopen", "question", question.id, by=by, why=why)
    _tell(question, gettext_noop("“{title}” is open again."), by=by)


@verb("question.open_to_partners")
def open_to_partners(question: Question, *, by: Actor, opened: bool = True) -> None:
    """Let partners see the question, or no longer. BusyError where that is so already."""
    rules.may_open_to_partners(by).require()
    if Question.objects.filter(id=question.id, open_to_partners=not opened).update(open_to_partners=opened) != 1:
        raise BusyError(_("This was done already."))
    record("question.open_to_partners", "question", question.id, by=by, opened=opened)


def _move(question: Question, action: Action, why: str = "", *, by: Actor) -> None:
    rules.may_move(by, action, question.facts).require()
    _set_status(question, action, why, by=by)


def _set_status(question: Question, action: Action, why: str, *, by: Actor) -> None:
    """Compare and set, so that of two at once one wins."""
    before = Status(question.status)
    after = rules.MOVES[before, action]
    found = Question.objects.filter(id=question.id, status=before.value)
    if found.update(status=after.value, changed_at=timezone.now()) != 1:
        raise _busy()
    question.status = after.value
    Turn.objects.create(
        question=question, action=action.value, after=after.value, by_id=None if by is SYSTEM else by.id, why=why
    )


def _tell(question: Question, sentence: str, *, by: Actor, discussion: bool = False) -> None:
    """Tell the followers who may still see the question, or its discussion."""
    may = rules.may_discuss if discussion else rules.may_see
    followers = Follower.objects.filter(question=question).select_related("person")
    hear = [one.person_id for one in followers if may(actor_of(one.person), question.facts)]
    link = reverse("question", args=[question.id])
    notify(hear, sentence, link, by=by, title=question.title, name=by.name)


def _busy() -> BusyError:
    return BusyError(_("Somebody else changed this question a moment ago; look at it again."))


def _set_topics(question: Question, topics: Sequence[Topic]) -> None:
    wanted = {topic.name.strip().lower(): topic for topic in topics if topic.name.strip()}
    if len(wanted) > MOST_TAGS:
        raise InputError(_("topics: choose at most %(most)d.") % {"most": MOST_TAGS})
    Tag.objects.filter(question=question).delete()
    for topic in wanted.values():
        name = _words("topics", topic.name, LONGEST_TITLE)
        Tag.objects.create(
            question=question, name=name, concept=topic.concept, vocabulary=topic.vocabulary, code=topic.code
        )


def _words(field: str, text: str, longest: int, *, required: bool = True) -> str:
    """`text` as it is kept: plain, trimmed. InputError names the field and what is wrong with it."""
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if required and not text:
        raise InputError(_("%(field)s: say something.") % {"field": field})
    if len(text) > longest:
        raise InputError(_("%(field)s: at most %(longest)d characters.") % {"field": field, "longest": longest})
    if sentence := identifier_in(text):
        raise InputError(_("%(field)s: %(fault)s") % {"field": field, "fault": _(sentence)})
    return text
