"""A stand-in for `fly`: who is logged in, which tokens exist and which are revoked, deploys, certificates."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import store
from .cobra import HELP, Call, Command, Flag, Refused, find, parse, seconds, usage

NO_APP = (
    "the config for your app is missing an app name, add an app field to the fly.toml file or specify "
    "with the -a flag"
)
NO_SESSION = "No access token available. Please login with 'flyctl auth login'"
METRICS = (
    "Warning: Metrics token unavailable: failed creating identity token: "
    'Post "https://api.fly.io/graphql": context canceled'
)
VERSION = {
    "Name": "flyctl",
    "Version": "0.4.71",
    "Commit": "9f0c2a7e31bd",
    "BuildDate": "2026-08-21T14:11:32Z",
}

APP = Flag("app", "a", "string", "Application name")
CONFIG = Flag("config", "c", "string", "Path to application configuration file")
ORG = Flag("org", "o", "string", "The target Fly.io organization")
JSON = Flag("json", "j", "bool", "JSON output")
NAME = Flag("name", "n", "string", "Token name")
EXPIRY = Flag("expiry", "x", "duration", "The duration that the token will be valid")
COMMON = (
    Flag("access-token", "t", "string", "Fly API Access Token"),
    Flag("debug", "", "bool", "Print additional logs and traces"),
    Flag("verbose", "", "bool", "Verbose output"),
)


def _credential(call: Call, state: store.State) -> store.Token | None:
    """The token in use, or None for the user's own login. Raises Refused where neither is any good."""
    given = call.flags.get("access-token") or os.environ.get("FLY_ACCESS_TOKEN", "")
    given = given or os.environ.get("FLY_API_TOKEN", "")
    if not given:
        if state["session"] is None:
            raise Refused(NO_SESSION)
        return None
    wanted = store.digest(given)
    token = next((each for each in state["tokens"] if each["digest"] == wanted), None)
    if token is None or token["revoked_at"] or token["expires_at"] < _now():
        raise Refused("unauthorized")
    return token


def _now(later: float = 0.0) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + later))


def _go_time(stamp: str | None) -> str:
    return stamp.replace("T", " ").replace("Z", " +0000 UTC") if stamp else ""


def _app(call: Call) -> str:
    """The app's name, from -a, FLY_APP or a fly.toml. Raises Refused where there is none."""
    name = call.flags.get("app") or os.environ.get("FLY_APP", "")
    if not name:
        path = Path(call.flags.get("config") or "fly.toml")
        try:
            text = (path / "fly.toml" if path.is_dir() else path).read_text(encoding="utf-8")
        except OSError:
            text = ""
        found = re.search(r"^app\s*=\s*['\"]([^'\"]+)['\"]", text, re.MULTILINE)
        if not found:
            raise Refused(NO_APP)
        name = found[1]
    return name


def _known_app(call: Call, state: store.State) -> str:
    if (name := _app(call)) != state["app"]:
        raise Refused(f'Could not find App "{name}"')
    return name


def _organization(call: Call, state: store.State) -> str:
    slug = call.flags.get("org") or os.environ.get("FLY_ORG", "") or next(iter(call.arguments), "")
    if not slug:
        slug = state["organization"]
        print(f"automatically selected {slug} organization: {slug.title()}", file=sys.stderr)
    if slug != state["organization"]:
        raise Refused(f"failed retrieving org organization {slug} not found")
    return slug


