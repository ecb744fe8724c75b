"""Lists the encodings of a secret: itself, its parts, and the output of encoders and shells."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

from ..text.lazy_pattern import LazyPattern

SHORTEST_PART = 8  # characters; a shorter part of a secret is not one by itself

SHORT = 5  # characters; a secret with fewer is masked only where it is a whole word

_WINDOW = 8  # bytes of a secret that are masked wherever they are


_LETTERS = 12  # bytes of a part that may be of words

_LEAST_LETTERS = 4  # different ones in such a part: `xxxxxxxxxxxx` is no part of a secret

_LETTERS_ONLY = LazyPattern(rb"[A-Z]?[a-z]{15,}|[A-Z]{16,}")


_BORDERS = LazyPattern(rb"[\s,]+")

_KEY_BLOCK = b"-----BEGIN "

_KEY_LINE = LazyPattern(rb"[A-Za-z0-9+/=]{16,}")

_ASSIGNMENT = LazyPattern(
    rb"^[ \t]*(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*[=:][ \t]*([^\r\n]*[^\s])", re.MULTILINE
)

# the password of a URL, which may have an @ in it, or a token in place of the user and the password
_USERINFO = LazyPattern(
    rb"[A-Za-z][A-Za-z0-9+.-]{0,30}://(?:[^\s/:@?#\"']{0,256}:([^\s/?#\"']{1,2048})|([^\s/:@?#\"']{16,2048}))@"
)

_NUMBERED = LazyPattern(rb"[0-9]{1,3}[.):][ \t]+|[*-][ \t]+")  # before a code of a list

# a leaf or a line that is short, and yet no number, version or word
_CODE = LazyPattern(rb"(?=.*[0-9])(?:[0-9]{6,7}|(?![0-9.v]*\Z)[^\s]{5,7})")

_MOST_WORDS = 24  # a text of more words is no passphrase

_LONG_PAIR = 10  # bytes of two words

_RANDOM = LazyPattern(rb"[0-9]|[a-z][A-Z]")

# no sentence, URL or path, whose parts are in other text too
_ONE_TOKEN = LazyPattern(rb"(?=.*[^A-Za-z])[^\s/]{12,}")

_NOT_ASCII = LazyPattern(rb"[\x80-\xff]")

_SINGLE_QUOTES = LazyPattern(rb"'+")

_KEYS = LazyPattern(rb"[\x01-\t\x0b-\x1f\x7f]")  # our quoting for fish writes these outside of the quotes

_ANY = LazyPattern(rb".", re.DOTALL)

_NEEDS_QUOTES = LazyPattern(rb"""[\s"#$&()*;<>?\[\\\]^`{|}]""")  # for zsh, between single quotes

_CONTROLS = LazyPattern(rb"[\x01-\x1f\x7f]")

_ESCAPED = {7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 11: b"\\v", 12: b"\\f", 13: b"\\r"}


def _octal(escape: bytes, found: re.Match[bytes]) -> bytes:
    code = ord(found[0])
    return escape if code == 0x1B else _ESCAPED.get(code, b"\\%03o" % code)


def _zsh_octal(found: re.Match[bytes]) -> bytes:
    return b"$'%b'" % _octal(b"\\033", found)


def _caret(found: re.Match[bytes]) -> bytes:
    code = ord(found[0])
    return _ESCAPED[code] if code in (9, 10) else b"\\C-%c" % (code ^ 0x40)


def _fish_escape(found: re.Match[bytes]) -> bytes:
    code = ord(found[0])
    if code in (8, 9, 10, 13):
        return _ESCAPED[code]
    if code == 0x1B:
        return b"\\e"
    return b"\\c%c" % (code | 0x60) if code < 0x1B else b"\\x%02x" % code


