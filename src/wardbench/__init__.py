"""Wardbench: the exchange between the ward and the bench of a university hospital campus."""

__version__ = "0.1.0"
