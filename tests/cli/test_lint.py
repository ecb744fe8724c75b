"""The linter as people and CI run it: its output and exit status."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import time

import pytest

from runbook_exec.diagnostics.formats import FORMATS
from tests.support.paths import DATA
from tests.support.program import COMMAND, Program, ProgramResult

BROKEN = "# Page\n\n```fish\nif true\n  echo yes\n```\n"
FOUND = """\
page.md:4:1: P101 Missing end to balance this if statement
  4 │ if true
    │ ^^

found 1 problem in 1 page
"""
TEE = "## Steps\n\n### 1. Build\n\n```fish\nmake all | tee build.log\nsudo rm -rf /srv/old\n```\n"
SEED = DATA / "documents" / "rotate-fly-token.md"


def lines(program: Program, *arguments: str, given: str = "") -> list[str]:
    """Return the places and codes of the findings, as `path:line:column code`."""
    ran = program.run("lint", "--format", "github", *arguments, given=given)
    assert ran.status in (0, 1), ran
    places = [line.split("::", 2)[2].split(" ") for line in ran.stdout.splitlines()]
    return [f"{place.rstrip(':')} {code}" for place, code, *_ in places]


def test_a_finding_is_shown_with_its_line(program: Program) -> None:
    """It has its place, its code, the line and carets; the exit status is 1."""
    program.write("page.md", BROKEN)
    assert program.run("lint", "page.md") == ProgramResult(1, FOUND, "")


def test_a_page_without_findings_exits_with_0(program: Program) -> None:
    """One line reports that nothing was found."""
    program.write("page.md", "# Page\n\n```fish\necho yes\n```\n")
    assert program.run("lint", "page.md") == ProgramResult(0, "nothing found in 1 page\n", "")


def test_a_hint_follows_the_line(program: Program) -> None:
    """The hint below the line explains the fix."""
    program.write("page.md", TEE)
    assert program.run("lint", "page.md", "--select", "M303").stdout == (
        "page.md:6:12: M303 the status is that of `tee`: a failure of the command before it goes unseen\n"
        "  6 │ make all | tee build.log\n"
        "    │            ^^^\n"
        "  redirect the output, or look at `$pipestatus` (`set -o pipefail` in bash)\n"
        "\n"
        "found 1 problem in 1 page\n"
    )


def test_the_beginning_of_an_unclosed_block_is_named(program: Program) -> None:
    """The shell reports the end of the script; the hint has the page's line where it began."""
    program.write("page.md", "- ```bash\n  echo a\n  for x in a b; do\n    echo $x\n  ```\n")
    assert program.run("lint", "page.md").stdout.startswith(
        "page.md:4:5: P101 syntax error: unexpected end of file\n"
        "  4 │     echo $x\n"
        "    │     ^^^^^^^\n"
        "  line 3: `for` has no `done`\n"
    )


# -- which pages


def test_folders_are_searched_for_markdown(program: Program) -> None:
    """The default is runbooks/ and docs/; hidden folders are left out."""
    for name in ("runbooks/a.md", "runbooks/b/c.markdown", "docs/d.MD", "docs/e.txt", "docs/.f/g.md", "h.md"):
        (program.work / name).parent.mkdir(parents=True, exist_ok=True)
        program.write(name, BROKEN)
    here = ["runbooks/a.md:4:1 P101", "runbooks/b/c.markdown:4:1 P101", "docs/d.MD:4:1 P101"]
    assert lines(program) == here
    assert lines(program, "docs") == here[2:]
    assert lines(program, "h.md", "docs", "docs/d.MD", "./docs/../h.md") == ["h.md:4:1 P101", here[2]]
    assert lines(program, "docs/e.txt") == ["docs/e.txt:4:1 P101"]
    shutil.rmtree(program.work / "runbooks")
    assert lines(program) == here[2:]


