"""One page that a physician reads in two minutes, with everything else below it."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import msgspec
from markupsafe import Markup

from wardbench.bench.outcomes import charts
from wardbench.bench.outcomes.analysis import Analysis, outcome_in_words
from wardbench.bench.outcomes.balance import LIMIT
from wardbench.bench.outcomes.calibration import FEWEST
from wardbench.bench.outcomes.described import TrajectoryRow, WindowRow
from wardbench.bench.outcomes.matching import CALIPER
from wardbench.bench.outcomes.protocol import DEATH, Protocol
from wardbench.bench.outcomes.released import ReleasedOutcomes, release
from wardbench.bench.outcomes.shown_balance import band_names
from wardbench.bench.outcomes.shown_curves import ReleasedCurve
from wardbench.bench.outcomes.weighting import SHARES
from wardbench.core.disclosure import Figure, rules_for
from wardbench.core.disclosure.figures import NEARLY_ALL
from wardbench.core.page import rendered
from wardbench.core.results import written_whole
from wardbench.core.store import Snapshot
from wardbench.ward.cohorts.report import Provenance, provenance

TEMPLATES = resources.files(__package__).joinpath("templates")


@dataclass(frozen=True)
class Asked:
    """The question in the words of PICO."""

    patients: str
    target: str
    comparator: str
    outcome: str
    time: str
    estimand: str
    alike: str
    """How the arms are made alike; empty where nothing is compared."""


@dataclass(frozen=True)
class OutcomeReport:
    """Everything the page says; its JSON is on the page, and its checksum is of that."""

    name: str
    protocol: str
    """The protocol's hash."""
    asked: Asked
    verdict: str
    figures: ReleasedOutcomes
    provenance: Provenance


def report_command(
    protocol: Path, store: Path, report: Path, mode: str, snapshot: str, objected: Path | None = None
) -> str:
    """The command that makes a report again, of the same `snapshot` whatever was loaded since."""
    words = ["./wardbench", "outcomes", "run", protocol, "--store", store, "--snapshot", snapshot]
    words += ["--report", report, "--mode", mode]
    if objected is not None:
        words += ["--objected", objected]
    return shlex.join(str(word) for word in words)


def write_report(analysis: Analysis, snapshot: Snapshot, path: Path, *, mode: str, command: str = "") -> None:
    """Write the page whole or not at all. As `check_place` where `path` cannot be written."""
    html = render(report_of(analysis, snapshot, mode=mode, command=command))
    with written_whole(path) as draft:
        draft.write_text(html, encoding="utf-8", newline="\n")


def report_of(analysis: Analysis, snapshot: Snapshot, *, mode: str, command: str = "") -> OutcomeReport:
    """All that the page of an analysis says; InputError for an unknown mode."""
    figures = release(analysis, rules_for(mode))
    question = analysis.question
    return OutcomeReport(
        question.protocol.name,
        question.digest,
        asked(analysis),
        verdict(figures),
        figures,
        provenance(snapshot, command, "", question.digest),
    )


def asked(analysis: Analysis) -> Asked:
    question, protocol = analysis.question, analysis.question.protocol
    follow_up = protocol.follow_up
    treated = (
        "as started, whatever was taken later (like intention to treat)"
        if protocol.estimand == "intention-to-treat"
        else f"while treated and for {follow_up.after_stop} days after (as treated)"
    )
    within = "" if question.population is None else f"{question.population.name}, "
    where = "in the cohort" if question.comparator is None else "in either cohort"
    return Asked(
        f"{within}{where}, observed for {protocol.washout_days} days before"
        + ", but for those who objected to the use of their data" * analysis.objected,
        question.target.name,
        "none" if question.comparator is None else question.comparator.name,
        outcome_in_words(question),
        f"Day {follow_up.first_day} to day {follow_up.last_day} after the first day of membership",
        treated,
        "" if question.comparator is None else made_alike(protocol),
    )


