"""Words of the campus that no password may hold: whoever guesses at one of ours tries these first. No Django here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

PRODUCT = ("wardbench", "ward bench")
SHORTEST = 4
"""Letters of a word that counts."""
LONG = 6
"""Letters of a word that counts inside of others too."""

JOINING = frozenset({"avec", "dans", "from", "over", "pour", "that", "this", "voor", "with"})
"""Words of names that are in every sentence."""

LIKE_LETTERS = (str.maketrans("013457@$!", "oieastasi"), str.maketrans("013457@$!", "oleastasl"))
"""Signs that stand for letters, in the two ways in which 1 is read."""


def words_of(name: str) -> set[str]:
    """The words of a name, and the name in one word."""
    words = _folded(name).split()
    return {word for word in (*words, "".join(words)) if len(word) >= SHORTEST and word not in JOINING}


def titles_of(title: str) -> set[str]:
    """A title as it is and in one word; the words of it are too common to be refused by themselves."""
    words = _folded(title).split()
    return {" ".join(words), "".join(words)}


def held(password: str, words: Iterable[str]) -> str:
    """The longest of `words` that a password holds, also with signs for letters or between them; empty where none."""
    texts = [_folded(password), *(_folded(password.lower().translate(table)) for table in LIKE_LETTERS)]
    found = [word for word in words if any(_in(word, text) for text in texts)]
    return max(found, key=lambda word: (len(word), word), default="")


def _in(word: str, text: str) -> bool:
    """Whether a text holds a word; a short one, which many others hold, only by itself or with a number behind it."""
    if len(word) >= LONG:
        return word in text
    return bool(re.search(rf"\b{re.escape(word)}\d*\b", text))


def _folded(text: str) -> str:
    """In small letters without accents; every sign but letters, digits and spaces is left out."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(one for one in plain if one.isalnum() or one.isspace())
    return re.sub(r"\s+", " ", letters).strip()
