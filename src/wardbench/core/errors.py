"""Errors a user can act on: one sentence, an exit code, an HTTP status.

Anything that is not a `WardbenchError` is a fault of ours and keeps its traceback. A sentence names the file, line,
field or right that is missing, and never holds a patient's value.
"""

from __future__ import annotations


class WardbenchError(Exception):
    """Base of every error meant for the user; `str(error)` is the whole sentence, in English.

    Where `values` are given, `sentence` holds their names in braces: whoever shows the error to a reader of another
    language looks up the sentence first and fills it in afterwards. `about` names the field that it is about, where it
    is about one: `str(error)` begins with it, and a form that shows the sentence at that field leaves it out.
    """

    exit_code = 1
    http_status = 500

    def __init__(self, sentence: object = "", /, *, about: str = "", **values: object) -> None:
        self.sentence = str(sentence)
        self.about = about
        self.values = values
        said = self.sentence.format(**values) if values else self.sentence
        super().__init__(f"{about}: {said}" if about else said)


class InputError(WardbenchError):
    """What was given cannot be read as what it should be."""

    exit_code = 2
    http_status = 400


class NotFoundError(WardbenchError):
    """What was named does not exist."""

    exit_code = 3
    http_status = 404


class UnsupportedError(WardbenchError):
    """What was asked is well formed and not supported; the sentence starts with its path."""

    exit_code = 4
    http_status = 422


class StorageError(WardbenchError):
    """The disk refused: full, read-only, or not permitted. Nothing that was acknowledged is lost."""

    exit_code = 5
    http_status = 507


class BusyError(WardbenchError):
    """Another process holds what is needed."""

    exit_code = 6
    http_status = 409
