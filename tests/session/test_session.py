"""A session is one live shell: each statement sees the effects of those before it."""

from __future__ import annotations

import gc
import os
import shlex
import stat
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_exec.session.noise import NoiseFilter
from runbook_exec.session.pty_modes import ShellMissing
from runbook_exec.session.session import Session
from tests.support.live_session import (
    home_environment,
    open_session,
    run_statement,
    run_statements,
)
from tests.support.shells import POSIX, SHELLS

# an effect of a statement, and the next statement, which shows it
LEFT = {
    "folder": ("cd /", "pwd", "/\n"),
    "variable": ("v=1", "echo $v", "1\n"),
    "exported": ("export V=2", "sh -c 'echo $V'", "2\n"),
    "function": ("f() { echo in f $1; }", "f x", "in f x\n"),
    "alias": ("alias hello='echo hi'", "hello", "hi\n"),
    "umask": ("umask 027", "umask", "027\n"),
    "status": ("(exit 7)", "echo $?", "7\n"),
    "status of a function": ("f() { return 6; }; f", "echo $?", "6\n"),
}
LEFT_IN_FISH = {
    "folder": ("cd /", "pwd", "/\n"),
    "variable": ("set v 1", "echo $v", "1\n"),
    "local variable": ("set -l v 1", "set -q v; and echo $v", "1\n"),
    "exported": ("set -gx V 2", "sh -c 'echo $V'", "2\n"),
    "function": ("function f; echo in f $argv; end", "f x", "in f x\n"),
    "alias": ("alias hello 'echo hi'", "hello", "hi\n"),
    "umask": ("umask 027", "umask", "0027\n"),
    "status": ("sh -c 'exit 7'", "echo $status", "7\n"),
    "pipe statuses": ("true | false | sh -c 'exit 4'", "echo $pipestatus $status", "0 1 4 4\n"),
    "negated status": ("not true | false", "echo $status $pipestatus", "0 0 1\n"),
    "status of exit": ("exit 5", "echo $status", "5\n"),
    "block": ("begin; set -g v 3; end", "echo $v", "3\n"),
}


@pytest.mark.parametrize("shell", POSIX)
@pytest.mark.parametrize("what", LEFT)
def test_effects_of_a_statement_are_visible_to_the_next(shell: str, what: str, tmp_path: Path) -> None:
    """Folder, variables, functions, aliases and the status carry over."""
    first, then, expected = LEFT[what]
    with open_session(shell, tmp_path) as session:
        run_statement(session, first)
        assert run_statement(session, then).text.lstrip("0") == expected.lstrip("0")


@pytest.mark.parametrize("what", LEFT_IN_FISH)
def test_effects_of_a_statement_are_visible_to_the_next_in_fish(what: str, tmp_path: Path) -> None:
    """Even a local variable still exists, as on the next line of a prompt."""
    first, then, expected = LEFT_IN_FISH[what]
    with open_session("fish", tmp_path) as session:
        run_statement(session, first)
        assert run_statement(session, then).text == expected


@pytest.mark.parametrize(("shell", "name"), [("bash", "PIPESTATUS"), ("zsh", "pipestatus")])
def test_pipe_statuses_carry_over(shell: str, name: str, tmp_path: Path) -> None:
    """Each stage's status is reported, and the next statement sees it, even if it is negated."""
    with open_session(shell, tmp_path) as session:
        ran = run_statement(session, "true | (exit 3) | false")
        assert (ran.status, ran.done.pipestatus) == (1, (0, 3, 1))
        assert run_statement(session, f"echo $? ${{{name}[*]}}").text == "1 0 3 1\n"
        ran = run_statement(session, "! true | false")
        assert (ran.status, ran.done.pipestatus) == (0, (0, 1))
        assert run_statement(session, f"echo $? ${{{name}[*]}}").text == "0 0 1\n"


