"""Whether a text is a unit of UCUM, of those that hospitals and biobanks use; anything else may be free text.

Units are case-sensitive: products, quotients and powers of the atoms here, metric ones with a prefix. Of annotations,
which are free text in UCUM, only `ANNOTATIONS` count. Source: https://ucum.org/ucum (2.2), as far as it is used here.
"""

from __future__ import annotations

import re

LONGEST = 40
"""Characters of the longest unit that is looked at."""

_PREFIXES = "da|[YZEPTGMkhdcmunpfazy]"
_METRIC = (
    "m", "g", "s", "L", "l", "mol", "Pa", "J", "W", "V", "Hz", "K", "Cel", "eq", "osm", "kat", "U", "Bq", "Gy", "Sv",
    "A", "C", "F", "N", "bar", "cal", "Ohm", "lm", "cd", "Ci", "m[Hg]", "m[H2O]", "[iU]", "[IU]", "B",
)  # fmt: skip
_ATOMS = (
    "%", "[ppth]", "[ppm]", "[ppb]", "[pptr]", "[pH]", "min", "h", "d", "wk", "mo", "a", "deg", "[degF]", "[diop]",
    "[lb_av]", "[oz_av]", "[in_i]", "[ft_i]", "[arb'U]", "[CFU]", "[PFU]", "[drp]", "[HPF]", "[LPF]", "[Ch]", "[MET]",
)  # fmt: skip
ANNOTATIONS = frozenset(
    f"{{{words}}}"
    for words in (
        "1.73_m2", "1.73m2", "INR", "beats", "breaths", "block", "cell", "cells", "copies", "copy", "piece", "pieces",
        "ratio", "score", "slide", "tbl", "titer", "tube", "vial", "RBC", "WBC", "FEU",
        "DDU", "#",
    )
)  # fmt: skip
"""What may stand in braces."""


def _any(texts: tuple[str, ...]) -> str:
    return "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))


_NOTE = "|".join(re.escape(text) for text in sorted(ANNOTATIONS))
_ATOM = rf"(?:10[*^][+-]?\d{{1,2}}|(?:(?:{_any(_ATOMS)})|(?:{_PREFIXES})?(?:{_any(_METRIC)}))(?:[+-]?\d)?)"
_NUMBER = "10{0,6}|12|24"
_PART = rf"(?:{_ATOM}(?:{_NOTE})?|(?:{_NUMBER})(?:{_NOTE})?|{_NOTE})"
_UNIT = re.compile(rf"/?{_PART}(?:[./]{_PART})*", re.ASCII)


def is_unit(text: str) -> bool:
    """Whether a text is a unit, as `mmol/L`, `10*9/L` or `mL/min/{1.73_m2}`. Of numbers alone only 1 is one."""
    if len(text) > LONGEST or _UNIT.fullmatch(text) is None:
        return False
    return text == "1" or re.search(r"[^\d./]", text) is not None
