"""Finds secrets of a recorded run that have no name, and invents values to replace secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...masking.token_patterns import find_tokens
from .recorded_run import RecordedCall, RecordedRun

# programs whose output is a secret: the first words of such calls
_SECRET_COMMANDS = (
    ("op", "read"),
    ("pass", "show"),
    ("gopass", "show"),
    ("vault", "kv", "get"),
    ("security", "find-generic-password"),
    ("secret-tool", "lookup"),
    ("bw", "get"),
)

_BORDERS = re.compile(r"([\s,.]+)")

_KEPT = re.compile(r"[\s,.]+|[a-z]{1,3}|FlyV1|Bearer|Basic|Token")  # what says nothing of a secret

_BEGINNING = re.compile(r"[A-Za-z0-9]{1,6}[_-]|eyJ")  # at most 7 characters: longer pieces are secret

_SHORTEST = 8  # characters of a part of a secret that is a secret by itself


def find_unnamed_secrets(recording: RecordedRun, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield secrets without a name: known tokens, secret managers' output, hidden typing."""
    seen = set(known.values())
    tokens = answers = typed = 0
    for call in recording.calls:
        shown = b"".join(data for _, _, data in call.pieces)
        pieces = call.terminal.pieces if call.terminal else []
        for kind, data in pieces:
            if kind == "shown":
                shown += data
            elif kind == "hidden":
                for line in decode_output(data).replace("\r", "\n").split("\n"):
                    if line and line.isprintable() and line not in seen:
                        typed += 1
                        seen.add(line)
                        yield f"typed-secret-{typed}", line
        for secret in _find_printed_secrets(call, decode_output(shown).replace("\r\n", "\n")):
            if secret not in seen:
                answers += 1
                seen.add(secret)
                yield f"secret-{answers}", secret
        text = shown + b"\0" + "\0".join(call.words).encode("utf-8", "surrogateescape")
        for _, start, end in find_tokens(text):
            token = decode_output(text[start:end])
            if not any(token in each for each in seen):
                tokens += 1
                seen.add(token)
                yield f"token-{tokens}", token
    yield from _find_earlier_secrets(recording, seen)


def _find_earlier_secrets(recording: RecordedRun, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield replaced secrets of the run that a call contains, with new names.

    These are added to `seen`.
    """
    there = [each for call in recording.calls for each in (*call.words, _decode_everything(call))]
    values = (value for value in recording.all_secrets if value not in seen)
    for number, value in enumerate((value for value in values if any(value in each for each in there)), 1):
        seen.add(value)
        yield f"earlier-secret-{number}", value


def _find_printed_secrets(call: RecordedCall, shown: str) -> Iterator[str]:
    """Yield the secrets in the output of a call: all of it, or lines of one word."""
    text = shown.removesuffix("\n")
    keeper = any(call.words[: len(words)] == words for words in _SECRET_COMMANDS)
    if text and not call.status and (keeper or (call.private and "\n" not in text)):
        yield text
    elif call.private:
        # a word among others is an ordinary word, and no secret where it appears elsewhere
        yield from (line for line in text.split("\n") if len(line) >= _SHORTEST and len(line.split()) == 1)


def _decode_everything(call: RecordedCall) -> str:
    pieces = call.terminal.pieces if call.terminal else []
    return decode_output(b"".join([*(data for _, _, data in call.pieces), *(data for _, data in pieces)]))


_LETTERS = "xyzwvutsrqponmlk"


def invent_value(secret: str, number: int) -> str:
    """Return a value as long as a secret, which shares only the prefix of tokens of its kind.

    `number` makes invented values of one length distinct.
    """
    at = number % len(_LETTERS)
    letters = _LETTERS[at:] + _LETTERS[:at]
    # a letter that the secret has could continue the prefix as the secret does
    letter = next((each for each in letters if each not in secret), letters[0])
    parts = _BORDERS.split(secret)
    return "".join(
        part if not part or _KEPT.fullmatch(part) else _disguise_part(part, border, letter)
        for border, part in zip(["", *parts], parts, strict=False)
    )


def _disguise_part(part: str, border: str, letter: str) -> str:
    """Return a part of an invented value; `border` is what is before it in the secret."""
    beginning = _BEGINNING.match(part) if "." not in border and len(part) > 2 * _SHORTEST else None
    kept = beginning[0] if beginning else ""
    return kept + ("1" if part.isdigit() else letter) * (len(part) - len(kept))


def decode_output(data: bytes) -> str:
    """Return the output of a program as text; bytes that are not UTF-8 become surrogates."""
    return data.decode("utf-8", "surrogateescape")
