"""The builder: what a button does, what comes back, with and without a script, and who may."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

import tiny_cohort_hospital as tiny
from campus.cast import Cast
from campus.test_cohorts import expression
from tiny_cohort_hospital import condition, observed, on, person
from wardbench.campus.cohorts import edits, finding, queries, services
from wardbench.campus.cohorts.course import course_lines
from wardbench.campus.cohorts.followed import says
from wardbench.campus.cohorts.models import Cohort, Version
from wardbench.campus.cohorts.part_forms import PartForm
from wardbench.campus.configuration import Configuration
from wardbench.campus.counting import feasibility, sessions
from wardbench.campus.counting.budgets import OF_PROJECT
from wardbench.campus.counting.models import Asked
from wardbench.campus.counting.projects import projects_of
from wardbench.campus.questions.models import Question
from wardbench.campus.studies.models import AttachedCohort, Study
from wardbench.ward.cohorts.definition.reading import Entry as Unchecked
from wardbench.ward.cohorts.editing import (
    Bound,
    ConceptItems,
    Criterion,
    Entry,
    Event,
    Number,
    Person,
    Rule,
    Window,
    Working,
    add_entry,
    add_rule,
    new_concept_set,
    new_definition,
    outline,
)

HTMX = {"HX-Request": "true"}
NAMES = {201826: "Type 2 diabetes", 192279: "Diabetic nephropathy", 3004410: "HbA1c"}
UNITS = {8554: "percent", 9579: "millimole per mole"}
CODES = {8554: "%", 9579: "mmol/mol"}


def measurement(id: int, person: int, day: int, value: float) -> dict[str, Any]:
    return {
        "measurement_id": id,
        "person_id": person,
        "measurement_concept_id": 3004410,
        "measurement_date": on(day),
        "value_as_number": value,
        "unit_source_value": "%",
        "unit_concept_id": 9579 if person > 9 else 8554,
    }


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve persons with diabetes on day 10; the first six with nephropathy on day 20; HbA1c 5 + n on day 15."""
    folder = tmp_path_factory.mktemp("twin") / "store"
    people = range(1, 13)
    concept = [
        {"concept_id": id, "concept_name": name, "concept_code": CODES.get(id, f"c{id}"), "vocabulary_id": "SNOMED",
         "domain_id": "Measurement" if id == 3004410 else "Condition", "standard_concept": "S", "invalid_reason": None}
        for id, name in (NAMES | UNITS).items()
    ]  # fmt: skip
    tiny.snapshot(
        folder,
        person=[person(n, gender_concept_id=8532 if n % 2 else 8507, year_of_birth=2000 - 5 * n) for n in people],
        observation_period=[observed(n, n) for n in people],
        concept=concept,
        concept_synonym=[
            {"concept_id": 201826, "concept_synonym_name": "Diabète de type 2", "language_concept_id": 4180190},
            {"concept_id": 201826, "concept_synonym_name": "Suikerziekte", "language_concept_id": 4182503},
        ],
        concept_ancestor=[
            {"ancestor_concept_id": a, "descendant_concept_id": d, "min_levels_of_separation": int(a != d),
             "max_levels_of_separation": int(a != d)}
            for a, d in ((201826, 201826), (192279, 192279), (201826, 192279))
        ],
        condition_occurrence=[
            *(condition(n, n, 10, 201826) for n in people),
            *(condition(100 + n, n, 20, 192279) for n in range(1, 7)),
        ],
        measurement=[measurement(200 + n, n, 15, 5 + n) for n in people],
        specimen=[
            {"specimen_id": n, "person_id": n, "specimen_concept_id": 0, "specimen_date": on(12),
             "specimen_source_value": "Serum"}
            for n in range(1, 5)
        ],
    )  # fmt: skip
    return folder


@pytest.fixture
def campus(cast: Cast, twin: Path, settings: Any) -> Iterator[Cast]:
    settings.CAMPUS = Configuration(store=str(twin), twin=str(twin))
    settings.CAMPUS_FOLDER = None
    sessions._sessions.clear()
    finding._kept.clear()
    yield cast
    sessions._sessions.clear()
    finding._kept.clear()


def working() -> Working:
    work, diabetes = new_concept_set(
        new_definition(), NAMES[201826], [ConceptItems(201826, NAMES[201826], descendants=False)]
    )
    work, kidney = new_concept_set(work, NAMES[192279], [ConceptItems(192279, NAMES[192279])])
    work = add_entry(work, Entry(Event("condition", diabetes)))
    after = Window(Bound(0, -1), Bound(None, 1))
    work = add_rule(work, Rule.asking("Kidney", Criterion("at_least", 1, Event("condition", kidney), after)))
    return add_rule(work, Rule.asking("Adults", Person(Number("gte", 18))))


def cohort_of(campus: Cast, work: Working | None = None, by: str = "researcher") -> Cohort:
    given = (work or working()).expression
    cohort = services.make_cohort("Nephropathy", by=campus.actor(by), expression=given)
    services.save_version(cohort.id, 0, by=campus.actor(by))
    return cohort


def change(client: Client, cohort: Cohort, do: str, htmx: bool = True, **fields: Any) -> Any:
    return client.post(
        f"/cohorts/{cohort.id}/build/change/", {"do": do, **fields}, headers=HTMX if htmx else {}, follow=not htmx
    )


