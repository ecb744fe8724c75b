"""Webhooks that start runs: whole payloads over HTTP, with and without the secret of their sender."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook_exec.errors import Refused
from runbook_exec.worker.hook.rules import read_rules
from tests.support.program import Program
from tests.support.team import Team
from tests.support.webhooks import BEARER, SECRET, HookProcess, read_payload, sign
from tests.worker.test_signatures import allow, make_key

RULES = """
[source.alertmanager]
secret = "file:secret"
max-age = "3650d"

[source.grafana]
secret = "file:secret"
max-age = "3650d"

[source.stamped]
kind = "grafana"
secret = "file:secret"
timestamp-header = "X-Grafana-Alerting-Timestamp"
max-age = "3650d"

[source.basic]
kind = "alertmanager"
check = "basic"
user = "alertmanager"
secret = "file:secret"

[source.github]
secret = "file:secret"

[source.forgejo]
secret = "file:secret"

[[rule]]
source = "alertmanager"
when = { alertname = "KubePod*", severity = ["critical", "page"] }
page = "pod.md#restart"
on = "indri"

[[rule]]
source = "grafana"
when = { alertname = "Pod crash looping" }
page = "pod.md"
on = "<grafana_folder>"
hosts = ["shop", "indri"]

[[rule]]
source = "stamped"
when = { namespace = "shop" }
page = "pod.md"
on = "indri"

[[rule]]
source = "github"
when = { event = "workflow_run", "workflow_run.conclusion" = "failure" }
page = "deploy.md"
on = "indri"
labels = { revision = "workflow_run.head_sha" }
set = { why = "deploy failed" }

