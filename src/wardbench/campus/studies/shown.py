"""What the pages of a study show beyond where it stands: its parts and papers, its history, what was decided before."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from wardbench.campus.audit.queries import history
from wardbench.campus.cohorts import queries as cohorts
from wardbench.campus.people import queries as people
from wardbench.campus.people.models import Organisation, Unit
from wardbench.campus.people.roles import Role, gettext_noop
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions import queries as questions
from wardbench.campus.studies import checks, completeness, documents, queries, rules, versions
from wardbench.campus.studies.facts import DATA, IMPLY_MATERIAL, SECTIONS, Consent, Data, Kind, Section
from wardbench.campus.studies.models import Asking, Decision, Document, Permit, Study, Submission, Vote
from wardbench.campus.studies.standings import Standing
from wardbench.campus.studies.vocabulary import DOCUMENT_KINDS, FATES, TABLES, WORK
from wardbench.core.duo import LABELS, Concern, Use
from wardbench.core.duo.model import CONCERNS
from wardbench.core.errors import NotFoundError

SIMILAR = 5

HISTORY = {
    "studies.register": gettext_noop("Registered"),
    "studies.submit": gettext_noop("Submitted"),
    "studies.vote": gettext_noop("Voted or decided"),
    "studies.ask": gettext_noop("Asked the applicant"),
    "studies.answer": gettext_noop("Answered"),
    "studies.take_back_question": gettext_noop("Question taken back"),
    "studies.declare": gettext_noop("Conflict of interest declared after the vote"),
    "studies.amend": gettext_noop("Amended"),
    "studies.amend_data": gettext_noop("Data and cohorts amended"),
    "studies.amend_documents": gettext_noop("Documents amended"),
    "studies.amend_team": gettext_noop("The people amended"),
    "studies.amend_units": gettext_noop("Whom it concerns amended"),
    "studies.withdraw": gettext_noop("Withdrawn"),
    "studies.close": gettext_noop("Closed"),
    "studies.revoke": gettext_noop("Permit revoked"),
    "studies.suspend": gettext_noop("Permit suspended"),
    "studies.resume": gettext_noop("Permit holds again"),
    "studies.renew": gettext_noop("Renewal asked for"),
    "studies.expire": gettext_noop("Expired"),
    "studies.hand_over": gettext_noop("Another principal investigator named"),
    "studies.take_on": gettext_noop("Taken on by its principal investigator"),
    "studies.add_document": gettext_noop("Document added"),
    "studies.withdraw_document": gettext_noop("Document taken off"),
    "studies.attach_cohort": gettext_noop("Cohort attached"),
    "studies.detach_cohort": gettext_noop("Cohort taken off"),
    "studies.add_member": gettext_noop("Somebody joined the team"),
    "studies.remove_member": gettext_noop("Somebody left the team"),
}
"""What a study's history says; saving a section as one types is not in it."""


AGAIN = frozenset({name for name in HISTORY if name.startswith("studies.amend")}) | {
    "studies.renew",
    "studies.hand_over",
    "studies.declare",
    "studies.add_document",
    "studies.remove_member",
}
"""What lets a body decide again, or is new to it when it does."""


@dataclass(frozen=True)
class Happened:
    """One line of a study's history, from the record."""

    at: datetime.datetime
    who: str
    what: str
    detail: str
    verb: str


@dataclass(frozen=True)
class Page:
    """Everything a page of a study shows beside its path."""

    about: Sequence[tuple[str, Sequence[versions.Line]]]
    documents: Sequence[Document]
    cohorts: Sequence[tuple[Any, bool]]
    askings: Sequence[Asking]
    decisions: Sequence[tuple[Decision, str]]
    permits: Sequence[Permit]
    submissions: Sequence[Submission]
    history: Sequence[Happened]


def page(here: Standing, by: Actor) -> Page:
    study = here.study
    titles = here.path.by_id
    from wardbench.campus.studies.presenting import words

    return Page(
        about=about(study),
        documents=documents_of(here),
        cohorts=cohorts_of(here, by),
        askings=_askings(here, by),
        decisions=[
            (one, words(titles[one.step].title) if one.step in titles else one.step) for one in study.decisions.all()
        ],
        permits=list(study.permits.all()),
        submissions=list(study.submissions.select_related("by")),
        history=happened(here),
    )


