"""What the page of a cohort tells: words, selection, characteristics, code lists, and how to come to the same again."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from wardbench.campus.cohorts import finding, queries
from wardbench.campus.cohorts.models import Version
from wardbench.campus.cohorts.words import sections_of
from wardbench.campus.counting import queries as counting
from wardbench.campus.counting import sessions
from wardbench.campus.counting.purposes import whom
from wardbench.campus.counting.rules import PURPOSES, WORDS, Mode, Purpose
from wardbench.campus.people.refusals import refusal as said_of
from wardbench.campus.people.rules import Actor
from wardbench.core.disclosure import ExactRules
from wardbench.core.errors import WardbenchError
from wardbench.ward.cohorts.definition import Definition
from wardbench.ward.cohorts.describe import describe_definition
from wardbench.ward.cohorts.editing import SetLine, Working, outline
from wardbench.ward.cohorts.lower import lower
from wardbench.ward.cohorts.report import ReportData, citation, methods, report_data
from wardbench.ward.cohorts.run import run_cohort

MOST_KEPT = 32
EXACT = frozenset({Mode.SANDBOX, Mode.STEWARDSHIP})
"""The modes in which a whole table may be shown; every other mode gives a count and no more."""
_lock = threading.Lock()
_kept: OrderedDict[tuple[str, str, str], ReportData] = OrderedDict()
Sentences = list[tuple[str, list[tuple[int, str]]]]
"""Titles with their lines, each with its level."""


@dataclass(frozen=True)
class Told:
    """A version as its page shows it; `report` is None where nothing can be counted, and `refusal` says why."""

    sentences: Sentences
    sets: tuple[SetLine, ...]
    mode: Mode
    words: Any
    report: ReportData | None
    methods: str
    citation: str
    command: str
    refusal: str = ""


def told(version: Version, by: Actor, mode: Mode, language: str, address: str) -> Told:
    """What there is to tell of `version` to `by`, counted in `mode`."""
    definition, sentences, sets = _said(version.definition, version.cohort.name, language)
    command = _command(version)
    report, refusal = None, ""
    try:
        counting.look(definition, by=by, mode=mode)
        if mode in EXACT:
            report = _report(definition, version.hash, mode, command)
    except WardbenchError as error:
        refusal = said_of(error)
    return Told(
        sentences=sentences,
        sets=sets,
        mode=mode,
        words=WORDS[mode],
        report=report,
        methods=methods(report) if report else "",
        citation=f"{citation(report, version.hash)} {address}/cohorts/hash/{version.hash}/" if report else "",
        command=command,
        refusal=refusal,
    )


@lru_cache(maxsize=MOST_KEPT)
def _said(text: str, name: str, language: str) -> tuple[Definition, Sentences, tuple[SetLine, ...]]:
    """A definition under a name, its sentences and its concept sets. They follow from what is given here and nothing
    else, so that what is kept of them is never out of date."""
    working = Working(json.loads(text))
    definition = working.definition(name)
    lines = describe_definition(definition, lower(definition), language=language)
    return definition, sections_of(lines), outline(working).sets


def read_ahead() -> None:
    """Do once what the pages of cohorts do first: read libraries, the twin's columns and its concepts. Nothing where
    the campus has no twin or no cohort."""
    version = queries.newest()
    if version is not None and settings.CAMPUS.twin:
        definition, _sentences, _sets = _said(version.definition, version.cohort.name, "en")
        sessions.look(whom(Purpose.SANDBOX), definition)
        _report(definition, version.hash, Mode.SANDBOX, _command(version))
        finding.recorded_codes()


def _command(version: Version) -> str:
    return f"./wardbench cohort run {version.hash[:12]}.json --store STORE --report report.html"


def _report(definition: Definition, content_hash: str, mode: Mode, command: str) -> ReportData:
    """The characteristics, kept for as long as the snapshot is the newest."""
    snapshot = sessions.snapshot(whom(PURPOSES[mode]).place)
    place = (content_hash, mode.value, snapshot.version)
    with _lock:
        if place in _kept:
            _kept.move_to_end(place)
            return _kept[place]
    with sessions.turns.turn():
        made = report_data(run_cohort(definition, snapshot), [], snapshot, mode=ExactRules().mode, command=command)
    with _lock:
        _kept[place] = made
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return made
