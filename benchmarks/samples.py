"""Finding specimens: every facet of 10 million specimens of one million donors, beside DuckDB on the same data; and who
has which condition among one million patients with 52 million conditions.

Specimens come from `wardbench.synthetic.inventory`. A question has nought to four facets narrowed, to one to three
values each; seven of ten ask for what can be given. An answer has for every value of every facet (each without its own
choice) the specimens, MIABIS samples and donors, the totals, what can be given, what keeps the rest back and up to five
what-ifs. What is kept of earlier questions is forgotten before each. The peer counts specimens and donors of twelve of
these facets in one grouped scan each, with the same filters, over the same columns in memory; it has no samples,
diagnoses or what-ifs. Its counts have to be ours, or the benchmark fails. Every time is told as wall and processor
time, because a busy machine lengthens the first; `load` says how busy it was.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from wardbench.core.store import Snapshot, Store
from wardbench.synthetic.inventory import make_inventory
from wardbench.ward.samples import (
    FACETS,
    RANGES,
    Choice,
    Facets,
    Giving,
    Query,
    Range,
    SampleIndex,
    Strata,
    facets,
    range_of,
    write_index,
)

CACHE = Path(os.environ.get("WARDBENCH_CACHE", Path.home() / ".cache/wardbench")) / "bench"
PEER_FACETS = (
    "collection", "material", "temperature", "kind", "status", "sex", "tube", "delay", "delay_after",
    "age", "thaws", "collected",
)  # fmt: skip
CONDITIONS = 52
CODES = 5_000


class Timed:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def passed(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def make_index(specimens: int, donors: int, seed: int) -> tuple[Path, dict[str, Any]]:
    """The index, made once, and what making it took."""
    folder = CACHE / f"specimens_{specimens}_{donors}_{seed}"
    told = folder / "built.json"
    if told.is_file():
        built = json.loads(told.read_text())
        if (folder / built["version"] / "index.json").is_file():
            return folder / built["version"], built
    shutil.rmtree(folder, ignore_errors=True)
    print(f"Making {specimens:,} specimens (once) ...", file=sys.stderr)
    # In a process of its own: what is measured afterwards is the memory of asking.
    maker = get_context("spawn").Process(target=_make_index, args=(folder, specimens, donors, seed))
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit("The index could not be made.")
    built = json.loads(told.read_text())
    return folder / built["version"], built


def _make_index(folder: Path, specimens: int, donors: int, seed: int) -> None:
    table = make_inventory(specimens, donors, seed=seed)
    timed = Timed()
    index = write_index(table, folder)
    wall, cpu = timed.passed()
    size = sum(path.stat().st_size for path in index.iterdir())
    built = {
        "version": index.name,
        "build_s": round(wall, 1),
        "build_cpu_s": round(cpu, 1),
        "build_peak_mb": peak_mb(),
        "index_mb": round(size / 1e6),
        "bitmaps_mb": round((size - (index / "rows.arrow").stat().st_size) / 1e6),
    }
    (folder / "built.json").write_text(json.dumps(built))


def questions(known: Facets, count: int, seed: int) -> Iterator[Query]:
    chance = random.Random(seed)
    for _ in range(count):
        chosen: dict[str, Choice] = {}
        for facet in chance.sample(FACETS, chance.randint(0, 4)):
            values = list(known.values[facet])
            picked = chance.sample(values, min(len(values), chance.randint(1, 3)))
            chosen[facet] = tuple(map(range_of, picked)) if facet in RANGES else frozenset(picked)
        giving = Giving(most_thaws=chance.choice((None, 1))) if chance.random() < 0.7 else None
        yield Query.of(chosen, giving=giving)


def measure(index: SampleIndex, asked: list[Query]) -> dict[str, float]:
    walls, cpus = [], []
    for query in asked:
        index.forget()
        timed = Timed()
        facets(index, query)
        wall, cpu = timed.passed()
        walls.append(wall * 1e3)
        cpus.append(cpu * 1e3)
    return {
        "facets_p50_ms": round(float(np.percentile(walls, 50)), 1),
        "facets_p95_ms": round(float(np.percentile(walls, 95)), 1),
        "facets_cpu_p50_ms": round(float(np.percentile(cpus, 50)), 1),
        "facets_cpu_p95_ms": round(float(np.percentile(cpus, 95)), 1),
    }


class Peer:
    """DuckDB over the columns in memory: words as enumerations, filters as SQL."""

    def __init__(self, index: SampleIndex, threads: int) -> None:
        self._con = duckdb.connect(config={"threads": threads})
        rows = index.rows
        donor = rows.column("donor").combine_chunks().indices
        columns = {name: rows.column(name) for name in PEER_FACETS if name != "collected"}
        day = rows.column("collected").cast(pa.timestamp("s")).cast(pa.date32(), safe=False).cast(pa.int32())
        given = {name: rows.column(name) for name in ("consent", "amount", "dimension", "reserved", "retained")}
        self._con.register("given", pa.table({"donor": donor, **columns, "collected": day, **given}))
        self._con.execute("CREATE TABLE specimens AS SELECT * FROM given")

    def facets(self, query: Query, known: Facets) -> dict[str, dict[str, tuple[int, int]]]:
        """Specimens and donors by facet and value."""
        found = {}
        for facet in PEER_FACETS:
            where = " AND ".join(
                ["true", *(self._filter(name, choice) for name, choice in query.chosen if name != facet)]
            )
            if query.giving is not None:
                where += " AND " + self._givable(query.giving)
            sql = (
                f"SELECT {self._value(facet)}, count(*), count(DISTINCT donor) FROM specimens WHERE {where} GROUP BY 1"
            )
            rows = self._con.execute(sql).fetchall()
            found[facet] = {self._name(facet, value, known): (specimens, donors) for value, specimens, donors in rows}
        return found

    def _value(self, facet: str) -> str:
        return {
            "age": "least(age // 10, 9)",
            "thaws": "least(thaws, 5)",
            "collected": "year(DATE '1970-01-01' + collected)",
        }.get(facet, facet)

    def _name(self, facet: str, value: Any, known: Facets) -> str:
        if value is None or facet not in RANGES:
            return value or ""
        bands = [range_of(name) for name in known.values[facet] if name]
        at = {
            "age": lambda: value * 10,
            "thaws": lambda: value,
            "collected": lambda: int(np.datetime64(f"{value}-01-01", "D").astype(int)),
        }[facet]()
        return next(name for name, band in zip(known.values[facet], bands, strict=False) if band.low == at)

    def _filter(self, facet: str, choice: Choice) -> str:
        if isinstance(choice, frozenset):
            words = ", ".join(f"'{word}'" for word in sorted(choice))
            return f"coalesce({facet}, '') IN ({words})"
        return "(" + " OR ".join(self._range(facet, part) for part in choice) + ")"

    def _range(self, facet: str, part: Range) -> str:
        if part.unknown:
            return f"{facet} IS NULL"
        ends = [f"{facet} >= {part.low}"] if part.low is not None else []
        ends += [f"{facet} <= {part.high}"] if part.high is not None else []
        ends += [f"dimension = '{part.dimension}'"] if part.dimension else []
        return "(" + " AND ".join([f"{facet} IS NOT NULL", *ends]) + ")"

    def _givable(self, giving: Giving) -> str:
        thaws = f" AND thaws <= {giving.most_thaws}" if giving.most_thaws is not None else ""
        return (
            "status IN ('stored', 'out') AND coalesce(amount, 1) > 0 AND NOT reserved AND NOT retained"
            f" AND consent & 3 = 3{thaws}"
        )


def compare(index: SampleIndex, asked: list[Query], known: Facets, threads: int) -> dict[str, float]:
    """The peer's times for the questions that it can be asked; its counts are ours, or this fails."""
    peer = Peer(index, threads)
    can = [query for query in asked if not {"consent", "chapter", "diagnosis"} & {facet for facet, _ in query.chosen}]
    walls, cpus, ours, own_cpus = [], [], [], []
    for query in can:
        timed = Timed()
        theirs = peer.facets(query, known)
        wall, cpu = timed.passed()
        index.forget()
        timed = Timed()
        found = facets(index, query)
        own, own_cpu = timed.passed()
        for facet, values in theirs.items():
            mine = {word: (c.specimens, c.donors) for word, c in found.values[facet].items() if c.specimens}
            if mine != values:
                raise SystemExit(f"{facet}: the counts differ for {query}.")
        walls.append(wall * 1e3)
        cpus.append(cpu * 1e3)
        ours.append(own * 1e3)
        own_cpus.append(own_cpu * 1e3)
    return {
        "duckdb_questions": len(can),
        "duckdb_p50_ms": round(float(np.percentile(walls, 50)), 1),
        "duckdb_p95_ms": round(float(np.percentile(walls, 95)), 1),
        "duckdb_cpu_p50_ms": round(float(np.percentile(cpus, 50)), 1),
        "ratio_p50": round(float(np.percentile(walls, 50) / np.percentile(ours, 50)), 1),
        "ratio_cpu_p50": round(float(np.percentile(cpus, 50) / np.percentile(own_cpus, 50)), 1),
    }


