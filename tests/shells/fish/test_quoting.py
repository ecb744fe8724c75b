"""For any value, fish passes the program exactly that value and runs no part of it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_exec.shells.base import Filling, QuotingError
from runbook_exec.shells.fish import SHELL as FISH
from runbook_exec.shells.fish.quoting import literal
from runbook_exec.shells.quoting import Context

# Each word of the command, with `@` for the value, and the word that the program must get.
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

ODD_CHARACTERS = "\uf600\uf6ff\uf700\uf7ff\uf100\ufdd0\ufdef\ufeff\u3000\u2028\u0301\u00a0é🙂"
FRAGMENTS = [
    *(bytes([code]) for code in b"'\"\\$(){}[]<>|&;#~*?^%=-!@, \t\n\r\x01\x7f\x1ba0nvx"),
    *(char.encode() for char in ODD_CHARACTERS),
    *(b"\xff", b"\xc3", b"\x80\xbf", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
    *(
        b"\\\\",
        b"\\'",
        b'\\"',
        b"\\n",
        b"x41",
        b"''",
        b'""',
        b"..",
        b"/",
        b"--",
        b"-x",
        b"$v",
        b"$v[1]",
        b"[1]",
    ),
    *(b"{a,b}", b"~root", b"%self", b"and ", b"end", b"$(touch pwned)", b"(touch pwned)", b"`touch pwned`"),
    *(
        b"'; touch pwned; '",
        b'"; touch pwned; "',
        b"\\'; touch pwned #",
        b"\ntouch pwned\n",
        b"&& touch pwned",
    ),
    *(b">pwned", b"| tee pwned"),
]
VALUES = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map(b"".join) | st.binary(max_size=12).map(
    lambda data: data.replace(b"\0", b"\n")
)


def decoded(data: bytes) -> str:
    """Return bytes as text, like the rest of the program."""
    return data.decode("utf-8", "surrogateescape")


def filled(template: str, value: str) -> str:
    """Return the statement with the value at each `@`, in contexts as in a runbook."""
    spans = [at for at, char in enumerate(template) if char == "@"]
    found = FISH.scan(template.replace("@", "Q"))
    assert found.problem is None, template
    fillings = [Filling(at, at + 1, found.context(at, at + 1), value) for at in spans]
    return "".join(piece.text for piece in FISH.fill(template, fillings))


def received(expected: str | tuple[str, ...], value: bytes) -> list[bytes]:
    """Return the words that the program must get."""
    words = (expected,) if isinstance(expected, str) else expected
    return [word.encode().replace(b"@", value) for word in words]


def run(source: bytes, locale: str, folder: Path) -> tuple[bytes, bytes]:
    """Return fish's output and error messages for the source, run in an empty folder."""
    (folder / "script.fish").write_bytes(source)
    done = subprocess.run(
        ["fish", "--no-config", "script.fish"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": locale},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return done.stdout, done.stderr


def given_words(stdout: bytes) -> list[bytes]:
    """Return the words that the programs got, in order."""
    assert stdout == b"" or stdout.endswith(b"\0")
    return stdout.split(b"\0")[:-1]


def assert_received(values: list[bytes], locale: str) -> None:
    """Pass each value in every place to a program, and assert that it gets the same."""
    command = r"command printf %s\\0 " + " ".join(place for place, _ in PLACES)
    source = [SETUP]
    expected: list[bytes] = []
    for value in values:
        source.append(filled(command, decoded(value)))
        expected += [word for _, words in PLACES for word in received(words, value)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        stdout, stderr = run("\n".join(source).encode("utf-8", "surrogateescape"), locale, folder)
        assert stderr == b""
        assert given_words(stdout) == expected
        assert [path.name for path in folder.iterdir()] == ["script.fish"]


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_every_fragment_arrives(locale: str) -> None:
    """Each hostile piece, alone and twice, reaches a program unchanged in every place."""
    assert_received([b"", *FRAGMENTS, *(piece * 2 for piece in FRAGMENTS)], locale)


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@settings(max_examples=35)
@given(values=st.lists(VALUES, min_size=25, max_size=35))
def test_every_value_arrives(locale: str, values: list[bytes]) -> None:
    """Any value reaches a program as it is, in every place, and nothing else is run."""
    assert_received(values, locale)


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_a_long_value_arrives(locale: str, tmp_path: Path) -> None:
    """No byte of 100,000 is lost, including a backslash at the end."""
    value = (b"'\"$(touch pwned)\n\xff#\xc3\xa9 " * 10_000)[:99_999] + b"\\"
    places = ["@", "a@b", "'@'", '"@"', '"$v@"', '"$(printf %s @)x"']
    source = SETUP + "\n".join(filled(rf"printf %s\\0 {place}", decoded(value)) for place in places)
    stdout, stderr = run(source.encode("utf-8", "surrogateescape"), locale, tmp_path)
    wanted = [value, b"a" + value + b"b", value, value, b"V" + value, value + b"x"]
    assert (given_words(stdout), stderr) == (wanted, b"")
    assert not (tmp_path / "pwned").exists()


def test_a_value_survives_read_and_eval(tmp_path: Path) -> None:
    """A statement that goes through a file, `read` and `eval` is the same as one in a script."""
    command = r"command printf %s\\0 " + " ".join(place for place, _ in PLACES)
    values = [b"", *FRAGMENTS]
    statements = "\0".join(filled(command, decoded(value)) for value in values) + "\0"
    (tmp_path / "sent").write_bytes(statements.encode("utf-8", "surrogateescape"))
    driver = SETUP + "while read --null --local code; eval $code; end <sent"
    stdout, stderr = run(driver.encode(), "C.UTF-8", tmp_path)
    assert stderr == b""
    assert given_words(stdout) == [
        word for value in values for _, words in PLACES for word in received(words, value)
    ]


@pytest.mark.parametrize("index", ["1", "2..3", "-1", "1 3"])
def test_an_index_is_written_unchanged(index: str, tmp_path: Path) -> None:
    """The index of a list accepts numbers and ranges."""
    source = "set l a b c\n" + "\n".join(
        filled(f"echo {word}", index) for word in ["$l[@]", '"$l[@]"', "(printf '%s\\n' $l)[@]"]
    )
    wanted = {"1": "a", "2..3": "b c", "-1": "c", "1 3": "a c"}[index]
    assert run(source.encode(), "C.UTF-8", tmp_path) == (f"{wanted}\n".encode() * 3, b"")


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("echo $@", "v"),
        ('echo "$@"', "v"),
        ("echo ~@", "root"),
        ("echo ~ro@", "ot"),
        ("echo {~@,b}", "root"),
        (r"echo \@", "n"),
        (r"echo \x@", "41"),
        (r"echo \c@", "a"),
        ("echo $v[@]", "1] $v["),
        ('echo "$v[@]"', "1]"),
        ("@ ls", "exec"),
        ("@ ls", "not"),
        ("'@' ls", "command"),
        ("begin; @ true; end", "if"),
        ("echo (@ ls)", "builtin"),
        ("e@ ls", "xec"),
        ("@ true; true", "end"),
        ("@=1 true", "A"),
        ("echo @", "a\0b"),
    ],
)
def test_a_value_that_would_not_be_text_is_refused(template: str, value: str) -> None:
    """Nothing is written if the value would be a name, an escape or a keyword of fish."""
    with pytest.raises(QuotingError):
        filled(template, value)


def test_keywords_are_written_where_fish_reads_text() -> None:
    """A keyword as an argument, and any other word as a command, is written."""
    assert filled("echo @ '@'; @x", "end") == "echo end 'end'; endx"
    assert filled("@ --version", "ls") == "ls --version"
    assert filled("command @ x", "time") == "command time x"


@settings(max_examples=60)
@given(value=VALUES)
def test_a_variable_for_one_command_gets_the_value(value: bytes) -> None:
    """`NAME=<value> command`, with the value in whatever quotes."""
    template = r"""X=@ Y='a@' Z="@b" command sh -c 'printf "%s\0" "$X" "$Y" "$Z"'"""
    with TemporaryDirectory() as name:
        source = filled(template, decoded(value)).encode("utf-8", "surrogateescape")
        stdout, stderr = run(source, "C.UTF-8", Path(name))
        assert (given_words(stdout), stderr) == ([value, b"a" + value, value + b"b"], b"")
        assert [path.name for path in Path(name).iterdir()] == ["script.fish"]


def test_a_stretch_across_quotes_is_refused() -> None:
    """A placeholder that is partly in quotes is refused, with a hint."""
    with pytest.raises(QuotingError, match="partly in quotes"):
        FISH.fill("echo '<a'>", [Filling(6, 9, Context.UNSAFE, "x")])


def test_a_comment_keeps_its_placeholder() -> None:
    """A placeholder in a comment is not filled, and a value cannot end the comment."""
    text = "begin # of <a>\n echo <a>\nend"
    fillings = [Filling(11, 14, Context.COMMENT, "\ntouch x"), Filling(21, 24, Context.BARE, "\ntouch x")]
    pieces = FISH.fill(text, fillings)
    assert [(piece.text, piece.filling) for piece in pieces] == [
        ("begin # of <a>\n echo ", None),
        ("'\ntouch x'", 1),
        ("\nend", None),
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", "''"),
        ("app-1.example.com/x:y@z+w_v", "app-1.example.com/x:y@z+w_v"),
        ("-f", "'-f'"),
        ("a b", "'a b'"),
        ("it's", r"'it\'s'"),
        ("a=b", "'a=b'"),
        ("a,b", "'a,b'"),
        ("é", "'é'"),
        ("a\n", "'a\n'"),
    ],
)
def test_plain_words_stay_readable(value: str, written: str) -> None:
    """A whole word of harmless characters needs no quotes; any other word has them."""
    assert literal(value, Context.BARE) == written


@pytest.mark.parametrize("context", [Context.COMMENT, Context.UNSAFE, Context.HEREDOC, Context.ANSI_C])
def test_fish_has_no_other_contexts(context: Context) -> None:
    """A context that fish does not have is refused."""
    with pytest.raises(QuotingError):
        literal("x", context)
