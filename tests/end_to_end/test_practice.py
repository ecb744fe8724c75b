"""The practice world as a person uses it: its commands, and its login on a terminal."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pexpect
import pytest

from practice import run
from practice.forgejo import serving
from practice.world import AGE, ITEM_ID, LOGIN_CODE, VAULT_ID, World, create
from tests.support.paths import REPOSITORY

REFERENCE = "op://blumeops/fly.io admin/add more/deploy-token"
ASSIGN = ["op", "item", "edit", ITEM_ID]
MINT = ["fly", "tokens", "create", "org", "--org", "personal", "--name", "minted", "--expiry", "2160h"]
PROMPT = "paste code here if prompted > "


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Create a world in a folder whose name is awkward in a shell."""
    return create(tmp_path / "the operator's world", browser=True)


def call(
    world: World, *words: str, given: str | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in the world, without a terminal; `given` comes through a pipe."""
    return subprocess.run(
        words,
        cwd=world.work,
        env=world.environment(os.environ) | (env or {}),
        capture_output=True,
        text=True,
        timeout=60,
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
    )


def said(world: World, *words: str, env: dict[str, str] | None = None) -> str:
    """Return the output of a successful command."""
    called = call(world, *words, env=env)
    assert called.returncode == 0, called.stderr
    return called.stdout


def terminal(world: World, *words: str, **env: str) -> pexpect.spawn[str]:
    """Start a command in the world, on a terminal."""
    return pexpect.spawn(
        words[0],
        list(words[1:]),
        cwd=str(world.work),
        env=world.environment(os.environ) | {"TERM": "dumb"} | env,
        encoding="utf-8",
        timeout=30,
        dimensions=(40, 200),
    )


def finished(child: pexpect.spawn[str]) -> int | None:
    """Return the exit status of a command that ends by itself."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def log_in(world: World) -> None:
    """Log in with the practice browser."""
    assert finished(terminal(world, "fly", "auth", "login")) == 0


def old_token(world: World) -> str:
    """Return the token of the new world."""
    return said(world, "op", "read", REFERENCE).removesuffix("\n")


# fly


def test_login_needs_a_terminal(world: World) -> None:
    """Without a terminal the login is refused, with flyctl's message."""
    called = call(world, "fly", "auth", "login")
    assert (called.returncode, called.stdout) == (1, "")
    assert called.stderr == (
        "Error: fly auth login requires an interactive terminal. In headless environments, set FLY_API_TOKEN "
        "to a token created with `fly tokens create`\n"
    )


def test_a_pasted_code_logs_in(world: World) -> None:
    """A wrong code asks again, the right one logs in; the prompt leaves the cursor behind it."""
    child = terminal(world, "fly", "auth", "login", BROWSER="")
    child.expect_exact(PROMPT)
    assert re.fullmatch(r"Opening https://fly\.io/app/auth/cli/\w+ \.\.\.\r\n\r\n", child.before or "")
    child.sendline("4321")
    child.expect_exact(PROMPT)
    assert "4321" in (child.before or "")
    assert "That code didn't work" in (child.before or "")
    child.sendline(LOGIN_CODE)
    child.expect_exact("successfully logged in as operator@example.com\r\n")
    assert finished(child) == 0
    assert said(world, "fly", "auth", "whoami") == "operator@example.com\n"


def test_the_browser_logs_in(world: World) -> None:
    """The practice browser's callback ends the login, and the prompt's line is cleared."""
    child = terminal(world, "fly", "auth", "login")
    child.expect_exact(PROMPT + "\r\x1b[Ksuccessfully logged in as operator@example.com\r\n")
    assert finished(child) == 0
    assert world.state()["logins"] == {}


def test_without_a_browser_the_address_can_be_copied(world: World) -> None:
    """A browser that cannot be started leaves the address on the screen."""
    child = terminal(world, "fly", "auth", "login", BROWSER="no-such-browser")
    child.expect(r"failed opening browser\. Copy the url \(https://\S+\) into a browser and continue\r\n\r\n")
    child.expect_exact(PROMPT)
    child.sendintr()
    assert finished(child) == 127


def test_login_expires(tmp_path: Path) -> None:
    """A login without an answer ends by itself."""
    child = terminal(create(tmp_path / "w", browser=False, login_seconds=0.2), "fly", "auth", "login")
    child.expect_exact("Error: Login expired, please try again\r\n")
    assert finished(child) == 1


def test_minting_needs_the_login(world: World) -> None:
    """Minting is refused without a login, and with the token in use."""
    assert "No access token available" in call(world, *MINT).stderr
    refused = call(world, *MINT, env={"FLY_API_TOKEN": old_token(world)})
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: failed creating token")


def test_a_minted_token_is_printed_and_listed(world: World) -> None:
    """The token is one line, once; the list has its name and the requested expiry."""
    log_in(world)
    token = said(world, *MINT)
    assert re.fullmatch(r"FlyV1 fm2_[\w+/=]+,fm2_[\w+/=]+,fo1_[\w+/=-]+\n", token)
    assert json.loads(said(world, *MINT, "--json"))["token"].startswith("FlyV1 fm2_")
    rows = [
        row for row in said(world, "fly", "tokens", "list", "-o", "personal").splitlines() if "minted" in row
    ]
    expected = (
        rf" \w{{41}} │ minted +│ operator@example\.com │ {date.today() + timedelta(90)} [\d:]+ \+0000 UTC │ +"
    )
    assert len(rows) == 2
    assert re.fullmatch(expected, rows[0])
    refused = call(world, *MINT[:-1], "90d")
    assert refused.returncode == 1
    assert 'for "-x, --expiry" flag: time: unknown unit "d" in duration "90d"' in refused.stderr


def test_the_list_needs_a_scope(world: World) -> None:
    """An app or an organisation must be given; a revoked token stays in the list."""
    log_in(world)
    bare = call(world, "fly", "tokens", "list")
    assert (bare.returncode, bare.stdout) == (1, "")
    assert bare.stderr == (
        "Error: the config for your app is missing an app name, add an app field to the fly.toml file or "
        "specify with the -a flag\n"
    )
    listed = said(world, "fly", "tokens", "list", "-o", "personal").splitlines()
    assert listed[0] == 'Tokens for organization "personal":'
    assert re.split(r" +│ +", listed[1].strip()) == ["ID", "NAME", "CREATED BY", "EXPIRES AT", "REVOKED AT"]
    old = date.today() - timedelta(AGE)
    assert sum(f" │ blumeops-proxy deploy {old} " in row for row in listed) == 1
    assert any(re.search(r"UTC │ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC $", row) for row in listed)
    assert said(world, "fly", "tokens", "ls", "-s", "org").splitlines() == listed
    assert "unknown flag: --json" in call(world, "fly", "tokens", "list", "-o", "personal", "--json").stderr


def test_an_app_directory_lists_the_apps_tokens(tmp_path: Path) -> None:
    """Beside a fly.toml the bare list exits with 0, but shows only the app's tokens."""
    world = create(tmp_path / "w", browser=True, app_directory=True)
    log_in(world)
    listed = said(world, "fly", "tokens", "list")
    assert listed.startswith('Tokens for app "blumeops-proxy":\n')
    assert f"blumeops-proxy deploy {date.today() - timedelta(AGE)}" not in listed
    assert said(world, "fly", "tokens", "list", "-a", "blumeops-proxy") == listed


def test_tokens_are_revoked_by_id(world: World) -> None:
    """A wrong id is reported only on standard error; the exit status is 0 nevertheless."""
    log_in(world)
    ident = world.state()["old_token"]
    wrong = call(world, "fly", "tokens", "revoke", "nope")
    assert (wrong.returncode, wrong.stdout) == (0, "0 tokens revoked\n")
    assert wrong.stderr.startswith("failed to revoke token nope: ")
    none = call(world, "fly", "tokens", "revoke")
    assert none.returncode == 1
    assert none.stderr == "Error: no token IDs; please provide IDs as positional arguments\n"
    assert said(world, "fly", "tokens", "revoke", ident) == f"Revoked {ident}\n1 tokens revoked\n"


def test_a_deploy_needs_a_valid_token(world: World) -> None:
    """Without a token, or with a revoked one, it is unauthorized."""
    token = {"FLY_API_TOKEN": old_token(world)}
    deploy = ("fly", "deploy", "-a", "blumeops-proxy")
    done = call(world, *deploy, env=token)
    assert done.returncode == 0
    assert done.stderr.startswith("==> Verifying app config\n")
    assert "Updating existing machines in 'blumeops-proxy' with rolling strategy\n" in done.stdout
    assert "Visit your newly deployed app at https://blumeops-proxy.fly.dev/\n" in done.stdout
    log_in(world)
    said(world, "fly", "tokens", "revoke", world.state()["old_token"])
    revoked = call(world, *deploy, env=token)
    assert (revoked.returncode, revoked.stdout) == (1, "")
    assert revoked.stderr.endswith("Error: unauthorized\n")
    said(world, "fly", "auth", "logout")
    assert call(world, *deploy).stderr.endswith("Error: unauthorized\n")


def test_only_a_token_for_one_app_causes_the_metrics_warning(world: World) -> None:
    """Tokens with any other scope cause no warning."""
    log_in(world)
    narrow = said(world, "fly", "tokens", "create", "deploy", "-a", "blumeops-proxy").removesuffix("\n")
    for words in (("status",), ("deploy",)):
        warned = call(world, "fly", *words, "-a", "blumeops-proxy", env={"FLY_API_TOKEN": narrow})
        assert warned.returncode == 0
        assert re.search(
            r"^Warning: Metrics token unavailable: .* context canceled$", warned.stderr, re.MULTILINE
        )
    wide = call(world, "fly", "status", "-a", "blumeops-proxy", env={"FLY_API_TOKEN": old_token(world)})
    assert (wide.returncode, wide.stderr) == (0, "")


def test_unknown_commands_are_refused_like_cobra(world: World) -> None:
    """This applies to commands, flags and arguments."""
    unknown = call(world, "fly", "delpoy")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith(
        'Error: unknown command "delpoy" for "flyctl"\n\nDid you mean this?\n\tdeploy\n'
    )
    assert unknown.stdout == "Run 'flyctl --help' for usage.\n\n"
    assert "unknown shorthand flag: 'z' in -z" in call(world, "fly", "version", "-z").stderr
    assert "accepts 1 arg(s), received 0" in call(world, "fly", "certs", "add").stderr
    assert "Available Commands:" in said(world, "fly", "tokens", "--help")
    assert json.loads(said(world, "flyctl", "version", "--json"))["Name"] == "flyctl"


def test_a_certificate_is_added_to_the_named_app(world: World) -> None:
    """No other app gets it."""
    log_in(world)
    assert "Certificate created for a.example" in said(
        world, "fly", "certs", "add", "a.example", "-a", "blumeops-proxy"
    )
    assert world.state()["certificates"] == ["a.example"]
    assert call(world, "fly", "certs", "add", "a.example", "-a", "other").returncode == 1


# op


def test_an_edit_changes_the_field_by_section_and_name(world: World) -> None:
    """It prints the item without its secrets."""
    shown = said(world, *ASSIGN, "add more.deploy-token=FlyV1 a,b=c", "--vault", VAULT_ID)
    assert f"deploy-token: [use 'op item get {ITEM_ID} --reveal' to reveal]" in shown
    assert "a,b=c" not in shown
    assert said(world, "op", "read", REFERENCE) == "FlyV1 a,b=c\n"
    assert said(world, "op", "read", "-n", f"op://{VAULT_ID}/{ITEM_ID}/deploy-token") == "FlyV1 a,b=c"
    get = ("op", "item", "get", ITEM_ID, "--fields", "label=deploy-token")
    assert said(world, *get).startswith("[use 'op item get ")
    assert said(world, *get, "--reveal") == "FlyV1 a,b=c\n"
    said(world, *ASSIGN, r"a\.b.c\=d[text]=plain")
    assert said(world, "op", "read", "op://blumeops/fly.io admin/a.b/c=d") == "plain\n"


def test_a_pipe_is_read_as_an_item(world: World) -> None:
    """Input from a pipe is parsed as JSON; an edit in a pipeline fails and changes nothing."""
    before = old_token(world)
    refused = call(world, *ASSIGN, "add more.deploy-token=x", "--vault", VAULT_ID, given="FlyV1 x\n")
    assert refused.returncode == 1
    assert re.fullmatch(
        r"\[ERROR\] \d{4}/\d\d/\d\d [\d:]+ unable to process line 1: invalid JSON in piped input\n",
        refused.stderr,
    )
    assert old_token(world) == before
    item = json.dumps({"fields": [{"label": "deploy-token", "value": "piped"}]})
    assert call(world, *ASSIGN, given=item).returncode == 0
    assert old_token(world) == "piped"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["read", "op://a/b/c/d/e"],
            "too many '/': secret references should match op://<vault>/<item>[/<section>]/<field>",
        ),
        (["read", "op://blumeops/fly.io admin"], "too few '/'"),
        (["read", "op://nowhere/fly.io admin/x"], '"nowhere" isn\'t a vault in this account'),
        (["read", "op://blumeops/fly.io admin/x"], "does not have a field 'x'"),
        (["item", "edit", "nothing", "a=b"], '"nothing" isn\'t an item'),
        (["item", "edit", ITEM_ID, "deploy-token"], "isn't an assignment statement"),
        (["login"], 'unknown command "login" for "op"'),
    ],
)
def test_op_refuses_mistakes(world: World, words: list[str], message: str) -> None:
    """It exits with status 1 and a message with a date."""
    called = call(world, "op", *words)
    assert (called.returncode, called.stdout) == (1, "")
    assert called.stderr.startswith("[ERROR] ")
    assert message in called.stderr


