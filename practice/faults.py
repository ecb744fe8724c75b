"""What can be wrong with the flagship runbook or with what it calls, for a run to find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import store
from .world import World

RENAMED_FLAG = """case " $* " in *" --expiry "*) printf 'Error: unknown flag: --expiry\\n' >&2; exit 1 ;; esac
exec {fly} "$@"
"""
CUT_AT_THE_COMMA = """[ "$1 $2" = "tokens create" ] || exec {fly} "$@"
{fly} "$@" | sed 's/,.*//'
"""
NARROW = """[ "$1 $2 $3" = "tokens create org" ] || exec {fly} "$@"
shift 5 # its organisation, too
exec {fly} tokens create deploy --app blumeops-proxy "$@"
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: in the page (`edit`: a text of it, and what stands there instead) or in the world (`breaks`).

    `line` is the line of the page at which a run has to stop, `says` what it has to say there.
    """

    line: str
    says: str
    edit: tuple[str, str] | None = None
    breaks: Callable[[World], None] = lambda world: None

    def page(self, runbook: Path, world: World) -> Path:
        """The runbook with this fault, as a file in the world's working directory."""
        text = runbook.read_text(encoding="utf-8")
        if self.edit:
            before, after = self.edit
            if text.count(before) != 1:
                raise ValueError(
                    f"expected `{before}` once in {runbook}, found it {text.count(before)} times"
                )
            text = text.replace(before, after)
        page = world.work / runbook.name
        page.write_text(text, encoding="utf-8")
        return page


def _forgejo_forgets_the_token(world: World) -> None:
    with store.change(str(world.folder)) as state:
        state["forgejo"]["digest"] = store.digest("another")


def _in_place_of_fly(script: str) -> Callable[[World], None]:
    """Makes `fly` this script, in which `{fly}` is the stand-in as it was."""

    def put(world: World) -> None:
        moved = world.bin / "fly-as-it-was"
        (world.bin / "fly").rename(moved)
        (world.bin / "fly").write_text("#!/bin/sh\n" + script.format(fly='"$(dirname "$0")/fly-as-it-was"'))
        (world.bin / "fly").chmod(0o755)

    return put


FAULTS: Mapping[str, Fault] = {
    "renamed-flag": Fault(
        line="fly tokens create org \\",
        says="Error: unknown flag: --expiry",
        breaks=_in_place_of_fly(RENAMED_FLAG),
    ),
    "half-a-token": Fault(
        line="fly tokens create org \\",
        says="printed a value for `paste-new-token` that will not do",
        breaks=_in_place_of_fly(CUT_AT_THE_COMMA),
    ),
    "piped-item": Fault(
        line="echo | op item edit on5slfaygtdjrxmdwezyhfmqsq 'add more.deploy-token=<paste-new-token>' "
        "--vault vg6xf6vvfmoh5hqjjhlhbeoaie",
        says="unable to process line 1: invalid JSON in piped input",
        edit=("\nop item edit", "\necho | op item edit"),
    ),
    "unauthorized-api": Fault(
        line="mise run provision-indri -- --tags forgejo_actions_secrets",
        says="FLY_DEPLOY_TOKEN was not written: Status code was 401",
        breaks=_forgejo_forgets_the_token,
    ),
    "narrow-token": Fault(
        line="mise run fly-deploy",
        says="printed `Metrics token unavailable`, which must not appear",
        breaks=_in_place_of_fly(NARROW),
    ),
    "wrong-id": Fault(
        line="fly tokens revoke 0<old-token-id>",
        says="output did not contain `1 tokens revoked`",
        edit=("revoke <old-token-id>", "revoke 0<old-token-id>"),
    ),
}
