"""Compares the output of commands in two checkouts, except for times, ids and folders.

Usage: `python -m tests.support.compare_output BEFORE [AFTER]`. Each is a checkout that has a `.venv`. AFTER
is this one by default. It prints each command and its differences, and exits with 1 if there are any.
`--allow REGEX` leaves out the lines that match, on both sides.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.paths import DATA, REPOSITORY

PAGE = """\
---
title: Rename a host
runbook:
  inputs:
    new-name: {help: the new name, pattern: "[a-z]+"}
    api-token: {source: "env:API_TOKEN"}
---

# Rename a host

## Procedure

### 1. Look

```fish
echo old-name is here
set -g seen yes
```

### 2. Rename

<!-- runbook: capture="id=/id (\\\\d+)/" expect="renamed" -->
```fish
echo renamed <new-name> id 4711
```

### 3. Tell

```fish
echo <id> <api-token> $seen | string upper
false
```

### 4. By hand

Look at it.
"""

BASH = "# Bash\n\n## Steps\n\n```bash\nx=1\nexport Y='a b'\n```\n\n```bash\necho $x \"$Y\"; (exit 3)\n```\n"

SET = ("--set", "new-name=web", "--done", "4")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("--help",),
    ("--version",),
    ("lint", "--help"),
    ("rehearse", "--help"),
    ("resume", "--help"),
    ("runs", "--help"),
    ("due", "--help"),
    ("docs", "--help"),
    ("trust", "--help"),
    ("show", "page.md"),
    ("show", "page.md", "--json"),
    ("show", "rotate-fly-token.md"),
    ("show", "alternatives.md"),
    ("show", "problems.md"),
    ("page.md", "--dry-run"),
    ("rotate-fly-token.md", "--dry-run", "--set", "old-token-id=a b'c"),
    ("deploy-or-undo.md", "--yes"),
    ("missing.md",),
    ("page.md", "--yes", "--no-input", "--trust", *SET),
    ("page.md", "--yes", "--json", *SET),
    ("bash.md", "--yes", "--trust"),
    ("bash.md", "--yes", "--json"),
    ("page.md", "--yes", "--set", "new-name=UPPER"),
    ("page.md", "--yes", "--nothing"),
    ("page.md", "--yes", "--only", "2", *SET),
    ("trust", "--yes", "page.md", "bash.md"),
    ("trust", "--yes", "--lock", "page.md"),
    ("runs",),
    ("runs", "--json"),
    ("runs", "show"),
    ("runs", "report", "--format", "md"),
    ("runs", "report", "--format", "html"),
    ("runs", "report", "--format", "junit"),
    ("runs", "verify"),
    ("runs", "export", "page.md"),
    ("resume", "--yes"),
    ("due", "."),
    ("lint", "."),
    ("lint", ".", "--format", "json"),
    ("lint", ".", "--format", "sarif"),
    ("lint", ".", "--format", "junit", "--select", "ALL"),
    ("lint", "--explain", "M301"),
    ("lint", "--rules"),
    ("rehearse", "runbooks"),
    ("docs", "init"),
)

VOLATILE = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:?\d\d(:?\d\d)?(\.\d+)?Z?", "TIME"),
    (r"\b\d\d:\d\d(:\d\d)?\b", "TIME"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"\b[0-9a-f]{40}\b", "COMMIT"),
    (r"\b[0-9a-f]{8,16}\b", "ID"),
    (r"\b\d+(\.\d+)? ?m?s\b", "DURATION"),
    (r'"(duration|seconds|pid|time)": ?[\d.]+', r'"\1": N'),
    (r"\b\d+ bytes", "N bytes"),
    (r'\b(x|width)="\d+"', r'\1="N"'),
    (r'time="[\d.]+"', 'time="N"'),
    (r'\[\d+\.\d+, "', '[N, "'),
)


def output_of(checkout: Path, folder: Path, *command: str) -> str:
    """Return the output of a checkout's program in a folder, without times, ids and folders."""
    home = folder / "home"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "dumb",
        "API_TOKEN": "a-secret-of-the-environment",
        "RUNBOOK_EXEC_TRUSTED": str(folder),
        **{f"XDG_{name.upper()}_HOME": str(home / name) for name in ("config", "data", "state", "cache")},
    }
    program = str(checkout / ".venv" / "bin" / "python")
    done = subprocess.run(
        [program, "-P", "-m", "runbook_exec", *command],
        cwd=folder / "work",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    text = f"{done.stdout.decode('utf-8', 'replace')}\n--- {done.returncode} ---\n{done.stderr.decode()}"
    escaped = str(folder).replace("_", r"\_")  # in a report in Markdown
    text = text.replace(str(folder), "FOLDER").replace(escaped, "FOLDER").replace(str(checkout), "CHECKOUT")
    for pattern, word in VOLATILE:
        text = re.sub(pattern, word, text)
    return text


def prepare(folder: Path) -> None:
    """Make a home and a working folder with pages of this checkout."""
    (folder / "home" / "data" / "fish" / "generated_completions").mkdir(parents=True)
    work = folder / "work"
    work.mkdir()
    for page in (DATA / "documents").glob("*.md"):
        shutil.copy(page, work)
    shutil.copytree(REPOSITORY / "runbooks", work / "runbooks")
    (work / "page.md").write_text(PAGE, encoding="utf-8")
    (work / "bash.md").write_text(BASH, encoding="utf-8")


def main() -> int:
    """Compare, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path, nargs="?", default=REPOSITORY)
    parser.add_argument("--allow", action="append", default=[])
    options = parser.parse_args()
    checkouts = (options.before.resolve(), options.after.resolve())
    different = 0
    with tempfile.TemporaryDirectory() as each, tempfile.TemporaryDirectory() as other:
        folders = (Path(each), Path(other))
        for folder in folders:
            prepare(folder)
        for command in COMMANDS:
            texts: list[list[str]] = []
            for checkout, folder in zip(checkouts, folders, strict=True):
                lines = output_of(checkout, folder, *command).split("\n")
                if command == ("runs", "verify"):
                    lines.sort()  # runs of one second are ordered by their ids
                texts.append(
                    [line for line in lines if not any(re.search(word, line) for word in options.allow)]
                )
            difference = list(difflib.unified_diff(texts[0], texts[1], "before", "after", n=1, lineterm=""))
            print(f"{'differs' if difference else 'same   '}  runbook-exec {' '.join(command)}")
            print("\n".join(f"    {line}" for line in difference), end="\n" * bool(difference))
            different += bool(difference)
    print(f"{len(COMMANDS)} commands, {different} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
