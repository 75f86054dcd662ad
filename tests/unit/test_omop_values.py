"""How text and typed values become the model's types, case by case."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pytest

from wardbench.ward.ingest.omop.values import given, read

NOTHING = object()
"""The source holds nothing: neither a value nor a fault."""
FAULT = None

TEXTS = [
    ("", "INTEGER", NOTHING),
    ("  ", "DATE", NOTHING),
    ("8507", "INTEGER", 8507),
    (" 8507 ", "INTEGER", 8507),
    ("8507.0", "INTEGER", 8507),
    ("-1", "INTEGER", -1),
    ("+7", "INTEGER", 7),
    ("1.5", "INTEGER", FAULT),
    ("1e3", "INTEGER", FAULT),
    ("0x10", "INTEGER", FAULT),
    ("1_000", "INTEGER", FAULT),
    ("4-2", "INTEGER", FAULT),
    ("3000000000", "INTEGER", FAULT),
    ("3000000000", "BIGINT", 3_000_000_000),
    ("9223372036854775807", "BIGINT", 2**63 - 1),
    ("9223372036854775808", "BIGINT", FAULT),
    ("NA", "BIGINT", FAULT),
    ("true", "INTEGER", FAULT),
    ("1.10", "DOUBLE", 1.1),
    ("-1e-3", "DOUBLE", -0.001),
    ("1,5", "DOUBLE", FAULT),
    ("nan", "DOUBLE", FAULT),
    ("inf", "DOUBLE", FAULT),
    ("NA", "DOUBLE", FAULT),
    ("2020-01-31", "DATE", date(2020, 1, 31)),
    ("20200131", "DATE", date(2020, 1, 31)),
    ("2020-1-31", "DATE", date(2020, 1, 31)),
    ("2020-1-2", "DATE", date(2020, 1, 2)),
    ("2020-01-31 23:59:59", "DATE", date(2020, 1, 31)),
    ("2020-01-31T23:59:59.5", "DATE", date(2020, 1, 31)),
    ("2020-01-31T00:30:00+02:00", "DATE", date(2020, 1, 31)),
    ("2020-01-31T23:30:00-05:00", "DATE", date(2020, 1, 31)),
    ("2020-02-30", "DATE", FAULT),
    ("20200230", "DATE", FAULT),
    ("31/01/2020", "DATE", FAULT),
    ("2020", "DATE", FAULT),
    ("43861", "DATE", FAULT),
    ("infinity", "DATE", FAULT),
    ("epoch", "DATE", FAULT),
    ("2020-01-31", "TIMESTAMP", datetime(2020, 1, 31)),
    ("20200131", "TIMESTAMP", datetime(2020, 1, 31)),
    ("2020-01-31 08:30:00", "TIMESTAMP", datetime(2020, 1, 31, 8, 30)),
    ("2020-01-31T00:30:00+02:00", "TIMESTAMP", datetime(2020, 1, 31, 0, 30)),
    ("2020-01-31 25:00:00", "TIMESTAMP", FAULT),
    ("infinity", "TIMESTAMP", FAULT),
    ("now", "TIMESTAMP", FAULT),
    ("", "VARCHAR", NOTHING),
    (" ", "VARCHAR", " "),
    ("NA", "VARCHAR", "NA"),
    ("NULL", "VARCHAR", "NULL"),
    ("007", "VARCHAR", "007"),
]

TYPED = [
    ("7::TINYINT", "INTEGER", 7),
    ("3000000000", "INTEGER", FAULT),
    ("7.0::DOUBLE", "BIGINT", 7),
    ("7.5::DOUBLE", "BIGINT", FAULT),
    ("'NaN'::DOUBLE", "BIGINT", NOTHING),
    ("'NaN'::FLOAT", "DOUBLE", NOTHING),
    ("'inf'::DOUBLE", "DOUBLE", FAULT),
    ("1.25::DECIMAL(9,2)", "DOUBLE", 1.25),
    ("7.00::DECIMAL(9,2)", "INTEGER", 7),
    ("7.01::DECIMAL(9,2)", "INTEGER", FAULT),
    ("DATE '2020-01-31'", "DATE", date(2020, 1, 31)),
    ("TIMESTAMP '2020-01-31 23:00:00'", "DATE", date(2020, 1, 31)),
    ("TIMESTAMP_NS '2020-01-31 23:00:00'", "TIMESTAMP", datetime(2020, 1, 31, 23)),
    ("TIMESTAMPTZ '2020-01-31 23:00:00+00'", "TIMESTAMP", datetime(2020, 1, 31, 23)),
    ("DATE '2020-01-31'", "TIMESTAMP", datetime(2020, 1, 31)),
    ("DATE 'infinity'", "DATE", FAULT),
    ("20200131", "DATE", date(2020, 1, 31)),
    ("DATE '2020-01-31'", "INTEGER", FAULT),
    ("8507", "VARCHAR", "8507"),
    ("DATE '2020-01-31'", "VARCHAR", "2020-01-31"),
    ("TIME '08:30:00'", "VARCHAR", "08:30:00"),
    ("true", "VARCHAR", "true"),
    ("''", "VARCHAR", NOTHING),
    ("NULL::INTEGER", "INTEGER", NOTHING),
]


def outcome(con: duckdb.DuckDBPyConnection, sql: str, target: str) -> object:
    row = con.execute(f"SELECT typeof({sql})").fetchone()
    assert row is not None
    source = row[0]
    there = given("c0", source, target)
    found = con.execute(
        f"SELECT g IS NULL, v, typeof(v) FROM (SELECT g, {read('g', source, target)} AS v"
        f" FROM (SELECT {there} AS g FROM (SELECT {sql} AS c0)))"
    ).fetchone()
    assert found is not None
    is_nothing, value, kind = found
    assert kind in (target, "NULL") or value is None
    if is_nothing:
        assert value is None
        return NOTHING
    return value


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:")
    con.execute("SET TimeZone = 'UTC'")
    return con


@pytest.mark.parametrize(("text", "target", "expected"), TEXTS)
def test_text(con: duckdb.DuckDBPyConnection, text: str, target: str, expected: object) -> None:
    assert outcome(con, f"'{text}'", target) == expected


@pytest.mark.parametrize(("sql", "target", "expected"), TYPED)
def test_typed(con: duckdb.DuckDBPyConnection, sql: str, target: str, expected: object) -> None:
    assert outcome(con, sql, target) == expected
