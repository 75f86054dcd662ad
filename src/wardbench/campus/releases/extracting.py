"""The verbs on extracts of data: ask, review, make, download, recall. The permit is asked at each, as it is then."""

from __future__ import annotations

import dataclasses
import datetime
import logging
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wardbench.campus.audit.services import record, record_for_good, verb
from wardbench.campus.biobank import withdrawing
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.counting import sessions
from wardbench.campus.counting.purposes import whom
from wardbench.campus.counting.rules import Purpose
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import actor_of, holders
from wardbench.campus.people.refusals import reason as reason_of
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import SYSTEM, Actor, ForbiddenError, Verdict, no
from wardbench.campus.releases import extract_queries, extract_rules
from wardbench.campus.releases.extract_rules import Act, Status
from wardbench.campus.releases.models import Extract, ExtractPerson
from wardbench.campus.releases.moves import reasoned
from wardbench.campus.releases.request_queries import team_of
from wardbench.campus.studies import permits
from wardbench.campus.studies.models import AttachedCohort, Permit, Study
from wardbench.campus.studies.permits import Use
from wardbench.campus.studies.permits import Wanted as Used
from wardbench.core.errors import BusyError, InputError, NotFoundError, WardbenchError
from wardbench.core.pseudonyms import Pseudonymiser
from wardbench.core.store.files import sha256_of, sync
from wardbench.ward.cohorts.editing import content_hash
from wardbench.ward.extracts import ARCHIVE, Dates, Format, People, Wanted, hash_of, write_extract

log = logging.getLogger("wardbench.extracts")
KEY_VERSION = 1
"""The version of the campus's master key of pseudonyms."""
NO_PERMIT = gettext_noop("This study has no permit that holds.")
OPTED_OUT = gettext_noop("Somebody whose data are in it does not allow it any more.")
PERMIT_ENDED = gettext_noop("The permit does not hold any more.")


def folder() -> Path:
    """Where extracts lie, each in a folder of its own."""
    if settings.CAMPUS_FOLDER is not None:
        return Path(settings.CAMPUS_FOLDER) / "extracts"
    return Path(tempfile.gettempdir()) / f"wardbench-extracts-{settings.SECRET_KEY[:8]}"


def names_of(study: Study) -> Pseudonymiser:
    """The names of a study's patients: no other study's key makes the same."""
    return Pseudonymiser({KEY_VERSION: settings.CAMPUS_KEYS["pseudonym"]}, str(study.id))


def allowed(study: Study, by: Actor, cohort: str) -> Verdict:
    """Whether the permit that holds lets somebody have data of single patients of a cohort now."""
    permit = permits.holding(study)
    return no(NO_PERMIT) if permit is None else permits.check(permit, by, Used(Use.DATA, cohort=cohort))


def stopped(found: Extract, by: Actor) -> Verdict | None:
    """Why an extract that is ready cannot be downloaded now, by whoever looks or, where that is nobody of the team, by
    whoever asked for it; None where it can, and where it is not ready."""
    if found.status != Status.DELIVERED:
        return None
    reader = by if by.id in team_of(found.study) else actor_of(found.by)
    verdict = allowed(found.study, reader, found.cohort)
    return None if verdict else verdict


def tables_of(study: Study) -> list[str]:
    """The tables that the permit names; none where it names none."""
    permit = permits.holding(study)
    return list(permit.content["tables"]) if permit is not None else []


@verb("releases.ask_extract")
def ask(study_id: uuid.UUID, cohort: str, wanted: Wanted, purpose: str, *, by: Actor) -> Extract:
    """Ask for an extract of a cohort, by its content hash, under the permit that holds; a data steward is told.

    ForbiddenError where the permit does not allow it; InputError for a table that it does not name, for dates that
    cannot be moved within its period, or no purpose.
    """
    study = extract_queries.study(study_id, by=by)
    extract_rules.may_ask(by, team_of(study)).require()
    allowed(study, by, cohort).require()
    permit = permits.holding(study)
    if permit is None:
        raise ForbiddenError(no(NO_PERMIT))
    outside = sorted(set(wanted.tables) - set(permit.content["tables"]))
    if outside:
        raise InputError(_("tables: the permit does not name {table}.").format(table=outside[0]))
    _within(permit, wanted)
    _definition(study, cohort)
    asked = {
        "purpose": reasoned(purpose, _("purpose: say what the data are for.")),
        "tables": {table: list(columns) for table, columns in wanted.tables.items()},
        "dates": wanted.dates.value,
        "format": wanted.format.value,
    }
    made = Extract.objects.create(
        study=study, permit=permit, cohort=cohort, snapshot=sessions.snapshot("store").version, asked=asked,
        by_id=uuid.UUID(by.id),
    )  # fmt: skip
    record(
        "releases.ask_extract", "extract", made.id, by=by, study=study.reference, cohort=cohort, asked=asked,
        permit=permit.hash,
    )  # fmt: skip
    reviewers = [one.id for one in holders(Role.DATA_STEWARD) if str(one.id) not in team_of(study)]
    _tell(reviewers, gettext_noop("An extract of data for study {reference} waits for your review."), made, by)
    return made


