"""Says why a block does not run: its language, or what it holds instead of commands."""

from __future__ import annotations

from ..shells.inner.detector import find_inner_shell
from ..shells.registry import CANONICAL_LANGUAGES, NEVER, OTHER_COMMANDS, SHELLS
from ..text.source import MappedText, Source
from . import placeholders
from .block_text.contents import find_doubtful_statement, find_other_text
from .console import ConsoleBlock, find_other_prompt, find_root_line, is_console
from .model import RunbookSettings


def explain_content(source: Source, code: MappedText, language: str, settings: RunbookSettings) -> str:
    """Return what the block holds if a shell could read it but it is no commands; else ""."""
    if language not in SHELLS or is_console(code.text, language):
        return ""
    script = code.text
    if found := placeholders.find_placeholders(script, settings.literal):
        script = placeholders.replace_placeholders(script, found)
    other = find_other_text(script, SHELLS[language].scan(script))
    if other is None:
        return ""
    return other.reason.replace("{line}", str(source.index(code.offset(other.offset)) + 1))


def explain_language(language: str, own_shell: str, shell: str) -> str:
    """Return why a block in this language does not run in a procedure of `shell`, or ""."""
    if language not in CANONICAL_LANGUAGES:
        if language in OTHER_COMMANDS:
            kind = OTHER_COMMANDS[language]
            maps = f"; `languages: {{{language}: bash}}` in the front matter runs them in bash"
            return kind + (maps if kind.startswith("commands of") else "")
        if language == NEVER:
            return "the page's `languages:` says that it never runs"
        return "not a shell" if language else "no language is named after its fence"
    if own_shell == shell:
        return ""
    return f"in {language}; this procedure runs in {shell}" if shell else f"in {language}; nothing runs here"


def explain_console(
    source: Source, written: MappedText, content: ConsoleBlock, shell: str, settings: RunbookSettings
) -> str:
    """Return why the commands of a console block are not run, or ""."""

    def line(index: int) -> int:
        return source.index(written.origins[index]) + 1

    code = written.text
    if content.unprompted:
        if other := find_other_prompt(code):
            return f"line {line(other[0])} is typed at the prompt `{other[1]}`, which is no shell's"
        return _explain_unprompted(source, content.script, shell, settings)
    if len(content.users) > 1:
        names = ", ".join(f"`{user.describe()}`" for user, _ in content.users)
        return f"its prompts are of several users or machines ({names}; line {line(content.users[1][1])})"
    if content.hash_lines:
        commands = SHELLS[shell].find_commands(content.script.text)
        index = find_root_line(code, content, opens_shell=find_inner_shell(commands) is not None)
        if index is not None:
            return f"line {line(index)} begins with `#`: it may be a command at root's prompt, or a comment"
    return ""


def _explain_unprompted(source: Source, code: MappedText, shell: str, settings: RunbookSettings) -> str:
    """Return why a console block without prompts does not run: its lines are not all commands."""
    if not code.text.strip():
        return "it is empty"
    script = placeholders.replace_placeholders(
        code.text, placeholders.find_placeholders(code.text, settings.literal)
    )
    scan = SHELLS[shell].scan(script)
    if not scan.statements:
        return "no line in it has a prompt, and all are comments"
    if scan.problem is not None:
        place = source.index(code.offset(scan.problem[0])) + 1
        return f"no line in it has a prompt, and line {place} may be output: no shell reads it"
    other = find_other_text(script, scan)
    offset = other.offset if other else find_doubtful_statement(script, scan)
    if offset is None:
        return ""
    place = source.index(code.offset(offset)) + 1
    return f"no line in it has a prompt, and line {place} may be output"
