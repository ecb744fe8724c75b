"""`runbook-exec runs report`: the record of a run as Markdown, HTML, JUnit and JSON.

The reports of the journals in tests/data/documents/journals are beside them. `python -m
tests.runs.reports.test_reports` writes them again, for review: the Markdown, and an outline of the HTML.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from runbook_exec.journal.asciicast import read_asciicast
from tests.support.paths import DATA
from tests.support.program import COMMAND, Program, fish_page, prepare_program
from tests.support.screen import ENTER, Screen, open_screen

JOURNALS = DATA / "documents" / "journals"
KEPT = [JOURNALS / f"{name}.jsonl" for name in ("version-1-failed", "version-2-failed", "version-2-waiting")]
FORMATS = ("md", "html", "json", "junit")
_VOID = frozenset(("meta", "br", "hr", "input", "rect", "img", "link"))
_SHOWN = ("class", "id", "type", "open", "role", "aria-label", "viewbox", "title")


class Outline(HTMLParser):
    """The elements of a page, each on a line with its attributes and text.

    Scripts and styles have no text.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.policy = ""
        self.scripts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        told = "".join(f" {name}={given[name]!r}" for name in _SHOWN if name in given)
        self._line(f"<{tag}{told}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["script"]:
            self.scripts.append(data)
        elif self._open[-1:] != ["style"] and data.strip():
            self._line("\n".join(line for line in data.strip().split("\n") if line.strip()))

    def _line(self, text: str) -> None:
        self.lines += [f"{'  ' * len(self._open)}{line}" for line in text.split("\n")]


def _written(path: Path, folder: Path) -> Iterator[tuple[Path, str]]:
    """Return the reports of a stored journal, and their paths."""
    program = prepare_program(folder)
    text = program.run("runs", "report", str(path), "--format", "md").stdout
    yield path.with_suffix(".report.md"), text
    outline = Outline(program.run("runs", "report", str(path), "--format", "html").stdout)
    yield path.with_suffix(".html.txt"), "\n".join([*outline.lines, ""])


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_reports_of_stored_journals_do_not_change(path: Path, tmp_path: Path) -> None:
    """They are the same as when they were reviewed."""
    for kept, text in _written(path, tmp_path):
        assert text == kept.read_text(encoding="utf-8"), kept.name


# the runbook, filled in ----------------------------------------------------------------------------------

PAGE = """---
runbook:
  inputs:
    name: {default: world}
---

# Greet

Words of the page, with <em>markup</em>.

## Steps

1. Say it

   <!-- runbook: retry=1 -->
   ```fish
   # politely
   echo hello <name>
   ```

   And so on.

2. Wave

   With your own hand.

3. Count, twice

   ```bash
   echo not run
   ```

   ```fish
   echo one; echo two
   test -e second; or begin; touch second; false; end
   ```

## Afterwards

Rest.
"""


def _xml(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - it is ours


def _report(program: Program, kind: str = "md") -> str:
    ran = program.run("runs", "report", "--format", kind)
    assert (ran.status, ran.stderr) == (0, "")
    return ran.stdout


def test_a_report_is_the_page_with_results(program: Program) -> None:
    """The prose is unchanged; a block has its statements as they ran.

    Their results are below, indented.
    """
    ran = program.run_page(PAGE, "--yes", "--done", "2")
    assert ran.status == 1
    text = re.sub(r"\d+\.\d s · [\d: -]+ UTC|[\d-]+ [\d:]+ UTC", "WHEN", _report(program))
    page = text[text.index("Words of the page") :]
    assert "front matter" not in text
    assert page.startswith("Words of the page, with <em>markup</em>.\n\n## Steps\n\n1. Say it\n\n   <!--")
    assert "   ```fish\n   # politely\n   echo hello world\n   ```\n\n   ✓ WHEN\n\n   <details>" in page
    assert "   ```text\n   hello world\n   ```\n\n   </details>\n\n   And so on.\n" in page
    assert "   With your own hand.\n\n   ✓ done by hand: marked done with --done · WHEN\n" in page
    assert "   ```bash\n   echo not run\n   ```\n" in page
    assert "   ✓ `echo two` · WHEN\n" in page
    assert "   ✗ `test -e second; or begin; touch second; false; end` · exited 1 · WHEN\n" in page
    assert page.endswith(
        "<details><summary>The rest of the page</summary>\n\n## Afterwards\n\nRest.\n\n</details>\n"
    )


def test_a_report_has_the_commit_of_its_document(program: Program) -> None:
    """It also states whether the page had uncommitted changes."""
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]

    def commit() -> str:
        subprocess.run([*git, "commit", "-qam", "x"], cwd=program.work, check=True)
        named = subprocess.run([*git, "rev-parse", "HEAD"], cwd=program.work, check=True, capture_output=True)
        return named.stdout.decode().strip()

    subprocess.run([*git, "init", "-q", "."], cwd=program.work, check=True)
    page = program.write("page.md", fish_page("true"))
    program.run("page.md", "--yes")
    assert "| commit |" not in _report(program)
    subprocess.run([*git, "add", "page.md"], cwd=program.work, check=True)
    named = commit()
    program.run("page.md", "--yes")
    assert f"| commit | {named} |" in _report(program)
    assert f"| digest | {hashlib.sha256(page.read_bytes()).hexdigest()} |" in _report(program)
    page.write_text(fish_page("true", "true"))
    program.run("page.md", "--yes")
    assert f"| commit | {named}, the document had been changed since |" in _report(program)
    program.write("other.md", fish_page("true"))
    program.run("other.md", "--yes")
    assert "changed since" in _report(program)


def test_a_report_shows_the_page_that_ran(program: Program) -> None:
    """Later changes of the file do not matter."""
    program.run_page(fish_page("echo as it was"), "--yes")
    before = _report(program)
    (program.work / "page.md").unlink()
    assert _report(program) == before
    program.write("page.md", fish_page("echo something else"))
    assert _report(program) == before


def test_a_report_follows_an_edit_during_the_run(program: Program) -> None:
    """An attempt is shown where its text is now, and at the end if the text was removed."""
    program.write("page.md", fish_page("echo one", "echo two", "false"))
    vi = program.write("vi", "#!/bin/sh\nsed -i 's/^false$/echo three/; s/^echo one$/echo zero/' page.md\n")
    vi.chmod(0o755)
    with _guided(program, {"EDITOR": str(vi)}) as shown:
        for number in (1, 2, 3):
            shown.wait_last(f"{number} of 3 ›")
            shown.type(ENTER)
        shown.wait("r retry")
        shown.type("e")
        shown.wait("the page was edited", "This statement is new", "echo zero", "c count it as done")
        shown.wait_last("1 of 3 ›")
        shown.type("c")
        shown.wait("echo three")
        shown.wait_last("3 of 3 ›")
        shown.type(ENTER)
        assert shown.wait_status() == 0
    text = _report(program)
    page, strays = text.split("## Commands that ran but were later edited out of the page")
    assert "edited once since the run began" in page
    assert re.search(r"```fish\necho three\n```\n\n✓ ", page)
    assert "counted as done after an edit of the page" in page
    assert "✓ `echo one` · " in strays
    assert "`echo two`" not in strays
    assert [tag for tag, _ in Outline(_report(program, "html")).elements].count("h1") == 1


def _guided(program: Program, more: dict[str, str | None]) -> AbstractContextManager[Screen]:
    return open_screen([*COMMAND, "page.md"], program.work, program.environment(more))


# hostile output ------------------------------------------------------------------------------------------

HOSTILE = r"""
printf '<script>alert("out")</script>\n'
printf '\033[31mred\033[0m \033]0;title\007 \001\177 \200\377 </details>\n'
printf '`````\n```\n~~~\n| a | b |\n<!-- x -->\n'
printf '{{ 7 * 7 }} {%% raw %%} &amp; \342\200\256gnp\n'
string repeat -n 10000000 x
"""


def test_a_failure_stays_visible_after_a_resume(program: Program) -> None:
    """The report names it, though the step succeeded later; attempts are counted over both."""
    program.write(
        "page.md",
        "# P\n\n## Steps\n\n### 1. A\n\n```sh\ntest -e ready\n```\n\n### 2. B\n\n```sh\ntrue\n```\n",
    )
    assert program.run("page.md", "--yes").status == 1
    program.write("ready", "")
    assert program.run("resume", "--yes").status == 0
    outline = Outline(_report(program, "html"))
    notes = [given["class"] for tag, given in outline.elements if "note" in given.get("class", "").split()]
    assert notes == ["note failed"]
    assert "step 1, A: exited 1; later it succeeded" in "\n".join(outline.lines)
    marks = [
        given["title"]
        for _, given in outline.elements
        if given.get("class") == "mark failed" and "title" in given
    ]
    assert marks == ["failed once before", "failed once before", "failed"]
    ids = {given["id"] for _, given in outline.elements if "id" in given}
    links = [given["href"] for tag, given in outline.elements if tag == "a"]
    assert links == ["#step-1", "#step-2"]
    assert {link[1:] for link in links} <= ids
    page = _report(program)
    assert "✗ attempt 1 · exited 1" in page
    assert "✓ attempt 2" in page


def test_hostile_output_stays_text(program: Program) -> None:
    """Markup, escapes, fences, templates, invalid UTF-8 and a line of ten million characters."""
    page = (
        fish_page("true\n" + HOSTILE.strip())
        + '\n<script>alert("page")</script>\n\n![x](http://example.com/x.png)\n'
    )
    page += "[a](javascript:alert(1)) <img src=x onerror=alert(1)> [[<b>]]\n"
    assert program.run_page(page, "--yes").status == 0
    text = _report(program, "html")
    assert len(text) < 400_000
    outline = Outline(text)
    assert [tag for tag, _ in outline.elements].count("script") == 2
    assert '<script>alert("out")</script>' in "\n".join(outline.lines)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", text)
    assert "red" in text
    assert "{{ 7 * 7 }}" in text
    assert "characters are not shown here" in text
    for tag, given in outline.elements:
        assert not {name for name in given if name.startswith("on")}
        assert tag not in ("img", "iframe", "object", "link", "base", "form", "video")
        assert "src" not in given
        assert given.get("href", "https://").startswith(("https://", "#step-"))
    markdown = _report(program)
    assert len(markdown) < 200_000
    assert "\x1b" not in markdown
    fences = re.findall(r"^(`{6,})text\n(.*?)\n\1$", markdown, re.MULTILINE | re.DOTALL)
    assert any("`````\n```\n~~~\n| a | b |\n<!-- x -->" in inside for _, inside in fences)
    _xml(_report(program, "junit"))
    assert len(_report(program, "json")) < 400_000


def test_the_report_has_a_strict_policy(program: Program) -> None:
    """It fetches nothing, and runs only the script whose hash is in the policy."""
    program.run_page(fish_page("echo one"), "--yes")
    outline = Outline(_report(program, "html"))
    data, script = outline.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert outline.policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert json.loads(data)["frames"][1][1] == "one\r\n"


@pytest.mark.parametrize("kind", FORMATS)
def test_long_output_makes_no_large_report(kind: str, program: Program) -> None:
    """Each of many statements keeps the beginning and the end of its output."""
    program.run_page(fish_page(*(f"seq {n}00000 {n}99999" for n in range(1, 10)), "seq 400000"), "--yes")
    text = _report(program, kind)
    assert len(text) < 3_000_000
    assert all(f"{n}00000" in text for n in range(1, 10))


# JUnit ---------------------------------------------------------------------------------------------------


def test_junit_has_a_case_for_each_step(tmp_path: Path) -> None:
    """A step passed, failed, or was skipped because the run did not reach it.

    The counts are right.
    """
    path = JOURNALS / "version-2-failed.jsonl"
    root = _xml(prepare_program(tmp_path).run("runs", "report", str(path), "--format", "junit").stdout)
    (suite,) = root.findall("testsuite")
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "0", "skipped": "0"}
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == [
        "1 Mint a key",
        "2 Store it",
        "3 Tell the team",
        "4 Verify",
    ]
    failure = cases[3].find("failure")
    assert failure is not None
    assert failure.get("message") == "exited 1"
    assert "ready" in (cases[3].findtext("system-out") or "")
    path = JOURNALS / "version-2-killed.jsonl"
    root = _xml(prepare_program(tmp_path / "2").run("runs", "report", str(path), "--format", "junit").stdout)
    assert (root.get("errors"), root.get("skipped")) == ("0", "3")


