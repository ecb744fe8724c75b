"""Annotations: their fields, and the problems of invalid ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_exec.diagnostics.problem import Problem, Severity
from runbook_exec.document.annotations.info_string import read_info
from runbook_exec.document.annotations.parser import merge_annotations, read_comment
from runbook_exec.document.model import Annotation
from runbook_exec.shells.registry import SHELLS
from runbook_exec.text.durations import format_duration, parse_duration

NAMES = ", ".join(f"`{shell}`" for shell in SHELLS)


def changed_fields(annotation: Annotation) -> dict[str, object]:
    """The fields of an annotation that are set."""
    nothing = Annotation()
    return {
        name: getattr(annotation, name)
        for name in Annotation._fields
        if name != "span" and getattr(annotation, name) != getattr(nothing, name)
    }


def parse_comment(words: str, before: str = "# Title\n\n") -> tuple[dict[str, object], list[tuple[str, str]]]:
    """The fields in a comment with these words, and each problem's message and text."""
    text = f"{before}<!-- runbook: {words} -->"
    read = read_comment(text, len(before), len(text))
    assert read is not None
    annotation, problems = read
    assert annotation.span is not None
    assert text[annotation.span.start : annotation.span.end] == text[len(before) :]
    return changed_fields(annotation), [(problem.message, marked_text(problem, text)) for problem in problems]


def parse_info(written: str) -> tuple[str, dict[str, object], list[tuple[str, str]]]:
    """The language and the fields of an info string, and each problem's message and text."""
    text = f"text\n\n```{written}\n"
    language, annotation, problems = read_info(written, text, 9)
    return (
        language,
        changed_fields(annotation),
        [(problem.message, marked_text(problem, text)) for problem in problems],
    )


def marked_text(problem: Problem, text: str) -> str:
    """The text of a problem's span; asserts that line and column are the same place."""
    assert problem.span is not None
    span = problem.span
    assert len("".join(text.splitlines(keepends=True)[: span.line - 1])) + span.column - 1 == span.start
    return text[span.start : span.end]


def test_every_name_is_read() -> None:
    """All names of annotations, with each kind of value."""
    assert parse_comment(
        'id=mint capture="new_token=/tok: (\\w+)/" secret expect="Re\\"voked" expect=b expect-not=\'it is\''
        " expect-status=3 allow-failure timeout=1m30s retry=3 confirm manual skip choose=2 when=\"a == 'b'\""
        " cwd=/tmp shell=bash setup"
    ) == (
        {
            "id": "mint",
            "capture": "new-token",
            "capture_pattern": "tok: (\\w+)",
            "secret": True,
            "expect": ('Re"voked', "b"),
            "expect_not": ("it is",),
            "expect_status": 3,
            "allow_failure": True,
            "timeout": 90.0,
            "retry": 3,
            "confirm": "",
            "manual": True,
            "skip": True,
            "choose": "2",
            "when": "a == 'b'",
            "cwd": "/tmp",
            "shell": "bash",
            "setup": True,
        },
        [],
    )


def test_some_names_need_no_value() -> None:
    """`retry` alone is one retry, `confirm` alone the default question.

    An annotation may have several lines.
    """
    assert parse_comment("\n retry\n confirm\n") == ({"retry": 1, "confirm": ""}, [])


@pytest.mark.parametrize(
    "text", ["<!-- note -->", "<!-- runbook owners: us -->", "<!-- Runbook: prose -->", "<p>"]
)
def test_other_comments_are_ignored(text: str) -> None:
    """A comment that does not begin with `runbook:` is no annotation."""
    assert read_comment(text, 0, len(text)) is None


