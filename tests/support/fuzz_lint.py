"""Unusual pages: cut off, made of halves, deeply nested, or with bytes that are no text.

`python -m tests.support.fuzz_lint COUNT [SEED]` lints so many, a tenth of them with their shells. It prints
the time of the slowest page, and how the time grows with the size of pages that are one long line. It exits
with 1 if the linter failed on a page.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from pathlib import Path

from runbook_exec.diagnostics.report import Report
from runbook_exec.lint.linter import lint
from runbook_exec.lint.selection import LintSettings, Selection
from tests.support.paths import DATA, REPOSITORY

_PAGES = [
    path.read_bytes()
    for folder in (
        DATA / "documents",
        DATA / "documents" / "lint",
        REPOSITORY / "runbooks",
        REPOSITORY / "docs",
    )
    for path in sorted(folder.glob("*.md"))
]
_PIECES = (
    b"```fish\n", b"```bash\n", b"```\n", b"~~~\n", b"````\n", b"```sh {confirm}\n", b"```console\n$ ",
    b"- ", b"1. ", b"> ", b"  ", b"\t", b"\n", b"\r\n", b"\r", b"\0", b"\xff\xfe", b"\xf0\x9f\x9a",
    b"\xed\xa0\x80", b"\xef\xbb\xbf", b"---\n", b"...\n", b"runbook:\n  inputs:\n    a: &a [*a]\n",
    b"<!-- runbook: ignore=", b"-->", b"<!--", b"<!-- runbook: confirm -->\n", b"<name>", b"</name>",
    b"<", b">", b"[[", b"]]", b"[[a#b|c]]", b"](", b"[a]: b\n", b"`", b"``", b"\\", b"*", b"_", b"|",
    b"# ", b"## Steps\n", b"### 1. ", b"step 9 ", b"(", b")", b"$(", b"${", b"$((", b"\"", b"'",
    b"<<EOF\n", b"EOF\n", b"<(", b"if ", b"then ", b"fi\n", b"end\n", b"for x in ", b"do\n", b"done\n",
    b"case x in ", b"esac", b"switch x\n", b"begin\n", b"function f\n", b"{", b"}", b"&& ", b"|| ",
    b"| tee ", b"& ", b"; ", b"#", b"rm -rf ", b"kubectl -n a delete ", b"set -l a ", b"ghp_",
    b"-----BEGIN RSA PRIVATE KEY-----\n", b"token=", b"eyJhbGciOi", b"password: ", b"op://", b"http://",
    b"{{", b"}}", b"last-reviewed: 2026-02-30\n", b"%%", b"<code>", b"</code>", b"\xe2\x80\xa8",
    b"\xc4\xb0", b"\x85",
)  # fmt: skip


def pages(seed: int) -> Iterator[bytes]:
    """Yield pages without end, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    while True:
        kind = chance.randrange(6)
        page, other = chance.choice(_PAGES), chance.choice(_PAGES)
        start, end = sorted(chance.randrange(len(page) + 1) for _ in range(2))
        if kind == 0:
            page = page[:end]
        elif kind == 1:
            page = page[start:end]
        elif kind == 2:
            page = page[:start] + other[chance.randrange(len(other) + 1) :][:2000] + page[end:]
        elif kind == 3:
            for _ in range(chance.randrange(1, 30)):
                at = chance.randrange(len(page) + 1)
                page = page[:at] + chance.choice(_PIECES) + page[at + chance.randrange(3) :]
        elif kind == 4:
            page = b"".join(chance.choice(_PIECES) for _ in range(chance.randrange(1, 300)))
        else:
            few = [chance.choice(_PIECES) for _ in range(chance.randrange(1, 4))]
            page = b"".join(few) * chance.randrange(1, 400) + page[:start]
        yield page[:20_000]


