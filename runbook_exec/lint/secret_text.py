"""S4xx: secrets that were written into the page."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from ..model import Severity
from ..token_shapes import find_tokens
from .lines import span_in
from .rule import Example, Finding, Page, Rule

_ASSIGNED = re.compile(
    r"(?i)\b([\w.-]*(?:token|secret|passwd|password|passphrase|api[_-]?key|access[_-]?key|credentials?)[\w-]*)"
    r"[\"']?[ \t]*(?:=|:|[ \t])[ \t]*[\"']?([A-Za-z0-9+/=_.!@#%^*-]{16,200})"
)
_PLAIN = re.compile(
    r"[a-z-]+|[A-Z_]+|\d+|[\w-]*(?:example|placeholder|changeme|redacted|xxxx|your)[\w-]*", re.IGNORECASE
)


def known_shape(page: Page) -> Iterator[Finding]:
    """Tokens whose form tells whose they are."""
    text = page.runbook.text
    data = text.encode("utf-8", "surrogatepass")
    spans = list(find_tokens(data))
    for name, start, end in spans:
        within = any(a <= start and end <= b and (a, b) != (start, end) for _, a, b in spans)
        if not within:
            first = len(data[:start].decode("utf-8", "replace"))
            last = first + len(data[start:end].decode("utf-8", "replace"))
            yield Finding(
                f"this looks like a {name} written into the page",
                span_in(text, first, last),
                "revoke it, take it out, and put a placeholder in its place; it stays in the history",
            )


def high_entropy(page: Page) -> Iterator[Finding]:
    """Random-looking text next to a name that says secret."""
    text = page.runbook.text
    shaped = list(find_tokens(text.encode("utf-8", "surrogatepass")))
    if shaped:
        return
    for match in _ASSIGNED.finditer(text):
        value = match[2]
        if not _PLAIN.fullmatch(value) and _entropy(value) >= 3.6 and _mixed(value):
            yield Finding(
                f"`{match[1]}` stands beside what looks like the secret itself",
                span_in(text, match.start(2), match.end(2)),
                "put a placeholder in its place, or allow it with `<!-- runbook: ignore=S402 -->` above",
            )


def _entropy(text: str) -> float:
    """Bits for each character, by the frequencies in the text itself."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def _mixed(text: str) -> bool:
    kinds = (str.isdigit, str.isupper, str.islower)
    return sum(any(kind(letter) for letter in text) for kind in kinds) >= 2 and any(map(str.isdigit, text))


_BODY = "Zk3vQ9x1LmN8pR5tYw2sBc7dEf4gHj6kAqUo"

RULES = (
    Rule(
        "S401",
        "token",
        "A token in a page is in every clone of it. Its form alone tells that it is one: Fly.io, GitHub, "
        "GitLab, AWS, 1Password service accounts, Slack, JWT, private keys, age, Tailscale.",
        known_shape,
        bad=(
            Example("Use `ghp_" + _BODY + "`.\n", at=(1, 6)),
            Example("```fish\nset -x AWS AKIA" + "ABCDEFGHIJKL2345" + "\n```\n", at=(2, 12)),
        ),
        good=(
            Example("Tokens begin with `ghp_` and are 40 characters long.\n"),
            Example("```fish\nset -x GITHUB_TOKEN <github-token>\n```\n"),
        ),
        severity=Severity.ERROR,
    ),
    Rule(
        "S402",
        "secret-literal",
        "A long, random-looking word beside a name such as `password` is most often the password.",
        high_entropy,
        bad=(
            Example("```fish\nset -x DB_PASSWORD 'h7Gk2pQ9vX4mZ1tR8w'\n```\n", at=(2, 21)),
            Example("api_key: 9f8a7d6c5b4e3f2a1b0c9d8e7f6a5b4c\n", at=(1, 10)),
        ),
        good=(
            Example("```fish\nset -x DB_PASSWORD (op read op://vault/database/password)\n```\n"),
            Example("password: use-the-one-from-the-vault\n"),
        ),
    ),
)
