"""P110 and P111: characters and line ends in commands that look right and are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...document.block_text.suspicious import find_suspicious_text
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


RULES = (
    Rule(
        RuleInfo(
            "P110",
            "look-alike",
            "Word processors and web pages put typographic quotes and dashes, no-break spaces and invisible "
            "characters into commands. They look right, and the shell reads them as parts of words. A run "
            "shows them and asks before the command.",
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
            "A `\\` before an empty line or a comment continues the command to nothing. What is below it is "
            "not a part of the command.",
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
)
