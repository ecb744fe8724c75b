"""Runs the commands of sources."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from ..errors import ValueProblem
from .base import SourceContext, reason, without_newline


def make_runner(on_command: Callable[[str], None], attended: bool) -> Callable[[Sequence[str]], str]:
    """Return a function that runs a command and returns its output.

    `on_command` is called with each command before it runs. If a person is present, the command gets the
    terminal, so it can ask for a password.
    """

    def run(command: Sequence[str]) -> str:
        import subprocess  # large, and most runs do not need it

        on_command(command[-1] if command[0] == "sh" else shlex.join(command))
        quiet = None if attended else subprocess.DEVNULL
        done = subprocess.run(
            list(command), check=True, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, encoding="utf-8"
        )
        return done.stdout

    return run


def read_output(source: str, command: Sequence[str], context: SourceContext) -> str:
    """Return a command's output without its final newline.

    Raises ValueProblem, which names the source.
    """
    import subprocess  # large, and most runs do not need it

    try:
        return without_newline(context.run(command))
    except subprocess.CalledProcessError as error:
        raise ValueProblem(f"`{source}`: `{command[0]}` exited with {error.returncode}") from None
    except subprocess.SubprocessError:
        raise ValueProblem(f"`{source}`: `{command[0]}` did not end in time") from None
    except OSError as error:
        raise ValueProblem(f"`{source}`: cannot start `{command[0]}`: {reason(error)}") from None
    except UnicodeError:
        raise ValueProblem(f"`{source}`: the output is not UTF-8 text") from None
