"""Something wrong in a document."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ..text.span import Span


class Severity(StrEnum):
    """How bad a problem is: an error refuses the document, a warning is said and passed over."""

    ERROR = "error"
    WARNING = "warning"


class Problem(NamedTuple):
    """Something wrong in a document: what was expected, what came, where, and what to do next."""

    code: str
    message: str
    span: Span | None = None
    hint: str = ""
    severity: Severity = Severity.ERROR
    path: str = ""  # the file the span is in, where it is not the runbook itself
