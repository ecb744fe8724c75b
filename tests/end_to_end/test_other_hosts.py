"""Pages that go to another host with ssh, to root with sudo, and come back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from runbook_exec.engine.events import Output, RunEnded, StatementFinished, StatementStarted
from tests.support.far_host import PASSWORD, FarHosts, open_hosts
from tests.support.inner_loop import VARIATIONS, open_host, run_once
from tests.support.paths import DATA
from tests.support.program import COMMAND, Program, write_program
from tests.support.screen import INTERRUPT, open_screen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its hosts need the namespaces of Linux")

ARGUMENTS = ("page.md", "--no-config")
UNATTENDED = (*ARGUMENTS, "--yes", "--no-input")
SHELLS = ("bash", "zsh", "fish", "sh")


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for hosts, which none of the program's files is in."""
    return tmp_path_factory.mktemp("hosts") / "far"


@pytest.fixture
def hosts(folder: Path) -> Iterator[FarHosts]:
    """A host `web1`, with bash."""
    with open_hosts(folder, "web1") as opened:
        yield opened


def page(*steps: str, shell: str = "bash") -> str:
    """Return a page with a step for each block."""
    blocks = (f"### {n}. Step\n\n```{shell}\n{code}\n```\n" for n, code in enumerate(steps, 1))
    return "# P\n\n## Steps\n\n" + "\n".join(blocks)


def run_page(program: Program, hosts: FarHosts, text: str) -> int:
    """Run a page unattended."""
    return program.run_page(text, *UNATTENDED[1:], env=hosts.environment).status


@pytest.mark.parametrize("outer", SHELLS)
@pytest.mark.parametrize("inner", SHELLS)
def test_every_effect_is_on_the_right_host(program: Program, folder: Path, outer: str, inner: str) -> None:
    """The block ends inside without `exit`; the next step runs here again."""
    far = "ssh web1\nhostname >~/one.txt\ncd /tmp\nhostname >two.txt\npwd >>two.txt"
    with open_hosts(folder, "web1", login=f"/bin/{inner}") as hosts:
        text = page(far, "hostname >here.txt\npwd >>here.txt", shell=outer)
        done = program.run_page(text, *UNATTENDED[1:], env=hosts.environment)
        assert done.status == 0, done.output
        assert (hosts["web1"].home / "one.txt").read_text() == "web1\n"
        assert (hosts["web1"].tmp / "two.txt").read_text() == "web1\n/tmp\n"
        assert [path.name for path in program.work.glob("*.txt")] == ["here.txt"]
        here = (program.work / "here.txt").read_text().split("\n")
        assert here[0] != "web1"
        assert here[1] == str(program.work)
        assert not hosts["web1"].find_connections()


def test_the_journal_says_where_each_statement_ran(program: Program, hosts: FarHosts) -> None:
    """Each inner statement has its own status, line and place; the journal shows how the shell was left."""
    assert run_page(program, hosts, page("ssh web1\ncd /tmp\nfalse || pwd", "pwd")) == 0
    events = program.read_events()
    started = [
        (event.line, event.text, event.inside) for event in events if isinstance(event, StatementStarted)
    ]
    assert started == [
        (8, "ssh web1", ""),
        (9, "cd /tmp", "on web1"),
        (10, "false || pwd", "on web1"),
        (8, "exit", "on web1"),
        (16, "pwd", ""),
    ]
    ended = [(event.inside, event.cwd) for event in events if isinstance(event, StatementFinished)]
    assert ended[1] == ("on web1", "/tmp")
    assert ended[0] == ended[4] == ("", str(program.work))


def test_a_failure_inside_stops_at_its_line(program: Program, hosts: FarHosts) -> None:
    """Nothing after it runs, neither there nor here."""
    text = page("ssh web1\ntouch ~/before\nfalse\ntouch ~/after", "touch here")
    done = program.run_page(text, *UNATTENDED[1:], env=hosts.environment)
    assert done.status == 1
    assert "page.md:10" in done.output
    assert (hosts["web1"].home / "before").exists()
    assert not (hosts["web1"].home / "after").exists()
    assert not (program.work / "here").exists()
    assert not hosts["web1"].find_connections()


