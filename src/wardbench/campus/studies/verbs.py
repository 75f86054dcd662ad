"""What the verbs of this application are called in the record."""

from __future__ import annotations

from wardbench.campus.audit.words import say
from wardbench.campus.people.roles import gettext_noop

say(
    {
        "studies.add_document": gettext_noop("Added a document to a study"),
        "studies.add_member": gettext_noop("Added somebody to a study"),
        "studies.amend": gettext_noop("Amended a study"),
        "studies.amend_data": gettext_noop("Amended the data of a study"),
        "studies.amend_documents": gettext_noop("Amended the documents of a study"),
        "studies.amend_team": gettext_noop("Amended the team of a study"),
        "studies.amend_units": gettext_noop("Amended whom a study concerns"),
        "studies.answer": gettext_noop("Answered a question of a body about a study"),
        "studies.ask": gettext_noop("Asked the applicants of a study a question"),
        "studies.approve_result": gettext_noop("Let a result leave a study"),
        "studies.ask_result": gettext_noop("Asked for a result to leave a study"),
        "studies.attach_cohort": gettext_noop("Attached a cohort to a study"),
        "studies.close": gettext_noop("Closed a study"),
        "studies.declare": gettext_noop("Declared a conflict of interest in a study after having voted"),
        "studies.decide": gettext_noop("Decided on a study"),
        "studies.detach_cohort": gettext_noop("Detached a cohort from a study"),
        "studies.download_result": gettext_noop("Downloaded a result of a study"),
        "studies.edit": gettext_noop("Changed a study"),
        "studies.expire": gettext_noop("Let a permit or study expire"),
        "studies.hand_over": gettext_noop("Named another principal investigator of a study"),
        "studies.untaken": gettext_noop("Said that a study was not taken on in time"),
        "studies.orphaned": gettext_noop("Said that nobody answers for a study any more"),
        "studies.permit": gettext_noop("Gave a permit"),
        "studies.permit_ends": gettext_noop("Said that a permit ends soon"),
        "studies.refuse_result": gettext_noop("Kept a result inside a study"),
        "studies.register": gettext_noop("Registered a study"),
        "studies.remind": gettext_noop("Reminded somebody of a study"),
        "studies.remove_member": gettext_noop("Removed somebody from a study"),
        "studies.renew": gettext_noop("Renewed a permit"),
        "studies.resume": gettext_noop("Let a permit hold again"),
        "studies.revoke": gettext_noop("Revoked a permit"),
        "studies.submit": gettext_noop("Submitted a study"),
        "studies.suspend": gettext_noop("Suspended a permit"),
        "studies.take_on": gettext_noop("Took a study on as its principal investigator"),
        "studies.take_back_question": gettext_noop("Took back a question to the applicants of a study"),
        "studies.take_back_result": gettext_noop("Took back a request for a result"),
        "studies.units": gettext_noop("Chose the care programmes of a study"),
        "studies.give_back": gettext_noop("Gave back to a permit what came back"),
        "studies.use": gettext_noop("Used a permit"),
        "studies.vote": gettext_noop("Voted on a study"),
        "studies.withdraw": gettext_noop("Withdrew a study"),
        "studies.withdraw_document": gettext_noop("Withdrew a document of a study"),
    }
)
