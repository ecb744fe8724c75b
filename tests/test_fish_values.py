"""Whatever a value holds, fish gives the program exactly that value and runs nothing of it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_exec.model import Context
from runbook_exec.shells import fish
from runbook_exec.shells.base import Filling, Unwritable

# Each word of the command, with `@` where the value stands, and what the program must be given for it.
# The variables: `v` is `V`, `l` is the list `p q`, `e` is empty but set.
PLACES: list[tuple[str, str | tuple[str, ...]]] = [
    ("@", "@"),
    ("@b", "@b"),
    ("a@", "a@"),
    ("a@b", "a@b"),
    ("@@", "@@"),
    ("--x=@", "--x=@"),
    ("@=1", "@=1"),
    ("@/@.d", "@/@.d"),
    (r"\ @", " @"),
    (r"\x41@", "A@"),
    (r"\\@", "\\@"),
    (r"\$@", "$@"),
    ("2@", "2@"),
    ("@#b", "@#b"),
    ("a~@", "a~@"),
    ("@~", "@~"),
    ("@&b", "@&b"),
    ("$v@", "V@"),
    ("@$v", "@V"),
    ("$v@$v", "V@V"),
    ("$l@", ("p@", "q@")),
    ("$l[1]@", "p@"),
    ("$e@", "@"),
    ("@[1]", "@[1]"),
    ("a[@]", "a[@]"),
    ("[@]", "[@]"),
    ("'@'", "@"),
    ("'a@b'", "a@b"),
    (r"'\@'", "\\@"),
    (r"'\\@'", "\\@"),
    (r"'\'@'", "'@"),
    ("'$v@'", "$v@"),
    ("'@''@'", "@@"),
    ('"@"', "@"),
    ('"a@b"', "a@b"),
    (r'"\@"', "\\@"),
    (r'"\\@"', "\\@"),
    (r'"\"@"', '"@'),
    (r'"\$@"', "$@"),
    ('"$v@"', "V@"),
    ('"@$v"', "@V"),
    ('"$v@$v@"', "V@V@"),
    ('"$l[1]@"', "p@"),
    ('"$v[1]@[1]"', "V@[1]"),
    ('"$e@"', "@"),
    (r'"\\$v@"', "\\V@"),
    ('"(@)[1]"', "(@)[1]"),
    ('"@""@"', "@@"),
    ("\"@\"'@'@", "@@@"),
    ('"$(printf %sX @)"', "@X"),
    ('"$(printf %sX a@b)c@"', "a@bXc@"),
    ("\"$(printf %sX '@')@\"", "@X@"),
    ('"$(printf %sX "@")$v@"', "@XV@"),
    ('"$(printf %sX "$(printf %sY "a@" )@")"', "a@Y@X"),
    ('"@$(printf X)@$(printf Y)@"', "@X@Y@"),
    ("\"@$(printf X)\"'@'@", "@X@@"),
    ("\"$(printf X)x\"'@'@", "Xx@@"),
    ('"$(printf X)$v@"@', "XV@@"),
    ('"$(printf X)x""@"', "Xx@"),
    ("(printf %sX @ | string collect)", "@X"),
    ("$(printf %sX '@' | string collect)@", "@X@"),
    ('(printf %sX (printf %sY "@" (true @) | string collect) | string collect)', "@YX"),
    ("{@,b}", ("@", "b")),
    ("{a, @ }", ("a", "@")),
    ("x{@,'@',\"@\"}y", ("x@y", "x@y", "x@y")),
    ("{@}", "{@}"),
]
SETUP = "set v V; set l p q; set e ''\n"

CONTEXT = {Context.BARE, Context.SINGLE, Context.DOUBLE}

FRAGMENTS = [
    *(
        b"'",
        b'"',
        b"\\",
        b"\\\\",
        b"$",
        b"(",
        b")",
        b"{",
        b"}",
        b"[",
        b"]",
        b"<",
        b">",
        b"|",
        b"&",
        b";",
        b"#",
    ),
    *(
        b"~",
        b"*",
        b"?",
        b"^",
        b"%",
        b"=",
        b"-",
        b"!",
        b"@",
        b",",
        b" ",
        b"\t",
        b"\n",
        b"\r",
        b"\x1b[2J",
        b"\x7f",
    ),
    *(
        b"\x01",
        b"a",
        b"0",
        b"x41",
        b"n",
        b"v",
        b"\\n",
        b"\\'",
        b'\\"',
        b"''",
        b'""',
        b"..",
        b"/",
        b"--",
        b"-x",
    ),
    *(b"$v", b"$v[1]", b"$(touch pwned)", b"(touch pwned)", b"'; touch pwned; '", b'"; touch pwned; "'),
    *(
        b"`touch pwned`",
        b"\ntouch pwned\n",
        b"\\'; touch pwned #",
        b"{a,b}",
        b"~root",
        b"%self",
        b"[1]",
        b"$$",
    ),
    *(
        b"and ",
        b"end",
        b"&& touch pwned",
        b">pwned",
        b"| tee pwned",
        b"\xc3\xa9",
        b"\xc3",
        b"\xff",
        b"\x80\xbf",
    ),
    *(
        "\uf600 \uf6ff \uf700 \uf7ff \uf100 \ufdd0 \ufdef \ufeff \u3000 \u2028 \u0301 \u00a0 🙂".encode().split(
            b" "
        )
    ),
    *(b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80"),
]
VALUES = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map(b"".join) | st.binary(max_size=12).map(
    lambda data: data.replace(b"\0", b"\n")
)


def decoded(data: bytes) -> str:
    """Bytes as the rest of the program has them."""
    return data.decode("utf-8", "surrogateescape")


def filled(template: str, value: str) -> str:
    """The statement with the value at each `@`, its contexts found the way a runbook's are."""
    spans = [at for at, char in enumerate(template) if char == "@"]
    found = fish.scan(template.replace("@", "Q"))
    assert found.problem is None, template
    fillings = [Filling(at, at + 1, found.context(at, at + 1), value) for at in spans]
    return "".join(piece.text for piece in fish.fill(template, fillings))


