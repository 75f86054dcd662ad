"""The commands that look after a campus, each in a process of its own, on the database that the tests are on."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

import postgres_server
from campus.conftest import ON_POSTGRES
from made_once import made_once
from wardbench.campus import backup
from wardbench.campus.backup import back_up
from wardbench.campus.configuration import make_keys
from wardbench.campus.restore import restore
from wardbench.core.errors import BusyError, InputError, NotFoundError, StorageError

PASSWORD = "a long and odd sentence"
SQLITE = "sqlite:campus.sqlite3"


def wardbench(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wardbench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, **options)


def done(*arguments: object) -> str:
    result = wardbench(*arguments)
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


def verified(folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(wardbench("audit", "verify", "--campus", folder, "--json").stdout)
    return said


@pytest.fixture(scope="module")
def server() -> Iterator[postgres_server.Server | None]:
    if not ON_POSTGRES:
        yield None
        return
    with postgres_server.running() as running:
        yield running


_made = iter(range(1000))


def empty_database(server: postgres_server.Server | None, template: str = "template0") -> str:
    """A database that nobody has used yet, as campus.toml names it."""
    if server is None:
        return SQLITE
    import psycopg

    name = f"campus{next(_made)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url(database=name)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, server: postgres_server.Server | None) -> tuple[Path, str]:
    """A campus with an administrator and a document, and its database; copied for each test."""
    if server is None:
        return made_once(tmp_path_factory, "model", lambda place: make_model(place, SQLITE)) / "campus", SQLITE
    database = empty_database(server)
    return make_model(tmp_path_factory.mktemp("model"), database), database


def make_model(place: Path, database: str) -> Path:
    folder, password = place / "campus", place / "password"
    password.write_text(PASSWORD + "\n")
    done("campus", "init", folder, "--database", database)
    person = ("rita@hospital.example", "--name", "Rita", "--organisation", "Hospital")
    done("campus", "user", "add", *person, "--campus", folder, "--password-file", password)
    (folder / "documents" / "ab").mkdir()
    (folder / "documents" / "ab" / "protocol").write_bytes(os.urandom(100_000))
    return folder


@pytest.fixture
def database(model: tuple[Path, str], server: postgres_server.Server | None) -> str:
    return empty_database(server, model[1].rpartition("/")[2])


@pytest.fixture
def folder(tmp_path: Path, model: tuple[Path, str], database: str) -> Path:
    folder = tmp_path / "campus"
    shutil.copytree(model[0], folder)
    toml = folder / "campus.toml"
    toml.write_text(toml.read_text().replace(model[1], database))
    return folder


@contextlib.contextmanager
def rows(folder: Path, database: str) -> Iterator[Any]:
    """The campus's database, asked directly."""
    if database.startswith("sqlite"):
        connection: Any = sqlite3.connect(folder / "campus.sqlite3", timeout=20)
    else:
        import psycopg

        connection = psycopg.connect(database)
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()


