"""Collect the sentences of the campus into its catalogues, or check that they are complete.

Run without arguments it updates `src/wardbench/campus/locale/*/LC_MESSAGES/django.po` from the source and compiles them
(`.mo` files are kept in the repository, so that no installation needs GNU gettext). With `--check` it changes nothing
and says what is missing. Needs xgettext.
"""

from __future__ import annotations

import argparse
import datetime
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parent.parent / "src/wardbench"
LOCALE = Path("campus/locale")
HEADER = """# What the pages of the campus say in another language. Kept up by scripts/catalogues.py."""
FIELD = re.compile(r"([a-z_]+|\{[a-z]+\}|%\([a-z]+\)s): ")
"""How a sentence begins that is about a field: with the field's name, which no language translates."""
COLON = {"fr": "\u00a0: "}
"""What stands after a field's name where it is not what stands in English."""
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%")


def languages(package: Path) -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.name for path in (package / LOCALE).iterdir() if path.is_dir())


def collect(package: Path) -> None:
    """Bring the catalogues below `package` up to what its sources and templates say."""
    options = [option for language in languages(package) for option in ("-l", language)]
    ignored = [
        option
        for path in sorted(p for p in package.iterdir() if p.is_dir() and p.name not in ("campus", "core"))
        for option in ("-i", f"{path.name}/*")
    ]
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", *options, *ignored, "--no-location", "--no-wrap", "-v", "0"],
        cwd=package,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "wardbench.campus.settings", "PYTHONPATH": str(package.parent)},
        check=True,
    )


def catalogue(path: Path) -> Catalog:
    """Only what is said: the day on which it was collected would make every catalogue another."""
    with path.open("rb") as file:
        read = read_po(file, locale=path.parts[-3], ignore_obsolete=True)
    read.creation_date = read.revision_date = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
    return read


def compiled(path: Path) -> bytes:
    """What the `.mo` file beside a `.po` file has to hold."""
    written = io.BytesIO()
    write_mo(written, catalogue(path))
    return written.getvalue()


def spaced(asked: str, said: str, language: str) -> str:
    """What is said with the colon after its field as that language writes it, where it keeps the field's name."""
    field = FIELD.match(asked)
    kept = re.match(rf"{re.escape(field[1])}\s?: *", said) if field else None
    return f"{field[1]}{COLON.get(language, ': ')}{said[kept.end() :]}" if field and kept else said


def tidy(path: Path) -> None:
    """Write a catalogue in the order of its sentences, so that changes are seen, and each field in the same way."""
    read = catalogue(path)
    for message in read:
        if isinstance(message.id, str) and isinstance(message.string, str):
            message.string = spaced(message.id, message.string, path.parts[-3])
        # What a sentence was before it was changed: gettext leaves it beside what was guessed, for nobody any more.
        message.user_comments = [one for one in message.user_comments if not one.startswith("|")]
    read.header_comment, read.fuzzy = HEADER, False
    read.last_translator = read.language_team = ""
    with path.open("wb") as file:
        write_po(file, read, width=0, sort_output=True)


def faults(path: Path) -> list[str]:
    """What is missing in a catalogue, or does not fit its sentence."""
    found = []
    for message in catalogue(path):
        if not message.id:
            continue
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        asked = message.id if isinstance(message.id, tuple) else (message.id,)
        if message.fuzzy or not all(said):
            found.append(f"{path.parts[-3]}: not translated: {asked[0]}")
            continue
        wanted = {mark for text in asked for mark in PLACEHOLDER.findall(text)}
        for text in said:
            if not set(PLACEHOLDER.findall(text)) <= wanted or (
                len(asked) == 1 and sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(asked[0]))
            ):
                found.append(f"{path.parts[-3]}: other placeholders: {asked[0]}")
    return found


def paths(package: Path) -> list[Path]:
    return [package / LOCALE / language / "LC_MESSAGES/django.po" for language in languages(package)]


def check() -> list[str]:
    """Everything that is wrong with the catalogues in the repository."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "wardbench"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        collect(copy)
        found = [fault for path in paths(copy) for fault in faults(path)]
    for path in paths(PACKAGE):
        if not path.with_suffix(".mo").is_file() or path.with_suffix(".mo").read_bytes() != compiled(path):
            found.append(f"{path.parts[-3]}: the compiled catalogue is older than the text: run scripts/catalogues.py")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        found = check()
        print("\n".join(found))
        sys.exit(bool(found))
    collect(PACKAGE)
    for path in paths(PACKAGE):
        tidy(path)
        path.with_suffix(".mo").write_bytes(compiled(path))
        print(f"{path.parts[-3]}: {len(catalogue(path))} sentences, {len(faults(path))} faults")


if __name__ == "__main__":
    main()
