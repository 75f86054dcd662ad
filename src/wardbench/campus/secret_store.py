"""Where a campus's secrets are kept: files in its folder, systemd's credentials, or whatever a command asks.

A secret has the name of the file that it would be: `audit.key` for the key of the record, and the last part of what
`secret_file` or `password_file` says for the others. None is ever printed, and none is kept beside where it came from.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Literal

from wardbench.core.errors import InputError, NotFoundError, StorageError

Source = Literal["folder", "credentials"] | tuple[str, ...]
"""`folder`; `credentials`, files in $CREDENTIALS_DIRECTORY; or a command that prints the secret named for `{name}`."""

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The environment variable by which systemd says where the credentials of a unit are."""

NAME = "{name}"
PATIENCE = 10.0


def read_secret(source: Source, folder: Path, file: str) -> str:
    """The secret of this name, without white space around it; `file` is relative to the campus's folder.

    NotFoundError where there is none, StorageError where it cannot be read or the command fails, InputError where the
    command does not ask for it by name. No error holds anything of a secret, nor what the command said.
    """
    if source == "folder":
        return _read(folder / file)
    name = Path(file).name
    if source == "credentials":
        place = os.environ.get(CREDENTIALS)
        if not place:
            raise NotFoundError(f"campus.toml: secrets: {CREDENTIALS} is not set; start it by its systemd unit.")
        return _read(Path(place) / name)
    return _asked(source, name)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise NotFoundError(f"{path}: the secret is missing; restore it from where secrets are kept.") from None
    except (OSError, UnicodeDecodeError):
        raise StorageError(f"{path}: the secret cannot be read.") from None


def _asked(command: tuple[str, ...], name: str) -> str:
    if not any(NAME in part for part in command):
        raise InputError(f"campus.toml: secrets: the command asks for no secret by name; write {NAME} into it.")
    wanted = [part.replace(NAME, name) for part in command]
    try:
        done = subprocess.run(wanted, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    except OSError:
        raise NotFoundError(f"campus.toml: secrets: {command[0]} cannot be run.") from None
    except subprocess.TimeoutExpired:
        raise StorageError(f"campus.toml: secrets: {command[0]} gave no {name} in {PATIENCE:.0f} seconds.") from None
    said = done.stdout.decode(errors="replace").strip()
    if done.returncode or not said:
        raise StorageError(f"campus.toml: secrets: {command[0]} gave no {name} (exit code {done.returncode}).")
    return said
