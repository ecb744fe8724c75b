"""For any value, programs in bash, zsh and sh get exactly it, and no part of it runs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_exec.shells.base import Filling, QuotingError
from runbook_exec.shells.quoting import Context
from runbook_exec.shells.registry import SHELLS
from tests.support.shells import COMMANDS, POSIX

ALL = tuple(COMMANDS)
LOCALES = ("C.UTF-8", "C")
GOT = """\
cd "$1" || exit
got() { printf '%s\\0' "$@"; }
x=X f=f
"""
# After an incomplete character, `read` of bash loses a byte; `mapfile` does not
LINES = """\
lines() { while IFS= read -r line; do printf '%s\\n' "$line"; done; printf '%s\\0' "$line"; }
[ -z "${BASH_VERSION-}" ] || eval 'lines() { mapfile -d "" text; printf "%s\\\\0" "${text[0]-}"; }'
"""
LONG_LINES = (
    "lines() { cat; printf '\\0'; }\n"  # a program, because a shell reads long input one byte at a time
)


@dataclass(frozen=True)
class Place:
    """A statement with one placeholder, and its output for the value V.

    Each part of the output ends with NUL.
    """

    text: str
    printed: str
    context: Context
    shells: tuple[str, ...] = ALL


def bare(text: str, printed: str = "V\0", shells: tuple[str, ...] = ALL) -> Place:
    """Return a place outside of quotes."""
    return Place(text, printed, Context.BARE, shells)


def single(text: str, printed: str = "V\0", shells: tuple[str, ...] = ALL) -> Place:
    """Return a place in single quotes."""
    return Place(text, printed, Context.SINGLE, shells)


def double(text: str, printed: str = "V\0", shells: tuple[str, ...] = ALL) -> Place:
    """Return a place in double quotes."""
    return Place(text, printed, Context.DOUBLE, shells)


def heredoc(text: str, printed: str, shells: tuple[str, ...] = ALL) -> Place:
    """Return a place in a here-document that expands."""
    return Place(text, printed, Context.HEREDOC, shells)


def verbatim(text: str, printed: str) -> Place:
    """Return a place in a here-document that does not expand."""
    return Place(text, printed, Context.HEREDOC_VERBATIM)


MODERN = ("bash", "zsh")
PLACES = [
    bare("got <v>"),
    bare("got a<v>", "aV\0"),
    bare("got <v>b", "Vb\0"),
    bare("got a<v>b c", "aVb\0c\0"),
    bare("got $x<v>", "XV\0"),
    bare("got ${x}<v>${x}", "XVX\0"),
    bare("got --x=<v>", "--x=V\0"),
    bare("got 'a'<v>'b'", "aVb\0"),
    bare('got "a"<v>$x"b"', "aVXb\0"),
    bare("y=<v>; got \"$y\""),
    bare("y=a<v>$x z=b; got \"$y\"", "aVX\0"),
    bare("export y=<v>; got \"$y\""),
    bare("for y in a <v> b; do got \"$y\"; done", "a\0V\0b\0"),
    bare("case a in *) got <v> ;; esac"),
    bare("case <v> in \"$same\") got yes ;; *) got no ;; esac", "yes\0"),
    bare('got "$(printf %s <v>; echo .)"', "V.\0"),
    bare('got "$(printf %s "$(printf %s <v>; echo .)"; echo ,)"', "V.,\0"),
    bare("if true; then got <v>; fi # 'it"),
    bare("f() { got <v> \"$1\"; }; f a", "V\0a\0"),
    bare("got <v> <<E\na\nE\n"),
    bare("lines <<E; got <v>\na\nE\n", "a\n\0V\0"),
    bare("a=(b <v>\nc); got \"${a[@]}\"", "b\0V\0c\0", MODERN),
    bare("a=([5]=<v>); got \"${a[5]}\"", "V\0", MODERN),
    bare("lines <<<<v>", "V\n\0", MODERN),
    bare("lines <<<a<v>b", "aVb\n\0", MODERN),
    bare('got "$(cat <<<<v>; echo .)"', "V\n.\0", MODERN),
    single("lines <<<'a<v>b'", "aVb\n\0", MODERN),
    double('lines <<<"a<v>b"', "aVb\n\0", MODERN),
    Place("lines <<<$'a<v>b'", "aVb\n\0", Context.ANSI_C, MODERN),
    bare("got $x:<v>", "X:V\0"),
    bare("got {a,<v>}", "a\0V\0", ("bash",)),
    single("got '<v>'"),
    single("got 'a<v>b'", "aVb\0"),
    single('got "$(printf %s \'<v>\'; echo .)"', "V.\0"),
    double('got "<v>"'),
    double('got "a<v>b"', "aVb\0"),
    double('got "$x<v>"', "XV\0"),
    double('got "${x}<v>$x"', "XVX\0"),
    double('got "$x:<v>"', "X:V\0"),
    double('got "${x}:h<v>" "$x"', "X:hV\0X\0"),
    double('got "\\\\<v>\\$" \'"\'', "\\V$\0\"\0"),
    double('got "$(printf %s "<v>"; echo .)"', "V.\0"),
    double('got "$(printf %s "$(printf %s "<v>$x"; echo .)"; echo ,)"', "VX.,\0"),
    double('set -- 1; got "$1<v>" "$#"', "1V\x001\0"),
    Place("got $'<v>'", "V\0", Context.ANSI_C, (*MODERN, "ash")),
    Place("got $'a\\t<v>\\n'", "a\tV\n\0", Context.ANSI_C, (*MODERN, "ash")),
    Place("got $'\\x41<v>'", "AV\0", Context.ANSI_C, (*MODERN, "ash")),
    Place("got $'\\1<v>'", "\x01V\0", Context.ANSI_C, (*MODERN, "ash")),
    heredoc("lines <<EOF\n<v>\nEOF", "V\n\0"),
    heredoc("lines <<EOF\na<v>b\nEOF\n", "aVb\n\0"),
    heredoc("lines <<EOF\n$x<v>\\\n\n$x \\$\nEOF", "XV\nX $\n\0"),
    heredoc("lines <<EOF\na\\\n<v>\nEOF", "aV\n\0"),
    heredoc("lines <<-EOF\n\t\t<v>\n\ta\n\tEOF", "V\na\n\0"),
    heredoc("lines <<-EOF\n<v>b\nEOF", "Vb\n\0"),
    heredoc("lines <<-EOF\n<v>\tb\nEOF", "V\tb\n\0"),
    heredoc('got "$(cat <<EOF\n<v>\nEOF\necho .)"', "V\n.\0"),
    heredoc("if true; then lines <<EOF; fi; got a\n'<v>' \"\nEOF", "'V' \"\n\0a\0"),
    heredoc("lines <<A; lines <<EOF\n1\nA\n<v>EOF\nEOF", "1\n\0VEOF\n\0"),
    heredoc("lines <<EOF\n$x:<v>\nEOF", "X:V\n\0"),
    verbatim("lines <<'EOF'\n<v>\nEOF", "V\n\0"),
    verbatim("lines <<'EOF'\na<v>b\n`$x` \\ \\\nEOF", "aVb\n`$x` \\ \\\n\0"),
    verbatim("lines <<-\"EOF\"\n\t<v>\n\t\\$x\n\tEOF", "V\n\\$x\n\0"),
    verbatim("lines <<-\\EOF\n<v>\t`\nEOF", "V\t`\n\0"),
    verbatim("lines <<'E F'\n<v>\nE F", "V\n\0"),
    verbatim("lines <<''\n$x<v>\n\n", "$xV\n\0"),
    verbatim("f() {\n\tlines <<-'EOF' 2>&1\n\t\tx <v>$\n\tEOF\n}; f", "x V$\n\0"),
    verbatim('got "$(cat <<\'EOF\'\n$x<v>\nEOF\necho .)"', "$xV\n.\0"),
    Place("got a # <v>", "a\0", Context.COMMENT),
    Place("if true; then # <v>\n  got a\nfi", "a\0", Context.COMMENT),
    bare("[[ \"$same\" == <v> ]] && got same", "same\0", MODERN),
    bare("case $same in <v>) got same ;; *) got other ;; esac", "same\0"),
    bare("case $same in (b | <v> ) got same ;; esac", "same\0"),
    bare("test \"$same\" = <v> && got same", "same\0"),
    double("[[ $same == \"<v>\" && -n a ]] && got same", "same\0", MODERN),
]  # fmt: skip

# fmt: off
HOSTILE = [
    "", " ", "a", "-n", "--", "-", "~", "~root", "*", "?", "[a-z]*", "{a,b}", "=ls", "#", "# a", "!", "!!",
    "a!b", "$HOME", "$", "$$", "\\", "\\\\", "\\\\\\", "a\\", "'", "''", "\"", "\"'\"", "`",
    "`touch pwned`", "$(touch pwned)", "${x:=1}", "$((1))", "'; touch pwned; '", "\"; touch pwned; \"",
    "; >pwned", "& >pwned", "| >pwned", "\n>pwned\n", "') ; >pwned; ('", "\nEOF\n>pwned\n", "EOF", "\tEOF",
    "EOF\n", "\nEOF", "a\nEOF\nb", "E F", "\nE F\n", "A", "\n", "\n\n", "a\n", "\ta", "\t", "\t\t\n\t",
    "\r", "a\r\nb", "\x1b[31mred\x1b[0m", "\x01\x02\x7f",
    "\x80".encode("latin-1").decode("utf-8", "surrogateescape"), "\udcff\udcfe\udc81\udc88", "é", "日本語",
    "\u2028\u00a0", "a b  c", "$'a'", "${0+}", "\\\n", "a\\\nEOF", "1", "41", "f", "h", "2>pwned", "a=b",
    "a)", "esac", ";;", "if", "[1]", ":h", "s/a/b/", "%s\\n", "\\x41", "\\0", "{1..3}", "<(touch pwned)",
    "\x83\x9b".encode("latin-1").decode("utf-8", "surrogateescape"), "\udcc3", "a\udca7b", "$x", "@(a|b)",
    "^a^b", "\\EOF", "(a)", "EOFé", "E F\udc80", "Eé",
    "EOF) ; >pwned; (", "EOF') ; >pwned; ('", "E F) ; >pwned; (",
]
# fmt: on
PIECES = [*HOSTILE, *"'\"`$\\\n\t !#{}()[]<>;&|*?~=^%:@+,a1E\r\x1b\x7f\x01\udc80\udcffé"]
VALUE = (
    st.sampled_from(HOSTILE)
    | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
    | st.binary(max_size=12).map(lambda raw: raw.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
)


def encode(text: str) -> bytes:
    """Return the bytes that the shell gets for a text."""
    return text.encode("utf-8", "surrogateescape")


def quoted(value: str) -> str:
    """Return the value as a word that no shell expands."""
    return "'" + value.replace("'", "'\\''") + "'"


def filled(shell: str, place: Place, value: str) -> str:
    """Return the statement of a place with the value inserted."""
    start = place.text.index("<v>")
    pieces = SHELLS[shell].fill(place.text, [Filling(start, start + 3, place.context, value)])
    assert place.context is Context.COMMENT or [piece.filling for piece in pieces].count(0) == 1
    return "".join(piece.text for piece in pieces)


def printed(place: Place, value: str) -> bytes:
    """Return the required output of a place's statement for a value."""
    parts = (encode(value).join(encode(part).split(b"V")) for part in place.printed.split("\0"))
    return b"\0".join(parts)


