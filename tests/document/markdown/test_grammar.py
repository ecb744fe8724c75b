"""Tests that pages are parsed with mistune's own grammar, and that no more of mistune is loaded."""

from __future__ import annotations

import subprocess
import sys

from mistune import block_parser, list_parser

from runbook_exec.document.markdown.grammar import list_parser as ours

LOADED = """
import sys
from runbook_exec.document import parser
from runbook_exec.document.markdown.parser import MarkdownBlockParser
print(sys.modules[MarkdownBlockParser.__base__.__module__].__file__)
print(sorted(name for name in ("mistune", "dataclasses", "inspect") if name in sys.modules))
"""


def test_the_pattern_of_lists_is_that_of_mistune() -> None:
    """The one pattern that is written twice is the same in mistune."""
    assert ours.LIST_PATTERN == list_parser.LIST_PATTERN


def test_a_page_is_parsed_with_the_grammar_of_mistune_alone() -> None:
    """The parser's base class is from mistune's file, and the rest of mistune is not imported."""
    done = subprocess.run([sys.executable, "-P", "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [block_parser.__file__, "[]"]
