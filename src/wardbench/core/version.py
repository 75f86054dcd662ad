"""The version of Wardbench, for what is written into stores and pages."""

__version__ = "0.1.0"
