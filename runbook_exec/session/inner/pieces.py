"""Reads the terminal's output while shells are open inside: text, and the marks of statements."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from ...engine.ports import Done, Message, OutputChunk, Silence
from .marks import MarkScanner, PromptMark
from .opener_exchange import OpenerExchange

ENDS = ("E", "I")  # the kinds of marks that end a statement

Piece = bytes | PromptMark | Silence | Done


class PieceReader:
    """Takes the marks out of the output of the statement that has opened the first shell."""

    def __init__(self, find_folder: Callable[[], str]) -> None:
        """Begin without any output; `find_folder` returns the session's working directory."""
        self._find_folder = find_folder
        self._scanner = MarkScanner()
        self._pieces: deque[Piece] = deque()
        self._messages: Iterator[Message] = iter(())

    def follow(self, messages: Iterator[Message]) -> None:
        """Read these messages from now on."""
        self._messages = messages

    def read(self) -> Iterator[Piece]:
        """Yield the pieces of the output; Done is the last."""
        while True:
            while self._pieces:
                yield self._pieces.popleft()
            message = next(self._messages, None)
            if isinstance(message, OutputChunk):
                self._pieces.extend(self._scanner.feed(message.data))
            elif isinstance(message, Silence):
                yield message
            else:
                if held := self._scanner.flush():
                    yield held
                yield message or make_interrupted(self._find_folder())


def make_interrupted(cwd: str) -> Done:
    """Return the end of a statement after which the terminal cannot be read any more."""
    return Done(130, (130,), cwd, ended="it was interrupted twice", killed=True)


def read_text(mark: PromptMark) -> str:
    """Return the text that a mark brings; the terminal has changed its line ends."""
    return mark.rest.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape")


def read_end(mark: PromptMark, exchange: OpenerExchange, shell: str) -> Done:
    """Return the end of a statement from its mark; `shell` is the name of the shell that ran it."""
    found = mark.rest.split(b";", 2)
    status = int(found[0]) if found[0].isdigit() else 1
    stopped = exchange.inner_interrupted or exchange.inner_timed_out or exchange.key_wait
    # after ^C, zsh may report another status
    if stopped and status < 128 and (mark.kind == "I" or (status and shell == "zsh")):
        found, status = [b"130", b"130", *found[2:]], 130
    pipestatus = tuple(int(each) for each in found[1].split() if each.isdigit()) if found[1:] else ()
    done = Done(
        status,
        pipestatus if len(pipestatus) > 1 else (status,),
        found[2].decode("utf-8", "surrogateescape") if found[2:] else "",
        timed_out=exchange.inner_timed_out,
        interrupted=exchange.inner_interrupted,
        suspended=exchange.inner_stopped and status in (146, 148),
    )
    if wait := exchange.key_wait:
        done = done._replace(waited_for_key=wait.program, last_line=wait.last_line)
    return done
