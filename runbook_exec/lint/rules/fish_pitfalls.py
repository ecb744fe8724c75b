"""M301, M302 and M305: code that fish accepts, but runs differently than it looks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...shells.quoting import Context
from ...text.lazy_pattern import LazyPattern
from ..facts.shell_code import COMMAND, ShellCode, find_command_names, find_shell_code
from ..rule import Example, Page, Rule
from .example_pages import bash_page, fish_page

_KNOWN = frozenset(
    re.findall(
        r"\w+",
        "aws awk az base64 basename cat count cut date dirname docker echo env find fly flyctl "
        "gcloud gh git grep head hostname id jq kubectl ls math mise mktemp nproc op openssl pass "
        "pwd random readlink realpath sed seq sort string tail tr uname uuidgen wc which whoami yq",
    )
)

_SAYS = LazyPattern(
    r"(?:echo|printf|set_color|logger|say|notify-send|read|gum|figlet)\b"
    r"|.*\s(?:-m|-am|--message|--title|--body|--notes?|--description|--reason|--comment)[ =]?$"
)

_IN_PARENTHESES = LazyPattern(r"(?<![$\\])\(\s*([A-Za-z_][\w.-]*)((?:[ \t][^()\"\n]*)?)\)")

_CODE_LIKE = LazyPattern(r"\s[-+$/~<]|[|=]|://")


def literal_substitution(page: Page) -> Iterator[Finding]:
    """Report `"…(cmd)…"` in fish."""
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
    """Return whether the text in parentheses is a command, not prose that names a command."""
    name, rest = match[1], match[2].strip()
    before = code.script[start : match.start()]
    if before[-1:].isalpha():
        return False  # `status(es)`, `fix(docs): …`
    if _CODE_LIKE.search(match[2]):
        return True
    line = code.script[code.script.rfind("\n", 0, start) + 1 : start - 1]
    is_text = _SAYS.match(re.split(r"[|;&(]", line)[-1].strip() + " ")
    if is_text and before[-1:] in ("", " "):
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

_POSIX = LazyPattern(
    r"[\n;|&({][ \t]*+"
    r"(?>(?:(?:and|or|not|if|while|else|begin|command|builtin|exec|time|!)[ \t]++)*)"
    r"(?:(?P<word>\[\[|local|declare|typeset|unset|then|fi|do|done|esac|until)(?=[\s;]|$)"
    r"|(?:source|\.)[ \t]++(?P<from><)(?=\())"
)

_BACKTICKS = LazyPattern(r"(?<!\\)`[^`\n]*+`")


def posix_in_fish(page: Page) -> Iterator[Finding]:
    """Report syntax of POSIX shells that fish accepts as ordinary words."""
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


_SET_LOCAL = LazyPattern(
    COMMAND + r"set[ \t]++(?:-\w*+(?<=l)|-l\w++|--local)[ \t]++(?>(?:-\S++[ \t]++)*)(\w++)"
)

_USED = LazyPattern(r"\$\{?(\w++)")


def local_needed_later(page: Page) -> Iterator[Finding]:
    """Report `set -l` in one block, the variable in another."""
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


RULES = (
    Rule(
        RuleInfo(
            "M301",
            "literal-substitution",
            does="Reports `(cmd)` inside double quotes in fish, where it is plain text.",
            why="In fish a command substitution is `(cmd)`, but inside double quotes only `$(cmd)`. A "
            "real runbook stored the text of a command in its password manager this way, in place "
            "of the token.",
        ),
        literal_substitution,
        bad=(
            Example(fish_page('op item edit x "deploy-token=(fly tokens create org)" --vault v'), at=(6, 30)),
            Example(fish_page('echo "today is (date +%F)"'), at=(6, 16)),
            Example(fish_page('set -x TOKEN "(op read op://vault/item/field)"'), at=(6, 15)),
        ),
        good=(
            Example(fish_page('op item edit x "deploy-token=$(fly tokens create org)" --vault v')),
            Example(fish_page('echo "Done (see the log). Run it again (fly deploy would too)."')),
            Example(fish_page('git commit -m "rotate the token (fly tokens)"\ngit tag -m "fix(fly): x" v1')),
            Example(fish_page("op item edit x deploy-token=(fly tokens create org)")),
        ),
    ),
    Rule(
        RuleInfo(
            "M302",
            "posix-in-fish",
            does="Reports forms of bash in fish blocks that fish parses as ordinary words.",
            why="Such a command does nothing, or something else, and reports no error.",
        ),
        posix_in_fish,
        bad=(
            Example(fish_page("if [[ -f a ]]\n  echo a\nend"), at=(6, 4)),
            Example(fish_page("echo `date`"), at=(6, 6)),
            Example(fish_page("local x=1"), at=(6, 1)),
        ),
        good=(
            Example(fish_page("if test -f a\n  echo '[[ a ]]' `\nend".replace(" `", ""))),
            Example(fish_page("echo done then fi local unset")),
            Example(bash_page("if [[ -f a ]]; then echo `date`; fi")),
            Example(fish_page("export A=1")),
        ),
    ),
    Rule(
        RuleInfo(
            "M305",
            "local-needed-later",
            does="Reports a local variable of fish that a later step uses.",
            why="The variable is lost with the shell that ran its block. A run that begins or resumes "
            "at the later step does not have it.",
            default=False,
        ),
        local_needed_later,
        bad=(
            Example(fish_page("set -l id (new)") + "\n### 2. Two\n\n```fish\nuse $id\n```\n", at=(6, 8)),
            Example(
                fish_page("set --local id (new)") + '\n### 2. Two\n\n```fish\nuse "a $id"\n```\n', at=(6, 13)
            ),
        ),
        good=(
            Example(fish_page("set -g id (new)") + "\n### 2. Two\n\n```fish\nuse $id\n```\n"),
            Example(fish_page("set -l id (new)\nuse $id") + "\n### 2. Two\n\n```fish\nuse $idle\n```\n"),
        ),
    ),
)
