"""Answers the calls of a rehearsal, compares them with the transcript, collects findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..diagnostics.rule import RuleInfo
from ..light_classes import dataclass, field, replace
from ..plan.model import PlanItem
from .call_server import StandInMessage
from .environment import RehearsalEnvironment
from .findings import INPUT_DIFFERS, NOT_EXPECTED, OUT_OF_ORDER, OUTPUT_DIFFERS, RehearsalFinding
from .matcher import MatchedCall, Progress, compare_output, match_call, match_input
from .relay import parse_report
from .scripted_operator import ScriptedOperator
from .stand_in_script import answer_script, exec_script, input_script, refusal_script
from .transcript.call_syntax import format_call
from .transcript.diff import format_call_diff, format_line_diff
from .transcript.model import ElidedLines, ExpectedCall, Transcript, is_printed_on
from .transcript.output_syntax import format_pattern
from .transcript.pattern import REST, fill_pattern, insert_names


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """A received call, with its working directory, its statement, and the expected call."""

    words: Sequence[str]
    cwd: str
    item: PlanItem | None
    call: ExpectedCall | None
    nearest: ExpectedCall | None = None  # the most similar expected call, if none matches
    output: Mapping[int, str] | None = None  # by stream, if it was compared
    status: int | None = None


@dataclass(slots=True)
class Responder:
    """Answers the stand-ins of one rehearsal, and collects findings.

    `relay` is the command that runs a program and reports its output. With `lenient`, a call that does not
    match gets the answer of the nearest one, to find all differences in one rehearsal.
    """

    transcript: Transcript
    environment: RehearsalEnvironment
    relay: Sequence[str]
    operator: ScriptedOperator | None
    progress: Progress
    lenient: bool = False
    item: PlanItem | None = None  # the statement that is running
    received_calls: list[ReceivedCall] = field(default_factory=list)
    findings: list[RehearsalFinding] = field(default_factory=list)
    _open_calls: dict[str, int] = field(default_factory=dict)  # the index of the call of each process

    def reply(self, message: StandInMessage) -> str:
        """Return the shell script that the stand-in runs as the answer to its message."""
        if message.kind == "call":
            return self._receive_call(message)
        index = self._open_calls[message.pid]
        if message.kind == "input":
            return self._receive_input(index, message.data)
        self._receive_output(index, message.data)
        return ""

    def _receive_call(self, message: StandInMessage) -> str:
        words = message.words
        name = words[0]
        self.progress, result = match_call(self.transcript.calls, self.progress, words)
        self._open_calls[message.pid] = len(self.received_calls)
        if isinstance(result, MatchedCall):
            self.received_calls.append(ReceivedCall(words, message.cwd, self.item, result.call))
            if result.before is not None:
                self._add_finding(
                    OUT_OF_ORDER,
                    f"`{self._format_call(result.call)}` comes after `{self._format_call(result.before)}`, "
                    "and the transcript has it before",
                    "",
                    result.call,
                )
            return self._answer(result.call, name)
        near = result.nearest
        self.received_calls.append(ReceivedCall(words, message.cwd, self.item, None, near))
        self._add_finding(NOT_EXPECTED, *self._describe_mismatch(words, near), near)
        if self.lenient:
            if near is not None:
                return self._answer(near, name)
            return (
                self._program_script(name, None)
                if name not in self.environment.answered_programs
                else "exit 0\n"
            )
        return refusal_script(f"{name}: this rehearsal expects no such call")

    def _describe_mismatch(self, words: Sequence[str], near: ExpectedCall | None) -> tuple[str, str]:
        message = "no line of the transcript allows this call"
        if near is None:
            return (
                message,
                f"got: {format_call([insert_names(word, self.progress.values) for word in words])}",
            )
        return message, format_call_diff(near.words, words, self.progress.values)

    def _answer(self, call: ExpectedCall, name: str) -> str:
        if self.operator is not None:
            self.operator.expect_call(call, self.progress.values)
        if call.stdin is not None:
            return input_script()
        return self._choose_script(call, name)

    def _choose_script(self, call: ExpectedCall, name: str) -> str:
        if name in self.environment.answered_programs:
            return answer_script(call, self.progress.values)
        return self._program_script(name, call)

    def _program_script(self, name: str, call: ExpectedCall | None) -> str:
        path = self.environment.stand_ins.get(name) or self.environment.programs[name]
        if call is None or not (call.expects_output or call.status):
            return exec_script([path])
        return exec_script([*self.relay, '"$__runbook_f"', '"$__runbook"', "", "", path])

    def _receive_input(self, index: int, data: bytes) -> str:
        received = self.received_calls[index]
        call, text = received.call or received.nearest, data.decode("utf-8", "surrogateescape")
        if call is None or call.stdin is None:
            return "exit 126\n"
        bound = match_input(call.stdin, text, self.progress.values)
        if bound is None:
            expected = "\n".join(fill_pattern(pattern, self.progress.values) for pattern in call.stdin)
            self._add_finding(
                INPUT_DIFFERS,
                f"`{self._format_call(call)}` gets something else on its standard input",
                format_line_diff(expected, self._name_values(text)),
                call,
            )
            if not self.lenient:
                return refusal_script(f"{received.words[0]}: this rehearsal expects another standard input")
        else:
            self._bind_names(bound)
        if received.words[0] in self.environment.answered_programs:
            return answer_script(call, self.progress.values)
        return 'exec <"$__runbook_f.in"\n' + self._program_script(received.words[0], call)

    def _receive_output(self, index: int, data: bytes) -> None:
        """Take in the output and the status of a program that has ended."""
        status, pieces = parse_report(data)
        streams: dict[int, bytes] = (
            {0: b""} if any(not stream for _, stream, _ in pieces) else {1: b"", 2: b""}
        )
        for _, stream, piece in pieces:
            streams[stream] += piece
        printed = {stream: text.decode("utf-8", "surrogateescape") for stream, text in streams.items()}
        self._compare_result(index, printed, status)

    def _compare_result(self, index: int, printed: Mapping[int, str], status: int) -> None:
        """Compare the output and the status of a call with the transcript."""
        received = replace(self.received_calls[index], output=printed, status=status)
        self.received_calls[index] = received
        call = received.call or received.nearest
        if call is None:
            return
        bound, differs = (
            compare_output(call, printed, self.progress.values) if call.expects_output else ({}, {})
        )
        self._bind_names(bound)
        for stream in differs:
            where = " on standard error" if stream == 2 else ""
            self._add_finding(
                OUTPUT_DIFFERS,
                f"`{self._format_call(call)}` prints something else{where}",
                format_line_diff(self._expected_output(call, stream), self._name_values(printed[stream])),
                call,
            )
        if status != call.status:
            self._add_finding(
                OUTPUT_DIFFERS, f"`{self._format_call(call)}` ends with {status}, not {call.status}", "", call
            )

    def _expected_output(self, call: ExpectedCall, stream: int) -> str:
        lines = [line for line in call.lines if is_printed_on(line, stream)]
        return "\n".join(
            REST if isinstance(line, ElidedLines) else format_pattern(line.pattern) for line in lines
        )

    def _name_values(self, text: str) -> str:
        """Return the text with names in place of their values."""
        lines = text.removesuffix("\n").split("\n")
        return "\n".join(format_pattern(insert_names(line, self.progress.values)) for line in lines)

    def _bind_names(self, bound: Mapping[str, str]) -> None:
        self.progress = replace(self.progress, values={**self.progress.values, **bound})

    def _format_call(self, call: ExpectedCall) -> str:
        first, _, more = self.transcript.text[call.span.start : call.span.end].partition("\n")
        return f"{first} …" if more else first

    def _add_finding(self, rule: RuleInfo, message: str, hint: str, call: ExpectedCall | None) -> None:
        item = self.item
        runbook = item.statement.span if item and item.statement else None
        self.findings.append(RehearsalFinding(rule, message, hint, runbook, call.span if call else None))