def test_without_the_host_nothing_runs_here(program: Program, hosts: FarHosts) -> None:
    """The failure of `ssh` is that of its line."""
    text = page("ssh nowhere.invalid\ntouch here", "touch here")
    done = program.run_page(text, *UNATTENDED[1:], env=hosts.environment)
    assert done.status == 1
    assert "page.md:8" in done.output
    assert not (program.work / "here").exists()


def test_a_lost_connection_is_a_doubt_at_its_line(program: Program, hosts: FarHosts) -> None:
    """The run ends there; resumed, it asks about the statement, and about going in again."""
    cut = "touch ~/begun && kill -9 $PPID"
    text = page(f"ssh web1\ncd /tmp\n{cut}\npwd >~/after", "touch here")
    done = program.run_page(text, *UNATTENDED[1:], env=hosts.environment)
    assert done.status == 1
    assert "page.md:10" in done.output
    assert "the shell in which this ran has ended" in done.output
    (doubtful,) = [e for e in program.read_events() if isinstance(e, StatementFinished) and e.doubt]
    assert (doubtful.line, doubtful.inside) == (10, "on web1")
    assert not (hosts["web1"].home / "after").exists()
    assert not (program.work / "here").exists()

    waits = program.run("resume", "--yes", "--no-input", env=hosts.environment)
    assert waits.status == 3
    assert "may have happened" in waits.output
    waits = program.run("resume", "--yes", "--no-input", "--assume", "done", "1.3", env=hosts.environment)
    assert waits.status == 3
    assert "no such shell is open" in " ".join(waits.output.split())
    done = program.run("resume", "--yes", "--no-input", "--assume", "again", "1.1", env=hosts.environment)
    assert done.status == 0, done.output
    assert (hosts["web1"].home / "after").read_text() == "/tmp\n"
    assert (program.work / "here").exists()


def test_sudo_inside_asks_the_operator(program: Program, hosts: FarHosts) -> None:
    """The password goes to sudo alone: it is in no file; after `exit` the user is the one of before."""
    text = page("ssh web1\nsudo -i\nid -un >/tmp/root.txt\nexit\nid -un >/tmp/user.txt", "id -un >here.txt")
    program.write("page.md", text)
    with open_screen(
        [*COMMAND, *ARGUMENTS, "--yes"], program.work, program.environment(hosts.environment), 100, 40
    ) as shown:
        shown.wait("password for deploy")
        shown.type(f"{PASSWORD}\r")
        assert shown.wait_status() == 0, shown.text()
        assert PASSWORD not in shown.raw.decode("utf-8", "replace")
    assert (hosts["web1"].tmp / "root.txt").read_text() == "root\n"
    assert (hosts["web1"].tmp / "user.txt").read_text() == "deploy\n"
    assert (program.work / "here.txt").exists()
    assert PASSWORD.encode() not in program.read_all_files()
    inside = [event.inside for event in program.read_events() if isinstance(event, StatementStarted)]
    assert inside == ["", "on web1", "as root on web1", "as root on web1", "on web1", "on web1", ""]


@pytest.mark.parametrize("variation", [name for name in VARIATIONS if name not in ("plain-bash", "cut")])
def test_each_variation_of_the_shape_is_right(variation: str) -> None:
    """All effects of one run are in their places; `tests.support.inner_loop` makes a hundred such runs."""
    shell, run = VARIATIONS[variation]
    with ExitStack() as stack:
        assert run_once(run, open_host(stack, shell)) == ""


def test_sudo_asks_for_the_password_of_the_published_page(program: Program, hosts: FarHosts) -> None:
    """It asks in the terminal; its shell is root's, and the last line runs as before."""
    environment = write_program(program, "sudo", '#!/bin/sh\nexec ssh -t web1 sudo "$@"\n')
    environment["PATH"] = f"{program.folder}/bin:{hosts.environment['PATH']}"
    program.write(
        "page.md", (DATA / "cases/inner/inner-sudo.md").read_text().replace("id -u", "hostname; id -u")
    )
    with open_screen(
        [*COMMAND, *ARGUMENTS, "--yes"], program.work, program.environment(environment), 100, 40
    ) as shown:
        shown.wait("password for deploy")
        shown.type(f"{PASSWORD}\r")
        assert shown.wait_status() == 0, shown.text()
    printed = [event.text.strip() for event in program.read_events() if isinstance(event, Output)]
    assert [text for text in printed if text in ("0", "web1")] == ["web1", "0", "0"]
    assert PASSWORD.encode() not in program.read_all_files()


