"""A background process computes a value that several other processes read."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook_exec.lint.facts.prefetch import BackgroundResult, run_in_background


def _tell(begun: BackgroundResult, queue: Any) -> None:
    queue.put(begun.value)


def test_every_process_forked_later_can_read_the_value() -> None:
    """Each process gets the whole value, also if several read at once, and so does the parent."""
    expected = {"a": [["2026-04-30", True]] * 1000}
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    with run_in_background(lambda: expected) as begun:
        asking = [context.Process(target=_tell, args=(begun, queue)) for _ in range(3)]
        for process in asking:
            process.start()
        assert [queue.get() for _ in asking] == [expected] * 3
        for process in asking:
            process.join()
        assert begun.value == expected


def test_reading_waits_for_the_value() -> None:
    """A reader waits: here the background process continues only after the read has begun."""
    reading, writing = os.pipe()
    with run_in_background(lambda: os.read(reading, 1).decode()) as begun:
        assert multiprocessing.active_children()
        os.write(writing, b"x")
        assert begun.value == "x"
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("find", [lambda: os._exit(1), lambda: os.kill(os.getpid(), 9)])
def test_a_process_that_dies_has_no_value(find: Callable[[], Any]) -> None:
    """The value is then None, and the reader computes it itself."""
    with run_in_background(find) as begun:
        assert begun.value is None


def test_nothing_is_left_of_the_process() -> None:
    """The context does not wait for the value: it ends the process and closes its file and pipe."""
    reading, writing = os.pipe()
    before = set(Path("/proc/self/fd").iterdir())
    with run_in_background(lambda: os.read(reading, 1).decode()):
        pass
    assert not multiprocessing.active_children()
    assert set(Path("/proc/self/fd").iterdir()) == before
    os.close(reading)
    os.close(writing)
