"""The matrix of edits: runs die, their page is edited, they are resumed; nothing is lost or done twice.

Usage: .venv/bin/python -m tests.support.edit_matrix [--tries N] [--seed N]

Each try draws a shell, a page, the event at which the program dies, and edits of the page: a statement is
inserted, deleted, moved, changed or doubled. CI makes a few tries (tests/end_to_end/test_edit_matrix.py).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.support.kill_matrix import run_dying
from tests.support.program import Program, ProgramResult, prepare_program

SHELLS = ("bash", "zsh", "fish", "sh")
_NEW = re.compile(r"statement (\S+) is new, was moved, or ran with another text")
_DOUBT = re.compile(r"statement\s+(\S+)\s+was\s+running\s+when")


def write_page(effects: Sequence[str], shell: str) -> str:
    """Return a page with a step for each effect, which is a word that the statement adds to a log."""
    parts = (
        f"### {n}. Step\n\n```{shell}\ncommand sh -c 'echo {effect} >>log'\n```\n"
        for n, effect in enumerate(effects, 1)
    )
    return "# Page\n\n## Procedure\n\n" + "\n".join(parts)


def edit(effects: Sequence[str], draw: random.Random) -> list[str]:
    """Return the effects of the page after one to three edits."""
    edited = list(effects)
    for number in range(draw.randint(1, 3)):
        at = draw.randrange(len(edited))
        match draw.choice(("insert", "delete", "move", "change", "double")):
            case "insert":
                edited.insert(at, f"new{number}")
            case "delete" if len(edited) > 2:
                del edited[at]
            case "move":
                edited.insert(draw.randrange(len(edited)), edited.pop(at))
            case "change":
                edited[at] = f"{edited[at]}x"
            case _:
                edited.insert(at, edited[at])
    return edited


def run_try(program: Program, seed: int) -> str:
    """Make one try; returns what went wrong, or ""."""
    draw = random.Random(seed)  # noqa: S311 - the same try each time
    shell = draw.choice(SHELLS)
    # in half of the pages some statements are the same
    names = "abcdef" if draw.random() < 0.5 else "aabbac"
    effects = draw.sample(names, len(names))
    for path in (*program.runs.glob("*"), program.work / "log"):
        path.unlink(missing_ok=True)
    program.write("page.md", write_page(effects, shell))
    kind, number = draw.choice(("die", "tear")), draw.randint(3, 4 * len(effects))
    ran = run_dying(program, f"{kind}:{number}", "page.md", "--yes", "--no-input")
    if _has_succeeded(program):  # it had ended before that
        return _compare_effects(program, effects, (), Counter(effects))
    told = f"seed {seed}: {shell} {kind}:{number} {' '.join(effects)}"
    most = Counter(effects)  # how many statements with each effect there ever were
    for _ in range(draw.randint(1, 2)):
        before, after = _read_log(program), edit(effects, draw)
        program.write("page.md", write_page(after, shell))
        told += f" → {' '.join(after)}"
        most += Counter(after) - Counter(effects)
        effects = after
        if draw.random() < 0.5:  # it dies once more, in the resumed run
            ran = run_dying(
                program, f"die:{draw.randint(1, 8)}", "resume", "--yes", "--no-input", "--accept-changes"
            )
            if _has_succeeded(program):  # it had ended before that
                return _compare_effects(program, effects, before, most)
            told += f" (again at {ran.status})"
            if wrong := _check_no_surprise(program, before, most):
                return f"{told}: {wrong}"
    problem = _finish(program, effects, most)
    return f"{told}: {problem}" if problem else ""


def _check_no_surprise(program: Program, before: Sequence[str], most: Counter[str]) -> str:
    """Return an effect that a resumed run had more often than there were statements; "" for none.

    Of two statements with the same text, one that has run may be deleted: then the other still runs.
    """
    now, had = Counter(_read_log(program)), Counter(before)
    wrong = [name for name in now if now[name] > max(had[name], most[name])]
    return f"done twice: {wrong}" if wrong else ""


def _finish(program: Program, page: Sequence[str], most: Counter[str]) -> str:
    """Resume until the run has succeeded, as a person who looks at the effects decides."""
    ran, before = ProgramResult(3, "", ""), _read_log(program)
    assumed: list[str] = []
    for _ in range(8):
        ran = program.run("resume", "--yes", "--no-input", "--accept-changes", *assumed)
        if ran.status == 2 and "no run is left unfinished" in ran.stderr:
            if not _read_log(program):
                ran = program.run("page.md", "--yes", "--no-input")  # nothing of it is on the disk
            break
        if ran.status != 3:
            break
        new, doubt = _NEW.findall(ran.stderr), _DOUBT.findall(ran.output)
        if not new and not doubt:
            return f"waits for nothing: {ran.output}"
        assumed += [word for label in new for word in ("--assume", "run", label)]
        for label in doubt:
            name = page[int(label.split(".")[0]) - 1]
            happened = Counter(_read_log(program))[name] > _count_finished(program, name)
            assumed += ["--assume", "done" if happened else "again", label]
    if ran.status != 0:
        return f"ended with {ran.status}: {ran.output}"
    return _compare_effects(program, page, before, most)


def _has_succeeded(program: Program) -> bool:
    """Return whether the end of the run is in its journal."""
    journals = [path.read_bytes() for path in program.runs.glob("*.jsonl")]
    return any(b'"outcome":"succeeded"' in text.rpartition(b'{"event":')[2] for text in journals)


def _compare_effects(program: Program, page: Sequence[str], before: Sequence[str], most: Counter[str]) -> str:
    """Return what a run that has succeeded had lost or done twice; "" for nothing."""
    had, wanted = Counter(_read_log(program)), Counter(page)
    lost = [name for name in wanted if had[name] < wanted[name]]
    return f"lost: {lost}" if lost else _check_no_surprise(program, before, most)


def _count_finished(program: Program, name: str) -> int:
    """Return how many statements with this effect have finished, or happened as a person said."""
    count, text = 0, ""
    for path in program.runs.glob("*.jsonl"):
        for line in path.read_bytes().split(b"\n")[:-1]:
            event = json.loads(line)
            text = event["text"] if event["event"] == "statement_started" else text
            ended = event["event"] == "statement_finished"
            said = (event.get("question"), event.get("answer")) == ("doubt", "done")
            count += (ended or said) and f"echo {name} " in text
    return count


def _read_log(program: Program) -> list[str]:
    path = program.work / "log"
    return path.read_text().split() if path.exists() else []


def main() -> int:
    """Make all tries, and print what went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tries", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0, help="of the first try")
    arguments = parser.parse_args()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        program = prepare_program(Path(folder))
        for seed in range(arguments.seed, arguments.seed + arguments.tries):
            if problem := run_try(program, seed):
                wrong.append(problem)
                print(problem, flush=True)
    print(json.dumps({"tries": arguments.tries, "wrong": len(wrong)}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
