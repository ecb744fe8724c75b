"""A resumed shell has its earlier state, or the operator learns what it lacks before anything runs."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook_exec.engine.events import ShellChanged
from runbook_exec.journal.journal import Journal
from tests.support.program import COMMAND, Program, ProgramResult
from tests.support.screen import open_screen

MEMORY = Path("/dev/shm")
POSIX = ("bash", "zsh", "sh", "ash")


def make_page(shell: str, *scripts: str) -> str:
    """Return a page with a step for each script; the run stops at the last but one until `wanted` exists."""
    *before, last = scripts
    wanted = "test -e $TOP/wanted" if shell == "fish" else 'test -e "$TOP/wanted"'
    steps = (
        f"\n### {n}. Step\n\n```{shell}\n{script}\n```\n"
        for n, script in enumerate([*before, wanted, last], 1)
    )
    return "# Page\n\n## Procedure\n" + "".join(steps)


@pytest.fixture
def runtime() -> Iterator[Path]:
    """Return a private runtime folder in memory."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture
def env(program: Program, runtime: Path) -> dict[str, str | None]:
    """Return the environment of the program."""
    return {"TOP": str(program.work), "XDG_RUNTIME_DIR": str(runtime)}


def begin(program: Program, env: dict[str, str | None], page: str, *options: str) -> None:
    """Run a page until it stops, and let it continue when it is resumed."""
    ran = program.run_page(page, "--yes", *options, env=env)
    assert ran.status == 1, ran.output
    (program.work / "wanted").touch()


def resume(program: Program, env: dict[str, str | None], *options: str) -> ProgramResult:
    """Resume the run without a person."""
    return program.run("resume", "--yes", "--no-input", *options, env=env)


def forget(runtime: Path) -> None:
    """Lose the private store, as at a reboot."""
    for path in (runtime / "runbook-exec").iterdir():
        path.unlink()


def words(ran: ProgramResult) -> str:
    """Return what the program printed as one line."""
    return " ".join(ran.stdout.split())


# folders -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", [*POSIX, "fish"])
@pytest.mark.parametrize("how", ["moved", "replaced", "a file"])
def test_a_run_never_continues_in_another_folder(
    shell: str, how: str, program: Program, env: dict[str, str | None]
) -> None:
    """A folder that was moved, or has another in its place, stops the run; no file is removed."""
    begin(program, env, make_page(shell, "mkdir sub; cd sub", "rm -rf ./*"))
    (program.work / "sub").rename(program.work / "moved")
    (program.work / "moved" / "data").touch()
    if how == "replaced":
        (program.work / "sub").mkdir()
        (program.work / "sub" / "other").touch()
    elif how == "a file":
        (program.work / "sub").touch()
    ran = resume(program, env)
    assert ran.status == 3, ran.output
    assert ("another one has its name now" if how == "replaced" else "cannot go back to") in words(ran)
    assert (program.work / "page.md").exists()
    assert (program.work / "moved" / "data").exists()
    assert how != "replaced" or (program.work / "sub" / "other").exists()


@pytest.mark.parametrize("kept", [True, False])
def test_a_folder_whose_name_holds_a_secret_is_kept_exactly(
    kept: bool, program: Program, env: dict[str, str | None], runtime: Path
) -> None:
    """The journal has it masked. Without the private store the run waits and runs nothing."""
    scripts = ("API_TOKEN=s3cr3t-folder-name", 'mkdir "$API_TOKEN"; cd "$API_TOKEN"', 'pwd >"$TOP/log"')
    begin(program, env, make_page("bash", *scripts))
    finished = [e for e in program.journal_path().read_text().splitlines() if '"statement_finished"' in e]
    assert "s3cr3t-folder-name" not in json.loads(finished[-1])["cwd"]
    if not kept:
        forget(runtime)
    ran = resume(program, env)
    if kept:
        assert ran.status == 0, ran.output
        assert (program.work / "log").read_text() == f"{program.work}/s3cr3t-folder-name\n"
    else:
        assert (ran.status, "its name holds a secret" in words(ran)) == (3, True)
        assert not (program.work / "log").exists()


def test_a_change_of_folder_in_doubt_is_not_taken_for_granted(
    program: Program, env: dict[str, str | None]
) -> None:
    """A person says that `cd` happened, but the new shell is elsewhere: the run waits."""
    page = make_page("bash", "mkdir -p sub", "cd sub && kill -9 $PPID && sleep 30", "rm -rf ./*")
    page = page.replace('test -e "$TOP/wanted"', "true")
    program.run_page(page, "--yes", env=env)
    ran = resume(program, env, "--assume", "done", "2.1")
    assert ran.status == 3, ran.output
    assert "what `cd sub && kill -9 $PPID && sleep 30` (2.1) changed in the shell" in words(ran)
    assert (program.work / "page.md").exists()


