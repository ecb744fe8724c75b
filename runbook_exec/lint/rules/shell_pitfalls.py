"""M3xx: what a shell takes and does not do as it looks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...document.placeholders import is_secret_name
from ...shells.quoting import Context
from ..facts.shell_code import COMMAND, ShellCode, find_command_names, find_shell_code
from ..rule import Example, Page, Rule
from .placeholders import placeholders

_KNOWN = frozenset(
    re.findall(
        r"\w+",
        "aws awk az base64 basename cat count cut date dirname docker echo env find fly flyctl "
        "gcloud gh git grep head hostname id jq kubectl ls math mise mktemp nproc op openssl pass "
        "pwd random readlink realpath sed seq sort string tail tr uname uuidgen wc which whoami yq",
    )
)

_SAYS = re.compile(
    r"(?:echo|printf|set_color|logger|say|notify-send|read|gum|figlet)\b"
    r"|.*\s(?:-m|-am|--message|--title|--body|--notes?|--description|--reason|--comment)[ =]?$"
)

_IN_PARENTHESES = re.compile(r"(?<![$\\])\(\s*([A-Za-z_][\w.-]*)((?:[ \t][^()\"\n]*)?)\)")

_CODE_LIKE = re.compile(r"\s[-+$/~<]|[|=]|://")


def literal_substitution(page: Page) -> Iterator[Finding]:
    """`"…(cmd)…"` in fish."""
    quoted = [
        (code, start, match)
        for code in find_shell_code(page, "fish")
        for start, end in code.regions(Context.DOUBLE)
        for match in _IN_PARENTHESES.finditer(code.script, start, end)
    ]
    used = (
        {name for code in find_shell_code(page, "fish") for _, name in find_command_names(code)}
        if quoted
        else set()
    )
    for code, start, match in quoted:
        if (match[1] in used or match[1] in _KNOWN) and _means_to_run(code, start, match):
            yield Finding(
                "in fish `(…)` is plain text inside double quotes: the command is not run",
                code.span(match.start(), match.end()),
                "write `$(…)`, or end the quotes before it",
            )


def _means_to_run(code: ShellCode, start: int, match: re.Match[str]) -> bool:
    """Whether what looks like a command in brackets is one, and not prose with a command's name in it."""
    name, rest = match[1], match[2].strip()
    before = code.script[start : match.start()]
    if before[-1:].isalpha():
        return False  # `status(es)`, `fix(docs): …`
    if _CODE_LIKE.search(match[2]):
        return True
    line = code.script[code.script.rfind("\n", 0, start) + 1 : start - 1]
    said = _SAYS.match(re.split(r"[|;&(]", line)[-1].strip() + " ")
    if said and before[-1:] in ("", " "):
        return not rest and name in _KNOWN
    return bool(rest) or name in _KNOWN


_WORDS = {
    "[[": ("`[[ … ]]` is no command of fish", "use `test …`, or `string match`"),
    **dict.fromkeys(
        ("local", "declare", "typeset"), ("`{0}` is no command of fish", "use `set -l NAME VALUE`")
    ),
    "unset": ("`unset` is no command of fish", "use `set -e NAME`"),
    **dict.fromkeys(
        ("then", "fi", "do", "done", "esac"), ("`{0}` is no word of fish", "a block ends with `end`")
    ),
    "until": ("`until` is no word of fish", "use `while not …`"),
}

_POSIX = re.compile(
    r"[\n;|&({][ \t]*+"
    r"(?>(?:(?:and|or|not|if|while|else|begin|command|builtin|exec|time|!)[ \t]++)*)"
    r"(?:(?P<word>\[\[|local|declare|typeset|unset|then|fi|do|done|esac|until)(?=[\s;]|$)"
    r"|(?:source|\.)[ \t]++(?P<from><)(?=\())"
)

_BACKTICKS = re.compile(r"(?<!\\)`[^`\n]*+`")


def posix_in_fish(page: Page) -> Iterator[Finding]:
    """Forms of POSIX shells that fish takes and does not have."""
    for code in find_shell_code(page, "fish"):
        for match in _POSIX.finditer(f"\n{code.bare}"):
            message, hint = _WORDS.get(match["word"], ("`<(…)` is not in fish", "use `… | source`"))
            start, end = match.span("word") if match["word"] else (match.start("from"), match.end() + 1)
            yield Finding(message.format(match["word"]), code.span(start - 1, end - 1), hint)
        for match in _BACKTICKS.finditer(code.bare) if "`" in code.bare else ():
            place = code.span(match.start(), match.start() + 1)
            yield Finding("backticks are plain characters in fish", place, "write `(…)` or `$(…)`")
        at = code.bare.find("$((")
        while at >= 0:
            yield Finding("`$(( … ))` is no arithmetic in fish", code.span(at, at + 3), "use `(math …)`")
            at = code.bare.find("$((", at + 3)


_TEE = re.compile(r"\|[ \t]*(?:(?:sudo|doas)[ \t]+)?(tee)\b")

