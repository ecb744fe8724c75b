"""Notices that the page of a run was changed by another program while the run is going on."""

from __future__ import annotations

from ..system.regular_file import read_regular_file
from ..text.digests import sha256
from .reporter import TerminalReporter


class PageWatch:
    """Compares the page on the disk with the text that the run has read."""

    def __init__(self, terminal: TerminalReporter) -> None:
        self._terminal = terminal
        self._reported = ""  # the digest of the last text that was reported

    def report_change(self) -> None:
        """Report once that the page is another now; the run continues with the text that it has read."""
        runbook = self._terminal.plan.runbook
        try:
            digest = sha256(read_regular_file(runbook.path)).hexdigest()
        except OSError:
            return
        if digest in (runbook.digest, self._reported):
            return
        self._reported = digest
        self._terminal.write_line()
        self._terminal.write_wrapped(
            f"{runbook.path} was changed after this run has read it. The run continues with the text that "
            "you see here; `e` opens the page and reads it again.",
            "yellow",
        )
