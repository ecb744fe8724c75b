"""Where the calls of a rehearsal arrive: held against the transcript, answered, and noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..lint.rule import Rule
from ..plan.model import Item
from .call_server import Told
from .environment import Stage
from .findings import INPUT_DIFFERS, NOT_EXPECTED, OUT_OF_ORDER, OUTPUT_DIFFERS, Finding
from .matcher import Matched, Progress, compared, given_matches, received
from .relay import read_came
from .scripted_operator import Operator
from .stand_in_script import answer, becoming, reading_input, refusal
from .transcript.call_syntax import call_text
from .transcript.diff import beside, lines_beside, marks, naming
from .transcript.model import Asks, Call, Elided, Shown, Transcript
from .transcript.pattern import REST, filled


@dataclass(frozen=True, slots=True)
class Came:
    """A call that has come: what with, where, in which statement, and which expected call it was."""

    words: Sequence[str]
    cwd: str
    item: Item | None
    call: Call | None
    nearest: Call | None = None  # where nothing allows it
    printed: Mapping[int, str] | None = None  # by stream, where that was looked at
    status: int | None = None


@dataclass(slots=True)
class Desk:
    """Answers the stand-ins of one rehearsal, and keeps what is found.

    `relay` is the command that runs a program and tells what it printed. With `lenient`, a call that nothing
    allows is answered as the nearest would be, so that all that differs can be seen.
    """

    transcript: Transcript
    stage: Stage
    relay: Sequence[str]
    operator: Operator | None
    progress: Progress
    lenient: bool = False
    item: Item | None = None  # the statement that is running
    came: list[Came] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _open: dict[str, int] = field(default_factory=dict)  # which of `came` a process is

    def reply(self, told: Told) -> str:
        """What the stand-in is to do, as a shell script."""
        if told.kind == "call":
            return self._call(told)
        index = self._open[told.pid]
        if told.kind == "given":
            return self._given(index, told.data)
        self._printed(index, told.data)
        return ""

    def _call(self, told: Told) -> str:
        name = told.words[0]
        self.progress, result = received(self.transcript.calls, self.progress, told.words)
        self._open[told.pid] = len(self.came)
        if isinstance(result, Matched):
            self.came.append(Came(told.words, told.cwd, self.item, result.call))
            if result.before is not None:
                self._note(
                    OUT_OF_ORDER,
                    f"`{self._shown(result.call)}` comes after `{self._shown(result.before)}`, "
                    "and the transcript has it before",
                    "",
                    result.call,
                )
            return self._answer(result.call, name)
        near = result.nearest
        self.came.append(Came(told.words, told.cwd, self.item, None, near))
        self._note(NOT_EXPECTED, *self._unexpected(told.words, near), near)
        if self.lenient:
            if near is not None:
                return self._answer(near, name)
            return self._become(name, None) if name not in self.stage.answered else "exit 0\n"
        return refusal(f"{name}: this rehearsal expects no such call")

    def _unexpected(self, words: Sequence[str], near: Call | None) -> tuple[str, str]:
        message = "no line of the transcript allows this call"
        if near is None:
            return message, f"got: {call_text([naming(word, self.progress.values) for word in words])}"
        return message, beside(near.words, words, self.progress.values)

    def _answer(self, call: Call, name: str) -> str:
        if self.operator is not None:
            self.operator.expects(call, self.progress.values)
        if call.given is not None:
            return reading_input()
        return self._go(call, name)

    def _go(self, call: Call, name: str) -> str:
        if name in self.stage.answered:
            return answer(call, self.progress.values)
        return self._become(name, call)

    def _become(self, name: str, call: Call | None) -> str:
        path = self.stage.stand_ins.get(name) or self.stage.programs[name]
        if call is None or not (call.compared or call.status):
            return becoming([path])
        return becoming([*self.relay, '"$__runbook_f"', '"$__runbook"', "", "", path])

    def _given(self, index: int, data: bytes) -> str:
        came = self.came[index]
        call, text = came.call or came.nearest, data.decode("utf-8", "surrogateescape")
        if call is None or call.given is None:
            return "exit 126\n"
        bound = given_matches(call.given, text, self.progress.values)
        if bound is None:
            expected = "\n".join(filled(pattern, self.progress.values) for pattern in call.given)
            self._note(
                INPUT_DIFFERS,
                f"`{self._shown(call)}` gets something else on its standard input",
                lines_beside(expected, self._named(text)),
                call,
            )
            if not self.lenient:
                return refusal(f"{came.words[0]}: this rehearsal expects another standard input")
        else:
            self._bind(bound)
        if came.words[0] in self.stage.answered:
            return answer(call, self.progress.values)
        return 'exec <"$__runbook_f.in"\n' + self._become(came.words[0], call)

    def _printed(self, index: int, data: bytes) -> None:
        """A program whose output is looked at has ended."""
        code, pieces = read_came(data)
        streams: dict[int, bytes] = (
            {0: b""} if any(not stream for _, stream, _ in pieces) else {1: b"", 2: b""}
        )
        for _, stream, piece in pieces:
            streams[stream] += piece
        printed = {stream: text.decode("utf-8", "surrogateescape") for stream, text in streams.items()}
        self._compare(index, printed, code if code >= 0 else 128 - code)

    def _compare(self, index: int, printed: Mapping[int, str], status: int) -> None:
        """Hold what came of a call against what stands below it."""
        came = self.came[index]
        self.came[index] = Came(came.words, came.cwd, came.item, came.call, came.nearest, printed, status)
        call = came.call or came.nearest
        if call is None:
            return
        bound, differs = compared(call, printed, self.progress.values) if call.compared else ({}, {})
        self._bind(bound)
        for stream in differs:
            where = " on standard error" if stream == 2 else ""
            self._note(
                OUTPUT_DIFFERS,
                f"`{self._shown(call)}` prints something else{where}",
                lines_beside(self._expected(call, stream), self._named(printed[stream])),
                call,
            )
        if status != call.status:
            self._note(
                OUTPUT_DIFFERS, f"`{self._shown(call)}` ends with {status}, not {call.status}", "", call
            )

    def _expected(self, call: Call, stream: int) -> str:
        lines = []
        for line in call.lines:
            if isinstance(line, Elided) and stream in (0, line.stream):
                lines.append(REST)
            elif isinstance(line, Shown | Asks) and stream in (0, getattr(line, "stream", 1)):
                lines.append(marks(line.pattern))
        return "\n".join(lines)

    def _named(self, text: str) -> str:
        """What came, with names in the place of their values."""
        lines = text.removesuffix("\n").split("\n")
        return "\n".join(marks(naming(line, self.progress.values)) for line in lines)

    def _bind(self, bound: Mapping[str, str]) -> None:
        self.progress = replace(self.progress, values={**self.progress.values, **bound})

    def _shown(self, call: Call) -> str:
        first, _, more = self.transcript.text[call.span.start : call.span.end].partition("\n")
        return f"{first} …" if more else first

    def _note(self, rule: Rule, message: str, hint: str, call: Call | None) -> None:
        item = self.item
        runbook = item.statement.span if item and item.statement else None
        self.findings.append(Finding(rule, message, hint, runbook, call.span if call else None))
