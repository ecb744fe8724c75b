"""Cases that run statements: by us, by their shell alone, and by the peers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from .claims import Each, EachRatio, ProcessorRatio, Ratio, Series
from .documents import (
    find_shells,
    list_run_words,
    make_document,
    make_examples,
    make_last_statement,
    make_session,
)
from .place import OURS, Case, Place, Sizes
from .timing import Command

_UNFLUSHED = "runbook-exec, not flushed"
_NOTHING = "runbook-exec, no statement but the last"
_TESH_NOTHING = "tesh, no statement but the last"


def builtins(place: Place, sizes: Sizes) -> Case:
    """Return the case of statements that take no time themselves."""
    each = Each("builtins: each further statement", OURS, _NOTHING, sizes.statements, 0.0004)
    statements = [f"set -g x {number}" for number in range(sizes.statements)]
    posix = [f"x={number}" for number in range(sizes.statements)]
    commands = _make_commands(place, statements, posix, sizes.sample)
    others = (Ratio("builtins", OURS, name) for name in ("fish", "rundoc", "byexample", "cram"))
    shells = (Ratio("builtins", f"{OURS}, {shell}", shell) for shell in find_shells())
    claims = (each, *others, _compare_with_tesh("builtins", sizes), *shells)
    return Case(commands, claims, sizes.turns.get("builtins", 1))


def external(place: Place, sizes: Sizes) -> Case:
    """Return the case of statements that start the smallest of programs."""
    program = shutil.which("true")
    statements = [f"{program} {number}" for number in range(sizes.statements)]
    commands = _make_commands(place, statements, statements, sizes.sample)
    claims = (
        Ratio("external commands, journal flushed", OURS, "fish", 1.6),
        Ratio("external commands, journal in memory", _UNFLUSHED, "fish", 1.45),
        Ratio("external commands", OURS, "byexample", 1 / 1.6),
        Ratio("external commands", OURS, "rundoc"),
        Ratio("external commands", OURS, "cram"),
        _compare_with_tesh("external commands", sizes),
        *(Ratio("external commands", f"{OURS}, {shell}", shell) for shell in find_shells()),
        ProcessorRatio("external commands, journal flushed: processor time", OURS, "fish"),
        *(
            ProcessorRatio("external commands: processor time", f"{OURS}, {shell}", shell)
            for shell in find_shells()
        ),
    )
    named = {command.name for command in commands}
    kept = tuple(claim for claim in claims if isinstance(claim, EachRatio) or claim.ours in named)
    return Case(commands, kept, sizes.turns.get("commands", 1))


def inside(place: Place, sizes: Sizes) -> Case:
    """Return the case of small programs inside a shell that a statement opens, beside the run's own shell."""
    program = shutil.which("true")
    commands = []
    for name, opener in ((f"{OURS}, in bash", ""), (f"{OURS}, inside bash in bash", "bash --norc")):
        lines = [opener] * bool(opener) + [f"{program} {number}" for number in range(sizes.statements)]
        text = "\n".join([*lines, make_last_statement(place)])
        document = place.write(f"inside-{len(lines)}.md", f"# Inside\n\n## Steps\n\n```bash\n{text}\n```\n")
        commands.append(place.proven(name, list_run_words(document)))
    ours, theirs = commands[1].name, commands[0].name
    claims = (Ratio("commands inside an inner shell", ours, theirs, 3.0),)
    return Case(tuple(commands), claims, sizes.turns.get("inside", 1))


def _compare_with_tesh(title: str, sizes: Sizes) -> EachRatio:
    """Return what is claimed beside tesh: it waits at each statement, so it runs only a sample of them."""
    ours = Series(OURS, _NOTHING, sizes.statements)
    return EachRatio(f"{title}: each further statement", ours, Series("tesh", _TESH_NOTHING, sizes.sample))


def _make_commands(
    place: Place, statements: Sequence[str], posix: Sequence[str], sample: int
) -> tuple[Command, ...]:
    """Return the same statements for every tool, each in its own kind of document; a sample for tesh."""
    last = make_last_statement(place)
    fish, few, posix = [*statements, last], [*posix[:sample], last], [*posix, last]
    document, nothing = (
        place.write(name, make_document(lines)) for name, lines in (("all.md", fish), ("nothing.md", [last]))
    )
    commands = [
        place.proven(_NOTHING, list_run_words(nothing)),
        place.proven(OURS, list_run_words(document)),
    ]
    if place.memory:
        commands.append(place.proven(_UNFLUSHED, list_run_words(document), place.memory))
    documents: dict[str, Callable[[], tuple[str | Path, ...]]] = {
        "fish": lambda: (place.write("statements.fish", "\n".join(fish) + "\n"),),
        "rundoc": lambda: ("run", document),
        "byexample": lambda: ("-l", "shell", place.write("examples.md", make_examples(posix))),
        "cram": lambda: (place.write("statements.t", "".join(f"  $ {line}\n" for line in posix)),),
        "tesh": lambda: ("--no-debug", place.write("session.md", make_session(few))),
        _TESH_NOTHING: lambda: ("--no-debug", place.write("no-session.md", make_session([last]))),
    }
    for name, arguments in documents.items():
        if tool := place.tools.get(name.partition(",")[0]):
            commands.append(place.proven(name, (tool, *arguments())))
    for shell in find_shells():
        document = place.write(f"statements-{shell}.md", make_document(posix, shell))
        script = place.write(f"statements.{shell}", "\n".join(posix) + "\n")
        commands.append(place.proven(f"{OURS}, {shell}", list_run_words(document)))
        commands.append(place.proven(shell, (shell, script)))
    return tuple(commands)
