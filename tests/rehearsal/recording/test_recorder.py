"""`--record` writes a transcript of a run, disturbs no program, and leaks no secret."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.forgejo import serving
from practice.run import RUNBOOK, answers, outcomes
from practice.world import create
from runbook_exec.engine.events import Event, Output, RunStarted, StatementFinished
from runbook_exec.journal.event_lines import to_line
from runbook_exec.journal.journal import read_journal
from runbook_exec.rehearsal.call_server import CallServer
from runbook_exec.rehearsal.recording.session import RecordingSession
from runbook_exec.rehearsal.recording.terminal_trace import TerminalMarkFilter
from runbook_exec.rehearsal.recording.unnamed_secrets import invent_value
from runbook_exec.rehearsal.rehearse import rehearse
from runbook_exec.rehearsal.relay import format_mark
from tests.support.live_session import GENEROUS, TerminalOperator, home_environment
from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, open_screen
from tests.support.shells import ASH


def comparable(events: Iterable[Event]) -> Iterator[str]:
    """Return the events without times, ids, folders and commits, and with joined output."""
    joined: list[Event] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, Output) and isinstance(last, Output):
            joined[-1] = last._replace(text=last.text + event.text)
        else:
            joined.append(event)
    for event in joined:
        event = event._replace(run="", seq=0, time="")
        if isinstance(event, StatementFinished):
            event = event._replace(duration=0.0, cwd="")
        if isinstance(event, RunStarted):
            event = event._replace(
                pid=0, folder="", path="", place="", commit="", dirty=False, options=(), items=()
            )
        yield to_line(event)


def test_a_rehearsal_of_a_recording_is_the_same_run(tmp_path: Path) -> None:
    """The flagship is recorded in a practice world; its rehearsal yields the same events."""
    world = create(tmp_path / "world", browser=True)
    page = shutil.copy(RUNBOOK, world.work)
    with serving(str(world.folder)):
        done = subprocess.run(
            [*COMMAND, page, *answers(world), "--record", "--trust"],
            cwd=world.work,
            env=world.environment(os.environ) | {"PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(so for _, so in outcomes(world))
    transcript = world.work / "rotate-fly-token.rehearsal.md"
    token = next(
        field["value"]
        for vault in world.state()["vaults"]
        for item in vault["items"]
        for field in item["fields"]
        if field["label"] == "deploy-token"
    )
    text = transcript.read_text(encoding="utf-8")
    secret = token.removeprefix("FlyV1 ").removeprefix("fm2_")
    assert [secret[at : at + 8] for at in range(len(secret) - 7) if secret[at : at + 8] in text] == []
    result = rehearse(transcript)
    assert (result.outcome, result.findings) == ("passed", ()), text
    (journal,) = (world.folder / "runs" / "runbook-exec" / "runs").glob("*.jsonl")
    assert list(comparable(result.events)) == list(comparable(read_journal(journal)))


PROBE = """\
#!/bin/sh
for argument in "$@"; do printf '<%s>' "$argument"; done
for descriptor in 0 1 2; do [ -t $descriptor ] && printf ' %s' $descriptor; done
printf ' %s ' "$(stty size <&0 2>/dev/null)"
pwd
env | grep -v '^_=' | sort
"""


def run_probe(program: Program, *options: str) -> str:
    """Return a program's report about its environment: at a terminal, a pipe, and half of each."""
    tool = program.folder / "tools" / "probe"
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(PROBE)
    tool.chmod(0o755)
    first = "probe 'a  b' '' \"it's\" 'new\nline'"
    script = f"{first}\nset x (probe one)\nstring join \\n $x\nprobe two | cat\nprobe 2>/dev/null"
    path = f"{tool.parent}:{os.environ['PATH']}"
    program.write("probe.md", f"# Page\n\n## Steps\n\n```fish\n{script}\n```\n")
    ran = program.run(
        "probe.md", "--yes", "--no-config", "--no-keep-secrets", "--trust", *options, env={"PATH": path}
    )
    assert ran.status == 0, ran.output
    told = ran.stdout.partition("  Done.")[0]
    return "\n".join(line for line in told.splitlines() if "✓" not in line)