def rules(campus: Cast, cohort: Cohort) -> list[tuple[str, bool]]:
    desk = queries.desk(cohort, campus.actor("researcher"))
    return [(rule["name"], on) for rule, on in desk.working.rules()]


def test_the_page_says_a_sentence_and_its_count_for_every_rule(campus: Cast) -> None:
    page = campus.client("researcher").get(f"/cohorts/{cohort_of(campus).id}/build/").content.decode()
    assert "at least 1 diagnosis of “Diabetic nephropathy”" in page
    assert "12 persons enter" in page and '<div class="app-number-big" id="persons">6</div>' in page
    assert "without this rule: 12 (+6)" in page and "synthetic twin" in page
    assert "4 persons gave a sample" in page and "Serum: <strong>4</strong>" in page


def test_the_rule_that_empties_the_cohort_is_named(campus: Cast) -> None:
    work = add_rule(working(), Rule.asking("Very old", Person(Number("gt", 120))))
    page = campus.client("researcher").get(f"/cohorts/{cohort_of(campus, work).id}/build/").content.decode()
    assert "Nobody is left after rule 3, “Very old”" in page


@pytest.mark.parametrize("htmx", [True, False])
def test_switching_off_moving_removing_and_undoing(campus: Cast, htmx: bool) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    assert change(client, cohort, "switch:0", htmx).status_code == 200
    assert rules(campus, cohort) == [("Kidney", False), ("Adults", True)]
    change(client, cohort, "down:0", htmx)
    assert rules(campus, cohort) == [("Adults", True), ("Kidney", False)]
    change(client, cohort, "remove-rule:0", htmx)
    assert rules(campus, cohort) == [("Kidney", False)]
    change(client, cohort, "undo", htmx)
    change(client, cohort, "undo", htmx)
    assert rules(campus, cohort) == [("Kidney", False), ("Adults", True)]
    change(client, cohort, "redo", htmx)
    assert rules(campus, cohort) == [("Adults", True), ("Kidney", False)]


