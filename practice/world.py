"""Makes a practice world: a folder with the stand-ins, what they remember, and a place to work in.

bin/     fly, flyctl, op, mise, runbook-exec and, if asked for, practice-browser
vault/   what the stand-ins remember, tokens included: 0600 in a 0700 folder (see `store`)
work/    the working directory: mise-tasks/, fly/fly.toml
config/, data/, cache/, runs/   the shells' configuration and history, and the journals of runbook-exec

On real parts, mise and ansible are real, and work/ also has a playbook that writes the secrets of Forgejo.
"""

from __future__ import annotations

import base64
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from . import store
from .parts import REPOSITORY, ansible, mise

REAL_WORK = Path(__file__).resolve().parent / "real"
LOGIN_CODE = "1234"
VAULT_ID = "vg6xf6vvfmoh5hqjjhlhbeoaie"
ITEM_ID = "on5slfaygtdjrxmdwezyhfmqsq"
EMAIL = "operator@example.com"
AGE = 75  # days since the token in use was minted: its rotation is due today
STAND_INS = {
    "fly": "fly:main",
    "flyctl": "fly:main",
    "op": "op:main",
    "mise": "mise:main",
}
# Variables that would reach the real services, or lead a stand-in astray.
FOREIGN = ("FLY_", "OP_", "MISE_", "FORGEJO_", "GITEA_", "ANSIBLE_", "BASH_ENV", "BROWSER")

FISH = """# A practice world's own: the user's may put the real tools first on PATH, or wrap them.
set -g fish_greeting
set -gx PATH {bin} (string match --invert -- {bin} $PATH)
functions --erase fly flyctl op mise
"""