def test_a_program_does_not_notice_that_it_is_recorded(program: Program) -> None:
    """Arguments, terminals, sizes, folder, environment and PATH are the same as without."""
    assert run_probe(program, "--record") == run_probe(program)
    text = (program.work / "probe.rehearsal.md").read_text()
    assert "$ probe 'a  b' '' \"it's\" 'new\n> line'\n<a  b><><it's><new\nline> 0 1 2 24 80 " in text


def test_a_run_without_calls_is_recorded(program: Program) -> None:
    """Harmless programs need no stand-in; the transcript is complete without calls."""
    program.write("page.md", "# Page\n\n## Steps\n\n```bash\nls / | wc -l\n```\n")
    ran = program.run("page.md", "--yes", "--record", "--trust", "--no-config")
    assert (ran.status, "recorded in page.rehearsal.md" in ran.stdout) == (0, True), ran.output
    ran = program.run("rehearse", "page.md")
    assert (ran.status, ran.stdout[:35]) == (0, "page.rehearsal.md: passed, 0 calls "), ran.output


def test_a_word_that_is_not_utf_8_becomes_a_gap(program: Program) -> None:
    """Bytes that are not UTF-8 match anything in the transcript."""
    tool = program.folder / "tools" / "fly"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho done\n")
    tool.chmod(0o755)
    program.write("page.md", "# Page\n\n## Steps\n\n```bash\nfly \"$(printf 'a\\377b')\"\n```\n")
    path = f"{tool.parent}:{os.environ['PATH']}"
    ran = program.run("page.md", "--yes", "--record", "--trust", "--no-config", env={"PATH": path})
    assert ran.status == 0, ran.output
    assert "$ fly a[..]b\ndone\n" in (program.work / "page.rehearsal.md").read_text(encoding="utf-8")
    assert program.run("rehearse", "page.md").status == 0


def test_signals_are_for_the_thread_that_runs_statements(tmp_path: Path) -> None:
    """Signals cannot interrupt critical sections of the thread that serves stand-ins."""
    with CallServer(tmp_path, lambda told: "") as listening:
        task = Path(f"/proc/self/task/{listening._thread.native_id}/status").read_text()
    found = re.search(r"^SigBlk:\s*(\w+)$", task, re.MULTILINE)
    assert found
    blocked = {number for number in range(1, 65) if int(found[1], 16) >> (number - 1) & 1}
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGHUP} <= blocked


def test_the_end_of_a_program_is_passed_on(program: Program) -> None:
    """The exit status or signal is the program's; the transcript has the shell's status for it."""
    killed = "python3 -c 'import os; os.kill(os.getpid(), 15)'"
    script = f"begin; python3 -c 'import sys; sys.exit(7)'; echo got $status; end\n{killed}"
    program.write("page.md", f"# Page\n\n## Steps\n\n```fish\n{script}\n```\n")
    ran = program.run("page.md", "--yes", "--record", "--trust", "--no-config")
    assert "got 7\n" in ran.stdout
    assert "exited 143" in ran.stdout
    text = (program.work / "page.rehearsal.md").read_text()
    assert "$ python3 -c 'import sys; sys.exit(7)'\n? 7\n" in text
    assert "$ python3 -c 'import os; os.kill(os.getpid(), 15)'\n? 143\n" in text


