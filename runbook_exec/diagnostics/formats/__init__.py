"""The formats of a report: a module for each, whose `write` returns the text."""

from __future__ import annotations

from importlib import import_module

from ..report import Report

FORMATS = ("text", "json", "github", "sarif", "junit")


def write(report: Report, name: str) -> str:
    """The report in one of FORMATS, with a line end at its end."""
    written: str = import_module(f".{name}", __package__).write(report)
    return written
