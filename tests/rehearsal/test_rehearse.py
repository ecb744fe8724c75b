"""`runbook-exec rehearse` as a program: results, findings with places, and isolation."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runbook_exec.document.parser import parse_runbook
from runbook_exec.engine.events import Answered
from runbook_exec.rehearsal.rehearse import Options, RehearsalResult, rehearse
from runbook_exec.rehearsal.sandbox import can_confine_signals
from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND, Program, ProgramResult

RUNBOOKS = REPOSITORY / "runbooks"
FLAGSHIP = RUNBOOKS / "rotate-fly-token.md"
STATEMENTS = [
    statement
    for block in parse_runbook(FLAGSHIP.read_bytes(), "rotate-fly-token.md").blocks
    for statement in block.statements
    if block.runs
]


def write_page(program: Program, script: str, calls: str, front: str = "", language: str = "bash") -> None:
    """Write a runbook of one block and its transcript to the working directory."""
    program.write("page.md", f"# Page\n\n## Steps\n\n```{language}\n{script}\n```\n")
    matter = f"---\nrehearsal:\n{front}\n---\n" if front else ""
    program.write("page.rehearsal.md", f"{matter}\n```console\n{calls}\n```\n")


def rehearse_page(
    program: Program, script: str, calls: str, front: str = "", language: str = "bash"
) -> ProgramResult:
    """Write such a runbook and rehearse it."""
    write_page(program, script, calls, front, language)
    return program.run("rehearse", "page.md")


def other_messages(ran: ProgramResult) -> str:
    """The messages on standard error, except those about missing isolation."""
    return re.sub(r"^not isolated from .*\n", "", ran.stderr, flags=re.MULTILINE)


def find_headlines(ran: ProgramResult) -> list[str]:
    """The headlines of the findings: place, code and message."""
    return re.findall(r"^page[\w.]*:\d+:\d+: R\d+ .*$", ran.stdout, re.MULTILINE)


def test_steps_of_all_hosts_run_in_the_sandbox(program: Program) -> None:
    """No host is connected to. Each has a shell of its own there, and a value reaches the next host."""
    page = "# Page\n\n## Steps\n\n<!-- runbook: host=web1 capture=word -->\n```bash\nx=1\nmake-word $x\n```\n"
    page += "\n<!-- runbook: host=db1 -->\n```bash\nuse-word <word> ${x:-none}\n```\n"
    calls = "$ make-word 1\nzebra\n$ use-word zebra none\nused"
    program.write("page.md", page)
    program.write("page.rehearsal.md", f"```console\n{calls}\n```\n")
    ran = program.run("rehearse", "page.md", env={"PATH": f"/nowhere:{program.environment()['PATH']}"})
    assert ran.status == 0, ran.output
    program.write(
        "page.rehearsal.md", f"```console\n{calls.replace('use-word zebra', 'use-word lion')}\n```\n"
    )
    assert program.run("rehearse", "page.md").status == 1


# the flagship -----------------------------------------------------------------------------------------------


def rehearse_mutant(folder: Path, start: int, end: int, replacement: str) -> RehearsalResult:
    """Rehearse the flagship with a part of its text replaced."""
    text = FLAGSHIP.read_text(encoding="utf-8")
    (folder / FLAGSHIP.name).write_text(text[:start] + replacement + text[end:], encoding="utf-8")
    shutil.copy(FLAGSHIP.with_suffix(".rehearsal.md"), folder)
    return rehearse(folder / "rotate-fly-token.rehearsal.md")


def has_finding_at(result: RehearsalResult, lines: range, call: str) -> bool:
    """Whether a finding is on these lines of the runbook, or at that call of the transcript."""
    for finding in result.findings:
        span = finding.transcript
        if span and call in result.transcript.text[span.start : span.end]:
            return True
        if finding.runbook and finding.runbook.line in lines:
            return True
    return False


@pytest.mark.parametrize("number", range(len(STATEMENTS)), ids=[s.text.split("\n")[0] for s in STATEMENTS])
def test_every_change_to_a_statement_of_the_flagship_is_found_there(number: int, tmp_path: Path) -> None:
    """A statement that is missing, or has a word changed or missing, causes a finding there."""
    statement = STATEMENTS[number]
    call = " ".join(statement.text.replace("\\\n", " ").split()[:3])
    start, end = statement.span.start, statement.span.end
    lines = range(statement.span.line, statement.span.line + statement.text.count("\n") + 1)
    removed = rehearse_mutant(tmp_path, start, end, "")
    assert removed.outcome == "differs"
    assert has_finding_at(removed, range(0), call)
    survivors = []
    for word in re.finditer(r"[^\s\\]+", statement.text):
        changes = [""] if word.start() else []
        if letters := re.search(r"[A-Za-z0-9](?=[^A-Za-z0-9]*$)", word[0]):
            changes.append(word[0][: letters.start()] + "x" + word[0][letters.end() :])
        for changed in changes:
            result = rehearse_mutant(tmp_path, start + word.start(), start + word.end(), changed)
            if result.outcome == "passed" or not has_finding_at(result, lines, call):
                survivors.append(f"{word[0]} -> {changed}: {result.outcome} {result.findings}")
    assert survivors == []


STAND_INS_ONLY = ("backup-a-folder", "disk-full.emergency", "disk-full.gone", "disk-full", "rotate-fly-token")


def test_all_runbooks_of_the_project_pass(program: Program) -> None:
    """They pass in one command, which leaves no files behind."""
    ours = [f"{RUNBOOKS}/{name}.rehearsal.md" for name in STAND_INS_ONLY]
    ran = program.run("rehearse", *ours, env={"TMPDIR": str(program.folder)})
    assert ran.status == 0, ran.output
    assert [line.split(",")[0] for line in ran.stdout.splitlines()] == [f"{path}: passed" for path in ours]
    assert {path.name for path in program.folder.iterdir()} == {"home", "work"}


def test_fifty_rehearsals_at_once_pass(program: Program) -> None:
    """Rehearsals share nothing that could disturb another one."""
    command = [*COMMAND, "rehearse", str(FLAGSHIP.with_suffix(".rehearsal.md"))]
    running = [
        subprocess.Popen(
            command,
            env=program.environment(),
            cwd=program.work,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(50)
    ]
    told = [process.communicate()[0] for process in running]
    assert [text for text in told if ": passed, 8 calls" not in text] == []


# what differs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "calls", "found"),
    [
        pytest.param(
            "fly status\nfly version",
            "$ fly version",
            ["page.md:6:1: R701 no line of the transcript allows this call"],
            id="a call too many",
        ),
        pytest.param(
            "fly status",
            "$ fly status\n$ fly version",
            ["page.rehearsal.md:4:3: R702 this call never came"],
            id="a call that never came",
        ),
        pytest.param(
            "fly two\nfly one",
            "$ fly one\n$ fly two",
            ["page.md:7:1: R703 `fly one` comes after `fly two`, and the transcript has it before"],
            id="the wrong order",
        ),
        pytest.param(
            "fly one || true\nfly two",
            "$ fly 1\n$ fly two",
            ["page.md:6:1: R701 no line of the transcript allows this call"],
            id="a call that is refused is not missing as well",
        ),
        pytest.param(
            "fly status\ntrue",
            "$ fly status\n? 4",
            ["page.md:6:1: R705 the statement fails: exited 4"],
            id="a statement that fails",
        ),
        pytest.param(
            "kubectl get pods",
            "$ fly status",
            ["page.md:6:1: R705 the statement fails: exited 127 (command not found)"],
            id="a program that nobody names",
        ),
        pytest.param(
            "fly revoke <token-id>",
            "$ fly revoke 1",
            ["page.md:6:1: R706 expected a value for `<token-id>`"],
            id="no value",
        ),
        pytest.param(
            "echo two | fly import",
            "$ fly import\n0< one",
            ["page.md:6:1: R707 `fly import` gets something else on its standard input"],
            id="another standard input",
        ),
        pytest.param(
            "fly mint\nop save one",
            "$ fly mint <name>\n$ op save two",
            ["page.md:6:1: R701 no line of the transcript allows this call"],
            id="the run ends where a statement fails",
        ),
    ],
)
def test_each_difference_is_found(script: str, calls: str, found: list[str], program: Program) -> None:
    """Each finding is at its place in the runbook, or at a missing call of the transcript."""
    ran = rehearse_page(program, script, calls)
    assert (find_headlines(ran), other_messages(ran)) == (found, "")
    assert ran.status == 1


def test_a_missing_call_names_the_statement_before_it(program: Program) -> None:
    """The hint names the statement after which it was expected, if an earlier call came."""
    ran = rehearse_page(program, "fly two; true\nfly four", "$ fly one\n$ fly two\n$ fly three\n$ fly four")
    assert "it was to be the first" in ran.stdout
    assert "it was to come after `fly two` on line 6 of the runbook" in ran.stdout
    nothing = rehearse_page(program, "true", "$ fly one\n$ fly two").stdout
    assert nothing.count("it was to be the first") == 1
    assert nothing.count("no call that is to come before it has come either") == 1


def test_a_name_must_be_the_same_everywhere(program: Program) -> None:
    """A value bound by one call is required in the next."""
    calls = "$ fly create <name>\n$ fly deploy <name>"
    assert rehearse_page(program, "fly create a\nfly deploy a", calls).status == 0
    ran = rehearse_page(program, "fly create a\nfly deploy b", calls)
    assert find_headlines(ran) == ["page.md:7:1: R701 no line of the transcript allows this call"]
    assert "expected: fly deploy <name>\n       got: fly deploy b\n                       ^\n" in ran.stdout


def test_a_manual_step_needs_a_note(program: Program) -> None:
    """Without a note the finding is at its heading; with a note the journal contains it."""
    program.write(
        "page.md", "# Page\n\n## Steps\n\n### 1. Run\n\n```sh\nfly up\n```\n\n### 2. Look\n\nLook.\n"
    )
    program.write("page.rehearsal.md", "```console\n$ fly up\n```\n")
    ran = program.run("rehearse", "page.md")
    assert find_headlines(ran) == [
        "page.md:11:1: R706 step 2 is for a person to do; the transcript says nothing of it"
    ]
    program.write(
        "page.rehearsal.md", "---\nrehearsal:\n  done: {2: green}\n---\n```console\n$ fly up\n```\n"
    )
    result = rehearse(program.work / "page.rehearsal.md")
    assert result.outcome == "passed"
    answered = [event for event in result.events if isinstance(event, Answered)]
    assert [event.note for event in answered if event.question == "manual"] == ["green"]


@pytest.mark.parametrize(
    ("calls", "front", "found"),
    [
        (
            "fly status",
            "",
            "3:1: R710 expected a call such as `$ fly status`, found a line that belongs to none",
        ),
        ("$ fly 'status", "", "3:7: R710 this quote is not closed"),
        ("$ fly\n? no", "", "4:1: R710 expected a status from 0 to 255 after `?`, got `no`"),
        ("$ fly\n? 1\n? 2", "", "5:1: R710 this call has a status already"),
        ("$ fly\n# type: 1", "", "4:1: R710 unknown line `# type:`; did you mean `# typed:`?"),
        ("$ fly\n# typed: 1", "", "4:1: R710 expected `# asks: …` above this, found none"),
        ("$ fly\n# asks: code", "", "4:1: R710 expected `# typed: …` below this, found none"),
        ("$ fly\n# prints: a", "", "4:1: R710 expected a JSON string after `# prints:`"),
        ("$ fly", "  value: {a: b}", "3:3: R710 unknown key `value`; did you mean `values`?"),
        ("$ fly", "  programs: git", "3:13: R710 expected a list of programs"),
        ("$ fly", "  done: {3: seen}", "3:10: R710 `done: {3: …}`: no step `3` is for a person to do"),
        ("$ fly", "  values: {tok: x}", "3:12: R710 `values: {tok: …}`: nothing here is named `<tok>`"),
        ("$ fly", "  timeout: soon", "3:12: R710 expected a duration such as `30s`"),
    ],
)
def test_a_mistake_in_a_transcript_is_reported(calls: str, front: str, found: str, program: Program) -> None:
    """The mistake is reported at its place, and nothing runs."""
    ran = rehearse_page(program, "fly; touch ran", calls, front)
    assert ran.stdout.startswith(f"page.rehearsal.md:{found}")
    assert ran.status == 2
    assert "page.rehearsal.md: cannot be rehearsed: " in ran.stderr


def test_a_page_without_a_transcript(program: Program) -> None:
    """A named page must have a transcript; in a folder, a page without one is skipped."""
    program.write("page.md", "# Page\n\n```sh\ntrue\n```\n")
    ran = program.run("rehearse", "page.md")
    assert (ran.status, ran.stderr) == (
        2,
        "page.md: expected a transcript `page.rehearsal.md` beside it, found none\n",
    )
    ran = program.run("rehearse", ".")
    assert (ran.status, ran.stdout) == (2, "")
    assert (
        ran.stderr
        == "error: expected a runbook with a transcript `NAME.rehearsal.md` beside it, found none\n"
    )


# programs ---------------------------------------------------------------------------------------------------


def write_executable(path: Path, text: str) -> None:
    """Write an executable script."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def test_stand_ins_with_a_state(program: Program) -> None:
    """A custom stand-in runs if a line allows the call, and its output is compared."""
    state = '"$RUNBOOK_REHEARSAL/state/token"'
    write_executable(
        program.work / "stand-ins" / "fly",
        f'#!/bin/sh\ncase $1 in mint) echo "tok-$$" | tee {state} ;; show) cat {state} ;; esac\n',
    )
    calls = "$ fly mint\n<token>\n$ fly show\n<token>\n$ op save <token>"
    script = 'fly mint >made\nfly show\nop save "$(cat made)"'
    ran = rehearse_page(program, script, calls, "  stand-ins: stand-ins")
    assert ran.status == 0, ran.output
    ran = rehearse_page(
        program, script, calls.replace("<token>\n$ op", "other\n$ op"), "  stand-ins: stand-ins"
    )
    assert find_headlines(ran) == ["page.md:7:1: R704 `fly show` prints something else"]
    assert re.search(r"- expected, \+ got:\n  - other\n  \+ <token>\n", ran.stdout)
    ran = rehearse_page(program, "fly hide", "$ fly mint", "  stand-ins: stand-ins")
    assert find_headlines(ran) == ["page.md:6:1: R701 no line of the transcript allows this call"]


