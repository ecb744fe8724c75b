"""Work on many pages, spread over the cores of the machine."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence

from .looked import Kept

Look = Callable[[Sequence[str]], list[Kept]]

_AT_ONCE = 100  # pages, at most, whose blocks a shell is asked about together
_TURNS = 4  # parts for each process, at least, so that all are busy to the end
_WORTH_IT = 60  # pages below which starting processes takes longer than they save
_GARBAGE = 100_000  # objects between two looks for cycles, of which there are hardly any

_look: Look | None = None  # of this process, where it is one of many


def spread(look: Look, paths: Sequence[str]) -> Iterator[Kept]:
    """What `look` says of these pages, some at a time, in their order."""
    cores = _cores()
    size = max(1, min(_AT_ONCE, -(-len(paths) // (cores * _TURNS))))
    parts = [paths[start : start + size] for start in range(0, len(paths), size)]
    # elsewhere a new process would have to import everything again
    if len(paths) < _WORTH_IT or cores < 2 or sys.platform != "linux":
        for start in range(0, len(paths), _AT_ONCE):
            yield from look(paths[start : start + _AT_ONCE])
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(cores, context, initializer=_begin, initargs=(look,)) as pool:
        try:
            for done in pool.map(_part, parts):
                yield from done
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin(look: Look) -> None:
    """Prepare a process that does a part: whoever started it is the one to be interrupted."""
    global _look
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for wanted in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, signal.SIG_DFL)
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    _look = look


def _part(paths: Sequence[str]) -> list[Kept]:
    if _look is None:
        raise RuntimeError("this process was not prepared")
    return _look(paths)