def test_reading_needs_a_sign_in(world: World) -> None:
    """Nothing can be read while signed out."""
    assert "operator@example.com" in said(world, "op", "whoami")
    said(world, "op", "signout")
    for words in (["whoami"], ["read", REFERENCE]):
        assert call(world, "op", *words).stderr.endswith("account is not signed in\n")
    said(world, "op", "signin")
    assert old_token(world).startswith("FlyV1 ")


# mise, Ansible and Forgejo


def test_tasks_run_from_a_folder_below(world: World) -> None:
    """They get their arguments and keep their exit status."""
    task = world.work / "mise-tasks" / "show"
    task.write_text('#!/bin/sh\nprintf "%s|" "$@"\nexit 7\n')
    task.chmod(0o755)
    below = world.work / "fly"
    words = ["sh", "-c", 'cd "$1" && mise run show -- --tags "a b" --', "sh", str(below)]
    called = call(world, *words)
    assert (called.returncode, called.stdout) == (7, "--tags|a b|--|")
    assert called.stderr.startswith("[show] $ ")
    assert "fly-deploy       Deploy the Fly.io proxy\n" in said(world, "mise", "tasks")
    assert "no task fly-depoy found" in call(world, "mise", "run", "fly-depoy").stderr
    assert call(world, "mise", "nonsense").returncode == 2


