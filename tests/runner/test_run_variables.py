"""Variables that nothing sets, and values that nobody filled in, with the whole program."""

from __future__ import annotations

import shutil

import pytest

from runbook_exec.engine.events import StatementStarted, ValueGiven
from tests.support.paths import DATA
from tests.support.program import COMMAND, Program
from tests.support.screen import DOWN, ENTER, open_screen
from tests.support.shells import SHELLS

NOT_UNSET = DATA / "cases" / "selection" / "not-unset.md"


def _page(shell: str, *scripts: str) -> str:
    blocks = "\n".join(f"```{shell}\n{script}\n```\n" for script in scripts)
    return f"# Page\n\n## Steps\n\n{blocks}"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_variable_that_nothing_sets_stops_the_run_before_anything_runs(
    shell: str, program: Program
) -> None:
    """`rm -r /srv/$APP/data` would remove the data of all apps; not even the first statement runs."""
    ran = program.run_page(_page(shell, "touch ran\nls -d /srv/$APP/data"), "--yes")
    assert ran.status == 3, ran.output
    assert "step 1 needs a value for `$APP`, which is set neither on this page nor in" in ran.stdout
    assert "`--set APP=VALUE` gives it" in ran.stdout
    assert [path.name for path in program.work.iterdir()] == ["page.md"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("value", ["web 1", "x'; touch pwned; '", "$(touch pwned)", "two\nlines"])
def test_a_value_given_for_a_variable_arrives_as_it_is(shell: str, value: str, program: Program) -> None:
    """The shell gets it as a variable that programs see too, before the statement that needs it."""
    page = _page(shell, 'printf \'[%s]\' "$APP_NAME" > out\nsh -c \'printf "[%s]" "$APP_NAME"\' >> out')
    ran = program.run_page(page, "--yes", "--set", f"APP_NAME={value}")
    assert ran.status == 0, ran.output
    assert (program.work / "out").read_text() == f"[{value}][{value}]"
    assert sorted(path.name for path in program.work.iterdir()) == ["out", "page.md"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_variable_from_anywhere_is_not_asked_for(shell: str, program: Program) -> None:
    """The environment, an earlier statement, a file, a loop and a default all set it."""
    program.write("env.sh", "set -gx C c\n" if shell == "fish" else "C=c\n")
    sets = "set B b" if shell == "fish" else "B=b"
    loop = "for d in x y; ls $d.txt; end" if shell == "fish" else "for d in x y; do ls $d.txt; done"
    program.write("x.txt", "")
    program.write("y.txt", "")
    script = f"{sets}\n. ./env.sh\nprintf '%s' $A $B $C > out\n{loop}\nls $HOME $PWD > /dev/null"
    ran = program.run_page(_page(shell, script), "--yes", env={"A": "a"})
    assert ran.status == 0, ran.output
    assert (program.work / "out").read_text() == "abc"


def test_a_variable_of_the_start_up_file_is_not_asked_for(program: Program) -> None:
    """The live shell knows the truth: its own configuration has set it, exported or not, constant or not."""
    (program.folder / "home" / ".bashrc").write_text("A=a\nexport B=b\nreadonly C=c\ndeclare -a D=(d)\n")
    ran = program.run_page(_page("bash", "printf '%s' $A $B $C ${D[0]} > out"), "--yes")
    assert ran.status == 0, ran.output
    assert (program.work / "out").read_text() == "abcd"


def test_a_function_of_the_start_up_file_may_set_a_variable(program: Program) -> None:
    """It is asked for, if at all, when its statement is next: `login` may have set it."""
    (program.folder / "home" / ".bashrc").write_text("login() { TOKEN_ID=t; }\n")
    ran = program.run_page(_page("bash", "login\nprintf '%s' $TOKEN_ID > out\nls $OTHER_ID"), "--yes")
    assert ran.status == 3, ran.output
    assert (program.work / "out").read_text() == "t"
    assert "`$OTHER_ID`" in ran.stdout


def test_a_skipped_step_does_not_set_the_variable_of_a_later_one(program: Program) -> None:
    """With `--from`, the statement that sets it does not run: the live shell does not have it."""
    steps = ("### 1. A", "```bash\nAPP=demo\n```", "### 2. B", "```bash\nls -d /srv/$APP\n```\n")
    text = "\n\n".join(("# Page", "## Steps", *steps))
    assert "`$APP`" in program.run_page(text, "--yes", "--from", "2").stdout


def test_an_input_describes_a_variable(program: Program) -> None:
    """A default, choices and a secret of the front matter hold for `$APP` as for `<app>`."""
    matter = "---\nrunbook:\n  inputs:\n    APP: demo\n    api-token: {source: 'env:GIVEN'}\n---\n"
    page = matter + _page("bash", 'printf "%s" "$APP" "$API_TOKEN" > out\ncat out')
    ran = program.run_page(page, "--yes", env={"GIVEN": "hunter2-hunter2"})
    assert ran.status == 0, ran.output
    assert (program.work / "out").read_text() == "demohunter2-hunter2"
    assert "hunter2" not in ran.output + next(iter(program.runs.glob("*.jsonl"))).read_text()


def test_the_values_of_a_run_are_in_its_record(program: Program) -> None:
    """The assignment is a statement of its own, numbered 0, and the value an event."""
    program.run_page(_page("bash", "printf %s $APP > out"), "--yes", "--set", "app=demo")
    events = program.read_events()
    started = [event.text for event in events if isinstance(event, StatementStarted)]
    assert started == ["export APP=demo", "printf %s $APP > out"]


def test_a_missing_variable_is_asked_for_before_anything_runs(program: Program) -> None:
    """The operator types its value once, and the page runs with it."""
    program.write("page.md", _page("bash", "touch ran", 'printf "%s" "$APP" > out; cat $APP.txt'))
    program.write("web.txt", "found")
    command = [*COMMAND, "page.md", "--yes", "--trust"]
    with open_screen(command, program.work, program.environment()) as screen:
        screen.wait("$APP", "type or paste a value")
        assert not (program.work / "ran").exists()
        screen.type("web", ENTER)
        screen.wait("Done.")
        assert screen.wait_status() == 0
    assert (program.work / "out").read_text() == "web"
    given = [event for event in program.read_events() if isinstance(event, ValueGiven)]
    assert [(event.name, event.value) for event in given] == [("app", "web")]


def test_a_page_with_values_that_nobody_filled_in(program: Program) -> None:
    """Two variables, a name in capitals and `YOUR_APP`: nothing runs until all have a value."""
    shutil.copy(NOT_UNSET, program.work / "page.md")
    given: list[str] = []
    for name, label in (
        ("namespace", "<namespace>"),
        ("RESOURCE_GROUP", "$RESOURCE_GROUP"),
        ("APP", "$APP"),
    ):
        ran = program.run("page.md", "--yes", "--trust", *given)
        assert ran.status == 3, ran.output
        assert f"needs a value for `{label}`" in ran.stdout
        assert "$ az" not in ran.stdout
        assert ("also missing: " in " ".join(ran.stdout.split())) == (name != "APP")
        given += ["--set", f"{name}=x"]
    assert "$ az" in program.run("page.md", "--yes", "--trust", *given).stdout


def test_a_value_that_is_meant_as_written_can_be_kept(program: Program) -> None:
    """`NAMESPACE` may be a real name: `--set` and `literal` keep it, and it is offered as a value."""
    page = _page("bash", "printf_() { printf '%s ' \"$@\" > out; }\nprintf_ -n NAMESPACE")
    assert program.run_page(page, "--yes").status == 3
    assert program.run_page(page, "--yes", "--set", "namespace=NAMESPACE").status == 0
    assert (program.work / "out").read_text() == "-n NAMESPACE "
    matter = "---\nrunbook:\n  literal: [NAMESPACE]\n---\n"
    assert program.run_page(matter + page, "--yes").status == 0


def test_the_text_on_the_page_is_offered_as_a_value(program: Program) -> None:
    """One key keeps `NAMESPACE` as it is written; it is asked for before anything runs."""
    program.write("page.md", _page("bash", "touch ran", "printf '%s' x | tee NAMESPACE"))
    command = [*COMMAND, "page.md", "--yes", "--trust"]
    with open_screen(command, program.work, program.environment()) as screen:
        screen.wait("<namespace>", "as it is on the page")
        assert not (program.work / "ran").exists()
        screen.type(DOWN, ENTER)
        screen.wait("Done.")
        assert screen.wait_status() == 0
    assert (program.work / "NAMESPACE").read_text() == "x"
