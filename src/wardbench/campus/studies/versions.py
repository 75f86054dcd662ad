"""What a study said when it was handed in and after each amendment, in words, and what changed from one to another."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from wardbench.campus.people import queries as people
from wardbench.campus.people.models import Organisation, Unit
from wardbench.campus.people.roles import gettext_noop
from wardbench.campus.studies import permits, queries
from wardbench.campus.studies.facts import CONSENTS, DATA, KINDS, SECTIONS, Asked, Consent, Data, Fact, Kind, Section
from wardbench.campus.studies.models import Study, Submission
from wardbench.campus.studies.vocabulary import FATES, TABLES, UNITS, WORK
from wardbench.core.duo import LABELS, Concern, Use
from wardbench.core.duo.model import CONCERNS
from wardbench.core.errors import NotFoundError
from wardbench.core.miabis import MATERIALS

Content = Mapping[str, Any]
Said = tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A fact of a registration: its section, what it is, and what was said; several lines where there are."""

    section: Section
    key: str
    label: str
    said: Said


@dataclass(frozen=True)
class Change:
    """A fact that is different: what was said, and what is."""

    section: str
    label: str
    before: Said
    now: Said


@dataclass(frozen=True)
class Names:
    """What people, units, cohorts and documents of a study are called, by how a submission keeps them."""

    people: Mapping[str, str]
    units: Mapping[str, str]
    cohorts: Mapping[str, str]
    documents: Mapping[str, str]


def names_of(study: Study, contents: Iterable[Content]) -> Names:
    """The names behind what these submissions of a study keep."""
    given = list(contents)
    persons = {one["investigator"] for one in given} | {person for one in given for person, _work in one["members"]}
    ids = {unit for one in given for kind in ("programmes", "departments", "partners") for unit in one[kind]}
    found = [*Unit.objects.filter(id__in=ids).values_list("id", "name")]
    found += Organisation.objects.filter(id__in=ids).values_list("id", "name")
    return Names(
        people.names(persons),
        {str(unit): name for unit, name in found},
        dict(study.cohorts.values_list("hash", "name")),
        {one.digest: f"{one.name} ({one.number})" for one in study.documents.all()},
    )


def unit_title(one: Mapping[str, Any]) -> str:
    """In what a line of material is counted."""
    unit = str(one.get("unit", ""))
    return gettext(UNITS[unit]) if unit in UNITS else unit


def specimen(one: Mapping[str, Any]) -> str:
    """A line of what is asked for, in words."""
    return _("%(type)s: %(amount)g %(unit)s, of %(donors)s donors") % {
        "type": gettext(MATERIALS.get(one.get("type", ""), one.get("type", ""))),
        "amount": float(one.get("amount") or 0),
        "unit": unit_title(one),
        "donors": one.get("donors", "?"),
    }


FLAGS = {
    "methods": gettext_noop("Methods are developed, rather than questions of health answered"),
    "genetic": gettext_noop("Genetic research"),
    "for_profit": gettext_noop("An organisation that works for profit takes part"),
    "commercial": gettext_noop("Commercial use"),
    "clinical_care": gettext_noop("Results are used in the care of the same patients"),
}
"""What a purpose says beside its term, where it does."""


def lines(content: Content, names: Names) -> list[Line]:
    """Everything that a submission says, in the order of the sections, without what was left empty."""
    found: list[Line] = []
    for section, facts in _FACTS.items():
        for key, label, words in facts:
            said = tuple(one for one in words(content, names) if one)
            if said:
                found.append(Line(section, key, gettext(label), said))
    return found


def changes(before: Content, now: Content, names: Names) -> list[Change]:
    """What is different, in the order of the sections."""
    was = {(line.section, line.key): line for line in lines(before, names)}
    has = {(line.section, line.key): line for line in lines(now, names)}
    order = [(section, key) for section, facts in _FACTS.items() for key, _label, _words in facts]
    found = []
    for place in order:
        old, new = was.get(place), has.get(place)
        line = new or old
        if line is not None and (old.said if old else ()) != (new.said if new else ()):
            title = gettext(SECTIONS[line.section])
            found.append(Change(title, line.label, old.said if old else (), new.said if new else ()))
    return found


def said_now(study: Study) -> list[Line]:
    """What a study says now, submitted or not."""
    content = queries.content_of(study)
    return lines(content, names_of(study, [content]))


@dataclass(frozen=True)
class Version:
    """A submission, what it says by section, and what changed since the one it is compared with."""

    submission: Submission
    sections: Sequence[tuple[str, Sequence[Line]]]
    compared: Submission | None
    changes: Sequence[Change]
    whole: bool


def version(study: Study, number: int, since: int | None = None) -> Version:
    """A version of a study beside the one before it, or that with the number `since`. NotFoundError where none is."""
    kept = {one.number: one for one in study.submissions.select_related("by")}
    if number not in kept:
        raise NotFoundError(_("There is no such version."))
    now = kept[number]
    before = kept.get(since or number - 1) if (since or 0) < number else None
    names = names_of(study, [now.content, *([before.content] if before else [])])
    said = lines(now.content, names)
    return Version(
        now,
        [(gettext(title), [one for one in said if one.section is section]) for section, title in SECTIONS.items()],
        before,
        changes(before.content, now.content, names) if before else (),
        permits.hash_of(now.content) == now.hash,
    )


def _one(key: str) -> Callable[[Content, Names], list[str]]:
    return lambda content, _names: [str(content[key])]