def test_the_deploy_task_uses_the_token_in_1password(world: World) -> None:
    """It fails as soon as that token is invalid."""
    assert "Visit your newly deployed app" in said(world, "mise", "run", "fly-deploy")
    assert world.state()["deploys"][-1]["token"] == world.state()["old_token"]
    said(world, *ASSIGN, "add more.deploy-token=FlyV1 nonsense")
    failed = call(world, "mise", "run", "fly-deploy")
    assert failed.returncode == 1
    assert failed.stderr.endswith("Error: unauthorized\n")


@pytest.fixture
def forgejo(world: World) -> Iterator[http.client.HTTPConnection]:
    """Serve the world's Forgejo."""
    with serving(str(world.folder)) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        yield connection
        connection.close()


def test_forgejo_answers_as_documented(world: World, forgejo: http.client.HTTPConnection) -> None:
    """A secret is created with 201 and replaced with 204; a wrong token gets 401.

    An unknown repository gets 404.
    """
    token = said(world, "op", "read", "op://blumeops/forgejo admin/api-token").strip()
    body = json.dumps({"data": "one"})

    def put(path: str, sent: str = body, scheme: str = f"token {token}") -> int:
        forgejo.request("PUT", f"/api/v1/repos/{path}", sent, {"Authorization": scheme})
        answer = forgejo.getresponse()
        answer.read()
        return answer.status

    secrets = "operator/blumeops/actions/secrets"
    assert put(f"{secrets}/A_NEW_ONE") == 201
    assert put(f"{secrets}/A_NEW_ONE", json.dumps({"data": "two"})) == 204
    assert world.state()["forgejo"]["secrets"]["A_NEW_ONE"] == "two"
    assert put(f"{secrets}/A_NEW_ONE", scheme="token wrong") == 401
    assert put(f"{secrets}/A_NEW_ONE", scheme="") == 401
    assert put("operator/other/actions/secrets/A_NEW_ONE") == 404
    assert put(f"{secrets}/GITHUB_TOKEN") == 400
    assert put(f"{secrets}/A_NEW_ONE", "no json") == 422
    assert world.state()["forgejo"]["secrets"]["A_NEW_ONE"] == "two"