def test_files_ignored_by_git_are_left_out(program: Program) -> None:
    """This applies to folders in a work tree of git; a file that is named is checked."""
    subprocess.run(["git", "init", "-q", program.work], check=True)
    (program.work / "docs/built").mkdir(parents=True)
    program.write(".gitignore", "built/\n")
    program.write("docs/.gitignore", "draft-*\n")
    for name in ("docs/a.md", "docs/draft-b.md", "docs/built/c.md"):
        program.write(name, BROKEN)
    assert lines(program) == ["docs/a.md:4:1 P101"]
    assert lines(program, "docs/draft-b.md") == ["docs/draft-b.md:4:1 P101"]
    (program.work / "docs/a.md").unlink()
    assert program.run("lint", "docs") == ProgramResult(0, "nothing found in 0 pages\n", "")


def test_standard_input_is_a_page(program: Program) -> None:
    """The name of this page is `-`."""
    assert lines(program, "-", given=BROKEN) == ["-:4:1 P101"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "expected a path: there is no folder runbooks or docs here"),
        (("nowhere.md",), "cannot read `nowhere.md`: no such file or directory"),
        (
            ("--select", "P101,X9", "-"),
            "`X9` is the code of no rule; `runbook-exec lint --list-rules` lists them",
        ),
        (("--ignore", "unconfirmd", "-"), "`unconfirmd` is the code of no rule; did you mean `unconfirmed`?"),
        (("--explain", "M3"), "expected the whole code of a rule, got `M3`; --list-rules lists them"),
        (
            ("--statistics", "--format", "json", "-"),
            "expected `--statistics` without `--format json`: statistics are printed as text",
        ),
    ],
)
def test_an_invalid_command_line_is_refused(program: Program, arguments: tuple[str, ...], said: str) -> None:
    """It exits with 2 and one line, and nothing is checked."""
    assert program.run("lint", *arguments) == ProgramResult(2, "", f"error: {said}\n")


def test_a_page_that_cannot_be_read_does_not_hide_the_others(program: Program) -> None:
    """The other pages are checked, the problem is reported, and the status is 2."""
    program.write("page.md", BROKEN)
    (program.work / "gone.md").symlink_to("nowhere")
    said = "cannot read `gone.md`: no such file or directory\n"
    assert program.run("lint", "gone.md", "page.md") == ProgramResult(2, FOUND, said)


def many(program: Program) -> list[str]:
    """Write enough pages to occupy all cores, and return the places of their findings."""
    (program.work / "docs").mkdir()
    for number in range(150):
        program.write(f"docs/{number:03}.md", "\n" * number + BROKEN)
    return [f"docs/{number:03}.md:{number + 4}:1 P101" for number in range(150)]


def test_findings_of_many_pages_are_in_order(program: Program) -> None:
    """The order is that of the pages, for any division of the work."""
    expected = many(program)
    assert lines(program) == expected


