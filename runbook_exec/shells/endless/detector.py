"""Says whether a command runs until it is ended, so that what follows it on a page never begins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ..inner.arguments import Arguments, make_table, read_arguments
from ..simple_command import RawWords, SimpleCommand, read_raw_words, split_raw_words
from .programs import (
    MAKE_TARGETS,
    MANAGE_COMMANDS,
    PYTHON_MODULES,
    RUN_WORDS,
    RUNNERS,
    SAMPLERS,
    TASK_PATTERN,
    TASK_RUNNERS,
    TASKS,
    USES,
    EndlessUse,
)


class EndlessCommand(NamedTuple):
    """A command that does not end by itself: its name for people, and its offset in the script."""

    name: str
    start: int


_ASSIGNMENT = LazyPattern(r"[A-Za-z_]\w*=")

_LOOP = LazyPattern(
    r"(?:^|[;&|({\n]|\bdo\b)[ \t]*while[ \t]+(?:true|:|\[ 1 \]|sleep[ \t]+[\d.]+\w?)[ \t]*(?:;|\n|#)"
    r"|(?:^|[;&|({\n])[ \t]*for[ \t]*\(\([ \t]*;[ \t]*;[ \t]*\)\)"
)

_LEAVES_LOOP = LazyPattern(r"\b(?:break|exit|return)\b")

_BACKGROUND = LazyPattern(r"(?<![&>|\\])&(?![&>\d])")

_ENDS_LINE = LazyPattern(r"[;\n]")

_TASK = LazyPattern(TASK_PATTERN)

_OTHERS = ("make", "just", "python", "python2", "python3", "manage.py", "socat", "while", "for")

# the first words of all names: `docker` of `docker compose`
_NAMES = frozenset(name.split()[0] for name in (*USES, *TASK_RUNNERS, *SAMPLERS, *_OTHERS))

# words of which an endless command of these programs has one
_NEEDED: Mapping[str, Collection[str]] = {
    **dict.fromkeys(("python", "python2", "python3"), (*PYTHON_MODULES, "manage.py")),
    "manage.py": MANAGE_COMMANDS,
    **dict.fromkeys(("make", "just"), MAKE_TARGETS),
    **dict.fromkeys(TASK_RUNNERS, TASKS),
}

# Options with a value, which are no operands; those of all programs together.
_OPTIONS = make_table(
    "n c p s i o L R D J l u e b a --port --host --namespace --context --kubeconfig --tail --since --lines "
    "--unit --file --project-name --profile --project-directory --env-file --project --region --app --config "
    "--interval --name --address --bind --directory --filter --format --template --output --selector "
    "--container --prefix --cwd --dir --log-file"
)

_KUBECTL_OPTIONS = make_table(
    "n c l o s --namespace --context --kubeconfig --container --selector --output --since --tail --as "
    "--cluster --user --server --address --field-selector --label-columns --sort-by"
)

_DOCKER_RUN = make_table(
    "e u w v p l h m c a --env --env-file --user --workdir --volume --name --network --net --hostname "
    "--tmpfs --entrypoint --mount --platform --memory --cpus --add-host --restart --publish --label --link "
    "--ulimit --dns --gpus --ipc --pid --shm-size --log-driver --log-opt --expose --device --cap-add "
    "--security-opt"
)

_INTERACTIVE = frozenset(("i", "t", "--interactive", "--tty"))

_COMPOSE_OPTIONS = make_table("f p --file --project-name --profile --env-file --project-directory")

_COMPOSE_SUBCOMMAND = make_table("n t --tail --since --until --timeout --scale --index --pull")

_TABLES = {
    "kubectl": _KUBECTL_OPTIONS,
    "oc": _KUBECTL_OPTIONS,
    "k": _KUBECTL_OPTIONS,
    "docker": make_table("e v w n H --env --name --volume --network --workdir --tail --since --until"),
    "npm": make_table("--prefix --workspace w C"),
    "yarn": make_table("--cwd"),
    "pnpm": make_table("--filter --dir C"),
    "tail": make_table("n c s --lines --bytes --pid --sleep-interval"),
    "ssh": make_table("B b c D E e F I i J L l m o p R S w"),
    "autossh": make_table("M b c D E e F i J L l m o p R S w"),
    "nc": make_table("p s w i q"),
    "php": make_table("S t d c", "", ""),
    "ping": make_table("c i I s t W w M m Q S"),
    "celery": make_table("A b l c --app --broker --workdir --loglevel --concurrency"),
}


def find_endless_command(text: str, commands: Sequence[SimpleCommand]) -> EndlessCommand | None:
    """Return the first of a statement's commands that runs until it is ended, or None.

    `text` is the statement. A command in the background counts as ended, and so does one whose output goes to
    a program that stops reading, such as `head`.
    """
    if loop := _LOOP.search(text):
        ends = _LEAVES_LOOP.search(text, loop.start()) or text.rstrip().endswith("&")
        return None if ends else EndlessCommand("a loop without an end", loop.start())
    for index, command in enumerate(commands):
        name = name_endless(command.words)
        if not name or _is_in_background(text, command.start):
            continue
        fed = commands[index + 1 : index + 2]
        if not (fed and fed[0].is_fed and _stops_reading(fed[0].words)):
            return EndlessCommand(name, command.start)
    return None


def may_be_endless(text: str) -> bool:
    """Return whether a statement may run until it is ended, as its words look; most need no parsing."""
    words = read_raw_words(text)
    names = words.list_among(_NAMES)
    return bool(names) and (words.are_split() or any(_may_run_on(each, words, text) for each in names))


def _may_run_on(name: str, words: RawWords, text: str) -> bool:
    """Return whether a command of this name may be endless, if these are the words of its statement.

    A command within another, as in `ssh HOST tail -f`, has a name of its own among the words.
    """
    if name == "for":
        return "((" in text
    if name in _NEEDED:
        return any(map(words.have_all, _split_needed(name)))
    uses = _list_needs(name)
    return not uses or any(
        words.have_all(operands) and (not options or words.have_option(options)) for operands, options in uses
    )


@cache
def _split_needed(name: str) -> list[frozenset[str]]:
    return [split_raw_words(word) for word in _NEEDED[name]]


@cache
def _list_needs(name: str) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Return the operands that each endless use of a program has, and the options of which it has one."""
    uses = [(split_raw_words(*use.operands), use.needs) for use in USES.get(name, ())]
    of_compose = USES.get(f"{name} compose", ())
    return uses + [(split_raw_words("compose", *use.operands), use.needs) for use in of_compose]


