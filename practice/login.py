"""`fly auth login`: a page in the browser, then a pasted code or a call back on loopback ends it."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

from . import store
from .cobra import Refused

PROMPT = "paste code here if prompted > "
NO_TERMINAL = (
    "fly auth login requires an interactive terminal. In headless environments, set FLY_API_TOKEN to a "
    "token created with `fly tokens create`"
)


def login(folder: str) -> int:
    """Log the user in, as asked on a terminal. Raises Refused where there is none, or after 15 minutes."""
    if not sys.stdin.isatty():
        raise Refused(NO_TERMINAL)
    session, nonce = os.urandom(16).hex(), os.urandom(12).hex()
    arrived, wake = os.pipe()
    server = _listen(nonce, wake)
    try:
        with store.change(folder) as state:
            state["logins"][session] = {"port": server.server_address[1], "state": nonce}
            expires = time.monotonic() + state["login_seconds"]
        url = f"https://fly.io/app/auth/cli/{session}"
        if _open(folder, url):
            print(f"Opening {url} ...\n", flush=True)
        else:
            said = f"failed opening browser. Copy the url ({url}) into a browser and continue\n"
            print(said, file=sys.stderr, flush=True)
        _wait_for_code(folder, arrived, expires)
    finally:
        server.shutdown()
        with store.change(folder) as state:
            state["logins"].pop(session, None)
    print(f"successfully logged in as {store.look(folder)['email']}")
    return 0


def _wait_for_code(folder: str, arrived: int, expires: float) -> None:
    print(PROMPT, end="", flush=True)
    typed, watched = b"", [0, arrived]
    while True:
        ready, _, _ = select.select(watched, [], [], max(0.0, expires - time.monotonic()))
        if not ready:
            raise Refused("Login expired, please try again")
        if arrived in ready:
            # The call back leaves the cursor behind the prompt: flyctl wipes that line.
            print("\r\x1b[K", end="", flush=True)
            codes = [os.read(arrived, 4096).decode()]
        else:
            if not (read := os.read(0, 4096)):
                watched.remove(0)
                continue
            *lines, typed = (typed + read).split(b"\n")
            codes = [line.decode(errors="replace") for line in lines if line.strip()]
            if lines and not codes:  # a person who has only pressed enter is asked again
                print(PROMPT, end="", flush=True)
        for code in codes:
            if _redeem(folder, code.strip()):
                return
            print("That code didn't work (invalid code).", file=sys.stderr, flush=True)
            print(PROMPT, end="", flush=True)


def _redeem(folder: str, code: str) -> bool:
    with store.change(folder) as state:
        if code != state["login_code"]:
            return False
        state["session"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return True


def _open(folder: str, url: str) -> bool:
    """Whether a browser took the page. Only the world's own is ever started: nothing here may leave it."""
    browser = os.environ.get("BROWSER", "")
    own = f"{folder}/bin/practice-browser"
    if browser == own:
        return subprocess.run([browser, url], stdin=subprocess.DEVNULL).returncode == 0
    return not browser or shutil.which(browser) is not None


def _listen(nonce: str, wake: int) -> ThreadingHTTPServer:
    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = urlsplit(self.path)
            query = parse_qs(page.query)
            code = query.get("code", [""])[0]
            known = page.path == "/callback" and query.get("state") == [nonce] and code != ""
            self.send_response(200 if known else 400)
            self.end_headers()
            self.wfile.write(b"Signed in. You can close this tab." if known else b"invalid callback")
            if known:
                os.write(wake, code.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the terminal belongs to the login."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Callback)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def browse(folder: str, arguments: list[str]) -> int:
    """The practice browser: find the login that the page belongs to and approve it at once."""
    state = store.look(folder)
    pending = state["logins"].get(arguments[0].rpartition("/")[2]) if arguments else None
    if pending is None:
        print("practice-browser: expected the page of a login under way", file=sys.stderr)
        return 1
    query = f"state={pending['state']}&code={state['login_code']}"
    with urlopen(f"http://127.0.0.1:{pending['port']}/callback?{query}", timeout=10) as answer:
        return 0 if answer.status == 200 else 1
