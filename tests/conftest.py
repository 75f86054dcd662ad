"""What tests share: where the reference data lie, and the skip that says so where they do not."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from demonstration import make_demonstration
from made_once import made_once

# The campus's settings without a folder: an empty campus in memory.
os.environ["DJANGO_SETTINGS_MODULE"] = "wardbench.campus.settings"
os.environ.pop("WARDBENCH_CAMPUS", None)

ROOT = Path(__file__).parent.parent

if "PYTEST_XDIST_WORKER" in os.environ:
    # While modules are imported there is no garbage to look for; below it is switched on again.
    gc.disable()


def pytest_collection_finish() -> None:
    """What was imported stays: it is not looked through again each time that garbage is collected."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout (`WARDBENCH_SHARED` names another); skips where absent."""
    folder = Path(os.environ.get("WARDBENCH_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"the reference data are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `wardbench demo` made, once for a whole run. Copy it to change it."""
    return made_once(tmp_path_factory, "demonstration", make_demonstration) / "demo"
