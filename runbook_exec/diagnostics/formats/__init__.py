"""How a report is written: a module for each format, whose `write` makes the text of it."""

from __future__ import annotations

from importlib import import_module

from ..report import Report

FORMATS = ("text", "json", "github", "sarif", "junit")


def write(report: Report, name: str) -> str:
    """The report in one of FORMATS, with a line end after its last line."""
    written: str = import_module(f".{name}", __package__).write(report)
    return written
