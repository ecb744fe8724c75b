"""The engine in a real shell, with answers from a list: the result, event by event."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from runbook_exec.diagnostics.problem import Problem
from runbook_exec.document.parser import parse_runbook
from runbook_exec.engine.bindings import Bindings
from runbook_exec.engine.engine import run
from runbook_exec.engine.events import (
    Answered,
    Captured,
    Event,
    Output,
    RunEnded,
    StatementFinished,
    StatementStarted,
)
from runbook_exec.engine.ports import RunContext
from runbook_exec.engine.questions import (
    AfterFailure,
    Alternatives,
    Answer,
    BeforeStatement,
    Question,
    ValueNeeded,
)
from runbook_exec.engine.state import State, carry_over
from runbook_exec.plan.builder import choose_procedure, make_plan
from runbook_exec.plan.model import Plan, Value
from runbook_exec.session.session import Session
from tests.support.program import Program, fish_page

TOKEN = "FlyV1 fm2_" + "lJPECAAAAAAAC2bHxBDjC4eUmZk1" + ",fm2_" + "lJPEThisIsTheSecondPart9876543210"
GO = Answer("run")


@dataclass(slots=True)
class Person:
    """Answers from a list, and records the questions; other statements just run."""

    answers: list[Answer]
    asked: list[Question] = field(default_factory=list)

    def __call__(self, question: Question) -> Answer:
        """Return the next answer."""
        self.asked.append(question)
        if isinstance(question, BeforeStatement) and not (self.answers and self.answers[0].note == "before"):
            return GO
        return self.answers.pop(0)


@dataclass(slots=True)
class Typed:
    """A keyboard on which lines are typed, one at each prompt."""

    lines: list[bytes]
    read: int
    write: int

    def fileno(self) -> int:
        """Return the descriptor that the keys are read from."""
        return self.read

    def take(self) -> None:
        """Type the next line, if one is left."""
        if self.lines:
            os.write(self.write, self.lines.pop(0))

    def give_back(self) -> None:
        """Do nothing."""

    def size(self) -> tuple[int, int]:
        """Return rows and columns."""
        return 24, 80


def plan_of(text: str, **said: Any) -> Plan:
    """Return the plan for a page."""
    runbook = parse_runbook(text.encode(), "page.md")
    procedure = choose_procedure(runbook, None)
    assert not isinstance(procedure, Problem)
    plan = make_plan(runbook, procedure, **said)
    assert isinstance(plan, Plan), plan
    return plan


@dataclass(frozen=True, slots=True)
class Told:
    """The events of a run, with summaries of them."""

    events: list[Event]

    def started(self) -> list[str]:
        """Return the statements that were started."""
        return [event.text for event in self.events if isinstance(event, StatementStarted)]

    def printed(self) -> str:
        """Return all output."""
        return "".join(event.text for event in self.events if isinstance(event, Output))

    def answers(self) -> list[tuple[str, str]]:
        """Return questions and their answers, except those before a statement."""
        told = [event for event in self.events if isinstance(event, Answered)]
        return [
            (event.question, event.answer)
            for event in told
            if (event.question, event.answer) != ("run", "run")
        ]

    def end(self) -> tuple[str, str]:
        """Return the outcome of the run, and the reason."""
        last = self.events[-1]
        assert isinstance(last, RunEnded)
        return last.outcome, last.reason

    def problems(self) -> list[str]:
        """Return the reason of each failed statement, and "" for each successful one."""
        return [event.problem for event in self.events if isinstance(event, StatementFinished)]


Go = Callable[..., Told]


@pytest.fixture
def go(program: Program) -> Go:
    """Run a plan in a new fish, in the working directory, with these answers."""
    ids = itertools.count(1)

    def start(
        plan: Plan | str,
        ask: Callable[[Question], Answer],
        keyboard: Typed | None = None,
        echo: Callable[[bytes], None] = lambda data: None,
    ) -> Told:
        plan = plan_of(plan) if isinstance(plan, str) else plan
        world = RunContext(
            run=f"run{next(ids)}",
            now=lambda: "2026-01-01T00:00:00Z",
            clock=time.monotonic,
            place="here",
            source=lambda name, item, values: None,
            echo=echo,
        )
        session = Session(
            "fish", cwd=str(program.work), environ=program.environment({"TERM": "xterm"}), keyboard=keyboard
        )
        with session:
            return Told(list(run(plan, State(), lambda host: session, ask, world)))

    return start


def test_a_statement_starts_only_when_its_event_has_been_taken(program: Program) -> None:
    """The statement has no effect until the listener asks for the event after "started"."""
    plan = plan_of(fish_page("touch made"))
    world = RunContext("r", lambda: "now", time.monotonic, "here", lambda name, item, values: None)
    with Session("fish", cwd=str(program.work), environ=program.environment()) as session:
        events = run(plan, State(), lambda host: session, Person([]), world)
        for event in events:
            if isinstance(event, StatementStarted):
                time.sleep(0.2)
                assert not (program.work / "made").exists()
        assert (program.work / "made").exists()


def test_a_statement_can_be_retried(go: Go, program: Program) -> None:
    """The same statement runs again in the same shell; each attempt is numbered."""
    told = go(
        fish_page("begin; echo x >> made; test (count < made) = 3; end"),
        Person([Answer("retry"), Answer("retry")]),
    )
    attempts = [event.attempt for event in told.events if isinstance(event, StatementStarted)]
    assert (attempts, told.end()) == ([1, 2, 3], ("succeeded", ""))
    assert told.problems() == ["exited 1", "exited 1", ""]


def test_the_question_after_a_failure_describes_it(go: Go) -> None:
    """It has the status, the reason of the failure and the output; the shell is alive."""
    person = Person([Answer("quit", note="enough")])
    told = go(fish_page("echo so far; sh -c 'echo went wrong; exit 7'", "echo never"), person)
    (question,) = [each for each in person.asked if isinstance(each, AfterFailure)]
    assert (question.status, question.problem, question.output) == (7, "exited 7", "went wrong\n")
    assert (question.alive, question.interrupted) == (True, False)
    assert told.end() == ("failed", "enough")
    assert told.answers() == [("failed", "quit")]


def test_a_wrong_value_can_be_replaced_after_a_failure(go: Go) -> None:
    """The value is asked for again, and the statement runs with the new one."""
    answers = [Answer("value", "wrong"), Answer("values"), Answer("value", "right")]
    told = go(fish_page("test <user> = right"), Person(answers))
    assert told.started() == ["test wrong = right", "test right = right"]
    assert told.end() == ("succeeded", "")
    assert told.answers() == [("value", "value"), ("failed", "values"), ("value", "value")]


def test_an_invalid_value_is_asked_for_again(go: Go) -> None:
    """The question then has the reason; no statement gets the refused value."""
    page = "---\nrunbook:\n  inputs:\n    port: {pattern: '[0-9]+'}\n---\n" + fish_page("echo <port>")
    person = Person([Answer("value", "http"), Answer("value", "80")])
    told = go(page, person)
    problems = [each.problem for each in person.asked if isinstance(each, ValueNeeded)]
    assert problems == ["", "expected a value that matches `[0-9]+` as a whole, got `http`"]
    assert told.started() == ["echo 80"]


def test_a_statement_can_be_skipped(go: Go) -> None:
    """This works before a statement and after its failure: the next one runs."""
    told = go(
        fish_page("echo one", "false", "echo three"), Person([Answer("skip", note="before"), Answer("skip")])
    )
    assert told.started() == ["false", "echo three"]
    assert told.end() == ("partial", "step 1 failed and was skipped")


def test_quitting_before_a_statement_is_no_failure(go: Go) -> None:
    """The run is stopped; nothing is started."""
    told = go(fish_page("echo one"), Person([Answer("quit", note="before")]))
    assert (told.started(), told.end()[0]) == ([], "stopped")


def test_a_page_can_be_edited_after_a_failure(go: Go) -> None:
    """Statements that are done do not run again, and the new text runs, after a question if it is above."""
    old = fish_page("echo one\nfalse\necho three")
    new = fish_page("echo zero\necho one\ntrue\necho three")
    told = go(old, Person([Answer("edit", plan=plan_of(new)), Answer("run")]))
    assert told.started() == ["echo one", "false", "echo zero", "true", "echo three"]
    assert [e.statement for e in told.events if isinstance(e, StatementStarted)] == [1, 2, 1, 3, 4]
    assert told.end() == ("succeeded", "")


def test_a_page_can_be_edited_before_a_statement(go: Go) -> None:
    """The question about the statement is asked again, with the new text."""
    person = Person([Answer("edit", note="before", plan=plan_of(fish_page("echo two")))])
    told = go(fish_page("echo one"), person)
    assert told.started() == ["echo two"]
    assert [question.text for question in person.asked if isinstance(question, BeforeStatement)] == [
        "echo one",
        "echo two",
    ]


def test_only_the_chosen_alternative_runs(go: Go) -> None:
    """All of its statements run."""
    person = Person([Answer("choose", "2")])
    told = go(fish_page("echo one\n# or directly:\necho two\necho three"), person)
    assert told.started() == ["echo two", "echo three"]
    (question,) = [each for each in person.asked if isinstance(each, Alternatives)]
    assert len(question.labels) == 2
    assert told.answers() == [("choose", "2")]


def tabs_of(*commands: str) -> str:
    """Return a page with a step for each command, in which two tabs run it differently."""
    tab = '=== "{}"\n\n    ```fish\n    {} {}\n    ```\n\n'
    steps = (
        f"### Step\n\n{tab.format('North', command, 1)}{tab.format('South', command, 2)}"
        for command in commands
    )
    return "# Page\n\n## Procedure\n\n" + "".join(steps)


def test_one_choice_holds_for_all_tabs_with_its_label(go: Go) -> None:
    """The events say which tabs each choice is for."""
    person = Person([Answer("choose", "2")])
    told = go(tabs_of("echo x", "echo y"), person)
    assert told.started() == ["echo x 2", "echo y 2"]
    assert [event.group for event in told.events if isinstance(event, Answered) and event.group] == [1, 2]


def test_a_choice_stays_with_its_tabs_after_an_edit() -> None:
    """Tabs that were inserted above have a choice of their own."""
    old, new = plan_of(tabs_of("echo x")), plan_of(tabs_of("echo new", "echo x"))
    state = carry_over(State(chosen={(0, 0, 1): 2}), old, new)
    assert state.chosen == {(0, 0, 2): 2}


@pytest.mark.parametrize("choice", ["quit", "skip"])
def test_a_question_for_an_alternative_can_be_refused(go: Go, choice: str) -> None:
    """A person who is asked to choose may also quit, or skip a statement."""
    page = "# Page\n\n## Steps\n\n1. In one of two ways:\n\n```fish\necho first\n# or\necho second\n```\n"
    told = go(page, Person([Answer(choice, note="no"), Answer("quit", note="no")]))
    assert told.started() == []
    assert told.end() == ("stopped", "no")


def test_a_statement_is_filled_again_only_if_something_changed() -> None:
    """A new value and a new secret count; repeated requests for the statement do not."""
    plan = plan_of(fish_page("echo <user> and hunter2-hunter2"))
    (item,) = plan.items
    bindings = Bindings()
    first = bindings.fill_statement(plan, item)
    assert first.shown == "echo <user> and hunter2-hunter2"
    assert bindings.fill_statement(plan, item) is first
    bindings.bind_value("user", Value("ada", False, "typed"))
    second = bindings.fill_statement(plan, item)
    assert (second.code, second.shown) == (b"echo ada and hunter2-hunter2", "echo ada and hunter2-hunter2")
    bindings.masker.add("hunter2-hunter2")
    assert bindings.fill_statement(plan, item).shown == "echo ada and ••••••••"
    bindings.ask_again(item, "bash")
    assert bindings.needs_value("user")
    assert bindings.fill_statement(plan, item).code == b"echo ada and hunter2-hunter2"


def test_lines_at_the_shells_own_prompt_are_statement_0(go: Go, program: Program) -> None:
    """They run in the same shell, and their events have line 0."""
    read, write = os.pipe()
    keys = [b"", b"", b"set -g fixed yes\r", b"", b"exit\r"]
    keyboard = Typed(keys, read, write)
    try:
        told = go(fish_page("test $fixed = yes"), Person([Answer("shell"), Answer("retry")]), keyboard)
    finally:
        os.close(read)
        os.close(write)
    started = [event for event in told.events if isinstance(event, StatementStarted)]
    assert [(event.text, event.statement, event.line) for event in started] == [
        ("test $fixed = yes", 1, 7),
        ("set -g fixed yes", 0, 0),
        ("test $fixed = yes", 1, 7),
    ]
    assert told.end() == ("succeeded", "")


def test_a_value_that_is_assigned_to_a_secret_at_the_prompt_is_masked(go: Go) -> None:
    """The variable's name marks a secret; other variables and computed values are shown."""
    lines = ["set -gx API_TOKEN 'typed at the prompt'", "set -g name ada", "API_TOKEN=typed-too true"]
    lines += [
        "set -g api_token (echo $name)",
        "set -g api_token typed-again; set -g other_token typed-thrice",
    ]
    read, write = os.pipe()
    # the keyboard is taken for the shell's start and a statement, then for each line and for its command
    keys = [b"", b"", *(each for line in lines for each in (line.encode() + b"\r", b"")), b"exit\r"]
    try:
        told = go(fish_page("false"), Person([Answer("shell"), Answer("skip")]), Typed(keys, read, write))
    finally:
        os.close(read)
        os.close(write)
    assert told.started()[1:] == [
        "set -gx API_TOKEN ••••••••",
        "set -g name ada",
        "API_TOKEN=•••••••• true",
        "set -g api_token (echo $name)",
        "set -g api_token ••••••••; set -g other_token ••••••••",
    ]
    assert "typed" not in repr(told.events)


