"""Blocks for a shell whose text is not commands: scripts, output, data and synopses."""

from __future__ import annotations

import pytest

from runbook_exec.document.model import Block
from runbook_exec.document.parser import parse_runbook
from tests.support.paths import DATA


def read_block(code: str, info: str = "bash", above: str = "") -> Block:
    """The only block of a page."""
    page = f"# Page\n\n## Procedure\n\n{above}```{info}\n{code}\n```\n"
    (block,) = parse_runbook(page.encode(), "page.md").blocks
    return block


OUTPUT = (
    '{"a": 1}',
    '{\n  "name": "web",\n  "x": [1]\n}',
    '[\n  {"a": 1}\n]',
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x",
    "- name: a\n  image: b",
    "NAME    READY   STATUS\nweb-1   1/1     Running",
    "kubectl get pods\nNAME    READY   STATUS    RESTARTS   AGE\nweb-1   1/1     Running   0          2d",
    "kubectl apply -f x.yaml\ndeployment.apps/web created",
    "2024-01-02 10:00:00 started",
    "2024/10/31 13:46:25 https://logs.example.com/loki",
    "Jan  2 10:00:00 host kernel: x",
    "[INFO] building",
    "ERROR: no such file",
    'time="2024-01-02" level=info msg="x"',
    "SELECT * FROM users;",
    "CREATE DATABASE app;",
    "insert into t values (1);",
    "[Unit]\nDescription=x",
    "key = value",
    "max_connections = 100\nport = 5432",
    "total 12\n-rw-r--r-- 1 root root 5 Jan  2 10:00 x",
    "drwxr-xr-x 2 root root 4096 Jan 2 x",
    "├── a\n└── b",
    "+----+----+\n| a  | b  |\n+----+----+",
    "HTTP/1.1 200 OK\nContent-Type: text/plain",
    "diff --git a/x b/x\n--- a/x",
    "commit 0123456789abcdef0123456789abcdef01234567",
    "Successfully installed thing",
    "Creating network app_default",
    "fatal: not a git repository",
    "0 3 * * * /usr/bin/backup",
    "* * * * * /usr/bin/tick",
    "ssh-ed25519 AAAAC3Nza me@host",
    "-----BEGIN CERTIFICATE-----",
    "https://example.com/a?b=c",
    "10.0.0.1 web",
    "FROM alpine:3.20\nRUN apk add curl",
    'resource "aws_s3_bucket" "b" {\n  bucket = "x"\n}',
    "--set image.tag=1.2",
    "export A=b\n...",
    "run-me\n[...]\nrun-that",
    '<?xml version="1.0"?>',
    '{job="syslog"} |= "error"',
)


@pytest.mark.parametrize("code", OUTPUT)
def test_output_and_data_are_not_run(code: str) -> None:
    """A block with a line that is no command does not run, and its line is named."""
    block = read_block(code)
    assert not block.runs
    assert "line " in block.why_not
    assert not block.holds_commands


COMMANDS = (
    "kubectl get pods -o json",
    '[ "$ARCH" = "x86_64" ] && ARCH=amd64',
    "[ -f x ] && echo yes",
    "[[ -f x ]] && echo yes",
    'test "$a" = b',
    "A=1\nB=two",
    "export PATH=$PATH:/opt/bin",
    "{ echo a; echo b; }",
    "(cd /tmp && ls)",
    "cat <<EOF >x.yaml\napiVersion: v1\nkind: Pod\nEOF",
    "cat >x.ini <<'EOF'\n[section]\nkey = value\n...\nEOF",
    'psql -c "\nSELECT 1;\n"',
    "if true; then\n  echo yes\nfi",
    "for i in 1 2 3; do\n  echo $i\ndone",
    "f() {\n  echo x\n}",
    "function f {\n  echo x\n}",
    "/usr/local/bin/thing --flag",
    "./configure && make",
    "~/bin/thing",
    "$HOME/bin/thing",
    '"$HOME/bin/thing" --x',
    "7z x a.7z",
    "Rscript a.R",
    "R CMD INSTALL x",
    "VBoxManage list vms",
    "NODE_ENV=production npm start",
    "go test ./...",
    'echo "Waiting ..."',
    "echo Waiting ...",
    'git commit -m "Fix ..."',
    "tr '[:upper:]' '[:lower:]'",
    "tr [a-z] [A-Z] <x",
    "ls *.txt",
    ". ./env.sh",
    "source venv/bin/activate",
    ": > log.txt",
    "! grep -q x y",
    "docker run --rm \\\n  -p 80:80 \\\n  nginx",
    "curl -s https://example.com/x | tar xz",
    "ssh user@host uptime",
    "make    # builds it",
    "scp host:/a b",
    "cp   a   b",
    "time make",
    "A=1 B=2 make",
    "git log a...b",
    "read -r x <<< 'a: b'",
    "docker compose up -d # or: restart",
    "mysql -e 'SELECT 1'",
    "set -euo pipefail",
    "tee x <<EOF\nNAME   READY   STATUS\nEOF",
)


