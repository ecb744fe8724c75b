"""Gives a new shell the state of an earlier one, and finds what did not come back and who uses it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ..light_classes import NamedTuple
from ..plan.model import PlanItem
from ..plan.variables import list_variable_use
from ..shells.base import Filling
from ..shells.quoting import Context
from ..shells.registry import SHELLS
from ..shells.snapshot import BUILTINS, UNRESTORABLE, ShellState, is_active, is_exported
from ..text.lazy_pattern import LazyPattern
from .events import Outcome
from .ports import Done, LiveShell, PastShell, Stop

_NAMED = 6  # statements that are named for something lost

_NAMED_KINDS = ("variable", "readonly", "function", "alias")

# what uses things that are no names
_USES = {
    "arguments": r"\$[1-9@*#]|\$\{[1-9@*#]|\bshift\b|\bgetopts\b",
    "OLDPWD": r"\bOLDPWD\b|\bcd[ \t]+-(?![\w-])|~-",
    "stack": r"\b(?:popd|pushd|dirs|nextd|prevd)\b|~[-+]?\d",
    "job": r"\$!|\$\{!\}|\$last_pid|\b(?:wait|fg|bg|jobs|disown)\b|%\d|%%",
}

_ASSIGNS = (
    r"(?:^|[;&|({{\n]|\b(?:then|do|else|begin|export|declare|typeset|readonly|local)\b)[ \t]*{name}="
    r"|\bset\b(?:[ \t]+-\w+)*[ \t]+{name}\b|\bread\b[^;|\n]*\b{name}\b|\b(?:function[ \t]+)?{name}[ \t]*\(\)"
    r"|\bfunction[ \t]+{name}\b|\balias[ \t]+{name}\b|\bfor[ \t]+{name}\b"
)

_CHANGES = BUILTINS - frozenset(
    ("and", "or", "not", "begin", "end", "if", "then", "else", "elif", "fi", "do", "done", "while", "until",
     "switch", "case", "time", "command", "builtin", "status", "string", "math", "random", "test", "jobs",
     "type", "times", "tabs", "exit", "return", "break", "continue", "wait", ":", "!")
)  # fmt: skip

_SETS = LazyPattern(
    r"(?:^|[;&|({\n]|\b(?:then|do|else|begin)\b)[ \t]*[A-Za-z_]\w*(?:\[[^]]*\])?\+?=", re.MULTILINE
)


# a statement that sets one variable, of programs too if the first group is not empty
_SETS_ONE = LazyPattern(
    r"\s*(?:(?:(export)|declare(?:[ \t]+-\w+)*|typeset(?:[ \t]+-\w+)*|readonly|local)[ \t]+)?([A-Za-z_]\w*)="
)

_SETS_ONE_IN_FISH = LazyPattern(r"\s*set(?:[ \t]+(?:(-\w*x\w*)|-\w+))*[ \t]+([A-Za-z_]\w*)(?:\s|$)")


_DEFINES = LazyPattern(r"(?:^|[;&\n])[ \t]*(?:function[ \t]+([\w.:-]+)|([\w.:-]+)[ \t]*\(\))")


class LostThing(NamedTuple):
    """A part of the shell's state that did not come back, and the statements after it that use it."""

    name: str
    users: tuple[str, ...]  # labels of statements
    is_everywhere: bool = False  # every later statement depends on it
    word: str = ""  # the name by which a statement sets it again; "" if it has none

    @property
    def is_needed(self) -> bool:
        """Return whether a later statement depends on it."""
        return self.is_everywhere or bool(self.users)

    def __str__(self) -> str:
        """Return the name with its users."""
        if self.is_everywhere:
            return f"{self.name}, which every later statement depends on"
        if not self.users:
            return f"{self.name}, which no later statement uses by name"
        named = ", ".join(self.users[:_NAMED]) + " …" * (len(self.users) > _NAMED)
        return f"{self.name}, used by {named}"


