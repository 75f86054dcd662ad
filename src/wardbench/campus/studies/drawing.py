"""The approval path as a page and a picture of the manual, from the same data that decides. No Django here.

`python -m wardbench.campus.studies.drawing docs` writes both into a folder of documentation.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path as File

from wardbench.campus.people.roles import TITLES, Role
from wardbench.campus.studies.facts import FACTS
from wardbench.campus.studies.path import Path, Step, shipped
from wardbench.campus.studies.rules import ACTIONS, FOR, ONLY_WHERE, TABLE, Part
from wardbench.campus.studies.standing import STATUSES

WIDTH, HEIGHT, GAP_X, GAP_Y = 188, 76, 44, 22
PICTURE = "approval-path.svg"


def depths(path: Path) -> dict[str, int]:
    """How many steps stand before each."""
    found: dict[str, int] = {}
    for step in path.steps:
        found[step.id] = max((found[one] + 1 for one in step.after), default=0)
    return found


def svg(path: Path) -> str:
    """The steps as boxes from left to right; those that not every study needs are dashed."""
    depth = depths(path)
    rows: dict[int, list[Step]] = {}
    for step in path.steps:
        rows.setdefault(depth[step.id], []).append(step)
    most = max(len(steps) for steps in rows.values())
    place: dict[str, tuple[float, float]] = {}
    for column, steps in rows.items():
        first = (most - len(steps)) * (HEIGHT + GAP_Y) / 2
        for row, step in enumerate(steps):
            place[step.id] = (10 + column * (WIDTH + GAP_X), 10 + first + row * (HEIGHT + GAP_Y))
    width = 20 + len(rows) * (WIDTH + GAP_X) - GAP_X
    height = 20 + most * (HEIGHT + GAP_Y) - GAP_Y
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(path.title.en)}">',
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
        *_lines(path, depth, place),
        *(part for step in path.steps for part in _box(step, *place[step.id])),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _lines(path: Path, depth: dict[str, int], place: dict[str, tuple[float, float]]) -> Iterator[str]:
    """One line for each step that another waits for, but for those that a longer way says already."""
    before = {step.id: set(step.after) for step in path.steps}
    for step in path.steps:
        implied = {far for near in step.after for far in _all_before(near, before)}
        for one in step.after:
            if one in implied:
                continue
            (x1, y1), (x2, y2) = place[one], place[step.id]
            x1, y1, y2 = x1 + WIDTH, y1 + HEIGHT / 2, y2 + HEIGHT / 2
            middle = x2 - GAP_X / 2
            yield (
                f'<path d="M{x1:g} {y1:g} H{middle:g} V{y2:g} H{x2 - 6:g}" fill="none" stroke="#4c6272"/>'
                f'<path d="M{x2 - 7:g} {y2 - 4:g} l7 4 l-7 4 z" fill="#4c6272"/>'
            )


def _all_before(step: str, before: Mapping[str, set[str]]) -> set[str]:
    return before[step] | {far for near in before[step] for far in _all_before(near, before)}


def _box(step: Step, x: float, y: float) -> Iterator[str]:
    dashed = ' stroke-dasharray="5 3"' if step.when else ""
    yield (
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="4" fill="#e8f1f4" stroke="#0d5c75"{dashed}/>'
    )
    lines = textwrap.wrap(step.title.en, 26)[:2]
    for number, line in enumerate(lines):
        yield f'<text x="{x + 8:g}" y="{y + 20 + 15 * number:g}" font-weight="bold">{escape(line)}</text>'
    yield f'<text x="{x + 8:g}" y="{y + HEIGHT - 10:g}" fill="#4c6272">{escape(_who(step))}, {step.days} days</text>'


def _who(step: Step) -> str:
    if step.of_care_programmes:
        return "each care programme"
    return f"{step.votes} votes" if step.votes > 1 else "one decides"


def markdown(path: Path) -> str:
    """The page of the manual."""
    lines = [
        "# The approval path",
        "",
        "This page is written by `python -m wardbench.campus.studies.drawing docs` from the data that decides.",
        "",
        f"![The steps of the path from left to right](../images/{PICTURE})",
        "",
        "A dashed step is needed by some studies only. A step opens once those before it approved or are not needed.",
        "",
        "| step | who decides | after | needed where | days | documents | decides again when this changes |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    titles = {step.id: step.title.en for step in path.steps}
    for step in path.steps:
        cells = (
            step.title.en,
            f"{TITLES[Role(step.role)]}; {_who(step)}",
            ", ".join(titles[one] for one in step.after) or "-",
            "; ".join(FACTS[fact] for fact in step.when) or "always",
            str(step.days),
            _documents(step),
            ", ".join(step.sees) + ("; and at renewal" if step.renews else ""),
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        f"A question to the applicant has to be answered in {path.answer_days} days; a permit holds for "
        f"{path.permit_months} months. Days are those of the calendar; what falls due on a weekend or a public holiday "
        "is due on the next day that is neither.",
        "",
        "| public holiday | day | source |",
        "| --- | --- | --- |",
        *(f"| {one.name} | {one.when} | {one.source} |" for one in path.holidays),
        "",
        "## What can be done in which status, and by whom",
        "",
        "The status is worked out from what was said; nobody sets it.",
        "",
        "| status | what is done | by whom |",
        "| --- | --- | --- |",
    ]
    for status, verbs in TABLE.items():
        for verb, parts in verbs.items():
            who = "; ".join(FOR[part].removeprefix("This is for ").rstrip(".") for part in Part if part in parts)
            lines.append(f"| {STATUSES[status]} | {ACTIONS[verb]} | {who} |")
    lines += ["", *(f"- {ACTIONS[verb]}: {where}" for verb, where in ONLY_WHERE.items())]
    lines += ["", *_OWN_PATH]
    return "\n".join(lines)


def _documents(step: Step) -> str:
    always = [one.replace("_", " ") for one in step.documents]
    sometimes = [
        f"{one.replace('_', ' ')} where {FACTS[fact]}" for fact, kinds in step.documents_when.items() for one in kinds
    ]
    return ", ".join([*always, *sometimes]) or "-"


_OWN_PATH = """## A path of your own