def made_alike(protocol: Protocol) -> str:
    """What a way of adjusting is called in a methods section."""
    if protocol.adjustment == "overlap":
        return "overlap weights"
    if protocol.adjustment == "iptw":
        low, high = (100 * share for share in SHARES)
        return f"stabilised inverse probability of treatment weights, cut off at their percentiles {low:g} and {high:g}"
    most = "1 to 1" if protocol.matching_ratio == 1 else f"up to {protocol.matching_ratio} comparators to 1"
    return f"matching ({most}, within {CALIPER:g} standard deviations of the logit of the propensity score)"


def verdict(figures: ReleasedOutcomes) -> str:
    """The first thing that is read: an association in one hospital's records, or why there is none to tell."""
    if not figures.compared:
        return described(figures)
    if not figures.answerable:
        return "Not answerable, because " + "; and because ".join(figures.refusals) + "."
    return (
        f"Among {figures.whom}: {figures.headline} This is an association in the records of one hospital, "
        "not a recommendation."
    )


def described(figures: ReleasedOutcomes) -> str:
    happened = ""
    if figures.summary:
        rows = [row for row in figures.summary if "outcome by day" in row.name]
        row = rows[-1]
        when = row.name.rsplit(" by ", 1)[1]
        interval = f" (95% interval {row.interval})" if row.interval else ""
        happened = f" By {when}, {row.value} had the outcome{interval}."
    return (
        f"{figures.target.text} patients are described{emptied_at(figures)}.{happened} Nothing is compared: the "
        "protocol has no comparator."
    )


def emptied_at(figures: ReleasedOutcomes) -> str:
    """At which step nobody was left to be described, as the end of a sentence; empty where somebody was, or where the
    number is not told."""
    first = next((place for place, step in enumerate(figures.attrition) if step.target.value == 0), None)
    if first is None:
        return ""
    if first == 0:
        return ", as nobody is in the cohort"
    return f", as nobody is left after the step “{figures.attrition[first].name}”"


def canonical_json(report: OutcomeReport) -> bytes:
    """The report as one line of JSON, keys sorted, without when and by which command it was made."""
    content = msgspec.to_builtins(report)
    for incidental in ("command", "snapshot_created"):
        del content["provenance"][incidental]
    return msgspec.json.encode(content, order="sorted")


def render(report: OutcomeReport) -> str:
    json, happened = canonical_json(report), report.asked.outcome
    if happened != DEATH:
        happened = f"“{happened}”"
    return rendered(
        TEMPLATES,
        "outcomes.html",
        name=report.name,
        kind="Outcome report",
        report=report,
        figures=report.figures,
        made=report.provenance,
        courses=[
            (one, course(one, report.figures.description.persons)) for one in report.figures.description.trajectories
        ],
        happened=happened,
        preference=preferences(report.figures),
        crude=drawn(report.figures.curves, f"Share with {happened} by day, as recorded"),
        deaths=drawn(
            report.figures.deaths,
            f"Share who died without {happened} by day, as recorded",
            "Share who died without the outcome",
        ),
        adjusted=drawn(report.figures.weighted_curves, f"Share with {happened} by day, adjusted"),
        everything=every_covariate(report.figures),
        balance=balance(report.figures),
        bands=band_names(),
        forest=forest(report.figures),
        json=json.decode(),
        checksum=hashlib.sha256(json).hexdigest(),
        methods=methods(report),
    )


def drawn(curves: tuple[ReleasedCurve, ...], title: str, of: str = "Share with the outcome") -> Markup:
    lines = [
        charts.Line(
            c.name,
            [p.day for p in c.points],
            [p.share for p in c.points],
            [p.share if p.low is None else p.low for p in c.points],
            [p.share if p.high is None else p.high for p in c.points],
            [p.at_risk.text for p in c.points],
        )
        for c in curves
        if c.points
    ]
    if not lines:
        return Markup("")
    last = max(line.x[-1] for line in lines)
    return Markup(charts.steps(lines, title, "Days since time zero", of, last))


