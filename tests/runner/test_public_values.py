"""A public value may hold a secret."""

from __future__ import annotations

import tempfile

import pytest

from tests.support.program import Program

PASSWORD = "S3cret@Pw99"
TOKEN = "ghp_" + "a1B2c3D4e5" * 4
HELD = {
    "a URL's password": (PASSWORD, f"https://app:{PASSWORD}@db.example/x"),
    "a token in a URL": (f"{TOKEN[4:24]}", f"https://{TOKEN[4:24]}@db.example/x"),
    "a token": (TOKEN, f"--header={TOKEN}"),
    "a known secret": ("Hunter2-Longer", "https://db.example/?t=Hunter2-Longer"),
}
PAGE = "# P\n\n## Steps\n\n```bash\necho <url>\necho <token> >/dev/null\n```\n"
SOURCED = "---\nrunbook:\n  inputs:\n    url: {source: 'cmd:cat value.txt'}\n---\n"


def find_leaks(program: Program, secret: str, *more: str) -> list[str]:
    """Return the files of the runs, and outputs, that have the secret."""
    found = {str(path): path.read_bytes() for path in program.runs.parent.rglob("*") if path.is_file()}
    found |= {f"output {number}": text.encode() for number, text in enumerate(more)}
    for kind in ("md", "html", "json", "junit"):
        found[kind] = program.run("runs", "report", "--format", kind).output.encode()
    found["show"] = program.run("runs", "show").output.encode()
    return [name for name, data in found.items() if secret.encode() in data]


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("way", ["--set", "cmd:"])
def test_a_secret_in_a_public_value_is_masked(held: str, way: str, program: Program) -> None:
    """The program gets the whole value; the screen, events and reports have the rest of it."""
    secret, value = HELD[held]
    given = ["--set", "token=Hunter2-Longer"] + (["--set", f"url={value}"] if way == "--set" else [])
    program.write("value.txt", f"{value}\n")
    ran = program.run_page((SOURCED if way == "cmd:" else "") + PAGE, "--yes", "--json", *given)
    assert ran.status == 0, ran.output
    assert find_leaks(program, secret, ran.output) == []
    assert "\\u2022" * 8 in ran.output
    dry = program.run("page.md", "--dry-run", *given)
    assert (dry.status, secret in dry.output) == (0, False)
    assert (way == "cmd:") or value.replace(secret, "•" * 8) in dry.output


def test_a_value_without_a_secret_is_public(program: Program) -> None:
    """Events and the dry run have it."""
    value = "https://db.example:8080/x?at=a@b"
    ran = program.run_page(PAGE, "--yes", "--json", "--set", f"url={value}", "--set", "token=Hunter2-Longer")
    assert f'"values":{{"url":"{value}"}}' in ran.output
    assert f"given with --set: {value}" in program.run("page.md", "--dry-run", "--set", f"url={value}").output


DEFAULT = """\
---
runbook:
  inputs:
    token: {default: Hunter2-Longer}
    url: {default: 'https://app:S3cretPw99@db/x'}
    region: {default: eu-west-1}
---
# P

## Steps

```bash
echo <token> <url> <region>
```
"""


def test_show_prints_no_secret_default(program: Program) -> None:
    """Neither the settings nor the text of the page have it; a public default is shown."""
    program.write("page.md", DEFAULT)
    shown = program.run("show", "--json", "page.md")
    assert shown.status == 0
    assert [each for each in ("Hunter2-Longer", "S3cretPw99") if each in shown.output] == []
    assert '"default": "eu-west-1"' in shown.stdout


def test_a_public_value_with_a_secret_is_known_to_a_resumed_run(program: Program) -> None:
    """The resumed run has the whole value, from the private store."""
    page = "# P\n\n## Steps\n\n```bash\ntest -e ok\nprintf '%s' <url> | wc -c\n```\n"
    value = f"https://app:{PASSWORD}@db/x"
    with tempfile.TemporaryDirectory(dir="/dev/shm") as runtime:
        ran = program.run_page(page, "--yes", "--set", f"url={value}", env={"XDG_RUNTIME_DIR": runtime})
        assert ran.status == 1, ran.output
        program.write("ok", "")
        resumed = program.run("resume", "--yes", env={"XDG_RUNTIME_DIR": runtime})
    assert (resumed.status, f"{len(value)}\n" in resumed.stdout) == (0, True), resumed.output
    assert find_leaks(program, PASSWORD, ran.output, resumed.output) == []


SHORT = """\
# P

## Steps

```bash
echo the app is up
printf 'pin %s of app %s\\n' <pin> <token>; echo apps in app
```
"""


def test_a_short_secret_is_masked_as_a_whole_word_of_output(program: Program) -> None:
    """The operator is told. The page's own words are shown: a mask would tell which of them is the secret."""
    ran = program.run_page(SHORT, "--yes", "--set", "pin=7", "--set", "token=app")
    hidden = "•" * 8
    assert ran.status == 0, ran.output
    assert "$ echo the app is up\n" in ran.stdout
    assert f"pin 7 of {hidden} {hidden}\n" in ran.stdout
    assert f"apps in {hidden}\n" in ran.stdout
    assert ran.output.count("`<token>` has fewer than 5 characters") == 1
    assert "echo the app is up" in program.journal_path().read_text()