def _warn_of_scope(token: store.Token | None) -> None:
    """What flyctl says when it cannot ask the organisation for a metrics token."""
    if token and token["scope"] == "deploy":
        print(METRICS, file=sys.stderr, flush=True)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        print(" " + " │ ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + " ")
    print()


def _auth_login(call: Call) -> int:
    from .login import login  # brings an HTTP server along, which no other command needs

    return login(call.folder)


def _auth_logout(call: Call) -> int:
    with store.change(call.folder) as state:
        state["session"] = None
    return 0


def _auth_whoami(call: Call) -> int:
    state = store.look(call.folder)
    token = _credential(call, state)
    email = token["user"] if token else state["email"]
    print(json.dumps({"email": email}, indent=4) if call.on("json") else email)
    return 0


def _mint() -> tuple[str, str]:
    """A new token as printed, and its id (41 characters)."""

    def part(count: int) -> str:
        return base64.b64encode(os.urandom(count)).decode()

    ident = re.sub(r"[+/=]", "", base64.b64encode(os.urandom(64)).decode())[:41]
    return (
        f"FlyV1 fm2_{part(129)},fm2_{part(117)},fo1_{base64.urlsafe_b64encode(os.urandom(33)).decode()}",
        ident,
    )


def _create(call: Call, scope: str, name: str) -> int:
    with store.change(call.folder) as state:
        credential = _credential(call, state)
        if credential is not None:
            raise Refused(
                "failed creating token: input:3: createLimitedAccessToken Not authorized to access this "
                "createlimitedaccesstoken"
            )
        if scope == "deploy":
            _known_app(call, state)
        else:
            _organization(call, state)
        header, ident = _mint()
        state["tokens"].append(
            {
                "id": ident,
                "name": call.flags.get("name", name),
                "scope": scope,
                "user": state["email"],
                "expires_at": _now(seconds(call.flags.get("expiry", "175200h"))),
                "revoked_at": None,
                "digest": store.digest(header),
            }
        )
    print(json.dumps({"token": header}, indent=4) if call.on("json") else header)
    return 0


def _create_org(call: Call) -> int:
    return _create(call, "org", "Org deploy token")


def _create_deploy(call: Call) -> int:
    return _create(call, "deploy", "flyctl deploy token")


def _create_readonly(call: Call) -> int:
    return _create(call, "readonly", "Read-only org token")


def _tokens_list(call: Call) -> int:
    scope = call.flags.get("scope", "")
    if call.flags.get("app") or call.flags.get("config") or scope == "app":
        scope = "app"
    elif call.flags.get("org") or scope == "org":
        scope = "org"
    elif scope:
        raise Refused('failed retrieving scope: Please provide a valid scope: "app" or "org".')
    state = store.look(call.folder)
    credential = _credential(call, state)
    if scope == "org":
        slug = _organization(call, state)
        if credential and credential["scope"] == "deploy":
            raise Refused(f"failed retrieving tokens for org {slug}: unauthorized")
        title = f'Tokens for organization "{slug}":'
    else:
        title = f'Tokens for app "{_known_app(call, state)}":'
    rows = [
        (each["id"], each["name"], each["user"], _go_time(each["expires_at"]), _go_time(each["revoked_at"]))
        for each in state["tokens"]
        if (each["scope"] == "deploy") == (scope != "org")
    ]
    print(title)
    _table(("ID", "NAME", "CREATED BY", "EXPIRES AT", "REVOKED AT"), rows)
    return 0


def _tokens_revoke(call: Call) -> int:
    if not call.arguments:
        _credential(call, store.look(call.folder))
        raise Refused("no token IDs; please provide IDs as positional arguments")
    revoked = 0
    with store.change(call.folder) as state:
        credential = _credential(call, state)
        tokens = {each["id"]: each for each in state["tokens"]}
        for ident in call.arguments:
            if ident not in tokens:
                print(f"failed to revoke token {ident}: Not Found", file=sys.stderr, flush=True)
            elif credential and credential["scope"] != "org":
                print(f"failed to revoke token {ident}: unauthorized", file=sys.stderr, flush=True)
            else:
                # Revoking once more says the same and keeps the first date.
                tokens[ident]["revoked_at"] = tokens[ident]["revoked_at"] or _now()
                print(f"Revoked {ident}", flush=True)
                revoked += 1
    print(f"{revoked} tokens revoked")
    return 0


def _deploy(call: Call) -> int:
    name = _app(call)
    print("==> Verifying app config", file=sys.stderr, flush=True)
    state = store.look(call.folder)
    try:
        credential = _credential(call, state)
    except Refused:
        raise Refused("unauthorized") from None
    if credential and credential["scope"] == "readonly":
        raise Refused("unauthorized")
    _known_app(call, state)
    print("--> Verified app config", file=sys.stderr, flush=True)
    _warn_of_scope(credential)
    print("==> Building image", file=sys.stderr, flush=True)
    print(f"Updating existing machines in '{name}' with rolling strategy", flush=True)
    for number, machine in enumerate(("3d8d9795ce9378", "e28656d9be7908"), 1):
        time.sleep(0.1)
        print(f"  [{number}/2] Machine {machine} [app] update finished: success", flush=True)
    with store.change(call.folder) as state:
        state["release"] += 1
        state["deploys"].append({"time": _now(), "token": credential["id"] if credential else None})
    print(f"  Finished deploying\n\nVisit your newly deployed app at https://{name}.fly.dev/\n")
    return 0


def _status(call: Call) -> int:
    state = store.look(call.folder)
    credential = _credential(call, state)
    name = _known_app(call, state)
    _warn_of_scope(credential)
    last = state["deploys"][-1]["time"]
    if call.on("json"):
        said = {"Name": name, "Deployed": True, "Status": "deployed", "Hostname": f"{name}.fly.dev"}
        print(json.dumps({**said, "Version": state["release"]}, indent=4))
        return 0
    print("App")
    for label, value in (
        ("Name", name),
        ("Owner", state["organization"]),
        ("Hostname", f"{name}.fly.dev"),
        ("Image", f"{name}:deployment-{state['release']:04}"),
    ):
        print(f" {label:<8} │ {value} ")
    print("\nMachines")
    rows = [
        ("app", machine, str(state["release"]), "fra", "started", "", "1 total, 1 passing", last)
        for machine in ("3d8d9795ce9378", "e28656d9be7908")
    ]
    _table(("PROCESS", "ID", "VERSION", "REGION", "STATE", "ROLE", "CHECKS", "LAST UPDATED"), rows)
    return 0


def _certs_add(call: Call) -> int:
    hostname = call.arguments[0]
    with store.change(call.folder) as state:
        _credential(call, state)
        _known_app(call, state)
        if hostname not in state["certificates"]:
            state["certificates"].append(hostname)
    if call.on("json"):
        print(
            json.dumps(
                {"hostname": hostname, "configured": False, "status": "awaiting_configuration"}, indent=4
            )
        )
        return 0
    print(f"✓ Certificate created for {hostname}\n\nRecommended DNS setup:")
    print(f"  A    {hostname} → 198.51.100.7\n  AAAA {hostname} → 2001:db8::7\n")
    print(f"Run fly certs check {hostname} to check validation progress.")
    print(f"Run fly certs setup {hostname} for alternative DNS setups.")
    return 0


def _version(call: Call) -> int:
    if call.on("json"):
        print(json.dumps(VERSION))
    else:
        print("{Name} v{Version} linux/amd64 Commit: {Commit} BuildDate: {BuildDate}".format(**VERSION))
    return 0


ROOT = Command(
    "flyctl",
    "This is a practice world's stand-in for flyctl, the Fly.io command line interface.",
    commands=(
        Command(
            "auth",
            "Manage authentication",
            commands=(
                Command("login", "Log in a user", _auth_login),
                Command("logout", "Logs out the currently logged in user", _auth_logout),
                Command("whoami", "Show the currently authenticated user", _auth_whoami, flags=(JSON,)),
            ),
        ),
        Command(
            "certs",
            "Manage certificates",
            commands=(
                Command(
                    "add",
                    "Add a certificate for an app",
                    _certs_add,
                    "<hostname>",
                    (APP, CONFIG, JSON),
                    aliases=("create",),
                    exactly=1,
                ),
            ),
        ),
        Command("deploy", "Deploy Fly applications", _deploy, flags=(APP, CONFIG)),
        Command("status", "Show app status", _status, flags=(APP, CONFIG, JSON), exactly=0),
        Command(
            "tokens",
            "Manage Fly.io API tokens",
            commands=(
                Command(
                    "create",
                    "Create Fly.io API tokens",
                    commands=(
                        Command(
                            "deploy",
                            "Create deploy tokens",
                            _create_deploy,
                            flags=(APP, CONFIG, NAME, EXPIRY, JSON),
                        ),
                        Command(
                            "org", "Create org deploy tokens", _create_org, flags=(ORG, NAME, EXPIRY, JSON)
                        ),
                        Command(
                            "readonly",
                            "Create read-only org tokens",
                            _create_readonly,
                            flags=(ORG, NAME, EXPIRY, JSON),
                        ),
                    ),
                ),
                Command(
                    "list",
                    "List tokens",
                    _tokens_list,
                    flags=(APP, CONFIG, ORG, Flag("scope", "s", "string", "either 'app' or 'org'")),
                    aliases=("ls",),
                ),
                Command("revoke", "Revoke tokens", _tokens_revoke, "[flags] ID ID ..."),
            ),
        ),
        Command("version", "Show version information for the flyctl command", _version, flags=(JSON,)),
    ),
)


def main(folder: str, words: list[str]) -> int:
    """Run `fly` with these words in the world at `folder`, and return its exit status."""
    path = ROOT.name
    try:
        found = find(ROOT, words, COMMON)
        path = found.path
        flags, arguments = parse(found.words, (*found.command.flags, *COMMON, HELP))
        if found.command.run is None or flags.get("help") == "true":
            print(usage(found, COMMON), end="")
            return 0
        if found.command.exactly not in (None, len(arguments)):
            if found.command.exactly == 0:
                raise Refused(f'unknown command "{arguments[0]}" for "{found.path}"')
            raise Refused(f"accepts {found.command.exactly} arg(s), received {len(arguments)}")
        return found.command.run(Call(folder, flags, arguments))
    except Refused as refused:
        sys.stdout.flush()
        print(f"Error: {refused}", file=sys.stderr)
        if str(refused).startswith(f'unknown command "{words[0] if words else ""}" for "{ROOT.name}"'):
            print(f"Run '{path} --help' for usage.\n")
        return 1
    except KeyboardInterrupt:
        return 127  # what flyctl returns for an interrupt
