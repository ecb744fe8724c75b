"""P1xx: syntax errors of shells, YAML and Markdown, and annotations without effect."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from ...diagnostics.finding import Finding, Fix
from ...diagnostics.problem import Problem, Severity
from ...diagnostics.rule import RuleInfo
from ...document.annotations.fields import KNOWN
from ...document.block_text.suspicious import find_suspicious_text
from ...document.markdown.wikilinks import find_code_spans
from ...document.model import Runbook
from ...text.lazy_pattern import LazyPattern
from ...text.source import make_span
from ...text.span import Span
from ..facts.shell_code import find_shell_code
from ..rule import Example, Page, Rule
from ..selection import UnknownCode, check_codes
from ..suppressions import find_suppressions

_FENCE = LazyPattern(r"((?:[ \t]|>)*)(?:`{3,}|~{3,})")

_LINE_END = LazyPattern(r"\r?\n")


def refused_by_shell(page: Page) -> Iterator[Finding]:
    """Report blocks that their own shell cannot parse."""
    broken = list(_broken_lines(page))
    starts = [block.span.start for block in page.runbook.blocks]
    told = {starts[bisect_right(starts, finding.span.start) - 1] for finding in broken}
    told |= {  # one finding is enough: the text of such a block is half a page of prose
        problem.span.start
        for problem in page.runbook.problems
        if problem.code == "unclosed-fence" and problem.span is not None
    }
    for start, refused in page.syntax_problems.items():
        if start not in told:
            yield Finding(refused.message, refused.span, refused.hint)
    yield from broken


def _broken_lines(page: Page) -> Iterator[Finding]:
    """Report `\\` at a block's end, or with a blank after it, which no shell refuses."""
    found = {
        problem.span.start: _make_finding(page, problem)
        for problem in page.runbook.problems
        if problem.code == "continuation" and problem.span is not None
    }
    for code in find_shell_code(page):
        for each in find_suspicious_text(code.script, code.scan):
            if each.is_certain:
                span = code.span(each.start, each.end)
                found.setdefault(span.start, Finding(each.message, span, each.advice))
    yield from (found[start] for start in sorted(found))


def _problems_with(*codes: str) -> Callable[[Page], Iterator[Finding]]:
    """Return a check that reports the problems with these codes that parsing the page has found."""

    def check(page: Page) -> Iterator[Finding]:
        for problem in page.runbook.problems:
            if problem.code in codes:
                yield _make_finding(page, problem)

    return check


def _unsplittable_block(page: Page) -> Iterator[Finding]:
    """Report blocks that their shell accepts, but that we cannot split into statements.

    Such a block would not run.
    """
    starts = [block.span.start for block in page.runbook.blocks]
    for problem in page.runbook.problems:
        if problem.code == "syntax" and problem.span is not None:
            block = bisect_right(starts, problem.span.start) - 1
            if block < 0 or starts[block] not in page.syntax_problems:
                yield _make_finding(page, problem)


def _make_finding(page: Page, problem: Problem) -> Finding:
    text = page.runbook.text
    span = problem.span or make_span(text, 0, min(1, len(text)))
    return Finding(problem.message, span, problem.hint)


def bare_annotation(page: Page) -> Iterator[Finding]:
    """Report `key=value` after a fence's language, without braces."""
    text = page.runbook.text
    found = [
        (each, each.span) for each in page.runbook.problems if each.code == "bare-annotation" and each.span
    ]
    for _, on_line in groupby(found, lambda each: each[1].line):
        problems = list(on_line)
        known = [span for _, span in problems if text[span.start : span.end].partition("=")[0] in KNOWN]
        fix = _move_to_comment(text, known)
        for problem, span in problems:
            yield Finding(problem.message, span, problem.hint, fix if span in known else None)


def _move_to_comment(text: str, words: Sequence[Span]) -> Fix | None:
    """Return the words of a fence's line moved into a comment on the line above.

    Returns None if that is impossible.
    """
    if not words:
        return None
    start = words[0].start - (words[0].column - 1)
    before = _FENCE.match(text, start, words[0].start)
    comment = " ".join(text[word.start : word.end] for word in words)
    if before is None or "--" in comment:
        return None  # a fence that begins an item of a list has no line above it in that item
    rest = ""
    position = start
    for word in words:
        rest += text[position : word.start].rstrip(" \t")
        position = word.end
    line_end = _LINE_END.search(text, position)
    end = "\r\n" if line_end is not None and line_end[0] == "\r\n" else "\n"
    return Fix(start, position, f"{before[1]}<!-- runbook: {comment} -->{end}{rest}")


