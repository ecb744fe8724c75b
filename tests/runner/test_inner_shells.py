"""Statements after a command that opens another shell: they run inside it, or a person is asked."""

from __future__ import annotations

import shutil

import pytest

from tests.support.paths import DATA
from tests.support.program import COMMAND, Program, ProgramResult, write_program
from tests.support.screen import Screen, open_screen

CASES = DATA / "cases"
UNATTENDED = ("page.md", "--yes", "--no-input", "--no-config")

OC = """\
#!/bin/sh
[ "$1" = debug ] || { echo "$@" >>calls.txt; exit; }
echo "Starting pod/debug ..." >&2
INNER=${2#node/} exec sh
"""


def run_case(program: Program, case: str, **more: str) -> ProgramResult:
    """Run one of the public shapes unattended."""
    program.write("page.md", (CASES / case).read_text())
    return program.run(*UNATTENDED, env=more)


def test_an_inner_sh_runs_its_lines(program: Program) -> None:
    """They run inside with its variables, up to its `exit`."""
    done = run_case(program, "inner/inner-sh.md")
    assert done.status == 0, done.output
    assert (program.work / "where.txt").read_text() == "inside\n"
    assert (program.work / "after.txt").read_text() == "outside\n"


def test_a_line_for_an_inner_shell_runs_in_it(program: Program) -> None:
    """`$0` is the inner shell, and the end of the page leaves it."""
    done = run_case(program, "selection/nested-shell.md")
    assert done.status == 0, done.output
    assert "ran in sh" in done.output


def test_oc_debug_is_followed_to_the_node(program: Program) -> None:
    """The line below runs there; without `oc` the run stops at it, and nothing runs here."""
    environment = write_program(program, "oc", OC)
    done = run_case(program, "operator/inner-oc-debug.md", **environment)
    assert done.status == 0, done.output
    assert "this runs on worker-1" in done.output
    done = run_case(program, "operator/inner-oc-debug.md")
    assert done.status == 1
    assert "my-laptop" not in done.output.replace("${INNER:-my-laptop}", "")


def test_two_shells_are_left_in_order(program: Program) -> None:
    """`chroot` runs inside the debug shell; two exits come back, and the next step runs here."""
    chroot = '#!/bin/sh\nINNER="$INNER$1" exec sh\n'
    crictl = '#!/bin/sh\necho "$INNER" >crictl.txt\n'
    for name, text in (("oc", OC), ("chroot", chroot), ("crictl", crictl)):
        environment = write_program(program, name, text)
    program.write("page.md", (CASES / "inner/inner-nested.md").read_text())
    done = program.run(*UNATTENDED, "--set", "node=worker-7", env=environment)
    assert done.status == 0, done.output
    assert (program.work / "crictl.txt").read_text() == "worker-7/host\n"
    assert (program.work / "calls.txt").read_text() == "get nodes\n"
    assert "on worker-7" not in done.output  # `oc debug` is in a node, `ssh` on a host
    assert "in chroot /host in node/worker-7" not in done.stderr


@pytest.mark.parametrize("case", ["bugs/23-nested-shell.md", "inner/inner-ssh.md"])
def test_without_the_host_nothing_runs_here(program: Program, case: str) -> None:
    """A failing `ssh` stops the run before the lines that are for the host."""
    environment = write_program(program, "ssh", "#!/bin/sh\necho 'cannot connect' >&2\nexit 255\n")
    environment |= write_program(program, "git", "#!/bin/sh\ntouch pulled\n")
    done = run_case(program, case, **environment)
    assert done.status == 1
    assert "exited 255" in done.output
    assert not (program.work / "pulled").exists()
    assert not (program.work / "deploys.log").exists()


def test_a_command_that_opens_no_shell_is_asked_about(program: Program) -> None:
    """It succeeds, but no shell is open after it: the next line is not run here by itself."""
    environment = write_program(program, "ssh", "#!/bin/sh\nexit 0\n")
    environment |= write_program(program, "git", "#!/bin/sh\ntouch pulled\n")
    done = run_case(program, "inner/inner-ssh.md", **environment)
    assert done.status == 3
    told = " ".join(done.output.split())
    assert "Line 9 runs on web1" in told
    assert "no such shell is open" in told
    assert not (program.work / "pulled").exists()