# pipelines, and the status and the statuses that they have
PIPELINES = {
    "true | false": "1 0 1",
    "! false | true": "1 1 0",
    "! (exit 4) | true": "1 4 0",
    "! true | true": "1 0 0",
    "! true | (exit 4)": "0 0 4",
    "set -o pipefail; (exit 4) | true": "4 4 0",
    "set -o pipefail; (exit 4) | (exit 1) | true": "1 4 1 0",
    "set -o pipefail; (exit 1) | (exit 4) | true": "4 1 4 0",
    "set -o pipefail; ! (exit 1) | true": "0 1 0",
    "set -o pipefail; ! true | true": "1 0 0",
    "IFS=; (exit 4) | true": "0 4 0",
}


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize(("shell", "name"), [("bash", "PIPESTATUS"), ("zsh", "pipestatus")])
def test_every_kind_of_pipeline_leaves_its_statuses(
    shell: str, name: str, pipeline: str, tmp_path: Path
) -> None:
    """The next statement sees what it would see at the prompt."""
    with open_session(shell, tmp_path) as session:
        ran = run_statement(session, pipeline)
        assert [ran.status, *ran.done.pipestatus] == [int(each) for each in PIPELINES[pipeline].split()]
        assert run_statement(session, f'echo $? "${{{name}[@]}}"').text == f"{PIPELINES[pipeline]}\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_report_has_the_status_and_the_folder(shell: str, tmp_path: Path) -> None:
    """Done has the status and the working directory, with any characters."""
    odd = tmp_path / "a b\n'\"$x é"
    odd.mkdir()
    with open_session(shell, tmp_path) as session:
        done = run_statement(session, "sh -c 'exit 9'").done
        assert (done.status, done.pipestatus, done.cwd) == (9, (9,), str(tmp_path))
        run_statement(session, "cd a*")
        assert session.cwd == str(odd)


@pytest.mark.parametrize("shell", POSIX)
def test_a_trace_shows_only_the_documents_commands(shell: str, tmp_path: Path) -> None:
    """`set -x` traces commands of the document and none of the driver, and keeps `$?`."""
    with open_session(shell, tmp_path) as session:
        printed = run_statements(session, ["set -x", "echo a\n(exit 3)", "echo $?", "set +x", "echo b"])
        mark = "+(eval):2>" if shell == "zsh" else "++" if shell == "bash" else "+"
        assert printed[0] == ""
        assert printed[1].replace("(eval):3>", "(eval):2>") == f"{mark} echo a\na\n{mark} exit 3\n"
        assert printed[2:] == [f"{mark} echo 3\n3\n", f"{mark} set +x\n", "b\n"]


@pytest.mark.parametrize("shell", POSIX)
def test_errexit_does_not_end_the_shell_at_a_failing_command(shell: str, tmp_path: Path) -> None:
    """Under `set -e` it is reported, and the session survives, so it can be tried again."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "set -e")
        done = run_statement(session, "false").done
        assert (done.status, done.pipestatus, done.ended) == (1, (1,), "")
        assert run_statement(session, "[ -f /nosuch ] && echo there").status == 1
        assert run_statement(session, "! true").status == 1
        assert run_statement(session, "if false; then echo no; fi; echo yes").text == "yes\n"


@pytest.mark.parametrize("shell", POSIX)
def test_errexit_stops_a_compound_statement_at_its_failure(shell: str, tmp_path: Path) -> None:
    """Under `set -e` the command that fails ends the shell, which is reported."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "set -e")
        ran = run_statement(session, "echo before; false; echo after")
        assert (ran.text, ran.status) == ("before\n", 1)
        assert ran.done.ended == "the shell ended with status 1"
        assert run_statement(session, "echo x").done.ended == "the shell ended with status 1"


@pytest.mark.parametrize("shell", POSIX)
def test_errexit_can_be_switched_off(shell: str, tmp_path: Path) -> None:
    """`set +e` switches it off again, for compound statements too."""
    with open_session(shell, tmp_path) as session:
        run_statements(session, ["set -e", "true", "set +e"])
        assert run_statement(session, "false; echo after").text == "after\n"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_an_unset_variable_under_nounset_ends_only_the_statement(shell: str, tmp_path: Path) -> None:
    """`set -u` stops the statement that uses an unset variable; the shell survives."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "set -u")
        ran = run_statement(session, "echo $nope; echo after")
        assert ran.status == 1
        assert "nope" in ran.text
        assert "after" not in ran.text
        assert run_statement(session, "echo alive $?").text == "alive 1\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_prompt_that_a_statement_sets_is_never_printed(shell: str, tmp_path: Path) -> None:
    """An activated environment that changes the prompt leaves no trace in the output."""
    setting = "PS1='(venv) ' PS2='(more) ' PROMPT_COMMAND='echo prompting' PS0=starting"
    with open_session(shell, tmp_path) as session:
        run_statement(session, "function fish_prompt; echo '(venv) '; end" if shell == "fish" else setting)
        assert run_statements(session, ["echo a", "echo b\necho c"]) == ["a\n", "b\nc\n"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_program_has_a_terminal_and_only_its_own_descriptors(shell: str, tmp_path: Path) -> None:
    """Input, output and errors are one terminal of a usual size; no other descriptor leaks in."""
    with open_session(shell, tmp_path) as session:
        assert run_statement(session, "tty").text.startswith("/dev/")
        assert run_statement(session, "stty size").text == "24 80\n"
        # the fourth is the folder that `ls` reads
        assert run_statement(session, "command ls /proc/self/fd").text.split() == ["0", "1", "2", "3"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_raw_terminal_is_reset_for_the_next_statement(shell: str, tmp_path: Path) -> None:
    """After any modes that a program leaves, each statement starts with the session's own."""
    with open_session(shell, tmp_path) as session:
        before = run_statement(session, "stty -a").text
        run_statement(session, "stty raw echo opost -onlcr min 0 time 5")
        assert run_statement(session, "stty -a").text.split("min = ")[1][7:] == before.split("min = ")[1][7:]