Put `approval-path.toml` into the campus's folder. It is read strictly: an unknown key, role, fact, document or section
is refused by its name, as is a step that waits for one that does not stand before it, so that there can be no circle
and no step that nobody reaches. Studies under way follow the path from the moment that it is written; what is approved
stays approved, until it is amended or renewed.

| key of a step | meaning |
| --- | --- |
| `id`, `role`, `days` | its name, the role that decides, the days expected |
| `title`, `about` | words in `en`, `nl` and `fr` |
| `after` | steps that have to approve before; they stand earlier in the file |
| `when` | facts of which any one makes it necessary; without it, it always is |
| `documents` | kinds of documents that the applicant has to add |
| `documents_when` | the same where a fact holds, as `{ material_arrives = ["origin"] }` |
| `votes` | how many members have to vote; 1 where it is left out |
| `of_care_programmes` | one physician of each care programme concerned decides |
| `sees` | sections that it judges; a change of one makes it decide again |
| `renews` | it decides again when a permit is renewed |
| `people_of` | steps of other bodies, earlier in the file, whose people may decide here as well |
| `body` | what the body is called on its letters, in `en`, `nl` and `fr`; without it, after its role |

| key of one of `holidays` | meaning |
| --- | --- |
| `name`, `source` | what it is called, and what makes it a holiday |
| `day` | the same day each year: month and day, as "07-21" |
| `easter` | so many days after Easter Sunday, before it where negative |
| `date` | one day of one year, as 2026-07-20: a bridging day, a day in place of another |

Each has one of the last three. `holidays` stands before the steps; without it, weekends alone are left out.
`answer_days` and `permit_months` stand there too.

Facts: `material`, `secondary_use`, `own_secondary_use` (the same, of the hospital's own patients), `personal_data`,
`human_subjects`, `material_leaves`, `material_arrives`.
""".splitlines()


def write(folder: File) -> None:
    """Write page and picture into a folder of documentation."""
    (folder / "images" / PICTURE).write_text(svg(shipped()), encoding="utf-8")
    (folder / "reference" / "approval-path.md").write_text(markdown(shipped()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(File(sys.argv[1]))
