"""Writes the record as JUnit's XML: a test case for each step."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from ..record import document_path
from ..report_model import DOUBT, FAILED, NOT_RUN, PARTLY, SKIPPED, RunReport, StepReport
from .summary import describe_step

# characters that XML 1.0 cannot hold, not even as a reference
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_report(filled: RunReport) -> str:
    """Return a suite for the run with a case for each step.

    Steps that were not reached are skipped.
    """
    record = filled.record
    cases = [_case(filled, step) for step in filled.steps]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
        "time": f"{record.seconds:.3f}",
    }
    name = _writable(f"{filled.title} ({record.started.run})")
    suites = ElementTree.Element("testsuites", {"name": "runbook-exec", **counts})
    suite = ElementTree.SubElement(
        suites, "testsuite", {"name": name, "timestamp": record.began.strftime("%Y-%m-%dT%H:%M:%S"), **counts}
    )
    suite.extend(cases)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, "unicode") + "\n"


def _case(filled: RunReport, step: StepReport) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        {
            "classname": _writable(str(document_path(filled.record.started).name)),
            "name": _writable(f"{step.label} {step.title}"),
            "time": f"{step.seconds or 0.0:.3f}",
        },
    )
    told = _writable(", ".join(describe_step(step)))
    kind = {FAILED: "failure", DOUBT: "error", SKIPPED: "skipped", NOT_RUN: "skipped", PARTLY: "skipped"}.get(
        step.how
    )
    if kind:
        ElementTree.SubElement(case, kind, {"message": told or step.how})
    output = "\n".join(f"$ {ran.text}\n{ran.printed.text}" for ran in step.attempts)
    if output:
        ElementTree.SubElement(case, "system-out").text = _writable(output)
    return case


def _writable(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