def test_output_at_the_prompt_is_masked(go: Go, program: Program) -> None:
    """A background job prints a secret while the operator could type a line."""
    job = "sh -c 'until [ -e go ]; do sleep 0.01; done; echo late <api-token>' &"
    read, write = os.pipe()
    keyboard = Typed([], read, write)
    echoed = bytearray()

    def ask(question: Question) -> Answer:
        if isinstance(question, ValueNeeded):
            return Answer("value", "plain-looking-secret")
        return Answer("skip" if echoed else "shell") if isinstance(question, AfterFailure) else GO

    def echo(data: bytes) -> None:
        echoed.extend(data)
        if b"fish> " in echoed:
            (program.work / "go").touch()
        if b"late " in echoed and b"exit" not in typed:
            typed.append(b"exit")
            os.write(write, b"exit\r")

    typed: list[bytes] = []
    try:
        told = go(fish_page(job, "false"), ask, keyboard, echo)
    finally:
        os.close(read)
        os.close(write)
    assert told.end() == ("partial", "step 1 failed and was skipped")
    assert b"plain-looking" not in echoed
    assert "late ••••••••".encode() in echoed


# secrets ---------------------------------------------------------------------------------------------------

MINT = "<!-- runbook: capture=new-token secret -->"


def _parts_of(told: Told) -> list[str]:
    return [
        part
        for part in (TOKEN, *TOKEN.split(), *TOKEN.split(","))
        if len(part) > 7 and part in repr(told.events)
    ]


