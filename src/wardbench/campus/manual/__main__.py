"""Write the pages into the folder that is named."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django


def write(folder: Path) -> None:
    """Write every page into a folder of documentation, where it is not there as it should be."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wardbench.campus.settings")
    django.setup()
    from wardbench.campus.manual import forms, rights

    for name, page in (("forms", forms.page), ("rights", rights.page)):
        target, text = folder / "reference" / f"{name}.md", page()
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
