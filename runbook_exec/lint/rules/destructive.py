"""M308: commands that destroy something without a confirmation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...light_classes import NamedTuple
from ..facts.shell_code import COMMAND, annotation_of, find_shell_code
from ..rule import Example, Page, Rule
from .example_pages import bash_page, fish_page

# the rest of a command, up to a limit
_REST = r"[^\n;|&]{0,300}"


class _Destruction(NamedTuple):
    """A destructive command: words of which one is in it, its pattern, and its name."""

    words: tuple[str, ...]
    pattern: str
    name: str


DESTRUCTIVE = (
    _Destruction(
        ("rm ", "rm\t"), r"rm\s+(?:-\w+\s+)*-\w*(?:rf|fr)\w*|rm\s+(?=REST\s-\w*r)(?=REST\s-\w*f)-", "rm -rf"
    ),
    _Destruction(("mkfs",), r"mkfs(?:\.\w+)?\s", "mkfs"),
    _Destruction(("of=/dev/",), r"dd\s+(?=REST\bof=/dev/)", "dd to a device"),
    _Destruction(("wipefs", "blkdiscard", "shred"), r"(?:wipefs|blkdiscard|shred)\s", "wipes a disk"),
    _Destruction(
        ("delete",),
        r"(?:kubectl|oc)\s+(?:-\S+\s+(?:[\w.-]+\s+)?){0,9}delete\b(?!REST--dry-run)",
        "kubectl delete",
    ),
    _Destruction(("helm",), r"helm\s+(?:uninstall|delete)\b(?!REST--dry-run)", "helm uninstall"),
    _Destruction(
        ("terraform", "tofu", "terragrunt"),
        r"(?:terraform|tofu|terragrunt)\s+(?:-\S+\s+)?"
        r"(?:destroy\b|run-all\s+destroy\b|apply\s+(?:REST\s)?-(?:auto-approve|destroy))",
        "terraform destroy",
    ),
    _Destruction(
        ("pulumi", "cdk", "sst", "copilot", "serverless", "sls"),
        r"(?:pulumi|cdk|sst|copilot\s+\w+|serverless|sls)\s+(?:destroy|delete|remove)\b",
        "pulumi destroy",
    ),
    _Destruction(("az",), r"az\s+REST?\b(?:delete|purge)\b(?=REST\s(?:--yes|-y)\b)", "az … delete --yes"),
    _Destruction(
        ("gcloud",), r"gcloud\s+REST?\bdelete\b(?=REST\s(?:--quiet|-q)\b)", "gcloud … delete --quiet"
    ),
    _Destruction(
        ("aws",),
        r"aws\s+(?:-\S+\s+(?:[\w./-]+\s+)?){0,9}[\w-]+\s+(?:delete-[\w-]+|terminate-instances"
        r"|rb\b(?=REST--force)|rm\b(?=REST--recursive))(?!REST--dry-?run)",
        "aws … delete",
    ),
    _Destruction(
        ("kops", "eksctl", "kind", "k3d", "minikube", "rosa", "doctl"),
        r"(?:kops|eksctl|kind|k3d|minikube|rosa|doctl\s+REST?)\s+delete\b|minikube\s+delete\b",
        "deletes a cluster",
    ),
    _Destruction(("argocd",), r"argocd\s+(?:-\S+\s+)?app\s+delete\b", "argocd app delete"),
    _Destruction(("flux",), r"flux\s+(?:uninstall|delete)\b", "flux uninstall"),
    _Destruction(
        ("cilium", "istioctl", "linkerd", "velero"),
        r"(?:cilium|istioctl|linkerd|velero)\s+(?:x\s+)?uninstall\b",
        "uninstalls from a cluster",
    ),
    _Destruction(("heroku",), r"heroku\s+(?:apps:destroy|pg:reset)\b", "heroku … destroy"),
    _Destruction(("push",), r"git\s+push\s+(?:REST\s)?(?:--force\b(?!-)|-f\b)", "git push --force"),
    _Destruction(("reset",), r"git\s+reset\s+(?:REST\s)?--hard\b", "git reset --hard"),
    _Destruction(
        ("fly",),
        r"(?:fly|flyctl)\s+(?:apps?|machines?|volumes?|postgres|pg)\s+(?:destroy|rm|delete)\b",
        "fly … destroy",
    ),
    _Destruction(("fly",), r"(?:fly|flyctl)\s+scale\s+count\s+0\b", "fly scale count 0"),
    _Destruction(
        ("zfs", "zpool", "lvremove", "vgremove", "btrfs"),
        r"(?:zfs|zpool|lvremove|vgremove|btrfs\s+subvolume)\s+(?:destroy|delete|-)",
        "destroys a volume",
    ),
    _Destruction(
        ("prune", "volume", "down", "reset"),
        r"(?:docker|podman|nerdctl)\s+(?:(?:system|volume|image|container|network)\s+prune\b|volume\s+rm\b"
        r"|compose\s+(?:-\S+\s+)*down\b(?=REST\s(?:-v|--volumes)\b)|system\s+reset\b)"
        r"|docker-compose\s+(?:-\S+\s+)*down\b(?=REST\s(?:-v|--volumes)\b)",
        "docker … prune",
    ),
    _Destruction(("dropdb", "mysqladmin"), r"(?:dropdb|mysqladmin\s+REST?\bdrop)\b", "drops a database"),
    _Destruction(("FLUSH",), r"redis-cli\s+REST?\bFLUSH(?:ALL|DB)\b", "empties Redis"),
    _Destruction(("etcdctl",), r"etcdctl\s+REST?\bdel\b(?=REST\s--prefix)", "etcdctl del --prefix"),
    _Destruction(
        ("poweroff", "halt", "shutdown"),
        r"(?:systemctl\s+)?(?:poweroff|halt|shutdown)\b",
        "turns the machine off",
    ),
    _Destruction(("/var/lib/",), r"(?:truncate|>)\s+(?:-s\s*0\s+)?/var/lib/", "empties data"),
)

_IN_TEXT = (
    _Destruction(
        ("drop", "truncate"),
        r"\b(?:DROP\s+(?:TABLE|DATABASE|SCHEMA)|TRUNCATE\s+TABLE)\b",
        "DROP or TRUNCATE",
    ),
    _Destruction(("delete",), r"\bDELETE\s+FROM\s+\w+\s*(?:;|$)(?!REST\bWHERE\b)", "DELETE without WHERE"),
)


class _DestructionTable:
    """The entries of a table that may be on a page, as one pattern: all of them take long to compile."""

    def __init__(self, entries: Iterable[_Destruction], text: str, before: str, flags: int = 0) -> None:
        self._entries = tuple(each for each in entries if any(word in text for word in each.words))
        self._pattern = _compile_entries(self._entries, before, flags) if self._entries else None

    def find(self, script: str) -> Iterator[tuple[int, int, str]]:
        """Yield the place and the name of each destructive command in a script of the page."""
        for found in self._pattern.finditer(script) if self._pattern else ():
            group = found.lastindex or 1
            yield (*found.span(group), self._entries[group - 1].name)


@lru_cache(maxsize=32)
def _compile_entries(entries: tuple[_Destruction, ...], before: str, flags: int) -> re.Pattern[str]:
    """Return the patterns of the entries as one; the number of the matching group is theirs, from 1."""
    patterns = (each.pattern.replace("REST", _REST) for each in entries)
    return re.compile(before + "(?:" + "|".join(f"({pattern})" for pattern in patterns) + ")", flags)


@lru_cache(maxsize=32)
def _compile_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(COMMAND + f"({pattern})")


def unconfirmed_command(page: Page) -> Iterator[Finding]:
    """Report destructive commands without `confirm`."""
    mine = [(_compile_pattern(pattern), pattern) for pattern in page.options.get("destructive", ())]
    running = [code for code in find_shell_code(page) if code.block.runs]
    bare = [_join_lines(code.bare) for code in running]
    scripts = [_join_lines(code.script) for code in running]
    commands = _DestructionTable(DESTRUCTIVE, "\n".join(bare), COMMAND)
    texts = _DestructionTable(_IN_TEXT, "\n".join(scripts).lower(), "", re.IGNORECASE)
    for code, outside, script in zip(running, bare, scripts, strict=True):
        found = [*commands.find(outside), *texts.find(script)]
        found += [(*each.span(1), what) for pattern, what in mine for each in pattern.finditer(outside)]
        if not found or annotation_of(page, code.block).confirm is not None:
            continue
        for start, end, what in sorted(found):
            text = _shorten(outside[start:end])
            yield Finding(
                f"`{text}` cannot be undone, and nothing asks first{f' ({what})' * (what != text)}",
                code.span(start, end),
                "`<!-- runbook: confirm -->` above the block asks before it, even with --yes",
            )


def _join_lines(script: str) -> str:
    """Return a script of the same length, in which a command that continues on the next line is one line."""
    return script.replace("\\\n", "  ")


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"


RULES = (
    Rule(
        RuleInfo(
            "M308",
            "unconfirmed",
            does="Reports a command that destroys something, without `confirm`: "
            + ", ".join(each.name for each in (*DESTRUCTIVE, *_IN_TEXT))
            + '. `destructive = ["regex", …]` in the settings adds to the table.',
            why="It cannot be undone. One more question, at the moment when it happens, costs little.",
        ),
        unconfirmed_command,
        bad=(
            Example(fish_page("sudo rm -rf /srv/old"), at=(6, 6)),
            Example(bash_page("kubectl -n prod delete pod web-1"), at=(6, 1)),
            Example(bash_page("rm \\\n  -rf \\\n  /srv/old"), at=(6, 1)),
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
