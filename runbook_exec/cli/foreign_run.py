"""Shows the record of a run that somebody else wrote before anything in it is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import Refused
from ..shells.registry import SHELLS
from ..shells.snapshot import build_restore_code
from ..text.ansi import escape_unprintable_code
from ..text.display import wrap
from .operator import Operator
from .output import terminal_columns

if TYPE_CHECKING:
    from ..engine.ports import PastShell
    from ..runner.resume import UnfinishedRun


def show_foreign_run(past: UnfinishedRun, operator: Operator | None) -> bool:
    """Show what the journal of another user gives to the shell; returns whether the operator accepts it.

    Raises Refused without an operator.
    """
    about = f"{past.path}: this journal was not written by you on this machine"
    if operator is None:
        raise Refused(
            f"{about}, so its variables, functions and values are not used unseen; "
            "resume it in a terminal, which shows them"
        )
    width = max(20, terminal_columns() - 4)
    told = wrap(escape_unprintable_code(f"{about}, or by an older version. It has:"), width)
    print("\n".join(["", *(f"  {line}" for line in told), ""]))
    for line in _list_contents(past):
        print(f"    {escape_unprintable_code(line)}".rstrip(), flush=True)
    return operator.confirm_action("use all this")


def _list_contents(past: UnfinishedRun) -> Iterator[str]:
    """Yield everything in a journal that decides what a resumed run does."""
    started = past.start_event
    yield f"page: {started.path}#{started.anchor}, in the folder {started.folder or '.'}"
    if started.options:
        yield f"options: {' '.join(started.options)}"
    for name, text in past.values.items():
        yield f"<{name}>: {text}"
    finished = len(past.record.state.done)
    yield f"{finished} item{'s' * (finished != 1)} finished or tried"
    for host, shell in past.shells.recall(lambda host: (), b"").items():
        yield from _list_shell(started.shell, shell, f" on {host}" if host else "")


def _list_shell(name: str, shell: PastShell, where: str) -> Iterator[str]:
    """Yield what a shell is given of its earlier state."""
    if shell.cwd:
        yield f"the shell{where} is in the folder {shell.cwd}"
    if shell.change and name in SHELLS:
        yield f"code that the new shell{where} runs first, in {name}:"
        for code in filter(None, build_restore_code(SHELLS[name], shell.change)):
            yield from (f"  {line}" for line in code.split("\n"))
