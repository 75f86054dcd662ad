"""Cohorts: drafts that lose nothing, versions that never change, and who sees them."""

from __future__ import annotations

import re
import threading
import uuid
from typing import Any

import pytest
from django.db import connections

from campus.cast import Cast
from wardbench.campus.api.services import make_key
from wardbench.campus.audit.queries import history
from wardbench.campus.cohorts import explained, home, queries, rules, services
from wardbench.campus.cohorts.models import Cohort, Step
from wardbench.campus.cohorts.services import Shown
from wardbench.campus.people import services as people
from wardbench.campus.people.rules import SYSTEM, ForbiddenError
from wardbench.core.errors import BusyError, InputError, NotFoundError, UnsupportedError
from wardbench.ward.cohorts.editing import (
    ConceptItems,
    Entry,
    Event,
    Number,
    Person,
    Rule,
    Working,
    add_entry,
    add_rule,
    new_concept_set,
    new_definition,
    remove_rule,
    switch_rule,
)


def expression(*names: str) -> dict[str, Any]:
    """A definition of diabetes, with a rule of each name."""
    work, number = new_concept_set(new_definition(), "Type 2 diabetes", [ConceptItems(201826, "Type 2 diabetes")])
    work = add_entry(work, Entry(Event("condition", number)))
    for name in names:
        work = add_rule(work, Rule.asking(name, Person(Number("gte", 18))))
    return work.expression


def with_women(work: Working, name: str) -> Working:
    return add_rule(work, Rule.asking(name, Person(sex=8532)))


def made(cast: Cast, *names: str, by: str = "researcher") -> Cohort:
    """A cohort with one version, which has a rule of each name."""
    cohort = services.make_cohort("Diabetes", by=cast.actor(by), expression=expression(*names))
    services.save_version(cohort.id, 0, by=cast.actor(by), shown=Shown("120", 120, "sandbox", "v1"))
    return cohort


def test_a_new_cohort_is_empty_and_is_no_version_before_it_says_something(cast: Cast) -> None:
    by = cast.actor("researcher")
    cohort = services.make_cohort("  New   cohort ", by=by)
    assert cohort.name == "New cohort"
    with pytest.raises(InputError, match="nothing can start the cohort"):
        services.save_version(cohort.id, 0, by=by)
    assert queries.latest(cohort) is None and queries.desk(cohort, by).revision == 0


def test_what_is_given_has_to_be_a_definition(cast: Cast) -> None:
    by = cast.actor("researcher")
    with pytest.raises(UnsupportedError, match=r"PrimaryCriteria\.Unknown: not supported"):
        given = expression()
        services.make_cohort(
            "x", by=by, expression={**given, "PrimaryCriteria": {**given["PrimaryCriteria"], "Unknown": 1}}
        )
    assert not Cohort.objects.exists()


def test_every_change_is_kept_and_undone_one_by_one(cast: Cast) -> None:
    by = cast.actor("researcher")
    cohort = made(cast, "a")
    desk = queries.desk(cohort, by)
    assert (desk.revision, desk.draft, desk.based_on) == (0, None, 1)
    for name in "bcd":
        desk = queries.desk(cohort, by)
        services.change_draft(cohort.id, with_women(desk.working, name), desk.revision, by=by)

    def names() -> list[str]:
        return [rule["name"] for rule, _ in queries.desk(cohort, by).working.rules()]

    assert names() == ["a", "b", "c", "d"]
    for left in (["a", "b", "c"], ["a", "b"]):
        services.undo(cohort.id, queries.desk(cohort, by).revision, by=by)
        assert names() == left
    services.undo(cohort.id, queries.desk(cohort, by).revision, by=by, steps=1)
    assert names() == ["a", "b", "c"]
    desk = queries.desk(cohort, by)
    assert desk.can_undo and desk.can_redo
    services.change_draft(cohort.id, remove_rule(desk.working, 0), desk.revision, by=by)
    desk = queries.desk(cohort, by)
    assert names() == ["b", "c"] and not desk.can_redo, "what was undone is gone after another change"
    with pytest.raises(InputError, match="nothing to redo"):
        services.undo(cohort.id, desk.revision, by=by, steps=1)


def test_steps_are_bounded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_STEPS", 3)
    by = cast.actor("researcher")
    cohort = made(cast, "a")
    for _ in range(8):
        desk = queries.desk(cohort, by)
        services.change_draft(cohort.id, switch_rule(desk.working, 0), desk.revision, by=by)
    assert Step.objects.count() == 4
    for _ in range(3):
        services.undo(cohort.id, queries.desk(cohort, by).revision, by=by)
    assert not queries.desk(cohort, by).can_undo
    with pytest.raises(InputError, match="nothing to undo"):
        services.undo(cohort.id, queries.desk(cohort, by).revision, by=by)


