"""The formats of reports match the schemas of the programs that read them."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema

from tests.support.paths import DATA
from tests.support.program import Program

SCHEMAS = DATA / "schemas"

# a path with blanks and with what each format has to write in a way of its own
NAME = "a b/50% of: it, all & <more> é.md"
# line ends of Windows, and characters that are one unit of UTF-16, or two
PAGE = (
    "# Été 🚀\r\n\r\n## Steps\r\n\r\n### 1. One\r\n\r\n"
    "```fish\r\necho é🚀; make | tee log\r\n```\r\n\r\n"
    "1. 🚀\r\n\r\n   ```bash timeout=9s\r\n   echo '🚀' ) 'a & <b>\r\n   ```\r\n\r\n"
    "```fish timeout=7s\r\necho \x01\r\n```\r\n"
)
OTHER = "# Other\n\nNothing to find.\n"
SELECT = ("--select", "P,M")


@pytest.fixture
def pages(program: Program) -> Program:
    """The program beside a page with several findings and one with none."""
    (program.work / "a b").mkdir()
    program.write(NAME, PAGE)
    program.write("other.md", OTHER)
    return program


def lint_as(program: Program, form: str, status: int = 1, env: dict[str, str | None] | None = None) -> str:
    """The output for both pages in this format."""
    ran = program.run("lint", NAME, "other.md", *SELECT, "--format", form, env=env)
    assert ran.status == status
    return ran.stdout


def cut(start: tuple[int, int], end: tuple[int, int], encoding: str = "utf-32-le", unit: int = 4) -> str:
    """The text of PAGE between two places whose columns count units of an encoding."""
    lines = [line.encode(encoding) for line in PAGE.split("\r\n")]
    (line, column), (end_line, end_column) = start, end
    assert line == end_line
    return lines[line - 1][(column - 1) * unit : (end_column - 1) * unit].decode(encoding)


MARKED = {"M303": "tee", "P101": ")", "P106": "timeout=9s"}


def test_carets_are_below_the_span(pages: Program) -> None:
    """Carets are placed by terminal columns, two for a wide character.

    No character moves the cursor.
    """
    told = lint_as(pages, "text")
    assert f"{NAME}:8:17: M303 " in told
    assert "  8 │ echo é🚀; make | tee log\n    │                  ^^^\n" in told
    assert "\r" not in told
    assert "\x01" not in told


def test_json_has_every_location(pages: Program) -> None:
    """A list of objects whose columns and offsets count characters, with the safe change."""
    found = json.loads(lint_as(pages, "json"))
    assert found == json.loads(json.dumps(found))
    assert {each["path"] for each in found} == {NAME}
    first = {each["code"]: each for each in reversed(found)}
    for code, text in MARKED.items():
        each = first[code]
        start, end = (each["line"], each["column"]), (each["end_line"], each["end_column"])
        assert cut(start, end) == text
    (fix,) = (each["fix"] for each in found if each["message"].startswith("`timeout=7s`"))
    assert PAGE[fix["start"] : fix["end"]] == "```fish timeout=7s"
    assert fix["replacement"] == "<!-- runbook: timeout=7s -->\r\n```fish"


def test_github_reads_every_line(pages: Program) -> None:
    """Each line is a command; `%`, line ends, `:` and `,` are escaped."""
    lines = lint_as(pages, "github").splitlines()
    assert len(lines) >= 4
    for line in lines:
        command = re.fullmatch(r"::(error|warning) ([^:]*)::(.*)", line)
        assert command is not None
        properties = dict(each.split("=", 1) for each in command[2].split(","))
        assert "," not in properties["file"]
        assert unquote(properties["file"]) == NAME
        start = (int(properties["line"]), int(properties["col"]))
        end = (int(properties["endLine"]), int(properties["endColumn"]))
        code = properties["title"].split(" ")[0]
        if code == "M303":
            assert cut(start, end) == MARKED[code]
        message = unquote(command[3])
        assert message.startswith(f"{NAME}:{start[0]}:{start[1]}: {code} ")
        assert re.search("%(?!25|0A|0D)", command[3]) is None
    assert "%0A" in lines[0]


def sarif(program: Program, status: int = 1, env: dict[str, str | None] | None = None) -> dict[str, Any]:
    """The only run of the log, checked against its schema."""
    log = json.loads(lint_as(program, "sarif", status, env))
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema).validate(log)
    (run,) = log["runs"]
    return dict(run)


def test_sarif_matches_its_schema(pages: Program) -> None:
    """Places count UTF-16 code units, the path is a URI reference, and a change has its region."""
    run = sarif(pages)
    assert run["columnKind"] == "utf16CodeUnits"
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert unquote(place["artifactLocation"]["uri"]) == NAME
        assert re.fullmatch(r"[A-Za-z0-9%/._~-]+", place["artifactLocation"]["uri"])
        region = place["region"]
        start, end = (region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"])
        if result["ruleId"] in MARKED and "7s" not in result["message"]["text"]:
            assert cut(start, end, "utf-16-le", 2) == MARKED[result["ruleId"]]
    *_, change = (result["fixes"][0] for result in run["results"] if "fixes" in result)
    (replacement,) = change["artifactChanges"][0]["replacements"]
    region = replacement["deletedRegion"]
    assert cut((region["startLine"], 1), (region["endLine"], region["endColumn"])) == "```fish timeout=7s"
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_sarif_reports_what_was_not_checked(pages: Program) -> None:
    """Without its shell a run is not successful, and the log has the reason."""
    run = sarif(pages, 2, {"PATH": "/nonexistent"})
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    said = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert "fish is not on PATH: 2 blocks could not be checked" in said


def junit(program: Program, status: int = 1, env: dict[str, str | None] | None = None) -> ElementTree.Element:
    """The suites, checked against their schema."""
    text = lint_as(program, "junit", status, env)
    xmlschema.XMLSchema(SCHEMAS / "junit.xsd").validate(text)
    return ElementTree.fromstring(text)  # noqa: S314 - our own


def test_junit_matches_its_schema(pages: Program) -> None:
    """It has a suite for each page, a failed case for each finding, or else one passed case."""
    suites = junit(pages)
    named = {suite.attrib["name"]: suite for suite in suites}
    assert list(named) == [NAME, "other.md"]
    failures = [case.find("failure") for case in named[NAME]]
    assert all(failure is not None and failure.text for failure in failures)
    assert str(len(failures)) == suites.attrib["failures"] == named[NAME].attrib["failures"]
    assert [case.attrib for case in named["other.md"]] == [{"classname": "other.md", "name": "lint"}]
    cases = [case.attrib["name"] for case in named[NAME]]
    assert "M303 failure-into-tee 8:17" in cases
    said = "".join(failure.text or "" for failure in failures if failure is not None)
    assert "echo é🚀; make | tee log" in said


def test_junit_reports_what_was_not_checked(pages: Program) -> None:
    """A block that could not be checked is an error in a suite of its own."""
    suites = junit(pages, 2, {"PATH": "/nonexistent"})
    errors = [error.attrib["message"] for error in suites.iter("error")]
    assert "fish is not on PATH: 2 blocks could not be checked" in errors
    assert suites.attrib["errors"] == str(len(errors))
