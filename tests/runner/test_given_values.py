"""Values from the command line, files and the standard input, with the whole program."""

from __future__ import annotations

import pytest

from tests.support.program import COMMAND, Program
from tests.support.screen import open_screen

PAGE = "# Page\n\n```sh\nprintf '%s|' <x-token> <name> | wc -c\n```\n"
SECRET = "kestrel-7f3a-pine"
WARNING = "warning: every user of this machine can see the value of `--set x-token=…`"


def test_a_secret_on_the_command_line_is_warned_of(program: Program) -> None:
    """The warning names the value, tells two other ways, and shows no secret."""
    program.write("page.md", PAGE)
    for more in ((), ("--dry-run",)):
        ran = program.run("page.md", "--yes", "--set", f"x-token={SECRET}", "--set", "name=b", *more)
        assert ran.status == 0, ran.output
        assert ran.stderr.count(WARNING) == 1
        assert "`--set x-token=-` (standard input) or `--set-file x-token=PATH`" in ran.stderr
        assert SECRET not in ran.output


@pytest.mark.parametrize("given", [f"{SECRET}\n", f"{SECRET}\r\n", SECRET, f"{SECRET} \n\n"])
def test_a_value_comes_from_standard_input_or_a_file(given: str, program: Program) -> None:
    """Only the last line end is no part of the value; nothing is warned of."""
    program.write("page.md", PAGE)
    program.write("secret", given)
    length = len(given.removesuffix("\n").removesuffix("\r")) + 3
    for option in (("--set", "x-token=-"), ("--set-file", "x-token=secret")):
        ran = program.run("page.md", "--yes", *option, "--set", "name=b", given=given)
        assert (ran.status, f"\n{length}" in ran.stdout) == (0, True), ran.output
        assert "warning" not in ran.stderr
        assert SECRET.encode() not in b"".join(path.read_bytes() for path in program.runs.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--set", "x-token=-", "--set", "name=-"), "only one value can be read from the standard input"),
        (("--set-file", "x-token=none"), "`--set-file x-token=none`: cannot read the file: no such file"),
        (("--set-file", "x-token=."), "`--set-file x-token=.`: cannot read the file: is a directory"),
        (("--set-file", "x-token=empty"), "`--set-file x-token=empty`: there is no value"),
        (("--set-file", "x-token=large"), "`--set-file x-token=large`: expected at most 1048576 bytes"),
        (("--set", "x-token=-"), "`--set x-token=-`: there is no value"),
        (("--set-file", "x-token"), "`--set-file`: expected NAME=VALUE"),
        (("--set", "x-token=a", "--set-file", "x-token=page.md"), "`x-token` has a value already"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused(
    options: tuple[str, ...], message: str, program: Program
) -> None:
    """The message names the option, and nothing runs."""
    program.write("page.md", PAGE)
    program.write("empty", "\n")
    program.write("large", "x" * 1_100_000)
    ran = program.run("page.md", "--yes", *options)
    assert (ran.status, ran.stdout) == (2, "")
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_resumed_run_reads_values_the_same_way(program: Program) -> None:
    """`resume` warns of a secret on the command line, and reads one from standard input."""
    program.write("page.md", PAGE.replace("printf", "test -e go && printf"))
    ran = program.run(
        "page.md", "--yes", "--no-keep-secrets", "--set", "x-token=-", "--set", "name=b", given="a"
    )
    assert ran.status == 1, ran.output
    ran = program.run("resume", "--yes", "--set", f"x-token={SECRET}")
    assert ran.stderr.count(WARNING) == 1, ran.output
    program.write("go", "")
    ran = program.run("resume", "--yes", "--set", "x-token=-", given=f"{SECRET}\n")
    assert (ran.status, f"\n{len(SECRET) + 3}" in ran.stdout) == (0, True), ran.output


def test_a_value_is_typed_unseen_at_a_terminal(program: Program) -> None:
    """`--set NAME=-` at a terminal asks for the value and does not show it."""
    program.write("page.md", PAGE)
    command = (*COMMAND, "page.md", "--yes", "--no-input", "--set", "x-token=-", "--set", "name=b")
    with open_screen(command, program.work, program.environment()) as screen:
        screen.wait("x-token:")
        screen.type(SECRET, "\r")
        shown = screen.wait(str(len(SECRET) + 3))
        assert SECRET not in shown
        assert screen.wait_status() == 0
