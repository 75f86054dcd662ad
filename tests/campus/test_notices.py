"""Notices: told once, read in one's own language, mailed once."""

from __future__ import annotations

import datetime
import threading
from smtplib import SMTPServerDisconnected
from typing import Any

import msgspec
import pytest
from django.core import mail
from django.db import connections
from django.utils import translation

from campus.cast import Cast, make_cast
from wardbench.campus.configuration import Mail
from wardbench.campus.notices import queries
from wardbench.campus.notices.mail import MOST_TRIES, send_due
from wardbench.campus.notices.models import Notice
from wardbench.campus.notices.sending import mark_read, notify
from wardbench.campus.people import services as people
from wardbench.campus.people.models import Person
from wardbench.campus.people.rules import SYSTEM

SENTENCE = "{who} answered {what}"


def tell(cast: Cast, *keys: str, by: Any = SYSTEM) -> int:
    to = [cast.people[key].id for key in keys]
    return notify(to, SENTENCE, "/questions/", by=by, who="Somebody", what="your question")


@pytest.fixture
def mailing(settings: Any) -> None:
    """A campus with a mail server."""
    settings.CAMPUS = msgspec.structs.replace(settings.CAMPUS, mail=Mail(host="localhost"))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_everybody_is_told_once_and_not_of_their_own_act(cast: Cast) -> None:
    people.close_account(cast.people["student"], by=SYSTEM)
    by = cast.actor("researcher")
    assert tell(cast, "physician", "physician", "researcher", "student", by=by) == 1
    told = queries.inbox(cast.actor("physician"))
    assert [one.line for one in told] == ["Somebody answered your question"] and told[0].unread
    assert queries.inbox(by) == []


def test_reading_is_for_ones_own_notices(cast: Cast) -> None:
    tell(cast, "physician")
    notice = Notice.objects.get()
    assert cast.client("researcher").get(f"/notices/{notice.id}/").status_code == 404
    assert mark_read(cast.actor("researcher"), notice.id) == 0
    answer = cast.client("physician").get(f"/notices/{notice.id}/")
    assert answer.status_code == 302 and answer["location"] == "/questions/"
    assert queries.unread_count(cast.actor("physician")) == 0


def test_a_mail_says_that_something_waits_and_not_what(cast: Cast, mailing: None) -> None:
    tell(cast, "physician")
    assert (send_due(), send_due()) == (1, 0)
    [sent] = mail.outbox
    assert sent.to == ["physician@test.example"]
    assert "/questions/" in sent.body and "question" not in sent.subject and "Somebody" not in sent.body


def test_without_a_mail_server_nothing_is_sent(cast: Cast) -> None:
    tell(cast, "physician")
    assert send_due() == 0


def test_what_was_read_is_not_mailed(cast: Cast, mailing: None) -> None:
    tell(cast, "physician")
    mark_read(cast.actor("physician"))
    assert send_due() == 0


def test_a_server_that_refuses_is_tried_again_and_not_for_ever(
    cast: Cast, mailing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(cast, "physician")

    def refuses(**_: Any) -> int:
        raise SMTPServerDisconnected("gone")

    with monkeypatch.context() as broken:
        broken.setattr("wardbench.campus.notices.mail.send_mail", refuses)
        assert [send_due() for _ in range(2)] == [0, 0]
    assert send_due() == 1
    tell(cast, "physician")
    monkeypatch.setattr("wardbench.campus.notices.mail.send_mail", refuses)
    for _ in range(MOST_TRIES + 2):
        send_due()
    assert Notice.objects.filter(mailed=None).get().tries == MOST_TRIES


@pytest.mark.django_db(transaction=True)
def test_two_processes_mail_a_notice_once(mailing: None) -> None:
    cast = make_cast()
    tell(cast, *(key for key in cast.people))
    sent: list[int] = []

    def work() -> None:
        try:
            sent.append(send_due())
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(sent) == len(mail.outbox) == len(cast.people)
    assert len({message.to[0] for message in mail.outbox}) == len(cast.people)


def test_the_page_tells_in_the_readers_language(cast: Cast) -> None:
    with translation.override("nl"):
        assert cast.client("physician").get("/notices/").status_code == 200
    assert "Nothing yet" in cast.client("physician").get("/notices/").content.decode()
    tell(cast, "physician")
    assert "answered your question" in cast.client("physician").get("/notices/").content.decode()
    assert cast.client("physician").get("/").status_code == 200


def prefer(cast: Cast, key: str, mail_: str) -> None:
    Person.objects.filter(id=cast.people[key].id).update(mail=mail_)


def test_whoever_wants_no_mail_gets_none_and_closed_accounts_get_none(cast: Cast, mailing: None) -> None:
    prefer(cast, "physician", "never")
    tell(cast, "physician", "student")
    people.close_account(cast.people["student"], by=SYSTEM)
    assert send_due() == 0 and Notice.objects.count() == 2


def test_whoever_wants_one_mail_a_day_gets_one_in_the_morning(
    cast: Cast, mailing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefer(cast, "physician", "daily")
    # 20:00 in the campus's time zone, whose clocks change in the night after.
    evening = datetime.datetime(2026, 3, 28, 19, 0, tzinfo=datetime.UTC)

    def at(hours: float) -> int:
        monkeypatch.setattr("django.utils.timezone.now", lambda: evening + datetime.timedelta(hours=hours))
        return send_due()

    assert at(0) == 0
    tell(cast, "physician")
    tell(cast, "physician")
    assert at(1) == 0, "the evening is not the morning"
    assert at(9.9) == 0, "nor is a minute before seven, on a night with an hour less"
    assert at(10.1) == 1 and "2 things wait" in mail.outbox[0].body and "/notices/" in mail.outbox[0].body
    assert at(10.2) == 0
    tell(cast, "physician")
    assert [at(10.3), at(20)] == [0, 0], "one a day"
    assert at(34.1) == 1 and "1 thing waits" in mail.outbox[1].body


def test_a_person_chooses_on_the_profile(cast: Cast) -> None:
    person = cast.people["physician"]
    said = {"name": "An", "title": "", "topics": "", "orcid": "", "about": "", "language": "en"}
    client = cast.client("physician")
    assert client.post(f"/people/{person.id}/edit/", {**said, "mail": "hourly"}).status_code == 200
    assert client.post(f"/people/{person.id}/edit/", {**said, "mail": "daily"}).status_code == 302
    person.refresh_from_db()
    assert person.mail == "daily"
