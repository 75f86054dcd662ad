"""The verbs by which measured values, a file or a publication come back from a study, by specimen, and by which that is
corrected, or retracted where it is wrong."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
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
from wardbench.campus.releases.moves import reasoned
from wardbench.campus.studies import documents
from wardbench.campus.studies.models import Study
from wardbench.campus.studies.scanning import MalwareError
from wardbench.campus.studies.writing import plain
from wardbench.core.errors import BusyError, InputError, NotFoundError

DOI = re.compile(r"10\.\d{4,9}/\S{1,180}")
MOST_LABELS = 2_000
LONGEST_REFERENCE = 500
EARLIEST = 1900


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
    reference: str = "",
    year: int | None = None,
    file: tuple[str, Iterable[bytes]] | None = None,
    corrects: uuid.UUID | None = None,
    why: str = "",
) -> Finding:
    """Keep what came back about specimens that the study received: `values`, or a `file` or a publication (`doi` or
    `reference`, and `year`) about `labels`, all that it received where none is named. The biobank, the doctors and the
    question's author are told. Of a study that received none a publication alone comes back. Where it `corrects`
    another, that one is retracted, and `why` says what was wrong.

    ForbiddenError for whom it is not; InputError for a label that the study never received, or whose donor took
    consent back, and for a file that is not kept; BusyError where the other is retracted already.
    """
    study = finding_queries.study(study_id, by=by)
    facts = finding_queries.facts_of(study)
    finding_rules.may_add_finding(by, facts).require()
    published = kind == Finding.Kind.PUBLICATION
    if not published and not facts.received:
        raise InputError(_("kind: the study has received no specimens; what comes back of it is a publication."))
    received = finding_queries.received(study)
    title, words = plain("title", title), plain("words", words)
    if not title or len(title) > 300:
        raise InputError(_("title: say in a few words what it is."))
    other = Finding.objects.filter(study=study, id=corrects).first() if corrects else None
    if corrects and other is None:
        raise NotFoundError(_("There is no such finding, or it is not for you to see."))
    read = _read(received)
    values = [replace(one, label=read(one.label)) for one in values]
    labels = list(dict.fromkeys(read(label) for label in labels))
    if len({(one.label, one.analyte) for one in values}) != len(values):
        raise InputError(_("values: a specimen has two values for the same."))
    wanted = [one.label for one in values] if kind == Finding.Kind.VALUES else labels or sorted(received)
    if not wanted and not published:
        raise InputError(_("values: there is no line with a value."))
    if len(set(wanted)) > MOST_LABELS:
        raise InputError(_("labels: at most {most} specimens at once.").format(most=MOST_LABELS))
    for label in wanted:
        if label not in received:
            raise InputError(_("{label}: this study has received no such specimen.").format(label=label[:64]))
    specimens = {label: received[label] for label in dict.fromkeys(wanted)}
    _still_agree(list(specimens.values()))
    doi, reference = _reference(doi, reference, year) if published else ("", "")
    if kind == Finding.Kind.FILE and file is None:
        raise InputError(_("file: choose a file."))
    kept = _keep(file, by) if file is not None else None
    before = [row.specimen for row in other.specimens.select_related("specimen")] if other is not None else []
    if other is not None:
        _retract(other, why, by)
    made = Finding.objects.create(
        study=study,
        kind=kind,
        title=title,
        method=method.strip()[:300],
        words=words[:5000],
        doi=doi,
        reference=reference,
        year=year if published else None,
        digest=kept.digest if kept else "",
        file_name=kept.name if kept else "",
        clinical=clinical,
        by_id=uuid.UUID(by.id),
        corrects=other,
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
        values=len(values), digest=made.digest, clinical=clinical, corrects=str(corrects or ""),
    )  # fmt: skip
    about = list({one.id: one for one in [*before, *specimens.values()]}.values())
    matters = clinical or (other is not None and other.clinical)
    came = PUBLISHED if published else CAME
    _tell(study, made, about, came if other is None else CORRECTED, by, matters=matters)
    return made


def _reference(doi: str, reference: str, year: int | None) -> tuple[str, str]:
    """Where a publication stands, as it is kept: its DOI without an address, and its reference on one line."""
    doi = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:)\s*", "", doi.strip(), flags=re.IGNORECASE)
    reference = " ".join(plain("reference", reference).split())
    if doi and not DOI.fullmatch(doi):
        raise InputError(_("doi: write it as 10.1000/182."))
    if not doi and not reference:
        raise InputError(_("doi: give the DOI of the publication, or its reference where it has none."))
    if len(reference) > LONGEST_REFERENCE:
        raise InputError(_("reference: this is too long."))
    if year is None or not EARLIEST <= year <= timezone.localdate().year + 1:
        raise InputError(_("year: write the year in which it was published, as 2026."))
    return doi, reference


def _read(received: Mapping[str, Specimen]) -> Callable[[str], str]:
    """The label that was meant by what was typed: in any letter case where only one can be."""
    alike = Counter(label.casefold() for label in received)
    named = {label.casefold(): label for label in received if alike[label.casefold()] == 1}
    return lambda text: text if text in received else named.get(text.casefold(), text)


@verb("releases.retract_finding")
def retract(finding_id: uuid.UUID, why: str, *, by: Actor) -> None:
    """Say that what came back is wrong, and why. It stays to be read, marked; everybody who was told of it is told.

    ForbiddenError for whom it is not, InputError without a reason, BusyError where it is retracted already.
    """
    one = finding_queries.finding(finding_id, by=by)
    finding_rules.may_retract_finding(by, finding_queries.facts_of(one.study)).require()
    _retract(one, why, by)
    about = list({row.specimen_id: row.specimen for row in one.specimens.select_related("specimen")}.values())
    record(
        "releases.retract_finding", "finding", one.id, by=by, study=one.study.reference, specimens=len(about),
        why=one.why_retracted,
    )  # fmt: skip
    _tell(one.study, one, about, RETRACTED, by, matters=one.clinical)


def _retract(one: Finding, why: str, by: Actor) -> None:
    now, by_id, why = timezone.now(), uuid.UUID(by.id), reasoned(why)
    held = Finding.objects.filter(id=one.id, retracted=None)
    if held.update(retracted=now, retracted_by_id=by_id, why_retracted=why) != 1:
        raise BusyError(_("It was retracted already."))
    one.retracted, one.retracted_by_id, one.why_retracted = now, by_id, why


@dataclass(frozen=True)
class Sentences:
    """What is said of it: to the biobank, to doctors (also where it `matters`), to whoever asked the question."""

    biobank: str
    doctors: str
    matters: str
    question: str


CAME = Sentences(
    gettext_noop("Results came back from study {reference}."),
    gettext_noop("Results came back about patients of your team: {count}."),
    gettext_noop("Results that may matter for care came back about patients of your team: {count}."),
    gettext_noop("Results came back from a study on the question “{title}”."),
)
PUBLISHED = replace(
    CAME, question=gettext_noop("A study published what it found on the question “{title}”: {publication}.")
)
CORRECTED = Sentences(
    gettext_noop("Results of study {reference} were corrected."),
    gettext_noop("Results about patients of your team were corrected: {count}."),
    gettext_noop("Results that may matter for care were corrected, about patients of your team: {count}."),
    gettext_noop("Results of a study on the question “{title}” were corrected."),
)
RETRACTED = Sentences(
    gettext_noop("Results of study {reference} were retracted: they are wrong."),
    gettext_noop("Results about patients of your team were retracted, they are wrong: {count}."),
    gettext_noop(
        "Results that may matter for care were retracted, they are wrong, about patients of your team: {count}."
    ),
    gettext_noop("Results of a study on the question “{title}” were retracted: they are wrong."),
)


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


def _tell(
    study: Study, made: Finding, specimens: Sequence[Specimen], say: Sentences, by: Actor, *, matters: bool
) -> None:
    page = reverse("finding", args=[made.id])
    keepers = [one.id for one in holders(*KEEPERS)]
    if specimens:
        notify(keepers, say.biobank, page, by=by, reference=study.reference)
    donors = {donor for own in checking.sources(specimens).values() for donor in own}
    persons = DonorLink.objects.filter(donor__in=donors).values_list("person_id", flat=True)
    doctors: dict[uuid.UUID, set[int]] = {}
    for unit, patients in units_treating(list(persons)).items():
        for doctor in holders(Role.PHYSICIAN, unit=unit):
            doctors.setdefault(doctor.id, set()).update(patients)
    sentence = say.matters if matters else say.doctors
    for doctor_id, patients in doctors.items():
        notify([doctor_id], sentence, reverse("patient_timeline"), by=by, count=str(len(patients)))
    taken = TakenUp.objects.filter(study=study.id, given_back_at=None).values_list("question", flat=True)
    own = [] if study.question is None else [study.question]
    for question in Question.objects.filter(id__in=[*taken, *own]):
        hear = {question.raised_by}
        hear |= {one.person for one in Follower.objects.filter(question=question).select_related("person")}
        to = [one.id for one in hear if may_see_question(actor_of(one), question.facts)]
        said = {"title": question.title, "publication": made.title.rstrip(".")}
        notify(to, say.question, reverse("question", args=[question.id]), by=by, **said)


@verb("releases.read_finding")
def open_file(finding_id: uuid.UUID, *, by: Actor) -> tuple[Finding, object]:
    """The file of a finding and its content; each time it is opened is on the record."""
    found = finding_queries.finding(finding_id, by=by)
    if not found.digest:
        raise InputError(_("file: there is none."))
    content = documents.open_kept(settings.DOCUMENTS, found.digest)
    record("releases.read_finding", "finding", found.id, by=by, study=found.study.reference, digest=found.digest)
    return found, content
