"""Checks raise no false alarm: nobody publishes a phenotype that can find nobody."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from wardbench.ward.cohorts import read_definitions
from wardbench.ward.cohorts.checks import check_definition


def test_no_definition_of_the_library_has_a_critical_finding_and_few_have_a_warning(shared: Path) -> None:
    warned: Counter[str] = Counter()
    for definition in read_definitions(shared / "data" / "circe" / "phenotype_library.jsonl.gz"):
        findings = check_definition(definition)
        assert not [f for f in findings if f.severity == "critical"], definition.id
        warned.update({f.check for f in findings if f.severity == "warning"})
    # Each of these was looked at: sets that are left over, sets of another domain, items taken in and out again.
    assert warned == {"unused": 27, "domain": 19, "both-ways": 13, "window": 3, "duplicate": 1, "exit": 1}
