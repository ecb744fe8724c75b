"""Parses annotations such as `<!-- runbook: capture=new-token secret -->`, and merges annotations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...diagnostics.problem import Problem
from ...text.lazy_pattern import LazyPattern
from ..model import NOTHING, Annotation
from .fields import read_values
from .lexer import AnnotationWord, TextOrigin, UnreadableWord, read_words

ANNOTATION_COMMENT = LazyPattern(r"<!--\s*+runbook:")

_FOR_LINT = "ignore"  # `ignore=CODE`


def read_comment(text: str, start: int, end: int) -> tuple[Annotation, tuple[Problem, ...]] | None:
    """Return the annotation in the HTML comment `text[start:end]`, or None.

    It is None for a comment without an annotation of ours, and for one with nothing but `ignore=CODE`, which
    the linter reads anywhere on the page.
    """
    opening = ANNOTATION_COMMENT.match(text, start, end)
    if opening is None:
        return None
    closing = end - len("-->") if text.endswith("-->", opening.end(), end) else end
    place = TextOrigin(text)
    words, problems = separate_problems(read_words(text, opening.end(), closing, in_braces=False), place)
    for_a_run = [word for word in words if word.name != _FOR_LINT]
    without_code = [word for word in words if word.name == _FOR_LINT and not word.value]
    if words and not for_a_run and not without_code and not problems:
        return None
    problems += (
        place.problem("`ignore` needs the code of a rule, such as `ignore=P101`", word.start, word.end)
        for word in without_code
    )
    values, refused = read_values(for_a_run, place)
    return Annotation(**values, span=place.span(start, end)), (*problems, *refused)


def merge_annotations(*annotations: Annotation) -> Annotation:
    """Merge annotations: later values replace earlier ones; flags and expectations add up."""
    nonempty = [each for each in annotations if each != NOTHING]
    if len(nonempty) <= 1:  # the usual case
        return nonempty[0] if nonempty else NOTHING
    given: dict[str, Any] = {}
    for name, nothing in zip(NOTHING._fields, NOTHING, strict=True):
        values = [value for each in nonempty if (value := getattr(each, name)) != nothing]
        if isinstance(nothing, tuple):
            given[name] = tuple(dict.fromkeys(text for texts in values for text in texts))
        elif values:
            given[name] = values[0] if name == "span" else values[-1]
    captures = [each for each in nonempty if each.capture is not None]
    if captures:
        given["capture_pattern"] = captures[-1].capture_pattern
    return Annotation(**given)


def separate_problems(
    read: Iterable[AnnotationWord | UnreadableWord], place: TextOrigin
) -> tuple[list[AnnotationWord], list[Problem]]:
    """Return the words, and a problem for each text that is not one."""
    words: list[AnnotationWord] = []
    problems: list[Problem] = []
    for word in read:
        if isinstance(word, AnnotationWord):
            words.append(word)
        else:
            problems.append(place.problem(str(word), word.start, word.end))
    return words, problems
