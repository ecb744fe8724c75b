"""Transcripts as text: written text reads back unchanged, and no text makes the parser fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.document.parser import parse_runbook
from runbook_exec.plan.builder import choose_procedure, make_plan
from runbook_exec.plan.model import Plan
from runbook_exec.rehearsal.matcher import MatchedCall, Progress, find_missing_calls, match_call
from runbook_exec.rehearsal.recording.recorded_run import RecordedCall, RecordedRun
from runbook_exec.rehearsal.recording.terminal_trace import TerminalTrace
from runbook_exec.rehearsal.recording.writer import format_transcript
from runbook_exec.rehearsal.transcript.call_syntax import format_call, split_call
from runbook_exec.rehearsal.transcript.model import ExpectedOutput, Transcript, transcripts_of
from runbook_exec.rehearsal.transcript.parser import parse_transcript
from runbook_exec.rehearsal.transcript.pattern import fill_pattern, join_parts
from tests.support.paths import REPOSITORY

PAGE = b"# Page\n\n## Steps\n\n```sh\nfly\n```\n"
# what may be taken for something else, beside any text
PIECES = (
    "<name>",
    "[..]",
    "...",
    "\\",
    "'",
    '"',
    "$ ",
    "# asks: ",
    "? 1",
    "2> ",
    "0< ",
    "\n",
    "> ",
    " ",
    "<",
    "`",
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_characters="\0"), max_size=3)).map(
    "".join
)


def plan() -> Plan:
    """The plan of a page that calls one program."""
    runbook = parse_runbook(PAGE, "page.md")
    procedure = choose_procedure(runbook, None)
    made = make_plan(runbook, procedure)  # type: ignore[arg-type]
    assert isinstance(made, Plan)
    return made


def write_and_parse(call: RecordedCall, public: dict[str, str], attended: bool = False) -> Transcript:
    """The parsed transcript of a recorded run with one call."""
    text = format_transcript(RecordedRun(plan(), (call,), public, {}, {}, {}, attended))
    transcript = parse_transcript(text.encode("utf-8", "surrogateescape"), "page.rehearsal.md")
    assert transcript.problems == (), text
    return transcript


@given(st.lists(TEXTS, min_size=1))
def test_words_read_back_unchanged(words: list[str]) -> None:
    """An argument with any text is written as a line that means exactly this text."""
    assert [word.pattern for word in split_call(format_call([join_parts((word,)) for word in words]))] == [
        join_parts((word,)) for word in words
    ]


@given(TEXTS.filter(lambda text: text.isascii() or "\x85" not in text), st.sampled_from([1, 2]))
def test_output_reads_back_unchanged(text: str, stream: int) -> None:
    """For any output, even with odd bytes, the answer of the transcript prints the same."""
    data = text.encode("utf-8", "surrogatepass")
    call = RecordedCall(("fly",), None, "1", pieces=[(0.0, stream, data)])
    (found,) = write_and_parse(call, {"name": "value-of-the-name"}).calls
    lines = [line for line in found.lines if isinstance(line, ExpectedOutput)]
    assert all(line.stream == stream or not line.pattern for line in lines)
    printed = "".join(fill_pattern(line.pattern, {}) + "\n" * line.newline for line in lines)
    assert printed.encode("utf-8", "surrogateescape") == data


def test_odd_bytes_read_back_unchanged() -> None:
    """Output with bytes that are not text, and without a final line end."""
    call = RecordedCall(("fly",), None, "1", terminal=TerminalTrace([("shown", b"a\xffb\r\n50 %\x1b[K")]))
    (found,) = write_and_parse(call, {}).calls
    lines = [line for line in found.lines if isinstance(line, ExpectedOutput)]
    printed = "".join(fill_pattern(line.pattern, {}) + "\n" * line.newline for line in lines)
    assert printed.encode("utf-8", "surrogateescape") == b"a\xffb\r\n50 %\x1b[K"


@given(TEXTS, TEXTS)
def test_no_text_makes_the_parser_fail(front: str, calls: str) -> None:
    """A mistake is a problem with a place in the text, and never an exception."""
    text = f"---\nrehearsal:\n  values: {front}\n---\n```console\n{calls}\n```\n"
    transcript = parse_transcript(text.encode("utf-8", "surrogatepass"), "page.rehearsal.md")
    for problem in transcript.problems:
        assert problem.span is None or 0 <= problem.span.start <= problem.span.end <= len(text)
    for call in transcript.calls:
        assert text[call.span.start : call.span.end].strip()


@given(st.permutations(["one", "two", "three"]), st.booleans())
def test_any_order_allows_every_order(came: list[str], grouped: bool) -> None:
    """Calls of a group match in every order; others match too, and late ones are marked."""
    above = "# in any order:\n" if grouped else ""
    text = f"```console\n{above}$ fly one\n$ fly two\n$ fly three\n```\n"
    calls = parse_transcript(text.encode(), "page.rehearsal.md").calls
    progress = Progress({})
    late = []
    for word in came:
        progress, result = match_call(calls, progress, ("fly", word))
        assert isinstance(result, MatchedCall)
        late += [word] if result.before else []
    assert find_missing_calls(calls, progress, over=True) == []
    order = ["one", "two", "three"]
    expected = [w for n, w in enumerate(came) if any(order.index(b) > order.index(w) for b in came[:n])]
    assert late == ([] if grouped else expected)


@pytest.mark.parametrize(
    ("names", "runbook", "found"),
    [
        (["a.rehearsal.md", "a.b.rehearsal.md"], "a.md", ["a.rehearsal.md", "a.b.rehearsal.md"]),
        (["a.b.md", "a.b.rehearsal.md"], "a.md", []),
        (["a.b.md", "a.b.rehearsal.md"], "a.b.md", ["a.b.rehearsal.md"]),
        (["ab.rehearsal.md"], "a.md", []),
    ],
)
def test_the_runbook_of_a_transcript(
    names: list[str], runbook: str, found: list[str], tmp_path: Path
) -> None:
    """It is the runbook with the longest name that begins the transcript's name."""
    for name in {*names, "a.md"}:
        (tmp_path / name).touch()
    assert [path.name for path in transcripts_of(tmp_path / runbook)] == found


def test_the_projects_transcripts_have_minimal_quotes() -> None:
    """Their calls are quoted exactly as the program itself quotes them."""
    for path in (REPOSITORY / "runbooks").glob("*.rehearsal.md"):
        transcript = parse_transcript(path.read_bytes(), str(path))
        assert transcript.problems == ()
        for call in transcript.calls:
            written = transcript.text[call.span.start : call.span.end]
            assert format_call([word.pattern for word in call.words]) == written
