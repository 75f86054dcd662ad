"""What a password may not be: a word of the campus, somebody's name, or known from a breach of another site."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation

from campus.cast import Cast
from campus.test_sign_in import PASSWORD, sign_in
from wardbench.campus.checks import _passwords
from wardbench.campus.configuration import Configuration
from wardbench.campus.people import services
from wardbench.campus.people.breached import is_breached
from wardbench.campus.people.passwords import campus_words
from wardbench.campus.people.rules import SYSTEM
from wardbench.campus.people.words import held, words_of
from wardbench.core.errors import InputError, StorageError

MANUAL = Path(__file__).parents[2] / "docs/how-to/sign-in.md"


def refused(password: str, person: Any = None) -> set[str]:
    """Why a password is refused, by the codes of the reasons."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        return {one.code or "" for one in error.error_list}
    return set()


class TestWordsOfTheCampus:
    @pytest.mark.parametrize(
        "password",
        [
            "wardbench is what we use",
            "we use W4rdB3nch every day",
            "we use ward-bench every day",
            "we use ward bench every day",
            "our-H.o.s.p.i.t.a.l-2026",
            "my h0sp1tal of the heart",
            "ENDOCRINOLOGY 4 ever and on",
            "the end0crin0l0gy of it all",
            "I am the administrator here",
            "Ik ben hier de beheerder van",
            "mercy north is where I work",
            "mercynorth-mercynorth",
            "blue kestrel flies at night",
            "ik ben arts en blijf het",
            "all for mercy, mercy for all",
            "the mercy2026 of everybody",
        ],
    )
    def test_no_password_holds_one(self, cast: Cast, settings: Any, password: str) -> None:
        settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, name="Mercy North", password_words=("kestrel",))
        assert refused(password) == {"campus_word"}

    @pytest.mark.parametrize(
        "password",
        [PASSWORD, "an entirely new one", "nine green bottles on a wall", "two hearts in spare parts", "🦌" * 12],
    )
    def test_others_are_taken(self, cast: Cast, password: str) -> None:
        assert not refused(password)

    def test_the_word_is_said(self, cast: Cast, client: Client, alone: None) -> None:
        person = cast.people["researcher"]
        person.set_password(PASSWORD)
        person.save()
        sign_in(client, person.email)
        new = "the Endocrinology of a spoon"
        change = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        page = client.post("/account/password/change/", change).content.decode()
        assert "“endocrinology”, a word of this campus" in page
        person.refresh_from_db()
        assert person.check_password(PASSWORD)
        with pytest.raises(InputError, match="cardiology"):
            services.set_password(person, "a cardiology of spoons", by=SYSTEM)

    def test_an_organisation_that_is_new_brings_its_words(self, cast: Cast) -> None:
        assert not refused("sint-aldegondis forever")
        services.add_organisation("Ziekenhuis Sint-Aldegondis", "hospital", by=SYSTEM)
        assert refused("sint-aldegondis forever") == {"campus_word"}

    def test_the_manual_tells_where_they_come_from(self, cast: Cast, settings: Any) -> None:
        said = " ".join(MANUAL.read_text(encoding="utf-8").split())
        for part in ("password_words = [", "departments and care programmes", "roles", "wardbench campus user words"):
            assert part in said, part
        settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, address="https://bench.aldegondis.example")
        with translation.override("fr"):
            found = campus_words()
        assert {"wardbench", "aldegondis", "hospital", "endocrinology", "administrator", "data steward"} <= found
        assert {"beheerder", "administrateur"} <= found, "roles in every language, whichever is spoken now"
        assert not {"data", "example", "with"} & found

    def test_short_and_joining_words_of_a_name_do_not_count(self) -> None:
        assert words_of("UZ Ghent, Institute for All of This") == {
            "ghent",
            "institute",
            "uzghentinstituteforallofthis",
        }
        assert held("a ghent and an institute", words_of("UZ Ghent, Institute")) == "institute"


def test_a_password_is_not_like_ones_name(cast: Cast) -> None:
    person = cast.people["researcher"]
    person.name = "Bartholomeus Vandenberghe"
    assert "password_too_similar" in refused("vandenberghe1", person) and "password_too_similar" in refused(
        "bartholomeus.", person
    )


def digest(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """A list as Have I Been Pwned gives it out, of some hundred passwords."""
    path = tmp_path / "pwned.txt"
    lines = sorted(f"{digest(f'a breached password {n}')}:{n * n + 1}" for n in range(300))
    path.write_bytes("\r\n".join(lines).encode())
    return path


class TestBreachedPasswords:
    def test_all_that_are_there_are_found_and_no_other(self, known: Path) -> None:
        assert all(is_breached(known, f"a breached password {n}") for n in range(300)), "the first and the last too"
        assert not any(is_breached(known, f"another password {n}") for n in range(300))

    @pytest.mark.parametrize("many", [0, 1, 2, 3])
    @pytest.mark.parametrize("end", ["\n", "\r\n", ""])
    def test_in_short_lists(self, tmp_path: Path, many: int, end: str) -> None:
        path, words = tmp_path / "short.txt", [f"{n}" for n in range(many)]
        path.write_text((end or "\n").join(sorted(digest(one) for one in words)) + end, newline="")
        assert [is_breached(path, f"{n}") for n in range(6)] == [n < many for n in range(6)]

    def test_one_that_is_there_is_refused(self, cast: Cast, settings: Any, known: Path) -> None:
        assert not refused("a breached password 7")
        settings.CAMPUS_FOLDER = known.parent
        settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, breached_passwords=known.name)
        assert refused("a breached password 7") == {"breached_password"}
        assert not refused("a breached password 7000")
        with pytest.raises(InputError, match="known from a breach"):
            services.set_password(cast.people["student"], "a breached password 7", by=SYSTEM)

    def test_where_the_list_is_gone_no_password_is_taken(self, cast: Cast, settings: Any, known: Path) -> None:
        settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, breached_passwords=str(known))
        known.unlink()
        with pytest.raises(StorageError):
            is_breached(known, PASSWORD)
        assert refused(PASSWORD) == {"breached_list"}

    def test_checking_the_campus_looks_at_the_list(self, known: Path) -> None:
        def look(named: str) -> tuple[str, str]:
            (found,) = _passwords(Configuration(breached_passwords=named), known.parent)
            return found.state, found.said

        assert (look(known.name)[0], look("")[0]) == ("good", "warning")
        lines = known.read_text().splitlines()
        random.Random(1).shuffle(lines)
        (known.parent / "shuffled").write_text("\n".join(lines))
        (known.parent / "words").write_text("password\n123456\n")
        for name, said in (("shuffled", "order"), ("words", "SHA-1")):
            assert look(name)[0] == "bad" and said in look(name)[1]
        with pytest.raises(StorageError, match="cannot be read"):
            look("none")
