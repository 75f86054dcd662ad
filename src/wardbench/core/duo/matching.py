"""The rules, one function each, in the order in which they are shown.

The lattice of uses: no restriction contains general research, that contains health research and ancestry research,
health research contains research on any disease, and a disease contains its descendants. A purpose is allowed where it
lies within the permission. This differs on purpose from the published rules of DUOS, version 4, where those would
approve general research on disease-only or ancestry-only data, ignore modifiers, let "a person decides" outrank a
clear refusal, and approve methods research on disease-only data although consent is silent about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from wardbench.core.duo.model import CONCERNS, Permission, Purpose
from wardbench.core.duo.terms import LABELS, Modifier, Use, gettext_noop

Ancestors = Callable[[str], frozenset[str]]
"""The diseases that a disease is a kind of, itself not among them."""


class Outcome(StrEnum):
    ALLOWED = "allowed"
    OBLIGATION = "obligation"
    PERSON = "person"
    REFUSED = "refused"


@dataclass(frozen=True)
class Line:
    """What one rule says: `sentence` is one of the catalogues, with what to put in its braces."""

    rule: str
    outcome: Outcome
    sentence: str
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        return self.sentence.format(**self.values)


@dataclass(frozen=True)
class Match:
    """The answer: refused where any rule refuses, else a person's where any needs one, else allowed."""

    lines: tuple[Line, ...]

    @property
    def outcome(self) -> Outcome:
        found = {line.outcome for line in self.lines}
        for worst in (Outcome.REFUSED, Outcome.PERSON):
            if worst in found:
                return worst
        return Outcome.ALLOWED

    @property
    def obligations(self) -> tuple[Line, ...]:
        """What has to be kept where it is allowed."""
        return tuple(line for line in self.lines if line.outcome is Outcome.OBLIGATION)


def match(purpose: Purpose, permission: Permission, *, ancestors: Ancestors = lambda _: frozenset()) -> Match:
    """Whether `purpose` lies within `permission`, with the reason of every rule that has something to say."""
    return Match(
        (
            *_use(purpose, permission, ancestors),
            *_modifiers(purpose, permission),
            *_care(purpose, permission),
            *_concerns(purpose),
        )
    )


def _use(purpose: Purpose, permission: Permission, ancestors: Ancestors) -> Iterator[Line]:
    if purpose.methods:
        yield from _methods(purpose, permission, ancestors)
        return
    wanted, allowed = purpose.use, permission.use
    values = {"purpose": LABELS[wanted], "permission": LABELS[allowed]}
    if wanted is Use.DS and allowed is Use.DS:
        yield from _diseases(purpose, permission, ancestors)
    elif _contains(allowed, wanted):
        yield Line("use", Outcome.ALLOWED, gettext_noop("{permission} contains {purpose}."), values)
    else:
        yield Line("use", Outcome.REFUSED, gettext_noop("{purpose} goes beyond {permission}."), values)


_WITHIN: Mapping[Use, frozenset[Use]] = {
    Use.NRES: frozenset({Use.GRU, Use.HMB, Use.DS, Use.POA}),
    Use.GRU: frozenset({Use.GRU, Use.HMB, Use.DS, Use.POA}),
    Use.HMB: frozenset({Use.HMB, Use.DS}),
    Use.DS: frozenset(),
    Use.POA: frozenset({Use.POA}),
}


def _contains(allowed: Use, wanted: Use) -> bool:
    return wanted in _WITHIN[allowed]


def _diseases(purpose: Purpose, permission: Permission, ancestors: Ancestors) -> Iterator[Line]:
    outside = [one for one in sorted(purpose.diseases) if not ({one} | ancestors(one)) & permission.diseases]
    if outside:
        sentence = gettext_noop("{diseases} is none of the diseases that are allowed, nor a kind of one.")
        yield Line("use", Outcome.REFUSED, sentence, {"diseases": ", ".join(outside)})
    else:
        yield Line("use", Outcome.ALLOWED, gettext_noop("Every disease of the purpose is allowed."))


