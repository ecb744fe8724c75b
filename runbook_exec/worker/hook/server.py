"""Receives webhooks, and starts the runs that the rules name for them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ...errors import Refused
from ...text.ansi import escape_unprintable
from .checks import find_body_fault, find_header_fault
from .events import BadDelivery, HookEvent, read_events
from .rules import HookSource
from .starting import HookStarter, NotStarted, ServerAway

_MOST = 4 << 20  # bytes of a body

_AT_ONCE = 16  # connections

_LONGEST = 30.0  # seconds for a request, however slowly it comes

_PATIENCE = 20.0  # seconds for the Temporal server


class _HookHandler(BaseHTTPRequestHandler):
    """Answers `POST /SOURCE`."""

    server: HookServer
    timeout = 10.0  # seconds without a byte

    def do_POST(self) -> None:
        """Check the request, and start what it asks for."""
        source = self.server.sources.get(self.path.partition("?")[0].removeprefix("/"))
        if source is None:
            return self._reply(404, {"error": "no source of webhooks has this address"})
        size = self.headers.get("Content-Length", "")
        if fault := find_header_fault(source, self.headers):
            return self._refuse(source, fault)
        if not (size.isascii() and size.isdigit() and len(size) < 20):
            return self._reply(411, {"error": "expected the header `Content-Length`"})
        if int(size) > _MOST:
            return self._reply(413, {"error": f"expected at most {_MOST} bytes"})
        body = self.rfile.read(int(size))
        if fault := find_body_fault(source, self.headers, body):
            return self._refuse(source, fault)
        kind = self.headers.get_content_type()
        if len(body) != int(size) or kind != "application/json":
            return self._reply(415, {"error": f"expected a body of `application/json`, got `{kind}`"})
        try:
            events = read_events(source.kind, self.headers, body)
        except BadDelivery as problem:
            self.server.report(source, f"refused: {problem}")
            return self._reply(400, {"error": str(problem)})
        return self._reply(*self.server.start_runs(source, events))

    def _refuse(self, source: HookSource, fault: str) -> None:
        self.server.report(source, f"refused: {fault}")
        self._reply(401, {"error": "this request is not from the sender who has the secret"})

    def _reply(self, status: int, fields: Mapping[str, object]) -> None:
        body = json.dumps(fields).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: object) -> None:
        """Log nothing: what a request comes to is reported by the server."""


class HookServer(ThreadingHTTPServer):
    """Listens for webhooks, and hands their events to a starter in another thread's event loop."""

    daemon_threads = True

    def __init__(
        self,
        host: str,
        port: int,
        sources: Mapping[str, HookSource],
        starter: HookStarter,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Listen on an address; raises OSError."""
        super().__init__((host, port), _HookHandler)
        self.sources = sources
        self._starter = starter
        self._loop = loop
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], address: object) -> None:
        """Answer a request in a thread, unless too many are open."""
        if self._places.acquire(timeout=1):
            super().process_request(request, address)
        else:
            self.shutdown_request(request)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Answer a request, whose connection is cut if it takes too long."""
        timer = threading.Timer(_LONGEST, _cut, (request,))
        timer.daemon = True
        timer.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            timer.cancel()
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Report what went wrong, unless the connection was cut."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            print(f"a request could not be answered: {type(error).__name__}", file=sys.stderr, flush=True)

    def report(self, source: HookSource, text: str) -> None:
        """Print a line about a request."""
        print(escape_unprintable(f"{source.name}: {text}").replace("\n", " "), flush=True)

    def start_runs(self, source: HookSource, events: Sequence[HookEvent]) -> tuple[int, dict[str, object]]:
        """Start what the events ask for, and return the status and the fields of the answer."""
        work = asyncio.run_coroutine_threadsafe(self._start_runs(source, events), self._loop)
        return work.result()

    async def _start_runs(
        self, source: HookSource, events: Sequence[HookEvent]
    ) -> tuple[int, dict[str, object]]:
        runs: list[str] = []
        refused: list[str] = []
        status = 200
        for event in events:
            try:
                async with asyncio.timeout(_PATIENCE):
                    run = await self._starter.start_run(source, event)
                self.report(source, f"{event.title}: {f'run {run}' if run else 'no rule is for it'}")
                runs += [run] * bool(run)
                continue
            except NotStarted as problem:
                refused.append(str(problem))
            except Refused as problem:
                refused.append(str(problem))
                status = 422
            except (ServerAway, TimeoutError) as problem:
                refused.append(str(problem) or "the Temporal server does not answer")
                status = 503
            self.report(source, f"{event.title}: nothing was started: {refused[-1]}")
            if status == 503:
                break  # the sender sends everything again
        return status, {"runs": runs, "refused": refused}


def _cut(request: socket.socket) -> None:
    with contextlib.suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)
