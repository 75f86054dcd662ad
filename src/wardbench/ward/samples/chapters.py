"""The chapters of ICD-10 (WHO), as facts: the first and last category of each."""

from __future__ import annotations

from itertools import pairwise

CHAPTERS = (
    "A00-B99", "C00-D49", "D50-D89", "E00-E90", "F00-F99", "G00-G99", "H00-H59", "H60-H95", "I00-I99", "J00-J99",
    "K00-K93", "L00-L99", "M00-M99", "N00-N99", "O00-O99", "P00-P96", "Q00-Q99", "R00-R99", "S00-T98", "U00-U99",
    "V01-Y98", "Z00-Z99",
)  # fmt: skip
_BEGINS = [chapter[:3] for chapter in CHAPTERS]


def chapter_of(code: str) -> str:
    """The chapter of a code, by its first three characters."""
    category = code[:3]
    for chapter, (_, following) in zip(CHAPTERS, pairwise([*_BEGINS, "ZZZ"]), strict=True):
        if category < following:
            return chapter
    return CHAPTERS[-1]


def category_of(code: str) -> str:
    """The category of three characters that a code lies in."""
    return code[:3]
