"""The studies of the demonstration: one on its way that everybody has a part in, and some around it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from typing import Any

from wardbench.campus.people.models import Person, Unit
from wardbench.campus.people.queries import actor_of
from wardbench.campus.people.rules import Actor
from wardbench.campus.questions.models import Question
from wardbench.campus.studies import deciding, results, services
from wardbench.campus.studies.facts import Section
from wardbench.campus.studies.models import Study
from wardbench.core.errors import InputError

Who = Mapping[str, Actor]


def make_studies(
    people: Mapping[str, Person], questions: Mapping[str, Question], versions: Mapping[str, uuid.UUID] | None = None
) -> dict[str, Study]:
    """The studies by a key of their own. `versions` are those of the demonstration's cohorts, by the cohort's key."""
    versions = versions or {}
    who = {key: actor_of(person) for key, person in people.items()}
    made = {
        "proteins": _proteins(who, people, versions.get("metformin")),
        "abroad": _abroad(who),
        "scarce": _scarce(who),
        "kidneys": _kidneys(who, people, questions["kidneys"], versions.get("kidneys")),
        "trial": _trial(who),
        "thesis": _thesis(who),
    }
    return made | ({"strip": _strip(who, versions["creatinine"])} if "creatinine" in versions else {})


def _kidneys(who: Who, people: Mapping[str, Person], question: Question, cohort: uuid.UUID | None) -> Study:
    """In the middle of its path: one board member has voted, the care programme has not, and a question waits."""
    by = who["physician"]
    title = "Why do the kidneys of some patients with type 2 diabetes fail despite good control?"
    study = services.register(title, "secondary_use", by=by, question=question.id)
    summary = (
        "Some patients with type 2 diabetes lose kidney function within a few years although they are treated as they "
        "should be. We compare proteins in plasma from before the fall, and genomes, of those who do and those who do "
        "not. Patients need not come in; what we find may tell early who is at risk."
    )
    _fill(study, by, summary, "Sint-Rafaël University Hospital", "DUO:0000007", ["type 2 diabetes mellitus"])
    _material(study, by, [_specimen("Plasma", 80, "ml", 160), _specimen("DNA", 320, "µg", 160)], "secondary")
    data = {
        "data": "pseudonymised",
        "tables": ["person", "condition_occurrence", "drug_exposure", "measurement"],
        "data_wanted": "Creatinine, albumin in urine and HbA1c over time, and the medicines; no dates of visits.",
    }
    services.edit(study.id, Section.DATA, data, by=by)
    if cohort is not None:
        services.attach_cohort(study.id, cohort, by=by)
    else:
        services.edit(study.id, Section.DATA, {"data": "aggregate"}, by=by)
    for key, work in (("researcher", "analyst"), ("researcher2", "laboratory"), ("coordinator", "coordinator")):
        services.add_member(study.id, people[key].id, work, by=by)
    _units(study, by)
    _documents(study, by, "protocol", "biobank_form", "consent_form")
    services.submit(study.id, by=by)
    deciding.vote(study.id, "validation", "approve", by=who["trialcentre"])
    reason = "No more than 0.5 ml from each donor, so that enough is left for diagnosis."
    deciding.vote(study.id, "board", "conditions", reason=reason, by=who["board1"])
    if cohort is not None:
        text = "Where are the genomes kept, and who outside the department can open them?"
        deciding.ask(study.id, "privacy", text, by=who["privacy"])
    return study


def _proteins(who: Who, people: Mapping[str, Person], cohort: uuid.UUID | None) -> Study:
    """Through the whole path, with a permit; one table has left, and one waits for a review."""
    by = who["researcher2"]
    title = "Plasma proteins that fall before the kidneys do"
    study = services.register(title, "secondary_use", by=by)
    summary = "A panel of 90 proteins in plasma of patients with diabetes, to find those that change first."
    _fill(study, by, summary, "Institute for Biotechnology", "DUO:0000006", [])
    _material(study, by, [_specimen("Plasma", 20, "ml", 100)], "secondary")
    services.add_member(study.id, people["student"].id, "student", by=by)
    if cohort is not None:
        data = {
            "data": "pseudonymised",
            "data_wanted": "Age, sex, diagnoses and laboratory values, to compare with the proteins.",
            "tables": ["person", "condition_occurrence", "measurement"],
        }
        services.edit(study.id, Section.DATA, data, by=by)
        services.attach_cohort(study.id, cohort, by=by)
    _units(study, by)
    _documents(study, by, "protocol", "biobank_form", "consent_form")
    services.submit(study.id, by=by)
    _vote(study, who, ("validation", "trialcentre"), ("board", "board1"), ("board", "board2"))
    programme = _programme()
    deciding.vote(study.id, "care_programme", "approve", by=who["diabetologist"], unit=programme.id)
    reason = "Report every thawing; return what is left."
    deciding.vote(study.id, "biobank", "conditions", reason=reason, by=who["manager"])
    if cohort is not None:
        _vote(study, who, ("privacy", "privacy"))
    _vote(study, who, ("ethics", "ethics1"), ("ethics", "ethics2"))
    if cohort is not None:
        content = study.cohorts.get().hash
        with contextlib.suppress(InputError):
            left = results.ask(study.id, "attrition", content, "The flow chart of our article.", by=by)
            results.approve(study.id, left.id, "Large steps; nothing left before it.", by=who["steward"])
        # In a very small campus nothing of this table may leave.
        with contextlib.suppress(InputError):
            results.ask(study.id, "age_sex", content, "The first table of our article.", by=by)
    return study


def _abroad(who: Who) -> Study:
    """Approved for material that leaves for a laboratory in another country, by a transfer agreement."""
    by = who["lecturer"]
    study = services.register("Antibodies in serum before diabetes shows", "secondary_use", by=by)
    summary = "Which antibodies are in serum years before diabetes, measured where the assay was developed."
    _fill(study, by, summary, "Biomedical Sciences Group", "DUO:0000006", [])
    _material(study, by, [_specimen("Serum", 10, "ml", 40)], "secondary")
    away = {"leaves": True, "party": "Nordlicht Diagnostics, Kiel", "fate": "destroy"}
    services.edit(study.id, Section.MATERIAL, away, by=by)
    _units(study, by)
    _documents(study, by, "protocol", "biobank_form", "consent_form", "transfer_agreement")
    services.submit(study.id, by=by)
    _vote(study, who, ("validation", "trialcentre"), ("board", "board1"), ("board", "board2"))
    deciding.vote(study.id, "care_programme", "approve", by=who["diabetologist"], unit=_programme().id)
    _vote(study, who, ("biobank", "manager"), ("ethics", "ethics1"), ("ethics", "ethics2"), ("transfer", "transfer"))
    return study


def _strip(who: Who, cohort: uuid.UUID) -> Study:
    """Approved for serum and results of the same patients, which a blinded panel takes."""
    by = who["researcher2"]
    study = services.register("Does a creatinine strip read as the laboratory does?", "secondary_use", by=by)
    summary = (
        "A strip for a drop of serum, held against the laboratory on stored serum of known creatinine. We measure "
        "without knowing whose serum it is or what the laboratory found."
    )
    _fill(study, by, summary, "Institute for Biotechnology", "DUO:0000006", [])
    _material(study, by, [_specimen("Serum", 30, "ml", 40)], "secondary")
    data = {
        "data": "pseudonymised",
        "data_wanted": "Creatinine of the day on which the serum was taken.",
        "tables": ["person", "measurement"],
    }
    services.edit(study.id, Section.DATA, data, by=by)
    services.attach_cohort(study.id, cohort, by=by)
    _units(study, by)
    _documents(study, by, "protocol", "biobank_form", "consent_form")
    services.submit(study.id, by=by)
    _vote(study, who, ("validation", "trialcentre"), ("board", "board1"), ("board", "board2"))
    deciding.vote(study.id, "care_programme", "approve", by=who["diabetologist"], unit=_programme().id)
    _vote(study, who, ("biobank", "manager"), ("privacy", "privacy"), ("ethics", "ethics1"), ("ethics", "ethics2"))
    return study


def _scarce(who: Who) -> Study:
    """Refused by the board, so that the next one who asks for the same reads why."""
    by = who["lecturer"]
    study = services.register("Metabolites in urine and the course of diabetes", "secondary_use", by=by)
    summary = "Whether metabolites in urine tell who will need insulin within two years."
    _fill(study, by, summary, "Biomedical Sciences Group", "DUO:0000007", ["type 2 diabetes mellitus"])
    _material(study, by, [_specimen("Plasma", 400, "ml", 200), _specimen("Urine", 2000, "ml", 200)], "residual")
    _units(study, by)
    _documents(study, by, "protocol", "biobank_form", "consent_form")
    services.submit(study.id, by=by)
    _vote(study, who, ("validation", "trialcentre"))
    reason = "2 ml of plasma from each donor is more than is left after diagnosis; ask for 0.5 ml."
    deciding.vote(study.id, "board", "refuse", reason=reason, by=who["board1"])
    deciding.vote(study.id, "board", "refuse", reason="I agree: too much for one study.", by=who["board2"])
    return study


def _trial(who: Who) -> Study:
    """Just submitted: the trial centre's turn."""
    by = who["oncologist"]
    study = services.register("Immunotherapy before surgery of colorectal cancer", "prospective_trial", by=by)
    summary = "Whether two doses of an antibody before the operation make it possible to remove less of the bowel."
    _fill(study, by, summary, "Sint-Rafaël University Hospital", "DUO:0000007", ["colorectal cancer"])
    _documents(study, by, "protocol", "consent_form")
    services.submit(study.id, by=by)
    return study


