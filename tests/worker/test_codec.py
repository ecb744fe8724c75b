"""What a server keeps of runs, encrypted."""

from __future__ import annotations

import asyncio
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from runbook_exec.worker.codec import AesCodec
from tests.support.program import COMMAND
from tests.support.team import Team, find_free_port

PAGE = (
    "# Page\n\n## Steps\n\n### One\n\n```fish\necho one-zebra >>log\n```\n\n### Two\n\n"
    '<!-- runbook: confirm="Zebra?" -->\n```fish\nsh -c "echo zebra-output; exit 3"\n```\n'
)


def convert(codec: AesCodec, what: str, payload: Payload) -> Payload:
    """Return the payload encrypted or decrypted."""
    (made,) = asyncio.run(getattr(codec, what)([payload]))
    assert isinstance(made, Payload)
    return made


@given(data=st.binary(max_size=200), at=st.integers(0, 10_000))
def test_a_payload_comes_back_or_is_refused(data: bytes, at: int) -> None:
    """Every payload comes back whole, with an older key too; one with a changed byte does not."""
    codec = AesCodec({"new": b"n" * 32, "old": b"o" * 32})
    payload = Payload(metadata={"encoding": b"json/plain"}, data=data)
    assert convert(codec, "decode", payload) == payload
    for old in (codec, AesCodec({"old": b"o" * 32})):
        encrypted = convert(old, "encode", payload)
        assert convert(codec, "decode", encrypted) == payload
        changed = bytearray(encrypted.data)
        changed[at % len(changed)] ^= 1
        encrypted.data = bytes(changed)
        with pytest.raises(ValueError, match="was changed"):
            convert(codec, "decode", encrypted)
    with pytest.raises(ValueError, match="not on this machine"):
        convert(AesCodec({"other": b"x" * 32}), "decode", convert(codec, "encode", payload))


async def read_history(team: Team, run: str) -> bytes:
    """Return all that the server has of a run."""
    client = await Client.connect(team.server, namespace=team.namespace)
    history = await client.get_workflow_handle(run).fetch_history()
    return b"".join(event.SerializeToString() for event in history.events)


def ask_codec(address: str, what: str, body: str, headers: Mapping[str, str]) -> str:
    """Return the answer of a codec server, or the status of its refusal."""
    request = urllib.request.Request(f"{address}/{what}", body.encode(), dict(headers))  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            text: str = answer.read().decode()
            return text
    except urllib.error.HTTPError as error:
        return str(error.code)


def test_the_server_has_nothing_to_read(team: Team) -> None:
    """With a key file all is encrypted, `asks` shows it, and `codec` does for one page of a browser."""
    team.program.write("page.md", PAGE)
    assert team.run("codec", "--new-key").status == 0
    team.start_worker()
    run = team.submit("--on-failure", "stop")
    team.wait_for_question(run, "2.1  asks: Zebra?")
    assert team.run("answer", run, "run", "--note", "zebra-note").status == 0
    team.wait_for_end(run)
    history = asyncio.run(read_history(team, run))
    assert b"binary/encrypted" in history
    assert b"ebra" not in history
    port = find_free_port()
    words = [*COMMAND, "codec", "--listen", f"127.0.0.1:{port}"]
    server = subprocess.Popen(words, env=team.environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("decrypting for http://127.0.0.1:8233 on")
        origin = {"Origin": "http://127.0.0.1:8233"}
        plain = json.dumps(
            {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "InplYnJhIg=="}]}
        )
        address = f"http://127.0.0.1:{port}"
        encrypted = ask_codec(address, "encode", plain, origin)
        assert "InplYnJhIg" not in encrypted
        assert json.loads(ask_codec(address, "decode", encrypted, origin)) == json.loads(plain)
        assert ask_codec(address, "decode", encrypted, {"Origin": "http://evil.example.org"}) == "403"
        assert ask_codec(address, "decode", encrypted, {**origin, "Host": "evil.example.org"}) == "403"
        assert ask_codec(address, "decode", "nonsense", origin) == "400"
    finally:
        server.kill()
        server.communicate()


def test_a_key_file_that_others_can_read_is_refused(team: Team) -> None:
    """A key that others may have read encrypts nothing."""
    assert team.run("codec", "--new-key").status == 0
    (keys,) = (team.program.folder / "home" / "config").rglob("codec.keys")
    keys.chmod(0o644)
    done = team.run("asks")
    assert done.status == 2
    assert "others can read this file of keys" in done.stderr
