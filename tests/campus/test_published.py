"""What a study of data alone published: on its page, with the question that it took up, and told to whoever asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campus.cast import Cast
from campus.test_studies import approved, submitted
from campus.test_studies_pages import text_of
from wardbench.campus.notices.models import Notice
from wardbench.campus.people.rules import ForbiddenError
from wardbench.campus.questions import services as questions
from wardbench.campus.questions.models import Question
from wardbench.campus.questions.rules import Side
from wardbench.campus.releases import findings
from wardbench.campus.releases.models import Finding
from wardbench.campus.studies import ending
from wardbench.campus.studies.models import Study
from wardbench.core.errors import InputError

DOI, REFERENCE = "10.1000/182", "Janssens A. Acta Nephrologica 2026; 12: 1-9."


def add(cast: Cast, study: Study, **given: Any) -> Finding:
    said = {"kind": "publication", "title": "Why kidneys fail", "doi": DOI, "year": 2026, **given}
    return findings.add(study.id, by=said.pop("by", cast.actor("researcher")), **said)


def told(cast: Cast, key: str) -> list[str]:
    return [one.sentence.format(**one.values) for one in Notice.objects.filter(person=cast.people[key])]


def taken_up(cast: Cast, study: Study) -> Question:
    """A question of the physician that the study took up and a second physician follows."""
    raised = questions.raise_question(
        title="Why do kidneys fail?", text="In some.", side=Side.WARD, topics=[], by=cast.actor("physician")
    )
    questions.follow(raised, by=cast.actor("physician2"))
    questions.take_up(raised, study.id, by=cast.actor("researcher"))
    Study.objects.filter(id=study.id).update(question=raised.id)
    return Question.objects.get(id=raised.id)


def test_a_publication_is_shown_with_the_study_and_the_question_and_told_to_whoever_asked(cast: Cast) -> None:
    study = approved(cast)
    question = taken_up(cast, study)
    ending.close(study.id, "Done", by=cast.actor("researcher"))
    made = add(cast, study, words="Inflammation comes first.", reference=REFERENCE)
    assert made.specimens.count() == 0 and (made.doi, made.year) == (DOI, 2026)
    sentence = "A study published what it found on the question “Why do kidneys fail?”: Why kidneys fail."
    assert sentence in told(cast, "physician") and sentence in told(cast, "physician2")
    assert not any("came back" in one for one in told(cast, "biobank_manager")), "it is about no tube of theirs"
    page = reverse("study", args=[study.id])
    for key in ("researcher", "trial_centre", "lecturer"):
        text = text_of(cast.client(key).get(page))
        assert "Why kidneys fail" in text and f"{REFERENCE.rstrip('.')}, doi:{DOI}" in text, key
    assert reverse("finding", args=[made.id]) not in cast.client("trial_centre").get(page).content.decode()
    asked = text_of(cast.client("physician").get(reverse("question", args=[question.id])))
    assert "Why kidneys fail" in asked and "Inflammation comes first." in asked and "specimen" not in asked
    answers = cast.client("researcher").get(reverse("question_answer", args=[question.id])).content.decode()
    assert f"Why kidneys fail. {REFERENCE.rstrip('.')}, doi:{DOI}" in answers, "an answer can name it at once"


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"doi": ""}, "or its reference"),
        ({"doi": "https://doi.org/x"}, r"10\.1000/182"),
        ({"year": None}, "write the year"),
        ({"year": 1899}, "write the year"),
        ({"year": timezone.localdate().year + 2}, "write the year"),
        ({"title": " "}, "title"),
        ({"doi": "", "reference": "x" * 501}, "too long"),
        ({"title": "A case: patient number 1234567"}, "hospital's number"),
        ({"words": "The woman, born on 3 May 1961"}, "date of birth"),
        ({"labels": ["T0-0"]}, "received no such specimen"),
        ({"kind": "file", "file": ("a.csv", [b"a\n"])}, "what comes back of it is a publication"),
        ({"kind": "values"}, "what comes back of it is a publication"),
    ],
)
def test_what_is_refused_says_why(cast: Cast, given: dict[str, Any], match: str) -> None:
    study = approved(cast)
    with pytest.raises(InputError, match=match):
        add(cast, study, **given)
    assert not Finding.objects.exists()


def test_it_is_for_the_team_of_a_study_that_had_a_permit(cast: Cast) -> None:
    with pytest.raises(ForbiddenError, match="no permit yet"):
        add(cast, submitted(cast))
    study = approved(cast)
    with pytest.raises(ForbiddenError, match="for the team"):
        add(cast, study, by=cast.actor("data_steward"))


def test_by_its_page_and_what_was_wrong_is_corrected(cast: Cast) -> None:
    study, client = approved(cast), cast.client("researcher")
    page = client.get(reverse("study", args=[study.id])).content.decode()
    here = reverse("findings", args=[study.id])
    assert f'{here}#add"' in page and "Add a publication" in page
    form = client.get(here).content.decode()
    assert 'name="year"' in form and 'name="pasted"' not in form and 'name="clinical"' not in form
    assert form.count('name="kind"') == 1
    given = {"kind": "publication", "title": "Why kidneys fail", "reference": REFERENCE, "year": "2026"}
    assert client.post(here, {**given, "year": ""}).status_code == 200
    assert "write the year" in text_of(client.post(here, {**given, "year": "2150"}))
    assert client.post(here, {**given, "kind": "file"}).status_code == 200 and not Finding.objects.exists()
    one = client.post(here, given)["Location"]
    assert REFERENCE in text_of(client.get(one)) and "no specimen" not in text_of(client.get(one))
    wrong = Finding.objects.get()
    mended = client.get(f"{here}?corrects={wrong.id}").content.decode()
    assert f'value="{REFERENCE}"' in mended and 'value="2026"' in mended
    again = {**given, "year": "2025", "why": "The year was wrong."}
    assert client.post(f"{here}?corrects={wrong.id}", again).status_code == 302
    text = text_of(client.get(reverse("study", args=[study.id])))
    assert text.count("Why kidneys fail</a>") == 1, "what was retracted is listed no more"
    assert str(Finding.objects.get(corrects=wrong).year) == "2025"
