"""Problems of a document."""

from __future__ import annotations

from enum import StrEnum

from ..light_classes import NamedTuple
from ..text.span import Span


class Severity(StrEnum):
    """How severe a problem is: an error refuses the document, a warning is only reported."""

    ERROR = "error"
    WARNING = "warning"


class Problem(NamedTuple):
    """A problem of a document: what was expected, what was found, where, and what to do next."""

    code: str
    message: str
    span: Span | None = None
    hint: str = ""
    severity: Severity = Severity.ERROR
    path: str = ""  # the file of the span, if it is not the runbook itself
