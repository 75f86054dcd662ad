"""The verb by which something comes back from a study: measured values, a file, a publication, by specimen."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from wardbench.campus.access.queries import units_treating
from wardbench.campus.audit.services import record, verb
from wardbench.campus.biobank import consents
from wardbench.campus.biobank.models import DonorLink, Specimen
from wardbench.campus.biobank.rules import KEEPERS
from wardbench.campus.notices.sending import notify
from wardbench.campus.people.queries import actor_of, holders
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.people.security_log import log_malware
from wardbench.campus.questions.models import Follower, Question, TakenUp
from wardbench.campus.questions.rules import may_see as may_see_question
from wardbench.campus.releases import checking, finding_queries, finding_rules
from wardbench.campus.releases.finding_sheet import Value
from wardbench.campus.releases.models import Finding, FindingSpecimen
from wardbench.campus.studies import documents
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.scanning import MalwareError
from wardbench.core.errors import InputError

DOI = re.compile(r"10\.\d{4,9}/\S{1,180}")
MOST_LABELS = 2_000


@verb("releases.add_finding")
def add(
    study_id: uuid.UUID,
    kind: str,
    title: str,
    *,
    by: Actor,
    method: str = "",
    words: str = "",
    clinical: bool = False,
    values: Sequence[Value] = (),
    labels: Sequence[str] = (),
    doi: str = "",
    file: tuple[str, Iterable[bytes]] | None = None,
) -> Finding:
    """Keep what came back about specimens that the study received: `values`, or a `file` or a publication (`doi`) about
    `labels`, all that it received where none is named. The biobank, the doctors and the question's author are told.

    ForbiddenError for whom it is not; InputError for a label that the study never received, or whose donor took
    consent back, and for a file that is not kept.
    """
    study = finding_queries.study(study_id, by=by)
    finding_rules.may_add_finding(by, finding_queries.facts_of(study)).require()
    received = finding_queries.received(study)
    if not title.strip() or len(title) > 300:
        raise InputError(_("title: say in a few words what it is."))
    wanted = [one.label for one in values] if kind == Finding.Kind.VALUES else list(labels) or sorted(received)
    if not wanted:
        raise InputError(_("values: there is no line with a value."))
    if len(set(wanted)) > MOST_LABELS:
        raise InputError(_("labels: at most {most} specimens at once.").format(most=MOST_LABELS))
    for label in wanted:
        if label not in received:
            raise InputError(_("{label}: this study has received no such specimen.").format(label=label[:64]))
    specimens = {label: received[label] for label in dict.fromkeys(wanted)}
    _still_agree(list(specimens.values()))
    if kind == Finding.Kind.PUBLICATION and not DOI.fullmatch(doi.strip()):
        raise InputError(_("doi: write it as 10.1000/182."))
    if kind == Finding.Kind.FILE and file is None:
        raise InputError(_("file: choose a file."))
    kept = _keep(file, by) if file is not None else None
    made = Finding.objects.create(
        study=study,
        kind=kind,
        title=title.strip(),
        method=method.strip()[:300],
        words=words.strip()[:5000],
        doi=doi.strip() if kind == Finding.Kind.PUBLICATION else "",
        digest=kept.digest if kept else "",
        file_name=kept.name if kept else "",
        clinical=clinical,
        by_id=uuid.UUID(by.id),
    )
    rows = [
        FindingSpecimen(
            finding=made, specimen=specimens[one.label], analyte=one.analyte, value=one.value, unit=one.unit
        )
        for one in values
    ] or [FindingSpecimen(finding=made, specimen=one) for one in specimens.values()]
    FindingSpecimen.objects.bulk_create(rows, batch_size=500)
    record(
        "releases.add_finding", "finding", made.id, by=by, study=study.reference, of=kind, specimens=len(specimens),
        values=len(values), digest=made.digest, clinical=clinical,
    )  # fmt: skip
    _tell(study, made, list(specimens.values()), by)
    return made


def _keep(file: tuple[str, Iterable[bytes]], by: Actor) -> documents.Kept:
    """Keep a file as the files of studies are kept; what a scanner finds is on the log of security."""
    try:
        return documents.keep(settings.DOCUMENTS, file[0], file[1], settings.SCANNER)
    except MalwareError as error:
        log_malware(by, error.found)
        raise


def _still_agree(specimens: Sequence[Specimen]) -> None:
    """Nothing more is kept about the material of a donor who took everything back."""
    of = checking.sources(specimens)
    donors = sorted({donor for own in of.values() for donor in own})
    stands = consents.given(donors, {one.collection for one in specimens})
    for one in specimens:
        if any(stands[donor, one.collection_id].withdrawn for donor in of[one.id]):
            sentence = _("{label}: the donor took consent back; nothing more is kept about it.")
            raise InputError(sentence.format(label=one.label))


def _tell(study: Study, made: Finding, specimens: Sequence[Specimen], by: Actor) -> None:
    page = reverse("finding", args=[made.id])
    keepers = [one.id for one in holders(*KEEPERS)]
    notify(keepers, gettext_noop("Results came back from study {reference}."), page, by=by, reference=study.reference)
    donors = {donor for own in checking.sources(specimens).values() for donor in own}
    persons = DonorLink.objects.filter(donor__in=donors).values_list("person_id", flat=True)
    doctors: dict[uuid.UUID, set[int]] = {}
    for unit, patients in units_treating(list(persons)).items():
        for doctor in holders(Role.PHYSICIAN, unit=unit):
            doctors.setdefault(doctor.id, set()).update(patients)
    matters = gettext_noop("Results that may matter for care came back about patients of your team: {count}.")
    sentence = matters if made.clinical else gettext_noop("Results came back about patients of your team: {count}.")
    for doctor_id, patients in doctors.items():
        notify([doctor_id], sentence, reverse("patient_timeline"), by=by, count=str(len(patients)))
    taken = TakenUp.objects.filter(study=study.id, given_back_at=None).values_list("question", flat=True)
    own = [] if study.question is None else [study.question]
    for question in Question.objects.filter(id__in=[*taken, *own]):
        hear = {question.raised_by}
        hear |= {one.person for one in Follower.objects.filter(question=question).select_related("person")}
        to = [one.id for one in hear if may_see_question(actor_of(one), question.facts)]
        came = gettext_noop("Results came back from a study on the question “{title}”.")
        notify(to, came, reverse("question", args=[question.id]), by=by, title=question.title)


@verb("releases.read_finding")
def open_file(finding_id: uuid.UUID, *, by: Actor) -> tuple[Finding, object]:
    """The file of a finding and its content; each time it is opened is on the record."""
    found = finding_queries.finding(finding_id, by=by)
    if not found.digest:
        raise InputError(_("file: there is none."))
    content = documents.open_kept(settings.DOCUMENTS, found.digest)
    record("releases.read_finding", "finding", found.id, by=by, study=found.study.reference, digest=found.digest)
    return found, content
