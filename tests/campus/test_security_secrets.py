"""Keys, passwords and secrets of providers come from a manager of secrets where one is named, and are told nowhere."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from campus.test_campus_commands import database, folder, model, server, verified, wardbench
from wardbench.campus.backup import back_up
from wardbench.campus.configuration import KEYS, Configuration, Mail, OpenIDProvider, make_keys, read_key
from wardbench.campus.databases import address_of, database_settings
from wardbench.campus.people.providers import provider_settings
from wardbench.campus.restore import restore
from wardbench.campus.secret_store import CREDENTIALS, read_secret
from wardbench.core.errors import InputError, NotFoundError, StorageError, WardbenchError

__all__ = ["database", "folder", "model", "server"]


@pytest.fixture
def vault(folder: Path, tmp_path: Path) -> Path:
    """The folder of a manager that holds this campus's keys, which the campus itself has no more."""
    vault = tmp_path / "vault"
    vault.mkdir(mode=0o700)
    for path in (folder / "keys").iterdir():
        path.rename(vault / path.name)
    (folder / "keys").rmdir()
    return vault


def named(folder: Path, line: str) -> None:
    with (folder / "campus.toml").open("a") as file:
        file.write(f"{line}\n")


def test_a_campus_is_served_with_the_credentials_of_systemd(folder: Path, vault: Path) -> None:
    named(folder, 'secrets = "credentials"')
    refused = wardbench("audit", "verify", "--campus", folder)
    assert refused.returncode == 3 and CREDENTIALS in refused.stderr and "Traceback" not in refused.stderr
    given = {**os.environ, CREDENTIALS: str(vault)}
    proved = wardbench("audit", "verify", "--campus", folder, env=given)
    assert proved.returncode == 0, proved.stderr
    (vault / "audit.key").unlink()
    refused = wardbench("audit", "verify", "--campus", folder, env=given)
    assert refused.returncode == 3 and "audit.key" in refused.stderr


def test_a_command_gives_every_secret(folder: Path, vault: Path) -> None:
    named(folder, f'secrets = ["cat", "{vault}/{{name}}"]')
    assert verified(folder)["broken"] is None
    keys = [line for line in wardbench("campus", "check", "--campus", folder).stdout.splitlines() if "keys" in line]
    assert len(keys) == 1 and "from cat" in keys[0]
    (vault / "audit.key").write_text("00" * 32)
    assert verified(folder)["broken"], "the key of the manager is the one that counts"


def test_what_is_kept_elsewhere_is_in_no_backup(folder: Path, vault: Path, tmp_path: Path) -> None:
    named(folder, f'secrets = ["cat", "{vault}/{{name}}"]')
    with pytest.raises(InputError, match="where they are"):
        back_up(folder, tmp_path / "backup", with_keys=True)
    backup = back_up(folder, tmp_path / "backup")
    if (folder / "campus.sqlite3").exists():
        restored = restore(backup.path, tmp_path / "restored")
        assert not restored.broken and not (tmp_path / "restored/keys").exists()


def test_keys_that_were_left_behind_are_told_of(folder: Path, vault: Path) -> None:
    shutil.copytree(vault, folder / "keys")
    named(folder, f'secrets = ["cat", "{vault}/{{name}}"]')
    said = wardbench("campus", "check", "--campus", folder).stdout
    assert "not read any more" in said


def test_passwords_and_secrets_of_others_come_from_there_too(tmp_path: Path) -> None:
    (tmp_path / "hospital.secret").write_text("of the provider\n")
    (tmp_path / "database.password").write_text("p@ss/word:?\n")
    campus = Configuration(
        secrets=("cat", f"{tmp_path}/{{name}}"),
        database="postgresql://app@db.example:5433/campus?sslmode=require",
        database_password_file="elsewhere/database.password",
        openid=(OpenIDProvider("idp", "Hospital", "https://login.example", "us", "keys/hospital.secret"),),
        mail=Mail("mail.example", password_file="mail.password"),
    )
    (app,) = provider_settings(campus, Path("/nowhere"))["openid_connect"]["APPS"]
    assert app["secret"] == "of the provider"
    found = database_settings(address_of(campus, Path("/nowhere")), Path("/nowhere"))
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == (
        "app",
        "p@ss/word:?",
        "db.example",
        "5433",
    )
    assert found["OPTIONS"] == {"sslmode": "require"}
    with pytest.raises(InputError, match="user"):
        address_of(Configuration(database_password_file="x"), tmp_path)


def test_no_secret_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by an error, whatever the manager or a file says."""
    make_keys(tmp_path)
    secret = "a secret that nobody is told"
    (tmp_path / "keys/audit.key").write_text(secret)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    cases: list[tuple[object, type[WardbenchError]]] = [
        (("sh", "-c", f"echo {secret}; echo {secret} >&2; exit 3", "{name}"), StorageError),
        (("true", "{name}"), StorageError),
        (("cat", str(binary), "{name}"), StorageError),
        (("no-such-program", "{name}"), NotFoundError),
        (("echo", secret), InputError),
        ("credentials", NotFoundError),
    ]
    monkeypatch.setenv(CREDENTIALS, str(tmp_path))
    for source, error in cases:
        with pytest.raises(error) as raised:
            read_secret(source, tmp_path, "keys/session.key")  # type: ignore[arg-type]
        assert secret not in str(raised.value)
    with pytest.raises(InputError, match="not a key") as wrong:
        read_key(tmp_path, "audit")
    assert secret not in str(wrong.value)
    assert all(len(read_key(tmp_path, name)) == 32 for name in KEYS if name != "audit")


def test_a_manager_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardbench.campus.secret_store.PATIENCE", 0.2)
    with pytest.raises(StorageError, match="gave no"):
        read_secret(("sh", "-c", "exec sleep 60", "{name}"), tmp_path, "x")


def test_anything_else_is_no_source(folder: Path) -> None:
    named(folder, 'secrets = "vault"')
    refused = wardbench("audit", "verify", "--campus", folder)
    assert refused.returncode == 2 and "secrets" in refused.stderr