def test_two_windows_do_not_overwrite_each_other(cast: Cast) -> None:
    by = cast.actor("researcher")
    cohort = made(cast, "a")
    desk = queries.desk(cohort, by)
    services.change_draft(cohort.id, switch_rule(desk.working, 0), desk.revision, by=by)
    with pytest.raises(BusyError, match="another window"):
        services.change_draft(cohort.id, remove_rule(desk.working, 0), desk.revision, by=by)
    assert len(queries.desk(cohort, by).working.rules()) == 1


def test_a_version_has_its_hash_its_author_and_what_was_shown(cast: Cast) -> None:
    cohort = made(cast, "a")
    version = queries.version_of(cohort, 1)
    assert (version.author, version.figure, version.value, version.mode, version.snapshot) == (
        cast.people["researcher"], "120", 120, "sandbox", "v1",
    )  # fmt: skip
    assert queries.version(version.id) == version
    assert list(queries.versions_of(version.hash)) == [version]
    assert queries.definition_of(version).rule_names == ("a",)
    other = made(cast, "a", by="researcher2")
    assert list(queries.versions_of(version.hash)) == [version, queries.latest(other)]
    assert made(cast, "b").versions.get().hash != version.hash
    assert [event.verb for event in history("cohort", cohort.id)] == ["cohorts.make", "cohorts.save"]


@pytest.mark.parametrize("wrong", [uuid.uuid4(), "nothing"])
def test_a_version_that_is_not_there_is_not_found(cast: Cast, wrong: object) -> None:
    with pytest.raises(NotFoundError):
        queries.version(wrong)


def test_nothing_changed_is_no_version(cast: Cast) -> None:
    by = cast.actor("researcher")
    cohort = made(cast, "a")
    with pytest.raises(InputError, match="Nothing has been changed"):
        services.save_version(cohort.id, 0, by=by)
    desk = queries.desk(cohort, by)
    services.change_draft(cohort.id, switch_rule(desk.working, 0), desk.revision, by=by)
    desk = queries.desk(cohort, by)
    services.change_draft(cohort.id, switch_rule(desk.working, 0), desk.revision, by=by)
    with pytest.raises(InputError, match="Nothing has been changed since version 1"):
        services.save_version(cohort.id, queries.desk(cohort, by).revision, by=by)


def test_a_rule_that_is_off_is_not_saved_and_not_lost(cast: Cast) -> None:
    by = cast.actor("researcher")
    cohort = made(cast, "a", "b")
    desk = queries.desk(cohort, by)
    services.change_draft(cohort.id, switch_rule(desk.working, 0), desk.revision, by=by)
    version = services.save_version(cohort.id, queries.desk(cohort, by).revision, by=by)
    assert queries.definition_of(version).rule_names == ("b",)
    desk = queries.desk(cohort, by)
    assert desk.based_on == 2 and [(r["name"], on) for r, on in desk.working.rules()] == [("a", False), ("b", True)]


def test_somebody_elses_version_is_not_covered_unseen(cast: Cast) -> None:
    owner, colleague = cast.actor("researcher"), cast.actor("researcher2")
    cohort = made(cast, "a")
    services.share(cohort.id, by=owner, person=cast.people["researcher2"], may_edit=True)
    for by, name in ((owner, "b"), (colleague, "c")):
        desk = queries.desk(cohort, by)
        services.change_draft(cohort.id, with_women(desk.working, name), desk.revision, by=by)
    services.save_version(cohort.id, 1, by=colleague)
    with pytest.raises(BusyError, match="Researcher2 saved version 2"):
        services.save_version(cohort.id, 1, by=owner)
    with pytest.raises(BusyError, match="Researcher2 saved version 2"):
        services.save_version(cohort.id, 1, by=owner, over=1)
    assert services.save_version(cohort.id, 1, by=owner, over=2).number == 3


def test_letting_go_of_a_draft_leads_back_to_the_version(cast: Cast) -> None:
    by = cast.actor("researcher")
    cohort = made(cast, "a")
    desk = queries.desk(cohort, by)
    services.change_draft(cohort.id, remove_rule(desk.working, 0), desk.revision, by=by)
    services.discard_draft(cohort.id, by=by)
    assert len(queries.desk(cohort, by).working.rules()) == 1
    with pytest.raises(InputError, match="no changes"):
        services.discard_draft(cohort.id, by=by)
    with pytest.raises(InputError, match="no version to go back to"):
        services.discard_draft(services.make_cohort("new", by=by).id, by=by)


