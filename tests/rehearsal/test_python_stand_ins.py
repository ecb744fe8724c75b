"""Stand-ins that are functions of a test, with the fixture of the plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_exec.rehearsal.python_stand_ins import StandInCall, StandIns
from tests.support.program import Program

PAGE = """# Page

## Steps

```sh
token=$(vault new "a b" <<EOF
for today
EOF
)
vault use "$token" || vault use other
```
"""


@pytest.fixture
def page(program: Program) -> Path:
    """A runbook that creates a value and uses it."""
    return program.write("page.md", PAGE)


def test_functions_replace_programs(page: Path, stand_ins: StandIns) -> None:
    """They get the caller's arguments, folder and streams, and keep state between calls."""
    given = []

    @stand_ins("vault")
    def vault(call: StandInCall) -> int | str | None:
        if call.words == ("new", "a b"):
            given.append(call.stdin.read())
            return "t-1 t-2"
        print("refused", call.words[1], file=call.stderr)
        return 3 if call.words[1] == "t-1 t-2" else None

    result = stand_ins.rehearse(page)
    assert (result.outcome, result.findings, result.why) == ("passed", (), "")
    assert result.runbook.path == str(page)
    assert given == ["for today\n"]
    assert [call.words for call in stand_ins.calls] == [("new", "a b"), ("use", "t-1 t-2"), ("use", "other")]
    assert {call.cwd.name for call in stand_ins.calls} == {"work"}
    assert {call.environment["HOME"] for call in stand_ins.calls} == {
        str(stand_ins.calls[0].cwd.parent / "home")
    }


def test_a_status_fails_the_statement(page: Path, stand_ins: StandIns) -> None:
    """The statement fails as if a program ended with that status; its output is reported."""

    @stand_ins("vault")
    def vault(call: StandInCall) -> int:
        print("sealed", file=call.stderr)
        return 2

    result = stand_ins.rehearse(page)
    assert result.outcome == "differs"
    (finding,) = result.findings
    assert finding.runbook is not None
    assert (finding.runbook.line, finding.name) == (6, "statement-failed")
    assert "sealed" in finding.hint


def test_an_exception_in_a_stand_in_fails_the_test(page: Path, stand_ins: StandIns) -> None:
    """A failed assertion in a stand-in is an assertion of the test."""

    @stand_ins("vault")
    def vault(call: StandInCall) -> None:
        assert call.words == ("old",), "an old one was expected"

    with pytest.raises(AssertionError, match="an old one was expected"):
        stand_ins.rehearse(page)


def test_a_transcript_restricts_the_functions(page: Path, stand_ins: StandIns) -> None:
    """With a transcript, only its calls are allowed, and output is compared with it."""
    page.with_suffix(".rehearsal.md").write_text(
        "```console\n$ vault new 'a b'\n<token>\n$ vault use <token>\n```\n"
    )

    @stand_ins("vault")
    def vault(call: StandInCall) -> str:
        return "t-9"

    assert stand_ins.rehearse(page.with_suffix(".rehearsal.md")).outcome == "passed"

    @stand_ins("vault")
    def forgetful(call: StandInCall) -> str | int:
        return "t-9" if call.words[0] == "new" else 1

    result = stand_ins.rehearse(page.with_suffix(".rehearsal.md"))
    assert [finding.name for finding in result.findings] == ["call-not-expected"]


def test_settings_are_passed_as_keywords(program: Program, stand_ins: StandIns) -> None:
    """Values and notes are keywords; an unknown keyword is refused."""
    page = program.write(
        "page.md", "# Page\n\n## Steps\n\n### 1. Look\n\nLook.\n\n### 2. Go\n\n```sh\ngo <where>\n```\n"
    )

    @stand_ins("go")
    def go(call: StandInCall) -> None:
        assert call.words == ("far away",)

    assert stand_ins.rehearse(page, values={"where": "far away"}, done={"1": "seen"}).outcome == "passed"
    refused = stand_ins.rehearse(page, value={"where": "far away"})
    assert refused.outcome == "cannot"
    assert refused.findings[0].message == "unknown key `value`; did you mean `values`?"


def test_calls_may_wait_for_one_another(program: Program, stand_ins: StandIns) -> None:
    """They run at the same time, as programs do."""
    page = program.write("page.md", "# Page\n\n## Steps\n\n```sh\nhear | say\n```\n")

    @stand_ins("hear")
    def hear(call: StandInCall) -> str:
        return "a word"

    @stand_ins("say")
    def say(call: StandInCall) -> None:
        print("heard", call.stdin.readline(), end="", file=call.stdout)

    result = stand_ins.rehearse(page)
    assert (result.outcome, result.findings) == ("passed", ())
    assert "heard a word" in "".join(getattr(event, "text", "") for event in result.events)
