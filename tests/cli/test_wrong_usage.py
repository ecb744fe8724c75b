"""Wrong command lines: each message names the wrong word, where it is, and what to type instead."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.support.program import Program, prepare_program

PAGE = """\
# Nas

## Scrub

1. Start

```bash
echo a <pool>
```

2. Check

```bash
echo b
```

3. Verify

```bash
echo <paste-new-token>
```
"""


class Usage(NamedTuple):
    """The words after the program's name, and parts of what is printed to standard error."""

    words: str
    printed: tuple[str, ...]
    status: int = 2


USAGES = (
    Usage("shwo page.md", ("error: no command and no file `shwo`; did you mean `show`?",)),
    Usage("lnit how-to", ("error: no command and no file `lnit`; did you mean `lint`?",)),
    Usage("page.md --yess", ("error: unknown option `--yess`; did you mean `--yes`?",)),
    Usage("page.md --nonsense", ("error: unknown option `--nonsense`\n",)),
    Usage("page.md other", ("error: unexpected argument `other`\n", "`runbook-exec --help` lists")),
    Usage(
        "page.md --shell tcsh", ("error: `--shell`: unknown `tcsh`; known are fish, bash, zsh, sh, ash\n",)
    ),
    Usage("page.md --from", ("error: `--from`: expected one argument\n",)),
    Usage("show", ("error: missing FILE[#anchor]\n  `runbook-exec show --help` lists",)),
    Usage(
        "how-to", ("error: cannot read `how-to`: is a directory\n", "name one page, such as `how-to/nas.md`")
    ),
    Usage("runs foo", ("`foo`; actions are show, report, replay, verify, export, fetch, prune\n",)),
    Usage("runs reprot", ("error: no action `reprot`; did you mean `report`?",)),
    Usage("page.md --set foo", ("error: `--set`: expected NAME=VALUE",)),
    Usage("page.md --timeout 5", ("error: `--timeout`: expected a duration such as `30s`",)),
    Usage("page.md --cwd nope --yes --trust", ("error: cannot start in `nope`: no such folder\n",)),
    Usage("page.md --cwd page.md --yes", ("error: cannot start in `page.md`: not a folder\n",)),
    Usage("page.md --shell zsh", ("page.md:3:1: error: `Scrub` has no block that runs in zsh",)),
    Usage("page.md --inputs nope", ("error: cannot read `nope`: no such file or directory\n",)),
    Usage("page.md --capture x", ("error: `--capture`: expected NAME=STEP or NAME=STEP:REGEX",)),
    Usage(
        "page.md --capture x=2:((",
        ("error: `--capture`: `((` is no regular expression: missing ), unterminated",),
    ),
    Usage("show page.md#scrubb", ("no procedure `#scrubb` on this page; did you mean `#scrub`?",)),
    Usage("page.md --only 2 --from 3", ("error: `--from` and `--only` exclude each other\n",)),
    Usage(
        "page.md --from verfy", ("there is no such step; did you mean 3 (Verify)?", "1  Start", "2  Check")
    ),
    Usage("page.md --only 9", ("page.md: error: `--only 9`: there is no such step [no-step]",)),
    Usage("resume zzzz", ("error: no run's id begins with `zzzz`; the newest is `",)),
    Usage("runs show zzzz", ("error: no run's id begins with `zzzz`; the newest is `",)),
    Usage(
        "page.md --set =x", ("`--set`: expected the name of a placeholder such as `new-token`; the name is",)
    ),
    Usage("runs prune", ("error: missing `--older-than` or `--keep`\n",)),
    Usage("page.md --inputs bad.yaml", ("bad.yaml:1:1: error: unknown key `pol` [inputs]", "1 │ pol: x")),
)


