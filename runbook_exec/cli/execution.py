"""Turns the arguments of a run into its options, and runs or prints its plan."""

from __future__ import annotations

import argparse

from ..errors import Refused
from ..light_classes import replace
from ..runner.given_values import read_given, warn_of_visible_secrets
from ..runner.load import parse_address, print_notes
from ..runner.options import (
    RunOptions,
    parse_agent,
    parse_captures,
    parse_identity,
    parse_option,
    parse_timeout,
)
from ..runner.planning import read_plan
from ..text.host_names import parse_host
from .exit_status import DONE
from .layout import DRY_RUN, print_laid_out
from .operator import find_hold, find_operator
from .printer import format_dry_run


def make_page_options(arguments: argparse.Namespace) -> RunOptions:
    """Return the options that say what of a page runs, here or on another machine; raises Refused."""
    given = read_given(arguments.set, arguments.set_file)
    return RunOptions(
        given=given.values,
        visible=given.visible,
        captures=parse_captures(arguments.capture),
        first=arguments.first,
        only=arguments.only,
        done=tuple(arguments.done),
        confirmed=tuple(arguments.confirmed),
        choose=tuple(arguments.choose),
        timeout=parse_timeout(arguments.timeout),
        cwd=arguments.cwd,
        shell=arguments.shell,
    )


def make_options(arguments: argparse.Namespace) -> RunOptions:
    """Return the options of a new run; raises Refused."""
    hold = find_hold(arguments.hold, no_input=arguments.no_input, json=arguments.json)
    return replace(
        make_page_options(arguments),
        on=parse_option("--on", parse_host, arguments.on) if arguments.on is not None else None,
        reconnect=parse_timeout(arguments.reconnect, "--reconnect"),
        inputs=arguments.inputs,
        on_failure=arguments.on_failure,
        hold=hold,
        identity=parse_identity(arguments.id),
        agent=parse_agent(arguments.agent, hold),
        yes=arguments.yes,
        trust=arguments.trust,
        no_config=arguments.no_config,
        keep_output=arguments.keep_output,
        keep_secrets=not arguments.no_keep_secrets,
        record=arguments.record,
        json=arguments.json,
    )


def run_page(arguments: argparse.Namespace) -> int:
    """Run a procedure of a page, or print what it would do; returns the exit status."""
    path, anchor = parse_address(arguments.file)
    if path == "-":
        raise Refused("expected a file: a run needs one that can be shown, edited and named in its journal")
    if arguments.all:
        if anchor:
            raise Refused(f"`--all` runs the whole page, and `#{anchor}` one section of it: leave one out")
        anchor = ""
    options = make_options(arguments)
    if arguments.dry_run:
        plan = read_plan(path, anchor, options)
        print_notes(plan.runbook, plan.procedure)
        warn_of_visible_secrets(plan, options.visible)
        print_laid_out("\n".join(format_dry_run(plan)), DRY_RUN)
        return DONE
    from .run_or_resume import run_or_resume  # the shell, the journal and the terminal: --dry-run needs none

    operator = find_operator(no_input=arguments.no_input, json=arguments.json)
    return run_or_resume(path, anchor, options, operator)
