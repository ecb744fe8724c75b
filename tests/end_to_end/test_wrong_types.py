"""Every reader of JSON from the disk or the network bears a value of any type in each place."""

from __future__ import annotations

import contextlib
import json
import typing
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from runbook_exec.diagnostics.report import Diagnostic
from runbook_exec.document.parser import parse_runbook
from runbook_exec.engine.events import KINDS
from runbook_exec.errors import Refused
from runbook_exec.journal.asciicast import read_asciicast
from runbook_exec.journal.event_lines import from_line
from runbook_exec.journal.hash_chain import first_hash, hash_line, read_lines
from runbook_exec.journal.index import read_summary
from runbook_exec.journal.secret_store import SecretStore
from runbook_exec.light_classes import replace
from runbook_exec.lint.cache import Cache, _checksum
from runbook_exec.live.frames import ANSWER, WireFrame
from runbook_exec.runner.answers.external import read_json_answer
from runbook_exec.runner.fleet.fleet_journal import find_fleet
from runbook_exec.runner.fleet.targets import find_targets
from runbook_exec.runner.trust import _trust_file, read_trust, record_trust
from runbook_exec.runs.freshness import BadFreshness, format_freshness, read_freshness
from runbook_exec.runs.replay import play_frames
from runbook_exec.session.far.last_report import _make_done, _parse
from runbook_exec.site.asciicast_file import read_asciicast as read_asciicast_beside_page
from runbook_exec.worker.hook.events import BadDelivery, read_events
from runbook_exec.worker.journal_view import JournalView, read_seal
from tests.support.program import Program
from tests.support.wrong_values import NESTED, replace_each, write_each

TIME = "2026-11-30T23:46:07.420Z"

EXAMPLES: dict[str, Any] = {
    "str": "text",
    "str | None": "text",
    "bool": True,
    "int": 1,
    "float": 0.5,
    "tuple[str, ...]": ["text"],
    "tuple[int, ...]": [0],
    "Mapping[str, str]": {"name": "value"},
}


def make_event(kind: str) -> dict[str, Any]:
    """Return the fields of an event of this kind, each with a value of its type."""
    types = {
        name: type_.__forward_arg__ if isinstance(type_, typing.ForwardRef) else type_
        for name, type_ in KINDS[kind].__annotations__.items()
    }
    return {"event": kind, **{name: EXAMPLES[type_] for name, type_ in types.items()}, "time": TIME}


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_of_a_journal_is_an_event_or_damaged(kind: str, tmp_path: Path) -> None:
    """Each reader of journals takes a line with a wrong value for damage, wherever the line is."""
    event = make_event(kind)
    assert from_line(json.dumps(event)).event == kind
    path = tmp_path / "2026-11-30T234607-text.jsonl"
    start = json.dumps({**make_event("run_started"), "journal": 2, "previous": first_hash("text")})
    for text in write_each({**event, "previous": hash_line(start.encode())}):
        for lines in ([text], [start, text]):
            path.write_text("\n".join([*lines, ""]))
            found = list(read_lines(path))
            assert len(found) >= len(lines)
            assert (summary := read_summary(path)) is not None
            assert isinstance(summary.outcome, str)
            assert isinstance(summary.seconds, float)
            with contextlib.suppress(Refused):
                JournalView(tmp_path, "text", 0).update()
            read_seal(path)


@pytest.mark.parametrize(
    "last", ['{"event":{}}', '{"event":["run_ended"]}', '{"event":1}', "[]", "1", "null", NESTED]
)
@pytest.mark.parametrize("is_alone", [False, True])
def test_a_line_of_no_kind_breaks_no_command(last: str, is_alone: bool, program: Program) -> None:
    """It is damage of its journal, whether it is the first line or the last, and others run."""
    page = program.write("page.md", "# T\n\n## Procedure\n\n### 1. A\n\n```bash\nfalse\n```\n")
    program.run("page.md", "--yes")
    whole = program.journal_path().read_text()
    damaged = program.runs / "2999-01-01T000000-0badf00d.jsonl"
    damaged.write_text(f"{last}\n" if is_alone else f"{whole}{last}\n")
    for words in (
        ["runs"],
        ["runs", "show", "0badf00d"],
        ["runs", "verify"],
        ["runs", "prune", "--keep", "0", "--dry-run"],
        ["runs", "export", page.name],
        ["due", page.name],
        ["resume", "--yes", "--no-input"],
        [page.name, "--yes", "--no-input"],
    ):
        ran = program.run(*words)
        assert "has a bug" not in ran.output, ran.output
        assert "Traceback" not in ran.output


