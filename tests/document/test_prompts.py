"""Console blocks: prompts in all their forms, lines that are not run, and blocks without prompts."""

from __future__ import annotations

import pytest

from runbook_exec.document.model import Block
from runbook_exec.document.parser import parse_runbook
from tests.support.paths import DATA


def read_block(code: str, info: str = "console") -> Block:
    """The only block of a page."""
    page = f"# Page\n\n## Procedure\n\n```{info}\n{code}\n```\n"
    (block,) = parse_runbook(page.encode(), "page.md").blocks
    return block


def commands(block: Block) -> list[str]:
    """The statements of a block that runs."""
    assert block.runs, block.why_not
    return [statement.text for statement in block.statements]


PROMPTS = (
    "$",
    "user@host:~$",
    "user@host:/srv/app$",
    "user@host ~ $",
    "user@host dir %",
    "[user@host dir]$",
    "(venv) $",
    "(venv) user@host:~$",
    "~$",
    "~/src $",
    "host:~$",
    "bash-5.2$",
    "sh-5.1$",
    "❯",
    "➜",
    "➜  app git:(main)",
    "➜  app git:(main) ✗",
    "➜  ~",
    "$>",
    "local$",
    "host%",
)

ROOTS = (
    "root@host:~#",
    "[root@host ~]#",
    "sh-5.1#",
    "bash-5.2#",
    "/ #",
    "~#",
    "/app #",
    "host:~#",
    "node1#",
    "[root@host]#",
)


@pytest.mark.parametrize("info", ["console", "bash"])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_form_of_prompt_is_recognised(prompt: str, info: str) -> None:
    """The commands after the prompt run; what they print does not."""
    block = read_block(f"{prompt} ls -l\ntotal 0\n{prompt} echo $HOME", info)
    assert commands(block) == ["ls -l", "echo $HOME"]
    assert block.statements[0].expected == "total 0"
    assert not block.for_root


@pytest.mark.parametrize("info", ["console", "bash"])
@pytest.mark.parametrize("prompt", ROOTS)
def test_the_prompt_of_root_is_recognised(prompt: str, info: str) -> None:
    """The block is for root."""
    block = read_block(f"{prompt} ls -l\ntotal 0\n{prompt} id", info)
    assert commands(block) == ["ls -l", "id"]
    assert block.for_root


def test_a_console_of_hash_prompts_is_for_root() -> None:
    """`#` is root's prompt where commands follow it and no other prompt is there."""
    block = read_block("# systemctl restart web\n# journalctl -u web -n 20\n-- Logs begin --\n# exit")
    assert commands(block) == ["systemctl restart web", "journalctl -u web -n 20", "exit"]
    assert block.for_root


def test_hashes_in_a_console_without_prompts_are_comments() -> None:
    """Prose after `#` is a comment of commands without prompts."""
    block = read_block(
        "# Add the repository first\nhelm repo add demo https://example.com\n# then install it\nhelm list"
    )
    assert commands(block) == ["helm repo add demo https://example.com", "helm list"]
    assert not block.for_root


@pytest.mark.parametrize(
    "code",
    [
        "$ sudo -i\n# id\n# exit\n$ id",
        "$ su\n# make install",
        "$ oc debug node/x\n# chroot /host\n# crictl ps",
        "$ ls\n# systemctl restart web\n$ id",
        "# apt-get install -y x\n$ x --version",
        "$ ls\n[root@host ~]# rm -rf /srv",
        "user@host:~$ ls\nroot@host:~# id",
        "alice@a:~$ ls\nalice@b:~$ ls",
        "$ ssh web\ndeploy@web:~$ git pull\n$ exit",
        "➜  app git:(main) make shell\n[root@1234 /]$ ls",
    ],
)
@pytest.mark.parametrize("info", ["console", "bash"])
def test_prompts_of_several_users_do_not_run(code: str, info: str) -> None:
    """Nothing runs as another user, or on another machine, than the page shows."""
    block = read_block(code, info)
    assert not block.runs
    assert "of several users or machines" in block.why_not or "begins with `#`" in block.why_not


@pytest.mark.parametrize(
    "comment",
    ["# install the chart", "# Make sure it works", "# test it", "# find the pod name", "#", "# ---"],
)
def test_comments_between_prompts_are_comments(comment: str) -> None:
    """A `#` line that reads as prose does not keep the commands from running."""
    assert commands(read_block(f"{comment}\n$ ls\n{comment}\n$ id")) == ["ls", "id"]


def test_mixed_prompts_are_not_run() -> None:
    """The page with root's `#` between `$` is said to be so, and its step is for a person."""
    page = (DATA / "cases" / "bugs" / "30-mixed-prompts.md").read_bytes()
    (step,) = parse_runbook(page, "page.md").procedures[0].steps
    assert step.manual
    assert "line 6 begins with `#`" in step.blocks[0].why_not