# the user's configuration ----------------------------------------------------------------------------------

CONFIGURED = {
    "fish": ("config/fish/config.fish", "set -g mine yes\necho welcome\n"),
    "bash": (".bashrc", "mine=yes\necho welcome\nPS1='me> ' PROMPT_COMMAND='echo prompting' TMOUT=1\n"),
    "zsh": (".zshrc", "mine=yes\necho welcome\nPS1='me> ' TMOUT=1\n"),
}


@pytest.mark.parametrize("shell", CONFIGURED)
@pytest.mark.parametrize("clean", [False, True])
def test_the_users_configuration_is_loaded_unless_switched_off(
    shell: str, clean: bool, tmp_path: Path
) -> None:
    """Its output comes before the first statement; its prompt is never printed."""
    name, text = CONFIGURED[shell]
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    with Session(shell, clean=clean, environ=home_environment(tmp_path), cwd=str(tmp_path)) as session:
        said = b"".join(getattr(item, "data", b"") for item in session.start())
        assert said.replace(b"\r", b"") == (b"" if clean else b"welcome\n")
        look = 'echo "$mine."' if shell == "fish" else "echo $mine."
        assert run_statement(session, look).text == (".\n" if clean else "yes.\n")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_waits_for_an_operator_who_takes_time(shell: str, tmp_path: Path) -> None:
    """A configuration that logs idle shells out does not end the session between two statements."""
    (tmp_path / CONFIGURED[shell][0]).write_text("TMOUT=1\n")
    with open_session(shell, tmp_path, clean=False) as session:
        time.sleep(1.3)
        assert run_statement(session, "echo here").text == "here\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_is_written_to_a_shells_history(shell: str, tmp_path: Path) -> None:
    """Statements may have secrets; no history file of the user contains them afterwards."""
    (tmp_path / ".zshrc").write_text(
        "HISTFILE=~/.zsh_history SAVEHIST=100 HISTSIZE=100\nsetopt sharehistory\n"
    )
    for last in ("exit 3", "true"):
        with open_session(shell, tmp_path, clean=False) as session:
            run_statements(session, ["echo open-sesame", last])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if b"open-sesame" in path.read_bytes()]


# the end of a session --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_other_users_cannot_reach_the_session(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder is 0700 and all files in it are 0600, with any umask."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    umask = os.umask(0)
    try:
        with open_session(shell, tmp_path) as session:
            run_statement(session, "true")
            (folder,) = tmp_path.glob("runbook-*")
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    finally:
        os.umask(umask)


