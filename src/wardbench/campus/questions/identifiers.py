"""Words that could name a patient, found before a text is kept. No Django here.

This is a net under attentive writers, not a proof: a name is not found. It refuses what can be told by its form: a
national register number (Belgium: 11 digits, the last two a check of the others; France: 13 digits and a key; the
Netherlands: 9 digits that pass the eleven test, where they are called so), a date of birth, a hospital's number.
"""

from __future__ import annotations

import re

from wardbench.campus.people.roles import gettext_noop

_ELEVEN = re.compile(r"(?<![\d.,])\d{2}[ .-]?\d{2}[ .-]?\d{2}[ .-]?\d{3}[ .-]?\d{2}(?![\d])")
_FRENCH = re.compile(r"(?<!\d)[12][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}[ .]?\d{2}(?!\d)", re.I)
_DUTCH = re.compile(r"\b(?:bsn|burgerservicenummer|sofinummer)\b[^\d\n]{0,15}(\d(?:[ .]?\d){8})(?!\d)", re.I)

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mrt|maa|mei|okt|fév|fev|avr|mai|juin|juil|aoû|aou|déc"
_DATE = (
    r"(?:\d{1,2}\s*[./-]\s*\d{1,2}\s*[./-]\s*(?:19|20)?\d{2}"
    r"|(?:19|20)\d{2}\s*[./-]\s*\d{1,2}\s*[./-]\s*\d{1,2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|e)?\s+(?:of\s+)?(?:{_MONTHS})\w*\.?,?\s+(?:19|20)\d{{2}}"
    rf"|(?:{_MONTHS})\w*\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+(?:19|20)\d{{2}})"
)
_BIRTH = (
    r"(?:\bborn\b|\bbirth\b|\bbirth ?date\b|\bdate of birth\b|\bbirthday\b|\bd\.?o\.?b\b\.?|\bgeboren\b"
    r"|\bgeboortedatum\b|\bgeb\.|\bn[ée]e?\s+le\b|\bdate de naissance\b|\bnaissance\b|[°*](?=\s*\d))"
)
_BORN = re.compile(rf"{_BIRTH}[^\d\n]{{0,25}}{_DATE}", re.I)

_HOSPITAL = re.compile(
    r"(?:\bmrn\b|\bmedical record\b|\b(?:patient|hospital|record|file|admission)(?:'s)?\s*(?:id|no|nr|number|numbers)\b"
    r"|\bpatient[- ]?id\b|\bead[- ]?(?:nr|nummer|number)?\b"
    r"|\b(?:pati[ëe]nt|dossier|opname|ziekenhuis)[- ]?(?:nr|nummer)\b"
    r"|\bdossier\b|\bnum[ée]ro (?:de |du )?(?:patient|dossier|s[ée]jour)\b|\bn°\s*(?:de )?(?:patient|dossier)\b)"
    r"[^\d\n]{0,12}(?=[\dA-Z/-]*\d)[\dA-Z]*\d[\d /.-]{3,}\d",
    re.I,
)

REGISTER_NUMBER = gettext_noop(
    "This holds what looks like a national register number. Leave out whatever names a patient."
)
BIRTH_DATE = gettext_noop("This holds what looks like a date of birth. Give an age or a range of ages instead.")
HOSPITAL_NUMBER = gettext_noop("This holds what looks like a hospital's number of a patient. Leave it out.")


def identifier_in(text: str) -> str | None:
    """The sentence that says what in `text` could name a patient, or None. It never repeats what was found."""
    if any(_is_belgian(_digits(found[0])) for found in _ELEVEN.finditer(text)):
        return REGISTER_NUMBER
    if any(_is_french(re.sub(r"[ .]", "", found[0])) for found in _FRENCH.finditer(text)):
        return REGISTER_NUMBER
    if any(_is_dutch(_digits(found[1])) for found in _DUTCH.finditer(text)):
        return REGISTER_NUMBER
    if _BORN.search(text):
        return BIRTH_DATE
    if _HOSPITAL.search(text):
        return HOSPITAL_NUMBER
    return None


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_belgian(digits: str) -> bool:
    """Six digits of a birth date (months 20 or 40 higher where sex or register say so), a serial, a check of 97.

    Whoever was born from 2000 on has a 2 put before the nine digits.
    """
    if not int(digits[2:4]) % 20 <= 12 or int(digits[4:6]) > 31:
        return False
    return any(97 - int(century + digits[:9]) % 97 == int(digits[9:]) for century in ("", "2"))


def _is_french(number: str) -> bool:
    # The two departments of Corsica are counted as 19 and 18.
    body = number[:13].upper().replace("2A", "19").replace("2B", "18")
    return 97 - int(body) % 97 == int(number[13:])


def _is_dutch(digits: str) -> bool:
    digits = digits.zfill(9)
    return (
        len(digits) == 9
        and (sum(int(d) * w for d, w in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))) % 11 == 0
    )
