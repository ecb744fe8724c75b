"""bash, zsh and sh source is split into statements that a person would enter one by one."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_exec.shells.base import Complaint, Scan
from runbook_exec.shells.quoting import Context
from runbook_exec.shells.registry import SHELLS
from tests.support.paths import DATA
from tests.support.shells import ASH, COMMANDS, POSIX

BASH, ZSH, SH = SHELLS["bash"], SHELLS["zsh"], SHELLS["sh"]

# The whole state of a session, except for parts that differ between any two shells.
VOLATILE = (
    r"BASH_?[A-Z]*|COMP_WORDBREAKS|LINENO|RANDOM|SRANDOM|SECONDS|EPOCH[A-Z]*|PIPESTATUS|FUNCNAME|PPID|_|"
    r"COPROC|COPROC_PID|NAMED|NAMED_PID|fd|pipestatus|status|TTYIDLE|zsh_eval_context|ZSH_EVAL_CONTEXT|funcsourcetrace|"
    r"funcfiletrace|functrace|funcstack|jobstates|jobtexts|jobdirs|usergroups|history|historywords|commands|"
    r"functions|functions_source|dis_functions_source|options|parameters|modules|aliases|argv|\*|@|!|\$|-"
)
DUMP = {
    "bash": 'declare -p | grep -Ev "^declare -[^ ]* (%s)(=|$)"; declare -f; shopt; set +o',
    "zsh": 'typeset -p + | grep -Ev "(^| )(%s)$" | sort; typeset -p | grep -Ev " (%s)(=|$)"; '
    "typeset -f; setopt",
    "sh": 'set | grep -Ev "^(%s)="; set +o',
    "ash": 'set | grep -Ev "^(%s)="; set +o',
}
PLACE = re.compile(r"^.*?\bline \d+: |^.*?:\d+: |^\S+: \d+: (eval: )?", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """A block, its statements and its problem, from a file of `cases/`."""

    shell: str
    name: str
    block: str
    statements: tuple[str, ...]
    problem: str | None


def read_cases() -> list[Case]:
    """Return the cases of the three documents, in order."""
    cases = []
    for shell in COMMANDS:
        document = (DATA / "cases" / f"{shell}-statements.txt").read_text(encoding="utf-8")
        for part in re.split(r"^##### ", document, flags=re.MULTILINE)[2:]:
            name, _, rest = part.partition("\n")
            rest, _, problem = rest.partition("!!!!! ")
            block, *statements = re.split(r"^-----\n", rest, flags=re.MULTILINE)
            ends = tuple(statement.removesuffix("\n") for statement in statements)
            cases.append(Case(shell, name, block, ends, problem.strip() or None))
    return cases


CASES = read_cases()
VALID = [case for case in CASES if case.problem is None]


def identity(case: Case) -> str:
    """Return the name of a case for a report."""
    return f"{case.shell}: {case.name}"


RUN = [
    pytest.param(case, marks=ASH.marks if case.shell == "ash" else (), id=identity(case)) for case in VALID
]


def texts(script: str, scan: Scan) -> tuple[str, ...]:
    """Return the statements of a scan as text."""
    return tuple(script[start:end] for start, end in scan.statements)


def run(shell: str, script: str, folder: Path) -> str:
    """Return the output of the script and the state of the shell afterwards.

    It runs in an empty folder.
    """
    folder.mkdir()
    dump = DUMP[shell].replace("%s", VOLATILE)
    ending = f"\nprintf 'status %s\\n' $?; pwd; {dump}\n"
    if shell == "zsh":
        ending = ending.replace("typeset -p + |", "typeset + |")
    # the file is outside of the folder, and no pattern of a block finds it
    path = folder.with_suffix(".script")
    path.write_text(script + ending, encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*COMMANDS[shell], path],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return PLACE.sub("", done.stdout).replace(str(folder), "/folder")


@pytest.mark.parametrize("case", CASES, ids=identity)
def test_a_block_is_split_as_its_document_shows(case: Case) -> None:
    """The documents of cases have the statements of each block and its problem."""
    scan = SHELLS[case.shell].scan(case.block)
    assert texts(case.block, scan) == case.statements
    assert (scan.problem and scan.problem[1]) == case.problem


@pytest.mark.parametrize("shell", POSIX)
def test_the_shell_refuses_exactly_the_blocks_with_a_problem(shell: str) -> None:
    """A case has a problem exactly if the shell's own check reports one."""
    cases = [case for case in CASES if case.shell == shell]
    checked = SHELLS[shell].check([case.block for case in cases])
    # zsh and dash take the end of the file for the last line of a here-document
    wrong = [case.name for case, said in zip(cases, checked, strict=True) if said]
    assert wrong == [case.name for case in cases if case.problem]


