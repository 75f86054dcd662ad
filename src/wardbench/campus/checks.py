"""Is this campus fit to be worked on? One line for each thing, with what to do about it."""

from __future__ import annotations

import re
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wardbench.campus.background import HEARTBEAT, STALE
from wardbench.campus.collector import Collector
from wardbench.campus.configuration import KEYS, Configuration, read_configuration, read_key
from wardbench.campus.databases import is_sqlite
from wardbench.campus.installation import start_django, unapplied
from wardbench.campus.people.breached import DIGITS, line_after
from wardbench.campus.studies.scanning import Scanner
from wardbench.core.errors import StorageError, WardbenchError
from wardbench.core.omop.tables import FIRST_CUSTOM_CONCEPT
from wardbench.core.store import Store, quoted
from wardbench.core.store.connection import connect

FREE = 0.10
LEAST_FREE = 1 << 30
CLOCK = 5.0
PATIENCE = 3.0


@dataclass(frozen=True)
class Check:
    """What was looked at, how it stands, and where it does not stand well what to do."""

    what: str
    state: Literal["good", "warning", "bad"]
    said: str


def check(folder: Path) -> list[Check]:
    """Everything that can be looked at; what stops a look is itself the answer, and the others go on."""
    try:
        configuration = read_configuration(folder)
    except WardbenchError as error:
        return [Check("configuration", "bad", str(error))]
    found = [Check("configuration", "good", f"{folder / 'campus.toml'}, {configuration.name}")]
    found += _keys(folder, configuration)
    if any(one.state == "bad" for one in found):
        return found
    start_django(folder)
    looks: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("database", lambda: _database(configuration)),
        ("store", lambda: _store("store", configuration.store, folder)),
        ("twin", lambda: _store("twin", configuration.twin, folder)),
        ("twin", lambda: _apart(configuration, folder)),
        ("mail", lambda: _mail(configuration)),
        ("scanner", lambda: _scanner(configuration)),
        ("syslog", lambda: _syslog(configuration)),
        ("passwords", lambda: _passwords(configuration, folder)),
        ("disk", lambda: _disk(folder)),
        ("background", lambda: _background(folder)),
        ("deployment", lambda: _deployment(configuration)),
    ]
    for what, look in looks:
        try:
            found += look()
        except WardbenchError as error:
            found.append(Check(what, "bad", str(error)))
        except Exception as error:
            found.append(Check(what, "bad", f"cannot be looked at: {(str(error).splitlines() or [repr(error)])[0]}"))
    return found


def _keys(folder: Path, configuration: Configuration) -> Iterator[Check]:
    for path in (folder, folder / "keys", *(folder / "keys" / f"{name}.key" for name in KEYS)):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Check("keys", "bad", f"{path} can be read by others; run: chmod go= {path}")
    try:
        for name in KEYS:
            read_key(folder, name, configuration.secrets)
    except WardbenchError as error:
        yield Check("keys", "bad", str(error))
        return
    if configuration.secrets == "folder":
        yield Check("keys", "good", f"{len(KEYS)} keys; keep a copy of {folder / 'keys'} on another machine")
    elif (folder / "keys").exists():
        yield Check("keys", "warning", f"{folder / 'keys'} is still there, and not read any more; remove it")
    else:
        kept = "systemd's credentials" if configuration.secrets == "credentials" else configuration.secrets[0]
        yield Check("keys", "good", f"{len(KEYS)} keys, from {kept}")


