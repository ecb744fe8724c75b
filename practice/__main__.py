"""`python -m practice`: try the flagship runbook for real, without touching anything real."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import run
from .faults import FAULTS


def main(words: list[str]) -> int:
    """Read the arguments, do what they say, and return the exit status."""
    words, passed = (
        (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    )
    parser = argparse.ArgumentParser(prog="python -m practice", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser(
        "run",
        help="run runbooks/rotate-fly-token.md in a throwaway world",
        usage="python -m practice run [--unattended] [--real] [--fault FAULT] [--keep] "
        "[-- RUNBOOK-EXEC-ARGUMENTS]",
    )
    running.add_argument("--unattended", action="store_true", help="from old token to new by itself")
    running.add_argument("--real", action="store_true", help="with the real mise and the real ansible")
    running.add_argument("--fault", choices=FAULTS, help="with something wrong, for the run to find")
    entering = commands.add_parser("enter", help="a shell in a new world, or in one that was kept")
    entering.add_argument("folder", nargs="?", type=Path, help="a world kept with --keep")
    for command in (running, entering):
        command.add_argument("--keep", action="store_true", help="do not remove the world at the end")
    given = parser.parse_args(words)
    if given.command == "enter":
        if passed:
            parser.error("expected nothing after `--` of enter")
        return run.enter(given.folder, keep=given.keep)
    return run.run(passed, unattended=given.unattended, keep=given.keep, real=given.real, fault=given.fault)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