def unknown_ignore(page: Page) -> Iterator[Finding]:
    """Report `<!-- runbook: ignore=CODE -->` with a code that means no rule."""
    runbook = page.runbook
    code: list[tuple[int, int]] | None = None
    for ignored in find_suppressions(runbook.text):
        try:
            check_codes([("", ignored.code)], page.context.rules)
        except UnknownCode as refused:
            code = _code(runbook) if code is None else code
            before = bisect_right(code, (ignored.start, ignored.start)) - 1
            if before < 0 or code[before][1] <= ignored.start:
                yield Finding(str(refused), make_span(runbook.text, ignored.start, ignored.end))


def _code(runbook: Runbook) -> list[tuple[int, int]]:
    """Return the ranges whose text is only shown: blocks, and code in paragraphs."""
    spans = [(block.span.start, block.span.end) for block in runbook.blocks]
    for paragraph in runbook.paragraphs:
        spans += find_code_spans(runbook.text, paragraph.start, paragraph.end)
    return sorted(spans)


RULES = (
    Rule(
        RuleInfo(
            "P101",
            "syntax",
            does="Asks the shell of each block whether it can parse the block. Placeholders are replaced "
            "by harmless words of the same length. A `\\` at the end of a block, or before a blank "
            "at the end of a line, is reported too, although no shell refuses it.",
            why="A block that its own shell cannot parse stops the operator in the middle of a procedure.",
            severity=Severity.ERROR,
        ),
        refused_by_shell,
        bad=(
            Example("```fish\nif true\n  echo yes\n```\n", at=(2, 1)),
            Example("- ```bash\n  echo ok\n  for x in a b; do echo $x\n  ```\n", at=(3, 3)),
            Example("1. ```bash\n   if true; then\n     echo <a>; done\n   ```\n", at=(3, 16)),
            Example("```fish\necho $(date\n```\n", at=(2, 7)),
            Example("```bash\necho a \\\n  --wait \\\n```\n", at=(3, 10)),
            Example("```bash\necho a | \\\n```\n", at=(2, 10)),
            Example("- ```bash\n  echo a \\\n  ```\n", at=(2, 10)),
            Example("```bash\necho a \\ \n  --wait\n```\n", at=(2, 8)),
            Example("```console\n$ echo a \\\n$ echo b\n```\n", at=(2, 10)),
        ),
        good=(
            Example("```fish\nif true\n  echo yes\nend\n```\n"),
            Example("```fish\nfly certs add <domain> -a app\n```\n"),
            Example("```bash\ncat <<'EOF'\nif this were code\nEOF\n```\n"),
            Example("```bash\necho a \\\\\n```\n"),
            Example("```bash\necho a \\\n  --wait\n# until here \\\n```\n"),
            Example("```bash\ncat <<'EOF'\na \\ \nb\nEOF\n```\n"),
            Example("```text\necho a \\\n```\n"),
            Example("```python\nif true\n```\n"),
        ),
        asks_shells=True,
    ),
    Rule(
        RuleInfo(
            "P102",
            "statements",
            does="Reports a block that the shell parses, but that cannot be split into statements.",
            why="A block runs statement by statement. If one statement cannot be separated from the "
            "next, nothing on the page runs.",
            severity=Severity.ERROR,
        ),
        _unsplittable_block,
        asks_shells=True,
    ),
    Rule(
        RuleInfo(
            "P103",
            "unclosed-fence",
            does="Reports a fence that is never closed.",
            why="The rest of the page becomes a part of the block: prose turns into commands.",
            severity=Severity.ERROR,
        ),
        _problems_with("unclosed-fence"),
        bad=(
            Example("# A\n\n```fish\necho a\n", at=(3, 1)),
            Example("1. one\n\n   ~~~bash\n   echo a\n\n2. two\n", at=(3, 4)),
        ),
        good=(
            Example("# A\n\n```fish\necho a\n```\n"),
            Example("# A\n\n````fish\necho '```'\n````\n"),
            Example("<!--\n```fish\n-->\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "P104",
            "front-matter",
            does="Reports front matter that is not valid YAML, and unknown names or wrong values under "
            "`runbook:`.",
            why="Such a setting would have no effect. A misspelt name is an error, not a wish.",
            severity=Severity.ERROR,
        ),
        _problems_with("front-matter", "unknown-procedure"),
        bad=(
            Example("---\ntitle: [a\n---\n", at=(3, 1)),
            Example("---\nrunbook:\n  shel: fish\n---\n", at=(3, 3)),
            Example("---\nlast-reviewed: 2026-02-30\n---\n", at=(2, 16)),
        ),
        good=(
            Example("---\ntitle: A\nrunbook:\n  shell: fish\n---\n"),
            Example("---\n\nA rule, and no front matter.\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "P105",
            "annotation",
            does="Reports an annotation that is unknown or misspelt, or that has a wrong value.",
            why="Every other program ignores annotations. A `confirm` that is misspelt must not pass as "
            "one, so a run refuses the page.",
            severity=Severity.ERROR,
        ),
        _problems_with("annotation", "duplicate-id"),
        bad=(
            Example("<!-- runbook: captrue=token -->\n```fish\necho a\n```\n", at=(1, 15)),
            Example("```fish {timeout=soon}\necho a\n```\n", at=(1, 18)),
        ),
        good=(
            Example("<!-- runbook: capture=token -->\n```fish\necho a\n```\n"),
            Example("<!-- a runbook: captrue=token -->\n```fish\necho a\n```\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "P106",
            "bare-annotation",
            does="Reports `key=value` after the language of a fence without braces around it.",
            why="MkDocs shows such a block as plain text.",
        ),
        bare_annotation,
        bad=(
            Example("```fish capture=token\necho a\n```\n", at=(1, 9)),
            Example("- ```bash timeout=30s\n  echo a\n  ```\n", at=(1, 11)),
        ),
        good=(
            Example("```fish {capture=token}\necho a\n```\n"),
            Example('```fish title="a.fish" linenums="1"\necho a\n```\n'),
        ),
    ),
    Rule(
        RuleInfo(
            "P107",
            "misplaced-annotation",
            does="Reports an annotation that is not on the line directly above a block or a heading.",
            why="Anywhere else it has no effect. That is worst for an annotation that asks for a "
            "confirmation.",
        ),
        _problems_with("misplaced-annotation"),
        bad=(
            Example("<!-- runbook: confirm -->\n\n\nText.\n\n```fish\necho a\n```\n", at=(1, 1)),
            Example("Text.\n<!-- runbook: skip -->\n", at=(2, 1)),
        ),
        good=(
            Example("<!-- runbook: confirm -->\n```fish\necho a\n```\n"),
            Example("<!-- runbook: confirm -->\n## Deploy\n\n```fish\necho a\n```\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "P109",
            "unknown-ignore",
            does="Reports an `ignore=` comment that names no rule, or an unknown one. The beginning of a "
            "code stands for all rules whose codes begin with it.",
            why="The comment has no effect, and the next reader looks for what it is about.",
        ),
        unknown_ignore,
        bad=(
            Example("<!-- runbook: ignore=M999 -->\n```fish\necho a\n```\n", at=(1, 22)),
            Example("Text <!-- runbook: ignore='S401, unconfirmd' -->\n", at=(1, 34)),
        ),
        good=(
            Example("<!-- runbook: ignore=M308,unconfirmed,S -->\n```fish\necho a\n```\n"),
            Example("<!-- ignore=M999 -->\n```fish\nrunbook ignore=M999\n```\n"),
            Example("`<!-- runbook: ignore=CODE -->`\n\n```html\n<!-- runbook: ignore=CODE -->\n```\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "P108",
            "not-utf-8",
            does="Reports a page that is not encoded as UTF-8.",
            why="Every program shows such a page differently. Save the page as UTF-8.",
            severity=Severity.ERROR,
        ),
        _problems_with("not-utf-8"),
    ),
    Rule(
        RuleInfo(
            "P112",
            "included-file",
            does="Reports a block or step that includes another file. A run refuses such a page.",
            why="A run reads only the page, so the commands of the other file would be missing. Copy "
            "them into the page, or run the page that the site generates.",
            severity=Severity.ERROR,
        ),
        _problems_with("include"),
        bad=(
            Example('# P\n\n## Steps\n\n```bash\n--8<-- "deploy.sh"\n```\n', at=(6, 1)),
            Example("# P\n\n## Steps\n\n{% include deploy.md %}\n\n```bash\nls\n```\n", at=(5, 1)),
        ),
        good=(
            Example("# P\n\n## Steps\n\n```bash\n./deploy.sh\n```\n"),
            Example("# P\n\n## Steps\n\n```bash\nls\n```\n\n--8<-- 'includes/abbreviations.md'\n"),
            Example("{% include deploy.md %}\n\n# P\n\n## Steps\n\n```bash\nls\n```\n"),
        ),
    ),
)
