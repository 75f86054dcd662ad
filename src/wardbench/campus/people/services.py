"""The verbs on people: add, import, give a role, end it, edit a profile, close an account."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import Act, record, record_all, verb
from wardbench.campus.people import first_passwords, queries, rules
from wardbench.campus.people.heads import check_treats, tell_leads
from wardbench.campus.people.importing import Newcomer
from wardbench.campus.people.models import Affiliation, Expertise, Organisation, Person, Unit
from wardbench.campus.people.names import given_name
from wardbench.campus.people.orcid import is_orcid
from wardbench.campus.people.roles import Lead, Role
from wardbench.campus.people.rules import LAST, Actor, ForbiddenError, no
from wardbench.campus.people.sessions import end_sessions
from wardbench.core.errors import BusyError, InputError


@verb("people.add_organisation")
def add_organisation(name: str, kind: str, *, by: Actor) -> Organisation:
    """Add an organisation; InputError where the name is taken or the kind unknown."""
    _manage(by)
    if kind not in Organisation.Kind.values:
        raise InputError(_("kind: choose one of %(kinds)s.") % {"kinds": ", ".join(Organisation.Kind.values)})
    name = given_name(name, empty=_("name: give the organisation a name."))
    if Organisation.objects.filter(name__iexact=name).exists():
        raise InputError(_("name: there is an organisation of this name already."))
    organisation = Organisation.objects.create(name=name, kind=kind)
    record("people.add_organisation", "organisation", organisation.id, by=by, name=organisation.name)
    return organisation


@verb("people.add_unit")
def add_unit(organisation: Organisation, name: str, kind: str, *, by: Actor) -> Unit:
    """Add a department or care programme; InputError where the name is taken or the kind unknown."""
    _manage(by)
    if kind not in Unit.Kind.values:
        raise InputError(_("kind: choose one of %(kinds)s.") % {"kinds": ", ".join(Unit.Kind.values)})
    taken = _("name: give a name that the organisation does not have yet.")
    name = given_name(name, empty=taken)
    if Unit.objects.filter(organisation=organisation, name__iexact=name).exists():
        raise InputError(taken)
    unit = Unit.objects.create(organisation=organisation, name=name, kind=kind)
    record("people.add_unit", "unit", unit.id, by=by, name=unit.name)
    return unit


@verb("people.add_person")
def add_person(email: str, name: str, *, by: Actor, language: str = "en", password: str | None = None) -> Person:
    """Add somebody who can sign in, with `password` as a first one; InputError where the address is wrong or taken."""
    _manage(by)
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise InputError(_("email: this is not an e-mail address.")) from None
    name = given_name(name, empty=_("name: give a name."))
    _check_language(language)
    if Person.objects.filter(email__iexact=email).exists():
        raise InputError(_("email: %(email)s has an account already.") % {"email": email})
    if password is not None:
        _check_password(password, Person(email=email, name=name))
    person = Person.objects.create_user(email, None, name=name, language=language)
    if password is not None:
        first_passwords.put(person, password)
    record("people.add_person", "person", person.id, by=by)
    return person


@verb("people.import")
def import_people(newcomers: Sequence[Newcomer], *, by: Actor, source: str) -> int:
    """Add everybody in `newcomers` with their roles, all or none; how many people. `source` is the file's SHA-256.

    The rows were checked by `importing.check`; InputError where somebody was added in the meantime.
    """
    _manage(by)
    people = {
        one.email: Person(email=one.email, name=one.name, title=one.title, language=one.language, orcid=one.orcid)
        for one in newcomers
    }
    taken = set(Person.objects.values_list("email", flat=True))
    if not taken.isdisjoint(people):
        raise InputError(_("Somebody in this file was added a moment ago; look at the file again."))
    partners = set(Organisation.objects.filter(kind=Organisation.Kind.PARTNER).values_list("id", flat=True))
    for one in newcomers:
        if one.organisation in partners:
            _check_at_partner(one.role)
        if one.leads:
            check_treats(one.role)
    for person in people.values():
        person.set_unusable_password()
    Person.objects.bulk_create(people.values(), batch_size=500)
    topics = {(people[one.email], topic) for one in newcomers for topic in one.topics}
    Expertise.objects.bulk_create([Expertise(person=who, topic=topic) for who, topic in topics], batch_size=500)
    held = [
        Affiliation(
            person=people[one.email],
            organisation_id=one.organisation,
            unit_id=one.unit,
            role=one.role,
            since=one.since,
            until=one.until,
            leads=one.leads,
        )
        for one in newcomers
        if one.role and one.organisation and one.since
    ]
    Affiliation.objects.bulk_create(held, batch_size=500)
    acts = [Act("people.add_person", "person", person.id) for person in people.values()]
    for a in held:
        said = {"role": a.role, "organisation": str(a.organisation_id), "unit": str(a.unit_id or "")}
        acts.append(Act("people.give_role", "person", a.person_id, said))
        if a.leads:
            acts.append(Act("people.name_head", "person", a.person_id, {**said, "leads": a.leads}))
    acts.append(Act("people.import", "file", source, {"people": len(people), "roles": len(held)}))
    record_all(acts, by=by)
    named = Affiliation.objects.filter(id__in=[a.id for a in held if a.leads])
    for leading in named.select_related("unit", "organisation"):
        tell_leads(leading, Lead(leading.leads), by=by)
    return len(people)


@verb("people.give_role")
def give_role(
    person: Person,
    role: Role,
    organisation: Organisation,
    *,
    by: Actor,
    unit: Unit | None = None,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> Affiliation:
    """Give a role from a day on; InputError where the unit is another organisation's or the days are not in order."""
    if by is not rules.SYSTEM:
        rules.may_give_role(by, str(person.id)).require()
    since = since or timezone.localdate()
    if unit is not None and unit.organisation_id != organisation.id:
        raise InputError(
            _("unit: %(unit)s does not belong to %(organisation)s.") % {"unit": unit, "organisation": organisation}
        )
    if until is not None and until < since:
        raise InputError(_("until: a role ends on the day it began or later."))
    if organisation.kind == Organisation.Kind.PARTNER:
        _check_at_partner(role)
    affiliation = Affiliation.objects.create(
        person=person, organisation=organisation, unit=unit, role=role.value, since=since, until=until
    )
    record(
        "people.give_role",
        "person",
        person.id,
        by=by,
        role=role.value,
        organisation=str(organisation.id),
        unit=str(unit.id) if unit else "",
    )
    end_sessions(person)
    return affiliation


