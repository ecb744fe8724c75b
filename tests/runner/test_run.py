"""The output of runs without a terminal: transcripts beside their documents.

A transcript (`NAME.runs.txt` in documents/runs) is command lines after `>>> `, each with its output, the
files that it left and its exit status. `python -m tests.runner.test_run` runs the command lines and writes
the rest again, for review; with names of transcripts, only those.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import DATA
from tests.support.program import COMMAND, Program, fish_page, normalize_output, prepare_program
from tests.support.shells import ASH, POSIX, SHELLS

RUNS = DATA / "documents" / "runs"
TRANSCRIPTS = sorted(RUNS.glob("*.runs.txt"))
_PROMPT = ">>> "


def _transcript(expected: str, folder: Path) -> str:
    """Return a transcript with the output of its command lines today.

    Each command line runs in a folder of its own.
    """
    entries = []
    for number, line in enumerate(expected.splitlines()):
        if line.startswith(_PROMPT):
            folder.joinpath(str(number)).mkdir(parents=True)
            entries.append("\n".join(_entry(line, prepare_program(folder / str(number)))))
    return "\n\n".join(entries) + "\n"


def _entry(line: str, program: Program) -> Iterator[str]:
    documents = [path for path in RUNS.iterdir() if not path.name.endswith(".runs.txt")]
    for path in documents:
        shutil.copy(path, program.work)
    words = shlex.split(line.removeprefix(_PROMPT))
    start = words.index("runbook-exec")
    ran = program.run(*words[start + 1 :], env=dict(word.split("=", 1) for word in words[:start]))
    yield line
    if ran.stdout:
        yield normalize_output(ran.stdout, program).removesuffix("\n")
    if ran.stderr:
        yield "--- stderr"
        yield normalize_output(ran.stderr, program).removesuffix("\n")
    left = {path.name for path in program.work.iterdir()} - {path.name for path in documents}
    yield f"--- left {', '.join(sorted(left))}" if left else "--- left nothing"
    yield f"--- exit {ran.status}"


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.name.split(".")[0])
def test_a_document_runs_as_in_its_transcript(path: Path, tmp_path: Path) -> None:
    """Each command line prints, leaves and returns exactly the text below it."""
    expected = path.read_text(encoding="utf-8")
    assert _transcript(expected, tmp_path) == expected


def test_line_ends_make_no_difference(program: Program) -> None:
    """A page with line ends of Windows runs and fails like any other, at the same places."""
    text = (RUNS / "server.md").read_text(encoding="utf-8")
    values = ("--yes", "--set", "region=eu", "--set", "missing-folder=/no/such")
    told = [
        normalize_output(program.run_page(page, *values).stdout, program)
        for page in (text, text.replace("\n", "\r\n"), "\ufeff" + text.replace("\n", "\r\n"))
    ]
    assert "33 │    ls \\\n        │    ^^^^ exited 2\n" in told[0]
    assert told[1:] == [told[0], told[0]]


def test_a_manual_step_and_a_confirmation_can_be_answered_beforehand(program: Program) -> None:
    """`--done` and `--confirmed` answer for a step by its number, and the run continues."""
    program.write("people.md", (RUNS / "people.md").read_text(encoding="utf-8"))
    ran = program.run("people.md", "--yes", "--choose", "coast", "--done", "2")
    assert (ran.status, "step 3 asks `Are the windows shut?`" in ran.stdout) == (3, True)
    ran = program.run("people.md", "--yes", "--choose", "coast", "--done", "2-carry", "--confirmed", "3-lock")
    assert (ran.status, "locked\n" in ran.stdout, "twice\n" in ran.stdout) == (0, True, True)
    assert ran.stdout.count("$ echo by the coast\n") == ran.stdout.count("$ echo by motorway\n") == 1


def test_a_dry_run_runs_nothing(program: Program) -> None:
    """It runs no statement, no source of a value and no shell, and leaves no journal."""
    inputs = (
        "---\nrunbook:\n  inputs:\n    a: {source: 'cmd:touch made'}\n    b: {source: 'op://v/i/f'}\n---\n"
    )
    ran = program.run_page(
        inputs + fish_page("touch made", "echo <a> <b>"), "--dry-run", env={"PATH": "/nowhere"}
    )
    assert (ran.status, ran.stderr) == (0, "")
    assert "   touch made\n" in ran.stdout
    assert not (program.work / "made").exists()
    assert not program.runs.exists()


@pytest.mark.parametrize(
    ("code", "value", "found"),
    [
        ("echo ~<x>/a", "ada", "7: <x> would be part of a user's name after `~`: write the directory out"),
        ("echo $<x>", "ada", "7: <x> would be the name of a variable: write the name into the document"),
        ("echo $PATH[<x>]", "ada", "12: <x> is an index: expected numbers or a range such as `2..-1`"),
        ("<x> ls", "not", "1: <x> is where fish reads a keyword or a variable's name, not a text"),
    ],
)
def test_a_value_that_cannot_be_written_is_found_before_anything_runs(
    code: str, value: str, found: str, program: Program
) -> None:
    """Either no value can be written in that place, or not this value."""
    program.write(
        "page.md", f"# Page\n\n## Steps\n\n```fish\ntouch ran\n```\n\nThen:\n\n```fish\n{code}\n```\n"
    )
    ran = program.run("page.md", "--yes", "--no-config", "--trust", "--set", f"x={value}")
    assert ran.status == 2
    column, message = found.split(": ", 1)
    assert ran.stderr.startswith(f"page.md:12:{column}: error: {message} [unwritable]\n  12 │ {code}\n")
    assert not (program.work / "ran").exists()


def test_a_captured_value_that_does_not_fit_stops_the_run(program: Program) -> None:
    """A captured value is known only then; the message names the line."""
    script = "<!-- runbook: capture=n -->\n```fish\necho two\n```\n\n```fish\necho $PATH[<n>]\n```\n"
    program.write("page.md", f"# Page\n\n## Steps\n\n{script}")
    ran = program.run("page.md", "--yes", "--no-config", "--trust")
    assert ran.status == 1
    assert "\n  line 11: <n> is an index: expected numbers or a range such as `2..-1`\n" in ran.stdout


def test_a_run_without_term_uses_the_plainest_terminal(program: Program) -> None:
    """As in CI: fish prints no warning, and programs see `TERM=dumb`."""
    program.write("page.md", "# Page\n\n## Steps\n\n```fish\necho $TERM\n```\n")
    ran = program.run("page.md", "--yes", "--no-config", "--trust", env={"TERM": None})
    assert ran.status == 0, ran.output
    assert "  (line 6)\n$ echo $TERM\ndumb\n  ✓" in ran.stdout


@pytest.mark.parametrize("shell", POSIX)
def test_a_run_stops_if_a_posix_shell_exits(shell: str, program: Program) -> None:
    """`exit 3` ends the shell; the run reports it and fails."""
    ran = program.run_page(f"# Page\n\n## Steps\n\n```{shell}\ncd /\nexit 3\ntouch never\n```\n", "--yes")
    assert ran.status == 1
    assert "the shell ended with status 3" in ran.stdout
    assert "7 │ exit 3" in ran.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_all_blocks_run_in_one_shell(shell: str, program: Program) -> None:
    """Variables, functions and the folder of one block still exist in the next one."""
    assign = "set v kept" if shell == "fish" else "v=kept"
    function = "function f; echo said $v; end" if shell == "fish" else "f() { echo said $v; }"
    blocks = (f"```{shell}\n{script}\n```" for script in (f"{assign}\n{function}", "cd /usr", "f\npwd"))
    ran = program.run_page("# Page\n\n## Steps\n\n" + "\n\n".join(blocks), "--yes")
    assert (ran.status, "said kept\n" in ran.stdout, "\n/usr\n" in ran.stdout) == (0, True, True)


def test_a_file_name_may_contain_a_hash_and_a_blank(program: Program) -> None:
    """The text after the last `#` may be an anchor."""
    program.write("a #1.md", fish_page("echo it ran"))
    for name in ("a #1.md", "a #1.md#steps"):
        assert program.run(name, "--yes").status == 0
    assert program.run("a #2.md", "--yes").stderr == "error: cannot read `a `: no such file or directory\n"


def test_a_page_from_standard_input_is_only_shown(program: Program) -> None:
    """It cannot be run, because no file exists that the journal could name."""
    shown = program.run("show", "-", given=fish_page("echo one"))
    assert (shown.status, "echo one" in shown.stdout) == (0, True)
    ran = program.run("-", "--yes", given=fish_page("touch made"))
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: expected a file")


def test_with_json_the_reason_of_waiting_is_on_standard_error(program: Program) -> None:
    """Standard output has only events: the start, the question and the end."""
    ran = program.run_page(fish_page("echo <user>"), "--json", "--yes")
    assert (ran.status, ran.stdout.count("\n")) == (3, 3)
    assert ran.stderr == "step 1 needs a value for `<user>`; `--set user=VALUE` gives it\n"


@pytest.mark.parametrize("later", [False, True])
def test_output_to_a_non_blocking_pipe_is_complete(later: bool, program: Program) -> None:
    """The parent process, or another writer of the pipe, may make it non-blocking."""
    script = "touch started; while test ! -e go; sleep 0.01; end; seq 100000"
    program.write("page.md", f"# Page\n\n## Steps\n\n```fish\n{script}\n```\n")
    ours, theirs = os.pipe()
    os.set_blocking(theirs, later)
    command = [*COMMAND, "page.md", "--yes", "--no-config"]
    with subprocess.Popen(command, cwd=program.work, env=program.environment(), stdout=theirs) as running:
        while not (program.work / "started").exists():
            assert running.poll() is None
            time.sleep(0.01)
        if later:
            os.set_blocking(theirs, False)
        (program.work / "go").touch()
        os.close(theirs)
        held = -1
        while running.poll() is None and held < (held := _waiting(ours)):
            time.sleep(0.5)  # until no more comes: the capacity of a pipe depends on the sizes of the writes
        with os.fdopen(ours, "rb") as file:
            told = file.read()
        assert running.wait(20) == 0
    assert told.count(b"\n") > 100_000


def _waiting(pipe: int) -> int:
    """Return the number of bytes that wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_the_plan_as_json_marks_manual_steps(program: Program) -> None:
    """Other programs do not need to know the rules for manual steps."""
    program.write(
        "page.md", "# Page\n\n## Steps\n\n1. Look at it.\n\n2. Run it.\n\n   ```fish\n   true\n   ```\n"
    )
    told = json.loads(program.run("show", "page.md", "--json").stdout)
    steps = told["procedures"][0]["steps"]
    assert [(step["label"], step["manual"]) for step in steps] == [("1", True), ("2", False)]
    assert steps[0]["span"]["line"] == 5


