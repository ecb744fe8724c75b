"""A `runbook-exec hook` that listens, and the senders of its webhooks."""

from __future__ import annotations

import hmac
import http.client
import json
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND
from tests.support.team import Team, wait_until

PAYLOADS = REPOSITORY / "tests" / "data" / "webhooks"

SECRET = "correct-horse-battery-staple"

BEARER = {"Authorization": f"Bearer {SECRET}"}


def read_payload(name: str, text: str = "", by: str = "") -> bytes:
    """Return the body that a sender sends, with `text` replaced by another."""
    return (PAYLOADS / f"{name}.json").read_text().replace(text, by).encode()


def sign(body: bytes, secret: str = SECRET) -> str:
    """Return the signature of a body."""
    return hmac.new(secret.encode(), body, sha256).hexdigest()


@dataclass(frozen=True)
class HookReply:
    """What a sender is answered."""

    status: int
    fields: Mapping[str, Any]

    @property
    def runs(self) -> list[str]:
        """Return the runs that were started, now or before."""
        return list(self.fields["runs"])


class HookProcess:
    """A `runbook-exec hook` with rules in `work/hook.toml`."""

    def __init__(self, team: Team, rules: str, *words: str) -> None:
        """Start it, and wait until it listens."""
        team.program.write("hook.toml", rules)
        team.program.write("secret", SECRET + "\n")
        self.log = team.program.folder / "hook.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [*COMMAND, "hook", "hook.toml", "--listen", "127.0.0.1:0", *words],
                cwd=team.program.work,
                env=team.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(
            lambda: "receiving" in self.log.read_text() or self.process.poll() is not None, "it listens"
        )
        assert self.process.poll() is None, self.log.read_text()
        self.port = int(self.log.read_text().splitlines()[-1].rpartition(":")[2])

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> HookReply:
        """Send a webhook, and return the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        fields = json.loads(answer.read())
        connection.close()
        return HookReply(answer.status, fields)

    def end(self) -> int:
        """Tell it to end, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait()
