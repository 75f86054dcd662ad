"""What the manual says of forms, limits and rights is written from them, is complete, and is not of yesterday."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from campus.test_asvs import found_in
from wardbench.campus.manual import forms, limits, rights, sentences
from wardbench.campus.manual.fields import FIELDS
from wardbench.campus.people import explain
from wardbench.campus.people.refusals import reason
from wardbench.campus.people.roles import TITLES, Role

ROOT = Path(__file__).parents[2]
CAMPUS = ROOT / "src/wardbench/campus"
PAGES = {"forms": forms.page, "rights": rights.page}
ADDS = re.compile(r"self\.fields\[[^\]]+\] = |self\.add_(?!error)\w+\(")
"""How a form gets a field when it is made."""


@functools.cache
def shown() -> str:
    return forms.page()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_written_from_code_is_as_the_code_is(name: str) -> None:
    written = (ROOT / f"docs/reference/{name}.md").read_text(encoding="utf-8")
    assert written == PAGES[name](), "write it again: ./wardbench docs"


def classes() -> dict[str, ast.ClassDef]:
    """Every class of forms in the source, by module and name."""
    found: dict[str, ast.ClassDef] = {}
    for path in CAMPUS.rglob("*.py"):
        module = ".".join(path.relative_to(CAMPUS).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            bases = [ast.unparse(base) for base in getattr(node, "bases", [])]
            if isinstance(node, ast.ClassDef) and any(base.endswith("Form") for base in bases):
                found[f"{module}.{node.name}"] = node
    return found


def part(heading: str) -> str:
    return shown().partition(f"\n### {heading}\n")[2].partition("\n##")[0]


def test_every_form_stands_in_the_manual_with_every_field() -> None:
    named = {name for name in classes() if name.rpartition(".")[2] not in forms.ABSTRACT}
    assert len(named) > 40
    assert named == set(re.findall(r"^### (\w+(?:\.\w+){2,})$", shown(), re.M))
    for form in forms.every_form():
        told = part(f"{form.__module__.removeprefix('wardbench.campus.')}.{form.__name__}")
        for name, field in forms.fields_of(form).items():
            (line,) = [one for one in told.splitlines() if one.startswith(f"| `{name}` |")]
            assert ("| yes |" in line) == field.required
            longest = getattr(field, "max_length", None)
            assert longest is None or "FileField" in type(field).__name__ or f"{longest:,}" in line


def test_a_form_that_gets_fields_when_it_is_made_is_made_for_the_manual() -> None:
    with_more = {f"{one.__module__.removeprefix('wardbench.campus.')}.{one.__name__}" for one in forms.WITH_MORE}
    adds = {name for name, node in classes().items() if ADDS.search(ast.unparse(node))}
    adds = {name for name in adds if name.rpartition(".")[2] not in forms.ABSTRACT}
    assert adds and adds <= with_more


@pytest.mark.parametrize("shape", forms.every_shape(), ids=lambda one: one.__name__)
def test_what_a_program_sends_stands_in_the_manual(shape: type) -> None:
    told = part(shape.__name__)
    assert all(f"| `{name}` |" in told for name in shape.model_fields)  # type: ignore[attr-defined]


def test_what_has_to_fit_together_stands_in_the_manual() -> None:
    page = shown()
    said = list(sentences.raised("InputError"))
    assert len(said) > 100
    assert all(f"| `{one.where}` |" in page for one in said)
    for known in (
        "until: a role ends on the day it began or later.",
        "unit: {unit} does not belong to {organisation}.",
        "role: at a partner company one can be a partner, and nothing else.",
        "until: care ends on the day it began or later.",
    ):
        assert f" | {known} |" in page
    assert "- `until`: The period ends on the day it began or later.\n" in part("studies.forms.DataForm")
    assert "- `reason`: Say why.\n" in part("studies.forms.VoteForm")
    assert "- `topics`: A topic has at most 200 characters.\n" in part("people.forms.ProfileForm")


LIMITED = re.compile(r"^(MOST|LONGEST|LARGEST|LEAST|MINUTES_TO|LASTS|REVIEW_WITHIN|IN_PERIOD|IN_YEAR|OF_PROJECT)")
KEPT = ("rules", "budgets", "services", "sheet", "documents", "sessions", "moves")
"""Modules that hold what the business allows; figures elsewhere are of what a page shows."""


def test_every_limit_stands_in_the_manual() -> None:
    known = Path(limits.__file__).read_text(encoding="utf-8")
    missing = []
    for path in CAMPUS.rglob("*.py"):
        if path.stem in KEPT and "migrations" not in path.parts:
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                targets = node.targets[0] if isinstance(node, ast.Assign) else None
                names = targets.elts if isinstance(targets, ast.Tuple) else [targets]
                for name in (one.id for one in names if isinstance(one, ast.Name)):
                    if LIMITED.match(name) and not re.search(rf"\b{name}\b", known):
                        missing.append(f"{path.parent.name}.{path.stem}.{name}")
    assert not missing, "say in manual/limits.py what it limits, and for whom"
    page = shown()
    assert all(f"| {one.what} | {one.whom} | {one.most} | {one.then} |" in page for one in limits.every())
    whose = {one.whom for one in limits.every()}
    assert {"one person", "one project, all its people", "all together, for each process"} <= whose


def test_a_kind_of_field_that_nobody_told_of_is_noticed() -> None:
    from django import forms as django_forms

    with pytest.raises(AssertionError, match="say here"):
        forms.rule(django_forms.Field())


@functools.cache
def of_rights() -> str:
    return rights.page()


def test_every_rule_stands_in_the_manual_with_its_sentences() -> None:
    found = rights.every_rule()
    source = "\n".join(path.read_text(encoding="utf-8") for path in CAMPUS.rglob("*rules.py"))
    named = set(re.findall(r"^def (may\w*)\([^\n]*\) -> Verdict:$", source, re.M))
    assert len(found) > 50 and named <= {one.name.rpartition(".")[2] for one in found}
    for one in found:
        (line,) = [line for line in of_rights().splitlines() if line.startswith(f"| `{one.name}` |")]
        assert all(sentence in line for sentence in (*one.yes, *one.no))


@pytest.mark.parametrize("role", list(Role))
def test_what_a_role_may_in_general_stands_in_the_manual(role: Role) -> None:
    """Read back: what the table says of a role is what its rule answers."""
    (by,) = [actor for title, actor in rights.holders() if title == TITLES[role]]
    for title, rule in rights.general():
        table = of_rights().partition(f"\n### {title}\n")[2].partition("\n#")[0].splitlines()[3:]
        told = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table if line]
        mine = [line for line in told if TITLES[role] in line[0].split(", ")] or [told[-1]]
        assert len(mine) == 1 and (mine[0][0] == rights.OTHERS or TITLES[role] in mine[0][0])
        assert (mine[0][1], mine[0][2]) == ("yes" if rule(by) else "no", reason(rule(by))), title


def test_every_kind_of_thing_has_its_rights_in_the_manual() -> None:
    titles = {title.removeprefix("A ").removeprefix("An ").lower() for title, _cases in rights.THINGS_OF}
    assert {one.title.lower() for one in explain.kinds()} <= titles
    for part in ("A study", "A question"):
        assert f"### {part}\n" in of_rights()
    assert (
        "| Vote or decide | With the bodies that decide, A question waits for the applicant | a body whose turn it is |"
        in (of_rights())
    )
    assert "Nobody decides on a study that they work on." in of_rights()


def test_every_field_for_some_alone_has_its_test() -> None:
    known = found_in("test_fields.py")
    assert len(FIELDS) > 10
    assert {f"test_{one.test}" for one in FIELDS} == {name for name in known if name}
    assert all(f"| {one.thing} | {one.field} |" in of_rights() for one in FIELDS)
