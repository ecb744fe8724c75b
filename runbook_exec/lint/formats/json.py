"""JSON: a list of findings, each with its rule, its place and its safe change."""

from __future__ import annotations

import json
from typing import Any

from ..run import Found, Report
from .places import end_of


def write(report: Report) -> str:
    """The findings as a list of objects; offsets and columns count characters, from 0 and from 1."""
    found = [_as_object(each, report.texts[each.path]) for each in report.found]
    return json.dumps(found, indent=2, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def _as_object(each: Found, text: str) -> dict[str, Any]:
    finding = each.finding
    end_line, end_column = end_of(text, finding.span)
    fix = finding.fix and {
        "start": finding.fix.start,
        "end": finding.fix.end,
        "replacement": finding.fix.replacement,
    }
    return {
        "path": each.path,
        "line": finding.span.line,
        "column": finding.span.column,
        "end_line": end_line,
        "end_column": end_column,
        "code": each.rule.code,
        "name": each.rule.name,
        "severity": str(each.rule.severity),
        "message": finding.message,
        "hint": finding.hint,
        "fix": fix,
    }
