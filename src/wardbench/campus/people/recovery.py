"""The verbs by which an administrator lets somebody in, or in again, and ends their sessions.

Who somebody is has to be made sure of first, in the same way when they come for the first time and when a second factor
is lost: how is chosen from a list, what was seen is written down, and both are on the record.
"""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, verb
from wardbench.campus.notices.sending import tell_of_account
from wardbench.campus.people import first_passwords, rules
from wardbench.campus.people.models import Person
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.people.rules import Actor, Proof
from wardbench.campus.people.sessions import end_sessions
from wardbench.campus.people.signals import acting
from wardbench.core.errors import BusyError, InputError

FEWEST = 10
"""Letters of what was seen, or nobody could tell later what it was."""


@verb("people.give_first_password")
def give_first_password(person: Person, proof: Proof, seen: str, *, by: Actor) -> str:
    """A new first password for somebody, which is shown once and ends soon; all their sessions end.

    InputError where `seen` does not say what was seen, BusyError where the account is closed.
    """
    _check(person, seen, by)
    password = _give(person)
    record("people.give_first_password", "person", person.id, by=by, proof=proof.value, seen=seen.strip())
    sentence = gettext_noop(
        "{name} gave you a new password. If you did not ask for it, say so to data protection at once."
    )
    _tell(person, sentence, by)
    return password


@verb("people.remove_second_factor")
def remove_second_factor(person: Person, proof: Proof, seen: str, *, by: Actor) -> str:
    """Take away the second factor of somebody who lost it. Their password, if they have one, is replaced by a first
    one, so that whoever knows the old one cannot set up a factor in their place; it is given back, or empty. All their
    sessions end.

    InputError where `seen` does not say what was seen, BusyError where there is no factor or the account is closed.
    """
    _check(person, seen, by)
    with acting(by):
        removed, _by_kind = Authenticator.objects.filter(user=person).delete()
    if not removed:
        raise BusyError(_("This person has no second factor."))
    password = _give(person) if person.has_usable_password() else ""
    record("people.remove_second_factor", "person", person.id, by=by, proof=proof.value, seen=seen.strip())
    sentence = gettext_noop(
        "{name} removed your second factor. If you did not ask for it, say so to data protection at once."
    )
    _tell(person, sentence, by)
    end_sessions(person)
    return password


@verb("people.end_sessions")
def end_sessions_of(person: Person, session: str = "", *, by: Actor) -> int:
    """End one session of somebody by its number, or all of them where none is named; how many."""
    if by is not rules.SYSTEM:
        rules.may_end_sessions(by).require()
    found = UserSession.objects.filter(user=person)
    if session:
        found = found.filter(pk=int(session)) if session.isdecimal() else found.none()
    ended = list(found)
    for one in ended:
        one.end()
    record("people.end_sessions", "person", person.id, by=by, sessions=len(ended))
    return len(ended)


@verb("people.end_all_sessions")
def end_all_sessions(keep: str = "", *, by: Actor) -> int:
    """End everybody's sessions but the one with the key `keep`; how many people were signed out."""
    if by is not rules.SYSTEM:
        rules.may_end_sessions(by).require()
    ended = UserSession.objects.exclude(session_key=keep)
    people = len(set(ended.values_list("user", flat=True)))
    ended.delete()
    Session.objects.exclude(session_key=keep).delete()
    record("people.end_all_sessions", "campus", "", by=by, people=people)
    return people


def _check(person: Person, seen: str, by: Actor) -> None:
    if by is not rules.SYSTEM:
        rules.may_let_in(by, str(person.id)).require()
    if len(seen.strip()) < FEWEST:
        raise InputError(_("seen: say in a few words what you saw or whom you called."))
    if not Person.objects.filter(id=person.id, is_active=True).exists():
        raise BusyError(_("This account is closed; reopen it first."))


def _give(person: Person) -> str:
    password = first_passwords.made_for(person)
    first_passwords.put(person, password)
    end_sessions(person)
    return password


def _tell(person: Person, sentence: str, by: Actor) -> None:
    tell_of_account(person, sentence, reverse("own_sessions"), name=by.name)
