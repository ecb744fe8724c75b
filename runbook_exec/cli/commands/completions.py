"""Runs `runbook-exec completions`, which prints or installs completions for a shell, and the man page."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from ...errors import Refused, reason
from ...system.atomic_write import replace_file
from ..arguments import build_parser
from ..completion import FILES
from ..exit_status import DONE
from ..output import print_lines, print_unchanged

_ABOUT = """\
Print completions for a shell, or the man page. A package manager or pipx installs them with the program;
use this command if it did not, for example after `uv tool install`.

examples:
  runbook-exec completions --install   install all of them in your home folder
  runbook-exec completions fish        print those for fish
"""

_EPILOG = """\
The files are installed below $XDG_DATA_HOME (default: ~/.local/share), where fish, bash-completion and
man find them. zsh finds them if `fpath=(~/.local/share/zsh/site-functions $fpath)` is before `compinit`
in ~/.zshrc.

Without --install, each shell can also load them when it starts:
  fish  runbook-exec completions fish | source
  bash  source <(runbook-exec completions bash)
  zsh   source <(runbook-exec completions zsh)

exit status:
  0  done
  2  the command line is refused, or a file cannot be written
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `completions`."""
    parser = build_parser(name, "runbook-exec completions [fish|bash|zsh|man] [--install]", _ABOUT, _EPILOG)
    parser.add_argument("kind", nargs="?", choices=tuple(FILES), help="the shell, or `man` for the man page")
    parser.add_argument("--install", action="store_true", help="install the files in your home folder")
    parsed = parser.parse_args(words)
    if parsed.kind is None and not parsed.install:
        parser.error(f"missing the shell: {', '.join(FILES)}")
    return parsed


def run(arguments: argparse.Namespace) -> int:
    """Print one file, or install it or all of them; raises Refused."""
    kinds = tuple(FILES) if arguments.kind is None else (arguments.kind,)
    for kind in kinds:
        if arguments.install:
            print_lines(f"wrote {_install(kind)}")
        else:
            print_unchanged(_read(kind))
    return DONE


def _install(kind: str) -> Path:
    """Write the file where its reader looks for it, and return the path; raises Refused."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    try:
        path = Path(data).expanduser() / FILES[kind].place
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, _read(kind).encode())
    except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home folder
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise Refused(f"cannot write `{FILES[kind].place}` in `{data}`: {why}; set XDG_DATA_HOME") from None
    return path


def _read(kind: str) -> str:
    return (Path(__file__).parents[1] / "completion" / "files" / FILES[kind].name).read_text(encoding="utf-8")
