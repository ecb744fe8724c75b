"""The cast: the output of a run as an asciicast beside its journal, and its replay."""

from __future__ import annotations

import json
import re
import resource
import shlex
import signal
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_exec.engine.events import Event, Output, RunStarted, StatementFinished, StatementStarted
from runbook_exec.journal.asciicast import AsciicastWriter, Frame, Frames, read_asciicast
from runbook_exec.runs.replay import play_frames
from runbook_exec.text.sizes import format_size, parse_size
from tests.support.program import COMMAND, Program, fish_page
from tests.support.screen import ENTER, INTERRUPT, open_screen

AT: dict[str, Any] = {"step": 1, "block": 1, "statement": 1, "line": 3}
BEGAN = datetime(2026, 11, 24, 10, tzinfo=UTC)


def _at(seconds: float) -> dict[str, Any]:
    return {"run": "7f3a1c2d", "seq": 1, "time": (BEGAN + timedelta(seconds=seconds)).isoformat()}


def _started(seconds: float = 0) -> Event:
    facts: dict[str, Any] = {
        "path": "page.md",
        "digest": "",
        "procedure": "",
        "anchor": "",
        "shell": "fish",
        "place": "",
    }
    return RunStarted(**_at(seconds), **facts)


def _statement(text: str, *outputs: str, seconds: float = 1) -> list[Event]:
    """Return the events of a statement that prints something each second."""
    events: list[Event] = [StatementStarted(**_at(seconds), **AT, text=text)]
    events += [Output(**_at(seconds + n), **AT, text=each) for n, each in enumerate(outputs, 1)]
    ended = _at(seconds + len(outputs))
    return [*events, StatementFinished(**ended, **AT, status=0, pipestatus=(0,), duration=1.0, cwd="/")]


def _written(path: Path, events: list[Event], keep: int = 10**6) -> list[Frame]:
    cast = AsciicastWriter(path, (24, 80), keep)
    assert [cast.add(event) for event in events] == [""] * len(events)
    cast.close()
    return list(read_asciicast(path)[1])


def _shown(frames: list[Frame]) -> str:
    return "".join(frame.text for frame in frames if frame.kind == "o")


def _cast(program: Program) -> Path:
    return program.journal_path().with_suffix(".cast")


# what is in a cast ---------------------------------------------------------------------------------------


def test_a_run_writes_a_cast(program: Program) -> None:
    """It is asciicast version 2, private to its owner, with each statement and its output."""
    program.run_page(fish_page("echo one; sleep 0.3", "printf 'two\\nthree'; false"), "--yes")
    path = _cast(program)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    header, *lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert (header["version"], header["width"], header["height"]) == (2, 80, 24)
    assert abs(header["timestamp"] - path.stat().st_mtime) < 60
    assert all(isinstance(time, float) and kind in "om" and text for time, kind, text in lines)
    times = [time for time, _, _ in lines]
    assert times == sorted(times)
    assert [text for _, kind, text in lines if kind == "m"][:2] == ["1.1 echo one", "1.2 sleep 0.3"]
    shown = re.sub(r"\x1b\[\d*m", "", "".join(text for _, kind, text in lines if kind == "o"))
    assert shown == (
        "$ echo one\r\none\r\n$ sleep 0.3\r\n$ printf 'two\\nthree'\r\ntwo\r\nthree\r\n"
        "$ false\r\n✗ exited 1\r\nfailed exited 1\r\n"
    )


def test_frames_have_the_times_of_events(tmp_path: Path) -> None:
    """Times never decrease, even if the clock is set back."""
    events = [_started(), *_statement("a", "one\n", "two\n"), *_statement("b", "three\n", seconds=1.5)]
    frames = _written(tmp_path / "a.cast", events)
    assert [frame.time for frame in frames] == [1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0]


@given(st.lists(st.binary(max_size=12), max_size=6))
@settings(max_examples=60)
def test_any_output_is_stored_as_text(pieces: list[bytes]) -> None:
    """Output that is cut anywhere is stored as UTF-8, with the line ends that a terminal needs."""
    frames = Frames()
    shown = ""
    for event in _statement("a", *(piece.decode("utf-8", "surrogateescape") for piece in pieces)):
        shown += "".join(frame.text for frame in frames.frames_for(event) if frame.kind == "o")
    expected = re.sub(r"(?<!\r)\n", "\r\n", b"".join(pieces).decode("utf-8", "replace"))
    assert shown.removeprefix("\x1b[1m$ a\x1b[0m\r\n") == expected
    shown.encode()