def test_people_from_the_command_line(folder: Path, tmp_path: Path) -> None:
    at = ("--campus", folder)
    everybody = json.loads(done("campus", "user", "list", *at, "--json"))
    assert everybody == [
        {"email": "rita@hospital.example", "name": "Rita", "roles": ["Administrator at Hospital"], "open": True}
    ]
    done("campus", "user", "role", "rita@hospital.example", "data_steward", "--organisation", "hospital", *at)
    assert "Data steward" in done("campus", "user", "list", *at)
    ended = done(
        "campus", "user", "role", "rita@hospital.example", "data_steward", "--organisation", "Hospital", "--end", *at
    )
    assert "has ended" in ended
    done("campus", "user", "role", "rita@hospital.example", "physician", "--organisation", "hospital", *at)
    done("campus", "user", "head", "rita@hospital.example", "--organisation", "hospital", "--deputy", *at)
    done("campus", "user", "head", "rita@hospital.example", "--organisation", "hospital", "--release", *at)
    refused = wardbench("campus", "user", "close", "rita@hospital.example", *at)
    assert refused.returncode == 7 and "last administrator" in refused.stderr
    for arguments, code, said in [
        (("close", "nobody@hospital.example"), 3, "nobody has this address"),
        (("head", "rita@hospital.example", "--organisation", "Hospital", "--release"), 3, "leads nothing"),
        (("role", "rita@hospital.example", "nurse", "--organisation", "Hospital"), 2, "nurse"),
        (("role", "rita@hospital.example", "ethics", "--organisation", "Clinic"), 3, "no such organisation"),
        (("role", "rita@hospital.example", "ethics", "--organisation", "Hospital", "--until", "x"), 2, "--until"),
        (("add", "b@hospital.example", "--name", "B", "--organisation", "Hospital"), 2, "--password-file"),
        (("add", "rita@hospital.example", "--name", "B", "--organisation", "X", "--no-password"), 2, "already"),
    ]:
        result = wardbench("campus", "user", *arguments, *at)
        assert (result.returncode, said in result.stderr) == (code, True), (arguments, result.stderr)
        assert "Traceback" not in result.stderr
    assert len(json.loads(done("campus", "user", "list", *at, "--json"))) == 1
    weak = tmp_path / "weak"
    weak.write_text("short\n")
    result = wardbench("campus", "user", "password", "rita@hospital.example", "--password-file", weak, *at)
    assert result.returncode == 2 and "password:" in result.stderr


def test_the_chain_is_proved_and_its_first_broken_event_named(folder: Path, database: str) -> None:
    whole = verified(folder)
    assert whole["events"] >= 3 and whole["broken"] is None
    with rows(folder, database) as connection:
        if ON_POSTGRES:
            connection.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
        else:
            connection.execute("DROP TRIGGER audit_event_no_UPDATE")
        connection.execute("UPDATE audit_event SET actor = 'somebody' WHERE number = 2")
    assert verified(folder)["broken"] == {"number": 2, "why": "was changed, or written without the key"}
    result = wardbench("audit", "verify", "--campus", folder)
    assert result.returncode == 1 and "event 2" in result.stdout
    checked = wardbench("campus", "check", "--campus", folder)
    assert checked.returncode == 1 and "guards" in checked.stdout


def test_check_says_what_is_wrong_and_what_to_do(folder: Path) -> None:
    said = json.loads(done("campus", "check", "--campus", folder, "--json"))
    assert said["fit"] and {"configuration", "keys", "database", "disk", "clock"} <= {
        one["what"] for one in said["checks"] if one["state"] == "good"
    }
    (folder / "keys" / "audit.key").chmod(0o644)
    toml = (folder / "campus.toml").read_text()
    (folder / "campus.toml").write_text(toml + 'store = "nowhere"\n[mail]\nhost = "127.0.0.1"\nport = 1\n')
    result = wardbench("campus", "check", "--campus", folder)
    assert result.returncode == 1 and "chmod go=" in result.stdout
    (folder / "keys" / "audit.key").chmod(0o600)
    (folder / "background-alive").touch()
    os.utime(folder / "background-alive", (1, 1))
    result = wardbench("campus", "check", "--campus", folder)
    bad = [line for line in result.stdout.splitlines() if line.startswith("BAD")]
    assert [line.split()[1] for line in bad] == ["store:", "mail:", "background:"], result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    missing = wardbench("campus", "check", "--campus", folder / "elsewhere")
    assert missing.returncode == 1 and "no campus.toml" in missing.stdout


class Writing:
    """Somebody who adds people while something else goes on, and what was acknowledged to them."""

    def __init__(self, folder: Path) -> None:
        code = (
            "import sys, pathlib, itertools\n"
            "from wardbench.campus.installation import opened\n"
            f"with opened(pathlib.Path({str(folder)!r})):\n"
            "    from wardbench.campus.people import services\n"
            "    from wardbench.campus.people.rules import SYSTEM\n"
            "    for n in itertools.count():\n"
            "        services.add_person(f'p{n}@test.example', f'P{n}', by=SYSTEM)\n"
            "        print(n, flush=True)\n"
        )
        self.process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.acknowledged = [self.process.stdout.readline()]
        self.reader = threading.Thread(target=lambda: self.acknowledged.extend(self.process.stdout or []))
        self.reader.start()

    def stop(self) -> None:
        self.process.kill()
        self.reader.join()
        self.process.wait()