def test_typed_answers_are_recorded_and_hidden_ones_are_not(program: Program) -> None:
    """The transcript has the question, the answer, and a name for a hidden word; it passes."""
    tool = program.folder / "tools" / "ask"
    tool.parent.mkdir()
    tool.write_text(
        "#!/bin/sh\nprintf 'name? '; read -r name; stty -echo; printf 'word? '; read -r word; stty echo\n"
        'echo; echo "hello $name, ${#word}"\n'
    )
    tool.chmod(0o755)
    program.write("page.md", "# Page\n\n## Steps\n\n```bash\nask\n```\n")
    child = pexpect.spawn(
        COMMAND[0],
        [*COMMAND[1:], "page.md", "--yes", "--record", "--trust", "--no-config"],
        cwd=str(program.work),
        env=program.environment({"PATH": f"{tool.parent}:{os.environ['PATH']}"}),
        timeout=60,
    )
    child.expect_exact("name? ")
    child.send("ada\r")
    child.expect_exact("word? ")
    child.send("hunter2-hunter2\r")
    child.expect_exact("hello ada, 15")
    child.expect_exact("to be reviewed")
    child.expect(pexpect.EOF)
    text = (program.work / "page.rehearsal.md").read_text()
    assert "hunter2" not in text
    asked = "# asks: name? \n# typed: ada\n# asks: word? \n# typed hidden: <typed-secret-1>\n"
    assert f"$ ask\n{asked}\nhello ada, 15\n" in text
    assert "operator: true" in text
    result = rehearse(program.work / "page.rehearsal.md")
    assert (result.outcome, result.findings) == ("passed", ())
    told = "".join(event.text for event in result.events if isinstance(event, Output))
    assert told == "name? ada\r\nword? \r\nhello ada, 15\r\n"


