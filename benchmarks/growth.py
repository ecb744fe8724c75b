"""How times grow with the number of runs, and with the number of statements of one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from .claims import Row
from .timing import Measured

# Writes runs as the program would, without their shells: a folder of journals of one statement, or one run of
# many. Arguments: the folder of the state, the page, how many runs, how many statements.
WRITE_RUNS = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from runbook_exec.document.parser import parse_runbook
from runbook_exec.engine import events as e
from runbook_exec.journal.event_lines import to_line
from runbook_exec.journal.hash_chain import VERSION, first_hash, hash_line, seal_line
from runbook_exec.plan.builder import make_plan

state, page, runs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
folder = state / "runbook-exec" / "runs"
folder.mkdir(parents=True, mode=0o700)
runbook = parse_runbook(page.read_bytes(), str(page))
procedure = runbook.procedures[0]
items = [item for item in make_plan(runbook, procedure).items if item.statement]

def write_run(number):
    run, began = f"{number:08x}", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    previous, lines = first_hash(run), []

    def add(kind, more={}, **fields):
        nonlocal previous
        time = (began + timedelta(milliseconds=len(lines))).isoformat(timespec="milliseconds")
        event = kind(run=run, seq=len(lines) + 1, time=time.replace("+00:00", "Z"), **fields)
        line = to_line(event, **more, previous=previous)
        lines.append(seal_line(line) if kind is e.RunEnded else line)
        previous = hash_line(lines[-1].encode())

    add(e.RunStarted, {"journal": VERSION}, path=str(page), digest=runbook.digest, procedure=procedure.title,
        anchor=procedure.anchor, shell="sh", place="here", text=runbook.text)
    for item in items:
        place = {"step": item.where.step, "block": item.where.block, "statement": item.where.statement}
        place["line"] = item.line
        add(e.StatementStarted, **place, text=item.statement.text)
        add(e.StatementFinished, **place, status=0, pipestatus=(0,), duration=0.001, cwd="/")
    add(e.RunEnded, outcome="succeeded")
    name = f"{began:%Y-%m-%dT%H%M%S}-{run}.jsonl"
    (folder / name).write_text("\\n".join(lines) + "\\n", encoding="utf-8")

for number in range(runs):
    write_run(number)
"""


@dataclass(frozen=True, slots=True)
class Linear:
    """The last things cost at most 1.5 times as much each as the things before them.

    `counts` are how many things there are for `small`, `middle` and `ours`. Processor time is compared.
    """

    title: str
    ours: str  # the command with the most things
    middle: str
    small: str
    counts: tuple[int, int, int]

    def row(self, measured: Measured) -> Row:
        """How it looks in the table."""
        small, middle, large = self.counts
        first, then, last = (measured.processor(name) for name in (self.small, self.middle, self.ours))
        growth = (last - then) / (large - middle) / max((then - first) / (middle - small), 1e-9)
        return Row(
            self.title,
            f"{last:.2f} s",
            f"{large:,} after {middle:,}",
            f"{then:.2f} s",
            f"{growth:.2f}× each",
            "1.5×",
            growth <= 1.5,
        )


def write_page(path: Path, statements: int) -> Path:
    """Write a page of so many statements, twenty in a step, and return its path."""
    steps = []
    for first in range(0, statements, 20):
        code = "".join(f"echo {number} >/dev/null\n" for number in range(first, min(statements, first + 20)))
        steps.append(f"### {first // 20 + 1}. Step\n\n```sh\n{code}```\n")
    path.write_text("\n".join(["# Page\n\n## Steps\n", *steps]), encoding="utf-8")
    return path


def write_runs(state: Path, page: Path, runs: int) -> tuple[str, ...]:
    """Return the command that writes so many runs of a page into a folder of state."""
    return (sys.executable, "-c", WRITE_RUNS, str(state), str(page), str(runs))


def counts_up_to(most: int) -> tuple[int, int, int]:
    """Return the three numbers of things that are compared."""
    return (max(1, most // 40), max(2, most // 4), most)
