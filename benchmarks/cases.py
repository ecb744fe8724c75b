"""What is measured: documents made into a folder, the commands that run them, and what is claimed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from .claims import MB, Claim, Each, Growth, Peak, ProcessorRatio, Ratio, Within
from .growth import Linear, counts_up_to, write_page, write_runs
from .timing import Command

OURS = "runbook-exec"
_UNFLUSHED = "runbook-exec, not flushed"
_NOTHING = "runbook-exec, no statement but the last"
_BLOCKS_A_STEP = 100
_LOG = "2026-11-24T08:45:48Z INFO worker-3 fetched https://example.com/items?page_id=17 in 23 ms, 200 OK; "


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is to do."""

    statements: int
    output: int  # bytes
    markdown: int  # bytes
    files: int
    turns: Mapping[str, int]  # by the key of a case


FULL = Sizes(
    1000, 1_000_000_000, 20_000_000, 1000,
    {"start-up": 21, "builtins": 5, "commands": 5, "inside": 5, "long-lines": 3, "short-lines": 3,
     "parsing": 3, "lint": 3, "site": 7},
)  # fmt: skip
QUICK = Sizes(20, 2_000_000, 200_000, 10, {})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the measuring happens: folders, and the tools compared with that are there."""

    folder: Path  # for documents; its content is thrown away afterwards
    disk: Path  # a folder on a real disk
    memory: Path | None  # one that is only in memory, if the system has such
    tools: Mapping[str, Path]

    def environ(self, state: Path | None = None) -> dict[str, str]:
        """An environment without anybody's configuration, in which journals go to the `state` folder."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "SHELL": "/bin/sh",
            "XDG_STATE_HOME": str(state or self.disk),
            "RUNBOOK_EXEC_TRUSTED": str(self.folder),
        }

    def command(self, name: str, argv: Sequence[str | Path], state: Path | None = None) -> Command:
        """A command run here, as anybody would run it."""
        return Command(name, tuple(map(str, argv)), self.environ(state), self.folder)

    def proven(self, name: str, argv: Sequence[str | Path], state: Path | None = None) -> Command:
        """The same, for a document whose last statement writes the proof."""
        return Command(name, tuple(map(str, argv)), self.environ(state), self.folder, self.proof)

    @property
    def proof(self) -> Path:
        """The file that shows that the last statement of a document ran."""
        return self.folder / "proof"

    def write(self, name: str, text: str) -> Path:
        """A document made here."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@dataclass(frozen=True, slots=True)
class Case:
    """Commands that are run in turn, and what is claimed of them."""

    commands: tuple[Command, ...]
    claims: tuple[Claim, ...]
    turns: int = 1
    warm: bool = True


def start_up(place: Place, sizes: Sizes) -> Case:
    """The time until anything can happen."""
    commands = (
        place.command(OURS, (*_ours(), "--version")),
        place.command("python -c pass", (sys.executable, "-c", "pass")),
    )
    page = write_page(place.folder / "one.md", 1)
    more = (
        place.command(f"{OURS} show", (*_ours(), "show", page)),
        place.command(f"{OURS} run", _run(page)),
    )
    claims = (
        Ratio("start-up of --version", OURS, "python -c pass", 3.0),
        Ratio("show of one block", more[0].name, "python -c pass"),
        Ratio("a run of one block", more[1].name, "python -c pass"),
    )
    return Case((*commands, *more), claims, sizes.turns.get("start-up", 3))


def growing(place: Place, sizes: Sizes) -> Case:
    """Ten thousand runs, and a run of twenty thousand statements: no thing costs more than one before it."""
    commands, claims = [], []
    one = write_page(place.folder / "one.md", 1)

    def measure(title: str, counts: tuple[int, int, int], *made: tuple[Sequence[str | Path], Path]) -> None:
        names = [f"{title}, {count:,}" for count in counts]
        commands.extend(
            place.command(name, (*_ours(), *words), state)
            for name, (words, state) in zip(names, made, strict=True)
        )
        claims.append(Linear(title, names[2], names[1], names[0], counts))

    runs, statements = counts_up_to(10 * sizes.files), counts_up_to(20 * sizes.statements)
    states = [place.folder / f"runs-{count}" for count in runs]
    for state, number in zip(states, runs, strict=True):
        subprocess.run(write_runs(state, one, number), check=True)
    for title, words in (
        ("runs, of many", ["runs"]),
        ("runs show, of many", ["runs", "show"]),
        ("due, of many runs", ["due", str(place.folder)]),
        ("runs prune, of many", ["runs", "prune", "--keep", "1000000"]),
    ):
        measure(title, runs, *((words, state) for state in states))
    pages = [write_page(place.folder / f"page-{number}.md", number) for number in statements]
    long = [place.folder / f"statements-{number}" for number in statements]
    for state, page in zip(long, pages, strict=True):
        subprocess.run(write_runs(state, page, 1), check=True)
    measure("show, many statements", statements, *((["show", page], place.disk) for page in pages))
    for title, words in (
        ("runs show, many statements", ["runs", "show"]),
        ("runs report as html, many statements", ["runs", "report", "--format", "html"]),
        ("runs verify, many statements", ["runs", "verify"]),
    ):
        measure(title, statements, *((words, state) for state in long))
    return Case(tuple(commands), tuple(claims), sizes.turns.get("growth", 1))


def builtins(place: Place, sizes: Sizes) -> Case:
    """Statements that take no time themselves."""
    nothing = place.proven(_NOTHING, _run(place.write("nothing.md", _document([_last(place)]))))
    each = Each("builtins: each further statement", OURS, _NOTHING, sizes.statements, 0.0004)
    statements = [f"set -g x {number}" for number in range(sizes.statements)]
    posix = [f"x={number}" for number in range(sizes.statements)]
    commands = (nothing, *_statements(place, statements, posix))
    others = (Ratio("builtins", OURS, name) for name in ("fish", "rundoc", "byexample", "cram"))
    shells = (Ratio("builtins", f"{OURS}, {shell}", shell) for shell in _found_shells())
    return Case(commands, (each, *others, *shells), sizes.turns.get("builtins", 1))


def external(place: Place, sizes: Sizes) -> Case:
    """Statements that start the smallest of programs."""
    program = shutil.which("true")
    statements = [f"{program} {number}" for number in range(sizes.statements)]
    commands = _statements(place, statements, statements)
    claims = (
        Ratio("external commands, journal flushed", OURS, "fish", 1.6),
        Ratio("external commands, journal in memory", _UNFLUSHED, "fish", 1.45),
        Ratio("external commands", OURS, "byexample", 1 / 1.6),
        Ratio("external commands", OURS, "rundoc"),
        Ratio("external commands", OURS, "cram"),
        *(Ratio("external commands", f"{OURS}, {shell}", shell) for shell in _found_shells()),
        ProcessorRatio("external commands, journal flushed: processor time", OURS, "fish"),
        *(
            ProcessorRatio("external commands: processor time", f"{OURS}, {shell}", shell)
            for shell in _found_shells()
        ),
    )
    named = {command.name for command in commands}
    kept = tuple(claim for claim in claims if claim.ours in named)
    return Case(commands, kept, sizes.turns.get("commands", 1))


def inside(place: Place, sizes: Sizes) -> Case:
    """Small programs inside a shell that a statement opens, against the same in the run's own shell."""
    program = shutil.which("true")
    commands = []
    for name, opener in ((f"{OURS}, in bash", ""), (f"{OURS}, inside bash in bash", "bash --norc")):
        lines = [opener] * bool(opener) + [f"{program} {number}" for number in range(sizes.statements)]
        text = "\n".join([*lines, _last(place)])
        document = place.write(f"inside-{len(lines)}.md", f"# Inside\n\n## Steps\n\n```bash\n{text}\n```\n")
        commands.append(place.proven(name, _run(document)))
    ours, theirs = commands[1].name, commands[0].name
    claims = (Ratio("commands inside an inner shell", ours, theirs, 3.0),)
    return Case(tuple(commands), claims, sizes.turns.get("inside", 1))


