"""When somebody is in the cohort, as a few short sentences; what they cannot say, `describe` says."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wardbench.ward.cohorts.editing import Exit, Outline, Working


def course_lines(work: Working, outline: Outline) -> tuple[str, ...]:
    """Which entry counts, how long somebody is observed, until when they stay, and between which calendar days."""
    gap = (work.expression.get("CollapseSettings") or {}).get("EraPad") or 0
    if outline.limit is None or outline.exit is None or gap:
        return outline.ending
    which = {
        "First": _("From the first entry of each person"),
        "Last": _("From the last entry of each person"),
        "All": _("From each entry of a person"),
    }[outline.limit]
    line = _("{start} {end}.").format(start=which, end=_until(outline.exit, outline))
    return (line, *_observed(*outline.observed), *_between(outline))


def _until(given: Exit, outline: Outline) -> str:
    days = given.days
    if given.kind == "after_start":
        return ngettext("until {n} day after it began", "until {n} days after it began", days).format(n=days)
    if given.kind == "after_end":
        return ngettext("until {n} day after it ended", "until {n} days after it ended", days).format(n=days)
    if given.kind == "drug":
        name = outline.set_names.get(given.concept_set or 0, "")
        pattern = ngettext(
            "until {n} day after their time on “{name}” ends", "until {n} days after their time on “{name}” ends", days
        )
        return pattern.format(n=days, name=name)
    return _("until their observation ends")


def _observed(prior: int, post: int) -> list[str]:
    found = []
    if prior:
        pattern = ngettext(
            "Observed for at least {n} day before entry.", "Observed for at least {n} days before entry.", prior
        )
        found.append(pattern.format(n=prior))
    if post:
        pattern = ngettext(
            "Observed for at least {n} day after entry.", "Observed for at least {n} days after entry.", post
        )
        found.append(pattern.format(n=post))
    return found


def _between(outline: Outline) -> list[str]:
    first, last = (date_format(day, "j F Y") if day else "" for day in outline.calendar)
    if first and last:
        return [_("Only time between {first} and {last} counts.").format(first=first, last=last)]
    if first:
        return [_("Only time from {first} on counts.").format(first=first)]
    return [_("Only time until {last} counts.").format(last=last)] if last else []
