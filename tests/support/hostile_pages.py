"""Pages that an attacker or an accident makes: huge, deep, repeated, broken, or no files at all."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

SIZE = 200_000  # bytes of a page that repeats something: enough to show a time that grows with the square


def _repeat(part: str, before: str = "", after: str = "", size: int = SIZE) -> bytes:
    return (before + part * (size // len(part.encode())) + after).encode()


def _block(script: str, language: str = "bash") -> bytes:
    return f"# Page\n\n## Steps\n\n```{language}\n{script}\n```\n".encode()


def _matter(settings: str, script: str = "echo <x>") -> bytes:
    return f"---\nrunbook:\n{settings}\n---\n\n".encode() + _block(script)


def _lists(depth: int) -> bytes:
    return "".join(f"{' ' * 2 * level}- a\n" for level in range(depth)).encode()


def _many(form: str, count: int, before: str = "", after: str = "") -> bytes:
    return (before + "".join(form.format(n=n) for n in range(count)) + after).encode()


CONTENTS: dict[str, Callable[[], bytes]] = {
    # structure
    "headings": lambda: _repeat("# a\n"),
    "headings-of-all-levels": lambda: _many("{n:#<3} h\n## {n}. x\n### y\n", 6000),
    "headings-with-ids": lambda: _many("## a {{#a}}\n\ntext\n\n", 8000),
    "numbered-headings": lambda: _many("## {n}. Step\n\n```bash\ntrue\n```\n\n", 3000),
    "deep-quotes": lambda: _repeat(">", after=" a\n"),
    "quoted-lines": lambda: _repeat("> > > a\n> b\n"),
    "deep-lists": lambda: _lists(400),
    "list-markers-on-a-line": lambda: _repeat("- ", after="a\n"),
    "list-items": lambda: _repeat("1. a\n\n   b\n"),
    "open-brackets": lambda: _repeat("["),
    "brackets-and-parentheses": lambda: _repeat("[a](", after="\n"),
    "images": lambda: _repeat("![a", after="\n"),
    "emphasis": lambda: _repeat("*a_ **b ", after="\n"),
    "stars": lambda: _repeat("*", after="\n"),
    "backticks": lambda: " ".join("`" * n for n in range(1, 600)).encode(),
    "entities": lambda: _repeat("&#x10ffff;&amp;&nothing;"),
    "angle-brackets": lambda: _repeat("<"),
    "open-tags": lambda: _repeat("<a b='"),
    "open-comments": lambda: _repeat("<!-- a\n\n"),
    "declarations": lambda: _repeat("<![CDATA[ <? <!A "),
    "one-line": lambda: _repeat("a b "),
    "one-line-of-wide-letters": lambda: _repeat("日本"),
    "blank-lines": lambda: _repeat("\n \t\n"),
    "spaces": lambda: _repeat(" ", "a", "b\n"),
    "tabs": lambda: _repeat("\t", "- a\n", "b\n"),
    "carriage-returns": lambda: _repeat("# a\r\r\nb\r"),
    "definitions": lambda: _many("[a{n}]: <b> 'c'\n", 9000),
    "broken-definitions": lambda: _repeat("[a]: b 'c\n"),
    "table": lambda: _repeat("| a | b |\n", "| a | b |\n|---|---|\n"),
    "wide-table": lambda: _repeat("|a", after="\n" + "|-" * 5000 + "\n"),
    "wikilinks": lambda: _repeat("[[a|[[b#"),
    "details": lambda: _repeat("<details><summary>a</summary>\n\n"),
    "tab-marks": lambda: _many(
        '=== "T{n}"\n\n    ```bash\n    true\n    ```\n\n', 3000, "# P\n\n## Steps\n\n"
    ),
    "tab-marks-inside-each-other": lambda: "".join(
        f'{"    " * n}=== "T{n}"\n\n' for n in range(300)
    ).encode(),
    "colons": lambda: _repeat("::: tip\n"),
    "comments-of-templates": lambda: _repeat("{% comment %}{# {/* %% {{/* "),
    "includes": lambda: _repeat('--8<-- "a"\n{% include "b" %}\n'),
    "footnotes": lambda: _many("[^{n}]: a[^{n}]\n\n", 6000),
    "marks-of-words": lambda: ("a" + "\u0301\u0489" * 40_000 + "\n").encode(),
    # bytes
    "utf-16": lambda: "# Page\n\n```bash\ntrue\n```\n".encode("utf-16"),
    "not-utf-8": lambda: b"# \xff\xfe\xc3\n" * 20_000,
    "nul": lambda: b"# a\0b\n\n```bash\necho a\0b\n```\n" + b"\0" * 50_000,
    "random-bytes": lambda: bytes((n * n * 7919 >> 3) & 255 for n in range(50_000)),
    "marks-of-order": lambda: ("\ufeff" * 5000 + "# a\n\ufeff\n").encode(),
    # blocks
    "open-fence": lambda: _repeat("echo a\n", "# P\n\n```bash\n"),
    "fences": lambda: _repeat("```\n"),
    "blocks": lambda: _repeat("```bash\ntrue\n```\n\n", "# P\n\n## Steps\n\n"),
    "statements": lambda: _block("true\n" * 20_000),
    "long-statement": lambda: _block("echo " + "a " * 100_000),
    "continued-lines": lambda: _block("echo a \\\n" * 20_000 + "b"),
    "open-subshells": lambda: _block("(" * 20_000),
    "open-substitutions": lambda: _block("echo " + "$(" * 20_000),
    "open-expansions": lambda: _block("echo " + "${a:-" * 10_000),
    "open-quotes": lambda: _block("echo " + "'\"`" * 20_000),
    "open-here-documents": lambda: _block("cat <<A <<B\n" * 10_000),
    "nested-ifs": lambda: _block("if true; then\n" * 5000 + "fi\n" * 5000),
    "nested-begins-of-fish": lambda: _block("begin\n" * 5000 + "end\n" * 5000, "fish"),
    "substitutions-of-fish": lambda: _block("echo " + "(" * 20_000, "fish"),
    "cases": lambda: _block("case a in\n" + "(a|b) true;;\n" * 10_000 + "esac"),
    "braces": lambda: _block("echo " + "{a,b}" * 10_000 + "{" * 5000),
    "placeholders": lambda: _block("\n".join(f"echo <a{n}>" for n in range(5000))),
    "one-placeholder": lambda: _block("echo " + "<a> " * 20_000),
    "open-placeholders": lambda: _block("echo " + "<a b " * 20_000),
    "console": lambda: _block("$ true\nout\n" * 10_000, "console"),
    "prompts": lambda: _block("user@host:~$ " * 10_000, "console"),
    "assignments": lambda: _block("A=" * 50_000),
    "dashes": lambda: _block("echo " + "-" * 100_000),
    # annotations and settings
    "annotations": lambda: _repeat("<!-- runbook: id=a expect=b -->\n\n"),
    "long-annotation": lambda: _repeat("expect='a' ", "<!-- runbook: ", "-->\n\n```bash\ntrue\n```\n"),
    "open-annotation": lambda: _repeat("<!-- runbook: expect='"),
    "info-string": lambda: _repeat("a=b ", "```bash ", "\ntrue\n```\n"),
    "info-string-of-braces": lambda: _repeat("{.a #b", "```", "\ntrue\n```\n"),
    "aliases-of-yaml": lambda: (
        "---\na0: &a0 [x]\n"
        + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
        + "---\n# P\n"
    ).encode(),
    "deep-yaml": lambda: b"---\nrunbook: " + b"[" * 50_000 + b"\n---\n# P\n",
    "deep-yaml-by-indent": lambda: (
        "---\n" + "".join(f"{' ' * n}a:\n" for n in range(500)) + "---\n# P\n"
    ).encode(),
    "yaml-that-contains-itself": lambda: b"---\nrunbook: &a\n  inputs: *a\n---\n# P\n",
    "long-number": lambda: (
        b"---\nrunbook:\n  timeout: " + b"9" * 100_000 + b"\nreview: " + b"9" * 99_999 + b"\n---\n# P\n"
    ),
    "numbers-of-every-kind": lambda: (
        b"---\na: 0x" + b"f" * 50_000 + b"\nb: 1:" + b"2:" * 9000 + b"3\nc: .inf\nd: 1e999999999\n---\n# P\n"
    ),
    "keys": lambda: _many("    a{n}: b\n", 9000, "---\nrunbook:\n  inputs:\n", "---\n# P\n"),
    "open-front-matter": lambda: _repeat("a: b\n", "---\n"),
    "toml": lambda: b"+++\na = " + b"[" * 50_000 + b"\n+++\n# P\n",
    # settings that would compute for long
    "pattern": lambda: _matter("  inputs:\n    x: {pattern: '(a+)+$', default: '" + "a" * 60 + "b'}"),
    "pattern-of-alternatives": lambda: _matter(
        "  inputs:\n    x: {pattern: '(?:a|aa|a?)+[bc]', default: '" + "a" * 90 + "d'}"
    ),
    "large-pattern": lambda: _matter(
        "  inputs:\n    x: {pattern: '(?:(?:(?:a{1,999}){1,999}){1,999})[bc]', default: '" + "a" * 900 + "'}"
    ),
    "deep-pattern": lambda: _matter("  inputs:\n    x: {pattern: '" + "(" * 9000 + "', default: a}"),
    "capture": lambda: (
        b"# P\n\n## Steps\n\n<!-- runbook: capture=x:/(?:a|aa)+[bc]/ -->\n\n"
        b"```bash\nprintf 'a%.0s' $(seq 90); echo d\n```\n\n```bash\necho <x>\n```\n"
    ),
    "template-that-repeats": lambda: _matter("  inputs:\n    x: '{{ \"a\" * 9999999999 }}'"),
    "template-of-powers": lambda: _matter("  inputs:\n    x: '{{ 9 ** 9 ** 9 ** 9 }}'"),
    "template-that-centers": lambda: _matter("  inputs:\n    x: '{{ \"a\"|center(9999999999) }}'"),
    "template-with-a-loop": lambda: _matter(
        "  inputs:\n    x: '{% for a in range(999999999) %}{{ a }}{% endfor %}'"
    ),
    "template-of-macros": lambda: _matter(
        "  inputs:\n    x: '{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}'"
    ),
    "deep-template": lambda: _matter("  inputs:\n    x: '{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}'"),
    "template-of-signs": lambda: _matter("  inputs:\n    x: '{{ " + "- " * 2000 + "1 }}'"),
    "template-of-numbers": lambda: _matter("  inputs:\n    x: '{{ " + "9" * 900 + "*9" * 1000 + " }}'"),
    "template-of-dates": lambda: _matter("  inputs:\n    x: '{{ now.strftime(\"%0999999999d\") }}'"),
    "when": lambda: b"# P\n\n## Steps\n\n<!-- runbook: when='9**9**9**9 > 1' -->\n\n```bash\ntrue\n```\n",
    "source-of-a-device": lambda: _matter("  inputs:\n    x: {source: 'file:/dev/zero'}"),
    "source-of-a-terminal": lambda: _matter("  inputs:\n    x: {source: 'file:/dev/tty'}"),
    "source-of-a-pipe": lambda: _matter("  inputs:\n    x: {source: 'file:pipe.fifo'}"),
    "source-of-a-folder": lambda: _matter("  inputs:\n    x: {source: 'file:.'}"),
    "source-of-a-large-file": lambda: _matter("  inputs:\n    x: {source: 'file:large.sparse'}"),
    "source-of-a-process": lambda: _matter("  inputs:\n    x: {source: 'file:/proc/kmsg'}"),
    "source-of-a-loop": lambda: _matter("  inputs:\n    x: {source: 'file:loop.link'}"),
}  # fmt: skip


def make_neighbours(folder: Path) -> None:
    """Make the pipe, the loop, the socket and the large file that pages name as sources."""
    os.mkfifo(folder / "pipe.fifo")
    (folder / "loop.link").symlink_to("loop.link")
    with (folder / "large.sparse").open("wb") as file:
        file.truncate(1 << 30)


def make_odd_files(folder: Path) -> dict[str, str]:
    """Make files that are no pages in a folder, and return their paths by what they are."""
    os.mkfifo(folder / "fifo.md")
    (folder / "folder.md").mkdir()
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "nowhere.md").symlink_to("missing.md")
    (folder / "device.md").symlink_to("/dev/zero")
    (folder / "pipe.md").symlink_to("fifo.md")
    with (folder / "sparse.md").open("wb") as file:
        file.truncate(1 << 30)
    with (folder / "line.md").open("wb") as file:
        file.write(b"a" * 50_000_000)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket.md"))
    names = ("fifo", "folder", "loop", "nowhere", "device", "pipe", "sparse", "line", "socket")
    return {name: f"{name}.md" for name in names} | {
        "zero": "/dev/zero",
        "tty": "/dev/tty",
        "random": "/dev/random",
    }