def make_conditions(persons: int, seed: int) -> Snapshot:
    """A store of so many persons with 52 conditions each, of 5,000 codes of which few are common; made once."""
    folder = CACHE / f"conditions_{persons}_{seed}"
    if (folder / "manifest.json").is_file():
        return Store.open(folder).snapshot()
    print(f"Making {persons * CONDITIONS:,} conditions (once) ...", file=sys.stderr)
    with Store.open_or_create(folder).draft() as draft:
        con = draft.connect()
        con.execute(f"SELECT setseed({1 / (1 + seed)})")
        con.execute(f"CREATE TABLE people AS SELECT range + 1 AS person_id FROM range({persons})")
        people = (
            "SELECT person_id, 8507 AS gender_concept_id, 1970 AS year_of_birth, 0 AS race_concept_id,"
            " 0 AS ethnicity_concept_id FROM people"
        )
        periods = (
            "SELECT person_id AS observation_period_id, person_id, 0 AS period_type_concept_id,"
            " DATE '2000-01-01' AS observation_period_start_date, DATE '2025-12-31' AS observation_period_end_date"
            " FROM people"
        )
        conditions = (
            "SELECT row_number() OVER () AS condition_occurrence_id, person_id, 0 AS condition_type_concept_id,"
            f" 1000 + floor({CODES} * pow(random(), 3))::INTEGER AS condition_concept_id,"
            f" DATE '2000-01-01' + floor(9000 * random())::INTEGER AS condition_start_date"
            f" FROM people, range({CONDITIONS})"
        )
        for table, select in (
            ("person", people),
            ("observation_period", periods),
            ("condition_occurrence", conditions),
        ):
            draft.write(con, table, select)
        con.close()
        return draft.commit({"benchmark": "samples"})


