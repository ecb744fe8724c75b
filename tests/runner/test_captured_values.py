"""Captures and expectations of what programs print, with the whole program."""

from __future__ import annotations

import pytest

from runbook_exec.engine.events import Captured
from runbook_exec.plan.captures import capture_value
from tests.support.program import Program
from tests.support.shells import SHELLS

SECRET = "correct-horse-battery"


def make_page(*steps: str, shell: str = "bash") -> str:
    """Return a page with these steps, each an annotation or "" and a script, divided by a line end."""
    parts = ["# Page\n\n## Steps\n"]
    for number, step in enumerate(steps, 1):
        above, _, script = step.partition("\n")
        comment = f"<!-- runbook: {above} -->\n" if above else ""
        parts.append(f"### {number}. One\n\n{comment}```{shell}\n{script}\n```\n")
    return "\n".join(parts)


def find_captured(program: Program) -> dict[str, Captured]:
    """Return the captures of the only run by name."""
    return {event.name: event for event in program.read_events() if isinstance(event, Captured)}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_capture_takes_what_was_printed(shell: str, program: Program) -> None:
    """A known secret in the output is captured itself, not its mask, and stays a secret."""
    page = make_page(
        "capture=login\necho <api-token>",
        "\ntest <login> = <api-token>; and echo same".replace("; and", " &&"),
        shell=shell,
    )
    ran = program.run_page(page, "--yes", "--no-config", "--set", f"api-token={SECRET}")
    assert (ran.status, "same" in ran.stdout) == (0, True), ran.output
    captured = find_captured(program)["login"]
    assert (captured.secret, captured.value, captured.length) == (True, None, len(SECRET))
    assert SECRET.encode() not in program.read_all_files()
    assert SECRET not in ran.output


@pytest.mark.parametrize(
    "script",
    [
        "echo https://u:<api-token>@h/",
        "printf '\\033[1;32m%s\\033[0m\\n' <api-token>",
        "printf 'working\\r%s\\n' <api-token>",
        "printf '%s' <api-token>",
        "export KUBE_TOKEN=<api-token>\necho $KUBE_TOKEN",
    ],
)
def test_a_capture_with_a_secret_in_it_is_a_secret(script: str, program: Program) -> None:
    """Whatever is around the secret, the value is exact for a program and masked for a reader."""
    page = make_page(f"capture=login\n{script}", "\nprintf '%s' <login> | grep -c <api-token>")
    ran = program.run_page(page, "--yes", "--no-config", "--set", f"api-token={SECRET}")
    assert (ran.status, "\n1" in ran.stdout) == (0, True), ran.output
    assert find_captured(program)["login"].value is None
    assert SECRET not in ran.output
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in program.runs.iterdir())


def test_a_public_capture_beside_a_secret_leaks_it_nowhere(program: Program) -> None:
    """A line holds both: the public one that has the secret in it is a secret, the other is not."""
    page = (
        "---\nrunbook:\n  captures: {line: '1', id: '1:id=(\\d+)', new-token: '1:key=(\\S+)'}\n---\n"
        + make_page(
            '\nprintf "id=7 key=%s\\n" "$(printf corr; printf ect-horse-battery)"',
            '\nprintf "%s" <id> <line> | grep -c "7id=7 key=<new-token>"',
        )
    )
    ran = program.run_page(page, "--yes", "--no-config")
    assert (ran.status, "\n1" in ran.stdout) == (0, True), ran.output
    captured = find_captured(program)
    assert {name: event.value for name, event in captured.items()} == {
        "line": None,
        "id": "7",
        "new-token": None,
    }
    assert SECRET not in ran.output
    assert SECRET.encode() not in program.read_all_files()


def test_a_refused_capture_shows_no_secret(program: Program) -> None:
    """The message about a value that does not match masks the secret in it."""
    page = "---\nrunbook:\n  inputs:\n    login: {pattern: '[0-9]+'}\n---\n" + make_page(
        "capture=login\necho a <api-token>", "\necho <login>"
    )
    ran = program.run_page(page, "--yes", "--no-config", "--set", f"api-token={SECRET}")
    assert ran.status == 1
    assert "printed a value for `login` that will not do" in ran.stdout
    assert SECRET not in ran.output


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        ("expect='token is correct-horse'", 0),
        ("expect='••••'", 1),
        ("expect-not='token is correct-horse'", 1),
        ("expect-not='••••'", 0),
    ],
)
def test_expectations_see_the_true_output(expected: str, status: int, program: Program) -> None:
    """The required and the forbidden text are searched in what was printed; the message is masked."""
    page = make_page(f"{expected}\nprintf 'token is \\033[1mcorrect\\033[0m-horse-battery\\n' # <x>".strip())
    page = page.replace("printf 'token", "true <api-token>; printf 'token")
    ran = program.run_page(page, "--yes", "--no-config", "--set", f"api-token={SECRET}")
    assert ran.status == status, ran.output
    assert SECRET not in ran.output


def test_a_capture_of_a_long_output_is_the_right_one(program: Program) -> None:
    """The value is found before and after more than 2 MB of other lines."""
    page = "---\nrunbook:\n  captures:\n    first: '1:id=(\\d+)'\n    last: '1'\n---\n" + make_page(
        "\n{ echo id=7; head -c 2500000 /dev/zero | tr '\\0' x | fold -w 99; echo; echo id=8; echo done-9; }",
        "\necho <first> <last>",
    )
    ran = program.run_page(page, "--yes", "--no-config", "--keep-output", "0")
    assert ran.status == 0, ran.output[-2000:]
    captured = find_captured(program)
    assert (captured["first"].value, captured["last"].value) == ("7", "done-9")


@pytest.mark.parametrize(
    ("output", "pattern", "value"),
    [
        ("10%\r50%\rid=5\r\n", r"^id=(\S+)$", "5"),
        ("id=1\rid=2\n", r"id=(\d)", "2"),
        ("id=1\r\x1b[Kdone\n", r"id=(\d)", "1"),
        ("\x1b[32mid\x1b[0m=\x1b[1m5\x1b[0m\n", r"id=(\d)", "5"),
        ("a\rb\r\n", None, "b"),
    ],
)
def test_a_capture_sees_the_last_state_of_a_line(output: str, pattern: str | None, value: str) -> None:
    """Colours and the earlier states of a progress line are no part of a value."""
    assert capture_value(output, pattern) == value
