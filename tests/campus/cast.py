"""Who plays in the tests of the campus."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.test import Client

from campus.kept import kept
from wardbench.campus.people import queries, services
from wardbench.campus.people.models import Organisation, Person, Unit
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, Actor


@dataclass(frozen=True)
class Cast:
    """One person for each role by the role's name, and some more: `physician2` and `researcher2` who have nothing to
    do with what the first ones do, `biobank_board2` and `ethics2` for votes, `nobody` who has an account and no role.
    """

    hospital: Organisation
    institute: Organisation
    endocrinology: Unit
    cardiology: Unit
    people: dict[str, Person]

    def actor(self, key: str) -> Actor:
        return queries.actor_of(self.people[key])

    def client(self, key: str, *, proved: bool = True) -> Client:
        """A browser in which this person has signed in, with a second factor; a moment ago where it is `proved`."""
        client = Client(headers={"host": "localhost"})
        client.force_login(self.people[key], backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.session
        session["second_factor"] = True
        if proved:
            session["account_authentication_methods_user"] = session["_auth_user_id"]
            session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
        session.save()
        return client


@kept
def make_cast() -> Cast:
    hospital = services.add_organisation("Hospital", "hospital", by=SYSTEM)
    institute = services.add_organisation("Institute", "institute", by=SYSTEM)
    endocrinology = services.add_unit(hospital, "Endocrinology", "care_programme", by=SYSTEM)
    cardiology = services.add_unit(hospital, "Cardiology", "care_programme", by=SYSTEM)
    people = {}
    keys = [*Role, "physician2", "researcher2", "biobank_board2", "ethics2"]
    for key in keys:
        role = Role(key.rstrip("2"))
        person = services.add_person(f"{key}@test.example", key.replace("_", " ").capitalize(), by=SYSTEM)
        at = institute if role in (Role.RESEARCHER, Role.STUDENT, Role.LECTURER, Role.PARTNER) else hospital
        unit = {"physician": endocrinology, "physician2": cardiology}.get(key)
        services.give_role(person, role, at, by=SYSTEM, unit=unit)
        people[str(key)] = person
    people["nobody"] = services.add_person("nobody@test.example", "Nobody", by=SYSTEM)
    return Cast(hospital, institute, endocrinology, cardiology, people)
