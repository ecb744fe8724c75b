"""Builds the parser of a command, and the arguments that several commands share."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from ..shells.registry import SHELLS
from ..text.suggest import find_near
from .exit_status import REFUSED
from .help_format import HelpFormatter, print_help

# As in `typing`, which `--version` would load for nothing else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


# argparse looks on the disk for a translation of each of its texts, and `_rephrase` needs them in English
argparse._ = str  # type: ignore[attr-defined]

PARSER_ONLY = "-\0"  # a word that no command line can have: it asks a command for its parser


class ParserFound(Exception):
    """Carries the parser of a command to the one who asked for it."""

    def __init__(self, parser: ArgumentsParser) -> None:
        super().__init__(parser.prog)
        self.parser = parser


class ArgumentsParser(argparse.ArgumentParser):
    """A parser whose errors name the wrong word and the nearest known one."""

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """Return the arguments as argparse does; raises ParserFound if only the parser is asked for."""
        if args and args[-1] == PARSER_ONLY:
            raise ParserFound(self)
        return super().parse_known_args(args, namespace)

    def list_actions(self) -> Sequence[argparse.Action]:
        """Return the options and the positional arguments, in the order of the help."""
        return tuple(self._actions)

    def describe_action(self, action: argparse.Action) -> str:
        """Return the help of an option or argument, with its default filled in."""
        return self._get_formatter()._expand_help(action) if action.help else ""

    def print_help(self, file: object = None) -> None:
        """Print the help to standard output."""
        print_help(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and how the help is asked for; exits with 2."""
        words = message.removeprefix("unrecognized arguments: ").split(" ")
        if words[0] != message.split(" ")[0]:
            message = self._describe_unknown(words)
        self.exit(REFUSED, f"error: {_rephrase(message)}\n  `{self.prog} --help` lists the options\n")

    def _describe_unknown(self, words: Sequence[str]) -> str:
        option = next((word.partition("=")[0] for word in words if word.startswith("-")), None)
        if option is None:
            return f"unexpected argument `{words[0]}`"
        near = find_near(option, self._option_string_actions, 0.75)
        return f"unknown option `{option}`{f'; did you mean `{near}`?' if near else ''}"


def _rephrase(message: str) -> str:
    """Return a message of argparse in the form of the program's other errors."""
    for pattern, form in (
        (r"the following arguments are required: (.*)", "missing {0}"),
        (r"one of the arguments (\S+) (\S+) is required", "missing `{0}` or `{1}`"),
        (r"argument (\S+): not allowed with argument (\S+)", "`{0}` and `{1}` exclude each other"),
        (
            r"argument (\S+): invalid choice: '(.*)' \(choose from (.*)\)",
            "`{0}`: unknown `{1}`; known are {2}",
        ),
        (r"argument (\S+): (.*)", "`{0}`: {1}"),
    ):
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return form.format(*found.groups()).replace("'", "")
    return message


def build_parser(name: str, usage: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """Return the parser of `runbook-exec NAME`, without its arguments."""
    parser = ArgumentsParser(
        prog=f"runbook-exec {name}".strip(),
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.color = False  # type: ignore[attr-defined]  # Python 3.14 colours help; our streams show escapes
    return parser


def add_shell(parser: argparse._ActionsContainer) -> None:
    """Add `--shell`."""
    parser.add_argument("--shell", choices=tuple(SHELLS), help="the shell whose blocks run")


def add_inputs(parser: argparse._ActionsContainer, kind: str = "") -> None:
    """Add `--inputs FILE`."""
    parser.add_argument(
        "--inputs",
        metavar="FILE",
        help=f"a settings file for a page that you cannot or do not want to edit{kind}",
    )


def add_set(parser: argparse._ActionsContainer, text: str) -> None:
    """Add `--set` with this help text, and `--set-file`."""
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help=text)
    parser.add_argument(
        "--set-file",
        metavar="NAME=PATH",
        action="append",
        default=[],
        help="the value of <NAME> is the text of a file, without its last line end",
    )


def add_capture(parser: argparse._ActionsContainer) -> None:
    """Add `--capture`."""
    parser.add_argument(
        "--capture",
        metavar="NAME=STEP[:REGEX]",
        action="append",
        default=[],
        help="take the value of <NAME> from the output of a step (2), or of one statement of it (6.1)",
    )


def add_asking(parser: argparse._ActionsContainer) -> None:
    """Add `--yes`, `--trust` and `--no-input`."""
    parser.add_argument("--yes", action="store_true", help="do not pause before each statement")
    parser.add_argument(
        "--trust",
        action="store_true",
        help="with --yes: trust the page's commands as they are now, without showing them",
    )
    parser.add_argument(
        "--no-input",
        action="store_true",
        help="never ask: exit with 3 at the first thing that needs a person",
    )


def add_decided_steps(parser: argparse._ActionsContainer) -> None:
    """Add `--done` and `--confirmed`."""
    parser.add_argument(
        "--done", metavar="STEP", action="append", default=[], help="this manual step is done"
    )
    parser.add_argument(
        "--confirmed",
        metavar="STEP",
        action="append",
        default=[],
        help="answer this step's `confirm` with yes",
    )


def add_failure(parser: argparse._ActionsContainer) -> None:
    """Add `--on-failure`."""
    parser.add_argument(
        "--on-failure",
        choices=("ask", "stop"),
        default="",
        help="when a statement fails: ask (without a terminal, exit with 3), or stop the run; "
        "default: ask in a terminal, otherwise stop",
    )


def add_hold(parser: argparse._ActionsContainer) -> None:
    """Add `--hold`."""
    parser.add_argument(
        "--hold",
        metavar="DURATION",
        help="outlive this terminal: keep the shell and a question open for this time (30m, 8h), "
        "for `attach` and `resume --answer`; default in a terminal: $RUNBOOK_EXEC_HOLD",
    )


def add_json_events(parser: argparse._ActionsContainer) -> None:
    """Add `--json` for a run."""
    parser.add_argument(
        "--json", action="store_true", help="print events as lines of JSON; implies --no-input"
    )
