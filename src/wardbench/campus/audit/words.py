"""What the verbs of the record mean, in plain words. Each application says its own in a module `verbs`."""

from __future__ import annotations

from collections.abc import Mapping

_sentences: dict[str, str] = {}


def say(sentences: Mapping[str, str]) -> None:
    """Let verbs be shown as sentences of the catalogues ("Gave a role")."""
    _sentences.update(sentences)


def sentence(verb: str) -> str:
    """What a verb means; the verb itself where nobody has said."""
    return _sentences.get(verb, verb)


def verbs() -> dict[str, str]:
    """Every verb that means something, by application."""
    return dict(sorted(_sentences.items()))
