"""From a physician's question to a permit and back to the answer: each step by whoever's turn it is, by their pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from campus_browser.conftest import Visitor, as_text

QUESTION = "Why do kidneys fail although sugar is well controlled?"
STUDY = "Plasma proteins before the kidneys fail"
COHORT = "Type 2 diabetes, adults, for the journey"
PAPERS = {"protocol": "The protocol", "biobank_form": "Form of the biobank", "consent_form": "Form of consent"}

Arrive = Callable[..., Visitor]


def press(one: Visitor, name: str, **options: Any) -> None:
    """Press the only button of this name."""
    one.page.get_by_role("button", name=name, exact=True, **options).click()
    one.page.wait_for_load_state("networkidle")


def follow(one: Visitor, name: str | re.Pattern[str]) -> None:
    """Follow the first link of this name in the page's main part."""
    one.page.locator("main").get_by_role("link", name=name).first.click()
    one.page.wait_for_load_state("networkidle")


def said(one: Visitor) -> str:
    return str(one.page.locator("main").inner_text())


def well(one: Visitor) -> None:
    """The page as it is now is accessible, fits a phone, complains of nothing and asks nobody else."""
    found = one.look()
    assert not found, as_text(found)


def turn_of(one: Visitor, reference: str) -> bool:
    """Whether the home page says that a decision on a study waits for this person."""
    one.open("/")
    return bool(one.page.locator("main a[href*='/decide/']", has_text=reference).count())


def decide(one: Visitor, reference: str, answer: str = "approve") -> None:
    """Take up what waits on one's own home page, in whatever language it speaks, and decide."""
    one.open("/")
    one.page.locator("main a[href*='/decide/']", has_text=reference).click()
    one.page.wait_for_load_state("networkidle")
    well(one)
    one.page.locator(f"input[name=answer][value={answer}]").check()
    one.page.locator("button[name=do][value=vote]").click()
    one.page.wait_for_load_state("networkidle")
    assert "/decide/" not in one.page.url, said(one)


def raise_a_question(one: Visitor) -> str:
    one.open("/questions/new/")
    one.page.get_by_role("radio", name="From the ward").check()
    one.page.get_by_label("The question in one line").fill(QUESTION)
    one.page.get_by_label("What do you see, and what would it change to know?").fill("Albumin rises; nobody knows why.")
    one.page.locator("#find").fill("diabetes")
    press(one, "Find")
    one.page.get_by_label(re.compile("Type 2 diabetes")).check()
    well(one)
    press(one, "Raise the question")
    assert QUESTION in said(one)
    well(one)
    return str(one.page.url)


def build_a_cohort(one: Visitor) -> None:
    """By typing, choosing, undoing, doing again; then a version."""
    one.open("/cohorts/new/")
    one.page.get_by_label("Name", exact=True).fill(COHORT)
    press(one, "Start building")
    one.page.locator("#find-entry").press_sequentially("type 2 diab", delay=20)
    one.page.get_by_role("button", name=re.compile("^Add Type 2 diabetes")).click()
    one.page.wait_for_load_state("networkidle")
    one.page.locator("text=Nothing starts the cohort yet").wait_for(state="detached")
    for button, rule in (("Add a rule on age or sex", "visible"), ("Undo", "detached"), ("Redo", "visible")):
        press(one, button)
        one.page.locator("#rules > li.app-rule").first.wait_for(state=rule)
    assert "synthetic twin" in said(one), "the page says whose numbers these are"
    well(one)
    one.page.reload()
    assert "Type 2 diabetes" in said(one), "what was built is kept without saving"
    one.page.locator("summary", has=one.page.get_by_text(re.compile("Save"))).first.click()
    one.page.locator("#note").fill("First version")
    one.page.locator("form[action$='/build/save/'] button").click()
    one.page.wait_for_load_state("networkidle")
    well(one)


def register(one: Visitor, question: str) -> str:
    """Take the question up into a study, and say everything that the path asks for."""
    one.open(question)
    follow(one, "Take up into a study")
    one.page.get_by_label("Title").fill(STUDY)
    one.page.get_by_role("radio", name="Secondary use of human body material").check()
    press(one, "Register")
    address = str(one.page.url)
    well(one)
    one.open(address + "sections/about/")
    one.page.locator("#id_summary").fill("We look for proteins in stored plasma that rise before kidneys fail.")
    one.page.locator("#id_sponsor").fill("The institute")
    press(one, "Save and continue")
    one.open(address + "sections/units/")
    one.page.get_by_label("Care programme diabetes").check()
    press(one, "Save and continue")
    one.open(address + "sections/material/")
    one.page.locator("#id_rows-0-type").select_option(label="Plasma")
    one.page.locator("#id_rows-0-amount").fill("40")
    one.page.locator("#id_rows-0-donors").fill("30")
    one.page.locator("#id_consent").select_option("secondary")
    one.page.locator("#id_retention").fill("In the institute's freezer, five years")
    one.page.locator("#id_fate").select_option(index=1)
    press(one, "Save and continue")
    one.open(address + "sections/data/")
    one.page.get_by_role("radio", name="Data of single patients under pseudonyms").check()
    one.page.get_by_label("Laboratory and other measurements").check()
    one.page.locator("#id_data_wanted").fill("Creatinine and albumin over five years")
    press(one, "Save and continue")
    one.open(address + "sections/data/")
    chosen = one.page.locator("#id_version option", has_text=COHORT).first.get_attribute("value")
    one.page.locator("#id_version").select_option(chosen)
    press(one, "Attach this cohort")
    one.open(address + "sections/purpose/")
    one.page.get_by_role("radio", name="health or medical or biomedical research").check()
    press(one, "Save and continue")
    for kind in PAPERS:
        one.open(address + "sections/documents/")
        one.page.locator("[name=kind]").select_option(kind)
        paper = {"name": f"{kind}.pdf", "mimeType": "application/pdf", "buffer": PDF}
        one.page.locator("input[type=file]").set_input_files(paper)
        well(one)
        press(one, "Add")
    one.open(address)
    assert "Everything is there." in said(one), said(one)
    return address


