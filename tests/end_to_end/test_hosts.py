"""Runs of pages whose steps run on other hosts."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runbook_exec.engine.events import Event, Output, StatementFinished, StatementStarted
from tests.support.far_host import PASSWORD, FarHosts, open_hosts
from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, open_screen

PAGE = """\
# Move

## Steps

### 1. Make

<!-- runbook: host=web1 capture=word -->
```bash
cd /tmp
x=5
hostname >> made
echo word-of-$(hostname)
```

### 2. Look

```bash
echo here <word>
```

### 3. Use

<!-- runbook: host=web1 -->
```bash
pwd; echo $x <word>
```

<!-- runbook: host=root@web2 -->
```bash
hostname >> /tmp/made; whoami; echo <word>
```
"""


@pytest.fixture(scope="module")
def hosts() -> Iterator[FarHosts]:
    """Two other machines."""
    folder = Path(tempfile.mkdtemp(prefix="far-", dir="/var/tmp"))
    with open_hosts(folder / "hosts", "web1", "web2") as opened:
        yield opened
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _empty_hosts(hosts: FarHosts) -> None:
    for host in hosts.hosts.values():
        for path in host.tmp.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def outputs(events: list[Event]) -> list[tuple[str | None, str]]:
    """Return what was printed, and where."""
    return [(event.host, event.text) for event in events if isinstance(event, Output)]


def test_each_statement_runs_on_its_host(program: Program, hosts: FarHosts) -> None:
    """Effects are where they belong, the shell of a host stays, and values pass between hosts."""
    ran = program.run_page(PAGE, "--yes", env=hosts.environment)
    assert ran.status == 0, ran.output
    assert (hosts["web1"].tmp / "made").read_text() == "web1\n"
    assert (hosts["web2"].tmp / "made").read_text() == "web2\n"
    assert outputs(program.read_events()) == [
        ("web1", "word-of-web1\n"),
        (None, "here word-of-web1\n"),
        ("web1", "/tmp\n"),
        ("web1", "5 word-of-web1\n"),
        ("root@web2", "root\n"),
        ("root@web2", "word-of-web1\n"),
    ]
    assert "web1 $ cd /tmp" in ran.stdout
    for host in hosts.hosts.values():
        assert [path.name for path in host.tmp.iterdir()] == ["made"]


def test_a_page_or_an_option_names_the_host(program: Program, hosts: FarHosts) -> None:
    """The front matter's host is that of every block without another, and `--on` that of a page without."""
    page = "---\nrunbook: {host: web1}\n---\n# Page\n\n## Steps\n\n```bash\nhostname\n```\n"
    page += "\n<!-- runbook: host=local -->\n```bash\necho $HOME\n```\n"
    home = program.environment()["HOME"]
    assert program.run_page(page, "--yes", env=hosts.environment).status == 0
    assert outputs(program.read_events()) == [("web1", "web1\n"), (None, f"{home}\n")]
    program.journal_path().unlink()
    plain = "# Page\n\n## Steps\n\n```bash\nhostname\n```\n"
    assert program.run_page(plain, "--yes", "--on", "web2", env=hosts.environment).status == 0
    assert outputs(program.read_events()) == [("web2", "web2\n")]


def test_an_option_does_not_move_a_page_that_names_its_hosts(program: Program) -> None:
    """`--on` is refused for it, but `--on local` runs all of it here."""
    refused = program.run_page(PAGE, "--yes", "--on", "web3")
    assert refused.status == 2
    assert "this page names its hosts itself: `web1`, `root@web2`" in refused.stderr
    ran = program.run_page(PAGE.replace("/tmp", str(program.work)), "--yes", "--on", "local")
    assert ran.status == 0, ran.output
    assert {host for host, _ in outputs(program.read_events())} == {None}


def test_a_page_says_where_it_runs_before_it_runs(program: Program) -> None:
    """The outline, the plan, and what is trusted name the hosts."""
    program.write("page.md", PAGE)
    assert "hostname >> made  (on web1)" in program.run("show", "page.md").stdout
    plan = program.run("page.md", "--dry-run").stdout
    assert "     on: web1\n" in plan
    assert "     on: root@web2\n" in plan
    shown = program.run("trust", "page.md", env={"RUNBOOK_EXEC_TRUSTED": None}).output
    assert "on web1" in shown


