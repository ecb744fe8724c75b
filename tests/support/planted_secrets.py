"""Secrets, and the forms in which programs show them: a program that prints all of them, and a search.

As a program it reads a secret from its standard input, and prints it in every form.
"""

from __future__ import annotations

import base64
import html
import json
import random
import re
import shlex
import string
import sys
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Sequence

_WORDS = ("copper", "lantern", "orbit", "meadow", "Falcon", "ribbon", "thimble", "harbour", "velvet")

_GRAM = 8  # characters of a piece that must not be found


def make_secrets(number: int, seed: int) -> list[str]:
    """Return secrets of several kinds, the same for each seed."""
    draw = random.Random(seed)  # noqa: S311

    def pick(characters: str, size: int) -> str:
        return "".join(draw.choice(characters) for _ in range(size))

    alphanumeric = string.ascii_letters + string.digits
    kinds: list[Callable[[], str]] = [
        lambda: pick(alphanumeric, 24),
        lambda: pick(alphanumeric + "+/=-_.", 40),
        lambda: pick(alphanumeric + "!@#%^&*()$'\"\\`<>|;:,?~{}[]", 20),
        lambda: " ".join(draw.sample(_WORDS, 6)),
        lambda: pick("0123456789abcdef", 32),
        lambda: pick(alphanumeric, 8) + "ü" + pick(alphanumeric, 6) + "é€" + pick(alphanumeric, 6),
        lambda: base64.b64encode(draw.randbytes(33)).decode(),
        lambda: f"postgres://app:{pick(alphanumeric, 16)}@db.example/x",
        lambda: pick(string.ascii_lowercase, 20),
        lambda: f"{pick(alphanumeric, 5)}-{pick(alphanumeric, 5)}-{pick(alphanumeric, 5)}",
    ]
    return [kinds[at % len(kinds)]() for at in range(number)]


