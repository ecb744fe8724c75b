"""fish source is split into the statements that a person would enter one by one."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_exec.shells.base import Complaint
from runbook_exec.shells.fish import SHELL as FISH
from runbook_exec.shells.fish.quoting import literal
from runbook_exec.shells.quoting import Context
from tests.support.paths import DATA


@dataclass(frozen=True)
class Case:
    """A block and its statements, from `cases/fish-statements.txt`."""

    name: str
    block: str
    statements: tuple[str, ...]

    @property
    def runs(self) -> bool:
        """Whether the block is run as well as split."""
        return "(not run)" not in self.name


def read_cases() -> list[Case]:
    """Return the cases of the document, in order."""
    document = (DATA / "cases" / "fish-statements.txt").read_text(encoding="utf-8")
    cases = []
    for part in re.split(r"^##### ", document, flags=re.MULTILINE)[2:]:
        name, _, rest = part.partition("\n")
        block, *statements = re.split(r"^-----\n", rest, flags=re.MULTILINE)
        cases.append(Case(name, block, tuple(statement.removesuffix("\n") for statement in statements)))
    return cases


CASES = read_cases()
RUN = [case for case in CASES if case.runs]

# The whole state of a session, except for parts that differ between any two shells.
DUMP = r"""
set -g __status $status
echo "status $__status"
for __name in (set --names | string match --invert --regex '^(__.*|history|status|pipestatus|fish_pid|_)$')
    echo variable $__name (set --query --export $__name; echo $status) (string escape -- $$__name)
end
for __name in (functions --all | string match --invert --regex '^_|^fish_')
    functions --no-details $__name
