"""Runs statements in the shells that statements of a session have opened, one inside the other."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable, Iterator

from ...engine.ports import Done, Message, OutputChunk, Silence
from ...light_classes import dataclass
from ..keyboard_wait import KeyWait, find_last_line
from .dialects import TypedShell, read_answer, write_reading, write_setup, write_statement, write_statuses
from .holding_session import HoldingSession
from .marks import PromptMark
from .opener_exchange import OpenerExchange
from .opening import Opening
from .pieces import ENDS, Piece, PieceReader, make_interrupted, read_end, read_text

_BEGINNING = 15.0  # seconds in which a statement must begin

_ENDING = 2.0  # seconds that a shell may take to end after it has said that it does

_LEAVING = 5.0  # seconds that `exit` may take when the run ends

_SETUP = 10.0  # seconds that a line of the setup may take


@dataclass(slots=True)
class _Level:
    """A shell inside: how it is typed to, and the secret word of the statement that has opened it.

    Its `key` ends its wait for the next statement. No other shell takes that, so a statement for a shell that
    has ended runs nowhere.
    """

    dialect: TypedShell
    opener: str  # "" if the session's own shell has run that
    key: str
    is_waiting: bool = False
    statuses: bytes = b""  # the code that restores those of the last statement

    def write_statement(self, code: bytes, word: str) -> bytes:
        return write_statement(self.dialect, self.statuses + code, word, self.key if self.is_waiting else "")

    def end_statement(self, kind: str, done: Done) -> None:
        self.is_waiting = self.dialect.waits_after(kind)
        self.statuses = write_statuses(self.dialect, done.status, done.pipestatus)


class NestedSession:
    """A session, and the shells that its statements have opened; the innermost takes the statements.

    It is used as a session is. `open_shell` runs a statement that opens a shell, and `leave_shell` one that
    leaves it; `depth` is the number of shells that are open inside.
    """

    def __init__(self, session: HoldingSession) -> None:
        self._session = session
        self._levels: list[_Level] = []
        self._pieces = PieceReader(lambda: session.cwd)
        self._exchange: OpenerExchange | None = None  # of the statement that has opened the first shell
        self._line = ""
        self._inner_cwd = ""  # the working directory of the innermost shell, after its last statement

    @property
    def depth(self) -> int:
        """Return how many shells are open inside."""
        return len(self._levels)

    @property
    def inner_shell(self) -> str:
        """Return the name of the innermost shell, such as `bash`; "" if none is open."""
        return self._levels[-1].dialect.name if self._levels else ""

    # as a session --------------------------------------------------------------------------------------

    def start(self) -> Iterator[Message]:
        """Start the session's own shell."""
        return self._session.start()

    def take_snapshot(self, redefined: Iterable[str] = ()) -> bytes:
        """Return the variables and functions of the session's own shell; b"" while another is open."""
        return b"" if self._levels else self._session.take_snapshot(redefined)

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run one statement in the innermost shell."""
        if self._levels:
            return self._run_inside(code, timeout)
        return self._session.run(code, timeout)

    def ask_line(self) -> Generator[OutputChunk | Silence, None, str | None]:
        """Let the operator type a line at the prompt of the innermost shell."""
        if not self._levels:
            return (yield from self._session.ask_line())
        word = os.urandom(8).hex()
        status = 1
        for message in self._run_inside(write_reading(self._levels[-1].dialect, word), None, line=word):
            if isinstance(message, Done):
                status = message.status
            else:
                yield message
        return None if status or not self._line else self._line

    def end(self) -> Generator[OutputChunk | Silence, None, tuple[str, ...]]:
        """Leave all shells, and let the session's own exit."""
        while depth := self.depth:
            for message in self.leave_shell(b"exit", _LEAVING):
                if not isinstance(message, Done):
                    yield message
            if self.depth == depth:
                return ()
        return (yield from self._session.end())

    # shells inside --------------------------------------------------------------------------------------

    def open_shell(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run a statement that opens a shell; Done comes once that answers, or when the statement ends.

        `depth` shows which.
        """
        if self._levels:
            yield from self._open_inside(code, timeout)
            return
        self._exchange = exchange = self._session.hold(code)
        self._pieces.follow(exchange.run())
        yield from self._watch_opening(exchange, "", _find_program(code), timeout)

    def _open_inside(self, code: bytes, timeout: float | None) -> Iterator[Message]:
        exchange, word = self._require_exchange(), os.urandom(8).hex()
        exchange.begin(self._levels[-1].write_statement(code, word), None)
        for piece in self._pieces.read():
            if isinstance(piece, PromptMark) and (piece.kind, piece.word) == ("B", word):
                break
            if isinstance(piece, Done) or self._is_end(piece):
                yield self._lose_shell(piece)
                return
        exchange.pass_keys(is_opening=True)
        yield from self._watch_opening(exchange, word, _find_program(code), timeout)

    def _watch_opening(
        self, exchange: OpenerExchange, word: str, program: str, timeout: float | None
    ) -> Iterator[Message]:
        """Yield the output of a program until a shell answers in it, or it ends."""
        began = time.monotonic()
        opening = Opening(began, exchange.is_attended)
        with exchange.take_keyboard():
            for piece in self._pieces.read():
                now = time.monotonic()
                if isinstance(piece, PromptMark) and piece.kind == "Q" and opening.is_answer(piece.word):
                    yield from self._set_up(read_answer(piece.rest), exchange, word)
                    return
                if isinstance(piece, Done) or self._is_end(piece, word):
                    if line := opening.show_line():
                        yield OutputChunk(line)
                    yield self._finish_opener(piece, word)
                    return
                if isinstance(piece, bytes):
                    if shown := opening.add(piece, now):
                        yield OutputChunk(shown)
                elif isinstance(piece, Silence):
                    yield from self._ask_shell(opening, exchange, program, now)
                    yield Silence(now - began)
                    if timeout is not None and now - began > timeout:
                        exchange.give_up()

    def _ask_shell(
        self, opening: Opening, exchange: OpenerExchange, program: str, now: float
    ) -> Iterator[OutputChunk]:
        """Ask a program that has been silent for a moment whether it is a shell."""
        if opening.is_question(exchange.is_attended and exchange.hides_keys):
            if line := opening.show_line():
                yield OutputChunk(line)
        elif question := opening.ask(now):
            exchange.type(question)
        elif opening.is_over(now):
            line = opening.show_line()
            if line:
                yield OutputChunk(line)
            if not (exchange.is_attended or exchange.key_wait):
                exchange.key_wait = KeyWait(program, find_last_line(line))
                exchange.give_up()

    def _set_up(self, dialect: TypedShell, exchange: OpenerExchange, opener: str) -> Iterator[Message]:
        """Prepare a shell that has answered."""
        exchange.hold_keys()
        key = os.urandom(8).hex()
        for line in dialect.setup:
            word = os.urandom(8).hex()
            exchange.type(write_setup(line, word, key))
            until = time.monotonic() + _SETUP
            for piece in self._pieces.read():
                if isinstance(piece, PromptMark) and (piece.kind, piece.word) == ("A", word):
                    break
                if isinstance(piece, Done) or self._is_end(piece, opener):
                    yield self._finish_opener(piece, opener)
                    return
                if isinstance(piece, Silence) and time.monotonic() > until:
                    exchange.give_up()
        before = self._inner_cwd if self._levels else self._session.cwd
        self._levels.append(_Level(dialect, opener, key))
        for message in self._run_inside(b":", _SETUP):  # shows that statements run and end there
            yield message._replace(cwd=before) if isinstance(message, Done) else message

    def leave_shell(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run a statement that leaves the innermost shell; its status is 0 if that shell has ended."""
        return self._run_inside(code, timeout, leaves=True)

    def _run_inside(
        self, code: bytes, timeout: float | None, *, leaves: bool = False, line: str = ""
    ) -> Iterator[Message]:
        """Run a statement in the innermost shell, and yield what comes between its marks."""
        exchange, word = self._require_exchange(), os.urandom(8).hex()
        exchange.begin(self._levels[-1].write_statement(code, word), timeout)
        began = time.monotonic()
        is_running, ended = False, 0.0
        end: PromptMark | None = None
        self._line = ""
        with exchange.take_keyboard():
            for piece in self._pieces.read():
                if isinstance(piece, Done) or self._is_end(piece):
                    yield self._leave(piece) if leaves else self._lose_shell(piece)
                    return
                if isinstance(piece, Silence):
                    now = time.monotonic()
                    if not is_running and now - began > _BEGINNING:
                        exchange.give_up()
                    if end and now - ended > _ENDING:
                        yield self._finish(end)
                        return
                    yield Silence(now - began)
                elif isinstance(piece, PromptMark) and piece.word == word:
                    if piece.kind == "B":
                        is_running = True
                        exchange.pass_keys()
                    elif piece.kind in ENDS and is_running:
                        if not leaves:
                            yield self._finish(piece)
                            return
                        is_running, end, ended = False, piece, time.monotonic()
                elif isinstance(piece, PromptMark) and line and piece.word == line:
                    self._line = read_text(piece)
                elif is_running:
                    yield OutputChunk(piece.raw if isinstance(piece, PromptMark) else piece)

    # ends -----------------------------------------------------------------------------------------------

    def _finish(self, mark: PromptMark) -> Done:
        """Return the end of a statement from its mark."""
        exchange = self._require_exchange()
        done = read_end(mark, exchange, self.inner_shell)
        for level in self._levels[-1:]:
            level.end_statement(mark.kind, done)
        exchange.end()
        self._inner_cwd = done.cwd
        return done

    def _is_end(self, piece: Piece, more: str = "") -> bool:
        """Return whether a mark is the end of a statement that has opened a shell which was open."""
        if not isinstance(piece, PromptMark) or piece.kind not in ENDS or not piece.word:
            return False
        return piece.word == more or any(level.opener == piece.word for level in self._levels)

    def _finish_opener(self, piece: Piece, word: str) -> Done:
        """Return the end of a statement that was to open a shell, and has ended."""
        if isinstance(piece, PromptMark) and piece.word == word:
            return self._finish(piece)
        return self._lose_shell(piece) if self._levels else self._take_end(piece)

    def _take_end(self, piece: Piece) -> Done:
        """Return how the statement ended whose shells are gone with it."""
        if isinstance(piece, PromptMark):
            while self._levels.pop().opener != piece.word:
                pass
            return self._finish(piece)
        self._levels.clear()
        self._exchange = None
        self._session.release()
        return piece if isinstance(piece, Done) else make_interrupted(self._session.cwd)

    def _leave(self, piece: Piece) -> Done:
        done = self._take_end(piece)
        return done if done.ended else done._replace(status=0, pipestatus=(0,), interrupted=False)

    def _lose_shell(self, piece: Piece) -> Done:
        """Return the end of a statement during which its shell has ended: what it did is not known."""
        exchange = self._require_exchange()
        timed_out, interrupted, wait = exchange.inner_timed_out, exchange.inner_interrupted, exchange.key_wait
        cwd = self._inner_cwd
        done = self._take_end(piece)
        why = done.ended or f"the shell in which this ran has ended (status {done.status})"
        done = done._replace(cwd=cwd, ended=why, killed=True, timed_out=timed_out, interrupted=interrupted)
        return done._replace(waited_for_key=wait.program, last_line=wait.last_line) if wait else done

    # the terminal ---------------------------------------------------------------------------------------

    def _require_exchange(self) -> OpenerExchange:
        if self._exchange is None:
            raise RuntimeError("expected a shell inside")
        return self._exchange


def _find_program(code: bytes) -> str:
    """Return the first word of a statement."""
    return next(iter(code.decode("utf-8", "replace").split()), "")