_CANNOT_FAIL = re.compile(
    r"\s*(?:(?:and|or|not|if|while|else|begin|then|do|time|builtin|command|!|\{)\s+)*"
    r"(?:echo|printf|cat|yes|date|env|true)\b"
)


def failure_into_tee(page: Page) -> Iterator[Finding]:
    """`cmd | tee log`: the status is tee's."""
    for code in find_shell_code(page):
        if "tee" not in code.bare or "pipefail" in code.script or "pipestatus" in code.script.lower():
            continue
        for start, end in code.statements():
            text = code.bare[start:end]
            match = _TEE.search(text)
            first = re.split(r"&&|\|\||;|\n", text[: match.start()])[-1] if match else ""
            if match and not _CANNOT_FAIL.match(first):
                yield Finding(
                    "the status is that of `tee`: a failure of the command before it goes unseen",
                    code.span(start + match.start(1), start + match.end(1)),
                    "redirect the output, or look at `$pipestatus` (`set -o pipefail` in bash)",
                )


_TEXT = re.compile(r"\b(?:ssh\s[^|;&\n]*|(?:ba|da|z|k|fi)?sh\s+(?:-\w+\s+)*-\w*c\s*)['\"]$")


def failure_in_text(page: Page) -> Iterator[Finding]:
    """`ssh host 'a; b'`: the status is b's."""
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


_WAITED_FOR = re.compile(r"\b(?:wait|disown|nohup|setsid|kill|pkill|fg|bg)\b")

_AND = re.compile(r"(?<![&|>])&\s*$")


def left_running(page: Page) -> Iterator[Finding]:
    """`cmd &` with nothing that waits for it."""
    for code in find_shell_code(page):
        if "&" not in code.bare or _WAITED_FOR.search(code.script):
            continue
        for start, end in code.statements():
            if _AND.search(code.bare[start:end]):
                at = start + code.script[start:end].rindex("&")
                yield Finding(
                    "this goes on in the background, and nothing waits for it: how it ends is never known",
                    code.span(at, at + 1),
                    "`wait` for it in the same block, or run it in the foreground",
                )


_SET_LOCAL = re.compile(
    COMMAND + r"set[ \t]++(?:-\w*+(?<=l)|-l\w++|--local)[ \t]++(?>(?:-\S++[ \t]++)*)(\w++)"
)

_USED = re.compile(r"\$\{?(\w++)")


def local_needed_later(page: Page) -> Iterator[Finding]:
    """`set -l` in one block, the variable in another."""
    everything = list(find_shell_code(page, "fish"))
    latest = {name: index for index, code in enumerate(everything) for name in _USED.findall(code.script)}
    for index, code in enumerate(everything):
        for match in _SET_LOCAL.finditer(code.bare):
            if latest.get(match[1], 0) > index:
                yield Finding(
                    f"`{match[1]}` is local, and a later block needs it",
                    code.span(match.start(1), match.end(1)),
                    "use `set -g`, so that the later block works when only that is run",
                )


_SAFER = (
    (
        re.compile(r"\b(?:docker|podman|helm\s+registry|buildah|skopeo)\s+login\b.*(?:\s-p|--password)[ =]$"),
        "`--password-stdin` reads it from standard input",
    ),
    (
        re.compile(r"\bcurl\b.*\s(?:-u|--user)[ =]?['\"]?[^\s'\"]*:$"),
        "`--netrc-file`, or `--config -`, reads it from a file",
    ),
    (re.compile(r"\bcurl\b.*(?:-H|--header)[ =]?['\"][^'\"]*$"), "`-H @FILE` reads the header from a file"),
    (
        re.compile(r"\b(?:mysql|mysqldump|mariadb)\b.*\s(?:-p|--password=)$"),
        "an option file, or MYSQL_PWD, keeps it off",
    ),
    (re.compile(r"\bsshpass\b.*\s-p\s*$"), "`sshpass -e` takes it from the environment"),
    (re.compile(r"\bvault\s+login\s+(?:\S+\s+)*$"), "`vault login -` reads it from standard input"),
    (
        re.compile(r"\bopenssl\b.*\s-pass(?:in|out)?\s+pass:$"),
        "`-pass env:NAME` or `-pass stdin` keeps it off",
    ),
)


_NEAR = 2000  # characters before a placeholder in which its command is looked for


def secret_argument(page: Page) -> Iterator[Finding]:
    """A secret on a command line that everybody on the machine can read, where a safer form is known."""
    for statement, placeholder in placeholders(page):
        known = page.runbook.settings.inputs.get(placeholder.name)
        secret = (
            known.secret
            if known is not None and known.secret is not None
            else is_secret_name(placeholder.name)
        )
        if not secret:
            continue
        before = statement.text[max(0, placeholder.start - _NEAR) : placeholder.start].replace("\\\n", "  ")
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


def _fish(text: str) -> str:
    return f"## Steps\n\n### 1. One\n\n```fish\n{text}\n```\n"


def _bash(text: str) -> str:
    return f"## Steps\n\n### 1. One\n\n```bash\n{text}\n```\n"