def test_calls_of_a_real_program(program: Program) -> None:
    """They are calls like any other; the program has the terminal, and keeps its status."""
    write_executable(
        program.work / "tools" / "task",
        "#!/bin/sh\n[ -t 1 ] && [ -t 0 ] || exit 9\nop read \"a b\" | sed 's/^/got /'\nexit 3\n",
    )
    front = "  programs: [{task: tools/task}]"
    ran = rehearse_page(program, "task --now || test $? = 3", "$ task --now\n? 3\n$ op read 'a b'\nx", front)
    assert ran.status == 0, ran.output
    ran = rehearse_page(program, "task --now || test $? = 3", "$ task --now\n$ op read 'a b'\nx\n? 0", front)
    assert ran.status == 0, ran.output  # the transcript has no output to compare
    ran = rehearse_page(program, "task --now || true", "$ task --now\ngot y\n? 3\n$ op read 'a b'\nx", front)
    assert find_headlines(ran) == ["page.md:6:1: R704 `task --now` prints something else"]


def test_a_missing_program(program: Program) -> None:
    """The rehearsal is not possible; the message names the program."""
    ran = rehearse_page(program, "fly", "$ fly", "  programs: [no-such-program]")
    assert ran.status == 2
    assert "expected the program `no-such-program` on PATH, found none" in ran.stderr


