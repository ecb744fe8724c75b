"""The effect of every annotation on a run, as a comment above the fence and in braces."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.support.program import Program


@dataclass(frozen=True, slots=True)
class Case:
    """A block with an annotation, and the result of its run."""

    says: str
    code: str
    status: int
    told: tuple[str, ...] = ()  # texts in the output
    untold: tuple[str, ...] = ()  # texts that are not in it
    options: tuple[str, ...] = ()
    left: tuple[str, ...] = ()  # files that exist afterwards


_THRICE = "begin; echo x >> made; test (count < made) = 3; end"
_COUNTS = "begin; echo x >> made; echo (count < made) lines; end"
CASES = {
    "id": Case("id=mint", "touch made", 0, options=("--only", "mint"), left=("made",)),
    "id of another": Case("id=mint", "touch made", 2, ("no such step",), options=("--only", "mind")),
    "capture": Case("capture=user-id", "echo u-1; echo u-2", 0, ("captured <user-id> (`u-2`)", "then u-2")),
    "capture by pattern": Case(
        'capture="user-id=/u-(\\d)/"', "echo u-1 u-2", 0, ("captured <user-id> (`1`)", "then 1")
    ),
    "capture of nothing": Case(
        'capture="user-id=/x-(\\d)/"', "echo u-1", 1, ("printed nothing to capture as `user-id`",), ("then",)
    ),
    "secret": Case("capture=user-id secret", "echo hunter-two-2", 0, ("then ••••",), ("hunter",)),
    "secret in a first statement": Case(
        "secret", "echo hunter-two-2\necho done", 0, ("$ echo done\n••••",), ("\nhunter", "\ndone")
    ),
    "secret before what is captured": Case(
        "capture=user-id secret",
        "echo hunter-two-2\necho four-4711",
        0,
        ("then ••••",),
        ("\nhunter", "\nfour"),
    ),
    "secret without capture": Case("secret", "echo hunter-two-2", 0, ("••••",), ("$ hunter", "\nhunter")),
    "expect": Case('expect="all well"', "echo all; echo all well", 0),
    "expect, of the block": Case('expect="one"', "echo one\necho two", 0),
    "expect, not met": Case(
        'expect="all well"', "echo all; touch made", 1, ("output did not contain `all well`",), left=("made",)
    ),
    "expect-not": Case('expect-not="bad"', "echo good", 0),
    "expect-not, met": Case('expect-not="bad"', "echo bad\ntouch made", 1, ("which must not appear",)),
    "expect-status": Case("expect-status=3", "sh -c 'exit 3'", 0),
    "expect-status, not met": Case("expect-status=3", "true", 1, ("exited 0 (expected 3)",), ("then",)),
    "allow-failure": Case("allow-failure", "false\nfalse", 0),
    "timeout": Case("timeout=200ms", "sleep 60", 1, ("ran longer than its 0.2 s and was ended",), ("then",)),
    "retry": Case("retry=2", _THRICE, 0, left=("made",)),
    "retry, not often enough": Case("retry", _THRICE, 1, left=("made",)),
    "retry, every": Case("retry=2 every=100ms", _THRICE, 0, ("next in 0.1 s",), left=("made",)),
    "every": Case("every=100ms", _THRICE, 0, ("try 2 of 21",), left=("made",)),
    "until": Case('until="3 lines" every=100ms', _COUNTS, 0, ("3 lines",), ("4 lines",), left=("made",)),
    "until, not met": Case(
        'until="9 lines" retry=1 every=1ms',
        _COUNTS,
        1,
        ("output did not contain `9 lines`",),
        ("then",),
        left=("made",),
    ),
    "until, of the last statement": Case(
        'until="3 lines" every=1ms', f"echo 3 lines\n{_COUNTS}", 0, ("try 3",), left=("made",)
    ),
    "confirm": Case('confirm="Really?"', "touch made", 3, ("Really?", "--confirmed 1"), ("then",)),
    "confirm, done": Case(
        'confirm="Really?"', "touch made\ntouch two", 0, options=("--confirmed", "1"), left=("made", "two")
    ),
    "manual": Case("manual", "touch made", 3, ("--done 1",), ("then",)),
    "skip": Case("skip", "touch made", 0),
    "choose by number": Case("choose=2", "touch one\n# or:\ntouch two", 0, left=("two",)),
    "choose by label": Case(
        "choose=direct", "touch one\n# or directly:\ntouch two\ntouch three", 0, left=("three", "two")
    ),
    "when": Case(
        "when=\"stage == 'live'\"", "touch made", 0, options=("--set", "stage=live"), left=("made",)
    ),
    "when not": Case("when=\"stage == 'live'\"", "touch made", 0, options=("--set", "stage=test")),
    "cwd": Case("cwd=/usr/share", "echo in $PWD", 0, ("in /usr/share",)),
    "cwd that is not there": Case("cwd=/no/such", "touch made", 1, ("/no/such",), ("then",)),
}
_THEN = "```fish\necho then <user-id>\n```"
_FORMS = {
    "comment": "<!-- runbook: {says} -->\n```fish\n{code}\n```",
    "braces": "```fish {{{says}}}\n{code}\n```",
}


def _page(form: str, says: str, code: str) -> str:
    inputs = "---\nrunbook:\n  inputs:\n    stage: test\n    user-id: nobody\n---\n"
    steps = ("### 1. It", _FORMS[form].format(says=says, code=code), "### 2. Then", _THEN)
    return inputs + "\n\n".join(("# Page", "## Steps", *steps)) + "\n"


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("name", CASES)
def test_an_annotation_has_its_effect_in_both_forms(name: str, form: str, program: Program) -> None:
    """The run prints, leaves and returns the result that the annotation asks for."""
    case = CASES[name]
    ran = program.run_page(_page(form, case.says, case.code), "--yes", *case.options)
    assert ran.status == case.status, ran.output
    assert [text for text in case.told if text not in ran.output] == [], ran.output
    assert [text for text in case.untold if text in ran.output.replace(case.code, "")] == [], ran.output
    made = {path.name for path in program.work.iterdir()} - {"page.md"}
    assert (tuple(sorted(made)) == case.left) or "touch" not in case.code, ran.output


@pytest.mark.parametrize("form", _FORMS)
def test_an_unknown_annotation_is_refused(form: str, program: Program) -> None:
    """Nothing runs; the message points at the name and suggests the nearest known one."""
    ran = program.run_page(_page(form, "id=x expct=text", "touch made"), "--yes")
    assert (ran.status, ran.stdout) == (2, "")
    first, code, carets = ran.stderr.splitlines()
    assert first.endswith(": error: unknown annotation `expct`; did you mean `expect`? [annotation]")
    assert code[carets.index("^") : carets.rindex("^") + 1] == "expct=text"
    assert not (program.work / "made").exists()


def test_an_annotation_of_a_step_applies_to_all_its_blocks(program: Program) -> None:
    """Above a heading it applies to every block of the step, and to no other step."""
    page = "# Page\n\n## Steps\n\n<!-- runbook: allow-failure -->\n### 1. It\n\n```fish\nfalse\n```\n\n"
    ran = program.run_page(f"{page}```fish\nfalse\n```\n\n### 2. Then\n\n```fish\nfalse\n```\n", "--yes")
    assert ran.status == 1
    assert "✗  step 2 of 2  2. Then · exited 1" in ran.stdout


@pytest.mark.parametrize("form", _FORMS)
def test_an_annotation_can_name_another_shell(form: str, program: Program) -> None:
    """`shell=` wins over the language: here the block is not for the shell that runs."""
    ran = program.run_page(_page(form, "shell=bash", "touch made"), "--yes", "--done", "1")
    assert (ran.status, (program.work / "made").exists()) == (0, False)
    ran = program.run("page.md", "--yes", "--shell", "bash", "--done", "2")
    assert (ran.status, (program.work / "made").exists()) == (0, True)
