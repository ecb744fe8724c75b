"""M303, M304, M306, M307, M311: code in any shell that hides a failure, exposes a secret or never ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...document.placeholders import is_secret_name
from ...plan.endless import find_blocking_statements, find_endless_statements
from ...shells.quoting import Context
from ...text.lazy_pattern import LazyPattern
from ..facts.filled_placeholders import filled_placeholders, text_before
from ..facts.planned_items import place_items
from ..facts.shell_code import find_shell_code
from ..rule import Example, Page, Rule
from .example_pages import bash_page, fish_page

_TEE = LazyPattern(r"(?<!\|)\|[ \t]*(?:(?:sudo|doas)[ \t]+)?(tee)\b")

_CANNOT_FAIL = LazyPattern(
    r"\s*(?:(?:and|or|not|if|while|else|begin|then|do|time|builtin|command|!|\{)\s+)*"
    r"(?:echo|printf|cat|yes|date|env|true)\b"
)


_BLANKED = LazyPattern(r"'\s*'|\"\s*\"")  # a quoted text, which may have several lines

_PIPED_ON = LazyPattern(r"[^\n;&|]*\|(?!\|)")  # the status is that of a later command then


def failure_into_tee(page: Page) -> Iterator[Finding]:
    """Report `cmd | tee log`: the status is tee's."""
    for code in find_shell_code(page):
        if "tee" not in code.bare or "pipefail" in code.script or "pipestatus" in code.script.lower():
            continue
        for start, end in code.statements():
            text = code.bare[start:end]
            match = _TEE.search(text)
            if match is None or _PIPED_ON.match(text, match.end()):
                continue
            before = _BLANKED.sub("''", text[: match.start()])
            first = re.split(r"&&|\|\||;|\n", before.replace("\\\n", "  "))[-1]
            if not _CANNOT_FAIL.match(first):
                yield Finding(
                    "the status is that of `tee`: a failure of the command before it goes unseen",
                    code.span(start + match.start(1), start + match.end(1)),
                    "redirect the output, or look at `$pipestatus` (`set -o pipefail` in bash)",
                )


_TEXT = LazyPattern(r"\b(?:ssh\s[^|;&\n]*|(?:a|ba|da|z|k|fi)?sh\s+(?:-\w+\s+)*-\w*c\s*)['\"]$")


def failure_in_text(page: Page) -> Iterator[Finding]:
    """Report `ssh host 'a; b'`: the status is b's."""
    for code in find_shell_code(page):
        for start, end in code.regions(Context.SINGLE, Context.DOUBLE) if "sh" in code.bare else ():
            inner = code.script[start:end]
            before = code.script[max(0, start - 200) : start]
            if not _TEXT.search(before.split("\n")[-1]):
                continue
            semicolon = re.search(r"(?<![;\\]);(?![;\s]*$)", inner)
            keywords = re.search(r"\b(?:set -\w*e|for|while|if|case|function|begin|do|then)\b", inner)
            if semicolon and not keywords:
                at = start + semicolon.start()
                yield Finding(
                    "only the last of these commands is asked how it ended: a failure before `;` goes unseen",
                    code.span(at, at + 1),
                    "join them with `&&`, or begin with `set -e;`",
                )


_WAITED_FOR = LazyPattern(r"\b(?:wait|disown|nohup|setsid|kill|pkill|fg|bg)\b")

_ADDRESS = LazyPattern(r"\w(?:://|[?=])\S*&\Z")

_AND = LazyPattern(r"(?<![&|>])&\s*$")


_LEFT_RUNNING = (
    "this runs in the background, and nothing waits for it: its exit status is never known",
    "`wait` for it in the same block, or write it without `&` below `<!-- runbook: background -->`",
)

_CUT_ADDRESS = (
    "`&` ends the command here, and the rest of the address is another one",
    "put the address in quotes",
)