@pytest.mark.parametrize(
    ("words", "message", "at"),
    [
        ("captrue=x", "unknown annotation `captrue`; did you mean `capture`?", "captrue=x"),
        (
            "expect_status=1",
            "unknown annotation `expect_status`; did you mean `expect-status`?",
            "expect_status=1",
        ),
        ("zzz", "unknown annotation `zzz`", "zzz"),
        ("timeout=soon", "`timeout`: expected a duration such as", "soon"),
        ("timeout=0s", "`timeout`: expected a duration longer than zero", "0s"),
        ("secret=yes", "`secret` takes no value; write `secret` alone", "secret=yes"),
        ("cwd", "`cwd` needs a value, such as `cwd=/srv/app`", "cwd"),
        ("cwd=", "`cwd` needs a value", "cwd="),
        ("expect-status=many", "`expect-status`: expected a whole number from 0 to 255, got `many`", "many"),
        ("expect-status=256", "`expect-status`: expected a whole number", "256"),
        ("shell=fsh", f"`shell`: expected one of {NAMES}, got `fsh`", "fsh"),
        ("capture=1", "`capture`: expected the name of a placeholder", "1"),
        ("capture=a=b", "`capture`: expected `NAME=/regular expression/`", "a=b"),
        (
            'capture="a=/b(c/"',
            "`capture`: `b(c` is no regular expression: missing ), unterminated subpattern at",
            "(c/",
        ),
        ("id=a id=b", "`id` is given twice", "id=b"),
        ('expect="open', "the quote that opens the value of `expect` is not closed", '"open '),
        ('expect="a"b', "expected a blank after the closing quote, got `b`", "b"),
        ('"x"', 'expected a name, got `"x"`', '"x"'),
    ],
)
def test_mistakes_are_reported_at_their_place(words: str, message: str, at: str) -> None:
    """Each mistake is one error with its exact place, and the other words still count."""
    answer, problems = parse_comment(f"skip {words}" if '"open' in words else f"{words} skip")
    assert [(problem[: len(message)], where) for problem, where in problems] == [(message, at)]
    assert answer["skip"] is True


@pytest.mark.parametrize(
    ("written", "language", "answer"),
    [
        ("", "", {}),
        ("fish", "fish", {}),
        ("  Fish  ", "fish", {}),
        ("fish {capture=new-token secret}", "fish", {"capture": "new-token", "secret": True}),
        ("fish{timeout=5m}", "fish", {"timeout": 300.0}),
        ("{.fish #mint capture=x .numberLines}", "fish", {"id": "mint", "capture": "x"}),
        ('{ .bash .no-copy title="a {b}" linenums="1" hl_lines="2 3" }', "bash", {}),
        ('bash title="a b" hl_lines="1"', "bash", {}),
        ("{bash, skip}", "bash", {"skip": True}),
        ("js {1,3-5}", "js", {}),
        ("fish {{ x }}", "fish", {}),
        ('sh {"name":"x","cwd":"/tmp","interactive":"false"}', "sh", {"id": "x", "cwd": "/tmp"}),
        ('sh {"id":"01HF7","name":"x"}', "sh", {"id": "x"}),
        ('sh { "excludeFromRunAll": "true", "terminalRows": 20, "tag": ["a"] }', "sh", {"skip": True}),
        ('sh {"promptEnv":"yes","skipPrompts":"true","mimetype":"a/b","transform":"false"}', "sh", {}),
        ('sh {"excludeFromRunAll":false,"retry":2,"secret":true}', "sh", {"retry": 2, "secret": True}),
        ("sh { name=x interactive=false excludeFromRunAll=false }", "sh", {"id": "x"}),
    ],
)
def test_info_strings(written: str, language: str, answer: dict[str, object]) -> None:
    """Braces in our spelling, Pandoc's and runme's are read; words for renderers are ignored."""
    assert parse_info(written) == (language, answer, [])


