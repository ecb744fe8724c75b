"""Cases of quoted values that test both Python and the page's script: `cases/filled.json`.

`python -m tests.support.site_cases` writes them again from the shells' own modules, for review.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from runbook_exec.document.parser import parse_runbook
from runbook_exec.plan.preview import preview_statement
from runbook_exec.shells.base import QuotingError
from runbook_exec.site.fill_recipe import build_recipe
from tests.support.paths import DATA

FILE = DATA / "cases" / "filled.json"

FISH = (
    "echo <a> '<b>' \"<c>\"",
    'echo x<a>y "$x<b>" "(id)<b>" \'a\\<b>\'',
    "<a> foo",
    "e<a> foo",
    "<a>\nfoo",
    'echo "$(echo <a>)<b>" (echo <c> \'<b>\' "<a>")',
    'echo $x[<a>] "$x[<b>]" "$(echo a)[<a>]"',
    "command <a>; and echo <b>",
    "set x (<a> -l); echo \"a$(echo)<b>c\" 'q<c>'",
    "echo ~<a> \\<b>",
    "<a><b> x",
    "if <a>\necho <b>\nend",
    "for i in <a> <b>\n echo $i<c>\nend",
    "x=<a> echo <b>",
    "echo é<a>😀<b> '<c>'",
    "echo {<a>,<b>}",
    "echo <a>>/dev/null 2><b> # <c>",
    'echo "\\<a>"',
)
POSIX = (
    "echo <a> '<b>' \"<c>\"",
    "echo x<a>y \"$x<b>\" $'q<c>'",
    "cat <<EOF\n<a>\n$x<b> c\n\\\n<c>\nEOF",
    "cat <<'EOF'\n<a>\nx<b>$x `y`\n<c>\nEOF",
    "cat <<-EOF\n\t<a>\n\t\t<b>x\nEOF",
    "cat <<-'E F'\n\t<a>\n<b>\nE F\n",
    "cat <<E\n$(echo <a> '<b>')\n<c>\nE",
    "echo `<a>` $((<b>)) <c>",
    "echo ${x#<a>} <b>",
    'echo $(echo <a> "<b>")',
    "[[ x =~ <a> ]]",
    "echo \\<a> <b>",
    "echo <a><b> '<a>''<b>'",
    "cat <<A <<'B'\n<a>\nA\n<b>\nB",
    'x=<a> <b> "a$y<c>"',
    "echo é<a>😀 <b> $'\\x4<c>'",
    'cat <<"é"\n<a>\né',
    "cat <<EO\\F\nEO<a>\n<b>\nEOF",
    "cat <<EOF\nEOF<a> x\n<b>\nEOF",
    "for f in <a>; do cat <<X\n<b>\nX\ndone",
)
VALUES = (
    "x", "", "a b", "it's", 'q"$`\\!', "(p)", ")", "1..2", "-1", "line\nbreak", "~", "é😀", "and", "end",
    "if", "in", "exec", "EOF", "\tEOF", "EOF\nEOF)", "E", "$(touch x)", "a=b", "\n", "\t", "#", "*",
    "builtin", "!", "d", "é", "\\", "'", "''", '"', "a\\", "\x01\x7f", "<b>", "' \" $ \\ \n end",
)  # fmt: skip


class Case(NamedTuple):
    """A statement's facts, the values, and the filled statement; None if they cannot be quoted."""

    recipe: dict[str, Any]
    values: dict[str, str]
    expected: str | None


def make_cases(seed: int, each: int) -> Iterator[Case]:
    """Make so many cases of every statement in every shell, with random values."""
    chance = random.Random(seed)  # noqa: S311
    texts = {"fish": FISH, "bash": POSIX, "zsh": POSIX, "sh": POSIX, "ash": POSIX}
    for shell, statements in texts.items():
        for text in statements:
            page = parse_runbook(
                f"# T\n\n## Steps\n\n### 1. A\n\n````{shell}\n{text}\n````\n".encode(), "t.md"
            )
            for statement in (statement for block in page.blocks for statement in block.statements):
                if (made := build_recipe(statement, shell)) is None:
                    continue
                for _ in range(each):
                    values = {name: chance.choice(VALUES) for name in "abc" if chance.random() < 0.85}
                    try:
                        expected: str | None = preview_statement(statement, shell, values)
                    except QuotingError:
                        expected = None
                    yield Case(made, values, expected)


def format_cases() -> str:
    """Return the text of the file."""
    lines = (json.dumps(case._asdict(), ensure_ascii=True) for case in make_cases(1, 3))
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(format_cases(), encoding="utf-8")