def _thesis(who: Who) -> Study:
    """A draft that still lacks things, and a student who cannot submit it alone."""
    study = services.register("HbA1c in the ward and at home: do they agree?", "thesis", by=who["student"])
    summary = {"summary": "A comparison of measurements in counts and tables, without data of single patients."}
    services.edit(study.id, Section.ABOUT, summary, by=who["student"])
    return study


def _fill(study: Study, by: Actor, summary: str, sponsor: str, use: str, diseases: list[str]) -> None:
    services.edit(study.id, Section.ABOUT, {"summary": summary, "sponsor": sponsor}, by=by)
    purpose: dict[str, Any] = {"use": use} | ({"diseases": diseases} if diseases else {})
    services.edit(study.id, Section.PURPOSE, {"purpose": purpose}, by=by)


def _specimen(kind: str, amount: float, unit: str, donors: int) -> dict[str, Any]:
    return {"type": kind, "amount": amount, "unit": unit, "donors": donors}


def _material(study: Study, by: Actor, wanted: list[dict[str, Any]], consent: str) -> None:
    values = {
        "material": True,
        "material_wanted": wanted,
        "consent": consent,
        "retention": "The freezer of the department, at -80 °C, for five years",
        "fate": "return",
    }
    services.edit(study.id, Section.MATERIAL, values, by=by)