@pytest.mark.parametrize(
    ("written", "message", "at"),
    [
        ("fish {captrue=x}", "unknown annotation `captrue`; did you mean `capture`?", "captrue=x"),
        ('sh {"nmae":"x"}', "`nmae` after the language belongs to another tool", "nmae"),
        (
            "fish {class=disable-copy}",
            "`class` after the language belongs to another tool",
            "class=disable-copy",
        ),
        ('sh {"cwd":3.5e3x}', "expected `,` in the JSON object, got `x`", "x}"),
        ('sh {"cwd":["/"]}', "`cwd`: expected text", '["/"]'),
        ('sh {"cwd"', "expected `:` in the JSON object, got its end", '"'),
        ('sh {"cwd":"/"', "expected `,` in the JSON object, got its end", '"'),
        ("fish {secret", "expected `}` at the end of the annotation", "t"),
    ],
)
def test_mistakes_in_braces(written: str, message: str, at: str) -> None:
    """Mistakes in braces have their exact place too."""
    _, _, problems = parse_info(written)
    assert [(problem[: len(message)], where) for problem, where in problems] == [(message, at)]


def test_bare_values_cause_a_warning() -> None:
    """A bare `key=value` counts, with a warning that has the right spelling."""
    text = "fish capture=x word"
    language, annotation, problems = read_info(text, text, 0)
    assert (language, changed_fields(annotation)) == ("fish", {"capture": "x"})
    assert [(problem.code, problem.severity, problem.hint) for problem in problems] == [
        ("bare-annotation", Severity.WARNING, "write `<!-- runbook: capture=x -->` on the line above"),
    ]


@pytest.mark.parametrize(
    ("written", "language", "answer", "names"),
    [
        ("bash timeout=300 wait=30", "bash", {}, "`timeout`, `wait`"),
        ("bash timeout=30s wait=30", "bash", {}, "`timeout`, `wait`"),
        ("bash timeout=300", "bash", {}, "`timeout`"),
        ("bash wait=15 expectError=true hook=x", "bash", {}, "`wait`, `expectError`, `hook`"),
        ("bash hookTimeout=120", "bash", {}, "`hookTimeout`"),
        ("bash file=./x.sh", "bash", {}, "`file`"),
        ("bash {class=disable-copy}", "bash", {}, "`class`"),
        ("bash {linenos=table,hl_lines=[1]}", "bash", {}, None),
        ('bash {title="x" highlight="1" copy}', "bash", {}, "`highlight`, `copy`"),
        ("{bash, echo=FALSE, eval=TRUE}", "bash", {}, "`echo`, `eval`"),
        ("bash {class=x confirm timeout=30s}", "bash", {"confirm": ""}, "`class`, `timeout`"),
        ("bash {class=x .foo #here}", "bash", {"id": "here"}, "`class`"),
        ('bash {"name":"x","unknown":1}', "bash", {"id": "x"}, "`unknown`"),
        ('{.bash title="x" wrap=true}', "bash", {}, "`wrap`"),
        ("bash {1,3} wait=1", "bash", {}, "`wait`"),
        ("bash {a=b", "bash", {}, "`a`"),
        ("bash confirm=yes foo=1", "bash", {"confirm": "yes"}, "`foo`"),
    ],
)
def test_attributes_of_other_tools_are_passed_over(
    written: str, language: str, answer: dict[str, object], names: str | None
) -> None:
    """A group with another name is another tool's; what keeps a block from running still counts."""
    read, annotation, problems = read_info(written, written, 0)
    assert (read, changed_fields(annotation)) == (language, answer)
    assert all(problem.severity == Severity.WARNING for problem in problems)
    notes = [problem.message for problem in problems if problem.code == "foreign-attribute"]
    assert [note.partition(" after the language")[0] for note in notes] == ([names] if names else [])


def test_a_misspelt_name_beside_one_of_ours_is_an_error() -> None:
    """The group is plainly ours."""
    for written in ("fish {id=x expct=text}", "fish {secret captrue=x}"):
        (problem,) = read_info(written, written, 0)[2]
        assert (problem.code, problem.severity) == ("annotation", Severity.ERROR)