def test_a_cohort_is_seen_by_those_it_is_shared_with(cast: Cast) -> None:
    owner = cast.actor("researcher")
    cohort = made(cast, "a")
    everybody = set(cast.people)

    def seen_by() -> set[str]:
        listed = {key for key in everybody if cohort in queries.visible(cast.actor(key))}
        for key in everybody:
            try:
                queries.seen(cohort.id, cast.actor(key))
                assert key in listed
            except NotFoundError:
                assert key not in listed
        return listed

    assert seen_by() == {"researcher"}
    services.share(cohort.id, by=owner, person=cast.people["partner"])
    assert seen_by() == {"researcher", "partner"}
    services.share(cohort.id, by=owner, unit=cast.endocrinology)
    assert seen_by() == {"researcher", "partner", "physician"}
    services.unshare(cohort.id, by=owner, person=cast.people["partner"])
    with pytest.raises(BusyError):
        services.unshare(cohort.id, by=owner, person=cast.people["partner"])
    services.share(cohort.id, by=owner)
    assert seen_by() == everybody - {"partner", "nobody"}
    services.unshare(cohort.id, by=owner)
    assert seen_by() == {"researcher", "physician"}


def test_readers_change_nothing_and_editors_share_nothing(cast: Cast) -> None:
    owner = cast.actor("researcher")
    cohort = made(cast, "a")
    services.share(cohort.id, by=owner, unit=cast.endocrinology)
    services.share(cohort.id, by=owner, person=cast.people["student"], may_edit=True)
    work = queries.desk(cohort, owner).working
    with pytest.raises(ForbiddenError, match="make a copy"):
        services.change_draft(cohort.id, switch_rule(work, 0), 0, by=cast.actor("physician"))
    services.change_draft(cohort.id, switch_rule(work, 0), 0, by=cast.actor("student"))
    assert queries.desk(cohort, owner).draft is None, "a draft is of one person"
    for verb in (services.archive, services.share):
        with pytest.raises(ForbiddenError, match="Only the owner"):
            verb(cohort.id, by=cast.actor("student"))
    with pytest.raises(NotFoundError):
        services.change_draft(cohort.id, work, 0, by=cast.actor("researcher2"))


def test_an_archived_cohort_rests_until_its_owner_brings_it_back(cast: Cast) -> None:
    owner = cast.actor("researcher")
    cohort = made(cast, "a")
    services.archive(cohort.id, by=owner)
    assert cohort not in queries.find(owner) and cohort in queries.find(owner, archived=True)
    with pytest.raises(ForbiddenError, match="archived"):
        services.change_draft(cohort.id, Working(expression("b")), 0, by=owner)
    assert queries.version_of(cohort, 1).hash, "its versions are still there for what refers to them"
    services.restore(cohort.id, by=owner)
    assert cohort in queries.find(owner)


def test_whoever_sees_a_cohort_copies_it(cast: Cast) -> None:
    owner, other = cast.actor("researcher"), cast.actor("researcher2")
    cohort = made(cast, "a")
    version = queries.version_of(cohort, 1)
    with pytest.raises(NotFoundError):
        services.copy_cohort(version, by=other)
    services.share(cohort.id, by=owner)
    copy = services.copy_cohort(version, by=other)
    assert copy.owner == cast.people["researcher2"]
    saved = services.save_version(copy.id, 0, by=other)
    assert saved.hash == version.hash
    assert queries.seen(copy.id, other).standing == "owner"


@pytest.mark.parametrize("key", ["partner", "nobody"])
def test_who_may_not_make_makes_none(cast: Cast, key: str) -> None:
    with pytest.raises(ForbiddenError):
        services.make_cohort("x", by=cast.actor(key))


def test_a_definition_has_a_largest_size(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LARGEST", 1000)
    with pytest.raises(InputError, match="longer than 1,000"):
        services.make_cohort("x", by=cast.actor("researcher"), expression=expression(*"abcdef"))


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_at_once_one_is_kept(cast: Cast) -> None:
    by = cast.actor("researcher")
    cohort = made(cast, "a")
    desk = queries.desk(cohort, by)
    together = threading.Barrier(2)
    results: list[str] = []

    def work(name: str) -> None:
        try:
            together.wait()
            changed = with_women(desk.working, name)
            services.change_draft(cohort.id, changed, desk.revision, by=by)
            results.append("kept")
        except BusyError:
            results.append("refused")
        except BaseException as error:  # pragma: no cover
            results.append(repr(error))
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work, args=(name,)) for name in "bc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(results) == ["kept", "refused"]
    assert len(queries.desk(cohort, by).working.rules()) == 2


