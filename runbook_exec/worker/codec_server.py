"""Lets Temporal's web interface show encrypted payloads, on this machine."""

from __future__ import annotations

import asyncio
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from temporalio.api.common.v1 import Payloads

from .codec import AesCodec

_MOST = 8 << 20  # bytes of a request

_HEADERS = "content-type,x-namespace,authorization"


class _CodecHandler(BaseHTTPRequestHandler):
    """Answers `POST /decode` and `POST /encode` for pages of one origin."""

    server: CodecServer

    def do_OPTIONS(self) -> None:
        """Let the browser ask whether it may."""
        self._reply(204 if self._is_allowed() else 403, b"")

    def do_POST(self) -> None:
        """Decrypt or encrypt payloads."""
        size = self.headers.get("Content-Length", "")
        if not self._is_allowed():
            return self._reply(403, b"")
        if not size.isdigit() or int(size) > _MOST or self.path not in ("/decode", "/encode"):
            return self._reply(400, b"")
        codec = self.server.codec
        convert = codec.decode if self.path == "/decode" else codec.encode
        try:
            asked = Parse(self.rfile.read(int(size)), Payloads())
            made = Payloads(payloads=asyncio.run(convert(asked.payloads)))
        except (ParseError, ValueError):
            return self._reply(400, b"")
        return self._reply(200, MessageToJson(made).encode())

    def _is_allowed(self) -> bool:
        """Return whether the request is of the page that may ask, and is meant for this server.

        A page of another site can send requests here, and could give this address a name of its own.
        """
        host = self.headers.get("Host", "")
        return self.headers.get("Origin") == self.server.origin and host in self.server.names

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", self.server.origin)
        self.send_header("Access-Control-Allow-Headers", _HEADERS)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: object) -> None:
        """Log nothing."""


class CodecServer(ThreadingHTTPServer):
    """Listens on an address of this machine."""

    daemon_threads = True

    def __init__(self, host: str, port: int, codec: AesCodec, origin: str) -> None:
        """Answer the pages of one origin, such as `http://127.0.0.1:8233`; raises OSError."""
        super().__init__((host, port), _CodecHandler)
        self.codec = codec
        self.origin = origin
        self.names = (f"{host}:{self.server_port}", f"localhost:{self.server_port}")
