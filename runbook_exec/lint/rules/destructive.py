"""M308: commands that destroy something without a confirmation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ..facts.shell_code import COMMAND, annotation_of, find_shell_code
from ..rule import Example, Page, Rule
from .example_pages import bash_page, fish_page

# the rest of a command, up to a limit
_REST = r"[^\n;|&]{0,300}"

DESTRUCTIVE: tuple[tuple[str, str], ...] = (
    (r"rm\s+(?:-\w+\s+)*-\w*(?:rf|fr)\w*|rm\s+(?=REST\s-\w*r)(?=REST\s-\w*f)-", "rm -rf"),
    (r"mkfs(?:\.\w+)?\s", "mkfs"),
    (r"dd\s+(?=REST\bof=/dev/)", "dd to a device"),
    (r"(?:wipefs|blkdiscard|shred)\s", "wipes a disk"),
    (r"(?:kubectl|oc)\s+(?:-\S+\s+(?:[\w.-]+\s+)?){0,9}delete\b(?!REST--dry-run)", "kubectl delete"),
    (r"helm\s+(?:uninstall|delete)\b(?!REST--dry-run)", "helm uninstall"),
    (
        r"(?:terraform|tofu|terragrunt)\s+(?:-\S+\s+)?"
        r"(?:destroy\b|run-all\s+destroy\b|apply\s+(?:REST\s)?-(?:auto-approve|destroy))",
        "terraform destroy",
    ),
    (r"(?:pulumi|cdk|sst|copilot\s+\w+|serverless|sls)\s+(?:destroy|delete|remove)\b", "pulumi destroy"),
    (r"az\s+REST?\b(?:delete|purge)\b(?=REST\s(?:--yes|-y)\b)", "az … delete --yes"),
    (r"gcloud\s+REST?\bdelete\b(?=REST\s(?:--quiet|-q)\b)", "gcloud … delete --quiet"),
    (
        r"aws\s+(?:-\S+\s+(?:[\w./-]+\s+)?){0,9}[\w-]+\s+(?:delete-[\w-]+|terminate-instances"
        r"|rb\b(?=REST--force)|rm\b(?=REST--recursive))(?!REST--dry-?run)",
        "aws … delete",
    ),
    (
        r"(?:kops|eksctl|kind|k3d|minikube|rosa|doctl\s+REST?)\s+delete\b|minikube\s+delete\b",
        "deletes a cluster",
    ),
    (r"argocd\s+(?:-\S+\s+)?app\s+delete\b", "argocd app delete"),
    (r"flux\s+(?:uninstall|delete)\b", "flux uninstall"),
    (r"(?:cilium|istioctl|linkerd|velero)\s+(?:x\s+)?uninstall\b", "uninstalls from a cluster"),
    (r"heroku\s+(?:apps:destroy|pg:reset)\b", "heroku … destroy"),
    (r"git\s+push\s+(?:REST\s)?(?:--force\b(?!-)|-f\b)", "git push --force"),
    (r"git\s+reset\s+(?:REST\s)?--hard\b", "git reset --hard"),
    (r"(?:fly|flyctl)\s+(?:apps?|machines?|volumes?|postgres|pg)\s+(?:destroy|rm|delete)\b", "fly … destroy"),
    (r"(?:fly|flyctl)\s+scale\s+count\s+0\b", "fly scale count 0"),
    (r"(?:zfs|zpool|lvremove|vgremove|btrfs\s+subvolume)\s+(?:destroy|delete|-)", "destroys a volume"),
    (
        r"(?:docker|podman|nerdctl)\s+(?:(?:system|volume|image|container|network)\s+prune\b|volume\s+rm\b"
        r"|compose\s+(?:-\S+\s+)*down\b(?=REST\s(?:-v|--volumes)\b)|system\s+reset\b)"
        r"|docker-compose\s+(?:-\S+\s+)*down\b(?=REST\s(?:-v|--volumes)\b)",
        "docker … prune",
    ),
    (r"(?:dropdb|mysqladmin\s+REST?\bdrop)\b", "drops a database"),
    (r"redis-cli\s+REST?\bFLUSH(?:ALL|DB)\b", "empties Redis"),
    (r"etcdctl\s+REST?\bdel\b(?=REST\s--prefix)", "etcdctl del --prefix"),
    (r"(?:systemctl\s+)?(?:poweroff|halt|shutdown)\b", "turns the machine off"),
    (r"(?:truncate|>)\s+(?:-s\s*0\s+)?/var/lib/", "empties data"),
)

_IN_TEXT = (
    (r"\b(?:DROP\s+(?:TABLE|DATABASE|SCHEMA)|TRUNCATE\s+TABLE)\b", "DROP or TRUNCATE"),
    (r"\bDELETE\s+FROM\s+\w+\s*(?:;|$)(?!REST\bWHERE\b)", "DELETE without WHERE"),
)


def _table(entries: Sequence[tuple[str, str]], before: str, flags: int = 0) -> re.Pattern[str]:
    """Return all patterns as one; the number of the matching group is that of the entry, from 1."""
    patterns = (pattern.replace("REST", _REST) for pattern, _ in entries)
    return re.compile(before + "(?:" + "|".join(f"({pattern})" for pattern in patterns) + ")", flags)


_COMMANDS = _table(DESTRUCTIVE, COMMAND)

# every command of the table contains one of these
_WORDS_OF_TABLE = (
    "rm ", "rm\t", "mkfs", "dd ", "wipefs", "blkdiscard", "shred", "helm", "git ", "destroy", "delete",
    "purge", "remove", "uninstall", "terminate-", "aws", "apply", "dropdb", "mysqladmin", "FLUSH", "etcdctl",
    "down",
    "reset",
    "fly", "zfs", "zpool", "vgremove", "lvremove", "btrfs", "prune", "poweroff", "halt", "shutdown",
    "/var/lib/",
)  # fmt: skip

_TEXTS = _table(_IN_TEXT, "", re.IGNORECASE)


@lru_cache(maxsize=32)
def _compile_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(COMMAND + f"({pattern})")


def _likely_in_text(script: str) -> bool:
    lowered = script.lower()
    return "drop" in lowered or "truncate" in lowered or "delete" in lowered


def unconfirmed_command(page: Page) -> Iterator[Finding]:
    """Report destructive commands without `confirm`."""
    mine = [(_compile_pattern(pattern), pattern) for pattern in page.options.get("destructive", ())]
    for code in find_shell_code(page):
        if not code.block.runs:
            continue
        likely = any(word in code.bare for word in _WORDS_OF_TABLE)
        found = [
            (*each.span(each.lastindex or 0), DESTRUCTIVE[(each.lastindex or 1) - 1][1])
            for each in (_COMMANDS.finditer(code.bare) if likely else ())
        ]
        found += [
            (*each.span(each.lastindex or 0), _IN_TEXT[(each.lastindex or 1) - 1][1])
            for each in (_TEXTS.finditer(code.script) if _likely_in_text(code.script) else ())
        ]
        found += [(*each.span(1), what) for pattern, what in mine for each in pattern.finditer(code.bare)]
        if not found or annotation_of(page, code.block).confirm is not None:
            continue
        for start, end, what in sorted(found):
            text = _shorten(code.bare[start:end])
            yield Finding(
                f"`{text}` cannot be undone, and nothing asks first{f' ({what})' * (what != text)}",
                code.span(start, end),
                "`<!-- runbook: confirm -->` above the block asks before it, even with --yes",
            )


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"


RULES = (
    Rule(
        RuleInfo(
            "M308",
            "unconfirmed",
            does="Reports a command that destroys something, without `confirm`: "
            + ", ".join(what for _, what in (*DESTRUCTIVE, *_IN_TEXT))
            + '. `destructive = ["regex", …]` in the settings adds to the table.',
            why="It cannot be undone. One more question, at the moment when it happens, costs little.",
        ),
        unconfirmed_command,
        bad=(
            Example(fish_page("sudo rm -rf /srv/old"), at=(6, 6)),
            Example(bash_page("kubectl -n prod delete pod web-1"), at=(6, 1)),
            Example(bash_page("psql -c 'DROP TABLE users'"), at=(6, 10)),
            Example(bash_page("az group delete --name demo --yes"), at=(6, 1)),
            Example(bash_page("aws cloudformation delete-stack --stack-name demo"), at=(6, 1)),
        ),
        good=(
            Example("## Steps\n\n### 1. One\n\n<!-- runbook: confirm -->\n```fish\nrm -rf /srv/old\n```\n"),
            Example(fish_page("echo 'never rm -rf /'\nrm -r -- old.tmp")),
            Example(bash_page("kubectl -n prod get pods --field-selector delete=1")),
            Example(bash_page("az group delete --name demo\ndocker compose down\naws s3 rm s3://a/b")),
        ),
    ),
)