def test_a_failing_line_of_the_published_page_stops_it(program: Program, hosts: FarHosts) -> None:
    """The folder is not there: nothing after it runs, neither on the host nor here."""
    program.write("page.md", (DATA / "cases/inner/inner-ssh.md").read_text())
    done = program.run(*UNATTENDED, env=hosts.environment)
    assert done.status == 1
    assert "page.md:9" in done.output
    assert not (program.work / "deploys.log").exists()


def test_the_operators_shell_prompt_is_inside_after_a_failure(program: Program, hosts: FarHosts) -> None:
    """`!` opens the prompt of the shell on the host, and the connection outlives failures and ^C."""
    program.write("page.md", page("ssh web1\nfalse\nsh -c 'echo ready; exec sleep 60'\ntouch ~/end"))
    with open_screen(
        [*COMMAND, *ARGUMENTS, "--yes"], program.work, program.environment(hosts.environment), 100, 40
    ) as shown:
        shown.wait("exited 1", "! shell")
        shown.type("!")
        shown.wait("This is the shell on web1", "bash>")
        shown.type("hostname >~/typed.txt\r")
        shown.wait_until(lambda text: text.count("bash>") == 2, "the prompt again")
        shown.type("exit\r")
        shown.wait_until(lambda text: text.endswith("›"), "the question again")
        shown.type("s")
        shown.wait("ready\n")
        shown.type(INTERRUPT)
        shown.wait("interrupted", "! shell")
        shown.type("s")
        assert shown.wait_status() in (0, 1), shown.text()
    assert (hosts["web1"].home / "typed.txt").read_text() == "web1\n"
    assert (hosts["web1"].home / "end").exists()


def test_a_prompt_that_prints_marks_ends_nothing(program: Program, hosts: FarHosts) -> None:
    """The login shell shows marks as terminals know them, and as ours look like."""
    prompt = "PS1='\\[\\e]133;D;0\\a\\e]8133;E;0123456789abcdef;0;0;/\\a\\]$ '\n"
    prompt += "PROMPT_COMMAND='printf \"\\033]8133;E;x;0\\007\"'\n"
    (hosts["web1"].home / ".bash_profile").write_text(
        f"{prompt}PROMPT_COMMAND='printf \"\\033]8133;E;x;0\\007\"'\n"
    )
    text = page("ssh web1\necho one; sh -c 'exit 0'\nbash -c 'exit 5'", "touch here")
    done = program.run_page(text, *UNATTENDED[1:], env=hosts.environment)
    assert done.status == 1
    assert "exited 5" in done.output
    assert not (program.work / "here").exists()


def test_values_reach_the_host_whole(program: Program, hosts: FarHosts) -> None:
    """A secret is masked in the output from there, and stays out of the history and of arguments there."""
    text = page('ssh web1\nprintf "%s\\n" <api-token> >~/value.txt\ncat ~/value.txt')
    value = 's3cr3t-it\'s a \\ "quoted" $HOME `id` value'
    program.write("page.md", text)
    done = program.run(*UNATTENDED, "--set", f"api-token={value}", env=hosts.environment)
    assert done.status == 0, done.output
    assert (hosts["web1"].home / "value.txt").read_text() == value + "\n"
    assert "s3cr3t" not in done.output
    assert b"s3cr3t" not in program.read_all_files()
    kept = [path for path in hosts["web1"].home.iterdir() if path.name != "value.txt" and path.is_file()]
    assert not [path for path in kept if b"s3cr3t" in path.read_bytes()]


def test_an_order_to_end_ends_the_run_and_the_connection(program: Program, hosts: FarHosts) -> None:
    """SIGTERM interrupts the statement on the host, and nothing follows."""
    program.write("page.md", page("ssh web1\ntouch ~/begun && sleep 60\ntouch ~/after", "touch here"))
    running = program.start(*UNATTENDED, env=hosts.environment)
    begun = hosts["web1"].home / "begun"
    while not begun.exists():
        assert running.poll() is None
    running.terminate()
    assert running.wait(30) in (1, 130)
    assert not (hosts["web1"].home / "after").exists()
    assert not (program.work / "here").exists()
    (ended,) = [event for event in program.read_events() if isinstance(event, RunEnded)]
    assert ended.outcome in ("stopped", "failed")
