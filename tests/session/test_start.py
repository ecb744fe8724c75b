"""A shell starts whatever its configuration does, or the run says within seconds what to do about it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from runbook_exec.errors import Refused
from runbook_exec.session.session import Session
from tests.support.live_session import open_session, run_statement
from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, open_screen

CASES = REPOSITORY / "tests" / "data" / "cases" / "startup"

FILES = {"bash": ".bashrc", "zsh": ".zshrc", "fish": "config/fish/config.fish"}


def write_configuration(home: Path, shell: str, text: str) -> None:
    """Write the configuration of a shell."""
    path = home / FILES[shell]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


READ_ONLY = {
    "bash PS1": ("bash", (CASES / "ps1.bashrc").read_text()),
    "bash TMOUT": ("bash", (CASES / "tmout.bashrc").read_text().replace("5", "1")),
    "bash both": ("bash", "declare -xr TMOUT=1 PS1='> '\nreadonly PROMPT_COMMAND='echo prompt'\n"),
    "zsh PS1": ("zsh", "readonly PS1='x '\n"),
    "zsh TMOUT": ("zsh", "readonly TMOUT=1\nexport TMOUT\n"),
}


@pytest.mark.parametrize("what", READ_ONLY)
def test_read_only_variables_do_no_harm(what: str, tmp_path: Path) -> None:
    """No prompt is printed, an idle shell stays, and all other definitions are there."""
    shell, text = READ_ONLY[what]
    more = (
        "f() { echo in f; }\nalias a='echo in a'\nv='1\n2'\nreadonly other=3\nset -o noclobber\nexport e=4\n"
    )
    write_configuration(tmp_path, shell, text + more)
    with open_session(shell, tmp_path, clean=False) as session:
        time.sleep(1.5)  # longer than the limit for an idle shell
        assert run_statement(session, "echo one").text == "one\n"
        assert run_statement(session, 'f; a; echo "$v" $other').text == "in f\nin a\n1\n2 3\n"
        assert run_statement(session, "sh -c 'echo $e'").text == "4\n"
        assert run_statement(session, "set -o | grep noclobber").text.split() == ["noclobber", "on"]


BROKEN = {
    "another shell": ("bash", (CASES / "exec-fish.bashrc").read_text(), "`~/.bashrc` starts `fish`"),
    "a terminal multiplexer": ("bash", "exec tmux -L test -f /dev/null\n", "`~/.bashrc` starts `tmux"),
    "a question": ("bash", "read -p 'Load keys? ' x\n", "`bash` waits for the keyboard: `Load keys?`"),
    "a question of zsh": ("zsh", "read 'x?Load keys? '\n", "`zsh` waits for the keyboard: `Load keys?`"),
    "another shell of zsh": ("zsh", "exec bash --norc\n", "`~/.zshrc` starts `bash` in its place"),
    "a question of fish": ("fish", "read -P 'Load keys? ' x\n", "`fish` waits for the keyboard"),
    "an exit": ("bash", "exit 3\n", "the shell ended with status 3 while starting"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_configuration_that_starts_no_shell_is_named(what: str, program: Program) -> None:
    """The run ends in seconds, names the file and the option, and with it the run succeeds."""
    shell, text, reason = BROKEN[what]
    home = program.folder / "home"
    write_configuration(home, shell, text)
    page = f"# T\n\n## Steps\n\n```{shell}\necho ran\n```\n"
    begun = time.monotonic()
    result = program.run_page(page, "--yes", env={"TERM": "xterm"})
    assert time.monotonic() - begun < 15
    assert result.status in (1, 3), result.output
    said = " ".join(result.output.split())
    assert reason in said
    assert "`--no-config`" in said
    assert program.run_page(page, "--yes", "--no-config").status == 0


def test_a_guided_run_names_the_configuration_that_replaced_its_shell(program: Program) -> None:
    """The operator does not end up in another shell."""
    write_configuration(program.folder / "home", "bash", (CASES / "exec-fish.bashrc").read_text())
    program.write("page.md", "# T\n\n## Steps\n\n```bash\necho ran\n```\n")
    with open_screen([*COMMAND, "page.md"], program.work, program.environment()) as shown:
        shown.wait("skip")
        shown.type(ENTER)
        shown.wait("`~/.bashrc` starts `fish` in its place")
        assert shown.wait_status() == 1


def note_return(cwd: Path, returned: Path) -> None:
    """Make a session in a folder; each process that comes back from that writes its id."""
    try:
        Session("sh", clean=True, cwd=str(cwd))
    finally:
        with returned.open("a") as file:
            file.write(f"{os.getpid()}\n")


@pytest.mark.parametrize("what", ["gone", "file"])
def test_a_folder_that_has_just_gone_starts_no_shell(what: str, tmp_path: Path) -> None:
    """The program reports it, and the process that was to be the shell does not run on in our code."""
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match=rf"^cannot start in `.*/{what}`: "):
        note_return(tmp_path / what, tmp_path / "returned")
    assert (tmp_path / "returned").read_text() == f"{os.getpid()}\n"
