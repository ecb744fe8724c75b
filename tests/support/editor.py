"""An editor: a real client of the real language server, with a folder of pages."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient, make_test_lsp_client

from tests.support.program import COMMAND, Program

PATIENCE = 60  # seconds

UTF16 = types.PositionEncodingKind.Utf16


@dataclass
class Editor:
    """A client that is connected with a server; pages are named by their path in its folder."""

    client: LanguageClient
    process: asyncio.subprocess.Process
    folder: Path
    offered: types.ServerCapabilities
    versions: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def uri(self, name: str) -> str:
        """Return the URI of a page."""
        return (self.folder / name).as_uri()

    def document(self, name: str) -> types.TextDocumentIdentifier:
        """Return what requests name a page by."""
        return types.TextDocumentIdentifier(self.uri(name))

    async def open(self, name: str, text: str, saved: bool = True) -> Sequence[types.Diagnostic]:
        """Open a page, and return what is found on it."""
        if saved:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        self.versions[name], self.texts[name] = 1, text
        item = types.TextDocumentItem(self.uri(name), "markdown", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.wait_for_findings(name)

    def change(self, name: str, place: types.Range, text: str) -> None:
        """Replace a range of a page."""
        self.versions[name] += 1
        page = types.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        part = types.TextDocumentContentChangePartial(place, text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(page, [part]))

    def replace(self, name: str, text: str) -> None:
        """Replace the whole text of a page."""
        self.versions[name] += 1
        self.texts[name] = text
        page = types.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(page, [whole]))

    async def save(self, name: str) -> Sequence[types.Diagnostic]:
        """Say that a page was saved, and return what is found on it."""
        (self.folder / name).write_bytes(self.texts[name].encode())
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(self.document(name)))
        return await self.wait_for_findings(name)

    async def wait_for_findings(self, name: str) -> Sequence[types.Diagnostic]:
        """Return what is found on the present text of a page, when it comes."""
        while True:
            published: Any = await asyncio.wait_for(
                self.client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), PATIENCE
            )
            if published.uri == self.uri(name) and published.version == self.versions[name]:
                found: Sequence[types.Diagnostic] = published.diagnostics
                return found

    def cpu(self) -> float:
        """Return the CPU time in seconds that the server and its children have taken."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def position_in(text: str, needle: str, inside: int = 1) -> types.Position:
    """Return the position in UTF-16 units of a character of the needle's first occurrence."""
    offset = text.index(needle) + inside
    before = text[:offset].replace("\r\n", "\n")
    line = before.rpartition("\n")[2]
    return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


def codes(found: Sequence[types.Diagnostic]) -> list[object]:
    """Return the codes of findings."""
    return [each.code for each in found]


@asynccontextmanager
async def start_editor(
    program: Program,
    encodings: Sequence[str] | None = None,
    env: Mapping[str, str | None] | None = None,
) -> AsyncIterator[Editor]:
    """Start a server and connect an editor with it; the server ends with the block."""
    client = make_test_lsp_client()
    await client.start_io(
        sys.executable, *COMMAND[1:], "lsp", cwd=program.work, env=program.environment(env), limit=2**26
    )
    general = types.GeneralClientCapabilities(position_encodings=encodings and [*encodings])
    edits = types.WorkspaceEditClientCapabilities(document_changes=True)
    capabilities = types.ClientCapabilities(
        general=general, workspace=types.WorkspaceClientCapabilities(workspace_edit=edits)
    )
    result = await client.initialize_session(types.InitializeParams(capabilities, os.getpid()))
    process: Any = client._server
    try:
        yield Editor(client, process, program.work, result.capabilities)
    finally:
        await client.shutdown_session()
        await client.stop()  # type: ignore[no-untyped-call]