def test_a_minted_secret_is_never_shown(go: Go, program: Program) -> None:
    """Its output is held back until the capture is cut out; from then on it is masked."""
    (program.work / "token").write_text(f"{TOKEN}\n")
    slowly = (
        "begin; for c in (string split '' (cat token)); printf %s $c; sleep 0.002; end; echo; echo done; end"
    )
    page = fish_page(slowly, above=MINT) + "\n```fish\ntest <new-token> = (cat token); and cat token\n```\n"
    told = go(page, Person([]))
    assert told.end() == ("succeeded", ""), told.printed()
    captured = [event for event in told.events if isinstance(event, Captured)]
    assert [(event.name, event.secret, event.value, event.length) for event in captured] == [
        ("new-token", True, None, len(TOKEN))
    ]
    assert "done" in told.printed()
    assert _parts_of(told) == []


def test_the_error_of_a_minting_statement_is_shown(go: Go, program: Program) -> None:
    """If nothing was minted, the operator needs to see the program's message."""
    told = go(
        fish_page("sh -c 'echo no permission to mint >&2; exit 1'", above=MINT), Person([Answer("quit")])
    )
    assert told.printed() == "no permission to mint\n"
    assert told.problems() == ["exited 1"]


def _minting(program: Program, code: str, above: str = MINT) -> str:
    """Return a page that mints with a script of sh, which has the secret in `token`."""
    (program.work / "token").write_text("plain-looking-secret\n")
    (program.work / "mint").write_text(f"{code}\n")
    return (
        fish_page("sh mint", above=above) + "\n```fish\ntest <new-token> = (cat token); and cat token\n```\n"
    )


