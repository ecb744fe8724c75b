"""M310: statements of which it is not clear inside which shell they run."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ..facts.planned_items import place_items
from ..rule import Example, Page, Rule
from .example_pages import bash_page, fish_page


def unclear_place(page: Page) -> Iterator[Finding]:
    """Report the first statement after each inner shell that may or may not be meant for it."""
    found: dict[int, Finding] = {}
    for placed in place_items(page):
        statements = {item.where: item.statement for item in placed.items if placed.places.warnings}
        reported: set[str] = set()
        for where, warning in placed.places.warnings.items():
            statement = statements[where]
            if statement is not None and warning.message not in reported:
                reported.add(warning.message)
                finding = Finding(warning.message.rstrip("."), statement.span, warning.advice)
                found.setdefault(statement.span.start, finding)
    yield from (found[start] for start in sorted(found))


_TWO_STEPS = """\
# Page

## Procedure

### 1. Deploy

```bash
ssh deploy@web1
git pull{exit}
```

### 2. Look

```bash
ls
```
"""

_TWO_BLOCKS = """\
# Page

## Procedure

```bash
sudo -i
id -u
```

Then:

```bash
ls
```
"""

RULES = (
    Rule(
        RuleInfo(
            "M310",
            "inner-shell",
            does="Reports a command such as `ssh HOST` or `sudo -i` that opens another shell without a "
            "visible `exit`, and lines for a program such as `psql`. A run follows the command into "
            "the other shell, up to `exit` or the end of the block. A person types the lines for a "
            "program.",
            why="Without an `exit`, a reader cannot know where the next block or step runs.",
        ),
        unclear_place,
        bad=(
            Example(_TWO_STEPS.format(exit=""), at=(15, 1)),
            Example(_TWO_BLOCKS, at=(13, 1)),
            Example(bash_page("psql app", "ls"), at=(7, 1)),
            Example(bash_page("exec bash", "ls"), at=(7, 1)),
            Example(bash_page("for h in a b; do ssh $h; done", "ls"), at=(7, 1)),
        ),
        good=(
            Example(_TWO_STEPS.format(exit="\nexit")),
            Example(bash_page("ssh deploy@web1", "cd /var/www/app", "git pull")),
            Example(bash_page("sudo -i", "id -u", "exit", "id -u")),
            Example(fish_page("kubectl exec -it web-1 -- sh", "ls /srv")),
            Example(bash_page("ssh deploy@web1 'cd /var/www/app && git pull'", "echo deployed")),
            Example(bash_page("sudo id -u", "sh -c 'id -u'", "kubectl exec web-1 -- ls")),
            Example(bash_page("psql app <dump.sql", "psql -c 'SELECT 1' app", "ls")),
            Example(fish_page("ls", "ssh deploy@web1")),
        ),
    ),
)
