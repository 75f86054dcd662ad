"""Reading questions: those that somebody may see, one with all that belongs to it, the ledger of unanswered needs."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.people.models import Unit
from wardbench.campus.people.rules import Actor, Verdict
from wardbench.campus.questions import rules
from wardbench.campus.questions.links import CameBack, StudyLink, came_back, study_links
from wardbench.campus.questions.models import Answer, Comment, Follower, Question, Tag, TakenUp, Turn
from wardbench.campus.questions.rules import UNANSWERED
from wardbench.core.errors import NotFoundError


@dataclass(frozen=True)
class Filter:
    """What to show of the questions; empty means everything."""

    text: str = ""
    side: str = ""
    status: str = ""
    tag: str = ""
    unit: str = ""
    whose: str = ""


def visible(actor: Actor) -> QuerySet[Question]:
    """The questions that `actor` may see: the rule `may_see`, as a condition."""
    if not rules.may_see_questions(actor):
        return Question.objects.none()
    if rules.is_partner_only(actor):
        return Question.objects.filter(open_to_partners=True)
    return Question.objects.all()


LISTED = ("title", "side", "status", "raised_at", "figure", "figure_mode", "raised_by__name", "unit__name")
"""What a list reads of each question."""


def find(actor: Actor, asked: Filter) -> QuerySet[Question]:
    """Questions that match, the newest first, `LISTED` of each and its `follower_count`."""
    return with_counts(matching(actor, asked)).only(*LISTED).order_by("-raised_at", "id")


def matching(actor: Actor, asked: Filter) -> QuerySet[Question]:
    """The same in no order, with nothing of what a list shows beside them."""
    found = visible(actor)
    if asked.text:
        for word in asked.text.split():
            found = found.filter(
                Q(title__icontains=word)
                | Q(text__icontains=word)
                | Exists(Tag.objects.filter(question=OuterRef("id"), name__icontains=word))
            )
    if asked.side:
        found = found.filter(side=asked.side)
    if asked.status == "unanswered":
        found = found.filter(status__in=UNANSWERED)
    elif asked.status:
        found = found.filter(status=asked.status)
    if asked.tag:
        found = found.filter(Exists(Tag.objects.filter(question=OuterRef("id"), name__iexact=asked.tag)))
    if unit := _uuid(asked.unit):
        found = found.filter(unit=unit)
    if asked.whose == "mine":
        found = found.filter(raised_by__id=actor.id)
    elif asked.whose == "followed":
        found = found.filter(Exists(Follower.objects.filter(question=OuterRef("id"), person__id=actor.id)))
    return found


def with_counts(questions: QuerySet[Question]) -> QuerySet[Question]:
    return counted(questions).select_related("raised_by", "unit").prefetch_related("tags")


def counted(questions: QuerySet[Question]) -> QuerySet[Question]:
    """Each with `follower_count`."""
    followers = Follower.objects.filter(question=OuterRef("id")).order_by().values("question")
    return questions.annotate(follower_count=Coalesce(followers.annotate(n=Count("id")).values("n"), 0))


RANKED = ("title", "side", "status", "raised_at", "figure", "figure_mode", "unit__name")
"""What the page of the ledger reads of each question."""
ORDERS: dict[str, tuple[str | OrderBy, ...]] = {
    "patients": (F("touched").desc(nulls_last=True), "raised_at", "-follower_count", "id"),
    "age": ("raised_at", F("touched").desc(nulls_last=True), "-follower_count", "id"),
    "followers": ("-follower_count", F("touched").desc(nulls_last=True), "raised_at", "id"),
}
"""How the ledger can be ranked. A figure that was withheld, and a question without one, come last."""


def ledger(actor: Actor, asked: Filter, order: str = "patients") -> QuerySet[Question]:
    """What nobody has answered yet, ranked by the patients whom it touches."""
    asked = Filter(asked.text, asked.side, asked.status or "unanswered", asked.tag, asked.unit, asked.whose)
    found = counted(matching(actor, asked).filter(status__in=UNANSWERED))
    return found.select_related("unit").prefetch_related("tags").order_by(*ORDERS.get(order, ORDERS["patients"]))


def question(actor: Actor, question_id: uuid.UUID | str) -> Question:
    """One question; NotFoundError where there is none, and where the actor may not know that there is."""
    try:
        return with_counts(visible(actor)).get(id=question_id)
    except (Question.DoesNotExist, ValidationError):
        raise NotFoundError(_("There is no such question.")) from None


def facts(question_id: str) -> rules.Facts | None:
    """What the rules need to know of a question, whoever asks; None where there is none."""
    wanted = _uuid(question_id)
    found = Question.objects.filter(id=wanted).first() if wanted else None
    return found.facts if found else None


def comment(question: Question, comment_id: uuid.UUID) -> Comment:
    try:
        return Comment.objects.select_related("question").get(id=comment_id, question=question)
    except Comment.DoesNotExist:
        raise NotFoundError(_("There is no such comment.")) from None


def may_edit(actor: Actor, said: Comment) -> Verdict:
    """Whether `actor` may change a comment now."""
    minutes = (timezone.now() - said.said_at) / datetime.timedelta(minutes=1)
    return rules.may_edit_comment(actor, str(said.author_id), minutes, hidden=said.hidden_by_id is not None)


@dataclass(frozen=True)
class Said:
    """A comment, and whether its reader may still change it."""

    comment: Comment
    may_edit: bool


@dataclass(frozen=True)
class Page:
    """All that belongs to a question, as its reader may see it."""

    question: Question
    answers: Sequence[Answer]
    comments: Sequence[Said]
    studies: Sequence[StudyLink]
    turns: Sequence[Turn]
    follows: bool
    came_back: Sequence[CameBack] = ()


def page(actor: Actor, question: Question) -> Page:
    comments: list[Said] = []
    if rules.may_discuss(actor, question.facts):
        said = question.comments.select_related("author", "hidden_by")
        comments = [Said(one, bool(may_edit(actor, one))) for one in said]
    studies = [link.study for link in TakenUp.objects.filter(question=question, given_back_at=None)]
    return Page(
        question,
        list(question.answers.select_related("author")),
        comments,
        study_links(actor, studies),
        list(question.turns.select_related("by")),
        Follower.objects.filter(question=question, person__id=actor.id).exists(),
        from_studies(actor, question),
    )


def from_studies(actor: Actor, question: Question) -> Sequence[CameBack]:
    """What came back from every study that ever took a question up: most is published once a study is over."""
    return came_back(actor, list(TakenUp.objects.filter(question=question).values_list("study", flat=True)))


def cohort_choices(actor: Actor) -> list[tuple[str, str]]:
    """The newest versions of the cohorts that `actor` may see: id and words."""
    found = cohorts.find(actor)
    return [(str(last.id), f"{one.name} ({last.number})") for one in found for last in getattr(one, "last", ())]


def cohort_seen(actor: Actor, question: Question) -> bool:
    """Whether `actor` may open the cohort behind a question."""
    try:
        return question.cohort is not None and bool(cohorts.seen(question.cohort, actor))
    except NotFoundError:
        return False


def tag_names(actor: Actor) -> list[str]:
    """Every tag of a question that `actor` may see, most used first."""
    tags = Tag.objects.filter(question__in=visible(actor).values("id"))
    used = tags.values("name").annotate(uses=Count("id")).order_by("-uses", "name")
    return [row["name"] for row in used[:100]]


def units(actor: Actor) -> list[Unit]:
    """Every department that raised a question which `actor` may see."""
    return list(Unit.objects.filter(questions__in=visible(actor)).distinct())


def about(actor: Actor, concept: int, name: str) -> QuerySet[Question]:
    """Questions about a concept: its id where it was chosen, its name where it was written."""
    tags = Tag.objects.filter(Q(concept=concept) | Q(name__iexact=name), question=OuterRef("id"))
    return with_counts(visible(actor).filter(Exists(tags)))


def of_study(actor: Actor, study: uuid.UUID) -> QuerySet[Question]:
    """The questions that a study works on."""
    taken = TakenUp.objects.filter(study=study, given_back_at=None).values("question")
    return with_counts(visible(actor).filter(id__in=taken))


def mine(actor: Actor) -> QuerySet[Question]:
    """What `actor` raised or follows, that changed last first."""
    followed = Exists(Follower.objects.filter(question=OuterRef("id"), person__id=actor.id))
    return visible(actor).filter(Q(raised_by__id=actor.id) | followed).select_related("unit").order_by("-changed_at")


def awaiting_close(actor: Actor) -> QuerySet[Question]:
    """What `actor` raised and somebody answered: whoever asked says whether the answer will do."""
    answered = visible(actor).filter(raised_by__id=actor.id, status=rules.Status.ANSWERED)
    return answered.prefetch_related("answers").order_by("changed_at")


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