def best(work: Callable[[], Any], runs: int = 7) -> tuple[float, float]:
    """The shortest wall and processor seconds of several runs."""
    times = []
    for _ in range(runs):
        timed = Timed()
        work()
        times.append(timed.passed())
    return min(wall for wall, _ in times), min(cpu for _, cpu in times)


def strata(persons: int, seed: int, threads: int) -> dict[str, float]:
    snapshot = make_conditions(persons, seed)
    timed = Timed()
    counted = Strata(snapshot)
    wall, _ = timed.passed()
    cohort = np.sort(np.random.default_rng(seed).choice(persons, persons // 3, replace=False)) + 1
    everybody = best(lambda: Strata(snapshot).everybody())
    within = best(lambda: counted.within(cohort))
    with snapshot.connect(threads=threads) as con:
        con.register("chosen", pa.table({"person_id": cohort}))
        sql = "SELECT condition_concept_id, count(DISTINCT person_id) FROM condition_occurrence{} GROUP BY 1"
        for where, mine in (("", counted.everybody()), (" SEMI JOIN chosen USING (person_id)", counted.within(cohort))):
            timed = Timed()
            theirs = dict(con.execute(sql.format(where)).fetchall())
            plain = timed.passed()[0]
            if theirs != mine.to_dict():
                raise SystemExit("stratify: the counts differ.")
    return {
        "stratify_1m_s": round(within[0], 4),
        "stratify_cpu_s": round(within[1], 4),
        "stratify_everybody_s": round(everybody[0], 4),
        "stratify_kept_s": round(wall, 1),
        "stratify_duckdb_plain_s": round(plain, 2),
        "persons": persons,
    }


def peak_mb() -> int:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(size / (1e6 if sys.platform == "darwin" else 1e3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--specimens", type=int, default=10_000_000)
    parser.add_argument("--donors", type=int, default=0, help="a tenth of the specimens where it is not given")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--compared", type=int, default=10, help="how many questions the peer is asked")
    parser.add_argument("--persons", type=int, default=1_000_000, help="of the stratification")
    parser.add_argument("--runs", type=int, default=3, help="the best of so many is told")
    parser.add_argument("--threads", type=int, default=2, help="of the peer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    folder, built = make_index(given.specimens, given.donors or max(given.specimens // 10, 1), given.seed)
    index = SampleIndex.open(folder)
    known = facets(index, Query.of(giving=None))
    asked = list(questions(known, given.questions, given.seed))
    runs = [measure(index, asked) for _ in range(given.runs)]
    found: dict[str, Any] = {
        "specimens": given.specimens,
        "samples": known.total.samples,
        "donors": known.total.donors,
        "values": sum(len(values) for values in known.values.values()),
        "questions": given.questions,
        **min(runs, key=lambda run: run["facets_p95_ms"]),
        "facets_p95_ms_runs": [run["facets_p95_ms"] for run in runs],
        "peak_rss_mb": peak_mb(),
        **compare(index, asked[: given.compared], known, given.threads),
        **strata(given.persons, given.seed, given.threads),
        **built,
        "load": round(os.getloadavg()[0], 1),
    }
    if given.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:24} {value}")


if __name__ == "__main__":
    main()
