"""Runs the language server on standard input and output."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from .. import __version__
from ..diagnostics.report import Diagnostic
from ..system.gc_pause import relax_gc
from .edits import find_change
from .feature import Feature, PageView
from .features import FEATURES
from .findings import PageChecker
from .pages import OpenPage, OpenPages
from .protocol import PageProtocol
from .published import build_diagnostics_of
from .schedule import CheckSchedule

_SLOW = 0.03  # seconds of CPU; a page that takes longer is not parsed for each request


class RunbookServer:
    """Connects the protocol with the open pages, their checks and the features."""

    def __init__(self) -> None:
        self.language_server = LanguageServer(
            "runbook-exec", __version__, types.TextDocumentSyncKind.Incremental, protocol_cls=PageProtocol
        )
        self._pages = OpenPages()
        self._checker = PageChecker(self._pages, self._warn)
        self._checks = CheckSchedule(self._pages, self._checker, self._publish, self._refresh_lenses)
        self._versioned_edits = False
        self._refreshes_lenses = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_shut_down = False
        handlers: dict[str, Callable[[Any], Any]] = {
            types.INITIALIZE: self._initialize,
            types.SHUTDOWN: self._shut_down,
            types.TEXT_DOCUMENT_DID_OPEN: self._open_page,
            types.TEXT_DOCUMENT_DID_CHANGE: self._change_page,
            types.TEXT_DOCUMENT_DID_SAVE: self._save_page,
            types.TEXT_DOCUMENT_DID_CLOSE: self._close_page,
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: self._refresh,
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: self._refresh,
            types.WORKSPACE_DID_CHANGE_CONFIGURATION: self._refresh,
        }
        for method, handler in handlers.items():
            self.language_server.feature(method)(_make_plain(handler))
        for feature in FEATURES:
            self.language_server.feature(feature.method, feature.options)(self._make_handler(feature))

    def _initialize(self, params: types.InitializeParams) -> None:
        self._loop = asyncio.get_running_loop()
        capabilities = params.capabilities
        self._pages.encoding = self.language_server.protocol.workspace.position_encoding or "utf-16"
        workspace = capabilities.workspace
        edit = workspace.workspace_edit if workspace else None
        self._versioned_edits = bool(edit and edit.document_changes)
        lenses = workspace.code_lens if workspace else None
        self._refreshes_lenses = bool(lenses and lenses.refresh_support)

    def _shut_down(self, params: object = None) -> None:
        self.is_shut_down = True
        self._checks.close()

    def _open_page(self, params: types.DidOpenTextDocumentParams) -> None:
        page = params.text_document
        self._pages.put(page.uri, page.version, page.text)
        self._checker.refresh()
        self._checks.check_now(page.uri, with_history=False)

    def _change_page(self, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        if self._pages.change(uri, params.text_document.version, params.content_changes) is not None:
            self._checks.check_later(uri)

    def _save_page(self, params: types.DidSaveTextDocumentParams) -> None:
        """Check the page, and the others that are open: their links may lead here."""
        self._checker.refresh()
        saved = params.text_document.uri
        for page in self._pages:
            self._checks.check_now(page.uri, with_history=page.uri == saved)

    def _close_page(self, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        page = self._pages.get(uri)
        self._pages.remove(uri)
        self._checks.forget(uri)
        if page is not None:
            self._checker.forget(page)
        self.language_server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def _refresh(self, params: object) -> None:
        self._checker.refresh()
        for page in self._pages:
            self._checks.check_now(page.uri, with_history=False)

    def _make_handler(self, feature: Feature) -> Callable[[Any], Awaitable[Any]]:
        async def handle(params: Any) -> Any:
            page = self._pages.get(params.text_document.uri)
            if page is None:
                return None
            return await self._checks.call(lambda: feature.answer(self._view(page, feature.exact), params))

        return handle

    def _view(self, page: OpenPage, exact: bool) -> PageView:
        """Return what a feature sees of a page; on the thread of the checks."""
        base = self._checks.base(page.uri)
        found = self._checks.latest_findings(page)
        context = self._checker.context
        if not exact and base is not None and base.cost > _SLOW and base.page.text != page.text:
            change = find_change(base.page.text, page.text)
            return PageView(page, base.runbook, found, context, self._versioned_edits, change)
        return PageView(page, self._checker.parse(page), found, context, self._versioned_edits)

    def _publish(self, page: OpenPage, found: tuple[Diagnostic, ...]) -> None:
        self.language_server.text_document_publish_diagnostics(build_diagnostics_of(page, found))

    def _refresh_lenses(self) -> None:
        if self._refreshes_lenses:
            self.language_server.workspace_code_lens_refresh(None)

    def _warn(self, message: str) -> None:
        """Show a warning; called on the thread of the checks."""
        params = types.ShowMessageParams(types.MessageType.Warning, message)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.language_server.window_show_message, params)


def _make_plain(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the method as a function: the library writes attributes to it."""

    def handle(params: Any = None) -> Any:
        return method(params)

    return handle


def serve() -> int:
    """Serve one client until it says `exit` or closes our standard input.

    Returns 0 if the client asked for a shutdown before, as the protocol demands, else 1.
    """
    relax_gc()
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        # the system ends us: a thread that waits for the client's next message would keep Python alive
        signal.signal(number, signal.SIG_DFL)
    server = RunbookServer()
    with os.fdopen(os.dup(1), "wb") as client:  # the library closes it
        server.language_server.start_io(stdout=client)
    return 0 if server.is_shut_down else 1
