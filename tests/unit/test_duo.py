"""Matching a purpose to a permission: the published cases, where we differ on purpose, and what always holds."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardbench.core.duo import LABELS, Concern, Modifier, Outcome, Permission, Purpose, Use, match
from wardbench.core.errors import InputError

CANCER, INTESTINAL = "DOID:162", "DOID:10155"
PARENTS = {INTESTINAL: frozenset({"DOID:3119", "DOID:0050686", CANCER, "DOID:14566", "DOID:4"})}
ALLOWED, REFUSED, PERSON = Outcome.ALLOWED, Outcome.REFUSED, Outcome.PERSON


def ancestors(disease: str) -> frozenset[str]:
    return PARENTS.get(disease, frozenset())


def wants(use: Use = Use.HMB, *diseases: str, **more: Any) -> Purpose:
    return Purpose(Use.DS if diseases else use, frozenset(diseases), **more)


def allows(use: Use = Use.HMB, *diseases: str, modifiers: tuple[Modifier, ...] = (), **more: Any) -> Permission:
    return Permission(Use.DS if diseases else use, frozenset(diseases), frozenset(modifiers), **more)


def outcome(purpose: Purpose, permission: Permission) -> Outcome:
    return match(purpose, permission, ancestors=ancestors).outcome


METHODS = wants(methods=True)
NON_PROFIT = (Modifier.NPU,)
PUBLISHED = [
    (wants(Use.DS, INTESTINAL), allows(Use.DS, CANCER), ALLOWED),
    (wants(Use.DS, CANCER), allows(Use.DS, INTESTINAL), REFUSED),
    (wants(Use.HMB), allows(Use.GRU), ALLOWED),
    (wants(Use.HMB), allows(Use.HMB), ALLOWED),
    (wants(Use.GRU), allows(Use.HMB), REFUSED),
    (wants(Use.HMB), allows(Use.DS, CANCER), REFUSED),
    (wants(Use.HMB), allows(Use.POA), REFUSED),
    (wants(Use.POA), allows(Use.GRU), ALLOWED),
    (wants(Use.POA), allows(Use.POA), ALLOWED),
    (wants(Use.POA), allows(Use.HMB), REFUSED),
    (wants(Use.POA), allows(Use.DS, CANCER), REFUSED),
    (METHODS, allows(Use.GRU), ALLOWED),
    (METHODS, allows(Use.POA), ALLOWED),
    (METHODS, allows(Use.DS, CANCER, methods=True), ALLOWED),
    (METHODS, allows(Use.HMB), ALLOWED),
    (wants(for_profit=False), allows(modifiers=NON_PROFIT), ALLOWED),
    (wants(for_profit=True), allows(), ALLOWED),
    (wants(for_profit=False), allows(), ALLOWED),
    (wants(for_profit=True), allows(modifiers=NON_PROFIT), REFUSED),
    *((wants(concerns=frozenset({concern})), allows(), PERSON) for concern in [*Concern, Concern.OTHER]),
]
"""The published cases, with the answers that were published. Of methods on disease data the published case is silent
about what consent says of methods: ours says it allows them (the other case is among the holes below)."""


@pytest.mark.parametrize(("purpose", "permission", "expected"), PUBLISHED)
def test_the_published_cases(purpose: Purpose, permission: Permission, expected: Outcome) -> None:
    assert outcome(purpose, permission) is expected


def test_there_are_as_many_as_were_published() -> None:
    """What is called other and secondary other there is one concern here."""
    assert len(PUBLISHED) == 33


HOLES = [
    ("general research on disease-only data", wants(Use.GRU), allows(Use.DS, CANCER), REFUSED),
    ("general research on ancestry-only data", wants(Use.GRU), allows(Use.POA), REFUSED),
    ("a person's judgement outranks a refusal", wants(Use.GRU, concerns=frozenset({Concern.CONTROLS})),
     allows(Use.HMB), REFUSED),
    ("methods on disease data of silent consent", METHODS, allows(Use.DS, CANCER), PERSON),
]  # fmt: skip


@pytest.mark.parametrize(("purpose", "permission", "expected"), [hole[1:] for hole in HOLES], ids=[h[0] for h in HOLES])
def test_the_holes_of_the_published_rules_are_closed(
    purpose: Purpose, permission: Permission, expected: Outcome
) -> None:
    assert outcome(purpose, permission) is expected


def test_modifiers_are_not_ignored() -> None:
    """The fifth hole: the published rules approve this without a condition."""
    permission = allows(
        modifiers=(Modifier.GS, Modifier.IRB, Modifier.MOR),
        countries=frozenset({"BE"}),
        moratorium=datetime.date(2027, 1, 1),
    )
    found = match(wants(countries=frozenset({"BE"})), permission)
    assert found.outcome is ALLOWED
    assert [line.rule for line in found.obligations] == ["irb", "mor"]
    assert "2027-01-01" in str(found.obligations[1])
    assert outcome(wants(countries=frozenset({"US", "BE"})), permission) is REFUSED
    assert outcome(wants(), permission) is PERSON


BE = frozenset({"BE"})
EACH: list[tuple[Modifier, dict[str, Any], dict[str, Any], Outcome, int]] = [
    (Modifier.RS, {"restriction": "no cosmetics"}, {}, PERSON, 0),
    (Modifier.NMDS, {}, {"methods": True}, REFUSED, 0),
    (Modifier.NMDS, {}, {}, ALLOWED, 0),
    (Modifier.GSO, {}, {"genetic": True}, ALLOWED, 0),
    (Modifier.GSO, {}, {"genetic": False}, REFUSED, 0),
    (Modifier.GSO, {}, {}, PERSON, 0),
    (Modifier.NPUNCU, {}, {"for_profit": False, "commercial": False}, ALLOWED, 0),
    (Modifier.NPUNCU, {}, {"for_profit": False, "commercial": True}, REFUSED, 0),
    (Modifier.NPUNCU, {}, {"for_profit": True, "commercial": False}, REFUSED, 0),
    (Modifier.NPUNCU, {}, {"commercial": False}, PERSON, 0),
    (Modifier.PUB, {}, {}, ALLOWED, 1),
    (Modifier.COL, {"collaborator": "the biobank"}, {}, ALLOWED, 1),
    (Modifier.IRB, {}, {}, ALLOWED, 1),
    (Modifier.IRB, {}, {"ethics_reference": "B322"}, ALLOWED, 0),
    (Modifier.GS, {"countries": BE}, {"countries": BE}, ALLOWED, 0),
    (Modifier.MOR, {"moratorium": datetime.date(2030, 1, 1)}, {}, ALLOWED, 1),
    (Modifier.TS, {"months": 12}, {}, ALLOWED, 1),
    (Modifier.US, {"users": frozenset({"a"})}, {"users": frozenset({"a"})}, ALLOWED, 0),
    (Modifier.US, {"users": frozenset({"a"})}, {"users": frozenset({"b"})}, REFUSED, 0),
    (Modifier.US, {"users": frozenset({"a"})}, {}, PERSON, 0),
    (Modifier.PS, {"projects": frozenset({"S1"})}, {"project": "S1"}, ALLOWED, 0),
    (Modifier.PS, {"projects": frozenset({"S1"})}, {"project": "S2"}, REFUSED, 0),
    (Modifier.IS, {"institutions": frozenset({"x"})}, {"institutions": frozenset({"x", "y"})}, REFUSED, 0),
    (Modifier.RTN, {}, {}, ALLOWED, 1),
    (Modifier.CC, {}, {"clinical_care": True}, ALLOWED, 0),
    (Modifier.NPOA, {}, {}, ALLOWED, 0),
    (Modifier.NPU, {}, {}, PERSON, 0),
    (Modifier.NCU, {}, {"commercial": False}, ALLOWED, 0),
    (Modifier.NCU, {}, {"commercial": True}, REFUSED, 0),
    (Modifier.NCU, {}, {}, PERSON, 0),
]


@pytest.mark.parametrize(("modifier", "values", "said", "expected", "obligations"), EACH)
def test_each_modifier(
    modifier: Modifier, values: dict[str, Any], said: dict[str, Any], expected: Outcome, obligations: int
) -> None:
    found = match(wants(**said), allows(modifiers=(modifier,), **values))
    assert (found.outcome, len(found.obligations)) == (expected, obligations)


def test_every_modifier_has_a_case() -> None:
    assert {case[0] for case in EACH} == set(Modifier)


def test_ancestry_may_be_prohibited_where_all_research_is_allowed() -> None:
    permission = allows(Use.GRU, modifiers=(Modifier.NPOA,))
    assert outcome(wants(Use.POA), permission) is REFUSED and outcome(wants(Use.HMB), permission) is ALLOWED


def test_use_in_care_needs_a_word_of_the_permission() -> None:
    assert outcome(wants(clinical_care=True), allows()) is PERSON


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Purpose(Use.DS),
        lambda: Purpose(Use.HMB, frozenset({CANCER})),
        lambda: Purpose(Use.NRES),
        lambda: Permission(Use.DS),
        lambda: allows(modifiers=(Modifier.GS,)),
        lambda: allows(modifiers=(Modifier.MOR,)),
        lambda: allows(modifiers=(Modifier.NMDS,), methods=True),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(wrong: Any) -> None:
    with pytest.raises(InputError):
        wrong()


DISEASES = ["A", "A1", "B"]
TREE = {"A1": frozenset({"A"})}
RANK = [REFUSED, PERSON, ALLOWED]


def tree(disease: str) -> frozenset[str]:
    return TREE.get(disease, frozenset())


maybe = st.sampled_from([None, True, False])


@st.composite
def purposes(draw: st.DrawFn) -> Purpose:
    use = draw(st.sampled_from([Use.GRU, Use.HMB, Use.DS, Use.POA]))
    diseases = draw(st.sets(st.sampled_from(DISEASES), min_size=1)) if use is Use.DS else set()
    return Purpose(
        use,
        frozenset(diseases),
        methods=draw(st.booleans()),
        for_profit=draw(maybe),
        commercial=draw(maybe),
        genetic=draw(maybe),
        concerns=frozenset(draw(st.sets(st.sampled_from(list(Concern)), max_size=1))),
    )


@st.composite
def permissions(draw: st.DrawFn) -> Permission:
    use = draw(st.sampled_from(list(Use)))
    diseases = draw(st.sets(st.sampled_from(DISEASES), min_size=1)) if use is Use.DS else set()
    plain = [Modifier.GSO, Modifier.NPU, Modifier.NCU, Modifier.NPUNCU, Modifier.NPOA, Modifier.RS, Modifier.PUB]
    return Permission(use, frozenset(diseases), frozenset(draw(st.sets(st.sampled_from(plain), max_size=3))))


def wider(use: Use) -> list[Use]:
    return {
        Use.DS: [Use.HMB, Use.GRU, Use.NRES],
        Use.HMB: [Use.GRU, Use.NRES],
        Use.POA: [Use.GRU, Use.NRES],
        Use.GRU: [Use.NRES],
        Use.NRES: [],
    }[use]


@given(purposes(), permissions(), st.data())
def test_a_wider_permission_never_refuses_more(purpose: Purpose, permission: Permission, data: st.DataObject) -> None:
    changed = {**vars(permission)}
    if permission.modifiers and data.draw(st.booleans()):
        changed["modifiers"] = permission.modifiers - {data.draw(st.sampled_from(sorted(permission.modifiers)))}
    elif wider(permission.use):
        changed |= {"use": data.draw(st.sampled_from(wider(permission.use))), "diseases": frozenset()}
    before, after = (match(purpose, one, ancestors=tree).outcome for one in (permission, Permission(**changed)))
    assert RANK.index(after) >= RANK.index(before)


@given(purposes(), permissions(), st.data())
def test_a_narrower_purpose_is_never_refused_more(
    purpose: Purpose, permission: Permission, data: st.DataObject
) -> None:
    changed = {**vars(purpose)}
    if purpose.concerns:
        changed["concerns"] = frozenset()
    elif len(purpose.diseases) > 1:
        changed["diseases"] = frozenset({data.draw(st.sampled_from(sorted(purpose.diseases)))})
    elif purpose.diseases == {"A"}:
        changed["diseases"] = frozenset({"A1"})
    elif purpose.use is Use.HMB and not purpose.methods:
        changed |= {"use": Use.DS, "diseases": frozenset({data.draw(st.sampled_from(DISEASES))})}
    before, after = (match(one, permission, ancestors=tree).outcome for one in (purpose, Purpose(**changed)))
    assert RANK.index(after) >= RANK.index(before)


@given(purposes(), permissions())
def test_every_answer_has_its_reasons_in_words(purpose: Purpose, permission: Permission) -> None:
    found = match(purpose, permission, ancestors=tree)
    assert found.lines and all(str(line) and "{" not in str(line) for line in found.lines)


def test_terms_are_those_of_the_ontology(shared: Path) -> None:
    with (shared / "data/access/duo.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    for term in (*Use, *Modifier):
        assert rows[term]["shorthand"] == term.name

    def words(text: str) -> list[str]:
        return text.lower().replace("-", " ").replace(",", "").split()

    for term, label in LABELS.items():
        assert words(label) == words(rows[term]["label"]), term