def test_a_service_on_the_loopback(program: Program) -> None:
    """It starts first, prints its address, and ends with the rehearsal."""
    (program.work / "serve.py").write_text(
        "import os, socket, sys\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "print(f'PORT={server.getsockname()[1]}', 'ready', sep='\\n', flush=True)\n"
        "open('pid', 'w').write(str(os.getpid())) if os.access('.', os.W_OK) else None\n"
        "while True:\n"
        "    server.accept()[0].sendall(b'hello\\n')\n"
    )
    script = 'exec 3<>"/dev/tcp/127.0.0.1/$PORT"\nread -r line <&3\nfly "$line"'
    ran = rehearse_page(program, script, "$ fly hello", "  services: [python3 serve.py]")
    assert ran.status == 0, ran.output
    ran = rehearse_page(program, script, "$ fly hello", "  services: ['exit 4']")
    assert ran.status == 2
    assert "`services: exit 4` ended with 4 before it said `ready`" in ran.stderr


# what it is kept from ---------------------------------------------------------------------------------------


def test_nothing_of_the_user_is_visible(program: Program) -> None:
    """Configuration, variables, programs and home folder are not the user's."""
    config = program.folder / "home" / "config" / "fish"
    config.mkdir(parents=True)
    (config / "config.fish").write_text("function fly\n    echo mine\nend\nset -gx MINE 1\n")
    script = 'fly "$MINE$SECRET_TOKEN" (command -v git; true)\ntest $HOME != ' + str(program.folder / "home")
    write_page(program, script, "$ fly ''", language="fish")
    ran = program.run("rehearse", "page.md", env={"SECRET_TOKEN": "s3cret"})
    assert ran.status == 0, ran.output