def _programme() -> Unit:
    return Unit.objects.get(name="Care programme diabetes")


def _units(study: Study, by: Actor) -> None:
    department = Unit.objects.get(name="Endocrinology")
    services.set_units(study.id, [_programme().id], [department.id], by=by)


def _vote(study: Study, who: Who, *steps: tuple[str, str]) -> None:
    for step, key in steps:
        deciding.vote(study.id, step, "approve", by=who[key])


TITLES = {"protocol": "Protocol", "biobank_form": "Application to the biobank", "consent_form": "Consent form",
          "transfer_agreement": "Transfer agreement"}  # fmt: skip


def _documents(study: Study, by: Actor, *kinds: str) -> None:
    for kind in kinds:
        content = _pdf(f"{TITLES[kind]} of {study.reference}", "This document is made up, like everything here.")
        services.add_document(study.id, kind, f"{TITLES[kind]} {study.reference}.pdf", [content], by=by)


def _pdf(*lines: str) -> bytes:
    """One page with a few lines of plain letters."""
    text = " ".join(f"({line}) Tj 0 -24 Td" for line in lines)
    stream = f"BT /F1 14 Tf 72 760 Td {text} ET"
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(made))
        made += f"{number} 0 obj\n{part}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}"
    return made + f"{end}trailer\n<< /Size {len(parts) + 1} /Root 1 0 R >>\nstartxref\n{len(made)}\n%%EOF\n".encode()
