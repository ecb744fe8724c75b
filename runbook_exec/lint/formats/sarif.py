"""SARIF 2.1.0, which code scanning services and editors read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ... import __version__
from ...model import Span
from ..lines import span_in
from ..rule import Fix, Rule
from ..run import Found, Report
from .places import end_of, utf16_column

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def write(report: Report) -> str:
    """One run with the rules that found something, their results, and what could not be checked."""
    rules = sorted({each.rule.code: each.rule for each in report.found}.values(), key=lambda rule: rule.code)
    indices = {rule.code: index for index, rule in enumerate(rules)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "runbook-exec",
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "utf16CodeUnits",
        "invocations": [_invocation(report)],
        "results": [_result(each, report.texts[each.path], indices) for each in report.found],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.name.replace("-", " ")},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.why, "markdown": rule.why},
        "defaultConfiguration": {"level": str(rule.severity)},
    }


def _invocation(report: Report) -> dict[str, Any]:
    notes = [{"level": "error", "message": {"text": why}} for why in report.not_checked]
    return {"executionSuccessful": not notes, "toolExecutionNotifications": notes}


def _result(each: Found, text: str, indices: dict[str, int]) -> dict[str, Any]:
    finding = each.finding
    message = f"{finding.message}: {finding.hint}" if finding.hint else finding.message
    artifact = {"uri": uri(each.path)}
    place = {"artifactLocation": artifact, "region": _region(text, finding.span)}
    result: dict[str, Any] = {
        "ruleId": each.rule.code,
        "ruleIndex": indices[each.rule.code],
        "level": str(each.rule.severity),
        "message": {"text": message},
        "locations": [{"physicalLocation": place}],
    }
    if finding.fix is not None:
        change = {"artifactLocation": artifact, "replacements": [_replacement(text, finding.fix)]}
        result["fixes"] = [{"artifactChanges": [change]}]
    return result


def _replacement(text: str, fix: Fix) -> dict[str, Any]:
    region = _region(text, span_in(text, fix.start, fix.end))
    return {"deletedRegion": region, "insertedContent": {"text": fix.replacement}}


def _region(text: str, span: Span) -> dict[str, int]:
    end_line, end_column = end_of(text, span)
    return {
        "startLine": span.line,
        "startColumn": utf16_column(text, span.line, span.column),
        "endLine": end_line,
        "endColumn": utf16_column(text, end_line, end_column),
    }


def uri(path: str) -> str:
    """The path as a reference: relative ones stay so, percent-encoded byte for byte."""
    encoded = quote(os.fsencode(Path(path).as_posix()), safe="/")
    return f"file://{encoded}" if encoded.startswith("/") else encoded