@pytest.mark.parametrize("code", COMMANDS)
def test_commands_run(code: str) -> None:
    """Commands that look unusual still run."""
    block = read_block(code)
    assert block.why_not == ""
    assert block.runs


SYNOPSES = (
    "kubectl label node ... key=value",
    "helm install [options] NAME",
    "git checkout [-b] branch",
    "rbd snap ls --pool pool [--namespace ns] image",
    "cp FILE... DIR",
    "thing start …",
    "service web {start|stop|restart}",
    "thing [flags]",
)


@pytest.mark.parametrize("code", SYNOPSES)
def test_a_synopsis_is_not_run(code: str) -> None:
    """What stands for something left out, repeated or chosen is not to be typed."""
    block = read_block(code)
    assert not block.runs
    assert "is a synopsis" in block.why_not


@pytest.mark.parametrize(
    "code", ["#!/bin/sh\necho x", "\n#!/usr/bin/env bash\nrm -rf $1", "#!/usr/bin/python3\nprint(1)"]
)
def test_a_script_is_to_be_saved(code: str) -> None:
    """A block that begins with `#!` is a file's text."""
    block = read_block(code)
    assert not block.runs
    assert "a script to be saved, not run" in block.why_not


def test_an_annotation_that_names_the_shell_runs_the_block() -> None:
    """`shell=` above a block says that it is for that shell, whatever it looks like."""
    assert read_block("#!/bin/sh\necho x", above="<!-- runbook: shell=bash -->\n").runs


def test_a_step_with_only_a_script_is_done_by_hand() -> None:
    """Its block is shown, and the next step runs as before."""
    page = (DATA / "cases" / "selection" / "script-text.md").read_bytes()
    first, second = parse_runbook(page, "page.md").procedures[0].steps
    assert first.manual
    assert [block.runs for block in second.blocks] == [True]


@pytest.mark.parametrize("name", ["foreign-attributes", "foreign-class"])
def test_a_page_with_other_tools_attributes_runs(name: str) -> None:
    """The attributes are noted once, as a warning."""
    page = (DATA / "cases" / "selection" / f"{name}.md").read_bytes()
    runbook = parse_runbook(page + b"\n" + page.split(b"\n\n", 2)[2], "page.md")
    assert [(problem.code, problem.severity) for problem in runbook.problems] == [
        ("foreign-attribute", "warning")
    ]
    assert runbook.procedures[0].steps[0].blocks[0].runs


@pytest.mark.parametrize(
    ("language", "reason"),
    [
        ("azurecli", "`languages: {azurecli: bash}`"),
        ("azurecli-interactive", "`languages: {azurecli-interactive: bash}`"),
        ("pwsh", "PowerShell"),
        ("powershell", "PowerShell"),
        ("cmd", "Windows commands"),
        ("bat", "Windows commands"),
        ("tcsh", "another shell"),
        ("text", "not a shell"),
        ("output", "not a shell"),
    ],
)
def test_other_languages_never_run(language: str, reason: str) -> None:
    """A block for another shell or tool is shown with the reason."""
    block = read_block("echo hi", language)
    assert not block.runs
    assert reason in block.why_not


@pytest.mark.parametrize("language", ["bash", "shell", "shellscript", "bash-interactive", "sh", "BASH"])
def test_languages_of_shells_run(language: str) -> None:
    """These fences are for a shell."""
    assert read_block("echo hi", language).runs


def test_the_page_maps_languages() -> None:
    """`languages:` makes a language run, be a console, or never run."""
    page = (
        "---\nrunbook:\n  languages:\n    azurecli: bash\n    cloud: console\n    sh: none\n---\n\n"
        "# P\n\n## Steps\n\n"
        "```azurecli\naz account show\n```\n\n```cloud\n$ az x\nout\n```\n\n```sh\nrm x\n```\n"
    )
    blocks = parse_runbook(page.encode(), "page.md").blocks
    assert [[s.text for s in block.statements] if block.runs else block.why_not for block in blocks] == [
        ["az account show"],
        ["az x"],
        "the page's `languages:` says that it never runs",
    ]


@pytest.mark.parametrize("target", ["pwsh", "", "bosh"])
def test_a_language_is_mapped_to_a_known_shell(target: str) -> None:
    """Any other word is a mistake of the front matter."""
    page = f"---\nrunbook:\n  languages:\n    azurecli: '{target}'\n---\n\n# P\n"
    (problem,) = parse_runbook(page.encode(), "page.md").problems
    assert "expected one of `fish`" in problem.message


def test_options_of_a_directive_are_not_commands() -> None:
    """MyST and Sphinx write options at the top of a block."""
    block = read_block(":caption: x\n:linenos:\n\necho hi", "{code-block} bash")
    assert [statement.text for statement in block.statements] == ["echo hi"]
    assert block.runs
