"""Checks many pages on all cores of the machine."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NoReturn

from .results import CachedResult

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


Prefetch = Callable[[], AbstractContextManager[None]]

CheckPages = Callable[[Sequence[str]], list[CachedResult]]


_AT_ONCE = 80  # pages, at most, whose blocks a shell checks together

_FEWEST = 10  # pages, at least, for which starting the shells pays

_TURNS = 2  # a process takes this part of its share of the remaining pages, which keeps all busy to the end

_WORTH_IT = 60  # pages below which starting processes costs more time than it saves

_PATIENCE = 2  # seconds in which a terminated process must have cleaned up


def check_in_batches(check: CheckPages, paths: Sequence[str], prefetch: Prefetch) -> Iterator[CachedResult]:
    """Yield the results of `check` for these pages, some at a time, in their order.

    If several processes check them, these start and end within `prefetch`.
    """
    cores = _count_cores()
    # elsewhere a new process would have to import everything again
    if len(paths) < _WORTH_IT or cores < 2 or sys.platform != "linux":
        for start in range(0, len(paths), _AT_ONCE):
            yield from check(paths[start : start + _AT_ONCE])
        return
    with prefetch():
        yield from _check_in_processes(check, list(_split_pages(paths, cores * _TURNS)), cores)


def _split_pages(paths: Sequence[str], share: int) -> Iterator[Sequence[str]]:
    """Yield the pages in parts, which become smaller towards the end."""
    start = 0
    while start < len(paths):
        size = min(_AT_ONCE, max(_FEWEST, (len(paths) - start) // share))
        yield paths[start : start + size]
        start += size


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_in_processes(
    check: CheckPages, parts: Sequence[Sequence[str]], count: int
) -> Iterator[CachedResult]:
    import multiprocessing
    from multiprocessing.connection import wait

    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe() for _ in range(count)]
    processes = [context.Process(target=_run_worker, args=(check, pipes, number)) for number in range(count)]
    for process in processes:
        process.start()
    for _, theirs in pipes:
        theirs.close()
    waiting = iter(enumerate(parts))
    busy: dict[object, int] = {}  # the part that each process works on, by our end of its pipe
    done: dict[int, list[CachedResult]] = {}
    reported = 0
    try:
        for ours, _ in pipes:
            _send_part(ours, waiting, busy)
        while busy:
            for ready in wait([ours for ours, _ in pipes if ours in busy]):
                ours = next(each for each, _ in pipes if each is ready)
                done[busy.pop(ours)] = _receive_results(ours)
                _send_part(ours, waiting, busy)
            while reported in done:
                yield from done.pop(reported)
                reported += 1
    finally:
        for ours, _ in pipes:
            ours.close()
        for process in processes if busy else ():
            process.terminate()
        for process in processes:
            process.join(_PATIENCE if busy else None)
            if process.is_alive():
                process.kill()


def _send_part(
    ours: Connection, waiting: Iterator[tuple[int, Sequence[str]]], busy: dict[object, int]
) -> None:
    number, part = next(waiting, (0, None))
    if part is not None:
        ours.send(part)
        busy[ours] = number


def _receive_results(ours: Connection) -> list[CachedResult]:
    answer: list[CachedResult] | tuple[Exception, str] = ours.recv()
    if isinstance(answer, tuple):
        error, where = answer
        error.add_note(where)
        raise error
    return answer


def _run_worker(check: CheckPages, pipes: Sequence[tuple[Connection, Connection]], number: int) -> None:
    """Check parts as long as the parent sends them; the parent handles interrupts and errors."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for wanted in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, _exit_on_signal)
    # with no other end of it left open here, our pipe ends with the process that gives the parts
    for index, (ours, theirs) in enumerate(pipes):
        ours.close()
        if index != number:
            theirs.close()
    mine = pipes[number][1]
    gc.freeze()
    while True:
        try:
            part = mine.recv()
        except EOFError:
            return
        try:
            mine.send(check(part))
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001 - it is raised again where the parts come from
            mine.send((error, traceback.format_exc()))


def _exit_on_signal(number: int, frame: object) -> NoReturn:
    """Exit with SystemExit: then files that were written for the shells are removed."""
    sys.exit(128 + number)