def _askings(here: Standing, by: Actor) -> list[Asking]:
    """The questions to the applicant, each with whether it waits and whether the reader may take it back."""
    found = list(here.study.askings.select_related("by", "answered_by", "taken_back_by"))
    for one in found:
        one.waits = one.answered is None and one.taken_back is None  # type: ignore[attr-defined]
        one.may_take_back = one.waits and rules.may_take_back(  # type: ignore[attr-defined]
            by, here.facts, one.step, people.actor_of(one.by)
        )
    return found


def since_decided(here: Standing, step: str) -> tuple[int, list[Happened]]:
    """How many versions there were when a body last spoke on a step that it decides on again, and what happened since;
    nothing where it has not spoken yet."""
    last = here.study.votes.filter(step=step, void=True).order_by("-at").first()
    if last is None:
        return 0, []
    renewed = [one for one in happened(here) if one.at >= last.at and one.verb in AGAIN]
    return here.study.submissions.filter(at__lte=last.at).count(), renewed


ELSEWHERE = frozenset({"title", "kind", "public", "investigator", "cohorts", "documents"})
"""What the page of a study shows in another place."""


def about(study: Study) -> list[tuple[str, list[versions.Line]]]:
    """What a registration says, by section."""
    said = [line for line in versions.said_now(study) if line.key not in ELSEWHERE]
    found = [(gettext(title), [line for line in said if line.section is part]) for part, title in SECTIONS.items()]
    return [(title, lines) for title, lines in found if lines]


def happened(here: Standing) -> list[Happened]:
    """A study's history, newest first, as the record has it."""
    events = [one for one in history("study", here.study.id) if one.verb in HISTORY]
    about = {str(one.detail[key]) for one in events for key in ("person", "to", "former") if key in one.detail}
    names = people.names({one.actor for one in events} | about)
    things = names | dict(here.study.cohorts.values_list("hash", "name"))
    for paper in here.study.documents.all():
        things |= dict.fromkeys((str(paper.id), paper.digest), f"{paper.name} ({paper.number})")
    return [
        Happened(
            one.at,
            names.get(one.actor, "Wardbench"),
            gettext(HISTORY[one.verb]),
            _about(one.detail, here, things),
            one.verb,
        )
        for one in reversed(events)
    ]


WHAT = ("person", "digest", "document", "hash")
"""The keys by which the record names whom or what an event is about."""


def _about(detail: Mapping[str, Any], here: Standing, things: Mapping[str, str]) -> str:
    """Which step an event is about, whom or which paper or cohort, who came in whose place, and the reason given."""
    from wardbench.campus.studies.presenting import words

    step = here.path.by_id.get(str(detail.get("step", "")))
    to, former = (things.get(str(detail.get(key, "")), "") for key in ("to", "former"))
    place = _("%(name)s in place of %(former)s") % {"name": to, "former": former} if former else to
    named = [place, *(things.get(str(detail.get(key, "")), "") for key in WHAT)]
    return "\n".join(filter(None, [words(step.title) if step else "", *named, str(detail.get("reason", ""))]))


def checklist(here: Standing) -> Sequence[completeness.Missing]:
    """What a registration still lacks; nothing once it was submitted."""
    return completeness.missing(here.path, queries.filled(here.study)) if here.study.submitted is None else ()


def question_to_take_up(by: Actor, question: uuid.UUID | None) -> Any:
    return questions.question(by, question) if question else None


def filled_in(here: Standing, part: Section) -> dict[str, Any]:
    """What a section says, as the initial values of its form."""
    study = here.study
    match part:
        case Section.PURPOSE:
            return {**study.purpose, "diseases": "\n".join(study.purpose.get("diseases", ()))}
        case Section.ABOUT:
            names: tuple[str, ...] = ("title", "kind", "summary", "sponsor", "ethics_reference", "public")
        case Section.MATERIAL:
            names = ("material", "material_wanted", "consent", "leaves", "arrives", "party", "retention", "fate")
            return {name: getattr(study, name) for name in names} | dict.fromkeys(implied(here), True)
        case Section.DATA:
            names = ("tables", "since", "until", "data_wanted")
            return {"closeness": study.data, **{name: getattr(study, name) for name in names}}
        case _:
            names = ()
    return {name: getattr(study, name) for name in names}


def implied(here: Standing) -> tuple[str, ...]:
    """What the kind of a study says of its material by itself, whatever is ticked."""
    kind = Kind(here.study.kind)
    arrives = ("arrives",) if kind is Kind.INCOMING_TRANSFER else ()
    return (*(("material",) if kind in IMPLY_MATERIAL else ()), *arrives)


def units_of(here: Standing) -> dict[str, list[str]]:
    study = here.study
    found: dict[str, Any] = {name: getattr(study, name) for name in ("programmes", "departments", "partners")}
    return {name: [str(one.id) for one in given.all()] for name, given in found.items()}


