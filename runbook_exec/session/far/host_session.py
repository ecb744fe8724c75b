"""Runs statements on another host, in the best way that the host allows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from functools import partial

from ...shells.live_shell import Done, Keyboard, Message, OutputChunk, Silence
from .far_session import FarSession
from .reconnection import Destination
from .typed_session import TypedSession


class HostSession:
    """A shell on another host: a `FarSession`, or a `TypedSession` if the host has no Python for it."""

    def __init__(
        self,
        shell: str,
        destination: Destination,
        *,
        clean: bool,
        cwd: str | None,
        environ: Mapping[str, str],
        keyboard: Keyboard | None,
        notice: Callable[[str], None],
        find_seq: Callable[[], int],
    ) -> None:
        """Take what both kinds need; the host is reached by `start`."""
        far = FarSession(
            shell, destination, clean=clean, cwd=cwd, environ=environ, keyboard=keyboard, notice=notice
        )
        far.find_seq = find_seq
        self._session: FarSession | TypedSession = far
        self.hidden_input = self._session.hidden_input
        self._session.on_sent, self._session.on_wait = self._pass_sent, self._pass_wait
        self.on_sent: Callable[[], None] = lambda: None  # called when the host has been sent a statement
        self.on_wait: Callable[[], None] = lambda: None  # called when a statement takes longer than a moment
        self._make_typed = partial(
            TypedSession, shell, destination.host, clean=clean, cwd=cwd, keyboard=keyboard
        )
        self._host = destination.host
        self._notice = notice

    def _pass_sent(self) -> None:
        self.on_sent()

    def _pass_wait(self) -> None:
        self.on_wait()

    def start(self) -> Iterator[Message]:
        """Connect, which may ask something, and start the shell; yield its output, then Done."""
        far = self._session
        for message in far.start():
            if isinstance(message, Done) and isinstance(far, FarSession) and far.lacks_python:
                yield from self._start_typed()
                return
            yield message

    def _start_typed(self) -> Iterator[Message]:
        self._session.close()
        self._session = typed = self._make_typed()
        typed.session.hidden_input.on_word = lambda word: self.hidden_input.on_word(word)
        typed.session.on_sent, typed.session.on_wait = self._pass_sent, self._pass_wait
        self._notice(
            f"`{self._host}` has no Python 3.9 or newer, so statements are typed at a prompt there: a lost "
            "connection leaves its statement in doubt, and a resumed run asks about the variables and "
            "functions of this shell"
        )
        yield from typed.start()

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run one statement; `timeout` is in seconds."""
        return self._session.run(code, timeout)

    def ask_line(self) -> Generator[OutputChunk | Silence, None, str | None]:
        """Let the operator type a line at the shell's own prompt; return it, or None at the end."""
        return self._session.ask_line()

    def end(self) -> Generator[OutputChunk | Silence, None, tuple[str, ...]]:
        """Let the shell exit by itself, and return the commands of the jobs that were ended with it."""
        return self._session.end()

    def take_snapshot(self, redefined: Iterable[str] = ()) -> bytes:
        """Return the shell's variables and functions; b"" if they are not known."""
        return self._session.take_snapshot(redefined)

    def close(self) -> None:
        """End the shell: hang up, as a closing terminal window does."""
        self._session.close()
