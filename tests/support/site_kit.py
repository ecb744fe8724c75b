"""Builds sites with both builders, and serves them with a strict policy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from runbook_exec.document.parser import parse_runbook
from runbook_exec.runs.freshness import Freshness, Success, format_freshness, freshness_path, step_digest
from runbook_exec.site.assets import BELOW, STATIC
from runbook_exec.site.csp import build_csp
from tests.support.paths import DATA, REPOSITORY

BUILDERS = ("mkdocs", "zensical")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def make_project(folder: Path) -> Path:
    """Make the site under test in a folder, with the project's runbooks and documents."""
    docs = folder / "docs"
    shutil.copytree(DATA / "site", docs)
    shutil.move(docs / "mkdocs.yml", folder / "mkdocs.yml")
    transcripts = shutil.ignore_patterns("*.rehearsal.md")
    shutil.copytree(REPOSITORY / "runbooks", docs / "runbooks", dirs_exist_ok=True, ignore=transcripts)
    (docs / "documents").mkdir()
    for page in (DATA / "documents").glob("*.md"):
        shutil.copy(page, docs / "documents")
    shutil.copytree(STATIC, docs / BELOW)
    shutil.copy(REPOSITORY / "docs" / "assets" / "site.css", docs / "assets")
    write_freshness(docs / "runbooks" / "values.md")
    never = format_freshness(Freshness(), "bash.md")
    freshness_path(docs / "runbooks" / "bash.md").write_text(never, encoding="utf-8")
    return folder


def write_freshness(page: Path) -> None:
    """Write successes of a page's steps: the first is current, the fourth has another text."""
    runbook = parse_runbook(page.read_bytes(), page.name)
    steps = runbook.procedures[0].steps
    when, run = "2026-11-01T10:00:00Z", "1234abcd"
    first = step_digest(steps[0], "fish")
    fourth = "0" * 16
    fresh = Freshness(
        {"steps": Success(when, run, "steps", runbook.digest)},
        {
            first: Success(when, run, steps[0].anchor, first),
            fourth: Success(when, run, steps[3].anchor, fourth),
        },
    )
    freshness_path(page).write_text(format_freshness(fresh, page.name), encoding="utf-8")


def build_site(folder: Path, builder: str, *, strict: bool = False) -> tuple[int, str]:
    """Build the site of a folder into its `site/`, and return the exit status and the output."""
    command = [sys.executable, "-m", builder, "build", *(["--strict"] if strict else [])]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, _COLOURS.sub("", done.stdout + done.stderr)


@contextmanager
def serve_site(site: Path) -> Iterator[str]:
    """Serve a site with its policy, and yield its address."""
    header = build_csp(site)

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", header)
            super().end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