def test_another_host_needs_trust_again(program: Program, hosts: FarHosts) -> None:
    """The digest of the commands has the host of each."""
    unseen = {**hosts.environment, "RUNBOOK_EXEC_TRUSTED": None}
    program.write("page.md", PAGE)
    assert program.run("trust", "page.md", "--yes", env=unseen).status == 0
    assert program.run("page.md", "--yes", "--no-input", env=unseen).status == 0
    program.write("page.md", PAGE.replace("host=root@web2", "host=web2"))
    changed = program.run("page.md", "--yes", "--no-input", env=unseen)
    assert changed.status == 3, changed.output


def test_a_shell_inside_a_shell_of_a_host_is_refused(program: Program) -> None:
    """Nothing runs on a page whose block goes on inside `sudo -i` on a host: it would run as another user."""
    page = "# Page\n\n## Steps\n\n<!-- runbook: host=web1 -->\n```bash\nsudo -i\nid -u >made\nexit\n```\n"
    ran = program.run_page(page, "--yes")
    assert ran.status == 2
    assert "page.md:7" in ran.stderr
    assert "`sudo -i` opens another shell on `web1`" in ran.stderr
    assert "such as `sudo sh -c 'COMMANDS'`" in ran.stderr


@pytest.mark.parametrize("name", ["-oProxyCommand=id", "web1 web2", "'web1;id'", "web1,web2", "a b"])
def test_a_host_is_a_name(program: Program, name: str) -> None:
    """Nothing else than a destination of ssh is taken for one."""
    page = f'# Page\n\n## Steps\n\n<!-- runbook: host="{name}" -->\n```bash\nhostname\n```\n'
    ran = program.run_page(page, "--yes")
    assert ran.status == 2
    assert "expected the name of a host as `ssh` takes it" in ran.stderr


@contextmanager
def open_bare_host(*programs: str) -> Iterator[FarHosts]:
    """Start a host that has these programs only."""
    folder = Path(tempfile.mkdtemp(prefix="far-", dir="/var/tmp"))
    try:
        (folder / "bin").mkdir()
        for name in programs:
            (folder / "bin" / name).symlink_to(shutil.which(name, path="/usr/bin:/bin") or "")
        folder.chmod(0o755)
        with open_hosts(folder / "hosts", "bare", settings=f"SetEnv PATH={folder}/bin") as bare:
            yield bare
    finally:
        shutil.rmtree(folder)


BARE_PAGE = """\
# Page

## Steps

<!-- runbook: host=bare -->
```bash
cd /tmp
x=5; y() { echo in y; }
hostname >made
sh -c 'exit 3' || echo $x <word>
test -e go-on
y; pwd
```

```bash
hostname
```
"""


def test_a_host_without_python_is_typed_to(program: Program) -> None:
    """Each statement has its place, value and status; the run says what is missing, and asks about it."""
    with open_bare_host("sh", "bash", "hostname") as bare:
        program.write("page.md", BARE_PAGE)
        options = ("--yes", "--no-input")
        ran = program.run("page.md", *options, "--set", "word=s3cr3t it's", env=bare.environment)
        assert ran.status == 1, ran.output
        assert "`bare` has no Python 3.9 or newer, so statements are typed" in " ".join(ran.output.split())
        assert "page.md:11" in ran.output
        assert (bare["bare"].tmp / "made").read_text() == "bare\n"
        assert outputs(program.read_events()) == [("bare", "5 s3cr3t it's\n")]
        (bare["bare"].tmp / "go-on").touch()
        waits = program.run("resume", *options, env=bare.environment)
        assert waits.status == 3, waits.output
        assert "the function `y`, used by 1.7" in " ".join(waits.output.split())
        done = program.run("resume", *options, "--accept-lost", env=bare.environment)
        assert done.status == 1, "the function is lost"
        assert not bare["bare"].find_connections()


