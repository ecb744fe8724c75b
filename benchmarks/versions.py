"""Measures this program beside another version of it: `python -m benchmarks.versions CHECKOUT`.

CHECKOUT is a checkout of that version in which the program is installed in `.venv`, from the same releases of
its dependencies. Each version has a cache and journals of its own. Compared are processor time, as a busy
machine changes it little, and the most memory that a command took. It ends with 1 if this version needs more.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .claims import MB, Row, format_seconds
from .documents import list_program_words
from .growth import write_page
from .machine import facts
from .pages import FILES, write_lint_pages, write_mixed_pages
from .place import Place
from .table import table
from .timing import Command, Failed, Measured, in_turn

HERE = Path(__file__).parent.parent
_SLACK = 1.02  # what two runs of the same version differ by
_PARSE = FILES + (
    "try:\n    from runbook_exec.document.parser import parse_runbook as parse\n"
    "except ImportError:  # before the packages\n    from runbook_exec.parse import parse\n"
    "for f in files: parse(f.read_bytes(), str(f))"
)


@dataclass(frozen=True, slots=True)
class NotMore:
    """A command of this version needs no more processor time and no more memory than the other version's."""

    title: str

    def list_rows(self, measured: Measured) -> Iterator[Row]:
        """Return a line for the time and one for the memory."""
        ours, theirs = f"{self.title}, this", f"{self.title}, the other"
        ratio = measured.processor_ratio(ours, theirs)
        times = [format_seconds(measured.processor(name)) for name in (ours, theirs)]
        yield self._make_row("processor time", times, ratio)
        peaks = [measured.median_peak(name) / MB for name in (ours, theirs)]
        yield self._make_row("memory", [f"{peak:.1f} MB" for peak in peaks], peaks[0] / peaks[1])

    def _make_row(self, what: str, values: Sequence[str], ratio: float) -> Row:
        mine, other = values
        holds = ratio <= _SLACK
        return Row(f"{self.title}: {what}", mine, "the other", other, f"{ratio:.2f}×", f"{_SLACK:g}×", holds)


def main() -> int:
    """Measure both versions and print one table; 1 if this one needs more, or if a command failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versions", description=__doc__)
    parser.add_argument(
        "checkout", metavar="CHECKOUT", type=Path, help="the other version, installed in .venv"
    )
    parser.add_argument("--turns", metavar="N", type=int, default=11, help="how often each command runs")
    parser.add_argument("--files", metavar="N", type=int, default=300, help="how many pages there are")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="versions-") as name:
        place = Place(Path(name) / "work", Path(name), None, {})
        place.folder.mkdir()
        for line in facts({}, place.folder):
            print(line)
        rows: list[Row] = []
        other = arguments.checkout.resolve() / ".venv/bin"
        both = {
            "this": {"PROGRAM": list_program_words(), "PYTHON": [sys.executable]},
            "the other": {"PROGRAM": [other / "runbook-exec"], "PYTHON": [other / "python"]},
        }
        for title, commands in _list_cases(place, both, arguments.files):
            try:
                rows += NotMore(title).list_rows(in_turn(commands, arguments.turns, warm=True))
            except Failed as failed:
                print(failed, file=sys.stderr)
                return 1
    print()
    print(table(rows))
    return 0 if all(row.holds for row in rows) else 1


def _list_cases(
    place: Place, versions: Mapping[str, Mapping[str, Sequence[str | Path]]], files: int
) -> Iterator[tuple[str, Sequence[Command]]]:
    """Return what is measured: a title and the command of each version."""
    one, pages = write_page(place.folder / "one.md", 1), place.folder / "pages"
    write_lint_pages(pages, (HERE / "benchmarks/runbook.md").read_text(encoding="utf-8"), files)
    mixed = place.folder / "mixed"
    write_mixed_pages(mixed, files)
    forget = 'rm -rf "$XDG_CACHE_HOME"; exec "$@"'
    for title, words in {
        "--version": ("PROGRAM", "--version"),
        "show of one block": ("PROGRAM", "show", one),
        "a run of one block": ("PROGRAM", "--yes", one),
        f"parsing {files} pages": ("PYTHON", "-c", _PARSE, mixed),
        "lint of one page, cold": ("sh", "-c", forget, "sh", "PROGRAM", "lint", one),
        f"lint of {files} pages, cold": ("sh", "-c", forget, "sh", "PROGRAM", "lint", pages),
        f"lint of {files} pages, again": ("PROGRAM", "lint", pages),
    }.items():
        commands = []
        for version, programs in versions.items():
            argv = [part for word in words for part in programs.get(str(word), [word])]
            command = place.command(f"{title}, {version}", argv, place.disk / version)
            cache = {"HOME": str(place.disk / version), "XDG_CACHE_HOME": str(place.disk / version / "cache")}
            commands.append(replace(command, environ={**command.environ, **cache}))
        yield title, commands


if __name__ == "__main__":
    sys.exit(main())
