"""ORCID iDs. No Django here."""

from __future__ import annotations


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
