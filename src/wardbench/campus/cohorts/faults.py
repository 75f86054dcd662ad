"""What the parts of a definition refuse, for the catalogues: below the campus, sentences are English and unmarked."""

from __future__ import annotations

from wardbench.campus.people.roles import gettext_noop

FAULTS = (
    gettext_noop("operator: {given} is none of {known}."),
    gettext_noop("between needs two values, and nothing else does."),
    gettext_noop("between: the second number is the larger one."),
    gettext_noop("between: the second day is the later one."),
    gettext_noop("days: {most} at most."),
    gettext_noop("domain: {given} is none of {known}."),
    gettext_noop("{name}: a {domain} has none."),
    gettext_noop("source: a {domain} cannot be asked for by the hospital's own codes."),
    gettext_noop("how: {given} is none of {known}."),
    gettext_noop("distinct: {given} is none of {known}."),
    gettext_noop("A group needs at least one condition."),
    gettext_noop("{path}: there is no such condition."),
    gettext_noop("Say of which drugs they leave with the end."),
    gettext_noop("count: a whole number from 0 to 1000."),
    gettext_noop("count: at least 0 is no condition."),
    gettext_noop("Give an age or a sex."),
    gettext_noop("sex: 8507 (male) or 8532 (female)."),
    gettext_noop("days: from 0 to {most}."),
    gettext_noop("days of observation: from 0 to {most}."),
    gettext_noop("limit: {given} is none of {known}."),
    gettext_noop("concept set: there is none with the id {number}."),
    gettext_noop("rule {number}: there is none."),
    gettext_noop("entry event {number}: there is none."),
    gettext_noop("name: give the rule a name."),
    gettext_noop("name: give the concept set a name."),
)

ASKED = (
    gettext_noop("A concept set stands there twice."),
    gettext_noop("It has {criteria} criteria; a feasibility count has {most} at most."),
    gettext_noop("{telling} of its criteria are about age, sex or dates; {most} at most may be."),
    gettext_noop("Give the first or last day of a quarter."),
    gettext_noop("Ages come in bands of ten years: 20 or over, under 60, between 40 and 59."),
    gettext_noop("Give values with two digits at most."),
    gettext_noop("This cannot be asked in a feasibility count."),
    gettext_noop("Choose one of these numbers of days: {days}."),
    gettext_noop(
        "A random number was added to the count before it was rounded to the nearest 5; it is the same each time this"
        " question is asked. In one answer of three it is more than 10 persons, in one of a hundred more than 45."
    ),
    gettext_noop("Fewer than 10 persons, nobody included, always read “fewer than 10”."),
    gettext_noop("For a rare disease this tells you little. Ask for a permit: within a study you count exactly."),
)
"""What a feasibility count refuses to be asked, and what is told with its answer."""