def run(shell: str, statements: Iterable[str], folder: Path, locale: str, helpers: str) -> bytes:
    """Return the output of statements that one shell evaluates one by one.

    It runs in an empty folder.
    """
    lines = [GOT, helpers, *(f"eval {quoted(statement)}\n" for statement in statements)]
    script = folder.with_suffix(".script")
    script.write_bytes(encode("".join(lines)))
    done = subprocess.run(
        [*COMMANDS[shell], script, folder],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "LC_ALL": locale},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
    )
    assert done.stderr == b""
    return done.stdout


def check(
    shell: str,
    values: Sequence[str],
    folder: Path,
    places: Iterable[Place] = PLACES,
    helpers: str = LINES,
    locales: Sequence[str] = LOCALES,
) -> None:
    """Assert that every value arrives in every place, and that no file appears."""
    folder.mkdir(exist_ok=True)
    asked = [place for place in places if shell in place.shells]
    statements = [
        statement
        for value in values
        for statement in ("same=" + quoted(value), *(filled(shell, place, value) for place in asked))
    ]
    expected = [part for value in values for part in (b"", *(printed(place, value) for place in asked))]
    for locale in locales:
        got = run(shell, statements, folder, locale, helpers)
        assert list(folder.iterdir()) == []
        if got != b"".join(expected):
            position = 0
            for part, statement in zip(expected, statements, strict=True):
                assert got[position : position + len(part)] == part, ascii(statement)
                position += len(part)
            raise AssertionError("more was printed than expected")