def enter_folder(session: LiveShell, shell: str, past: PastShell) -> bool:
    """Change to the folder that the earlier shell was in; return whether it is another one of this name.

    Raises Stop if the shell cannot go back there.
    """
    if past.is_hidden:
        raise Stop(
            Outcome.WAITING,
            "cannot go back to the folder where the shell was: its name holds a secret, which was kept in "
            "memory only and is gone; nothing was run. Begin a new run",
        )
    if not past.cwd:
        return False
    done = run_quietly(session, write_cd(shell, past.cwd))
    if done.status or done.ended or done.cwd != past.cwd:
        raise Stop(
            Outcome.WAITING,
            f"cannot go back to `{past.shown_cwd}`, where the shell was; nothing was run. "
            "Put the folder back and resume again, or begin a new run",
        )
    return past.folder != "" and done.folder != "" and done.folder != past.folder


def write_cd(shell: str, cwd: str) -> str:
    """Return the code that changes the working directory."""
    word = "".join(piece.text for piece in SHELLS[shell].fill("<cwd>", [Filling(0, 5, Context.BARE, cwd)]))
    return f"{SHELLS[shell].driver.change_folder} {word}"


def run_quietly(session: LiveShell, code: str) -> Done:
    """Run code of ours, drop its output, and return how it ended."""
    done = Done(1, (1,), "", ended="the shell did not answer")
    for message in session.run(code.encode("utf-8", "surrogateescape")):
        if isinstance(message, Done):
            done = message
    return done


def restore_definitions(session: LiveShell, state: ShellState, past: PastShell) -> None:
    """Define again what the earlier shell had, without what acts by itself, such as traps."""
    if code := state.build_restore_code(past.change).passive:
        run_quietly(session, code)
    names = [key.partition(" ")[2] for key in past.change.made if key.startswith("function ")]
    state.update(session.take_snapshot(names))
    state.remember_functions(past.change)
    missing = [
        code
        for key, code in past.change.made.items()
        if not (_is_unrestorable(key) or is_active(code) or state.holds(key, code))
    ]
    for code in missing:  # an error ends a statement: each of the rest has its own
        run_quietly(session, code)
    if missing:
        state.update(session.take_snapshot(names))


def restore_active(session: LiveShell, state: ShellState, past: PastShell) -> None:
    """Set the traps and the options of the earlier shell that act on other commands.

    They come when nothing stops the run before its next statement: a trap runs at the end of the shell.
    """
    if code := state.build_restore_code(past.change).active:
        run_quietly(session, code)
        state.update(session.take_snapshot())


def restore_status(session: LiveShell, past: PastShell) -> None:
    """Give the shell the status of the last statement that succeeded, which the next one may read."""
    if past.status or len(past.pipestatus) > 1:
        stages = [f"__runbook_status {status}" for status in past.pipestatus]
        run_quietly(session, " | ".join(stages) if len(stages) > 1 else f"{stages[0]} && :")


def find_lost_keys(state: ShellState, past: PastShell, active: bool) -> list[str]:
    """Return the keys of what the shell does not have of its earlier state.

    `active` is whether the traps and the options that act on other commands count.
    """
    made = {key: code for key, code in past.change.made.items() if active or not is_active(code)}
    lost = [key for key, code in made.items() if _is_unrestorable(key) or not state.holds(key, code)]
    lost += past.lost
    return list(dict.fromkeys((*lost, *(key for key in past.change.gone if key in state.definitions))))


def describe_lost(key: str, past: PastShell, items: Sequence[PlanItem], shell: str) -> LostThing:
    """Return what is lost with a key; `items` are those that are left to do."""
    exported = key in past.exported or is_exported(past.change.made.get(key, ""))
    if key not in past.change.gone:
        return _describe_lost(key, items, shell, exported)
    thing = _describe_lost(key, items, shell, exported)
    return thing._replace(name=f"the removal of {thing.name}")


def find_unseen(
    item: PlanItem, items: Sequence[PlanItem], shell: str, names: Iterable[str]
) -> list[LostThing]:
    """Return what a statement may have changed in its shell that died with it.

    `names` are those of the functions and aliases of the shell.
    """
    text = item.statement.text if item.statement else ""
    if not _may_change_shell(text, shell, names):
        return []
    found = (_SETS_ONE_IN_FISH if shell == "fish" else _SETS_ONE).match(text)
    if found and len(SHELLS[shell].find_commands(text)) <= 1:
        return [_describe_lost(f"variable {found[2]}", items, shell, bool(found[1]))]
    return [LostThing(f"what `{text}` ({item.label}) changed in the shell", (), is_everywhere=True)]


