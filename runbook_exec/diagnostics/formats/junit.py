"""Writes JUnit XML, which Jenkins, GitLab and others read: a suite for each page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from ..report import Diagnostic, Report

# characters that XML 1.0 does not allow, not even as a reference
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report) -> str:
    """Return a suite for each page with a failed case for each finding, or one case that passed."""
    by_page: dict[str, list[Diagnostic]] = {path: [] for path in report.pages}
    for each in report.diagnostics:
        by_page[each.path].append(each)
    suites = [_suite(path, found, report.command) for path, found in by_page.items()]
    if report.not_checked:
        suites.append(_format_not_checked(report.not_checked))
    cases = sum(len(found) or 1 for found in by_page.values()) + len(report.not_checked)
    opening = (
        f'<testsuites name="runbook-exec {report.command}" tests="{cases}" '
        f'failures="{len(report.diagnostics)}" errors="{len(report.not_checked)}">'
    )
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', opening, *suites, "</testsuites>"]) + "\n"


def _suite(path: str, found: Sequence[Diagnostic], name: str) -> str:
    cases = [_case(each) for each in found]
    cases = cases or [f"    <testcase classname={_attribute(path)} name={_attribute(name)}/>"]
    opening = f'  <testsuite name={_attribute(path)} tests="{len(cases)}" failures="{len(found)}" errors="0">'
    return "\n".join([opening, *cases, "  </testsuite>"])


def _case(each: Diagnostic) -> str:
    place = f"{each.location.line}:{each.location.column}"
    name = _attribute(f"{each.code} {each.name} {place}")
    body = f"{each.path}:{place}: {each.code} {each.message}\n{each.excerpt}"
    if each.also:
        body += (
            f"\n{each.also.path}:{each.also.location.line}:{each.also.location.column}:\n{each.also.excerpt}"
        )
    body += f"\n{each.hint}" if each.hint else ""
    return (
        f"    <testcase classname={_attribute(each.path)} name={name}>"
        f"<failure type={_attribute(each.code)} message={_attribute(each.message)}>"
        f"{escape(_writable(body))}</failure></testcase>"
    )


def _format_not_checked(why: Sequence[str]) -> str:
    cases = [
        f'    <testcase classname="runbook-exec" name={_attribute(each)}>'
        f'<error type="not-checked" message={_attribute(each)}/></testcase>'
        for each in why
    ]
    opening = f'  <testsuite name="not checked" tests="{len(why)}" failures="0" errors="{len(why)}">'
    return "\n".join([opening, *cases, "  </testsuite>"])


def _attribute(text: str) -> str:
    return quoteattr(_writable(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _writable(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