@pytest.mark.parametrize("case", RUN)
def test_single_statements_have_the_effects_of_their_block(case: Case, tmp_path: Path) -> None:
    """The statements, one by one, print, change and return the same as the whole block."""
    statements = "\n".join(f"eval {shlex.quote(text)}" for text in case.statements)
    start = "set +H\n" if case.shell == "bash" else ""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = run(case.shell, start + case.block, tmp_path / "a" / "run")
    apart = run(case.shell, start + statements, tmp_path / "b" / "run")
    assert apart == whole
    assert re.search(r"^status \d+$", whole, re.MULTILINE)


@pytest.mark.parametrize("case", RUN)
def test_a_statement_is_a_single_statement(case: Case) -> None:
    """As a script, a statement is one statement from its first to its last character."""
    for text in case.statements:
        scan = SHELLS[case.shell].scan(text)
        assert scan.statements == ((0, len(text)),)
        assert scan.problem is None


def test_each_shell_has_enough_cases() -> None:
    """The three documents have enough cases for each shell."""
    counts = {shell: sum(case.shell == shell for case in VALID) for shell in COMMANDS}
    assert counts["bash"] >= 80
    assert counts["zsh"] >= 20
    assert counts["sh"] >= 20


# -- contexts

MARKED = [
    ("bash", "echo <Q> a<Q>b $x<Q> ${x}<Q> --x=<Q> {a,<Q>} <Q>*", "bare"),
    ("bash", "x=<Q> a=(1 <Q> [k]=<Q>) [ <Q> = <Q> ] >f<Q> <<<<Q>", "bare"),
    ("bash", "case <Q> in <Q>|a<Q>) ;; esac; [[ $x == <Q> && <Q> -nt <Q> ]]", "bare"),
    ("bash", 'echo "$(echo <Q>)" "$(echo "$(echo <Q>)")" <(echo <Q>) $(case <Q> in <Q>) ;; esac)', "bare"),
    ("bash", "echo '<Q>' 'a<Q>b'; x='<Q>'; f() { echo '<Q>'; }", "single"),
    ("bash", 'echo "<Q>" "$x<Q>" "a $(b) <Q>" "$(c "<Q>")" "\\"<Q>" $"<Q>"', "double"),
    ("bash", "echo $'<Q>' $'a\\'<Q>'", "ansi-c"),
    ("bash", "if a; then # <Q>\n# <Q> `\nb; fi # <Q>", "comment"),
    ("bash", "cat <<E\n<Q> $x<Q> \"<Q>\" '<Q>' # <Q>\n<Q>\nE", "heredoc"),
    ("bash", "cat <<E\n$(echo <Q>) \\`<Q>\nE"[:20] + "\nE", "bare"),
    ("bash", "cat <<'E' <<-\"F\"\n<Q> $(<Q>) `<Q>`\nE\n\t<Q>\n\tF", "heredoc-verbatim"),
    ("bash", 'echo `<Q>` "`<Q>`" "`echo \\"<Q>\\"`"', "unsafe"),
    ("bash", 'echo $((<Q>)) "$((1 + <Q>))" $[<Q>]; ((<Q>)); for ((;<Q>;)); do :; done', "unsafe"),
    ("bash", "echo ${<Q>} ${x:-<Q>} \"${x#<Q>}\" ${x:-'<Q>'} \"${x:-$(echo '<Q>')}\"", "unsafe"),
    ("bash", "cat <<E<Q>\na\nE<Q>", "unsafe"),
    ("bash", "cat <<'<Q>'\n<Q>\n", "unsafe"),
    ("bash", "[[ $x =~ <Q> ]]; [[ $x =~ ^(a|<Q> b)$ ]]; [[ $x =~ '<Q>' ]]", "unsafe"),
    ("bash", "a[<Q>]=1; a=([<Q>]=1); <Q>=1; export <Q>=1; echo a[<Q>]", "unsafe"),
    ("bash", "<Q>() { :; }; function <Q> { :; }; for <Q> in a; do :; done", "unsafe"),
    ("bash", "echo $<Q> \"$<Q>\" \\<Q> \"\\<Q>\" $'\\<Q>' ~<Q> {1..<Q>} @(a|<Q>)", "unsafe"),
    ("sh", "echo $'<Q>'", "unsafe"),
    ("sh", "echo $\"<Q>\" \"${x}<Q>\"", "double"),
    ("zsh", "echo =<Q> *(<Q>) (a|<Q>) $a[<Q>] \"$a[<Q>]\" $x:s/a/<Q>/", "unsafe"),
    ("zsh", "echo \"$x:gs/<Q>/b/\" $#<Q> $=<Q>", "unsafe"),
    ("zsh", 'print =(echo <Q>) $x:<Q> $x:h<Q>; for x (<Q> a) echo <Q>; repeat 2 { echo <Q> }', "bare"),
    ("zsh", 'echo "$x:<Q>" "${x}[<Q>]"', "double"),
]  # fmt: skip


