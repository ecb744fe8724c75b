"""Runs statements on a host without Python: they are typed at the prompt of a shell that ssh opens there."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from ...engine.restoration import run_quietly, write_cd
from ...shells.live_shell import Done, Keyboard, Message, OutputChunk, Silence
from ..inner.holding_session import HoldingSession
from ..inner.nested_session import NestedSession
from .ssh import find_options

_PLAIN = {"bash": "bash --noprofile --norc", "zsh": "zsh -f", "fish": "fish --no-config"}

_NOT_FOUND = 127  # the status of a shell that does not find a program


class TypedSession:
    """A shell on a host, in which a shell here runs ssh; it is used as a `FarSession` is.

    Each statement has its own output and status. There are no snapshots, and a lost connection is the end.
    """

    def __init__(
        self, shell: str, host: str, *, clean: bool, cwd: str | None, keyboard: Keyboard | None
    ) -> None:
        """Take the facts; the shell here is started by `start`."""
        self.shell = shell
        self.session = HoldingSession("sh", clean=True, keyboard=keyboard)
        self._host = host
        self._clean = clean
        self._is_attended = keyboard is not None
        self._nested = NestedSession(self.session)
        self._cwd = cwd or ""
        self._death: Done | None = None

    @property
    def cwd(self) -> str:
        """Return the shell's working directory after the last statement."""
        return self._cwd

    def start(self) -> Iterator[Message]:
        """Connect, which may ask something, and start the shell; yield its output, then Done."""
        for message in self._nested.start():
            if isinstance(message, Done) and message.ended:
                yield message
                return
        for message in self._nested.open_shell(self._write_command().encode()):
            if not isinstance(message, Done):
                yield message
            elif not self._nested.depth:
                status = message.status
                yield self._die(
                    f"`{self.shell}` is not installed there"
                    if status == _NOT_FOUND
                    else f"no shell has answered (status {status})"
                )
                return
        done = run_quietly(self._nested, write_cd(self.shell, self._cwd) if self._cwd else ":")
        if done.status or done.ended:
            yield self._die(f"the folder `{self._cwd}` does not exist")
            return
        self._cwd = done.cwd
        yield done

    def _write_command(self) -> str:
        """Return the command that opens the shell; the name of a host needs no quotes."""
        # ssh would report the end of the connection as output of the page
        options = ("-o", "RemoteCommand=none", "-o", "LogLevel=ERROR", *find_options(self._host))
        if not self._is_attended:
            options += ("-o", "BatchMode=yes")
        shell = _PLAIN.get(self.shell, self.shell) if self._clean else self.shell
        return f"ssh -tt {' '.join(options)} -- {self._host} 'exec {shell}'"

    def _die(self, why: str) -> Done:
        self._death = Done(255, (255,), self._cwd, ended=f"cannot run a shell on `{self._host}`: {why}")
        return self._death

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run one statement; `timeout` is in seconds.

        If its shell ends with it, the statement is in doubt, and nothing runs after it.
        """
        if self._death is not None:
            yield self._death._replace(killed=False, timed_out=False, interrupted=False)
            return
        for message in self._nested.run(code, timeout):
            if isinstance(message, Done):
                if not self._nested.depth:
                    message = message._replace(ended=f"the shell on `{self._host}` was lost, {message.ended}")
                    self._death = message
                self._cwd = message.cwd or self._cwd
            yield message

    def take_snapshot(self, redefined: Iterable[str] = ()) -> bytes:
        """Return b"": the state of the shell is not known."""
        return b""

    def ask_line(self) -> Generator[OutputChunk | Silence, None, str | None]:
        """Let the operator type a line at the shell's own prompt; return it, or None at the end."""
        return (yield from self._nested.ask_line()) if self._death is None else None

    def end(self) -> Generator[OutputChunk | Silence, None, tuple[str, ...]]:
        """Let the shell exit by itself, and yield the output of its traps."""
        ending = self._nested.end() if self._death is None else iter(())
        for message in ending:
            if not (isinstance(message, OutputChunk) and message.data.strip() == b"exit"):  # bash's own word
                yield message
        return ()

    def close(self) -> None:
        """End the shell here: hang up, which ends ssh too."""
        self.session.close()