def test_a_record_of_successes_is_read_or_refused(tmp_path: Path) -> None:
    """What is read has times to which the longest cadence can be added."""
    success = {"succeeded": TIME, "run": "a", "digest": "b", "step": "c"}
    data = {"runbook": "p.md", "version": 1, "procedures": {"p": success}, "steps": {"s": success}}
    path = tmp_path / "p.runs.json"
    for text in write_each(data):
        path.write_text(text)
        try:
            found = read_freshness(path)
        except BadFreshness:
            continue
        for each in (*found.procedures.values(), *found.steps.values()):
            assert datetime.fromisoformat(each.succeeded) + timedelta(days=36525)
        format_freshness(found, "p.md")


def test_a_trust_record_counts_or_does_not(tmp_path: Path) -> None:
    """A damaged record is none, and the commands can be trusted again."""
    page = tmp_path / "p.md"
    page.write_text("# T\n\n## Procedure\n\n```bash\ntrue\n```\n")
    runbook = parse_runbook(page.read_bytes(), str(page))
    known = read_trust(runbook, runbook.procedures[0], tmp_path / "runs", {})
    record_trust(known, tmp_path / "runs")
    path = _trust_file(known.document, known.anchor, tmp_path / "runs")
    for text in write_each(json.loads(path.read_text())):
        path.write_text(text)
        again = read_trust(runbook, runbook.procedures[0], tmp_path / "runs", {})
        assert again.lines_to_review() is not None
        again.is_trusted_here()


def test_the_journal_of_a_fleet_is_read_or_damaged(tmp_path: Path) -> None:
    """Each field has its type."""
    start = {
        **dict.fromkeys(("path", "anchor", "digest", "folder", "time", "set_each"), "x"),
        "event": "fleet_started",
        "fleet": "f",
        "seq": 1,
        "previous": first_hash("f"),
        "options": ["--no-config"],
        "hosts": [["a", "b"]],
        "limits": [1, 2, 3],
        "values": {"a": "b"},
    }
    host = {"event": "host_ended", "fleet": "f", "seq": 2, "host": "a", "outcome": "failed"}
    path = tmp_path / "2026-11-30T234607-f.jsonl"

    def read(*lines: str) -> None:
        path.write_text("\n".join([*lines, ""]))
        try:
            found = find_fleet(tmp_path, "f")
        except Refused:
            return
        assert isinstance(found.seq, int)
        assert all(isinstance(found.started[name], str) for name in ("path", "anchor", "folder"))
        assert all(isinstance(each, str) for each in found.outcomes.values())

    first = json.dumps(start)
    for text in write_each(start):
        read(text)
    for text in write_each({**host, "previous": hash_line(first.encode())}):
        read(first, text)


def read_store(path: Path) -> None:
    """Read the secrets and the shell state of a run."""
    store = SecretStore(path)
    values, seen = store.read()
    assert all(isinstance(each, str) for each in (*values.values(), *seen))
    for host in ("", "web"):
        for shell in store.read_shell(host):
            assert isinstance(shell.cwd, str)
            store.keep_shell(replace(shell, cwd="/elsewhere"))


def play_cast(path: Path) -> None:
    """Play a recording, with waits that a clock takes."""
    _, frames = read_asciicast(path)
    play_frames(frames, lambda data: None, lambda seconds: check_pause(seconds), 1e-300, None)


def check_pause(seconds: float) -> None:
    """Raise AssertionError if a system cannot wait for as long."""
    assert 0 < seconds <= 86400


CAST = [{"version": 2, "width": 80, "height": 24, "title": "x"}, [0.5, "o", "x"], [2.5, "m", "x"]]

