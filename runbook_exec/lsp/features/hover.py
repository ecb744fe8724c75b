"""Shows where the value of a placeholder comes from. It never shows a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol import types

from ...document.assignments import parse_capture
from ...document.model import Input, Runbook, Step
from ...errors import ValueProblem
from ...plan.builder import find_step, items_of
from ...plan.values import is_secret
from ...text.ansi import escape_unprintable
from ..feature import Feature, PageView
from ..placeholder_uses import find_use_at

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+.!|<>~&-])")

_SOURCES = {
    "env:": "the environment variable",
    "file:": "the file",
    "op:": "1Password,",
    "cmd:": "the output of the command",
}


def answer(view: PageView, params: types.HoverParams) -> types.Hover | None:
    """Return what is known about the placeholder at a position; None if there is none."""
    use = find_use_at(view.runbook, view.page.positions.offset(params.position))
    if use is None:
        return None
    lines = describe_placeholder(view.runbook, use.name)
    content = types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(lines))
    return types.Hover(content, view.range(use.start, use.end))


def describe_placeholder(runbook: Runbook, name: str) -> Iterator[str]:
    """Yield paragraphs of Markdown about a placeholder: its secrecy, its sources, and what it may be."""
    known = runbook.settings.inputs.get(name)
    captures = list(_find_captures(runbook, name))
    secret = is_secret(name, known, any(hidden for _, hidden in captures))
    yield f"{_code(f'<{name}>')} · {'secret: its value is never shown' if secret else 'not secret'}"
    if known is not None and known.help:
        yield _plain(known.help)
    yield from (line for line, _ in captures)
    sources = list(_describe_sources(known, secret))
    yield from sources
    if captures:
        yield "If that step does not run in this run, you are asked."
    elif not sources:
        yield "You are asked for it, unless `--set` gives it."
    if known is not None and known.choices and not secret:
        yield "One of " + ", ".join(map(_code, known.choices)) + "."
    if known is not None and known.pattern is not None and not secret:
        yield f"The whole value matches {_code(known.pattern)}."


def _describe_sources(known: Input | None, secret: bool) -> Iterator[str]:
    if known is None:
        return
    if known.source:
        kind = next((words for prefix, words in _SOURCES.items() if known.source.startswith(prefix)), "")
        where = known.source if known.source.startswith("op:") else known.source.partition(":")[2]
        yield f"Read from {kind} {_code(where)}."
    if known.default is not None:
        yield "Has a default, which is not shown." if secret else f"Default: {_code(known.default)}."


def _find_captures(runbook: Runbook, name: str) -> Iterator[tuple[str, bool]]:
    """Yield a line about each capture of a placeholder, and whether it is annotated as a secret."""
    seen: set[int] = set()
    declared = runbook.settings.captures.get(name)
    for procedure in runbook.procedures:
        items = items_of(procedure)
        if declared is not None:
            try:
                capture = parse_capture(f"{name}={declared}")
            except ValueProblem:
                continue
            item = find_step(items, capture.step)
            if item is not None and item.step.span.start not in seen:
                seen.add(item.step.span.start)
                yield _describe_capture(item.step, capture.pattern), item.annotation.secret
        for item in items:
            if item.annotation.capture == name and item.step.span.start not in seen:
                seen.add(item.step.span.start)
                yield _describe_capture(item.step, item.annotation.capture_pattern), item.annotation.secret


def _describe_capture(step: Step, pattern: str | None) -> str:
    how = f" by {_code(f'/{pattern}/')}" if pattern else ""
    title = f" ({_plain(step.title)})" if step.title else ""
    return f"Captured{how} from the output of step {_plain(step.label)}{title}, line {step.span.line}."


def _plain(text: str) -> str:
    """Return a text of the page as Markdown that shows it as written."""
    return _MARKUP.sub(r"\\\1", " ".join(escape_unprintable(text).split()))


def _code(text: str) -> str:
    """Return a text of the page as a code span of Markdown."""
    text = " ".join(escape_unprintable(text).split())
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * (longest + 1)
    return f"{ticks} {text} {ticks}" if longest or not text else f"`{text}`"


FEATURES = (Feature(types.TEXT_DOCUMENT_HOVER, answer),)
