"""The verbs on donors: add them, say which patient one is, keep what they agreed to."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.access.queries import may_see_patient
from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import lessening, rules
from wardbench.campus.biobank.curating import checked, keeps
from wardbench.campus.biobank.models import Collection, Consent, ConsentForm, Donor, DonorLink
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, Actor
from wardbench.core.consent import Tier
from wardbench.core.errors import BusyError, InputError, NotFoundError


@verb("biobank.add_donor")
def add_donor(code: str, *, by: Actor, sex: str = "", birth_year: int | None = None) -> Donor:
    """Add a donor by a code that says nothing of who it is; InputError where it does, or is taken."""
    if by is not SYSTEM:
        rules.may_collect(by).require()
    if rules.tells_who(code):
        raise InputError(
            _("code: this looks like a name or a national number; a code says nothing of who somebody is.")
        )
    donor = Donor(code=code.strip(), sex=sex, birth_year=birth_year)
    checked(donor)
    donor.save()
    record("biobank.add_donor", "donor", donor.id, by=by)
    return donor


@verb("biobank.link_donor")
def link_donor(donor: Donor, person_id: int, *, by: Actor) -> None:
    """Say which patient of the store a donor is; BusyError where either is linked already.

    NotFoundError where the patient is not in the care of whoever says it: or anybody's number could be tried, to learn
    who is a donor.
    """
    if by is not SYSTEM:
        rules.may_know_donor(by).require()
        if not by.has(Role.DATA_STEWARD) and not may_see_patient(by, person_id):
            raise NotFoundError(_("There is no such patient in your care."))
    if DonorLink.objects.filter(donor=donor).exists() or DonorLink.objects.filter(person_id=person_id).exists():
        raise BusyError(_("This donor or this patient is linked already."))
    DonorLink.objects.create(donor=donor, person_id=person_id, by_id=None if by is SYSTEM else by.id)
    record("biobank.link_donor", "donor", donor.id, by=by, patient=str(person_id))


@verb("biobank.add_form")
def add_form(
    code: str, version: str, language: str, title: str, tiers: Iterable[Tier], since: datetime.date, *, by: Actor
) -> ConsentForm:
    """Add a version of a consent form; InputError where it is there or asks for nothing."""
    keeps(by)
    asked = [Tier(tier).value for tier in tiers]
    if not asked:
        raise InputError(_("tiers: say what the form asks for."))
    form = ConsentForm(code=code, version=version, language=language, title=title, tiers=asked, since=since)
    checked(form)
    form.save()
    record("biobank.add_form", "consent_form", form.id, by=by, code=code, version=version, language=language)
    return form


@verb("biobank.give_consent")
def give_consent(
    donor: Donor,
    form: ConsentForm,
    answers: Mapping[Tier, bool],
    given: datetime.date,
    *,
    by: Actor,
    collection: Collection | None = None,
) -> Consent:
    """Keep what a donor answered, tier by tier; a no to what they allowed until then is a withdrawal of it.

    InputError where a tier of the form has no answer, or one is none; for a day to come: it would outlast whatever the
    donor says until then; and where the material may not be kept any more, since that takes everything back.
    """
    if by is not SYSTEM:
        rules.may_collect(by).require()
        if given > timezone.localdate():
            raise InputError(_("given: this day has not come yet."))
    if {tier.value for tier in answers} != set(form.tiers):
        raise InputError(_("answers: answer everything that the form asks, and nothing else."))
    before = lessening.standing_before(donor, collection.id if collection is not None else None)
    consent = Consent(
        donor=donor,
        form=form,
        collection=collection,
        answers={tier.value: bool(yes) for tier, yes in answers.items()},
        given=given,
        by_id=None if by is SYSTEM else by.id,
    )
    less = lessening.taken_back(before, consent)
    if Tier.STORAGE in less:
        raise InputError(
            _("storage: whoever does not let the material be kept any more takes everything back; write that down.")
        )
    consent.save()
    record("biobank.give_consent", "donor", donor.id, by=by, form=str(form.id), consent=str(consent.id))
    if less:
        lessening.follow(consent, less, by=by)
    return consent