def test_a_lost_connection_to_a_bare_host_is_a_doubt(program: Program) -> None:
    """Nothing after the statement runs, neither there nor here."""
    page = "# Page\n\n## Steps\n\n```bash\n"
    page += "echo begun >/tmp/begun && kill -9 $PPID\necho after >/tmp/after\n```\n"
    with open_bare_host("sh", "bash") as bare:
        ran = program.run_page(page, "--yes", "--no-input", "--on", "bare", env=bare.environment)
        assert ran.status == 1, ran.output
        (doubtful,) = [e for e in program.read_events() if isinstance(e, StatementFinished) and e.doubt]
        assert (doubtful.line, doubtful.host) == (6, "bare")
        assert "the shell on `bare` was lost" in " ".join(ran.output.split())
        assert [path.name for path in bare["bare"].tmp.iterdir()] == ["begun"]
        assert not Path("/tmp/after").exists()


def test_a_missing_shell_names_the_host(program: Program, hosts: FarHosts) -> None:
    """A host that does not have the page's shell is named."""
    page = "# Page\n\n## Steps\n\n<!-- runbook: host=bare -->\n```fish\nhostname\n```\n"
    for programs in (("sh", "python3"), ("sh",)):
        with open_bare_host(*programs) as bare:
            ran = program.run_page(page, "--yes", env=bare.environment)
        assert ran.status == 1
        assert "cannot run a shell on `bare`: `fish` is not installed there" in " ".join(ran.output.split())


SLOW = """\
# Slow

## Steps

<!-- runbook: host=web1 -->
```bash
x=5; cd /tmp
f() { echo in f; }
echo begun >> effects && sleep 3 && echo ended >> effects
echo $x; f; pwd
```
"""


def test_a_cut_during_a_run_leaves_no_trace(program: Program, hosts: FarHosts) -> None:
    """The connection is restored, and the run succeeds without a doubt."""

    def cut() -> None:
        until = time.monotonic() + 30
        while not (hosts["web1"].tmp / "effects").exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        hosts["web1"].cut_connections()

    cutting = threading.Thread(target=cut)
    cutting.start()
    ran = program.run_page(SLOW, "--yes", env=hosts.environment)
    cutting.join()
    assert ran.status == 0, ran.output
    assert "the connection to `web1` was lost; trying to connect again" in ran.stdout
    assert (hosts["web1"].tmp / "effects").read_text() == "begun\nended\n"
    assert not [e for e in program.read_events() if isinstance(e, StatementFinished) and e.doubt]


def start_and_kill(program: Program, hosts: FarHosts, text: str, *options: str) -> None:
    """Run a page on a host until it has begun its effects, and kill the program."""
    program.write("page.md", text)
    process = program.start("page.md", "--yes", *options, env=hosts.environment)
    until = time.monotonic() + 30
    while not (hosts["web1"].tmp / "effects").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_run_learns_how_its_statement_ended(program: Program, hosts: FarHosts) -> None:
    """The statement has gone on: resumed, the run waits for its end, and nobody is asked about it."""
    start_and_kill(program, hosts, SLOW)
    done = program.run("resume", "--yes", "--no-input", env=hosts.environment)
    assert done.status == 0, done.output
    assert "asking `web1` whether the statement that was running there has ended" in " ".join(
        done.output.split()
    )
    assert (hosts["web1"].tmp / "effects").read_text() == "begun\nended\n"
    printed = [text for host, text in outputs(program.read_events()) if host == "web1"]
    assert printed[-3:] == ["5\n", "in f\n", "/tmp\n"]
    assert not [e for e in program.read_events() if isinstance(e, StatementFinished) and e.doubt]


@pytest.mark.parametrize(("last", "status"), [("true", 0), ("false", 1)])
def test_a_session_leaves_the_end_of_its_statement(
    program: Program, hosts: FarHosts, last: str, status: int
) -> None:
    """Nobody has come back in time: the session is gone, and its report is there, without any output."""
    start_and_kill(program, hosts, SLOW.replace("sleep 3", f"sleep 3 && {last}"), "--reconnect", "1s")
    reports = hosts["web1"].tmp.glob(".runbook-exec-*/*.report")
    until = time.monotonic() + 30
    while not (found := list(reports)):
        assert time.monotonic() < until
        time.sleep(0.1)
        reports = hosts["web1"].tmp.glob(".runbook-exec-*/*.report")
    assert "pwd" not in found[0].read_text()
    done = program.run("resume", "--yes", "--no-input", env=hosts.environment)
    effects = (hosts["web1"].tmp / "effects").read_text()
    if status:
        assert effects == "begun\nbegun\n", "it has failed, and a failed statement is run again"
        assert done.status == 1
    else:
        assert effects == "begun\nended\n"
        assert done.status == 0, done.output
    assert not list(hosts["web1"].tmp.glob(".runbook-exec-*"))


