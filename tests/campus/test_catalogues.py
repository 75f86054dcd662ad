"""The catalogues are complete: every sentence of the pages is there in every language that is offered, and fits."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from django.utils import translation

from campus.cast import Cast

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
