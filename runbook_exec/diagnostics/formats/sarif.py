"""Writes SARIF 2.1.0, which code scanning services and editors read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ... import __version__
from ...text.plain_json import to_printable_json
from ..report import Diagnostic, DiagnosticLocation, Report, TextEdit
from ..rule import RuleInfo

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def write(report: Report) -> str:
    """One run with the rules that found something, their results, and what could not be checked."""
    codes = {each.code for each in report.diagnostics}
    rules = sorted((rule for rule in report.rules() if rule.code in codes), key=lambda rule: rule.code)
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
        "results": [_result(each, indices) for each in report.diagnostics],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return to_printable_json(log) + "\n"


def _rule(rule: RuleInfo) -> dict[str, Any]:
    described = "\n\n".join(filter(None, (rule.does, rule.why)))
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.name.replace("-", " ")},
        "fullDescription": {"text": rule.does or rule.why},
        "help": {"text": described, "markdown": described},
        "defaultConfiguration": {"level": str(rule.severity)},
    }


def _invocation(report: Report) -> dict[str, Any]:
    notes = [{"level": "error", "message": {"text": why}} for why in report.not_checked]
    return {"executionSuccessful": not notes, "toolExecutionNotifications": notes}


def _result(each: Diagnostic, indices: dict[str, int]) -> dict[str, Any]:
    artifact = {"uri": path_to_uri(each.path)}
    place = {"artifactLocation": artifact, "region": _region(each.location)}
    result: dict[str, Any] = {
        "ruleId": each.code,
        "ruleIndex": indices[each.code],
        "level": str(each.severity),
        "message": {"text": f"{each.message}: {each.hint}" if each.hint else each.message},
        "locations": [{"physicalLocation": place}],
    }
    if each.also is not None:
        place = {
            "artifactLocation": {"uri": path_to_uri(each.also.path)},
            "region": _region(each.also.location),
        }
        result["relatedLocations"] = [{"physicalLocation": place}]
    if each.fix is not None:
        change = {"artifactLocation": artifact, "replacements": [_replacement(each.fix)]}
        description = {"text": each.hint or each.message}
        result["fixes"] = [{"description": description, "artifactChanges": [change]}]
    return result


def _replacement(fix: TextEdit) -> dict[str, Any]:
    return {"deletedRegion": _region(fix.location), "insertedContent": {"text": fix.replacement}}


def _region(place: DiagnosticLocation) -> dict[str, int]:
    start, end = place.units
    return {"startLine": place.line, "startColumn": start, "endLine": place.end_line, "endColumn": end}


def path_to_uri(path: str) -> str:
    """Return the path as a URI reference, percent-encoded byte by byte.

    A relative path stays relative.
    """
    encoded = quote(os.fsencode(Path(path).as_posix()), safe="/")
    return f"file://{encoded}" if encoded.startswith("/") else encoded
