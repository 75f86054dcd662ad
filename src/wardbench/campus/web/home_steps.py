"""What each role comes for: a few places to go, in its own words. Places that are not built yet are left out."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor

MOST = 5


@dataclass(frozen=True)
class Step:
    """A place and why one goes there; both are sentences of the catalogues."""

    title: str
    line: str
    name: str
    query: str = ""

    @property
    def address(self) -> str:
        """The address, empty where the campus has no such page."""
        try:
            return reverse(self.name) + self.query
        except NoReverseMatch:
            return ""


ASK_WARD = Step(
    gettext_noop("Raise a question from the ward"),
    gettext_noop("What you see in patients and cannot explain."),
    "question_raise",
    "?side=ward",
)
ASK_BENCH = Step(
    gettext_noop("Raise a question from the bench"),
    gettext_noop("What you need to know of patients before you can go on."),
    "question_raise",
    "?side=bench",
)
COHORT = Step(
    gettext_noop("Build a cohort"),
    gettext_noop("How many patients are like this? The numbers follow while you choose."),
    "cohort_new",
)
COHORTS = Step(gettext_noop("Look at cohorts"), gettext_noop("Definitions that colleagues have shared."), "cohorts")
STUDY = Step(
    gettext_noop("Register a study"),
    gettext_noop("You see the whole path of approvals, and how long it takes, before you ask."),
    "study_new",
)
STUDIES = Step(gettext_noop("Look at studies"), gettext_noop("Who works on what, and how far they are."), "studies")
LEDGER = Step(
    gettext_noop("See unanswered needs"),
    gettext_noop("What touches the most patients and nobody has answered yet."),
    "ledger",
)
QUESTIONS = Step(
    gettext_noop("Read the questions"), gettext_noop("Follow one, and hear what becomes of it."), "questions"
)
COLLEAGUE = Step(gettext_noop("Find a colleague who knows"), gettext_noop("By name, disease or method."), "people")
PEOPLE = Step(gettext_noop("Look after people and roles"), gettext_noop("Add people, give and end roles."), "people")
RECORD = Step(
    gettext_noop("Search the record"),
    gettext_noop("Who did what, on what, and when; nothing can be removed."),
    "record",
)
TREATED = Step(
    gettext_noop("Say whom a team treats"),
    gettext_noop("The record of a patient is open to the teams that treat them, and to nobody else."),
    "care_relations",
)
EMERGENCIES = Step(
    gettext_noop("Look at emergency access"),
    gettext_noop("Records that were opened by somebody of another team. Each is judged within 72 hours."),
    "emergency_accesses",
)
RIGHTS = Step(gettext_noop("See what you can do, and why"), gettext_noop("Each right with its reason."), "why")
REGISTERS = Step(
    gettext_noop("Read the registers of human body material"),
    gettext_noop("What came in, what was given and to whom, what was destroyed. Each look is on the record."),
    "register",
)
PARTNER_QUESTIONS = Step(
    gettext_noop("Read the questions opened to partners"),
    gettext_noop("The technology-transfer office is your contact."),
    "questions",
)
OPEN_TO_PARTNERS = Step(
    gettext_noop("Open a question to partners"),
    gettext_noop("Choose needs where a company could help, once nothing has to be protected first."),
    "questions",
    "?status=unanswered",
)

STEPS: dict[Role, tuple[Step, ...]] = {
    Role.PHYSICIAN: (ASK_WARD, COHORT, COLLEAGUE, LEDGER, STUDY),
    Role.COORDINATOR: (ASK_WARD, STUDIES, COHORT, COLLEAGUE),
    Role.RESEARCHER: (LEDGER, COHORT, STUDY, ASK_BENCH, COLLEAGUE),
    Role.STUDENT: (QUESTIONS, COHORT, ASK_BENCH, COLLEAGUE),
    Role.LECTURER: (COHORT, LEDGER, STUDY, ASK_BENCH, COLLEAGUE),
    Role.BIOBANK_MANAGER: (STUDIES, LEDGER, ASK_BENCH, COLLEAGUE),
    Role.BIOBANK_BOARD: (STUDIES, LEDGER, COLLEAGUE),
    Role.TRIAL_CENTRE: (STUDIES, LEDGER, COLLEAGUE),
    Role.ETHICS: (STUDIES, QUESTIONS, COLLEAGUE),
    Role.DATA_PROTECTION: (RECORD, EMERGENCIES, REGISTERS, STUDIES, RIGHTS),
    Role.TECHNOLOGY_TRANSFER: (OPEN_TO_PARTNERS, LEDGER, STUDIES, COLLEAGUE),
    Role.PARTNER: (PARTNER_QUESTIONS, RIGHTS),
    Role.DATA_STEWARD: (RECORD, TREATED, EMERGENCIES, COHORTS, RIGHTS),
    Role.ADMINISTRATOR: (PEOPLE, RIGHTS),
}


def steps_for(actor: Actor) -> list[Step]:
    """Where somebody goes from here, by their roles; whoever has none yet reads why."""
    wanted = [step for role in sorted(actor.roles) for step in STEPS[role]] or [RIGHTS]
    return [step for step in dict.fromkeys(wanted) if step.address][:MOST]
