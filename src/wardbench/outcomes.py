"""Patients like mine for programs: a protocol answered on a snapshot, and what of it may be shown.

analysis = analyse(read_protocol("heart-failure.json"), Store.open("hospital").snapshot())
found = report_of(analysis, snapshot, mode="release")
found.verdict, found.figures.gates, found.figures.effects

`Analysis` holds records of persons; `OutcomeReport` only what went through disclosure control.
"""

from wardbench.bench.outcomes.analysis import Analysis, analyse
from wardbench.bench.outcomes.calibration import e_value, empirical_null
from wardbench.bench.outcomes.power import minimal_detectable_ratio
from wardbench.bench.outcomes.protocol import Protocol, Question, question
from wardbench.bench.outcomes.protocol import read_question as read_protocol
from wardbench.bench.outcomes.report import OutcomeReport, canonical_json, render, report_of, write_report
from wardbench.bench.outcomes.survival import aalen_johansen, kaplan_meier, restricted_mean

__all__ = [
    "Analysis",
    "OutcomeReport",
    "Protocol",
    "Question",
    "aalen_johansen",
    "analyse",
    "canonical_json",
    "e_value",
    "empirical_null",
    "kaplan_meier",
    "minimal_detectable_ratio",
    "question",
    "read_protocol",
    "render",
    "report_of",
    "restricted_mean",
    "write_report",
]
