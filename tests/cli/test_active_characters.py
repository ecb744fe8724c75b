"""Characters that act on a terminal or hide text, planted in every field: none arrives in a terminal."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

from runbook_exec.journal.hash_chain import first_hash, hash_line, seal_line
from tests.support.planted import ACTIVE, PLANT, RAW, broken_page, planted_page
from tests.support.program import COMMAND, Program, ProgramResult, prepare_program
from tests.support.screen import ENTER, open_screen

NAME = "p\x1b[8mq\u202er\u200b.md"  # also the name of a page
FORMATS = ("text", "json", "github", "sarif", "junit")
PLANTED = {"PLANTED": PLANT}


@pytest.fixture(scope="module")
def program_with_plants(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program in a folder with an active name, with planted pages and an unfinished run of one."""
    folder = tmp_path_factory.mktemp("planted") / "f\x1b]0;PWN\x07\u202e\x9b31m"
    folder.mkdir()
    program = prepare_program(folder)
    program.write(NAME, planted_page())
    program.write("plain.md", planted_page(in_code=False))
    program.write("broken.md", broken_page())
    program.write("plain.rehearsal.md", f"# T {PLANT}\n\n```console\n$ foo {PLANT}\nout {PLANT}\n```\n")
    done = program.run("plain.md", "--yes", "--trust", "--confirmed", "1", env=PLANTED)
    assert done.status == 1, done.output  # `false` has failed
    assert find_raw(done) == []
    return program


def find_raw(done: ProgramResult) -> list[str]:
    """Return the active characters in the output, each with the text before it."""
    return [
        text[max(0, m.start() - 40) : m.end()]
        for text in (done.stdout, done.stderr)
        for m in RAW.finditer(text)
    ]


LOOKING: Sequence[Sequence[str]] = [
    *(
        [*command, page]
        for page in (NAME, "plain.md", "broken.md")
        for command in (
            ("show",), ("show", "--json"), ("--dry-run",), ("--no-input",), ("--json",), ("trust",),
            ("due",), ("due", "--json"), ("lint", "--no-cache", "--select", "ALL"),
        )
    ),
    *(("lint", "--no-cache", "--select", "ALL", "--format", each, "broken.md") for each in FORMATS),
    *(("rehearse", "--format", each, "plain.rehearsal.md") for each in FORMATS),
    ("runs",), ("runs", "--json"), ("runs", "show"), ("runs", "show", "--json"), ("runs", "verify"),
    *(("runs", "report", "--format", each) for each in ("md", "html", "json", "junit")),
    ("runs", "prune", "--keep", "0", "--unfinished", "--dry-run"), ("runs", "export", NAME, "plain.md"),
    ("resume", "--no-input"), ("resume", PLANT), ("show", PLANT), ("lint", PLANT), (f"plain.md#{PLANT}",),
    ("--set", PLANT, "plain.md"), ("--set", f"{PLANT}={PLANT}", "plain.md"), ("--only", PLANT, "plain.md"),
    ("--choose", PLANT, "plain.md"), ("--shell", PLANT, "plain.md"), ("--capture", PLANT, "plain.md"),
    (f"--{PLANT}",), ("lint", "--select", PLANT), ("lint", "--explain", PLANT), ("runs", "show", PLANT),
]  # fmt: skip


@pytest.mark.parametrize(
    "command", LOOKING, ids=lambda command: re.sub(r"[^\w. -]+", "_", " ".join(command))[:60]
)
def test_no_command_prints_an_active_character(program_with_plants: Program, command: Sequence[str]) -> None:
    """Every field of a page, a run, a name and an argument is printed with such characters written out."""
    done = program_with_plants.run(*command, env=PLANTED)
    assert find_raw(done) == []
    assert "has a bug" not in done.output
    assert "Traceback" not in done.output
    if "json" in command or "--json" in command or "sarif" in command:
        for line in [done.stdout] if command[0] not in ("--json",) else done.stdout.splitlines():
            assert not line or json.loads(line) is not None
    if "junit" in command:
        ET.fromstring(done.stdout)  # noqa: S314 - our own output


def test_json_keeps_the_characters_as_escapes(program_with_plants: Program) -> None:
    """A program that reads the JSON gets the title as it is on the page."""
    title = json.loads(program_with_plants.run("show", "--json", "plain.md").stdout)["title"]
    assert all(each in title for each in ACTIVE)


