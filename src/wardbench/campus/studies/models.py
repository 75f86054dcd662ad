"""Studies, who works on them, what they ask for, what was said about them, and what they may do."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wardbench.campus.people.models import Identified, Organisation, Unit
from wardbench.campus.studies.facts import Asked, Consent, Data, Kind
from wardbench.campus.studies.path import DOCUMENTS
from wardbench.campus.studies.standing import Answer


class Counter(models.Model):
    """The last reference number that was given. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last = models.PositiveIntegerField(default=10_000)


class Study(Identified):
    """A registration. Its status is nowhere here: `standing` works it out."""

    reference = models.CharField(_("reference number"), max_length=16, unique=True)
    title = models.CharField(_("title"), max_length=300)
    kind = models.CharField(_("kind of study"), max_length=32, choices=[(k.value, k.value) for k in Kind])
    summary = models.TextField(_("summary in plain words"), blank=True)
    sponsor = models.CharField(_("sponsor"), max_length=200, blank=True)
    investigator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="studies")
    programmes = models.ManyToManyField(Unit, blank=True, related_name="studies")
    departments = models.ManyToManyField(Unit, blank=True, related_name="+")
    partners = models.ManyToManyField(Organisation, blank=True, related_name="+")
    ethics_reference = models.CharField(_("reference of an ethics committee"), max_length=200, blank=True)
    public = models.BooleanField(_("let everybody on the campus know of it"), default=True)
    question = models.UUIDField(null=True, blank=True)

    material = models.BooleanField(_("human body material is asked for"), default=False)
    material_wanted = models.JSONField(default=list, blank=True)
    consent = models.CharField(
        _("on which consent it rests"), max_length=16, blank=True, choices=[(c.value, c.value) for c in Consent]
    )
    leaves = models.BooleanField(_("material leaves the hospital"), default=False)
    arrives = models.BooleanField(_("material comes from elsewhere"), default=False)
    party = models.CharField(_("the other party"), max_length=200, blank=True)
    retention = models.CharField(_("where and how long it is kept"), max_length=300, blank=True)
    fate = models.CharField(_("what becomes of it afterwards"), max_length=16, blank=True)

    data = models.CharField(_("data"), max_length=16, choices=[(d.value, d.value) for d in Data], default=Data.NONE)
    data_wanted = models.TextField(_("which data, and why"), blank=True)
    tables = models.JSONField(default=list, blank=True)
    since = models.DateField(_("data from"), null=True, blank=True)
    until = models.DateField(_("data until"), null=True, blank=True)
    purpose = models.JSONField(default=dict, blank=True)

    registered = models.DateTimeField(auto_now_add=True)
    revision = models.PositiveIntegerField(default=0)
    submitted = models.DateTimeField(null=True, blank=True)
    withdrawn = models.DateTimeField(null=True, blank=True)
    closed = models.DateTimeField(null=True, blank=True)
    named = models.DateTimeField(null=True, blank=True)
    """When its present principal investigator was named by somebody; empty for whoever registered or submitted it."""
    taken_on = models.DateTimeField(null=True, blank=True)
    """When they took it on after that."""

    class Meta:
        ordering = ("-registered",)

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def asked(self) -> Asked:
        consent = Consent(self.consent) if self.consent else None
        return Asked(Kind(self.kind), Data(self.data), self.material, self.leaves, self.arrives, consent)


class Submission(models.Model):
    """What a study said when it was handed in, and after each amendment, with its reason. Never changed."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="submissions")
    number = models.PositiveIntegerField()
    section = models.CharField(max_length=16, blank=True)
    reason = models.TextField(blank=True)
    content = models.JSONField()
    hash = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="one_submission_by_number")]


class Member(models.Model):
    """Somebody who works on a study."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="members")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    work = models.CharField(_("what they do in the study"), max_length=100, blank=True)
    joined = models.DateTimeField(null=True, blank=True)
    """When they joined a study that had been submitted; empty for those who were there before."""

    class Meta:
        ordering = ("person__name",)
        constraints = [models.UniqueConstraint(fields=["study", "person"], name="each_member_once")]


class AttachedCohort(models.Model):
    """A version of a cohort that the study asks about, by its content."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="cohorts")
    version = models.UUIDField()
    hash = models.CharField(max_length=64)
    name = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "hash"], name="each_cohort_once")]


class Document(Identified):
    """A version of a document: its bytes lie in the folder of documents under their digest (SHA-256)."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="documents")
    kind = models.CharField(_("kind of document"), max_length=32, choices=[(k, k) for k in DOCUMENTS])
    name = models.CharField(max_length=200)
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("kind", "name", "-number")
        constraints = [
            models.UniqueConstraint(fields=["study", "kind", "name", "number"], name="one_document_by_number")
        ]


class Vote(models.Model):
    """What a member of a body said. A vote is never changed: a later one counts, an amendment voids."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="votes")
    step = models.CharField(max_length=32)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.CharField(max_length=16, choices=[(a.value, a.value) for a in Answer], blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    void = models.BooleanField(default=False)
    voided = models.DateTimeField(null=True, blank=True)
    """When it was taken back; empty as well for those of before this was kept."""

    class Meta:
        ordering = ("at",)


class Asking(Identified):
    """A question of a body to the applicant, and the answer."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="askings")
    step = models.CharField(max_length=32)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered = models.DateTimeField(null=True)
    told_expired = models.DateTimeField(null=True)
    taken_back = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("at",)


class Decision(Identified):
    """What a step came to, as it was when its last vote was given: what the letter says, under a hash."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="decisions")
    number = models.PositiveIntegerField()
    step = models.CharField(max_length=32)
    outcome = models.CharField(max_length=16)
    content = models.JSONField()
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    void = models.BooleanField(default=False)

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="one_decision_by_number")]


class Reminder(models.Model):
    """That a body was reminded, once, of a step that is overdue and open since then."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="+")
    step = models.CharField(max_length=32)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "step", "since"], name="one_reminder_by_turn")]


class Permit(Identified):
    """What the approvals together allow, as it was when they were given. Only its end can change."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="permits")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    hash = models.CharField(max_length=64)
    made = models.DateTimeField()
    until = models.DateField()
    revoked = models.DateTimeField(null=True, blank=True)
    why_revoked = models.TextField(blank=True)
    suspended = models.DateTimeField(null=True, blank=True)
    why_suspended = models.TextField(blank=True)
    resting = models.BooleanField(default=False)
    """Whether nobody suspended it: what it rests on is decided again. No permit that follows is suspended for that."""
    told_soon = models.DateTimeField(null=True, blank=True)
    told_ended = models.DateTimeField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-made",)
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="one_permit_by_number")]


class PermitUse(models.Model):
    """A use of a permit that was allowed: what left, and how much of it."""

    permit = models.ForeignKey(Permit, models.PROTECT, related_name="used")
    kind = models.CharField(max_length=16)
    material = models.CharField(max_length=64, blank=True)
    amount = models.FloatField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("at",)


class Result(Identified):
    """A table that somebody asked to take out of a study, made safe when it was asked for; it does not change."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="results")
    permit = models.ForeignKey(Permit, models.PROTECT, related_name="results")
    kind = models.CharField(max_length=16)
    cohorts = models.JSONField()
    snapshot = models.CharField(max_length=128)
    content = models.JSONField()
    hash = models.CharField(max_length=64)
    purpose = models.TextField()
    status = models.CharField(max_length=16, default="asked")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-at",)
