"""What a rehearsal finds, with its places in the runbook and in the transcript, and how reports tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..diagnostics.finding import Finding as Told
from ..diagnostics.problem import Severity
from ..diagnostics.report import Found, told
from ..lint.rule import Page, Rule
from ..text.span import Span


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as the transcript says: what, what to do, and where in both documents."""

    rule: Rule
    message: str
    hint: str = ""
    runbook: Span | None = None
    transcript: Span | None = None

    @property
    def code(self) -> str:
        """The code of its kind, such as R701."""
        return self.rule.code

    @property
    def name(self) -> str:
        """The name of its kind."""
        return self.rule.name


def _nothing(page: Page) -> Iterator[Told]:
    return iter(())


def _kind(code: str, name: str, why: str) -> Rule:
    return Rule(code, name, why, _nothing, severity=Severity.ERROR)


NOT_EXPECTED = _kind(
    "R701",
    "call-not-expected",
    "The runbook calls a program in a way that no line of its transcript allows. Either the runbook is "
    "wrong, or the transcript is to be brought up to date and reviewed.",
)

NEVER_CAME = _kind(
    "R702",
    "call-never-came",
    "The transcript expects a call that the runbook does not make any more.",
)

OUT_OF_ORDER = _kind(
    "R703",
    "call-out-of-order",
    "The runbook makes its calls in another order than the transcript.",
)

OUTPUT_DIFFERS = _kind(
    "R704",
    "output-differs",
    "A program or a stand-in prints something else than the transcript says.",
)

STATEMENT_FAILED = _kind(
    "R705",
    "statement-failed",
    "A statement of the runbook fails in its rehearsal, and so the run ends there.",
)

VALUE_MISSING = _kind(
    "R706",
    "value-missing",
    "The rehearsal cannot answer what the run asks for: a value, a manual step, a choice.",
)

INPUT_DIFFERS = _kind(
    "R707",
    "input-differs",
    "A program gets something else on its standard input than the transcript says.",
)

NOT_READ = _kind(
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
class Document:
    """A page that findings are in."""

    path: str
    text: str


def reported(findings: Iterable[Finding], runbook: Document, transcript: Document) -> Iterator[Found]:
    """The findings as reports tell them: at the place in the runbook, and also at that in the transcript."""
    for finding in findings:
        both = finding.runbook is not None and finding.transcript is not None
        at, page = (
            (finding.runbook, runbook) if finding.runbook is not None else (finding.transcript, transcript)
        )
        found = _found(finding, at, page)
        yield found._replace(also=_found(finding, finding.transcript, transcript)) if both else found


def _found(finding: Finding, span: Span | None, page: Document) -> Found:
    here = span or Span(0, 0, 1, 1)
    (found,) = told(page.path, page.text, [(finding.rule, Told(finding.message, here, finding.hint))])
    return found
