"""C6xx: commands that this machine does not know. None of these rules is on by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...light_classes import NamedTuple
from ...shells.quoting import Context
from ...text.lazy_pattern import LazyPattern
from ...text.suggest import find_near
from ..facts.installed_commands import get_installed_commands
from ..facts.shell_code import ShellCode, find_shell_code
from ..rule import Example, Page, Rule
from .example_pages import fish_page

# words of the shells' grammars after which a command begins
_GRAMMAR = r"(?>(?:(?:and|or|not|if|while|until|then|do|else|begin|time|!)[ \t]++)*)"

_FIRST = LazyPattern(
    r"(?:(?<=^)|(?<=[\n;|&`(])|(?<=[{][ \t\n]))[ \t]*+"
    + _GRAMMAR
    + r"([A-Za-z_][\w.+-]*+)(?![\w/=:\[\]$\"'*?~\\{])"
)

_DEFINED = LazyPattern(
    r"(?:^|[\n;{(])[ \t]*+(?:function[ \t]++([\w.:-]++)|([\w.:-]++)[ \t]*+\(\)"
    r"|(?:alias|abbr)\b[^\n;=]{0,80}?[ \t]([\w.:-]++)[= \t])"
)

# patterns, arithmetic and conditions that are still open
_NO_COMMAND_IN = LazyPattern(r"[@!?*+]\([^()\n]*\Z|\(\((?!.*\)\))|\[\[[ \t](?!.*[ \t]\]\])")

_BLANKED = LazyPattern(r"QQ")  # part of a word that replaces a placeholder

_PLAIN = LazyPattern(r"[A-Za-z0-9][\w./:@%+,-]*+|--?[A-Za-z][\w-]*+(?:=[\w./:@%+,-]*+)?")

_SUBCOMMAND = LazyPattern(r"[a-z][a-z0-9_-]*+")

_LONG_OPTION = LazyPattern(r"--[A-Za-z][\w-]++")

_WITH_SUBCOMMANDS = LazyPattern(
    r"use_subcommand|needs_command|needs_subcommand|seen_subcommand|__complete\b|__perform_completion"
)

_END = LazyPattern(r"[\n;|&<>()`]")

_WORD = LazyPattern(r"\S++")

_MOST_WORDS = 60  # of a command

_NEAR = 300  # characters of a line before a word that are searched

_FEWEST = 3  # with fewer offered words, a list is taken as incomplete


class _Command(NamedTuple):
    """A command of a block: its first words, as far as they are plain, with their offsets."""

    code: ShellCode
    words: tuple[tuple[str, int], ...]


def _first_words(code: ShellCode) -> Iterator[tuple[str, int]]:
    """Yield the first words of commands with their offsets; unsure cases are left out."""
    in_case = "case" in code.bare
    bodies = {end for _, end in code.regions(Context.HEREDOC, Context.HEREDOC_VERBATIM)}
    for match in _FIRST.finditer(code.bare):
        near = max(0, match.start(1) - _NEAR)
        start = max(near, code.bare.rfind("\n", near, match.start(1)) + 1)
        line = code.bare[start : match.start(1)]
        after = code.bare[match.end() : match.end() + 40].lstrip(" \t")[:1]
        if (
            _BLANKED.search(match[1])
            or after == "("  # a function is defined
            or (in_case and after in ("", ")", "|"))
            or line.rstrip().endswith(("=(", ">|"))
            or _NO_COMMAND_IN.search(line)
            or start in bodies  # the last line of a here-document
            or code.bare[max(0, start - 2) : start] == "\\\n"
        ):
            continue
        yield match[1], match.start(1)


def unknown_command(page: Page) -> Iterator[Finding]:
    """Report commands that do not exist here and are not defined on the page.

    A command exists as a program, a builtin or a function.
    """
    page.context.query_log.expire_on(page.context.today)
    running = [code for code in find_shell_code(page) if code.block.runs]
    defined = {
        name
        for code in find_shell_code(page)
        for match in _DEFINED.finditer(code.script)
        for name in match.groups()
    }
    for code in running:
        words = [(name, at) for name, at in _first_words(code) if name not in defined]
        unknown = get_installed_commands(page.context).find_unknown(code.shell, (name for name, _ in words))
        for name, at in words:
            if name in unknown:
                yield Finding(
                    f"`{name}` is no command on this machine",
                    code.span(at, at + len(name)),
                    "correct its name, or install it",
                )


def _commands(page: Page, *names: str) -> Iterator[_Command]:
    """Yield the commands of the blocks that run, with their plain words.

    If `names` are given, only commands with these names are included.
    """
    for code in find_shell_code(page):
        for name, at in _first_words(code) if code.block.runs else ():
            if not names or name in names:
                yield _Command(code, ((name, at), *_plain_words(code, at + len(name))))


def _plain_words(code: ShellCode, start: int) -> Iterator[tuple[str, int]]:
    found = _END.search(code.bare, start)
    end = found.start() if found else len(code.bare)
    for match in islice(_WORD.finditer(code.script, start, end), _MOST_WORDS):
        word, at = match[0], match.start()
        if not _PLAIN.fullmatch(word) or _BLANKED.search(word) or code.bare[at : at + len(word)] != word:
            return
        yield word, at


def unknown_task(page: Page) -> Iterator[Finding]:
    """Report `mise run X` without a task X."""
    page.context.query_log.expire_on(page.context.today)
    for command in _commands(page, "mise"):
        words = command.words
        if len(words) < 3 or words[1][0] not in ("run", "r"):
            continue
        task, at = words[2]
        tasks = get_installed_commands(page.context).find_tasks(page.path.absolute().parent)
        if (
            tasks is not None
            and not task.startswith(("-", "/", "//", ":"))
            and "*" not in task
            and task not in tasks
        ):
            near = find_near(task, tasks)
            yield Finding(
                f"mise has no task `{task}` here",
                command.code.span(at, at + len(task)),
                f"did you mean `{near}`?" if near else "`mise tasks` lists them",
            )


def unknown_word(page: Page) -> Iterator[Finding]:
    """Report subcommands and long options that a command's own completions in fish do not know."""
    page.context.query_log.expire_on(page.context.today)
    queries: list[tuple[_Command, int, str]] = []
    commands = [command for command in _commands(page) if len(command.words) > 1]
    files = get_installed_commands(page.context).find_completions(command.words[0][0] for command in commands)
    for command in commands:
        words = command.words
        if (file := files.get(words[0][0])) is None:
            continue
        if _WITH_SUBCOMMANDS.search(file) and _SUBCOMMAND.fullmatch(words[1][0]):
            queries.append((command, 1, f"{words[0][0]} "))
        for index, (word, _) in enumerate(words):
            if word == "--":
                break
            if _LONG_OPTION.match(word):
                before = " ".join(each for each, _ in words[:index] if not each.startswith("-"))
                queries.append((command, index, f"{before} --"))
    offered = get_installed_commands(page.context).complete_lines(line for _, _, line in queries)
    for command, index, line in queries:
        word, at = command.words[index]
        finding = _check_word(command, word, at, offered[line])
        if finding is not None:
            yield finding