@pytest.mark.skipif(not shutil.which("unshare"), reason="Linux only")
@pytest.mark.parametrize(
    ("opener", "proof"),
    [
        ("unshare --mount --uts", "readlink /proc/self/ns/uts"),
        ("chroot /", "echo in $(pwd)"),
        ("su -s /bin/sh nobody", "id -un"),
        ("su", "id -un"),
        ("sudo -i", "id -un"),
        ("nsenter --target $$ --uts", "readlink /proc/self/ns/uts"),
        ("env -i sh", "echo ${HOME:-none}"),
        ("bash --norc", "echo $SHLVL"),
        ("fish --no-config", "echo $FISH_VERSION"),
    ],
)
def test_shells_without_a_network_are_followed(program: Program, opener: str, proof: str) -> None:
    """The lines run inside with all that it changes, and after `exit` outside again."""
    page = f"# P\n\n## Procedure\n\n```bash\n{opener}\ncd /\n{proof}\nexit\npwd >after.txt\n```\n"
    done = program.run_page(page, *UNATTENDED[1:])
    assert done.status == 0, done.output
    assert (program.work / "after.txt").read_text() == f"{program.work}\n"


def test_lines_for_a_database_client_never_run_in_the_shell(program: Program) -> None:
    """SQL below `psql` is no command: the block is not run, and its step is for a person."""
    program.write("page.md", (CASES / "inner/inner-psql.md").read_text())
    done = program.run("page.md", "--yes", "--no-input", "--no-config")
    assert done.status == 3


PROMPT_PAGE = "# P\n\n## Procedure\n\n```bash\nredis-cli\nping\nquit\ntouch here\n```\n"


def test_lines_for_a_prompt_wait_for_a_person(program: Program) -> None:
    """Unattended, nothing runs on a page with lines that a person types into a program."""
    done = program.run_page(PROMPT_PAGE, *UNATTENDED[1:])
    assert done.status == 3
    assert "page.md:7: a person must confirm `ping`" in done.stderr
    assert "Type it there." in done.stderr
    assert not program.runs.exists() or not list(program.runs.iterdir())


def test_lines_for_a_prompt_are_typed_by_the_operator(program: Program) -> None:
    """They are shown before the program starts, and after it the operator says that they were typed."""
    client = "#!/bin/sh\nprintf 'redis> '\nread -r line\necho $line >>typed.txt\n"
    environment = write_program(program, "redis-cli", client)
    program.write("page.md", PROMPT_PAGE)
    with open_screen(
        [*COMMAND, "page.md", "--no-config", "--yes"], program.work, program.environment(environment), 100, 40
    ) as shown:
        shown.wait("Type these lines into redis-cli", "ping", "redis>")
        shown.type("ping\r")
        shown.wait("Did you type it there?")
        shown.wait_last("1 of 1 ›")
        shown.type("d")
        shown.wait_until(
            lambda text: text.count("Did you type it there?") == 2 and text.endswith("1 of 1 ›"),
            "the question about the second line",
        )
        shown.type("d")
        assert shown.wait_status() == 0, shown.text()
    assert (program.work / "typed.txt").read_text() == "ping\n"
    assert (program.work / "here").exists()


def test_a_program_that_is_no_shell_keeps_the_terminal(program: Program) -> None:
    """If no shell answers, the operator uses the program, and the next line is asked about after it."""
    environment = write_program(program, "ssh", "#!/bin/sh\necho Menu; read -r choice; echo chosen\n")
    program.write("page.md", "# P\n\n## Procedure\n\n```bash\nssh router\ntouch here\n```\n")
    with open_screen(
        [*COMMAND, "page.md", "--no-config", "--yes"], program.work, program.environment(environment), 100, 40
    ) as shown:
        shown.wait("Menu")
        shown.type("1\r")
        shown.wait("no such shell is open", "Run `ssh router` now?")
        shown.wait_last("1 of 1 ›")
        shown.type("s")
        shown.wait_status()
    assert not (program.work / "here").exists()


def count_questions(shown: Screen, count: int) -> None:
    """Wait until so many questions about lines for a shell have been painted, and the last is open."""
    shown.wait_until(
        lambda text: text.count("such shell is open") == count and text.endswith("›"), f"{count} questions"
    )