@pytest.mark.parametrize("above", [MINT, "<!-- runbook: capture=new-token -->"])
def test_a_secret_that_was_minted_before_the_timeout_is_never_shown(
    above: str, go: Go, program: Program
) -> None:
    """The output may have a secret that is not known yet: a message replaces it."""
    page = _minting(program, "echo begun; cat token; exec sleep 60", above.replace(" -->", " timeout=1s -->"))
    person = Person([Answer("quit")])
    told = go(page, person)
    assert told.problems() == ["ran longer than its 1 s and was ended"]
    assert told.printed() == "••••••••\nwithheld: this may hold a secret that was not captured\n"
    assert "plain-looking" not in repr(told.events) + repr(person.asked)


def test_a_secret_is_cut_out_of_long_output(go: Go, program: Program) -> None:
    """Of 32 MB of lines those in the middle are left out, and the secret is at the end."""
    lines = "seq 1000000 4999999; cat token; echo done"
    told = go(_minting(program, lines, '<!-- runbook: capture="new-token=/plain.*/" -->'), Person([]))
    assert told.end() == ("succeeded", "")
    assert "plain-looking" not in "".join(event.text for event in told.events if isinstance(event, Output))
    shown = told.printed()
    left_out = re.search(r"\n… (\d+) bytes left out …\n", shown)
    assert left_out
    assert shown.startswith("1000000\n1000001\n")
    assert shown.endswith("4999998\n4999999\n••••••••\ndone\n••••••••\n")
    said = shown.replace(left_out[0].lstrip("\n"), "").partition("••")[0]
    assert len(said) + int(left_out[1]) == 8 * 4000000
    assert all(len(line) == 7 for line in said.splitlines())