@pytest.mark.usefixtures("forgejo")
def test_provisioning_copies_the_token(world: World) -> None:
    """Only the role's tag copies the token from 1Password to Forgejo; others change nothing."""
    said(world, *ASSIGN, "add more.deploy-token=FlyV1 fresh")
    provision = ("mise", "run", "provision-indri", "--")
    assert "changed=0 " in said(world, *provision, "--tags", "dns,nginx")
    assert world.state()["forgejo"]["secrets"]["FLY_DEPLOY_TOKEN"] != "FlyV1 fresh"
    played = said(world, *provision, "--tags", "forgejo_actions_secrets")
    assert "\nPLAY RECAP ***" in played
    assert re.search(r"^indri +: ok=3 +changed=1 .* failed=0 ", played, re.MULTILINE)
    assert "fresh" not in played
    assert world.state()["forgejo"]["secrets"]["FLY_DEPLOY_TOKEN"] == "FlyV1 fresh"


def test_provisioning_without_forgejo_fails(world: World) -> None:
    """If Forgejo does not answer, the play fails with status 2, as in Ansible."""
    called = call(world, "mise", "run", "provision-indri", "--", "--tags=forgejo_actions_secrets")
    assert called.returncode == 2
    assert "fatal: [indri -> localhost]: FAILED! => " in called.stdout
    assert " failed=1 " in called.stdout