# For values with control characters: the characters that get a backslash, and how controls are written.
_WITH_CONTROLS = (
    (rb"[\\']", partial(_octal, b"\\E")),  # bash, $'…'
    (rb"[\\'!]", partial(_octal, b"\\033")),  # zsh, ${(qqqq)name}
    (rb"""[ "#$&'()*;<>?[\\\]^`{|}]""", _zsh_octal),  # zsh, ${(q)name}
    (rb"[\\']", _caret),  # zsh, typeset -p
    (rb"""[ "#$%&'()*;<>?[\\\]{|}~]""", _fish_escape),  # fish, string escape
    (rb"""[ "#$%&'()*;<>[\\\]{|}~]""", _fish_escape),  # the same, fish 4.0
    (rb"""[ "$%&'()*;<>[\\\]{|}~]|(?<![A-Za-z0-9\x80-\xff])#""", _fish_escape),  # the same, later
    (rb"[\\]", _fish_escape),  # fish, set --show
)

# The characters that get a backslash if a shell writes the value, or if the value is written for a shell. A
# character that gets one only at the start of a word is not listed: the text after that backslash is found.
_BACKSLASHED = (
    rb"[^A-Za-z0-9_@%+=:,./\x80-\xff-]",  # everything that may have a meaning in some place
    rb"""[\t !"$&'()*,;<>?[\\\]^`{|}]|(?<=[=:])~""",  # bash, printf %q
    rb"""[\t "#$&'()*;<>?[\\\]^`{|}]""",  # zsh, ${(q)name}
    rb"""[\t "#$%&'()*;<>?[\\\]{|}~]""",  # fish, string escape --no-quoted
    rb"""[\t "#$%&'()*;<>[\\\]{|}~]""",  # the same, fish 4.0
    rb"""[\t "$%&'()*;<>[\\\]{|}~]|(?<![A-Za-z0-9\x80-\xff])#""",  # the same, later
    rb"""[$(*)+\-.?[\\\]^{|}]""",  # fish, string escape --style=regex
    rb"""[\\"$`]""",  # in double quotes
    rb"""[\\"$]""",  # in double quotes, fish 4
    rb"""[\\']""",  # in the single quotes of fish, and in $'…'
    rb"""[\\'!]""",  # zsh, ${(qqqq)name}
    rb"[\\\\]",  # fish, set --show
)

# zsh, ${(qqq)name}: the $ of $' gets no backslash, nor does one at the end if a ' follows the value.
_WITH_DOLLAR = (rb"""[\\"`]|\$(?!')""", rb"""[\\"`]|\$(?!'|\Z)""")


def list_encodings(value: bytes) -> set[bytes]:
    """Return every form of a secret of five characters or more, without line ends."""
    found = set()
    for written in _unicode_forms(value):
        found.update(_join_words(written))  # as they are: a person sees them on a screen
        for part in (written, *split_parts(written)):
            found.add(part)
            found.update(form for form in _encode_all(part) if len(form) >= SHORT)
    return {form for form in (_without_line_ends(form) for form in found) if form.strip()}


def split_parts(value: bytes) -> list[bytes]:
    """Return the parts of a secret that are secrets by themselves.

    They are the parts of 8 or more bytes between blanks or commas, the password in a URL, the lines, the
    values in JSON and in lines `NAME=VALUE`. Of a private key they are the lines of Base64; the words of its
    first and last line are not secret.
    """
    pieces = [piece for piece in _BORDERS.split(value) if len(piece) >= SHORTEST_PART]
    if value.startswith(_KEY_BLOCK):
        return [piece for piece in pieces if _KEY_LINE.fullmatch(piece)]
    leaves = [found[1].strip(b"\"'") for found in _ASSIGNMENT.finditer(value)] + _json_values(value)
    if b"\n" in value:
        leaves += [_NUMBERED.sub(b"", line.strip()) for line in value.splitlines()]
    pieces += [leaf for leaf in leaves if len(leaf) >= SHORTEST_PART or _CODE.fullmatch(leaf)]
    for password in find_url_secrets(value):
        pieces += [each for each in (password, urllib.parse.unquote_to_bytes(password)) if len(each) >= SHORT]
    return [piece for piece in dict.fromkeys(pieces) if piece != value]


def _join_words(value: bytes) -> list[bytes]:
    """Return two or three words in a row of a passphrase: a line of it, if it is wrapped."""
    words = value.split()
    if not 3 < len(words) <= _MOST_WORDS or value.startswith(_KEY_BLOCK):
        return []
    pairs = [pair for pair in map(b" ".join, pairwise(words)) if len(pair) >= _LONG_PAIR]
    triples = [b" ".join(words[at : at + 3]) for at in range(len(words) - 2)]
    return pairs + [triple for triple in triples if len(triple) >= SHORTEST_PART]


