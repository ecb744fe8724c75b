"""The Temporal server that teams run: built once a machine, killed and started again by tests."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.support.paths import REAL_SERVER
from tests.support.team import find_free_port, is_open, wait_until


class RealServer:
    """A development server with its database in a folder, which outlives the process."""

    def __init__(self, folder: Path, *words: str) -> None:
        """Start it with these options."""
        self._words = words
        self.database = folder / "temporal.db"
        self.port, self.ui_port = find_free_port(), find_free_port()
        self._log = folder / "temporal.log"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Return the number of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it on the same port with the same database, and wait until it answers."""
        listen = ["--ip", "127.0.0.1", "--port", str(self.port)]
        ui = ["--ui-ip", "127.0.0.1", "--ui-port", str(self.ui_port)]
        kept = ["--db-filename", str(self.database), "--log-level", "error"]
        with self._log.open("ab") as log:
            self._process = process = subprocess.Popen(
                [str(REAL_SERVER), "server", "start-dev", *listen, *ui, *kept, *self._words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, "HOME": str(self._folder), "TEMPORAL_VERSION_CHECK_DISABLED": "1"},
                start_new_session=True,
            )
        wait_until(lambda: process.poll() is not None or self._is_serving(), "the server answers")
        assert process.poll() is None, self._log.read_text()

    def run(self, *words: str) -> str:
        """Run a command of the program against the server, and return what it prints."""
        done = subprocess.run(
            [str(REAL_SERVER), *words, "--address", self.address],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            env={**os.environ, "HOME": str(self._folder)},
        )
        return done.stdout

    def kill(self) -> None:
        """Kill it: it can finish nothing."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _is_serving(self) -> bool:
        if not is_open(self.port):
            return False
        words = [str(REAL_SERVER), "operator", "namespace", "describe", "-n", "default"]
        done = subprocess.run(
            [*words, "--address", self.address],
            capture_output=True,
            check=False,
            env={**os.environ, "HOME": str(self._folder)},
        )
        return done.returncode == 0
