"""The page of all rights: each rule put to each role, and to each part that somebody can have in a thing, with the
sentence that it gives. Rules that need more of the world than fits here are told by their own words."""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from django.utils import translation

from wardbench.campus.access import rules as access
from wardbench.campus.api import rules as api
from wardbench.campus.biobank import rules as specimens
from wardbench.campus.cohorts import rules as cohorts
from wardbench.campus.cohorts.explained import TITLES as COHORT_TITLES
from wardbench.campus.counting.rules import WORDS, Mode, may_count
from wardbench.campus.manual.fields import FIELDS
from wardbench.campus.manual.sentences import CAMPUS
from wardbench.campus.outcomes import rules as outcomes
from wardbench.campus.people import rules as people
from wardbench.campus.people.explain import rights
from wardbench.campus.people.refusals import reason
from wardbench.campus.people.roles import TITLES, Role
from wardbench.campus.people.rules import NOBODY, Actor, Affiliation, Verdict, yes
from wardbench.campus.questions import rules as questions
from wardbench.campus.releases import blinding_rules as panels
from wardbench.campus.releases import extract_rules as extracts
from wardbench.campus.releases import rules as releases
from wardbench.campus.releases import withdrawal_rules as withdrawals
from wardbench.campus.studies import result_rules as results
from wardbench.campus.studies import rules as studies
from wardbench.campus.studies.standing import STATUSES, Status, Turn