# what comes back -----------------------------------------------------------------------------------------

# what a page sets, and what shows it; "yes" is printed if it came back
BACK = {
    "errexit": (POSIX, "set -e", "case $- in *e*) echo yes;; esac"),
    "nounset": (POSIX, "set -u", "case $- in *u*) echo yes;; esac"),
    "xtrace": (POSIX, "set -x", "case $- in *x*) echo yes;; esac"),
    "pipefail": (("bash", "zsh", "ash"), "set -o pipefail", "false | true || echo yes"),
    "noclobber": (POSIX, "set -C", "case $- in *C*) echo yes;; esac"),
    "positional": (POSIX, "set -- a 'b c' '' \"d\nit's\"",
                   '[ "$#|$2|$3|$4" = "4|b c||d\nit\'s" ] && echo yes'),
    "umask": (POSIX, "umask 027", '[ "$(umask | tail -c 4)" = 027 ] && echo yes'),
    "limit": (POSIX, "ulimit -n 321", '[ "$(ulimit -n)" = 321 ] && echo yes'),
    "readonly": (POSIX, "readonly R='a b'",
                 '[ "$R" = "a b" ] && readonly -p | grep -q " R=" && echo yes'),
    "exit trap": (POSIX, "trap 'echo bye' EXIT", "echo yes"),
    "signal trap": (POSIX, "trap 'echo yes' USR1", "kill -USR1 $$; sleep 0.1"),
    "err trap": (("bash",), "trap 'echo yes' ERR", "{ false; true; }"),
    "debug trap": (("bash",), "trap 'n=$((n+1))' DEBUG", '[ "$n" -gt 0 ] && echo yes'),
    "shopt": (("bash",), "shopt -s nullglob extglob", '[ -z "$(echo none*)" ] && echo yes'),
    "setopt": (("zsh",), "setopt nullglob extendedglob", '[ -z "$(echo none*)" ] && echo yes'),
    "unset": (POSIX, "unset HOME", '[ -z "${HOME-}" ] && echo yes'),
    "directories": (("bash", "zsh"), "mkdir -p 'a b'; pushd 'a b' >/dev/null",
                 'popd >/dev/null; [ "$PWD" = "$TOP" ] && echo yes'),
    "former folder": (POSIX, "mkdir -p a; cd a", 'cd - >/dev/null; [ "$PWD" = "$TOP" ] && echo yes'),
    "common names": (("bash", "sh", "ash"), "version=2; key=3; options=4; status=5; data_files=6",
                     '[ "$version$key$options$status$data_files" = 23456 ] && echo yes'),
    "exported again": (POSIX, "export X=1; X=2", '[ "$(sh -c \'echo $X\')" = 2 ] && echo yes'),
    "integer": (("bash", "zsh"), "typeset -i N=1; N=5", 'N=N+1; [ "$N" = 6 ] && echo yes'),
    "match": (("bash",), "[[ key=value =~ (.*)=(.*) ]]", '[ "${BASH_REMATCH[2]}" = value ] && echo yes'),
    "secret": (POSIX, "NEW_TOKEN=$(echo minted-now-and-long); password=hunter22",
               '[ "$NEW_TOKEN|$password" = "minted-now-and-long|hunter22" ] && echo yes'),
    "function": (POSIX, "greet() { echo yes; }", "greet"),
    "status": (POSIX, "sh -c 'exit 0'", '[ $? = 0 ] && echo yes'),
    "fish umask": (("fish",), "umask 027", "test (umask) = 0027; and echo yes"),
    "fish limit": (("fish",), "ulimit -n 321", "test (ulimit -n) = 321; and echo yes"),
    "fish arguments": (("fish",), "set argv a 'b c'", "test \"$argv[2]\" = 'b c'; and echo yes"),
    "fish private function": (("fish",), "function _p; echo yes; end", "_p"),
    "fish handler": (("fish",), "function on_x --on-variable X; echo yes; end", "set -g X 1"),
    "fish directories": (("fish",), "mkdir -p a; pushd a", "popd; test $PWD = $TOP; and echo yes"),
    "fish former folder": (("fish",), "mkdir -p a; cd a", "cd -; test $PWD = $TOP; and echo yes"),
    "fish secret": (("fish",), "set NEW_TOKEN (echo minted-now-and-long)",
                 'test "$NEW_TOKEN" = minted-now-and-long; and echo yes'),
}  # fmt: skip