def _check_word(command: _Command, word: str, at: int, offered: Mapping[str, str]) -> Finding | None:
    """Return the finding for a word if it is not among the offered ones.

    Returns None if it is, or if that is unsure.
    """
    written = word.partition("=")[0]
    name = command.words[0][0]
    option = written.startswith("--")
    known = {each.partition("=")[0] for each, about in offered.items() if option or about}
    alike = {written, written.replace("--no-", "--", 1), written.replace("--", "--no-", 1)}
    if len(known) < _FEWEST or not alike.isdisjoint(known):
        return None
    if option and not all(each.startswith("-") for each in known):
        return None
    near = find_near(written, known)
    return Finding(
        f"`{name}` knows no {'option' if option else 'subcommand'} `{written}`, by its completions in fish",
        command.code.span(at, at + len(written)),
        f"did you mean `{near}`?" if near else "correct it, or bring the completions up to date",
    )


RULES = (
    Rule(
        RuleInfo(
            "C601",
            "unknown-command",
            does="Asks the block's own shell whether each command exists. Functions and aliases defined "
            "on the page count.",
            why="A command that is missing on the operator's machine stops a procedure halfway.",
            default=False,
        ),
        unknown_command,
        bad=(
            Example(fish_page("echo a", "if true", "    no-such-command-here --now", "end"), at=(8, 5)),
            Example(fish_page("echo a | no-such-filter-here | cat"), at=(6, 10)),
        ),
        good=(
            Example(fish_page("echo a", "if true", "    ls -l", "end")),
            Example(fish_page("function mine", "    echo a", "end", "mine; and string upper a")),
            Example(fish_page("echo 'a; no-such-command-here' # | no-such-command-here", "<command> --now")),
            Example("```python\nno_such_command\n```\n\n" + fish_page("set x (date)", "test -n $x")),
        ),
    ),
    Rule(
        RuleInfo(
            "C602",
            "unknown-mise-task",
            does="Asks mise for its tasks in the folder of the page, and reports `mise run` with an "
            "unknown task. Without mise nothing is reported.",
            why="The task was renamed, and you would find out at the worst moment.",
            default=False,
        ),
        unknown_task,
    ),
    Rule(
        RuleInfo(
            "C603",
            "unknown-word",
            does="Reports options and subcommands that the program's own completions for fish do not "
            "have. Programs without such completions are not checked; completions that come with "
            "fish do not count, because few of them are complete.",
            why="Options and subcommands come and go with the releases of a program. An unknown one is "
            "most often gone, or misspelt.",
            default=False,
        ),
        unknown_word,
    ),
)