def test_a_token_is_masked_before_it_is_declared(go: Go, program: Program) -> None:
    """Text with the shape of a token is masked in any output, and offered for a secret."""
    (program.work / "token").write_text(f"{TOKEN}\n")
    person = Person([Answer("value", TOKEN)])
    told = go(fish_page("cat token", "echo got it: <api-token>"), person)
    (question,) = [each for each in person.asked if isinstance(each, ValueNeeded)]
    assert question.secret
    assert [offer.value for offer in question.suggestions][:1] == [TOKEN]
    assert all(TOKEN[:16] not in offer.label for offer in question.suggestions)
    assert told.started() == ["cat token", "echo got it: ••••••••"]
    assert _parts_of(told) == []


def test_words_of_earlier_output_are_offered(go: Go) -> None:
    """For a value that is no secret, the first cells of a table's rows come first."""
    table = "printf '%s\\n' 'ID │ NAME' 'tok-1 │ old one' 'tok-2 │ new one'"
    person = Person([Answer("value", "tok-1")])
    told = go(fish_page(table, "echo <row-id>"), person)
    (question,) = [each for each in person.asked if isinstance(each, ValueNeeded)]
    assert [offer.value for offer in question.suggestions][:2] == ["tok-1", "tok-2"]
    assert told.printed().endswith("tok-1\n")