def left_running(page: Page) -> Iterator[Finding]:
    """Report `cmd &` without a command that waits for it."""
    for code in find_shell_code(page):
        if "&" not in code.bare or _WAITED_FOR.search(code.script):
            continue
        for start, end in code.statements():
            text = code.bare[start:end]
            if not _AND.search(text):
                continue
            at = start + code.script[start:end].rindex("&")
            message, hint = _LEFT_RUNNING
            if start and code.bare[start - 1] == "&":
                continue  # the rest of an address that was reported
            if _ADDRESS.search(code.script, start, at + 1) and code.script[at + 1 : at + 2].strip():
                message, hint = _CUT_ADDRESS
            yield Finding(message, code.span(at, at + 1), hint)


_SAFER = (
    (
        LazyPattern(
            r"\b(?:docker|podman|helm\s+registry|buildah|skopeo)\s+login\b.*(?:\s-p|--password)[ =]$"
        ),
        "`--password-stdin` reads it from standard input",
    ),
    (
        LazyPattern(r"\bcurl\b.*\s(?:-u|--user)[ =]?['\"]?[^\s'\"]*:$"),
        "`--netrc-file`, or `--config -`, reads it from a file",
    ),
    (LazyPattern(r"\bcurl\b.*(?:-H|--header)[ =]?['\"][^'\"]*$"), "`-H @FILE` reads the header from a file"),
    (
        LazyPattern(r"\b(?:mysql|mysqldump|mariadb)\b.*\s(?:-p|--password=)$"),
        "an option file, or MYSQL_PWD, keeps it off",
    ),
    (LazyPattern(r"\bsshpass\b.*\s-p\s*$"), "`sshpass -e` takes it from the environment"),
    (LazyPattern(r"\bvault\s+login\s+(?:\S+\s+)*$"), "`vault login -` reads it from standard input"),
    (
        LazyPattern(r"\bopenssl\b.*\s-pass(?:in|out)?\s+pass:$"),
        "`-pass env:NAME` or `-pass stdin` keeps it off",
    ),
)


def secret_argument(page: Page) -> Iterator[Finding]:
    """Yield a secret on a command line, which all users can read, if a safer form is known."""
    for statement, placeholder in filled_placeholders(page):
        known = page.runbook.settings.inputs.get(placeholder.name)
        secret = (
            known.secret
            if known is not None and known.secret is not None
            else is_secret_name(placeholder.name)
        )
        if not secret:
            continue
        before = text_before(statement, placeholder).replace("\\\n", "  ")
        before = re.split(r"\|\||&&|[|;\n]", before)[-1]
        for pattern, safer in _SAFER:
            if pattern.search(before):
                yield Finding(
                    f"`{placeholder.text}` is a secret, and a program's arguments can be read by everybody "
                    "on the machine",
                    placeholder.span,
                    safer,
                )
                break


_TO_BACKGROUND = (
    'write `<!-- runbook: background -->` above its block; `until="text"` waits until it is ready'
)


def endless_command(page: Page) -> Iterator[Finding]:
    """Report each command that runs until it is ended and has statements after it."""
    found: dict[int, Finding] = {}
    for procedure, items, places in place_items(page):
        endless = find_endless_statements(items, procedure.shell, places)
        for item in find_blocking_statements(items, endless, places):
            if item.statement is not None:
                span, name = item.statement.span, endless[item.where]
                message = f"`{name}` runs until it is ended, and statements come after it"
                found.setdefault(span.start, Finding(message, span, _TO_BACKGROUND))
    yield from (found[start] for start in sorted(found))