def _is_in_background(text: str, start: int) -> bool:
    """Return whether a single `&` comes after a command, on its line or at the end of its statement."""
    if text.rstrip().endswith("&"):
        return True
    end = _ENDS_LINE.search(text, start)
    return _BACKGROUND.search(text, start, end.start() if end else len(text)) is not None


def _stops_reading(words: Sequence[str]) -> bool:
    name = words[0].rpartition("/")[2]
    if name in ("head", "read"):
        return True
    if name in ("grep", "egrep", "fgrep", "rg"):
        options = read_arguments(words[1:], make_table("e f A B C --regexp --file")).options
        return not {"m", "q", "--max-count", "--quiet", "--silent"}.isdisjoint(options)
    return (name == "sed" and any("q" in word for word in words[1:])) or (
        name in ("awk", "gawk", "mawk") and any("exit" in word for word in words[1:])
    )


def name_endless(words: Sequence[str]) -> str:
    """Return the name of what runs until it is ended, "" for another command."""
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    if not words or not {"--help", "-h"}.isdisjoint(words[1:2]) or "--dry-run" in words:
        return ""
    folder, _, name = words[0].rpartition("/")
    rest = words[1:]
    if folder not in ("", ".") and not folder.endswith("bin"):
        return ""  # a path of data, not of a program
    if name in RUNNERS:
        return name_endless(_find_inner_words(name, rest))
    if name in ("python", "python2", "python3", "manage.py"):
        return _name_python(name, rest)
    if name in TASK_RUNNERS:
        return _name_task(name, rest)
    if name in ("docker", "podman", "nerdctl") and "compose" in rest[:1]:
        name, rest = f"{name} compose", rest[1:]
    read = _read_command(name, rest)
    if name in SAMPLERS:
        numbers = [word for word in read.operands if word.replace(".", "", 1).isdigit()]
        return name if len(numbers) == 1 else ""
    if name in ("make", "just"):
        return next((f"{name} {word}" for word in read.operands if word in MAKE_TARGETS), "")
    if name == "socat":
        return name if any("LISTEN" in word.upper() and "fork" in word for word in rest) else ""
    for use in USES.get(name, ()):
        if _is_use(use, read, rest):
            return _name_use(use, name, read)
    return _name_remote(name, read, rest)


