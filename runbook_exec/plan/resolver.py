"""Finds values without asking: from the front matter's sources and defaults."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from ..document.model import Input
from ..errors import ValueProblem
from ..sources.base import SourceContext
from ..sources.command_output import make_runner
from ..sources.registry import is_available, is_eager, resolve_source
from ..system.people import expand_home
from ..system.regular_file import read_regular_file
from .model import Plan, Value
from .templates import render_default
from .values import check_value, is_variable_secret

_FILE_LIMIT = 1 << 20  # bytes of a file that is a value


def make_reader(folder: Path) -> Callable[[str], str]:
    """Return a function that reads a file named in the front matter.

    `~` is a home, anything relative is beside the runbook in `folder`.
    """

    def read(path: str) -> str:
        return read_regular_file(folder / expand_home(path), _FILE_LIMIT).decode("utf-8")

    return read


def make_source(
    environ: Mapping[str, str],
    folder: Path,
    now: Callable[[], datetime],
    on_command: Callable[[str], None],
    attended: bool,
) -> Callable[[str, Plan, Mapping[str, Value]], Value | None]:
    """Return a function that gives a placeholder's value, or None.

    `on_command` gets each command it runs.
    """
    context = SourceContext(environ, make_reader(folder), make_runner(on_command, attended))

    def source(name: str, plan: Plan, values: Mapping[str, Value]) -> Value | None:
        known = plan.inputs.get(name)
        if known is None:
            return None
        secret = plan.is_secret(name)
        if known.source and is_available(known.source, context):
            return Value(resolve_source(known.source, context), secret, known.source)
        if known.default is not None:
            public = {name: value.text for name, value in values.items() if not value.secret}
            return Value(render_default(known.default, public, now()), secret, "default")
        return None

    return source


def find_available_secrets(plan: Plan, environ: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Yield the secrets whose sources are free of cost and effects, and those in the environment.

    A source that cannot be read is left out.
    """
    yield from (value for name, value in environ.items() if is_variable_secret(name, value))
    for name, known in plan.inputs.items():
        if plan.is_secret(name):
            with contextlib.suppress(ValueProblem):
                text = _read_eager_source(known.source or "", environ, folder)
                if text is not None:
                    yield text


def find_invalid_inputs(
    inputs: Mapping[str, Input], environ: Mapping[str, str], folder: Path, given: Mapping[str, Value]
) -> list[tuple[Input, str]]:
    """Return the inputs whose value, if known before anything runs, is not allowed, and why."""
    wrong: list[tuple[Input, str]] = []
    for name, known in inputs.items():
        source = known.source or ""
        text: str | None = None
        if name in given:
            text = given[name].text
        elif is_eager(source):
            try:
                text = _read_eager_source(source, environ, folder)
            except ValueProblem as problem:
                wrong.append((known, str(problem)))
        elif not source and known.default is not None and "{" not in known.default:
            text = known.default
        if text is not None and (message := check_value(known, text)):
            wrong.append((known, message))
    return wrong


def _read_eager_source(source: str, environ: Mapping[str, str], folder: Path) -> str | None:
    """Return the value of a source that is free of cost and effects.

    Returns None for any other source, and if no value exists.
    """
    context = SourceContext(environ, make_reader(folder), _refuse_command)
    return resolve_source(source, context) if is_eager(source) and is_available(source, context) else None


def _refuse_command(command: Sequence[str]) -> str:
    raise OSError(f"{command[0]} is not run before the run")
