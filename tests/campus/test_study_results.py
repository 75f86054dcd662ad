"""Results out of a study: prepared safe, reviewed by somebody else, downloaded under a permit that still holds."""

from __future__ import annotations

import copy
import csv
import io
import json
import threading
import uuid
import zipfile
from typing import Any

import numpy as np
import pytest
from django.db import connection, connections
from django.urls import reverse

from campus import test_studies_count
from campus.cast import Cast
from campus.test_counting import definition, expression
from campus.test_studies_count import approve as approve_study
from wardbench.campus.audit.models import Event
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.cohorts import services as cohort_services
from wardbench.campus.counting import sessions
from wardbench.campus.counting.people import AgeBySex
from wardbench.campus.counting.purposes import whom
from wardbench.campus.counting.rules import Purpose
from wardbench.campus.notices.models import Notice
from wardbench.campus.people import services as people
from wardbench.campus.people.roles import Role
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.campus.studies import granting, permits, result_queries, results, services
from wardbench.campus.studies import result_tables as tables
from wardbench.campus.studies.models import AttachedCohort, Permit, Result, Study
from wardbench.campus.studies.result_rules import Act
from wardbench.campus.web.home import page_of
from wardbench.core.disclosure import ReleaseRules
from wardbench.core.errors import BusyError, InputError, NotFoundError

study = test_studies_count.study


@pytest.fixture
def permitted(cast: Cast, study: Study) -> Study:
    approve_study(cast, study)
    return study


def ask(cast: Cast, study: Study, kind: str = "age_sex") -> Result:
    cohort = study.cohorts.get().hash
    return results.ask(study.id, kind, cohort, "An article", by=cast.actor("researcher"))


def approved(cast: Cast, study: Study, kind: str = "age_sex") -> Result:
    found = ask(cast, study, kind)
    results.approve(study.id, found.id, "Nothing to subtract", by=cast.actor("data_steward"))
    return Result.objects.get(id=found.id)


def test_a_small_table_leaves_without_its_small_cells_and_what_gives_them_away(cast: Cast, permitted: Study) -> None:
    found = approved(cast, permitted)
    answer = cast.client("researcher").post(reverse("study_result_download", args=[permitted.id, found.id]))
    assert answer.status_code == 200 and answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        rows = list(csv.reader(io.StringIO(file.read("table.csv").decode())))
        manifest = json.loads(file.read("manifest.json"))
    # Sixty persons: forty women and twenty men, and no man of 60 or older, and no woman below 40.
    assert rows[0] == ["", "Women", "Men", "All"] and rows[-1][-1] == "60"
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["80 years and older"][1] == by_name["18 to 39 years"][0] == "withheld"
    for name, cells in by_name.items():
        assert name == "" or all(cell == "withheld" or (int(cell) % 5 == 0 and int(cell) >= 10) for cell in cells), name
    assert manifest["study"] == permitted.reference and manifest["permit"]["number"] == 1
    assert manifest["snapshot"] == sessions.snapshot("store").version and "10" in manifest["policy"]
    assert manifest["cohorts"][0]["hash"] == permitted.cohorts.get().hash
    assert Event.objects.filter(verb="studies.download_result", study=permitted.reference).count() == 1


@pytest.mark.parametrize("kind", ["counts", "attrition"])
def test_counts_and_attrition_leave_as_multiples_of_five(cast: Cast, permitted: Study, kind: str) -> None:
    table = tables.SafeTable.of(approved(cast, permitted, kind).content)
    assert table.rows[-1][1][0].value == 60
    assert all(cell.value is None or cell.value % 5 == 0 for _, cells in table.rows for cell in cells)


def test_what_is_kept_and_recorded_holds_no_withheld_number(cast: Cast, permitted: Study) -> None:
    found = ask(cast, permitted)
    hidden = [cell for row in found.content["cells"] for cell in row if cell[1]]
    assert hidden and all(cell[0] is None for cell in hidden)
    event = Event.objects.get(verb="studies.ask_result")
    assert event.study == permitted.reference and set(event.detail) == {
        "table", "cohorts", "snapshot", "result", "hash", "withheld",
    }  # fmt: skip


def test_each_is_told_and_the_review_waits_for_data_stewards_alone(cast: Cast, permitted: Study) -> None:
    Notice.objects.all().delete()
    found = ask(cast, permitted)
    steward = cast.actor("data_steward")
    assert [str(one.person_id) for one in Notice.objects.all()] == [steward.id]
    address = reverse("study_result", args=[permitted.id, found.id])
    for key in cast.people:
        waits = [task.address for task in page_of(cast.actor(key))[0]]
        assert (address in waits) == (key == "data_steward"), key
    results.refuse(permitted.id, found.id, "Too fine", by=steward)
    assert Notice.objects.filter(person_id=cast.actor("researcher").id, link=address).exists()
    assert address not in [task.address for task in page_of(steward)[0]]