@pytest.mark.parametrize(
    "written",
    ["fish {captrue=x}", "fish {confrim}", "fish {timeouts=5m}", "fish captrue=x", "sh {expects=x a=b}"],
)
def test_a_misspelt_name_is_a_warning(written: str) -> None:
    """A name that is nearly one of ours is reported with the right one, wherever it is written."""
    problems = read_info(written, written, 0)[2]
    assert any("did you mean" in problem.message and problem.code == "annotation" for problem in problems)
    assert all(problem.severity == Severity.WARNING for problem in problems)


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("{code-block} bash", "bash"),
        ("{code} sh", "sh"),
        ("{prompt} bash $", "bash"),
        ("{note}", "note"),
        ("bash:title=x.sh", "bash"),
        ("bash:line-numbers {1}", "bash"),
        ("sh,ignore", "sh"),
        ("bash [npm]", "bash"),
        ("sh copy", "sh"),
        ("bash title='x' hl_lines=\"1 3\"", "bash"),
        ("BASH", "bash"),
        ("caddy-d", "caddy-d"),
        ("c++", "c++"),
    ],
)
def test_the_language_is_found_in_other_tools_info_strings(written: str, language: str) -> None:
    """Directives, tabs, titles and words after the language do not change it, nor are they problems."""
    read, annotation, problems = read_info(written, written, 0)
    assert (read, changed_fields(annotation), problems) == (language, {}, ())


def test_later_annotations_replace_values_and_extend_lists() -> None:
    """A merge keeps values of either, prefers the second, and joins expectations and flags."""
    above = Annotation(capture="a", capture_pattern="x", expect=("one",), timeout=1.0, secret=True)
    info_string = Annotation(capture="b", expect=("one", "two"), timeout=2.0, retry=1)
    assert merge_annotations(above, info_string) == Annotation(
        capture="b", expect=("one", "two"), timeout=2.0, retry=1, secret=True
    )
    assert merge_annotations(above, Annotation()) == above
    assert merge_annotations(Annotation(), above) == above


PLAIN = [
    "capture=",
    "secret",
    "expect=",
    '"',
    "'",
    "\\",
    "/",
    "=",
    "{",
    "}",
    ":",
    ",",
    " ",
    "\n",
    "é",
    "[",
    "(",
    "a",
]
tokens = st.sampled_from([*PLAIN, "-->", '"name"', "true", "1", "x=y", ".fish", "#id", "\ufeff", "\t"])


@settings(max_examples=300)
@given(st.lists(tokens, max_size=25).map("".join))
def test_any_text_gives_problems_and_no_exception(text: str) -> None:
    """For any comment or info string, every problem is inside it."""
    written = f"<!-- runbook: {text}"
    read = read_comment(written, 0, len(written))
    assert read is not None
    line = text.replace("\n", " ")
    for problem, end in [(p, len(written)) for p in read[1]] + [
        (p, len(line)) for p in read_info(line, line, 0)[2]
    ]:
        assert problem.span is not None
        assert 0 <= problem.span.start <= problem.span.end <= end + 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("500ms", 0.5),
        ("75d", 6480000),
        ("1.5h", 5400),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    """Numbers with units, one after the other."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "s", "-1s", "1y", "1h,2m", "1e3s", "٣s", "1 1s"])
def test_other_durations_are_refused(text: str) -> None:
    """A number without a unit, and any other text, is refused with examples."""
    with pytest.raises(ValueError, match="expected a duration such as `30s`"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.8, "0.8 s"), (14.1, "14.1 s"), (59.96, "1 min"), (123, "2 min 3 s"), (3599.6, "1 h"),
        (3840, "1 h 4 min"), (86399, "1 d"), (90000, "1 d 1 h"), (75 * 86400, "75 d"), (-1, "0.0 s"),
    ],
)  # fmt: skip
def test_durations_are_written_in_two_units(seconds: float, text: str) -> None:
    """Below a minute to a tenth of a second, then in two units; rounding never yields 60."""
    assert format_duration(seconds) == text
