"""The variables that a statement needs: those that are expanded and that nothing in it sets."""

from __future__ import annotations

import pytest

from runbook_exec.shells.registry import SHELLS

POSIX = ("bash", "zsh", "sh", "ash")


def needed_by(script: str, shell: str = "bash") -> tuple[str, ...]:
    """The variables that a statement needs."""
    return SHELLS[shell].list_variables(script).needed


@pytest.mark.parametrize("shell", POSIX)
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("rm -r /srv/$APP/data", ("APP",)),
        ('az group delete --name "$GROUP" --yes', ("GROUP",)),
        ("curl ${HOST}:${PORT%/}/x", ("HOST", "PORT")),
        ('echo "$A" "$B" "$A" > file', ("A", "B")),
        ("cat <<EOF\n$APP ${HOST}\nEOF", ("APP", "HOST")),
        ('x=$(lookup "$APP")', ("APP",)),
        ("cd /srv && rm -r $APP", ("APP",)),
        ("ssh web \"rm $APP\"", ("APP",)),
        ("deploy --app=$APP APP", ("APP",)),
        ("A=1 deploy $B", ("B",)),
        ("for x in $LIST; do rm $x; done", ("LIST",)),
        # with a default, or where its absence is handled
        ("echo ${A:-b} ${A-b} ${A:=b} ${A:?gone} ${A:+c} ${#A} > file", ()),
        ("rm ${A:-$B}", ()),
        ('[ -n "$APP" ] && rm -r "$APP"', ()),
        ('if test -z "$APP"; then exit 1; fi; rm $APP', ()),
        ('case "$APP" in a) rm "$APP";; esac', ()),
        # text
        ("echo '$APP' > file", ()),
        ("awk '{print $1, $NF, $name}' file", ()),
        ("perl -ne 'print $line' file", ()),
        ("cat <<'EOF'\n$APP\nEOF", ()),
        ("cat \\$APP \"\\$APP\"", ()),
        ("ls # $APP", ()),
        ("echo $APP", ()),
        ('printf "%s\\n" "$JAVA_HOME"', ()),
        # set in the statement
        ("for x in a b; do rm $x; done", ()),
        ("while read -r line; do rm $line; done < list", ()),
        ("APP=a && rm $APP", ()),
        ("if true; then APP=b; fi; rm $APP", ()),
        ("export APP=a; rm $APP", ()),
        ("read -p 'app? ' APP; rm $APP", ()),
        ('read APP && rm "$APP"', ()),
        ("getopts ab opt; rm $opt", ()),
        (". ./env && rm $APP", ()),
        ('eval "$(setup)" && rm $APP', ()),
        # special ones
        ("rm $1 $@ $* $# $? $$ $! $- $0 $HOME $PWD $USER $PATH $SHELL $_ $IFS $RANDOM $UID $LANG", ()),
        ("f() { rm $1 $APP; }", ()),
        ("docker build $EXTRA_ARGS $BUILD_FLAGS .", ()),
    ],
)  # fmt: skip
def test_variables_that_a_statement_of_a_posix_shell_needs(
    statement: str, expected: tuple[str, ...], shell: str
) -> None:
    """Defaults, tests, quotes, programs of awk and perl, loops, functions and special variables need none."""
    assert needed_by(statement, shell) == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("mapfile -t lines < file; rm ${lines[@]}", ()),
        ("declare -A map=([a]=b); rm ${map[a]}", ()),
        ("rm ${files[@]}", ("files",)),
        ("[[ $TRACE ]] && set -x", ()),
        ("rm ${!name} $BASH_VERSION $PIPESTATUS $HOSTNAME $OSTYPE", ()),
        ("(( count++ )); rm $count", ()),
        ("diff <(cat $A) <(cat $B)", ("A", "B")),
        ("function f { rm $APP; }", ()),
        ("printf -v name x; rm $name", ()),
        ("rm $'$APP' ${APP//a/b}", ("APP",)),
    ],
)
def test_variables_that_a_statement_of_bash_needs(statement: str, expected: tuple[str, ...]) -> None:
    """Arrays, `[[ … ]]`, arithmetic and process substitutions are understood."""
    assert needed_by(statement) == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("rm -r /srv/$APP/data", ("APP",)),
        ('rm "$APP" $list[1] $$name', ("APP", "list", "name")),
        ("rm (string split , $LIST)", ("LIST",)),
        ("set -gx APP a; rm $APP", ()),
        ("set -q APP; or set APP a; rm $APP", ()),
        ("for x in a b; rm $x; end", ()),
        ("for x in $LIST; rm $x; end", ("LIST",)),
        ("read APP; and rm $APP", ()),
        ("test -n \"$APP\"; and rm $APP", ()),
        ("function f; rm $argv $APP; end", ()),
        ("rm $argv $status $pipestatus $HOME $fish_pid $hostname $__fish_config_dir $last_pid", ()),
        ("awk '{print $1 $name}' file; rm \\$APP", ()),
        ("source env.fish; rm $APP", ()),
        ("string match -rq '(?<name>a)' $TEXT; rm $name", ("TEXT",)),
        ("echo $APP", ()),
        ("echo $APP > file", ("APP",)),
    ],
)  # fmt: skip
def test_variables_that_a_statement_of_fish_needs(statement: str, expected: tuple[str, ...]) -> None:
    """Lists, substitutions, `set`, loops, functions and special variables are understood."""
    assert needed_by(statement, "fish") == expected


@pytest.mark.parametrize("shell", [*POSIX, "fish"])
@pytest.mark.parametrize(
    "statement", ["source env", ". ./env", "cd srv", "a && eval x", "direnv allow", "nvm use 20"]
)
def test_statements_after_which_any_variable_may_be_set(statement: str, shell: str) -> None:
    """Files, `eval`, and tools that set up the shell may set any variable, and so may a hook after `cd`."""
    use = SHELLS[shell].list_variables(statement)
    assert use.sets_unknown or use.moves


@pytest.mark.parametrize("unit", ["$A ", "A=1 ", "${A:-", "'$A'", "; A", "read A; ", "[ $A ]", "$(A "])
def test_a_hostile_statement_is_read_in_linear_time(unit: str) -> None:
    """A long statement in which a variable could begin everywhere is read quickly."""
    SHELLS["bash"].list_variables("rm $B " + unit * (20_000 // len(unit)))