def test_nothing_is_downloaded_before_it_is_approved_or_after_it_was_refused(cast: Cast, permitted: Study) -> None:
    found, by = ask(cast, permitted), cast.actor("researcher")
    with pytest.raises(ForbiddenError):
        results.download(permitted.id, found.id, by=by)
    results.refuse(permitted.id, found.id, "Too fine", by=cast.actor("data_steward"))
    with pytest.raises(ForbiddenError):
        results.download(permitted.id, found.id, by=by)
    assert not Event.objects.filter(verb="studies.download_result").exists()


def test_nobody_reviews_their_own(cast: Cast, permitted: Study) -> None:
    people.give_role(cast.people["researcher"], Role.DATA_STEWARD, cast.hospital, by=SYSTEM)
    found = ask(cast, permitted)
    with pytest.raises(ForbiddenError, match="Nobody reviews"):
        results.approve(permitted.id, found.id, "Mine is fine", by=cast.actor("researcher"))
    assert result_queries.waiting(cast.actor("researcher")) == []


def test_nobody_reviews_what_they_have_worked_on(cast: Cast, study: Study) -> None:
    services.add_member(study.id, cast.people["data_steward"].id, "statistics", by=cast.actor("researcher"))
    approve_study(cast, study)
    services.remove_member(study.id, cast.people["data_steward"].id, by=cast.actor("researcher"))
    found = ask(cast, study)
    with pytest.raises(ForbiddenError, match="Nobody reviews"):
        results.approve(study.id, found.id, "Fine", by=cast.actor("data_steward"))
    assert result_queries.waiting(cast.actor("data_steward")) == []


@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_a_review_needs_its_reason(cast: Cast, permitted: Study, act: str) -> None:
    found = ask(cast, permitted)
    with pytest.raises(InputError, match="reason"):
        getattr(results, act)(permitted.id, found.id, " ", by=cast.actor("data_steward"))


def test_without_a_permit_nothing_is_asked_for(cast: Cast, study: Study) -> None:
    with pytest.raises(ForbiddenError, match="no permit"):
        ask(cast, study)


def test_the_permit_is_checked_at_asking_at_approving_and_at_downloading(cast: Cast, permitted: Study) -> None:
    officer, steward, by = cast.actor("data_protection"), cast.actor("data_steward"), cast.actor("researcher")
    first, second = ask(cast, permitted), ask(cast, permitted, "counts")
    results.approve(permitted.id, first.id, "Fine", by=steward)
    granting.suspend(permitted.id, "A complaint", by=officer)
    with pytest.raises(ForbiddenError, match="A complaint"):
        ask(cast, permitted, "attrition")
    with pytest.raises(ForbiddenError, match="A complaint"):
        results.approve(permitted.id, second.id, "Fine", by=steward)
    with pytest.raises(ForbiddenError, match="A complaint"):
        results.download(permitted.id, first.id, by=by)
    granting.resume(permitted.id, "It was nothing", by=officer)
    results.approve(permitted.id, second.id, "Fine", by=steward)
    assert results.download(permitted.id, first.id, by=by) == results.download(permitted.id, first.id, by=by)


def test_a_permit_that_was_changed_by_hand_lets_nothing_leave(cast: Cast, permitted: Study) -> None:
    found = approved(cast, permitted)
    permit = Permit.objects.get()
    Permit.objects.filter(id=permit.id).update(content=permit.content | {"cohorts": ["b" * 64]})
    with pytest.raises(ForbiddenError, match="changed"):
        results.download(permitted.id, found.id, by=cast.actor("researcher"))


def test_a_table_that_was_changed_after_its_review_does_not_leave(cast: Cast, permitted: Study) -> None:
    found = approved(cast, permitted)
    found.content["cells"][0][0] = [3, ""]
    Result.objects.filter(id=found.id).update(content=found.content)
    with pytest.raises(InputError, match="changed"):
        results.download(permitted.id, found.id, by=cast.actor("researcher"))


def test_the_same_table_is_not_asked_for_twice_unless_it_was_refused(cast: Cast, permitted: Study) -> None:
    found = ask(cast, permitted)
    counted = Event.objects.filter(verb="counting.count").count()
    with pytest.raises(InputError, match="already"):
        ask(cast, permitted)
    # It was refused after the records had been read, and that stays on the record.
    assert Event.objects.filter(verb="counting.count").count() == counted + 1
    results.take_back(permitted.id, found.id, by=cast.actor("researcher"))
    again = ask(cast, permitted)
    results.refuse(permitted.id, again.id, "Say more", by=cast.actor("data_steward"))
    ask(cast, permitted)


