"""One damaged journal breaks no command: it is named, and the others are read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_exec.journal.hash_chain import first_hash, hash_line
from tests.support.program import Program, fish_page, prepare_program

DUE = "---\nrunbook:\n  cadence: 75d\n---\n" + fish_page("test -e wanted", title="Procedure")
Damage = Callable[[Path, list[str]], object]  # damages the journal of these lines

NAME = "2999-01-01T000000-0badf00d.jsonl"  # newer than every other


def _change(**fields: object) -> Damage:
    """Return a damage that changes fields of the first event, and computes the hashes anew."""

    def write(path: Path, lines: list[str]) -> None:
        previous = ""
        written = []
        for number, line in enumerate(lines):
            event = json.loads(line)
            event |= fields if number == 0 else {}
            event.pop("mark", None)
            event["previous"] = previous or first_hash(str(event["run"]))
            event.pop("seal", None)
            text = json.dumps(event, separators=(",", ":"))
            previous = hash_line(text.encode("utf-8", "surrogatepass"))
            written.append(text)
        path.write_bytes("\n".join([*written[:-1], ""]).encode("utf-8", "surrogatepass"))

    return write


def _write_bytes(make: Callable[[bytes], bytes]) -> Damage:
    return lambda path, lines: path.write_bytes(make("\n".join([*lines, ""]).encode()))


def _make_sparse(path: Path, size: int, head: bytes) -> None:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


DAMAGES: dict[str, Damage] = {
    "a directory": lambda path, lines: path.mkdir(),
    "a link to nothing": lambda path, lines: path.symlink_to("nothing"),
    "a circle of links": lambda path, lines: path.symlink_to(path),
    "a pipe": lambda path, lines: os.mkfifo(path),
    "a device": lambda path, lines: path.symlink_to("/dev/zero"),
    "rubbish": lambda path, lines: path.write_bytes(bytes(range(256)) * 9 + b"\n"),
    "one huge line": lambda path, lines: _make_sparse(path, 3 << 30, b""),
    "a huge line after the first": lambda path, lines: _make_sparse(path, 1 << 28, lines[0].encode() + b"\n"),
    "cut off in the middle": _write_bytes(lambda data: data[: len(data) // 2]),
    "a line cut out": lambda path, lines: path.write_text("\n".join([lines[0], *lines[2:], ""])),
    "rubbish in the middle": _write_bytes(lambda data: data.replace(b"statement_started", b"\xff\0rubbish")),
    "rubbish at the end": _write_bytes(lambda data: data + b"\xff\xfe\n"),
    "nesting without end": lambda path, lines: path.write_text("[" * 100_000 + "\n"),
    "another time": _change(time="yesterday"),
    "a time without a zone": _change(time="2026-01-01T00:00:00"),
    "a time before all": _change(time="0001-01-01T00:00:00+14:00"),
    "another id": _change(run="../../../x"),
    "a path with NUL": _change(path="\0", folder="/\0"),
    "half a character": _change(path="\ud800.md", folder="/\udfff", anchor="\ud800"),
    "a path that is too long": _change(path="/x" * 5000),
    "wrong types": _change(values=[1], options="--yes"),
    "an unknown shell": _change(shell="\x1b[31mnone"),  # noqa: S604 - a field of the event
    "marks of nothing": _change(items=["1.1.1", "x y z"]),
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Return the program with one whole journal, of a run that failed."""
    program = prepare_program(tmp_path_factory.mktemp("whole"))
    program.run_page(DUE, "--yes")
    return program


HARMLESS = ("cut off in the middle", "a path that is too long", "an unknown shell")  # a run that died


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_journal_breaks_no_command(damage: str, shared: Program) -> None:
    """Every command ends as without it, within its time, and names it."""
    whole = min(path for path in shared.runs.glob("*.jsonl") if not path.name.startswith("2999"))
    run = whole.stem.rpartition("-")[2]
    path = shared.runs / NAME
    DAMAGES[damage](path, whole.read_text().splitlines())
    named = 0
    for command, statuses in (
        (("runs",), (0,)),
        (("runs", "export", "page.md"), (0,)),
        (("runs", "prune", "--keep", "0", "--dry-run"), (0,)),
        (("due", "page.md"), (4,)),
        (("page.md", "--yes", "--no-input"), (1,)),
        (("resume", "--yes", "--no-input"), (1, 2, 3)),
        (("runs", "verify"), (0, 1)),
    ):
        ran = shared.run(*command)
        assert ran.status in statuses, (command, ran.output)
        assert "Traceback" not in ran.output
        assert "has a bug" not in ran.output, ran.output
        assert command != ("runs",) or run in ran.stdout
        named += str(path) in ran.output or "0badf00d" in ran.output
    assert named >= 2 or damage in HARMLESS
    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
