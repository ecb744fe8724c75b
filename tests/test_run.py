"""What the program prints where there is no terminal: transcripts beside their documents in documents/runs.

A transcript (`NAME.runs.txt`) is command lines after `>>> `, each with what it printed, the files that it
left and its exit status. `python tests/test_run.py` runs the command lines and writes the rest anew, for review.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from program import Program, prepared, steadied

RUNS = Path(__file__).parent / "documents" / "runs"
TRANSCRIPTS = sorted(RUNS.glob("*.runs.txt"))
_PROMPT = ">>> "


def _transcript(expected: str, folder: Path) -> str:
    """The transcript of an expected one's command lines as they go today, each in a folder of its own."""
    entries = []
    for number, line in enumerate(expected.splitlines()):
        if line.startswith(_PROMPT):
            folder.joinpath(str(number)).mkdir(parents=True)
            entries.append("\n".join(_entry(line, prepared(folder / str(number)))))
    return "\n\n".join(entries) + "\n"


def _entry(line: str, program: Program) -> Iterator[str]:
    documents = [path for path in RUNS.iterdir() if not path.name.endswith(".runs.txt")]
    for path in documents:
        shutil.copy(path, program.work)
    words = shlex.split(line.removeprefix(_PROMPT))
    start = words.index("runbook-exec")
    ran = program.run(*words[start + 1 :], env=dict(word.split("=", 1) for word in words[:start]))
    yield line
    if ran.stdout:
        yield steadied(ran.stdout, program).removesuffix("\n")
    if ran.stderr:
        yield "--- stderr"
        yield steadied(ran.stderr, program).removesuffix("\n")
    left = {path.name for path in program.work.iterdir()} - {path.name for path in documents}
    yield f"--- left {', '.join(sorted(left))}" if left else "--- left nothing"
    yield f"--- exit {ran.status}"


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.name.split(".")[0])
def test_the_transcript_of_a_document(path: Path, tmp_path: Path) -> None:
    """Each command line of a transcript prints, leaves and returns exactly what stands below it."""
    expected = path.read_text(encoding="utf-8")
    assert _transcript(expected, tmp_path) == expected


if __name__ == "__main__":
    for path in [RUNS / name for name in sys.argv[1:]] or TRANSCRIPTS:
        with tempfile.TemporaryDirectory() as temporary:
            written = _transcript(path.read_text(encoding="utf-8"), Path(temporary))
        path.write_text(written, encoding="utf-8")