def test_a_foreign_journal_prints_no_active_character(program_with_plants: Program) -> None:
    """Each text of each event is changed, and the chain of hashes is made anew."""
    own = min(program_with_plants.runs.glob("*.jsonl"))
    foreign = program_with_plants.work / "foreign\x1b[8m\u202e.jsonl"
    foreign.write_text(change_texts(own), encoding="utf-8")
    for command in (
        ("runs", "show"), ("runs", "show", "--json"), ("runs", "report"), ("runs", "verify"), ("resume",),
        ("runs", "report", "--format", "html"), ("runs", "report", "--format", "junit"),
    ):  # fmt: skip
        done = program_with_plants.run(*command, str(foreign))
        assert find_raw(done) == [], command
        assert "has a bug" not in done.output, done.output
    broken = program_with_plants.work / "damaged.jsonl"
    broken.write_bytes(foreign.read_bytes().replace(b'"previous":"', b'"previous":"0' + PLANT.encode()))
    for command in (("runs", "show"), ("runs", "verify"), ("resume",), ("runs", "report")):
        assert find_raw(program_with_plants.run(*command, str(broken))) == [], command


def change_texts(journal: Path) -> str:
    """Return the lines of a journal with the characters in each text that is not a time, hash or number."""
    lines: list[str] = []
    previous = ""
    for raw in journal.read_text(encoding="utf-8").splitlines():
        data = json.loads(raw)
        data.pop("seal", None)
        fixed = ("event", "run", "time", "digest", "outcome", "text", "folder", "path", "anchor", "shell")
        changed = {
            key: f"{value}{PLANT}" if isinstance(value, str) and key not in fixed else value
            for key, value in data.items()
        }
        changed["previous"] = previous or first_hash(data["run"], lines_version(data))
        line = json.dumps(changed, separators=(",", ":"), ensure_ascii=False)
        previous = hash_line(line.encode())
        lines.append(seal_line(line) if data["event"] == "run_ended" else line)
    return "\n".join(lines) + "\n"


def lines_version(data: dict[str, object]) -> int:
    """Return the version of the journal that begins with this event."""
    version = data["journal"]
    assert isinstance(version, int)
    return version


def test_a_guided_run_shows_no_active_character(program: Program) -> None:
    """Title, introduction, statements, questions, menus, failures and the summary are written out."""
    program.write(NAME, planted_page(in_code=False))
    command = [*COMMAND, NAME]
    with open_screen(command, program.work, program.environment(PLANTED), 100, 50) as shown:
        shown.wait("enter begin", "q quit")
        shown.type(ENTER)
        shown.wait("really a\\x1b[8m", "1 of 3 ›")
        shown.type("y")
        shown.wait("enter continue", "q quit")
        shown.type(ENTER)
        shown.wait("▌  false", "2 of 3 ›")
        shown.type(ENTER)
        shown.wait("r retry", "2 of 3 ›")
        shown.type("s")
        shown.wait("▌  true ", "enter run", "2 of 3 ›")
        shown.type(ENTER)
        shown.wait("d done")
        shown.type("d")
        assert shown.wait_status() == 1
        raw = shown.raw.decode("utf-8", "replace")
    assert not [each for each in ACTIVE if each in raw and each not in OWN]


OWN = ("\x1b[31m",)  # a style that failures have; on a page it is written out, as the others are


@pytest.mark.parametrize(
    "text",
    [
        "👩‍💻 👨‍👩‍👧‍👦 🏴‍☠️ ❤️ 1️⃣ 🇩🇪 👍🏽",
        "مرحبا بالعالم",
        "שָׁלוֹם עוֹלָם",
        "می‌خواهم",
        "क्ष श्रीमान्",
        "é ñ ü ą̊",
        "日本語 한국어 ไทย",
    ],
)
def test_text_of_all_languages_stays_readable(program: Program, text: str) -> None:
    """Joined emoji, combining marks and text from right to left are printed as they are."""
    program.write("page.md", f"# {text}\n\n## Steps {text}\n\n```bash\ntrue # {text}\n```\n")
    done = program.run("show", "page.md")
    assert f"{text}  (page.md)" in done.stdout
    assert f"Steps {text}" in done.stdout
