"""Runs `runbook-exec resume`, which continues an unfinished run where it stopped."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...engine.events import FINISHED
from ...engine.questions import Choice
from ...engine.state import ItemStatus, State
from ...errors import Refused, reason
from ...journal.index import find_journal, list_damaged, list_runs, list_unfinished
from ...journal.journal import JournalError
from ...journal.paths import state_folder
from ...journal.secret_store import find_secret_store
from ...journal.user_key import read_user_key
from ...light_classes import replace
from ...live.client import send_answer
from ...live.locate import find_socket
from ...plan.model import Plan
from ...plan.values import check_value, describe_value
from ...runner.answers.external import ExternalAnswer, check_answer, parse_answer, read_json_answer
from ...runner.decisions import ASSUMPTIONS
from ...runner.given_values import read_given, warn_of_visible_secrets
from ...runner.options import RunOptions
from ...runner.planning import read_plan
from ...runner.resume import UnfinishedRun, read_unfinished
from ...runner.unattended import list_new_statements
from ...text.ansi import escape_unprintable
from ..arguments import (
    add_asking,
    add_decided_steps,
    add_failure,
    add_hold,
    add_json_events,
    add_set,
    build_parser,
)
from ..exit_status import DONE, INTERRUPTED, WAITING
from ..foreign_run import show_foreign_run
from ..launch import name_person, run_with_trust
from ..operator import Operator, find_hold, find_operator
from ..output import print_warnings
from ..trust_gate import trust_changed_plan

_EPILOG = """\
Finished statements do not run again. A statement that was running when the run was killed is in doubt:
you are asked whether it happened. Values and captures are restored, the shell starts in the folder where
it was, and statements marked `setup` run again.

