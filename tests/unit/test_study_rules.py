"""The approval path and who may do what: the whole table status x action x role, worked out and not stored."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import Actor, Affiliation
from wardbench.campus.studies import checks, completeness, holidays, purpose, rules, standing
from wardbench.campus.studies.facts import FACTS, KINDS, Asked, Consent, Data, Fact, Kind, Section
from wardbench.campus.studies.path import Path, read_path, shipped
from wardbench.campus.studies.rules import TABLE, Part, Verb
from wardbench.campus.studies.standing import PASSED, Answer, Case, Question, State, Status, Vote
from wardbench.core.duo import Outcome, Purpose, Use
from wardbench.core.errors import InputError

PATH = shipped()
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.UTC)
PROGRAMME = "programme"
ALL = frozenset(Fact)
STEPS = [step.id for step in PATH.steps]


def days(number: int) -> datetime.datetime:
    return MONDAY + datetime.timedelta(days=number)


def votes(*steps: str, answer: Answer = Answer.APPROVE) -> list[Vote]:
    """What it takes to decide these steps, a day apart."""
    found = []
    for number, step in enumerate(steps):
        one = PATH.by_id[step]
        unit = PROGRAMME if one.of_care_programmes else ""
        found += [Vote(step, f"{step}{n}", answer, days(number + 1), unit) for n in range(one.votes)]
    return found


def case(*given: Vote, facts: frozenset[Fact] = ALL, questions: tuple[Question, ...] = (), **more: object) -> Case:
    programmes = frozenset({PROGRAMME})
    return Case(facts, given, questions, programmes, MONDAY, **more)  # type: ignore[arg-type]


CASES: dict[Status, Case] = {
    Status.DRAFT: Case(ALL),
    Status.SUBMITTED: case(),
    Status.ASKED: case(questions=(Question("validation", False, MONDAY),)),
    Status.EXPIRED: case(questions=(Question("validation", False, MONDAY),), today=days(60).date()),
    Status.APPROVED: case(*votes(*STEPS)),
    Status.REFUSED: case(*votes("validation", answer=Answer.REFUSE)),
    Status.WITHDRAWN: case(withdrawn=True),
    Status.CLOSED: case(*votes(*STEPS), closed=True),
}


def test_there_is_a_case_for_each_status_and_it_is_in_it() -> None:
    assert set(CASES) == set(Status) == set(TABLE)
    for status, given in CASES.items():
        assert standing.status(PATH, given) is status


def actor(role: Role | None, key: str = "", unit: str = "") -> Actor:
    held = (Affiliation(role, "organisation", unit=unit),) if role else ()
    return Actor(key or str(role), "Somebody", held)


INVESTIGATOR, MEMBER = actor(Role.RESEARCHER, "investigator"), actor(Role.TRIAL_CENTRE, "member")


def facts_of(status: Status) -> rules.Facts:
    given = CASES[status]
    steps = standing.standing(PATH, given)
    reached = standing.DECIDED | {State.OPEN, State.ASKED, State.EXPIRED}
    return rules.Facts(
        "investigator",
        frozenset({"member"}),
        status,
        standing.turns(PATH, given),
        frozenset(one.step.role for one in steps if one.state in reached),
        programmes=given.care_programmes,
        asked=tuple(
            standing.Turn(one.step.id, one.step.role, one.missing_programmes, one.since, one.due)
            for one in steps
            if one.state in (State.ASKED, State.EXPIRED)
        ),
    )


EXPECTED: dict[tuple[Status, Verb], set[str]] = {
    (Status.DRAFT, Verb.EDIT): {"investigator", "member"},
    (Status.DRAFT, Verb.SUBMIT): {"investigator"},
    (Status.DRAFT, Verb.WITHDRAW): {"investigator"},
    (Status.DRAFT, Verb.HAND_OVER): {"investigator"},
    (Status.SUBMITTED, Verb.HAND_OVER): {"investigator"},
    (Status.ASKED, Verb.HAND_OVER): {"investigator"},
    (Status.EXPIRED, Verb.HAND_OVER): {"investigator"},
    (Status.APPROVED, Verb.HAND_OVER): {"investigator"},
    (Status.REFUSED, Verb.HAND_OVER): {"investigator"},
    (Status.SUBMITTED, Verb.VOTE): {"trial_centre"},
    (Status.SUBMITTED, Verb.ASK): {"trial_centre"},
    (Status.SUBMITTED, Verb.AMEND): {"investigator"},
    (Status.SUBMITTED, Verb.WITHDRAW): {"investigator"},
    (Status.ASKED, Verb.ANSWER): {"investigator", "member"},
    (Status.ASKED, Verb.AMEND): {"investigator"},
    (Status.ASKED, Verb.WITHDRAW): {"investigator"},
    (Status.ASKED, Verb.TAKE_BACK): {"trial_centre"},
    (Status.EXPIRED, Verb.TAKE_BACK): {"trial_centre"},
    (Status.EXPIRED, Verb.ANSWER): {"investigator", "member"},
    (Status.EXPIRED, Verb.AMEND): {"investigator"},
    (Status.EXPIRED, Verb.WITHDRAW): {"investigator"},
    (Status.APPROVED, Verb.AMEND): {"investigator"},
    (Status.APPROVED, Verb.WITHDRAW): {"investigator"},
    (Status.APPROVED, Verb.CLOSE): {"investigator"},
    (Status.APPROVED, Verb.RENEW): {"investigator"},
    (Status.APPROVED, Verb.REVOKE): {"trial_centre", "data_protection"},
    (Status.APPROVED, Verb.SUSPEND): {"trial_centre", "data_protection"},
    (Status.APPROVED, Verb.RESUME): {"trial_centre", "data_protection"},
    (Status.REFUSED, Verb.AMEND): {"investigator"},
    (Status.REFUSED, Verb.WITHDRAW): {"investigator"},
}
"""Who may do what, written down a second time; whatever is not here nobody may."""


@pytest.mark.parametrize(("status", "verb"), list(itertools.product(Status, Verb)))
def test_status_x_action_x_role(status: Status, verb: Verb) -> None:
    facts = facts_of(status)
    people = [INVESTIGATOR, MEMBER, actor(None, "nobody"), *(actor(role) for role in Role)]
    allowed = {one.id for one in people if rules.may(one, verb, facts)}
    assert allowed == EXPECTED.get((status, verb), set())
    for one in people:
        assert str(rules.may(one, verb, facts)).endswith(".")


ENDED = {Status.WITHDRAWN, Status.CLOSED}
OVERSEEING = {"trial_centre", "data_protection"}
CHANGED: dict[tuple[str, Verb], dict[Status, set[str]]] = {
    ("orphaned", Verb.HAND_OVER): {one: {"investigator", *OVERSEEING} for one in set(Status) - ENDED},
    ("untaken", Verb.HAND_OVER): {
        one: {"investigator", *(OVERSEEING if one is not Status.DRAFT else ())} for one in set(Status) - ENDED
    },
    ("untaken", Verb.TAKE_ON): {one: {"investigator"} for one in set(Status) - ENDED - {Status.DRAFT, Status.APPROVED}},
    ("voters", Verb.DECLARE): {one: {"ethics"} for one in set(Status) - ENDED - {Status.DRAFT}},
    ("begun", Verb.CLOSE): {one: {"investigator"} for one in set(Status) - ENDED - {Status.DRAFT}},
}
"""Who may do what besides, where one fact more is true of a study."""


@pytest.mark.parametrize(
    ("fact", "status", "verb"), list(itertools.product(["orphaned", "untaken", "begun", "voters"], Status, Verb))
)
def test_status_x_action_x_role_where_a_fact_changes_who_may(fact: str, status: Status, verb: Verb) -> None:
    """The investigator holds a role still, if none in which one may lead; nobody gets more than the table says."""
    facts = dataclasses.replace(facts_of(status), **{fact: frozenset({"ethics"}) if fact == "voters" else True})
    people = [INVESTIGATOR, MEMBER, actor(None, "nobody"), *(actor(role) for role in Role)]
    allowed = {one.id for one in people if rules.may(one, verb, facts)}
    expected = (
        CHANGED[fact, verb].get(status, set()) if (fact, verb) in CHANGED else EXPECTED.get((status, verb), set())
    )
    assert allowed == expected


def test_a_draft_that_nobody_answers_for_is_seen_by_those_who_watch_over_studies_and_nobody_else() -> None:
    facts = dataclasses.replace(facts_of(Status.DRAFT), orphaned=True, public=True)
    assert {str(role) for role in Role if rules.may_see_line(actor(role), facts)} == OVERSEEING
    assert {verb for verb in Verb if rules.may(actor(Role.TRIAL_CENTRE), verb, facts)} == {Verb.HAND_OVER}
    assert not rules.may(actor(None, "investigator"), Verb.HAND_OVER, facts), "who left hands over nothing"


def test_nobody_decides_while_a_study_waits_for_its_new_investigator() -> None:
    for status in (Status.SUBMITTED, Status.ASKED, Status.EXPIRED, Status.REFUSED, Status.APPROVED):
        given = dataclasses.replace(CASES[status], untaken=MONDAY)
        [turn] = standing.turns(PATH, given)
        assert turn.takes_on and turn.role is None and turn.due == datetime.date(2026, 3, 30)
        assert standing.status(PATH, given) is (Status.SUBMITTED if status is Status.APPROVED else status)


def test_nobody_decides_on_a_study_of_their_own() -> None:
    """The member is of the trial centre, whose turn it is."""
    verdict = rules.may(MEMBER, Verb.VOTE, facts_of(Status.SUBMITTED))
    assert not verdict and "Nobody decides" in str(verdict)


def test_nobody_decides_on_a_study_for_two_bodies() -> None:
    """Of every two steps of different bodies; a vote that was taken back, or one on a step that is not needed, binds
    nobody, and the path may let two bodies share people."""

    def elsewhere(path: Path, *given: Vote, facts: frozenset[Fact] = ALL) -> frozenset[tuple[str, str]]:
        here = case(*given, facts=facts)
        return standing.spoken_elsewhere(path, here, standing.standing(path, here))

    for spoken in PATH.steps:
        role = spoken.role
        found = elsewhere(PATH, Vote(spoken.id, "both", Answer.REFUSE, MONDAY))
        assert found == {(one.id, "both") for one in PATH.steps if one.role != role}, spoken.id
    board = Vote("board", "both", Answer.APPROVE, MONDAY)
    assert elsewhere(PATH, dataclasses.replace(board, answer=None)) == frozenset()
    assert elsewhere(PATH, board, facts=frozenset({Fact.HUMAN_SUBJECTS})) == frozenset()
    shares = msgspec.structs.replace(PATH.by_id["ethics"], people_of=("board",))
    sharing = msgspec.structs.replace(PATH, steps=tuple(shares if one.id == "ethics" else one for one in PATH.steps))
    assert ("ethics", "both") not in elsewhere(sharing, board) and ("biobank", "both") in elsewhere(sharing, board)
    assert ("board", "both") not in elsewhere(sharing, dataclasses.replace(board, step="ethics"))


def test_who_spoke_for_another_body_is_told_so() -> None:
    both = Actor("both", "", (Affiliation(Role.ETHICS, "organisation"), Affiliation(Role.TRIAL_CENTRE, "organisation")))
    facts = dataclasses.replace(facts_of(Status.SUBMITTED), voters=frozenset({"both"}))
    assert rules.may(both, Verb.VOTE, facts) and rules.may_decide(both, facts, "validation")
    barred = dataclasses.replace(facts, elsewhere=frozenset({("validation", "both")}))
    for verb in (Verb.VOTE, Verb.ASK):
        assert str(rules.may(both, verb, barred)) == rules.FOR_ANOTHER
    assert str(rules.may_decide(both, barred, "validation")) == rules.FOR_ANOTHER
    assert Part.TURN not in rules.parts(both, barred) and Part.VOTER in rules.parts(both, barred)
    assert rules.may(actor(Role.TRIAL_CENTRE, "other"), Verb.VOTE, barred), "it binds them alone"
    asked = dataclasses.replace(barred, status=Status.ASKED, asked=facts.turns)
    assert Part.ASKER not in rules.parts(both, asked)


def test_an_approval_stands_whatever_the_path_asks_for_later() -> None:
    """A step more, another that is needed by the same words, votes more: for what is under way, and not for what was
    approved."""
    before = frozenset({Fact.MATERIAL})
    given = case(*votes("validation", "biobank"), facts=before)
    assert standing.status(PATH, given) is Status.APPROVED
    newer = dataclasses.replace(given, facts=before | {Fact.PERSONAL_DATA})
    stricter = tuple(msgspec.structs.replace(one, votes=2) if one.id == "biobank" else one for one in PATH.steps)
    for path, facts in ((PATH, newer.facts), (msgspec.structs.replace(PATH, steps=stricter), before)):
        under_way = dataclasses.replace(given, facts=facts)
        assert standing.status(path, under_way) is Status.SUBMITTED
        approved = dataclasses.replace(under_way, approved=True)
        assert standing.status(path, approved) is Status.APPROVED and standing.turns(path, approved) == ()
        stands = {one.step.id: one for one in standing.standing(path, approved)}
        assert stands["biobank"].state is State.APPROVED and not stands["biobank"].later
        assert {key for key, one in stands.items() if one.later} == ({"privacy"} if facts is not before else set())


def test_a_body_sees_a_study_once_it_has_reached_it_and_a_draft_nobody_but_its_team() -> None:
    for role in Role:
        sees = {status for status in Status if rules.may_see(actor(role, unit="elsewhere"), facts_of(status))}
        assert Status.DRAFT not in sees
        if role in (Role.TRIAL_CENTRE, Role.DATA_PROTECTION, Role.DATA_STEWARD):
            assert sees == set(Status) - {Status.DRAFT}
        elif role in (Role.BIOBANK_BOARD, Role.BIOBANK_MANAGER, Role.ETHICS, Role.TECHNOLOGY_TRANSFER):
            assert sees == {Status.APPROVED, Status.CLOSED}
        else:
            assert sees == set(), role
    assert rules.may_see(actor(Role.PHYSICIAN, unit=PROGRAMME), facts_of(Status.APPROVED))


def test_who_voted_keeps_seeing_it() -> None:
    facts = facts_of(Status.SUBMITTED)
    somebody = actor(Role.BIOBANK_BOARD)
    assert not rules.may_see(somebody, facts)
    assert rules.may_see(somebody, rules.Facts(**{**facts.__dict__, "voters": frozenset({somebody.id})}))


@pytest.mark.parametrize("public", [True, False])
def test_the_public_line(public: bool) -> None:
    facts = rules.Facts(**{**facts_of(Status.SUBMITTED).__dict__, "public": public})
    assert bool(rules.may_see_line(actor(Role.STUDENT), facts)) is public
    assert not rules.may_see_line(actor(Role.PARTNER), facts) and not rules.may_see_line(actor(None, "x"), facts)
    taking_part = rules.Facts(**{**facts.__dict__, "partners": frozenset({"organisation"})})
    assert rules.may_see_line(actor(Role.PARTNER), taking_part)
    assert not rules.may_see(actor(Role.PARTNER), taking_part)


def subsets() -> Iterator[frozenset[Fact]]:
    for size in range(len(Fact) + 1):
        yield from map(frozenset, itertools.combinations(Fact, size))


def test_every_study_comes_to_an_end_by_approving_whatever_is_open() -> None:
    """For all facts: the path is never stuck, never asks a step that is not needed, and turns are the open steps."""
    for facts in subsets():
        given: list[Vote] = []
        for _ in range(len(PATH.steps) + 1):
            now = case(*given, facts=facts)
            stands = {one.step.id: one for one in standing.standing(PATH, now)}
            turns = standing.turns(PATH, now)
            assert {turn.step for turn in turns} == {key for key, one in stands.items() if one.state is State.OPEN}
            for turn in turns:
                step = PATH.by_id[turn.step]
                assert not step.when or facts & set(step.when)
                assert all(stands[one].state in PASSED for one in step.after)
            if standing.status(PATH, now) is Status.APPROVED:
                break
            assert turns, facts
            given += [vote for turn in turns for vote in votes(turn.step)]
        assert standing.status(PATH, case(*given, facts=facts)) is Status.APPROVED


def test_the_path_of_the_facts() -> None:
    """Validation first; for secondary use two of the board and the care programme at once, then the manager; ethics
    after the biobank and data protection; the transfer agreement last."""

    def turns(*given: Vote) -> set[str]:
        return {turn.step for turn in standing.turns(PATH, case(*given))}

    assert turns() == {"validation"}
    assert turns(*votes("validation")) == {"board", "care_programme", "privacy"}
    assert turns(*votes("validation", "board", "privacy")) == {"care_programme"}
    assert turns(*votes("validation", "board", "care_programme")) == {"biobank", "privacy"}
    assert turns(*votes("validation", "board", "care_programme", "biobank")) == {"privacy"}
    assert turns(*votes("validation", "board", "care_programme", "biobank", "privacy")) == {"ethics"}
    assert turns(*votes(*STEPS[:-1])) == {"transfer"}


@pytest.mark.parametrize(
    ("asked", "facts"),
    [
        (Asked(Kind.CASE_REPORT, Data.NONE, False), {Fact.PERSONAL_DATA, Fact.HUMAN_SUBJECTS}),
        (Asked(Kind.QUALITY, Data.AGGREGATE, False), set()),
        (Asked(Kind.RETROSPECTIVE, Data.PSEUDONYMISED, False), {Fact.PERSONAL_DATA, Fact.HUMAN_SUBJECTS}),
        (Asked(Kind.PROSPECTIVE_TRIAL, Data.NONE, True), {Fact.MATERIAL, Fact.HUMAN_SUBJECTS}),
        (
            Asked(Kind.PROSPECTIVE_TRIAL, Data.NONE, True, consent=Consent.RESIDUAL),
            {Fact.MATERIAL, Fact.SECONDARY_USE, Fact.OWN_SECONDARY_USE, Fact.HUMAN_SUBJECTS},
        ),
        (Asked(Kind.THESIS, Data.NONE, True, consent=Consent.PRIMARY), {Fact.MATERIAL, Fact.HUMAN_SUBJECTS}),
        (
            Asked(Kind.SECONDARY_USE, Data.NONE, False, consent=Consent.PRIMARY),
            {Fact.MATERIAL, Fact.SECONDARY_USE, Fact.OWN_SECONDARY_USE, Fact.HUMAN_SUBJECTS},
        ),
        (
            Asked(Kind.INCOMING_TRANSFER, Data.NONE, False),
            {Fact.MATERIAL, Fact.MATERIAL_ARRIVES, Fact.HUMAN_SUBJECTS},
        ),
        (
            Asked(Kind.INCOMING_TRANSFER, Data.NONE, False, consent=Consent.SECONDARY),
            {Fact.MATERIAL, Fact.SECONDARY_USE, Fact.MATERIAL_ARRIVES, Fact.HUMAN_SUBJECTS},
        ),
        (Asked(Kind.THESIS, Data.NONE, False, leaves=True), set()),
    ],
)
def test_the_facts_of_a_study(asked: Asked, facts: set[Fact]) -> None:
    assert asked.facts == facts


def test_an_answer_has_its_days_though_the_step_waited_for_another_that_decided_anew() -> None:
    asked = (Question("privacy", False, days(2)),)
    again = {"validation": days(20)}
    waits = case(questions=asked, reopened=again, today=days(39).date())
    assert standing.status(PATH, waits) is Status.SUBMITTED, "it cannot be answered now"
    validated = Vote("validation", "x", Answer.APPROVE, days(40))
    for later, status in ((41, Status.ASKED), (68, Status.ASKED), (80, Status.EXPIRED)):
        now = case(validated, questions=asked, reopened=again, today=days(later).date())
        assert standing.status(PATH, now) is status, later
    [turn] = [one for one in standing.turns(PATH, now) if one.role is None]
    assert turn.due is not None and turn.due >= days(40 + PATH.answer_days).date()


def due_of(submitted: datetime.datetime, path: Path = PATH) -> datetime.date:
    [turn] = standing.turns(path, Case(frozenset(), submitted=submitted))
    assert turn.due is not None
    return turn.due


def test_due_days_are_of_the_calendar_and_never_on_a_weekend_or_a_holiday() -> None:
    allowed = PATH.by_id["validation"].days
    for number in range((datetime.date(2028, 12, 20) - MONDAY.date()).days):
        due = (days(number) + datetime.timedelta(days=allowed)).date()
        while due.weekday() >= 5 or due in BELGIAN[due.year]:
            due += datetime.timedelta(days=1)
        assert due_of(days(number)) == due


def days_of(*text: str) -> set[datetime.date]:
    return {datetime.date.fromisoformat(one) for one in text}


BELGIAN = {
    2026: days_of("2026-01-01", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25",
                  "2026-07-21", "2026-08-15", "2026-11-01", "2026-11-11", "2026-12-25"),
    2027: days_of("2027-01-01", "2027-03-29", "2027-05-01", "2027-05-06", "2027-05-17",
                  "2027-07-21", "2027-08-15", "2027-11-01", "2027-11-11", "2027-12-25"),
    2028: days_of("2028-01-01", "2028-04-17", "2028-05-01", "2028-05-25", "2028-06-05",
                  "2028-07-21", "2028-08-15", "2028-11-01", "2028-11-11", "2028-12-25"),
}  # fmt: skip
"""The ten statutory holidays as the government publishes them, year by year."""


@pytest.mark.parametrize("year", BELGIAN)
def test_the_holidays_of_the_shipped_path_are_those_of_belgium(year: int) -> None:
    assert {one.in_year(year) for one in PATH.holidays} == BELGIAN[year]
    assert all(one.source for one in PATH.holidays)


@pytest.mark.parametrize(
    ("year", "day"),
    [(1818, "03-22"), (1886, "04-25"), (1943, "04-25"), (1954, "04-18"), (1981, "04-19"), (2000, "04-23"),
     (2008, "03-23"), (2011, "04-24"), (2024, "03-31"), (2025, "04-20"), (2038, "04-25"), (2049, "04-18"),
     (2076, "04-19"), (2285, "03-22")],
)  # fmt: skip
def test_easter(year: int, day: str) -> None:
    """Published days, among them the earliest, the latest and the two exceptions of the computus (1954, 1981)."""
    assert holidays.easter(year).isoformat() == f"{year}-{day}"


def test_a_campus_writes_its_own_holidays() -> None:
    own = """holidays = [
      { name = "A", source = "the dean", day = "03-09" },
      { name = "B", source = "the dean", date = 2026-03-10 },
      { name = "C", source = "the dean", easter = -45 },
      { name = "D", source = "the dean", day = "02-29" },
    ]"""
    path = read_path(written(step("a"), head=own), "own.toml")
    # Three days after the 6th is Monday the 9th, which A takes, B the next; C is 45 days before the 5th of April.
    assert holidays.easter(2026) - datetime.timedelta(days=45) == datetime.date(2026, 2, 19)
    assert due_of(datetime.datetime(2026, 3, 6, 9, tzinfo=datetime.UTC), path) == datetime.date(2026, 3, 11)
    assert due_of(datetime.datetime(2027, 3, 6, 9, tzinfo=datetime.UTC), path) == datetime.date(2027, 3, 10)
    assert due_of(datetime.datetime(2026, 2, 16, 9, tzinfo=datetime.UTC), path) == datetime.date(2026, 2, 20)
    assert due_of(datetime.datetime(2028, 2, 26, 9, tzinfo=datetime.UTC), path) == datetime.date(2028, 3, 1)
    at_the_turn = read_path(written(step("a"), head='holidays = [{ name = "A", source = "", day = "01-01" }]'), "x")
    assert due_of(datetime.datetime(2026, 12, 29, tzinfo=datetime.UTC), at_the_turn) == datetime.date(2027, 1, 4)
    none = read_path(written(step("a")), "own.toml")
    assert due_of(datetime.datetime(2026, 12, 22, 9, tzinfo=datetime.UTC), none) == datetime.date(2026, 12, 25)


def test_a_question_that_is_not_answered_in_time_lets_the_study_expire() -> None:
    asked = (Question("validation", False, MONDAY),)
    last = days(PATH.answer_days).date()
    assert standing.status(PATH, case(questions=asked, today=last)) is Status.ASKED
    late = case(questions=asked, today=last + datetime.timedelta(days=1))
    assert standing.status(PATH, late) is Status.EXPIRED
    assert [turn.role for turn in standing.turns(PATH, late)] == [None], "the applicant can still answer"
    answered = case(questions=(Question("validation", True, MONDAY),), today=days(99).date())
    assert standing.status(PATH, answered) is Status.SUBMITTED


def test_stepping_out_and_changing_a_vote() -> None:
    done = votes("validation")
    board = [Vote("board", "a", None, days(2)), Vote("board", "b", Answer.APPROVE, days(2))]

    def state(*given: Vote) -> State:
        return next(one.state for one in standing.standing(PATH, case(*done, *given)) if one.step.id == "board")

    assert state(*board) is State.OPEN
    assert state(*board, Vote("board", "c", Answer.CONDITIONS, days(3))) is State.CONDITIONS
    assert state(*board, Vote("board", "b", Answer.REFUSE, days(3))) is State.OPEN, "one member is one vote"
    changed = Vote("board", "b", Answer.APPROVE, days(4))
    again = [*board, Vote("board", "b", Answer.REFUSE, days(3)), changed, Vote("board", "c", Answer.APPROVE, days(5))]
    assert state(*again) is State.APPROVED


def words(text: str) -> str:
    return f'{{ en = "{text}", nl = "{text}", fr = "{text}" }}'


def written(*steps: str, head: str = "") -> str:
    return f'name = "x"\ntitle = {words("X")}\n{head}\n' + "\n".join(f"[[steps]]\n{step}" for step in steps)


def step(id_: str, more: str = "") -> str:
    return f'id = "{id_}"\nrole = "ethics"\ndays = 3\ntitle = {words(id_)}\nabout = {words(id_)}\n{more}\n'


def test_a_campus_writes_its_own_path() -> None:
    path = read_path(written(step("a"), step("b", 'after = ["a"]\nwhen = ["material"]')), "own.toml")
    assert isinstance(path, Path) and [one.id for one in path.steps] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (written(), "steps"),
        (written(step("a"), step("a")), "there twice"),
        (written(step("a", 'after = ["b"]'), step("b", 'after = ["a"]')), "nobody could begin"),
        (written(step("a", 'after = ["a"]')), "nobody could begin"),
        (written(step("a", 'people_of = ["b"]'), step("b")), "people_of: b is no step that stands before it"),
        (written(step("a", 'when = ["weather"]')), "weather"),
        (written(step("a", 'sees = ["weather"]')), "weather"),
        (written(step("a", 'documents = ["poem"]')), "poem"),
        (written(step("a", "votes = 0")), "1 or more"),
        (written(step("a", "votes = 2\nof_care_programmes = true")), "either votes"),
        (written(step("a", "colour = 1")), "colour"),
        (written(step("a").replace("ethics", "king")), "king"),
        (written(step("a"), head="answer_days = 0"), "1 or more"),
        (written(step("a"), head='holidays = [{ name = "A", source = "x" }]'), "one of day, easter and date"),
        (written(step("a"), head='holidays = [{ name = "A", source = "x", day = "13-01" }]'), "13-01 is no day"),
        (written(step("a"), head='holidays = [{ name = "A", source = "x", day = "1 May" }]'), "holidays"),
        (written(step("a"), head='holidays = [{ name = "A", day = "05-01" }]'), "source"),
        ("name = ", "own.toml"),
    ],
)
def test_a_path_that_is_wrong_is_refused_by_what_is_wrong(text: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault) as refused:
        read_path(text, "own.toml")
    assert str(refused.value).startswith("own.toml: ")


def test_every_step_of_the_shipped_path_is_reachable_and_says_why() -> None:
    for one in PATH.steps:
        assert standing.why_needed(one, frozenset()) == tuple(FACTS[fact] for fact in one.when)
        assert any(not one.when or facts & set(one.when) for facts in subsets())
        assert set(one.sees) <= set(Section) and one.title.nl and one.title.fr
    assert set(KINDS) == set(Kind)
    assert [one.id for one in PATH.steps if one.renews] == ["biobank", "privacy", "ethics"]


FULL = completeness.Filled(
    facts=ALL,
    summary="x",
    sponsor="x",
    data=Data.PSEUDONYMISED,
    data_wanted="x",
    cohorts=1,
    material_wanted=1,
    programmes=1,
    retention="x",
    fate="keep",
    party="x",
    purpose=True,
    documents=frozenset({"protocol", "biobank_form", "consent_form", "transfer_agreement", "origin"}),
)
EMPTIED = {
    "summary": "", "sponsor": "", "data_wanted": "", "cohorts": 0, "material_wanted": 0, "programmes": 0,
    "retention": "", "fate": "", "party": "", "purpose": False, "student_leads": True, "consent": False,
    "student_missing": True,
}  # fmt: skip


def test_what_is_missing_is_named_one_by_one() -> None:
    assert completeness.missing(PATH, FULL) == ()
    for name, empty in EMPTIED.items():
        lacks = completeness.missing(PATH, completeness.Filled(**{**FULL.__dict__, name: empty}))
        assert len(lacks) == 1, name
    for document in FULL.documents:
        without = completeness.Filled(**{**FULL.__dict__, "documents": FULL.documents - {document}})
        [lack] = completeness.missing(PATH, without)
        assert lack.section is Section.DOCUMENTS


def test_a_case_report_needs_no_cohort_but_says_how_close_to_the_patient_it_comes() -> None:
    about_one = completeness.Filled(**{**FULL.__dict__, "case_report": True, "cohorts": 0})
    assert completeness.missing(PATH, about_one) == ()
    [lack] = completeness.missing(PATH, completeness.Filled(**{**about_one.__dict__, "data": Data.NONE}))
    assert lack.section is Section.DATA
    without = completeness.missing(PATH, completeness.Filled(**{**about_one.__dict__, "documents": frozenset()}))
    assert [lack.sentence for lack in without if "not signed" in lack.sentence or "in place of" in lack.sentence][1:]
    bare = checks.Judged(frozenset({Fact.PERSONAL_DATA}), None, Data.IDENTIFIABLE, case_report=True)
    found = {check.what: check.light for check in checks.checks(bare, Role.DATA_PROTECTION)}
    assert found["Consent of the patient"] == "bad" and "Whose data" not in found


def test_the_desk_of_a_thesis_names_the_student_and_what_is_counted() -> None:
    def lights(**said: Any) -> dict[str, tuple[str, str]]:
        given = checks.Judged(frozenset(), None, Data.AGGREGATE, sponsor="University", thesis=True, **said)
        return {one.what: (one.light, one.said) for one in checks.checks(given, Role.TRIAL_CENTRE)}

    whose, counts = "Who answers for it, and who works on it", "Counts and tables, of nobody in particular"
    found = lights(team=["Sofie", "Tom (Student)"], student=True, cohorts=1, tables=["Medicines"])
    assert found[whose] == ("good", "University; Sofie; Tom (Student)") and found[counts] == ("good", "Medicines")
    found = lights(team=["Sofie"])
    assert found[whose][0] == "bad" and found[counts][0] == "wait"


def test_material_from_elsewhere_comes_with_a_proof_and_concerns_no_care_programme_here() -> None:
    facts = Asked(Kind.INCOMING_TRANSFER, Data.NONE, False, consent=Consent.SECONDARY).facts
    needed = [step for step in PATH.steps if not step.when or facts & set(step.when)]
    assert [step.id for step in needed] == ["validation", "board", "biobank", "ethics", "transfer"]
    from_elsewhere = completeness.Filled(**{**FULL.__dict__, "facts": facts, "programmes": 0})
    assert completeness.missing(PATH, from_elsewhere) == ()
    unproven = completeness.Filled(**{**from_elsewhere.__dict__, "documents": FULL.documents - {"origin"}})
    assert [lack.section for lack in completeness.missing(PATH, unproven)] == [Section.DOCUMENTS]
    own = completeness.Filled(**{**unproven.__dict__, "facts": facts - {Fact.MATERIAL_ARRIVES}})
    assert completeness.missing(PATH, own) == ()


def test_a_purpose_says_enough_or_is_refused() -> None:
    assert purpose.is_purpose({"use": "DUO:0000006"})
    for given in ({}, {"use": "DUO:1"}, {"use": "DUO:0000007"}, {"use": "DUO:0000004"}, {"colour": "red"}):
        assert not purpose.is_purpose(given), given
    permitted = {"use": "DUO:0000007", "diseases": ["a"]}
    assert purpose.within(Purpose(Use.DS, frozenset({"a"})), permitted).outcome is Outcome.ALLOWED
    assert purpose.within(Purpose(Use.DS, frozenset({"b"})), permitted).outcome is Outcome.REFUSED
    assert purpose.within(Purpose(Use.HMB), permitted).outcome is Outcome.REFUSED


def test_the_checks_of_the_biobank_are_there_and_show_what_lacks() -> None:
    bare = checks.Judged(ALL, None, Data.IDENTIFIABLE)
    found = {check.what: check.light for check in checks.checks(bare, Role.BIOBANK_MANAGER)}
    assert found["Origin"] == found["Type, quantity and number of donors"] == "bad"
    assert found["Transfer agreement"] == "bad" and found["Privacy"] == "wait" and found["Fit with consent"] == "wait"
    said = checks.Judged(
        ALL, Consent.PRIMARY, Data.PSEUDONYMISED, ["Plasma"], ["Diabetes"], "Freezer", "Destroyed", "Them", "Health",
        documents=frozenset({"transfer_agreement", "origin"}), cohorts=1, tables=["x"],
    )  # fmt: skip
    lights = {check.light for check in checks.checks(said, Role.BIOBANK_MANAGER)}
    assert "bad" not in lights
    assert not any(check.what == "Origin" for check in checks.checks(bare, Role.DATA_PROTECTION))


def test_parts_are_all_in_the_table_or_explained() -> None:
    used = {part for verbs in TABLE.values() for parts in verbs.values() for part in parts}
    assert used <= set(rules.FOR) and set(rules.YOU_ARE) <= set(Part)
    assert set(rules.NOT_NOW) == set(Status)