def wait_until(so: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    until = time.monotonic() + GENEROUS
    while not so():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_a_hidden_word_is_hidden_even_if_its_program_is_quick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The echo of the terminal counts at the time of typing, not at the time of reading."""
    begin, end = (format_mark("abc", kind, "1").decode() for kind in ("begin", "end"))
    code = f"printf '{begin}'; stty -echo; printf 'word? '; read -r word; stty echo; printf '\n{end}'"
    with TerminalOperator() as operator:
        session = RecordingSession(
            "bash",
            clean=True,
            cwd=str(tmp_path),
            environ=home_environment(tmp_path),
            keyboard=operator.keyboard,
        )
        session.marks, session.bin, session.prepare = TerminalMarkFilter("abc"), "/nowhere", lambda path: None
        write = session._link.typed.write_pending

        def write_and_wait() -> bool:
            left = write()
            wait_until(session._is_echoing)
            return left

        monkeypatch.setattr(session._link.typed, "write_pending", write_and_wait)
        with session:
            all(session.start())
            operator.converse(session, code, (b"word? ", b"hunter2\r"))
    assert session.marks.traces["1"][0].pieces == [
        ("shown", b"word? "),
        ("hidden", b"hunter2\r"),
        ("shown", b"\r\n"),
    ]


def test_a_secret_without_a_name_is_not_recorded(program: Program) -> None:
    """The output of a secret manager and a known token get names in the transcript."""
    tools = program.folder / "tools"
    tools.mkdir()
    (tools / "op").write_text("#!/bin/sh\necho correct-horse\n")
    (tools / "curl").write_text("#!/bin/sh\necho ghp_abcdefghij1234567890ABCDEFGHIJ123456\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    script = 'x=$(op read "op://vault/item/word"); curl -u "me:$x" https://example.com'
    program.write("page.md", f"# Page\n\n## Steps\n\n```bash\n{script}\n```\n")
    path = f"{tools}:{os.environ['PATH']}"
    program.run("page.md", "--yes", "--record", "--trust", "--no-config", env={"PATH": path})
    text = (program.work / "page.rehearsal.md").read_text()
    assert "horse" not in text
    assert "abcdefghij" not in text
    assert "$ curl -u me:<secret-1> https://example.com\n<token-1>\n" in text
    assert program.run("rehearse", "page.md").status == 0
    assert program.run("lint", "page.rehearsal.md").status == 0


def with_tools(program: Program, **tools: str) -> dict[str, str | None]:
    """An environment with these shell scripts first on its PATH."""
    folder = program.folder / "tools"
    folder.mkdir()
    for name, text in tools.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


MINT = 'n=$(cat count 2>/dev/null); echo x$n >count; echo minted-value-$n; [ -n "$n" ]'


def test_a_secret_of_a_failed_attempt_is_not_recorded(program: Program) -> None:
    """The secret was not captured, but may be valid; the rehearsal repeats the run."""
    env = with_tools(program, mint=f"echo 'please wait' >&2; {MINT}", use="echo used")
    page = (
        "<!-- runbook: capture=new-token retry=1 -->\n```bash\nmint\n```\n\n```bash\nuse <new-token>\n```\n"
    )
    program.write("page.md", f"# Page\n\n## Steps\n\n{page}")
    ran = program.run("page.md", "--yes", "--record", "--trust", "--no-config", env=env)
    assert ran.status == 0, ran.output
    text = (program.work / "page.rehearsal.md").read_text()
    assert "minted-value" not in text
    assert "$ mint\n? 1\nxxxxxx xxxx\n<secret-1>\n$ mint\nplease wait\n<new-token>\n" in text
    assert program.run("rehearse", "page.md").status == 0


@pytest.mark.parametrize(
    ("shell", "ask"),
    [
        ("bash", "read -rsp 'word? ' answer"),
        ("zsh", "read -rs 'answer?word? '"),
        pytest.param("ash", "read -rsp 'word? ' answer", marks=ASH.marks),
        ("bash", "{ stty -echo; printf 'word? '; read -r answer; stty echo; }"),
    ],
)
def test_a_word_typed_without_echo_is_not_recorded(shell: str, ask: str, program: Program) -> None:
    """A shell builtin reads the word with corrections; a variable and a call then contain it."""
    env = with_tools(program, use='echo "used $1"')
    program.write("page.md", f'# Page\n\n## Steps\n\n```{shell}\n{ask}\nuse "$answer"\n```\n')
    command = [*COMMAND, "page.md", "--yes", "--record", "--trust", "--no-config"]
    with open_screen(command, program.work, program.environment(env)) as seen:
        seen.wait_until(lambda shown: "\nword?" in shown, "the question")
        seen.type("wrong\x15lost\x17plain-lookinX\x7fg-word\r")
        seen.wait("to be reviewed")
        assert seen.wait_status() == 0
        assert b"plain-look" not in seen.raw
    text = (program.work / "page.rehearsal.md").read_text()
    assert "$ use <earlier-secret-1>\nused <earlier-secret-1>\n" in text
    assert "word? " in program.journal_path().read_text()
    assert b"plain-look" not in program.read_all_files()


def test_the_output_of_a_secret_statement_is_not_recorded(program: Program) -> None:
    """With `secret` and no capture, the whole output is a secret."""
    env = with_tools(program, show="echo plain-looking", several="echo user ada; echo correct-horse", use=":")
    script = '```bash\nshow\nseveral\n```\n\n```bash\nuse "$(show)" correct-horse\n```\n'
    program.write("page.md", f"# Page\n\n## Steps\n\n<!-- runbook: secret -->\n{script}")
    ran = program.run("page.md", "--yes", "--record", "--trust", "--no-config", env=env)
    assert ran.status == 0, ran.output
    text = (program.work / "page.rehearsal.md").read_text()
    assert "$ show\n<secret-1>\n$ several\nxxxx xxx\n<secret-2>\n" in text
    assert "$ use <secret-1> <secret-2>\n" in text


def test_a_replaced_secret_is_not_recorded(program: Program) -> None:
    """A first value was wrong, and another one was typed in its place."""
    env = with_tools(program, use="[ $1 = the-right-secret ]")
    page = "---\nrunbook: {inputs: {api-token: {source: 'env:UNSET'}}}\n---\n# Page\n\n## Steps\n\n"
    program.write("page.md", f"{page}```bash\nuse <api-token>\n```\n")
    command = [*COMMAND, "page.md", "--record", "--trust", "--no-config"]
    with open_screen(command, program.work, program.environment(env)) as seen:
        seen.wait("type or paste a value")
        seen.type("an-old-secret", ENTER)
        seen.wait("1 of 1 ›")
        seen.type(ENTER)
        seen.wait("exited 1", "v value")
        seen.type("v")
        seen.wait("type or paste a value")
        seen.type("the-right-secret", ENTER)
        seen.wait_last("1 of 1 ›")
        seen.type(ENTER)
        seen.wait("to be reviewed")
        assert seen.wait_status() == 0
    text = (program.work / "page.rehearsal.md").read_text()
    assert "old-secret" not in text
    assert "$ use <earlier-secret-1>\n? 1\n$ use <api-token>\n" in text


def test_an_existing_transcript_is_kept(program: Program) -> None:
    """The recording gets another name."""
    program.write("page.md", "# Page\n\n## Steps\n\n```bash\ndate +%Y\n```\n")
    kept = program.write("page.rehearsal.md", "mine")
    for name in ("page.recorded.rehearsal.md", "page.recorded-2.rehearsal.md"):
        ran = program.run("page.md", "--yes", "--record", "--trust")
        assert f"recorded in {name}, to be reviewed" in ran.stdout
        assert "$ date +%Y\n" in (program.work / name).read_text()
    assert kept.read_text() == "mine"


@given(
    st.lists(st.sampled_from(["b1", "e1", "b2", "e2", "\x1b", "]7366;", "text\n", "\x07"]), max_size=12),
    st.data(),
)
def test_marks_are_found_in_a_stream_cut_anywhere(parts: list[str], data: st.DataObject) -> None:
    """The visible output is the whole stream without its marks."""
    kinds = {"b": "begin", "e": "end"}
    marks = {name: format_mark("abc", kinds[name[0]], name[1]) for name in ("b1", "e1", "b2", "e2")}
    stream = b"".join(marks.get(part, part.encode()) for part in parts)
    cut = data.draw(st.integers(0, len(stream)))
    reader = TerminalMarkFilter("abc")
    shown = reader.feed(stream[:cut]) + reader.feed(stream[cut:]) + reader.flush()
    assert shown == b"".join(part.encode() for part in parts if part not in marks)


@pytest.mark.parametrize(
    ("secret", "value"),
    [
        (f"FlyV1 fm2_lJPE+{'aB3/' * 6},fo1_{'abcd' * 4}", f"FlyV1 fm2_{'x' * 29},fo1_{'x' * 16}"),
        ("hunter2", "xxxxxxx"),
        ("correct horse battery", "xxxxxxx xxxxx xxxxxxx"),
        ("my long-passphrase", "my xxxxxxxxxxxxxxx"),
        ("4711", "1111"),
    ],
)
def test_an_invented_value_contains_nothing_of_the_secret(secret: str, value: str) -> None:
    """It has the same length, and the prefix of tokens of its kind."""
    assert invent_value(secret, 0) == value


@pytest.mark.skipif(not Path("/dev/shm").is_mount(), reason="Linux only")
def test_a_recording_writes_no_secret_to_a_disk(program: Program) -> None:
    """What programs are given and print is passed on in a folder in memory, also while the run goes on."""
    secret = "q7Zx-4vNb-Lw2K"  # printed by a program that keeps secrets
    keeper = program.write("op", f"#!/bin/sh\necho {secret}\n")
    keeper.chmod(0o755)
    temporary = program.folder / "temporary"
    temporary.mkdir()
    env = {"PATH": f"{program.work}:{os.environ['PATH']}", "TMPDIR": str(temporary)}
    script = "T=$(op read token)\necho ne''xt\nread -r _ <fifo || true\n"
    program.write("page.md", f"# P\n\n## Steps\n\n```bash\n{script}```\n")
    os.mkfifo(program.work / "fifo")
    with program.start("page.md", "--yes", "--trust", "--record", env=env) as run:
        end = time.monotonic() + 60
        while b"next\\n" not in b"".join(path.read_bytes() for path in program.runs.glob("*.jsonl")):
            assert time.monotonic() < end
            time.sleep(0.05)
        names = [path.name for path in temporary.rglob("*")]
        held = [
            path for path in temporary.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()
        ]
        os.close(os.open(program.work / "fifo", os.O_WRONLY))
        assert run.wait(60) == 0
    assert names
    assert held == []
    assert secret not in (program.work / "page.rehearsal.md").read_text()
