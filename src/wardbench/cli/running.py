"""The command line as a process, and what becomes of an error: one sentence and its exit code."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys

from wardbench.cli.commands import command_line
from wardbench.core.errors import StorageError, WardbenchError


def main() -> None:
    """Run the command line; a `WardbenchError` becomes its sentence on standard error and its exit code."""
    # A terminal that lacks a letter shows its number; it is no reason to show nothing.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        command_line(*sys.argv[1:2])(prog_name="wardbench", standalone_mode=True)
    except WardbenchError as error:
        _end(str(error), error.exit_code)
    except BrokenPipeError:
        sys.exit(141)
    except MemoryError:
        _end("The memory that this process may use is not enough for this.", StorageError.exit_code)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _end("What was to be printed could not be written: no space is left there.", StorageError.exit_code)


def _end(sentence: str, code: int) -> None:
    print(f"wardbench: {sentence}", file=sys.stderr)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    # What could not be printed would be tried again at the end, and complained of.
    os._exit(code) if code == StorageError.exit_code else sys.exit(code)
