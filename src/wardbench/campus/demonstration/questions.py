"""What the people of the demonstration want to know of one another."""

from __future__ import annotations

from collections.abc import Mapping

from wardbench.campus.people.models import Person
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions import concepts, services
from wardbench.campus.questions.models import Question
from wardbench.campus.questions.rules import Side
from wardbench.campus.questions.services import Topic


def make_questions(people: Mapping[str, Person]) -> dict[str, Question]:
    """The questions by a key of their own; "kidneys" is the one that the demonstration's study takes up."""
    who = {key: actor_of(person) for key, person in people.items()}
    made = {
        "kidneys": _kidneys(who),
        "metformin": _metformin(who),
        "proteins": _proteins(who),
        "colon": _colon(who),
        "thawing": _thawing(who),
        "visits": _visits(who),
    }
    for key, followers in FOLLOWERS.items():
        for follower in followers:
            services.follow(made[key], by=who[follower])
    return made


FOLLOWERS = {
    "kidneys": ("diabetologist", "researcher", "researcher2", "lecturer", "coordinator", "student", "manager"),
    "metformin": ("diabetologist", "student"),
    "proteins": ("physician", "manager", "transfer"),
    "colon": ("manager", "lecturer"),
}


def _kidneys(who: Mapping[str, Actor]) -> Question:
    question = services.raise_question(
        title="Type 2 diabetes under good control, and still the kidneys fail: why?",
        text=(
            "In our clinic some patients with type 2 diabetes lose kidney function within a few years although their "
            "HbA1c stays near 7 % and they take what the guideline says. Others with the same values do not. We see no "
            "difference at the bedside.\n\n"
            "If we could tell early who is who, we would treat the first group differently from the start."
        ),
        side=Side.WARD,
        topics=_topics("Type 2 diabetes", "Chronic kidney disease", "diabetic nephropathy"),
        by=who["physician"],
    )
    services.comment(
        question,
        "We have genomes of families with early kidney disease. If there are enough patients with plasma in the "
        "biobank from before the fall, we could look at both.",
        by=who["researcher"],
    )
    services.comment(
        question,
        "I see this in the care programme too, more often in those whose blood pressure was high for years.",
        by=who["diabetologist"],
    )
    services.comment(
        question, "Plasma from routine visits is stored since 2018, with broad consent.", by=who["manager"]
    )
    return question


def _metformin(who: Mapping[str, Actor]) -> Question:
    question = services.raise_question(
        title="Is metformin stopped too early when kidney function falls?",
        text=(
            "Colleagues stop metformin at different values of eGFR. Does it do harm to stop at 45 and not at 30? "
            "A plain answer would let us agree on one rule in the hospital."
        ),
        side=Side.WARD,
        topics=_topics("metformin", "Chronic kidney disease"),
        by=who["physician"],
    )
    services.answer(
        question,
        "In general it need not be stopped before an eGFR of 30; between 30 and 45 the dose is halved and kidney "
        "function followed every three months. How our own patients fared has not been looked at yet: that would be a "
        "study.",
        references="Guideline of the hospital's drug committee, chapter on diabetes\n"
        "Seminar on pharmacoepidemiology, session 4",
        by=who["lecturer"],
    )
    return question


def _proteins(who: Mapping[str, Actor]) -> Question:
    question = services.raise_question(
        title="Which plasma proteins change before albumin appears in the urine?",
        text=(
            "We can measure three thousand proteins in 50 microlitres of plasma. We look for patients with diabetes "
            "who gave plasma before their first sign of kidney damage, and for others who never had any."
        ),
        side=Side.BENCH,
        topics=_topics("Type 2 diabetes", "plasma proteomics"),
        by=who["researcher2"],
    )
    services.open_to_partners(question, by=who["transfer"])
    question.refresh_from_db()
    return question


def _colon(who: Mapping[str, Actor]) -> Question:
    return services.raise_question(
        title="Cancer of the colon before 50: what do these patients have in common?",
        text=(
            "We see more of them each year, often in a late stage. Family history explains a few. "
            "Knowing whom to examine earlier would change what we do tomorrow."
        ),
        side=Side.WARD,
        topics=_topics("Cancer of the colon"),
        by=who["oncologist"],
    )


def _thawing(who: Mapping[str, Actor]) -> Question:
    question = services.raise_question(
        title="May plasma be thawed twice before proteins are measured?",
        text="Much of what we could use was thawed once already. We need to know what is lost.",
        side=Side.BENCH,
        topics=_topics("plasma proteomics"),
        by=who["researcher"],
    )
    services.answer(
        question,
        "Once is no problem for most proteins; after the second thaw the platelet proteins rise. We note every thaw, "
        "so you can choose tubes that were never thawed.",
        references="Note of the biobank on stability, version 3",
        by=who["manager"],
    )
    services.close(question, by=who["researcher"])
    return question


def _visits(who: Mapping[str, Actor]) -> Question:
    return services.raise_question(
        title="Do patients who miss a visit lose kidney function faster?",
        text="For my master's thesis. I would compare those who come every half year with those who do not.",
        side=Side.BENCH,
        topics=_topics("Type 2 diabetes"),
        by=who["student"],
    )


def _topics(*names: str) -> list[Topic]:
    """Concepts of the store where it has them, else the words."""
    topics = []
    for name in names:
        found = [one for one in concepts.find_concepts(name, 1) if one.name.lower() == name.lower()]
        topics += [Topic(one.name, one.id, one.vocabulary, one.code) for one in found] or [Topic(name)]
    return topics
