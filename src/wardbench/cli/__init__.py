"""The command line: parse, call one function, print. One module per group of commands, no logic in any."""

from wardbench.cli.running import main

__all__ = ["main"]
