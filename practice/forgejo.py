"""A Forgejo on loopback that knows one repository and the secrets of its Actions."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import store

ROUTE = re.compile(r"/api/v1/repos/([^/]+/[^/]+)/actions/secrets(?:/([^/]+))?")
NAME = re.compile(r"(?!(?:GITHUB|GITEA|FORGEJO)_)[A-Z_][A-Z0-9_]*")
LARGEST = 1 << 20  # bytes of a request's body


def _handler(folder: str) -> type[BaseHTTPRequestHandler]:
    class Forgejo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/api/v1/version":
                return self.answer(200, {"version": "13.0.1+gitea-1.22.0"})
            if (named := self.route()) is None:
                return None
            if named:
                return self.answer(405, {"message": "a secret can be written, not read"})
            secrets = store.look(folder)["forgejo"]["secrets"]
            return self.answer(200, [{"name": name} for name in sorted(secrets)])

        def do_PUT(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(length, LARGEST))
            if (name := self.route()) is None:
                return None
            try:
                value = json.loads(body)["data"]
            except (ValueError, TypeError, KeyError):
                return self.answer(422, {"message": '[]: expected a JSON object with "data"'})
            if not isinstance(value, str) or not NAME.fullmatch(name.upper()):
                return self.answer(400, {"message": "invalid secret name or data"})
            with store.change(folder) as state:
                secrets = state["forgejo"]["secrets"]
                created = name.upper() not in secrets
                secrets[name.upper()] = value
            return self.answer(201 if created else 204)

        def route(self) -> str | None:
            """The name in the path ("" for none); None once 401 or 404 has been answered."""
            known = store.look(folder)["forgejo"]
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
            if scheme.lower() not in ("token", "bearer") or store.digest(token) != known["digest"]:
                self.answer(401, {"message": "invalid username, password or token"})
                return None
            found = ROUTE.fullmatch(self.path.partition("?")[0])
            if not found or found[1] != known["repository"]:
                self.answer(404, {"message": "The target couldn't be found."})
                return None
            return found[2] or ""

        def answer(self, status: int, body: object = None) -> None:
            text = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Type", "application/json;charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the terminal belongs to the run."""

    return Forgejo


@contextmanager
def serving(folder: str) -> Iterator[str]:
    """Answer on a free port of 127.0.0.1 while the block lasts; gives the URL, and tells it to the world.

    Raises FileNotFoundError where there is no world.
    """
    store.look(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(folder))
    url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    with store.change(folder) as state:
        state["forgejo"]["url"] = url
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()
        with store.change(folder) as state:
            state["forgejo"]["url"] = None