HEAD = """# Who may do what

Every right of the campus with the sentence that pages, programs and the command line give for it, whether it is
granted or refused. This page is written from the rules when the manual is built, and a test fails where the two differ.
*Who can see what, and why* answers the same for one person and one thing. A right is asked for by every verb, whatever
page, program or command calls it; who may not see a thing is told that there is none. There is no superuser.

Roles are held at an organisation, from a day and until a day, and count for that time alone. Below, each right is put
to somebody who holds that role and no other; whoever holds several may do what any of them may.
"""
THINGS = """
## With a thing

By what somebody is to it, and in which status it is.
"""
RULES = """
## Every rule

Each rule of the code, what it decides, and every sentence that it can answer with.

| rule | what it decides | yes | no |
| --- | --- | --- | --- |
"""
SINGLE = """
## Single fields

Whoever may see a thing reads all of it but these fields, and nobody writes what does not stand in a form or a call of
[what can be sent in](forms.md). Each is held by the test of `tests/campus/test_fields.py` that is named.

| of | field | read by | written by | test |
| --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Case:
    """One question to a rule: may they do it, in which status, and who asks."""

    what: str
    status: str
    who: str
    verdict: Verdict


def page() -> str:
    """The whole page, in Markdown."""
    with translation.override("en"):
        return "".join(_parts()).rstrip("\n") + "\n"


def _parts() -> Iterator[str]:
    yield HEAD
    yield "\n## By role\n"
    for title, rule in general():
        yield f"\n### {title}\n\n"
        yield from _table(Case(title, "", who, rule(actor)) for who, actor in holders())
    yield THINGS
    for title, cases in THINGS_OF:
        yield f"\n### {title}\n\n"
        yield from _table(cases(), what="what")
    yield RULES
    for one in every_rule():
        yield f"| `{one.name}` | {_cell(one.decides)} | {_listed(one.yes)} | {_listed(one.no)} |\n"
    yield SINGLE
    yield from (f"| {of.thing} | {of.field} | {of.read} | {of.written} | `{of.test}` |\n" for of in FIELDS)


def holders() -> list[tuple[str, Actor]]:
    """Somebody for each role, who holds no other; and those who hold none."""
    found = [(TITLES[role], _actor(role)) for role in Role]
    return [*found, ("no role", Actor("somebody")), ("not signed in", NOBODY)]


def general() -> list[tuple[str, Callable[[Actor], Verdict]]]:
    """Rights that are about no single thing: those that the page on rights shows, and the rest."""
    more: list[tuple[str, Callable[[Actor], Verdict]]] = [
        *((f"Count: {WORDS[mode].title.lower()}", functools.partial(may_count, mode=mode)) for mode in Mode),
        ("Say that a team treats a patient", functools.partial(access.may_relate, unit="unit")),
        ("Raise a question from the ward", functools.partial(questions.may_raise, side=questions.Side.WARD)),
        ("Raise a question from the bench", functools.partial(questions.may_raise, side=questions.Side.BENCH)),
    ]
    known = {rule for _title, rule in [*rights(), *more]}
    return [*rights(), *more, *((_decides(rule), rule) for rule in _of_nothing_more() if rule not in known)]


def _of_nothing_more() -> Iterator[Callable[[Actor], Verdict]]:
    """The rules that ask for nothing but who somebody is."""
    for module in _modules():
        for rule in vars(importlib.import_module(f"wardbench.campus.{module}")).values():
            own = inspect.isfunction(rule) and rule.__module__ == f"wardbench.campus.{module}"
            if own and rule.__name__.startswith("may_") and rule.__annotations__.get("return") == "Verdict":
                needed = [one for one in inspect.signature(rule).parameters.values() if one.default is one.empty]
                if [one.name for one in needed] == ["actor"]:
                    yield rule


def _decides(rule: Callable[[Actor], Verdict]) -> str:
    return (rule.__doc__ or rule.__name__).split(". ")[0].split("\n")[0].rstrip(".")


def _modules() -> list[str]:
    """The modules of rules, by name."""
    paths = sorted(path.relative_to(CAMPUS) for path in CAMPUS.rglob("*.py") if path.stem in RULE_MODULES)
    return [".".join(path.with_suffix("").parts) for path in paths if "migrations" not in path.parts]


RULE_MODULES = (
    "rules",
    "result_rules",
    "extract_rules",
    "finding_rules",
    "blinding_rules",
    "withdrawal_rules",
    "budgets",
    "permits",
)


def _actor(*roles: Role, id: str = "somebody", unit: str = "unit", at: str = "organisation") -> Actor:
    return Actor(id, "", tuple(Affiliation(role, at, unit=unit) for role in roles))


def _head(role: Role, id: str = "somebody") -> Actor:
    return Actor(id, "", (Affiliation(role, "organisation", unit="unit", leads=True),))


def _people() -> Iterator[Case]:
    own = [("themselves", _actor(Role.RESEARCHER, id="person"))]
    own.append(("an administrator, themselves", _actor(Role.ADMINISTRATOR, id="person")))
    asked: list[tuple[str, Callable[[Actor], Verdict]]] = [
        ("See the profile", lambda by: people.may_see_person(by, "person")),
        ("Change the profile", lambda by: people.may_edit_profile(by, "person")),
        ("Give a role", lambda by: people.may_give_role(by, "person")),
        ("Name head or deputy of a unit", lambda by: people.may_name_head(by, "person")),
        ("End a role", people.may_end_role),
        ("End the role of the last administrator", lambda by: people.may_end_role(by, last_administrator=True)),
        ("Close the account", lambda by: people.may_close_account(by, "person")),
        ("Ask what they can see, and why", lambda by: people.may_explain(by, "person")),
    ]
    for (what, rule), (who, by) in product(asked, [*own, *holders()]):
        yield Case(what, "", who, rule(by))


def _cohorts() -> Iterator[Case]:
    readers, editors, units = frozenset({"reader"}), frozenset({"editor"}), frozenset({"department"})
    who = [
        ("its owner", _actor(Role.RESEARCHER, id="owner")),
        ("with whom it is shared to change", _actor(Role.RESEARCHER, id="editor")),
        ("with whom it is shared to read", _actor(Role.RESEARCHER, id="reader")),
        ("who works in a unit that it is shared with", _actor(Role.PHYSICIAN, unit="department")),
        ("others, administrators and data stewards too", _actor(Role.ADMINISTRATOR, Role.DATA_STEWARD)),
        ("a partner with whom it is shared to change", _actor(Role.PARTNER, id="editor")),
    ]
    for status, (name, by) in product((cohorts.OPEN, cohorts.ARCHIVED), who):
        facts = cohorts.Access("owner", status, readers, editors, units)
        yield Case("See it", status, name, cohorts.may_see(by, facts))
        for action in cohorts.ACTIONS:
            yield Case(COHORT_TITLES[action], status, name, cohorts.may(by, action, facts))


def _questions() -> Iterator[Case]:
    who = [("who raised it", _actor(Role.STUDENT, id="asker")), *holders()]
    for status, (name, by) in product(questions.Status, who):
        facts = questions.Facts("asker", status, open_to_partners=False)
        title = questions.STATUSES[status]
        yield Case("See it", title, name, questions.may_see(by, facts))
        yield Case("Read and join the discussion", title, name, questions.may_discuss(by, facts))
        yield Case("Change its words", title, name, questions.may_edit(by, facts))
        yield Case("Put a cohort behind it", title, name, questions.may_put_cohort(by, facts))
        for action in questions.Action:
            yield Case(questions.ACTIONS[action], title, name, questions.may_move(by, action, facts))
    opened = questions.Facts("asker", questions.Status.OPEN, open_to_partners=True)
    partner = _actor(Role.PARTNER)
    yield Case("See one that is open to partners", "", "Partner", questions.may_see(partner, opened))
    yield Case("Discuss one that is open to partners", "", "Partner", questions.may_discuss(partner, opened))
    for minutes, hidden in ((1.0, False), (60.0, False), (1.0, True)):
        when = "hidden" if hidden else "after a minute" if minutes < 2 else "after an hour"
        for name, by in (("who wrote it", _actor(Role.STUDENT, id="author")), ("others", _actor(Role.DATA_STEWARD))):
            verdict = questions.may_edit_comment(by, "author", minutes, hidden=hidden)
            yield Case("Change a comment", when, name, verdict)


def _requests() -> Iterator[Case]:
    who = [("somebody of its study", _actor(Role.RESEARCHER, id="member")), *holders()]
    for status, (name, by) in product(releases.Status, who):
        facts = releases.Facts(status, frozenset({"member"}), signed=frozenset(releases.Side))
        title = releases.STATUSES[status]
        yield Case("See it", title, name, releases.may_see(by, facts))
        for verb in releases.Verb:
            if (status, verb) in releases.MOVES:
                yield Case(releases.ACTIONS[verb], title, name, releases.may(by, verb, facts))


STUDY = (
    ("the principal investigator", _actor(Role.RESEARCHER, id="investigator")),
    ("a member of its team", _actor(Role.RESEARCHER, id="member")),
    ("a body whose turn it is", _actor(Role.ETHICS)),
    ("a body whose turn it is, with a conflict of interest", _actor(Role.ETHICS, id="conflicted")),
    ("a body whose turn it is, having spoken for another body", _actor(Role.ETHICS, id="elsewhere")),
    ("a body that has decided", _actor(Role.BIOBANK_MANAGER)),
    ("the trial centre or data protection", _actor(Role.DATA_PROTECTION)),
    ("a data steward", _actor(Role.DATA_STEWARD)),
    ("somebody of an organisation that takes part", _actor(Role.PARTNER, at="partner")),
    ("others on the campus, administrators too", _actor(Role.ADMINISTRATOR)),
    ("a partner", _actor(Role.PARTNER)),
)


STUDY_IS: dict[str, tuple[Callable[[studies.Facts], studies.Facts], Sequence[studies.Verb]]] = {
    "where the principal investigator may lead none any more": (
        lambda here: dataclasses.replace(here, orphaned=True),
        [studies.Verb.HAND_OVER],
    ),
    "where the principal investigator was just named": (
        lambda here: dataclasses.replace(here, untaken=True),
        [studies.Verb.TAKE_ON, studies.Verb.HAND_OVER],
    ),
    "where it has had a permit": (lambda here: dataclasses.replace(here, begun=True), [studies.Verb.CLOSE]),
}
"""What may be true of a study besides, and what is asked then."""


def _studies() -> Iterator[Case]:
    turn = Turn("ethics", Role.ETHICS, frozenset(), None, None)
    for status, (name, by) in product(Status, STUDY):
        here = studies.Facts(
            "investigator",
            frozenset({"member"}),
            status,
            (turn,) if status in (Status.SUBMITTED, Status.ASKED) else (),
            frozenset({Role.BIOBANK_MANAGER, Role.ETHICS}),
            public=True,
            partners=frozenset({"partner"}),
            conflicted=frozenset({"conflicted"}),
            elsewhere=frozenset({("ethics", "elsewhere")}),
        )
        title = STATUSES[status]
        yield Case("See the whole study", title, name, studies.may_see(by, here))
        yield Case("Know of one that is public", title, name, studies.may_see_line(by, here))
        for verb in studies.Verb:
            yield Case(studies.ACTIONS[verb], title, name, studies.may(by, verb, here))
        for case, (made, verbs) in STUDY_IS.items():
            for verb in verbs:
                yield Case(f"{studies.ACTIONS[verb]}, {case}", title, name, studies.may(by, verb, made(here)))


def _results() -> Iterator[Case]:
    who = [
        ("the team of the study", _actor(Role.RESEARCHER, id="member")),
        ("a data steward", _actor(Role.DATA_STEWARD)),
        ("a data steward of the team", _actor(Role.DATA_STEWARD, id="member")),
        ("others", _actor(Role.DATA_PROTECTION)),
    ]
    titles = {
        results.Act.APPROVE: "Let it leave",
        results.Act.REFUSE: "Keep it inside",
        results.Act.WITHDRAW: "Take it back",
        results.Act.DOWNLOAD: "Download it",
    }
    for status, (name, by) in product(results.Status, who):
        facts = results.Facts(status, "member", frozenset({"member"}))
        title = results.STATUSES[status]
        yield Case("See the table", title, name, results.may_see(by, facts))
        yield Case("Ask for a table", title, name, results.may_ask(by, facts.team))
        for act in results.Act:
            yield Case(titles[act], title, name, results.may(by, act, facts))


def _extracts() -> Iterator[Case]:
    who = [
        ("the team of the study", _actor(Role.RESEARCHER, id="member")),
        ("a data steward", _actor(Role.DATA_STEWARD)),
        ("a data steward of the team", _actor(Role.DATA_STEWARD, id="member")),
        ("data protection", _actor(Role.DATA_PROTECTION)),
        ("others", _actor(Role.BIOBANK_MANAGER)),
    ]
    for status, (name, by) in product(extracts.Status, who):
        facts = extracts.Facts(status, frozenset({"member"}))
        title = extracts.STATUSES[status]
        yield Case("See it", title, name, extracts.may_see_extract(by, facts))
        for act in extracts.Act:
            yield Case(extracts.ACTS[act], title, name, extracts.may_act(by, act, facts))


def _panels() -> Iterator[Case]:
    who = [
        ("the team of the study", _actor(Role.RESEARCHER, id="member")),
        ("the biobank", _actor(Role.BIOBANK_MANAGER)),
        ("a biobank manager of the team", _actor(Role.BIOBANK_MANAGER, id="member")),
        ("those who watch over what leaves", _actor(Role.DATA_STEWARD)),
        ("others", _actor(Role.RESEARCHER)),
    ]
    statuses = {panels.stage_of(status, False): status for status in releases.Status}
    for stage, (name, by) in product(panels.Stage, who):
        opened = stage is panels.Stage.OPEN
        asked = releases.Facts(statuses.get(stage, releases.Status.CLOSED), frozenset({"member"}))
        facts = panels.Facts(asked, opened, yes(releases.YOU_ARE[releases.Side.RESEARCHER]), 1, 0)
        title = panels.STAGES[stage]
        yield Case("See its codes", title, name, panels.may_see_panel(by, facts))
        for act in panels.Act:
            yield Case(panels.ACTS[act], title, name, panels.may_act(by, act, facts))


def _outcomes() -> Iterator[Case]:
    who = [
        ("whoever asked", _actor(Role.PHYSICIAN, id="owner")),
        ("a data steward", _actor(Role.DATA_STEWARD)),
        ("data protection", _actor(Role.DATA_PROTECTION)),
        ("others", _actor(Role.RESEARCHER)),
    ]
    for status, (name, by) in product(outcomes.Status, who):
        facts = outcomes.Facts("owner", outcomes.Basis.REVIEWED, status)
        title = outcomes.STATUSES[status]
        yield Case("See it", title, name, outcomes.may_see(by, facts))
        for act in outcomes.Act:
            yield Case(outcomes.ACTS[act], title, name, outcomes.may_act(by, act, facts))


def _withdrawals() -> Iterator[Case]:
    who = [
        ("the study that has it", _actor(Role.RESEARCHER, id="member")),
        ("the biobank", _actor(Role.BIOBANK_MANAGER)),
        ("data protection", _actor(Role.DATA_PROTECTION)),
        ("others", _actor(Role.PHYSICIAN)),
    ]
    places = {
        withdrawals.Where.HERE: "in the biobank",
        withdrawals.Where.TRAVELLING: "on its way",
        withdrawals.Where.AWAY: "with the study",
        withdrawals.Where.MISSING: "missing",
        withdrawals.Where.ENDED: "gone",
    }
    for (where, title), (name, by) in product(places.items(), who):
        facts = withdrawals.Facts(withdrawals.Reached.SPECIMEN, where, frozenset({"member"}))
        yield Case("See it", title, name, withdrawals.may_see_task(by, facts))
        yield Case("Say what became of it", title, name, withdrawals.may_answer(by, facts))


def _labels() -> Iterator[Case]:
    places = (
        ("taken at a visit, on its way to storage", specimens.Status.COLLECTED, True),
        ("entered otherwise, on its way to storage", specimens.Status.COLLECTED, False),
        ("in storage, or anywhere after", specimens.Status.STORED, True),
    )
    for (where, status, visited), (name, by) in product(places, holders()):
        yield Case("Print its label", where, name, specimens.may_print_label(by, status, visited=visited))


def _emergencies() -> Iterator[Case]:
    who = [
        ("who opened it", _actor(Role.PHYSICIAN, id="opener")),
        ("data protection", _actor(Role.DATA_PROTECTION)),
        ("data protection, who opened it", _actor(Role.DATA_PROTECTION, Role.PHYSICIAN, id="opener")),
        ("a data steward", _actor(Role.DATA_STEWARD)),
        ("a head of a unit that answers for it", _head(Role.PHYSICIAN)),
        ("a head of the unit, who opened it", _head(Role.PHYSICIAN, id="opener")),
        ("others, of the same team too", _actor(Role.PHYSICIAN)),
    ]
    titles = {
        access.Action.END: "End it",
        access.Action.SPEAK: "Say for the unit whether it was needed",
        access.Action.JUSTIFY: "Find it justified",
        access.Action.OBJECT: "Object",
    }
    unit = frozenset({"unit"})
    for status, (name, by) in product(access.Status, who):
        title, facts = access.STATUSES[status], access.Facts(status, "opener", unit, unit)
        yield Case("See who, why and what was found", title, name, access.may_see_access(by, "opener", unit))
        for action in access.Action:
            yield Case(titles[action], title, name, access.may_move(by, action, facts))


def _patients() -> Iterator[Case]:
    for name, by in holders():
        yield Case("See the record", "treated by their team", name, access.may_see_patient(by, {"unit"}))
        yield Case("See the record", "treated by another team", name, access.may_see_patient(by, {"another"}))


def _keys() -> Iterator[Case]:
    for name, by in (("whose it is", _actor(Role.RESEARCHER, id="owner")), ("others", _actor(Role.ADMINISTRATOR))):
        yield Case("End it", "", name, api.may_revoke(by, "owner"))
    for scope, made in product(api.Scope, api.Scope):
        yield Case(f"Use it to {scope.value}", "", f"made to {made.value}", api.may_use(frozenset({made}), scope))


THINGS_OF: tuple[tuple[str, Callable[[], Iterable[Case]]], ...] = (
    ("A person", _people),
    ("A cohort", _cohorts),
    ("A question", _questions),
    ("A study", _studies),
    ("A result of a study", _results),
    ("An extract of data", _extracts),
    ("A blinded panel", _panels),
    ("A question about outcomes", _outcomes),
    ("A specimen", _labels),
    ("A thing that a withdrawal reaches", _withdrawals),
    ("A request for specimens", _requests),
    ("A patient", _patients),
    ("An emergency access", _emergencies),
    ("A key for programs", _keys),
)


def _table(cases: Iterable[Case], what: str = "") -> Iterator[str]:
    """A row for each answer: who gets it, in which status. Statuses in which the same people get it are one row."""
    asked: dict[str, dict[str, dict[tuple[bool, str], list[str]]]] = {}
    for case in cases:
        answers = asked.setdefault(case.what, {}).setdefault(case.status, {})
        answers.setdefault((case.verdict.allowed, reason(case.verdict)), []).append(case.who)
    yield "| what | in which status | who | may they | why |\n" if what else "| who | may they | why |\n"
    yield "| --- | --- | --- | --- | --- |\n" if what else "| --- | --- | --- |\n"
    for done, by_status in asked.items():
        rows: dict[tuple[str, bool, str], list[str]] = {}
        for status, answers in by_status.items():
            for (allowed, why), who in answers.items():
                rows.setdefault((_named(who, answers.values()), allowed, why), []).append(status)
        for (who_said, allowed, why), those in sorted(
            rows.items(), key=lambda row: (row[0][0] == OTHERS, not row[0][1])
        ):
            where = "any" if len(those) == len(by_status) else ", ".join(those)
            cells = (who_said, "yes" if allowed else "no", why)
            yield f"| {' | '.join(map(_cell, (done, where, *cells) if what else cells))} |\n"


OTHERS = "everybody else"
MOST_NAMED = 5


def _named(who: Sequence[str], answered: Iterable[Sequence[str]]) -> str:
    """Whom an answer is for; those who are most of all and get the same answer are the others."""
    return OTHERS if len(who) > MOST_NAMED and len(who) == max(map(len, answered)) else ", ".join(who)


@dataclass(frozen=True)
class Rule:
    """A function that decides: its place, its docstring, and the sentences that it can answer with."""

    name: str
    decides: str
    yes: tuple[str, ...]
    no: tuple[str, ...]


def every_rule() -> list[Rule]:
    """Each rule of each module of rules, in order."""
    found = []
    for module in _modules():
        source = (CAMPUS / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or ast.Constant(None)) == "Verdict":
                said = {which: tuple(dict.fromkeys(_answers(node, which))) for which in ("yes", "no")}
                decides = (ast.get_docstring(node) or "").split("\n\n")[0]
                found.append(Rule(f"{module}.{node.name}", decides, said["yes"], said["no"]))
    return [one for one in found if one.name.rpartition(".")[2] not in ("yes", "no")]


def _answers(function: ast.FunctionDef, which: str) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == which and node.args:
            for one in ast.walk(node.args[0]):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


def _listed(sentences: tuple[str, ...]) -> str:
    return "<br>".join(_cell(one) for one in sentences)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