def _definition(study: Study, cohort: str) -> Any:
    """The definition of a cohort of a study, which is still what its hash says."""
    one = AttachedCohort.objects.filter(study=study, hash=cohort).first()
    if one is None:
        raise NotFoundError(_("The study has no such cohort."))
    definition = cohorts.definition_of(cohorts.version(one.version))
    if content_hash(definition) != cohort:
        raise InputError(_("cohort: it is not what was attached; it was changed."))
    return definition


@verb("releases.approve_extract")
def approve(extract_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Let an extract be made; the permit has to hold still for whoever asked."""
    found = _allowed(extract_id, Act.APPROVE, by)
    allowed(found.study, actor_of(found.by), found.cohort).require()
    _review(found, Status.APPROVED, reason, by)
    record("releases.approve_extract", "extract", found.id, by=by, study=found.study.reference, why=reason.strip())


@verb("releases.refuse_extract")
def refuse(extract_id: uuid.UUID, reason: str, *, by: Actor) -> None:
    """Refuse an extract, with the reason."""
    found = _allowed(extract_id, Act.REFUSE, by)
    _review(found, Status.REFUSED, reason, by)
    record("releases.refuse_extract", "extract", found.id, by=by, study=found.study.reference, why=reason.strip())
    _tell([found.by_id], gettext_noop("An extract of data for study {reference} was refused."), found, by)


@verb("releases.take_back_extract")
def take_back(extract_id: uuid.UUID, *, by: Actor) -> None:
    """Take a request back before it is made."""
    found = _allowed(extract_id, Act.WITHDRAW, by)
    _to(found, Status.WITHDRAWN)
    record("releases.take_back_extract", "extract", found.id, by=by, study=found.study.reference)


def _allowed(extract_id: uuid.UUID, act: Act, by: Actor) -> Extract:
    found = extract_queries.extract(extract_id, by=by)
    extract_rules.may_act(by, act, extract_queries.facts_of(found)).require()
    return found


def _review(found: Extract, to: Status, reason: str, by: Actor) -> None:
    _to(found, to, reason=reasoned(reason), reviewed=timezone.now(), reviewed_by_id=uuid.UUID(by.id))


def _to(found: Extract, to: Status, **values: Any) -> None:
    if Extract.objects.filter(id=found.id, status=found.status).update(status=to.value, **values) != 1:
        raise BusyError(_("Somebody changed this extract at the same moment; load the page again."))
    found.refresh_from_db()


def make(extract_id: uuid.UUID) -> Extract:
    """Make an extract that was approved. A process that is killed leaves it approved, to be made again, and no files
    but those that the next try removes: the folder gets its name when it is whole, and is an extract once that is
    written down."""
    found = Extract.objects.select_related(*extract_queries.RELATED).get(id=extract_id)
    try:
        allowed(found.study, actor_of(found.by), found.cohort).require()
        definition, wanted = _definition(found.study, found.cohort), _wanted(found)
        snapshot = sessions.snapshot("store")
        ids, days = sessions.members(whom(Purpose.RESEARCH), definition)
        if sessions.snapshot("store").version != snapshot.version:
            raise BusyError(_("The store was loaded anew at this moment."))
        people = People(ids, days)
        place = folder() / str(found.id)
        new = folder() / f".new-{found.id}"
        for old in (place, new):
            shutil.rmtree(old, ignore_errors=True)
        about = {
            "extract": str(found.id),
            "study": found.study.reference,
            "permit": {"number": found.permit.number, "hash": found.permit.hash},
            "cohort": found.cohort,
            "made": timezone.now().isoformat(timespec="seconds"),
        }
        manifest = write_extract(snapshot, people, wanted, names_of(found.study), about, new)
        manifest["archive"] = {"file": ARCHIVE, "sha256": sha256_of(new / ARCHIVE)}
        new.replace(place)
        sync(folder())
    except BusyError:
        raise
    except WardbenchError as error:
        fail(found, reason_of(error.verdict) if isinstance(error, ForbiddenError) else str(error), by=SYSTEM)
        return found
    try:
        deliver(found, manifest, people.persons.tolist(), by=SYSTEM)
    except BaseException:
        shutil.rmtree(folder() / str(found.id), ignore_errors=True)
        raise
    return found


def _wanted(found: Extract) -> Wanted:
    """What was asked, as far as the permit that holds now names it; InputError where it names less by now."""
    permit = permits.holding(found.study)
    assert permit is not None, "the permit was looked at just now"
    asked = found.asked
    if not set(asked["tables"]) <= set(permit.content["tables"]):
        raise InputError(gettext_noop("The permit names fewer tables by now; ask again."))
    return _within(permit, Wanted(asked["tables"], Dates(asked["dates"]), Format(asked["format"])))


def _within(permit: Permit, wanted: Wanted) -> Wanted:
    """What is wanted of the days that a permit names; InputError where these are too few for it."""
    since, until = (datetime.date.fromisoformat(day) if day else None for day in permit.content.get("period", ("", "")))
    return dataclasses.replace(wanted, since=since, until=until)


@verb("releases.deliver_extract")
def deliver(found: Extract, manifest: dict[str, Any], persons: list[int], *, by: Actor) -> None:
    """Write down that an extract is whole, and whose data are in it. BusyError where somebody of them opted out since:
    it is made again then."""
    sealed = hash_of(manifest)
    # The head of the record is locked from here on: an opt-out is either seen now, or finds this extract.
    record(
        "releases.deliver_extract", "extract", found.id, by=by, study=found.study.reference, hash=sealed,
        archive=manifest["archive"]["sha256"], persons=len(persons), snapshot=manifest["snapshot"],
    )  # fmt: skip
    if withdrawing.opted_out(persons):
        raise BusyError(_("Somebody opted out at the same moment."))
    _to(
        found, Status.DELIVERED, manifest=manifest, hash=sealed, made=timezone.now(), persons_count=len(persons),
        snapshot=manifest["snapshot"],
    )  # fmt: skip
    rows = [ExtractPerson(extract=found, person_id=one) for one in persons]
    ExtractPerson.objects.bulk_create(rows, batch_size=2000)
    _tell([found.by_id], gettext_noop("An extract of data for study {reference} is ready to download."), found, by)


@verb("releases.fail_extract")
def fail(found: Extract, why: str, *, by: Actor) -> None:
    """Write down that an extract cannot be made, and why."""
    _to(found, Status.FAILED, fault=why)
    record("releases.fail_extract", "extract", found.id, by=by, study=found.study.reference, why=why)
    _tell([found.by_id], gettext_noop("An extract of data for study {reference} could not be made."), found, by)


@verb("releases.download_extract")
def download(extract_id: uuid.UUID, *, by: Actor) -> Path:
    """The archive of an extract, for somebody whom the permit names now; each download is on the record.

    InputError where it is not what was delivered, byte for byte; BusyError where somebody in it does not allow it now.
    """
    found = _allowed(extract_id, Act.DOWNLOAD, by)
    verdict = allowed(found.study, by, found.cohort)
    if not verdict:
        record_for_good("releases.refuse_download", "extract", found.id, by=by, study=found.study.reference)
        verdict.require()
    if _opted_out(found):
        raise BusyError(_("Somebody in it does not allow the reuse of their data any more; it is being recalled."))
    place = folder() / str(found.id) / ARCHIVE
    digest = sha256_of(place) if place.is_file() else ""
    if hash_of(found.manifest) != found.hash or digest != found.manifest["archive"]["sha256"]:
        raise InputError(_("extract: it is not what was delivered; it was changed, or is gone."))
    Extract.objects.filter(id=found.id).update(downloads=F("downloads") + 1)
    record("releases.download_extract", "extract", found.id, by=by, study=found.study.reference, digest=digest)
    return place


@verb("releases.recall_extract")
def recall(found: Extract, why: str, *, by: Actor, checked: bool = False) -> None:
    """End an extract: nobody downloads it any more, its files are gone, and whoever asked is told to delete theirs.

    `checked` is for other verbs of the application, which have asked whether it is for them to do.
    """
    if by is not SYSTEM and not checked:
        extract_rules.may_act(by, Act.RECALL, extract_queries.facts_of(found)).require()
    _to(found, Status.RECALLED, recalled=timezone.now(), why_recalled=reasoned(why))
    record("releases.recall_extract", "extract", found.id, by=by, study=found.study.reference, why=why)
    sentence = gettext_noop("An extract of data for study {reference} was recalled; delete every copy of it.")
    _tell(team_of(found.study), sentence, found, by)


def _opted_out(found: Extract) -> bool:
    """Whether somebody in an extract does not allow it now, by whatever act that came to be."""
    out = withdrawing.opted_out()
    return bool(out) and any(
        one in out for one in ExtractPerson.objects.filter(extract=found).values_list("person_id", flat=True)
    )


def _tell(to: Any, sentence: str, found: Extract, by: Actor) -> None:
    notify(to, sentence, reverse("extract", args=[found.id]), by=by, reference=found.study.reference)


def carry_out_due() -> int:
    """Make what was approved, one after the other; recall what no permit covers any more, or somebody in it does not
    allow; remove the files of what was recalled. How many extracts."""
    count = 0
    for found in Extract.objects.filter(status=Status.DELIVERED).select_related(*extract_queries.RELATED):
        permit = permits.holding(found.study)
        ended = permit is None or found.study.closed is not None or found.study.withdrawn is not None
        if ended or found.cohort not in permit.content["cohorts"]:  # type: ignore[union-attr]
            recall(found, PERMIT_ENDED, by=SYSTEM)
            count += 1
        elif _opted_out(found):
            recall(found, OPTED_OUT, by=SYSTEM)
            count += 1
    for gone in Extract.objects.filter(status=Status.RECALLED).values_list("id", flat=True):
        shutil.rmtree(folder() / str(gone), ignore_errors=True)
    for extract_id in list(Extract.objects.filter(status=Status.APPROVED).values_list("id", flat=True)):
        try:
            make(extract_id)
        except BusyError as error:
            log.info("extract %s is made again in a minute (%s)", extract_id, error)
        count += 1
    return count
