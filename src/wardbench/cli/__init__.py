"""The command line: parse, call one function, print. One module per group of commands, no logic in any."""

from wardbench.cli.app import main

__all__ = ["main"]