def measured(window: WindowRow, whole: Figure) -> str:
    """How many were measured, as narrow as below an axis: `≈` all but a few."""
    if window.persons.value is not None:
        return window.persons.text
    return f"≈{whole.text}" if window.persons == NEARLY_ALL else window.persons.text.replace("fewer than ", "<")


def course(row: TrajectoryRow, whole: Figure) -> Markup:
    windows = [window for window in row.windows if window.median.value is not None]
    if not windows:
        return Markup("")
    values = charts.Course(
        [window.first for window in row.windows],
        [window.last for window in row.windows],
        [window.low.value for window in row.windows],
        [window.median.value for window in row.windows],
        [window.high.value for window in row.windows],
        [measured(window, whole) for window in row.windows],
    )
    title = f"{row.name}: median and quartiles over time"
    return Markup(charts.course(values, title, row.unit or "value"))


def preferences(figures: ReleasedOutcomes) -> Markup:
    if not figures.preference:
        return Markup("")
    groups = [[bin.target for bin in figures.preference], [bin.comparator for bin in figures.preference]]
    title = "How likely each arm was to be given the target, by preference score"
    return Markup(charts.bars(("Target", "Comparator"), groups, title, "Preference score", "Share of the arm"))


def every_covariate(figures: ReleasedOutcomes) -> Markup:
    spots = [(spot.before, spot.after) for spot in figures.balance.spots]
    title = "Standardised difference of every covariate before and after adjustment"
    return Markup(charts.scatter(spots, title, LIMIT)) if spots else Markup("")


def forest(figures: ReleasedOutcomes) -> Markup:
    rows = [(row.name, row.value, row.low, row.high) for row in figures.forest]
    title = "Hazard ratios with 95% intervals, asked in other ways and in subgroups"
    return Markup(charts.forest(rows, title)) if rows else Markup("")


def balance(figures: ReleasedOutcomes) -> Markup:
    rows = [(row.label, row.before, row.after) for row in figures.balance.rows]
    return (
        Markup(charts.love(rows, "Standardised differences before and after adjustment", LIMIT)) if rows else Markup("")
    )


def methods(report: OutcomeReport) -> str:
    """A methods paragraph to paste, with the figures as shown."""
    figures, made, asked = report.figures, report.provenance, report.asked
    start = (
        f"From {made.source} (OMOP Common Data Model {made.cdm}, snapshot {made.snapshot_version}) persons were taken "
        f"at the first day of their first membership of “{asked.target}”"
    )
    if asked.comparator == "none":
        design = f"{start} and followed for “{asked.outcome}”. Nothing was compared."
    else:
        design = (
            f"{start} or of “{asked.comparator}” (new users, active comparator; those in both were left out) and "
            f"followed for “{asked.outcome}”, {asked.time[0].lower()}{asked.time[1:]}, {asked.estimand}. Propensity "
            "scores came from L1-penalised logistic regression with a cross-validated penalty over all recorded "
            "conditions, drugs, procedures, measurements (with the fifth in which the last value lies), observations, "
            "devices and visits in fixed windows before, age, sex and year. The arms were made alike by "
            f"{asked.alike}; an effect is about {figures.whom}. {estimated(figures)}"
        )
    return f"{design} Protocol {report.protocol[:16]}; Wardbench {made.wardbench}."


def estimated(figures: ReleasedOutcomes) -> str:
    """What was estimated and after what, or that nothing was."""
    judged = "size, balance of all covariates, equipoise, negative controls, follow-up and the beginning of follow-up"
    if not figures.answerable:
        return f"No effect was estimated, as not all limits set beforehand (of {judged}) were kept."
    calibrated = (
        f" Ratios were also calibrated by the empirical null of {figures.controls} negative controls."
        if figures.controls >= FEWEST
        else ""
    )
    return (
        f"Estimates were computed after {judged} had passed limits set beforehand. Shares are by Aalen-Johansen, death "
        "before the outcome competing; hazard ratios by Cox's regression with robust errors; E-values by VanderWeele "
        f"and Ding.{calibrated}"
    )
