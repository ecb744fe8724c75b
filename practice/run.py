"""Runs the flagship runbook in a practice world, and says afterwards what came of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from runbook_exec.engine.state import next_item
from runbook_exec.journal.index import list_runs
from runbook_exec.runs.record import read_record
from runbook_exec.terminal.step_view import format_place

from . import store
from .faults import FAULTS
from .forgejo import serving
from .parts import REPOSITORY
from .world import LOGIN_CODE, World, create

RUNBOOK = REPOSITORY / "runbooks" / "rotate-fly-token.md"
PAGE = RUNBOOK.name
LIST_STATEMENT = "6.1"  # where the runbook lists the tokens: statement 1 of step 6
BY_HAND = "5b"  # the step that a person does
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (only a folder of this user in it is used)
MARKS = {True: "✓", False: "–"}  # what is not done yet is no error


def run(
    arguments: Sequence[str], *, unattended: bool, keep: bool, real: bool = False, fault: str | None = None
) -> int:
    """`python -m practice run`: 0 where the rotation was done, else the run's status or 1."""
    unattended = unattended or not (sys.stdin.isatty() and sys.stdout.isatty())
    with _throwaway(keep) as folder:
        try:
            world = create(folder, browser=unattended, real=real)
        except FileNotFoundError as error:
            print(f"practice: {error}", file=sys.stderr)
            return 2
        # a copy: an edit on the way must not change the page that the project keeps
        page = Path(shutil.copy(RUNBOOK, world.work))
        if fault:
            FAULTS[fault].breaks(world)
            page = FAULTS[fault].page(RUNBOOK, world)
        with serving(str(folder)):
            environment = _environment(world)
            if problem := leak(world, environment):
                print(f"practice: {problem}", file=sys.stderr)
                return 2
            print(_banner(folder, unattended, keep, real), flush=True)
            command = [sys.executable, "-m", "runbook_exec", page.name, *arguments]
            if unattended:
                command += answers(world)
            status = _run_attached(command, world, environment)
        return _verdict(world, status, keep)


def enter(folder: Path | None, *, keep: bool) -> int:
    """`python -m practice enter`: a shell in a new world, or in one that was kept; its exit status."""
    if folder is not None:
        return _shell(World(folder.absolute()))
    with _throwaway(keep) as fresh:
        return _shell(create(fresh, browser=False))


def _shell(world: World) -> int:
    try:
        with serving(str(world.folder)):
            environment = _environment(world)
            shell = next(filter(None, (shutil.which(name) for name in ("fish", "bash", "sh"))), "/bin/sh")
            # Another shell's own start-up files could bring the real tools back.
            options = {"fish": [], "bash": ["--noprofile", "--norc"]}.get(Path(shell).name, [])
            print(f"A shell in the practice world {world.folder}")
            print(f"When `fly auth login` asks for a code, type {LOGIN_CODE}. `exit` leaves.", flush=True)
            return _run_attached([shell, *options], world, environment)
    except FileNotFoundError:
        print(
            f"practice: expected a practice world kept with --keep, found none in {world.folder}",
            file=sys.stderr,
        )
        return 2


def _environment(world: World) -> dict[str, str]:
    environment = world.environment(os.environ)
    paths = [str(REPOSITORY), environment.get("PYTHONPATH", "")]
    # Whoever asks for a shell in between gets the one whose start-up files are the world's own.
    shell = shutil.which("fish") or environment.get("SHELL", "/bin/sh")
    environment |= _make_runtime(world)
    return environment | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "SHELL": shell}


def _make_runtime(world: World) -> dict[str, str]:
    """A folder in memory for secrets, where the machine has memory and no folder of a session in it."""
    if Path(os.environ.get("XDG_RUNTIME_DIR") or "?").is_dir() or not SHARED_MEMORY.is_dir():
        return {}
    runtime = SHARED_MEMORY / world.folder.name
    try:
        runtime.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return {}
    return {"XDG_RUNTIME_DIR": str(runtime)}