@pytest.mark.parametrize(
    ("shell", "what"), [(shell, what) for what, (shells, _, _) in BACK.items() for shell in shells]
)
def test_shell_state_comes_back(shell: str, what: str, program: Program, env: dict[str, str | None]) -> None:
    """What a statement has set is set in the shell of the resumed run, without a question."""
    _, sets, shows = BACK[what]
    begin(program, env, make_page(shell, sets, shows))
    ran = resume(program, env)
    assert ran.status == 0, ran.output
    assert "\nyes\n" in ran.stdout.replace("\r", ""), ran.output
    assert ("\nbye\n" in ran.stdout) == (what == "exit trap")


def test_a_failed_dump_still_stops_the_page(program: Program, env: dict[str, str | None]) -> None:
    """`set -euo pipefail` holds in the resumed shell: the old data is not dropped."""
    last = "{ false | cat >dump\necho dropped >log\n}"
    begin(program, env, make_page("bash", "set -euo pipefail", last))
    assert resume(program, env).status == 1
    assert not (program.work / "log").exists()


# what does not come back ---------------------------------------------------------------------------------

# what a page sets, a later statement that depends on it, and how the loss is named
LOST = {
    "descriptor": ("exec 3>out", "echo x >&3", "the open file descriptor 3, used by 3.1"),
    "output": ("exec 4>&1 >out", "echo x", "the open file descriptor 1"),
    "job": ("sleep 60 & echo on", "kill $!", "the job in the background (`$!`), used by 3.1"),
}


@pytest.mark.parametrize("what", LOST)
@pytest.mark.parametrize("shell", POSIX)
def test_what_cannot_come_back_is_named_before_anything_runs(
    shell: str, what: str, program: Program, env: dict[str, str | None]
) -> None:
    """Alone, the run waits; `--accept-lost` continues without it. A trap on EXIT does not run."""
    sets, uses, name = LOST[what]
    begin(program, env, make_page(shell, f"trap 'touch trapped' EXIT\n{sets}", uses))
    (program.work / "trapped").unlink(missing_ok=True)
    ran = resume(program, env)
    assert (ran.status, name in words(ran)) == (3, True), ran.output
    assert "$ " not in ran.stdout
    assert not (program.work / "trapped").exists()
    assert "$ test" in resume(program, env, "--accept-lost").stdout


def test_a_loss_that_nothing_uses_is_a_notice(program: Program, env: dict[str, str | None]) -> None:
    """The run continues."""
    begin(program, env, make_page("bash", "exec 3>out; sleep 60 &", "echo on"))
    ran = resume(program, env)
    assert ran.status == 0, ran.output
    assert "did not come back with the shell: the open file descriptor 3, which no later statement" in words(
        ran
    )


def test_without_the_private_store_the_lost_variables_are_named(
    program: Program, env: dict[str, str | None], runtime: Path
) -> None:
    """Those that a later statement uses, or that programs get, make the run wait."""
    sets = "DB_PASS=$(echo hunter22); export KUBECONFIG=/prod; UNUSED=1; f() { echo hi; }; set -e"
    begin(program, env, make_page("bash", sets, 'f; echo "$DB_PASS" | wc -c'))
    forget(runtime)
    ran = resume(program, env)
    told = words(ran)
    assert ran.status == 3, ran.output
    for name in (
        "`$DB_PASS`, used by 3.2",
        "`$KUBECONFIG`, which every",
        "the function `f`, used by 3.1",
        "`errexit`",
    ):
        assert name in told, told
    assert "`$UNUSED`, which no later statement uses by name" in told
    assert "$ f" not in ran.stdout


def test_a_lost_variable_that_is_set_again_is_not_asked_about(
    program: Program, env: dict[str, str | None], runtime: Path
) -> None:
    """No later statement reads its earlier value."""
    begin(program, env, make_page("bash", "X=1", 'X=2; echo "$X"'))
    forget(runtime)
    assert resume(program, env).status == 0


def test_a_statement_marked_setup_may_make_what_was_lost(
    program: Program, env: dict[str, str | None], runtime: Path
) -> None:
    """It runs again first; then nothing is lost."""
    page = make_page("bash", "X=1", 'echo "$X" >log').replace(
        "```bash\nX", "<!-- runbook: setup -->\n```bash\nX"
    )
    begin(program, env, page)
    forget(runtime)
    ran = resume(program, env)
    assert ran.status == 0, ran.output
    assert (program.work / "log").read_text() == "1\n"


# the private store ---------------------------------------------------------------------------------------