def people(folder: Path) -> int:
    return len(json.loads(done("campus", "user", "list", "--campus", folder, "--json")))


def test_a_backup_of_a_campus_in_use_is_whole(
    folder: Path, tmp_path: Path, server: postgres_server.Server | None
) -> None:
    writing = Writing(folder)
    try:
        while len(writing.acknowledged) < 20:
            assert writing.process.poll() is None, "whoever writes goes on"
            time.sleep(0.01)
        before = len(writing.acknowledged)
        made = back_up(folder, tmp_path / "backup.tar.gz")
        time.sleep(0.2)
        after = len(writing.acknowledged)
    finally:
        writing.stop()
    assert after > before, "nobody was kept from writing"
    assert (made.documents, made.with_keys) == (1, False) and (tmp_path / "backup.tar.gz").stat().st_mode & 0o077 == 0
    target = tmp_path / "restored"
    database = empty_database(server) if server else ""
    with pytest.raises(InputError, match="--keys"):
        restore(tmp_path / "backup.tar.gz", target, database=database)
    assert not target.exists()
    back = restore(tmp_path / "backup.tar.gz", target, database=database, keys=folder / "keys")
    assert not back.broken and back.events >= before
    assert before + 1 <= people(target) <= after + 1
    protocol = Path("documents", "ab", "protocol")
    assert (target / protocol).read_bytes() == (folder / protocol).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if "partial" in path.name) == []
    with pytest.raises(InputError, match="something here already"):
        restore(tmp_path / "backup.tar.gz", target, keys=folder / "keys")
    assert verified(folder)["broken"] is None


def test_nobody_is_signed_in_by_a_backup(folder: Path, tmp_path: Path, database: str, server: Any) -> None:
    key = "a-key-that-opens-a-session"
    with rows(folder, database) as connection:
        said = f"VALUES ('{key}', 'x', '2099-01-01 00:00:00')"
        connection.execute(f"INSERT INTO django_session (session_key, session_data, expire_date) {said}")
    back_up(folder, tmp_path / "backup.tar.gz")
    with tarfile.open(tmp_path / "backup.tar.gz") as archive:
        held = archive.extractfile("database.sqlite3" if server is None else "database.dump")
        assert held and key.encode() not in held.read()
    target, other = tmp_path / "restored", empty_database(server)
    restore(tmp_path / "backup.tar.gz", target, database=other if server else "", keys=folder / "keys")
    for place, address, count in ((folder, database, 1), (target, other, 0)):
        with rows(place, address) as connection:
            assert connection.execute("SELECT count(*) FROM django_session").fetchone()[0] == count


def test_a_backup_with_keys_is_enough_and_says_so(folder: Path, tmp_path: Path, server: Any) -> None:
    out = tmp_path / "all.tar.gz"
    assert "HOLDS THE KEYS" in done("campus", "backup", out, "--campus", folder, "--with-keys")
    database = ("--database", empty_database(server)) if server else ()
    assert "The record is whole" in done("campus", "restore", out, tmp_path / "restored", *database)
    checked = json.loads(done("campus", "check", "--campus", tmp_path / "restored", "--json"))
    assert checked["fit"]
    if server:
        again = wardbench("campus", "restore", out, tmp_path / "again", *database)
        assert again.returncode == 2 and "holds tables already" in again.stderr
        assert not (tmp_path / "again").exists()