def _methods(purpose: Purpose, permission: Permission, ancestors: Ancestors) -> Iterator[Line]:
    if Modifier.NMDS in permission.modifiers or permission.methods is False:
        yield Line("methods", Outcome.REFUSED, gettext_noop("Developing methods is not allowed with this."))
        return
    if permission.use is not Use.DS or permission.methods:
        yield Line("methods", Outcome.ALLOWED, gettext_noop("Developing methods is allowed with this."))
    else:
        sentence = gettext_noop("Only research on named diseases is allowed, and consent is silent about methods.")
        yield Line("methods", Outcome.PERSON, sentence)
    if purpose.diseases and permission.use is Use.DS:
        yield from _diseases(purpose, permission, ancestors)


def _modifiers(purpose: Purpose, permission: Permission) -> Iterator[Line]:
    for modifier in Modifier:
        if modifier in permission.modifiers and modifier in _RULES:
            yield _RULES[modifier](purpose, permission)


def _line(modifier: Modifier, outcome: Outcome, sentence: str, **values: object) -> Line:
    return Line(modifier.name.lower(), outcome, sentence, values)


def _known(modifier: Modifier, value: bool | None, good: str, bad: str, unknown: str) -> Line:
    """A rule that asks one thing of the purpose: yes is good, no is bad, unsaid needs a person."""
    if value is None:
        return _line(modifier, Outcome.PERSON, unknown)
    return _line(modifier, Outcome.ALLOWED if value else Outcome.REFUSED, good if value else bad)


def _research_specific(_: Purpose, permission: Permission) -> Line:
    sentence = gettext_noop("A restriction in words has to be judged: {restriction}")
    return _line(Modifier.RS, Outcome.PERSON, sentence, restriction=permission.restriction or "?")


def _genetic(purpose: Purpose, _: Permission) -> Line:
    return _known(
        Modifier.GSO,
        purpose.genetic,
        gettext_noop("Only genetic studies are allowed, and this is one."),
        gettext_noop("Only genetic studies are allowed, and this is none."),
        gettext_noop("Only genetic studies are allowed; the purpose does not say whether it is one."),
    )


def _negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _organisation(purpose: Purpose, _: Permission) -> Line:
    return _known(
        Modifier.NPU,
        _negated(purpose.for_profit),
        gettext_noop("Only organisations that do not work for profit may use this, and this one does not."),
        gettext_noop("Only organisations that do not work for profit may use this."),
        gettext_noop("Only organisations that do not work for profit may use this; the purpose does not say."),
    )


def _commercial(purpose: Purpose, _: Permission) -> Line:
    return _known(
        Modifier.NCU,
        _negated(purpose.commercial),
        gettext_noop("Only non-commercial use is allowed, and this is one."),
        gettext_noop("Only non-commercial use is allowed."),
        gettext_noop("Only non-commercial use is allowed; the purpose does not say."),
    )


def _neither(purpose: Purpose, permission: Permission) -> Line:
    found = (_organisation(purpose, permission), _commercial(purpose, permission))
    order = (Outcome.REFUSED, Outcome.PERSON, Outcome.ALLOWED)
    worst = min(found, key=lambda line: order.index(line.outcome))
    return Line(Modifier.NPUNCU.name.lower(), worst.outcome, worst.sentence, worst.values)


def _within(modifier: Modifier, wanted: frozenset[str] | None, allowed: frozenset[str], what: str) -> Line:
    """A rule that allows a list: everything wanted has to be on it."""
    listed = ", ".join(sorted(allowed))
    if not wanted:
        sentence = gettext_noop("Only {what} {listed} may use this; the purpose does not say which it is.")
        return _line(modifier, Outcome.PERSON, sentence, what=what, listed=listed)
    outside = wanted - allowed
    if outside:
        sentence = gettext_noop("Only {what} {listed} may use this, and not {outside}.")
        return _line(modifier, Outcome.REFUSED, sentence, what=what, listed=listed, outside=", ".join(sorted(outside)))
    return _line(modifier, Outcome.ALLOWED, gettext_noop("The {what} of the purpose may use this."), what=what)