def _database(configuration: Configuration) -> Iterator[Check]:
    from django.db import connection

    from wardbench.campus.audit import guards
    from wardbench.campus.people import queries

    missing, newer = unapplied()
    kind = "SQLite" if is_sqlite(configuration.database) else "PostgreSQL"
    if newer:
        yield Check("database", "bad", f"written by a newer version of Wardbench ({newer[0]}); use that version")
        return
    if missing:
        yield Check("database", "bad", f"{len(missing)} changes of its layout are missing; wardbench serve makes them")
        return
    yield Check("database", "good", f"{kind}, reached, and of this version")
    if not guards.installed(connection):
        yield Check("record", "bad", "the guards against changing it are gone; prove it with wardbench audit verify")
    if not guards.installed(connection, guards.CUSTODY):
        yield Check("custody", "bad", "the guards against changing the custody of specimens are gone")
    if not queries.administrators().exists():
        yield Check("people", "bad", "there is no administrator; run: wardbench campus user add")
    yield _heads()
    if not is_sqlite(configuration.database):
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            apart = abs(float(cursor.fetchone()[0]) - time.time())
        if apart > CLOCK:
            yield Check("clock", "bad", f"{apart:.0f} seconds from the database's; let both follow a time server")
    ahead = _ahead()
    if ahead > CLOCK:
        yield Check("clock", "bad", f"the last event is {ahead:.0f} seconds in the future; set the clock")
    else:
        yield Check("clock", "good", "in step with the database and the record")


def _heads() -> Check:
    """Whether every unit of care has somebody to tell of an emergency access."""
    from wardbench.campus.access.queries import units_of_care
    from wardbench.campus.people.heads import without_head

    missing = [str(unit) for unit, _answered in without_head(units_of_care())]
    if not missing:
        return Check("heads", "good", "every unit that treats patients has a head to tell of an emergency access")
    named = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED} more" if len(missing) > NAMED else "")
    sentence = f"no head to tell of an emergency access: {named}; name one under People, Organisations and units"
    return Check("heads", "warning", sentence)


NAMED = 5
"""Units that a line names."""


def _ahead() -> float:
    """How many seconds the last event lies in the future."""
    from django.utils import timezone

    from wardbench.campus.audit import queries

    last = queries.last_at()
    return (last - timezone.now()).total_seconds() if last else 0.0


def _store(what: str, named: str | None, folder: Path) -> Iterator[Check]:
    if named is None:
        meant = "counts" if what == "store" else "the sandbox"
        yield Check(what, "warning", f"none is named in campus.toml; {meant} will not work")
        return
    snapshot = Store.open(folder / named).snapshot()
    yield Check(what, "good", f"{folder / named}, version {snapshot.version}")


def _apart(configuration: Configuration, folder: Path) -> Iterator[Check]:
    """The twin has nobody of the hospital in it, and a definition means the same in both."""
    if configuration.store is None or configuration.twin is None:
        return
    store, twin = (Store.open(folder / named).snapshot() for named in (configuration.store, configuration.twin))
    if store.version == twin.version:
        yield Check("twin", "bad", "the twin is the store itself: the sandbox shows everybody exact counts of patients")
        return
    if not all("concept" in one.tables for one in (store, twin)):
        return
    with connect(memory="1GB") as con:
        other = con.execute(
            f"""SELECT concept_id FROM read_parquet({quoted(store.path("concept"))}) a
            JOIN read_parquet({quoted(twin.path("concept"))}) b USING (concept_id)
            WHERE concept_id >= {FIRST_CUSTOM_CONCEPT}
                AND (a.concept_code, a.vocabulary_id) IS DISTINCT FROM (b.concept_code, b.vocabulary_id)
            ORDER BY 1 LIMIT 1"""
        ).fetchone()
    if other:
        sentence = f"concept {other[0]} is another code in the twin than in the store; load the older one again"
        yield Check("twin", "bad", sentence)


def _mail(configuration: Configuration) -> Iterator[Check]:
    mail = configuration.mail
    if mail is None:
        yield Check("mail", "warning", "no server is named; notices stay in the application, passwords cannot be reset")
        return
    try:
        with socket.create_connection((mail.host, mail.port), timeout=PATIENCE):
            yield Check("mail", "good", f"{mail.host}:{mail.port} answers")
    except OSError as error:
        yield Check("mail", "bad", f"{mail.host}:{mail.port} does not answer ({error}); notices wait for two days")


