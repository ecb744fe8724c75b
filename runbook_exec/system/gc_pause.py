"""Python's search for values that refer to themselves, kept off while there is much to read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pause_gc() -> Iterator[None]:
    """Keep Python from looking for values that refer to themselves until the end of the block.

    It would look through all that has been read again and again, for up to a third of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