def leak(world: World, environment: dict[str, str]) -> str:
    """Why a fish of this world would not call the stand-ins; "" where it would, or where there is no fish."""
    fish = shutil.which("fish", path=environment["PATH"])
    if fish is None:
        return ""
    names = ("fly", "op", "mise")
    asked = subprocess.run(
        [
            fish,
            "-i",
            "-c",
            f"for name in {' '.join(names)}; echo found=(type -t $name)=(command -s $name); end",
        ],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    found = re.findall(r"found=(.*?)=(.*)", asked.stdout)
    for name, (kind, path) in zip(names, found, strict=False):
        if (kind, path) != ("file", str(world.bin / name)):
            return f"fish would not call the practice `{name}` but a {kind} {path}: nothing was started"
    return "" if len(found) == len(names) else f"fish does not start here: {asked.stderr.strip()}"


@contextmanager
def _throwaway(keep: bool) -> Iterator[Path]:
    """A folder that is gone afterwards, unless kept; also where the process is told to end."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    folder = Path(tempfile.mkdtemp(prefix="runbook-practice-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(SHARED_MEMORY / folder.name, ignore_errors=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def _run_attached(command: Sequence[str], world: World, environment: dict[str, str]) -> int:
    """Run on this terminal to its end; ^C is the child's to handle. Returns the exit status."""
    with subprocess.Popen(command, cwd=world.work, env=environment) as child:
        before = signal.signal(signal.SIGINT, lambda number, frame: None)
        try:
            status = child.wait()
        except BaseException:
            child.terminate()
            raise
        finally:
            signal.signal(signal.SIGINT, before)
    return 128 - status if status < 0 else status


def answers(world: World) -> list[str]:
    """The options of runbook-exec with which the runbook runs by itself, from the old token to a new one."""
    state = world.state()
    old = next(each for each in state["tokens"] if each["id"] == state["old_token"])
    capture = rf"old-token-id={LIST_STATEMENT}:(\S+) │ {old['name']}"
    return ["--yes", "--no-input", "--done", BY_HAND, "--capture", capture]


def _banner(folder: Path, unattended: bool, keep: bool, real: bool) -> str:
    lines = [
        "Practice: rotating a Fly.io token in a throwaway world. Nothing real is touched:",
        "`mise` and ansible are real, `fly`, `op` and Forgejo are stand-ins, and every token is made up."
        if real
        else "`fly`, `op`, `mise` and Forgejo are stand-ins, and every token is made up.",
        "The login is approved by itself."
        if unattended
        else f"When `fly auth login` asks for a code, type {LOGIN_CODE}.",
        f"The world is {folder}, {'kept' if keep else 'removed'} at the end.",
        "The page is a copy, which you may edit.",
    ]
    return "\n".join(lines) + "\n"


def outcomes(world: World) -> list[tuple[str, bool]]:
    """What the rotation was for, and whether each of it is so now."""
    state = world.state()
    held = next(
        field["value"]
        for vault in state["vaults"]
        for item in vault["items"]
        for field in item["fields"]
        if field["label"] == "deploy-token"
    )
    wanted = store.digest(held)
    new = next((each for each in state["tokens"] if each["digest"] == wanted), None)
    good = (
        new is not None
        and new["id"] != state["old_token"]
        and new["scope"] == "org"
        and not new["revoked_at"]
    )
    used = new is not None and any(each["token"] == new["id"] for each in state["deploys"])
    old = next(each for each in state["tokens"] if each["id"] == state["old_token"])
    synced = store.digest(state["forgejo"]["secrets"].get("FLY_DEPLOY_TOKEN", "")) == wanted
    return [
        ("1Password holds a new token that works", good),
        ("the Forgejo secret FLY_DEPLOY_TOKEN is that token", good and synced),
        ("a deploy went through with it", good and used),
        ("the old token is revoked", old["revoked_at"] is not None),
    ]


def _verdict(world: World, status: int, keep: bool) -> int:
    found = outcomes(world)
    done = all(so for _, so in found)
    stopped = describe_stop(world)
    print()
    if any(so for _, so in found):
        print("The practice world now:")
        for text, so in found:
            print(f"  {MARKS[so]}  {text}")
        if stopped:
            print()
            _print_sentence(f"The rotation has stopped {stopped}.")
    else:
        how = f"the rotation has stopped {stopped}" if stopped else "nothing was run"
        _print_sentence(f"The old token is still in use: {how}.")
    print()
    if keep:
        _print_sentence(
            "The world is kept. Commands such as `resume` and `report` work in the shell that this opens:"
        )
        print(f"  scripts/practice enter {world.folder}\nThis removes it:\n  rm -r {world.folder}")
    else:
        _print_sentence(
            "The world was removed with the record of this run, so commands such as `resume` and `report` do "
            "not find it. This keeps it next time:"
        )
        print("  scripts/practice --keep")
    return status or int(not done)


def _print_sentence(text: str) -> None:
    """Print a sentence, broken between words."""
    columns = shutil.get_terminal_size().columns
    print(textwrap.fill(text, max(20, min(columns, 100) - 1), break_long_words=False, break_on_hyphens=False))


def describe_stop(world: World) -> str:
    """Where the newest run of the world has stopped and why; "" if it has not, or if there is none."""
    runs = list_runs(world.folder / "runs" / "runbook-exec" / "runs")
    record = read_record(runs[0].path) if runs else None
    if record is None or record.plan is None or (item := next_item(record.plan, record.state)) is None:
        return ""
    tries = [each for each in record.attempts if each.where == item.where and each.problem]
    place = f"{format_place(record.plan, item.where.step)}, line {item.line} of {PAGE}"
    return f"at {place}: {tries[-1].problem.splitlines()[0]}" if tries else f"before {place}"
