"""What people write is text: in pages, in sentences with braces, in searches, in names of files."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from campus.cast import Cast
from campus.test_studies import completed, decide
from wardbench.campus.cohorts import services as cohorts
from wardbench.campus.people import services as people
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.questions import services as questions
from wardbench.campus.questions.rules import Side
from wardbench.campus.studies import deciding, services
from wardbench.campus.studies.facts import Section

SOURCE = Path(__file__).parents[2] / "src/wardbench/campus"
MARKUP = """<img src=x onerror=alert(1)>"'"""
BRACES = "{reference} {0} %(name)s %s {{ 7 }} {% now 'Y' %}"
HOSTILE = f"{MARKUP} {BRACES}"
MOST = 120
"""Pages that are read for one person."""


def plain_name(text: str) -> str:
    return text[:200]


@pytest.fixture
def written(cast: Cast) -> Cast:
    """A campus in which everybody and everything has a hostile name and hostile words."""
    for person in cast.people.values():
        person.name = plain_name(f"{person.name} {HOSTILE}")
        person.title = HOSTILE[:100]
        person.save()
    unit = people.add_unit(cast.hospital, plain_name(f"Ward {HOSTILE}"), "department", by=SYSTEM)
    by, asking = cast.actor("researcher"), cast.actor("physician")
    people.give_role(cast.people["physician"], Role.PHYSICIAN, cast.hospital, by=SYSTEM, unit=unit)
    own = {"name": cast.people["researcher"].name, "title": HOSTILE[:100], "about": HOSTILE, "topics": [HOSTILE[:60]]}
    people.edit_profile(cast.people["researcher"], by=by, language="en", orcid="", **own)
    question = questions.raise_question(title=HOSTILE, text=HOSTILE, side=Side.WARD, topics=[], by=asking)
    questions.comment(question, HOSTILE, by=by)
    questions.answer(question, HOSTILE, by=by, references=HOSTILE)
    cohort = cohorts.make_cohort(HOSTILE, by=by, about=HOSTILE)
    cohorts.share(cohort.id, by=by, person=cast.people["physician"])
    study = completed(cast)
    services.edit(study.id, Section.ABOUT, {"title": HOSTILE, "summary": HOSTILE, "sponsor": HOSTILE}, by=by)
    services.submit(study.id, by=by)
    deciding.ask(study.id, "validation", HOSTILE, by=cast.actor("trial_centre"))
    asking_id = study.askings.get().id
    deciding.answer_question(study.id, asking_id, HOSTILE, by=by)
    decide(cast, study, "validation", "trial_centre", "refuse", HOSTILE)
    return cast


def pages(client: Client) -> dict[str, str]:
    """Every page that links lead to, one of a kind, by its address."""
    waiting, kinds, found = ["/", "/people/", "/questions/", "/studies/", "/cohorts/", "/record/"], set(), {}
    while waiting and len(found) < MOST:
        address = waiting.pop(0)
        kind = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "N", address.split("?")[0])
        if kind in kinds:
            continue
        kinds.add(kind)
        answer = client.get(address)
        if answer.status_code != 200 or not answer.get("Content-Type", "").startswith("text/html"):
            continue
        found[address] = answer.content.decode()
        waiting += [link for link in re.findall(r'href="(/[^"#]*)"', found[address]) if "/static/" not in link]
    return found


@pytest.mark.parametrize("key", ["researcher", "physician", "trial_centre", "administrator", "data_steward"])
def test_what_people_write_is_text_on_every_page(written: Cast, key: str) -> None:
    read = pages(written.client(key))
    assert len(read) > 8
    wrong = [address for address, page in read.items() if "<img src=x" in page or "onerror=alert(1)>\"'" in page]
    assert not wrong
    told = [address for address, page in read.items() if "&lt;img src=x onerror=alert(1)&gt;" in page]
    assert len(told) > 3, "the words were there to be read"


def test_braces_in_names_and_words_stay_braces(written: Cast) -> None:
    shown = "{reference} {0} %(name)s %s {{ 7 }} {% now &#x27;Y&#x27; %}"
    read = pages(written.client("researcher"))
    for part in ("/questions/", "/studies/", "/people/", "/cohorts/"):
        assert any(shown in page for address, page in read.items() if address.startswith(part)), part
    assert "{reference}" not in "".join(re.findall(r"Study [^<]{0,40} was refused", read["/"]))


SEARCHES = (
    "/search/?q=",
    "/questions/?text=",
    "/people/?text=",
    "/studies/?text=",
    "/cohorts/?text=",
    "/record/?text=",
)
ODD = ("' OR '1'='1", '" OR 1=1 --', "%", "_____", "\\", "'; DROP TABLE audit_event; --", "(((", "[a-", "*", "NEAR(")


