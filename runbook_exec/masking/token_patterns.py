"""Recognises the tokens of well-known services, which are secrets without a declaration.

The patterns of about 90 services are data, made from the rules of gitleaks. Those below are more exact than
these, or tell tokens from the text around them in another way.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple


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

# In output they come from programs that show what they send, such as `curl -v`.
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
        _HEADER + _SCHEMES + rb"([\w=~@.+/:-]{8,4096}+)",
        _HEADER_UNFINISHED,
    ),
)


SERVICE_FILE = Path(__file__).with_name("service_tokens.json")

_LITERALS = (b"uthorization", b"-----BEGIN ", b"FlyV1 ")  # seeds that do not begin a word of a token

_INNER = (b":AA", b"Q~")  # seeds within a token

_RUN = b"a" * 18  # the shortest token has this many characters, its seed included

_KEY = 3  # bytes of a seed that are looked up

# A word of a token as `a`: most texts have few words that are long enough.
_SHAPE = bytes(b" a"[code < 0x80 and (chr(code).isalnum() or chr(code) in "_-")] for code in range(256))

_DIVIDERS = b".=~:/+"  # other characters of tokens

_OF_BASE64 = b"/+"  # in the tokens of few services, but the first in every path

_BLANKS = bytes.maketrans(b"\t\r\n\"'", b"     ")

_PARTS = bytes(
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


@cache
def _patterns_by_key() -> dict[bytes, list[TokenPattern]]:
    """Return the patterns by the key of their seeds."""
    found: dict[bytes, list[TokenPattern]] = {}
    for pattern in token_patterns():
        for key in {seed if seed in _LITERALS + _INNER else _keys(seed)[0] for seed in pattern.seeds}:
            found.setdefault(key, []).append(pattern)
    return found


def _keys(text: bytes) -> list[bytes]:
    """Return the first three bytes of each word in a text."""
    return [word[:_KEY] for word in text.translate(_PARTS).split(b"-")]


def may_hold_token(text: bytes) -> bool:
    """Return whether a token may be in the text. This is quick, and False is always right."""
    return next(_find_suspects(text), None) is not None


def find_tokens(text: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield the pattern's name, the start and the end of every complete token in the text.

    Tokens of longer patterns come first.
    """
    for pattern in _in_order(_find_suspects(text)):
        for match in re.finditer(pattern.whole, text):
            span = match.span(match.re.groups)
            if not pattern.entropy or _entropy(text[slice(*span)]) >= pattern.entropy:
                yield pattern.name, *span


def find_unfinished_token(text: bytes) -> int:
    """Return where the first token begins that more text could complete or lengthen.

    Returns the end of the text if there is none.
    """
    matches = (re.search(pattern.unfinished, text) for pattern in _in_order(_find_suspects(text)))
    return min((match.start() for match in matches if match is not None), default=len(text))


def _in_order(found: Iterable[TokenPattern]) -> list[TokenPattern]:
    suspects = set(found)
    return [pattern for pattern in token_patterns() if pattern in suspects] if suspects else []


def _find_suspects(text: bytes) -> Iterator[TokenPattern]:
    """Yield the patterns a seed of which is in the text, some more than once.

    A token holds a long word, which is rare in other text. Its seed begins the word, or a part of it behind
    `-`, or comes before the word and a divider. The last word may go on in text that follows, and may
    therefore be shorter.
    """
    known = _patterns_by_key()
    keys = {literal for literal in _LITERALS if literal in text}
    spans = _long_words(text)
    words = b"-".join([text[start:end] for start, end in spans])
    keys.update([part[:_KEY] for part in words.split(b"-")])
    before = {text[start - 1] for start, _ in spans if start}
    if not before.isdisjoint(_DIVIDERS):
        keys.update(*map(_keys, _regions(text, spans)), _INNER)
    for key in known.keys() & keys:
        for pattern in known[key]:
            if any(seed in text for seed in pattern.seeds):
                yield pattern


def _long_words(text: bytes) -> list[tuple[int, int]]:
    """Return the start and end of each word that is long enough for a token, and of the last word."""
    shape = text.translate(_SHAPE) + b" "
    spans = []
    end = 0
    at = shape.find(_RUN)
    while at >= 0:
        end = shape.find(b" ", at)
        spans.append((at, end))
        at = shape.find(_RUN, end)
    if end < len(text):
        spans.append((shape.rfind(b" ", 0, len(text)) + 1, len(text)))
    return spans


def _regions(text: bytes, spans: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """Yield the words between a blank and a long word behind a divider, unless that is in a path."""
    past = 0
    blanks = text.translate(_BLANKS)
    for start, end in spans:
        before = text[start - 1 : start]
        in_base64 = before in _OF_BASE64
        if before in _DIVIDERS and not (in_base64 and text[start:end].islower()):
            blank = blanks.rfind(b" ", past, start)
            if blank >= 0 or not past or not in_base64:  # else the long word before is in the same token
                yield text[max(past, blank + 1) : end]
        past = end


def _entropy(token: bytes) -> float:
    """Return the entropy of a token, in bits for each character."""
    size = len(token)
    return -sum(count / size * math.log2(count / size) for count in Counter(token).values())