def _quote(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _escape(text: str, form: str) -> str:
    return "".join(chr(byte) if byte < 0x80 else form % byte for byte in text.encode())


def _wrap(text: str, between: str) -> str:
    middle = len(text) // 2
    return text[:middle] + between + text[middle:]


def _inside(text: str, cut: int = 12) -> str:
    """Return the part of an encoding that does not depend on the text around."""
    return text[cut:-cut]


Form = Callable[[str], tuple[str, str]]


def _alike(write: Callable[[str], str]) -> Form:
    return lambda secret: (write(secret), write(secret))


def _within(write: Callable[[str], str], cut: int = 12) -> Form:
    return lambda secret: (write(secret), _inside(write(secret), cut))


def _cut(write: Callable[[str], str]) -> Form:
    return lambda secret: (write(secret), secret)


# a name -> what is printed of a secret, and the text no piece of which may be found
FORMS: dict[str, Form] = {
    "itself": _alike(lambda s: s),
    "in quotes": _alike(lambda s: f"'{s}'"),
    "after a name": _cut(lambda s: f"TOKEN={s}"),
    "in a sentence": _cut(lambda s: f"the token {s}, which is new"),
    "in a path": _cut(lambda s: f"/srv/{s}/x"),
    "in a query": _cut(lambda s: f"https://h.example/?token={s}&x=1"),
    "twice": _cut(lambda s: s + s),
    "wrapped": _cut(lambda s: _wrap(s, "\n")),
    "wrapped with CR LF": _cut(lambda s: _wrap(s, "\r\n")),
    "wrapped with an indent": _cut(lambda s: _wrap(s, "\n        ")),
    "wrapped with a tab": _cut(lambda s: _wrap(s, "\n\t")),
    "wrapped in a frame": _cut(lambda s: _wrap(s, " │\n│ ")),
    "wrapped in a table": _cut(lambda s: _wrap(s, " |\n| ")),
    "wrapped in a quotation": _cut(lambda s: _wrap(s, "\n> ")),
    "wrapped in a comment": _cut(lambda s: _wrap(s, "\n# ")),
    "coloured in the middle": _cut(lambda s: _wrap(s, "\x1b[31m")),
    "after a cursor movement": _cut(lambda s: _wrap(s, "\x1b[K\x1b[1G")),
    "in a title": _cut(lambda s: f"\x1b]0;{s}\x07"),
    "printed over": _cut(lambda s: "".join(f"{each}\b{each}" for each in s)),
    "underlined": _cut(lambda s: "".join(f"_\b{each}" for each in s)),
    "its beginning": _cut(lambda s: s[: max(12, len(s) - 3)] + "…"),
    "its end": _cut(lambda s: "…" + s[-max(12, len(s) - 3) :]),
    "tabs for blanks": _cut(lambda s: s.replace(" ", "\t")),
    "underscores for blanks": _cut(lambda s: s.replace(" ", "_")),
    "Base64": _alike(_encode),
    "Base64 for URLs": _alike(lambda s: base64.urlsafe_b64encode(s.encode()).decode()),
    "Base64 in lines": _cut(lambda s: re.sub("(.{20})", "\\1\n", _encode(s))),
    "Base64 with a user": _within(lambda s: _encode(f"user:{s}")),
    "Base64 of Base64": _alike(lambda s: _encode(_encode(s))),
    "percent-encoded": _alike(_quote),
    "percent-encoded in small letters": _alike(lambda s: re.sub("%..", lambda f: f[0].lower(), _quote(s))),
    "percent-encoded twice": _alike(lambda s: _quote(_quote(s))),
    "JSON": _alike(lambda s: json.dumps(s)),
    "JSON in JSON": lambda s: (json.dumps(json.dumps({"t": s})), json.dumps(json.dumps(s)[1:-1])[1:-1]),
    "HTML": _alike(html.escape),
    "quoted for a shell": _alike(shlex.quote),
    "in octal": _alike(lambda s: _escape(s, "\\%03o")),
    "hexadecimal": _alike(lambda s: s.encode().hex()),
    "composed": _alike(lambda s: unicodedata.normalize("NFC", s)),
    "decomposed": _alike(lambda s: unicodedata.normalize("NFD", s)),
    "a file name": _alike(lambda s: s.replace("/", "-")),
}


def list_pieces(secrets: Iterable[str]) -> dict[bytes, tuple[str, str]]:
    """Return every piece of 8 characters of every form of the secrets, with the secret and the form."""
    found: dict[bytes, tuple[str, str]] = {}
    for secret in secrets:
        before, _, after = secret.rpartition("@")
        public = [f"{before.rpartition(':')[0]}:", f"@{after}"] if "://" in secret else []
        for name, form in FORMS.items():
            text = form(secret)[1].encode()
            size = _GRAM * (2 if name == "hexadecimal" else 1)  # hashes have any 8 hexadecimal digits
            for at in range(len(text) - size + 1):
                piece = text[at : at + size]
                if name == "HTML" and b"&" in piece:
                    continue  # fewer than 8 characters of the secret
                if not any(piece in each.encode() for each in public):  # of a URL, the password is secret
                    found.setdefault(piece, (secret, name))
    return found


def find_pieces(data: bytes, pieces: dict[bytes, tuple[str, str]]) -> Iterator[tuple[str, str, bytes]]:
    """Yield the pieces in some data: the secret, the form and the text."""
    for text in (data, _HIDDEN.sub(b"", data), *_read_texts(data)):
        for at in range(len(text) - _GRAM + 1):
            known = pieces.get(text[at : at + _GRAM]) or pieces.get(text[at : at + 2 * _GRAM])
            if known:
                yield (*known, text[max(0, at - 20) : at + 30])


_HIDDEN = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))|[\r\n]+|[^\x08]\x08")


def _read_texts(data: bytes) -> Sequence[bytes]:
    """Return the texts in the frames of a cast, and in the events of a journal."""
    texts = []
    for line in data.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, list) and len(value) == 3:
            texts.append(str(value[2]))
        elif isinstance(value, dict):
            texts.append(str(value.get("text", "")))
    joined = "".join(texts).encode("utf-8", "surrogateescape")
    return [joined, _HIDDEN.sub(b"", joined)] if joined else []


def main() -> None:
    """Print the secret of the standard input in every form."""
    secret = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    for name, form in FORMS.items():
        print(f"{name}: {form(secret)[0]} .", flush=True)


if __name__ == "__main__":
    main()
