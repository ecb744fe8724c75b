"""`python -m benchmarks.budget`: where the time of one statement goes, by part, and its system calls.

Each column is a page of as many statements of one kind; a page with one statement is subtracted, and the
rest is shared out. Times are processor time of the thread, so that they mean something on a busy machine.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

FLOOR = 150.0  # microseconds of the engine for each statement, without the flush

# the functions of each part, as `module:Class.function`; what none of them does is the engine's own
PARTS: Mapping[str, Sequence[str]] = {
    "events": ("engine.event_log:EventLog.make_event",),
    "masking": tuple(f"masking.masker:Masker.{name}" for name in ("mask_text", "mask_page", "feed", "flush")),
    "journal": ("journal.journal:Journal.append",),
    "flush": ("journal.journal:sync_data",),
    "recording": ("journal.asciicast:AsciicastWriter.add",),
    "terminal": ("terminal.reporter:TerminalReporter.show_event",),
    "snapshot": ("shells.snapshot:ShellState.update_after",),
    "session": ("session.session:Session.run", "session.session:Session._run_internal"),
    "waiting for the shell": ("session.exchange:Exchange._wait",),
    "engine": ("runner.event_delivery:EventDelivery.deliver_all",),
}
NOT_OURS = ("flush", "waiting for the shell")
SHELLS: Mapping[str, tuple[str, ...]] = {
    "fish": ("fish", "--no-config"),
    "bash": ("bash", "--norc"),
    "zsh": ("zsh", "-f"),
    "sh": ("sh",),
}


class Stopwatch:
    """Adds up the processor time that each part takes itself, without the parts that it calls."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()  # nanoseconds
        self._parts: list[str] = []
        self._last = 0

    def enter(self, part: str) -> None:
        """Begin a part."""
        self._count()
        self._parts.append(part)

    def leave(self) -> None:
        """End the part that was begun last."""
        self._count()
        self._parts.pop()

    def _count(self) -> None:
        now = time.thread_time_ns()
        if self._parts:
            self.spent[self._parts[-1]] += now - self._last
        self._last = now


def watch(part: str, target: str, stopwatch: Stopwatch) -> None:
    """Have the stopwatch measure a function or a generator function."""
    module_name, _, path = target.partition(":")
    holder: Any = importlib.import_module(f"runbook_exec.{module_name}")
    *classes, name = path.split(".")
    for each in classes:
        holder = getattr(holder, each)
    inner = getattr(holder, name)

    def call(*given: Any, **named: Any) -> Any:
        stopwatch.enter(part)
        try:
            result = inner(*given, **named)
        finally:
            stopwatch.leave()
        return generate(result) if isinstance(result, Iterator) else result

    def generate(items: Iterator[Any]) -> Iterator[Any]:
        while True:
            stopwatch.enter(part)
            try:
                item = next(items)
            except StopIteration:
                return
            finally:
                stopwatch.leave()
            yield item

    setattr(holder, name, call)


