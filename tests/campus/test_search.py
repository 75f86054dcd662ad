"""The search: each kind of things by its own rules, and concepts of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.urls import reverse

from campus.cast import Cast
from small_hospital import build
from wardbench.campus.questions import concepts, services
from wardbench.campus.questions.rules import Side
from wardbench.campus.web import search as searching
from wardbench.campus.web.search import Hit


def a_question(cast: Cast, title: str = "Why do their kidneys fail?") -> Any:
    return services.raise_question(title=title, text="So.", side=Side.WARD, topics=[], by=cast.actor("physician"))


def titles(cast: Cast, key: str, text: str, only: str = "") -> dict[str, list[str]]:
    groups = searching.search(cast.actor(key), text, only=only)
    return {group.kind.key: [hit.title for hit in group.hits] for group in groups}


def test_each_kind_is_found_by_its_own_rules(cast: Cast) -> None:
    question = a_question(cast)
    assert titles(cast, "student", "kidneys") == {"questions": ["Why do their kidneys fail?"]}
    assert titles(cast, "partner", "kidneys") == {} == titles(cast, "nobody", "kidneys")
    services.open_to_partners(question, by=cast.actor("technology_transfer"))
    assert titles(cast, "partner", "kidneys") == {"questions": ["Why do their kidneys fail?"]}
    assert titles(cast, "student", "Ethics") == {"people": ["Ethics", "Ethics2"]}
    assert titles(cast, "partner", "Ethics") == {} == titles(cast, "nobody", "Ethics")


def test_a_single_letter_finds_nothing_and_blanks_do_not_count(cast: Cast) -> None:
    a_question(cast)
    assert titles(cast, "student", "k") == {}
    assert titles(cast, "student", "   k  ") == {}
    assert titles(cast, "student", "  kidneys   fail ") == {"questions": ["Why do their kidneys fail?"]}


def test_more_than_a_few_are_a_link_away(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    hits = [Hit(f"Number {number}", "", "/x/") for number in range(9)]
    monkeypatch.setattr(searching, "_kinds", {})
    searching.provide("numbers", "Numbers", lambda actor, text, limit: hits[:limit], order=2)
    searching.provide("others", "Others", lambda actor, text, limit: hits[:5], order=1)
    groups = searching.search(cast.actor("student"), "number")
    assert [(group.kind.key, len(group.hits), group.more) for group in groups] == [
        ("others", 5, False),
        ("numbers", 5, True),
    ]
    (only,) = searching.search(cast.actor("student"), "number", only="numbers", limit=50)
    assert len(only.hits) == 9 and not only.more


def test_the_page_works_without_scripts_and_answers_with_a_part_of_itself_to_those_that_have(cast: Cast) -> None:
    a_question(cast)
    client = cast.client("researcher")
    whole = client.get("/search/", {"q": "kidneys"}).content.decode()
    assert "<html" in whole and "Why do their kidneys fail?" in whole
    part = client.get("/search/", {"q": "kidneys"}, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in part and "Why do their kidneys fail?" in part
    assert "Nothing that you can see" in client.get("/search/", {"q": "no such words"}).content.decode()


@pytest.mark.parametrize("query", ["q=kidney&kind=x", "", "q=" + "x" * 5000])
def test_odd_searches_are_answered(cast: Cast, query: str) -> None:
    assert cast.client("researcher").get(f"/search/?{query}").status_code == 200


def test_what_somebody_typed_is_shown_as_text(cast: Cast) -> None:
    page = cast.client("researcher").get("/search/", {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


CONCEPTS = """SELECT * FROM (VALUES
    (1, 'Diabetes mellitus', 'Condition', '73211009', 'S', NULL),
    (2, 'Type 2 diabetes mellitus', 'Condition', '44054006', 'S', NULL),
    (3, 'Type 2 diabetes mellitus, old', 'Condition', '1', NULL, 'U'),
    (4, 'Diabetic diet', 'Observation', '2', 'S', NULL),
    (5, 'milligram diabetes unit', 'Unit', '3', 'S', NULL),
    (6, 'Diabetes, not standard', 'Condition', '4', NULL, NULL),
    (2000000007, 'Diabetes of this hospital', 'Condition', 'LOCAL', NULL, NULL)
) AS c (concept_id, concept_name, domain_id, concept_code, standard_concept, invalid_reason)"""
SYNONYMS = """SELECT * FROM (VALUES (2, 'suikerziekte type 2'), (2, 'diabète de type 2'),
    (2, 'Type 2 diabetes mellitus')) AS s (concept_id, concept_synonym_name)"""
ANCESTORS = """SELECT * FROM (VALUES (1, 2, 1), (1, 1, 0), (2, 2, 0))
    AS a (ancestor_concept_id, descendant_concept_id, min_levels_of_separation)"""


@pytest.fixture
def vocabulary(tmp_path: Path, settings: Any) -> None:
    """A store with a small vocabulary in three languages."""
    build(tmp_path / "store", concept=CONCEPTS, concept_synonym=SYNONYMS, concept_ancestor=ANCESTORS)
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, store=str(tmp_path / "store"))
    settings.CAMPUS_FOLDER = None


def found(text: str) -> list[int]:
    return [one.id for one in concepts.find_concepts(text, 10)]


@pytest.mark.usefixtures("vocabulary")
def test_concepts_are_found_by_name_synonym_and_code_the_closest_first() -> None:
    assert found("diabetes") == [1, 2_000_000_007, 2], "what begins with it comes before what holds it"
    assert found("DIABETES type 2") == [2]
    assert found("suikerziekte") == [2] == found("diabète"), "other languages where the vocabulary has them"
    assert concepts.find_concepts("suikerziekte", 1)[0].said == "suikerziekte type 2"
    assert concepts.find_concepts("mellitus type", 1)[0].said == ""
    assert found("44054006") == [2]
    assert found("unit") == [] == found("old") == found("not standard"), "units, invalid and mapped ones are left out"
    assert found("%") == [] == found("'") == found("") == found("diabetes zzz")


@pytest.mark.usefixtures("vocabulary")
def test_a_concept_has_a_page_with_its_names_and_what_is_around_it(cast: Cast) -> None:
    a_question(cast)
    services.raise_question(
        title="Why do their eyes fail?",
        text="So.",
        side=Side.WARD,
        topics=[services.Topic("Type 2 diabetes mellitus", 2)],
        by=cast.actor("physician"),
    )
    page = cast.client("student").get(reverse("concept", args=[2])).content.decode()
    for said in ("Type 2 diabetes mellitus", "suikerziekte type 2", "Diabetes mellitus", "Why do their eyes fail?"):
        assert said in page
    assert "Why do their kidneys fail?" not in page
    assert "Type 2 diabetes mellitus" in cast.client("student").get(reverse("concept", args=[1])).content.decode()
    for none in (999, 2**63, 10**30):
        assert cast.client("student").get(reverse("concept", args=[none])).status_code == 404, none
    assert cast.client("nobody").get(reverse("concept", args=[2])).status_code == 403
    assert "Why do their eyes fail?" not in cast.client("partner").get(reverse("concept", args=[2])).content.decode()


@pytest.mark.usefixtures("vocabulary")
def test_concepts_are_part_of_the_search(cast: Cast) -> None:
    assert titles(cast, "student", "suikerziekte") == {"concepts": ["Type 2 diabetes mellitus"]}
    assert titles(cast, "nobody", "suikerziekte") == {}


@pytest.mark.usefixtures("vocabulary")
def test_topics_are_ticked_with_and_without_scripts(cast: Cast) -> None:
    client = cast.client("physician")
    part = client.get(reverse("question_topics"), {"find": "diabetes", "topic": "c:1"}).content.decode()
    assert 'value="c:1" checked' in part and 'value="c:2"' in part and 'value="c:2" checked' not in part
    form = {"side": "ward", "title": "Why?", "text": "So.", "topic": ["c:2", "w:foot care"]}
    looked = client.post(reverse("question_raise"), {**form, "find": "diabetes", "act": "find"})
    assert looked.status_code == 200 and 'value="c:2" checked' in looked.content.decode()
    assert 'value="Why?"' in looked.content.decode(), "what was typed is still there"
    made = client.post(reverse("question_raise"), {**form, "find": "", "act": "find"})
    assert made.status_code == 302, "with nothing to look for, Enter raises the question"
    page = client.get(made.headers["location"]).content.decode()
    assert "Type 2 diabetes mellitus" in page and "foot care" in page


@pytest.mark.parametrize("topic", ["c:999", "c:x", "c:99999999999999", "x:1", "w:", "w:   ", "c:"])
@pytest.mark.usefixtures("vocabulary")
def test_topics_that_are_none_are_left_out(cast: Cast, topic: str) -> None:
    client = cast.client("physician")
    made = client.post(reverse("question_raise"), {"side": "ward", "title": "Why?", "text": "So.", "topic": [topic]})
    assert made.status_code == 302
    assert 'app-tag" href' not in client.get(made.headers["location"]).content.decode()


def test_without_a_store_topics_are_words(cast: Cast) -> None:
    assert found("diabetes") == []
    part = cast.client("physician").get(reverse("question_topics"), {"find": "diabetes"}).content.decode()
    assert 'value="w:diabetes"' in part