def long_lines(place: Place, sizes: Sizes) -> Case:
    """One statement that prints very much, as lines of 4,000 characters."""
    line = (_LOG * 40)[:3999]
    return _output(place, sizes, "long-lines", "long lines", line, 1.2)


def short_lines(place: Place, sizes: Sizes) -> Case:
    """The same as lines of two characters, the newline one of them."""
    return _output(place, sizes, "short-lines", "two-character lines", "x", 0.3)


def parsing(place: Place, sizes: Sizes) -> Case:
    """Reading Markdown, without running any of it."""
    how_to, reference = (
        Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("how-to.md", "reference.md")
    )
    mixed = (how_to, reference, reference)
    folder = place.folder / "pages"
    folder.mkdir()
    for number in range(sizes.files):
        place.write(f"pages/{number}.md", mixed[number % 3].replace("NUMBER", str(number)))
    paths = {
        "one file": _large(place.folder / "mixed.md", mixed, sizes.markdown),
        "a folder": folder,
        "how-tos only": _large(place.folder / "how-tos.md", (how_to,), sizes.markdown),
    }
    commands = tuple(
        place.command(f"{name}, {what}", (sys.executable, "-c", code, path))
        for what, path in paths.items()
        for name, code in ((OURS, _PARSE), ("mistune", _MISTUNE))
    )
    size = _size(sizes.markdown)
    claims = (
        Ratio(f"parsing {size}", f"{OURS}, one file", "mistune, one file", 0.6),
        Ratio(f"parsing {sizes.files:,} files", f"{OURS}, a folder", "mistune, a folder", 0.6),
        Ratio(f"parsing {size} of how-tos only", f"{OURS}, how-tos only", "mistune, how-tos only"),
    )
    return Case(commands, claims, sizes.turns.get("parsing", 1))