@pytest.mark.parametrize(("shell", "script", "context"), MARKED)
def test_the_context_of_each_place_is_known(shell: str, script: str, context: str) -> None:
    """Each marked place of a script has the quoting that the shell sees there."""
    blanked = script.replace("<Q>", "QQQ")
    places = [match.start() for match in re.finditer("<Q>", script)]
    scan = SHELLS[shell].scan(blanked)
    found = [scan.context(place, place + 3).value for place in places]
    assert found == [context] * len(places), scan.regions


def test_regions_are_disjoint_and_in_order() -> None:
    """Inner regions cut holes into the regions around them."""
    script = 'echo "a $(b \'c\' "d") e" # f'
    scan = BASH.scan(script)
    assert [(script[start:end], context) for start, end, context in scan.regions] == [
        ("a ", Context.DOUBLE),
        ("c", Context.SINGLE),
        ("d", Context.DOUBLE),
        (" e", Context.DOUBLE),
        ("# f", Context.COMMENT),
    ]
    assert [script[start:end] for start, end in scan.comments] == ["# f"]


# -- every source

# fmt: off
INGREDIENTS = [
    *"\"'`$(){}[]<>|&;\\#!*?~=+ \n\t\r\v\0é\udcffQa1", "\n", " ", "$(", "${", "$((", "((", "[[", "]]",
    " if ", ";then ", ";fi\n", " for x in ", ";do ", ";done", "case x in ", "a)", ";;", " esac", "<<E\n",
    "<<-'E'\n", "\nE\n", "<<<", "&&", "||", "&>", " coproc ", " function f ", "f()", " time ", "a=(", "=~ ",
    "foreach x (", " end ", "repeat 2 ", " always ", ":s/", "$x:h", "$a[", "=(", "@(", "echo a", "\\\n",
]
# fmt: on
SOUP = st.lists(st.sampled_from(INGREDIENTS), max_size=40).map("".join)


def check_shape(script: str, scan: Scan) -> None:
    """Assert that statements and regions are disjoint and in order.

    Only separators and comments are between statements.
    """
    comments = set().union(*(range(start, end) for start, end in scan.comments))
    rest = [(0, 0), *scan.statements, (len(script), len(script))]
    for (_, end), (start, _) in pairwise(rest):
        assert end <= start
        between = "".join(script[at] for at in range(end, start) if at not in comments)
        assert not between.replace("\\\n", "").strip(" \t\n;"), between
    for stretches in (scan.statements, scan.comments, tuple(region[:2] for region in scan.regions)):
        assert all(0 <= start < end <= len(script) for start, end in stretches)
        assert all(one[1] <= other[0] for one, other in pairwise(stretches))


@settings(max_examples=1500)
@given(script=SOUP | st.text(), shell=st.sampled_from(sorted(COMMANDS)))
def test_any_text_can_be_split(script: str, shell: str) -> None:
    """Whatever a block holds, splitting it neither fails nor loses a part of it."""
    scan = SHELLS[shell].scan(script)
    check_shape(script, scan)
    for text in texts(script, scan)[: None if scan.problem is None else -1]:
        assert SHELLS[shell].scan(text).statements == ((0, len(text)),)


