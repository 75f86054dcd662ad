"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "account.end_sessions": gettext_noop("Signed out everywhere"),
        "account.link": gettext_noop("Linked an identity of an institution to the account"),
        "account.password": gettext_noop("Changed the password"),
        "account.refused": gettext_noop("Was refused at signing in"),
        "account.second_factor": gettext_noop("Changed the second factor"),
        "account.sign_in": gettext_noop("Signed in"),
        "account.sign_out": gettext_noop("Signed out"),
        "people.add_organisation": gettext_noop("Added an organisation"),
        "people.add_person": gettext_noop("Added a person"),
        "people.add_unit": gettext_noop("Added a department or care programme"),
        "people.ask_why": gettext_noop("Asked what somebody can see, and why"),
        "people.choose_language": gettext_noop("Chose a language"),
        "people.close_account": gettext_noop("Closed an account"),
        "people.edit_profile": gettext_noop("Changed a profile"),
        "people.end_all_sessions": gettext_noop("Signed everybody out"),
        "people.end_role": gettext_noop("Ended a role"),
        "people.end_sessions": gettext_noop("Signed somebody out"),
        "people.give_first_password": gettext_noop("Gave a first password"),
        "people.give_role": gettext_noop("Gave a role"),
        "people.import": gettext_noop("Imported people from a file"),
        "people.name_head": gettext_noop("Named a head or deputy of a unit"),
        "people.release_head": gettext_noop("Released a head or deputy of a unit"),
        "people.remove_second_factor": gettext_noop("Removed a lost second factor"),
        "people.reopen_account": gettext_noop("Reopened an account"),
        "people.set_password": gettext_noop("Set a password for somebody"),
    }
)
