"""Starts the commands that talk with a Temporal server, and ends them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module

from ...errors import Refused
from ..exit_status import FAILED, INTERRUPTED, REFUSED

_INSTALL = "this command needs more packages: `pip install 'runbook-live[temporal]'`"

_EXTRA = ("temporalio", "cryptography", "google", "nexusrpc")  # what the extra brings


def add_server(parser: argparse.ArgumentParser) -> None:
    """Add `--server` and `--namespace`."""
    group = parser.add_argument_group("server")
    group.add_argument(
        "--server",
        metavar="HOST:PORT",
        default="",
        help="the Temporal server; by default that of $TEMPORAL_ADDRESS or the settings, else 127.0.0.1:7233",
    )
    group.add_argument("--namespace", metavar="NAME", default="", help="the namespace on it")


def add_signature(parser: argparse._ActionsContainer) -> None:
    """Add `--sign`."""
    parser.add_argument(
        "--sign", metavar="KEY", help="sign it with this ssh key, for hosts that take only what is signed"
    )


def run_remote(action: str, arguments: argparse.Namespace) -> int:
    """Run an action of `actions`, and end this process with its exit status.

    An interpreter that goes through its own end with the threads of `temporalio` aborts now and then. Raises
    Refused without the packages of the extra.
    """
    try:
        actions: Mapping[str, Callable[[argparse.Namespace], int]] = import_module(
            ".actions", __package__
        ).ACTIONS
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise Refused(f"{_INSTALL} ({error})") from None
    status = FAILED
    try:
        status = actions[action](arguments)
    except Refused as refused:
        print(f"error: {refused}", file=sys.stderr)
        status = REFUSED
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        pass
    except Exception as error:  # noqa: BLE001 - as in `main`, which this process does not come back to
        report: Callable[[Exception], int] = import_module("..crash_report", __package__).report_failure
        status = report(error)
    _leave(status)
    return status


def _leave(status: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            status = status or FAILED
    os._exit(status)