def received(expected: str | tuple[str, ...], value: bytes) -> list[bytes]:
    """What the program must be given."""
    words = (expected,) if isinstance(expected, str) else expected
    return [word.encode().replace(b"@", value) for word in words]


def run(source: bytes, locale: str, folder: Path, by_eval: bool = False) -> tuple[bytes, bytes]:
    """What fish prints for the source in an otherwise empty folder, and what it complains of."""
    script = folder / "script.fish"
    script.write_bytes(source)
    done = subprocess.run(
        ["fish", "--no-config", "driver.fish" if by_eval else "script.fish"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": locale},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return done.stdout, done.stderr


def given_words(stdout: bytes) -> list[bytes]:
    """The words the programs were given, in order."""
    assert stdout == b"" or stdout.endswith(b"\0")
    return stdout.split(b"\0")[:-1]


def assert_received(values: list[bytes], locale: str, command: str = "command printf %s\\\\0") -> None:
    """Gives the values in every place to a program and compares what it gets."""
    source = [SETUP]
    expected: list[bytes] = []
    for value in values:
        source.append(filled(f"{command} {' '.join(place for place, _ in PLACES)}", decoded(value)))
        expected += [word for _, words in PLACES for word in received(words, value)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        stdout, stderr = run("\n".join(source).encode("utf-8", "surrogateescape"), locale, folder)
        assert stderr == b""
        assert given_words(stdout) == expected
        assert [path.name for path in folder.iterdir()] == ["script.fish"]


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_every_fragment_arrives(locale: str) -> None:
    """Each hostile piece alone, and each twice, reaches a program as it is, in every place."""
    assert_received([b"", *FRAGMENTS, *(piece * 2 for piece in FRAGMENTS)], locale)


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@settings(max_examples=60, deadline=None)
@given(values=st.lists(VALUES, min_size=20, max_size=30))
def test_every_value_arrives(locale: str, values: list[bytes]) -> None:
    """Any value reaches a program as it is, in every place, and nothing else is run."""
    assert_received(values, locale)