@pytest.mark.parametrize("search", SEARCHES)
def test_signs_in_a_search_are_looked_for_and_do_nothing_else(written: Cast, search: str) -> None:
    from wardbench.campus.audit.models import Event

    client = written.client("data_steward")
    nothing = client.get(f"{search}zzzznothingiscalledthis")
    assert nothing.status_code == 200
    before = Event.objects.count()
    for odd in ODD[:2] + ODD[5:]:
        answer = client.get(search.rpartition("?")[0], {search.rpartition("?")[2].rstrip("="): odd})
        assert answer.status_code == 200, odd
        assert len(listed(answer)) <= len(listed(nothing)), f"{odd} found something"
    for odd in ODD[2:5]:
        assert client.get(search.rpartition("?")[0], {search.rpartition("?")[2].rstrip("="): odd}).status_code == 200
    assert Event.objects.count() >= before


def listed(answer: Any) -> list[str]:
    """Links to single things on a page."""
    return re.findall(r'href="/\w+/[0-9a-f]{8}-[0-9a-f-]{27}/', answer.content.decode().partition("<main")[2])


@pytest.mark.parametrize(
    "name", ['a".pdf', "a\r\nX-Odd: 1.pdf", "../../etc/passwd.pdf", "C:\\x\\a.pdf", "naïef ✓.pdf", "a;b=c.pdf"]
)
def test_a_name_of_a_file_stays_a_name_in_what_is_downloaded(cast: Cast, name: str) -> None:
    from campus.test_studies import registered
    from campus.test_studies_documents import PDF

    study, client = registered(cast), cast.client("researcher")
    client.post(f"/studies/{study.id}/sections/documents/", {"kind": "protocol", "file": SimpleUploadedFile(name, PDF)})
    for one in study.documents.all():
        answer = client.get(f"/studies/{study.id}/documents/{one.id}/")
        told = answer["Content-Disposition"]
        assert told.startswith("attachment;") and "\n" not in told and "\r" not in told and "X-Odd" not in answer
        assert "/" not in one.name and "\\" not in one.name
        assert re.fullmatch(r"attachment; filename(=\"[^\"\\]*(\\.[^\"\\]*)*\"|\*=utf-8''[\w.%~!$&+^`|-]+)", told), told


@pytest.mark.parametrize(
    ("key", "address", "field"),
    [
        ("administrator", "/people/import/", "file"),
        ("researcher", "/cohorts/new/", "file"),
        ("researcher", "/studies/{study}/sections/documents/", "file"),
        ("data_steward", "/access/teams/", "file"),
    ],
)
def test_a_file_that_is_too_large_is_refused_in_words(cast: Cast, key: str, address: str, field: str) -> None:
    from campus.test_studies import registered
    from wardbench.campus.studies.documents import LARGEST

    study = registered(cast)
    address = address.format(study=study.id)
    client = cast.client(key)
    page = client.get(address)
    if page.status_code == 404:
        pytest.fail(f"{address} is not there")
    huge = SimpleUploadedFile("a.pdf" if "documents" in address else "a.csv", b"%PDF-1.4\n" + b"a" * (LARGEST + 1))
    answer = client.post(address, {field: huge, "kind": "protocol", "name": "Large"})
    text = answer.content.decode()
    assert answer.status_code in (200, 400, 413)
    assert re.search(r"larger|at most|too large|MB", text.partition("<main")[2])
    assert not study.documents.exists()


def test_no_regular_expression_is_made_of_what_users_type() -> None:
    """Every pattern is written in the source; the control is a pattern that is not."""

    def made(tree: ast.AST) -> list[int]:
        constants = {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and (target.id.isupper() or target.id.startswith("_"))
        }

        def fixed(node: ast.expr) -> bool:
            if isinstance(node, ast.Constant):
                return True
            if isinstance(node, ast.Name):
                return node.id in constants
            if isinstance(node, ast.BinOp):
                return fixed(node.left) and fixed(node.right)
            if isinstance(node, ast.JoinedStr):
                return all(not isinstance(one, ast.FormattedValue) or fixed(one.value) for one in node.values)
            # `"|".join(...)` over constants, as in a table of the module.
            return isinstance(node, ast.Call) and "escape" in ast.unparse(node)

        return [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and re.fullmatch(r"re\.(compile|search|match|fullmatch|sub|split|findall|finditer)", ast.unparse(node.func))
            and not fixed(node.args[0])
        ]

    assert made(ast.parse("import re\ndef f(typed): return re.search(typed, 'x')")) == [2]
    wrong = {
        str(path.relative_to(SOURCE)): lines
        for path in SOURCE.rglob("*.py")
        if (lines := made(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert not wrong