end
pwd
"""


def texts(script: str) -> list[str]:
    """Return the statements of the script."""
    return [script[start:end] for start, end in FISH.scan(script).statements]


def left_behind(source: str, folder: Path) -> tuple[int, str]:
    """Return fish's exit status and output for the source and then the dump.

    It runs in an empty folder.
    """
    folder.mkdir()
    script = folder.with_suffix(".fish")
    script.write_text(source + DUMP, encoding="utf-8")
    done = subprocess.run(
        ["fish", "--no-config", str(script)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": "C.UTF-8", "PWD": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.decode().replace(str(folder), "FOLDER")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_block_is_split_as_the_document_shows(case: Case) -> None:
    """Each block of the document has exactly the statements shown below it."""
    assert texts(case.block) == list(case.statements)


def test_a_block_that_fish_refuses_is_a_problem() -> None:
    """Splitting finds a problem in exactly those blocks of the document that fish refuses."""
    refused = [
        case.name for case, said in zip(CASES, FISH.check([c.block for c in CASES]), strict=True) if said
    ]
    assert [case.name for case in CASES if FISH.scan(case.block).problem] == refused
    assert len(refused) >= 6


@pytest.mark.parametrize("case", RUN, ids=lambda case: case.name)
def test_single_statements_have_the_effects_of_their_block(case: Case, tmp_path: Path) -> None:
    """The statements, one by one, print and leave behind the same as the whole block."""
    entered = [f"eval '{literal(text, Context.SINGLE)}'\n" for text in texts(case.block)]
    whole = left_behind(case.block, tmp_path / "whole")
    assert left_behind("".join(entered), tmp_path / "split") == whole
    assert "variable" in whole[1] or whole[0] != 0


def test_a_carriage_return_is_a_blank() -> None:
    """Line ends of Windows separate statements and belong to none."""
    assert texts("echo one\r\nif true\r\n  echo two\r\nend\r\n") == [
        "echo one",
        "if true\r\n  echo two\r\nend",
    ]


@pytest.mark.parametrize(
    ("script", "offset", "message"),
    [
        ("echo a\nbegin\necho b\n", 7, "`begin` has no `end`"),
        ("if true; begin; end", 0, "`if` has no `end`"),
        ("echo 'a", 5, "`'` is not closed"),
        ('echo "a$(echo b) c', 5, '`"` is not closed'),
        ("echo (echo b", 5, "`(` has no `)`"),
        ("echo a)", 6, "`)` has no `(` before it"),
        ("echo {a,b", 5, "`{` has no `}`"),
        ("set x $a[1", 8, "`[` has no `]`"),
        ("true; end", 6, "`end` has no block to belong to"),
        ("echo a |\n\n", 7, "`|` has no command after it"),
        ("true &&", 5, "`&&` has no command after it"),
        ("echo (if true)", 6, "`if` has no `end`"),
        ("echo a >", 7, "`>` has no file after it"),
        ("A=b", 0, "`A=b` has no command after it: fish sets with `set`"),
        ("true; begin; end x", 17, "`end` takes no arguments but `x` follows it"),
        ("for x a b; end", 6, "expected `in` after the variable of `for`"),
        ("true |& cat", 5, "`|&` is not fish: `&|` pipes both outputs"),
        ("echo a\0b", 6, "a NUL character cannot be part of a command"),
    ],
)
def test_a_problem_has_its_place(script: str, offset: int, message: str) -> None:
    """It names the open or stray word, and its offset is that of this word."""
    assert FISH.scan(script).problem == (offset, message)


@pytest.mark.parametrize("opening", ["begin;", "echo (", 'echo "$(', "not if "])
def test_very_deep_nesting_is_a_problem_and_not_a_crash(opening: str) -> None:
    """Thousands of blocks inside one another are refused with a message."""
    found = FISH.scan(opening * 3000 + "true" + (")" * 3000 if "(" in opening else ""))
    assert found.problem is not None


def contexts(script: str) -> str:
    """Return for each character the first letter of its context: b, s, d or c."""
    found = FISH.scan(script)
    return "".join(found.context(at, at + 1).value[0] for at in range(len(script)))


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a 'b' c", "bbbsbbb"),
        ('a "b" c', "bbbdbbb"),
        ("a b#c # d", "bbbbbbccc"),
        ("a\n# b\nc", "bbcccbb"),
        ("'a\\'b'c", "bssssbb"),
        ('"a$(b "c$(d)e" f)g"', "bdbbbbbdbbbbdbbbbdb"),
        ("\"'a'\" '\"b\"'", "bdddbbbsssb"),
        ("a (b # c\n) d", "bbbbbcccbbbb"),
        ("a \\'b\\'", "bbbbbbb"),
        ("{a,'b'}", "bbbbsbb"),
    ],
)
def test_every_character_has_its_context(script: str, expected: str) -> None:
    """Quotes, comments, and substitutions inside double quotes are distinguished exactly."""
    assert contexts(script) == expected


def test_a_stretch_across_quotes_is_unsafe() -> None:
    """A span that is partly in quotes has no context in which a value can be written."""
    assert FISH.scan("a 'bc'd").context(4, 7) is Context.UNSAFE


def test_comments_are_listed() -> None:
    """A comment reaches from its # to the end of the line."""
    script = "a # b\n# c\n(d #e\n)"
    assert [script[start:end] for start, end in FISH.scan(script).comments] == ["# b", "# c", "#e"]


# Valid fish, made from its grammar, with words that are hard to split.

NAMES = st.sampled_from(["true", "builtin echo", "/bin/x", "endif", "e#f", "é", "in", "A[1]=b", "not_it"])
WORDS = r"""
    a end if and in -x a#b a&b \# \; \( ~ *.c = ] ü $v $v[1] %self a=b {a,b} '' "" 2 a\|b \'
    'a;b' '#' '\'' '\\' "a;b" "#" "\"" "\$x" "$v" "(a" '"' "'"
"""
BLANK_INSIDE = ["a\\\nb", "a\\ b", "$v[1 2]", "{a , b}", "x{1,\n2}y", "'a\nb'", '"a\nb"']
PLAIN = st.sampled_from(WORDS.split() + BLANK_INSIDE)
BLANK = st.sampled_from([" ", " ", " ", "  ", "\t", " \\\n", " \\\n  # note '\n"])
ENDING = st.sampled_from(["\n", "\n", ";", "; ", "\n\n", " # note (\n", "\n# begin\n", "\n \n", ";\n", ";;"])
GOES_ON = st.sampled_from(["", " ", "\n", "\n\n", " # note\n", '\n  # "\n\n'])


