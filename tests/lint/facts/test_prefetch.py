"""What a process of its own finds while others work, and who may ask for it."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook_exec.lint.facts.prefetch import Ahead, ahead


def _tell(begun: Ahead, queue: Any) -> None:
    queue.put(begun.found)


def test_every_process_that_is_forked_later_may_ask() -> None:
    """Each gets all of it, however many ask at once, and so does the one that began."""
    expected = {"a": [["2026-04-30", True]] * 1000}
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    with ahead(lambda: expected) as begun:
        asking = [context.Process(target=_tell, args=(begun, queue)) for _ in range(3)]
        for process in asking:
            process.start()
        assert [queue.get() for _ in asking] == [expected] * 3
        for process in asking:
            process.join()
        assert begun.found == expected


def test_whoever_asks_waits() -> None:
    """What is not there yet is waited for: here the process goes on only once it was asked."""
    reading, writing = os.pipe()
    with ahead(lambda: os.read(reading, 1).decode()) as begun:
        assert multiprocessing.active_children()
        os.write(writing, b"x")
        assert begun.found == "x"
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("find", [lambda: os._exit(1), lambda: os.kill(os.getpid(), 9)])
def test_a_process_that_dies_has_found_nothing(find: Callable[[], Any]) -> None:
    """Whoever asks then looks for themselves."""
    with ahead(find) as begun:
        assert begun.found is None


def test_nothing_is_left_of_it() -> None:
    """Whoever no longer needs it does not wait: the process ends, and its file and pipe are closed."""
    reading, writing = os.pipe()
    before = set(Path("/proc/self/fd").iterdir())
    with ahead(lambda: os.read(reading, 1).decode()):
        pass
    assert not multiprocessing.active_children()
    assert set(Path("/proc/self/fd").iterdir()) == before
    os.close(reading)
    os.close(writing)
