"""Cases that read pages without running them: parsing, linting, building a site."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from .claims import MB, Growth, Ratio, Within
from .documents import format_size, list_program_words
from .place import OURS, Case, Place, Sizes

FILES = (
    "import pathlib, sys; p = pathlib.Path(sys.argv[1])\n"
    "files = sorted(p.glob('[!.]*')) if p.is_dir() else [p]\n"
)
_PARSE = (
    FILES
    + "from runbook_exec.document.parser import parse_runbook as parse\n"
    + "for f in files: parse(f.read_bytes(), str(f))"
)
_MISTUNE = FILES + (
    "import mistune\nparse = mistune.create_markdown(renderer=None)\n"
    "for f in files: parse(f.read_text(encoding='utf-8'))"
)

_CHECKED_BY = {"fish": ("fish", "--no-config", "-n"), "bash": ("bash", "-n")}
_CHECK = FILES + ("said = shell.check([f.read_text(encoding='utf-8') for f in files])\nsys.exit(any(said))")
_BLOCK = re.compile(r"^( *)```(fish|bash)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def parsing(place: Place, sizes: Sizes) -> Case:
    """Reading Markdown, without running any of it."""
    mixed, folder = _read_mixed(), place.folder / "pages"
    how_to = mixed[0]
    write_mixed_pages(folder, sizes.files)
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
    size = format_size(sizes.markdown)
    claims = (
        Ratio(f"parsing {size}", f"{OURS}, one file", "mistune, one file", 0.6),
        Ratio(f"parsing {sizes.files:,} files", f"{OURS}, a folder", "mistune, a folder", 0.6),
        Ratio(f"parsing {size} of how-tos only", f"{OURS}, how-tos only", "mistune, how-tos only"),
    )
    return Case(commands, claims, sizes.turns.get("parsing", 1))


def write_mixed_pages(folder: Path, number: int) -> None:
    """Write so many small pages, each third of them a how-to and the others prose."""
    folder.mkdir()
    mixed = _read_mixed()
    for each in range(number):
        text = mixed[each % 3].replace("NUMBER", str(each))
        (folder / f"{each}.md").write_text(text, encoding="utf-8")


def _read_mixed() -> tuple[str, str, str]:
    how_to, reference = (
        Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("how-to.md", "reference.md")
    )
    return how_to, reference, reference


def linting(place: Place, sizes: Sizes) -> Case:
    """Looking for what is wrong with a folder of pages: all at once, again, and after a change."""
    page = Path(__file__).with_name("runbook.md").read_text(encoding="utf-8")
    folder, smaller = place.folder / "pages", place.folder / "fewer"
    blocks = write_lint_pages(folder, page, sizes.files)
    write_lint_pages(smaller, page, sizes.files // 10)
    alone = {shell: _alone(place.folder / shell, shell, scripts) for shell, scripts in blocks.items()}
    program = (*list_program_words(), "lint")
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


def write_lint_pages(folder: Path, page: str, number: int) -> dict[str, list[str]]:
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
