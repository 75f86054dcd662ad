"""A local code keeps its concept id: across stores, across loads, whatever else is loaded."""

from __future__ import annotations

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from wardbench.core.omop import local_concepts
from wardbench.core.omop.local_concepts import LAST_CONCEPT, local_concept_ids
from wardbench.core.omop.tables import FIRST_CUSTOM_CONCEPT

CODES = st.sets(st.tuples(st.sampled_from(["", "http://ward", "urn:oid:1"]), st.text(max_size=4)), max_size=30)


@given(CODES, CODES)
def test_a_code_has_the_same_id_whatever_stands_beside_it(
    some: set[tuple[str, str]], more: set[tuple[str, str]]
) -> None:
    alone, together = local_concept_ids(some), local_concept_ids(some | more)
    assert {code: together[code] for code in some} == alone
    assert len(set(together.values())) == len(together)
    assert all(FIRST_CUSTOM_CONCEPT <= one <= LAST_CONCEPT for one in together.values())


@given(CODES, CODES)
def test_where_hashes_meet_what_was_there_before_keeps_its_id(
    some: set[tuple[str, str]], more: set[tuple[str, str]]
) -> None:
    with mock.patch.object(local_concepts, "_place", lambda code, span: len(code[1])):
        before = local_concept_ids(some)
        after = local_concept_ids(some | more, known=before)
    assert {code: after[code] for code in some} == before
    assert len(set(after.values())) == len(after)


def test_ids_of_others_are_left_alone_and_the_last_id_is_followed_by_the_first() -> None:
    with mock.patch.object(local_concepts, "_place", lambda code, span: span - 1):
        ids = local_concept_ids([("s", "a"), ("s", "b"), ("s", "c")], taken=[FIRST_CUSTOM_CONCEPT])
    assert [ids["s", code] for code in "abc"] == [LAST_CONCEPT, FIRST_CUSTOM_CONCEPT + 1, FIRST_CUSTOM_CONCEPT + 2]


def test_a_part_of_the_code_is_not_a_part_of_the_system() -> None:
    ids = local_concept_ids([("ab", "c"), ("a", "bc")])
    assert len(set(ids.values())) == 2
