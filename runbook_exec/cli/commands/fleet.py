"""Runs `runbook-exec fleet`, which runs a page on many hosts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ...errors import Refused
from ..arguments import add_asking, add_inputs, add_set, add_shell, build_parser
from ..fleet import resume_fleet, run_fleet
from ..ordered.start import add_signature, run_remote

_EPILOG = """\
PATTERN is a list of names (`web1,web2`), `@FILE` with one name on each line, or with --inventory a pattern of
Ansible (`web:!canary`). Every host has its own run and journal, `FLEET.HOST`.

With --server nothing is done over ssh: each host has a worker, which takes its run from a Temporal server.
The fleet goes on there if this program ends, and `--resume FLEET` shows it again.

exit status:
  0    all hosts succeeded
  1    some failed, or were not started
  2    the command line or the page is refused
  3    some wait for a person
  130  interrupted
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `fleet`."""
    parser = build_parser(
        name,
        "runbook-exec fleet FILE[#anchor] --on PATTERN [options]\n       runbook-exec fleet --resume FLEET",
        "Run a page on many hosts: one run for each host, several at a time.",
        _EPILOG,
    )
    parser.add_argument(
        "file", metavar="FILE[#anchor]", nargs="?", help="the page, and one of its procedures"
    )
    _add_hosts(parser.add_argument_group("hosts"))
    values = parser.add_argument_group("values")
    add_set(values, "the value of <NAME> on every host, or `-` to read it from standard input")
    values.add_argument(
        "--set-each",
        metavar="FILE",
        help="values for each host: a CSV file with the columns `host` and names",
    )
    add_inputs(values, " (YAML)")
    what = parser.add_argument_group("what runs")
    what.add_argument(
        "--choose",
        metavar="LABEL",
        action="append",
        default=[],
        help="the alternative that runs, such as a tab",
    )
    what.add_argument("--timeout", metavar="DURATION", help="end a statement after this time (30s, 5m)")
    what.add_argument(
        "--cwd", metavar="DIR", help="the folder where the shells start; default: the home folder"
    )
    what.add_argument("--no-config", action="store_true", help="do not load the configuration of the shells")
    what.add_argument(
        "--confirmed",
        metavar="STEP",
        action="append",
        default=[],
        help="answer this step's `confirm` with yes",
    )
    add_shell(what)
    add_asking(parser.add_argument_group("asking"))
    parser.add_argument("--json", action="store_true", help="print events as lines of JSON, with their host")
    _add_server(parser)
    return parser.parse_args(words)


def _add_hosts(hosts: argparse._ArgumentGroup) -> None:
    hosts.add_argument(
        "--on", metavar="PATTERN", help="the hosts: a list of names, @FILE, or a pattern of Ansible"
    )
    hosts.add_argument("--inventory", metavar="FILE", help="an inventory of Ansible that has the hosts")
    hosts.add_argument(
        "--at-once", metavar="N", type=_positive, default=20, help="run on N hosts at a time (default: 20)"
    )
    hosts.add_argument(
        "--stop-after",
        metavar="N",
        type=_whole,
        default=3,
        help="start no more hosts when more than N have failed (default: 3)",
    )
    hosts.add_argument(
        "--first",
        dest="canaries",
        metavar="N",
        type=_whole,
        default=1,
        help="run on N hosts first, and on the others only if they succeed (default: 1)",
    )
    hosts.add_argument(
        "--resume", metavar="FLEET", help="continue a fleet with the hosts that have not succeeded"
    )
    hosts.add_argument(
        "--reconnect", metavar="DURATION", help="try to reach a lost host for this time (default: 10m)"
    )


def _add_server(parser: argparse.ArgumentParser) -> None:
    server = parser.add_argument_group("server")
    server.add_argument(
        "--server",
        metavar="HOST:PORT",
        default="",
        help="order the runs through this Temporal server; `-` is that of $TEMPORAL_ADDRESS or the settings",
    )
    server.add_argument("--namespace", metavar="NAME", default="", help="the namespace on it")
    server.add_argument(
        "--patience",
        metavar="DURATION",
        default="1d",
        help="ask a person when a host has been away for so long (default: 1d)",
    )
    server.add_argument(
        "--heartbeat",
        metavar="DURATION",
        default="20s",
        help="let another worker take over when one is silent for so long (default: 20s)",
    )
    add_signature(server)
    parser.set_defaults(capture=[], first=None, only=None, done=[], each=False, hold=None, id="")
    parser.set_defaults(on_failure="stop")


def _run_through_server(arguments: argparse.Namespace) -> int:
    """Order the runs; raises Refused for options that only mean something over ssh."""
    for option, value in (
        ("--inputs", arguments.inputs),
        ("--reconnect", arguments.reconnect),
        ("--no-config", arguments.no_config),
        ("--trust", arguments.trust),
    ):
        if value:
            raise Refused(f"`{option}` does not go with `--server`: each host decides that itself")
    if arguments.server == "-":
        arguments.server = ""
    return run_remote("fleet", arguments)


def run(arguments: argparse.Namespace) -> int:
    """Run the page on the hosts; returns the exit status."""
    if arguments.resume is None and (arguments.file is None or arguments.on is None):
        raise Refused("expected `FILE --on PATTERN`, or `--resume FLEET`")
    if arguments.resume is not None and (arguments.file or arguments.on or arguments.inventory):
        raise Refused("`--resume` takes the page and the hosts from the fleet: leave FILE and `--on` out")
    if arguments.server:
        return _run_through_server(arguments)
    if arguments.sign or arguments.namespace:
        raise Refused("`--sign` and `--namespace` are for `--server`")
    return run_fleet(arguments) if arguments.resume is None else resume_fleet(arguments)


def _positive(text: str) -> int:
    if (number := _whole(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1, got `{text}`")
    return number


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise argparse.ArgumentTypeError(f"expected a whole number, got `{text}`")
    return int(text)
