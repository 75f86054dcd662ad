"""A description as a page sets it: titles with their lines, each line with its level."""

from __future__ import annotations


def sections_of(lines: list[str]) -> list[tuple[str, list[tuple[int, str]]]]:
    """The lines of a description as titles with their lines, each line with its level."""
    found: list[tuple[str, list[tuple[int, str]]]] = []
    for line in lines:
        said = line.lstrip()
        if line == said:
            found.append((said, []))
        elif found:
            found[-1][1].append(((len(line) - len(said)) // 2 - 1, said.removeprefix("- ")))
    return found
