"""The cohort engine for programs that ask again and again: a notebook, a page that counts while a definition is edited.

session = EditingSession(Store.open("hospital").snapshot())
look = session.look(read_definition("diabetes.json"))
look.persons, [(rule.name, rule.without - look.persons) for rule in look.rules]
"""

from wardbench.ward.cohorts import Cohort, Definition, read_definition, read_definitions, run_batch, run_cohort
from wardbench.ward.cohorts.plan import NOBODY, Persons
from wardbench.ward.cohorts.session import EditingSession, Look, Overlap, RuleEffect

__all__ = [
    "NOBODY",
    "Cohort",
    "Definition",
    "EditingSession",
    "Look",
    "Overlap",
    "Persons",
    "RuleEffect",
    "read_definition",
    "read_definitions",
    "run_batch",
    "run_cohort",
]
