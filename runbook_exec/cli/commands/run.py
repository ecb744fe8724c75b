"""Runs `runbook-exec FILE` and `runbook-exec run FILE`: parses the arguments of a run.

`--version` and `--help` are handled here too. Modules that are needed to run a page are imported only when a
page runs.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from ... import __version__
from ...system.gc_pause import stop_gc
from ...text.sizes import KEEP, format_size, parse_size
from ...text.suggest import find_near
from ..arguments import (
    add_asking,
    add_capture,
    add_decided_steps,
    add_failure,
    add_hold,
    add_inputs,
    add_json_events,
    add_set,
    add_shell,
    build_parser,
)
from ..exit_status import REFUSED
from . import COMMANDS, HEADINGS

_ABOUT = "Run the Markdown how-to that people read, in one live shell, statement by statement."

_COMMANDS = "\n".join(
    (f"\n{HEADINGS[name]}:\n" if name in HEADINGS else "") + f"  {usage:<21}  {text}"
    for name, (usage, text) in COMMANDS.items()
)

_OVERVIEW = f"""\
{_ABOUT}
{_COMMANDS}

examples:
  runbook-exec show runbooks/restore.md  print what would run
  runbook-exec runbooks/restore.md       run it, and ask before each statement
"""

_SHORT_HELP = f"""\
{_OVERVIEW}
`runbook-exec --help` lists the options of a run, and
`runbook-exec COMMAND --help` those of a command.
"""

_EPILOG = """\
exit status:
  0    done
  1    a statement failed or was skipped
  2    the command line or the page is refused
  3    waiting for a person (a manual step, a value)
  130  interrupted, or you quit
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of a run; `name` is "" if the command is not named."""
    usage = "runbook-exec [run] FILE[#anchor] [options]"
    parser = build_parser(name, usage, _ABOUT if name else _OVERVIEW, _EPILOG)
    parser.add_argument("file", metavar="FILE[#anchor]", help="the page, and one of its procedures")
    version = f"runbook-exec {__version__}"
    parser.add_argument("--version", action="version", version=version, help="print the version and exit")
    _add_values(parser.add_argument_group("values"))
    what = parser.add_argument_group("what runs")
    what.add_argument("--all", action="store_true", help="run the whole page in order, as FILE# does")
    part = what.add_mutually_exclusive_group()
    part.add_argument("--from", dest="first", metavar="STEP", help="start at this step")
    part.add_argument("--only", metavar="STEP", help="run this step and nothing else")
    what.add_argument(
        "--choose",
        metavar="LABEL",
        action="append",
        default=[],
        help="the alternative that runs, such as a tab; can be repeated",
    )
    what.add_argument("--dry-run", action="store_true", help="print the plan; run nothing")
    asking = parser.add_argument_group("asking")
    add_asking(asking)
    add_decided_steps(asking)
    add_failure(asking)
    add_hold(asking)
    shell = parser.add_argument_group("the shell")
    add_shell(shell)
    shell.add_argument("--no-config", action="store_true", help="do not load your shell configuration")
    shell.add_argument(
        "--cwd", metavar="DIR", help="the folder where the shell starts; default: the current folder"
    )
    shell.add_argument("--timeout", metavar="DURATION", help="stop a statement after this time (30s, 5m)")
    _add_host(parser.add_argument_group("the host"))
    add_json_events(parser)
    parser.add_argument("--id", metavar="NAME", default="", help="the id of the run; default: a new one")
    parser.add_argument(
        "--agent",
        metavar="NAME",
        default="",
        help="with --hold: a coding agent starts the run. Trusted commands run; an attached person confirms "
        "the others",
    )
    _add_recording(parser)
    if not name and not words:
        parser.exit(REFUSED, _SHORT_HELP)
    if not name:
        _require_command_or_file(parser, words[0])
    return parser.parse_args(words)


def _add_host(host: argparse._ArgumentGroup) -> None:
    host.add_argument(
        "--on",
        metavar="HOST",
        help="run the page on this host, which `ssh HOST` reaches; `local` is this machine",
    )
    host.add_argument(
        "--reconnect",
        metavar="DURATION",
        help="if the connection to a host is lost, try to restore it for this time; default: 10m",
    )


def _require_command_or_file(parser: argparse.ArgumentParser, word: str) -> None:
    """Exit with 2 and a message if a word is neither a command nor a file, but nearly a command."""
    if word.startswith("-") or os.path.lexists(word.partition("#")[0]):
        return
    if near := find_near(word, COMMANDS):
        parser.error(f"no command and no file `{word}`; did you mean `{near}`?")


def _add_values(values: argparse._ArgumentGroup) -> None:
    add_set(values, "the value of <NAME>; `-` reads it from standard input; can be repeated")
    add_capture(values)
    add_inputs(values, " (YAML)")


def _add_recording(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--record", action="store_true", help="write a transcript of the run next to the page, for `rehearse`"
    )
    parser.add_argument(
        "--no-keep-secrets",
        action="store_true",
        help="do not keep the secrets of an unfinished run in $XDG_RUNTIME_DIR; `resume` asks for them again",
    )
    parser.add_argument(
        "--keep-output",
        metavar="SIZE",
        type=_size,
        default=KEEP,
        help=f"how much output to keep for `runs replay`; default: {format_size(KEEP)}",
    )


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def run(arguments: argparse.Namespace) -> int:
    """Run a procedure, or with --dry-run print what it would do."""
    stop_gc()
    from ..execution import run_page

    return run_page(arguments)
