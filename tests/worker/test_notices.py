"""Notices about ordered runs."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from runbook_exec.worker.notices import send_notice
from runbook_exec.worker.orders import OpenQuestion, RunNotice
from tests.support.team import Team, wait_until
from tests.worker.test_ordered_runs import ASKING


def test_people_are_told_by_a_command(team: Team) -> None:
    """A command gets the text when a run waits and when it has ended; a broken one changes nothing."""
    team.program.write("page.md", ASKING)
    told = team.program.folder / "told"
    command = f'tell() {{ echo "title: $1" >>{told}; cat >>{told}; }}; tell'
    words = ("--host", "indri", "--control", "--pages", str(team.program.work))
    team.start_worker(*words, "--notify", command, "--notify", "exit 3;")
    run = team.submit()
    team.wait_for_question(run, "2.1  asks")
    wait_until(lambda: told.exists() and "answer" in told.read_text(), "the question is told")
    asked = f"run {run} waits\nGo on?\n    echo two >>log\nrunbook-exec answer {run} run   (or skip, quit)\n"
    assert told.read_text() == f"title: page.md on indri: waits\n{asked}"
    assert team.run("answer", run, "run").status == 0
    team.wait_for_end(run)
    assert told.read_text().endswith(f"title: page.md on indri: succeeded\nrun {run} succeeded\n")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what apprise imports
def test_people_are_told_by_apprise() -> None:
    """An address of apprise gets the same; one that is away is reported."""
    received: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        """Notes what is posted."""

        def do_POST(self) -> None:
            """Note it."""
            fields = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.append(f"{fields['title']}|{fields['message']}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *words: object) -> None:
            """Log nothing."""

    question = OpenQuestion("doubt:2.1:9", "doubt", ("done", "again", "quit"), "reboot", "did it happen?")
    notice = RunNotice("r1", "indri", "page.md", "waits", question=question)
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert send_notice([f"json://127.0.0.1:{server.server_port}/"], notice) == []
        server.shutdown()
    (text,) = received
    assert text.startswith("page.md on indri: waits|run r1 waits\ndid it happen?\n    reboot\n")
    assert "runbook-exec answer r1 done   (or again, quit)" in text
    gone = f"json://127.0.0.1:{server.server_port}/"
    assert send_notice([gone], notice) == ["notice 1: it could not be delivered"]