def find_url_secrets(text: bytes) -> list[bytes]:
    """Return the passwords, and the tokens in place of a user and a password, of the URLs in a text."""
    return [found[1] or found[2] for found in _USERINFO.finditer(text)] if b"://" in text else []


def list_windows(value: bytes) -> list[bytes]:
    """Return the parts of 8 bytes of a secret that do not look like words of other text.

    Each has a digit, or a capital letter after a small one. `password` and `Password` have neither. Of 16 or
    more letters without these, the parts of 12 letters are returned: no ordinary word is as long. So are the
    other parts of 12 bytes of a secret without blanks and slashes.
    """
    value = _without_line_ends(value)
    windows = (value[at : at + _WINDOW] for at in range(len(value) - _WINDOW + 1))
    found = [window for window in windows if _RANDOM.search(window) and not window[:1].isspace()]
    for run in _LETTERS_ONLY.findall(value):
        parts = (run[at : at + _LETTERS] for at in range(len(run) - _LETTERS + 1))
        found += [part for part in parts if len({*part}) > _LEAST_LETTERS]
    if _ONE_TOKEN.fullmatch(value):
        longer = (value[at : at + _LETTERS] for at in range(len(value) - _LETTERS + 1))
        found += [each for each in longer if not _RANDOM.search(each) and len({*each}) > _LEAST_LETTERS]
    return found


def _json_values(value: bytes) -> list[bytes]:
    """Return the texts in a JSON object or array; none if the value is no JSON."""
    if value.lstrip()[:1] not in (b"{", b"["):
        return []
    try:
        rest = [json.loads(value)]
    except (ValueError, RecursionError):
        return []
    found = []
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            found.append(item.encode("utf-8", "surrogateescape"))
        elif isinstance(item, dict | list):
            rest += item.values() if isinstance(item, dict) else item
    return found


def _unicode_forms(value: bytes) -> set[bytes]:
    """Return the value with accents as they are, composed, and as characters of their own."""
    if value.isascii():
        return {value}
    text = value.decode("utf-8", "surrogateescape")
    forms = (text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text))
    return {form.encode("utf-8", "surrogateescape") for form in forms}


def _encode_all(value: bytes) -> Iterator[bytes]:
    yield from _base64(value)
    yield from _url(value)
    yield from _json(value)
    yield from _quote(value)
    yield from _html(value)
    yield from _hex(value)
    yield from _file_name(value)


