"""The linter: pages in, findings out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ..model import Runbook
from ..parse import parse
from . import RULES
from .files import site_root
from .lines import lines_of
from .rule import Finding, Page, Rule, Site
from .syntax import verdicts

ALL = "ALL"  # every rule, in place of a code

_IGNORE = re.compile(r"(?<!\S)ignore=(?:\"([^\"]*)\"|'([^']*)'|(\S++))")

_OPENING = re.compile(r"<!--\s{0,40}runbook:")
_COMMENT_LINE = re.compile(r"[ \t>]*<!--.*-->[ \t]*")


@dataclass(frozen=True, slots=True)
class Found:
    """A finding on a page, under the rule that made it."""

    path: str  # as the page was asked for
    rule: Rule
    finding: Finding


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found, in the order of the pages and of the text; and what could not be checked."""

    found: tuple[Found, ...]
    texts: Mapping[str, str]  # the pages' texts, by path
    not_checked: tuple[str, ...] = ()  # why, a line each


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules look: by code or by the beginning of one; `only` replaces the default, `no` takes away."""

    only: Collection[str] = ()
    more: Collection[str] = ()
    no: Collection[str] = ()

    def __contains__(self, rule: Rule) -> bool:
        def matches(codes: Collection[str]) -> bool:
            return any(code in (ALL, rule.name) or rule.code.startswith(code) for code in codes)

        wanted = matches(self.only) if self.only else rule.default
        return (wanted or matches(self.more)) and not matches(self.no)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the settings file nearest to a page says."""

    selection: Selection = field(default_factory=Selection)
    options: Mapping[str, Any] = field(default_factory=dict)


def lint(
    contents: Mapping[str, bytes],
    settings: Mapping[str, Settings],
    today: date,
    rules: Sequence[Rule] = RULES,
) -> Report:
    """Look at pages, given by path, with the settings for each."""
    pages = {Path(path): parse(data, path) for path, data in contents.items()}
    refused, missing = verdicts(pages)
    roots = tuple(dict.fromkeys(root for path in pages if (root := site_root(path)) is not None))
    site = Site(pages, roots, today, refused)
    found: list[Found] = []
    for name in contents:
        page = Page(pages[Path(name)], Path(name), site, settings[name].options)
        found += _on_page(name, page, [rule for rule in rules if rule in settings[name].selection])
    not_checked = tuple(f"{shell} is not on PATH: its blocks were not parsed" for shell in sorted(missing))
    return Report(tuple(found), {name: pages[Path(name)].text for name in contents}, not_checked)


def _on_page(name: str, page: Page, rules: Sequence[Rule]) -> Iterator[Found]:
    ignored = ignores(page.runbook)
    found = [Found(name, rule, finding) for rule in rules for finding in rule.check(page)]
    found.sort(key=lambda each: (each.finding.span.start, each.rule.code))
    for each in found:
        if ignored.get(each.finding.span.line, frozenset()).isdisjoint((each.rule.code, each.rule.name)):
            yield each


def ignores(runbook: Runbook) -> dict[int, frozenset[str]]:
    """What `<!-- runbook: ignore=CODE -->` passes over: its own line, the next, and a whole block there."""
    found: dict[int, frozenset[str]] = {}
    if "ignore=" not in runbook.text:
        return found
    lines = lines_of(runbook.text)
    starts = {block.span.line: block for block in runbook.blocks}
    for start, end in comments(runbook.text):
        codes = frozenset(_codes(runbook.text[start:end]))
        first, last = (lines.span(offset, offset).line for offset in (start, end))
        below = last + 1
        while below <= len(lines.lines) and _COMMENT_LINE.fullmatch(lines.lines[below - 1]):
            below += 1
        if (block := starts.get(below)) is not None:
            last = lines.span(block.span.end, block.span.end).line - 1
        for number in range(first, last + 2) if codes else ():
            found[number] = found.get(number, frozenset()) | codes
    return found


def comments(text: str) -> Iterator[tuple[int, int]]:
    """Where the annotations of a text stand, whatever is around them."""
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        at = text.find("-->", opening.end()) + len("-->")
        if at < len("-->"):
            return
        yield opening.start(), at


def _codes(comment: str) -> Iterator[str]:
    for match in _IGNORE.finditer(comment.removesuffix("-->")):
        yield from re.split(r"[,\s]+", next(group for group in match.groups() if group is not None))
