"""The colours of a guided run: what runs next, the values in it, comments and callouts."""

from __future__ import annotations

from tests.support.program import COMMAND, Program
from tests.support.screen import Screen, open_screen

PAGE = """\
# Drain

## Procedure

### 1. Drain

> [!WARNING]
> Users notice this.

```bash
# the old node
echo drain <node> now
```
"""


def find_colours(shown: Screen, text: str, within: str) -> set[tuple[str, bool]]:
    """Return the colours and boldness of the cells of `text`, in the first line that holds `within`."""
    row = next(number for number, line in enumerate(shown.text().split("\n")) if within in line)
    line = shown.text().split("\n")[row]
    start = line.index(text, line.index(within))
    return {(cell.fg, cell.bold) for cell in shown.cells()[row][start : start + len(text)]}


def test_the_next_statement_its_values_and_callouts_have_colours(program: Program) -> None:
    """The bar, a value and a callout stand out, and the rest of the code and the text do not."""
    program.write("page.md", PAGE)
    command = [*COMMAND, "page.md", "--set", "node=web-1"]
    with open_screen(command, program.work, program.environment()) as shown:
        shown.wait("enter run", "1 of 1 ›")
        assert find_colours(shown, "▌", "▌  echo drain web-1 now") == {("cyan", True)}
        value = find_colours(shown, "web-1", "▌  echo drain web-1 now")
        assert value == {("cyan", True)}
        assert find_colours(shown, "now", "▌  echo drain web-1 now").isdisjoint(value)
        assert find_colours(shown, "WARNING", "WARNING") == {("brown", True)}  # yellow
        assert find_colours(shown, "Users notice", "Users notice") == {("default", False)}