@pytest.mark.parametrize("shell", POSIX)
@pytest.mark.parametrize("part", ["(", "{ ", "$(", "${x:-", "$((", '"$(', "if ", "f() ", "a=(", "@(", "<("])
def test_deep_nesting_is_a_problem_and_no_crash(shell: str, part: str) -> None:
    """A script with extreme nesting is refused with a message."""
    scan = SHELLS[shell].scan(part * 3000)
    assert scan.problem is not None
    assert scan.statements[-1][1] == len((part * 3000).rstrip())


# fmt: off
WORDS = [
    "a", "if", "'b; c'", '"d $x"', '"e $(echo f; echo "g)")"', "$(case a in a) :;; esac)", "`h`", "${x:-i}",
    "${x#'}'}", "$((1 + (2)))", "\\;", "$'j\\'k'", "a#b", "{l,m}", "*n?", "<(echo o)",
    "$(cat <<X\nit's\nX\n)", "x=y", "-p",
]
# fmt: on
WORD = st.sampled_from(WORDS)
SIMPLE = st.builds(
    lambda before, words, after: " ".join([*before, "echo", *words, *after]),
    st.lists(st.sampled_from(["x=1", "y='2 3'", "z=$(echo 4)", "a[1]=b"]), max_size=2),
    st.lists(WORD, max_size=3),
    st.lists(st.sampled_from([">f", "2>&1", "<<<g", "&>/dev/null", "<f"]), max_size=2),
) | st.sampled_from(
    ["x=(a 'b c'\n# d\ne)", "[[ a == b* && ! ( c < d ) ]]", "[[ $x =~ ^(a|b c)+$ ]]", "((x <<= 1))"]
)
END = st.sampled_from(["\n", "; ", ";\n", " &\n", " # it's\n", "\n\n# (\n"])


