"""A page on many hosts: limits, outcomes, and what happens after a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest

from tests.support.far_host import FarHosts, open_hosts
from tests.support.program import Program

BESIDE_PYTHON = Path(sys.executable).parent  # the development environment has Ansible

NAMES = [f"h{number:02}" for number in range(1, 51)]

PAGE = """\
# Roll out

## Steps

### 1. Begin

```bash
echo $FAR_NAME >> /tmp/begun
```

### 2. Work

```bash
sleep 0.2; test ! -e /tmp/bad-$FAR_NAME
```

### 3. End

```bash
echo $FAR_NAME >> /tmp/ended
```
"""


@pytest.fixture(scope="module")
def hosts() -> Iterator[FarHosts]:
    """One machine with fifty names; each name is in the environment there."""
    folder = Path(tempfile.mkdtemp(prefix="far-", dir="/var/tmp"))
    with open_hosts(folder / "hosts", "web1", settings="AcceptEnv FAR_NAME") as opened:
        known = opened.config.read_text()
        block = known.replace("Host web1", "Host {name}") + "    SetEnv FAR_NAME={name}\n\n"
        opened.config.write_text(known + "".join(block.format(name=name) for name in NAMES))
        yield opened
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _empty_host(hosts: FarHosts) -> None:
    for path in hosts["web1"].tmp.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def read_names(hosts: FarHosts, name: str) -> list[str]:
    """Return the hosts that have written to a file."""
    path = hosts["web1"].tmp / name
    return path.read_text().split() if path.exists() else []


def mark_bad(hosts: FarHosts, *names: str) -> None:
    """Make step 2 fail on these hosts."""
    for name in names:
        (hosts["web1"].tmp / f"bad-{name}").touch()


def read_fleet(program: Program) -> list[dict[str, object]]:
    """Return the events of the journal of the only fleet."""
    (path,) = (program.runs.parent / "fleets").glob("*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_fifty_hosts_with_limits(program: Program, hosts: FarHosts) -> None:
    """Each host has one effect and one journal, and never more run at once than are allowed."""
    program.write("page.md", PAGE)
    program.write("hosts", "\n".join(["# all", *NAMES]))
    process = program.start(
        "fleet", "page.md", "--on", "@hosts", "--at-once", "8", "--yes", env=hosts.environment
    )
    assert process.wait(280) == 0
    assert sorted(read_names(hosts, "begun")) == sorted(read_names(hosts, "ended")) == NAMES
    events = read_fleet(program)
    began = [{"host_began": 1, "host_ended": -1}.get(str(event["event"]), 0) for event in events]
    assert max(accumulate(began)) == 8
    assert [event["event"] for event in events[:2]] == ["fleet_started", "host_began"]
    assert events[2]["event"] == "host_ended", "the first host runs alone"
    assert events[-1]["outcomes"] == {"succeeded": 50}
    fleet = events[0]["fleet"]
    runs = {path.name.split("-", 3)[-1].removesuffix(".jsonl") for path in program.runs.glob("*.jsonl")}
    assert runs == {f"{fleet}.{name}" for name in NAMES}


def test_a_failing_canary_stops_everything(program: Program, hosts: FarHosts) -> None:
    """If the first host fails, nothing is begun on the others."""
    mark_bad(hosts, "h01")
    program.write("page.md", PAGE)
    ran = program.run("fleet", "page.md", "--on", ",".join(NAMES[:6]), "--yes", env=hosts.environment)
    assert ran.status == 1, ran.output
    assert read_names(hosts, "begun") == ["h01"]
    assert "1 failed, 5 not begun" in ran.stdout


def test_too_many_failures_stop_the_rest(program: Program, hosts: FarHosts) -> None:
    """What runs is let finish; hosts that ended in the same way share a line."""
    mark_bad(hosts, *NAMES[1:6])
    program.write("page.md", PAGE)
    ran = program.run(
        *("fleet", "page.md", "--on", ",".join(NAMES[:20]), "--at-once", "2", "--stop-after", "2", "--yes"),
        env=hosts.environment,
    )
    assert ran.status == 1, ran.output
    begun = read_names(hosts, "begun")
    assert 4 <= len(begun) <= 5
    assert len(begun) == len(set(begun))
    assert read_names(hosts, "ended") == ["h01"]
    assert "✓ ✓ ✓  succeeded" in ran.stdout
    assert "✓ ✗ –  failed" in ran.stdout


def test_a_fleet_is_resumed_with_what_is_left(program: Program, hosts: FarHosts) -> None:
    """What has succeeded is not begun again, and a failed host continues where it stopped."""
    mark_bad(hosts, "h03")
    program.write("page.md", PAGE)
    ran = program.run("fleet", "page.md", "--on", "h01,h02,h03,h04", "--yes", env=hosts.environment)
    assert ran.status == 1, ran.output
    (hosts["web1"].tmp / "bad-h03").unlink()
    fleet = str(read_fleet(program)[0]["fleet"])
    again = program.run("fleet", "--resume", fleet[:5], "--yes", env=hosts.environment)
    assert again.status == 0, again.output
    assert sorted(read_names(hosts, "begun")) == ["h01", "h02", "h03", "h04"]
    assert sorted(read_names(hosts, "ended")) == ["h01", "h02", "h03", "h04"]
    assert program.run("fleet", "--resume", fleet, "--yes", env=hosts.environment).status == 0


def test_a_killed_fleet_is_resumed_and_nothing_runs_twice(program: Program, hosts: FarHosts) -> None:
    """After kill -9 in the middle, each host has its effects once in the end."""
    program.write("page.md", PAGE)
    names = NAMES[:16]
    process = program.start(
        *("fleet", "page.md", "--on", ",".join(names), "--at-once", "4", "--yes"), env=hosts.environment
    )
    until = time.monotonic() + 60
    while len(read_names(hosts, "ended")) < 5:
        assert time.monotonic() < until
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    fleet = str(read_fleet(program)[0]["fleet"])
    again = program.run("fleet", "--resume", fleet, "--yes", env=hosts.environment)
    while "is in progress" in again.stderr:  # its runs are still ending
        assert time.monotonic() < until + 60, again.output
        again = program.run("fleet", "--resume", fleet, "--yes", env=hosts.environment)
    ended = read_names(hosts, "ended")
    assert len(ended) == len(set(ended)), "an effect was doubled"
    assert len(read_names(hosts, "begun")) == len(set(read_names(hosts, "begun")))
    assert again.status in (0, 1, 3), again.output
    for _ in range(3):
        if again.status == 0:
            break
        again = program.run("fleet", "--resume", fleet, "--yes", env=hosts.environment)
    assert again.status == 0, again.output
    assert sorted(read_names(hosts, "ended")) == names


def test_an_unreachable_host_is_one_failure(program: Program, hosts: FarHosts) -> None:
    """Its reason is what ssh says; the others run."""
    program.write("page.md", PAGE)
    ran = program.run("fleet", "page.md", "--on", "h01,nowhere,h02", "--yes", env=hosts.environment)
    assert ran.status == 1, ran.output
    assert "Could not resolve hostname nowhere" in " ".join(ran.stdout.split())
    assert sorted(read_names(hosts, "ended")) == ["h01", "h02"]


def test_a_question_makes_the_fleet_wait(program: Program, hosts: FarHosts) -> None:
    """A page that asks for a confirmation waits on its first host; the exit status is 3."""
    program.write("page.md", PAGE.replace("### 2", '<!-- runbook: confirm="Really?" -->\n### 2'))
    ran = program.run("fleet", "page.md", "--on", "h01,h02", "--yes", env=hosts.environment)
    assert ran.status == 3, ran.output
    assert "Really?" in ran.stdout
    fine = program.run(
        "fleet", "page.md", "--on", "h03,h04", "--confirmed", "2", "--yes", env=hosts.environment
    )
    assert fine.status == 0, fine.output


def test_events_have_their_host(program: Program, hosts: FarHosts) -> None:
    """With `--json` the events of all hosts are one stream."""
    program.write("page.md", PAGE)
    ran = program.run("fleet", "page.md", "--on", "h01,h02", "--yes", "--json", env=hosts.environment)
    assert ran.status == 0, ran.output
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    ends = [(event["host"], event["outcome"]) for event in events if event["event"] == "run_ended"]
    assert sorted(ends) == [("h01", "succeeded"), ("h02", "succeeded")]
    assert all(event["host"] for event in events if not event["event"].startswith("fleet_"))


def test_an_inventory_of_ansible_gives_the_hosts(program: Program, hosts: FarHosts) -> None:
    """Its patterns and variables mean what they mean to Ansible."""
    program.write("page.md", PAGE)
    program.write("hosts.ini", "[web]\nh01\nh02\nalias ansible_host=h03\n[canary]\nh02\n")
    ran = program.run(
        *("fleet", "page.md", "--on", "web:!canary", "--inventory", "hosts.ini", "--yes"),
        env={"PATH": f"{hosts.environment['PATH']}:{BESIDE_PYTHON}"},
    )
    assert ran.status == 0, ran.output
    assert sorted(read_names(hosts, "ended")) == ["h01", "h03"]
    assert "alias" in ran.stdout


EACH_PAGE = """\
# Resize

