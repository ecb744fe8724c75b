"""Workflow commands, which GitHub and Forgejo show beside the lines of a change."""

from __future__ import annotations

from ..run import Found, Report
from .places import end_of

_IN_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = _IN_MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def write(report: Report) -> str:
    """A line for each finding, `::error file=…,line=…,col=…::message`."""
    return "".join(_command(each, report.texts[each.path]) + "\n" for each in report.found)


def _command(each: Found, text: str) -> str:
    finding = each.finding
    end_line, end_column = end_of(text, finding.span)
    properties: dict[str, object] = {"title": f"{each.rule.code} {each.rule.name}", "file": each.path}
    properties |= {"line": finding.span.line, "endLine": end_line}
    if end_line == finding.span.line:  # columns of different lines are refused
        properties |= {"col": finding.span.column, "endColumn": end_column}
    listed = ",".join(f"{name}={str(value).translate(_IN_PROPERTY)}" for name, value in properties.items())
    message = f"{each.path}:{finding.span.line}:{finding.span.column}: {each.rule.code} {finding.message}"
    message += f"\n{finding.hint}" if finding.hint else ""
    return f"::{each.rule.severity} {listed}::{message.translate(_IN_MESSAGE)}"