RULES = (
    Rule(
        RuleInfo(
            "M303",
            "failure-into-tee",
            does="Reports a command whose output goes into `tee`.",
            why="A pipe ends with the exit status of its last command. `make | tee log` succeeds even "
            "if `make` fails.",
        ),
        failure_into_tee,
        bad=(
            Example(fish_page("make all | tee build.log"), at=(6, 12)),
            Example(bash_page("cd app && ./deploy.sh 2>&1 | tee -a log"), at=(6, 30)),
        ),
        good=(
            Example(fish_page("make all >build.log")),
            Example(fish_page("echo 'a b' | sudo tee /etc/motd")),
            Example(bash_page("[ -f a.yaml ] || tee a.yaml << EOF\na: 1\nEOF")),
            Example(bash_page("echo '#!/bin/sh\nls' | tee a.sh\nwg genkey | tee key | wg pubkey")),
            Example(fish_page("check\nor echo 'it failed' | tee -a log")),
            Example(bash_page("set -o pipefail\nmake | tee log")),
            Example(fish_page("make | tee log\ntest $pipestatus[1] -eq 0")),
        ),
    ),
    Rule(
        RuleInfo(
            "M304",
            "failure-in-text",
            does="Reports text with several commands for another shell, without anything that stops it "
            "at a failure.",
            why="The other shell runs all of it, and only the exit status of the last command comes back.",
        ),
        failure_in_text,
        bad=(
            Example(fish_page("ssh web-1 'cd /srv; ./deploy'"), at=(6, 19)),
            Example(bash_page('sudo sh -c "apt-get update; apt-get upgrade"'), at=(6, 27)),
        ),
        good=(
            Example(fish_page("ssh web-1 'cd /srv && ./deploy'")),
            Example(bash_page('sh -c "set -e; cd /srv; ./deploy"')),
            Example(fish_page("echo 'cd /srv; ./deploy'")),
        ),
    ),
    Rule(
        RuleInfo(
            "M306",
            "left-running",
            does="Reports a job that is started in the background and never waited for.",
            why="Nobody notices when it fails, or when it ends.",
        ),
        left_running,
        bad=(
            Example(fish_page("kubectl port-forward svc/db 5432 &"), at=(6, 34)),
            Example(bash_page("curl https://a.example/endpoint?q=test&n=0"), at=(6, 39)),
            Example(bash_page("sleep 100 &\necho started"), at=(6, 11)),
        ),
        good=(
            Example(bash_page("backup &\nwait")),
            Example(fish_page("echo 'a &' && make 2>&1")),
        ),
    ),
    Rule(
        RuleInfo(
            "M307",
            "secret-argument",
            does="Reports a secret in the arguments of a program.",
            why="Other users see the arguments of a running program in the list of processes, and logs "
            "often keep them.",
        ),
        secret_argument,
        bad=(
            Example(fish_page("docker login -u me --password <registry-password> ghcr.io"), at=(6, 31)),
            Example(bash_page("curl -u 'me:<api-token>' https://example.org"), at=(6, 13)),
        ),
        good=(
            Example(fish_page("echo <registry-password> | docker login -u me --password-stdin ghcr.io")),
            Example(bash_page("curl -u 'me:<page-number>' https://example.org")),
        ),
    ),
    Rule(
        RuleInfo(
            "M311",
            "endless-command",
            does="Reports a command that runs until it is ended, such as a server, a port forward or "
            "`tail -f`, with commands after it.",
            why="What comes after it never runs. A run without a person refuses the page.",
        ),
        endless_command,
        bad=(
            Example(
                bash_page("kubectl port-forward svc/db 5432", "psql -h localhost -c 'SELECT 1'"), at=(6, 1)
            ),
            Example(bash_page("kubectl get pods --watch", "kubectl get nodes"), at=(6, 1)),
            Example(fish_page("cd web; and npm run dev", "curl localhost:3000"), at=(6, 1)),
            Example(bash_page("while true; do curl web; sleep 1; done", "ls"), at=(6, 1)),
        ),
        good=(
            Example(
                "## Steps\n\n### 1. One\n\n<!-- runbook: background -->\n"
                "```bash\nkubectl port-forward svc/db 5432\npsql -h localhost -c 'SELECT 1'\n```\n"
            ),
            Example(bash_page("kubectl get pods", "kubectl logs -f web-1")),
            Example(bash_page("kubectl port-forward svc/db 5432 &", "wait")),
            Example(bash_page("tail -f app.log | grep -q ready", "timeout 9 tail -f app.log", "ls")),
            Example(bash_page("docker compose up -d", "npm run build", "ls")),
            Example(
                "## Steps\n\n### 1. One\n\n<!-- runbook: background -->\n```bash\nmkdocs serve\n```\n\n"
                "```bash\ncurl localhost:8000\n```\n"
            ),
        ),
    ),
)
