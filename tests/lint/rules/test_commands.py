"""The rules that ask this machine about commands run no part of a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.program import Program

# as programs written with cobra have them: they ask the program itself
COMPLETIONS = """\
function __fly_complete
    switch (count (commandline -opc))
        case 1
            printf '%s\\t%s\\n' deploy 'Deploy an app' tokens 'Manage tokens' status 'Show it' auth 'Log in'
        case '*'
            printf '%s\\t%s\\n' --app 'The app' --json 'As JSON' --yes 'Do not ask' --help 'Help'
    end
end
function __fly_needs_command
    test (count (commandline -opc)) -eq 1
end
complete -c fly -f -n __fly_needs_command -a '(__fly_complete)'
complete -c fly -f -n 'not __fly_needs_command' -a '(__fly_complete)'
"""
MISE = """\
#!/bin/sh
[ "$*" = "tasks ls --json --hidden" ] || exit 9
echo '[{"name": "fly-deploy", "aliases": ["fd"]}, {"name": "provision-indri", "aliases": []}]'
"""


@pytest.fixture
def machine(program: Program) -> Program:
    """A machine with `fly`, which has completions, and `mise`, which has two tasks."""
    completions = program.folder / "home" / "config" / "fish" / "completions"
    completions.mkdir(parents=True)
    (completions / "fly.fish").write_text(COMPLETIONS, encoding="utf-8")
    for name, text in (("fly", "#!/bin/sh\nexit 1\n"), ("mise", MISE)):
        path = program.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    return program


def found(program: Program, *script: str, language: str = "fish") -> list[str]:
    """The findings of `--commands` in a block as `line:column code`, with lines of the script."""
    program.write("page.md", f"## Steps\n\n### 1. One\n\n```{language}\n" + "\n".join(script) + "\n```\n")
    path = f"{program.folder}/bin:{program.environment()['PATH']}"
    arguments = ("lint", "page.md", "--select", "P", "--commands", "--format", "github")
    ran = program.run(*arguments, env={"PATH": path})
    assert ran.status in (0, 1), ran
    said = [line.split("::", 2)[2].split(" ")[:2] for line in ran.stdout.splitlines()]
    places = [(place.split(":"), code) for place, code in said]
    return [f"{int(line) - 5}:{column} {code}" for (_, line, column, _), code in places]


def test_an_unknown_command_is_found(machine: Program) -> None:
    """A program, builtin or function that this machine does not have is found at its place."""
    assert found(machine, "fly status", "flyy status", "echo a | gerp b; and strng upper a") == [
        "2:1 C601",
        "3:10 C601",
        "3:22 C601",
    ]
    assert found(machine, "if true; then", "  no_such_thing || exit 1", "fi", language="bash") == ["2:3 C601"]


def test_text_that_is_no_command_has_no_finding(machine: Program) -> None:
    """Words, patterns, arithmetic, here-documents and own functions have no finding."""
    assert found(machine, "function mine", "    echo a", "end", "alias yours 'echo b'", "mine; yours") == []
    script = (
        "cat <<EOF", "nosuch a", "EOF", "for ((i = 0; i < 3; i++)); do echo $i; done", "x=(one two)",
        "echo a \\", "  nosuch", "case $1 in", "  nosuch) echo b ;;", "  a|nosuch) echo c ;;", "esac",
        "[[ $a == b && nosuch ]]", "mine() { echo d; }", "mine; $nosuch; ./nosuch; ~/nosuch; a=b",
        "echo 'a; nosuch' # | nosuch", "ls >|nosuch",
    )  # fmt: skip
    assert found(machine, *script, language="bash") == []


def test_an_unknown_mise_task_is_found(machine: Program) -> None:
    """mise itself lists its tasks."""
    script = (
        "mise run fly-deploy",
        "mise r fd",
        "mise run fly-deplyo -- --now",
        "mise install",
        "mise run <task>",
    )
    assert found(machine, *script) == ["3:10 C602"]


def test_a_word_unknown_to_completions_is_found(machine: Program) -> None:
    """A program's own completions list its subcommands and options."""
    script = (
        "fly deploy --app x --yes",
        "fly deply",
        "fly status --jsn",
        "fly tokens --app=x -- --jsn",
        "fly $x --y",
    )
    assert found(machine, *script) == ["2:5 C603", "3:12 C603"]
    assert found(machine, "ls --no-such-option", "git comit --amendd") == []


def test_nothing_of_a_page_is_run(machine: Program, tmp_path: Path) -> None:
    """The text of a block is never run."""
    proof = tmp_path / "proof"
    script = (
        f"fly (touch {proof})", f"fly $(touch {proof}) --app", f"fly --app; touch {proof}",
        f"(touch {proof})", f"fly deploy --app=(touch {proof})", f"eval touch {proof}",
        f"fly '; touch {proof}; ' --json",
    )  # fmt: skip
    found(machine, *script)
    found(machine, *script, f"`touch {proof}`", language="bash")
    assert not proof.exists()


def test_answers_of_the_machine_are_not_cached(machine: Program) -> None:
    """A command that is installed between two runs is found in the second.

    The page is the same in both.
    """
    assert found(machine, "later --now") == ["1:1 C601"]
    (machine.folder / "bin" / "later").symlink_to("fly")
    assert found(machine, "later --now") == []
