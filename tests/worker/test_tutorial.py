"""The page about teams, followed by a reader with three terminals: its commands, and what they print."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from temporalio.envconfig import ClientConfig

from tests.support.guides import matches_text
from tests.support.paths import REAL_SERVER, REPOSITORY
from tests.support.program import Program
from tests.support.team import Team, find_free_port, wait_until

PAGE = (REPOSITORY / "docs" / "teams.md").read_text()

TUTORIAL = PAGE.partition("## Ten minutes")[2].partition("### Let an alert start it")[0]

SCHEDULE = "### Run it by a schedule"  # which the test server cannot do

_EXAMPLE = re.compile(r"restore@indri\.\w+")  # the id of a run of the schedule, which has the time

_TITLE = re.compile(r'(\w+) title="([^"]+)"')


def list_fences(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield the language, the title and the text of each fenced block."""
    for token in MarkdownIt().parse(page):
        if token.type == "fence":
            titled = _TITLE.fullmatch(token.info.strip())
            yield (titled[1], titled[2], token.content) if titled else (token.info, "", token.content)


def list_commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with its output."""
    for part in text.removeprefix("$ ").split("\n$ "):
        words, _, output = part.partition("\n")
        yield words, output.rstrip("\n")


@dataclass
class Follower:
    """A reader in a folder, with the programs that the page names."""

    program: Program
    environment: dict[str, str]
    replaced: dict[str, str] = field(default_factory=dict)  # words of the page, by what they are here
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def follow(self, page: str) -> None:
        """Do what the page says, and compare what it shows."""
        for language, title, text in list_fences(page):
            if language == "console":
                *others, (words, output) = list_commands(text)
                for each in others:
                    self.do(*each)
                self.start(words, output) if title else self.do(words, output)
            elif title:
                self.program.write(title, text)

    def start(self, words: str, output: str) -> None:
        """Start a command in a terminal of its own."""
        log = self.program.folder / f"terminal-{len(self.running)}"
        with log.open("wb") as file:
            started = subprocess.Popen(
                ["sh", "-c", f"exec {self.fill(words)}"],
                cwd=self.program.work,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.running.append(started)
        wait_until(lambda: output in log.read_text() or started.poll() is not None, words)
        assert started.poll() is None, log.read_text()

    def do(self, words: str, output: str) -> None:
        """Run a command; one that asks what waits is tried until it shows what the page has."""
        end = time.monotonic() + 90
        while not self.is_done(words, output, is_last=time.monotonic() > end or " asks" not in words):
            time.sleep(0.5)

    def is_done(self, words: str, output: str, *, is_last: bool) -> bool:
        """Run a command, and return whether it printed the output; fails if it is the last time."""
        done = subprocess.run(
            ["sh", "-c", self.fill(words)],
            cwd=self.program.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if example := _EXAMPLE.search(output):
            found = _EXAMPLE.search(done.stdout)
            self.replaced[example[0]] = self.replaced.get(example[0]) or (found[0] if found else example[0])
        if done.returncode == 0 and (not output or matches_text(self.fill(output), done.stdout)):
            return True
        assert not is_last, f"`{words}` printed\n{done.stdout}{done.stderr}\nand not\n{output}"
        return False

    def fill(self, text: str) -> str:
        """Return the text with the words of this machine."""
        for word, other in self.replaced.items():
            text = text.replace(word, other)
        return text


@pytest.fixture
def follower(team: Team) -> Iterator[Follower]:
    """A reader who has installed everything, with a server of the tests."""
    bin = team.program.folder / "bin"
    bin.mkdir()
    program = bin / "runbook-exec"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m runbook_exec "$@"\n')
    program.chmod(0o755)
    if REAL_SERVER.exists():
        (bin / "temporal").symlink_to(REAL_SERVER.resolve())
    environment = {**team.environment(), "TEMPORAL_VERSION_CHECK_DISABLED": "1"}
    environment |= {"PATH": f"{bin}:{environment['PATH']}", "RUNBOOK_EXEC_TRUSTED": ""}
    made = Follower(team.program, environment)
    yield made
    for each in made.running:
        each.kill()
        each.wait()


def test_the_approval_with_the_test_server(follower: Follower) -> None:
    """A reader orders a run, sees what it asks, answers, and finds its journal."""
    follower.replaced["temporal server start-dev --db-filename temporal.db"] = "sleep 600"
    follower.follow(TUTORIAL.partition(SCHEDULE)[0])


@pytest.mark.temporal_server
def test_the_whole_tutorial(follower: Follower) -> None:
    """With the server that the page starts, the schedule too."""
    port, ui = find_free_port(), find_free_port()
    follower.environment |= {"TEMPORAL_ADDRESS": f"127.0.0.1:{port}", "TEMPORAL_NAMESPACE": "default"}
    follower.replaced["start-dev"] = (
        f"start-dev --ip 127.0.0.1 --port {port} --ui-port {ui} --log-level error"
    )
    before, _, after = TUTORIAL.partition("Start a worker")
    follower.follow(before)
    words = f"temporal operator namespace describe -n default --address 127.0.0.1:{port}"
    wait_until(lambda: is_good(follower, words), "the server answers")
    follower.follow(after)
    retention = "temporal operator namespace update --retention 90d -n default"
    assert retention in " ".join(PAGE.split())
    assert is_good(follower, f"{retention} --address 127.0.0.1:{port}")


def is_good(follower: Follower, words: str) -> bool:
    """Return whether a command succeeds."""
    done = subprocess.run(["sh", "-c", words], env=follower.environment, capture_output=True)
    return done.returncode == 0


def test_the_settings_of_the_page_are_read(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporal's own reader takes the file of the server, and `hook --check` the rules."""
    files = {title: text for _, title, text in list_fences(PAGE) if title}
    text = files["server.toml"].replace("/etc/runbook-exec", str(program.work))
    for name in ("ca.pem", "indri.pem", "indri.key"):
        program.write(name, "a key or a certificate")
    settings = program.write("server.toml", text)
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    config = ClientConfig.load_client_connect_config(config_file=str(settings))
    assert (config["target_host"], config["namespace"]) == ("temporal.example.org:7233", "default")
    assert config["tls"]
    program.write("hook.toml", files["hook.toml"])
    program.write("alertmanager.secret", "0123456789abcdef")
    program.write("pod.md", "# Pod\n\n## Steps\n\n```sh\necho <namespace> <pod>\n```\n")
    assert program.run("hook", "hook.toml", "--check").status == 0
    assert tomllib.loads(files["hook.toml"])


@pytest.mark.parametrize(
    "unit", sorted((REPOSITORY / "contrib").glob("*.service")), ids=lambda each: each.name
)
def test_the_units_start_commands_that_exist(unit: Path, program: Program) -> None:
    """The command of each unit is one that the program takes."""
    words = next(line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")).split()
    assert words[0].endswith("/runbook-exec")
    done = program.run(*words[1:], "--no-such-option")
    assert "unknown option `--no-such-option`" in done.stderr
