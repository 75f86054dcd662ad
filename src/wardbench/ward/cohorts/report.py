"""One page about a cohort that stands alone: what it means, who is in it, and how to make it again."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb
import msgspec

from wardbench.core.disclosure import rules_for
from wardbench.core.omop.tables import CDM_VERSION
from wardbench.core.page import rendered
from wardbench.core.results import written_whole
from wardbench.core.store import Snapshot
from wardbench.core.version import __version__
from wardbench.ward.cohorts.characterise import characterise
from wardbench.ward.cohorts.released import Released, release
from wardbench.ward.cohorts.run import Cohort

TEMPLATES = resources.files(__package__).joinpath("templates")


@dataclass(frozen=True)
class Provenance:
    """What the figures were made from and with, so that somebody else can make them again."""

    command: str
    definition_id: str
    plan_hash: str
    snapshot_version: str
    snapshot_created: str
    source: str
    vocabulary: str
    cdm: str
    wardbench: str
    duckdb: str


@dataclass(frozen=True)
class ReportData:
    """Everything the page says. Its JSON (`canonical_json`) is on the page, and the page's checksum is of that.

    `language` is that of the description; the rest of the page is in English.
    """

    name: str
    description: tuple[str, ...]
    language: str
    figures: Released
    provenance: Provenance


def write_report(
    cohort: Cohort,
    description: list[str],
    snapshot: Snapshot,
    path: str | Path,
    *,
    mode: str = "release",
    command: str,
    language: str = "en",
) -> None:
    """Write the report of `cohort` to `path`.

    `description` is the definition in sentences of `language`, indented by two spaces for each level; `command` is what
    makes the report again. InputError for an unknown mode; as `check_place` where `path` cannot be
    written.
    """
    html = render(report_data(cohort, description, snapshot, mode=mode, command=command, language=language))
    with written_whole(Path(path)) as draft:
        draft.write_text(html, encoding="utf-8", newline="\n")


def report_command(definition: Path, store: Path, report: Path, mode: str, language: str = "en") -> str:
    """The command that writes a report again."""
    words = ["./wardbench", "cohort", "run", definition, "--store", store, "--report", report, "--mode", mode]
    words += [] if language == "en" else ["--language", language]
    return shlex.join(str(word) for word in words)


def report_data(
    cohort: Cohort,
    description: list[str],
    snapshot: Snapshot,
    *,
    mode: str = "release",
    command: str,
    language: str = "en",
) -> ReportData:
    """All that the report of `cohort` says; InputError for an unknown mode."""
    rules = rules_for(mode)
    return ReportData(
        name=cohort.name or f"Cohort {cohort.cohort_definition_id}",
        description=tuple(description),
        language=language,
        figures=release(cohort, characterise(cohort, snapshot), rules),
        provenance=_provenance(cohort, snapshot, command),
    )


def canonical_json(data: ReportData) -> bytes:
    """The data of a report as one line of JSON, keys sorted.

    When the snapshot was made and where the page was written are left out: the same definition on the same content
    gives the same bytes.
    """
    content = msgspec.to_builtins(data)
    for incidental in ("command", "snapshot_created"):
        del content["provenance"][incidental]
    return msgspec.json.encode(content, order="sorted")


def render(data: ReportData) -> str:
    """The page as HTML."""
    json = canonical_json(data)
    return rendered(
        TEMPLATES,
        "report.html",
        name=data.name,
        kind="Cohort report",
        data=data,
        figures=data.figures,
        made=data.provenance,
        json=json.decode(),
        checksum=hashlib.sha256(json).hexdigest(),
        methods=methods(data),
        citation=citation(data, hashlib.sha256(json).hexdigest()),
    )


def methods(data: ReportData) -> str:
    """A methods paragraph to paste into a paper, with the figures as shown."""
    figures, made = data.figures, data.provenance
    first = next((step.row for step in figures.selection if step.row.persons.value is not None), None)
    selected = (
        f"Of {first.persons.text} persons at the first reported step of the selection, {figures.persons.text} were in "
        "the cohort."
        if first and figures.persons.value is not None and first.persons != figures.persons
        else f"The cohort had {figures.persons.text} persons."
    )
    protection = (
        "Counts are exact."
        if figures.mode == "exact"
        else "Small numbers of persons were hidden or merged and the others rounded before any figure was released."
    )
    return (
        f"Persons were selected from {made.source} (OMOP Common Data Model {made.cdm}; snapshot "
        f"{made.snapshot_version} of {made.snapshot_created[:10]}; vocabulary: {made.vocabulary}) with the cohort "
        f"definition “{data.name}” (plan {made.plan_hash[:16]}). {selected} Each person was described at the start of "
        "the first membership. Age is in completed years. Conditions, drugs, procedures and measurements were those "
        f"recorded in the {figures.window_days} days up to and including the start, measurements by the latest value "
        "of each person; samples were those recorded at any time, by the one nearest to the start. "
        f"Continuous variables are given as median and quartiles. {protection} Wardbench {made.wardbench} and DuckDB "
        f"{made.duckdb} were used."
    )


def citation(data: ReportData, checksum: str) -> str:
    """How to cite the report: what, from which state of which data, made with what."""
    made = data.provenance
    return (
        f"{data.name}: cohort report. Source: {made.source}, snapshot {made.snapshot_version} "
        f"({made.snapshot_created[:10]}). Wardbench {made.wardbench}. Data checksum SHA-256 {checksum[:16]}."
    )


def _provenance(cohort: Cohort, snapshot: Snapshot, command: str) -> Provenance:
    return provenance(snapshot, command, str(cohort.cohort_definition_id), cohort.plan_hash)


def provenance(snapshot: Snapshot, command: str, definition_id: str, plan_hash: str) -> Provenance:
    """What a page on this snapshot is made from and with."""
    with snapshot.connect(only=["cdm_source", "vocabulary"]) as con:
        source = con.execute("SELECT min(cdm_source_name) FROM cdm_source").fetchone()
        release = con.execute("SELECT min(vocabulary_version) FROM vocabulary WHERE vocabulary_id = 'None'").fetchone()
    vocabulary = (release[0] if release else None) or ("loaded" if snapshot.has_vocabulary else "none loaded")
    return Provenance(
        command=command,
        definition_id=definition_id,
        plan_hash=plan_hash,
        snapshot_version=snapshot.version,
        snapshot_created=snapshot.created,
        source=(source[0] if source else None) or "not named by the hospital",
        vocabulary=vocabulary,
        cdm=CDM_VERSION,
        wardbench=__version__,
        duckdb=duckdb.__version__,
    )