def compounds(commands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return a strategy for compound commands."""
    block = st.lists(st.builds(str.__add__, commands, END), min_size=1, max_size=2).map("".join)
    one = block.map(lambda text: text if text.endswith("\n") else text + "\n")
    return st.one_of(
        st.builds("if {}then {}fi".format, one, one),
        st.builds("if {}then {}elif {}then {}else {}fi".format, one, one, one, one, one),
        st.builds("for x in {} {}; do {}done".format, WORD, WORD, one),
        st.builds("for ((;;)); do {}done >f".format, one),
        st.builds("while {}do {}done".format, one, one),
        st.builds("case {} in\n(a | 'b)') {};;\nif) {};& *) ;; esac".format, WORD, one, one),
        st.builds("{{ {}}} 2>&1".format, one),
        st.builds("({})".format, one),
        st.builds("f() {{\n{}}}".format, one),
        st.builds("function g {{ {}}}".format, one),
        st.builds("{} && {}".format, commands, commands),
        st.builds("{} ||\n # c\n {}".format, commands, commands),
        st.builds("{} | {}".format, commands, commands),
        st.builds("! {}".format, commands),
        st.builds("time {}".format, commands),
        st.builds("{} <<E\n$( \"\n'{}\nE\n".format, SIMPLE, WORD.filter(lambda word: "X" not in word)),
        st.builds("{{ cat <<-'F'; {}; }}\n`a ${{\n\tF\n".format, SIMPLE),
    )


SOURCE = st.lists(st.builds(str.__add__, st.recursive(SIMPLE, compounds, max_leaves=6), END), max_size=4).map(
    "".join
)


@settings(max_examples=40)
@given(sources=st.lists(SOURCE, min_size=8, max_size=8))
def test_bash_and_we_agree_on_what_parses(sources: list[str]) -> None:
    """Generated source is refused exactly where bash refuses it, else split into what bash accepts."""
    for source, said in zip(sources, BASH.check(sources), strict=True):
        scan = BASH.scan(source)
        check_shape(source, scan)
        assert (scan.problem is None) == (said is None), (source, scan.problem, said)
        for text in texts(source, scan) if scan.problem is None else ():
            assert BASH.scan(text).statements == ((0, len(text)),)


# For an assignment, bash reads up to the `]`, including blanks, and accepts a missing `]`: `t[[ a && b ]]`
BEGUN_ASSIGNMENT = re.compile(r"\w\[")


@settings(max_examples=40)
@given(data=st.data(), sources=st.lists(SOURCE.filter(bool), min_size=8, max_size=8))
def test_bash_refuses_what_we_refuse(data: st.DataObject, sources: list[str]) -> None:
    """Source with a piece cut out has a problem only where bash finds one too."""
    broken = []
    for source in sources:
        start = data.draw(st.integers(0, len(source) - 1))
        broken.append(source[:start] + source[start + data.draw(st.integers(1, 6)) :])
    for source, said in zip(broken, BASH.check(broken), strict=True):
        scan = BASH.scan(source)
        check_shape(source, scan)
        agreed = scan.problem is None or said is not None
        assert agreed or BEGUN_ASSIGNMENT.search(source), (source, scan.problem)


# -- syntax checks


def test_a_complaint_names_a_line_and_no_file() -> None:
    """It is the shell's own message, with the line in the script and without a path."""
    scripts = ["echo a\n", "echo a\nif\n\nfi\n", "cat <<E\na\n", "echo \udcff; fi\n"]
    place = 4, (0, 2)
    assert BASH.check(scripts)[:2] == [None, Complaint("syntax error near unexpected token `fi'", *place)]
    assert "here-document" in str(BASH.check(scripts)[2])
    assert ZSH.check(scripts)[:2] == [None, Complaint("parse error near `fi'", *place)]
    assert SH.check(scripts)[:2] == [None, Complaint('Syntax error: "fi" unexpected', *place)]
    for shell in (BASH, ZSH, SH):
        assert "/" not in str(shell.check(scripts)[3] or "/")


def test_a_negated_status_is_no_complaint() -> None:
    """`zsh -n` exits with 1, without a message, if the last command begins with `!`."""
    for script in ("! false\n", "true; ! grep -q a b", "if ! a; then b; fi"):
        assert [SHELLS[shell].check([script]) for shell in ("bash", "zsh", "sh")] == [[None]] * 3


# Each row but the last leaves something open, or closes something that it did not open. In a sequence, some
# of them complete each other.
HALVES = (
    'echo "a', "echo 'a", "echo `a", "echo ${a", "((a", "echo $((1+", "[[ a", "x=(a", "case x in", "a) b;;",
    "case x in a) b;;", "for x in a; do", "while a; do", "if a; then", "if a; then b; else", "{ a", "( a",
    "a &&", "a |", "f()", "function f {", "echo $'a", "echo $(", 'echo "$(', "echo $(case x in a)", "$[1+",
    "for ((;;", "cat <<E\na", "b\nE", "}", "fi", "done", "esac", ")", "))", ";;", "else", "then", "do", "&&",
    'b"', "b'", "b`", '}"', "fi; if x; then", "} ; { :", "; {", "}; echo {", "echo } ${a", "cat <<E\nE\nfi",
    "echo a\\", "!", "time", "#", "if a; then b; fi", "cat <<E\na\nE", "case x in a) b;; esac", "f() { a; }",
)  # fmt: skip


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_a_check_does_not_depend_on_other_scripts(shell: str) -> None:
    """Checked together, in any order, each script has the same result as by itself."""
    check = SHELLS[shell].check
    alone = [check([script])[0] for script in HALVES]
    assert sum(complaint is None for complaint in alone) >= 7
    assert check(HALVES) == alone
    assert check(HALVES[::-1]) == alone[::-1]


def test_checks_execute_nothing_and_know_extended_patterns(tmp_path: Path) -> None:
    """No part of a script runs, and patterns that `shopt` enables are accepted."""
    script = f"touch {tmp_path}/ran; echo $(touch {tmp_path}/ran)\n"
    assert [BASH.check([script]), ZSH.check([script]), SH.check([script])] == [[None]] * 3
    assert not (tmp_path / "ran").exists()
    assert BASH.check(["shopt -s extglob\necho @(a|b)\n", "echo +(c)\n"]) == [None, None]
    assert BASH.check(["echo @(a|b)\n"]) != [None]


def test_a_missing_shell_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the shell no result is returned, and the error names the missing program."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="zsh"):
        ZSH.check(["echo a"])
