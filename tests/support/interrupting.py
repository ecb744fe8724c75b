"""^C at many moments, while a long statement is sent to a shell and read by it.

`python tests/support/interrupting.py SHELL LINES TRIES` runs statements that hold so many lines of data. Each
line would create a file if it were run. It prints the errors after each interrupt: lines that ran, and later
statements that did not run or printed other output.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from runbook_exec.engine.ports import Done, OutputChunk
from runbook_exec.session.session import Session

LATEST = 2e-6  # seconds for each line: about as long as the statement takes


def run_statement(session: Session, code: str) -> tuple[Done | None, str]:
    """Run a statement, and return its exit status and output."""
    printed = b""
    done = None
    for item in session.run(code.encode()):
        if isinstance(item, OutputChunk):
            printed += item.data
        elif isinstance(item, Done):
            done = item
    return done, printed.decode().replace("\r", "")


def interrupt_statement(session: Session, code: str, after: float) -> bool:
    """Run a statement with ^C after so many seconds, and return whether it came before the end."""
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        done, _ = run_statement(session, code)
        while signal.getitimer(signal.ITIMER_REAL)[0]:
            time.sleep(0.001)  # and not `pause`: the signal may come just before it
    except KeyboardInterrupt:
        return False
    return done is not None and done.interrupted


def main(shell: str, lines: int, tries: int) -> int:
    """Print errors and the number of interrupts in time, and return the exit status."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    data = "".join(f"touch ran-{number:05}\n" for number in range(lines))
    code = f"set x '\n{data}'" if shell == "fish" else f"cat >/dev/null <<'END'\n{data}END"
    moments = random.Random(lines)  # noqa: S311
    in_time = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(tries):
            with Session(shell, clean=True, cwd=folder) as session:
                for _ in session.start():
                    pass
                for _ in range(3):
                    if not interrupt_statement(session, code, moments.uniform(5e-5, LATEST * lines)):
                        break  # it came to us between two statements, as Python would have it
                    in_time += 1
                    for word in ("one", "two"):
                        done, printed = run_statement(session, f"echo {word}")
                        if done is None or done.status or printed.strip() != word:
                            print(f"expected `{word}`, got {printed!r}: {done}")
                            wrong += 1
                    for ran in Path(folder).glob("ran-*"):
                        print(f"{ran.name} was run")
                        ran.unlink()
                        wrong += 1
    print(f"{wrong} wrong after {'some' if in_time else 'no'} interrupts")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