def test_a_table_or_cohort_that_is_none_is_refused(cast: Cast, permitted: Study) -> None:
    by = cast.actor("researcher")
    with pytest.raises(InputError, match="kind"):
        results.ask(permitted.id, "rows", permitted.cohorts.get().hash, "An article", by=by)
    with pytest.raises(InputError, match="cohort"):
        results.ask(permitted.id, "age_sex", "b" * 64, "An article", by=by)


def test_a_table_of_which_nothing_can_leave_is_not_asked_for(
    cast: Cast, permitted: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "RULES", ReleaseRules(threshold=100))
    with pytest.raises(InputError, match="nothing of this table"):
        ask(cast, permitted)
    assert not Result.objects.exists() and not Event.objects.filter(verb="studies.ask_result").exists()


def test_others_do_not_learn_that_there_is_a_result(cast: Cast, permitted: Study) -> None:
    found = approved(cast, permitted)
    address = reverse("study_result", args=[permitted.id, found.id])
    for key in cast.people:
        client, sees = cast.client(key), key in ("researcher", "data_steward")
        assert client.get(address).status_code == (200 if sees else 404), key
        listed = client.get(reverse("study_results", args=[permitted.id]))
        assert (str(found.id) in listed.content.decode()) == sees, key
        if key != "researcher":
            taken = client.post(reverse("study_result_download", args=[permitted.id, found.id]))
            assert taken.status_code == (403 if sees else 404), key
    with pytest.raises(NotFoundError):
        results.download(permitted.id, uuid.uuid4(), by=cast.actor("researcher"))


def test_a_result_by_its_pages(cast: Cast, permitted: Study) -> None:
    researcher, steward = cast.client("researcher"), cast.client("data_steward")
    listed = reverse("study_results", args=[permitted.id])
    assert "Nothing has left yet" in researcher.get(listed).content.decode()
    given = {"kind": "age_sex", "cohort": permitted.cohorts.get().hash, "purpose": "An article"}
    assert "What it is for" in researcher.post(listed, given | {"purpose": ""}).content.decode()
    answer = researcher.post(listed, given)
    found = Result.objects.get()
    assert answer.status_code == 302 and str(found.id) in answer["Location"]
    page = researcher.get(answer["Location"]).content.decode()
    assert "would give a small number away" in page and "Let it leave" not in page
    assert "asked for already" in researcher.post(listed, given).content.decode()
    seen = steward.get(answer["Location"]).content.decode()
    assert "Let it leave" in seen and "Nothing has left this study before" in seen
    act = reverse("study_result_act", args=[permitted.id, found.id, "approve"])
    assert researcher.post(act, {"reason": "Mine"}).status_code == 403
    assert steward.post(act, {"reason": "Nothing to subtract"}).status_code == 302
    assert "Download the table" in researcher.get(answer["Location"]).content.decode()
    other = ask(cast, permitted, "counts")
    review = steward.get(reverse("study_result", args=[permitted.id, other.id])).content.decode()
    assert str(found.id) in review, "who reviews sees what left before"


def test_who_reviews_is_told_of_a_cohort_that_differs_by_few_persons(cast: Cast, permitted: Study) -> None:
    """Sixty persons, and sixty but the four oldest: their tables can be subtracted."""
    everybody = permitted.cohorts.get()
    ask(cast, permitted)
    by = cast.actor("researcher")
    nearly = attached(cast, permitted, "Nearly everybody", 80)
    found = results.ask(permitted.id, "age_sex", nearly, "An article", by=by)
    assert found.content["close"] == [["Nearly everybody", everybody.name]]
    page = cast.client("data_steward").get(reverse("study_result", args=[permitted.id, found.id])).content.decode()
    assert "differ by fewer than ten patients" in page
    both = results.ask(permitted.id, "counts", "", "An article", by=by)
    assert both.content["close"] == [[everybody.name, "Nearly everybody"]]


def test_who_reviews_is_told_of_a_step_of_an_attrition_that_differs_by_few_persons(
    cast: Cast, permitted: Study
) -> None:
    """Everybody enters the second cohort; all but the four oldest are in the first."""
    nearly, half = attached(cast, permitted, "Nearly", 80), attached(cast, permitted, "Half", 50)
    by = cast.actor("researcher")
    first = results.ask(permitted.id, "attrition", half, "An article", by=by)
    assert first.content["close"] == []
    found = results.ask(permitted.id, "age_sex", nearly, "An article", by=by)
    assert found.content["close"] == [["Nearly", "Half (0/1)"]]
    page = cast.client("data_steward").get(reverse("study_result", args=[permitted.id, found.id])).content.decode()
    assert "“Nearly” and “Half (0/1)” differ" in page and "stands for a step of an attrition" in page