def test_a_closed_output_ends_the_program_without_a_traceback(program: Program) -> None:
    """The reader of its output has ended: the run stops after the statement, and says so."""
    program.write("page.md", fish_page("yes | head -n 100000", "touch made"))
    done = subprocess.run(
        ["sh", "-c", '"$@" | head -n 1', "sh", *COMMAND, "page.md", "--yes"],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr.startswith("cannot write the output: broken pipe; nothing more was run; ")
    assert done.stderr.count("\n") == 1
    assert not (program.work / "made").exists()


if __name__ == "__main__":
    for path in [RUNS / name for name in sys.argv[1:]] or TRANSCRIPTS:
        with tempfile.TemporaryDirectory() as temporary:
            written = _transcript(path.read_text(encoding="utf-8"), Path(temporary))
        path.write_text(written, encoding="utf-8")


@pytest.mark.parametrize("language", [pytest.param(word, marks=ASH.marks) for word in ("ash", "busybox sh")])
def test_blocks_of_busybox_run_in_ash(language: str, program: Program) -> None:
    """Blocks of `ash` and of `busybox sh` run in BusyBox ash, with its extensions of sh."""
    program.write(
        "page.md",
        f"# Page\n\n## Steps\n\n```{language}\nname=$'it\\'s'\nreadlink -f /proc/$$/exe\n```\n\n"
        f'```{language} {{expect="<[it\'s]>"}}\nprintf "<[%s]>" "$name"; [[ a == a && -n b ]]\n```\n\n'
        "```busybox ls\ntouch never\n```\n\n```sh\necho sh $name\n```\n",
    )
    ran = program.run("page.md", "--yes", "--trust")
    assert ran.status == 0, ran.output
    assert "busybox\n" in ran.stdout
    assert "BusyBox v" not in ran.stdout
    assert "sh it's\n" in ran.stdout
    assert not (program.work / "never").exists()


@pytest.mark.parametrize("shell", [ASH])
def test_ash_can_be_requested(shell: str, program: Program) -> None:
    """`--shell ash` and `shell: ash` run the blocks of ash on a page that has others too."""
    blocks = "## Steps\n\n```bash\necho in bash\n```\n\n```ash\necho in ash\n```\n"
    program.write("asked.md", f"# Page\n\n{blocks}")
    program.write("named.md", f"---\nrunbook:\n  shell: {shell}\n---\n\n# Page\n\n{blocks}")
    for arguments in (("asked.md", "--shell", shell), ("named.md",)):
        ran = program.run(*arguments, "--yes", "--trust")
        assert (ran.status, "\nin ash\n" in ran.stdout, "\nin bash\n" in ran.stdout) == (0, True, False)
