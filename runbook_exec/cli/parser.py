"""The command line: what can be asked for, and how."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .. import __version__
from ..shells.registry import SHELLS
from ..text.sizes import KEEP, format_size, parse_size
from .options import build_parser

COMMANDS = ("run", "show", "lint", "rehearse", "resume", "trust", "runs", "due", "docs")


_EPILOG = """\
commands:
  runbook-exec [run] FILE[#anchor]   run a procedure of the page (see: runbook-exec run --help)
  runbook-exec show FILE             print its outline: what runs, in which shell, what it needs
  runbook-exec lint [PATH…]          find what is wrong with pages (see: runbook-exec lint --help)
  runbook-exec rehearse [PATH…]      run them with stand-ins (see: runbook-exec rehearse --help)
  runbook-exec resume [RUN]          take up a run that is not finished (see: runbook-exec resume --help)
  runbook-exec trust FILE…           show the commands of pages, and let them run with --yes unattended
  runbook-exec runs [ACTION]         list, show, report, replay, verify runs (see: runbook-exec runs --help)
  runbook-exec due [PATH…]           list the runbooks whose cadence has passed
  runbook-exec docs init             add what a documentation site lacks to show what runs

exit status: 0 done; 1 a statement failed; 2 the command line or the document is refused;
3 waiting for a person (a manual step, a value); 130 interrupted or left by the operator
"""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments as a namespace with `command`; exits with 2 and a message for anything else."""
    words = list(argv)
    name = words.pop(0) if words and words[0] in COMMANDS else ""
    if name == "lint":
        from .commands.lint import build_lint_parser

        parsed = build_lint_parser().parse_args(words)
    elif name == "rehearse":
        from .commands.rehearse import build_rehearse_parser

        parsed = build_rehearse_parser().parse_args(words)
    elif name == "resume":
        from .commands.resume import build_resume_parser

        parsed = build_resume_parser().parse_args(words)
    elif name == "trust":
        from .commands.trust import build_trust_parser

        parsed = build_trust_parser().parse_args(words)
    elif name == "docs":
        from .commands.docs import build_docs_parser

        parsed = build_docs_parser().parse_args(words)
    elif name in ("runs", "due"):
        from .commands.runs import build_due_parser, parse_runs

        parsed = parse_runs(words) if name == "runs" else build_due_parser().parse_args(words)
    else:
        parsed = (_show() if name == "show" else _run(name)).parse_args(words)
    parsed.command = name or "run"
    return parsed


def _show() -> argparse.ArgumentParser:
    parser = build_parser("show", "runbook-exec show [--json] FILE", "Print the outline of a page.")
    parser.add_argument("file", metavar="FILE", help="the Markdown file; `-` reads standard input")
    parser.add_argument("--json", action="store_true", help="print the whole value, with every span")
    parser.add_argument("--shell", choices=tuple(SHELLS), help="the shell whose blocks run")
    parser.add_argument("--inputs", metavar="FILE", help="settings for a page that may not be touched")
    return parser


def _run(name: str) -> argparse.ArgumentParser:
    parser = build_parser(
        name,
        "runbook-exec [run] FILE[#anchor] [options]",
        "Run the Markdown how-to that people read, in one live shell, statement by statement.",
        _EPILOG,
    )
    parser.add_argument("file", metavar="FILE[#anchor]", help="the page, and which of its procedures")
    parser.add_argument("--version", action="version", version=f"runbook-exec {__version__}")
    values = parser.add_argument_group("values")
    values.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="the value of <NAME>; again for more"
    )
    values.add_argument(
        "--capture",
        metavar="NAME=STEP[:REGEX]",
        action="append",
        default=[],
        help="take the value of <NAME> from the output of a step (2), or of one statement of it (6.1)",
    )
    values.add_argument("--inputs", metavar="FILE", help="settings for a page that may not be touched (YAML)")
    what = parser.add_argument_group("what runs")
    what.add_argument("--from", dest="first", metavar="STEP", help="begin at this step")
    what.add_argument("--only", metavar="STEP", help="run this step and nothing else")
    what.add_argument("--dry-run", action="store_true", help="print the plan; run nothing")
    asking = parser.add_argument_group("asking")
    asking.add_argument("--yes", action="store_true", help="do not pause before each statement")
    asking.add_argument(
        "--trust", action="store_true", help="with --yes: trust the page's commands unseen, as they are now"
    )
    asking.add_argument(
        "--no-input",
        action="store_true",
        help="never ask; stop with 3 at the first thing only a person can give",
    )
    asking.add_argument(
        "--done", metavar="STEP", action="append", default=[], help="this manual step has been done"
    )
    asking.add_argument(
        "--confirmed",
        metavar="STEP",
        action="append",
        default=[],
        help="this step's `confirm` is answered: yes",
    )
    shell = parser.add_argument_group("the shell")
    shell.add_argument("--shell", choices=tuple(SHELLS), help="the shell whose blocks run")
    shell.add_argument("--no-config", action="store_true", help="leave out your own shell configuration")
    shell.add_argument("--cwd", metavar="DIR", help="where the shell starts; by default, here")
    shell.add_argument("--timeout", metavar="DURATION", help="end a statement after this time (30s, 5m)")
    parser.add_argument(
        "--json", action="store_true", help="print events as lines of JSON; implies --no-input"
    )
    parser.add_argument(
        "--record", action="store_true", help="write a transcript of the run beside the page, for `rehearse`"
    )
    parser.add_argument(
        "--no-keep-secrets",
        action="store_true",
        help="keep no secret of an unfinished run in $XDG_RUNTIME_DIR; resuming it asks for them again",
    )
    parser.set_defaults(assume=None)
    parser.add_argument(
        "--keep-output",
        metavar="SIZE",
        type=_size,
        default=KEEP,
        help=f"keep at most so much of what is printed, for `runs replay`; by default {format_size(KEEP)}",
    )
    return parser


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