def find_unreported(item: PlanItem, items: Sequence[PlanItem], shell: str) -> list[LostThing]:
    """Return what a statement may have changed in a shell that cannot report its state.

    The working directory is not lost.
    """
    text = item.statement.text if item.statement else ""
    commands = SHELLS[shell].find_commands(text)
    if len(commands) == 1 and commands[0].words[:1] == ("cd",) and "$" not in text and "`" not in text:
        return []
    functions = [found[1] or found[2] for found in _DEFINES.finditer(text)]
    things = [_describe_lost(f"function {name}", items, shell, exported=False) for name in functions]
    return things or find_unseen(item, items, shell, ())


def _may_change_shell(text: str, shell: str, callables: Iterable[str] = ()) -> bool:
    """Return whether a statement may change the state of its shell."""
    use = SHELLS[shell].list_variables(text)
    commands = {
        command.words[0] for command in SHELLS[shell].find_commands(text) if command.words
    } | use.commands
    return (
        use.sets_unknown
        or use.moves
        or not commands.isdisjoint(_CHANGES)
        or not commands.isdisjoint(callables)
        or _SETS.search(text) is not None
    )


def _is_unrestorable(key: str) -> bool:
    return key.partition(" ")[0] in UNRESTORABLE


def _name_thing(key: str) -> str:
    """Return the words for a part of the state."""
    kind, _, name = key.partition(" ")
    match kind:
        case "variable" | "readonly":
            return f"`${name}`"
        case "function" | "alias":
            return f"the {kind} `{name}`"
        case "option" | "changed-option" | "shopt":
            return f"the option `{name}`"
        case "limit":
            return f"the limit `ulimit -{name[1:]}`"
        case "setting" if name == "arguments":
            return "the positional parameters (`$1` …)"
        case "setting":
            return f"the {name}"
        case "stack":
            return "the stack of directories"
        case "trap":
            return f"the trap on {name}"
        case "descriptor":
            return f"the open file descriptor {name}"
        case _:
            return f"the job in the background (`{name}`)"


def _describe_lost(key: str, items: Sequence[PlanItem], shell: str, exported: bool) -> LostThing:
    kind, _, name = key.partition(" ")
    thing = _name_thing(key)
    if name == "OLDPWD":
        kind, name, exported = "stack", "OLDPWD", False
    word = name if kind in _NAMED_KINDS else ""
    if items and (exported or _is_everywhere(kind, name)):
        return LostThing(thing, (), is_everywhere=True, word=word)
    return LostThing(thing, tuple(_find_users(kind, name, items, shell)), word=word)


def _is_everywhere(kind: str, name: str) -> bool:
    if kind == "setting":
        return name != "arguments"
    if kind == "descriptor":
        return name in ("0", "1", "2")
    return kind in ("option", "changed-option", "shopt", "limit", "trap")


def _find_users(kind: str, name: str, items: Sequence[PlanItem], shell: str) -> Iterator[str]:
    """Yield the labels of the statements that use something, up to the one that defines it anew."""
    is_name = kind in _NAMED_KINDS
    word = re.escape(name)
    if is_name:
        uses = re.compile(rf"(?<![\w-]){word}(?![\w-])")
    elif kind == "descriptor":
        uses = re.compile(rf"[<>]&\s*{word}\b|(?<!\d){word}[<>]|-u\s*{word}\b|/fd/{word}\b")
    else:
        uses = re.compile(_USES[name if name in _USES else kind])
    assigns = re.compile(_ASSIGNS.format(name=word), re.MULTILINE) if is_name else None
    for item in items:
        if item.statement is None or not uses.search(item.statement.text):
            continue
        if assigns and assigns.search(item.statement.text):
            if name in list_variable_use(item.statement, shell).needed:
                yield item.label
            return
        yield item.label
