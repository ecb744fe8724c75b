"""Values that can be had without asking: from the front matter's sources and defaults."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from ..document.model import Input
from ..errors import ValueProblem
from ..sources.registry import resolve_source
from .model import Plan, Value
from .templates import render_default
from .values import check_value

_EAGER = ("env:", "file:")  # sources that cost and touch nothing, so they are checked before anything runs


def make_reader(folder: Path) -> Callable[[str], str]:
    """Reads a file named in the front matter: `~` is a home, anything relative is beside the runbook."""

    def read(path: str) -> str:
        return (folder / Path(path).expanduser()).read_text(encoding="utf-8")

    return read


def make_source(
    environ: Mapping[str, str],
    folder: Path,
    now: Callable[[], datetime],
    told: Callable[[str], None],
    attended: bool,
) -> Callable[[str, Plan, Mapping[str, Value]], Value | None]:
    """A function that gives a placeholder's value, or None; `told` hears of each command that it runs."""

    def run(command: Sequence[str]) -> str:
        told(command[-1] if command[0] == "sh" else shlex.join(command))
        quiet = None if attended else subprocess.DEVNULL  # a person may be asked for a password
        done = subprocess.run(
            list(command), check=True, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, encoding="utf-8"
        )
        return done.stdout

    def source(name: str, plan: Plan, values: Mapping[str, Value]) -> Value | None:
        known = plan.inputs.get(name)
        if known is None:
            return None
        secret = plan.is_secret(name)
        if known.source:
            if known.source.startswith("env:") and known.source[4:] not in environ:
                pass  # a default, or the operator, may still know it
            else:
                text = resolve_source(known.source, run=run, environ=environ, read_file=make_reader(folder))
                return Value(text, secret, known.source)
        if known.default is not None:
            public = {name: value.text for name, value in values.items() if not value.secret}
            return Value(render_default(known.default, public, now()), secret, "default")
        return None

    return source


def find_available_secrets(plan: Plan, environ: Mapping[str, str], folder: Path) -> Iterator[str]:
    """The secrets whose sources cost and touch nothing; what cannot be had is left out."""
    for name, known in plan.inputs.items():
        if plan.is_secret(name):
            with contextlib.suppress(ValueProblem):
                text = _read_eager_source(known.source or "", environ, folder)
                if text is not None:
                    yield text


def find_invalid_inputs(
    inputs: Mapping[str, Input], environ: Mapping[str, str], folder: Path, given: Mapping[str, Value]
) -> list[tuple[Input, str]]:
    """The inputs whose value, as far as it can be known before anything runs, will not do, and why."""
    wrong: list[tuple[Input, str]] = []
    for name, known in inputs.items():
        source = known.source or ""
        text: str | None = None
        if name in given:
            text = given[name].text
        elif source.startswith(_EAGER):
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
    """What such a source gives; None for another, or a variable that is not set; raises ValueProblem."""
    if not source.startswith(_EAGER) or (source.startswith("env:") and source[4:] not in environ):
        return None
    return resolve_source(source, run=_refuse_command, environ=environ, read_file=make_reader(folder))


def _refuse_command(command: Sequence[str]) -> str:
    raise OSError(f"{command[0]} is not run before the run")