NAMES = (
    "DB_PASS", "DATABASE_URL", "PGPASS", "COOKIE", "JWT", "PGPASSWORD", "AUTH", "BEARER", "SESSION", "DSN",
    "REDIS_URL", "WEBHOOK", "LICENSE", "PIN", "OTP", "SALT", "SEED", "CREDS", "NETRC", "KUBECONFIG_DATA",
)  # fmt: skip


@pytest.mark.parametrize("shell", [*POSIX, "fish"])
def test_a_value_that_is_never_printed_reaches_no_file_and_no_event(
    shell: str, program: Program, env: dict[str, str | None], runtime: Path
) -> None:
    """Neither the journal nor `--json` has it; the private store is in memory, for its owner alone."""
    values = {name: f"value-{number}-of-it" for number, name in enumerate(NAMES)}
    (program.work / "values").mkdir()
    for name, value in values.items():
        (program.work / "values" / name).write_text(value)
    sets = "set -gx {0} (cat values/{0})" if shell == "fish" else 'export {0}="$(cat values/{0})"'
    page = make_page(shell, "\n".join(sets.format(name) for name in NAMES), "true")
    ran = program.run_page(page, "--yes", "--json", env=env)
    assert ran.status == 1, ran.output
    held = ran.output + "".join(p.read_text(errors="replace") for p in program.runs.iterdir())
    assert [name for name, value in values.items() if value in held] == []
    changed = {
        key for event in program.read_events() if isinstance(event, ShellChanged) for key in event.made
    }
    assert {f"variable {name}" for name in NAMES} <= changed
    (kept,) = (runtime / "runbook-exec").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_the_private_store_goes_with_its_journal(
    program: Program, env: dict[str, str | None], runtime: Path
) -> None:
    """The next run removes the secrets of a journal that is gone, and what killed processes have left."""
    begin(program, env, make_page("bash", "X=1", "true"))
    folder = runtime / "runbook-exec"
    temporary = folder / ".0123.json.0123456789abcdef"
    temporary.write_text("secret")
    os.utime(temporary, (1, 1))
    (kept,) = folder.glob("*.json")
    program.journal_path().unlink()
    program.run_page("# Page\n\n```bash\ntrue\n```\n", "--yes", env=env)
    assert not kept.exists()
    assert not temporary.exists()


def test_pruning_removes_the_private_store(
    program: Program, env: dict[str, str | None], runtime: Path
) -> None:
    """A removed run leaves no secret."""
    begin(program, env, make_page("bash", "X=1", "true"))
    assert list((runtime / "runbook-exec").iterdir())
    program.run("runs", "prune", "--keep", "0", "--unfinished", env=env)
    assert list((runtime / "runbook-exec").iterdir()) == []


def test_a_statement_that_changes_nothing_does_not_write_the_store(
    program: Program, env: dict[str, str | None], runtime: Path
) -> None:
    """The file is that of the first statement."""
    page = make_page("bash", "X=1\nls >c\nls -i $XDG_RUNTIME_DIR/runbook-exec >a", "true").replace(
        'test -e "$TOP/wanted"', "true\nls -i $XDG_RUNTIME_DIR/runbook-exec >b\nls >c"
    )
    assert program.run_page(page, "--yes", env=env).status == 0
    assert (program.work / "a").read_text() == (program.work / "b").read_text() != ""


def test_a_journal_of_an_earlier_version_is_resumed_with_its_code(
    program: Program, env: dict[str, str | None], runtime: Path
) -> None:
    """Its `shell_changed` events have code in place of digests, which a person sees before it runs."""
    begin(program, env, make_page("bash", "X=1", 'echo "$X" >log'))
    forget(runtime)
    events = program.read_events()
    (old,) = program.runs.glob("*.jsonl")
    old.unlink()
    journal = Journal.create(program.runs, events[0].run, "2026-01-01T00:00:00.000Z")
    for event in events:
        if isinstance(event, ShellChanged):
            event = event._replace(made={"variable X": 'declare -- X="1"'})
        journal.append(event)
    journal.close()
    ran = program.run("resume", events[0].run, "--yes", "--no-input", env=env)
    assert (ran.status, "was not written by you" in ran.stderr) == (2, True), ran.output
    command = [*COMMAND, "resume", "--yes"]
    with open_screen(command, program.work, program.environment(env), 200, 40) as shown:
        assert 'declare -- X="1"' in shown.wait("was not written by you on this machine", "use all this")
        shown.type("y")
        assert shown.wait_status() == 0
    assert (program.work / "log").read_text() == "1\n"
