"""Pauses Python's cyclic garbage collector while many objects are made.

Few of these objects are dropped, and the collector would traverse all of them again and again. `benchmarks`
has the rows: parsing, lint, start-up.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Callable
from functools import wraps

# As in `typing`, which this module does without: `--version` would load it for nothing else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ParamSpec, TypeVar

    Arguments = ParamSpec("Arguments")
    Result = TypeVar("Result")

_RUN_THRESHOLD = 10_000  # objects between two searches of a run

_LINT_THRESHOLD = 100_000  # objects between two searches; the linter makes hardly any cycles


def pause_gc(act: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return the function with the cyclic garbage collector paused until it returns."""

    @wraps(act)
    def act_without_gc(*values: Arguments.args, **named: Arguments.kwargs) -> Result:
        was_on = gc.isenabled()
        gc.disable()
        try:
            return act(*values, **named)
        finally:
            if was_on:
                gc.enable()

    return act_without_gc


def stop_gc() -> None:
    """Turn the collector off: objects that are imported and parsed at the start of a run stay."""
    gc.disable()


def resume_gc() -> None:
    """Turn the collector on again, for objects that are made from now on; a run makes few cycles."""
    gc.freeze()  # its first search would traverse all that was imported and parsed meanwhile
    gc.set_threshold(_RUN_THRESHOLD)
    gc.enable()


def relax_gc() -> None:
    """Let the collector search seldom, as the linter needs it."""
    gc.set_threshold(_LINT_THRESHOLD)


def skip_final_gc() -> None:
    """Keep the garbage collector from searching all objects when the program ends.

    The objects are freed with the process.
    """
    atexit.register(gc.freeze)