FILES: dict[str, tuple[Callable[[Path], object], list[Any]]] = {
    "secret store": (
        read_store,
        [
            {"journal": "/x", "key": "00", "values": {"a": "b"}, "seen": ["c"], "cwds": [["/", "x"]]},
            {"made": {"variable x": "1"}, "gone": ["variable y"], "cwds": [["/", "x"], ["/y", "z"]]},
            {"definitions@web": {"a": "b"}, "replaced@web": {}, "cwds@web": [["/", "x"]], "values": {}},
        ],
    ),
    "recording": (play_cast, CAST),
    "recording beside a page": (read_asciicast_beside_page, CAST),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_lines_is_read_or_refused(name: str, tmp_path: Path) -> None:
    """A reader raises OSError or ValueError, or returns what is right."""
    read, lines = FILES[name]
    path = tmp_path / "file"
    for number, line in enumerate(lines):
        for text in write_each(line):
            written = [text if at == number else json.dumps(each) for at, each in enumerate(lines)]
            path.write_text("\n".join([*written, ""]))
            try:
                read(path)
            except (OSError, ValueError):
                continue


def test_a_cached_result_of_the_linter_is_read_or_missing(tmp_path: Path) -> None:
    """A line of the cache with a right checksum, and any content."""
    place = [1, 2, 3, 4]
    found = ["P101", "name", "error", "message", "hint", place, "line", [place, "fix"]]
    plain = [[found], {"fish": 1}, [[["a", "b"], "c", [["d"], "e"]]], "2026-01-01"]
    key = "k" * 64
    for text in write_each(plain):
        data = text.encode()
        (tmp_path / "cache").write_bytes(b"%b %b %b\n" % (key.encode(), _checksum(data), data))
        cached = Cache(tmp_path / "cache").get(key, "p.md", "d")
        assert cached is None or all(isinstance(each, Diagnostic) for each in cached.result.diagnostics)


ALERT = {
    "alerts": [{"status": "firing", "labels": {"alertname": "x", "pod": "y"}, "startsAt": TIME}],
    "version": "4",
}


@pytest.mark.parametrize("kind", ["alertmanager", "grafana", "github", "forgejo"])
def test_a_delivery_of_a_webhook_is_read_or_refused(kind: str) -> None:
    """Each label that is looked at is text, or missing."""
    headers = Message()
    for name in ("X-GitHub-Event", "X-Forgejo-Event"):
        headers[name] = "push"
    for text in write_each({**ALERT, "repository": {"name": "x"}, "ref": "y"}):
        try:
            events = read_events(kind, headers, text.encode())
        except BadDelivery:
            continue
        for event in events:
            assert isinstance(event.title, str)
            for name in ("alertname", "pod", "repository.name", "ref", "alerts.0", "repository"):
                assert isinstance(event.find_label(name), str | None)
                assert isinstance(event.find_label_like(name), str | None)


def test_what_another_machine_sends_is_read_or_refused() -> None:
    """The frames of an attached terminal, an answer, and the last report of a host."""
    for text in write_each({"id": "confirm:1.1:2", "choice": "run", "value": "x", "note": "", "by": "me"}):
        with contextlib.suppress(ValueError):
            assert isinstance(WireFrame(ANSWER, text.encode()).fields(), dict)
        with contextlib.suppress(Refused):
            read_json_answer(text)
    report = {"seq": 1, "running": False, "status": 0, "pipestatus": [0], "timed_out": False}
    for text in write_each(report):
        _make_done(_parse(text.encode()))


def test_what_ansible_prints_is_read_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program with the name of Ansible's prints the inventory."""
    program = tmp_path / "ansible-inventory"
    program.write_text(f'#!/bin/sh\ncat "{tmp_path}/answer"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    inventory = {"_meta": {"hostvars": {"a": {"ansible_host": "b"}}}, "web": {"hosts": ["a"]}}
    for data in [*replace_each(inventory), NESTED]:
        (tmp_path / "answer").write_text(data if data is NESTED else json.dumps(data))
        try:
            targets = find_targets("web", "inventory")
        except Refused:
            continue
        assert all(isinstance(text, str) for target in targets for text in target)
