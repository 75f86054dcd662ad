"""Counting in a study: exact, for those whom the permit names, of the cohorts that it names, as long as it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

import small_hospital
from campus.cast import Cast
from campus.test_counting import expression
from campus.test_studies import ORDER, completed, decide
from wardbench.campus.audit.models import Event
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.cohorts import services as cohort_services
from wardbench.campus.counting import sessions
from wardbench.campus.counting.permitted import permitted_for
from wardbench.campus.counting.purposes import whom
from wardbench.campus.counting.rules import Purpose
from wardbench.campus.studies import granting, services
from wardbench.campus.studies.models import Study


@pytest.fixture
def study(cast: Cast, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study that is complete and not submitted, with a cohort of everybody in a small hospital."""
    small_hospital.build(tmp_path / "store")
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, store=str(tmp_path / "store"))
    monkeypatch.setattr(sessions, "_sessions", {})
    by = cast.actor("researcher")
    cohort = cohort_services.make_cohort("Everybody", by=by, expression=expression())
    version = cohort_services.save_version(cohort.id, cohorts.desk(cohort, by).revision, by=by)
    found = completed(cast)
    found.cohorts.all().delete()
    services.attach_cohort(found.id, version.id, by=by)
    return found


def approve(cast: Cast, study: Study) -> None:
    services.submit(study.id, by=cast.actor("researcher"))
    for step, key in ORDER:
        decide(cast, study, step, key)


def page(cast: Cast, study: Study, key: str = "researcher") -> tuple[int, str]:
    answer = cast.client(key).get(f"/studies/{study.id}/cohorts/{study.cohorts.get().hash}/")
    return answer.status_code, answer.content.decode()


def test_there_is_no_count_before_there_is_a_permit(cast: Cast, study: Study) -> None:
    status, shown = page(cast, study)
    assert status == 200 and "no permit yet" in shown and "persons in the cohort" not in shown
    assert not Event.objects.filter(verb="counting.count").exists()


def test_under_a_permit_the_count_is_exact_and_on_the_record(cast: Cast, study: Study) -> None:
    approve(cast, study)
    definition = cohorts.definition_of(cohorts.version(study.cohorts.get().version))
    persons = sessions.look(whom(Purpose.RESEARCH), definition).persons
    status, shown = page(cast, study)
    assert status == 200 and f'app-number-big">{persons:,}<' in shown
    assert Event.objects.get(verb="counting.count").study == study.reference


def test_nobody_counts_whom_the_permit_does_not_name(cast: Cast, study: Study) -> None:
    approve(cast, study)
    for key in cast.people:
        if key == "researcher":
            continue
        status, shown = page(cast, study, key)
        assert status in (200, 404) and "persons in the cohort" not in shown, key
    assert not Event.objects.filter(verb="counting.count").exists()


def test_a_revoked_permit_counts_nothing_more(cast: Cast, study: Study) -> None:
    approve(cast, study)
    granting.revoke(study.id, "A complaint", by=cast.actor("data_protection"))
    status, shown = page(cast, study)
    assert status == 200 and "persons in the cohort" not in shown and "A complaint" in shown, shown


def test_another_cohort_is_not_counted(cast: Cast, study: Study) -> None:
    approve(cast, study)
    assert cast.client("researcher").get(f"/studies/{study.id}/cohorts/{'b' * 64}/").status_code == 404


def builder(cast: Cast, study: Study, key: str = "researcher") -> tuple[Any, str]:
    """A browser in which this study was chosen to count in, and the address of the page where its cohort is built."""
    client = cast.client(key)
    address = f"/cohorts/{cohorts.version(study.cohorts.get().version).cohort_id}/build/"
    client.post(f"{address}mode/", {"mode": f"study:{study.reference}"})
    return client, address


def test_the_builder_counts_exactly_what_the_permit_covers(cast: Cast, study: Study) -> None:
    client, address = builder(cast, study)
    assert f"study:{study.reference}" not in client.get(address).content.decode(), "there is no permit yet"
    approve(cast, study)
    client, address = builder(cast, study)
    definition = cohorts.definition_of(cohorts.version(study.cohorts.get().version))
    persons = sessions.look(whom(Purpose.RESEARCH), definition).persons
    shown = client.get(address).content.decode()
    assert f'id="persons">{persons:,}<' in shown and f"Study {study.reference}</p>" in shown
    assert Event.objects.get(verb="counting.count").study == study.reference


def test_the_builder_counts_nothing_that_was_changed_and_records_nothing(cast: Cast, study: Study) -> None:
    approve(cast, study)
    client, address = builder(cast, study)
    cohort = cohorts.version(study.cohorts.get().version).cohort
    revision = cohorts.desk(cohort, cast.actor("researcher")).revision
    client.post(f"{address}change/", {"do": "add-person", "revision": revision})
    before = Event.objects.filter(verb="counting.count").count()
    shown = client.get(address).content.decode()
    assert "does not cover this cohort as it is now" in shown and 'id="persons"' not in shown
    assert Event.objects.filter(verb="counting.count").count() == before


def test_a_permit_that_is_suspended_leaves_the_builder_at_once(cast: Cast, study: Study) -> None:
    approve(cast, study)
    client, address = builder(cast, study)
    granting.suspend(study.id, "A complaint", by=cast.actor("data_protection"))
    shown = client.get(address).content.decode()
    assert f"Study {study.reference}" not in shown and 'id="persons"' not in shown
    assert not Event.objects.filter(verb="counting.count").exists()


def test_nobody_else_can_choose_to_count_in_the_study(cast: Cast, study: Study) -> None:
    approve(cast, study)
    for key in cast.people:
        studies = [one.study for one in permitted_for(cast.actor(key))]
        assert studies == ([study.reference] if key == "researcher" else []), key
    steward = cast.client("data_steward")
    steward.post(
        f"/cohorts/{cohorts.version(study.cohorts.get().version).cohort_id}/build/mode/",
        {"mode": f"study:{study.reference}"},
    )
    assert not Event.objects.filter(verb="counting.count").exists()
