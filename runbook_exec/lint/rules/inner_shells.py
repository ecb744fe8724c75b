"""M310: statements after a command that opens another shell."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...plan.builder import items_of
from ...plan.places import find_places
from ..rule import Example, Page, Rule
from .example_pages import bash_page, fish_page


def statement_after_shell(page: Page) -> Iterator[Finding]:
    """Report the first statement after each command that opens another shell or prompt in its step."""
    found: dict[int, Finding] = {}
    for procedure in page.runbook.procedures:
        items = {item.where: item for item in items_of(procedure)}
        reported: set[str] = set()
        for where, warning in find_places(items.values(), procedure.shell).warnings.items():
            statement = items[where].statement
            if statement is not None and warning.question and warning.message not in reported:
                reported.add(warning.message)
                finding = Finding(warning.message.rstrip("."), statement.span, warning.advice)
                found.setdefault(statement.span.start, finding)
    yield from (found[start] for start in sorted(found))


RULES = (
    Rule(
        RuleInfo(
            "M310",
            "inner-shell",
            "A run does not follow a command such as `ssh HOST` or `psql` into the shell or prompt that it "
            "opens. The statements after it are meant for that shell, and would run on this machine.",
        ),
        statement_after_shell,
        bad=(
            Example(bash_page("ssh deploy@web1", "cd /var/www/app", "git pull"), at=(7, 1)),
            Example(bash_page("sudo -i", "id -u"), at=(7, 1)),
            Example(fish_page("kubectl exec -it web-1 -- sh", "ls /srv"), at=(7, 1)),
            Example(bash_page("psql app", "ls"), at=(7, 1)),
        ),
        good=(
            Example(bash_page("ssh deploy@web1 'cd /var/www/app && git pull'", "echo deployed")),
            Example(bash_page("sudo id -u", "sh -c 'id -u'", "kubectl exec web-1 -- ls")),
            Example(bash_page("psql app <dump.sql", "psql -c 'SELECT 1' app", "ls")),
            Example(fish_page("ls", "ssh deploy@web1")),
        ),
    ),
)
