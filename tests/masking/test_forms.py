"""The forms in which programs show a secret, each in one stream, at once and slowly."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
import urllib.parse
from collections.abc import Iterator

import pytest

from runbook_exec.masking.masker import MASK, Masker

CODE = "xK9-mPq4/vT7+wZ2_bN5=cR8-aB3dE6gH9jK2mN5pQ8"
WORDS = "correct horse battery staple Wonder river"
LETTERS = "kqzjvxwmtrplhgfdsbnc"
ACCENTS = "pä$$wörd'ünïcode-Zz9Q"
CODES = "1234 5678\n9876 5432\n7531 8642"
DATABASE = "postgres://app:S3cret%40Pw9@db.example/x"
ENV = "DB=abc\nexport TOKEN=\"Zx81-Quux9\"\nPIN='s3cr3T'\n"
JSON = json.dumps({"user": "bob", "list": [{"pin": "Zx8Q12"}], "inner": json.dumps({"pass": "Zx81-Quux"})})
QUOTES = 'Qu"ote\\Back9-mPq4 &<>é'


def quote(text: str) -> str:
    """Return a text percent-encoded."""
    return urllib.parse.quote(text, safe="")


def lower_codes(text: str) -> str:
    """Return a percent-encoded text with small letters in its codes."""
    return re.sub("%..", lambda found: found[0].lower(), text)


def escape(text: str, form: str) -> str:
    """Return a text with the bytes of its accents as escapes."""
    return "".join(chr(byte) if byte < 0x80 else form % byte for byte in text.encode())


def encode(text: str) -> str:
    """Return a text in Base64."""
    return base64.b64encode(text.encode()).decode()


TWICE = encode(encode(f"u:{CODE}@x"))

# a name -> the secret, what a program prints, and a part of it that must not be there
FORMS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "word-wrapped": (WORDS, WORDS.replace("battery ", "battery\n    "), ("horse", "staple")),
    "tabbed": (WORDS, WORDS.replace(" ", "\t"), ("horse", "staple")),
    "a word a line": (WORDS, WORDS.replace(" ", "\n"), ("horse", "staple")),
    "wrapped in a log": (WORDS, WORDS.replace("battery ", "battery\n12:01 INFO "), ("horse", "staple")),
    "joined by _": (WORDS, WORDS.replace(" ", "_"), ("horse", "staple")),
    "joined by no-break spaces": (WORDS, WORDS.replace(" ", "\xa0"), ("horse", "staple")),
    "codes of several lines": (CODES, CODES, ("5678", "9876")),
    "one of the codes": (CODES, "2. 9876 5432", ("9876 5432",)),
    "codes with an indent": (CODES, CODES.replace("\n", "\n    "), ("5678", "9876")),
    "codes in one line": (CODES, CODES.replace("\n", ", "), ("5678, 98", "9876 5432")),
    **{
        f"wrapped, with {before!r} before": (CODE, f"{CODE[:20]}\n{before}{CODE[20:]}", (CODE[:8], CODE[-8:]))
        for before in ("    ", "\t", "| ", "│ ", "║ ", "> ", "# ", "// ", "+ ", "app_1  | ", "2026-11-29 ")
    },
    "in a box": (CODE, f"│ {CODE[:20]} │\n│ {CODE[20:]} │", (CODE[12:20], CODE[20:28])),
    "in octal": (ACCENTS, f"$'{escape(ACCENTS, chr(92) + '%03o')}'", ("ncode-Zz", "Zz9Q")),
    "in hexadecimal escapes": (ACCENTS, escape(ACCENTS, "\\x%02x"), ("code-Zz9",)),
    "composed": (ACCENTS, unicodedata.normalize("NFC", ACCENTS), ("ünïcode",)),
    "decomposed": (ACCENTS, unicodedata.normalize("NFD", ACCENTS), ("code-Zz9",)),
    "printed over": (CODE, "".join(f"{each}\b{each}" for each in CODE), ("q\bq4\b4",)),
    "underlined": (CODE, "".join(f"_\b{each}" for each in CODE), ("_\bq_\b4",)),
    "printed over, in letters": (LETTERS, "".join(f"{each}\b{each}" for each in LETTERS), ("q\bqz",)),
    "a status line in the middle": (CODE, f"{CODE[:20]}\r\x1b[K50 %\r{CODE[20:]}", (CODE[:8], CODE[20:28])),
    **{f"its first {size}": (CODE, f"a {CODE[:size]}… b", (CODE[:size],)) for size in (8, 9, 15)},
    **{f"its last {size}": (CODE, f"a …{CODE[-size:]} b", (CODE[-size:],)) for size in (8, 9, 15)},
    "its first 12 letters": (LETTERS, f"a {LETTERS[:12]}… b", (LETTERS[:12],)),
    "its last 12 letters": (LETTERS, f"a …{LETTERS[-12:]} b", (LETTERS[-12:],)),
    "a URL's password": (DATABASE, "password is S3cret@Pw9", ("S3cret@Pw9",)),
    "a URL's password as in the URL": (DATABASE, "S3cret%40Pw9", ("S3cret%40Pw9",)),
    "a URL's user and password": (
        "https://bob:S3cretPw99@h/",
        f"Basic {encode('bob:S3cretPw99')}",
        (encode("bob:S3cretPw99")[8:16],),
    ),
    "a value of an .env file": (ENV, "got Zx81-Quux9", ("Zx81-Quux9",)),
    "a short value of an .env file": (ENV, "got s3cr3T", ("s3cr3T",)),
    "a value of JSON": (JSON, "got Zx8Q12", ("Zx8Q12",)),
    "a value of JSON in JSON": (JSON, "got Zx81-Quux", ("Zx81-Quux",)),
    "Base64 of Base64": (CODE, encode(encode(CODE)), (encode(encode(CODE))[20:32],)),
    "Base64 of Base64 with more": (
        CODE,
        encode(encode(f"u:{CODE}@x")),
        (encode(encode(f"u:{CODE}@x"))[20:32],),
    ),
    "JSON": (QUOTES, json.dumps(QUOTES), ("Back9-mPq4",)),
    "JSON in JSON": (QUOTES, json.dumps(json.dumps({"a": QUOTES})), ("Back9-mPq4", "ote")),
    "percent-encoded": (CODE, quote(CODE), ("mPq4%2FvT7",)),
    "percent-encoded twice": (CODE, quote(quote(CODE)), ("mPq4", "vT7", "bN5")),
    "percent-encoded twice, in small letters": (
        CODE,
        quote(lower_codes(quote(CODE))),
        ("mPq4", "vT7", "bN5"),
    ),
    "percent-encoded throughout": (CODE, "".join(f"%{byte:02X}" for byte in CODE.encode()), ("%4B%39%2D",)),
    "a form, encoded twice": (
        WORDS,
        urllib.parse.quote_plus(urllib.parse.quote_plus(WORDS)),
        ("horse", "staple"),
    ),
    **{
        f"a file name with {each}": (CODE, CODE.replace("/", each), ("mPq4" + each, CODE[-8:]))
        for each in "-_:"
    },
}


def send(masker: Masker, text: str, size: int) -> Iterator[bytes]:
    """Yield what comes out if `size` bytes come at once, each after a pause."""
    data = text.encode()
    for at in range(0, len(data), size):
        yield masker.feed(data[at : at + size])
        if size < len(data):
            yield masker.flush(final=False)
    yield masker.flush(final=True)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_a_secret_is_masked(name: str) -> None:
    """The text around it comes out as it is."""
    secret, printed, parts = FORMS[name]
    out = b"".join(send(Masker([secret]), f"it is {printed} here\n", 1 << 20)).decode()
    assert MASK in out
    assert [part for part in parts if part in out] == []
    assert out.startswith("it is ")
    assert out.endswith(" here\n")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("secret", [CODE, WORDS, LETTERS])
def test_of_a_slow_secret_at_most_three_characters_are_shown(secret: str, size: int) -> None:
    """A person may wait for what comes at a pause, and a longer beginning is held back."""
    out = b"".join(send(Masker([secret]), f"it is {secret} here\n", size)).decode()
    assert MASK in out
    assert secret[:4] not in out
    assert secret[-4:] not in out
    assert out.endswith(" here\n")


@pytest.mark.parametrize("text", ["Password: ", ">>> ", "Continue? [y/N] ", "50 % ", "the last word"])
def test_a_question_is_shown_at_a_pause(text: str) -> None:
    """It does not begin a secret."""
    masker = Masker([CODE, WORDS])
    assert masker.feed(text.encode()) + masker.flush(final=False) == text.encode()
