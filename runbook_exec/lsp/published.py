"""Turns findings into diagnostics of the protocol."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from ..diagnostics.problem import Severity
from ..diagnostics.report import Diagnostic
from ..text.ansi import escape_unprintable
from .pages import OpenPage

SOURCE = "runbook-exec"

_MOST = 300  # diagnostics of a page; more are shown after some are fixed


def build_diagnostic(page: OpenPage, found: Diagnostic) -> types.Diagnostic:
    """Return a finding as the client shows it."""
    start, end = found.location.start, found.location.end
    severe = found.severity == Severity.ERROR
    words = f"{found.message}\n{found.hint}" if found.hint else found.message
    return types.Diagnostic(
        range=page.positions.range(start, max(start, end)),
        message=escape_unprintable(words),
        severity=types.DiagnosticSeverity.Error if severe else types.DiagnosticSeverity.Warning,
        code=found.code,
        source=SOURCE,
    )


def build_diagnostics_of(page: OpenPage, found: Iterable[Diagnostic]) -> types.PublishDiagnosticsParams:
    """Return all findings of a page as the client shows them, errors first if there are too many."""
    listed = list(found)
    if len(listed) > _MOST:
        listed.sort(key=lambda each: each.severity != Severity.ERROR)
    shown = [build_diagnostic(page, each) for each in listed[:_MOST]]
    return types.PublishDiagnosticsParams(uri=page.uri, diagnostics=shown, version=page.version)
