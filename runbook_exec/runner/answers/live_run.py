"""Connects a run to the terminals that attach to it, and takes answers from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.events import Answered, Asked, Event, RunEnded
from ...engine.questions import Answer
from ...errors import Refused
from ...text.durations import format_duration
from .external import ExternalAnswer, check_answer

if TYPE_CHECKING:
    from ...live.run_channel import ReceivedAnswer, RunChannel


class AnsweredElsewhere(Exception):
    """The question has an answer that was not given at the terminal."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class LiveRun:
    """The open question of a run, and the answers that come for it."""

    def __init__(self, channel: RunChannel, place: str) -> None:
        self._channel = channel
        self._place = place
        self._asked: Asked | None = None

    @property
    def socket(self) -> str:
        """Return the path of the socket that terminals attach to."""
        return self._channel.address

    @property
    def output(self) -> int | None:
        """Return the standard output of the program that has started the run, if it is no terminal."""
        return self._channel.output

    def find_holder(self) -> str:
        """Return the name of the person whose keys count; "" if nobody is attached."""
        return self._channel.find_holder()

    def observe(self, event: Event) -> None:
        """Note which question is open; the event is in the journal already."""
        if isinstance(event, Asked):
            self._asked = event
            self._channel.begin_question()
        elif self._asked and isinstance(event, Answered | RunEnded):
            self._asked = None
            self._channel.end_question()

    def find_end(self) -> AnsweredElsewhere | None:
        """Return the end of the question: an answer from elsewhere, or that it was open for too long."""
        for received in self._channel.receive_answers():
            if (answer := self._check(received)) is not None:
                return AnsweredElsewhere(answer)
        if self._asked is not None and self._channel.has_expired():
            held = format_duration(self._channel.hold)
            note = f"`{self._asked.id}` was held for {held}, and no person answered or attached"
            return AnsweredElsewhere(Answer("wait", note=note))
        return None

    def _check(self, received: ReceivedAnswer) -> Answer | None:
        """Return an answer if it is one to the open question, and tell its sender."""
        try:
            fields = {name: str(value) for name, value in received.fields.items() if name != "is_visible"}
            given = ExternalAnswer(**fields, is_visible=bool(received.fields.get("is_visible")))
            answer = check_answer(given, self._asked, "")
        except (Refused, TypeError) as problem:
            self._channel.reply(received, str(problem))
            return None
        self._channel.reply(received, "")
        return answer._replace(by=given.by or self._place)
