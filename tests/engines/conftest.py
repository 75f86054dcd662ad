"""The server, the cluster and the data of the engines' tests; what is only for the night is left out by day."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import postgres_server
import spark_cluster
from dense_hospital import make_dense_snapshot
from engines.library import NAME, Library

NIGHTLY = os.environ.get("WARDBENCH_NIGHTLY") == "1"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "nightly: takes minutes; only where WARDBENCH_NIGHTLY is 1")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    later = [] if NIGHTLY else [item for item in items if item.get_closest_marker("nightly")]
    if later:
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if item not in later]


@pytest.fixture(scope="session")
def server() -> Iterator[postgres_server.Server]:
    """A PostgreSQL server whose schema `cdm` has every table, empty."""
    with postgres_server.running() as one:
        postgres_server.make_schema(one, "cdm")
        yield one


@pytest.fixture
def cluster() -> Iterator[spark_cluster.Cluster]:
    with spark_cluster.running() as one:
        yield one


@pytest.fixture(scope="session")
def library(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("library")
    snapshot = make_dense_snapshot(shared, folder, definitions=NAME, persons=2000, seed=1)
    return Library(shared / "data" / "circe", snapshot)
