"""A signal to the program of a guided run asks as ^C does."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, open_screen

PAGE = """\
# T

## Steps

```bash
yes abcdefghijkl | head -c 20000000 && sleep 60
```

```bash
echo next
```
"""


@pytest.mark.parametrize("words", [(), ("--yes",)])
@pytest.mark.parametrize("number", range(3))
def test_an_interrupt_while_output_is_shown_asks(
    program: Program, words: tuple[str, ...], number: int
) -> None:
    """At whatever moment it comes, the statement is interrupted, and the run asks and does not end."""
    program.write("page.md", PAGE)
    command = [*COMMAND, "page.md", "--no-config", *words]
    with open_screen(command, program.work, program.environment()) as shown:
        if not words:
            shown.wait("q quit")
            shown.type(ENTER)
        shown.wait("abcdefghijkl\nabcdefghijkl")
        until = time.monotonic() + random.Random(number).uniform(0, 0.6)  # noqa: S311
        while time.monotonic() < until:
            shown._read(0.01)
        os.kill(shown.child.pid, signal.SIGINT)
        assert "interrupted after" in shown.wait("retry")
        shown.type("q")
        assert shown.wait_status() == 130