# the world


def test_concurrent_commands_keep_the_state(world: World) -> None:
    """The state has the effect of each of twenty commands."""
    log_in(world)

    def work(number: int) -> int:
        if number % 2:
            return call(world, *MINT[:6], "--name", f"n{number}").returncode
        return call(world, *ASSIGN, f"many.f{number}=v{number}").returncode

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(20))) == {0}
    state = world.state()
    assert {f"n{number}" for number in range(1, 20, 2)} <= {token["name"] for token in state["tokens"]}
    fields = {field["label"]: field["value"] for field in state["vaults"][0]["items"][0]["fields"]}
    assert all(fields[f"f{number}"] == f"v{number}" for number in range(0, 20, 2))


def test_only_the_vault_has_tokens(world: World) -> None:
    """Files with tokens are private, and none is outside `vault/`."""
    log_in(world)
    minted = said(world, *MINT).strip()
    said(world, *ASSIGN, f"add more.deploy-token={minted}")
    said(world, "mise", "run", "fly-deploy")
    files = [path for path in world.folder.rglob("*") if path.is_file()]
    holding = [path for path in files if minted.encode()[20:60] in path.read_bytes()]
    assert holding == [world.folder / "vault" / "state.json"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (world.folder / "vault").iterdir())
    assert [folder.stat().st_mode & 0o777 for folder in (world.folder, world.folder / "vault")] == [
        0o700,
        0o700,
    ]


