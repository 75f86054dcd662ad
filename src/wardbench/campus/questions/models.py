"""Questions, what they are about, who follows them, what was said, and what came of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.models import Identified, Unit
from wardbench.campus.questions.rules import DONE, SIDES, STATUSES, Action, Facts, Side, Status


class Question(Identified):
    """What somebody wants to know. The figure is as it was disclosed, never a count: `touched` is its number where one
    was shown, None where it was withheld or nobody asked yet."""

    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))
    side = models.CharField(_("side"), max_length=8, choices=[(s.value, _(SIDES[s])) for s in Side])
    status = models.CharField(
        _("status"), max_length=16, choices=[(s.value, _(STATUSES[s])) for s in Status], default=Status.OPEN.value
    )
    open_to_partners = models.BooleanField(_("open to partners"), default=False)
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="questions")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="questions")
    raised_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    cohort = models.UUIDField(null=True, blank=True)
    cohort_version = models.UUIDField(null=True, blank=True)
    cohort_hash = models.CharField(max_length=64, blank=True)
    cohort_name = models.CharField(max_length=200, blank=True)
    figure = models.CharField(max_length=64, blank=True)
    touched = models.PositiveIntegerField(null=True, blank=True)
    figure_mode = models.CharField(max_length=16, blank=True)
    figure_snapshot = models.CharField(max_length=64, blank=True)
    figure_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-raised_at", "id")
        indexes = [models.Index(fields=["status", "raised_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def days_open(self) -> int:
        """Days since it was raised."""
        return (timezone.localdate() - timezone.localdate(self.raised_at)).days

    @property
    def facts(self) -> Facts:
        return Facts(str(self.raised_by_id), Status(self.status), self.open_to_partners)


class Tag(models.Model):
    """What a question is about: a concept of the store's vocabulary, or words where there is none for it."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="tags")
    name = models.CharField(_("name"), max_length=200)
    concept = models.BigIntegerField(null=True, blank=True, db_index=True)
    vocabulary = models.CharField(max_length=50, blank=True)
    code = models.CharField(max_length=50, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint("question", Lower("name"), name="each_tag_once")]

    def __str__(self) -> str:
        return self.name


class Follower(models.Model):
    """Who hears what becomes of a question."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="followers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="followed_questions")
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "person"], name="follow_once")]


class Comment(Identified):
    """Something said about a question. It can be hidden, with a reason that everybody reads; it is never removed."""

    question = models.ForeignKey(Question, models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(_("comment"))
    said_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_why = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        ordering = ("said_at", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(hidden_by=None, hidden_why="") | (Q(hidden_by__isnull=False) & ~Q(hidden_why="")),
                name="hidden_with_a_reason",
            )
        ]


class Answer(Identified):
    """What was found out, with its references, one a line. A question that was reopened may get a further one."""

    question = models.ForeignKey(Question, models.PROTECT, related_name="answers")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(_("answer"))
    references = models.TextField(_("references"), blank=True)
    said_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-said_at", "id")


class TakenUp(models.Model):
    """A study that works on a question, by its id, until it gives it back."""

    question = models.ForeignKey(Question, models.PROTECT, related_name="studies")
    study = models.UUIDField(db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    given_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("at", "id")
        constraints = [models.UniqueConstraint(fields=["question", "study"], name="each_study_once")]


class Turn(models.Model):
    """One change of a question's status, and the words that came with it: the history that its page shows."""

    question = models.ForeignKey(Question, models.PROTECT, related_name="turns")
    action = models.CharField(max_length=16)
    after = models.CharField(max_length=16)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    why = models.TextField(blank=True)

    class Meta:
        ordering = ("at", "id")

    @property
    def title(self) -> str:
        """What was done, a sentence of the catalogues."""
        return DONE[Action(self.action)]
