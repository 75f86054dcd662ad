"""A campus from a program: ask and act as yourself, with a key that you made on the page "Keys for programs".

    campus = Campus("https://campus.example", key)
    diabetes = json.load(open("diabetes.json"))
    campus.count(diabetes)["persons"]

What the campus refuses is an error with its sentence; which kind says what to do (`wardbench.core.errors`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import requests
from requests.auth import AuthBase

from wardbench.core.errors import BusyError, InputError, NotFoundError, StorageError, UnsupportedError, WardbenchError

JSON = dict[str, Any]
PAGE = 200
BENCHMARKS = ("intervals", "assay", "table1", "rates", "funnel", "methods")
ENDED = ("answered", "failed", "refused", "withdrawn")
STANDS = {
    "asked": "it waits for a data steward",
    "waiting": "it waits for its turn",
    "running": "it is being answered",
}

_KINDS: Mapping[int, type[WardbenchError]] = {
    400: InputError,
    404: NotFoundError,
    409: BusyError,
    422: UnsupportedError,
    507: StorageError,
}


class RefusedError(WardbenchError):
    """The key is missing or has ended, or its person has not the right; the sentence says which."""

    exit_code = 7
    http_status = 403


class Campus:
    """A campus at `address`; `key` begins with ``wbk_``. Answers are plain dictionaries as the API describes them."""

    def __init__(self, address: str, key: str, *, timeout: float = 120) -> None:
        self._address, self._timeout = address.rstrip("/") + "/api", timeout
        self._session = requests.Session()
        self._session.auth = _Key(key)

    def me(self) -> JSON:
        """Whoever the key is of."""
        return self._ask("GET", "/people/me")

    def people(self, text: str = "", role: str = "") -> Iterator[JSON]:
        """People by name, expertise or role."""
        return self._pages("/people", text=text, role=role)

    def cohorts(self, text: str = "") -> Iterator[JSON]:
        """The cohorts that you may see."""
        return self._pages("/cohorts", text=text)

    def versions(self, cohort: str) -> list[JSON]:
        """The versions of a cohort, newest first."""
        found: Any = self._ask("GET", f"/cohorts/{_part(cohort)}/versions")
        return list(found)

    def expression(self, cohort: str, number: int) -> JSON:
        """A version as ATLAS reads it."""
        return self._ask("GET", f"/cohorts/{_part(cohort)}/versions/{number:d}/expression")

    def make_cohort(self, name: str, expression: JSON, about: str = "") -> JSON:
        """Make a cohort from what ATLAS exports."""
        return self._ask("POST", "/cohorts", {"name": name, "about": about, "expression": expression})

    def save(self, cohort: str, expression: JSON, note: str = "") -> JSON:
        """Save another version of a cohort."""
        return self._ask("POST", f"/cohorts/{_part(cohort)}/versions", {"expression": expression, "note": note})

    def count(self, expression: JSON, mode: str = "sandbox") -> JSON:
        """Count a definition and what each of its rules does, in a mode that you may count in."""
        return self._ask("POST", "/counts", {"expression": expression, "mode": mode})

    def estimate(self, expression: JSON) -> JSON:
        """About how many patients of the hospital there are; each new question is charged to your budget."""
        return self._ask("POST", "/counts/estimate", {"expression": expression})

    def questions(self, text: str = "") -> Iterator[JSON]:
        """The questions that you may see."""
        return self._pages("/questions", text=text)

    def raise_question(self, title: str, text: str, side: str = "ward", topics: tuple[str, ...] = ()) -> JSON:
        """Raise a question from the ward or from the bench."""
        return self._ask("POST", "/questions", {"title": title, "text": text, "side": side, "topics": list(topics)})

    def studies(self, text: str = "") -> list[JSON]:
        """The studies that you may see."""
        return list(self._pages("/studies", text=text))

    def study(self, study: str) -> JSON:
        """Where a study stands and whom it waits for; by its id or its reference number."""
        return self._ask("GET", f"/studies/{_part(study)}")

    def register_study(self, title: str, kind: str) -> JSON:
        """Register a study; it gets its reference number."""
        return self._ask("POST", "/studies", {"title": title, "kind": kind})

    def outcomes(self, text: str = "", mine: bool = False) -> Iterator[JSON]:
        """The questions about outcomes that you may see, or your own alone."""
        return self._pages("/outcomes", text=text, mine=str(mine).lower())

    def ask_outcomes(self, **asked: Any) -> JSON:
        """Ask what happened to patients, in the words of PICO (`OutcomesIn` of the API)."""
        return self._ask("POST", "/outcomes", asked)

    def benchmarks(self, text: str = "", mine: bool = False) -> Iterator[JSON]:
        """The questions of the hospital as a benchmark that you may see, or your own alone."""
        return self._pages("/benchmark", text=text, mine=str(mine).lower())

    def ask_benchmark(self, kind: str, **asked: Any) -> JSON:
        """Ask for `intervals`, `assay`, `table1`, `rates` or a `funnel`; `answer` has what comes of it, by its id.

        `methods`, `rates` of two tables and a `funnel` of a table of units are worked out at once, from what is brought
        alone: what comes back is the answer, has no id, and is kept nowhere. A table is CSV as text.
        """
        if kind not in BENCHMARKS:
            raise InputError(f"{kind!r}: ask for one of {', '.join(BENCHMARKS)}.")
        return self._ask("POST", f"/benchmark/{kind}", asked)

    def answer(self, inquiry: str) -> JSON:
        """One of these questions: where it stands, and its answer once it is there."""
        return self._ask("GET", f"/outcomes/{_part(inquiry)}")

    def wait(self, inquiry: str, *, most: float = 600, every: float = 2) -> JSON:
        """The answer of one of these questions, asked for every so many seconds until it is there.

        InputError where it cannot be answered, or was refused or taken back. BusyError where it is not answered after
        `most` seconds, as what waits for a data steward is not.
        """
        until = time.monotonic() + most
        while (found := self.answer(inquiry))["status"] not in ENDED:
            if time.monotonic() + every > until:
                raise BusyError(f"{found['name']}: {STANDS[found['status']]}; ask again later.")
            time.sleep(every)
        if found["status"] != "answered":
            raise InputError(f"{found['name']}: {found['fault'] or found['reason'] or 'it was taken back.'}")
        return found

    def _pages(self, path: str, **asked: str) -> Iterator[JSON]:
        offset = 0
        while True:
            page = self._ask("GET", path, None, **asked, limit=PAGE, offset=offset)
            yield from page["items"]
            offset += len(page["items"])
            if not page["items"] or offset >= page["total"]:
                return

    def _ask(self, method: str, path: str, body: JSON | None = None, **asked: str | int) -> JSON:
        try:
            # Led elsewhere, what was sent would become a question for what is there, and look as if it had been taken.
            answer = self._session.request(
                method,
                self._address + path,
                params=asked or None,
                data=None if body is None else _written(body),
                headers={} if body is None else {"Content-Type": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise NotFoundError(f"{self._address}: the campus does not answer ({type(error).__name__}).") from None
        if answer.is_redirect:
            elsewhere = answer.headers["Location"].split("?")[0].partition("/api/")[0]
            raise InputError(f"{self._address}: the campus is not here; it says to ask {elsewhere}.")
        if answer.ok:
            try:
                found: JSON = answer.json()
            except ValueError:
                raise NotFoundError(f"{self._address}: what answers is no campus.") from None
            return found
        try:
            sentence = str(answer.json()["error"]["sentence"])
        except (ValueError, KeyError, TypeError):
            sentence = f"{self._address}: the campus answered {answer.status_code}."
        raise _KINDS.get(answer.status_code, RefusedError if answer.status_code < 500 else WardbenchError)(sentence)


def tables(answer: JSON) -> dict[str, list[JSON]]:
    """The tables of an answer of `ask_benchmark` or `answer`, each as lines by the names of its columns, called by its
    section and caption. What disclosure control left out stands as the words that the page shows."""
    return {
        f"{section['name']}: {table['caption']}": [
            dict(zip(table["columns"], row, strict=True)) for row in table["rows"]
        ]
        for section in answer["report"].get("sections", ())
        for table in section["tables"]
    }


def _part(given: str) -> str:
    """An id as one part of an address, whatever is in it."""
    if not str(given).strip("."):
        raise InputError(f"{given!r}: this is no id.")
    return quote(str(given), safe="")


class _Key(AuthBase):
    """A key, also as it was read from a file, with its line break. As a header alone, a line of .netrc for the same
    host would take its place."""

    def __init__(self, key: str) -> None:
        self._key = key.strip()
        if not self._key.isascii() or not self._key.isprintable():
            raise InputError("The key holds characters that no key has; it begins with wbk_.")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


def _written(body: JSON) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InputError(f"This cannot be sent as JSON: {error}.") from None