@verb("people.end_role")
def end_role(affiliation: Affiliation, *, by: Actor, last: datetime.date | None = None) -> None:
    """End a role: after its `last` day, or at once. BusyError where it has ended already."""
    _manage(by)
    today = timezone.localdate()
    yesterday = today - datetime.timedelta(days=1)
    present = Q(until=None) | Q(until__gt=yesterday)
    found = Affiliation.objects.filter(present, id=affiliation.id).first()
    if found is None:
        raise BusyError(_("This role has ended already."))
    if last is not None and last < max(today, found.since):
        raise InputError(_("last: a role that somebody has had cannot be taken back; give today or a later day."))
    if last is None and found.since > yesterday:
        found.delete()
    else:
        Affiliation.objects.filter(id=found.id).update(until=last or yesterday)
    said = {"last": last.isoformat()} if last else {}
    record("people.end_role", "person", affiliation.person_id, by=by, role=affiliation.role, **said)
    if affiliation.role == Role.ADMINISTRATOR:
        _keep_an_administrator()
    end_sessions(affiliation.person)


@verb("people.edit_profile")
def edit_profile(
    person: Person,
    *,
    by: Actor,
    name: str,
    title: str,
    language: str,
    orcid: str,
    about: str,
    topics: list[str],
    mail: str = "",
) -> None:
    """Change what a profile says; InputError where the name is empty or the ORCID iD is none. An empty `mail` leaves it
    as it is."""
    rules.may_edit_profile(by, str(person.id)).require()
    name = given_name(name, empty=_("name: give a name."))
    _check_language(language)
    if orcid and not is_orcid(orcid):
        raise InputError(_("orcid: an ORCID iD has four groups of four digits, and its last is a check digit."))
    if mail and mail not in Person.Mail.values:
        raise InputError(_("mail: choose one of %(kinds)s.") % {"kinds": ", ".join(Person.Mail.values)})
    Person.objects.filter(id=person.id).update(
        name=name,
        title=title.strip(),
        language=language,
        orcid=orcid,
        about=about.strip(),
        mail=mail or person.mail,
    )
    Expertise.objects.filter(person=person).delete()
    unique = {topic.strip().lower(): topic.strip() for topic in topics if topic.strip()}
    Expertise.objects.bulk_create(Expertise(person=person, topic=topic) for topic in unique.values())
    record("people.edit_profile", "person", person.id, by=by)


