"""`runbook-exec lint`: which pages, what is printed, and how it ends."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from . import RULES, fixes
from .explaining import explained, listed
from .files import NoSuchPath, collect
from .formats import write
from .run import Report, Selection, Settings, lint
from .settings import BadSettings, check_codes, settings_for

if TYPE_CHECKING:
    from .rule import Rule

STANDARD_INPUT = "-"
_PASSES = 10  # a change may bring another to light; no two of ours undo each other
_COMMANDS = "C"  # how the codes of the rules that ask this machine begin


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for; each text of `select`, `extend_select` and `ignore` lists codes."""

    paths: Sequence[str] = ()
    format: str = "text"
    select: Sequence[str] = ()
    extend_select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    commands: bool = False
    statistics: bool = False
    fix: bool = False
    diff: bool = False
    explain: str | None = None
    list_rules: bool = False


class NotRun(Exception):
    """The linter cannot look at anything; the message is whole."""


def run(asked: Asked) -> str:
    """Do what is asked and print it: `clean`, `found`, or `incomplete` where something was not looked at.

    Raises NotRun.
    """
    try:
        if asked.list_rules:
            _print("".join(f"{line}\n" for line in listed(RULES)))
            return "clean"
        if asked.explain is not None:
            _print(explained(_rule(asked.explain)))
            return "clean"
        selection = _selection(asked)
        contents, unread = _read(asked.paths)
        settings = settings_for(contents, selection)
    except (NoSuchPath, BadSettings) as refused:
        raise NotRun(str(refused)) from None
    report = _looked_at(contents, settings, unread)
    if asked.diff:
        return _show_difference(report)
    if asked.fix:
        contents, report = _fix(contents, settings, report)
    return _tell(asked, contents, report)


def _rule(code: str) -> Rule:
    for rule in RULES:
        if code.upper() == rule.code or code == rule.name:
            return rule
    check_codes([code])
    raise BadSettings(f"expected the whole code of a rule, got `{code}`; --list-rules lists them")


def _selection(asked: Asked) -> Selection:
    more = (*_codes(asked.extend_select), *((_COMMANDS,) if asked.commands else ()))
    return Selection(_codes(asked.select), more, _codes(asked.ignore))


def _codes(listed: Iterable[str]) -> tuple[str, ...]:
    return check_codes(code.strip() for codes in listed for code in codes.split(",") if code.strip())


def _read(paths: Sequence[str]) -> tuple[dict[str, bytes], list[str]]:
    """The pages by path, and a line for each that cannot be read."""
    contents: dict[str, bytes] = {}
    unread: list[str] = []
    if STANDARD_INPUT in paths:
        contents[STANDARD_INPUT] = sys.stdin.buffer.read()
    files = [path for path in paths if path != STANDARD_INPUT]
    for path in collect(files) if files or not contents else ():
        try:
            contents[str(path)] = path.read_bytes()
        except OSError as error:
            unread.append(f"cannot read `{path}`: {(error.strerror or str(error)).lower()}")
    return contents, unread


def _looked_at(
    contents: Mapping[str, bytes], settings: Mapping[str, Settings], unread: Sequence[str]
) -> Report:
    report = lint(contents, settings, date.today())
    return replace(report, not_checked=(*unread, *report.not_checked))


def _show_difference(report: Report) -> str:
    changes = list(fixes.fixed(report))
    for path, text, _ in changes:
        _print(fixes.difference(path, report.texts[path], text))
    _warn(report.not_checked)
    made = sum(count for *_, count in changes)
    print(
        f"would mend {made} problem{'s' * (made != 1)} in {len(changes)} of {len(report.texts)} pages",
        file=sys.stderr,
    )
    return _outcome(report, bool(changes))


def _fix(
    contents: dict[str, bytes], settings: Mapping[str, Settings], report: Report
) -> tuple[dict[str, bytes], Report]:
    """Make the safe changes until there are none; the pages and the report as they are then."""
    contents = dict(contents)
    kept: set[str] = set()
    unwritten: list[str] = []
    total = 0
    for _ in range(_PASSES):
        changes = [change for change in fixes.fixed(report) if change[0] not in kept]
        for path, text, made in changes:
            after = text.encode()
            try:
                if path != STANDARD_INPUT:
                    fixes.replace(Path(path), contents[path], after)
            except fixes.NotWritten as why:
                unwritten.append(str(why))
                kept.add(path)
            else:
                contents[path] = after
                total += made
        if not changes:
            break
        report = _looked_at(contents, settings, ())
    if total:
        print(f"mended {total} problem{'s' * (total != 1)}", file=sys.stderr)
    return contents, replace(report, not_checked=(*unwritten, *report.not_checked))


def _tell(asked: Asked, contents: Mapping[str, bytes], report: Report) -> str:
    text = "".join(f"{line}\n" for line in _statistics(report)) if asked.statistics else ""
    text = text or write(report, asked.format)
    if asked.fix and STANDARD_INPUT in contents:
        # the page itself is what a filter prints
        sys.stdout.buffer.write(contents[STANDARD_INPUT])
        sys.stdout.buffer.flush()
        print(text, end="", file=sys.stderr)
    else:
        _print(text)
    _warn(report.not_checked)
    return _outcome(report, bool(report.found))


def _statistics(report: Report) -> Iterator[str]:
    names = {each.rule.code: each.rule.name for each in report.found}
    counts = Counter(each.rule.code for each in report.found)
    width = len(str(max(counts.values(), default=0)))
    for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"{count:>{width}}  {code}  {names[code]}"


def _outcome(report: Report, found: bool) -> str:
    if report.not_checked:
        return "incomplete"
    return "found" if found else "clean"


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)


def _print(text: str) -> None:
    """Print the text, and the bytes of a file's name as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
