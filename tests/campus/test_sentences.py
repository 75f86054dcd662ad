"""Every sentence that a person reads on the campus passes gettext: in errors, forms, messages, notices and templates.

Found in the source itself. A sentence may be marked where it stands, or be a value that was made elsewhere; what is
found is text that is written down where it is used, with nothing around it that looks it up in a catalogue.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

import wardbench.campus
import wardbench.ward.cohorts.editing as editing
import wardbench.ward.cohorts.feasibility as asking
from wardbench.campus.cohorts.faults import ASKED, FAULTS
from wardbench.campus.people.refusals import refusal
from wardbench.core.disclosure.feasibility import FeasibilityRules
from wardbench.core.errors import InputError

CAMPUS = Path(wardbench.campus.__file__).parent
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "N_"}
KINDS = {"InputError", "NotFoundError", "ForbiddenError", "UnsupportedError", "BusyError", "StorageError"}
KINDS |= {"WardbenchError", "SpentError", "ValidationError"}
TOLD = {"success": 1, "error": 1, "info": 1, "warning": 1, "add_error": 1, "notify": 1, "no": 0, "yes": 0}
"""Calls that tell a person something, and which argument it is; of `messages` only, for the first four."""

OPERATOR = {
    "accounts.py",
    "backup.py",
    "checks.py",
    "collector.py",
    "configuration.py",
    "databases.py",
    "demonstration/cohorts.py",
    "demonstration/run.py",
    "demonstration/studies.py",
    "installation.py",
    "people/providers.py",
    "proof.py",
    "restore.py",
    "secret_store.py",
    "server.py",
    "studies/path.py",
}
"""What speaks to whoever runs the campus, on the command line and in logs: in English, as everything there."""


def written(value: ast.expr) -> Iterator[ast.expr]:
    """The texts in an expression that pass no mark: literals with letters, alone, formatted, joined or chosen."""
    if isinstance(value, ast.Call):
        name = value.func.id if isinstance(value.func, ast.Name) else getattr(value.func, "attr", "")
        if name in MARKS:
            return
        if isinstance(value.func, ast.Attribute):
            yield from written(value.func.value)
    elif isinstance(value, ast.Constant):
        if isinstance(value.value, str) and re.search(r"[A-Za-z]{2}", value.value):
            yield value
    elif isinstance(value, ast.JoinedStr):
        yield from (part for part in value.values for part in written(part))
    elif isinstance(value, ast.BinOp):
        yield from written(value.left)
        if isinstance(value.op, ast.Add):
            yield from written(value.right)
    elif isinstance(value, ast.IfExp):
        yield from written(value.body)
        yield from written(value.orelse)
    elif isinstance(value, ast.BoolOp):
        yield from (part for one in value.values for part in written(one))


def unmarked(source: str) -> list[tuple[int, str]]:
    """Line and text of each sentence in a module that is told to a person and that no catalogue can know."""
    tree, found = ast.parse(source), []
    names: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            names.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in ("success", "error", "info", "warning") and getattr(owner, "id", "") != "messages":
            continue
        place = 0 if name in KINDS else TOLD.get(name)
        if place is None or len(node.args) <= place:
            continue
        told = node.args[place]
        values = names.get(told.id, []) if isinstance(told, ast.Name) else [told]
        found += [(text.lineno, ast.unparse(text)) for value in values for text in written(value)]
    return found


def bare(template: str) -> list[str]:
    """The words of a template that stand in no translate tag, no other tag, and no markup of HTML."""
    text = re.sub(r"\{% comment.*?endcomment %\}|\{#.*?#\}", "", template, flags=re.S)
    text = re.sub(r"\{% blocktrans(?:late)?\b.*?endblocktrans(?:late)? %\}", "", text, flags=re.S)
    text = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.S)
    spoken = re.findall(r'\b(?:aria-label|alt|title|placeholder)="([^"]*)"', re.sub(r"\{[%{].*?[%}]\}", "", text))
    text = re.sub(r"<code\b[^>]*>.*?</code>", "", text, flags=re.S)
    text = re.sub(r"\{[%{].*?[%}]\}", "", text, flags=re.S)
    text = re.sub(r"<[^>]*>|&\w+;|&#\d+;", "\n", text, flags=re.S)
    return [
        one.strip() for one in [*text.split("\n"), *spoken] if re.search(r"[A-Za-z]{2}", one.replace("Wardbench", ""))
    ]


MODULES = [
    path
    for path in sorted(CAMPUS.rglob("*.py"))
    if "migrations" not in path.parts and str(path.relative_to(CAMPUS)) not in OPERATOR
]
TEMPLATES = sorted(path for path in CAMPUS.rglob("*.html"))


def test_what_is_told_passes_gettext() -> None:
    assert len(MODULES) > 100
    found = [
        f"{path.relative_to(CAMPUS)}:{line}: {text}" for path in MODULES for line, text in unmarked(path.read_text())
    ]
    assert found == []


def test_gettext_is_imported_under_names_that_are_collected() -> None:
    """xgettext looks for names; under another one a sentence stays English, and no catalogue notices."""
    other = re.compile(r"\b(\w*gettext\w*) as (?!_\b)\w+")
    assert [str(path.relative_to(CAMPUS)) for path in MODULES if other.search(path.read_text())] == []
    assert other.search("from django.utils.translation import gettext as _now")


def test_words_in_templates_stand_in_translate_tags() -> None:
    assert len(TEMPLATES) > 50
    found = [f"{path.relative_to(CAMPUS)}: {text}" for path in TEMPLATES for text in bare(path.read_text())]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        'raise InputError("name: give a name.")',
        'raise InputError(f"{name}: is there already.")',
        'raise InputError(f"{field}: give " + _("a name."))',
        'raise NotFoundError("None." if a else _("There is none."))',
        'raise BusyError("{n} left".format(n=1))',
        'raise BusyError(reason or "Say why.")',
        'sentence = "You were asked."\nnotify(team, sentence, link, by=by)',
        'messages.success(request, "Done.")',
        'form.add_error("name", "Give a name.")',
        'no("You may not.")',
    ],
)
def test_a_sentence_that_passes_by_is_found(source: str) -> None:
    """The control: were one written so, it would be found."""
    assert unmarked(source)


@pytest.mark.parametrize(
    "source",
    [
        'raise InputError(_("name: give a name."))',
        'raise InputError(_("%(name)s is there.") % {"name": name})',
        'raise InputError(gettext_noop("{name} is there."), name=name)',
        'sentence = gettext_noop("You were asked.")\nnotify(team, sentence, link, by=by)',
        'logger.error("a line of the log")',
        "raise ForbiddenError(verdict)",
    ],
)
def test_a_marked_sentence_is_not_taken_for_another(source: str) -> None:
    assert unmarked(source) == []


def test_words_outside_the_tags_of_a_template_are_found() -> None:
    assert bare('<p>{% translate "Home" %} {{ name }}</p><b aria-label="{% translate "x" %}">1</b>') == []
    assert bare("{% blocktranslate %}Hello {{ n }}{% endblocktranslate %}") == []
    assert bare("<p>Hello {{ name }}</p>") == ["Hello"]
    assert bare('<nav aria-label="Pages"></nav>') == ["Pages"]


def test_what_the_parts_of_a_definition_refuse_is_known_to_the_catalogues() -> None:
    """Sentences that a form of the builder can bring about come from below the campus, where nothing is marked."""
    raised = set()
    for path in sorted(Path(editing.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                [told] = node.args
                assert isinstance(told, ast.Constant), f"{path.name}:{node.lineno}: name the values"
                raised.add(told.value)
    assert raised and raised == set(FAULTS)


def test_what_a_feasibility_count_refuses_and_tells_is_known_to_the_catalogues() -> None:
    said = set(FeasibilityRules(b"k" * 32, "snapshot").notes)
    for node in ast.walk(ast.parse(Path(asking.__file__).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault":
            told = node.args[1]
            assert isinstance(told, ast.Constant), f"{node.lineno}: name the values"
            said.add(told.value)
    assert said == set(ASKED)


def test_an_error_is_english_and_its_page_is_not() -> None:
    error = InputError("days: {most} at most.", most=9)
    assert str(error) == "days: 9 at most."
    with translation.override("nl"):
        assert refusal(error) == translation.gettext("days: {most} at most.").format(most=9)
    fault = InputError("InclusionRules[0].name: this is no text.")
    assert refusal(fault).endswith("InclusionRules[0].name: this is no text.")
    assert refusal(fault) != str(fault)


@pytest.mark.parametrize("language", ["nl", "fr"])
@pytest.mark.django_db
def test_a_program_is_refused_in_the_language_it_asks_for(language: str) -> None:
    answer = Client().get("/api/people", headers={"accept-language": language})
    assert answer.status_code == 401
    said = answer.json()["error"]["sentence"]
    with translation.override(language):
        assert said == translation.gettext(
            "Give a key in the header Authorization: Bearer; yours is missing or has ended."
        )
