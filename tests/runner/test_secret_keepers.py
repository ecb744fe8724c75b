"""What password managers and other keepers of secrets print is a secret."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, open_screen
from tests.support.shells import SHELLS

HIDDEN = json.dumps("••••••••")[1:-1]
SECRET = "Wq7-horse/Staple+42"
IN_BASE64 = base64.b64encode(SECRET.encode()).decode()

TABLE = f"""
====== Data ======
Key         Value
---         -----
password    {SECRET}
username    app
"""
YAML = f"""apiVersion: v1
data:
  password: {IN_BASE64}
kind: Secret
type: Opaque
"""
JSON = f'{{"ARN": "arn:x", "SecretString": "{{\\"password\\": \\"{SECRET}\\"}}"}}'
PRINTED = {
    "vault kv get secret/app": TABLE,
    "vault kv get -format=json secret/app": f'{{"data": {{"data": {{"password": "{SECRET}"}}}}}}',
    "vault kv get -field=password secret/app": SECRET,
    "pass show app/db": f"{SECRET}\nuser: app\nurl: https://db.example\n",
    "op read op://app/db/password": SECRET,
    "gpg -d creds.gpg": f"DB_HOST=db\nDB_PASS={SECRET}\n",
    "sops -d secrets.yaml": f"db:\n  password: {SECRET}\n  host: db.example\n",
    "aws secretsmanager get-secret-value --secret-id app": JSON,
    "kubectl get secret app -o yaml": YAML,
    "kubectl get secret app -o jsonpath='{.data.password}' | base64 -d": IN_BASE64,
    "az keyvault secret show --name app --vault-name v": f'{{"id": "https://v", "value": "{SECRET}"}}',
    "gcloud secrets versions access latest --secret=app": SECRET,
    "bw get password app": SECRET,
    "security find-generic-password -s app -w": SECRET,
}


def make_keeper(program: Program, name: str, printed: str, more: str = "") -> dict[str, str | None]:
    """Put a program on PATH that prints a text, and return the environment with that PATH."""
    folder = program.folder / "bin"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.txt").write_text(printed)
    path = folder / name
    path.write_text(f'#!/bin/sh\n{more}\ncat "{folder}/{name}.txt"\n')
    path.chmod(0o755)
    return {"PATH": f"{folder}:{program.environment()['PATH']}"}


def left_of(program: Program) -> bytes:
    """Return the content of all files but those of the keepers."""
    files = [path for path in program.folder.rglob("*") if path.is_file() and path.parent.name != "bin"]
    return b"\n".join(path.read_bytes() for path in files)


@pytest.mark.parametrize("command", PRINTED)
def test_what_a_keeper_prints_is_in_no_output(command: str, program: Program) -> None:
    """Neither its own statement nor a later one shows the value, as it is or in Base64."""
    env = make_keeper(program, command.split()[0], PRINTED[command])
    later = f"printf '%s %s\\n' '{SECRET[:10]}''{SECRET[10:]}' {IN_BASE64}"
    (program.work / "later.sh").write_text(later)
    page = f"# P\n\n## Steps\n\n```bash\n{command}\n. ./later.sh; rm later.sh\n```\n"
    ran = program.run_page(page, "--yes", "--json", env=env)
    assert ran.status == 0, ran.output
    assert "keeps secrets printed this" in ran.output
    for each in (SECRET, IN_BASE64):
        assert each not in ran.output
        assert each.encode() not in left_of(program)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_variable_that_holds_it_is_a_secret(shell: str, program: Program) -> None:
    """Its name says nothing, and no later output and no event has its value."""
    env = make_keeper(program, "op", SECRET)
    code = "set found (op read op://a/b)" if shell == "fish" else 'found="$(op read op://a/b)"'
    page = f'# P\n\n## Steps\n\n```{shell}\n{code}\necho "it is $found"\n```\n'
    ran = program.run_page(page, "--yes", "--json", env=env)
    assert (ran.status, f"it is {HIDDEN}" in ran.output) == (0, True), ran.output
    assert SECRET.encode() not in left_of(program) + ran.output.encode()


def test_an_error_of_a_keeper_is_shown(program: Program) -> None:
    """If it fails, it has printed no secret, and the operator needs its message."""
    env = make_keeper(program, "vault", "", "echo 'Error making API request: permission denied' >&2; exit 2")
    ran = program.run_page(
        "# P\n\n## Steps\n\n```bash\nvault kv get a | cat\nvault kv get a\n```\n", "--yes", env=env
    )
    assert (ran.status, ran.stdout.count("permission denied")) == (1, 2), ran.output


def test_of_gpg_only_messages_are_shown_if_it_fails(program: Program) -> None:
    """It may fail after it has printed the text."""
    more = "echo 'gpg: encrypted with rsa4096 key' >&2; trap 'echo gpg: WARNING: not protected; exit 2' EXIT"
    env = make_keeper(program, "gpg", f"{SECRET}\n", more)
    ran = program.run_page("# P\n\n## Steps\n\n```bash\ngpg -d a.gpg\n```\n", "--yes", env=env)
    assert (ran.status, "gpg: WARNING: not protected" in ran.stdout) == (1, True), ran.output
    assert SECRET.encode() not in left_of(program) + ran.output.encode()


def test_other_commands_of_a_keeper_are_shown(program: Program) -> None:
    """`vault status` prints no secret."""
    env = make_keeper(program, "vault", "Sealed          false\nCluster ID      Ab3dE6gH9jK2\n")
    ran = program.run_page("# P\n\n## Steps\n\n```bash\nvault status\n```\n", "--yes", env=env)
    assert (ran.status, "Ab3dE6gH9jK2" in ran.stdout) == (0, True), ran.output


CAPTURED = """\
---
runbook:
  inputs:
    user: {secret: false}
---
# P

## Steps

```bash {capture=user}
vault kv get -field=user secret/app
```

```bash {capture=address}
vault kv get -field=address secret/app
```

```bash
echo <user>; printf %s <address> | wc -c
```
"""


def test_a_capture_from_a_keeper_is_a_secret(program: Program) -> None:
    """This does not depend on its name; the front matter may declare it public."""
    env = make_keeper(program, "vault", "", 'case "$3" in *user) echo app-user-7;; *) echo 10.8.0.17;; esac')
    ran = program.run_page(CAPTURED, "--yes", "--json", env=env)
    assert (ran.status, '"text":"9\\n"' in ran.stdout) == (0, True), ran.output
    assert '"value":"app-user-7"' in ran.stdout
    assert "10.8.0.17" not in ran.output


def test_a_question_of_a_keeper_is_shown(program: Program, tmp_path: Path) -> None:
    """The operator answers it, and sees no part of the secret; the journal has neither."""
    ask = "printf 'Enter the password for app: '; stty -echo; read answer; stty echo; echo"
    env = make_keeper(program, "op", f"{SECRET}\n", ask)
    program.write("page.md", "# P\n\n## Steps\n\n```bash\nop read op://a/b\necho done\n```\n")
    with open_screen([*COMMAND, "page.md"], program.work, program.environment(env)) as seen:
        seen.wait("1 of 1 ›")
        seen.type(ENTER)
        seen.wait("Enter the password for app:")
        seen.type("letmein", ENTER)
        seen.wait("keeps secrets", "1 of 1 ›")
        seen.type(ENTER)
        assert seen.wait_status() == 0
    assert SECRET.encode() not in left_of(program) + seen.raw
    assert b"letmein" not in left_of(program) + seen.raw