def isolation_reason() -> str:
    """The reason that this machine does not isolate rehearsals, or an empty text."""
    return rehearse(RUNBOOKS / "rotate-fly-token.rehearsal.md").not_isolated


def test_it_writes_and_connects_to_nothing_outside(program: Program) -> None:
    """Files outside keep content and modes, and a server on this machine is not reachable."""
    outside = program.folder / "home" / "precious"
    outside.write_text("as it was")
    outside.chmod(0o640)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = (
            f"echo gone >{outside}\nrm -f {outside}\nchmod 600 {outside}\nmkdir {outside}.d\n"
            f"exec 3<>/dev/tcp/127.0.0.1/{port}\nfly"
        )
        program.write(
            "page.md", f"# P\n\n## Steps\n\n<!-- runbook: allow-failure -->\n```bash\n{script}\n```\n"
        )
        program.write("page.rehearsal.md", "```console\n$ fly\n```\n")
        ran = program.run("rehearse", "page.md")
        server.settimeout(0)
        if why := isolation_reason():
            assert ran.stderr == f"not isolated from the network and from other files: {why}\n"
            return
        with pytest.raises(BlockingIOError):
            server.accept()
    assert (ran.status, ran.stderr) == (0, ""), ran.output
    assert outside.read_text() == "as it was"
    assert outside.stat().st_mode & 0o777 == 0o640
    assert not outside.with_suffix(".d").exists()


