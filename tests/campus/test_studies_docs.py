"""What the manual and the explanation of rights say of studies is what the path and the rules say."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from campus.cast import Cast
from campus.test_studies import submitted
from wardbench.campus.studies import drawing, explained
from wardbench.campus.studies.path import shipped

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_and_the_picture_are_those_of_the_path() -> None:
    again = "write them again: python -m wardbench.campus.studies.drawing docs"
    assert (DOCS / "reference" / "approval-path.md").read_text(encoding="utf-8") == drawing.markdown(
        shipped()
    ) + "\n", again
    assert (DOCS / "images" / drawing.PICTURE).read_text(encoding="utf-8") == drawing.svg(shipped()), again


def test_the_picture_has_each_step_and_only_lines_that_say_something() -> None:
    picture = drawing.svg(shipped())
    ElementTree.fromstring(picture)
    assert picture.count("<rect") == len(shipped().steps) + 1
    # validation to 3, those two and privacy on to biobank and ethics, biobank to ethics, ethics to transfer
    assert picture.count('stroke="#4c6272"') == 8


def test_what_somebody_may_do_with_a_study_can_be_asked(cast: Cast) -> None:
    study = submitted(cast)
    told = {answer.title: answer.verdict for answer in explained.answers(cast.actor("trial_centre"), str(study.id))}
    assert told["See the whole study"] and told["Vote or decide"] and not told["Amend what was submitted"]
    assert explained.answers(cast.actor("trial_centre"), "x") == []
    assert [one.id for one in explained.find(cast.actor("student"), study.reference)] == [str(study.id)]
    assert explained.find(cast.actor("partner"), study.reference) == []
