"""Writes workflow commands, which GitHub and Forgejo show beside the lines of a diff."""

from __future__ import annotations

from ..report import Diagnostic, Report

_IN_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})

_IN_PROPERTY = _IN_MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def write(report: Report) -> str:
    """Return a line for each finding, `::error file=…,line=…,col=…::message`."""
    return "".join(_command(each) + "\n" for each in report.diagnostics)


def _command(each: Diagnostic) -> str:
    place = each.location
    properties: dict[str, object] = {"title": f"{each.code} {each.name}", "file": each.path}
    properties |= {"line": place.line, "endLine": place.end_line}
    if place.end_line == place.line:  # columns on different lines are refused
        properties |= {"col": place.column, "endColumn": place.end_column}
    listed = ",".join(f"{name}={str(value).translate(_IN_PROPERTY)}" for name, value in properties.items())
    message = f"{each.path}:{place.line}:{place.column}: {each.code} {each.message}"
    if each.also:
        message += f"\n{each.also.path}:{each.also.location.line}:{each.also.location.column}"
    message += f"\n{each.hint}" if each.hint else ""
    return f"::{each.severity} {listed}::{message.translate(_IN_MESSAGE)}"
