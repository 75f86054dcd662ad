"""A description says everything: definitions that mean different things never read the same, in any language."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardbench.ward.cohorts import lower, read_definitions
from wardbench.ward.cohorts.describe import LANGUAGES, describe


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_plans_of_the_library_have_the_same_description(shared: Path, language: str) -> None:
    texts: dict[str, str] = {}
    for definition in read_definitions(shared / "data" / "circe" / "phenotype_library.jsonl.gz"):
        plan = lower(definition)
        text = "\n".join(describe(plan, language=language))
        assert texts.setdefault(text, plan.digest) == plan.digest, f"{definition.id} reads as another definition"
    assert len(texts) > 1000
