"""Completions in the real shells, and what the program answers them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from runbook_exec.cli.commands import COMMANDS
from runbook_exec.cli.completion.man_page import format_man_page
from runbook_exec.cli.completion.parsers import find_parser
from tests.support.paths import REPOSITORY
from tests.support.program import Program
from tests.support.screen import CLEAR, open_screen

FILES = REPOSITORY / "runbook_exec" / "cli" / "completion" / "files"
PAGE = """\
---
runbook:
  shell: sh
  inputs:
    colour:
      choices: [blue, green]
      help: The colour that is not live.
    new-token:
      source: cmd:touch ran
---
# Deploy

## Procedure

### 1. Build the release

```sh
false <colour>
```

### 2. Ship it

<!-- runbook: confirm -->
```sh
echo <new-token>
```

### 3. Tell the team

Write to them.

## Rollback

### 1. Undo

```sh
true
```
"""
# what is typed, and the whole line after the tab key
LINES = {
    "runbook-exec sho": "runbook-exec show ",
    "runbook-exec runs repo": "runbook-exec runs report ",
    "runbook-exec dep": "runbook-exec deploy.md ",
    "runbook-exec show note": "runbook-exec show notes/",
    "runbook-exec deploy.md#ro": "runbook-exec deploy.md#rollback ",
    "runbook-exec deploy.md --conf": "runbook-exec deploy.md --confirmed ",
    "runbook-exec deploy.md --confirmed ": "runbook-exec deploy.md --confirmed 2 ",
    "runbook-exec deploy.md --done ": "runbook-exec deploy.md --done 3 ",
    "runbook-exec deploy.md --set c": "runbook-exec deploy.md --set colour=",
    "runbook-exec deploy.md --set colour=b": "runbook-exec deploy.md --set colour=blue ",
    "runbook-exec deploy.md --from=3": "runbook-exec deploy.md --from=3 ",
    "runbook-exec two": r"runbook-exec two\ words.md ",
    "runbook-exec resume only": "runbook-exec resume only-run ",
}


@pytest.fixture
def world(program: Program) -> Program:
    """The program on PATH, some pages, and a run that has failed."""
    program.write("deploy.md", PAGE)
    program.write("two words.md", "# Two\n\n```sh\ntrue\n```\n")
    program.write("notes.txt", "no page")
    (program.work / "notes").mkdir()
    # the run ends at its first statement, before the source of the second value is asked
    done = program.run(
        "deploy.md", "--id", "only-run", "--yes", "--set", "colour=blue", "--set", "new-token=x"
    )
    assert done.status == 1, done.output
    path = program.folder / "bin" / "runbook-exec"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-P", "-m", "runbook_exec"])} "$@"\n')
    path.chmod(0o755)
    return program


def variables(world: Program, more: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Return an environment with the program on PATH."""
    environment = world.environment(more)
    return environment | {"PATH": f"{world.folder / 'bin'}:{environment['PATH']}"}


def complete(world: Program, *words: str) -> dict[str, str]:
    """Return what the program answers: the candidates and their descriptions."""
    done = world.run("__complete", "--", *words)
    assert (done.status, done.stderr) == (0, "")
    return {value: text for value, _, text in (line.partition("\t") for line in done.stdout.splitlines())}


