"""Watches the start of a shell, whose configuration may start something else instead."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterable, Iterator

from ..shells.live_shell import Done, Message, Silence
from .connections.base import TerminalProcess

_REPLACED = 1.0  # seconds without an answer after which the program that runs is looked at

# programs that people start in the place of a shell
_INSTEAD = frozenset(
    (
        *("bash", "zsh", "fish", "sh", "dash", "ash", "ksh", "mksh", "tcsh", "csh", "nu", "xonsh", "elvish"),
        *("pwsh", "tmux", "tmux: client", "screen", "zellij", "byobu"),
    )
)


def watch_start(
    messages: Iterable[Message], process: TerminalProcess, shell: str, configuration: str
) -> Iterator[Message]:
    """Yield the messages of a shell's start, and end it if its configuration has replaced it.

    `configuration` names the files that it reads, "" if it reads none. If the shell ends, Done says which.
    """
    instead = ""
    for message in messages:
        if isinstance(message, Silence) and message.seconds >= _REPLACED and configuration and not instead:
            name = process.find_program()
            if name in _INSTEAD and name not in (shell, "sh"):
                instead = name
                with contextlib.suppress(OSError):
                    process.signal(signal.SIGKILL)
        elif isinstance(message, Done) and (message.ended or message.waited_for_key):
            message = message._replace(ended=_explain(message, shell, configuration, instead))
        yield message


def _explain(done: Done, shell: str, configuration: str, instead: str) -> str:
    hint = f"; `--no-config` leaves {configuration} out" if configuration else ""
    if instead:
        return f"{shell} did not start: {configuration} starts `{instead}` in its place{hint}"
    if done.waited_for_key:
        asked = f": `{done.last_line}`" if done.last_line else ""
        return f"{shell} did not start: `{done.waited_for_key}` waits for the keyboard{asked}{hint}"
    return f"{done.ended} while starting{hint}"
