"""What a process reads first may be read by several threads at once, as on a server that has just started."""

from __future__ import annotations

import subprocess
import sys

import pytest

AT_ONCE = """
import sys, threading

{imports}
sys.setswitchinterval(1e-6)
together = threading.Barrier(8)
read = []

def first():
    together.wait()
    read.append({reads})

threads = [threading.Thread(target=first) for _ in range(8)]
for one in threads:
    one.start()
for one in threads:
    one.join()
assert len(read) == 8
"""
EVERYBODY = {
    "ConceptSets": [],
    "PrimaryCriteria": {
        "CriteriaList": [{"ObservationPeriod": {}}],
        "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
        "PrimaryCriteriaLimit": {"Type": "First"},
    },
}
FIRST = {
    "a definition": (
        "from wardbench.ward.cohorts.definition import Entry",
        f"Entry(1, 'everybody', '', {EVERYBODY!r}).decode()",
    ),
    "an approval path": ("from wardbench.campus.studies.path import shipped", "shipped()"),
    "a store": (
        "from wardbench.core.store.files import MANIFESTS",
        """MANIFESTS.decode(b'{"format": 1, "current": null}')""",
    ),
}


@pytest.mark.parametrize(("imports", "reads"), FIRST.values(), ids=FIRST)
def test_the_first_may_be_read_by_several_threads_at_once(imports: str, reads: str) -> None:
    code = AT_ONCE.format(imports=imports, reads=reads)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:] or f"exit code {done.returncode}"