def test_a_world_needs_an_empty_folder(tmp_path: Path) -> None:
    """A folder with content is left unchanged."""
    (tmp_path / "mine").touch()
    with pytest.raises(FileExistsError, match="expected a new or empty folder"):
        create(tmp_path, browser=False)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_nothing_of_the_user_is_in_a_world(tmp_path: Path) -> None:
    """Real tokens and the real browser stay outside."""
    world = create(tmp_path / "w", browser=False)
    own = {
        "FLY_API_TOKEN": "real",
        "OP_SESSION_x": "real",
        "BROWSER": "firefox",
        "HOME": "/home/o",
        "PATH": "/bin",
    }
    inside = world.environment(own)
    assert not {"FLY_API_TOKEN", "OP_SESSION_x", "BROWSER"} & set(inside)
    assert (inside["HOME"], inside["PATH"]) == ("/home/o", f"{world.bin}:/bin")
    assert all(inside[name].startswith(str(world.folder)) for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"))


def test_a_fish_that_would_call_the_real_tools_is_noticed(world: World) -> None:
    """Before anything runs, a fish in the world is asked for the `fly` it would call."""
    environment = world.environment(os.environ)
    assert run.leak(world, environment) == ""
    config = world.folder / "config" / "fish" / "config.fish"
    config.write_text(config.read_text() + "function mise; command /usr/bin/mise $argv; end\n")
    assert "fish would not call the practice `mise`" in run.leak(world, environment)


def test_the_pattern_finds_the_old_token_in_the_list(world: World) -> None:
    """It matches only the id of the token in use, in the printed list."""
    *options, capture = run.answers(world)
    assert options == ["--yes", "--no-input", "--done", run.BY_HAND, "--capture"]
    name, _, pattern = capture.partition(f"={run.LIST_STATEMENT}:")
    assert name == "old-token-id"
    log_in(world)
    listed = said(world, "fly", "tokens", "list", "-o", "personal")
    assert re.findall(pattern, listed) == [world.state()["old_token"]]


def test_a_rotation_reaches_all_outcomes(world: World) -> None:
    """None is reached at the beginning; the page's commands, in order, reach all of them."""
    assert [so for _, so in run.outcomes(world)] == [False, False, False, False]
    log_in(world)
    token = said(world, *MINT).strip()
    said(world, *ASSIGN, f"add more.deploy-token={token}", "--vault", VAULT_ID)
    assert [so for _, so in run.outcomes(world)] == [True, False, False, False]
    with serving(str(world.folder)):
        said(world, "mise", "run", "provision-indri", "--", "--tags", "forgejo_actions_secrets")
    said(world, "mise", "run", "fly-deploy")
    assert [so for _, so in run.outcomes(world)] == [True, True, True, False]
    said(world, "fly", "tokens", "revoke", world.state()["old_token"])
    assert [so for _, so in run.outcomes(world)] == [True, True, True, True]


def test_enter_opens_a_shell_in_a_world(tmp_path: Path) -> None:
    """The stand-ins are first on PATH and Forgejo answers; afterwards the world is removed."""
    environment = dict(os.environ) | {
        "TMPDIR": str(tmp_path),
        "TERM": "dumb",
        "fish_features": "no-query-term",
    }
    child = pexpect.spawn(
        sys.executable,
        ["-m", "practice", "enter"],
        cwd=str(REPOSITORY),
        env=environment,
        encoding="utf-8",
        timeout=30,
    )
    child.expect(rf"practice world (\S+)\r\n.*type {LOGIN_CODE}\.")
    assert isinstance(child.match, re.Match)
    folder = Path(child.match[1])
    child.sendline("command -v fly; mise run provision-indri -- -t forgejo_actions_secrets; exit 3")
    child.expect_exact(f"{folder}/bin/fly\r\n")
    child.expect(r"changed=1 .*failed=0 ")
    assert finished(child) == 3
    assert not folder.exists()


def test_enter_refuses_a_folder_that_is_no_world(tmp_path: Path) -> None:
    """The folder stays unchanged."""
    called = subprocess.run(
        [sys.executable, "-m", "practice", "enter", str(tmp_path)],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert called.returncode == 2
    assert "expected a practice world" in called.stderr
    assert list(tmp_path.iterdir()) == []
