"""Recognises the tokens of well-known services, which are secrets without a declaration.

The patterns of about 90 services are data, made from the rules of gitleaks. Those below are more exact than
these, or tell tokens from the text around them in another way.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ..light_classes import NamedTuple


class TokenPattern(NamedTuple):
    """A kind of token: each begins with one of `seeds`, and `whole` matches a complete one.

    If `whole` has a group, the group is the token. `unfinished` matches the beginning of one at the very end
    of a text, which more text could complete. Both are compiled for the first text that holds a seed: most
    runs see none. What has less than `entropy` bits for each character is an example, and no token.
    """

    name: str
    seeds: tuple[bytes, ...]
    whole: bytes
    unfinished: bytes
    entropy: float = 0


_LEAST_ENTROPY = 2.0  # bits for each character: `ghp_xxxxxxxx…` is an example

_NOT_WITHIN_A_WORD = rb"(?<![A-Za-z0-9_])"


def _simple_pattern(name: str, seed: str, body: str, least: int, most: int = 4096) -> TokenPattern:
    """Return the pattern of a token that is its seed and characters of one class.

    The token has `least` to `most` of these characters, and ends before any other character.
    """
    start = _NOT_WITHIN_A_WORD + re.escape(seed.encode())
    rest = body.encode()
    return TokenPattern(
        name,
        (seed.encode(),),
        rb"%b[%b]{%d,%d}+(?![%b])" % (start, rest, least, most, rest),
        rb"%b[%b]{0,%d}+\Z" % (start, rest, most),
        _LEAST_ENTROPY,
    )


def _explicit_pattern(name: str, seed: str, whole: bytes, unfinished: bytes) -> TokenPattern:
    return TokenPattern(name, (seed.encode(),), whole, unfinished)


_MACAROON = rb"(?:fm1[ar]|fm2|fo1)_[A-Za-z0-9+/=_-]{16,4096}+"

_KEY_HEADER = rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"

# Lines of Base64 and the headers of old PEM files; in JSON the line ends are written `\n`.
_KEY_LINES = (
    rb"(?>(?:[ \t]*(?:\\r|\\n|\r|\n)(?:[ \t]*(?:Proc-Type|DEK-Info|Version|Comment): [^\r\n\\]{0,100})?"
    rb"|(?<=[\n\r])[ \t]+|[A-Za-z0-9+/=]++){0,2000})"
)


_KEY_END_BEGUN = rb"(?:-{0,5}|-----E(?:N(?:D(?: [A-Z0-9 ]{0,80}+-{0,5})?)?)?)"


_HEADER = rb"[Aa]uthorization[\"']?[ \t]*:[ \t]*[\"']?"

# In output they come from programs that show what they send, such as `curl -v`. The value has a digit, or a
# capital letter after a small one: `YOUR_TOKEN` is none.
_SCHEMES = rb"(?:[Bb]asic|[Bb]earer|[Tt]oken|[Aa]pi[Kk]ey)[ \t]+"

_HEADER_UNFINISHED = rb"[Aa]uthorization[\"' \t:]{0,20}(?:[A-Za-z]{1,7}(?:[ \t]+[\w=~@.+/:-]{0,4096}+)?)?\Z"

OWN_PATTERNS: tuple[TokenPattern, ...] = (
    _explicit_pattern(
        "Fly.io token",
        "FlyV1 ",
        rb"FlyV1 %b(?>(?:,%b)*)" % (_MACAROON, _MACAROON),
        rb"FlyV1 [A-Za-z0-9+/=_,-]{0,8192}+\Z",
    ),
    *(
        _explicit_pattern(
            "Fly.io macaroon",
            seed,
            rb"%b(?=%b)%b(?>(?:,%b)*)" % (_NOT_WITHIN_A_WORD, seed.encode(), _MACAROON, _MACAROON),
            rb"%b%b[A-Za-z0-9+/=_,-]{0,8192}+\Z" % (_NOT_WITHIN_A_WORD, seed.encode()),
        )
        for seed in ("fm2_", "fm1r_", "fm1a_", "fo1_")
    ),
    _simple_pattern("GitHub personal token", "ghp_", "A-Za-z0-9", 36, 255),
    _simple_pattern("GitHub OAuth token", "gho_", "A-Za-z0-9", 36, 255),
    _simple_pattern("GitHub user token", "ghu_", "A-Za-z0-9", 36, 255),
    _simple_pattern("GitHub installation token", "ghs_", "A-Za-z0-9", 36, 255),
    _simple_pattern("GitHub refresh token", "ghr_", "A-Za-z0-9", 36, 255),
    _simple_pattern("GitHub fine-grained token", "github_pat_", "A-Za-z0-9_", 22, 255),
    _simple_pattern("GitLab token", "glpat-", "A-Za-z0-9_.-", 20, 300),
    _simple_pattern("AWS key id", "AKIA", "A-Z0-9", 16, 16),
    _simple_pattern("AWS temporary key id", "ASIA", "A-Z0-9", 16, 16),
    _simple_pattern("1Password service account", "ops_eyJ", "A-Za-z0-9_=-", 40),
    _explicit_pattern(
        "Slack token",
        "xox",
        _NOT_WITHIN_A_WORD + rb"xox[abeoprs]-(?=[A-Za-z-]*[0-9])[A-Za-z0-9-]{13,255}+(?![A-Za-z0-9-])",
        _NOT_WITHIN_A_WORD + rb"xox(?:[abeoprs](?:-[A-Za-z0-9-]{0,255}+)?)?\Z",
    ),
    _explicit_pattern(
        "JSON web token",
        "eyJ",
        _NOT_WITHIN_A_WORD + rb"eyJ[\w-]{8,2048}+\.eyJ[\w-]{2,8192}+\.[\w-]{16,2048}+(?![\w-])",
        _NOT_WITHIN_A_WORD
        + rb"eyJ[\w-]{0,2048}+(?:\.(?:e(?:y(?:J[\w-]{0,8192}+(?:\.[\w-]{0,2048}+)?)?)?)?)?\Z",
    ),
    _explicit_pattern(
        "private key",
        "-----BEGIN ",
        _KEY_HEADER + _KEY_LINES + rb"[ \t]*-----END [A-Z0-9 ]{0,80}PRIVATE KEY(?: BLOCK)?-----",
        rb"-----BEGIN [A-Z0-9 ]{0,100}+-{0,5}\Z|%b%b[ \t]*\\?%b\Z"
        % (_KEY_HEADER, _KEY_LINES, _KEY_END_BEGUN),
    ),
    _simple_pattern("age secret key", "AGE-SECRET-KEY-1", "A-Z0-9", 50, 80),
    _simple_pattern("Tailscale key", "tskey-", "A-Za-z0-9-", 16, 200),
    _simple_pattern("Atlassian API token", "ATATT3", r"\w=-", 60, 300),
    _simple_pattern("Sourcegraph token", "sgp_", "A-Za-z0-9_", 40, 80),
    *(_simple_pattern("SonarQube token", seed, "a-z0-9", 40, 40) for seed in ("squ_", "sqp_", "sqa_")),
    _simple_pattern("JSON web token in Base64", "ZXlK", "A-Za-z0-9+/=_-", 60),
    _explicit_pattern(
        "Slack webhook",
        "hooks.slack.com/",
        _NOT_WITHIN_A_WORD + rb"hooks\.slack\.com/(?:services|workflows|triggers)/([\w/]{40,80}+)(?![\w/])",
        _NOT_WITHIN_A_WORD + rb"hooks\.slack\.com/[\w/]{0,100}+\Z",
    ),
    _explicit_pattern(
        "Telegram bot token",
        ":AA",
        _NOT_WITHIN_A_WORD + rb"[0-9]{8,12}:AA[\w-]{32,34}+(?![\w-])",
        _NOT_WITHIN_A_WORD + rb"[0-9]{8,12}:AA[\w-]{0,34}+\Z",
    ),
    _explicit_pattern(
        "Azure client secret",
        "Q~",
        rb"(?<![\w~.])[\w~.]{3}[0-9]Q~[\w~.-]{31,34}+(?![\w~.-])",
        rb"(?<![\w~.])[\w~.]{3}[0-9]Q~[\w~.-]{0,34}+\Z",
    ),
    _explicit_pattern(
        "Authorization header",
        "uthorization",
        _HEADER + _SCHEMES + rb"(?=[\w=~@.+/:-]{0,512}?(?:[0-9]|[a-z][A-Z]))([\w=~@.+/:-]{8,4096}+)",
        _HEADER_UNFINISHED,
    ),
)


SERVICE_FILE = Path(__file__).with_name("service_tokens.json")

_LITERALS = (b"uthorization", b"-----BEGIN ", b"Q~")  # seeds that do not begin a word

_RUN = b"a" * 18  # the shortest token has a word of so many characters, its seed included

# A word of a token as `a`: most texts have few words that are long enough.
_SHAPE = bytes(b" a"[code < 0x80 and (chr(code).isalnum() or chr(code) in "_-")] for code in range(256))

_BLANKS = (b" ", b"\n", b"\t", b'"', b"'")  # what is between words that may be one token

# Everything that divides words as `-`: one byte is found much faster than any of several.
_WORDS = bytes(
    code if code < 0x80 and (chr(code).isalnum() or code == b"_"[0]) else b"-"[0] for code in range(256)
)


@cache
def token_patterns() -> tuple[TokenPattern, ...]:
    """Return all patterns: our own, and those of the services."""
    known = json.loads(SERVICE_FILE.read_bytes())["patterns"]
    return (*OWN_PATTERNS, *map(_service_pattern, known))


def _service_pattern(known: dict[str, Any]) -> TokenPattern:
    seeds = tuple(seed.encode() for seed in known["seeds"])
    begun = b"|".join(map(re.escape, seeds))
    return TokenPattern(
        known["name"],
        seeds,
        rb"%b%b(?![A-Za-z0-9_])" % (_NOT_WITHIN_A_WORD, known["whole"].encode()),
        rb"%b(?:%b)[%b]{0,4096}+\Z" % (_NOT_WITHIN_A_WORD, begun, known["characters"].encode()),
        known.get("entropy", 0),
    )


class _Seeds(NamedTuple):
    """The seeds of a token pattern, of this number, that begin with one key.

    The key comes `before` bytes after the beginning of a seed.
    """

    number: int
    seeds: tuple[bytes, ...]
    before: int


class _SeedSearch(NamedTuple):
    """Finds keys, the beginnings of seeds, in a text in which `-` is all that divides words."""

    pattern: re.Pattern[bytes]
    by_key: dict[bytes, list[_Seeds]]


@cache
def _make_seed_search() -> _SeedSearch:
    keys = _choose_keys()
    by_key: dict[bytes, list[_Seeds]] = {key: [] for key in keys}
    for number, pattern in enumerate(token_patterns()):
        by_prefix: dict[bytes, list[bytes]] = {}
        for seed in pattern.seeds:
            known = _key_of(seed)
            at = bisect_right(keys, known) - 1
            if at >= 0 and known.startswith(keys[at]):
                by_prefix.setdefault(keys[at], []).append(seed)
        for key, seeds in by_prefix.items():
            by_key[key].append(_Seeds(number, tuple(seeds), len(seeds[0]) - len(_key_of(seeds[0]))))
    by_first: dict[bytes, list[bytes]] = {}
    for key in keys:
        by_first.setdefault(key[:1], []).append(key[1:])
    # by their first byte, because an alternative with another one costs next to nothing
    written = b"|".join(b"%b(?:%b)" % (key, b"|".join(_join_last(rest))) for key, rest in by_first.items())
    return _SeedSearch(re.compile(rb"-(?=(%b))" % written), by_key)


def _choose_keys() -> list[bytes]:
    """Return the beginnings of all seeds, sorted; none of them begins another one."""
    keys: list[bytes] = []
    for key in sorted({_key_of(s) for each in token_patterns() for s in each.seeds if s not in _LITERALS}):
        if not keys or not key.startswith(keys[-1]):
            keys.append(key)
    return keys


def _key_of(seed: bytes) -> bytes:
    return seed.translate(_WORDS).lstrip(b"-")


def _join_last(rest: Iterable[bytes]) -> list[bytes]:
    """Return the ends of keys as patterns, with those that differ only in the last byte as one."""
    groups: dict[bytes, list[bytes]] = {}
    for each in rest:
        groups.setdefault(each[:-1], []).append(each[-1:])
    return [
        b"%b[%b]" % (start, b"".join(sorted(ends, reverse=True))) if len(ends) > 1 else start + ends[0]
        for start, ends in groups.items()
    ]


def find_suspects(text: bytes) -> list[TokenPattern]:
    """Return the patterns of which a token, or the beginning of one at the end, may be in the text.

    This is quick, and an empty list is always right. A token holds a long word, which is rare in other text,
    and its seed begins a word; the last word may go on in text that follows.
    """
    known = _make_seed_search()
    begin = 0 if _RUN in text.translate(_SHAPE) else max(map(text.rfind, _BLANKS)) + 1  # of the last word
    searched = text[begin:]
    found = {
        seeds.number
        for key in known.pattern.finditer(b"-" + searched.translate(_WORDS))
        for seeds in known.by_key[key[1]]
        if _may_begin(searched, key.start(), seeds)
    }
    if b"uthorization" in text or b"-----BEGIN " in text or (b"~" in text and b"Q~" in text):
        found.update(at for at, each in enumerate(token_patterns()) if _is_literal(each, text))
    return [token_patterns()[at] for at in sorted(found)] if found else []


def _may_begin(text: bytes, key: int, seeds: _Seeds) -> bool:
    """Return whether a token with one of the seeds, the key of which is at `text[key]`, may begin there."""
    if not text.startswith(seeds.seeds, key - seeds.before):
        return False
    pattern = token_patterns()[seeds.number]
    return seeds.before > 0 or any(
        re.compile(form).match(text, key) for form in (pattern.whole, pattern.unfinished)
    )


def _is_literal(pattern: TokenPattern, text: bytes) -> bool:
    return pattern.seeds[0] in _LITERALS and pattern.seeds[0] in text


def find_tokens(
    text: bytes, suspects: Iterable[TokenPattern] | None = None
) -> Iterator[tuple[str, int, int]]:
    """Yield the pattern's name, the start and the end of every complete token in the text.

    Tokens of longer patterns come first. `suspects` are the patterns to search, if they are known.
    """
    for pattern in find_suspects(text) if suspects is None else suspects:
        for match in re.finditer(pattern.whole, text):
            span = match.span(match.re.groups)
            if not pattern.entropy or _entropy(text[slice(*span)]) >= pattern.entropy:
                yield pattern.name, *span


def find_public_prefix(token: str) -> str:
    """Return the beginning that all tokens of a service have, such as `ghp_`; empty for any other secret."""
    text = token.encode("utf-8", "surrogateescape")
    for pattern in find_suspects(text):
        if re.fullmatch(pattern.whole, text):
            seed = next((each for each in pattern.seeds if text.startswith(each)), b"")
            return seed.decode("ascii")
    return ""


def find_unfinished_token(text: bytes, suspects: Iterable[TokenPattern]) -> int:
    """Return where the first token begins that more text could complete or lengthen.

    Returns the end of the text if there is none.
    """
    matches = (re.search(pattern.unfinished, text) for pattern in suspects)
    return min((match.start() for match in matches if match is not None), default=len(text))


def _entropy(token: bytes) -> float:
    """Return the entropy of a token, in bits for each character."""
    size = len(token)
    return -sum(count / size * math.log2(count / size) for count in Counter(token).values())