def test_an_interrupt_ends_all_processes(program: Program) -> None:
    """The linter prints nothing, exits with 130, and leaves no process behind."""
    many(program)
    temporary = program.folder / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "lint", "--no-cache"],
        cwd=program.work,
        env=program.environment({"TMPDIR": str(temporary)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    while not any(temporary.iterdir()) and process.poll() is None:
        time.sleep(0.01)  # until a shell has started
    os.killpg(process.pid, signal.SIGINT)
    # the pipe ends when the last process has ended
    assert process.communicate(timeout=60)[0] == b""
    assert process.returncode == 130


# -- which rules


def test_rules_are_chosen_by_codes_and_names(program: Program) -> None:
    """`--select` replaces the default, `--extend-select` adds to it, `--ignore` removes from it."""
    program.write("page.md", TEE)
    tee, confirm = "page.md:6:12 M303", "page.md:7:6 M308"
    assert lines(program, "page.md") == [tee, confirm]
    assert lines(program, "page.md", "--select", "M308,P") == [confirm]
    assert lines(program, "page.md", "--select", "unconfirmed") == [confirm]
    assert lines(program, "page.md", "--ignore", "M303", "--ignore", "S4") == [confirm]
    assert lines(program, "page.md", "--select", "ALL", "--ignore", "C,D,M308") == [tee]
    program.write("page.md", TEE + "\n### 2. Use\n\n```fish\nset -l a 1\n```\n\n```fish\necho $a\n```\n")
    assert lines(program, "page.md", "--select", "P", "--extend-select", "M305") == ["page.md:13:8 M305"]


def test_statistics_count_the_findings_of_each_rule(program: Program) -> None:
    """`--statistics` prints the number for each rule, and nothing else."""
    program.write("page.md", TEE + TEE.replace("Steps", "Instructions") + BROKEN)
    ran = program.run("lint", "page.md", "--statistics", "--ignore", "D")
    assert ran == ProgramResult(1, "2  M303  failure-into-tee\n2  M308  unconfirmed\n1  P101  syntax\n", "")


def test_a_rule_is_explained(program: Program) -> None:
    """`--explain` prints what the rule does and why, with a failing and a passing example."""
    assert program.run("lint", "--explain", "p106") == ProgramResult(
        0,
        "P106 bare-annotation (warning, on by default)\n\n"
        "What it does\n\n"
        "  Reports `key=value` after the language of a fence without braces around it.\n\n"
        "Why this is bad\n\n"
        "  MkDocs shows such a block as plain text.\n\n"
        "Example\n\n    ```fish capture=token\n    echo a\n    ```\n\n"
        "Use instead\n\n    ```fish {capture=token}\n    echo a\n    ```\n",
        "",
    )
    listed = program.run("lint", "--list-rules").stdout.splitlines()
    assert len(listed) >= 30
    assert listed == sorted(listed)
    assert next(line for line in listed if line.startswith("M305")).endswith("not by default")


def test_a_comment_can_ignore_a_rule(program: Program) -> None:
    """`ignore=` applies to its own line and the next, or the block there; for named rules only."""
    above = "<!-- runbook: ignore={} -->\n```fish"
    program.write("page.md", TEE.replace("```fish", above.format("M303")))
    assert lines(program, "page.md") == ["page.md:8:6 M308"]
    program.write("page.md", TEE.replace("```fish", above.format("'failure-into-tee, M308'")))
    assert lines(program, "page.md") == []
    program.write("page.md", TEE.replace("```fish", above.format("M3")))
    assert lines(program, "page.md") == []
    program.write("page.md", TEE.replace("```fish", above.format("M303") + "\necho a\n```\n\n```fish"))
    assert lines(program, "page.md") == ["page.md:11:12 M303", "page.md:12:6 M308"]
    key = "api_key: 9f8a7d6c5b4e3f2a1b0c9d8e7f6a5b4c"
    program.write("page.md", f"{key}\n\n{key} <!-- runbook: ignore=S402 -->\n\n{key}\n")
    assert lines(program, "page.md") == ["page.md:1:10 S402", "page.md:5:10 S402"]


def test_a_secret_is_not_repeated(program: Program) -> None:
    """Only the first characters of a likely secret are shown, in every message about its line."""
    token = "ghp_" + "Zk3vQ9x1LmN8pR5tYw2sBc7dEf4gHj6kAqUo"
    program.write("page.md", f"## Steps\n\n### 1. A\n\n```fish\nrm -rf {token}\n```\n")
    for form in FORMATS:
        ran = program.run("lint", "page.md", "--format", form)
        assert ran.status == 1
        assert token[4:] not in ran.output
    assert f"rm -rf ghp_{'*' * 36}\n" in program.run("lint", "page.md").stdout
    assert token[4:].encode() not in b"".join(
        path.read_bytes() for path in (program.folder / "home").rglob("*") if path.is_file()
    )


# -- settings


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[tool.runbook-exec]\nignore = ["M303"]\n'),
        ("pyproject.toml", '[tool.runbook-exec.lint]\nignore = ["M303"]\n'),
        ("runbook-exec.toml", 'ignore = ["M303"]\n'),
        ("runbook-exec.toml", '[lint]\nignore = ["failure-into-tee"]\n'),
        ("runbook-exec.toml", '[per-file-ignores]\n"docs/*.md" = ["M303"]\n'),
        ("runbook-exec.toml", 'select = ["M"]\nextend-select = ["P"]\nignore = ["M303"]\n'),
    ],
)
def test_settings_are_read_from_either_file(program: Program, name: str, text: str) -> None:
    """They may be in the program's own table or in the linter's table."""
    (program.work / "docs").mkdir()
    program.write("docs/page.md", TEE)
    program.write(name, text)
    assert lines(program) == ["docs/page.md:7:6 M308"]
    assert (
        lines(program, "--select", "M3")
        == ["docs/page.md:6:12 M303", "docs/page.md:7:6 M308"]["per-file" in text :]
    )


