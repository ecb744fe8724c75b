"""The kill matrix: runs die in every way and are resumed; they lose and repeat nothing.

Usage: .venv/bin/python -m tests.support.kill_matrix [--points N]

Tries all points, prints a table, and exits with 1 if anything was lost or done twice. CI tries a few points
of each row (tests/end_to_end/test_kill_matrix.py).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.support.paths import REPOSITORY
from tests.support.program import Program, ProgramResult, prepare_program

DYING = (sys.executable, "-P", str(REPOSITORY / "tests" / "support" / "dying.py"))
NUMBER = 12  # effects


def _effect(name: str) -> str:
    return f"command sh -c 'echo {name} >>log; sync log'"


def _make_page() -> tuple[str, dict[str, str]]:
    """Return a runbook of statements with effects on the disk; later ones depend on two of them."""
    scripts = [(str(n), _effect(str(n))) for n in range(1, NUMBER + 1)]
    scripts[10] = ("11-id-7-kept", 'command sh -c "echo 11-<id>-$kept >>log; sync log"')
    scripts.insert(2, ("", "echo id-7"))
    scripts.insert(5, ("", "set -g kept kept"))
    head = "---\nrunbook:\n  captures:\n    id: '3:.*'\n---\n# Page\n\n## Procedure\n"
    steps = (f"\n### {n}. Step\n\n```fish\n{script}\n```\n" for n, (_, script) in enumerate(scripts, 1))
    return head + "".join(steps), {f"{n}.1": name for n, (name, _) in enumerate(scripts, 1)}


PAGE, NAMES = _make_page()
EFFECTS = [name for name in NAMES.values() if name]


@dataclass(slots=True)
class Row:
    """One way to die, with the number of points for each result."""

    way: str
    points: int = 0
    doubts: int = 0  # the statement that was running was in doubt
    anew: int = 0  # nothing was on the disk: the run began again
    over: int = 0  # it had ended before
    lost: int = 0  # shell state was lost with the memory of the machine, and the resumed run named it
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Point:
    """A moment to die: `die` brings a folder into the state after death."""

    name: str
    die: Callable[[Program], None]


# ways to die ---------------------------------------------------------------------------------------------


def list_operations(program: Program) -> list[tuple[str, int, int]]:
    """Return the operations of a whole run on its journal: kind, bytes, effects so far."""
    program.write("page.md", PAGE)
    noted = program.folder / "operations"
    assert run_dying(program, f"note:{noted}", "page.md", "--yes").status == 0
    assert _read_log(program) == EFFECTS
    lines = (line.split() for line in noted.read_text().splitlines())
    return [(kind, int(size), int(effects)) for kind, size, effects in lines]


def run_dying(
    program: Program, what: str, *arguments: str, env: Mapping[str, str | None] | None = None
) -> ProgramResult:
    """Run the program with `tests.support.dying`."""
    done = subprocess.run(
        [*DYING, what, *arguments],
        cwd=program.work,
        env=program.environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
    )
    return ProgramResult(done.returncode, done.stdout, done.stderr)


def list_event_deaths(done: Sequence[tuple[str, int, int]]) -> Iterator[Point]:
    """Yield deaths of the program before, in and after each write of an event and each flush."""
    for number, (kind, _, _) in enumerate(done, 1):
        for what in ("die", "tear") if kind == "write" else ("die",):
            yield Point(f"{what}:{number}", lambda program, w=f"{what}:{number}": _begin(program, w))  # type: ignore[misc]


def list_double_deaths(done: Sequence[tuple[str, int, int]]) -> Iterator[Point]:
    """Yield deaths of the program at an event, and again at one after it was resumed."""
    draw = random.Random(4)  # noqa: S311 - the same moments each time

    for first in range(3, len(done), 2):
        second = draw.randint(1, 7)

        def die(program: Program, first: int = first, second: int = second) -> None:
            _begin(program, f"die:{first}")
            ran = resume(program)
            if ran.status == 3:
                how, statement = _decision(program, ran)
                run_dying(program, f"die:{second}", "resume", "--yes", "--assume", how, statement)
            else:
                _restart(program, f"die:{first}")
                run_dying(program, f"die:{second}", "resume", "--yes")

        yield Point(f"die:{first}, die:{second}", die)


def _restart(program: Program, what: str) -> None:
    _clear(program)
    _begin(program, what)


def _begin(program: Program, what: str) -> None:
    ran = run_dying(program, what, "page.md", "--yes")
    assert ran.status == -signal.SIGKILL, ran.output


def list_disk_failures(done: Sequence[tuple[str, int, int]], error: str, told: str) -> Iterator[Point]:
    """Yield disks that fail from an operation on: no further statement starts, with a message."""

    for number in range(1, len(done) + 1):

        def die(program: Program, number: int = number) -> None:
            ran = run_dying(program, f"fail:{number}:{error}", "page.md", "--yes")
            assert ran.status == 1, ran.output
            assert f".jsonl`: {told}" in ran.stdout, ran.output
            assert "the run has stopped before the next statement" in ran.stdout
            # a run whose first event could not be written is not kept
            assert "`runbook-exec resume " in ran.stdout or not _read_log(program), ran.output
            # only statements that had started by then
            had = max((effects for _, _, effects in done[: number - 1]), default=0)
            assert had <= len(_read_log(program)) <= had + 1
            assert _read_log(program) == EFFECTS[: len(_read_log(program))]

        yield Point(f"{error} from operation {number} on", die)


def list_random_deaths(victim: str, count: int, size: int, seconds: float) -> Iterator[Point]:
    """Yield kills of the program, its shell, or both with their children, at random moments.

    A moment is a number of bytes in the journal and some time afterwards, so that no kill comes too late on a
    machine whose load changes. `size` is that of a whole journal, `seconds` the time of a whole run.
    """
    draw = random.Random(victim)  # noqa: S311 - the same moments each time

    for _ in range(count):
        least, later = draw.randrange(size), draw.uniform(0, seconds / 2 / NUMBER)

        def die(program: Program, least: int = least, later: float = later) -> None:
            process = program.start("page.md", "--yes")
            while _measure_journal(program) <= least and process.poll() is None:
                time.sleep(0.001)
            time.sleep(later)
            _kill(process.pid, victim)
            process.wait()

        yield Point(f"{victim} {later:.3f} s after {least} bytes", die)


def _measure_journal(program: Program) -> int:
    """Return the number of bytes in the journal; 0 if none exists."""
    return sum(path.stat().st_size for path in program.runs.glob("*.jsonl"))


def _kill(pid: int, victim: str) -> None:
    try:
        if victim == "group":
            os.killpg(pid, signal.SIGKILL)
        elif victim == "program":
            os.kill(pid, signal.SIGKILL)
        else:
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError):
        return  # it had ended before


def list_power_cuts(
    done: Sequence[tuple[str, int, int]], journal: bytes, name: str, kept: str
) -> Iterator[Point]:
    """Yield power cuts after each operation.

    `kept` says how much of the unflushed data is left: nothing, a part, all, or blocks of zeros. Effects of
    statements since the last flush may be on the disk or not.
    """
    written = flushed = 0
    known = False  # whether the disk knows that the file exists
    seen: set[tuple[bytes | None, int]] = set()
    for number, (kind, size, effects) in enumerate(done):
        written += size
        flushed = written if kind == "flush" else flushed
        known |= kind == "folder"
        later = done[number + 1][2] if number + 1 < len(done) else effects
        for left in _remaining_journals(journal, flushed, written, kept):
            # the effects of a statement are on the disk if its end is: these statements flush them themselves
            least = _effects_finished(left)
            for there in range(max(least, min(effects, _effects_finished(journal[:flushed]))), later + 1):
                disks = [left] if known else [left, None]
                for disk in disks:
                    if (disk, there) not in seen and (disk is not None or not there):
                        seen.add((disk, there))
                        told = f"operation {number + 1}, {len(left)} bytes, {there} effects"
                        yield Point(told, lambda program, d=disk, n=there: _write_files(program, name, d, n))  # type: ignore[misc]


def _remaining_journals(journal: bytes, flushed: int, written: int, kept: str) -> Iterator[bytes]:
    if kept == "nothing":
        yield journal[:flushed]
    elif written > flushed:
        yield journal[:written]
        for end in (flushed + 1, (flushed + written) // 2, written - 1):
            yield journal[:end]
        yield journal[:flushed] + bytes(written - flushed)


def _effects_finished(journal: bytes) -> int:
    ended = [json.loads(line) for line in journal.split(b"\n")[:-1] if b"statement_finished" in line]
    return sum(bool(NAMES[f"{event['step']}.1"]) for event in ended)


def _write_files(program: Program, name: str, journal: bytes | None, effects: int) -> None:
    program.runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    if journal is not None:
        (program.runs / name).write_bytes(journal)
    if effects:
        program.write("log", "".join(f"{each}\n" for each in EFFECTS[:effects]))


# resuming ------------------------------------------------------------------------------------------------


def resume(program: Program, *options: str) -> ProgramResult:
    """Resume the newest run without a person."""
    return program.run("resume", "--yes", "--no-input", *options)


def check_resume(program: Program, row: Row) -> None:
    """Resume the run until it succeeds, and check that every effect is there once."""
    flight = _in_flight(program)
    ran = resume(program)
    row.points += 1
    if _has_lost_state(program, row, ran):
        return
    if ran.status == 2 and "no run is left unfinished" in ran.stderr:
        if _read_log(program):
            row.over += 1
        else:
            row.anew += 1
            assert program.run("page.md", "--yes").status == 0
    elif ran.status == 2:
        # only the end of the last line is missing, which looks like a change of the journal
        assert "the line itself is whole: the machine died just there" in ran.stderr, ran.output
        assert _read_log(program) == EFFECTS
        row.over += 1
        return
    elif ran.status == 3:
        how, statement = _decision(program, ran)
        assert statement == flight, f"in doubt about {statement}, and {flight} was running"
        row.doubts += 1
        ran = resume(program, "--assume", how, statement)
        if _has_lost_state(program, row, ran):
            return
        assert ran.status == 0, ran.output
    else:
        assert flight is None, f"{flight} was running, and there was no doubt"
        assert ran.status == 0, ran.output
    assert _read_log(program) == EFFECTS, f"the effects are {_read_log(program)}"
    assert program.run("runs", "verify").status == 0


def _has_lost_state(program: Program, row: Row, ran: ProgramResult) -> bool:
    """Return whether the run waits because shell state is lost, as it is after a power cut."""
    if ran.status != 3 or "the shell did not come back whole: `$kept`" not in ran.stdout:
        return False
    assert row.way.startswith("power off"), ran.output
    assert _read_log(program) == EFFECTS[: len(_read_log(program))], "something was lost or came twice"
    row.lost += 1
    return True


def _decision(program: Program, ran: ProgramResult) -> tuple[str, str]:
    """Return the answer of a person who has checked the effects of the statement in doubt."""
    assert "was running when the run died, and may have happened" in ran.stdout, ran.output
    statement = ran.stdout.split("--assume done ")[1].split("`")[0]
    return ("done" if NAMES[statement] in _read_log(program) else "again"), statement


def _in_flight(program: Program) -> str | None:
    """Return the statement that has started and not ended, from complete lines of the journal."""
    flight = None
    for path in program.runs.glob("*.jsonl"):
        for line in path.read_bytes().split(b"\n")[:-1]:
            event = json.loads(line)
            if event["event"] == "statement_started":
                flight = f"{event['step']}.{event['statement']}"
            elif event["event"] == "statement_finished":
                flight = f"{event['step']}.{event['statement']}" if event.get("doubt") else None
            elif event["event"] == "answered" and event["question"] == "doubt":
                flight = None  # a person has decided
    return flight


def _read_log(program: Program) -> list[str]:
    path = program.work / "log"
    return path.read_text().split() if path.exists() else []


def _clear(program: Program) -> None:
    for path in (*program.runs.glob("*"), program.work / "log"):
        path.unlink(missing_ok=True)


# the table -----------------------------------------------------------------------------------------------


def make_rows(program: Program, count: int) -> Iterator[tuple[Row, list[Point]]]:
    """Return each way to die with its points; `count` points at random moments."""
    done = list_operations(program)
    (path,) = program.runs.glob("*.jsonl")
    journal, name = path.read_bytes(), path.name
    times = [datetime.fromisoformat(json.loads(line)["time"]) for line in journal.splitlines()]
    seconds = (times[-1] - times[0]).total_seconds()
    yield Row("killed at an event, or in it"), list(list_event_deaths(done))
    yield Row("killed there, and once more later"), list(list_double_deaths(done))
    for victim, told in (
        ("program", "the program"),
        ("shell", "the shell"),
        ("group", "both and all they run"),
    ):
        yield Row(f"{told} killed at random"), list(list_random_deaths(victim, count, len(journal), seconds))
    yield (
        Row("the disk is full from then on"),
        list(list_disk_failures(done, "ENOSPC", "no space left on device")),
    )
    yield Row("the disk breaks, from then on"), list(list_disk_failures(done, "EIO", "input/output error"))
    yield Row("power off, unflushed is gone"), list(list_power_cuts(done, journal, name, "nothing"))
    yield Row("power off, some is left"), list(list_power_cuts(done, journal, name, "some"))


def try_all(program: Program, row: Row, points: Sequence[Point]) -> None:
    """Die at each of the points, and resume the run."""
    for point in points:
        _clear(program)
        try:
            point.die(program)
            check_resume(program, row)
        except AssertionError as error:
            row.wrong.append(f"{row.way}: {point.name}: {error}")


def main() -> int:
    """Try everything and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=70, help="at random moments, for each victim")
    points = parser.parse_args().points
    wrong: list[str] = []
    total = 0
    print(f"{'':35} points  in doubt  began anew  had ended  state lost  wrong")
    with tempfile.TemporaryDirectory() as folder:
        program = prepare_program(Path(folder))
        for row, all_points in make_rows(program, points):
            try_all(program, row, all_points)
            counts = f"{row.points:6}  {row.doubts:8}  {row.anew:10}  {row.over:9}  {row.lost:10}"
            counts += f"  {len(row.wrong):5}"
            print(f"{row.way:35} {counts}", flush=True)
            wrong += row.wrong
            total += row.points
    print("\n".join(["", *wrong, f"{total} points, {len(wrong)} wrong"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