def test_a_killed_run_is_resumed_on_its_hosts(program: Program, hosts: FarHosts) -> None:
    """If the session is gone too, a person is asked, and the shell there gets its earlier state back."""
    start_and_kill(program, hosts, SLOW)
    hosts["web1"].kill_processes()
    waits = program.run("resume", "--yes", "--no-input", env=hosts.environment)
    assert waits.status == 3, waits.output
    assert (hosts["web1"].tmp / "effects").read_text() == "begun\n"
    done = program.run("resume", "--yes", "--no-input", "--assume", "again", "1.4", env=hosts.environment)
    assert done.status == 0, done.output
    printed = [text for host, text in outputs(program.read_events()) if host == "web1"]
    assert printed[-3:] == ["5\n", "in f\n", "/tmp\n"]


def test_a_secret_is_nowhere_on_a_host(program: Program, hosts: FarHosts) -> None:
    """No file, argument or environment of a process there has it, and no journal here."""
    secret = "Zebra-Copper-4711-Lantern"
    page = "# Page\n\n## Steps\n\n<!-- runbook: host=root@web1 -->\n```bash\n"
    page += "printf '%s' <api-token> | wc -c\nsleep 2\n```\n"
    program.write("page.md", page)
    program.write("secret", secret)
    process = program.start(
        "page.md", "--yes", "--set-file", f"api-token={program.work}/secret", env=hosts.environment
    )
    seen = b""
    while process.poll() is None:
        for entry in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    seen += (entry / name).read_bytes()
                except OSError:
                    continue
        seen = seen[-1_000_000:] if secret.encode() not in seen else seen
        for path in hosts["web1"].tmp.rglob("*"):
            if path.is_file():
                seen += path.read_bytes()
        time.sleep(0.1)
    assert process.returncode == 0
    assert secret.encode() not in seen
    (program.work / "secret").unlink()
    assert secret.encode() not in program.read_all_files()
    for folder in (hosts["web1"].tmp, hosts["web1"].home, hosts["web1"].root_home):
        for path in folder.rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes()
    assert outputs(program.read_events()) == [("root@web1", f"{len(secret)}\n")]


def test_an_operator_types_a_password_on_a_host(program: Program, hosts: FarHosts) -> None:
    """sudo asks at the operator's terminal; the password is in no file."""
    page = "# Page\n\n## Steps\n\n<!-- runbook: host=web1 -->\n```bash\nsudo whoami\nhostname\n```\n"
    program.write("page.md", page)
    environment = program.environment(hosts.environment)
    with open_screen([*COMMAND, "page.md"], program.work, environment) as screen:
        screen.wait("on web1", "sudo whoami", "1 of 1 ›")
        screen.type(ENTER)
        screen.wait("password for deploy")
        screen.type(PASSWORD, ENTER)
        screen.wait("▌  hostname", "1 of 1 ›")
        screen.type(ENTER)
        assert screen.wait_status() == 0
    printed = "".join(text for _, text in outputs(program.read_events()))
    assert "root" in printed
    assert PASSWORD.encode() not in program.read_all_files()


def test_an_interrupt_ends_the_statement_on_a_host(program: Program, hosts: FarHosts) -> None:
    """A signal to the run reaches the statement, which ends before the run does."""
    page = "# Page\n\n## Steps\n\n<!-- runbook: host=web1 -->\n```bash\n"
    page += "echo begun > /tmp/begun && sleep 1000\nhostname\n```\n"
    program.write("page.md", page)
    process = program.start("page.md", "--yes", env=hosts.environment)
    until = time.monotonic() + 30
    while not (hosts["web1"].tmp / "begun").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 130
    assert not [each for each in hosts["web1"].list_processes() if "sleep 1000" in each]
    assert len([e for e in program.read_events() if isinstance(e, StatementStarted)]) == 1