def test_only_the_nearest_settings_count(program: Program) -> None:
    """A file without settings for this program does not count."""
    (program.work / "docs/a/b").mkdir(parents=True)
    program.write("docs/page.md", TEE)
    program.write("docs/a/page.md", TEE)
    program.write("docs/a/b/page.md", TEE)
    program.write("pyproject.toml", '[tool.runbook-exec]\nselect = ["M303"]\n')
    program.write("docs/pyproject.toml", "[tool.other]\n")
    program.write("docs/a/runbook-exec.toml", 'select = ["M308"]\n')
    program.write("docs/a/b/runbook-exec.toml", "")
    program.write("docs/a/b/pyproject.toml", '[tool.runbook-exec]\nignore = ["ALL"]\n')
    assert sorted(lines(program)) == [
        "docs/a/b/page.md:6:12 M303",
        "docs/a/b/page.md:7:6 M308",
        "docs/a/page.md:7:6 M308",
        "docs/page.md:6:12 M303",
    ]


def test_destructive_commands_can_be_added(program: Program) -> None:
    """The settings add patterns to the table of commands that need a confirmation."""
    program.write("runbook-exec.toml", 'destructive = ["make all"]\n')
    program.write("page.md", TEE)
    assert lines(program, "page.md", "--select", "M308") == ["page.md:6:1 M308", "page.md:7:6 M308"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('ignor = ["M303"]', "unknown key `ignor`; did you mean `ignore`?"),
        ('ignore = "M303"', "`ignore`: expected a list of texts, got text"),
        ('ignore = ["M999"]', "`ignore`: `M999` is the code of no rule"),
        ("lint = 3", "[lint]: expected a table, got `3`"),
        ('[lint]\ndestructive = ["("]', "[lint]: `destructive`: `(` is no regular expression"),
        ('ignore = ["M"]\n[lint]\nignore = ["P"]', "[lint]: `ignore` is outside of this table, too"),
        ("cadence = 75", "`cadence`: expected a duration such as `75d`, got `75`"),
        ("[lint", "cannot be read: "),
    ],
)
def test_wrong_settings_are_refused(program: Program, text: str, said: str) -> None:
    """A mistake in the settings exits with 2 and one line that names the file."""
    program.write("runbook-exec.toml", text)
    program.write("page.md", TEE)
    ran = program.run("lint", "page.md")
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"error: {program.work}/runbook-exec.toml: {said}")
    assert ran.stderr.count("\n") == 1


# -- fixing

BARE = "# Page\r\n\r\n> ```fish timeout=30s title=x\r\n> echo a\r\n> ```\r\n"
MENDED = BARE.replace("> ```fish timeout=30s title=x", "> <!-- runbook: timeout=30s -->\r\n> ```fish title=x")


REST = "\r\n<!-- runbook: colour=yes -->\r\n\r\n```fish\r\necho b\r\n```\r\n"


def test_safe_changes_are_shown(program: Program) -> None:
    """`--diff` prints a patch that applies, and does not change the page."""
    path = program.write("page.md", BARE)
    ran = program.run("lint", "page.md", "--diff")
    assert ran.status == 1
    assert ran.stderr == "would fix 1 problem in 1 of 1 page\n"
    assert path.read_bytes() == BARE.encode()
    patched = subprocess.run(
        ["git", "apply", "-"], cwd=program.work, input=ran.stdout.encode(), capture_output=True, check=False
    )
    assert patched.returncode == 0, patched.stderr
    assert path.read_bytes() == MENDED.encode()


