"""Parses info strings such as ` ```fish {capture=x} `: the language of a fence, and its annotation.

Many tools write attributes there. A group is ours if every name in it is one of ours. Others are
passed over with a note, and a name that is nearly one of ours with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...diagnostics.problem import Problem, Severity
from ...light_classes import NamedTuple
from ...shells.registry import LANGUAGES
from ...text.lazy_pattern import LazyPattern
from ...text.suggest import find_near
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
from .parser import separate_problems

_LANGUAGE = LazyPattern(r"[^\s{]++")

_JSON = LazyPattern(r"\{\s*+\"")

_LINE_NUMBERS = LazyPattern(r"\{[\d\s,:-]*+\}")  # `{1,3-5}`, for other renderers: lines to highlight

# `bash:title`, `sh,ignore` and `bash[tab]` are languages with words for other renderers
_SUFFIX = LazyPattern(r"[:,\[].*", re.DOTALL)

# MyST and Sphinx write the language after these: ` ```{code-block} bash `
DIRECTIVES = frozenset(("code-block", "code", "code-cell", "sourcecode", "prompt"))

# Words for other tools after a fence's language, which have no meaning for a run.
_FOR_RENDERERS = {"title", "linenums", "linenostart", "linenos", "lineNos", "hl_lines", "startFrom"}

_FOR_RUNME = {"interactive", "promptEnv", "skipPrompts", "mimeType", "mimetype", "transform"}

_FOR_RUNME |= {"terminalRows", "category", "tag"}

_QUIET = _FOR_RENDERERS | _FOR_RUNME | {"closeTerminalOnSuccess"}

_RUNME_SPELLINGS = {"name": "id", "excludeFromRunAll": "skip", "ignore": "skip", "interpreter": "shell"}

# These keep something from running or from being seen: they count beside attributes of other tools too.
_PROTECTIVE = frozenset(("id", "confirm", "manual", "skip", "secret"))

_NEAR = 0.8  # how similar a name must be to one of ours to be a misspelling of it


class _InfoString(NamedTuple):
    """The groups of words of an info string, one after the other."""

    place: TextOrigin
    words: list[AnnotationWord]  # that are annotations
    foreign: list[AnnotationWord]  # that belong to other tools
    problems: list[Problem]


def read_info(
    info: str, text: str, start: int, languages: Mapping[str, str] = LANGUAGES
) -> tuple[str, Annotation, tuple[Problem, ...]]:
    """Return the language and the annotation of the info string at `text[start]`.

    The language is in lower case, or "" for none. Supported are ` ```fish {capture=x} `, Pandoc's ` ```{.fish
    #id capture=x} `, MyST's ` ```{code-block} fish `, runme's ` ```sh {"name":"x"} `, and a bare `key=value`,
    with a warning. Errors matter only for a block that runs: in the fences of other languages the braces
    belong to other tools.
    """
    if info in languages and info.isalnum():  # the usual case: one word in small letters
        return info.lower(), NOTHING, ()
    end = len(info)
    at = skip_blank(info, 0, end)
    language = ""
    if named := _LANGUAGE.match(info, at):
        language, at = named[0], named.end()
    if language and language.lower() not in languages:
        short = _SUFFIX.sub("", language)
        language = short if short.lower() in languages else language
    if at == end:
        return language.lower(), NOTHING, ()
    # a language may have two words: `busybox sh`
    second = _LANGUAGE.match(info, skip_blank(info, at, end))
    if second and f"{language} {second[0]}".lower() in languages:
        language, at = f"{language} {second[0]}", second.end()
    read = _InfoString(TextOrigin(text, start), [], [], [])
    bare: list[AnnotationWord] = []
    while (at := skip_blank(info, at, end)) < end and not info.startswith("{{", at):
        if highlighted := _LINE_NUMBERS.match(info, at):
            at = highlighted.end()
        elif info[at] == "{":
            in_json = _JSON.match(info, at) is not None
            group, broken, at = _read_group(info, at, read.place)
            if not language:
                language, group = _split_language(group)
                if language in DIRECTIVES and (named := _LANGUAGE.match(info, skip_blank(info, at, end))):
                    language, at = named[0], named.end()
            _sort_group(read, list(_attributes(group)), broken, in_json=in_json)
        else:
            word, at = _read_bare(info, at)
            bare += [word] if word is not None else []
    if bare:
        _sort_bare(read, info, bare)
    if read.foreign:
        read.problems.append(_note_foreign(read.place, read.foreign))
    values, refused = read_values(read.words, read.place)
    span = read.place.span(0, end) if read.words else None
    return language.lower(), Annotation(**values, span=span), (*read.problems, *refused)


def _sort_group(
    read: _InfoString, words: Sequence[AnnotationWord], broken: Sequence[Problem], *, in_json: bool
) -> None:
    """Add the words of a group in braces to ours, or to those of other tools."""
    unknown = [word for word in words if word.name not in KNOWN]
    if not unknown and (words or not broken):
        read.words.extend(words)
        read.problems.extend(broken)
        return
    misspelt = [word for word in unknown if _find_near(word.name)]
    foreign = [word for word in unknown if word not in misspelt]
    ours = [word for word in words if word.name in KNOWN]
    # beside a name of ours and no foreign one, it is plainly a mistake
    is_error = bool(ours) and not foreign and not broken and not in_json
    read.problems.extend(_report_misspelt(read.place, word, is_error=is_error) for word in misspelt)
    if foreign or broken:
        protective = [word for word in ours if word.name in _PROTECTIVE]
        foreign += [word for word in ours if word.name not in _PROTECTIVE]
        ours = protective
    read.words.extend(ours)
    read.foreign.extend(foreign)
    if broken and not foreign:
        read.problems.append(broken[0]._replace(severity=Severity.WARNING, code="foreign-attribute"))


def _sort_bare(read: _InfoString, info: str, words: Sequence[AnnotationWord]) -> None:
    """Add the bare `key=value` of an info string to ours, each with a warning, or to those of other tools."""
    ours = all(word.name in KNOWN for word in words) and not read_values(words, read.place)[1]
    for word in words:
        if ours or (word.name in _PROTECTIVE and word.name != "id"):
            written = info[word.start : word.end]
            read.words.append(word)
            read.problems.append(
                read.place.problem(
                    f"`{written}` is bare after the language, which breaks the block in MkDocs",
                    word.start,
                    word.end,
                    hint=f"write `<!-- runbook: {written} -->` on the line above",
                    code="bare-annotation",
                    warn=True,
                )
            )
        elif word.name not in KNOWN and _find_near(word.name):
            read.problems.append(_report_misspelt(read.place, word))
        else:
            read.foreign.append(word)


def _find_near(name: str) -> str:
    """Return the name of ours that this one is nearly; "" for none."""
    return find_near(name.casefold().replace("_", "-"), KNOWN, _NEAR)


def _report_misspelt(place: TextOrigin, word: AnnotationWord, *, is_error: bool = False) -> Problem:
    return place.problem(
        f"unknown annotation `{word.name}`; did you mean `{_find_near(word.name)}`?",
        word.start,
        word.end,
        hint="" if is_error else "it has no effect",
        warn=not is_error,
    )


def _note_foreign(place: TextOrigin, words: Sequence[AnnotationWord]) -> Problem:
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(word.name for word in words))
    belong = "belongs" if "," not in names else "belong"
    return place.problem(
        f"{names} after the language {belong} to another tool, without effect here",
        min(word.start for word in words),
        max(word.end for word in words),
        hint="annotations of this program stand in `<!-- runbook: … -->` on the line above the block",
        code="foreign-attribute",
        warn=True,
    )


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
    words, problems = separate_problems(read, place)
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


def _read_bare(info: str, at: int) -> tuple[AnnotationWord | None, int]:
    """Return the `key=value` at `at`, None if it is another word, and the offset after it."""
    try:
        word = read_word(info, at, len(info), in_braces=False)
    except UnreadableWord as unreadable:
        return None, unreadable.end
    return (None if word.value is None or word.name in _QUIET else word), word.end


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
    """Yield the words that are annotations or belong to other tools: no classes, no words for renderers.

    `#name` becomes the annotation `id`.
    """
    for word in words:
        if word.name.startswith("#") and word.value is None:
            value, start = word.name[1:], word.start + 1
            yield word._replace(name="id", value=value, value_start=start, value_end=word.end)
        elif word.name not in _QUIET and not word.name.startswith("."):
            yield word