def test_the_question_at_a_failed_opener_is_about_it(program: Program) -> None:
    """Skipping the command that opens a shell does not move its lines to this machine."""
    program.write("page.md", "# P\n\n## Procedure\n\n```bash\nsh\ntouch here\nexit\ntouch after\n```\n")
    with open_screen(
        [*COMMAND, "page.md", "--no-config"], program.work, program.environment(), 100, 40
    ) as shown:
        shown.wait("enter run")
        shown.type("s")
        for questions in (1, 2):
            count_questions(shown, questions)
            shown.type("s")
        shown.wait("touch after", "enter run")
        shown.type("\r")
        shown.wait_status()
    assert not (program.work / "here").exists()
    assert (program.work / "after").exists()


@pytest.mark.parametrize(
    "page",
    [
        "# P\n\n## Procedure\n\n```bash\nsh -c 'echo inner'\necho after\n```\n",
        "# P\n\n## Procedure\n\n```bash\necho 'echo inner' | sh\necho after\n```\n",
        "# P\n\n## Procedure\n\n```bash\nbash <<'EOF'\necho inner\nEOF\necho after\n```\n",
        "# P\n\n## Procedure\n\n```bash\necho 'echo inner' | bash -s\n```\n\n```bash\necho after\n```\n",
        "# P\n\n## Procedure\n\n```fish\necho 'echo inner' | sh\necho after\n```\n",
    ],
)
def test_a_shell_that_ends_by_itself_is_no_reason_to_ask(program: Program, page: str) -> None:
    """A shell with its own commands runs unattended as before."""
    done = program.run_page(page, "--yes", "--no-input", "--no-config")
    assert done.status == 0, done.output
    assert "inner" in done.stdout
    assert "after" in done.stdout


def test_only_the_chosen_alternative_counts(program: Program) -> None:
    """An alternative that opens a shell does not concern the other one."""
    page = (
        "# P\n\n## Procedure\n\n<!-- runbook: choose=2 -->\n```bash\n# in a shell:\nsh\necho inside\n"
        "# or:\necho here\n```\n"
    )
    done = program.run_page(page, "--yes", "--no-input", "--no-config")
    assert done.status == 0, done.output
    assert "here" in done.stdout
    assert "inside" not in done.stdout.replace("echo inside", "")


def test_the_next_step_has_a_note(program: Program) -> None:
    """A step that ends in a shell that it used is over: what comes next runs here, which is said."""
    first = "# P\n\n## Procedure\n\n### 1. Connect\n\n```bash\nssh web\nuptime\n```\n\n"
    page = f"{first}### 2. Deploy\n\n```bash\ngit pull\nls\n```\n"
    program.write("page.md", page)
    printed = program.run("show", "page.md").stdout
    assert printed.count("warning: Line 8 opens another shell") == 1
    done = program.run("page.md", "--yes", "--no-input", "--no-config", "--from", "2")
    assert "must confirm" not in done.stderr


def test_nothing_runs_after_the_shell_is_replaced(program: Program) -> None:
    """`exec bash` at the end of a step concerns all steps after it."""
    page = "# P\n\n## Procedure\n\n### 1. A\n\n```bash\nexec $SHELL -l\n```\n\n### 2. B\n\n```bash\nls\n```\n"
    done = program.run_page(page, "--yes", "--no-input", "--no-config")
    assert done.status == 3
    assert "page.md:14: a person must confirm `ls`" in done.stderr


def test_a_shell_in_place_of_the_runs_own_is_refused(program: Program) -> None:
    """What follows `exec bash` can run only if that fails, so nothing runs."""
    done = run_case(program, "bugs/13-exec-shell.md")
    assert done.status == 3
    assert "page.md:7: a person must confirm" in done.stderr
    assert "nothing was run" in done.stderr
    assert not program.runs.exists() or not list(program.runs.iterdir())


AMBIGUOUS = "# P\n\n## Procedure\n\n```bash\nsh\nx=1\n```\n\nThen:\n\n```bash\ntouch here\n```\n"


def test_a_block_whose_place_is_not_clear_is_asked_about(program: Program) -> None:
    """Nothing leaves the shell of the block before, in the same step: the page may mean either."""
    done = program.run_page(AMBIGUOUS, *UNATTENDED[1:])
    assert done.status == 3
    assert "page.md:13: a person must confirm `touch here`" in done.stderr
    assert "Nothing leaves it" in done.stderr
    assert not (program.work / "here").exists()