def test_fish_offers_what_the_program_answers(world: Program) -> None:
    """`complete -C` of fish has the candidates and their descriptions."""
    (world.folder / "home" / "config" / "fish" / "completions").mkdir(parents=True)
    script = (
        f"source {FILES / 'runbook-exec.fish'}\nfor line in $argv; complete -C $line | string join ' | '; end"
    )
    done = subprocess.run(
        ["fish", "-c", script, *LINES, "runbook-exec deploy.md --from "],
        cwd=world.work,
        env=variables(world),
        capture_output=True,
        text=True,
        timeout=120,
    )
    offered = done.stdout.splitlines()
    assert len(offered) == len(LINES) + 1, done.stderr
    for line, whole in zip(offered, LINES.values(), strict=False):
        (last,) = shlex.split(whole)[-1:]
        assert line.partition("\t")[0] == last
    assert offered[-1].split(" | ") == ["1\tBuild the release", "2\tShip it", "3\tTell the team"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_tab_key_completes_a_line(world: Program, shell: str) -> None:
    """In a terminal, the tab key completes each line, with quotes where they are needed."""
    if shell == "bash":
        (world.folder / "home" / ".bashrc").write_text(f". {FILES / 'runbook-exec.bash'}\nPS1='$ '\n")
        command = ["bash", "--rcfile", str(world.folder / "home" / ".bashrc"), "-i"]
    else:
        (world.folder / "home" / ".zshrc").write_text(
            f"fpath=({FILES} $fpath)\nautoload -Uz compinit && compinit -u -D\nPS1='$ '\nunsetopt prompt_sp\n"
        )
        command = ["zsh", "-i"]
    environment = variables(world, {"ZDOTDIR": str(world.folder / "home")})
    with open_screen(command, world.work, environment) as screen:
        screen.wait_last("$")
        for typed, line in LINES.items():
            # with the option extendedglob, a bare # would be a pattern of zsh
            whole = line.replace("#", r"\#") if shell == "zsh" else line
            screen.type(CLEAR)
            screen.wait_last("$")
            screen.type(typed)
            screen.wait_last(typed.rstrip())
            screen.type("\t")
            screen.wait_last(whole.rstrip())
            screen.type("end")  # a blank before it shows whether more can follow
            screen.wait_last(f"$ {whole}end")


def test_a_completion_runs_nothing_of_a_page(world: Program) -> None:
    """No source of a value is asked, and a page that cannot be read has no candidates."""
    assert list(complete(world, "deploy.md", "--set", "")) == ["colour=", "new-token="]
    assert not (world.work / "ran").exists()
    assert complete(world, "missing.md", "--from", "") == {}
    assert complete(world, "missing.md#x") == {}


def test_what_a_word_can_be(world: Program) -> None:
    """Commands, pages without transcripts, options that are not given yet, and values have descriptions."""
    world.write("deploy.rehearsal.md", "# Rehearsal\n")
    first = complete(world, "")
    assert first.keys() == {*COMMANDS, "deploy.md", "two words.md", "notes/"}
    assert first["lint"] == COMMANDS["lint"][1]
    options = complete(world, "deploy.md", "--yes", "--set", "colour=blue", "-")
    assert "--yes" not in options
    assert options["--set"].startswith("the value of <NAME>")
    assert complete(world, "deploy.md", "--set", "c") == {"colour=": "The colour that is not live."}
    assert complete(world, "deploy.md#rollback", "--only", "") == {"1": "Undo"}
    assert complete(world, "deploy.md#")["deploy.md#rollback"] == "Rollback"
    assert complete(world, "deploy.md", "--set-file", "new-token=no") == {
        "new-token=notes/": "",
        "new-token=notes.txt": "",
    }
    assert complete(world, "resume", "only-run", "--confirmed", "") == {"2": "Ship it"}
    assert complete(world, "runs", "show", "o")["only-run"].startswith("deploy.md, failed, ")
    assert complete(world, "runs", "--outcome", "f") == {"failed": ""}
    assert complete(world, "lint", "--explain", "P101") == {"P101": "syntax"}
    assert complete(world, "resume", "--assume", "d") == {"done": ""}
    assert complete(world, "deploy.md", "--", "--y") == {}


def test_a_hostile_page_puts_nothing_on_the_terminal(world: Program) -> None:
    """Escape sequences in titles are written out, and a file whose name has one is not offered."""
    world.write("bad\x1b[2J.md", "# Bad\n")
    world.write("bad.md", "# Bad\n\n## Procedure\n\n### 1. \x1b]0;title\x07 step\n\n```sh\ntrue\n```\n")
    done = world.run("__complete", "--", "bad.md", "--from", "")
    assert done.stdout.startswith("1\t")
    assert complete(world, "bad") == {"bad.md": ""}
    assert "\x1b" not in done.stdout + world.run("__complete", "--", "bad").stdout


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_command_has_a_parser_for_completions(name: str) -> None:
    """Each command gives its parser, and each of its options and arguments has a help text."""
    parser, _ = find_parser([name] if name else [])
    assert [each.dest for each in parser.list_actions() if not each.help] == []


def test_the_man_page_is_up_to_date() -> None:
    """The man page in the repository is the one that the parsers give."""
    command = "python -m runbook_exec.cli.completion.man_page"
    assert (FILES / "runbook-exec.1").read_text(encoding="utf-8") == format_man_page(), f"run {command}"


def test_the_man_page_can_be_read() -> None:
    """`man` prints every command and option of the man page without a warning."""
    done = subprocess.run(
        ["man", "--warnings", "-l", str(FILES / "runbook-exec.1")],
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for text in ("--set-file NAME=PATH", "RUNBOOK_EXEC_TRUSTED", "runs report", "exit status"):
        assert text in done.stdout


@pytest.mark.parametrize("kind", ["fish", "bash", "zsh", "man"])
def test_completions_can_be_printed_and_installed(program: Program, kind: str) -> None:
    """`completions KIND` prints the file, and with `--install` puts it below the user's data folder."""
    text = program.run("completions", kind).stdout
    assert text in {path.read_text(encoding="utf-8") for path in FILES.iterdir()}
    done = program.run("completions", kind, "--install")
    assert done.status == 0
    written = Path(done.stdout.removeprefix("wrote ").rstrip())
    assert written.is_relative_to(program.folder / "home" / "data")
    assert written.read_text(encoding="utf-8") == text


def test_completions_that_cannot_be_installed_are_an_error(program: Program) -> None:
    """A folder that cannot be written gives one line that names it, and exit status 2."""
    done = program.run("completions", "--install", env={"XDG_DATA_HOME": "/dev/null/x"})
    assert done.status == 2
    assert done.stderr.startswith("error: cannot write `fish/vendor_completions.d/runbook-exec.fish`")
    assert program.run("completions").stderr.startswith("error: missing the shell: fish, bash, zsh, man\n")