def test_a_resumed_run_continues_its_cast(tmp_path: Path) -> None:
    """The same file continues a moment later, and a torn line at its end is removed."""
    path = tmp_path / "a.cast"
    _written(path, [_started(), *_statement("a", "one\n")])
    with path.open("ab") as file:
        file.write(b'[3.0, "o", "to')
    frames = _written(path, [_started(9000), *_statement("b", "two\n", seconds=9002)])
    shown = "\x1b[1m$ a\x1b[0m\r\none\r\n\x1b[1m$ b\x1b[0m\r\ntwo\r\n"
    assert _shown(frames) == shown
    assert [frame.time for frame in frames if frame.kind == "o"] == [1.0, 2.0, 5.0, 6.0]


# how much ------------------------------------------------------------------------------------------------


def test_long_output_keeps_its_beginning_and_its_end(program: Program) -> None:
    """The file stays within its limit; the file and `runs show` have a note about the rest."""
    program.run_page(fish_page("seq 300000", "echo after"), "--yes", "--keep-output", "100kB")
    path = _cast(program)
    assert 40_000 < path.stat().st_size <= 100_000
    frames = list(read_asciicast(path)[1])
    shown = _shown(frames)
    assert shown.startswith("\x1b[1m$ seq 300000\x1b[0m\r\n1\r\n2\r\n3\r\n")
    assert "\r\n299999\r\n300000\r\n\x1b[1m$ echo after\x1b[0m\r\nafter\r\n" in shown
    beginning, word, _ = re.split(r"\[… (.*) not kept in the cast …\]", shown)
    (marked,) = [frame.text for frame in frames if frame.text.startswith("not kept: ")]
    left_out = int(marked.removeprefix("not kept: ").removesuffix(" bytes of step 1"))
    assert word == format_size(left_out)
    kept = len(shown.replace("\r\n", "\n")) - len("\n\x1b[0m[… not kept in the cast …]\n") - len(word) - 1
    ours = "\x1b[1m$ seq 300000\x1b[0m\n\x1b[1m$ echo after\x1b[0m\nafter\n\x1b[1msucceeded\x1b[0m\n"
    assert kept - len(ours) + left_out == len("".join(f"{n}\n" for n in range(1, 300_001)))
    assert beginning
    assert f"not kept: {left_out} bytes of step 1" in program.run("runs", "show").stdout


@pytest.mark.parametrize("keep", [200, 1000, 5000, 60_000])
@pytest.mark.parametrize("text", ["x" * 40_000, "\x1b[31mé\x1b[0m" * 4000, "\n" * 30_000])
def test_a_cast_stays_within_its_limit(keep: int, text: str, tmp_path: Path) -> None:
    """The file is never larger than the option, for any number of statements and any output."""
    path = tmp_path / "a.cast"
    events = [_started(), *(event for _ in range(20) for event in _statement("a", text[:9], text, text[:90]))]
    frames = _written(path, events, keep)
    assert path.stat().st_size <= max(keep, 400)
    assert any(frame.text.startswith("not kept: ") for frame in frames)


def test_keep_output_0_writes_no_cast(program: Program) -> None:
    """The run is then replayed from its journal."""
    program.run_page(fish_page("echo one"), "--yes", "--keep-output", "0")
    assert not _cast(program).exists()
    ran = program.run("runs", "replay", "--speed", "100")
    assert (ran.status, "$ echo one" in ran.stdout, "one\r\n" in ran.stdout) == (0, True, True)


@pytest.mark.parametrize(
    ("written", "size"), [("0", 0), ("10MB", 10**7), ("64k", 64_000), ("1.5 GB", 15 * 10**8), ("2KiB", 2048)]
)
def test_sizes_are_parsed(written: str, size: int) -> None:
    """A size is a number and a unit."""
    assert parse_size(written) == size


@pytest.mark.parametrize("written", ["", "much", "-1", "1e9", "10 parsecs"])
def test_other_sizes_are_refused(written: str, program: Program) -> None:
    """Anything else is refused before anything runs."""
    ran = program.run_page(fish_page("touch made"), "--yes", f"--keep-output={written}")
    assert (ran.status, "expected a size such as `10MB`" in ran.stderr) == (2, True)
    assert not (program.work / "made").exists()


# where it cannot be written ------------------------------------------------------------------------------


def test_a_full_disk_does_not_stop_a_run(program: Program) -> None:
    """The cast ends with one message, the run continues, and the journal is complete."""
    program.write("page.md", fish_page("head -c 3000000 /dev/zero | tr '\\\\0' x", "touch made"))

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    done = subprocess.run(
        [*COMMAND, "page.md", "--yes"],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=small,
        start_new_session=True,
    )
    assert (done.returncode, (program.work / "made").exists()) == (0, True)
    said = f"cannot write the cast `{_cast(program)}`: file too large; the run continues without it"
    assert done.stdout.count(said) == 1
    assert program.run("runs", "verify").status == 0
    assert "xxx" in _shown(list(read_asciicast(_cast(program))[1]))
    assert program.run("runs", "replay", "--speed", "1000").status == 0