def linting(place: Place, sizes: Sizes) -> Case:
    """Looking for what is wrong with a folder of pages: all at once, again, and after a change."""
    page = Path(__file__).with_name("runbook.md").read_text(encoding="utf-8")
    folder, smaller = place.folder / "pages", place.folder / "fewer"
    blocks = _write_lint_pages(folder, page, sizes.files)
    _write_lint_pages(smaller, page, sizes.files // 10)
    alone = {shell: _alone(place.folder / shell, shell, scripts) for shell, scripts in blocks.items()}
    program = (*_ours(), "lint")
    forget = 'rm -rf "$HOME/.cache/runbook-exec"; exec "$@"'
    # whoever changes a page has reviewed it, or the date of the review would be found
    one = f"{folder}/service-1.md"
    change = f'sed -i "s/^last-reviewed.*/last-reviewed: $(date +%F)/" {one}; echo More. >>{one}; exec "$@"'
    cold, warm, changed = f"{OURS}, for the first time", f"{OURS}, again", f"{OURS}, one page changed"
    tenth = f"{OURS}, a tenth of it"
    commands = [
        place.command(tenth, ("sh", "-c", forget, "sh", *program, smaller)),
        place.command(cold, ("sh", "-c", forget, "sh", *program, folder)),
        place.command(warm, (*program, folder)),
        place.command(changed, ("sh", "-c", change, "sh", *program, folder)),
        place.command("mistune", (sys.executable, "-c", _MISTUNE, folder)),
    ]
    for shell, files in alone.items():
        checks = f"from runbook_exec.shells.registry import SHELLS; shell = SHELLS['{shell}']\n{_CHECK}"
        commands.append(place.command(f"{OURS}, {shell} blocks", (sys.executable, "-c", checks, files)))
        every = f'for file in "$0"/*; do {" ".join(_CHECKED_BY[shell])} "$file" || exit; done'
        commands.append(place.command(f"{shell} -n", ("sh", "-c", every, str(files))))
    title = f"lint of {sizes.files:,} pages"
    claims = (
        *(
            Ratio(
                f"checks of {len(scripts):,} {shell} blocks", f"{OURS}, {shell} blocks", f"{shell} -n", floor
            )
            for (shell, scripts), floor in zip(blocks.items(), (1 / 25, None), strict=True)
        ),
        Ratio(f"{title}, cold", cold, "mistune", 1.0),
        Ratio(f"{title}, nothing changed", warm, "mistune", 0.15),
        Within(f"{title}, one changed", changed, 0.3),
        Growth(f"{title}: memory is flat", cold, tenth, 10 * MB),
    )
    return Case(tuple(commands), claims, sizes.turns.get("lint", 1))


def site(place: Place, sizes: Sizes) -> Case:
    """Building a site of notes, a third of them how-tos, with our Markdown extension and without."""
    from tests.support.site_notes import (
        TOPICS,
        write_notes,
    )  # needs what builds sites, which no other case does

    topics = TOPICS[: max(1, sizes.files // 100)]
    without = write_notes(place.folder / "without", extended=False, topics=topics)
    extended = write_notes(place.folder / "with", extended=True, topics=topics)
    afresh = 'cd "$0" && rm -rf .cache site && exec "$@"'
    commands = tuple(
        place.command(
            f"{builder}{said}", ("sh", "-c", afresh, folder, sys.executable, "-m", builder, "build")
        )
        for builder in ("mkdocs", "zensical")
        for folder, said in ((extended, " with runbook-exec"), (without, ""))
    )
    claims = tuple(
        Ratio(f"site of {12 * len(topics)} notes", f"{builder} with runbook-exec", builder, 1.25)
        for builder in ("mkdocs", "zensical")
    )
    return Case(commands, claims, sizes.turns.get("site", 1))


CASES: Mapping[str, Callable[[Place, Sizes], Case]] = {
    "start-up": start_up,
    "builtins": builtins,
    "commands": external,
    "inside": inside,
    "long-lines": long_lines,
    "short-lines": short_lines,
    "parsing": parsing,
    "lint": linting,
    "site": site,
    "growth": growing,
}

_FILES = (
    "import pathlib, sys; p = pathlib.Path(sys.argv[1])\n"
    "files = sorted(p.glob('[!.]*')) if p.is_dir() else [p]\n"
)
_PARSE = (
    _FILES
    + "from runbook_exec.document.parser import parse_runbook as parse\n"
    + "for f in files: parse(f.read_bytes(), str(f))"
)
_MISTUNE = _FILES + (
    "import mistune\nparse = mistune.create_markdown(renderer=None)\n"
    "for f in files: parse(f.read_text(encoding='utf-8'))"
)

_CHECKED_BY = {"fish": ("fish", "--no-config", "-n"), "bash": ("bash", "-n")}
_CHECK = _FILES + ("said = shell.check([f.read_text(encoding='utf-8') for f in files])\nsys.exit(any(said))")
_BLOCK = re.compile(r"^( *)```(fish|bash)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def _write_lint_pages(folder: Path, page: str, number: int) -> dict[str, list[str]]:
    """A repository with so many pages, of which nothing can be said; their blocks by shell."""
    folder.mkdir()
    blocks: dict[str, list[str]] = {"fish": [], "bash": []}
    for each in range(number - 1):
        text = page.replace("NUMBER", str(each)).replace("NEXT", str((each + 1) % (number - 1)))
        (folder / f"service-{each}.md").write_text(text, encoding="utf-8")
        for indent, shell, code in _BLOCK.findall(text):
            code = code.replace(f"\n{indent}", "\n").removeprefix(indent)
            blocks[shell].append(code.replace("<new-host>", "new-host"))
    # without settings of its own it would have those of this project, which select every rule
    (folder / "runbook-exec.toml").touch()
    (folder / "index.md").write_text("# Index\n\n## Calendar\n\n## Alerts\n\n## Log\n", encoding="utf-8")
    git = ("git", "-C", str(folder), "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "pages")):
        subprocess.run([*git, *command], check=True, env=os.environ | {"GIT_CONFIG_GLOBAL": os.devnull})
    return blocks


def _alone(folder: Path, shell: str, scripts: Sequence[str]) -> Path:
    """A folder with a file for each script."""
    folder.mkdir()
    for number, script in enumerate(scripts):
        (folder / f"{number}.{shell}").write_text(script, encoding="utf-8")
    return folder


def _large(path: Path, pages: Sequence[str], size: int) -> Path:
    """One file of at least `size` bytes, made of the pages in turn without their front matter."""
    bodies = [page.split("---\n", 2)[2] for page in pages]
    with path.open("w", encoding="utf-8") as file:  # page by page: see `once` on the memory of this process
        for number in count():
            if file.tell() >= size:
                return path
            file.write(bodies[number % len(bodies)].replace("NUMBER", str(number)))
    return path


def _ours() -> tuple[str, ...]:
    program = Path(sys.executable).with_name("runbook-exec")
    return (str(program),) if program.exists() else (sys.executable, "-m", "runbook_exec")


def _run(document: Path) -> tuple[str, ...]:
    return (*_ours(), str(document), "--yes", "--no-input")


def _statements(place: Place, statements: Sequence[str], posix: Sequence[str]) -> tuple[Command, ...]:
    """The same statements for every tool, each in its own kind of document."""
    fish, posix = [*statements, _last(place)], [*posix, _last(place)]
    document = place.write("statements.md", _document(fish))
    commands = [place.proven(OURS, _run(document))]
    if place.memory:
        commands.append(place.proven(_UNFLUSHED, _run(document), place.memory))
    documents: dict[str, Callable[[], tuple[str | Path, ...]]] = {
        "fish": lambda: (place.write("statements.fish", "\n".join(fish) + "\n"),),
        "rundoc": lambda: ("run", document),
        "byexample": lambda: ("-l", "shell", place.write("examples.md", _examples(posix))),
        "cram": lambda: (place.write("statements.t", "".join(f"  $ {line}\n" for line in posix)),),
    }
    for name, arguments in documents.items():
        if name in place.tools:
            commands.append(place.proven(name, (place.tools[name], *arguments())))
    for shell in _found_shells():
        document = place.write(f"statements-{shell}.md", _document(posix, shell))
        script = place.write(f"statements.{shell}", "\n".join(posix) + "\n")
        commands.append(place.proven(f"{OURS}, {shell}", _run(document)))
        commands.append(place.proven(shell, (shell, script)))
    return tuple(commands)


def _found_shells() -> tuple[str, ...]:
    """The shells besides fish that this machine has."""
    return tuple(shell for shell in ("bash", "zsh", "sh") if shutil.which(shell))


def _last(place: Place) -> str:
    """The statement that every document ends with, in any shell."""
    return f"echo done >{place.proof}"


def _document(statements: Sequence[str], shell: str = "fish") -> str:
    parts = ["# Statements\n"]
    for number, statement in enumerate(statements):
        if number % _BLOCKS_A_STEP == 0:
            parts.append(f"## {number // _BLOCKS_A_STEP + 1}. Go on\n")
        parts.append(f"```{shell}\n{statement}\n```\n")
    return "\n".join(parts)


def _examples(statements: Sequence[str]) -> str:
    return "\n".join(f"```shell\n$ {statement}\n```\n" for statement in statements)


def _output(place: Place, sizes: Sizes, key: str, title: str, line: str, floor: float) -> Case:
    title = f"{_size(sizes.output)} as {title}"
    smaller = f"{OURS}, a tenth of it"
    statements = {name: f"yes '{line}' | head -c {size}" for name, size in (
        (OURS, sizes.output), (smaller, sizes.output // 10),
    )}  # fmt: skip
    documents = {
        name: place.write(f"{key}-{number}.md", _document([statement, _last(place)]))
        for number, (name, statement) in enumerate(statements.items())
    }
    commands = [place.proven(name, _run(document)) for name, document in documents.items()]
    if "script" in place.tools:
        program = f"{statements[OURS]}; {_last(place)}"
        commands.append(place.proven("script", (place.tools["script"], "-qc", program, os.devnull)))
    claims = (
        Ratio(title, OURS, "script", floor),
        Peak(f"{title}: memory", OURS, 80 * MB),
        Growth(f"{title}: memory is flat", OURS, smaller, 4 * MB),
    )
    return Case(tuple(commands), claims, sizes.turns.get(key, 1), warm=False)


def _size(size: int) -> str:
    return f"{size / 1e9:g} GB" if size >= 1e9 else f"{size / MB:g} MB"