def test_a_backup_holds_all_that_lies_in_the_folder_and_says_what_does_not(
    folder: Path, tmp_path: Path, database: str, server: Any
) -> None:
    """The campus's own approval path, what identity providers say of themselves, and secrets by whatever spelling."""
    elsewhere = tmp_path / "elsewhere.secret"
    inside = {"approval-path.toml": "", "saml/idp.xml": "metadata", "keys/hospital.secret": "s", "mail.secret": "m"}
    inside["approval-path.toml"] = Path("src/wardbench/campus/studies/paths/leuven.toml").read_text()
    for name, content in inside.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    elsewhere.write_text("elsewhere")
    openid = (
        '[[openid]]\nid = "{0}"\nname = "{0}"\nissuer = "http://localhost:9"\nclient_id = "w"\nsecret_file = "{1}"\n'
    )
    with (folder / "campus.toml").open("a") as toml:
        toml.write('[mail]\nhost = "localhost"\npassword_file = "./saml/../mail.secret"\n')
        toml.write(openid.format("a", "keys/hospital.secret") + openid.format("b", elsewhere))
        toml.write('[[saml]]\nid = "s"\nname = "S"\nentity_id = "e"\nmetadata = "saml/idp.xml"\n')
    out, target = tmp_path / "backup.tar.gz", tmp_path / "restored"
    said = done("campus", "backup", out, "--campus", folder, "--with-keys")
    assert f"{elsewhere} lies outside" in said and said.count("lies outside") == 1
    restore(out, target, database=empty_database(server) if server else "")
    assert {name: (target / name).read_text() for name in inside} == inside
    assert not (target / "named").exists() and not (target / "secrets").exists()
    plain = back_up(folder, out)
    assert plain.outside == (str(elsewhere),)
    database = empty_database(server) if server else ""
    restore(out, tmp_path / "again", database=database, keys=folder / "keys")
    assert (tmp_path / "again" / "saml" / "idp.xml").is_file()
    assert not (tmp_path / "again" / "mail.secret").exists(), "without --with-keys a backup holds no password"


