"""V209 and V210: values that a page leaves to its reader without saying so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...shells.registry import SHELLS
from ...shells.variables import is_always_set
from ...text.lazy_pattern import LazyPattern
from ..facts.filled_placeholders import filled_placeholders
from ..facts.shell_code import ShellCode, find_shell_code
from ..rule import Example, Page, Rule
from .example_pages import bash_page, fish_page

_USED = LazyPattern(r"\$\{?([A-Za-z_]\w*)")

_MAY_SET_ANY = LazyPattern(r"(?:^|[\s;&|({])(?:\.|source|eval|direnv|mise|conda|mamba|nvm|module|asdf|sdk)\s")

# variables that the environment of a person, of a build or of a tool sets
_FROM_ENVIRONMENT = frozenset(
    (
        "EDITOR", "VISUAL", "PAGER", "BROWSER", "DISPLAY", "TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV",
        "NVM_DIR", "CI", "KUBECONFIG", "GOPATH", "GOROOT", "GOBIN", "JAVA_HOME", "USERNAME", "HOST", "ZSH",
        "NAME", "ZDOTDIR", "windir",
    )
)  # fmt: skip

_OF_TOOLS = LazyPattern(
    r"(?:XDG|SSH|CONDA|CI|GITHUB|GITLAB|RUNNER|HOMEBREW|ANDROID|CARGO|DOCKER|NODE|npm|WSL)_\w+|CODESPACE\w*|PYTHON\w+"
)


def perhaps_a_value(page: Page) -> Iterator[Finding]:
    """Report words that look like values that nobody filled in."""
    seen: set[str] = set()
    for _, placeholder in filled_placeholders(page):
        if placeholder.suspected and placeholder.text not in seen:
            seen.add(placeholder.text)
            yield Finding(
                f"`{placeholder.text}` looks like a value that is to be filled in",
                placeholder.span,
                f"write `<{placeholder.name}>`, or `literal: [{placeholder.name}]` below `runbook:` in the "
                "front matter if it is meant as written",
            )


def unset_variable(page: Page) -> Iterator[Finding]:
    """Report variables that a command needs and the page does not mention."""
    text = page.runbook.text
    if "$" not in text or not any(procedure.shell for procedure in page.runbook.procedures):
        return
    unknown = {name for name in set(_USED.findall(text)) if _is_unknown(text, name)}
    for code in find_shell_code(page) if unknown else ():
        if not code.block.runs:
            continue
        for start, end in code.statements():
            statement = code.script[start:end]
            if unknown.isdisjoint(_USED.findall(statement)) and not _MAY_SET_ANY.search(statement):
                continue
            use = SHELLS[code.shell].list_variables(statement)
            for name in use.needed:
                if name in unknown:
                    unknown.discard(name)
                    yield _report_variable(code, start, statement, name)
            if use.sets_unknown or not unknown:
                return


def _is_unknown(text: str, name: str) -> bool:
    """Return whether a page only uses a variable, and environments need not have it."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        is_whole = not _in_name(text[at - 1 : at]) and not _in_name(text[end : end + 1])
        if is_whole and text[max(0, at - 2) : at] != "${" and text[at - 1 : at] != "$":
            return False
        at = text.find(name, end)
    return name not in _FROM_ENVIRONMENT and not _OF_TOOLS.fullmatch(name) and not is_always_set(name)


def _in_name(character: str) -> bool:
    return character.isalnum() or character == "_"


def _report_variable(code: ShellCode, start: int, statement: str, name: str) -> Finding:
    found = re.search(rf"\$\{{?{name}\b", statement)
    first, last = found.span() if found else (0, len(statement))
    return Finding(
        f"`${name}` is set nowhere on this page, and is empty where the environment does not set it",
        code.span(start + first, start + last),
        f"set it in a step, or write `<{name.lower().replace('_', '-')}>`, which is asked for",
    )


RULES = (
    Rule(
        RuleInfo(
            "V209",
            "perhaps-a-value",
            does="Reports words such as `NAMESPACE` or `changeme` in the place of an option's value.",
            why="Most often the reader has to replace such a word. A run asks for it before anything "
            "runs; angle brackets show readers the same.",
        ),
        perhaps_a_value,
        bad=(
            Example(bash_page("kubectl -n NAMESPACE get pods"), at=(6, 12)),
            Example(fish_page("psql-login --password changeme"), at=(6, 23)),
        ),
        good=(
            Example(bash_page("kubectl -n <namespace> get pods")),
            Example(bash_page("kubectl -n <namespace> get pods; export NAMESPACE")),
            Example(
                "---\nrunbook:\n  literal: [NAMESPACE]\n---\n" + bash_page("kubectl -n NAMESPACE get pods")
            ),
        ),
    ),
    Rule(
        RuleInfo(
            "V210",
            "unset-variable",
            does="Reports a variable that no command, table or sentence of the page sets or mentions. A "
            "run asks for it before anything runs, unless the environment has it.",
            why="`rm -r /srv/$APP/data` removes the data of every app if `$APP` is empty, and only the "
            "author of the page knows the value.",
        ),
        unset_variable,
        bad=(
            Example(bash_page("rm -r /srv/$APP/data"), at=(6, 12)),
            Example(fish_page('cd /srv\nfly deploy -a "$APP"'), at=(7, 16)),
        ),
        good=(
            Example(bash_page("rm -r /srv/<app>/data")),
            Example(bash_page("APP=web\nrm -r /srv/$APP/data ${OLD:-none} $HOME/x")),
            Example("Set `APP` to the app's name.\n\n" + bash_page("rm -r /srv/$APP/data")),
            Example(bash_page("source ./env\nrm -r /srv/$APP/data")),
            Example(fish_page("awk '{print $name}' file; echo \\$APP $argv $status")),
        ),
    ),
)