@pytest.fixture(scope="module")
def program_with_pages(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program in a folder with a page that has an unfinished run."""
    program = prepare_program(tmp_path_factory.mktemp("usage"))
    program.write("page.md", PAGE)
    program.write("bad.yaml", "pol: x\n")
    (program.work / "how-to").mkdir()
    program.write("how-to/nas.md", PAGE)
    failed = program.run("page.md", "--yes", "--trust", "--set", "pool=a", "--no-input")
    assert failed.status == 3, failed.output
    return program


@pytest.mark.parametrize("usage", USAGES, ids=lambda usage: usage.words)
def test_a_wrong_usage_is_explained(program_with_pages: Program, usage: Usage) -> None:
    """Nothing but the error is printed: no traceback, no usage text, no notice about other runs."""
    ran = program_with_pages.run(*usage.words.split(" "))
    assert ran.status == usage.status, ran.output
    for part in usage.printed:
        assert part in ran.stderr, ran.stderr
    assert ran.stdout == ""
    assert "usage:" not in ran.stderr
    assert "its last run is not finished" not in ran.stderr


def test_without_words_the_short_help_is_printed(program: Program) -> None:
    """It has the commands and examples, and no options."""
    ran = program.run()
    assert ran.status == 2
    assert "show FILE " in ran.stderr
    assert "examples:\n  runbook-exec show " in ran.stderr
    assert "--set" not in ran.stderr


def test_the_help_begins_with_commands_and_examples(program: Program) -> None:
    """The options come after them."""
    printed = program.run("--help").stdout
    assert printed.index("commands:") < printed.index("examples:") < printed.index("options:\n")


def test_an_empty_secret_is_warned_about(program_with_pages: Program) -> None:
    """The value of another placeholder may be empty."""
    warned = program_with_pages.run("page.md", "--set", "paste-new-token=", "--dry-run")
    assert "warning: the secret `paste-new-token` is empty\n" in warned.stderr
    assert program_with_pages.run("page.md", "--set", "pool=", "--dry-run").stderr == ""


def test_a_file_that_is_no_journal_is_named_once(program: Program) -> None:
    """`runs verify` does not report each of its lines."""
    program.write("notes.txt", "one\ntwo\nthree\n")
    ran = program.run("runs", "verify", "./notes.txt")
    assert ran.status == 1
    assert ran.stdout == "notes.txt: not a journal of runbook-exec: no line of it is an event of a run\n"


def test_a_failure_without_a_terminal_names_the_section_about_it(program: Program) -> None:
    """Logs of CI need it most."""
    page = "# P\n\n## Steps\n\n```bash\nsh -c 'echo quota exceeded; exit 1'\n```\n\n"
    page += '## Debugging\n\n### "quota exceeded"\n\nWait.\n'
    ran = program.run_page(page, "--yes")
    assert "The page has a section for this, line 11: Debugging › " in ran.stdout


@pytest.mark.parametrize(
    ("command", "words"),
    [("no-such-command", "exited 127 (command not found)"), ("sh -c 'exit 137'", "exited 137 (killed)")],
)
def test_an_exit_status_is_explained(program: Program, command: str, words: str) -> None:
    """Shells report more with it than a number."""
    ran = program.run_page(f"# P\n\n## Steps\n\n```bash\n{command}\n```\n", "--yes")
    assert words in ran.stdout


def test_the_end_of_a_run_names_the_next_commands(program: Program) -> None:
    """Each is on a line of its own, with the run's id."""
    ran = program.run_page("# P\n\n## Steps\n\n```bash\nfalse\n```\n", "--yes")
    run = program.read_events()[0].run
    assert (
        f"\n  resume   runbook-exec resume {run}\n  report   runbook-exec runs report {run}\n" in ran.stdout
    )


ONE_STEP = "# Page\n\n## Steps\n\n```bash\necho ran >>marks\n```\n"


def test_a_run_without_a_terminal_says_that_nothing_was_run(program: Program) -> None:
    """It names the option that runs the page unattended."""
    ran = program.run_page(ONE_STEP)
    assert ran.status == 3
    assert "Nothing was run, because no person can be asked here." in ran.stdout
    assert "`--yes` runs it without asking" in ran.stdout


def test_a_run_in_which_nothing_ran_is_not_kept(program: Program) -> None:
    """A later run of the page does not offer to resume it."""
    program.write("page.md", ONE_STEP)
    assert program.run("page.md", "--yes", "--cwd", "page.md").status == 2
    assert program.run("page.md", "--yes", "--set", "=x").status == 2
    assert "not finished" not in program.run("page.md", "--yes", "--trust").output
    assert program.run("runs").stdout.count("page.md") == 1


def test_trusting_needs_a_person_or_an_option(program: Program) -> None:
    """Commands that nobody has seen are not trusted by themselves."""
    program.write("page.md", ONE_STEP)
    ran = program.run("trust", "page.md")
    assert ran.status != 0
    assert "`--yes` trusts these commands without a terminal; nothing is trusted yet" in ran.stderr
    assert program.run("page.md", "--yes", env={"RUNBOOK_EXEC_TRUSTED": None}).status != 0
    assert not (program.work / "marks").exists()


def test_a_trust_record_that_cannot_be_saved_is_an_error(program: Program) -> None:
    """The error names the folder and the variable that moves it."""
    program.write("page.md", ONE_STEP)
    program.write("taken", "")
    ran = program.run("trust", "page.md", "--yes", env={"XDG_STATE_HOME": str(program.work / "taken")})
    assert ran.status == 2
    assert "error: cannot save the trust record in `" in ran.stderr
    assert "set XDG_STATE_HOME to a folder that you can write to" in ran.stderr


def test_a_journal_that_cannot_be_written_is_an_error(program: Program) -> None:
    """The error names the variable that moves it, and nothing runs."""
    program.write("page.md", ONE_STEP)
    program.write("taken", "")
    ran = program.run("page.md", "--yes", env={"XDG_STATE_HOME": str(program.work / "taken")})
    assert ran.status == 2
    assert "error: cannot write the journal `" in ran.stderr
    assert "set XDG_STATE_HOME to a folder that you can write to" in ran.stderr
    assert not (program.work / "marks").exists()


def test_a_link_to_an_unknown_page_can_be_allowed(program: Program) -> None:
    """The finding names the setting for pages of another site, and that setting silences it."""
    program.write("nas.md", "# Nas\n\nSee [[jellyfin]].\n")
    program.write("runbook-exec.toml", "")
    ran = program.run("lint", "nas.md")
    assert "nas.md:3:5: D501 there is no page `jellyfin`" in ran.stdout
    assert "correct the name, write it without brackets, or add it to `known-links`" in ran.stdout
    program.write("runbook-exec.toml", 'known-links = ["jellyfin"]\n')
    assert program.run("lint", "nas.md").stdout == "nothing found in 1 page\n"


def test_a_rehearsal_says_which_files_it_has(program: Program) -> None:
    """A page that reads a local folder fails in the empty folder of its rehearsal."""
    program.write("page.md", "# Page\n\n## Steps\n\n```bash\nls card\n```\n")
    (program.work / "card").mkdir()
    assert program.run("page.md", "--yes", "--trust", "--record").status == 0
    ran = program.run("rehearse", "page.md")
    assert "R705" in ran.output
    assert (
        "a rehearsal runs in an empty folder; `files: DIR` in the transcript copies files into it"
        in ran.output
    )