def test_a_backup_without_keys_holds_no_password_of_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that stands in the address itself, in either of its places."""
    campus, out = tmp_path / "campus", tmp_path / "backup.tar.gz"
    campus.mkdir()
    make_keys(campus)
    address = "db.example:5433/campus?sslmode=require"
    said = f'name = "Ours"\ndatabase = "postgresql://app:kestrel%20@{address}&password=kestrel"\n'
    (campus / "campus.toml").write_text(said)
    monkeypatch.setattr(backup, "Postgres", Mock(of=Mock(return_value=Mock(run=_dump, major=lambda: 15))))
    back_up(campus, out)
    with tarfile.open(out) as archive:
        kept = archive.extractfile("campus.toml")
        assert kept and kept.read().decode() == f'name = "Ours"\ndatabase = "postgresql://app@{address}"\n'
    back_up(campus, out, with_keys=True)
    with tarfile.open(out) as archive:
        kept = archive.extractfile("campus.toml")
        assert kept and kept.read().decode() == said


def _dump(_program: str, *options: str, major: int) -> None:
    Path(options[-1].removeprefix("--file=")).write_text(f"dump of {major}")


@pytest.mark.parametrize("name", [".", "/", ".."])
def test_a_backup_is_a_file(folder: Path, name: str) -> None:
    with pytest.raises(InputError, match="name a file"):
        back_up(folder, Path(name))


def unzipped(content: bytes) -> bytes | None:
    """What gzip makes of it, its checksum proved; None where it makes nothing."""
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return None


def test_a_damaged_archive_leaves_nothing_behind(folder: Path, tmp_path: Path, server: Any) -> None:
    out, target = tmp_path / "backup.tar.gz", tmp_path / "restored"
    back_up(folder, out, with_keys=True)
    whole = out.read_bytes()
    chance = random.Random(1)
    # The ten bytes of gzip's own head hold a time and a system, which nothing depends on.
    flips = [chance.randrange(10, len(whole)) for _ in range(40)]
    damaged = [whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :] for at in flips]
    damaged += [whole[: int(len(whole) * part)] for part in (0, 0.01, 0.5, 0.999)] + [whole[:-1], b"not a backup"]
    for number, content in enumerate(damaged):
        if unzipped(content) == unzipped(whole):  # zeros may be written in two ways: nothing is lost then
            continue
        out.write_bytes(content)
        with pytest.raises((InputError, StorageError)):
            restore(out, target)
        assert not target.exists() and not list(tmp_path.glob("*.partial")), number
    with pytest.raises(NotFoundError):
        restore(tmp_path / "none", target)


def test_an_archive_of_somebody_else_writes_nowhere_else(tmp_path: Path) -> None:
    import io
    import tarfile

    for name in ("../escaped", "/tmp/escaped-from-a-backup", "documents/../../escaped", "keys"):
        out = tmp_path / "evil.tar.gz"
        with tarfile.open(out, "w:gz") as archive:
            part = tarfile.TarInfo(name)
            part.size = 1
            archive.addfile(part, io.BytesIO(b"x"))
        with pytest.raises(InputError, match="not a backup"):
            restore(out, tmp_path / "sub" / "restored")
    assert not (tmp_path / "escaped").exists() and not (tmp_path / "sub" / "escaped").exists()


def test_a_backup_that_is_killed_leaves_the_old_one(folder: Path, tmp_path: Path, server: Any) -> None:
    out = tmp_path / "backup.tar.gz"
    back_up(folder, out, with_keys=True)
    old = out.read_bytes()
    for number in range(30):
        (folder / "documents" / f"large{number}").write_bytes(os.urandom(1_000_000))
    killed = 0
    for delay in (0.0, 0.05, 0.2, 0.4):
        code = (
            "from pathlib import Path\nfrom wardbench.campus.backup import back_up\nprint(flush=True)\n"
            f"back_up(Path({str(folder)!r}), Path({str(out)!r}), with_keys=True)\n"
        )
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        assert out.read_bytes() == old or process.returncode == 0
    assert killed
    back_up(folder, out, with_keys=True)
    assert [path.name for path in tmp_path.glob("backup*")] == ["backup.tar.gz"]
    back = restore(out, tmp_path / "restored", database=empty_database(server) if server else "")
    assert back.documents == 31 and not back.broken


def test_of_two_backups_to_one_file_one_is_refused(folder: Path, tmp_path: Path) -> None:
    import fcntl

    out = tmp_path / "backup.tar.gz"
    with (tmp_path / "backup.tar.gz.partial").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BusyError):
            back_up(folder, out)
    with pytest.raises(StorageError):
        back_up(folder, tmp_path / "no such folder" / "backup")


def test_a_broken_chain_comes_back_broken_and_says_so(folder: Path, tmp_path: Path, database: str, server: Any) -> None:
    with rows(folder, database) as connection:
        if ON_POSTGRES:
            connection.execute("ALTER TABLE audit_event DISABLE TRIGGER USER")
        else:
            connection.execute("DROP TRIGGER audit_event_no_DELETE")
        connection.execute("DELETE FROM audit_event WHERE number = 2")
    out = tmp_path / "backup.tar.gz"
    back_up(folder, out, with_keys=True)
    back = restore(out, tmp_path / "restored", database=empty_database(server) if server else "")
    assert "event 2 missing" in back.broken


def test_a_database_of_a_newer_version_is_left_alone(folder: Path, database: str) -> None:
    with rows(folder, database) as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('people', '9999_later', '2030-01-01')"
        )
    for arguments in (("serve", "--bind", "127.0.0.1:8299"), ("campus", "user", "list"), ("audit", "verify")):
        result = wardbench(*arguments, "--campus", folder)
        assert result.returncode == 2 and "newer version" in result.stderr, (arguments, result.stderr)
    assert wardbench("campus", "check", "--campus", folder).returncode == 1


@pytest.mark.skipif(ON_POSTGRES, reason="the file is SQLite's")
def test_a_database_that_cannot_be_used_is_a_sentence(folder: Path) -> None:
    shutil.copy(folder / "campus.toml", folder / "campus.sqlite3")
    for arguments in (("campus", "user", "list"), ("audit", "verify"), ("serve", "--bind", "127.0.0.1:8299")):
        result = wardbench(*arguments, "--campus", folder)
        assert result.returncode == 5 and "cannot be used" in result.stderr, (arguments, result.stderr)
        assert "Traceback" not in result.stderr