def test_only_what_changed_comes_back_and_where_to_go_on(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    answer = change(client, cohort, "switch:1")
    said = answer.content.decode()
    assert 'id="rule-1-head" hx-swap-oob="true"' in said
    assert 'id="rule-0-head"' not in said and 'id="entries"' not in said and 'id="sets"' not in said
    assert json.loads(answer.headers["HX-Trigger-After-Settle"])["wardbench:focus"]["id"] == "rule-1-switch"
    said = change(client, cohort, "remove-rule:0").content.decode()
    assert 'id="rules" hx-swap-oob="cards"' in said and 'id="side" hx-swap-oob="true"' in said
    assert 'id="rule-0" class="app-rule" data-was="rule-1"' in said


def test_open_forms_are_given_anew_only_where_they_say_another_thing(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    opened = ["rule-0", "rule-1", "set-0", "course", "entry-0", "nonsense"]
    said = change(client, cohort, "up:1", open=opened).content.decode()
    assert 'id="rule-1" class="app-rule" data-was="rule-0"' in said and 'hx-swap-oob="true"' not in said.split("<ol")[0]
    assert "-fields" not in said, "every form stays as it is, wherever its part is now"
    fields = {"name": "Adults", "how": "all", "0-age_op": "gte", "0-age": 30}
    said = change(client, cohort, "rule:0", open=opened, **fields).content.decode()
    assert "-fields" not in said and 'id="rule-0-head"' in said
    said = change(client, cohort, "undo", open=opened).content.decode()
    assert 'id="rule-0-fields"' in said and 'id="rule-0-0-age" ' in said, "what the form said is undone"
    assert 'id="rule-1-fields"' not in said and 'id="set-0-form"' not in said and 'id="course-form"' not in said
    said = change(client, cohort, "add-rule:3004410:measurement", open=opened).content.decode()
    assert said.count("-fields") == said.count("rule-2-fields") > 0, "the new rule's form alone is given"
    assert 'id="set-list" hx-swap-oob="cards"' in said and 'id="set-0" class="app-rule" data-was="set-0"' in said


def test_after_the_session_a_part_of_a_page_is_a_sentence(campus: Cast) -> None:
    cohort = cohort_of(campus)
    anybody = Client(headers={"host": "localhost"})
    for answer in (
        change(anybody, cohort, "switch:0"),
        anybody.get(f"/cohorts/{cohort.id}/build/find/", headers=HTMX),
    ):
        said = answer.content.decode()
        assert answer.status_code == 401 and "You have been signed out." in said and "<html" not in said
    assert anybody.get(f"/cohorts/{cohort.id}/build/").status_code == 302
    client = campus.client("researcher")
    client.handler.enforce_csrf_checks = True
    answer = change(client, cohort, "switch:0")
    assert answer.status_code == 403 and answer.headers["X-Form-Expired"] and "<html" not in answer.content.decode()


def test_after_the_session_a_form_leads_back_to_its_page_and_says_that_nothing_was_done(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    page = f"/cohorts/{cohort.id}/build/"
    client.logout()
    sent: dict[str, Any] = {"data": {"note": "long"}, "headers": {"referer": f"http://localhost{page}"}}
    asked = client.post(f"{page}save/", **sent).headers["location"]
    assert asked == f"/account/login/?next={page}&sent=yes", "not to an address that takes forms alone"
    said = client.get(asked).content.decode()
    assert "what you sent last was not done" in said and f'name="next" value="{page}"' in said
    for elsewhere in ("http://evil.example/", "http://localhost.evil.example/x", ""):
        sent["headers"] = {"referer": elsewhere}
        assert client.post(f"{page}save/", **sent).headers["location"] == "/account/login/?next=/&sent=yes"
    assert "was not done" not in client.get(client.get(page).headers["location"]).content.decode()


def test_what_a_form_did_says_where_to_go_on(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")

    def focus(do: str, **fields: Any) -> str:
        answer = change(client, cohort, do, **fields)
        return str(
            json.loads(answer.headers.get("HX-Trigger-After-Settle", "{}")).get("wardbench:focus", {}).get("id", "")
        )

    given = {"name": "Adults", "how": "all", "0-age_op": "gte", "0-age": 18}
    assert focus("rule:1", **given) == ""
    assert focus("rule:1", also="person", into="", **given) == "rule-1-1-sex"
    given |= {"1-age_op": "gte", "1-age": 20}
    # Conditions on persons are kept behind the others, so that the new one stands before them.
    assert focus("rule:1", also="add:3004410:measurement", into="", **given) == "rule-1-0-how"
    given = {"name": "Adults", "how": "all", "0-how": "at_least", "0-count": 1, "0-domain": "measurement",
             "0-concept_set": "2", "0-from_side": "any", "0-to_side": "any",
             "1-age_op": "gte", "1-age": 18, "2-age_op": "gte", "2-age": 20}  # fmt: skip
    assert focus("rule:1", also="remove:1", **given) == "rule-1-one-more"
    assert focus("drop-sets") == "sets-title"


def test_a_rule_is_added_by_searching(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    found = client.get(f"/cohorts/{cohort.id}/build/find/", {"find": "hba1", "for": "rule"}).content.decode()
    assert "add-rule:3004410:measurement" in found and '<td class="app-number">12' in found
    said = change(client, cohort, "add-rule:3004410:measurement").content.decode()
    assert 'id="rule-2-form"' in said and 'name="0-value_op"' in said, "its form is open"
    fields = {
        "name": "Poor control", "how": "all", "0-how": "at_least", "0-count": 1, "0-domain": "measurement",
        "0-concept_set": "2", "0-value_op": "gt", "0-value": "8",
        "0-from_side": "on", "0-to_side": "after", "0-to_days": "30",
    }  # fmt: skip
    said = change(client, cohort, "rule:2", **fields).content.decode()
    assert "with a value of more than 8, from the day of entry to 30 days after entry" in said
    assert 'id="persons">3<' in said, "persons 4, 5 and 6 have more than 8"
    assert 'id="rule-2-form"' not in said, "the form in use is not written over"


@pytest.mark.parametrize("word", ["suikerziekte", "DIABETE", "c201826", "type 2"])
def test_concepts_are_found_by_synonyms_and_codes_with_their_kinds(campus: Cast, word: str) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    found = client.get(f"/cohorts/{cohort.id}/build/find/", {"find": word, "for": "entry"}).content.decode()
    assert "add-entry:201826:condition" in found and "and 1 kind of it" in found


def test_nothing_found_says_what_to_try(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    assert "Try a shorter word" in client.get(f"/cohorts/{cohort.id}/build/find/", {"find": "xyzzy"}).content.decode()


def test_a_form_that_is_not_right_is_shown_again_and_changes_nothing(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    before = queries.desk(cohort, campus.actor("researcher"))
    fields = {"name": "Adults", "how": "all", "0-age_op": "bt", "0-age": 18, "0-age_to": 3}
    assert change(client, cohort, "rule:1", **fields).status_code == 204, "while it is being filled in"
    answer = change(client, cohort, "rule:1", apply="1", **fields)
    assert answer.status_code == 200 and "the second number is the larger one" in answer.content.decode()
    assert answer.headers["HX-Retarget"] == "#rule-1-form"
    plain = change(client, cohort, "rule:1", htmx=False, apply="1", **fields)
    assert plain.status_code == 400 and "the second number is the larger one" in plain.content.decode()
    assert queries.desk(cohort, campus.actor("researcher")) == before


def test_concept_sets_are_widened_and_narrowed(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    change(client, cohort, "add-item:0:192279:condition")
    page = change(
        client, cohort, "set:0", **{"name": "Any", "descendants-0": "on", "excluded-1": "on"}
    ).content.decode()
    sets = queries.desk(cohort, campus.actor("researcher")).working.expression["ConceptSets"]
    said = [
        (i["concept"]["CONCEPT_ID"], i["isExcluded"], i["includeDescendants"]) for i in sets[0]["expression"]["items"]
    ]
    assert sets[0]["name"] == "Any" and said == [(201826, False, True), (192279, True, False)]
    assert "Any" in page
    answer = change(client, cohort, "add-item:0:192279:condition")
    assert answer.status_code == 400 and "it is in this concept set already" in answer.content.decode()
    change(client, cohort, "remove-item:0:1")
    sets = queries.desk(cohort, campus.actor("researcher")).working.expression["ConceptSets"]
    assert len(sets[0]["expression"]["items"]) == 1


def test_when_they_are_in_the_cohort(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    fields = {"limit": "All", "prior": 5, "post": 1, "kind": "after_start", "days": 30}
    assert change(client, cohort, "course", apply="1", **fields).status_code == 200
    said = queries.desk(cohort, campus.actor("researcher")).working.expression
    assert said["PrimaryCriteria"]["ObservationWindow"] == {"PriorDays": 5, "PostDays": 1}
    assert said["EndStrategy"] == {"DateOffset": {"DateField": "StartDate", "Offset": 30}}
    assert said["ExpressionLimit"] == {"Type": "All"}


@pytest.mark.parametrize(
    "do", ["", "switch", "switch:9", "switch:x", "explode:1", "rule:7", "entry:4", "set:99", "add-rule:1", "add-rule:x",
           "remove-item:0:7", "move:1:2", "up:0", "down:1"]
)  # fmt: skip
def test_what_cannot_be_done_is_refused_and_changes_nothing(campus: Cast, do: str) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    assert change(client, cohort, do).status_code in (400, 404)
    assert queries.desk(cohort, campus.actor("researcher")).draft is None


def test_a_change_from_a_page_that_is_old_is_refused(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    change(client, cohort, "switch:0", revision="0")
    answer = change(client, cohort, "switch:1", revision="0")
    assert answer.status_code == 409 and "another window" in answer.content.decode()
    assert "another window" in change(client, cohort, "switch:1", htmx=False, revision="0").content.decode()
    assert rules(campus, cohort) == [("Kidney", False), ("Adults", True)]


def test_a_page_that_was_left_behind_is_brought_up_with_the_forms_that_somebody_types_in(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    by = campus.actor("researcher")
    shown = says(outline(queries.desk(cohort, by).working))
    change(client, cohort, "remove-rule:0", revision="0")
    aged = {"name": "Adults", "how": "all", "0-age_op": "gte", "0-age": "40"}
    change(client, cohort, "rule:0", revision="1", **aged)
    sent = {"says": " ".join(f"{part}={said}" for part, said in shown.items()), "open": ["rule-1", "set-0"]}
    typed = {**aged, "about": "As the protocol", "0-age": "18"}
    answer = change(client, cohort, "rule:1", revision="0", **sent, **typed, typed=["rule-1"])
    said = answer.content.decode()
    assert answer.status_code == 409 and answer.headers["X-Draft-Went-On"] and "Your last change was not made" in said
    assert '<li id="rule-0" class="app-rule" data-was="rule-1">' in said and "at least 40 years old" in said
    assert 'name="revision" value="2"' in said
    assert 'id="rule-0-form" hx-swap-oob' not in said and 'id="set-0-form" hx-swap-oob' not in said
    assert queries.desk(cohort, by).revision == 2
    # A form that nobody typed in would say what is not so any more: it is drawn anew.
    anew = change(client, cohort, "switch:1", revision="0", **sent).content.decode()
    assert 'id="rule-0-form" hx-swap-oob' in anew and 'id="set-0-form" hx-swap-oob' not in anew
    # Another draft may have come to the same revision: what the page shows counts.
    assert change(client, cohort, "switch:0", revision="2", says=sent["says"]).status_code == 409
    assert change(client, cohort, "switch:0", revision="2", says="rule-0").status_code == 409
    now = says(outline(queries.desk(cohort, by).working))
    given = " ".join(f"{part}={said}" for part, said in now.items())
    assert change(client, cohort, "switch:0", revision="2", says=given).status_code == 200


def test_every_open_form_offers_the_concept_sets_that_there_are(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    said = change(client, cohort, "add-rule:3004410:measurement").content.decode()
    assert re.search(r'<select id="set-choices" hx-swap-oob="true" hidden disabled>.*<option value="2">HbA1c', said)
    assert "set-choices" not in change(client, cohort, "remove-rule:2").content.decode()
    gone = change(client, cohort, "drop-sets").content.decode()
    assert 'id="set-choices"' in gone and "HbA1c" not in gone


def test_whoever_is_overtaken_sees_what_changed_and_saves_theirs_over_it_with_their_note(campus: Cast) -> None:
    cohort = cohort_of(campus)
    owner, colleague = campus.actor("researcher"), campus.actor("researcher2")
    services.share(cohort.id, by=owner, person=campus.people["researcher2"], may_edit=True)
    for by, name in ((owner, "Mine"), (colleague, "Theirs")):
        desk = queries.desk(cohort, by)
        changed = add_rule(desk.working, Rule.asking(name, Person(Number("gte", 30))))
        services.change_draft(cohort.id, changed, desk.revision, by=by)
    services.save_version(cohort.id, 1, by=colleague, note="For the board")
    client, address = campus.client("researcher"), f"/cohorts/{cohort.id}/build/"
    assert "Researcher2 saved version 2 after you began" in client.get(address).content.decode()
    given = {"note": "Long considered", "revision": "1"}
    answer = client.post(f"{address}save/", given)
    said = answer.content.decode()
    assert answer.status_code == 409 and "For the board" in said and "Theirs" in said and "Long considered" in said
    assert 'name="over" value="2"' in said and "Save mine all the same" in said
    assert "Let go of my changes, and go on from version 2" in said
    # A version that came after the one compared with stops it again.
    assert client.post(f"{address}save/", {**given, "over": "1"}).status_code == 409
    assert client.post(f"{address}save/", {**given, "over": "2"}).status_code == 302
    version = queries.latest(cohort)
    assert version is not None and (version.number, version.note) == (3, "Long considered")
    assert "after you began" not in client.get(address).content.decode()


def test_json_goes_in_and_out_and_a_refusal_names_its_path(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    address = f"/cohorts/{cohort.id}/build/json/"
    given = expression("from ATLAS")
    answer = client.post(address, {"text": json.dumps({"name": "x", "expression": given})}, follow=True)
    assert answer.status_code == 200 and rules(campus, cohort) == [("from ATLAS", True)]
    exported = client.get(f"/cohorts/{cohort.id}/build/export/")
    assert "attachment" in exported.headers["Content-Disposition"]
    assert Unchecked(1, "x", "", json.loads(exported.content)).decode().rule_names == ("from ATLAS",)
    given["InclusionRules"][0]["expression"]["Strange"] = 1
    answer = client.post(address, {"text": json.dumps(given)})
    assert answer.status_code == 400 and "InclusionRules[0].expression.Strange" in answer.content.decode()
    unkept = ['{"PrimaryCriteria": {"a": "\\ud800"}}', '{"PrimaryCriteria": {"a": ' + "9" * 5000 + "}}"]
    for wrong in ("{", "[]", '{"a": 1, "a": 2}', "{}", '"x"', "[" * 100_000, *unkept):
        assert client.post(address, {"text": wrong}).status_code == 400
    assert rules(campus, cohort) == [("from ATLAS", True)]


def test_what_is_off_is_said_to_be_left_out_of_the_words(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    page = f"/cohorts/{cohort.id}/build/text/"
    assert "that is off" not in client.get(page).content.decode()
    change(client, cohort, "switch:0")
    said = client.get(page).content.decode()
    assert "1 rule that is off is left out." in said and "Adults" in said and "Kidney" not in said


@pytest.mark.parametrize("language", ["en", "nl", "fr"])
def test_it_is_told_in_three_languages(campus: Cast, language: str) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    page = client.get(f"/cohorts/{cohort.id}/build/text/", {"language": language}).content.decode()
    assert {"en": "Inclusion rule 1", "nl": "Inclusiecriterium 1", "fr": "inclusion 1"}[language] in page


def test_saving_keeps_the_figure_that_was_shown_and_the_history_tells_what_changed(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    change(client, cohort, "add-person")
    client.post(f"/cohorts/{cohort.id}/build/save/", {"note": "adults twice"})
    change(client, cohort, "remove-rule:0")
    assert client.post(f"/cohorts/{cohort.id}/build/save/", {"note": "all"}, follow=True).status_code == 200
    two, three = queries.version_of(cohort, 2), queries.version_of(cohort, 3)
    assert (two.figure, three.figure, two.mode) == ("6", "12", "sandbox") and two.snapshot
    page = client.get(f"/cohorts/{cohort.id}/history/", {"from": 2, "to": 3}).content.decode()
    assert "+6" in page and "adults twice" in page
    assert re.search(r"Rule \d, [^<]*<span class=\"app-tag\">removed</span>", page), page
    client.post("/language/", {"language": "nl"})
    page = client.get(f"/cohorts/{cohort.id}/history/", {"from": 2, "to": 3}).content.decode()
    assert ">verwijderd</span>" in page and "Inclusion rule" not in page and " at least " not in page


def test_when_they_are_in_the_cohort_is_said_shortly_where_it_can_be(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    address = f"/cohorts/{cohort.id}/build/"
    assert "From the first entry of each person until their observation ends." in client.get(address).content.decode()
    fields = {
        "limit": "All",
        "prior": "365",
        "post": "0",
        "kind": "after_start",
        "days": "30",
        "last_day": "2026-01-31",
    }
    change(client, cohort, "course", **fields)
    page = client.get(address).content.decode()
    assert "From each entry of a person until 30 days after it began." in page
    assert "Observed for at least 365 days before entry." in page and "Only time until 31 January 2026 counts." in page
    desk = queries.desk(cohort, campus.actor("researcher"))
    padded = Working({**desk.working.expression, "CollapseSettings": {"CollapseType": "ERA", "EraPad": 30}})
    said = "\n".join(course_lines(padded, outline(padded)))
    assert "30 days" in said and "From each entry" not in said, "what the short sentences cannot say is said in full"


def test_the_page_of_a_version_tells_how_to_come_to_the_same_again(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    version = queries.version_of(cohort, 1)
    page = client.get(f"/cohorts/{cohort.id}/").content.decode()
    for said in (version.hash, "Persons were selected from", "not for publication", "wardbench cohort run", "Kidney"):
        assert said in page
    assert client.get(f"/cohorts/hash/{version.hash}/").status_code == 302
    assert campus.client("researcher2").get(f"/cohorts/hash/{version.hash}/").status_code == 404


def test_two_cohorts_are_compared(campus: Cast) -> None:
    first, client = cohort_of(campus), campus.client("researcher")
    second = cohort_of(campus, Working({**working().expression, "InclusionRules": []}))
    page = client.get(f"/cohorts/{first.id}/compare/", {"with": str(second.id)}).content.decode()
    assert "In both" in page and '<td class="app-number">6</td>' in page and "removed" in page
    other = cohort_of(campus, by="researcher2")
    assert client.get(f"/cohorts/{first.id}/compare/", {"with": str(other.id)}).status_code == 404


PAGES = (
    "",
    "build/",
    "build/find/?find=dia",
    "build/text/",
    "build/json/",
    "build/export/",
    "build/estimate/",
    "history/",
    "compare/",
    "settings/",
    "versions/1/",
    "versions/1/json/",
    "build/part/rule/0/",
)


@pytest.mark.parametrize("page", PAGES)
def test_other_peoples_cohorts_are_not_there(campus: Cast, page: str) -> None:
    cohort = cohort_of(campus)
    for key in campus.people:
        status = campus.client(key).get(f"/cohorts/{cohort.id}/{page}").status_code
        assert status == 404 if key != "researcher" else status in (200, 302), (key, page)
        assert campus.client(key).get(f"/cohorts/{uuid.uuid4()}/{page}").status_code == 404


def test_readers_see_and_change_nothing(campus: Cast) -> None:
    cohort = cohort_of(campus)
    services.share(cohort.id, by=campus.actor("researcher"))
    client = campus.client("student")
    page = client.get(f"/cohorts/{cohort.id}/build/").content.decode()
    assert "make a copy of your own" in page and "Switch off" not in page
    posts: dict[str, dict[str, str]] = {
        "build/change/": {"do": "switch:0"},
        "build/save/": {},
        "build/json/": {"text": json.dumps(expression())},
        "settings/": {"name": "mine"},
        "settings/share/": {"whom": "everybody"},
        "settings/archive/": {},
    }
    for address, fields in posts.items():
        assert client.post(f"/cohorts/{cohort.id}/{address}", fields).status_code == 403, address
    assert client.get(f"/cohorts/{cohort.id}/settings/").status_code == 403
    assert client.get(f"/cohorts/{cohort.id}/versions/0/").status_code == 404, "there is no version before the first"
    copied = client.post(f"/cohorts/{cohort.id}/versions/1/copy/", follow=True)
    assert copied.status_code == 200 and Cohort.objects.filter(owner=campus.people["student"]).count() == 1


def test_sharing_and_archiving_on_the_page(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    whom = f"person:{campus.people['student'].id}"
    client.post(f"/cohorts/{cohort.id}/settings/share/", {"whom": whom, "may_edit": "on"})
    assert queries.seen(cohort.id, campus.actor("student")).standing == "editor"
    assert "Student" in client.get(f"/cohorts/{cohort.id}/settings/").content.decode()
    client.post(f"/cohorts/{cohort.id}/settings/share/", {"whom": whom, "take_back": "1"})
    assert campus.client("student").get(f"/cohorts/{cohort.id}/").status_code == 404
    assert client.post(f"/cohorts/{cohort.id}/settings/share/", {"whom": "x"}).status_code == 400
    client.post(f"/cohorts/{cohort.id}/settings/archive/", {"do": "archive"})
    assert "archived" in client.get(f"/cohorts/{cohort.id}/").content.decode()
    assert change(client, cohort, "switch:0").status_code == 403
    client.post(f"/cohorts/{cohort.id}/settings/archive/", {"do": "restore"})
    assert change(client, cohort, "switch:0").status_code == 200


def test_a_new_cohort_by_name_or_from_json(campus: Cast) -> None:
    client = campus.client("researcher")
    page = client.post("/cohorts/new/", {"name": "Empty"}, follow=True).content.decode()
    assert "Nothing starts the cohort yet" in page and "say first what somebody enters with" in page
    page = client.post("/cohorts/new/", {"name": "Given", "text": json.dumps(working().expression)}, follow=True)
    assert "without this rule: 12 (+6)" in page.content.decode()
    for fields in ({"name": ""}, {"name": "x", "text": "{"}, {"name": "x", "text": '{"PrimaryCriteria": {}}'}):
        assert client.post("/cohorts/new/", fields).status_code == 400
    assert campus.client("partner").get("/cohorts/new/").status_code == 403
    listed = client.get("/cohorts/").content.decode()
    assert "Given" in listed and "unsaved changes of yours" in listed


def test_without_a_twin_the_page_says_so(cast: Cast) -> None:
    cohort = services.make_cohort("x", by=cast.actor("researcher"), expression=expression())
    page = cast.client("researcher").get(f"/cohorts/{cohort.id}/build/").content.decode()
    assert "no synthetic twin yet" in page
    found = cast.client("researcher").get(f"/cohorts/{cohort.id}/build/find/", {"find": "dia"}).content.decode()
    assert "no synthetic twin yet" in found


def test_an_exact_mode_is_for_those_who_may(campus: Cast) -> None:
    cohort = cohort_of(campus, by="data_steward")
    steward, researcher = campus.client("data_steward"), campus.client("researcher")
    steward.post(f"/cohorts/{cohort.id}/build/mode/", {"mode": "stewardship"})
    assert "Each count is on the record" in steward.get(f"/cohorts/{cohort.id}/build/").content.decode()
    own = cohort_of(campus)
    researcher.post(f"/cohorts/{own.id}/build/mode/", {"mode": "stewardship"})
    assert "synthetic twin" in researcher.get(f"/cohorts/{own.id}/build/").content.decode()


def test_a_count_in_the_hospital_is_asked_once_and_charged(campus: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feasibility, "BUCKET", 0.01)
    work = working()
    cohort, client = cohort_of(campus, Working({**work.expression, "InclusionRules": []})), campus.client("researcher")
    address = f"/cohorts/{cohort.id}/build/estimate/"
    page = client.get(address).content.decode()
    assert "You have 20 questions left" in page
    for _ in range(2):
        page = client.post(address).content.decode()
        assert "You have 19 questions left" in page and "app-number-big" in page, "the same again costs nothing"
    other = cohort_of(campus, Working({**work.expression, "InclusionRules": []}))
    assert "You have 19 questions left" in client.get(f"/cohorts/{other.id}/build/estimate/").content.decode()


def test_the_page_says_which_budget_is_used_up(campus: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two colleagues on one cohort: what the first asked of it counts for the second, and a repeat is answered."""
    monkeypatch.setattr(feasibility, "BUCKET", 0.01)
    asked = Working({**working().expression, "InclusionRules": []})
    cohort = cohort_of(campus, asked)
    services.share(cohort.id, by=campus.actor("researcher"), person=campus.people["researcher2"], may_edit=True)
    address = f"/cohorts/{cohort.id}/build/estimate/"
    first, colleague = campus.client("researcher"), campus.client("researcher2")
    assert first.post(address).status_code == 200
    page = colleague.get(address).content.decode()
    assert "You have 20 questions left" in page and "Left for everybody who works on this cohort, together: 59" in page
    mine = Asked.objects.get(purse=f"cohort:{cohort.id}")
    others = [
        Asked(person=mine.person, purse=mine.purse, snapshot=mine.snapshot, question=str(n), at=mine.at)
        for n in range(OF_PROJECT - 1)
    ]
    Asked.objects.bulk_create(others)
    page = colleague.get(address).content.decode()
    assert "Those who work on this cohort have together asked the 60" in page and "You have 20 questions left" in page
    assert colleague.post(address).status_code == 200, "the project has asked it; it costs the colleague one"
    new = add_rule(asked, Rule.asking("20 years or older", Person(Number("gte", 20))))
    services.change_draft(cohort.id, new, 0, by=campus.actor("researcher2"), change="api")
    refused = colleague.post(address)
    page = refused.content.decode()
    assert refused.status_code == 429 and page.count("Those who work on this cohort have together asked the 60") == 1
    assert "You have 19 questions left" in page


def test_a_cohort_belongs_to_itself_its_questions_and_its_studies(campus: Cast) -> None:
    by = campus.actor("researcher")
    cohort, other = cohort_of(campus), cohort_of(campus)
    author = campus.people["researcher"]
    version = Version.objects.create(cohort=cohort, number=9, hash="a" * 64, definition="{}", author=author)
    asked = Question.objects.create(title="?", side="ward", raised_by=campus.people["physician"], cohort=cohort.id)
    study = Study.objects.create(investigator=campus.people["researcher2"])
    AttachedCohort.objects.create(study=study, version=version.id, hash=version.hash, name="x")
    belongs = (f"cohort:{cohort.id}", f"question:{asked.id}", f"study:{study.id}")
    assert projects_of(cohort.id) == belongs and projects_of(other.id) == (f"cohort:{other.id}",)
    assert projects_of(cohort.id, cohort.id) == belongs and projects_of() == ()
    assert queries.of_content(version.hash, by) == [cohort.id]
    assert queries.of_content(version.hash, campus.actor("student")) == [], "not for who may not see it"


def test_a_definition_that_asks_too_much_is_told_why_before_it_is_asked(campus: Cast) -> None:
    cohort, client = (
        cohort_of(campus, add_rule(working(), Rule.asking("Odd", Person(Number("eq", 37))))),
        campus.client("researcher"),
    )
    page = client.get(f"/cohorts/{cohort.id}/build/estimate/").content.decode()
    assert "asks for more than such a count may tell" in page and "InclusionRules[" not in page and ">Ask<" not in page
    assert re.search(r'<a href="[^"]*\?edit=rule-(\d)#rule-\1">Rule \d, Odd</a>: Ages come in bands', page), page
    assert client.post(f"/cohorts/{cohort.id}/build/estimate/").status_code == 422


def test_students_are_told_that_they_may_not_ask(campus: Cast) -> None:
    cohort = cohort_of(campus, by="student")
    client = campus.client("student")
    assert ">Ask<" not in client.get(f"/cohorts/{cohort.id}/build/estimate/").content.decode()
    assert client.post(f"/cohorts/{cohort.id}/build/estimate/").status_code == 403


def expression_of(campus: Cast, cohort: Cohort) -> dict[str, Any]:
    return queries.desk(cohort, campus.actor("researcher")).working.expression


def as_sent(campus: Cast, cohort: Cohort, part: str) -> dict[str, Any]:
    """What a browser sends of a part's form as it is."""
    form = edits.form_of(queries.desk(cohort, campus.actor("researcher")).working, part)
    assert isinstance(form, PartForm)
    return {
        one.add_prefix(name): "on" if value is True else value
        for one in form.forms()
        for name, field in one.fields.items()
        if (value := one.get_initial_for_field(field, name)) not in (None, False)
    }


def persons(answer: Any) -> int:
    found = re.search(r'id="persons">(\d+)<', answer.content.decode())
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("htmx", [True, False])
def test_a_rule_takes_more_conditions_beside_in_a_group_and_around_an_event(campus: Cast, htmx: bool) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    hba1c = "3004410:measurement"

    def also(what: str, into: str = "", **changed: Any) -> Any:
        given = as_sent(campus, cohort, "rule-0")
        return change(client, cohort, "rule:0", htmx, **{**given, "also": what, "into": into, **changed})

    said = also(f"add:{hba1c}").content.decode()
    assert "all of these:" in said and "HbA1c" in said and 'name="1-how"' in said, "the form has a second condition"
    # HbA1c lies before the nephropathy, of which a window that ends on the day of entry knows nothing.
    answer = also("", **{"1-to_side": "after", "1-to_days": 30, "1-value_op": "gte", "1-value": "8"})
    assert "at least 8" in answer.content.decode() or not htmx
    page = client.get(f"/cohorts/{cohort.id}/build/")
    assert persons(page) == 4, "persons 3 to 6 have nephropathy and 8 or more"
    also("", how="any")
    assert persons(client.get(f"/cohorts/{cohort.id}/build/")) == 12, "1 to 6 by the first, 3 to 12 by the second"
    also("person", "+")
    rule = expression_of(campus, cohort)["InclusionRules"][0]["expression"]
    assert rule["Type"] == "ANY" and rule["Groups"][0]["Type"] == "ANY"
    also("remove:2.0")
    assert expression_of(campus, cohort)["InclusionRules"][0]["expression"]["Groups"] == [], "an empty group goes"
    also(f"none:{hba1c}", "0.w")
    rule = expression_of(campus, cohort)["InclusionRules"][0]["expression"]
    around = rule["CriteriaList"][0]["Criteria"]["ConditionOccurrence"]["CorrelatedCriteria"]["CriteriaList"][0]
    assert around["Occurrence"] == {"Type": 0, "Count": 0}
    page = client.get(f"/cohorts/{cohort.id}/build/").content.decode()
    assert "and around it:" in page and "no measurement of “HbA1c”, any time before it or on the same day" in page


def test_the_last_condition_of_a_rule_stays_until_the_rule_goes(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    answer = change(client, cohort, "rule:0", **as_sent(campus, cohort, "rule-0"), also="remove:0")
    assert answer.status_code == 400 and "remove the rule as a whole" in answer.content.decode()
    for wrong in ("remove:7", "remove:x", "add:1", "add:x:y", "remove"):
        answer = change(client, cohort, "rule:0", **as_sent(campus, cohort, "rule-0"), also=wrong)
        assert answer.status_code in (400, 404), wrong
    answer = change(client, cohort, "rule:0", **as_sent(campus, cohort, "rule-0"), also="person", into="9.9")
    assert answer.status_code == 400
    assert queries.desk(cohort, campus.actor("researcher")).draft is None


def test_units_are_chosen_from_those_that_the_records_have(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    change(client, cohort, "add-rule:3004410:measurement")
    page = client.get(f"/cohorts/{cohort.id}/build/", {"edit": "rule-2"}).content.decode()
    assert "percent (9)" in page and "millimole per mole (3)" in page
    given = as_sent(campus, cohort, "rule-2") | {"0-to_side": "after", "0-to_days": "30"}
    answer = change(client, cohort, "rule:2", **{**given, "0-unit": ["9579"]})
    assert "in millimole per mole" in answer.content.decode()
    assert persons(client.get(f"/cohorts/{cohort.id}/build/")) == 0, "10 to 12 have no nephropathy"
    answer = change(client, cohort, "rule:2", **{**given, "0-unit": ["8554", "9579"]})
    assert persons(answer) == 6
    unit = expression_of(campus, cohort)["InclusionRules"][2]["expression"]["CriteriaList"][0]["Criteria"][
        "Measurement"
    ]
    assert [one["CONCEPT_NAME"] for one in unit["Unit"]] == ["percent", "millimole per mole"]
    assert change(client, cohort, "rule:2", apply="1", **{**given, "0-unit": ["1"]}).status_code == 200, "shown again"
    assert (
        "Select a valid choice"
        in change(client, cohort, "rule:2", apply="1", **{**given, "0-unit": ["1"]}).content.decode()
    )


def test_what_is_around_the_entry_and_what_ends_the_cohort(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    answer = change(client, cohort, "add-additional:3004410:measurement")
    assert 'id="additional-fields"' in answer.content.decode() and persons(answer) == 0, "HbA1c comes after the entry"
    given = as_sent(campus, cohort, "additional")
    answer = change(client, cohort, "additional", **{**given, "0-to_side": "after", "0-to_days": "30"})
    assert persons(answer) == 6
    change(client, cohort, "add-censor:192279:condition")
    page = client.get(f"/cohorts/{cohort.id}/build/", {"edit": "censor-0"}).content.decode()
    assert 'id="censor-0-fields"' in page and "Diabetic nephropathy" in page
    given = as_sent(campus, cohort, "censor-0")
    change(client, cohort, "censor:0", **{**given, "first": "on"})
    assert expression_of(campus, cohort)["CensoringCriteria"][0]["ConditionOccurrence"]["First"] is True
    change(client, cohort, "remove-censor:0")
    change(client, cohort, "remove-additional")
    assert expression_of(campus, cohort)["CensoringCriteria"] == []
    assert "AdditionalCriteria" not in expression_of(campus, cohort)


def test_leaving_with_the_end_of_a_drug_and_calendar_days(campus: Cast) -> None:
    cohort, client = cohort_of(campus), campus.client("researcher")
    fields = {"limit": "First", "prior": 0, "post": 0, "kind": "drug", "days": 7, "gap": 30}
    answer = change(client, cohort, "course", apply="1", **fields)
    assert "Say of which drugs" in answer.content.decode()
    change(client, cohort, "course", apply="1", **fields, drug="1", first_day="2000-01-01", last_day="2030-12-31")
    said = expression_of(campus, cohort)
    assert said["EndStrategy"] == {"CustomEra": {"DrugCodesetId": 1, "GapDays": 30, "Offset": 7}}
    assert said["CensorWindow"] == {"StartDate": "2000-01-01", "EndDate": "2030-12-31"}
    turned = {**fields, "drug": "1", "first_day": "2031-01-01", "last_day": "2030-12-31"}
    assert "later one" in change(client, cohort, "course", apply="1", **turned).content.decode()
    assert expression_of(campus, cohort) == said
