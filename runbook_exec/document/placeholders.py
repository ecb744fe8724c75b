"""Finds placeholders such as `<app-name>` in a script, and decides which names are secret."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern

# Possessive quantifiers (`*+`) keep the patterns linear: no class has `<`, so no text is read twice.
_CANDIDATE = LazyPattern(r"(?<!<)<(?P<name>[^\W\d_][\w .:/-]*+)>")

# text that a shell shows or uses if a variable is unset: `${1:?usage: bump <dir>}`
_DEFAULT_TEXT = LazyPattern(r"\$\{\w+:?[-?=+][^{}\n]*+\Z")

# before the text that `sed 's/…/…/'` looks for
_REPLACED = LazyPattern(r"\b(?:sed|perl)\b.*?[\s'\";]s([/|#,@:!~])(?:(?!\1).)*\Z", re.DOTALL)

_BEFORE_ADDRESS = LazyPattern(r"(?<!-)\b\w+ \Z")  # the name of a person before an address

_OPTIONAL = LazyPattern(r"[ \t]\[<")

_OPTIONAL_END = LazyPattern(r"\](?=[ \t\n]|\Z)")

_FAR = 2000  # characters before a placeholder that can tell what it is

# the odd spellings: `<user's name>`, `< name >`, `"<1-5>"`, `{{< param x >}}`
_ODD = LazyPattern(
    r"(?<!<)<(?P<name>[^\W\d_](?>(?:[\w .:/@,+?!()|=*…-]++|(?<=\w)['’](?=\w))+))>(?![\w$(&~])"
    r"|(?<![<\w])< (?P<spaced>[^\W\d_][\w .:/-]*+)(?<= )>(?=[ \t]*(?:$|\\$|[;|)\"'#]))"
    r"|(?<=[\"'])<(?P<number>\d++-[\w.-]++)>(?=[\"'])"
    r"|(?<=[=/:@\"'])<<(?P<double>[^\W\d_][\w .-]*+)>>"
    r"|\{\{[<%]-?[ \t]*(?P<shortcode>[A-Za-z][^{}<>%\n]*+)[>%]\}\}",
    re.MULTILINE,
)

_TAG = LazyPattern(r"<(?P<slash>/?)(?P<name>[^\W\d_][\w.:-]*+)[^<>]*+>")


_SEPARATORS = LazyPattern(r"[\s_-]+")

_WORD_BORDERS = LazyPattern(r"[-.:/]+")


_SECRET_WORDS = frozenset(
    f"{word}{plural}"
    for word in ("token", "secret", "password", "passphrase", "passwd", "key", "apikey", "credential", "pat")
    for plural in ("", "s")
)

_SECRET_ENDINGS = ("token", "secret", "password", "passphrase", "secretkey", "accesskey", "privatekey")

_ID_OR_PLACE = ("id", "ids", "name", "names", "path", "file", "filename", "url")

_MEASURE = ("count", "type", "expiry", "ttl", "length", "size", "label", "fingerprint")

_ABOUT_A_SECRET = frozenset((*_ID_OR_PLACE, *_MEASURE))

_COUNTING = frozenset(("max", "min", "number", "num", "limit"))

_PUBLIC = frozenset(("public", "pub"))


class ScriptRange(Protocol):
    """A range of a script: `script[start:end]`."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class PlaceholderMatch(NamedTuple):
    """A placeholder in a script: `script[start:end]` is `text`, and `name` is its compared form."""

    start: int
    end: int
    name: str
    text: str
    suspected: bool = False  # whether it may be meant as written


def normalise_name(name: str) -> str:
    """Return a name as it is compared: case folded, with `-` for runs of blanks, `_` and `-`."""
    return _SEPARATORS.sub("-", name.strip()).casefold()


def find_placeholders(script: str, literal: tuple[str, ...] = ()) -> tuple[PlaceholderMatch, ...]:
    """Return the placeholders of a script in order, without the names in `literal`.

    The names in `literal` may have brackets. A placeholder is `<`, a letter, then letters, digits, spaces and
    any of `_ . - : /`, then `>`, on one line. These do not count: text after another `<` (a here-document),
    text with a space or `/` before its `>` (`<in >out`, `<br/>`), text with `://` in it (`<https://…>`), and
    a tag that is closed later (`<b>…</b>`). Odd spellings count where no shell could read them otherwise:
    `<user's name>`, `<a|b>`, `< name >` at the end of a command, `"<1-5>"`, and shortcodes `{{< param x >}}`.
    """
    if "<" not in script and "{{%" not in script:
        return ()
    return _find_in_brackets(script, literal)


