"""All commands, put together."""

from __future__ import annotations

from wardbench.cli.commands import command_line

app = command_line()