@verb("people.choose_language")
def choose_language(person: Person, language: str, *, by: Actor) -> None:
    """Let the pages speak another language to somebody."""
    rules.may_edit_profile(by, str(person.id)).require()
    _check_language(language)
    Person.objects.filter(id=person.id).update(language=language)
    record("people.choose_language", "person", person.id, by=by, language=language)


@verb("people.close_account")
def close_account(person: Person, *, by: Actor) -> None:
    """Let somebody sign in no longer; their keys for programs end for good. BusyError where the account is closed
    already."""
    if by is not rules.SYSTEM:
        rules.may_close_account(by, str(person.id)).require()
    administers = queries.actor_of(person).has(Role.ADMINISTRATOR)
    if Person.objects.filter(id=person.id, is_active=True).update(is_active=False) != 1:
        raise BusyError(_("This account is closed already."))
    ended = person.keys.filter(revoked=None).update(revoked=timezone.now())
    record("people.close_account", "person", person.id, by=by, **({"keys": ended} if ended else {}))
    if administers:
        _keep_an_administrator()
    end_sessions(person)


@verb("people.reopen_account")
def reopen_account(person: Person, *, by: Actor) -> None:
    """Let somebody sign in again. BusyError where the account is open already."""
    _manage(by)
    if Person.objects.filter(id=person.id, is_active=False).update(is_active=True) != 1:
        raise BusyError(_("This account is open already."))
    record("people.reopen_account", "person", person.id, by=by)


@verb("people.set_password")
def set_password(person: Person, password: str, *, by: Actor) -> None:
    """Give somebody a first password of one's choice. InputError where it is too easy to guess."""
    _manage(by)
    _check_password(password, person)
    first_passwords.put(person, password)
    record("people.set_password", "person", person.id, by=by)
    end_sessions(person)


@verb("people.ask_why")
def ask_why(person: str, kind: str, thing: str, *, by: Actor) -> None:
    """Keep on the record that somebody asked what another person can see."""
    rules.may_explain(by, person).require()
    record("people.ask_why", "person", person, by=by, asked=kind, thing=thing)


def _keep_an_administrator() -> None:
    """Asked after the event was recorded, which lets one transaction pass at a time: two cannot remove each other."""
    if not queries.holders(Role.ADMINISTRATOR).exists():
        raise ForbiddenError(no(LAST))


def _check_password(password: str, person: Person) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise InputError(_("password: %(faults)s") % {"faults": " ".join(error.messages)}) from None


def _check_language(language: str) -> None:
    if language not in dict(settings.LANGUAGES):
        raise InputError(_("language: this campus does not speak it."))


def _manage(by: Actor) -> None:
    if by is not rules.SYSTEM:
        rules.may_manage_people(by).require()


def _check_at_partner(role: str) -> None:
    if role != Role.PARTNER:
        raise InputError(_("role: at a partner company one can be a partner, and nothing else."))