def run_watched(page: str, result: str) -> None:
    """Run a page in this process, and write what its parts and its shell have taken."""
    stopwatch = Stopwatch()
    for part, targets in PARTS.items():
        for target in targets:
            watch(part, target, stopwatch)
    from runbook_exec.cli.main import main

    status = 0
    sys.argv = ["runbook-exec", "run", "--yes", "--no-config", page]
    try:
        status = main() or 0
    except SystemExit as end:
        status = int(end.code or 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = {part: each / 1000 for part, each in stopwatch.spent.items()}
    Path(result).write_text(
        json.dumps({"status": status, "spent": spent, "shell": (used.ru_utime + used.ru_stime) * 1e6})
    )


class Bench:
    """Measures pages in a folder of its own."""

    def __init__(self, folder: Path, state: Path, shell: str, number: int) -> None:
        self._folder = folder
        self._shell = shell
        self._number = number
        self._environ = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "SHELL": "/bin/sh",
            "XDG_STATE_HOME": str(state),
            "RUNBOOK_EXEC_TRUSTED": str(folder),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

    def write_pages(self, kind: str, statement: str) -> tuple[Path, Path]:
        """Write a page with one statement, and one with all of them."""
        pages = []
        for count in (1, self._number + 1):
            blocks = (f"```{self._shell}\n{statement.format(n)}\n```\n" for n in range(count))
            pages.append(self._folder / f"{kind}-{count}.md".replace(" ", "-"))
            pages[-1].write_text("# Page\n\n## Procedure\n\n### Step\n\n" + "\n".join(blocks))
        return pages[0], pages[1]

    def measure(self, pages: tuple[Path, Path]) -> dict[str, float]:
        """Return the microseconds of each part and of the shell for one statement."""
        few, many = (self._run(page) for page in pages)
        return {part: (many[part] - few.get(part, 0.0)) / self._number for part in many}

    def _run(self, page: Path) -> dict[str, float]:
        result = self._folder / "result.json"
        command = (sys.executable, "-m", "benchmarks.budget", "--watched", str(page), str(result))
        self._call(command)
        found = json.loads(result.read_text())
        if found["status"]:
            raise RuntimeError(f"{page} ended with {found['status']}")
        return {**found["spent"], "shell": found["shell"]}

    def _call(self, command: Sequence[str]) -> None:
        subprocess.run(
            command,
            env=self._environ,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def measure_script(self, statement: str) -> float:
        """Return the microseconds of processor time of one statement in a script of the shell."""
        script = self._folder / "script"
        script.write_text("".join(f"{statement.format(n)}\n" for n in range(self._number)))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._call((*SHELLS[self._shell], str(script)))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return spent * 1e6 / self._number

    def count_calls(self, pages: tuple[Path, Path]) -> tuple[Counter[str], Counter[str]] | None:
        """Return the system calls of one statement, of our process and of the shell; None without strace."""
        if shutil.which("strace") is None:
            return None
        few, many = (self._trace(page) for page in pages)
        return many[0] - few[0], many[1] - few[1]

    def _trace(self, page: Path) -> tuple[Counter[str], Counter[str]]:
        with tempfile.TemporaryDirectory() as folder:
            command = (sys.executable, "-m", "runbook_exec", "run", "--yes", "--no-config", str(page))
            self._call(("strace", "-ff", "-qq", "-o", f"{folder}/trace", *command))
            traces = [path.read_text(errors="replace") for path in Path(folder).iterdir()]
        # the trace of our process begins with its program; of all others, the shell makes the most calls
        ours, *others = sorted(traces, key=lambda trace: (not trace.startswith("execve("), -len(trace)))
        return _count_names(ours), _count_names(others[0])


def _count_names(trace: str) -> Counter[str]:
    """Return how often each system call is in a trace of `strace`."""
    return Counter(re.findall(r"^(\w+)\(", trace, re.MULTILINE))


def list_kinds(shell: str, folder: Path) -> Mapping[str, str]:
    """Return a statement of each kind; `{}` is a number."""
    job = folder / "nothing"  # a name that is not known, so it runs as a job
    job.symlink_to(shutil.which("true") or "/bin/true")
    is_fish = shell == "fish"
    return {
        "small program": "/bin/true {}",
        "program as a job": f"{job} {{}}",
        "builtin": "set -g x {}" if is_fish else "x={}",
        "with a snapshot": "eval 'set -g x {}'" if is_fish else "eval 'x={}'",
    }


def print_table(shell: str, measured: Mapping[str, Sequence[Mapping[str, float]]]) -> bool:
    """Print the medians of each part by kind of statement, and return whether the floor holds."""
    rows = [*PARTS, "shell", "shell, script alone"]
    print(f"\n| microseconds of processor time for each statement, {shell} | {' | '.join(measured)} |")
    print("|---" * (len(measured) + 1) + "|")
    for row in rows:
        cells = (f"{median(run.get(row, 0.0) for run in runs):.0f}" for runs in measured.values())
        print(f"| {row} | {' | '.join(cells)} |")
    ours = [
        median(sum(run.get(part, 0.0) for part in PARTS if part not in NOT_OURS) for run in runs)
        for runs in measured.values()
    ]
    print(f"| **ours, without flush and wait** | {' | '.join(f'**{each:.0f}**' for each in ours)} |")
    holds = min(ours) <= FLOOR
    print(f"\nat most {FLOOR:.0f} of ours for the cheapest kind: {'yes' if holds else 'NO'}")
    return holds


def main() -> int:
    """Measure, print, and return 1 if the floor does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description=__doc__)
    parser.add_argument("--shell", choices=tuple(SHELLS), default="fish")
    parser.add_argument("--statements", type=int, default=500)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--watched", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.watched:
        run_watched(*given.watched)
        return 0
    kept = Path(__file__).parent.parent / ".benchmarks"
    kept.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept) as name:
        folder = Path(name)
        bench = Bench(folder, folder / "state", given.shell, given.statements)
        (folder / ".local/share/fish/generated_completions").mkdir(parents=True)
        statements = list_kinds(given.shell, folder)
        pages = {kind: bench.write_pages(kind, statement) for kind, statement in statements.items()}
        measured: dict[str, list[dict[str, float]]] = {kind: [] for kind in statements}
        for _ in range(given.turns):
            for kind, statement in statements.items():
                alone = {"shell, script alone": bench.measure_script(statement)}
                measured[kind].append(bench.measure(pages[kind]) | alone)
        holds = print_table(given.shell, measured)
        _print_calls(given.statements, {kind: bench.count_calls(pages[kind]) for kind in ("small program",)})
    return 0 if holds else 1


def _print_calls(number: int, counted: Mapping[str, tuple[Counter[str], Counter[str]] | None]) -> None:
    """Print the system calls of each kind that every statement makes."""
    for kind, calls in counted.items():
        if calls is None:
            print("\nsystem calls: not measured, because `strace` is missing")
            continue
        for who, found in zip(("our process", "the shell"), calls, strict=True):
            often = {name: count / number for name, count in found.most_common() if count >= number / 2}
            listed = ", ".join(f"{name} {each:.1f}" for name, each in often.items())
            print(f"\nsystem calls of {who} for each {kind}: {sum(often.values()):.1f} ({listed})")


if __name__ == "__main__":
    sys.exit(main())
