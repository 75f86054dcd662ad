"""ORCID iDs. No Django here."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?orcid\.org/", re.IGNORECASE)


def orcid_in(text: str) -> str:
    """`text` as an ORCID iD is kept, where it is one as people copy it: its address, digits without hyphens; otherwise
    as it stands."""
    given = _ADDRESS.sub("", text.strip(), count=1).strip("/").upper()
    digits = re.sub(r"[\s-]", "", given)
    written = "-".join(digits[start : start + 4] for start in range(0, 16, 4))
    return written if len(digits) == 16 and is_orcid(written) else text.strip()


def is_orcid(text: str) -> bool:
    """Whether `text` is an ORCID iD: 16 digits in four groups, the last an ISO 7064 MOD 11-2 check."""
    digits = text.replace("-", "")
    if len(text) != 19 or len(digits) != 16 or not digits[:15].isdecimal() or text[4::5] != "---":
        return False
    total = 0
    for digit in digits[:15]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits[15].upper() == ("X" if check == 10 else str(check))