def test_only_a_regular_file_is_written_as_a_cast(tmp_path: Path) -> None:
    """A link, a folder or another file at the path of the cast is not changed."""
    outside = tmp_path / "outside"
    outside.write_text("mine\n")
    (tmp_path / "link.cast").symlink_to(outside)
    (tmp_path / "folder.cast").mkdir()
    (tmp_path / "file.cast").write_text("mine\n")
    for name in ("link", "folder", "file"):
        cast = AsciicastWriter(tmp_path / f"{name}.cast", (24, 80))
        assert "the run continues without it" in cast.add(_started())
        assert cast.add(_started()) == ""
        cast.close()
    assert outside.read_text() == (tmp_path / "file.cast").read_text() == "mine\n"


# replaying -----------------------------------------------------------------------------------------------


def _played(frames: list[Frame], **how: Any) -> tuple[bytes, list[float]]:
    shown: list[bytes] = []
    pauses: list[float] = []
    play_frames(iter(frames), shown.append, pauses.append, **how)
    return b"".join(shown), pauses


def test_a_replay_keeps_the_pauses() -> None:
    """Pauses are divided by the speed and limited by the option; markers take no time."""
    frames = [Frame(0.5, "o", "a"), Frame(60.5, "m", "here"), Frame(60.5, "o", "b"), Frame(61.5, "o", "c")]
    assert _played(frames)[1] == [0.5, 60.0, 1.0]
    assert _played(frames, speed=2.0)[1] == [0.25, 30.0, 0.5]
    assert _played(frames, idle_limit=2.0)[1] == [0.5, 2.0, 1.0]
    assert _played(frames)[0].startswith(b"abc")


def test_a_replay_restores_the_terminal() -> None:
    """Colours, a hidden cursor and the alternate screen are reset, also after an interrupt."""
    frames = [Frame(0.0, "o", "\x1b[?1049h\x1b[?25l\x1b[31mred"), Frame(9.0, "o", "never")]

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    shown: list[bytes] = []
    with pytest.raises(KeyboardInterrupt):
        play_frames(iter(frames), shown.append, interrupted)
    end = b"".join(shown).split(b"red")[1]
    assert b"never" not in end
    assert all(code in end for code in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[0m"))


def test_a_run_is_replayed(program: Program) -> None:
    """The terminal shows the same bytes again, with pauses as short as the option says."""
    program.run_page(fish_page("printf '\\e[32mgreen\\e[m\\n'; sleep 0.4; echo later"), "--yes")
    ran = program.run("runs", "replay", "--idle-limit", "0.1")
    assert (ran.status, ran.stderr) == (0, "")
    assert "\x1b[32mgreen\x1b[m\r\n" in ran.stdout
    assert "later\r\n" in ran.stdout
    assert program.run("runs", "replay", "--speed", "0").status == 2


def test_a_replay_in_a_narrow_terminal_can_be_interrupted(program: Program) -> None:
    """A warning names the widths; ^C ends the replay, and the terminal has no typed keys left."""
    page = fish_page("printf '\\e[?25l\\e[6n\\e[31mred\\n'", "string repeat -n 70 x", "sleep 30; echo never")
    program.write("page.md", page.replace("sleep 30", "command sleep 1"))
    assert program.run("page.md", "--yes").status == 0
    replay = shlex.join([*COMMAND, "runs", "replay", "--speed", "0.1"])
    script = f"before=$(stty -g); {replay}; echo status $?; [ $before = $(stty -g) ] && echo same; cat"
    with open_screen(["bash", "-c", script], program.work, program.environment(), columns=50) as shown:
        text = shown.wait("recorded with 80 columns; this terminal has 50", "red", "x" * 50 + "\n" + "x" * 20)
        assert "never" not in text
        shown.type("typed", INTERRUPT)
        text = shown.wait("status 130", "same")
        assert "typed" not in text
        assert "[0;0R" not in text
        assert shown.modes[b"25"]
        shown.type("after", ENTER)
        shown.wait_until(lambda text: text.count("after") == 2, "what is typed, and once more by cat")


def test_a_damaged_cast_is_refused(program: Program) -> None:
    """The message names the line; reports are made without the cast."""
    program.run_page(fish_page("echo one"), "--yes")
    lines = _cast(program).read_bytes().splitlines(keepends=True)
    _cast(program).write_bytes(b"".join([*lines[:2], b"what?\n", *lines[3:]]))
    ran = program.run("runs", "replay", "--speed", "100")
    assert (ran.status, f"{_cast(program)}:3: expected a line of an asciicast" in ran.stderr) == (2, True)
    assert program.run("runs", "report", "--format", "html").status == 0
