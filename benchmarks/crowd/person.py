"""Somebody who signs in, reads pages and where they lead, and now and then writes what their work asks of them: a
question raised, a cohort changed, a thawing counted, found specimens put into a basket."""

from __future__ import annotations

import html
import http.client
import random
import re
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable

from crowd.browser import Answer, Browser

Pace = Callable[[random.Random], float]
"""How long somebody reads before they go on, in seconds."""


def hurried(chance: random.Random) -> float:
    """A second, on average: faster than anybody reads."""
    return chance.uniform(0.5, 1.5)


def reading(chance: random.Random) -> float:
    """The think time of TPC-W (clause 5.3.1.1): exponential, 7 s on average, no more than 70 s."""
    return min(chance.expovariate(1 / 7), 70.0)


WRITES, BUILDS, FOLLOWS = 0.15, 0.15, 0.3
"""How often somebody writes what their work asks of them, goes on building, or opens something that a page led to."""
LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""What digits are written as: one title in ten thousand would hold what looks like a national register number, which
the campus refuses."""
PAGES = (
    "/",
    "/questions/",
    "/questions/unanswered/",
    "/cohorts/",
    "/studies/",
    "/people/",
    "/notices/",
    "/search/?q=diab",
)
"""What everybody opens."""
FINDER = "/samples/"
PAGES_OF = {
    "manager": (
        *("/biobank/", "/biobank/places/", "/biobank/specimens/", "/biobank/collections/", "/biobank/imports/"),
        *("/biobank/collections/donors/", "/biobank/registers/", "/releases/requests/", "/releases/withdrawals/"),
    ),
    "researcher2": (FINDER, f"{FINDER}?material=plasma", "/releases/requests/", "/releases/requests/baskets/"),
    "coordinator": ("/biobank/visits/",),
    "physician": ("/outcomes/", FINDER),
    "lecturer": ("/benchmark/", "/catalogue/"),
}
"""What some open besides, by who they are: half of the pages they choose."""
ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
OF_THE_BIOBANK = {
    "a place or a box": re.compile(rf'href="(/biobank/places/{ID}/)"'),
    "a specimen": re.compile(rf'href="(/biobank/specimens/{ID}/)"'),
    "a donor": re.compile(rf'href="(/biobank/collections/donors/{ID}/)"'),
    "a collection": re.compile(rf'href="(/biobank/collections/{ID}/)"'),
    "a visit": re.compile(rf'href="(/biobank/visits/{ID}/)"'),
    "a request for samples": re.compile(rf'href="(/releases/requests/{ID}/)"'),
    "a basket": re.compile(rf'href="(/releases/requests/baskets/{ID}/)"'),
}
LINKS = {
    "a study": re.compile(rf'href="(/studies/{ID}/)"'),
    "a question": re.compile(rf'href="(/questions/{ID}/)"'),
    "a cohort": re.compile(rf'href="(/cohorts/{ID}/)"'),
    "the decision desk": re.compile(rf'href="(/studies/{ID}/decide/[a-z_-]+/)"'),
    **OF_THE_BIOBANK,
}
"""Pages that others lead to, by what they are."""
INTO_BASKET = re.compile(r'href="(/releases/requests/found/\?[^"]+)"')
COPY = re.compile(rf'action="(/cohorts/{ID}/versions/\d+/copy/)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
BENCH = ("researcher", "researcher2", "lecturer", "student", "manager")
"""Those who raise their questions from the bench."""
WHO = (
    *("physician", "oncologist", "diabetologist", "coordinator", "researcher", "researcher2", "lecturer"),
    *("physician", "researcher", "student", "manager", "ethics1", "trialcentre"),
    *("manager", "researcher2", "coordinator"),
)
NO_QUESTIONS = ("ethics1", "trialcentre")
"""Those who judge, and raise no questions."""


class Person(threading.Thread):
    """Uses the campus until `end` (monotonic seconds), from `start` on. `took` are seconds by page or act."""

    def __init__(self, number: int, host: str, port: int, start: float, end: float, pace: Pace = hurried) -> None:
        super().__init__(daemon=True)
        self.pace = pace
        self.browser = Browser(host, port)
        self.start_at, self.end = start, end
        self.chance = random.Random(number)
        self.key = WHO[number % len(WHO)]
        self.took: dict[str, list[float]] = defaultdict(list)
        self.links: dict[str, list[str]] = {}
        self.acknowledged: list[str] = []
        self.own_cohort, self.token, self.changes = "", "", 0
        self.failed: list[str] = []

    def run(self) -> None:
        time.sleep(max(0.0, self.start_at - time.monotonic()))
        self.sign_in()
        while time.monotonic() < self.end:
            time.sleep(self.pace(self.chance))
            wish = self.chance.random()
            if wish < WRITES and self.key not in NO_QUESTIONS:
                self.write()
            elif wish < WRITES + BUILDS and self.build():
                continue
            elif wish < WRITES + BUILDS + FOLLOWS and self.links:
                kind = self.chance.choice(sorted(self.links))
                self.read(self.chance.choice(self.links[kind]), kind)
            else:
                self.read(self.chance.choice(self.pages()))

    def pages(self) -> tuple[str, ...]:
        """Where somebody looks next: half of the time where their own work is."""
        own = PAGES_OF.get(self.key, ())
        return own if own and self.chance.random() < 0.5 else PAGES

    def write(self) -> None:
        """What the work of each asks for: of the biobank's manager that a thawing is counted, of whoever has a permit
        that samples go into a basket, of everybody else a question."""
        if self.key == "manager" and self.links.get("a specimen"):
            self.count_thawing()
        elif self.key == "researcher2" and self.chance.random() < 0.5:
            self.fill_basket()
        else:
            self.ask_question()

    def sign_in(self) -> None:
        self._send("/account/login/", "/account/demonstration/", {"email": f"{self.key}@demo.example"}, "sign in")

    def read(self, path: str, name: str = "") -> Answer | None:
        """Open a page, and see where it leads."""
        answer = self._timed(name or path, path)
        if answer is not None and answer.ok:
            for kind, pattern in LINKS.items():
                if there := pattern.findall(answer.text):
                    self.links[kind] = there
        return answer

    def ask_question(self) -> None:
        """Raise a question; its title is kept where the campus said that it has it."""
        title = mark()
        side = "bench" if self.key in BENCH else "ward"
        given = {"side": side, "title": title, "text": "Patients whose kidneys fail despite treatment: why?"}
        answer = self._send("/questions/new/", "/questions/new/", given, "raise a question")
        if answer is not None and answer.ok and "/questions/new" not in answer.path:
            self.acknowledged.append(title)
        elif answer is not None and answer.ok:
            self.failed.append(f"a question was not taken: {said_by(answer)}")

    def count_thawing(self) -> None:
        """Count a thawing of a specimen that lies in storage; the reason is kept if that was acknowledged."""
        place, why = self.chance.choice(self.links["a specimen"]), mark()
        page = self.read(place, "a specimen")
        if page is None or f'"{place}thaw/"' not in page.text:
            return
        answer = self._send(f"{place}thaw/", f"{place}thaw/", {"why": why}, "count a thawing", "a thawing's form")
        if answer is not None and answer.path == place:
            self.acknowledged.append(why)

    def fill_basket(self) -> None:
        """Find samples and put one of them into a new basket, whose name is kept if that was acknowledged."""
        page = self.read(FINDER)
        into = INTO_BASKET.search(page.text) if page is not None else None
        if into is None:
            self.failed.append("nothing was found to put into a basket")
            return
        path, name = html.unescape(into[1]), mark()
        given = {"basket": "new", "name": name, "count": "1", "one_each": "on"}
        answer = self._send(path, path, given, "fill a basket", "a basket's form")
        if answer is not None and answer.ok and answer.path.startswith("/releases/requests/baskets/"):
            self.acknowledged.append(name)

    def build(self) -> bool:
        """Switch a rule of one's own copy of a cohort off or on; make the copy first. Whether there was anything."""
        if not self.own_cohort:
            return self._copy()
        given = {"do": "switch:0", "revision": str(self.changes), "csrfmiddlewaretoken": self.token}
        page = f"{self.own_cohort}build/"
        answer = self._timed("the builder: a change", f"{page}change/", given, page=page, part=True)
        if answer is not None and answer.ok:
            self.changes += 1
        return True

    def _copy(self) -> bool:
        there = self.links.get("a cohort")
        page = self.read(self.chance.choice(there), "a cohort") if there else None
        action = COPY.search(page.text) if page is not None else None
        token = TOKEN.search(page.text) if page is not None else None
        if page is None or action is None or token is None:
            return page is not None
        made = self._timed("copy a cohort", action[1], {"csrfmiddlewaretoken": token[1]}, page=page.path)
        if made is not None and made.ok and "switch:0" in made.text:  # a cohort without rules has none to switch
            token = TOKEN.search(made.text)
            self.token = token[1] if token else ""
            self.own_cohort = made.path.removesuffix("build/")
        return True

    def _send(self, form: str, path: str, given: dict[str, str], name: str, form_name: str = "") -> Answer | None:
        page = self.read(form, form_name)
        token = TOKEN.search(page.text) if page is not None else None
        if token is None:
            self.failed.append(f"{form}: no form")
            return None
        return self._timed(name, path, given | {"csrfmiddlewaretoken": token[1]}, page=form)

    def _timed(
        self, name: str, path: str, given: dict[str, str] | None = None, *, page: str = "", part: bool = False
    ) -> Answer | None:
        try:
            browser = self.browser
            answer = browser.get(path) if given is None else browser.post(path, given, page=page, part=part)
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(f"{name}: {type(error).__name__}")
            return None
        self.took[name].append(answer.seconds)
        if not answer.ok:
            self.failed.append(f"{name}: {said_by(answer)}")
        return answer


def mark() -> str:
    """Words by which what somebody wrote is found again."""
    return f"Load {uuid.uuid4().hex.translate(LETTERS)}"


def said_by(answer: Answer) -> str:
    """Where somebody was led to, and the first words of what they read there: a fault's, where it tells one."""
    text = " ".join(MARKUP.sub(" ", MAIN.split(answer.text, maxsplit=1)[-1]).split())
    return f"{answer.status} at {answer.path}: {text[:200]}"


MAIN = re.compile(r"<main[^>]*>")
MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL)
