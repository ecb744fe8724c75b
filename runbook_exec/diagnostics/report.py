"""Reports of findings, complete: writing one needs neither the pages nor the rules' code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..light_classes import NamedTuple, dataclass, field
from ..text.lazy_pattern import LazyPattern
from ..text.source import make_span
from ..text.span import Span
from .excerpt import format_excerpt
from .finding import Finding
from .problem import Severity
from .rule import RuleInfo

_TELLING = 4  # characters of a secret that are shown: they show its kind

_LETTER = LazyPattern(r"[^\r\n]")


class DiagnosticLocation(NamedTuple):
    """A range of a page; lines and columns count from 1, and the end is the character after it.

    `units` are the two columns counted in UTF-16 code units, as editors do.
    """

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int
    units: tuple[int, int]


class TextEdit(NamedTuple):
    """A safe change: the text at this location becomes `replacement`."""

    location: DiagnosticLocation
    replacement: str


class Diagnostic(NamedTuple):
    """A finding on a page, with the rule that made it."""

    path: str  # as the page was given
    code: str
    name: str
    severity: Severity
    message: str
    hint: str
    location: DiagnosticLocation
    excerpt: str  # the line with carets
    fix: TextEdit | None = None
    also: Diagnostic | None = None  # the same in the other document that the page is compared with


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, in the order of the pages and of their text; and what could not be checked.

    `command` is the subcommand that made the report. `rules` returns at least the rules that found something;
    only formats that list rules call it, because importing the rules takes long.
    """

    diagnostics: tuple[Diagnostic, ...]
    pages: Mapping[str, str]  # the digest of each checked page, by path
    not_checked: tuple[str, ...] = field(default=())  # why, a line each
    command: str = "lint"
    rules: Callable[[], Iterable[RuleInfo]] = tuple


def build_diagnostics(
    path: str, text: str, found: Sequence[tuple[RuleInfo, Finding]]
) -> Iterator[Diagnostic]:
    """Yield the findings as diagnostics, in the order of the text; secrets are masked."""
    placing = _LocationFinder(text)
    secrets = [finding.span for _, finding in found if finding.secret]
    shown = _mask_secrets(text, secrets) if secrets else text
    for rule, finding in found:
        fix = finding.fix
        change = None
        if fix is not None:
            change = TextEdit(placing.locate(make_span(text, fix.start, fix.end)), fix.replacement)
        yield Diagnostic(
            path,
            rule.code,
            rule.name,
            rule.severity,
            finding.message,
            finding.hint,
            placing.locate(finding.span),
            format_excerpt(shown, finding.span),
            change,
        )


def _mask_secrets(text: str, secrets: Sequence[Span]) -> str:
    """Return the text with all but the first characters of secrets masked; line ends stay."""
    pieces: list[str] = []
    position = 0
    for span in sorted(secrets, key=lambda span: span.start):
        start = max(position, span.start + _TELLING)
        if start < span.end:
            pieces += (text[position:start], _LETTER.sub("*", text[start : span.end]))
            position = span.end
    return "".join((*pieces, text[position:]))


class _LocationFinder:
    """Locates spans on a page, quickest in the order of the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ascii = text.isascii()
        self._latest = (0, 0, 0)  # a line, an offset on it, and its column in UTF-16 code units

    def locate(self, span: Span) -> DiagnosticLocation:
        """Return the location of a span, with its columns in UTF-16 code units."""
        last = make_span(self._text, max(span.start, span.end - 1), span.end)
        end_column = last.column + (1 if span.end > span.start else 0)
        units = self._column_units(span), self._column_units(last) + self._count_units(last.start, span.end)
        return DiagnosticLocation(span.start, span.end, span.line, span.column, last.line, end_column, units)

    def _column_units(self, span: Span) -> int:
        if self._ascii:
            return span.column
        line, offset, units = self._latest
        if line != span.line or span.start < offset:
            offset, units = span.start - (span.column - 1), 1
        units += self._count_units(offset, span.start)
        self._latest = (span.line, span.start, units)
        return units

    def _count_units(self, start: int, end: int) -> int:
        return len(self._text[start:end].encode("utf-16-le", "surrogatepass")) // 2


def to_plain(found: Diagnostic) -> list[Any]:
    """Return the diagnostic without its path, in the types of JSON."""
    fix = found.fix and [_flatten_location(found.fix.location), found.fix.replacement]
    return [
        found.code, found.name, str(found.severity), found.message, found.hint,
        _flatten_location(found.location), found.excerpt, fix,
    ]  # fmt: skip


def from_plain(path: str, plain: Sequence[Any]) -> Diagnostic:
    """Return the diagnostic that `to_plain` made this of.

    Raises ValueError or TypeError for anything else.
    """
    code, name, severity, message, hint, place, line, fix = plain
    if not all(isinstance(text, str) for text in (code, name, message, hint, line)):
        raise TypeError("expected texts")
    change = None if fix is None else TextEdit(_parse_location(fix[0]), str(fix[1]))
    return Diagnostic(
        path, code, name, Severity(severity), message, hint, _parse_location(place), line, change
    )


def _flatten_location(place: DiagnosticLocation) -> list[int]:
    return [
        place.start, place.end, place.line, place.column, place.end_line, place.end_column, *place.units,
    ]  # fmt: skip


def _parse_location(plain: Sequence[int]) -> DiagnosticLocation:
    start, end, line, column, end_line, end_column, first, last = map(int, plain)
    return DiagnosticLocation(start, end, line, column, end_line, end_column, (first, last))
