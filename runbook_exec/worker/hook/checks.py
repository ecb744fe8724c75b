"""Checks that a request comes from the sender who has the secret."""

from __future__ import annotations

import base64
import hmac
import time
from email.message import Message
from hashlib import sha256

from .rules import BASIC, SIGNATURE, HookSource

_DRIFT = 300.0  # seconds by which a signature may be older or newer than now

_SIGNATURES = {  # by kind: the headers of which the first that is there counts, and what precedes the digits
    "github": (("X-Hub-Signature-256",), "sha256="),
    "forgejo": (("X-Forgejo-Signature", "X-Gitea-Signature"), ""),
    "grafana": (("X-Grafana-Alerting-Signature",), ""),
}


def find_header_fault(source: HookSource, headers: Message) -> str:
    """Return why the headers of a request are not those of its sender; "" if they are.

    A request whose body is signed passes: `find_body_fault` checks it.
    """
    if source.check == SIGNATURE:
        return ""
    given = headers.get_all("Authorization") or []
    if len(given) != 1:
        return "expected one header `Authorization`"
    if source.check == BASIC:
        wanted = f"Basic {base64.b64encode(f'{source.user}:{source.secret}'.encode()).decode()}"
    else:
        wanted = f"Bearer {source.secret}"
    return "" if _is_same(given[0], wanted) else "`Authorization` has another secret"


def find_body_fault(source: HookSource, headers: Message, body: bytes) -> str:
    """Return why the body of a request is not signed by its sender; "" if it is, or need not be."""
    if source.check != SIGNATURE:
        return ""
    names, before = _SIGNATURES[source.kind]
    name = next((each for each in names if each in headers), "")
    given = headers.get_all(name) or [] if name else []
    if len(given) != 1:
        return f"expected one header `{names[0]}`"
    signed = body
    if source.timestamp_header:
        stamp = headers.get(source.timestamp_header, "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 20):
            return f"expected seconds since 1970 in the header `{source.timestamp_header}`"
        if abs(time.time() - int(stamp)) > _DRIFT:
            return "it was signed more than 5 minutes ago, or the clocks differ"
        signed = stamp.encode() + b":" + body
    wanted = before + hmac.new(source.secret.encode(), signed, sha256).hexdigest()
    return "" if _is_same(given[0], wanted) else "the signature is not that of the body with this secret"


def _is_same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