@pytest.mark.parametrize(
    "blocks",
    [
        "```bash\nINNER=1 sh\n```\n\nThen:\n\n```bash\necho ${INNER:-0} >inner\n```\n",
        "```bash\nINNER=1 sh\nx=1\n```\n\nThen:\n\n```bash\necho ${INNER:-0} >inner\nexit\n```\n",
    ],
)
def test_a_later_block_of_the_step_is_inside_where_that_is_plain(program: Program, blocks: str) -> None:
    """The command is alone in its block, or a later block leaves the shell."""
    page = (
        f"# P\n\n## Procedure\n\n### 1. A\n\n{blocks}\n### 2. B\n\n```bash\necho ${{INNER:-0}} >outer\n```\n"
    )
    done = program.run_page(page, *UNATTENDED[1:])
    assert done.status == 0, done.output
    assert (program.work / "inner").read_text() == "1\n"
    assert (program.work / "outer").read_text() == "0\n"


def test_show_dry_run_and_trust_say_where_statements_run(program: Program) -> None:
    """Each line for another shell has its place."""
    program.write("page.md", (CASES / "inner/inner-nested.md").read_text())
    assert "crictl ps  (in chroot /host in node/<node>)" in program.run("show", "page.md").stdout
    dry_run = program.run("page.md", "--dry-run").stdout
    assert "   crictl ps\n     in chroot /host in node/<node>\n" in dry_run
    environment: dict[str, str | None] = {"RUNBOOK_EXEC_TRUSTED": None}
    listed = program.run("trust", "page.md", env=environment).output
    assert "in chroot /host in node/<node>" in listed


def list_steps(*scripts: str) -> str:
    """Return a page with a step for each script."""
    steps = (f"{n}. Step\n   ```bash\n   {script}\n   ```\n" for n, script in enumerate(scripts, 1))
    return "# Page\n\n## Procedure\n\n" + "".join(steps)


LOGS_IN = ("ssh ada@nas", "touch one", "touch two", "exit", "touch last")


def test_steps_after_one_that_only_opens_a_shell_are_asked_about(program: Program) -> None:
    """They may be meant for that shell: without a person nothing runs, up to the `exit` of the page."""
    environment = write_program(program, "ssh", "#!/bin/sh\ntouch connected\n")
    program.write("page.md", list_steps(*LOGS_IN))
    done = program.run(*UNATTENDED, env=environment)
    assert done.status == 3
    asked = [text for text in (*LOGS_IN, "touch last") if f"a person must confirm `{text}`" in done.output]
    assert asked == ["touch one", "touch two", "exit"]
    assert "run all of the page there with `--on HOST`" in " ".join(done.output.split())
    assert sorted(path.name for path in program.work.iterdir()) == ["page.md"]


def test_a_step_after_one_that_used_a_shell_runs(program: Program) -> None:
    """A statement has run inside; the shell is left at the end of the step, as the page says."""
    program.write("page.md", list_steps("sh\n   touch inside", "touch outside"))
    done = program.run(*UNATTENDED)
    assert done.status == 0, done.output
    assert (program.work / "inside").exists()
    assert (program.work / "outside").exists()


def test_a_run_says_where_it_is_with_the_value_of_the_host(program: Program) -> None:
    """The plan has the placeholder of the host, and not that of the user; a run has its value."""
    environment = write_program(program, "ssh", "#!/bin/sh\nexec sh\n")
    page = list_steps("ssh <user>@<host>\n   echo <word>\n   exit")
    program.write("page.md", page)
    assert "echo <word>  (on <host>)" in program.run("show", "page.md").output
    given = ("--set", "user=ada", "--set", "host=nas", "--set", "word=hey")
    done = program.run(*UNATTENDED, *given, env=environment)
    assert done.status == 0, done.output
    assert "on nas" in done.output
    assert "<user>" not in done.output


def test_a_container_is_named_by_its_image(program: Program) -> None:
    """A volume before the image is no name."""
    program.write("page.md", list_steps("docker run --rm -it -v data:/data alpine\n   ls"))
    assert "ls  (in a container of alpine)" in program.run("show", "page.md").output