def _geography(purpose: Purpose, permission: Permission) -> Line:
    return _within(Modifier.GS, purpose.countries, permission.countries, gettext_noop("countries"))


def _institution(purpose: Purpose, permission: Permission) -> Line:
    return _within(Modifier.IS, purpose.institutions, permission.institutions, gettext_noop("institutions"))


def _users(purpose: Purpose, permission: Permission) -> Line:
    return _within(Modifier.US, purpose.users, permission.users, gettext_noop("users"))


def _project(purpose: Purpose, permission: Permission) -> Line:
    wanted = frozenset({purpose.project}) if purpose.project else None
    return _within(Modifier.PS, wanted, permission.projects, gettext_noop("projects"))


def _ethics(purpose: Purpose, _: Permission) -> Line:
    if purpose.ethics_reference:
        sentence = gettext_noop("An ethics approval is required, and there is one: {reference}.")
        return _line(Modifier.IRB, Outcome.ALLOWED, sentence, reference=purpose.ethics_reference)
    return _line(Modifier.IRB, Outcome.OBLIGATION, gettext_noop("An ethics approval has to be given before use."))


def _publication(_: Purpose, __: Permission) -> Line:
    return _line(Modifier.PUB, Outcome.OBLIGATION, gettext_noop("The results have to be published."))


def _collaboration(_: Purpose, permission: Permission) -> Line:
    sentence = gettext_noop("The work has to be done together with {collaborator}.")
    who = permission.collaborator or gettext_noop("the custodian")
    return _line(Modifier.COL, Outcome.OBLIGATION, sentence, collaborator=who)


def _moratorium(_: Purpose, permission: Permission) -> Line:
    sentence = gettext_noop("Nothing may be published before {day}.")
    return _line(Modifier.MOR, Outcome.OBLIGATION, sentence, day=permission.moratorium)


def _time(_: Purpose, permission: Permission) -> Line:
    sentence = gettext_noop("Use ends {months} months after it begins.")
    return _line(Modifier.TS, Outcome.OBLIGATION, sentence, months=permission.months)


def _return(_: Purpose, __: Permission) -> Line:
    return _line(Modifier.RTN, Outcome.OBLIGATION, gettext_noop("Data made from this have to be given back."))


def _no_ancestry(purpose: Purpose, _: Permission) -> Line:
    if purpose.use is Use.POA:
        return _line(Modifier.NPOA, Outcome.REFUSED, gettext_noop("Research on origins or ancestry is prohibited."))
    sentence = gettext_noop("Research on origins or ancestry is prohibited, and this is none.")
    return _line(Modifier.NPOA, Outcome.ALLOWED, sentence)


_RULES: Mapping[Modifier, Callable[[Purpose, Permission], Line]] = {
    Modifier.RS: _research_specific,
    Modifier.GSO: _genetic,
    Modifier.NPUNCU: _neither,
    Modifier.PUB: _publication,
    Modifier.COL: _collaboration,
    Modifier.IRB: _ethics,
    Modifier.GS: _geography,
    Modifier.MOR: _moratorium,
    Modifier.TS: _time,
    Modifier.US: _users,
    Modifier.PS: _project,
    Modifier.IS: _institution,
    Modifier.RTN: _return,
    Modifier.NPOA: _no_ancestry,
    Modifier.NPU: _organisation,
    Modifier.NCU: _commercial,
}
"""NMDS is a matter of methods, CC of care: they have rules of their own."""


def _care(purpose: Purpose, permission: Permission) -> Iterator[Line]:
    if purpose.clinical_care and Modifier.CC not in permission.modifiers:
        sentence = gettext_noop("Use in the care of patients is asked for, and the permission does not mention it.")
        yield _line(Modifier.CC, Outcome.PERSON, sentence)


def _concerns(purpose: Purpose) -> Iterator[Line]:
    for concern in sorted(purpose.concerns):
        sentence = gettext_noop("The purpose involves {concern}: a person has to judge that.")
        yield Line(concern.value, Outcome.PERSON, sentence, {"concern": CONCERNS[concern]})
