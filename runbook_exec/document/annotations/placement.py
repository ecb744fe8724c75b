"""Assigns annotations to the fence or heading below them, and reports misplaced ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...diagnostics.problem import Problem, Severity
from ...light_classes import NamedTuple
from ...text.signs import has_any_sign
from ...text.source import Source
from ...text.span import Span
from ..markdown.elements import ANNOTATED, TEXTS, Element, Html, ListItem
from ..markdown.wikilinks import find_code_spans
from ..model import NOTHING, Annotation
from .parser import ANNOTATION_COMMENT, merge_annotations, read_comment

_LONGEST_IGNORE = 500  # characters; an unlimited search takes quadratic time in many unclosed comments


class PlacedAnnotations(NamedTuple):
    """The annotations of a page by the offset of their fence or heading, and their problems."""

    annotations: Mapping[int, Annotation]
    problems: tuple[Problem, ...]

    def find_annotation(self, span: Span) -> Annotation:
        """Return the annotation of the fence or heading with this span; NOTHING if there is none."""
        return self.annotations.get(span.start, NOTHING)


def read_annotations(source: Source, elements: Sequence[Element]) -> PlacedAnnotations:
    """Read every annotation comment of a page; several above one fence or heading add up."""
    if not has_any_sign(source.text, ("<!--",)) or not ANNOTATION_COMMENT.search(source.text):
        return PlacedAnnotations({}, ())
    annotations: dict[int, Annotation] = {}
    problems: list[Problem] = []
    waiting: list[Annotation] = []
    line = 0  # the last line of the waiting comments
    for element in elements:
        if isinstance(element, ListItem):
            continue
        if waiting and element.span.line != line + 1:
            problems += map(_report_misplaced, waiting)
            waiting = []
        if isinstance(element, ANNOTATED):
            if waiting:
                annotations[element.span.start] = merge_annotations(*waiting)
            waiting = []
        elif isinstance(element, Html):
            for start, end in _comments(source, element.span.start, element.span.end):
                read = read_comment(source.text, start, end)
                if read is not None:
                    waiting.append(read[0])
                    problems += read[1]
            line = element.last
        else:
            problems += map(_report_misplaced, waiting)
            waiting = []
        if isinstance(element, TEXTS):
            problems += _inline(source, element.span)
    problems += map(_report_misplaced, waiting)
    return PlacedAnnotations(annotations, tuple(problems))


def _comments(source: Source, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the comments between two offsets, closed or not."""
    while (start := source.text.find("<!--", start, end)) >= 0:
        closing = source.text.find("-->", start + 4, end)
        stop = closing + 3 if closing >= 0 else end
        yield start, stop
        start = stop


def _inline(source: Source, span: Span) -> Iterator[Problem]:
    """Yield a problem for each annotation in a paragraph or heading.

    There it applies to nothing.
    """
    comments = list(ANNOTATION_COMMENT.finditer(source.text, span.start, span.end))
    if not comments:
        return
    code = iter((*find_code_spans(source.text, span.start, span.end), (span.end, span.end)))
    start, end = next(code)
    for match in comments:
        while end <= match.start() < span.end and start < span.end:
            start, end = next(code)
        if not start <= match.start() < end and not _is_for_lint(source.text, match.start(), span.end):
            yield _report_misplaced(Annotation(span=source.span(match.start(), match.end())))


def _is_for_lint(text: str, start: int, end: int) -> bool:
    """Return whether the comment that begins here is only for the linter."""
    closing = text.find("-->", start, min(end, start + _LONGEST_IGNORE))
    return closing >= 0 and read_comment(text, start, closing + len("-->")) is None


def _report_misplaced(annotation: Annotation) -> Problem:
    return Problem(
        "misplaced-annotation",
        "expected a fence or a heading on the line below this annotation, found neither; it has no effect",
        annotation.span,
        "move it to the line directly above the block or heading it is about",
        Severity.WARNING,
    )