# secrets -------------------------------------------------------------------------------------------------

SECRET = "hunter2/Ab+Cd'Ef\"0123456789"
PLANTED = r"""set -g t <api-token>
echo $t
printf %s (string sub -l 12 -- $t); sleep 0.2; string sub -s 13 -- $t
string repeat -n 70 x | tr -d '\n'; string sub -l 10 -- $t; string sub -s 11 -- $t
printf '%s\e[31m%s\e[0m\n' (string sub -l 9 -- $t) (string sub -s 10 -- $t)
printf %s $t | base64
string escape --style=url -- $t
printf '{"token": %s}\n' (printf %s $t | sed 's/"/\\\\"/; s/^/"/; s/$/"/')
string escape -- $t
string repeat -n 65530 y | tr -d '\n'; echo $t
ls $t
printf '\e]0;%s\a' $t
for c in (string split '' -- $t); printf %s $c; sleep 0.01; end; echo
set -gx API_TOKEN $t; env | grep API_TOKEN"""


def _planted_forms() -> Iterator[bytes]:
    yield SECRET.encode()
    yield base64.b64encode(SECRET.encode())
    yield b"hunter2%2FAb%2BCd%27Ef%220123456789"
    yield SECRET.replace('"', '\\"').encode()
    yield SECRET.replace("'", "\\'").encode()
    yield SECRET.replace('"', "&#34;").replace("'", "&#39;").encode()


