"""Pages that are huge, deep, broken, computed for years, or no files: each command ends, with plain words."""

from __future__ import annotations

import re
import resource
import subprocess
from pathlib import Path

import pytest

from tests.support.hostile_pages import CONTENTS, make_neighbours, make_odd_files
from tests.support.program import COMMAND, Program, ProgramResult, prepare_program

CPU_SECONDS = 20  # of one command; a page that hangs needs more on every machine
MEMORY = 3 << 30  # bytes of addresses
RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
COMPUTED = [
    name for name in CONTENTS if re.match("pattern|large-p|deep-p|capture|template|deep-t|when|source", name)
]


@pytest.fixture(scope="module")
def program_with_pages(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program in a folder with the pages, and the pipes and loops that they name."""
    program = prepare_program(tmp_path_factory.mktemp("hostile"))
    make_neighbours(program.work)
    for name, make in CONTENTS.items():
        (program.work / f"{name}.md").write_bytes(make())
    return program


def run_limited(program: Program, *arguments: str) -> ProgramResult:
    """Run the program with limits of processor time and memory; both end it."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=280,
        preexec_fn=limit,
        start_new_session=True,
    )
    out, err = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    return ProgramResult(done.returncode, out, err)


def check(done: ProgramResult, *expected: int) -> None:
    """Check that a command has ended by itself, in plain words."""
    assert done.status in expected, f"{done.status}: {done.output[-600:]}"
    assert "Traceback" not in done.output
    assert "has a bug" not in done.output
    assert RAW.findall(done.output) == []


@pytest.mark.parametrize("name", CONTENTS)
def test_a_hostile_page_is_shown_and_planned(program_with_pages: Program, name: str) -> None:
    """`show`, `--dry-run` and `trust` end with a plan or with a refusal."""
    check(run_limited(program_with_pages, "show", f"{name}.md"), 0, 2)
    check(run_limited(program_with_pages, "--dry-run", "--no-input", f"{name}.md"), 0, 2)
    check(run_limited(program_with_pages, "trust", "--yes", f"{name}.md"), 0, 2)


@pytest.mark.parametrize("name", CONTENTS)
def test_a_hostile_page_is_linted(program_with_pages: Program, name: str) -> None:
    """Every rule ends, and reports a page that it cannot read."""
    check(run_limited(program_with_pages, "lint", "--no-cache", "--select", "ALL", f"{name}.md"), 0, 1, 2)


@pytest.mark.parametrize("name", COMPUTED)
def test_what_a_page_computes_is_bounded(program_with_pages: Program, name: str) -> None:
    """A run ends where a value cannot be had in time: refused, failed or waiting."""
    done = run_limited(program_with_pages, "--yes", "--trust", "--no-input", f"{name}.md")
    check(done, 0, 1, 2, 3)
    assert len(done.output) < 100_000


ODD = (
    "fifo",
    "folder",
    "loop",
    "nowhere",
    "device",
    "pipe",
    "sparse",
    "line",
    "socket",
    "zero",
    "tty",
    "random",
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, dict[str, str]]:
    """The program in a folder with files that are no pages."""
    program = prepare_program(tmp_path_factory.mktemp("odd"))
    return program, make_odd_files(program.work)


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_page_is_refused(odd: tuple[Program, dict[str, str]], name: str) -> None:
    """Devices, pipes, sockets, loops and files of a gigabyte are named, and nothing waits for them."""
    program, paths = odd
    commands = [["show"], ["--dry-run", "--no-input"], ["trust"], ["--yes", "--trust"]]
    for command in commands if name == "folder" else [*commands, ["due"], ["lint"]]:
        done = run_limited(program, *command, paths[name])
        check(done, 2)
        assert "cannot read" in done.output, done.output


def test_a_folder_with_odd_files_is_linted(odd: tuple[Program, dict[str, str]]) -> None:
    """Links to devices and huge files are reported, and the other pages are checked."""
    program, _ = odd
    (program.work / "good.md").write_text("# A\n\n```bash\ntrue\n")
    done = run_limited(program, "lint", "--no-cache", ".")
    check(done, 2)
    assert "good.md:3" in done.output
    assert "larger than 10 megabytes" in done.output


def test_a_page_from_a_process_substitution_runs(program: Program, tmp_path: Path) -> None:
    """`<(command)` of a shell is an open pipe, and is read to its end."""
    page = tmp_path / "page.md"
    page.write_text("# P\n\n## Steps\n\n```bash\necho from-a-pipe\n```\n")
    line = " ".join([*COMMAND, f"<(cat {page})", "--yes", "--trust", "--no-input"])
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=program.work,
        env=program.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "from-a-pipe" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("/dev/zero", "a device, not a file"),
        ("pipe.fifo", "a named pipe, not a file"),
        (".", "is a directory"),
        ("large.sparse", "larger than 1 megabyte"),
        ("loop.link", "symbolic link"),
    ],
)
def test_a_source_that_is_no_small_file_is_refused(program: Program, source: str, why: str) -> None:
    """The message names the source and the reason, before anything runs."""
    make_neighbours(program.work)
    settings = f"---\nrunbook:\n  inputs:\n    x: {{source: 'file:{source}'}}\n---\n\n"
    program.write("page.md", settings + "# P\n\n## Steps\n\n```bash\necho ran <x>\n```\n")
    done = run_limited(program, "page.md", "--yes", "--trust")
    check(done, 2)
    assert f"`file:{source}`: cannot read the file: " in done.stderr
    assert why in done.stderr.lower()
    assert "ran" not in done.stdout
