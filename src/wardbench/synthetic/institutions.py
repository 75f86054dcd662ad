"""The institutions, wards and people who work at the campus; every name is invented.

They mirror what Wardbench is for: a university hospital, a university's biomedical group, an institute of
biotechnology, and an institute of infection and immunity, on one site.
"""

from __future__ import annotations

from typing import NamedTuple

HOURS_AHEAD = 1
"""How far the campus's clocks are ahead of UTC, all year."""
TIME_ZONE = f"+{HOURS_AHEAD:02}:00"


class Organisation(NamedTuple):
    id: str
    name: str
    kind: str
    part_of: str | None


class Ward(NamedTuple):
    """A place in the hospital, and how many practitioners work there."""

    id: str
    name: str
    specialty: str
    practitioners: int


class Practitioner(NamedTuple):
    id: str
    family: str
    given: str
    specialty: str
    ward: int


ORGANISATIONS = (
    Organisation("campus", "Lindenmoor Health Sciences Campus", "other", None),
    Organisation("hospital", "Lindenmoor University Hospital", "prov", "campus"),
    Organisation("biomedical", "Biomedical Group of Lindenmoor University", "edu", "campus"),
    Organisation("biotechnology", "Lindenmoor Institute of Biotechnology", "edu", "campus"),
    Organisation("infection-immunity", "Lindenmoor Institute of Infection and Immunity", "edu", "campus"),
)
HOSPITAL = 1

WARDS = (
    Ward("general", "General medicine", "General medicine", 12),
    Ward("emergency", "Emergency department", "Emergency medicine", 8),
    Ward("internal", "Internal medicine ward", "Internal medicine", 10),
    Ward("cardiology", "Cardiology", "Cardiology", 6),
    Ward("endocrinology", "Endocrinology", "Endocrinology", 5),
    Ward("rheumatology", "Rheumatology", "Rheumatology", 4),
    Ward("oncology", "Digestive oncology", "Oncology", 6),
    Ward("surgery", "Abdominal surgery", "Surgery", 5),
    Ward("infection", "Infectious diseases", "Infectious diseases", 4),
)
GENERAL, EMERGENCY, INTERNAL, CARDIOLOGY, ENDOCRINOLOGY, RHEUMATOLOGY, ONCOLOGY, SURGERY, INFECTION = range(len(WARDS))

_FAMILIES = ("Albrun", "Brecken", "Corvel", "Dorrin", "Elsmar", "Fennick", "Garlow", "Hestrel", "Ivarden", "Jorwick")
_GIVEN = ("Ada", "Bram", "Cleo", "Daan", "Elif", "Femi", "Gita", "Hugo", "Ines", "Joris", "Kaya", "Liv")

PRACTITIONERS = tuple(
    Practitioner(
        f"{ward.id}-{number + 1}",
        _FAMILIES[(place * 3 + number) % len(_FAMILIES)],
        _GIVEN[(place * 5 + number * 7) % len(_GIVEN)],
        ward.specialty,
        place,
    )
    for place, ward in enumerate(WARDS)
    for number in range(ward.practitioners)
)
FIRST_OF_WARD = tuple(sum(w.practitioners for w in WARDS[:place]) for place in range(len(WARDS)))
"""The place in `PRACTITIONERS` of each ward's first one."""
