"""The catalogues are complete: every sentence of the pages is there in every language that is offered, and fits."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from django.utils import translation

from campus.cast import Cast
from wardbench.campus.people import figures

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import catalogues

SAME = {("fr", "Questions"), ("nl", "Studies")}
"""Words that another language writes as English does."""


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext is not installed")
def test_no_sentence_is_missing_and_none_is_older_than_its_source() -> None:
    assert catalogues.check() == []


def test_a_missing_sentence_and_a_wrong_placeholder_are_found(tmp_path: Path) -> None:
    """The control: were one missing, it would be found."""
    path = tmp_path / "fr" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Home"\nmsgstr ""\n\n'
        'msgid "{n} of {most}"\nmsgstr "{n} de {plus}"\n\nmsgid "Fine {n}"\nmsgstr "Bien {n}"\n',
        encoding="utf-8",
    )
    assert catalogues.faults(path) == ["fr: not translated: Home", "fr: other placeholders: {n} of {most}"]


@pytest.mark.parametrize(
    ("asked", "said", "language", "written"),
    [
        ("title: say it.", "title: dites-le.", "fr", "title\xa0: dites-le."),
        ("title: say it.", "title : dites-le : ici.", "fr", "title\xa0: dites-le : ici."),
        ("%(field)s: %(fault)s", "%(field)s : %(fault)s", "fr", "%(field)s\xa0: %(fault)s"),
        ("{field}: choose.", "{field}\xa0: kies.", "nl", "{field}: kies."),
        ("needed: Plasma", "obligatoire : Plasma", "fr", "obligatoire : Plasma"),
        ("No field: none", "Aucun champ : aucun", "fr", "Aucun champ : aucun"),
        ("title: say it.", "", "fr", ""),
    ],
)
def test_a_field_is_written_before_its_colon_as_the_language_does(
    asked: str, said: str, language: str, written: str
) -> None:
    assert catalogues.spaced(asked, said, language) == written


@pytest.mark.parametrize("path", catalogues.paths(catalogues.PACKAGE), ids=lambda path: path.parts[-3])
def test_every_field_is_written_in_one_way(path: Path) -> None:
    said = [(one.id, one.string) for one in catalogues.catalogue(path) if isinstance(one.string, str)]
    other = [(asked, words) for asked, words in said if catalogues.spaced(asked, words, path.parts[-3]) != words]
    assert not other, "run scripts/catalogues.py"


@pytest.mark.parametrize("language", catalogues.languages(catalogues.PACKAGE))
def test_pages_are_in_the_readers_language(cast: Cast, language: str) -> None:
    client = cast.client("researcher")
    client.post("/language/", {"language": language, "next": "/"})
    page = client.get("/", headers={"accept-language": language}).content.decode()
    assert f'<html lang="{language}"' in page
    with translation.override(language):
        for sentence in ("Home", "Sign out", "Questions", "Studies"):
            said = translation.gettext(sentence)
            assert said in page, sentence
            assert said != sentence or (language, sentence) in SAME, sentence


@pytest.mark.parametrize(
    ("said", "dutch", "french"),
    [
        ("1,234,567", "1.234.567", "1\xa0234\xa0567"),
        ("15.8%", "15,8%", "15,8%"),
        ("999.5 after", "999,5 erna", "999,5 après"),
        ("same day", "dezelfde dag", "même jour"),
        ("fewer than 10", "minder dan 10", "moins de 10"),
        ("10 or 20, nobody knows", "10 or 20, nobody knows", "10 or 20, nobody knows"),
    ],
)
def test_figures_are_written_as_the_reader_writes_numbers(said: str, dutch: str, french: str) -> None:
    for language, expected in (("en", said), ("nl", dutch), ("fr", french)):
        with translation.override(language):
            assert figures.figure(said) == expected


def test_days_and_rows_of_a_report_are_in_the_readers_language() -> None:
    with translation.override("nl"):
        assert figures.day("2026-11-23T09:00:00+00:00") == "23 november 2026"
        assert figures.day("unknown") == "unknown"
        assert (figures.label("Female"), figures.label("Never treated")) == ("Vrouw", "Never treated")
