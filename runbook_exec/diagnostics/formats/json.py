"""Writes JSON: a list of findings, each with its rule, location and safe change."""

from __future__ import annotations

from typing import Any

from ...text.plain_json import to_printable_json
from ..report import Diagnostic, Report


def write(report: Report) -> str:
    """Return the findings as a list of objects.

    Offsets and columns count characters, from 0 and from 1.
    """
    found = [_as_object(each) for each in report.diagnostics]
    return to_printable_json(found) + "\n"


def _as_object(each: Diagnostic) -> dict[str, Any]:
    fix = each.fix and {
        "start": each.fix.location.start,
        "end": each.fix.location.end,
        "replacement": each.fix.replacement,
    }
    also = {"also": _as_object(each.also)} if each.also else {}
    return {
        "path": each.path,
        "line": each.location.line,
        "column": each.location.column,
        "end_line": each.location.end_line,
        "end_column": each.location.end_column,
        "code": each.code,
        "name": each.name,
        "severity": str(each.severity),
        "message": each.message,
        "hint": each.hint,
        "fix": fix,
        **also,
    }