def _base64(value: bytes) -> Iterator[bytes]:
    """Yield Base64 of the value: alone, with a newline, within other text, and twice."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for whole in (value, value + b"\n"):
            yield encode(whole)
            yield encode(whole).rstrip(b"=")
        for once in _align_digits(encode, value):
            yield once
            yield from _align_digits(encode, once)


def _align_digits(encode: Callable[[bytes], bytes], value: bytes) -> Iterator[bytes]:
    """Yield the digits of Base64 that do not depend on the text around a value, at each alignment."""
    for before in range(3):
        # a digit stands for six bits, and all of them must come from the value
        first, last = -(-before * 8 // 6), (before + len(value)) * 8 // 6
        yield encode(bytes(before) + value)[first:last]


def _url(value: bytes) -> Iterator[bytes]:
    for safe in ("", "/", "!*'()"):  # Python, Go and JavaScript leave different characters unescaped
        quoted = urllib.parse.quote_from_bytes(value, safe=safe).encode()
        yield quoted
        yield re.sub(rb"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
        yield quoted.replace(b"%", b"%25")
        yield _lower_codes(quoted)
    plus = urllib.parse.quote_plus(value).encode()
    yield plus
    yield urllib.parse.quote_plus(plus).encode()
    every = b"".join(b"%%%02X" % code for code in value)
    yield every
    yield every.lower()


def _lower_codes(quoted: bytes) -> bytes:
    """Return the text percent-encoded a second time, with small letters in the codes of the first."""
    return re.sub(rb"%([0-9A-F]{2})", lambda match: b"%25" + match[1].lower(), quoted)


def _json(value: bytes) -> Iterator[bytes]:
    text = value.decode("utf-8", "surrogateescape")
    for ascii_only in (True, False):
        written = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        again = json.dumps(written, ensure_ascii=ascii_only)[1:-1]
        for form in (written, again):  # JSON in a text of JSON
            yield form.encode("utf-8", "surrogateescape")
        encoded = written.encode("utf-8", "surrogateescape")
        yield encoded.replace(b"/", b"\\/")
        yield encoded.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")  # Go


def _file_name(value: bytes) -> Iterator[bytes]:
    """Yield the value as a part of a file name, or of a name without blanks."""
    if b" " in value:
        for instead in (b"_", b"-", b"\xc2\xa0"):
            yield value.replace(b" ", instead)
    if b"/" in value:
        for instead in (b"-", b"_", b"\\x2f", b":"):
            yield value.replace(b"/", instead)


def _quote(value: bytes) -> Iterator[bytes]:
    """Yield the forms between quotes, or without quotes, that a shell or SQL writes."""
    for special in _BACKSLASHED:
        yield re.sub(special, rb"\\\g<0>", value)
    for special in _WITH_DOLLAR if b"$" in value else ():
        yield re.sub(special, rb"\\\g<0>", value)
    for escaped, quote in ((rb"[\\']", b"'"), (rb'[\\"$]', b'"')) if _KEYS.search(value) else ():
        yield _KEYS.sub(partial(_key_apart, quote), re.sub(escaped, rb"\\\g<0>", value))
    for characters, write in _WITH_CONTROLS if _CONTROLS.search(value) else ():
        yield _CONTROLS.sub(write, re.sub(characters, rb"\\\g<0>", value))
    for form in () if value.isascii() else (rb"\%03o", rb"\x%02x"):
        quoted = re.sub(rb"[\\']", rb"\\\g<0>", value)  # $'…' in a locale without these characters, and git
        yield _NOT_ASCII.sub(partial(_code, form), quoted)
    yield value.replace(b"'", b"''")
    yield from (piece for piece in value.split(b"'") if len(piece) >= SHORTEST_PART)
    # quotes at the ends are written outside of all other quotes, and are left out
    inner = value.strip(b"'")
    for written in (value, inner if len(inner) >= SHORTEST_PART else value):
        yield written.replace(b"'", b"'\"'\"'")
        yield _SINGLE_QUOTES.sub(rb"""'"\g<0>"'""", written)
        yield written.replace(b"'", b"'\\''")
        begin, *rest = written.split(b"'")
        # at the beginning of a word, zsh quotes a piece that begins with = or ~, too
        quote_first = (False, True) if begin[:1] in (b"=", b"~") else (False,)
        for needing, first in ((_ANY, False), *((_NEEDS_QUOTES, first) for first in quote_first)):
            pieces = [b"'%b'" % begin if first or needing.search(begin) else begin]
            pieces += [b"'%b'" % piece if needing.search(piece) else piece for piece in rest]
            yield b"\\'".join(pieces).strip(b"'")


def _code(form: bytes, found: re.Match[bytes]) -> bytes:
    return form % ord(found[0])


def _key_apart(quote: bytes, key: re.Match[bytes]) -> bytes:
    return quote + (b"\\t" if key[0] == b"\t" else b"\\x%02x" % ord(key[0])) + quote


def _html(value: bytes) -> Iterator[bytes]:
    text = value.decode("utf-8", "surrogateescape")
    for quote in ("&#x27;", "&#39;", "&apos;", "'"):
        escaped = html.escape(text, quote=False).replace('"', "&quot;").replace("'", quote)
        yield escaped.encode("utf-8", "surrogateescape")
        yield escaped.replace("&quot;", "&#34;").encode("utf-8", "surrogateescape")
    yield html.escape(text, quote=False).encode("utf-8", "surrogateescape")


def _hex(value: bytes) -> Iterator[bytes]:
    yield value.hex().encode()
    yield value.hex().upper().encode()


def _without_line_ends(form: bytes) -> bytes:
    return form.replace(b"\n", b"").replace(b"\r", b"")