def test_it_signals_nothing_outside(program: Program) -> None:
    """A signal reaches processes of the rehearsal and no others, if Linux supports that."""
    with subprocess.Popen(["sleep", "60"]) as outside:
        script = f"sleep 50 &\nkill %1 && fly inside\nkill {outside.pid} || fly outside"
        ran = rehearse_page(program, script, "$ fly inside\n$ fly outside")
        reached = outside.poll() is not None
        outside.kill()
    if not isolation_reason() and can_confine_signals():
        assert (ran.status, reached) == (0, False), ran.output
    else:
        assert (ran.status, reached) == (1, True), ran.output


@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_interrupted(wanted: signal.Signals, program: Program) -> None:
    """The statement, the rehearsal and the program end, and no files are left."""
    write_page(program, "fly one\nfly two", "$ fly one")
    write_executable(program.work / "stand-ins" / "fly", "#!/bin/sh\n: >here; read -r _\n")
    transcript = program.work / "page.rehearsal.md"
    transcript.write_text("---\nrehearsal:\n  stand-ins: stand-ins\n---\n" + transcript.read_text())
    folder = program.folder / "tmp"
    folder.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "rehearse", "page.md"],
        cwd=program.work,
        env=program.environment({"TMPDIR": str(folder)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until = time.monotonic() + 60
    while not any(folder.rglob("here")):
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(wanted)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert told == ""
    assert list(folder.iterdir()) == []


def test_due_and_export_skip_transcripts(program: Program) -> None:
    """Transcripts are not runbooks, even if their front matter has a cadence."""
    program.write("page.rehearsal.md", "---\nrunbook:\n  cadence: 3d\n---\n```console\n$ fly\n```\n")
    ran = program.run("due", ".")
    assert (ran.status, ran.stdout) == (0, "nothing is due: no page has a cadence\n")
    assert program.run("show", "page.rehearsal.md").stdout.count("nothing on this page would run\n") == 1
    assert program.run("page.rehearsal.md", "--yes").status == 2


def test_without_namespaces_it_reports_the_missing_isolation(program: Program) -> None:
    """The rehearsal runs, and reports that it was not isolated."""
    write_page(program, "fly", "$ fly")
    refuse = REPOSITORY / "tests" / "support" / "without_calls.py"
    command = [sys.executable, str(refuse), "EPERM", "unshare", *COMMAND]
    done = subprocess.run(
        [*command, "rehearse", "page.md"],
        cwd=program.work,
        env=program.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout[:25]) == (0, "page.rehearsal.md: passed")
    why = "no namespace can be made: operation not permitted"
    assert done.stderr == f"not isolated from the network and from other files: {why}\n"


def test_without_a_sandbox_the_result_has_the_reason() -> None:
    """The rehearsal runs, and the result has the reason that it was not isolated."""
    result = rehearse(RUNBOOKS / "rotate-fly-token.rehearsal.md", Options(sandbox=False))
    assert (result.outcome, result.not_isolated) == ("passed", "it was not asked for")


# reports and updates ----------------------------------------------------------------------------------------


def test_formats_have_both_places(program: Program) -> None:
    """Each format has the place in the runbook and the place in the transcript."""
    write_page(program, "fly status --now", "$ fly status")
    (found,) = json.loads(program.run("rehearse", ".", "--format", "json").stdout)
    assert (found["path"], found["line"], found["code"]) == ("page.md", 6, "R701")
    assert (found["also"]["path"], found["also"]["line"]) == ("page.rehearsal.md", 3)
    sarif = json.loads(program.run("rehearse", ".", "--format", "sarif").stdout)["runs"][0]
    assert [rule["id"] for rule in sarif["tool"]["driver"]["rules"]] == ["R701"]
    (result,) = sarif["results"]
    related = result["relatedLocations"][0]["physicalLocation"]
    assert (related["artifactLocation"]["uri"], related["region"]["startLine"]) == ("page.rehearsal.md", 3)
    github = program.run("rehearse", ".", "--format", "github").stdout
    assert github.startswith("::error title=R701 call-not-expected,file=page.md,line=6,endLine=6,col=1,")
    assert "page.rehearsal.md:3:3" in github
    junit = program.run("rehearse", ".", "--format", "junit").stdout
    assert '<testsuites name="runbook-exec rehearse" tests="2" failures="1" errors="0">' in junit


BEFORE = """\
---
rehearsal:
  values: {new-token: FlyV1-made-up}
  programs: [{task: tools/task}]
---

# Rehearsal

First:

- a list

  ```console
  $ fly create --name 'deploy [..]' --size small
  <new-token>
  $ op save token=<new-token>
  ? 0
  saved
  ```

Then:

```console
$ fly gone
never
$ task
one
...
3
four
2> five
```

The end.
"""
AFTER = """\
---
rehearsal:
  values: {new-token: FlyV1-made-up}
  programs: [{task: tools/task}]
---

# Rehearsal

First:

- a list

  ```console
  $ fly create --name 'deploy [..]' --size large --now
  <new-token>
  $ op save token=<new-token> "it's new"
  ? 0
  saved
  ```

Then:

```console
$ task
one
...
3
\\$ 4
2> five
$ fly new
```

The end.
"""


def test_update_rewrites_differences(program: Program) -> None:
    """Matching words, lines and elisions stay; the rest is replaced.

    The transcript then passes.
    """
    write_executable(
        program.work / "tools" / "task", "#!/bin/sh\nprintf 'one\\ntwo\\n2.5\\n3\\n$ 4\\n'; echo five >&2\n"
    )
    create = 'x=$(fly create --name "deploy $(date)" --size large --now)'
    script = f'{create}\nop save "token=$x" "it\'s new"\ntask\nfly new'
    program.write("page.md", f"# Page\n\n## Steps\n\n```bash\n{script}\n```\n")
    transcript = program.write("page.rehearsal.md", BEFORE)
    ran = program.run("rehearse", "page.md", "--update")
    assert transcript.read_text() == AFTER
    assert (ran.status, other_messages(ran)) == (0, "page.rehearsal.md: updated, to be reviewed\n"), (
        ran.output
    )
    assert ran.stdout.startswith("page.rehearsal.md: passed")
    assert other_messages(program.run("rehearse", "page.md", "--update")) == ""
    assert transcript.read_text() == AFTER


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_update_reorders_calls(end: str, program: Program) -> None:
    """Calls move with the lines below them, also in a list; the file keeps its line ends."""
    program.write("page.md", "# Page\n\n## Steps\n\n```sh\nfly two\nfly three\nfly one\n```\n")
    before = ["- in a list:", "", "  ```console", "  $ fly one", "  1", "", "  $ fly two", "  2"]
    before += ["  $ fly gone", "  $ fly three", "  ```", ""]
    transcript = program.write("page.rehearsal.md", end.join(before))
    ran = program.run("rehearse", "page.md", "--update")
    after = ["- in a list:", "", "  ```console", "", "  $ fly two", "  2"]
    after += ["  $ fly three", "  $ fly one", "  1", "  ```", ""]
    assert transcript.read_bytes().decode().split(end) == after
    assert ran.status == 0, ran.output


def test_update_on_a_full_disk_changes_nothing(program: Program) -> None:
    """The transcript stays as it was, without a temporary file, and the reason is printed."""
    program.write("page.md", "# Page\n\n## Steps\n\n```sh\nfly two\n```\n")
    text = "prose\n" * 50_000 + "\n```console\n$ fly one\n```\n"
    transcript = program.write("page.rehearsal.md", text)
    before = sorted(program.work.iterdir())
    limited = ["sh", "-c", 'ulimit -f 200; exec "$@"', "sh", *COMMAND, "rehearse", "page.md", "--update"]
    ran = subprocess.run(
        limited, cwd=program.work, env=program.environment(), capture_output=True, text=True, check=False
    )
    assert "cannot write `page.rehearsal.md`: file too large\n" in ran.stderr
    assert ran.returncode == 2
    assert sorted(program.work.iterdir()) == before
    assert transcript.read_text() == text


def test_programs_are_listed(program: Program) -> None:
    """The list has the harmless programs and those that the project adds."""
    program.write("pyproject.toml", '[tool.runbook-exec]\nrehearsal-programs = ["ghostscript"]\n')
    listed = program.run("rehearse", "--list-programs").stdout.split("\n")
    assert {"cat", "sha256sum", "ghostscript"} <= set(listed)
    assert not {"ssh", "curl", "git", "sudo", "python3"} & set(listed)


# alternatives ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("choice", "ran"), [("macOS", "brew"), ("1", "apt-get")])
def test_a_transcript_chooses_a_tab_for_the_whole_page(program: Program, choice: str, ran: str) -> None:
    """By its label or its number; tabs with the same labels in later steps follow."""
    tab = '=== "{}"\n\n    ```bash\n    {} {{0}}\n    ```\n'
    tabs = tab.format("Debian", "apt-get") + "\n" + tab.format("macOS", "brew")
    steps = f"### 1. Get\n\n{tabs.format('get')}\n### 2. Use\n\n{tabs.format('use')}"
    program.write("page.md", f"# P\n\n## Procedure\n\n{steps}")
    calls = f"```console\n$ {ran} get\n$ {ran} use\n```\n"
    chosen = program.write("page.rehearsal.md", f"---\nrehearsal:\n  choose: {{1: {choice}}}\n---\n\n{calls}")
    assert program.run("rehearse", "page.md").status == 0
    chosen.write_text(f"# Rehearsal\n\n{calls}")
    unchosen = program.run("rehearse", "page.md")
    assert (unchosen.status, "step 1 has alternatives (1: Debian, 2: macOS)" in unchosen.stdout) == (1, True)