@lru_cache(maxsize=16)
def _find_in_brackets(script: str, literal: tuple[str, ...]) -> tuple[PlaceholderMatch, ...]:
    """Return them; the results are remembered, because each block is read several times."""
    kept_as_written = {normalise_literal(name) for name in literal}
    markup = _closed_elements(script)
    found: list[PlaceholderMatch] = []
    taken: set[int] = set()
    for pattern in (_CANDIDATE, _ODD):
        for match in pattern.finditer(script):
            written = match[match.lastgroup or 0]
            if written.endswith("/") or "://" in written or match.start() in markup or match.start() in taken:
                continue
            before = line_before(script, match.start())
            if match.lastgroup == "name" and (written.endswith(" ") or not _is_value(before, written)):
                continue
            name = normalise_name(written.replace("=", "-"))
            if name not in kept_as_written and not _is_default_text(before) and not is_replaced_text(before):
                found.append(_include_brackets(script, match, name))
                taken.add(match.start())
    return tuple(sorted(found))


def _include_brackets(script: str, match: re.Match[str], name: str) -> PlaceholderMatch:
    """Return the placeholder, with the brackets of `[<x>]`, which says that the argument is optional."""
    start, end = match.span()
    if start > 1 and _OPTIONAL.match(script, start - 2) and _OPTIONAL_END.match(script, end):
        start, end = start - 1, end + 1
    return PlaceholderMatch(start, end, name, script[start:end])


def _is_value(before: str, written: str) -> bool:
    """Return whether the text in angle brackets can be a value.

    It is none in `<a href=x>`, `x<type=y>`, `#include <x>`, `<a | b>` and `Jo Doe <jo@example.com>`.
    """
    if ("=" in written and (" " in written or before[-1:].isalnum())) or before.endswith("#include "):
        return False
    if " |" in written or "| " in written or written.count("(") != written.count(")"):
        return False
    return "@" not in written or _BEFORE_ADDRESS.search(before) is None


def line_before(script: str, position: int) -> str:
    """Return the text before a position on its line and on the lines that continue in it."""
    start = script.rfind("\n", 0, position)
    while start > 0 and script[start - 1] == "\\" and position - start < _FAR:
        start = script.rfind("\n", 0, start)
    return script[max(start + 1, position - _FAR) : position]


def is_replaced_text(before: str) -> bool:
    """Return whether `sed` replaces the text that follows these words: the page fills it in itself."""
    return ("sed" in before or "perl" in before) and _REPLACED.search(before) is not None


def _is_default_text(before: str) -> bool:
    return "${" in before and _DEFAULT_TEXT.search(before) is not None


def normalise_literal(name: str) -> str:
    """Return the compared form of a name that is listed as no placeholder; it may have brackets."""
    return normalise_name(name.strip().strip("<>[]{}$"))


def replace_placeholders(script: str, found: Sequence[ScriptRange]) -> str:
    """Return the script with a word of the same length in place of each placeholder.

    This keeps all offsets. The word consists of `Q`: no shell keyword contains one, so it forms no keyword
    with its neighbours. `Q` is neither a digit in any base nor a letter with a meaning after a backslash.
    """
    if not found:
        return script
    pieces: list[str] = []
    position = 0
    for item in found:
        pieces += (script[position : item.start], "Q" * (item.end - item.start))
        position = item.end
    return "".join((*pieces, script[position:]))


def is_secret_name(name: str) -> bool:
    """Return whether a value of this name is a secret unless declared otherwise.

    It is a secret if one of its words is token, secret, password, passphrase, passwd, key, apikey,
    credential or pat, in the singular or the plural, or ends with an unmistakable one of them (`authtoken`).
    It is not a secret if its last word names a property of a secret (`old-token-id`, `key-file`,
    `secret-name`), if it is a count (`max-tokens`), or if its key is a public one.
    """
    words = [word for word in _WORD_BORDERS.split(normalise_name(name)) if word]
    if not words or words[-1] in _ABOUT_A_SECRET or not _COUNTING.isdisjoint(words):
        return False
    return any(
        (word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS))
        and not (word in ("key", "keys") and before in _PUBLIC)
        for before, word in zip(["", *words], words, strict=False)
    )


def _closed_elements(script: str) -> set[int]:
    """Return the offsets of opening tags that a later closing tag closes.

    A closing tag closes the nearest open tag of its name.
    """
    if "</" not in script:
        return set()
    opened: dict[str, list[int]] = {}
    closed = set()
    for tag in _TAG.finditer(script):
        name = tag["name"].casefold()
        if not tag["slash"]:
            if not tag[0].endswith("/>"):
                opened.setdefault(name, []).append(tag.start())
        elif opened.get(name):
            closed.add(opened[name].pop())
    return closed


_PLACEHOLDER_NAME = LazyPattern(r"(?:[^\W\d_]|\d+-\w)[\w .:/@,+?!()|*'’…-]*")


def parse_placeholder_name(text: str) -> str:
    """Return the normalised name of a placeholder, brackets optional.

    Raises ValueError for other text.
    """
    written = text.strip()
    if written[:1] in ("<", "[", "{", "$"):
        written = written.strip("<>[]{}$ ")
    if not _PLACEHOLDER_NAME.fullmatch(written):
        got = f"got `{text}`" if written else "the name is missing"
        raise ValueError(f"expected the name of a placeholder such as `new-token`; {got}")
    return normalise_name(written)