def unit_choices() -> dict[str, list[tuple[str, str]]]:
    def units(kind: str) -> list[tuple[str, str]]:
        return [(str(unit.id), unit.name) for unit in Unit.objects.filter(kind=kind)]

    partners = Organisation.objects.filter(kind=Organisation.Kind.PARTNER)
    return {
        "programmes": units(Unit.Kind.CARE_PROGRAMME),
        "departments": units(Unit.Kind.DEPARTMENT),
        "partners": [(str(one.id), one.name) for one in partners],
    }


def members(here: Standing) -> list[Any]:
    found = list(here.study.members.select_related("person"))
    for one in found:
        one.work = gettext(WORK.get(one.work, one.work))
    return found


def person_by_email(email: str) -> uuid.UUID:
    return people.person_by_email(email).id


def person_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFoundError(_("There is no such person.")) from None


def documents_of(here: Standing) -> list[Document]:
    """The documents of a study with all their versions, the newest of each first."""
    found = list(here.study.documents.select_related("by"))
    for one in found:
        one.title = gettext(DOCUMENT_KINDS.get(one.kind, one.kind))  # type: ignore[attr-defined]
    return found


def document(here: Standing, document_id: uuid.UUID) -> Document:
    found = here.study.documents.filter(id=document_id).first()
    if found is None:
        raise NotFoundError(_("There is no such document."))
    return found


def content(found: Document) -> BinaryIO:
    return documents.open_kept(settings.DOCUMENTS, found.digest)


def cohort_choices(by: Actor) -> list[tuple[str, str]]:
    return questions.cohort_choices(by)


def cohorts_of(here: Standing, by: Actor) -> list[tuple[Any, bool]]:
    """The attached cohorts, and whether the reader may open each."""
    found = []
    for one in here.study.cohorts.all():
        try:
            one.cohort = cohorts.version(one.version).cohort_id  # type: ignore[attr-defined]
            seen = bool(cohorts.seen(one.cohort, by))  # type: ignore[attr-defined]
        except NotFoundError:
            seen = False
        found.append((one, seen))
    return found


def who_decides_again(here: Standing, part: Section) -> list[str]:
    facts, later = here.study.asked.facts, {stand.step.id for stand in here.steps if stand.later}
    judging = [
        step
        for step in here.path.steps
        if (part in step.sees or step.id in later) and (not step.when or facts & set(step.when))
    ]
    return titles_of(here, [step.id for step in judging])


def titles_of(here: Standing, steps: Sequence[str]) -> list[str]:
    """What steps are called, in the path's order."""
    from wardbench.campus.studies.presenting import words

    return [words(step.title) for step in here.path.steps if step.id in steps]


def has_role(person: Any) -> bool:
    """Whether somebody holds any role on the campus today."""
    return bool(people.actor_of(person).roles)


def units_to_speak_for(here: Standing, step: str, by: Actor) -> list[tuple[str, str]]:
    turn = next(one for one in here.turns if one.step == step)
    mine = turn.units & by.units(turn.role or Role.PHYSICIAN)
    return [(str(unit.id), unit.name) for unit in Unit.objects.filter(id__in=mine)]


def own_vote(here: Standing, step: str, by: Actor) -> Vote | None:
    """What somebody said on a step so far."""
    return here.study.votes.filter(step=step, person_id=by.id, void=False).order_by("-at").first()


@dataclass(frozen=True)
class Similar:
    """A study that the same body decided on before."""

    reference: str
    title: str
    outcome: str
    reasons: Sequence[str]
    at: datetime.datetime
    asked: str
    same: str


def similar_decisions(here: Standing, step: str) -> list[Similar]:
    """What the same body decided on the studies most like this one: of the same kind, for the same, most recent."""
    from wardbench.campus.studies.standing import STATES, State

    wanted = {one.get("type") for one in here.study.material_wanted}
    diseases = {one.lower() for one in here.study.purpose.get("diseases", ())}
    found = []
    past = Decision.objects.filter(step=step).exclude(study=here.study).select_related("study").order_by("-at")
    for decision in past[:200]:
        other = decision.study
        same = []
        if other.kind == here.study.kind:
            same.append(gettext("the same kind of study"))
        if wanted & {one.get("type") for one in other.material_wanted}:
            same.append(gettext("the same material"))
        if diseases & {one.lower() for one in other.purpose.get("diseases", ())}:
            same.append(gettext("the same disease"))
        if same:
            asked = "; ".join(versions.specimen(one) for one in other.material_wanted)
            outcome = gettext(STATES[State(decision.outcome)])
            reasons = decision.content.get("reasons", ())
            found.append(
                (
                    len(same),
                    Similar(other.reference, other.title, outcome, reasons, decision.at, asked, ", ".join(same)),
                )
            )
    found.sort(key=lambda pair: (-pair[0], -pair[1].at.timestamp()))
    return [one for _score, one in found[:SIMILAR]]


