"""Where a request ends is never in doubt: what can be read in two ways is refused, and what follows is not answered."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from campus.test_campus_serve import database, folder, free_port, model, server, serving

__all__ = ["database", "folder", "model", "server"]

NEXT = b"GET /account/login/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
"""What whoever sends an ambiguous request hopes to have answered as if somebody else had asked it."""


def posted(*lines: str, body: bytes = b"", version: str = "1.1") -> bytes:
    start = (f"POST /account/login/ HTTP/{version}", "Host: localhost", *lines)
    return "\r\n".join(start).encode("latin-1") + b"\r\n\r\n" + body


CHUNKED = "Transfer-Encoding: chunked"
FORM = "Content-Type: application/x-www-form-urlencoded"
ENDS = b"0\r\n\r\n"
REFUSED = {
    "both a length and chunks": posted("Content-Length: 5", CHUNKED, body=ENDS),
    "chunks and a length": posted(CHUNKED, "Content-Length: 6", body=ENDS + b"X"),
    "two lengths": posted("Content-Length: 0", f"Content-Length: {len(NEXT)}"),
    "the same length twice": posted("Content-Length: 0", "Content-Length: 0"),
    "a list of lengths": posted("Content-Length: 0, 0"),
    "a length with a sign": posted("Content-Length: +0"),
    "a length below nothing": posted("Content-Length: -1"),
    "a length in sixteens": posted("Content-Length: 0x0"),
    "a length with an underscore": posted("Content-Length: 1_0"),
    "a length in other digits": posted("Content-Length: \xb2"),
    "no length in its line": posted("Content-Length:"),
    "chunks that are not the last coding": posted("Transfer-Encoding: chunked, identity", body=ENDS),
    "chunks twice": posted(CHUNKED, CHUNKED, body=ENDS),
    "an unknown coding": posted("Transfer-Encoding: xchunked", body=ENDS),
    "a coding behind a tab": posted("Transfer-Encoding: \x0bchunked", body=ENDS),
    "chunks in the older version": posted(CHUNKED, body=ENDS, version="1.0"),
    "a space before the colon": posted("Content-Length : 0"),
    "a folded line": posted("X-Folded: one", " Content-Length: 0"),
    "a folded coding": posted("Transfer-Encoding:", " chunked", body=ENDS),
    "a line that ends early": posted("X-One: 1\nContent-Length: 0"),
    "a bare return in a line": posted("X-One: 1\rContent-Length: 0"),
    "a null in a line": posted("X-One: \x00", "Content-Length: 0"),
    "two hosts": posted("Host: elsewhere.example", "Content-Length: 0"),
    "a line without a name": posted(": 0"),
}
BAD_CHUNKS = {
    "a size that is no number": b"zz\r\n",
    "a size with a prefix": b"0x0\r\n\r\n",
    "a size below nothing": b"-1\r\n\r\n",
    "a size with a sign": b"+0\r\n\r\n",
    "a size with an underscore": b"1_0\r\n" + b"a" * 16 + b"\r\n" + ENDS,
    "a size with a space before": b" 0\r\n\r\n",
    "no size": b"\r\n" + ENDS,
    "a chunk longer than its size": b"1\r\nabcdef\r\n" + ENDS,
    "an extension with a bare line end": b"0;a\nb\r\n\r\n",
    "a length among the trailers": b"0\r\nContent-Length: 3\r\n\r\n",
}


@pytest.fixture(scope="module")
def campus(model: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a campus that is served as in production, in a folder of its own."""
    port, folder = free_port(), tmp_path_factory.mktemp("served") / "campus"
    shutil.copytree(model[0], folder)
    with serving(folder, port):
        yield port


def said(port: int, sent: bytes) -> tuple[list[int], bool]:
    """The statuses of everything that is answered to what was sent on one connection, and whether it was closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(sent)
        answers, closed = b"", False
        try:
            while part := connection.recv(65536):
                answers += part
            closed = True
        except ConnectionResetError:
            closed = True
        except TimeoutError:
            closed = False
    return [int(one) for one in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", answers, re.M)], closed


UNREAD = 403
"""What a form is answered whose head could be read: it came with no token."""


def test_a_connection_holds_one_request_and_what_follows_is_answered_to_nobody(campus: int) -> None:
    assert said(campus, NEXT + NEXT) == ([200], True)
    assert said(campus, posted("Content-Length: 0") + NEXT) == ([UNREAD], True)
    whole = posted(CHUNKED, FORM, body=b"3\r\na=b\r\n" + ENDS)
    assert said(campus, whole + NEXT) == ([UNREAD], True)


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
def test_what_can_be_read_in_two_ways_is_refused(campus: int, sent: bytes) -> None:
    statuses, closed = said(campus, sent + NEXT)
    assert len(statuses) == 1 and (400 <= statuses[0] < 500 or statuses[0] == 501), statuses
    assert statuses[0] != UNREAD, "its head was not taken for one that can be read"
    assert closed


@pytest.mark.parametrize("chunks", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_after_a_chunk_that_is_none_nothing_is_answered(campus: int, chunks: bytes) -> None:
    assert said(campus, posted(CHUNKED, FORM, body=chunks + NEXT)) == ([UNREAD], True)


def test_a_name_that_is_almost_that_of_a_length_is_none(campus: int) -> None:
    assert said(campus, posted("Content_Length: 5") + NEXT) == ([UNREAD], True)