exit status:
  The same as for a run. It is 3 also if a doubt or a changed page needs a decision.
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `resume`."""
    parser = build_parser(
        name,
        "runbook-exec resume [RUN] [options]",
        "Resume a run that is not finished, where it stopped.",
        _EPILOG,
    )
    parser.add_argument(
        "run", metavar="RUN", nargs="?", help="the beginning of its id; default: the newest unfinished run"
    )
    add_asking(parser)
    parser.add_argument(
        "--answer",
        metavar="ID=CHOICE[:TEXT]",
        help="answer the question at which the run waits; `-` reads the answer as JSON from standard input",
    )
    parser.add_argument("--by", metavar="NAME", default="", help="the person who answers, for the journal")
    add_decided_steps(parser)
    parser.add_argument(
        "--assume",
        metavar=("done|again|run|skip", "STATEMENT"),
        nargs=2,
        action="append",
        default=[],
        help="decide in advance about the statement in doubt (it happened, or run it again), "
        "or about a new statement before finished ones",
    )
    parser.add_argument(
        "--accept-changes", action="store_true", help="continue although the page has changed since"
    )
    parser.add_argument(
        "--accept-lost",
        action="store_true",
        help="continue without the shell state that did not come back",
    )
    add_set(parser, "give a value, in place of an earlier one; `-` reads it from standard input")
    parser.add_argument(
        "--choose",
        metavar="LABEL",
        action="append",
        default=[],
        help="the alternative that runs, such as a tab",
    )
    add_failure(parser)
    add_hold(parser)
    add_json_events(parser)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> int:
    """Resume the run that is named, or the newest unfinished one, or answer one that goes on."""
    answer = _read_answer(arguments.answer, arguments.by)
    if answer is not None and arguments.run is not None and _answer_live_run(arguments.run, answer):
        return DONE
    past = _find_past(arguments.run)
    if past.record.outcome in FINISHED:
        how = "went to its end" if past.record.outcome == "partial" else "has succeeded"
        raise Refused(f"run {past.start_event.run} {how}; there is nothing left to do")
    assume = tuple((decision, statement) for decision, statement in arguments.assume)
    for decision, _ in assume:
        if decision not in ASSUMPTIONS:
            raise Refused(f"`--assume`: expected `done`, `again`, `run` or `skip`, got `{decision}`")
    given = read_given(arguments.set, arguments.set_file)
    options = RunOptions(
        given=given.values,
        visible=given.visible,
        assume=assume,
        answer=answer,
        on_failure=arguments.on_failure,
        hold=find_hold(arguments.hold, no_input=arguments.no_input, json=arguments.json),
        done=tuple(arguments.done),
        confirmed=tuple(arguments.confirmed),
        accept_lost=arguments.accept_lost,
        choose=tuple(arguments.choose),
        yes=arguments.yes,
        trust=arguments.trust,
        json=arguments.json,
    )
    operator = find_operator(no_input=arguments.no_input, json=arguments.json)
    return resume_run(past, options, operator, accept_changes=arguments.accept_changes)


def _read_answer(text: str | None, by: str) -> ExternalAnswer | None:
    """Return the answer of `--answer`, `-` from the standard input, given `by` a person; raises Refused."""
    if text is None:
        if by:
            raise Refused("`--by` names the person who gives an answer; add `--answer ID=CHOICE`")
        return None
    answer = read_json_answer(sys.stdin.read()) if text == "-" else parse_answer(text)
    return answer._replace(by=by or answer.by, is_visible=text != "-")


def _answer_live_run(run: str, answer: ExternalAnswer) -> bool:
    """Hand an answer to a run that goes on; return False if the run has ended. Raises Refused."""
    address = find_socket(find_journal(state_folder(dict(os.environ)), run))
    if not address:
        return False
    send_answer(address, {**answer._asdict(), "by": name_person(answer.by)})
    print(f"run {run} has the answer and continues; `runbook-exec attach {run}` shows it")
    return True


def _check_answer(answer: ExternalAnswer, past: UnfinishedRun, plan: Plan) -> None:
    """Raise Refused if an answer does not answer what the run asks."""
    asked = past.record.state.question
    check_answer(answer, asked, past.start_event.run)
    if asked is not None and answer.choice == Choice.VALUE:
        problem = check_value(plan.inputs.get(asked.name), answer.value)
        if problem:
            raise Refused(f"`{asked.id}`: {problem}")


def _find_past(run: str | None) -> UnfinishedRun:
    """Return the run whose id begins with this text, or the newest unfinished run.

    Raises Refused.
    """
    folder = state_folder(dict(os.environ))
    if run is not None:
        return read_past(find_journal(folder, run))
    known = list_runs(folder)
    print_warnings(list_damaged(known))
    problems: list[str] = []
    for entry in list_unfinished(folder):
        try:
            past = read_past(entry.path)
        except Refused as refused:
            problems.append(str(refused))
        else:
            print_warnings(f"passed over {problem}" for problem in problems)
            return past
    if problems:
        raise Refused("\n".join(problems))
    going = [each.run for each in known if each.running]
    but = f", but {', '.join(going)} {'is' if len(going) == 1 else 'are'} in progress" if going else ""
    raise Refused(f"no run is left unfinished{but}; `runbook-exec runs` lists all runs")


def read_past(journal: Path) -> UnfinishedRun:
    """Return the run of a journal; raises Refused if it is damaged or cannot be read."""
    try:
        return read_unfinished(journal, read_user_key(state_folder(dict(os.environ))))
    except JournalError as problem:
        raise Refused(str(problem)) from None


def resume_run(
    past: UnfinishedRun, now: RunOptions, operator: Operator | None, *, accept_changes: bool = False
) -> int:
    """Resume a run with the options that it began with, merged with those of `now`.

    `now` provides the values, answers and decisions, `yes`, `trust` and `json`.
    """
    started = past.start_event
    if not past.is_own and not show_foreign_run(past, operator):
        return INTERRUPTED
    try:
        os.chdir(started.folder or ".")
    except OSError as error:
        raise Refused(
            f"the run was begun in `{started.folder}`, which cannot be entered: {reason(error)}"
        ) from None
    before = RunOptions.from_words(started.options)
    options = replace(
        before,
        choose=(*now.choose, *before.choose),
        given=now.given,
        visible=now.visible,
        assume=now.assume,
        answer=now.answer,
        on_failure=now.on_failure,
        hold=now.hold,
        done=(*now.done, *before.done),
        confirmed=(*now.confirmed, *before.confirmed),
        accept_lost=now.accept_lost,
        yes=now.yes,
        trust=now.trust,
        is_trusted=now.is_trusted,
        json=now.json,
    )
    plan = read_plan(started.path, started.anchor, options)
    if options.answer is not None:
        _check_answer(options.answer, past, plan)
    warn_of_visible_secrets(plan, options.visible)
    store = find_secret_store(started.run, os.environ) if options.keep_secrets and past.is_own else None
    difference = past.diff_commands(plan, store)
    if difference:
        if not accept_changes and (status := _ask_about_changes(started.path, difference, operator)):
            return status
        trust_changed_plan(past.record.plan, plan)
    state, _ = past.make_resumption(plan, store)
    print_warnings(_list_replaced_values(past, plan, state))
    alone = operator is None and options.hold is None and options.answer is None
    if alone and (lines := list_new_statements(plan, state, [label for _, label in now.assume])):
        print("\n".join(lines), file=sys.stderr)
        return WAITING
    return run_with_trust(plan, options, operator, past)


def _list_replaced_values(past: UnfinishedRun, plan: Plan, state: State) -> Iterator[str]:
    """Yield a line for each value that `--set` replaces and that finished statements ran with."""
    for name, value in plan.given.items():
        was = past.values.get(name)
        if was is None or value.secret or was == value.text:
            continue
        finished = [
            item.label
            for item in plan.items
            if state.done.get(item.where) == ItemStatus.OK and any(p.name == name for p in item.placeholders)
        ]
        if finished:
            told = escape_unprintable(describe_value(was, secret=False))
            yield f"<{name}>: ran with {told} in {', '.join(finished)}, which is not run again"


def _ask_about_changes(path: str, difference: Sequence[str], operator: Operator | None) -> int:
    """Show how the commands have changed: 0 if the operator accepts that, else the exit status."""
    print("\n".join(["", f"  {path} has changed since:", "", *(f"  {line}" for line in difference)]))
    if operator is None:
        print("`--accept-changes` continues with the page as it is now", file=sys.stderr)
        return WAITING
    return 0 if operator.confirm_action("continue with the page as it is now") else INTERRUPTED
