"""The campus under load: 50 people at once, on SQLite and on PostgreSQL.

The demonstration is made once, served as in production (two processes of four threads), and used by 50 people of
several roles who arrive within five seconds, sign in, read pages and what these lead to, change cohorts of their own in
the builder, raise questions, count thawings of tubes and put found samples into baskets, each with a second to read in
between. Told are the 95th percentile of each page's time (with all the redirects that a click brings), requests a
second, and whether everything that was acknowledged is there once: questions, thawings and baskets by the words that
were given (`written`), changes of drafts by their revisions (`lost`, `doubled`; `record_whole` for the chain of events
and those of the specimens). Afterwards 50 others come who read as people do (`reading`): seven seconds between two
pages on average, the think time of the TPC-W specification.

The browsers run on the same machine, and so may other programs. What each took of its cores is told beside the figures
(`cores`: how much of one core the pages, the browsers and everything else took; PostgreSQL counts as else), because
times mean little where others wait for the same cores; `load_average` says how many programs did. What does not depend
on them much is `alone`: each page asked for by one person before the crowd comes, the least processor time of the
pages' processes (`cpu_ms`) and the median time (`ms`).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from crowd import machine
from crowd.person import OF_THE_BIOBANK, PAGES, PAGES_OF, Pace, Person, hurried, reading
from crowd.served import ROOT, Served, kept, make, serving

PEOPLE = 50
SECONDS = 60.0
ARRIVAL = 5.0
"""Seconds within which all have come."""
ALONE = 15
"""How often each page is asked for by one person alone."""
AIM = 0.3


def load(campus: Path, seconds: float, people: int) -> dict[str, Any]:
    with serving(campus) as served:
        by_itself = alone(served)
        crowd, told = used(served, seconds, people, hurried)
        readers, read = used(served, seconds, people, reading)
    return {**told, **whole(crowd + readers, kept(campus)), "alone": by_itself, "reading": read}


def used(served: Served, seconds: float, people: int, pace: Pace) -> tuple[list[Person], dict[str, Any]]:
    """So many people who used the campus at a pace, how long pages took, and what of the machine that took."""
    began, busy, pages, own = time.monotonic(), machine.busy_seconds(), served.cpu_seconds(), time.process_time()
    crowd = [
        Person(number, served.host, served.port, began + ARRIVAL * number / people, began + seconds, pace)
        for number in range(people)
    ]
    for person in crowd:
        person.start()
    for person in crowd:
        person.join()
    wall, pages, own = time.monotonic() - began, served.cpu_seconds() - pages, time.process_time() - own
    busy = machine.busy_seconds() - busy
    asked = sum(person.browser.asked for person in crowd)
    return crowd, {
        **times(crowd, wall),
        "cpu_ms": round(1000 * pages / asked, 1),
        "browser_cpu_ms": round(1000 * own / asked, 2),
        "cores": {
            "pages": round(pages / wall, 2),
            "browsers": round(own / wall, 2),
            "else": round(max(0.0, busy - pages - own) / wall, 2),
            "there_are": os.cpu_count(),
        },
        "load_average": machine.waiting_programs(),
    }


def times(crowd: list[Person], wall: float) -> dict[str, Any]:
    """How long pages took; `over_aim` are those whose 95th percentile is above the aim."""
    took: dict[str, list[float]] = defaultdict(list)
    for person in crowd:
        for page, those in person.took.items():
            took[page] += those
    every = [one for those in took.values() for one in those]
    pages = {page: percentile(those) for page, those in sorted(took.items())}
    return {
        "requests": len(every),
        "requests_per_s": round(len(every) / wall, 1),
        "p50_ms": round(1000 * statistics.median(every)),
        "p95_ms": percentile(every),
        "pages_p95_ms": pages,
        "over_aim": [page for page, worst in pages.items() if worst > 1000 * AIM],
    }


def percentile(seconds: list[float]) -> int:
    """The 95th, in milliseconds."""
    return round(1000 * sorted(seconds)[int(0.95 * len(seconds))])


def whole(crowd: list[Person], there: dict[str, Any]) -> dict[str, Any]:
    """What was acknowledged beside what is kept."""
    acknowledged = {title for person in crowd for title in person.acknowledged}
    changes = {person.own_cohort.split("/")[2]: person.changes for person in crowd if person.own_cohort}
    revisions = {cohort: there["revisions"].get(cohort, 0) for cohort in changes}
    doubled = len(there["titles"]) - len(set(there["titles"]))
    return {
        "written": len(acknowledged),
        "changes": sum(changes.values()),
        "lost": len(acknowledged - set(there["titles"]))
        + sum(max(0, made - revisions[cohort]) for cohort, made in changes.items()),
        "doubled": doubled + sum(max(0, revisions[cohort] - made) for cohort, made in changes.items()),
        "record_whole": there["whole"],
        "failed": sum(len(person.failed) for person in crowd),
        "failures": sorted({fault for person in crowd for fault in person.failed})[:10],
    }


def alone(served: Served) -> dict[str, dict[str, float]]:
    """What each page costs while nobody else asks."""
    told: dict[str, dict[str, float]] = {}

    def somebody(key: str) -> Person:
        one = Person(0, served.host, served.port, 0.0, 0.0)
        one.key = key
        return one

    reader, judge = somebody("physician"), somebody("trialcentre")

    def measure(name: str, act: Any) -> None:
        cpu, took = [], []
        for _ in range(ALONE):
            spent, began = served.cpu_seconds(), time.monotonic()
            act()
            took.append(time.monotonic() - began)
            cpu.append(served.cpu_seconds() - spent)
        told[name] = {"cpu_ms": round(1000 * min(cpu), 1), "ms": round(1000 * statistics.median(took), 1)}

    # Whoever has signed in is led from the form to the home page, so each time somebody new comes.
    measure("/account/login/", lambda: Person(0, served.host, served.port, 0.0, 0.0).read("/account/login/"))
    measure("sign in, with its form", lambda: Person(0, served.host, served.port, 0.0, 0.0).sign_in())
    reader.sign_in()
    judge.sign_in()
    for page in PAGES:
        measure(page, lambda page=page: reader.read(page))
    for key, pages in PAGES_OF.items():
        keeper = somebody(key)
        keeper.sign_in()
        for page in pages:
            measure(f"{page} ({key})", lambda keeper=keeper, page=page: keeper.read(page))
        for kind in sorted(keeper.links):
            if kind in OF_THE_BIOBANK:
                place = sorted(keeper.links[kind])[0]
                measure(kind, lambda keeper=keeper, place=place: keeper.browser.get(place))
    judge.read("/")
    for person, kinds in ((reader, ("a study", "a question", "a cohort")), (judge, ("the decision desk",))):
        for kind in kinds:
            if kind in person.links:
                place = sorted(person.links[kind])[0]
                measure(kind, lambda person=person, place=place: person.browser.get(place))
    measure("raise a question, with its form", reader.ask_question)
    reader.build()
    measure("the builder", lambda: reader.browser.get(f"{reader.own_cohort}build/"))
    measure("the builder: a change", reader.build)
    return told


def run(seconds: float, people: int, only: str) -> dict[str, Any]:
    sys.path.insert(0, str(ROOT / "tests"))
    found: dict[str, Any] = {"people": people, "seconds": seconds, "arrival_s": ARRIVAL, "aim_ms": 1000 * AIM}
    with tempfile.TemporaryDirectory() as name:
        if only != "postgresql":
            found["sqlite"] = load(make(Path(name) / "sqlite", None), seconds, people)
        has_postgresql = shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if only != "sqlite" and has_postgresql:
            import postgres_server

            with postgres_server.running({"shared_buffers": "128MB"}) as server:
                found["postgresql"] = load(make(Path(name) / "postgresql", server.url()), seconds, people)
    worst = [found[kind] for kind in ("sqlite", "postgresql") if kind in found]
    return {
        "benchmark": "web",
        "p95_ms": max(one["p95_ms"] for one in worst),
        "requests_per_s": min(one["requests_per_s"] for one in worst),
        "lost": sum(one["lost"] + one["doubled"] for one in worst),
        "reading_p95_ms": max(one["reading"]["p95_ms"] for one in worst),
        **found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--only", choices=("sqlite", "postgresql"), default="", help="one database")
    arguments = parser.parse_args()
    result = run(arguments.seconds, arguments.people, arguments.only)
    if arguments.json:
        print(json.dumps(result))
        return
    for kind in ("sqlite", "postgresql"):
        if kind in result:
            tell(kind, result[kind])


def tell(kind: str, one: dict[str, Any]) -> None:
    cores = one["cores"]
    print(f"{kind}: {one['requests']} requests, {one['requests_per_s']} a second; median {one['p50_ms']} ms,")
    print(f"  95th percentile {one['p95_ms']} ms; {one['written']} acts written, {one['changes']} cohorts changed,")
    print(f"  {one['lost']} lost, {one['doubled']} doubled, {one['failed']} requests failed.")
    print(f"  Of {cores['there_are']} cores the pages took {cores['pages']}, the browsers {cores['browsers']},")
    print(f"  everything else {cores['else']}; {one['cpu_ms']} ms of a core for each request.")
    read = one["reading"]
    print(
        f"  At the pace people read the 95th percentile is {read['p95_ms']} ms, at {read['requests_per_s']} requests a"
    )
    print(f"  second and {read['cores']['pages']} cores.")
    for page, took in one["pages_p95_ms"].items():
        print(f"    {page}: {took} ms")
    print("  Alone:")
    for page, figures in one["alone"].items():
        print(f"    {page}: {figures['cpu_ms']} ms of a core, {figures['ms']} ms")


if __name__ == "__main__":
    main()