@st.composite
def words(draw: st.DrawFn, depth: int) -> str:
    """A word of a command, often of several parts."""
    parts = []
    for _ in range(draw(st.integers(1, 2))):
        kind = draw(st.integers(0, 9)) if depth else 0
        if kind == 9:
            # The last part: fish 3.6 misreads quotes and parentheses after such a one in the same word.
            parts.append('"a$(' + draw(scripts(depth - 1))[0] + ')b"')
            break
        if kind == 8:
            parts.append(draw(st.sampled_from(["(", "$("])) + draw(scripts(depth - 1))[0] + ")")
        else:
            parts.append(draw(PLAIN))
    return "".join(parts)


@st.composite
def commands(draw: st.DrawFn, depth: int, piped: bool = False) -> str:
    """A command or a block, with the keywords and assignments that may stand before it."""
    before = draw(st.sampled_from(["", "", "", "", "A=1 ", "A=$v B='x y' ", "not ", "! ", "not A=1 not "]))
    end = draw(ENDING)
    kind = draw(st.integers(0, 9)) if depth else 0
    if kind <= 3:
        before += draw(st.sampled_from(["", "", "", "command "]))
        text = draw(NAMES) + "".join(draw(BLANK) + draw(words(depth)) for _ in range(draw(st.integers(0, 3))))
    else:
        body = draw(scripts(depth - 1))[0] + end
        condition = draw(conjunctions(depth - 1))
        head = {
            4: draw(st.sampled_from(["begin;", "begin\n", "begin "])),
            5: f"if {condition}{end}",
            6: f"while {condition}{end}and {draw(conjunctions(0))}{end}",
            7: f"for i in{draw(BLANK)}{draw(words(depth - 1))}{end}",
            8: f"function f {draw(words(0))}{end}",
            9: f"switch v{draw(words(depth - 1))}{end}case a 'b*'{end}",
        }[kind]
        more = {5: f"else if {condition}{end}{body}else{end}{body}", 9: f"case '*'{end}{body}"}
        text = head + body + more.get(kind, "") * draw(st.booleans()) + "end"
    redirected = st.sampled_from(
        ["", "", "", "", " >f", " 2>/dev/null", " <f", ">>f", " 2>&1", " &>f", " >?f"]
    )
    return before + text + draw(redirected)


@st.composite
def conjunctions(draw: st.DrawFn, depth: int) -> str:
    """Pipelines joined by && and ||."""
    text = draw(st.sampled_from(["", "", "", "time "])) + draw(commands(depth))
    for _ in range(draw(st.integers(0, 2))):
        operator = draw(st.sampled_from([" | ", " |", " &| ", " 2>|", " >| ", " && ", " &&", " || "]))
        text += operator + draw(GOES_ON) + draw(commands(depth))
    return text


@st.composite
def scripts(draw: st.DrawFn, depth: int) -> tuple[str, list[str]]:
    """A script and its statements."""
    text = draw(st.sampled_from(["", "", " ", "\n", "# note\n"]))
    statements = []
    for _ in range(draw(st.integers(1, 3))):
        statement = draw(conjunctions(depth))
        for _ in range(draw(st.integers(0, 1))):
            statement += draw(ENDING) + draw(st.sampled_from(["and ", "or "])) + draw(conjunctions(depth))
        statement += draw(st.sampled_from(["", "", "", " &"]))
        statements.append(statement)
        text += statement + draw(ENDING)
    return text, statements


