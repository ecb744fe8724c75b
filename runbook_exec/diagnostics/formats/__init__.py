"""Writes a report in one of several formats: a module for each, with a function `write`.

`write` returns the text.
"""

from __future__ import annotations

from importlib import import_module

from ..report import Report

FORMATS = ("text", "json", "github", "sarif", "junit")


def write(report: Report, name: str) -> str:
    """Return the report in one of FORMATS, with a line end at its end."""
    written: str = import_module(f".{name}", __package__).write(report)
    return written