[[rule]]
source = "forgejo"
when = { event = "push", ref = "refs/heads/main" }
page = "deploy.md"
on = "indri"
labels = { revision = "after", why = "repository.full_name" }
"""

POD = (
    "# Pod\n\n## Restart\n\n```fish\necho <namespace>/<pod> >>log\n```\n\n### Confirm\n\n"
    '<!-- runbook: confirm="Go on?" -->\n```fish\necho done-<pod> >>log\n```\n'
)

DEPLOY = "# Deploy\n\n## Steps\n\n```fish\necho <revision> <why> >>log\n```\n"


@pytest.fixture
def hook(team: Team) -> Iterator[HookProcess]:
    """A hook without a worker."""
    team.program.write("pod.md", POD)
    team.program.write("deploy.md", DEPLOY)
    made = HookProcess(team, RULES)
    yield made
    assert made.end() == 0


def test_an_alert_starts_its_page_once(team: Team, hook: HookProcess) -> None:
    """Its labels fill the page, `confirm` asks a person, and the alert that comes again starts nothing."""
    body = read_payload("alertmanager")
    team.start_worker()
    first = hook.post("/alertmanager", body, BEARER)
    assert first.status == 200, first
    (run,) = first.runs
    assert run.startswith("restart-")
    team.wait_for_question(run, "2.1  asks: Go on?")
    assert hook.post("/alertmanager", body, BEARER) == first
    assert team.read_effects() == ["shop/web-7d4b9c6f5d-x2v9k"]
    later = read_payload("alertmanager", "2026-11-30T08:12", "2026-11-30T08:59")  # it fires again
    assert "has not ended" in hook.post("/alertmanager", later, BEARER).fields["refused"][0]
    assert team.run("answer", run, "run").status == 0
    team.wait_for_end(run)
    assert hook.post("/alertmanager", body, BEARER) == first
    second = hook.post("/alertmanager", later, BEARER)
    assert second.runs
    assert second.runs != [run]
    team.wait_for_question(second.runs[0], "2.1  asks: Go on?")
    assert team.read_effects().count("shop/web-7d4b9c6f5d-x2v9k") == 2
    assert "alertmanager: KubePodCrashLooping: run restart-" in hook.log.read_text()


def test_each_sender_starts_what_its_rule_names(team: Team, hook: HookProcess) -> None:
    """Grafana, GitHub and Forgejo sign the body; fields of an event and labels become values."""
    team.start_worker()
    team.start_worker("--host", "shop", "--pages", str(team.program.work))
    grafana = read_payload("grafana")
    (pod,) = hook.post("/grafana", grafana, {"X-Grafana-Alerting-Signature": sign(grafana)}).runs
    assert "pod.md on shop" in team.wait_for_question(pod, "2.1  asks: Go on?")
    github = read_payload("github")
    headers = {"X-GitHub-Event": "workflow_run", "X-GitHub-Delivery": "1f2e"}
    signed = {**headers, "X-Hub-Signature-256": f"sha256={sign(github)}"}
    (failed,) = hook.post("/github", github, signed).runs
    assert hook.post("/github", github, {**signed, "X-GitHub-Delivery": "another"}).runs == [failed]
    team.wait_for_end(failed)
    forgejo = read_payload("forgejo")
    headers = {"X-Forgejo-Event": "push", "X-Gitea-Event": "push", "X-GitHub-Event": "push"}
    signed = {**headers, "X-Forgejo-Signature": sign(forgejo), "X-Gitea-Signature": sign(forgejo)}
    (pushed,) = hook.post("/forgejo", forgejo, signed).runs
    team.wait_for_end(pushed)
    assert team.read_effects() == [
        "shop/web-7d4b9c6f5d-x2v9k",
        *("9fceb02d0ae598e95dc970b74767f19372d61af8", "deploy", "failed"),
        *("bffeb74224043ba2feb48d137756c8a9331c449a", "shop/site"),
    ]
    nothing = read_payload("github", '"failure"', '"success"')
    signed = {"X-GitHub-Event": "workflow_run", "X-Hub-Signature-256": f"sha256={sign(nothing)}"}
    assert hook.post("/github", nothing, signed).fields == {"runs": [], "refused": []}


def test_only_the_sender_with_the_secret_starts_anything(team: Team, hook: HookProcess) -> None:
    """Another secret, a changed byte, an old signature, no signature, another method: 401, and no run."""
    alert, github, grafana = (read_payload(each) for each in ("alertmanager", "github", "grafana"))
    event = {"X-GitHub-Event": "workflow_run"}
    push = {"X-Forgejo-Event": "push"}
    forgejo = read_payload("forgejo")
    now, stamp, signature = int(time.time()), "X-Grafana-Alerting-Timestamp", "X-Grafana-Alerting-Signature"

    def sign_at(moment: int) -> str:
        return sign(f"{moment}:".encode() + grafana)

    basic = base64.b64encode(f"alertmanager:{SECRET}x".encode()).decode()
    for path, body, headers in (
        ("/alertmanager", alert, {}),
        ("/alertmanager", alert, {"Authorization": f"Bearer {SECRET}x"}),
        ("/alertmanager", alert, {"Authorization": SECRET}),
        ("/alertmanager", alert, {"X-Hub-Signature-256": f"sha256={sign(alert)}"}),
        ("/basic", alert, BEARER),
        ("/basic", alert, {"Authorization": f"Basic {basic}"}),
        ("/github", github, event),
        ("/github", github, {**event, **BEARER}),
        ("/github", github, {**event, "X-Hub-Signature-256": sign(github)}),
        ("/github", github, {**event, "X-Hub-Signature-256": f"sha256={sign(github, SECRET + 'x')}"}),
        ("/github", github + b" ", {**event, "X-Hub-Signature-256": f"sha256={sign(github)}"}),
        ("/forgejo", forgejo, {**push, "X-Hub-Signature-256": f"sha256={sign(forgejo)}"}),
        ("/forgejo", forgejo, {**push, "X-Forgejo-Signature": "0", "X-Gitea-Signature": sign(forgejo)}),
        ("/grafana", grafana, {signature: sign(forgejo)}),
        ("/stamped", grafana, {signature: sign(grafana)}),
        ("/stamped", grafana, {signature: sign(grafana), stamp: str(now)}),
        ("/stamped", grafana, {signature: sign_at(now), stamp: str(now + 1)}),
        ("/stamped", grafana, {signature: sign_at(now - 400), stamp: str(now - 400)}),
        ("/stamped", grafana, {signature: sign_at(now), stamp: "-1"}),
    ):
        reply = hook.post(path, body, headers)
        assert reply.status == 401, (path, headers, reply)
        assert set(reply.fields) == {"error"}
    assert not (team.program.runs.parent / "hook-runs").read_text()
    assert hook.post("/stamped", grafana, {signature: sign_at(now), stamp: str(now)}).runs
    old = hook.post(
        "/basic",
        alert,
        {"Authorization": f"Basic {base64.b64encode(f'alertmanager:{SECRET}'.encode()).decode()}"},
    )
    assert (old.status, old.runs) == (200, [])
    assert SECRET not in hook.log.read_text()


def send_raw(port: int, data: bytes) -> bytes:
    """Send bytes over a connection, and return all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def test_a_hostile_body_starts_nothing(team: Team, hook: HookProcess) -> None:
    """What no sender sends gets a status of 4xx in time, and the next alert is taken as before."""
    alert = json.loads(read_payload("alertmanager"))["alerts"][0]

    def change(**fields: object) -> bytes:
        return json.dumps({"alerts": [{**alert, **fields}]}).encode()

    for body in (
        b"", b"null", b"[]", b"{}", b'{"alerts": {}}', b'{"alerts": [1]}', b"\xff", b"\xef\xbb\xbf{}",
        b"[" * 100_000, b'{"a":' * 100_000, b"9" * 100_000, b'{"alerts": [' + b"{}," * 2000 + b"{}]}",
        change(status="other"), change(labels=[]), change(labels={"pod": 1}), change(startsAt=1),
        change(startsAt="yesterday"), change(startsAt="2026-11-30T08:12:41"),
    ):  # fmt: skip
        assert hook.post("/alertmanager", body, BEARER).status == 400, body[:80]
    head = f"POST /alertmanager HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n".encode()
    for request, status in (
        (b"GET /alertmanager HTTP/1.1\r\n\r\n", b"501"),
        (b"POST /other HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /alertmanager/../github HTTP/1.1\r\n\r\n", b"404"),
        (head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (head + b"Content-Length: -1\r\n\r\n", b"411"),
        (head + b"Content-Length: 999999999999\r\n\r\n", b"413"),
        (head + b"Content-Length: 10\r\nContent-Type: application/json\r\n\r\n{}", b"415"),
        (head + b"Content-Length: 2\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n{}", b"415"),
        (head + b"Authorization: Bearer x\r\nContent-Length: 2\r\n\r\n{}", b"401"),
        (b"\x16\x03\x01" + b"\0" * 200, b"400"),
        (head + b"X: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
    ):
        assert status in send_raw(hook.port, request)[:400], request[:80]
    idle = [socket.create_connection(("127.0.0.1", hook.port)) for _ in range(8)]
    assert hook.post("/alertmanager", read_payload("alertmanager"), BEARER).runs
    for each in idle:
        each.close()
    assert "Traceback" not in hook.log.read_text()


def test_a_label_stays_a_value(team: Team, hook: HookProcess) -> None:
    """Shell code in a label is one word; what a program could take as an option is refused."""
    team.start_worker()
    evil = "$(touch hacked); `touch hacked` ' \\\" && touch hacked #"
    name = json.dumps(evil)[1:-1]
    (run,) = hook.post(
        "/alertmanager", read_payload("alertmanager", "web-7d4b9c6f5d-x2v9k", name), BEARER
    ).runs
    team.wait_for_question(run, "2.1  asks: Go on?")
    assert team.log.read_text() == f"shop/{evil}\n"
    assert not (team.program.work / "hacked").exists()
    for wrong, why in (
        ("--all", "begins with `-`"),
        ("a\\nb", "printable"),
        ("\\u001b[31m", "printable"),
        ("\\u202eevil", "printable"),
        ("\\ud800", "printable"),
        ("x" * 2000, "1 to 1000"),
    ):
        reply = hook.post(
            "/alertmanager", read_payload("alertmanager", "web-7d4b9c6f5d-x2v9k", wrong), BEARER
        )
        assert (reply.status, reply.runs) == (422, []), wrong
        assert why in reply.fields["refused"][0]
    elsewhere = read_payload("grafana", '"grafana_folder": "shop"', '"grafana_folder": "evil.example.org"')
    reply = hook.post("/grafana", elsewhere, {"X-Grafana-Alerting-Signature": sign(elsewhere)})
    assert "`evil.example.org` in label `grafana_folder` is none of its hosts" in reply.fields["refused"][0]
    assert "\x1b" not in hook.log.read_text()


def test_a_hook_that_is_started_again_remembers(team: Team, hook: HookProcess) -> None:
    """A replay after a restart starts nothing, even if the server has forgotten the run."""
    body = read_payload("alertmanager")
    (run,) = hook.post("/alertmanager", body, BEARER).runs
    second = team.run("hook", "hook.toml", "--listen", "127.0.0.1:0")
    assert (second.status, "another `runbook-exec hook` has" in second.stderr) == (2, True)
    hook.process.kill()
    hook.process.wait()
    other = f"{team.namespace}-forgotten"  # where the run is not known
    again = HookProcess(
        team,
        RULES.replace(
            "[[rule]]",
            '[[rule]]\nsource = "basic"\nwhen = { a = "b" }\npage = "deploy.md"\non = "indri"\n\n[[rule]]',
            1,
        ),
        "--namespace",
        other,
    )
    hook.process, hook.port = again.process, again.port
    assert again.post("/alertmanager", body, BEARER).runs == [run]
    assert "no open run" in team.run("asks", run, "--namespace", other).output


def test_a_rule_starts_so_many_runs_an_hour(team: Team) -> None:
    """A storm of alerts starts as many runs as the rule allows, and says so."""
    team.program.write("pod.md", POD)
    alert = json.loads(read_payload("alertmanager"))["alerts"][0]
    alerts = [{**alert, "labels": {**alert["labels"], "pod": f"web-{number}"}} for number in range(30)]
    hook = HookProcess(
        team, RULES.partition("[[rule]]")[0] + "[[rule]]" + RULES.split("[[rule]]")[1] + "per-hour = 3\n"
    )
    line = RULES.partition("[[rule]]")[0].count("\n") + 1
    try:
        reply = hook.post("/alertmanager", json.dumps({"alerts": alerts}).encode(), BEARER)
        assert (reply.status, len(reply.runs), len(reply.fields["refused"])) == (200, 3, 27)
        assert f"hook.toml:{line}: it has started 3 runs in an hour" in reply.fields["refused"][0]
    finally:
        assert hook.end() == 0


def test_orders_of_a_hook_are_signed(team: Team) -> None:
    """A worker with signers takes what the hook has signed with `--sign`."""
    key = make_key(team.program.folder, "hook")
    signers = str(allow(team.program.folder, "hook"))
    team.program.write("pod.md", POD)
    team.program.write("deploy.md", DEPLOY)
    words = ("--host", "indri", "--control", "--pages", str(team.program.work), "--signers", signers)
    team.start_worker(*words, env={"RUNBOOK_EXEC_TRUSTED": ""})
    hook = HookProcess(team, RULES, "--sign", key)
    try:
        (run,) = hook.post("/alertmanager", read_payload("alertmanager"), BEARER).runs
        team.wait_for_question(run, "2.1  asks: Go on?")
    finally:
        assert hook.end() == 0


FIRST = '[source.a]\nkind = "alertmanager"\nsecret = "file:secret"\n\n'

RULE = '[[rule]]\nsource = "a"\nwhen = { x = "y" }\npage = "deploy.md"\non = "indri"\n'

SECRET_RULE = RULE.replace("deploy.md", "secret.md") + '[rule.set]\ntoken = "x"\n'

WRONG_RULES = (
    ("[source.a", 1, "expected ']' at the end of a table declaration"),
    ("", 1, "expected a table `[source.NAME]`"),
    (FIRST, 1, "expected a table `[[rule]]`"),
    (FIRST.replace("alertmanager", "pager") + RULE, 2, "`kind`: expected one of `alertmanager`"),
    (FIRST.replace("file:secret", "hunter2") + RULE, 3, "`secret`: expected `env:NAME`"),
    (FIRST.replace("file:secret", "file:missing") + RULE, 3, "`secret`: `file:missing`: cannot"),
    (FIRST.replace("file:secret", "file:short") + RULE, 3, "`secret`: expected at least 16"),
    (FIRST + 'user = "x"\n' + RULE, 5, "`user`: is for `check = \"basic\"`"),
    (FIRST + 'check = "signature"\n' + RULE, 5, "`check`: expected one of `bearer`, `basic`"),
    (FIRST + 'chek = "bearer"\n' + RULE, 5, "unknown key `chek`; did you mean `check`?"),
    (FIRST + RULE + 'host = "x"\n', 10, "unknown key `host`"),
    (FIRST + RULE + RULE.replace('"a"', '"b"'), 11, "`source`: expected one of `a`, got `b`"),
    (FIRST + RULE.replace('{ x = "y" }', "{}"), 7, "`when`: expected labels"),
    (FIRST + RULE.replace('{ x = "y" }', "{ x = 1 }"), 7, "`x`: expected a text"),
    (FIRST + RULE.replace("deploy.md", "gone.md"), 8, "`page`: cannot read"),
    (FIRST + RULE.replace("deploy.md", "deploy.md#no"), 8, "`page`: "),
    (FIRST + RULE.replace('"indri"', '"-x"'), 9, "`on`: expected the name of a host"),
    (FIRST + RULE.replace('"indri"', '"<x>"'), 5, "`hosts`: lists the names"),
    (FIRST + RULE + 'labels = { pod = "pod" }\n', 10, "`labels`: the page has no"),
    (FIRST + RULE + 'set = { token = "x" }\n', 10, "`set`: the page has no placeholder <token>"),
    (FIRST + SECRET_RULE, 10, "`set`: <token> is a secret"),
    (FIRST + RULE + 'on-failure = "go on"\n', 10, "`on-failure`: expected `ask` or `stop`"),
    (FIRST + RULE + "per-hour = 0\n", 10, "`per-hour`: expected a number from 1"),
    (FIRST + RULE + 'each = "yes"\n', 10, "`each`: expected true or false"),
    (FIRST + RULE + 'hold = "long"\n', 10, "`hold`: expected a duration"),
    (FIRST + RULE + '[other]\n', 10, "unknown table `other`"),
)  # fmt: skip


def test_wrong_rules_are_refused_with_their_line(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each error has the file and the line, and no secret."""
    program.write("deploy.md", DEPLOY)
    program.write("secret.md", DEPLOY.replace("<why>", "<token>"))
    program.write("secret", SECRET)
    program.write("short", "hunter2")
    monkeypatch.chdir(program.work)
    for rules, line, why in WRONG_RULES:
        path = program.write("hook.toml", rules)
        with pytest.raises(Refused) as refused:
            read_rules(Path("hook.toml"))
        assert str(refused.value).startswith(f"hook.toml:{line}: {why}"), (rules, refused.value)
        assert SECRET not in str(refused.value)
    done = program.run("hook", str(path), "--check")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == f"error: {path}:10: unknown table `other`\n"
    program.write("hook.toml", FIRST + RULE)
    done = program.run("hook", "hook.toml", "--check")
    assert (done.status, done.stdout) == (0, f"hook.toml:5: a starts {program.work}/deploy.md on indri\n")
