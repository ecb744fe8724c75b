"""P1xx: what a shell, YAML or Markdown itself refuses, and annotations that say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..model import Problem, Severity
from .lines import span_in
from .rule import Example, Finding, Page, Rule


def refused_by_shell(page: Page) -> Iterator[Finding]:
    """Blocks that their own shell does not parse."""
    for block in page.runbook.blocks:
        refused = page.site.refused.get((page.path, block.span.start))
        if refused is not None:
            span, message = refused
            yield Finding(message, span)


def _of(*codes: str) -> Callable[[Page], Iterator[Finding]]:
    """The problems with these codes that reading the page has already found."""

    def check(page: Page) -> Iterator[Finding]:
        for problem in page.runbook.problems:
            if problem.code in codes:
                yield _finding(page, problem)

    return check


def _split(page: Page) -> Iterator[Finding]:
    """What we cannot split into statements though the shell takes it: it would not run as it stands."""
    for problem in page.runbook.problems:
        if problem.code == "syntax" and problem.span is not None:
            start = problem.span.start
            around = (b for b in page.runbook.blocks if b.span.start <= start < b.span.end)
            if not any((page.path, block.span.start) in page.site.refused for block in around):
                yield _finding(page, problem)


def _finding(page: Page, problem: Problem) -> Finding:
    text = page.runbook.text
    span = problem.span or span_in(text, 0, min(1, len(text)))
    return Finding(problem.message, span, problem.hint)


RULES = (
    Rule(
        "P101",
        "syntax",
        "A block that its own shell does not parse stops the operator in the middle of a procedure. The "
        "shell itself is asked, with placeholders replaced by harmless words of the same length.",
        refused_by_shell,
        bad=(
            Example("```fish\nif true\n  echo yes\n```\n", at=(2, 1)),
            Example("- ```bash\n  echo ok\n  for x in a b; do echo $x\n  ```\n", at=(3, 3)),
            Example("```fish\necho $(date\n```\n", at=(2, 1)),
        ),
        good=(
            Example("```fish\nif true\n  echo yes\nend\n```\n"),
            Example("```fish\nfly certs add <domain> -a app\n```\n"),
            Example("```bash\ncat <<'EOF'\nif this were code\nEOF\n```\n"),
            Example("```python\nif true\n```\n"),
        ),
        severity=Severity.ERROR,
    ),
    Rule(
        "P102",
        "statements",
        "A block is run statement by statement. Where one cannot be told from the next although the shell "
        "takes the whole, nothing of the page is run.",
        _split,
        severity=Severity.ERROR,
    ),
    Rule(
        "P103",
        "unclosed-fence",
        "A block whose fence is never closed swallows the rest of the page: prose becomes commands.",
        _of("unclosed-fence"),
        bad=(
            Example("# A\n\n```fish\necho a\n", at=(3, 1)),
            Example("1. one\n\n   ~~~bash\n   echo a\n\n2. two\n", at=(3, 4)),
        ),
        good=(
            Example("# A\n\n````fish\necho '```'\n````\n"),
            Example("<!--\n```fish\n-->\n"),
        ),
        severity=Severity.ERROR,
    ),
    Rule(
        "P104",
        "front-matter",
        "Front matter that YAML does not read, or that says something unknown under `runbook:`, is not "
        "followed. A misspelt name is an error and not a wish.",
        _of("front-matter", "unknown-procedure"),
        bad=(
            Example("---\ntitle: [a\n---\n", at=(3, 1)),
            Example("---\nrunbook:\n  shel: fish\n---\n", at=(3, 3)),
        ),
        good=(
            Example("---\ntitle: A\nrunbook:\n  shell: fish\n---\n"),
            Example("---\n\nA rule, and no front matter.\n"),
        ),
        severity=Severity.ERROR,
    ),
    Rule(
        "P105",
        "annotation",
        "An annotation that is unknown or misspelt would be ignored by everything but this program, so it is "
        "refused: a `confirm` that is not one must not pass as one.",
        _of("annotation", "duplicate-id"),
        bad=(
            Example("<!-- runbook: captrue=token -->\n```fish\necho a\n```\n", at=(1, 15)),
            Example("```fish {timeout=soon}\necho a\n```\n", at=(1, 18)),
        ),
        good=(
            Example("<!-- runbook: capture=token -->\n```fish\necho a\n```\n"),
            Example("<!-- a runbook: captrue=token -->\n```fish\necho a\n```\n"),
        ),
        severity=Severity.ERROR,
    ),
    Rule(
        "P106",
        "bare-annotation",
        "`key=value` after a fence's language, without braces, breaks pages built with MkDocs: the block is "
        "shown as text.",
        _of("bare-annotation"),
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
        "P107",
        "misplaced-annotation",
        "An annotation belongs on the line directly above a block or a heading. Anywhere else it has no "
        "effect, which is worst where it was to ask for a confirmation.",
        _of("misplaced-annotation"),
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
        "P108",
        "not-utf-8",
        "A page that is not UTF-8 is shown differently by every reader of it.",
        _of("not-utf-8"),
        severity=Severity.ERROR,
    ),
)