def follow_up(researcher: Visitor, physician: Visitor, question: str) -> None:
    """An answer comes back to whoever asked, who closes the question."""
    researcher.open(question + "answer/")
    researcher.page.locator("main textarea").first.fill("Two proteins rise a year before albumin does.")
    well(researcher)
    researcher.page.locator("main form button").last.click()
    researcher.page.wait_for_load_state("networkidle")
    physician.open("/")
    assert QUESTION in said(physician) and "Read the answer to your question" in said(physician)
    physician.open(question + "close/")
    physician.page.locator("main textarea").first.fill("That is what we needed.")
    physician.page.locator("main form button").last.click()
    physician.page.wait_for_load_state("networkidle")
    physician.open(question)
    assert "Closed" in said(physician), said(physician)


PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def test_from_a_question_to_a_permit_and_back(visitors: Arrive) -> None:
    physician, researcher = visitors("physician"), visitors("researcher")
    question = raise_a_question(physician)
    build_a_cohort(researcher)
    address = register(researcher, question)
    well(researcher)
    press(researcher, "Submit to those who decide")
    reference = re.search(r"S\d{5,}", said(researcher))
    assert reference, said(researcher)
    well(researcher)

    trial_centre = visitors("trialcentre")
    trial_centre.open("/")
    follow(trial_centre, re.compile(f"Decide on {reference[0]}"))
    trial_centre.page.get_by_text("Ask the applicant something first").click()
    trial_centre.page.locator("#ask_text").fill("How many patients have enough plasma?")
    press(trial_centre, "Ask")
    researcher.open("/")
    follow(researcher, re.compile(f"Answer the question about {reference[0]}"))
    researcher.page.locator("main textarea").last.fill("About thirty, by the sandbox.")
    well(researcher)
    researcher.page.locator("main form", has=researcher.page.locator("textarea")).last.get_by_role("button").click()
    researcher.page.wait_for_load_state("networkidle")
    decide(trial_centre, reference[0])

    keys = ("board1", "board2", "diabetologist", "manager", "privacy", "ethics1", "ethics2")
    others = {key: visitors(key) for key in keys}
    for key in ("manager", "ethics1"):
        assert not turn_of(others[key], reference[0]), f"it is not yet the turn of {key}"
    for one in others.values():
        decide(one, reference[0])
    assert not turn_of(trial_centre, reference[0]), "nothing waits for who has decided"

    researcher.open(address)
    assert "Approved" in said(researcher), said(researcher)
    well(researcher)
    follow(researcher, re.compile(r"^Count the cohorts"))
    follow(researcher, re.compile(r"^Count(?! the cohorts)"))
    counted = researcher.page.locator(".app-number-big").inner_text()
    assert re.fullmatch(r"[\d,]+", counted) and "exact" in said(researcher)
    well(researcher)

    for key in ("partner", "student"):
        stranger = visitors(key)
        stranger.open(address)
        assert "stored plasma" not in said(stranger), "only the team and the bodies read what a study asks for"

    steward = visitors("steward")
    steward.open(f"/record/?study={reference[0]}")
    assert "Submitted a study" in said(steward) and "Gave a permit" in said(steward), said(steward)
    well(steward)

    follow_up(researcher, physician, question)
    well(physician)

    others["privacy"].open(address + "do/revoke/")
    others["privacy"].page.locator("main textarea").fill("A complaint is looked into")
    others["privacy"].page.locator("main form").get_by_role("button").click()
    others["privacy"].page.wait_for_load_state("networkidle")
    researcher.open(address)
    follow(researcher, re.compile(r"^Count(?! the cohorts)"))
    assert "A complaint is looked into" in said(researcher) and researcher.page.locator(".app-number-big").count() == 0
    well(researcher)


@pytest.mark.parametrize(
    ("key", "comes_for", "refused"),
    [
        ("coordinator", "/questions/new/", "/record/"),
        ("student", "/cohorts/new/", "/people/add/"),
        ("lecturer", "/studies/new/", "/record/"),
        ("transfer", "/studies/", "/record/"),
        ("partner", "/studies/", "/cohorts/new/"),
        ("administrator", "/people/import/", "/record/"),
        ("steward", "/record/", "/people/import/"),
    ],
)
def test_each_finds_what_they_come_for_and_is_told_why_not_the_rest(
    visitors: Arrive, key: str, comes_for: str, refused: str
) -> None:
    one = visitors(key)
    assert one.open(comes_for) == 200
    well(one)
    assert one.open(refused) in (403, 404)
    assert len(said(one)) > 40, "a refusal has its reason"
    well(one)
