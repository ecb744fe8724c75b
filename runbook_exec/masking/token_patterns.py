"""Recognises the tokens of well-known services, which are secrets without a declaration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class TokenPattern(NamedTuple):
    """A kind of token: `seed` is in every one of them, `whole` is a complete one.

    `unfinished` is the beginning of one at the very end of a text, which more text could complete. Both are
    patterns that are not compiled before a text holds the seed: most runs see none.
    """

    name: str
    seed: bytes
    whole: bytes
    unfinished: bytes


_NOT_WITHIN_A_WORD = rb"(?<![A-Za-z0-9_])"


def _simple_pattern(name: str, seed: str, body: str, least: int, most: int = 4096) -> TokenPattern:
    """Return the pattern of a token that is its seed and characters of one class.

    The token has `least` to `most` of these characters, and ends before any other character.
    """
    start = _NOT_WITHIN_A_WORD + re.escape(seed.encode())
    rest = body.encode()
    return TokenPattern(
        name,
        seed.encode(),
        rb"%b[%b]{%d,%d}+(?![%b])" % (start, rest, least, most, rest),
        rb"%b[%b]{0,%d}+\Z" % (start, rest, most),
    )


def _explicit_pattern(name: str, seed: str, whole: bytes, unfinished: bytes) -> TokenPattern:
    return TokenPattern(name, seed.encode(), whole, unfinished)


_MACAROON = rb"(?:fm1[ar]|fm2|fo1)_[A-Za-z0-9+/=_-]{16,4096}+"

_KEY_HEADER = rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"

# Lines of Base64 and the headers of old PEM files; in JSON the line ends are written `\n`.
_KEY_LINES = (
    rb"(?>(?:[ \t]*(?:\\r|\\n|\r|\n)(?:[ \t]*(?:Proc-Type|DEK-Info|Version|Comment): [^\r\n\\]{0,100})?"
    rb"|(?<=[\n\r])[ \t]+|[A-Za-z0-9+/=]++){0,2000})"
)


_KEY_END_BEGUN = rb"(?:-{0,5}|-----E(?:N(?:D(?: [A-Z0-9 ]{0,80}+-{0,5})?)?)?)"


TOKEN_PATTERNS: tuple[TokenPattern, ...] = (
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
        _NOT_WITHIN_A_WORD + rb"xox[abeoprs]-[A-Za-z0-9-]{10,255}+(?![A-Za-z0-9-])",
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
)


# A text that none of these match contains no seed. A search for a pattern that begins with a literal is many
# times faster than for one that does not, and a search for a single character is faster still. Each pattern
# therefore comes with its rarest characters: without them it cannot match.
_SUSPICIONS = tuple(
    (tuple(bytes([character]) for character in rare), re.compile(pattern))
    for rare, pattern in (
        (b"_", rb"_(?<=fm2_|fo1_|m1[ra]_|gh[pousr]_|pat_)"),
        (b"J", rb"J(?<=eyJ)"),
        (b"AI", rb"A[KS]IA"),
        (b"x-", rb"xox[abeoprs]-"),
        (b"gp-", rb"glpat-"),
        (b"ky-", rb"tskey-"),
        (b"BG-", rb"-----BEGIN "),
        (b"GKY", rb"AGE-SECRET-KEY-1"),
        (b"FV", rb"FlyV1 "),
    )
)


def may_hold_token(text: bytes) -> bool:
    """Return whether a token may be in the text. This is quick, and False is always right."""
    for rare, pattern in _SUSPICIONS:
        for character in rare:
            if character not in text:
                break
        else:
            if pattern.search(text):
                return True
    return False


def find_tokens(text: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield the pattern's name, the start and the end of every complete token in the text.

    Tokens of longer patterns come first.
    """
    for shape in TOKEN_PATTERNS:
        if shape.seed in text:
            for match in re.finditer(shape.whole, text):
                yield shape.name, match.start(), match.end()


def find_unfinished_token(text: bytes) -> int:
    """Return where the first token begins that more text could complete or lengthen.

    Returns the end of the text if there is none.
    """
    starts = (
        match.start()
        for shape in TOKEN_PATTERNS
        if shape.seed in text and (match := re.search(shape.unfinished, text)) is not None
    )
    return min(starts, default=len(text))
