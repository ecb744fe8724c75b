"""`runbook-exec runs` and `runbook-exec due`: what is asked is found, told and printed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from ..journal import JournalError
from .finding import NoSuchRun, entries, entry_of, find, journals

T = TypeVar("T")


class NotDone(Exception):
    """What is asked for cannot be done; the message is whole."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for; `action` says which of the rest matters."""

    action: str
    run: str | None = None
    runs: Sequence[str] = ()
    paths: Sequence[str] = ()
    format: str = "md"
    json: bool = False
    document: str | None = None
    outcome: str | None = None
    since: str | None = None
    until: str | None = None
    seal: str | None = None
    speed: float = 1.0
    idle_limit: float | None = None
    older_than: str | None = None
    keep: int | None = None
    unfinished: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is asked: the folder of the journals, the columns of the terminal, the environment."""

    folder: Path
    width: int
    environ: Mapping[str, str]


def run(asked: Asked, place: Place) -> str:
    """Do what is asked, and print it: `done`, `damaged`, `due` or `unread`.

    Raises NotDone, and BrokenPipeError where nobody reads on.
    """
    try:
        return _ACTIONS[asked.action](asked, place)
    except (NoSuchRun, JournalError) as error:
        raise NotDone(str(error)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f" `{error.filename}`" if error.filename else ""
        raise NotDone(f"cannot read or write{where}: {(error.strerror or str(error)).lower()}") from None


def _list(asked: Asked, place: Place) -> str:
    from .listing import Wanted, as_json, table
    from .moments import parse_moment

    now = datetime.now().astimezone()
    wanted = Wanted(
        asked.document or "",
        asked.outcome or "",
        _read("--since", lambda text: parse_moment(text, now), asked.since),
        _read("--until", lambda text: parse_moment(text, now, end=True), asked.until),
    )
    found = [entry for entry in entries(place.folder) if wanted.matches(entry)]
    if asked.json:
        _print(as_json(found))
    elif found:
        _print("\n".join(table(found)))
    else:
        print("no run matches" if _any(place.folder) else "there is no run yet", file=sys.stderr)
    return "done"


def _any(folder: Path) -> bool:
    return folder.is_dir() and next(folder.glob("*.jsonl"), None) is not None


def _show(asked: Asked, place: Place) -> str:
    from .filled import filled
    from .record import read_record
    from .summary import shown, to_json

    path = find(place.folder, asked.run)
    told = filled(read_record(path))
    running, left_out = _is_running(path), _not_kept(path)
    _print(
        to_json(told, running, left_out)
        if asked.json
        else "\n".join(shown(told, running, left_out, place.width))
    )
    return "done"


def _report(asked: Asked, place: Place) -> str:
    from .filled import filled
    from .record import read_record

    path = find(place.folder, asked.run)
    told = filled(read_record(path))
    if asked.format == "html":
        from .html_report import html_report

        _print(html_report(told))
    elif asked.format == "junit":
        from .junit_report import junit_report

        _print(junit_report(told))
    elif asked.format == "json":
        from .summary import to_json

        _print(to_json(told, _is_running(path), _not_kept(path)))
    else:
        from .markdown_report import markdown_report

        _print(markdown_report(told))
    return "done"


def _replay(asked: Asked, place: Place) -> str:
    from .replay import frames_of, listening_off, play

    path = find(place.folder, asked.run)
    try:
        size, frames = frames_of(path)
        if size and sys.stdout.isatty() and size[0] > place.width:
            print(f"recorded with {size[0]} columns; this terminal has {place.width}", file=sys.stderr)
        with listening_off(0):
            play(frames, _write, time.sleep, asked.speed, asked.idle_limit)
    except ValueError as error:
        raise NotDone(str(error)) from None
    return "done"


def _verify(asked: Asked, place: Place) -> str:
    from .verify import told, verify, wrong_seal

    if asked.seal and len(asked.runs) != 1:
        raise NotDone("expected one RUN with `--seal`: a seal is that of one journal")
    paths = [find(place.folder, name) for name in asked.runs] or journals(place.folder)
    seal = asked.seal or ""
    wrong = False
    for path in paths:
        verdict = verify(path)
        wrong |= not verdict.whole or wrong_seal(verdict, seal)
        _print("\n".join(told(verdict, seal)))
    if not paths:
        print("there is no run yet", file=sys.stderr)
    return "damaged" if wrong else "done"


def _prune(asked: Asked, place: Place) -> str:
    from ..durations import parse_duration
    from ..kept_secrets import kept_secrets
    from .prune import prune

    def forget(name: str) -> None:
        if keeper := kept_secrets(name, place.environ):
            keeper.forget()

    seconds = _read("--older-than", parse_duration, asked.older_than)
    for line in prune(
        entries(place.folder),
        datetime.now().astimezone(),
        older_than=seconds,
        keep=asked.keep,
        unfinished=asked.unfinished,
        dry_run=asked.dry_run,
        forget=forget,
    ):
        _print(line)
    return "done"


def _export(asked: Asked, place: Place) -> str:
    from .export import NotExported, export

    try:
        for line in export(_pages(asked.paths), place.folder):
            _print(line)
    except NotExported as error:
        raise NotDone(str(error)) from None
    return "done"


def _due(asked: Asked, place: Place) -> str:
    from .due import as_json, looked_at, told

    now = datetime.now().astimezone()
    found, unread = looked_at(_pages(asked.paths), place.folder, now)
    for line in unread:
        print(line, file=sys.stderr)
    _print(as_json(found) if asked.json else "\n".join(told(found, now)))
    if any(each.due for each in found):
        return "due"
    return "unread" if unread else "done"


_ACTIONS: Mapping[str, Callable[[Asked, Place], str]] = {
    "list": _list,
    "show": _show,
    "report": _report,
    "replay": _replay,
    "verify": _verify,
    "export": _export,
    "prune": _prune,
    "due": _due,
}


def _pages(paths: Sequence[str]) -> list[Path]:
    from ..lint.files import NoSuchPath, collect
    from ..model import TRANSCRIPT

    try:
        return [page for page in collect(paths) if not page.name.endswith(TRANSCRIPT)]
    except NoSuchPath as error:
        raise NotDone(str(error)) from None


def _is_running(path: Path) -> bool:
    entry = entry_of(path)
    return entry is not None and entry.running


def _not_kept(path: Path) -> tuple[str, ...]:
    from .replay import not_kept

    try:
        return not_kept(path)
    except (OSError, ValueError) as error:
        return (str(error),)


def _read(option: str, read: Callable[[str], T], text: str | None) -> T | None:
    if text is None:
        return None
    try:
        return read(text)
    except ValueError as problem:
        raise NotDone(f"`{option}`: {problem}") from None


def _print(text: str) -> None:
    if text:
        _write(text.encode("utf-8", "replace") + (b"" if text.endswith("\n") else b"\n"))


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