RULES = (
    Rule(
        RuleInfo(
            "M301",
            "literal-substitution",
            "In fish a command substitution is `(cmd)`, but inside double quotes only `$(cmd)` is one. A "
            "real runbook stored the text of a command in its password manager this way, where the token "
            "belonged.",
        ),
        literal_substitution,
        bad=(
            Example(_fish('op item edit x "deploy-token=(fly tokens create org)" --vault v'), at=(6, 30)),
            Example(_fish('echo "today is (date +%F)"'), at=(6, 16)),
            Example(_fish('set -x TOKEN "(op read op://vault/item/field)"'), at=(6, 15)),
        ),
        good=(
            Example(_fish('op item edit x "deploy-token=$(fly tokens create org)" --vault v')),
            Example(_fish('echo "Done (see the log). Run it again (fly deploy would too)."')),
            Example(_fish('git commit -m "rotate the token (fly tokens)"\ngit tag -m "fix(fly): x" v1')),
            Example(_fish("op item edit x deploy-token=(fly tokens create org)")),
        ),
    ),
    Rule(
        RuleInfo(
            "M302",
            "posix-in-fish",
            "fish reads some forms of bash as ordinary words: they parse, and do nothing or something else.",
        ),
        posix_in_fish,
        bad=(
            Example(_fish("if [[ -f a ]]\n  echo a\nend"), at=(6, 4)),
            Example(_fish("echo `date`"), at=(6, 6)),
            Example(_fish("local x=1"), at=(6, 1)),
        ),
        good=(
            Example(_fish("if test -f a\n  echo '[[ a ]]' `\nend".replace(" `", ""))),
            Example(_fish("echo done then fi local unset")),
            Example(_bash("if [[ -f a ]]; then echo `date`; fi")),
            Example(_fish("export A=1")),
        ),
    ),
    Rule(
        RuleInfo(
            "M303",
            "failure-into-tee",
            "A pipe ends with the status of its last command. `make | tee log` succeeds whatever make does.",
        ),
        failure_into_tee,
        bad=(
            Example(_fish("make all | tee build.log"), at=(6, 12)),
            Example(_bash("cd app && ./deploy.sh 2>&1 | tee -a log"), at=(6, 30)),
        ),
        good=(
            Example(_fish("echo 'a b' | sudo tee /etc/motd")),
            Example(_fish("check\nor echo 'it failed' | tee -a log")),
            Example(_bash("set -o pipefail\nmake | tee log")),
            Example(_fish("make | tee log\ntest $pipestatus[1] -eq 0")),
        ),
    ),
    Rule(
        RuleInfo(
            "M304",
            "failure-in-text",
            "Text that is handed to another shell runs to its end; only its last command's status comes "
            "back.",
        ),
        failure_in_text,
        bad=(
            Example(_fish("ssh web-1 'cd /srv; ./deploy'"), at=(6, 19)),
            Example(_bash('sudo sh -c "apt-get update; apt-get upgrade"'), at=(6, 27)),
        ),
        good=(
            Example(_fish("ssh web-1 'cd /srv && ./deploy'")),
            Example(_bash('sh -c "set -e; cd /srv; ./deploy"')),
            Example(_fish("echo 'cd /srv; ./deploy'")),
        ),
    ),
    Rule(
        RuleInfo(
            "M305",
            "local-needed-later",
            "A local variable lives as long as the shell that ran its block. Whoever begins at a later step, "
            "or resumes there, does not have it.",
            default=False,
        ),
        local_needed_later,
        bad=(
            Example(_fish("set -l id (new)") + "\n### 2. Two\n\n```fish\nuse $id\n```\n", at=(6, 8)),
            Example(
                _fish("set --local id (new)") + '\n### 2. Two\n\n```fish\nuse "a $id"\n```\n', at=(6, 13)
            ),
        ),
        good=(
            Example(_fish("set -g id (new)") + "\n### 2. Two\n\n```fish\nuse $id\n```\n"),
            Example(_fish("set -l id (new)\nuse $id") + "\n### 2. Two\n\n```fish\nuse $idle\n```\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "M306", "left-running", "A job in the background ends when it likes, and its failure is nobody's."
        ),
        left_running,
        bad=(
            Example(_fish("kubectl port-forward svc/db 5432 &"), at=(6, 34)),
            Example(_bash("sleep 100 &\necho started"), at=(6, 11)),
        ),
        good=(
            Example(_bash("backup &\nwait")),
            Example(_fish("echo 'a &' && make 2>&1")),
        ),
    ),
    Rule(
        RuleInfo(
            "M307",
            "secret-argument",
            "The arguments of a running program are in the list of processes, and often in a log.",
        ),
        secret_argument,
        bad=(
            Example(_fish("docker login -u me --password <registry-password> ghcr.io"), at=(6, 31)),
            Example(_bash("curl -u 'me:<api-token>' https://example.org"), at=(6, 13)),
        ),
        good=(
            Example(_fish("echo <registry-password> | docker login -u me --password-stdin ghcr.io")),
            Example(_bash("curl -u 'me:<page-number>' https://example.org")),
        ),
    ),
)