def test_safe_changes_are_made(program: Program) -> None:
    """`--fix` keeps the page's mode, its line ends and a link to it, and reports the rest."""
    path = program.write("page.md", BARE + REST)
    path.chmod(0o640)
    (program.work / "link.md").symlink_to("page.md")
    ran = program.run("lint", "link.md", "--fix", "--select", "P105,P106")
    assert path.read_bytes() == (MENDED + REST).encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (program.work / "link.md").is_symlink()
    assert ran.stderr == "fixed 1 problem\n"
    assert ran.status == 1
    assert "`colour`" in ran.stdout
    assert sorted(path.name for path in program.work.iterdir()) == ["link.md", "page.md"]


def test_fix_works_as_a_filter(program: Program) -> None:
    """With `-`, `--fix` prints the fixed page; remaining findings go to standard error."""
    ran = program.run("lint", "-", "--fix", given=BARE)
    assert ran == ProgramResult(0, MENDED, "fixed 1 problem\nnothing found in 1 page\n")


def test_bytes_that_are_not_utf_8_are_never_changed(program: Program) -> None:
    """Such a page is not fixed, because a wrong byte's replacement must not be written."""
    path = program.work / "page.md"
    path.write_bytes(BARE.encode() + b"\xff\n")
    ran = program.run("lint", "page.md", "--fix")
    assert path.read_bytes() == BARE.encode() + b"\xff\n"
    assert "page.md:6:1: P108" in ran.stdout
    assert ran.status == 1


# -- missing shells


def only(program: Program, *names: str) -> dict[str, str | None]:
    """Return an environment whose PATH has only these programs."""
    folder = program.folder / "bin"
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name) or "")
    return {"PATH": str(folder)}


def test_without_fish_the_rest_is_checked(program: Program) -> None:
    """Blocks of other shells are checked; one line reports the gap, and the status is 2."""
    program.write("page.md", "```fish\necho )\n```\n\n```bash\nfi\n```\n\n```fish\necho\n```\n")
    ran = program.run("lint", "page.md", env=only(program, "bash", "git"))
    assert ran.status == 2
    assert "page.md:6:1: P101 syntax error near unexpected token `fi'\n" in ran.stdout
    assert ran.stderr == "fish is not on PATH: 2 blocks could not be checked\n"
    # the split into statements needs no shell
    assert "page.md:2:6: P102 `)` has no `(` before it\n" in ran.stdout


def test_a_shell_that_is_not_needed_may_be_missing(program: Program) -> None:
    """Either no selected rule asks the shells, or no block is for this shell."""
    program.write("page.md", "```fish\necho a\n```\n")
    program.write("other.md", "```python\nprint()\n```\n")
    env = only(program, "git")
    assert program.run("lint", "page.md", "--select", "M", env=env).status == 0
    assert program.run("lint", "other.md", env=env).status == 0


# -- the flagship


def test_the_flagship_has_one_finding(program: Program) -> None:
    """On the user's own page, only the review is due."""
    program.write("page.md", SEED.read_text(encoding="utf-8"))
    assert lines(program, "page.md", "--ignore", "D522") == []


def test_a_command_in_place_of_a_token_is_found(program: Program) -> None:
    """The page that stored the text of a command in place of the token does not pass."""
    text = SEED.read_text(encoding="utf-8")
    right = "op item edit on5slfaygtdjrxmdwezyhfmqsq 'add more.deploy-token=<paste-new-token>'"
    wrong = 'op item edit fly.io "add more.deploy-token=(fly tokens create org --org personal)"'
    assert right in text
    program.write("page.md", text.replace(right, wrong))
    assert lines(program, "page.md", "--ignore", "D522") == ["page.md:62:44 M301"]