def _read_command(name: str, words: Sequence[str]) -> Arguments:
    """Return the options and operands of a command; those of compose after its subcommand."""
    if name in ("docker", "podman", "nerdctl") and words[:1] and words[0] == "run":
        read = read_arguments(words[1:], _DOCKER_RUN, mixed=False)
        is_shell = len(read.operands) > 1 and not {"i", "t", "--interactive", "--tty"}.isdisjoint(
            read.options
        )
        return Arguments(read.options, ("run",) if not is_shell else ())
    if not name.endswith("compose"):
        # the options after the first operand of `watch` are those of another command
        return read_arguments(words, _TABLES.get(name, _OPTIONS), mixed=name != "watch")
    subcommand, *rest = (*read_arguments(words, _COMPOSE_OPTIONS, mixed=False).operands, "")
    read = read_arguments(rest, _COMPOSE_SUBCOMMAND)
    return read._replace(operands=(subcommand, *read.operands))


def _is_use(use: EndlessUse, read: Arguments, words: Sequence[str]) -> bool:
    """Return whether a command has the operands and options of a use."""
    if any(word.endswith("=false") and word.partition("=")[0] in use.needs for word in words):
        return False
    if read.operands[: len(use.operands)] != use.operands or not use.ends.isdisjoint(read.options):
        return False
    return not use.needs or not use.needs.isdisjoint(read.options)


def _name_use(use: EndlessUse, name: str, read: Arguments) -> str:
    needed = next((option for option in read.options if option in use.needs), "")
    written = needed if needed.startswith("--") or not needed else f"-{needed}"
    return " ".join(filter(None, (name, *use.operands, written)))


def _find_inner_words(name: str, words: Sequence[str]) -> Sequence[str]:
    """Return the words of the command that a program such as `sudo` or `npx` runs."""
    read = read_arguments(words, make_table("u g C S n p c e k --user --chdir --filter"), mixed=False)
    inner = read.operands
    if RUNNERS[name]:
        if inner[:1] and inner[0] not in RUN_WORDS:
            return ()
        inner = inner[RUNNERS[name] :]
    while inner and (inner[0].startswith("-") or _ASSIGNMENT.match(inner[0])):
        inner = inner[1:]
    return inner


def _name_python(name: str, words: Sequence[str]) -> str:
    if name == "manage.py":
        return f"manage.py {words[0]}" if words and words[0] in MANAGE_COMMANDS else ""
    for index, word in enumerate(words):
        if word == "-m":
            module, *rest = *words[index + 1 : index + 2], *words[index + 2 :], ""
            if module not in PYTHON_MODULES or "--help" in rest:
                return ""
            needed = PYTHON_MODULES[module]
            found = next((each for each in rest if each in needed), "")
            return f"{name} -m {module} {found}".strip() if found or not needed else ""
        if not word.startswith("-"):
            is_manage = word.rpartition("/")[2] == "manage.py"
            return _name_python("manage.py", words[index + 1 :]) if is_manage else ""
    return ""


def _name_task(name: str, words: Sequence[str]) -> str:
    operands = read_arguments(words, _TABLES.get(name, _OPTIONS)).operands
    first, second, *_ = (*operands, "", "")
    if name in ("npm", "yarn", "pnpm") and first == "start":
        return f"{name} start"
    if first in ("exec", "dlx", "x"):
        return name_endless(operands[1:])
    before = TASK_RUNNERS[name]
    if first in before and first:
        return f"{name} {first} {second}" if _TASK.fullmatch(second) else ""
    return f"{name} {first}" if "" in before and first and _TASK.fullmatch(first) else ""


def _name_remote(name: str, read: Arguments, words: Sequence[str]) -> str:
    """Return the name of an endless command that runs in a container or on another machine."""
    if name in ("kubectl", "oc", "k") and read.operands[:1] == ("exec",) and "--" in words:
        return name_endless(words[list(words).index("--") + 1 :])
    if name in ("docker", "podman") and read.operands[:1] == ("exec",):
        return name_endless(read_arguments(words[1:], _TABLES["docker"], mixed=False).operands[1:])
    if name == "ssh":
        command = read_arguments(words, _TABLES["ssh"], mixed=False).operands[1:]
        return name_endless(" ".join(command).split()) if command else ""
    return ""