@dataclass(frozen=True, slots=True)
class World:
    """A practice world, by its folder."""

    folder: Path

    @property
    def bin(self) -> Path:
        """Where the stand-ins are."""
        return self.folder / "bin"

    @property
    def work(self) -> Path:
        """The working directory of whatever is tried here."""
        return self.folder / "work"

    @property
    def browser(self) -> Path:
        """The browser that approves a login by itself."""
        return self.bin / "practice-browser"

    def state(self) -> store.State:
        """What the stand-ins remember now."""
        return store.look(str(self.folder))

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base`, changed so that only stand-ins are found and nothing of the user's own is read or written.

        HOME stays. The shells' configuration does not: it may put the real `fly` in front of this one.
        """
        kept = {name: value for name, value in base.items() if not name.startswith(FOREIGN)}
        path = os.pathsep.join([str(self.bin), base.get("PATH", os.defpath)])
        mine = {
            "PATH": path,
            "PWD": str(self.work),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_STATE_HOME": str(self.folder / "runs"),
            "ZDOTDIR": str(self.folder / "config"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "RUNBOOK_EXEC_TRUSTED": "/",  # whatever is tried here may run with --yes: that is what it is for
            "MISE_FISH_AUTO_ACTIVATE": "0",  # Debian's mise would else take PATH over at every prompt
            "MISE_OFFLINE": "1",
            "MISE_CEILING_PATHS": str(self.folder),  # no configuration from above
            "ANSIBLE_HOME": str(self.folder / "data" / "ansible"),
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "data" / "ansible" / "tmp"),
        }
        if url := self.state()["forgejo"]["url"]:
            mine["FORGEJO_URL"] = url
        if self.browser.exists():
            mine["BROWSER"] = str(self.browser)
        return kept | mine


def create(
    folder: Path,
    *,
    browser: bool,
    app_directory: bool = False,
    login_seconds: float = 900.0,
    real: bool = False,
) -> World:
    """Make a world in `folder`, which is new or empty (else FileExistsError).

    `browser`: logins end by themselves. `app_directory`: `work/` holds a fly.toml, so that `fly` finds its
    app there. `login_seconds`: how long a login waits. `real`: on real parts, which are installed (else
    FileNotFoundError).
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(
            f"expected a new or empty folder for the practice world, found files in {folder}"
        )
    folder.chmod(0o700)
    world = World(folder)
    # Where fish finds no generated completions, it reads every manual page of the machine to make some.
    completions = "data/fish/generated_completions"
    for name in ("bin", "work/mise-tasks", "work/fly", "config/fish", completions, "runs"):
        (folder / name).mkdir(parents=True)
    begin(folder, login_seconds)
    for name, entry in STAND_INS.items():
        _executable(world.bin / name, _launcher(folder, entry))
    _executable(
        world.bin / "runbook-exec", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m runbook_exec "$@"\n'
    )
    if browser:
        _executable(world.browser, _launcher(folder, "login:browse"))
    if real:
        _real_parts(world)
    else:
        for name in ("mise-tasks/fly-deploy", "fly/fly.toml"):
            shutil.copy(REAL_WORK / name, world.work / name)
        described = '#MISE description="Provision indri with Ansible"'
        provision = _launcher(folder, "provision:main", described)
        _executable(world.work / "mise-tasks" / "provision-indri", provision)
    if app_directory:
        shutil.copy(world.work / "fly" / "fly.toml", world.work)
    quoted = "'" + str(world.bin).replace("\\", "\\\\").replace("'", "\\'") + "'"
    (folder / "config" / "fish" / "config.fish").write_text(FISH.format(bin=quoted))
    return world


def begin(folder: Path, login_seconds: float = 900.0) -> None:
    """Make the vault of a world: what its stand-ins remember at the beginning."""
    (folder / "vault").mkdir(mode=0o700)
    store.write(str(folder), _beginning(login_seconds))


def _real_parts(world: World) -> None:
    """Put the real mise in the place of its stand-in, and ansible with its playbook beside it."""
    (world.bin / "mise").unlink()
    (world.bin / "mise").symlink_to(mise())
    (world.bin / "ansible-playbook").symlink_to(ansible())
    shutil.copytree(REAL_WORK, world.work, dirs_exist_ok=True)


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _launcher(folder: Path, entry: str, comment: str = "") -> str:
    """A script that runs `module:function` of this package with the world's folder and its own arguments.

    Python starts without site-packages, the user's variables or the working directory on its path.
    """
    module, _, function = entry.partition(":")
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); folder = sys.argv.pop(1); "
        f"from practice.{module} import {function}; sys.exit({function}(folder, sys.argv[1:]))"
    )
    words = [sys.executable, "-I", "-S", "-c", code, str(REPOSITORY), str(folder)]
    first = "#!/bin/sh" + (f"\n{comment}" if comment else "")
    return f'{first}\nexec {shlex.join(words)} "$@"\n'


def _stamp(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _secret(count: int) -> str:
    return base64.b64encode(os.urandom(count)).decode()


def _token(
    name: str, scope: str, age: int, lasts: int, header: str = "", revoked: int | None = None
) -> store.Token:
    return {
        "id": "".join(letter for letter in _secret(64) if letter.isalnum())[:41],
        "name": name,
        "scope": scope,
        "user": EMAIL,
        "expires_at": _stamp(lasts - age),
        "revoked_at": None if revoked is None else _stamp(-revoked),
        "digest": store.digest(header or _secret(64)),
    }


def _beginning(login_seconds: float) -> store.State:
    """The state a world begins with: an old token in use, older and unrelated ones beside it."""
    today = date.today()

    def name_token(age: int) -> str:
        return f"blumeops-proxy deploy {today - timedelta(days=age)}"

    header = f"FlyV1 fm2_{_secret(129)},fm2_{_secret(117)},fo1_{_secret(33)}"
    forgejo_token = os.urandom(20).hex()
    old = _token(name_token(AGE), "org", AGE, 90, header)
    tokens = [
        _token("Org deploy token", "org", 412, 7300),
        _token(name_token(2 * AGE), "org", 2 * AGE, 90, revoked=AGE),
        _token(name_token(AGE + 1), "org", AGE + 1, 90, revoked=AGE + 1),
        old,
        _token("grafana readonly", "readonly", 230, 7300),
        _token("flyctl deploy token", "deploy", 300, 7300),
        _token(name_token(AGE + 2), "deploy", AGE + 2, 90),
    ]
    return {
        "email": EMAIL,
        "session": None,
        "login_code": LOGIN_CODE,
        "login_seconds": login_seconds,
        "logins": {},
        "app": "blumeops-proxy",
        "organization": "personal",
        "tokens": tokens,
        "old_token": old["id"],
        "release": 41,
        "deploys": [{"time": _stamp(-3), "token": old["id"]}],
        "certificates": [],
        "op_signed_in": True,
        "vaults": [_op_vault(header, forgejo_token)],
        "forgejo": {
            "url": None,
            "digest": store.digest(forgejo_token),
            "repository": "operator/blumeops",
            "secrets": {"FLY_DEPLOY_TOKEN": header},
        },
    }


def _op_vault(header: str, forgejo_token: str) -> store.Vault:
    def field(section: str, label: str, kind: str, value: str) -> store.Field:
        return {"id": label, "section": section, "label": label, "type": kind, "value": value}

    def item(ident: str, title: str, fields: list[store.Field]) -> store.Item:
        return {
            "id": ident,
            "title": title,
            "category": "LOGIN",
            "created": _stamp(-700),
            "updated": _stamp(-AGE),
            "version": 6,
            "fields": fields,
        }

    fly = [
        field("", "username", "STRING", EMAIL),
        field("", "password", "CONCEALED", _secret(18)),
        field("add more", "deploy-token", "CONCEALED", header),
        field("add more", "account-id", "STRING", "practice-7731"),
    ]
    forgejo = [
        field("", "username", "STRING", "operator"),
        field("", "api-token", "CONCEALED", forgejo_token),
    ]
    return {
        "id": VAULT_ID,
        "name": "blumeops",
        "items": [
            item(ITEM_ID, "fly.io admin", fly),
            item("k3m6q2tzr7xwnv5ybhd4pj9sca", "forgejo admin", forgejo),
        ],
    }