def long_lines(size: int) -> Mapping[str, bytes]:
    """Return pages of one line of this size, by content; for each, some rule could be very slow."""
    filled = {name: (piece * (size // len(piece) + 1))[:size] for name, piece in _LONG.items()}
    wrapped = {f"{name}, in a block": b"```fish\n" + line + b"\n```\n" for name, line in filled.items()}
    return filled | wrapped


_LONG = {
    "letters": b"a",
    "words": b"word ",
    "blanks": b" ",
    "tabs": b"\t",
    "quotes": b">",
    "items": b"- ",
    "stars": b"*a ",
    "brackets": b"[",
    "links": b"[a](b.md#c) ",
    "wikilinks": b"[[a#b|c]] ",
    "open links": b"[a](",
    "backticks": b"` `` ",
    "placeholders": b"<a> ",
    "many placeholders": b"<a><b> <c-d> ",
    "open comments": b"<!-- runbook: ignore=",
    "comments": b"<!-- runbook: ignore=X --> ",
    "parentheses": b"(",
    "substitutions": b'"(a b)" ',
    "open substitutions": b"$(",
    "assignments": b"a=b;",
    "separators": b"; ",
    "deletions": b"rm -r ;",
    "pushes": b"git push {",
    "deletes": b"delete from a where ",
    "tokens": b"ghp_" + b"Zk3vQ9x1LmN8pR5tYw2sBc7dEf4gHj6kAqUo ",
    "secrets": b"secret_token_",
    "secret values": b"password=aB3dE6gH9jK2mN5pQ8 ",
    "keys": b"-----BEGIN PRIVATE KEY-----",
    "macaroons": b"fm2_",
    "dots": b"eyJ.",
    "steps": b"step 9, ",
    "letters of two bytes": "é".encode(),
    "letters that become two": "İ".encode(),
    "no text": b"\xff",
    "nothing": b"\0",
    "tees": b"a | tee b ",
    "ends": b"end;",
    "ifs": b"if ",
    "pipes": b"| ",
}


def lint_pages(contents: Mapping[str, bytes], *without: str) -> Report:
    """Lint pages with every rule except these."""
    settings = LintSettings(Selection(select=("ALL",), ignore=without))
    return lint(contents, dict.fromkeys(contents, settings), date(2026, 11, 24), given=contents)


def main(count: int, seed: int) -> int:
    """Lint so many pages, and return 1 if one of them failed."""
    slowest = (0.0, 0)
    failed = 0
    started = time.perf_counter()
    each = iter(enumerate(islice(pages(seed), count)))
    while batch := {f"{number}.md": page for number, page in islice(each, 100)}:
        before = time.perf_counter()
        number = int(next(iter(batch)).split(".")[0])
        # starting a shell for each wrong block takes most of the time
        without = () if number % 1000 == 0 else ("P101", "P102")
        try:
            lint_pages(batch, *without)
        except Exception:  # noqa: BLE001 - whatever it is, the page is to be seen
            failed += _report_failures(batch)
        slowest = max(slowest, (time.perf_counter() - before, number))
        if number % 10_000 == 0:
            print(f"{number} pages, {time.perf_counter() - started:.0f} s", flush=True)
    print(
        f"{count} pages, {failed} failed; the slowest hundred took {slowest[0]:.1f} s (from {slowest[1]} on)"
    )
    for name, small in long_lines(1_250_000).items():
        times = []
        for page in (small, long_lines(5_000_000)[name]):
            before = time.perf_counter()
            try:
                lint_pages({"long.md": page})
            except Exception:  # noqa: BLE001
                failed += 1
                print(f"failed on 5 MB of {name}: {traceback.format_exc()}")
            times.append(time.perf_counter() - before)
        print(
            f"{times[1]:6.1f} s for 5 MB of {name}, {times[1] / times[0]:.1f} times that for a quarter",
            flush=True,
        )
    return 1 if failed else 0


def _report_failures(batch: Mapping[str, bytes]) -> int:
    failed = 0
    for name, page in batch.items():
        try:
            lint_pages({name: page})
        except Exception:  # noqa: BLE001
            failed += 1
            Path(f"failed-{name}").write_bytes(page)
            print(f"failed on failed-{name}: {traceback.format_exc()}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