def decision(here: Standing, number: int) -> Decision:
    found = here.study.decisions.filter(number=number).first()
    if found is None:
        raise NotFoundError(_("There is no such letter."))
    return found


def permit(here: Standing, number: int) -> Permit:
    found = here.study.permits.filter(number=number).first()
    if found is None:
        raise NotFoundError(_("There is no such permit."))
    return found


def permit_shown(found: Permit, here: Standing) -> dict[str, Any]:
    """What a permit says, for people."""
    from wardbench.campus.studies import permits
    from wardbench.campus.studies.presenting import words

    said, titles = found.content, here.path.by_id
    names = people.names(set(said["whom"]))
    named = dict(here.study.cohorts.values_list("hash", "name"))
    material = [
        (versions.specimen(one), permits.used_of(found, one.get("type", "")), versions.unit_title(one))
        for one in said["material"]
    ]
    return {
        "whom": sorted(names.values()),
        "material": material,
        "arriving": [versions.specimen(one) for one in said.get("arriving", ())],
        "party": said.get("party", ""),
        "data": gettext(DATA[Data(said["data"])]),
        "tables": [gettext(TABLES[one]) for one in said.get("tables", ()) if one in TABLES],
        "cohorts": [(content, named.get(content, "")) for content in said["cohorts"]],
        "purpose": gettext(LABELS[Use(said["purpose"]["use"])]) if said["purpose"].get("use") else "",
        "diseases": said["purpose"].get("diseases", ()),
        "conditions": [
            (words(titles[one["step"]].title) if one["step"] in titles else one["step"], one["words"])
            for one in said["conditions"]
        ],
        "obligations": [gettext(one) for one in said.get("obligations", ())],
        "whole": permits.hash_of(said) == found.hash,
    }


def _team(here: Standing) -> list[str]:
    """Who works on a study, its investigator first: as what, and at which organisations they are today."""
    study, others = here.study, members(here)
    places = people.places_of([study.investigator_id, *(one.person_id for one in others)])
    team = [(study.investigator, ""), *((one.person, one.work) for one in others)]
    return [_at(person.name, [*([work] if work else []), *places[str(person.id)]]) for person, work in team]


def _at(name: str, more: Sequence[str]) -> str:
    return f"{name} ({', '.join(more)})" if more else name


def investigator_at(here: Standing) -> list[str]:
    """The organisations at which the investigator holds a role today."""
    investigator = here.study.investigator_id
    return people.places_of([investigator])[str(investigator)]


def judged(here: Standing) -> checks.Judged:
    """What a body judges, in words, for its checks."""
    study, purpose = here.study, here.study.purpose
    return checks.Judged(
        facts=study.asked.facts,
        consent=Consent(study.consent) if study.consent else None,
        data=Data(study.data),
        material=[versions.specimen(one) for one in study.material_wanted],
        programmes=[unit.name for unit in study.programmes.all()],
        retention=study.retention,
        fate=gettext(FATES[study.fate]) if study.fate in FATES else "",
        party=study.party,
        purpose=", ".join(
            [gettext(LABELS[Use(purpose["use"])]) if purpose.get("use") else "", *purpose.get("diseases", ())]
        ).strip(", "),
        concerns=[gettext(CONCERNS[Concern(one)]) for one in purpose.get("concerns", ())],
        cohorts=study.cohorts.count(),
        tables=[gettext(TABLES[one]) for one in study.tables if one in TABLES],
        period=versions.period(study.since, study.until),
        data_wanted=study.data_wanted,
        ethics_reference=study.ethics_reference,
        partners=[one.name for one in study.partners.all()],
        commercial=bool(purpose.get("commercial") or purpose.get("for_profit")),
        documents=frozenset(study.documents.filter(withdrawn_at=None).values_list("kind", flat=True)),
        case_report=study.kind == Kind.CASE_REPORT,
        from_elsewhere=study.kind == Kind.INCOMING_TRANSFER,
        sponsor=study.sponsor,
        team=_team(here),
        thesis=study.kind == Kind.THESIS,
        student=queries.has_a_student(study),
    )
