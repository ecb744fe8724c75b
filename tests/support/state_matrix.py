"""The state matrix: a run that sets up its shell dies, and its resumption too; the shell is as it was.

Usage: .venv/bin/python -m tests.support.state_matrix [--tries N]

Each try kills a run at a seeded event, kills its resumption at another, and resumes again to the end. The
page then writes down what the shell holds. CI tries a few (tests/end_to_end/test_state_matrix.py).
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.support.kill_matrix import run_dying
from tests.support.program import Program, ProgramResult, prepare_program

POSIX = (
    "mkdir -p 'a b/c'; cd 'a b'",
    "umask 027; ulimit -n 300",
    "set -- one 'two three' \"it's\"",
    "readonly FIXED='can not change'",
    "DB_PASS=$(printf 'hunter%s' 2-and-more); export DATABASE_URL='postgres://u:longer-secret@h/db'",
    'greet() { echo "hello $1"; }',
    "cd c",
    "trap 'echo bye' USR1",
    "plain=1; version=2.0; key=value; config_files='x y'",
    "set -u",
    "set -e",
)

SCRIPTS = {
    "bash": (*POSIX, "set -o pipefail; shopt -s nullglob", "list=(1 '2 3'); declare -A map=([k]='v w')",
             "pushd .. >/dev/null", "alias hey=greet"),
    "zsh": (*POSIX, "setopt pipefail extendedglob", "list=(1 '2 3'); typeset -A map=(k 'v w')",
            "pushd .. >/dev/null"),
    "sh": POSIX,
    "ash": (*POSIX, "set -o pipefail"),
    "fish": (
        "mkdir -p 'a b/c'; cd 'a b'",
        "umask 027; ulimit -n 300",
        "set argv one 'two three' \"it's\"",
        "set -g DB_PASS (printf 'hunter%s' 2-and-more); set -gx DATABASE_URL 'postgres://u:longer-secret@h/db'",
        "function greet; echo \"hello $argv[1]\"; end",
        "cd c",
        "function _private --on-signal USR1; echo bye; end",
        "set plain 1; set key value; set config_files 'x y'",
        "set -l near 1; set list 1 '2 3'",
        "pushd ..",
    ),
}  # fmt: skip

_POSIX_STATE = (
    'pwd; umask; ulimit -n; echo "$#|$1|$2|$3"; greet you; trap; '
    'echo "$FIXED|$DB_PASS|$DATABASE_URL|$OLDPWD"; '
    "echo \"$plain|$version|$key|$config_files\"; sh -c 'echo $DATABASE_URL'; "
    "(FIXED=x) 2>/dev/null || echo fixed; set +o | grep -E 'err?exit|nounset|pipefail' || true"
)

STATES = {
    "bash": f'{_POSIX_STATE}; shopt nullglob; echo "${{list[1]}}|${{map[k]}}"; dirs -l -p; alias hey',
    "zsh": f'{_POSIX_STATE}; setopt; echo "${{list[2]}}|${{map[k]}}"; dirs -lp',
    "sh": _POSIX_STATE,
    "ash": _POSIX_STATE,
    "fish": "pwd; umask; ulimit -n; printf '%s|' $argv; greet you; "
    "functions _private | string match -v '# Defined*'; echo $DB_PASS $DATABASE_URL; "
    "sh -c 'echo $DATABASE_URL'; echo $plain $key $config_files $near $list[2]; dirs; printf '%s|' $dirprev",
}

SECRETS = (b"hunter2-and-more", b"can not change", b"2.0", b"x y")


def make_page(shell: str) -> str:
    """Return a page that sets up a shell, and then writes down what it holds."""
    top = '"$TOP"' if shell != "fish" else "$TOP"
    scripts = [*SCRIPTS[shell]]
    grouped = f"{{ {STATES[shell]}; }} >{top}/state 2>&1"
    scripts.append(grouped if shell != "fish" else f"begin; {STATES[shell]}; end >{top}/state 2>&1")
    steps = (f"\n### {n}. Step\n\n```{shell}\n{script}\n```\n" for n, script in enumerate(scripts, 1))
    return "# Page\n\n## Procedure\n" + "".join(steps)


def run_whole(program: Program, shell: str) -> tuple[str, int]:
    """Run the page without a death; return what the shell held, and the number of operations."""
    program.write("page.md", make_page(shell))
    noted = program.folder / "operations"
    ran = run_dying(program, f"note:{noted}", "page.md", "--yes", env=_environment(program))
    assert ran.status == 0, ran.output
    state = (program.work / "state").read_text()
    clear(program)
    return state, len(noted.read_text().splitlines())


def check_death(program: Program, first: int, second: int, expected: str) -> None:
    """Die at an operation, die again in the resumption, resume to the end, and compare the state."""
    env = _environment(program)
    ran = run_dying(program, f"die:{first}", "page.md", "--yes", env=env)
    assert ran.status == -signal.SIGKILL, ran.output
    answers = _decide(program)
    run_dying(program, f"die:{second}", "resume", "--yes", *answers, env=env)
    for _ in range(4):
        answers = _decide(program)
        ran = program.run("resume", "--yes", "--no-input", *answers, env=env)
        if "no run is left unfinished" in ran.stderr or ran.status == 0:
            break
    else:
        raise AssertionError(ran.output)
    if not (program.work / "state").exists():  # nothing was on the disk: the run begins again
        ran = program.run("page.md", "--yes", env=env)
        assert ran.status == 0, ran.output
    state = (program.work / "state").read_text()
    assert state == expected, f"expected\n{expected}\ngot\n{state}"
    for path in program.runs.glob("*"):
        data = path.read_bytes()
        assert SECRETS[0] not in data, f"{path} holds a value"


def _decide(program: Program) -> tuple[str, ...]:
    """Return the options of a person who has the statement in doubt run again: it only sets up the shell."""
    ran: ProgramResult = program.run("resume", "--no-input", env=_environment(program))
    if "was running when the run died" not in ran.stdout:
        return ()
    return ("--assume", "again", ran.stdout.replace("\n  ", " ").split("--assume done ")[1].split("`")[0])


def _environment(program: Program) -> dict[str, str | None]:
    return {"TOP": str(program.work)}


def clear(program: Program) -> None:
    """Remove what a try has left."""
    for path in program.runs.glob("*"):
        path.unlink()
    (program.work / "state").unlink(missing_ok=True)
    shutil.rmtree(program.work / "a b", ignore_errors=True)


def try_shell(program: Program, shell: str, tries: int) -> list[str]:
    """Return what went wrong in seeded tries of a shell."""
    expected, operations = run_whole(program, shell)
    draw = random.Random(shell)  # noqa: S311 - the same moments each time
    wrong = []
    for number in range(tries):
        first = 3 + (2 * number + 1) * (operations - 4) // (2 * tries)  # spread over all of them
        second = draw.randint(1, operations)
        clear(program)
        try:
            check_death(program, first, second, expected)
        except AssertionError as error:
            wrong.append(f"{shell}: die:{first}, die:{second}: {error}")
    return wrong


def main() -> int:
    """Try all shells and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tries", type=int, default=100, help="for each shell")
    parser.add_argument("--shell", choices=SCRIPTS, action="append")
    arguments = parser.parse_args()
    wrong: list[str] = []
    for shell in arguments.shell or SCRIPTS:
        with tempfile.TemporaryDirectory() as folder:
            found = try_shell(prepare_program(Path(folder)), shell, arguments.tries)
        print(f"{shell:5} {arguments.tries:4} tries, {len(found)} wrong", flush=True)
        wrong += found
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