def test_a_table_is_counted_before_anything_is_locked(
    cast: Cast, permitted: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(*given: Any) -> Any:
        assert not connection.savepoint_ids, "a long count must not keep everybody from writing"
        return counted(*given)

    counted = sessions.look
    monkeypatch.setattr(sessions, "look", look)
    ask(cast, permitted)


def test_a_table_is_not_kept_where_another_was_asked_for_meanwhile(
    cast: Cast, permitted: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is close to the other was not looked for."""

    def members(*given: Any) -> Any:
        monkeypatch.setattr(sessions, "members", counted)
        ask(cast, permitted, "attrition")
        return counted(*given)

    counted = sessions.members
    monkeypatch.setattr(sessions, "members", members)
    with pytest.raises(BusyError):
        ask(cast, permitted)


def attached(cast: Cast, study: Study, name: str, oldest: int) -> str:
    """The hash of a cohort that a study's permit covers too: persons of `oldest` years at most."""
    by = cast.actor("researcher")
    made = cohort_services.make_cohort(name, by=by, expression=up_to(oldest))
    version = cohort_services.save_version(made.id, cohorts.desk(made, by).revision, by=by)
    permit = Permit.objects.get()
    AttachedCohort.objects.create(study=study, version=version.id, hash=version.hash, name=name)
    content = permit.content | {"cohorts": [*permit.content["cohorts"], version.hash]}
    Permit.objects.filter(id=permit.id).update(content=content, hash=permits.hash_of(content))
    return str(version.hash)


def up_to(oldest: int) -> dict[str, Any]:
    """`expression`, of persons of so many years at most."""
    made = copy.deepcopy(expression())
    made["InclusionRules"] = [
        {
            "name": "Not the oldest",
            "expression": {
                "Type": "ALL",
                "CriteriaList": [],
                "DemographicCriteriaList": [{"Age": {"Value": oldest, "Op": "lte"}}],
                "Groups": [],
            },
        }
    ]
    return made


def test_who_looked_before_another_reviewed_comes_too_late(
    cast: Cast, permitted: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, steward = ask(cast, permitted), cast.actor("data_steward")
    looked = result_queries.allowed(permitted.id, found.id, Act.REFUSE, by=steward)
    results.approve(permitted.id, found.id, "Fine", by=steward)
    monkeypatch.setattr(result_queries, "allowed", lambda *_given, **_by: looked)
    with pytest.raises(BusyError):
        results.refuse(permitted.id, found.id, "Too fine", by=steward)
    assert Result.objects.get().status == "approved"


@pytest.mark.django_db(transaction=True)
def test_of_two_reviews_at_once_one_wins(request: pytest.FixtureRequest) -> None:
    cast = request.getfixturevalue("cast")
    permitted = request.getfixturevalue("permitted")
    found = ask(cast, permitted)
    second = people.add_person("steward2@test.example", "Second steward", by=SYSTEM)
    people.give_role(second, Role.DATA_STEWARD, cast.hospital, by=SYSTEM)
    cast.people["steward2"] = second
    stewards = [cast.actor("data_steward"), cast.actor("steward2")]
    together, outcomes = threading.Barrier(2), []

    def review(act: object, by: object) -> None:
        together.wait()
        try:
            act(permitted.id, found.id, "Looked at", by=by)  # type: ignore[operator]
            outcomes.append("done")
        except (BusyError, ForbiddenError):
            outcomes.append("late")
        finally:
            connections.close_all()

    acts = [results.approve, results.refuse]
    threads = [threading.Thread(target=review, args=pair) for pair in zip(acts, stewards, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "late"]
    reviews = Event.objects.filter(verb__in=["studies.approve_result", "studies.refuse_result"])
    assert [event.verb.split(".")[1].split("_")[0] for event in reviews] == [
        {"approved": "approve", "refused": "refuse"}[Result.objects.get().status]
    ]


def test_what_would_give_a_small_number_away_is_withheld_too(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = np.array([[40, 4], [90, 112], [30, 50], [60, 70], [20, 25]])
    monkeypatch.setattr(sessions, "by_age_and_sex", lambda place, definition: AgeBySex(exact, False))
    table = tables.age_by_sex(whom(Purpose.RESEARCH), definition())
    assert table.columns == ("Women", "Men", "All") and [name for name, _ in table.rows][-1] == "All"
    why = [[cell.why for cell in cells] for _, cells in table.rows]
    assert why[0] == ["beside", "small", ""] and why[4] == ["beside", "beside", ""]
    assert [[cell.value for cell in cells] for _, cells in table.rows][1] == [90, 110, 200]
    assert table.withheld == 4


def test_no_spreadsheet_takes_a_name_for_a_formula() -> None:
    table = tables.SafeTable(("Persons",), (("=HYPERLINK(1)", (tables.Cell(10),)),))
    with zipfile.ZipFile(io.BytesIO(tables.archive(table, {}))) as file:
        assert "'=HYPERLINK" in file.read("table.csv").decode()