def test_a_planted_secret_is_in_no_record(program: Program) -> None:
    """It is printed in every encoding, and is in no file of the run and in no report."""
    page = fish_page(PLANTED.replace("ls $t", "ls $t; or true"))
    ran = program.run_page(page, "--yes", "--set", f"api-token={SECRET}")
    assert ran.status == 0, ran.stdout
    _nowhere(program, "hunter2")


def test_a_typed_secret_is_in_no_record(program: Program) -> None:
    """It is typed at a question, or into a program that shows it."""
    program.write("page.md", fish_page("echo <api-token>", "begin; echo ready; cat; end"))
    with _guided(program, {}) as shown:
        shown.wait("type or paste a value")
        shown.type(SECRET, ENTER)
        shown.wait_last("1 of 2 ›")
        shown.type(ENTER)
        shown.wait_last("2 of 2 ›")
        shown.type(ENTER)
        shown.wait("\nready")
        shown.type(SECRET, ENTER, "\x04")
        assert shown.wait_status() == 0
    _nowhere(program, "hunter2/Ab")


def _nowhere(program: Program, beginning: str) -> None:
    """Search for it in all files and reports, also as a terminal would show them."""
    for kind in FORMATS:
        program.write(f"report.{kind}", _report(program, kind))
    program.write("show.txt", program.run("runs", "show").stdout)
    program.write("replay.txt", program.run("runs", "replay", "--speed", "1000").stdout)
    program.run("runs", "export", "page.md")
    kept = program.read_all_files()
    assert (program.work / "page.runs.json").exists()
    assert len(list(program.runs.iterdir())) == 2
    shown = "".join(frame.text for frame in read_asciicast(program.journal_path().with_suffix(".cast"))[1])
    bare = re.sub(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07)|[\r\n]", "", shown).encode()
    for form in _planted_forms():
        assert form not in kept
        assert form not in bare
    assert "••••••••".encode() in kept
    assert kept.count(beginning.encode()) == 0, kept[kept.index(beginning.encode()) - 80 :][:160]


if __name__ == "__main__":
    for kept_journal in KEPT:
        with tempfile.TemporaryDirectory() as temporary:
            for report, written in _written(kept_journal, Path(temporary)):
                report.write_text(written, encoding="utf-8")
    sys.exit(0)