@pytest.mark.parametrize("shell", POSIX)
def test_hostile_values_arrive_everywhere(shell: str, tmp_path: Path) -> None:
    """Values that have broken other tools arrive, byte for byte, in every context."""
    check(shell, HOSTILE, tmp_path / "run")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("shell", POSIX)
@settings(max_examples=18)
@given(values=st.lists(VALUE, min_size=60, max_size=80))
def test_every_value_arrives_everywhere(shell: str, locale: str, values: list[str]) -> None:
    """Any value reaches a program as it is, in every place, and nothing else is run."""
    with TemporaryDirectory() as name:
        check(shell, values, Path(name) / "run", locales=[locale])


def test_bytes_that_bash_uses_itself_arrive(tmp_path: Path) -> None:
    """Texts of up to three of bash's own marks, incomplete characters and letters lose no byte."""
    values = ["".join(each) for n in (1, 2, 3) for each in product("\x01\x7f\udcf1\udce2éa", repeat=n)]
    places = [place for place in PLACES if "<<" in place.text]
    check("bash", values, tmp_path / "run", places)


@pytest.mark.parametrize("shell", POSIX)
def test_a_long_value_arrives_everywhere(shell: str, tmp_path: Path) -> None:
    """A value of 100 kB arrives as well."""
    first = {place.context: place for place in reversed(PLACES)}.values()
    check(shell, ["ab'$\\\"`\nEOF\n\tx " * 6000], tmp_path / "run", first, LONG_LINES)


def test_a_line_that_bash_would_read_as_the_last_is_refused(tmp_path: Path) -> None:
    """In `$( )`, bash ends a here-document at a line with its word, followed by a parenthesis."""
    place = heredoc('got "$(cat <<EOF\nEOF <v>\nEOF\n)"', "EOF V\0")
    check("bash", ["a", "a\nb"], tmp_path / "run", [place])
    with pytest.raises(QuotingError, match="begins like the last"):
        filled("bash", place, ") ; >pwned; (")
