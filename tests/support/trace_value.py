"""Counts the calls of our own code that a value of `--set` passes on its way to the shell.

    python -m tests.support.trace_value [--calls]

runs a page of one statement in this process and counts the calls into the package that are given the value:
as an argument, or in one, at most two levels deep in mappings, sequences, dataclasses and named tuples. The
way ends with the last call in `session`, which writes the statement to the shell. The constructors of
dataclasses and named tuples do not count, as their code is generated. Prints the calls of each module, and
with --calls each one in order.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import sys
import tempfile
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import runbook_exec
from runbook_exec.cli.main import main

VALUE = "kestrel-7f3a"
PAGE = "# Page\n\n```sh\necho <x> >/dev/null\n```\n"
PACKAGE = Path(runbook_exec.__file__).parent
_DEPTH = 2


def holds(value: object, depth: int = _DEPTH) -> bool:
    """Return whether the traced value is this value, in its text, or in a part of it.

    Parts are searched down to a depth.
    """
    if isinstance(value, str):
        return VALUE in value
    if isinstance(value, bytes | bytearray):
        return VALUE.encode() in value
    if depth == 0:
        return False
    if isinstance(value, Mapping):
        return any(holds(each, depth - 1) for each in value.values())
    if isinstance(value, tuple | list | set | frozenset):
        return any(holds(each, depth - 1) for each in value)
    if isinstance(value, Namespace):
        return any(holds(each, depth - 1) for each in vars(value).values())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return any(holds(getattr(value, name, None), depth - 1) for name in names)
    return False


def holds_now(value: object) -> bool:
    """Like `holds`, but False for an object that is still being made."""
    try:
        return holds(value)
    except AttributeError:
        return False


class Tracer:
    """Notes the calls into the package that are given the value."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []  # the module and the function
        self._frames: list[FrameType] = []  # kept: a generator that continues counts once
        self._seen: set[int] = set()

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        """Record a call, as `sys.setprofile` reports it."""
        path = Path(frame.f_code.co_filename)
        if event != "call" or not path.is_relative_to(PACKAGE) or id(frame) in self._seen:
            return
        code = frame.f_code
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
        names = code.co_varnames[:count]
        if not any(holds_now(frame.f_locals.get(name)) for name in names):
            return
        self._frames.append(frame)
        self._seen.add(id(frame))
        if path.name == "light_classes.py":
            return
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        self.calls.append((module, code.co_name))


def trace() -> list[tuple[str, str]]:
    """Run the page, and return the calls: module and function."""
    tracer = Tracer()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"XDG_STATE_HOME": folder, "XDG_RUNTIME_DIR": folder}
        page = Path(folder, "page.md")
        page.write_text(PAGE, encoding="utf-8")
        words = [str(page), "--yes", "--trust", "--no-config", "--no-input", "--json", "--set", f"x={VALUE}"]
        with contextlib.redirect_stdout(io.StringIO()):
            sys.setprofile(tracer)
            try:
                status = main(words)
            finally:
                sys.setprofile(None)
    assert status == 0, status
    last = max(at for at, (module, _) in enumerate(tracer.calls) if module.startswith("session."))
    return tracer.calls[: last + 1]


def print_calls() -> None:
    """Print the calls by module, and how many there are in how many modules and packages."""
    calls = trace()
    if "--calls" in sys.argv[1:]:
        print(*(f"{module}: {function}" for module, function in calls), sep="\n", end="\n\n")
    modules = Counter(module for module, _ in calls)
    for module, count in sorted(modules.items()):
        print(f"{count:4}  {module}")
    packages = {module.partition(".")[0] for module in modules}
    print(f"{len(calls)} calls in {len(modules)} modules of {len(packages)} packages")


if __name__ == "__main__":
    print_calls()
