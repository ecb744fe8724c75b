"""Defines the findings of a rehearsal, with their places in runbook and transcript."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..diagnostics.finding import Finding
from ..diagnostics.problem import Severity
from ..diagnostics.report import Diagnostic, build_diagnostics
from ..diagnostics.rule import RuleInfo
from ..light_classes import dataclass
from ..text.span import Span


@dataclass(frozen=True, slots=True)
class RehearsalFinding:
    """A difference from the transcript: a message, a hint, and its place in both documents."""

    rule: RuleInfo
    message: str
    hint: str = ""
    runbook: Span | None = None
    transcript: Span | None = None

    @property
    def code(self) -> str:
        """Return the code of its rule, such as R701."""
        return self.rule.code

    @property
    def name(self) -> str:
        """Return the name of its rule."""
        return self.rule.name


def _make_rule(code: str, name: str, why: str) -> RuleInfo:
    return RuleInfo(code, name, why, severity=Severity.ERROR)


NOT_EXPECTED = _make_rule(
    "R701",
    "call-not-expected",
    "The runbook calls a program in a way that no line of its transcript allows. Either the runbook is "
    "wrong, or the transcript is to be brought up to date and reviewed.",
)

NEVER_CAME = _make_rule(
    "R702",
    "call-never-came",
    "The transcript expects a call that the runbook does not make any more.",
)

OUT_OF_ORDER = _make_rule(
    "R703",
    "call-out-of-order",
    "The runbook makes its calls in another order than the transcript.",
)

OUTPUT_DIFFERS = _make_rule(
    "R704",
    "output-differs",
    "A program or a stand-in prints something else than the transcript says.",
)

STATEMENT_FAILED = _make_rule(
    "R705",
    "statement-failed",
    "A statement of the runbook fails in its rehearsal, and so the run ends there.",
)

VALUE_MISSING = _make_rule(
    "R706",
    "value-missing",
    "The rehearsal cannot answer what the run asks for: a value, a manual step, a choice.",
)

INPUT_DIFFERS = _make_rule(
    "R707",
    "input-differs",
    "A program gets something else on its standard input than the transcript says.",
)

NOT_READ = _make_rule(
    "R710",
    "transcript",
    "The transcript, or the runbook that it rehearses, is not written as it should be.",
)

RULES = (
    NOT_EXPECTED,
    NEVER_CAME,
    OUT_OF_ORDER,
    OUTPUT_DIFFERS,
    STATEMENT_FAILED,
    VALUE_MISSING,
    INPUT_DIFFERS,
    NOT_READ,
)


@dataclass(frozen=True, slots=True)
class RehearsedDocument:
    """A page that findings refer to."""

    path: str
    text: str


def locate_findings(
    findings: Iterable[RehearsalFinding], runbook: RehearsedDocument, transcript: RehearsedDocument
) -> Iterator[Diagnostic]:
    """Yield the findings as diagnostics, with their places in runbook and transcript."""
    for finding in findings:
        both = finding.runbook is not None and finding.transcript is not None
        at, page = (
            (finding.runbook, runbook) if finding.runbook is not None else (finding.transcript, transcript)
        )
        found = _build_diagnostic(finding, at, page)
        yield (
            found._replace(also=_build_diagnostic(finding, finding.transcript, transcript)) if both else found
        )


def _build_diagnostic(finding: RehearsalFinding, span: Span | None, page: RehearsedDocument) -> Diagnostic:
    here = span or Span(0, 0, 1, 1)
    (found,) = build_diagnostics(
        page.path, page.text, [(finding.rule, Finding(finding.message, here, finding.hint))]
    )
    return found
