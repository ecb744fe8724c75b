"""A secret that reaches the program in one of fourteen ways, searched for in all artefacts."""

from __future__ import annotations

import base64
import json
import re
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from runbook_exec.masking.masker import MASK
from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, open_screen
from tests.support.shells import SHELLS

SECRET = "s3cr3t/with+odd=\"q' &x-ünd-l0ng$enough"
CASES = Path(__file__).parent.parent / "data" / "cases"
NEEDED = "---\nrunbook:\n  inputs:\n    token: {source: 'env:PLANTED'}\n---\n"
_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))|\\u001b\[[0-9;]*m")
_LINE_ENDS = re.compile(rb"\\r\\n|\\n|[\r\n]+")

# statements of a page in bash, each of which has the secret as its value of <token>
WAYS = {
    "whole": "printf '%s\\n' <token>",
    "split over writes": (
        't=<token>; for ((i = 0; i < ${#t}; i++)); do printf %s "${t:i:1}"; sleep 0.01; done'
    ),
    "wrapped at column 80": "{ printf '%070d' 0; printf '%s\\n' <token>; } | fold -b -w 80",
    "coloured in the middle": 't=<token>; printf \'%s\\e[31m%s\\e[0m%s\\n\' "${t:0:9}" "${t:9:7}" "${t:16}"',
    "base64": "printf %s <token> | base64 -w 0",
    "URL": "python3 -c 'import sys, urllib.parse as u; print(u.quote(sys.argv[1], safe=\"\"))' <token>",
    "JSON": "python3 -c 'import json, sys; print(json.dumps({\"token\": sys.argv[1]}))' <token>",
    "shell-quoted": (
        "python3 -c 'import shlex, sys; print(shlex.quote(sys.argv[1]))' <token>; printf '%q\\n' <token>"
    ),
    "at a border of 64 KiB": "head -c 65520 /dev/zero | tr '\\0' x; printf '%s\\n' <token>",
    "in an error message": "cat /nowhere/<token> || true",
    "in a window title": "printf '\\e]0;%s\\a\\e]2;x %s\\e\\\\\\n' <token> <token>",
    "in the cast's timing stream": (
        't=<token>; for ((i = 0; i < ${#t}; i += 6)); do printf %s "${t:i:6}"; sleep 0.4; done'
    ),
    "in an environment variable": "export HANDED=x<token>y; COPY=<token>; env; declare -p HANDED COPY",
}
TYPED = "typed by the operator"


@pytest.fixture
def runtime() -> Iterator[Path]:
    """Return a private runtime folder in memory."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        yield Path(name)


def test_fourteen_ways_are_tested() -> None:
    """In thirteen ways a program prints the secret, and in one a person types it."""
    assert len({*WAYS, TYPED}) == 14


def asks_after(ended: int, text: str) -> bool:
    """Return whether a screen asks about the next statement, after so many have ended."""
    return text.endswith("1 of 1 ›") and text.count("✓") == ended


@pytest.mark.parametrize("way", [*WAYS, TYPED])
def test_a_planted_secret_is_in_no_artefact(way: str, program: Program, runtime: Path) -> None:
    """This includes the screen, the journal, the cast, reports, runs.json and all other files."""
    env: dict[str, str | None] = {"XDG_RUNTIME_DIR": str(runtime), "TMPDIR": str(program.folder / "tmp")}
    (program.folder / "tmp").mkdir()
    script = WAYS.get(way, "printf '%s\\n' <token>; echo <token> >/dev/null")
    page = f"# Page\n\n## Procedure\n\n```bash\n{script}\necho the end\n```\n"
    shown = b""
    if way == TYPED:
        program.write("page.md", page)
        with open_screen([*COMMAND, "page.md"], program.work, program.environment(env)) as seen:
            seen.wait("type or paste a value")
            seen.type(SECRET, ENTER)
            for ended in range(3):
                seen.wait_until(partial(asks_after, ended), f"the question after {ended} statements")
                seen.type(ENTER)
            assert seen.wait_status() == 0
            shown = seen.raw
    else:
        ran = program.run_page(NEEDED + page, "--yes", env={**env, "PLANTED": SECRET})
        assert ran.status == 0, ran.output
        shown = ran.output.encode("utf-8", "surrogateescape")
    assert "••••••••".encode() in shown
    assert b"the end" in shown
    found = {"the screen": shown}
    for kind in ("md", "html", "json", "junit"):
        found[f"the {kind} report"] = program.run("runs", "report", "--format", kind).output.encode()
    for words in (("show",), ("show", "--json"), ("replay", "--speed", "1000"), ("--json",), ("verify",)):
        found["runs " + " ".join(words)] = program.run("runs", *words).output.encode(
            "utf-8", "surrogateescape"
        )
    assert program.run("runs", "export", "page.md").status == 0
    assert (program.work / "page.runs.json").exists()
    for path in (*program.folder.rglob("*"), *runtime.rglob("*")):
        if path.is_file():
            found[str(path)] = path.read_bytes()
    assert any(name.endswith(".cast") for name in found)
    for name, data in found.items():
        assert leaked(data) == [], name


DECLARED = """\
---
runbook:
  inputs:
    token: {source: 'env:PLANTED'}
    other-token: {source: 'file:planted.txt'}
---
# Page

## Procedure

```bash
env | grep PLANTED; cat planted.txt
COPY=$PLANTED
```

```bash
echo <token> <other-token> | wc -c
```
"""


def test_a_declared_secret_is_masked_before_it_is_used(program: Program) -> None:
    """A value in a variable or a file is known beforehand, and a statement may print it first."""
    program.write("planted.txt", f"{SECRET[::-1]}\n")
    ran = program.run_page(DECLARED, "--yes", env={"PLANTED": SECRET})
    assert ran.status == 0, ran.output
    assert "PLANTED=••••••••\n" in ran.stdout
    (program.work / "planted.txt").unlink()
    left = program.read_all_files() + ran.output.encode()
    assert leaked(left) == []
    assert SECRET[::-1].encode() not in left


CODE = "xK9-mPq4/vT7+wZ2_bN5=cR8-aB3dE6gH9jK2mN5pQ8"
AUTH = b'{"auths":{"r":{"auth":"' + base64.b64encode(b"u:" + CODE.encode()) + b'"}}}'
# the value of a secret, and the text by which a page with it shows it
SHOWN_AS = {
    "bugs/15-wrapped": (CODE, CODE.encode()),
    "bugs/17-json-in-json": ('Qu"ote\\Back9-mPq4', b'Qu\\\\\\"ote\\\\\\\\Back9-mPq4'),
    "bugs/19-url-password": ("postgres://app:S3cretPw99@db.example/x", b"S3cretPw99"),
    "bugs/20-b64-of-b64": (CODE, base64.b64encode(AUTH)[36:-16]),  # without the text around it
}


@pytest.mark.parametrize("case", SHOWN_AS)
def test_a_secret_is_masked_as_programs_show_it(case: str, program: Program) -> None:
    """Wrapped, taken out of a URL or encoded twice, no 8 characters of it are on the screen or in a file."""
    secret, shown = SHOWN_AS[case]
    program.write("k.txt", f"{secret}\n")
    ran = program.run_page((CASES / f"{case}.md").read_text(), "--yes")
    assert (ran.status, MASK in ran.stdout) == (0, True), ran.output
    (program.work / "k.txt").unlink()
    left = program.read_all_files() + ran.output.encode()
    assert [shown[at : at + 8] for at in range(len(shown) - 7) if shown[at : at + 8] in left] == []


NAMES = [
    "DB_PASS",
    "DB_PASSWORD",
    "DATABASE_PASSWORD",
    "PGPASS",
    "PGPASSWORD",
    "MYSQL_PWD",
    "REDIS_PASS",
    "SMTP_PASSWORD",
    "ADMIN_PW",
    "API_TOKEN",
    "API_KEY",
    "APIKEY",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "NPM_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "CLIENT_SECRET",
    "SECRET_KEY",
    "SECRET_KEY_BASE",
    "ENCRYPTION_KEY",
    "PRIVATE_KEY",
    "COOKIE",
    "SESSION_COOKIE",
    "JWT",
    "VAULT_TOKEN",
    "BW_SESSION",
    "NPM_AUTH",
    "SENTRY_DSN",
]
SET = {
    "bash": "set -a; . ./app.env; set +a",
    "zsh": "set -a; . ./app.env; set +a",
    "sh": "set -a; . ./app.env; set +a",
    "ash": "set -a; . ./app.env; set +a",
    "fish": "while read -l line; set -l v (string split -m 1 = $line); set -gx $v[1] $v[2]; end <app.env",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_variables_with_the_name_of_a_secret_are_masked(shell: str, program: Program) -> None:
    """From the moment they are set, no output, event or file has their values, nor a URL's password."""
    values = {name: f"Planted{number}-Val{number * 7919}" for number, name in enumerate(NAMES)}
    lines = [f"{name}={value}" for name, value in values.items()]
    lines.append("DATABASE_URL=postgres://app:S3cretPw99@db/x")
    program.write("app.env", "\n".join(lines) + "\n")
    page = f"# T\n\n## Steps\n\n```{shell}\n{SET[shell]}\nrm app.env\necho set; env | sort\n```\n"
    ran = program.run_page(page, "--yes", "--json")
    assert ran.status == 0, ran.output
    left = program.read_all_files() + ran.output.encode()
    assert [
        name for name, value in {**values, "DATABASE_URL": "S3cretPw99"}.items() if value.encode() in left
    ] == []
    assert ran.output.count(json.dumps(MASK)[1:-1]) >= len(NAMES)


def test_a_variable_with_the_name_of_a_secret_is_masked_in_a_trace(program: Program) -> None:
    """`set -x` prints what a command was given."""
    program.write("k.txt", "Planted-Val7919\n")
    ran = program.run_page((CASES / "bugs/21-secret-named-variable.md").read_text(), "--yes")
    (program.work / "k.txt").unlink()
    assert (ran.status, b"Planted-Val7919" in program.read_all_files() + ran.output.encode()) == (0, False)


def test_the_values_of_a_file_of_variables_are_not_recorded(program: Program) -> None:
    """The statement prints nothing, and no event or file of the run has the values."""
    text = (CASES / "bugs/03-app.env").read_text()
    program.write("03-app.env", text)
    ran = program.run_page((CASES / "bugs/03-env-values.md").read_text(), "--yes", "--json")
    (program.work / "03-app.env").unlink()
    left = program.read_all_files() + ran.output.encode()
    values = ("hunter2-Long-Pass", "S3cretPw99", "Zk9sEssionKeyVaLue")
    assert (ran.status, [value for value in values if value.encode() in left]) == (0, [])


def test_a_page_without_anything_special_runs(program: Program) -> None:
    """Its one statement runs, and its output is shown."""
    ran = program.run_page((CASES / "bugs/29-plain.md").read_text(), "--yes")
    assert (ran.status, "hello\n" in ran.stdout) == (0, True)


HOLDING = {
    "fish": "set -gx HANDED x<token>y; set -g copy (echo <token>); function f; echo <token>; end",
    "bash": 'V="$(printf %s <token>)"; export HANDED="x${V}y"; f() { echo <token>; }',
    "zsh": 'V="$(printf %s <token>)"; export HANDED="x${V}y"; f() { echo <token>; }',
    "sh": 'V="$(printf %s <token>)"; export HANDED="x${V}y"',
    "ash": 'V="$(printf %s <token>)"; export HANDED="x${V}y"',
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_killed_program_leaves_no_secret_of_its_shell(shell: str, program: Program) -> None:
    """The shell's report of its variables and functions is never on a disk."""
    folder = program.folder / "tmp"
    folder.mkdir()
    program.write("page.md", f"```{shell}\n{HOLDING[shell]}\necho after\ntouch here; sleep 60\n```\n")
    process = program.start("page.md", "--yes", "--set", f"token={SECRET}", env={"TMPDIR": str(folder)})
    until = time.monotonic() + 60
    while not (program.work / "here").exists():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    left = [path for path in program.folder.rglob("*") if path.is_file()]
    assert [path.name for path in folder.rglob("report")] == ["report"]
    assert [path for path in left if leaked(path.read_bytes())] == []


def test_a_program_that_is_aborted_leaves_no_core(program: Program) -> None:
    """The program's core file would have its secrets; its children may still write theirs."""
    program.write("page.md", "```bash\nulimit -c\ntouch <token>; sleep 60\n```\n")
    program.write("go.sh", 'ulimit -c unlimited; exec "$@"\n')
    with subprocess.Popen(
        ["sh", "go.sh", *COMMAND, "page.md", "--yes", "--json", "--set", "token=planted-and-long-enough"],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        until = time.monotonic() + 60
        while not (program.work / "planted-and-long-enough").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        running.send_signal(signal.SIGABRT)
        told = running.communicate(timeout=60)[0]
    assert running.returncode == -signal.SIGABRT
    assert b'"text":"unlimited\\n"' in told
    assert [path.name for path in program.work.iterdir() if path.name.startswith("core")] == []


def leaked(data: bytes) -> list[bytes]:
    """Return the spellings of the secret, and pieces of it, in some data.

    Escape sequences and line ends between its characters do not hide it.
    """
    bare = _LINE_ENDS.sub(b"", _ESCAPE.sub(b"", data))
    joined = b"".join(_texts(data))
    spellings = {
        SECRET.encode(),
        base64.b64encode(SECRET.encode()).rstrip(b"="),
        quote(SECRET, safe="").encode(),
        json.dumps(SECRET)[1:-1].encode(),
        json.dumps(SECRET, ensure_ascii=False)[1:-1].encode(),
        shlex.quote(SECRET).encode(),
        *(SECRET.encode()[at : at + 10] for at in range(len(SECRET.encode()) - 9)),
    }
    return [one for one in spellings if one in data or one in bare or one in joined]


def _texts(data: bytes) -> Iterator[bytes]:
    """Yield the texts in the frames of a cast, or the outputs of a journal."""
    for line in data.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, list) and len(value) == 3:
            yield str(value[2]).encode("utf-8", "surrogateescape")
        elif isinstance(value, dict):
            yield str(value.get("text", "")).encode("utf-8", "surrogateescape")


def test_the_search_finds_every_spelling() -> None:
    """This includes colours and line ends inside the secret, and pieces of it."""
    assert leaked(b"x" + SECRET.encode() + b"y")
    assert leaked(SECRET.encode()[:20] + b"\x1b[31m\r\n" + SECRET.encode()[20:])
    assert leaked(b'[1.0, "o", "s3cr3t/wi"]\n[2.0, "o", "th+odd="]\n')
    assert leaked(b"nothing of it") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_secrets_of_the_environment_are_masked(shell: str, program: Program) -> None:
    """This includes variables that the shell's configuration sets; a path to credentials is none."""
    (program.folder / "home" / ".bashrc").write_text("export RC_TOKEN=Rc9-Planted77\n")
    (program.folder / "home" / ".zshrc").write_text("export RC_TOKEN=Rc9-Planted77\n")
    config = program.folder / "home" / "config" / "fish"
    config.mkdir(parents=True)
    (config / "config.fish").write_text("set -gx RC_TOKEN Rc9-Planted77\n")
    env = {"DB_PASS": "Planted-Val7919", "GOOGLE_APPLICATION_CREDENTIALS": "/home/me/proj2/key9.json"}
    env["ENV"] = str(program.folder / "home" / ".bashrc")
    page = f"# T\n\n## Steps\n\n```{shell}\nenv | sort\n```\n"
    ran = program.run_page(page, "--yes", "--json", env=env)
    shown = ran.output.encode() + b"".join(path.read_bytes() for path in program.runs.iterdir())
    assert (ran.status, b"Planted-Val7919" in shown, b"Rc9-Planted77" in shown) == (0, False, False)
    assert b"=/home/me/proj2/key9.json" in shown
    assert b"RC_TOKEN=" in shown
