"""Reads front matter in TOML: its data, which has no settings of ours."""

from __future__ import annotations

import re

from ...diagnostics.problem import Problem
from ...text.lazy_pattern import LazyPattern
from ...text.source import make_span
from .bounds import FrontMatter

_OURS = LazyPattern(
    r"^[ \t]*(?:\[+[ \t]*[\"']?runbook\b[^\n]*|[\"']?runbook[\"']?[ \t]*[.=][^\n]*)", re.MULTILINE
)

_PLACE = LazyPattern(r" \(at (?:line (\d+), column (\d+)|end of document)\)")


def read_toml(text: str, start: int, end: int, body: int) -> FrontMatter:
    """Return the front matter in the TOML `text[start:end]`; the page goes on at `body`.

    A mistake, and settings of ours, are in `problems`.
    """
    import tomllib  # which compiles long patterns

    toml = text[start:end].replace("\r\n", "\n")
    try:
        data = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else max(1, toml.count("\n"))
        first = start + len("".join(text[start:end].splitlines(keepends=True)[: line - 1]))
        last = text.find("\n", first, end)
        span = make_span(text, first, last if last > first else first + 1)
        message = _PLACE.sub("", str(error))
        return FrontMatter(end=body, problems=(Problem("front-matter", f"not valid TOML: {message}", span),))
    except (RecursionError, ValueError):  # `tomllib` calls itself for each bracket; a number may be too long
        span = make_span(text, start, start + 1)
        message = "not valid TOML: deeper nesting, or a longer number, than a person would write"
        return FrontMatter(end=body, problems=(Problem("front-matter", message, span),))
    problems: tuple[Problem, ...] = ()
    if "runbook" in data:
        found = _OURS.search(text, start, end)
        span = make_span(text, *found.span()) if found else make_span(text, start, start + 1)
        problems = (
            Problem(
                "front-matter",
                "expected the settings `runbook` in YAML, found them in TOML",
                span,
                "write the front matter as YAML between two lines `---`, or give a file with `--inputs`",
            ),
        )
    return FrontMatter(data, end=body, problems=problems)