def test_every_action_of_the_table_is_a_verb() -> None:
    verbs = {"edit": services.change_draft, "save": services.save_version}
    for action in rules.ACTIONS:
        assert hasattr(verbs.get(action) or getattr(services, action), "verb")


def test_why_somebody_may_do_what_with_a_cohort_can_be_asked(cast: Cast) -> None:
    cohort = made(cast, "a")
    owner, other = cast.actor("researcher"), cast.actor("researcher2")
    assert [one.id for one in explained.find(owner, "diab")] == [str(cohort.id)]
    assert [one.id for one in explained.find(owner, str(cohort.id))] == [str(cohort.id)]
    assert explained.find(other, "diab") == [] and explained.find(other, str(cohort.id)) == []
    assert [bool(one.verdict) for one in explained.answers(owner, str(cohort.id))] == [True] * 6 + [False]
    assert not any(one.verdict for one in explained.answers(other, str(cohort.id)))
    assert explained.answers(owner, "x") == [] and explained.answers(owner, str(uuid.uuid4())) == []


def test_home_shows_what_was_worked_on_last(cast: Cast) -> None:
    assert (empty := home.my_cohorts(cast.actor("researcher"))) is not None and not empty.entries
    cohort = made(cast, "a")
    panel = home.my_cohorts(cast.actor("researcher"))
    assert panel is not None and [(one.title, one.tag) for one in panel.entries] == [("Diabetes", "")]
    services.change_draft(cohort.id, Working(expression("b")), 0, by=cast.actor("researcher"))
    panel = home.my_cohorts(cast.actor("researcher"))
    assert panel is not None and panel.entries[0].tag
    assert home.my_cohorts(cast.actor("partner")) is None
    assert [hit.title for hit in home.find_cohorts(cast.actor("researcher"), "diab", 5)] == ["Diabetes"]
    assert home.find_cohorts(cast.actor("researcher2"), "diab", 5) == []


def test_an_exact_figure_is_for_those_alone_who_may_count_so(cast: Cast) -> None:
    """A data steward counts exactly, saves and shares with everybody: the definition is shared, no figure of it."""
    by = cast.actor("data_steward")
    cohort = services.make_cohort("Very rare", by=by, expression=expression("a"))
    services.save_version(cohort.id, 0, by=by, shown=Shown("61734", 61734, "stewardship", "v1"))
    work = with_women(queries.desk(cohort, by).working, "b")
    draft = services.change_draft(cohort.id, work, 0, by=by)
    services.save_version(cohort.id, draft.revision, by=by, shown=Shown("61731", 61731, "stewardship", "v1"))
    services.share(cohort.id, by=by)
    asked = ("/cohorts/", "/", f"/cohorts/{cohort.id}/history/", f"/cohorts/{cohort.id}/", "/search/?q=rare")

    def pages(key: str) -> str:
        client = cast.client(key)
        _key, secret = make_key("for a test", ["read"], 1, by=cast.actor(key))
        bearer = {"authorization": f"Bearer {secret}"}
        told = [client.get(path) for path in asked]
        told.append(client.get(f"/api/cohorts/{cohort.id}/versions", headers=bearer))
        assert {one.status_code for one in told} == {200}
        return " ".join(one.content.decode() for one in told)

    for key in ("researcher", "student", "ethics"):
        shown = pages(key)
        assert "Very rare" in shown and not re.search("61,?73|-3<", shown), key
    shown = pages("data_steward")
    assert "61,734" in shown or "61734" in shown
    assert "-3<" in shown


def test_whose_roles_have_all_ended_does_nothing_more_with_their_cohorts(cast: Cast) -> None:
    cohort, by = made(cast, "a"), cast.actor("researcher")
    services.share(cohort.id, by=by, person=cast.people["researcher2"], may_edit=True)
    for key in ("researcher", "researcher2"):
        assert queries.visible(cast.actor(key))
        people.end_role(cast.people[key].affiliations.get(), by=SYSTEM)
        by = cast.actor(key)
        assert not queries.visible(by)
        doing = (
            lambda by=by: services.share(cohort.id, by=by),
            lambda by=by: services.rename(cohort.id, "Another", "", by=by),
            lambda by=by: services.change_draft(cohort.id, with_women(Working(expression()), "w"), 0, by=by),
        )
        for do in doing:
            with pytest.raises(NotFoundError):
                do()
