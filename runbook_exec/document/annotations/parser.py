"""Parses annotations such as `<!-- runbook: capture=new-token secret -->` and info strings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ...diagnostics.problem import Problem
from ...shells.registry import LANGUAGES
from ..model import NOTHING, Annotation
from .fields import FLAGS, KNOWN, read_values
from .lexer import (
    AnnotationWord,
    TextOrigin,
    UnreadableWord,
    read_json_words,
    read_word,
    read_words,
    skip_blank,
)

ANNOTATION_COMMENT = re.compile(r"<!--\s*+runbook:")

_LANGUAGE = re.compile(r"[^\s{]++")

_JSON = re.compile(r"\{\s*+\"")

_LINE_NUMBERS = re.compile(r"\{[\d\s,:-]*+\}")  # `{1,3-5}`, for other renderers: lines to highlight


# Words for other tools after a fence's language, which have no meaning for a run.
_FOR_RENDERERS = {"title", "linenums", "linenostart", "linenos", "hl_lines", "startFrom"}

_FOR_RUNME = {"interactive", "background", "promptEnv", "skipPrompts", "mimeType", "mimetype", "transform"}

_FOR_RUNME |= {"terminalRows", "category", "tag"}

_QUIET = _FOR_RENDERERS | _FOR_RUNME | {"closeTerminalOnSuccess"}

_FOR_LINT = "ignore"  # `ignore=CODE`

_RUNME_SPELLINGS = {"name": "id", "excludeFromRunAll": "skip", "ignore": "skip", "interpreter": "shell"}


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
    words, problems = _separate_problems(read_words(text, opening.end(), closing, in_braces=False), place)
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


def read_info(info: str, text: str, start: int) -> tuple[str, Annotation, tuple[Problem, ...]]:
    """Return the language and the annotation of the info string at `text[start]`.

    The language is in lower case, or "" for none. Supported are ` ```fish {capture=x} `, Pandoc's ` ```{.fish
    #id capture=x} `, runme's ` ```sh {"name":"x"} `, and a bare `key=value`, with a warning. Errors matter
    only for a block that runs: in the fences of other languages the braces belong to other tools.
    """
    end = len(info)
    at = skip_blank(info, 0, end)
    language = ""
    if named := _LANGUAGE.match(info, at):
        language, at = named[0], named.end()
    if at == end:
        return language.lower(), NOTHING, ()
    # a language may have two words: `busybox sh`
    second = _LANGUAGE.match(info, skip_blank(info, at, end))
    if second and f"{language} {second[0]}".lower() in LANGUAGES:
        language, at = f"{language} {second[0]}", second.end()
    place = TextOrigin(text, start)
    words: list[AnnotationWord] = []
    problems: list[Problem] = []
    while (at := skip_blank(info, at, end)) < end and not info.startswith("{{", at):
        if highlighted := _LINE_NUMBERS.match(info, at):
            at = highlighted.end()
            continue
        braced = info[at] == "{"
        group, more, at = (_read_group if braced else _read_bare)(info, at, place)
        if braced and not language:
            language, group = _split_language(group)
        words += _attributes(group)
        problems += more
    values, refused = read_values(words, place)
    span = place.span(0, end) if words else None
    return language.lower(), Annotation(**values, span=span), (*problems, *refused)


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


def _separate_problems(
    read: Iterable[AnnotationWord | UnreadableWord], place: TextOrigin
) -> tuple[list[AnnotationWord], list[Problem]]:
    words: list[AnnotationWord] = []
    problems: list[Problem] = []
    for word in read:
        if isinstance(word, AnnotationWord):
            words.append(word)
        else:
            problems.append(place.problem(str(word), word.start, word.end))
    return words, problems


def _read_group(info: str, at: int, place: TextOrigin) -> tuple[list[AnnotationWord], list[Problem], int]:
    """Return the words in the braces at `at`, their problems, and the offset after the braces."""
    end = len(info)
    if _JSON.match(info, at):
        try:
            words, at = read_json_words(info, at)
        except UnreadableWord as unreadable:
            return [], [place.problem(str(unreadable), unreadable.start, unreadable.end)], end
        # runme numbers its cells in `id`; if a cell also has a name, people use the name
        named = any(word.name == "name" for word in words)
        return [_translate_word(word) for word in words if not (named and word.name == "id")], [], at
    read = list(read_words(info, at + 1, end, in_braces=True))
    words, problems = _separate_problems(read, place)
    at = skip_blank(info, read[-1].end if read else at + 1, end)
    if at == end and not problems:
        problems.append(place.problem("expected `}` at the end of the annotation", end - 1, end))
    return (
        [_translate_word(word) if word.name in _RUNME_SPELLINGS else word for word in words],
        problems,
        at + 1,
    )


def _translate_word(word: AnnotationWord) -> AnnotationWord:
    """Return the word in our spelling.

    The names of runme are translated, and `name=true` becomes the name alone.
    """
    name = _RUNME_SPELLINGS.get(word.name, word.name)
    value = word.value
    if name in FLAGS and value in ("true", "false"):
        value = value == "true"
    if value is True:
        value = None
    elif isinstance(value, int | float) and value is not False:
        value = str(value)
    return word._replace(name=name, value=value)


def _read_bare(info: str, at: int, place: TextOrigin) -> tuple[list[AnnotationWord], list[Problem], int]:
    """Return the word at `at`, its problems, and the offset after it.

    The list of words is empty if this is not a `key=value` of ours.
    """
    try:
        word = read_word(info, at, len(info), in_braces=False)
    except UnreadableWord as unreadable:
        return [], [], unreadable.end
    if word.value is None or word.name in _QUIET:
        return [], [], word.end
    written = info[word.start : word.end]
    warning = place.problem(
        f"`{written}` stands bare after the language, which breaks the block in MkDocs",
        word.start,
        word.end,
        hint=f"write `<!-- runbook: {written} -->` on the line above"
        if word.name in KNOWN
        else "leave it out",
        code="bare-annotation",
        warn=True,
    )
    return [word] if word.name in KNOWN else [], [warning], word.end


def _split_language(words: list[AnnotationWord]) -> tuple[str, list[AnnotationWord]]:
    """Return the language in braces (the first class, else the first word), and the other words."""
    for index, word in enumerate(words):
        if word.name.startswith("."):
            return word.name[1:], words[:index] + words[index + 1 :]
    first = words[0] if words else None
    if first is None or first.value is not None or first.name in KNOWN or first.name.startswith("#"):
        return "", words
    return first.name.rstrip(","), words[1:]


def _attributes(words: Iterable[AnnotationWord]) -> Iterator[AnnotationWord]:
    """Yield the words that are annotations: no classes, no words for renderers.

    `#name` becomes the annotation `id`.
    """
    for word in words:
        if word.name.startswith("#") and word.value is None:
            value, start = word.name[1:], word.start + 1
            yield word._replace(name="id", value=value, value_start=start, value_end=word.end)
        elif word.name not in _QUIET and not word.name.startswith("."):
            yield word
