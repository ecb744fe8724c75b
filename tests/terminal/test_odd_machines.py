"""On an odd machine a guided run works, or one line says why it does not."""

from __future__ import annotations

import re
import sys

import pytest

from tests.support.odd_machines import WITHOUT, Machine, read_log
from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, Screen, open_screen

GUIDED = (
    Machine("no TERM", 'unset TERM; exec "$@"'),
    Machine("an unknown TERM", 'export TERM=unknown-terminal; exec "$@"'),
    Machine("too many columns", 'export COLUMNS=99999999 LINES=999999; exec "$@"'),
    Machine("one column", 'export COLUMNS=1 LINES=1; exec "$@"'),
    Machine("a terminal without a size", 'stty rows 0 cols 0; exec "$@"'),
    Machine("a terminal that is too large", 'stty rows 60000 cols 60000; exec "$@"'),
    Machine("ASCII only", 'export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0; exec "$@"'),
    Machine("20 descriptors", 'ulimit -n 20; exec "$@"'),
    Machine("13 descriptors", 'ulimit -n 13; exec "$@"', 2, "cannot start with 13 open files", ()),
    Machine("no pidfd_open", f'exec {WITHOUT} ENOSYS pidfd_open "$@"', needs="linux"),
    Machine("no controlling terminal", 'exec setsid -w "$@"', needs="linux"),
    Machine("no standard error", 'exec "$@" 2>&-'),
    Machine("a full standard error", 'exec "$@" 2>/dev/full'),
    Machine("warnings are errors", 'export PYTHONWARNINGS=error PYTHONDEVMODE=1; exec "$@"'),
)


@pytest.mark.parametrize("machine", GUIDED, ids=lambda machine: machine.name)
def test_a_guided_run_works_or_says_why_not(program: Program, machine: Machine) -> None:
    """The questions appear, and Enter answers them."""
    if machine.needs and sys.platform != "linux":
        pytest.skip("only Linux can be made odd in this way")
    program.write("page.md", '# P\n\n## Steps\n\n```bash\necho first >>"$LOG"\necho second >>"$LOG"\n```\n')
    environment = program.environment({"LOG": str(program.folder / "log")})
    # the head of the page fills a screen of one line, and waits too
    questions = 0 if machine.status else 3 if machine.name == "one column" else 2
    command = ["bash", "-c", machine.commands, "x", *COMMAND, "page.md"]
    with open_screen(command, program.work, environment) as shown:
        for number in range(1, questions + 1):
            wait_for_question(shown, number)
            shown.type(ENTER)
        assert shown.wait_status() == machine.status
        assert machine.line in shown.text()
        assert not re.search("Traceback|has a bug", shown.text()), shown.text()
    assert read_log(program) == (["first", "second"] if machine.status == 0 else [])


def wait_for_question(shown: Screen, number: int) -> None:
    """Wait until so many questions were painted; with one column, nobody could read them."""

    def is_open(_: str) -> bool:
        begin, end = b"\x1b[?2004h", b"\x1b[?2004l"  # a question that is laid out again has no end between
        return shown.raw.count(end) >= number - 1 and shown.raw.rfind(begin) > shown.raw.rfind(end)

    shown.wait_until(is_open, f"{number} questions")