def check_partition(script: str) -> None:
    """Assert that statements are in order and disjoint.

    Only separators and comments are between them.
    """
    found = FISH.scan(script)
    covered = 0
    comments = found.comments
    for start, end in (*found.statements, (len(script), len(script))):
        assert covered <= start <= end
        between = "".join(
            char
            for at, char in enumerate(script[covered:start], covered)
            if not any(first <= at < last for first, last in comments)
        )
        assert not between.replace("\\\n", "").replace(";", "").strip(), between
        covered = end
    spans = [(start, end) for start, end, _ in found.regions]
    assert spans == sorted(spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


SOUP = st.lists(
    st.sampled_from(
        [
            *"'\"\\()[]{}$#;&|<> \n\r\t\0aé1=-!",
            "$(",
            "begin ",
            "end ",
            "if ",
            "else ",
            "case ",
            "and ",
            "not ",
            "2>",
        ]
    ),
    max_size=40,
).map("".join)


@settings(max_examples=1500)
@given(SOUP | st.text(max_size=30))
def test_anything_is_split_without_a_crash(script: str) -> None:
    """Whatever the text, splitting gives disjoint statements with nothing but separators between them."""
    found = FISH.scan(script)
    if found.problem is None:
        check_partition(script)
    else:
        assert 0 <= found.problem[0] <= len(script)
        assert found.statements == () or found.statements[-1][1] <= len(script)


@settings(max_examples=120)
@given(scripts(1))
def test_valid_fish_is_split_where_its_grammar_says(made: tuple[str, list[str]]) -> None:
    """A script put together from statements is taken apart into the same, each of which is one statement."""
    script, statements = made
    assert FISH.check([script]) == [None]
    assert FISH.scan(script).problem is None
    assert texts(script) == statements
    check_partition(script)
    for statement in statements:
        assert FISH.scan(statement).statements == ((0, len(statement)),)


# Problems that fish finds in a script that parses; none of them changes the end of a statement.
SEMANTIC = re.compile(
    r"can not be used|not inside of|Expected a variable name|is not supported|is not the (?:exit status|pid)"
    r"|Invalid token|escape sequence|Unknown builtin|not allowed here|may only be|not valid|Array indices"
    r"|may not be empty|is not a valid|Mismatched parenthesis|: \$$"
)


@settings(max_examples=150)
@given(scripts(1), st.data())
def test_broken_fish_is_a_problem_exactly_where_fish_refuses_it(
    made: tuple[str, list[str]], data: st.DataObject
) -> None:
    """With one stretch of a script taken out, splitting finds a problem if and only if fish does."""
    start = data.draw(st.integers(0, len(made[0]) - 1))
    stop = start + data.draw(st.integers(1, 4))
    script = made[0][:start] + made[0][stop:].rstrip("\\") + "\n"
    found, [said] = FISH.scan(script).problem, FISH.check([script])
    assert said is not None if found else said is None or SEMANTIC.search(str(said)), (found, said)


def test_a_check_names_the_line() -> None:
    """Each script gets its own message, with the line, and a correct one gets none."""
    assert FISH.check(["echo a", "echo b\nend\n", "", "echo (", "true |"]) == [
        None,
        Complaint("'end' outside of a block", 2, (0, 3)),
        None,
        Complaint("Unexpected end of string, expecting ')'", 1, (5, 6)),
        Complaint("Expected a command, but found end of the input"),
    ]


@pytest.mark.parametrize(
    ("script", "columns"),
    [("\techo )", (6, 7)), ("echo 日本語 )", (9, 10)), ("echo e\u0301 )", (8, 9)), ("if a\nend end", (4, 7))],
)
def test_a_check_names_the_column(script: str, columns: tuple[int, int]) -> None:
    """fish's carets count columns of a terminal; the result counts characters."""
    (complaint,) = FISH.check([script])
    assert complaint is not None
    assert complaint.columns == columns


def test_a_check_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check has no effect for any script, and reads no configuration of the user."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config/fish").mkdir(parents=True)
    (tmp_path / "config/fish/config.fish").write_text("touch configured")
    assert FISH.check(["touch a (touch b)", "touch c; end"])[0] is None
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_many_and_long_scripts_are_checked() -> None:
    """Neither the number of scripts nor their length reaches a limit of the system."""
    long = "echo " + "a" * 200_000
    many = ["echo 'a\nb'", "echo )", "echo \udcff", "-c", ""] * 300
    said = FISH.check([long, f"{long})", *many, f"echo {'b' * 131_060}"])
    assert said[0] is None
    assert str(said[1]) == "line 1: Unexpected ')' for unopened parenthesis"
    assert [message is None for message in said[2:-1]] == [True, False, True, True, True] * 300
    assert said[-1] is None


def test_a_missing_fish_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fish on the machine a check reports that, and does not accept every script."""
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(FileNotFoundError):
        FISH.check(["true"])
