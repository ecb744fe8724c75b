"""P110, P111 and P113: characters and line ends that look right and are not, or cannot be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...document.block_text.suspicious import find_suspicious_text
from ...text.ansi import may_be_unprintable
from ...text.lazy_pattern import LazyPattern
from ...text.source import make_span
from ..facts.shell_code import find_shell_code
from ..rule import Example, Page, Rule


def _find_suspicious(*, asks: bool) -> Callable[[Page], Iterator[Finding]]:
    """Return a check that reports suspicious text: characters if `asks`, else ends of lines."""

    def check(page: Page) -> Iterator[Finding]:
        for code in find_shell_code(page):
            for each in find_suspicious_text(code.script, code.scan):
                if each.asks == asks and not each.is_certain:
                    yield Finding(each.message, code.span(each.start, each.end), each.advice)

    return check


_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"  # letters whose lines have marks of direction

_HIDDEN = LazyPattern(
    r"(?P<control>[\x00-\x08\x0b\x0e-\x1f\x7f]|(?<![\x80-\xff])[\x80-\x9f](?![\x80-\xff]))"
    r"|(?P<direction>[\u202a-\u202e\u2066-\u2069])"
    r"|(?P<mark>[\u200e\u200f\u061c])"
    r"|(?P<separator>[\u2028\u2029])"
    r"|(?P<flag>\U0001f3f4[\U000e0030-\U000e007a]{2,6}\U000e007f)"
    r"|(?P<hidden>[\U000e0000-\U000e00ff]+|(?<![^\x00-\x7f])[\U000e0100-\U000e01ef]"
    r"|(?<![^\x00-\x7f])[\u200b\u2060-\u2064\u206a-\u206f\ufff9-\ufffb](?![^\x00-\x7f])"
    r"|(?<=[A-Za-z0-9])[\u200b-\u200d\u2060-\u2064\ufeff](?=[A-Za-z0-9]))"
)

_RTL_LETTER = LazyPattern(f"[{_RIGHT_TO_LEFT}]")

_WHAT = {
    "control": "a control character, which acts on a terminal",
    "direction": "a character that changes the order in which the line is shown",
    "mark": "an invisible mark of direction",
    "separator": "a line end that only some programs see",
    "hidden": "an invisible character",
}


def find_hidden_characters(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the places of control and hidden characters of a page, and what they are.

    Joined emoji, flags, and marks of direction in a line of Arabic or Hebrew are no such characters.
    """
    if not may_be_unprintable(text):
        return
    for found in _HIDDEN.finditer(text):
        kind = found.lastgroup or ""
        if kind == "flag":
            continue
        if kind in ("direction", "mark") and found[0] not in "\u202d\u202e":
            line = text[text.rfind("\n", 0, found.start()) + 1 : found.start() + 200].partition("\n")[0]
            if _RTL_LETTER.search(line):
                continue
        yield found.start(), found.end(), _WHAT[kind]


def _find_hidden(page: Page) -> Iterator[Finding]:
    """Yield the first character of each kind on a line, outside of what P110 reports."""
    text = page.runbook.text
    reported = {
        code.span(each.start, each.end).start
        for code in (find_shell_code(page) if not text.isascii() else ())
        for each in find_suspicious_text(code.script, code.scan)
    }
    last: tuple[int, str] = (0, "")
    for start, end, what in find_hidden_characters(text):
        span = make_span(text, start, end)
        if start in reported or (span.line, what) == last:
            continue
        last = span.line, what
        code = " ".join(f"U+{ord(each):04X}" for each in text[start : min(end, start + 4)])
        yield Finding(f"{code} is {what}", span, "remove it, or write it as an escape such as `\\x1b`")


RULES = (
    Rule(
        RuleInfo(
            "P110",
            "look-alike",
            does="Reports typographic quotes and dashes, no-break spaces and invisible characters in "
            "commands. A run shows them and asks before the command.",
            why="Word processors and web pages put these characters into commands. They look right, but "
            "the shell reads them as parts of words.",
        ),
        _find_suspicious(asks=True),
        bad=(
            Example("```bash\nls\u00a0-d /tmp\n```\n", at=(2, 3)),
            Example("```bash\ngrep “hello world\n```\n", at=(2, 6)),
            Example("```bash\ncurl \u2013silent x\n```\n", at=(2, 6)),
            Example("```fish\nkube\u200bctl get pods\n```\n", at=(2, 5)),
            Example("```bash\nA=\u201d/path/x run\n```\n", at=(2, 3)),
            Example("```bash\necho ok # \u202egnihtemos\n```\n", at=(2, 11)),
        ),
        good=(
            Example("```bash\nls -d /tmp\n```\n"),
            Example("```bash\necho 'a “quoted” word \u2013 in text'\n```\n"),
            Example("```bash\n# “quoted” \u2013 in a comment\nls\n```\n"),
            Example("```bash\ncat <<EOF\n\u2013wait “for it”\nEOF\n```\n"),
            Example("```bash\necho don’t café 日本 \u2014 done\n```\n"),
            Example("```text\nls\u00a0-d\n```\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "P111",
            "line-end",
            does="Reports a `\\` before an empty line or a comment.",
            why="The command continues to nothing, and the lines below are not a part of it.",
        ),
        _find_suspicious(asks=False),
        bad=(
            Example("```bash\nhelm install x \\\n  # the values\n```\n", at=(2, 16)),
            Example("```bash\necho a \\\n\necho b\n```\n", at=(2, 8)),
        ),
        good=(
            Example("```bash\n# the values\nhelm install x \\\n  --wait\n```\n"),
            Example("```bash\necho a \\\n  b # why\n```\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "P113",
            "hidden-character",
            does="Reports escape sequences, direction controls and invisible characters. `runbook-exec` "
            "shows them as `\\x1b` or `\\u202e`. Text in Arabic or Hebrew, joined emoji and a byte "
            "order mark at the beginning are not reported.",
            why="These characters hide or change what a reader sees, and most programs let them act.",
        ),
        _find_hidden,
        bad=(
            Example("# Delete \u202enothing\n", at=(1, 10)),
            Example("Press \x1b[8m enter\n", at=(1, 7)),
            Example("See pay\u200bpal.com\n", at=(1, 8)),
            Example("Two\u2028lines\n", at=(1, 4)),
            Example("Read this\U000e0041\U000e0042.\n", at=(1, 10)),
            Example("```text\na\x07b\n```\n", at=(2, 2)),
            Example("```bash\necho '\u200b'\n```\n", at=(2, 7)),
        ),
        good=(
            Example("# Delete nothing\n"),
            Example("\ufeff# A page\n"),
            Example(
                "👩\u200d💻 ❤\ufe0f 1\ufe0f\u20e3 "
                "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f\n"
            ),
            Example("שלום \u200f(א)\u200e abc\n"),
            Example("مرحبا \u2067x\u2069\n"),
            Example("می\u200cخواهم\n"),
            Example("日本\u200b語 ไทย\u200bไทย\n"),
            Example("Donau\u00addampf\n"),
            Example("don\u00e2\u0080\u0099t\n"),
        ),
    ),
)