def _scanner(configuration: Configuration) -> Iterator[Check]:
    scanner = Scanner.at(configuration.scanner)
    if scanner is None:
        yield Check("scanner", "warning", "none is named in campus.toml; documents are not scanned for malware")
    elif scanner.answers():
        yield Check("scanner", "good", f"{configuration.scanner} answers")
    else:
        yield Check("scanner", "bad", f"{configuration.scanner} does not answer; no document is taken in until it does")


def _syslog(configuration: Configuration) -> Iterator[Check]:
    collector = Collector.at(configuration.syslog)
    if collector is None:
        yield Check(
            "syslog", "warning", "none is named in campus.toml; whoever breaks in here finds the only logs here"
        )
        return
    try:
        collector.connect().close()
    except OSError as error:
        yield Check("syslog", "bad", f"{configuration.syslog} does not answer ({error}); what is logged stays here")
        return
    if collector.way == "tls":
        yield Check("syslog", "good", f"{configuration.syslog} answers, by a certificate that holds")
    else:
        yield Check("syslog", "warning", f"{configuration.syslog}: without TLS; fit for a network of servers alone")


def _passwords(configuration: Configuration, folder: Path) -> Iterator[Check]:
    if not configuration.breached_passwords:
        yield Check("passwords", "warning", "no list of breached ones is named in campus.toml; 20,000 are refused")
        return
    path = folder / configuration.breached_passwords
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            places = [-1, *(size * number // LOOKS for number in range(1, LOOKS))]
            lines = [line for place in places if (line := line_after(file, place))]
    except OSError as error:
        raise StorageError(f"{path}: the breached passwords cannot be read ({error.strerror})") from None
    if not lines or not all(LINE.fullmatch(line) for line in lines):
        yield Check("passwords", "bad", f"{path}: a line is not a SHA-1 in capitals, a colon and a number")
    elif lines != sorted(lines, key=lambda line: line[:DIGITS]):
        yield Check("passwords", "bad", f"{path}: the lines are not in the order of their hashes")
    else:
        yield Check("passwords", "good", f"{path}, {size / 1e9:.1f} GB of breached ones, in order")


LINE = re.compile(rb"[0-9A-F]{40}(:\d+)?\r?\n?")
LOOKS = 200
"""Places of the file at which its order is looked at."""


def _disk(folder: Path) -> Iterator[Check]:
    usage = shutil.disk_usage(folder)
    said = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.1f} GB are free"
    if usage.free < LEAST_FREE:
        yield Check("disk", "bad", f"{said}; make room before it is full")
    elif usage.free < FREE * usage.total:
        yield Check("disk", "warning", f"{said}; less than a tenth")
    else:
        yield Check("disk", "good", said)


def _background(folder: Path) -> Iterator[Check]:
    try:
        age = time.time() - (folder / HEARTBEAT).stat().st_mtime
    except FileNotFoundError:
        yield Check("background", "warning", "not running; it starts with: wardbench serve")
        return
    if age > STALE:
        yield Check("background", "bad", f"silent for {age / 60:.0f} minutes; start wardbench serve again")
    else:
        yield Check("background", "good", f"alive {age:.0f} seconds ago")


def _deployment(configuration: Configuration) -> Iterator[Check]:
    from django.core import checks

    if configuration.demo:
        yield Check("deployment", "warning", "a demonstration: everybody can sign in as anybody")
    if not configuration.address.startswith("https://"):
        yield Check("deployment", "warning", f"{configuration.address} is not https; fit for one's own machine alone")
    found = checks.run_checks(include_deployment_checks=True)
    if not configuration.address.startswith("https://"):
        found = [one for one in found if one.id not in HTTPS_ONLY]
    for one in found:
        state: Literal["warning", "bad"] = "bad" if one.level >= checks.ERROR else "warning"
        yield Check("deployment", state, " ".join(f"{one.msg} ({one.id})".split()))
    if not any(one.level >= checks.WARNING for one in found):
        yield Check("deployment", "good", "Django's own checks for production find nothing")


HTTPS_ONLY = {"security.W004", "security.W008", "security.W012", "security.W016"}
"""What Django says of cookies and redirects where pages do not come by HTTPS: said once, above."""
