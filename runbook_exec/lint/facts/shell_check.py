"""Has the shells check every block, of many pages at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from ...document import placeholders
from ...document.model import TRANSCRIPT, Block, Runbook
from ...light_classes import NamedTuple, dataclass, field
from ...shells.base import Complaint
from ...shells.registry import CONSOLE, CONSOLE_SHELL, LANGUAGES, SHELLS
from ...text.source import make_span
from ...text.span import Span
from ..rule import SyntaxProblem

_LONG = 10_000  # characters


@dataclass(frozen=True, slots=True)
class ShellCheckResult:
    """The result of the shells for the blocks of a page."""

    syntax_problems: Mapping[int, SyntaxProblem] = field(default_factory=dict)  # by the start of the block
    unchecked_blocks: Mapping[str, int] = field(
        default_factory=dict
    )  # number of blocks whose shell is not installed, by shell


class _ScriptToCheck(NamedTuple):
    path: str
    runbook: Runbook
    block: Block
    script: str


def shell_of(runbook: Runbook, block: Block) -> str | None:
    """Return the shell that a block is written for; None if it is for no shell."""
    if block.annotation.shell:
        return block.annotation.shell
    named = LANGUAGES.get(block.language)
    if named != CONSOLE:
        return named
    shells = [p.shell for p in runbook.procedures if p.span.start <= block.span.start and p.shell]
    return shells[-1] if shells else CONSOLE_SHELL


def shell_blocks(runbook: Runbook) -> Iterator[tuple[Block, str]]:
    """Yield the blocks of a page that are for a shell, with the shell.

    Those of a transcript are for none.
    """
    if runbook.path.endswith(TRANSCRIPT):
        return
    for block in runbook.blocks:
        shell = shell_of(runbook, block)
        if shell is not None and block.holds_commands:
            yield block, shell


def blank_placeholders(runbook: Runbook, block: Block) -> str:
    """Return the block's script with its placeholders replaced by words of the same length."""
    script = block.script.text
    if "<" not in script:
        return script
    # rules ask again soon; long scripts are rare, and remembering them would cost much memory
    blank = _blank_script if len(script) < _LONG else _blank_script.__wrapped__
    return blank(script, runbook.settings.literal)


@lru_cache(maxsize=1024)
def _blank_script(script: str, literal: tuple[str, ...]) -> str:
    return placeholders.replace_placeholders(script, placeholders.find_placeholders(script, literal))


# Returns the complaint of a shell about each script; the third argument is the code that turns patterns on.
AskShell = Callable[[str, Sequence[str], str], Sequence[Complaint | None]]


def ask_shell(shell: str, scripts: Sequence[str], option_code: str) -> Sequence[Complaint | None]:
    """Return the complaint of a shell about each script. Raises FileNotFoundError without the shell."""
    # the command that turns the patterns on is checked too, for the blocks that come after it
    more = [option_code] if option_code else []
    return SHELLS[shell].check([*scripts, *more])[: len(scripts)]


def check_blocks(pages: Mapping[str, Runbook], ask: AskShell = ask_shell) -> dict[str, ShellCheckResult]:
    """Return the results of the shells for the blocks of pages, by path; `ask` asks one shell."""
    scripts: dict[tuple[str, str], list[_ScriptToCheck]] = {}
    for path, runbook in pages.items():
        for block, shell in shell_blocks(runbook):
            script = blank_placeholders(runbook, block)
            if script.strip():
                # bash reads some patterns only after `shopt -s extglob` on the page
                option = SHELLS[shell].pattern_option
                key = (shell, option[1] if option and option[0] in runbook.text else "")
                scripts.setdefault(key, []).append(_ScriptToCheck(path, runbook, block, script))
    refused: dict[str, dict[int, SyntaxProblem]] = {path: {} for path in pages}
    missing: dict[str, Counter[str]] = {path: Counter() for path in pages}
    for (shell, option_code), blocks in scripts.items():
        try:
            complaints = ask(shell, [each.script for each in blocks], option_code)
        except FileNotFoundError:
            for each in blocks:
                missing[each.path][shell] += 1
            continue
        for each, complaint in zip(blocks, complaints, strict=False):
            if complaint is not None:
                span = _locate_complaint(each, complaint)
                hint = "" if complaint.columns else _unclosed_hint(each, shell)
                refused[each.path][each.block.span.start] = SyntaxProblem(span, complaint.message, hint)
    return {path: ShellCheckResult(refused[path], missing[path]) for path in pages}


def _locate_complaint(checked: _ScriptToCheck, complaint: Complaint) -> Span:
    """Return the place of a complaint in the file: its columns, or the whole line."""
    script = checked.block.script
    lines = script.text.split("\n")
    # a complaint without a line means the end of the script
    number = min(complaint.line or len(lines), len(lines))
    columns = complaint.columns
    # a shell may name the line after the last one if the block has no end
    while number > 1 and not lines[number - 1].strip():
        number -= 1
        columns = None
    line = lines[number - 1]
    start = sum(len(line) + 1 for line in lines[: number - 1])
    first, last = columns or (len(line) - len(line.lstrip()), len(line.rstrip()))
    begin, end = script.offset(start + min(first, len(line))), script.offset(start + min(last, len(line)))
    return make_span(checked.runbook.text, begin, max(begin + 1, end))


def _unclosed_hint(checked: _ScriptToCheck, shell: str) -> str:
    """Return the place where the unclosed part of a script begins, found by our own scan."""
    problem = SHELLS[shell].scan(checked.script).problem
    if problem is None:
        return ""
    offset = checked.block.script.offset(problem[0])
    return f"line {make_span(checked.runbook.text, offset, offset).line}: {problem[1]}"
