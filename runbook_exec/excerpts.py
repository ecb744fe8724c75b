"""A problem as people read it: the place, the line, and carets under what is meant."""

from __future__ import annotations

from .model import Problem, Span


def place(path: str, span: Span | None) -> str:
    """`file:line:column`, as editors and terminals understand it."""
    return f"{path}:{span.line}:{span.column}" if span else path


def excerpt(text: str, span: Span, note: str = "") -> str:
    """The line of a span with carets below it, and a note beside them."""
    start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    ends = [end for end in (text.find("\n", span.start), text.find("\r", span.start)) if end >= 0]
    end = min(ends, default=len(text))
    line = text[start:end].removeprefix("\ufeff").replace("\t", " ")
    number = str(span.line)
    width = max(1, min(span.end, end) - span.start)
    gutter = " " * len(number)
    carets = " " * (span.column - 1) + "^" * min(width, max(1, len(line) - span.column + 1))
    return f"  {number} │ {line}\n  {gutter} │ {carets}{' ' + note if note else ''}"


def explain(problem: Problem, path: str, text: str) -> str:
    """A problem in full: where, what, the line, and what to do next."""
    lines = [
        f"{place(problem.path or path, problem.span)}: {problem.severity}: {problem.message} [{problem.code}]"
    ]
    if problem.span and problem.path in ("", path):
        lines.append(excerpt(text, problem.span))
    if problem.hint:
        lines.append(f"  {problem.hint}" if "\n" not in problem.hint else problem.hint)
    return "\n".join(lines)