def gone(pid: int) -> bool:
    """Return whether a process has ended, or ends soon."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True  # dead, but its new parent has not collected it yet
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("shell", SHELLS)
def test_a_closed_session_leaves_nothing_behind(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shell has ended, its background jobs got SIGHUP, and the folder is removed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with open_session(shell, tmp_path) as session:
        pid = int(run_statement(session, "echo $fish_pid" if shell == "fish" else "echo $$").text)
        run_statement(session, "sleep 1000 &")
        job = int(run_statement(session, "echo $last_pid" if shell == "fish" else "echo $!").text)
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
    assert len(list(Path("/proc/self/fd").iterdir())) < descriptors
    assert not Path(f"/proc/{pid}").exists()
    assert gone(job)
    assert not list(tmp_path.glob("runbook-*"))


def test_a_closed_session_does_no_harm_to_the_next(tmp_path: Path) -> None:
    """Garbage collection of a closed session never closes a descriptor of another."""
    for _ in range(3):
        with open_session("sh", tmp_path) as session:
            gc.collect()
            assert run_statement(session, "echo ok").text == "ok\n"


def test_a_missing_shell_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the program on PATH nothing is started."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ShellMissing, match="fish"):
        Session("fish")


# the driver in a shell's messages --------------------------------------------------------------------------

FOLDER = "/tmp/runbook-abc_1234"
PIECES = st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b"from sourcing file ",
        b"\tcalled on line 3 of file ",
        b"/tmp/runbook-",
        b"/tmp",
        b"/",
        b"+",
    ]
)
CUTS = st.lists(st.integers(0, 400), max_size=12)


def tidied(text: bytes, cuts: list[int]) -> bytes:
    """Return the rest of a text that comes in pieces, after it was tidied."""
    tidy = NoiseFilter(FOLDER)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    return b"".join(tidy.feed(text[a:b]) for a, b in pairwise(edges)) + tidy.flush()


@settings(max_examples=300)
@given(st.lists(PIECES | st.binary(max_size=20)).map(b"".join), CUTS)
def test_output_that_says_nothing_of_the_driver_passes_unchanged(text: bytes, cuts: list[int]) -> None:
    """However it is cut, byte for byte."""
    assert tidied(text, cuts) == text


@pytest.mark.parametrize("shell", SHELLS)
def test_an_unread_pipe_ends_its_writer_as_at_a_prompt(shell: str, tmp_path: Path) -> None:
    """The writer ends by SIGPIPE, without an error message of its own."""
    with open_session(shell, tmp_path) as session:
        ran = run_statement(session, "yes | head -n 1")
        assert (ran.text, ran.status) == ("y\n", 0)


def test_a_run_in_the_background_can_interrupt_its_statements(tmp_path: Path) -> None:
    """Shells make their background jobs ignore signals; the run undoes that."""
    (tmp_path / "page.md").write_text("```bash\nsleep 30\n```\n")
    command = (
        f"trap '' INT QUIT; exec {shlex.quote(sys.executable)} -m runbook_exec page.md --yes --timeout 0.3s"
    )
    environ = home_environment(tmp_path) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    assert b"ran longer than its 0.3 s and was ended" in ran.stdout
    assert b"SIGTERM" not in ran.stdout
    assert ran.returncode == 1


MESSAGES = {
    "unknown command": "nosuch",
    "after output without a newline": "printf abc; nosuch",
    "command substitution": "echo (nosuch)",
    "function": "function f; nosuch; end; f",
    "loop": "for x in 1 2; nosuch $x; end",
    "eval": "eval 'nosuch'",
    "syntax error at run time": "eval 'echo ('",
    "no match": "echo *nosuch*",
    "builtin": "read -Z",
    "folder": "cd /nosuch",
    "sourced": "source (echo nosuch | psub)",
    "trace": "status stack-trace",
}


@pytest.mark.parametrize("what", MESSAGES)
def test_messages_of_fish_never_show_the_driver(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real messages, cut at every place and byte by byte, never show the session's folder."""
    raw: list[bytes] = []
    feed = NoiseFilter.feed

    def listening(tidy: NoiseFilter, data: bytes) -> bytes:
        raw.append(data)
        return feed(tidy, data)

    monkeypatch.setattr(NoiseFilter, "feed", listening)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    with open_session("fish", tmp_path / "home") as session:
        folder = str(next((tmp_path / "tmp").glob("runbook-*")))
        shown = run_statement(session, MESSAGES[what]).raw
    monkeypatch.undo()
    message = b"".join(raw).replace(folder.encode(), FOLDER.encode())
    assert FOLDER.encode() in message
    whole = shown.replace(folder.encode(), FOLDER.encode())
    assert b"runbook-" not in whole
    assert all(tidied(message, [cut]) == whole for cut in range(len(message)))
    assert tidied(message, list(range(len(message)))) == whole


@pytest.mark.parametrize("what", MESSAGES)
def test_messages_of_fish_never_show_the_driver_below_the_home(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """fish writes such a folder with `~`."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with open_session("fish", tmp_path) as session:
        assert b"runbook-" not in run_statement(session, MESSAGES[what]).raw


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("start", ["", "printf abc; "])
def test_an_unknown_command_is_reported_as_at_a_prompt(shell: str, start: str, tmp_path: Path) -> None:
    """The message names the command and nothing of the driver."""
    with open_session(shell, tmp_path) as session:
        ran = run_statement(session, f"{start}nosuchcommand")
        assert ran.status == 127
        assert "nosuchcommand" in ran.text
        assert "runbook" not in ran.text