def test_a_prompt_in_a_here_document_is_its_text() -> None:
    """`   $ cmd` before the last line of the here-document is no command."""
    page = (DATA / "cases" / "bugs" / "26-console-heredoc-dollar.md").read_bytes()
    (step,) = parse_runbook(page, "page.md").procedures[0].steps
    assert commands(step.blocks[0]) == ["cat << EOT > notes.txt\n   $ cmd\nEOT", "cat notes.txt"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("$ cat <<'E' >f\n$ a\nb\n$ c\nE\n$ ls", ["cat <<'E' >f\n$ a\nb\n$ c\nE", "ls"]),
        ('$ cat <<-"E"\n\t$ a\n\tE\n$ ls', ['cat <<-"E"\n\t$ a\n\tE', "ls"]),
        ("$ cat <<E\nx\n$ a\nE\nout\n$ ls", ["cat <<E\nx\n$ a\nE", "ls"]),
        ("$ for i in 1 2; do\n> echo $i\n> done\n1\n$ ls", ["for i in 1 2; do\necho $i\ndone", "ls"]),
    ],
)
def test_open_commands_take_their_lines(code: str, expected: list[str]) -> None:
    """Here-documents and continued commands end where the shell says."""
    assert commands(read_block(code)) == expected


def test_a_here_document_that_never_ends_takes_no_other_command() -> None:
    """Without its last line it is a problem, and the next prompt is a command."""
    page = "# P\n\n## Steps\n\n```console\n$ cat <<EOF\na\n$ ls\n```\n"
    assert [problem.code for problem in parse_runbook(page.encode(), "page.md").problems] == ["syntax"]


@pytest.mark.parametrize(
    "code",
    [
        "helm repo add demo https://example.invalid\nhelm install demo demo/demo",
        "terraform plan",
        "cd /srv && ./run.sh",
        "REGION=eu ./deploy.sh",
        "kubectl create secret generic x \\\n  --from-literal=a=b",
        "mytool apply -f x.yaml",
        "make deploy",
    ],
)
def test_a_console_without_prompts_runs_if_all_its_lines_are_commands(code: str) -> None:
    """Every statement begins like a command, and the shell reads it."""
    assert read_block(code).runs


@pytest.mark.parametrize(
    "code",
    [
        "NAME    READY\nweb-1   1/1",
        "only output",
        "Hello, world!",
        "helm list\nmy-release   default   1",
        "kubectl get nodes\nnode-1 Ready",
        "received unexpected HTTP status: 500",
        "mysql> select 1;",
        "postgres=# \\dt",
        ">>> import os",
        "PS C:\\> dir",
        "C:\\Users\\x> dir",
        "(some output",
        "# only a comment here",
        "192.168.1.1",
        "I0608 start.go:126] starting",
    ],
)
def test_a_console_without_prompts_that_may_be_output_is_said(code: str) -> None:
    """It does not run, and the reason names the line."""
    block = read_block(code)
    assert not block.runs
    assert "line" in block.why_not


@pytest.mark.parametrize(
    "code",
    [
        "echo hi\n$ ls",
        "mysql> select 1;",
        "postgres=# \\dt",
        "PS C:\\> dir",
        ">>> x",
        "> helm list -n x",
        "ls\nuser@host:~$ id",
    ],
)
def test_prompts_that_a_shell_block_does_not_begin_with_are_said(code: str) -> None:
    """What looks prompted and is not run is said, never run as something else."""
    block = read_block(code, "bash")
    assert not block.runs
    assert "begins with the prompt" in block.why_not


@pytest.mark.parametrize("code", ["> list -l", "> ls\nout\n> echo a"])
def test_fish_may_have_the_prompt_of_an_angle(code: str) -> None:
    """`>` is fish's own prompt."""
    assert read_block(code, "fish").runs


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("$HOME/bin/x", ["$HOME/bin/x"]),
        ("echo 5$ each", ["echo 5$ each"]),
        ("cat <<E\n$ a\nE", ["cat <<E\n$ a\nE"]),
        ("echo 'a\n$ b'", ["echo 'a\n$ b'"]),
        ("x=$(ls)\necho $x", ["x=$(ls)", "echo $x"]),
        ("# user@host:~$ ls\nls", ["ls"]),
        ("scp a user@host:~ # copy", ["scp a user@host:~"]),
        ("> empty.log", ["> empty.log"]),
        ("~/bin/deploy # comment", ["~/bin/deploy"]),
        ("~/bin/deploy # make it", ["~/bin/deploy"]),
        ("/usr/bin/app # list", ["/usr/bin/app"]),
        ("/entrypoint # start it", ["/entrypoint"]),
        ("./run # now", ["./run"]),
        ("ls # $ list", ["ls"]),
        ("echo a > b # c", ["echo a > b"]),
    ],
)
def test_a_shell_block_loses_no_character_that_belongs_to_it(code: str, expected: list[str]) -> None:
    """`$`, `#` and `>` in commands are no prompts."""
    assert commands(read_block(code, "bash")) == expected


def test_lines_typed_into_another_program_are_said() -> None:
    """The command that opens the program has a warning about them."""
    block = read_block("$ psql app\napp=# \\dt\napp=# \\q\n$ ls")
    assert commands(block) == ["psql app", "ls"]
    assert "`app=#`" in block.statements[0].suspicions[0].message
    assert not block.statements[0].suspicions[0].asks