## Steps

```bash
echo $FAR_NAME <size> <zone> >> /tmp/sizes; test ! -e /tmp/bad-$FAR_NAME
echo <api-token> | wc -c >> /tmp/lengths
```
"""


def test_each_host_has_values_of_its_own(program: Program, hosts: FarHosts) -> None:
    """A file gives them by host; a resumed fleet reads it again, and knows the other values."""
    mark_bad(hosts, "h02")
    program.write("page.md", EACH_PAGE)
    program.write(
        "sizes.csv", 'host,size,API_TOKEN\nh01,"a, b",s3cr3t\nh03,three,s3cr3t-three\nh02,two,s3cr3t\n'
    )
    options = ("--on", "h01,h02,h03", "--stop-after", "0", "--at-once", "1", "--yes")
    ran = program.run(
        *("fleet", "page.md", "--set-each", "sizes.csv", "--set", "zone=z", *options), env=hosts.environment
    )
    assert ran.status == 1, ran.output
    assert read_names(hosts, "sizes") == ["h01", "a,", "b", "z", "h02", "two", "z"]
    (hosts["web1"].tmp / "bad-h02").unlink()
    fleet = str(read_fleet(program)[0]["fleet"])
    again = program.run("fleet", "--resume", fleet, "--yes", env=hosts.environment)
    assert again.status == 0, again.output
    assert read_names(hosts, "sizes")[7:] == ["h03", "three", "z"]
    assert read_names(hosts, "lengths") == ["7", "7", "13"]
    (program.work / "sizes.csv").unlink()
    assert b"s3cr3t" not in program.read_all_files()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("host,size\nh01,1\n", "expected a row for each host, found none for `h02`"),
        ("name,size\n", "sizes.csv:1: expected the titles `host` and names of values"),
        ("host,size\nh01,1,2\n", "sizes.csv:2: expected 2 cells as in the first line, got 3"),
        ("host,size\nh01,1\nh01,2\n", "sizes.csv:3: `h01` has a row already"),
        ("host,colour\nh01,1\nh02,2\n", "the values of `h01` in `sizes.csv`"),
        ("host,zone\nh01,1\nh02,2\n", "`zone` has a value of `--set` already"),
        ('host,size\nh01,"1\n', "sizes.csv:2: unexpected end of data"),
    ],
)
def test_a_wrong_file_of_values_is_refused(program: Program, text: str, message: str) -> None:
    """Nothing runs on any host."""
    program.write("page.md", EACH_PAGE)
    program.write("sizes.csv", text)
    ran = program.run(
        *("fleet", "page.md", "--on", "h01,h02", "--set-each", "sizes.csv", "--set", "zone=z", "--yes")
    )
    assert ran.status == 2, ran.output
    assert message in " ".join(ran.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["page.md"], "expected `FILE --on PATTERN`, or `--resume FLEET`"),
        (["page.md", "--on", ","], "expected at least one host, found none"),
        (["page.md", "--on", "@nothing"], "cannot read `nothing`"),
        (["page.md", "--on", "a b"], "expected the name of a host"),
        (["--resume", "abc"], "expected the beginning of one fleet's id"),
        (["page.md", "--on", "h01", "--inventory", "none.ini"], "found no host for `h01` in `none.ini`"),
    ],
)
def test_a_wrong_fleet_is_refused(program: Program, arguments: list[str], message: str) -> None:
    """Nothing runs, and the message says what is expected."""
    program.write("page.md", PAGE)
    path = f"{os.environ['PATH']}:{BESIDE_PYTHON}"
    ran = program.run("fleet", *arguments, "--yes", env={"PATH": path})
    assert ran.status == 2, ran.output
    assert message in ran.stderr


def test_an_interrupt_ends_every_host(program: Program, hosts: FarHosts) -> None:
    """SIGINT begins nothing more, and the statements end."""
    program.write("page.md", PAGE.replace("sleep 0.2", "sleep 600"))
    process = program.start(
        *("fleet", "page.md", "--on", "h01,h02,h03,h04", "--first", "0", "--at-once", "2", "--yes"),
        env=hosts.environment,
    )
    until = time.monotonic() + 60
    while len(read_names(hosts, "begun")) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert len(read_names(hosts, "begun")) == 2
    assert not [each for each in hosts["web1"].list_processes() if "sleep 600" in each]


def test_the_configuration_of_a_folder_runs_nothing(program: Program) -> None:
    """The inventory is read before the page is trusted, without the `ansible.cfg` of the folder."""
    evil = program.write("evil.sh", f"#!/bin/sh\ntouch {program.work}/ran\necho x\n")
    evil.chmod(0o755)
    program.write("ansible.cfg", "[defaults]\nvault_password_file = ./evil.sh\n")
    program.write("inventory", "[web]\na ansible_host=127.0.0.1\n")
    program.write("page.md", PAGE)
    env = {"PATH": f"{BESIDE_PYTHON}:{os.environ['PATH']}", "RUNBOOK_EXEC_TRUSTED": None}
    ran = program.run(
        "fleet", "page.md", "--on", "web", "--inventory", "inventory", "--yes", "--no-input", env=env
    )
    assert "not trusted" in ran.output
    assert not (program.work / "ran").exists()