def _titled(key: str, titles: Callable[[str], str]) -> Callable[[Content, Names], list[str]]:
    return lambda content, _names: [gettext(titles(content[key]))] if content[key] else []


def _units(key: str) -> Callable[[Content, Names], list[str]]:
    return lambda content, names: sorted(names.units.get(one, one) for one in content[key])


def _team(content: Content, names: Names) -> list[str]:
    return sorted(
        f"{names.people.get(person, person)}{f' ({gettext(WORK.get(work, work))})' if work else ''}"
        for person, work in content["members"]
    )


def _facts(content: Content) -> frozenset[Fact]:
    """What holds of what was said: a kind of study may say by itself that material is asked for or arrives."""
    consent = Consent(content["consent"]) if content["consent"] else None
    kind, data = Kind(content["kind"]), Data(content["data"])
    return Asked(kind, data, content["material"], content["leaves"], content["arrives"], consent).facts


def _transfer(content: Content, _names: Names) -> list[str]:
    ways = {
        Fact.MATERIAL_LEAVES: _("Material leaves the hospital"),
        Fact.MATERIAL_ARRIVES: _("Material comes from elsewhere"),
    }
    held = _facts(content)
    found = [title for fact, title in ways.items() if fact in held]
    return [*found, content["party"]] if found else []


def period(since: datetime.date | None, until: datetime.date | None) -> str:
    """From when until when data are asked for; nothing where neither is said."""
    if not since and not until:
        return ""
    return _("from %(since)s until %(until)s") % {
        "since": date_format(since, "j F Y") if since else _("the beginning"),
        "until": date_format(until, "j F Y") if until else _("now"),
    }


def _period(content: Content, _names: Names) -> list[str]:
    days = (datetime.date.fromisoformat(content[key]) if content[key] else None for key in ("since", "until"))
    return [period(*days)]


def _purpose(content: Content, _names: Names) -> list[str]:
    use = content["purpose"].get("use")
    return [gettext(LABELS[Use(use)])] if use else []


def _involves(content: Content, _names: Names) -> list[str]:
    purpose = content["purpose"]
    concerns = [gettext(CONCERNS[Concern(one)]) for one in purpose.get("concerns", ())]
    return [*concerns, *(gettext(title) for key, title in FLAGS.items() if purpose.get(key))]


_Facts = tuple[tuple[str, str, Callable[[Content, Names], Iterable[str]]], ...]

_FACTS: Mapping[Section, _Facts] = {
    Section.ABOUT: (
        ("title", gettext_noop("Title"), _one("title")),
        ("kind", gettext_noop("Kind of study"), _titled("kind", lambda kind: KINDS[Kind(kind)])),
        ("summary", gettext_noop("Summary"), _one("summary")),
        ("sponsor", gettext_noop("Sponsor"), _one("sponsor")),
        ("ethics_reference", gettext_noop("Reference of an ethics committee"), _one("ethics_reference")),
        (
            "public",
            gettext_noop("Let everybody on the campus know of it"),
            lambda content, _names: [gettext("Yes")] if content.get("public") else [],
        ),
    ),
    Section.TEAM: (
        (
            "investigator",
            gettext_noop("Principal investigator"),
            lambda content, names: [names.people.get(content["investigator"], "")],
        ),
        ("team", gettext_noop("Team"), _team),
    ),
    Section.UNITS: (
        ("programmes", gettext_noop("Care programmes"), _units("programmes")),
        ("departments", gettext_noop("Departments"), _units("departments")),
        ("partners", gettext_noop("Partner organisations"), _units("partners")),
    ),
    Section.MATERIAL: (
        (
            "material",
            gettext_noop("Asked for"),
            lambda content, _names: (
                [specimen(one) for one in content["material_wanted"]] if Fact.MATERIAL in _facts(content) else []
            ),
        ),
        ("consent", gettext_noop("Consent"), _titled("consent", lambda consent: CONSENTS[Consent(consent)])),
        ("transfer", gettext_noop("Transfer"), _transfer),
        ("retention", gettext_noop("Kept"), _one("retention")),
        ("fate", gettext_noop("Afterwards"), _titled("fate", lambda fate: FATES.get(fate, fate))),
    ),
    Section.DATA: (
        ("data", gettext_noop("How close to patients"), _titled("data", lambda data: DATA[Data(data)])),
        (
            "tables",
            gettext_noop("Which data"),
            lambda content, _names: [gettext(TABLES[one]) for one in content["tables"] if one in TABLES],
        ),
        ("period", gettext_noop("Period"), _period),
        ("data_wanted", gettext_noop("In detail"), _one("data_wanted")),
        (
            "cohorts",
            gettext_noop("Cohorts"),
            lambda content, names: [
                f"{names.cohorts[one]}, {one[:12]}" if one in names.cohorts else one[:12] for one in content["cohorts"]
            ],
        ),
    ),
    Section.PURPOSE: (
        ("purpose", gettext_noop("Purpose"), _purpose),
        ("diseases", gettext_noop("Diseases"), lambda content, _names: content["purpose"].get("diseases", ())),
        ("involves", gettext_noop("It involves"), _involves),
    ),
    Section.DOCUMENTS: (
        (
            "documents",
            gettext_noop("Documents"),
            lambda content, names: [names.documents.get(one, one[:12]) for one in content["documents"]],
        ),
    ),
}
