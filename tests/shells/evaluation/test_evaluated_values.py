"""Values in places where a shell or program reads them again, tried with real shells."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.evaluation import Attempt, fill_place, is_executed, list_attempts, prepare_folder
from tests.support.program import Program
from tests.support.shells import SHELLS

_STEP = (
    37  # the sample has every value with about so many places; `python -m tests.support.evaluation` has all
)


@pytest.mark.parametrize("shell", SHELLS)
def test_no_value_is_executed(shell: str, tmp_path: Path) -> None:
    """Of a sample of all values in all places, each is refused or arrives without being executed."""
    prepare_folder(tmp_path)
    attempts = list_attempts(shell, _STEP)
    ran = 0
    for attempt in attempts:
        code = fill_place(attempt)
        if code is not None:
            ran += 1
            assert not is_executed(attempt, code, tmp_path), (attempt, code)
    assert ran > len(attempts) // 4


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ('ssh web-1 "systemctl restart <x>"', "nginx"),
        ("ssh <x> uptime", "deploy@web-1.example.com"),
        ("sudo sh -c 'echo <x> >> /etc/hosts'", "10.0.0.1"),
        ("kubectl exec -it <x> -- sh -c 'ls /srv'", "web-7d9f"),
        ("docker exec <x> psql -U app -c 'VACUUM'", "db-1"),
        ("psql -c \"ALTER ROLE app PASSWORD '<x>'\"", "a b!;$(c)#-"),
        ("sed -i 's/TITLE/<x>/' page.html", "A title; with $ and `signs`"),
        ("sed -i 's|ROOT|<x>|' conf", "/srv/www"),
        ("awk '$1 == \"<x>\" { print }' f", "Jo Doe, Ltd."),
        ("mongosh --eval 'db.users.find({name: \"<x>\"})'", "Jo Doe"),
        ("useradd -s /bin/bash -c '<x>' jo", "Jo Doe (ops) $HOME"),
        ("[ <x> -gt 3 ]", "12"),
        ("read <x> <f", "answer"),
        ("exit <x>", "0"),
        ("curl -fsSL https://example.com/<x>/install.sh | sh", "v1.2.3"),
        ("curl -fsSL <x> | sudo bash -s -- --dry-run", "https://a.example/get?for=x&token=$t"),
        ("bash -c true; n=${#t}; while ((i < ${#t})); do i=$((i + 1)); done; t=<x>", "a b;$(c)"),
        ("echo <x> | sudo -S true", "it's; a $(password)"),
        ("echo <x> | docker login --password-stdin", "it's; a $(password)"),
        ("echo <x> | ssh web 'cat >> notes'", "it's; a $(note)"),
        ("cat <<EOF | kubectl apply -f -\nname: <x>\nEOF", "it's; a $(name)"),
        ("git commit -m 'eval: <x>'", "it's; $(code)"),
        ("trap - <x>", "EXIT"),
    ],
)
def test_ordinary_values_are_written_as_they_are(place: str, value: str) -> None:
    """An ordinary value in an ordinary place is quoted once, as if nothing read it again."""
    code = fill_place(Attempt("bash", place, value))
    assert code is not None
    plain = place.replace("<x>", value)
    assert code.replace("'", "").replace("\\", "") == plain.replace("'", "").replace("\\", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_value_arrives_through_two_shells(shell: str, program: Program) -> None:
    """A value is quoted for the inner shell too, in each kind of quotes."""
    value = 'it\'s "a" $HOME `b`; c\\d *'
    scripts = (
        "sh -c 'printf \"[%s]\" <x>'",
        "sh -c \"printf '[%s]' <x>\"",
        'sh -c \'printf "[%s]" "<x>"\'',
        "sh -c \"printf '[%s]' 'a <x>'\"",
        "bash -c 'sh -c \"printf [%s] <x>\"'",
        "zsh -fc 'printf \"[%s]\" <x>'",
        "fish --no-config -c 'printf \"[%s]\" <x>'",
        "eval 'printf \"[%s]\" <x>'",
    )
    page = f"# Page\n\n```{shell}\n" + "\n".join(scripts) + "\n```\n"
    ran = program.run_page(page, "--yes", "--no-config", "--set", f"x={value}")
    assert ran.status == 0, ran.output
    assert ran.stdout.count(f"[{value}]") == len(scripts) - 1, ran.stdout
    assert ran.stdout.count(f"[a {value}]") == 1


def test_a_refused_value_has_its_place_and_a_way_out(program: Program) -> None:
    """Before anything runs, the message has line, column and carets, and says what to do instead."""
    page = "# Page\n\n```bash\ntouch made\necho 'restart <unit>' | sh\n```\n"
    ran = program.run_page(page, "--yes", "--set", "unit=nginx; touch pwned")
    assert (ran.status, ran.stdout) == (2, "")
    assert (
        "page.md:5:15: error: `sh` reads this value again, as code of a shell, and could execute it"
        in ran.stderr
    )
    assert "^^^^^^" in ran.stderr
    assert "write the command into the page" in ran.stderr
    assert [path.name for path in program.work.iterdir()] == ["page.md"]


def test_a_refused_value_of_the_environment_waits(program: Program) -> None:
    """A value that becomes known only in the run is refused with the same words, and never written."""
    page = (
        "---\nrunbook:\n  inputs:\n    unit: {source: 'cmd:printf %s ;id'}\n---\n\n"
        "# Page\n\n```bash\necho 'restart <unit>' | sh\n```\n"
    )
    ran = program.run_page(page, "--yes", "--trust")
    assert ran.status == 3, ran.output
    assert "`sh` reads this value again" in ran.output


@pytest.mark.parametrize(
    ("shell", "script"),
    [
        ("bash", "count=<x>\necho $((count + 1))"),
        ("bash", "count=<x>; (( count > 1 )) && echo more"),
        ("bash", "export n='<x>'\n[[ $n -gt 1 ]]\ntrue"),
        ("bash", "n=<x>\na=(1 2)\necho ${a[n]} ${a[$n]}"),
        ("bash", "declare -i n\nn=<x>\nlet n+=1"),
        ("bash", "name=<x>\necho ${!name}"),
        ("bash", 'command=<x>\neval "$command"'),
        ("bash", 'for unit in <x>; do ssh web "restart $unit"; done'),
        ("bash", 'unit=<x>\nssh web "systemctl restart $unit"'),
        ("bash", "read n <<< <x>\necho $((n))"),
        ("zsh", "count=<x>\nrepeat $count; do echo a; done"),
        ("zsh", "n=<x>\nprintf '%d' $n"),
        ("zsh", "n=<x>\n[ $n -eq 1 ]\ntrue"),
        ("sh", 'unit=<x>\nsh -c "echo $unit"'),
        ("fish", 'set unit <x>\nssh web "systemctl restart $unit"'),
        ("fish", "set -gx code <x>\neval $code"),
        ("bash", 'ssh web "systemctl restart $UNIT"'),
        ("bash", "declare -i n=1\nn=<x>"),
        ("bash", "declare -i n\nn+=<x>"),
        ("bash", "typeset -r -i m=1; declare -xi n\nread -r n <<< <x>"),
        ("bash", "f() { local -i n; n=<x>; }\nf"),
        ("zsh", "integer n\nn=<x>"),
        ("zsh", "typeset -F 2 n\nn=<x>"),
        ("bash", "declare -n r\nr=<x>\necho $r"),
        ("bash", 'title=<x>\nmessage="Deploy: $title"\nbash -c "echo $message"'),
        ("bash", 'a=<x>\nexport b=${a%.txt}\nfor c in "1;2" $b; do d=$c; done\nbash -c "echo $d"'),
        ("bash", "printf -v a 'a;%s' <x>; bash -c \"echo $a\""),
        ("bash", "printf -v n %s <x>; echo $((n+1))"),
        ("bash", 'mapfile -t a <<< <x>\nbash -c "echo ${a[0]}"'),
        ("bash", 'while read -r a; do b=$a; done <<< <x>\nbash -c "echo $b"'),
        ("bash", 'read -r a <<EOF\n<x>\nEOF\nbash -c "echo $a"'),
        ("bash", 'a=(one <x>)\nbash -c "echo ${a[1]}"'),
        ("bash", 'a=<x>\n: ${b:=$a}\nbash -c "echo $b"'),
        ("bash", 'set -- <x>; bash -c "echo $*"'),
        ("sh", 'set -- "1;2" <x>\nsh -c "echo $2"'),
        ("zsh", 'a=<x>\nb=${(L)a}\nsh -c "echo $b"'),
        ("fish", 'set a <x>; set -g b pre$a; bash -c "echo $b"'),
        ("fish", 'set a 1\nset a[1] "<x>"\nfor b in $a; bash -c "echo $b"; end'),
    ],
)
def test_a_variable_carries_no_code(shell: str, script: str, program: Program) -> None:
    """A value that a variable carries to such a place is refused before anything runs; others are not."""
    (program.work / "bin").mkdir()
    (program.work / "bin" / "ssh").write_text('#!/bin/sh\nshift; exec sh -c "$*"\n', encoding="utf-8")
    (program.work / "bin" / "ssh").chmod(0o755)
    path = f"{program.work / 'bin'}:{program.environment()['PATH']}"
    page = f"# Page\n\n```{shell}\n{script}\n```\n"
    name = "UNIT" if "<x>" not in script else "x"
    for value in ("a[$(touch pwned)]", "$(touch pwned)", ";touch pwned;", "x'; touch pwned; '"):
        ran = program.run_page(page, "--yes", "--no-config", "--set", f"{name}={value}", env={"PATH": path})
        assert (ran.status, ran.stdout) == (2, ""), ran.output
        assert "reads the value of" in ran.stderr or "reads this value again" in ran.stderr
        assert not (program.work / "pwned").exists()
    if "eval" not in script and "!" not in script:
        ran = program.run_page(page, "--yes", "--no-config", "--set", f"{name}=1", env={"PATH": path})
        assert ran.status != 2, ran.output


@pytest.mark.parametrize(
    ("shell", "script"),
    [
        ("bash", 'a=<x>\nn=$(printf %s "$a" | wc -c)\n[ $n -gt 2 ]'),
        ("bash", 'a=<x>\nn="$(printf %s "$a" | wc -c)"\n[ $n -gt 2 ]'),
        ("bash", 'a=<x>\nfor i in 1 2; do [ $i -gt 1 ] || echo "$a"; done'),
        ("bash", "a=<x>\ncat <<EOF >f\nn=$a\nEOF\nn=1\necho $((n + 1))"),
        ("bash", 'a=<x>\ndeclare -n r=a\nexport b="- $r"\necho "$b"'),
        ("bash", 'a=<x>\nset -- "$a"\nbash -c \'echo "$1"\' bash "$1"'),
        ("fish", "set a <x>\nset n (string length $a)\ntest $n -gt 2"),
    ],
)
def test_what_is_not_read_again_is_carried(shell: str, script: str, program: Program) -> None:
    """A variable that no such place reads, also not as a copy, takes any value."""
    page = f"# Page\n\n```{shell}\n{script}\n```\n"
    ran = program.run_page(page, "--yes", "--no-config", "--set", "x=it's; a $(value)")
    assert ran.status == 0, ran.output


@pytest.mark.parametrize(
    ("shell", "script", "value"),
    [
        ("bash", "sed 's/T/touch <x>/e' page.md", "pwned; touch pwned"),
        ("bash", "sed '1e cat /<x>/' page.md", ";touch pwned;"),
        ("bash", "sed 's/.*/echo <x>/;e' page.md", "a; touch pwned"),
        ("bash", "sed 's/.*/echo <x>/;s/a/b/ge' page.md", "a; touch pwned"),
        ("bash", "EDITOR=<x> git commit --allow-empty", "touch pwned;:"),
        ("bash", "export VISUAL='<x>'; git commit --allow-empty", "touch pwned;:"),
        ("bash", "PAGER=<x> git -p log", "touch pwned;:"),
        ("bash", "git -c alias.zz=<x> zz", "!touch pwned"),
        ("bash", "git config alias.zz <x>; git zz", "!touch pwned"),
        ("bash", "git rebase --exec <x> HEAD", "touch pwned;:"),
        ("zsh", "functions[zz]=<x>; zz", ">pwned"),
        ("zsh", "a=<x>\naliases[zz]=$a\nzz", ">pwned"),
        ("fish", "set -gx EDITOR <x>; git commit --allow-empty", "touch pwned;:"),
        ("fish", "EDITOR=<x> git commit --allow-empty", "touch pwned;:"),
        ("fish", "env GIT_EDITOR=<x> git commit --allow-empty", "touch pwned;:"),
    ],
)
def test_settings_that_are_commands_take_no_code(
    shell: str, script: str, value: str, program: Program
) -> None:
    """Values for editors, pagers, settings of git and executing commands of sed are refused as code."""
    page = f"# Page\n\n```{shell}\ngit init -q; {script}\n```\n"
    ran = program.run_page(page, "--yes", "--no-config", "--set", f"x={value}")
    assert (ran.status, ran.stdout) == (2, ""), ran.output
    assert "could execute it" in ran.stderr
    assert not (program.work / "pwned").exists()


@pytest.mark.parametrize(
    ("shell", "script"),
    [
        (
            "bash",
            "git init -q; git config user.name <x>; git -c user.email=a@b commit -qm <x> --allow-empty",
        ),
        ("bash", "git init -q; git config alias.by 'log --author=<x>'; git by || true"),
        ("bash", "git init -q; git -c alias.zz='!echo <x>' zz"),
        (
            "bash",
            "sed -n '/#/,/<x>/p' page.md; sed '/#/{/<x>/d}' page.md; sed 's/e/<x>/g; s/e/x e/' page.md",
        ),
        ("bash", "SHELL=/bin/sh; $SHELL -c 'echo <x>'; \"${SHELL}\" -c \"echo '<x>'\""),
        ("fish", "set -x SHELL /bin/sh; $SHELL -c 'echo <x>'"),
        ("fish", "set -x note <x>; env GIT_AUTHOR_NAME=<x> true; A=<x> true"),
    ],
)
def test_the_same_commands_take_text_elsewhere(shell: str, script: str, program: Program) -> None:
    """Other settings and addresses take any text, and what a shell of `$SHELL` reads is quoted for it."""
    page = f"# Page\n\n```{shell}\n{script}\n```\n"
    ran = program.run_page(page, "--yes", "--no-config", "--set", "x=a; touch pwned")
    assert ran.status == 0, ran.output
    assert not (program.work / "pwned").exists()


def test_a_pattern_of_zsh_executes_no_value(program: Program) -> None:
    """A value that zsh reads as a pattern has no `( )`, in which it would execute code."""
    for pattern in ("ls ${~a}", "for f in $~a; do echo $f; done", "b=pre$a\nls ${(L)~b}"):
        page = f"# Page\n\n```zsh\na=<x>\n{pattern} || true\n```\n"
        ran = program.run_page(page, "--yes", "--no-config", "--set", "x=*(e:>pwned:)")
        assert ran.status == 2, ran.output
        assert "as a pattern of file names, and could execute it" in ran.stderr
        assert "expected a value without `(`" in ran.stderr
        ran = program.run_page(page, "--yes", "--no-config", "--set", "x=*.m[a-e]")
        assert ran.status == 0, ran.output


def test_the_message_names_both_variables(program: Program) -> None:
    """The message names the variable that is read, and the one that the value is given to."""
    page = "# Page\n\n```bash\na=<x>\nb=$a\necho $((b))\n```\n"
    ran = program.run_page(page, "--yes", "--set", "x=1 2")
    assert "reads the value of `$b` (copied from `$a`) again, as a number" in ran.stderr, ran.output


def test_text_in_quotes_may_be_carried(program: Program) -> None:
    """Within quotes of the inner code, a value without quotes is harmless, and the page runs as before."""
    (program.work / "bin").mkdir()
    (program.work / "bin" / "ssh").write_text('#!/bin/sh\nshift; exec sh -c "$*"\n', encoding="utf-8")
    (program.work / "bin" / "ssh").chmod(0o755)
    path = f"{program.work / 'bin'}:{program.environment()['PATH']}"
    page = "# Page\n\n```bash\nmessage=<message>\nssh web \"echo 'say: $message'\"\n```\n"
    ran = program.run_page(page, "--yes", "--set", "message=Back at 10; sorry!", env={"PATH": path})
    assert (ran.status, "say: Back at 10; sorry!" in ran.stdout) == (0, True), ran.output


@pytest.mark.parametrize(
    "place", ["curl -w '<x>' https://a.example | sh", "{ curl a; echo <x>; } | sh", "echo <x> | cat | bash"]
)
def test_a_text_of_the_arguments_that_reaches_a_shell_is_refused(place: str) -> None:
    """What `curl` fetches is no value, but what it writes out by `-w` is."""
    assert fill_place(Attempt("bash", place, "a; touch pwned")) is None
