"""Small pages from public repositories: what the rules find on them, and what they no longer find."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.paths import DATA
from tests.support.program import Program

# the page, the codes found on it with their lines, and why
CASES: tuple[tuple[str, list[tuple[str, int]], str], ...] = (
    ("lint/d501-prose-brackets", [], "brackets named in prose are no link"),
    ("lint/d514-bullets", [], "the steps are items with a box and bold text"),
    ("lint/d514-optional-step", [], "step 2 is there, and optional"),
    ("lint/m303-or-is-not-a-pipe", [], "`||` hands nothing to `tee`"),
    ("lint/m306-url", [("M306", 6)], "the finding is right; its advice is to quote the address"),
    ("lint/s401-dummy", [], "a token that says it is none, and a key without its text"),
    ("lint/toml-front-matter", [], "`[[cascade]]` is a table of TOML"),
    ("lint/v208-usage", [], "the text of `${1:?…}` is shown, not filled in"),
    ("selection/not-unset", [("V210", 6), ("V210", 7), ("V209", 8), ("M308", 6)], "three values are missing"),
    ("bugs/31-toml", [("P104", 2)], "settings in TOML would be passed over: the secret would be shown"),
    ("bugs/24-placeholders", [], "the five values are asked for, as every placeholder is"),
)


@pytest.mark.parametrize(("name", "expected", "why"), CASES, ids=[name for name, _, _ in CASES])
def test_a_page_of_a_public_repository(
    name: str, expected: list[tuple[str, int]], why: str, program: Program
) -> None:
    """Each page has just the findings that a careful person agrees with."""
    shutil.copy(DATA / "cases" / f"{name}.md", program.work / "page.md")
    (program.work / ".git").mkdir()
    ran = program.run("lint", "--format", "json", "--ignore", "D505,D507", "page.md")
    found = [(each["code"], each["line"]) for each in json.loads(ran.stdout)]
    assert sorted(found) == sorted(expected), f"{why}: {ran.output}"


def _check(program: Program, page: str, *codes: str) -> list[tuple[str, int]]:
    program.write("page.md", page)
    Path(program.work, ".git").mkdir(exist_ok=True)
    ran = program.run("lint", "--format", "json", "--select", ",".join(codes), "page.md")
    return [(each["code"], each["line"]) for each in json.loads(ran.stdout)]


DELETES = (
    "oc delete project demo", "oc -n demo delete pod web", "az group delete --name demo --yes",
    "az aks delete -g demo -n demo -y", "kops delete cluster --name demo", "eksctl delete cluster demo",
    "kind delete cluster",
    "aws cloudformation delete-stack --stack-name demo",
    "aws --profile a ec2 terminate-instances --instance-ids i",
    "aws s3 rb s3://demo --force", "aws s3 rm s3://demo --recursive", "docker volume rm demo",
    "podman system prune -f", "podman volume rm demo", "docker compose down -v", "argocd app delete demo",
    "flux uninstall", "flux delete kustomization demo", "gcloud projects delete demo --quiet",
    "tofu destroy", "pulumi destroy", "dropdb demo", "redis-cli -n 1 FLUSHALL", "minikube delete",
)  # fmt: skip


@pytest.mark.parametrize("command", DELETES)
def test_commands_that_destroy_are_found(command: str, program: Program) -> None:
    """Each of them ends something that cannot be brought back, and asks nothing."""
    page = f"# T\n\n## Steps\n\n```bash\n{command}\n```\n"
    assert _check(program, page, "M308") == [("M308", 6)]


@pytest.mark.parametrize(
    "command",
    [
        "az group delete --name demo", "gcloud projects delete demo", "aws s3 rm s3://demo/file",
        "aws ec2 describe-instances --filters delete-me", "docker compose down", "docker volume ls",
        "kubectl delete pod web --dry-run=client", "oc get events | grep delete", "flux get all",
        "echo kind delete cluster", "argocd app list", "git commit -m 'terraform destroy'",
    ],
)  # fmt: skip
def test_commands_that_ask_or_only_read_are_not(command: str, program: Program) -> None:
    """A program that asks by itself, a dry run and a text destroy nothing."""
    page = f"# T\n\n## Steps\n\n```bash\n{command}\n```\n"
    assert _check(program, page, "M308") == []


@pytest.mark.parametrize(
    "key", ["modified", "updated", "lastmod", "last-updated", "date", "last_reviewed", "created_at"]
)
@pytest.mark.parametrize("value", ["soon", "TBD", "yyyy-mm-dd", "never", "'last week'"])
def test_date_keys_that_hold_no_date_are_found(key: str, value: str, program: Program) -> None:
    """A word in place of the day says nothing to a reader, and stops the reviews."""
    assert _check(program, f"---\n{key}: {value}\n---\n# T\n", "D520") == [("D520", 2)]


@pytest.mark.parametrize(
    "line",
    [
        "date: May 5, 2024", "date: 2024", "updated: 05/12/24", "ms.date: 05/12/2024", "lastmod: {{ .Date }}",
        "modified: 2024-05-01T00:00:00.000Z", "updated: true", "created: by the team", "reviewed-by: ada",
        "published: draft", "update: weekly", "date: 20240501", "lastmod: $Date$", "date:", "updates: soon",
    ],
)  # fmt: skip
def test_other_keys_and_other_ways_of_writing_a_day_are_not(line: str, program: Program) -> None:
    """Only a text without anything that may be a day is reported."""
    assert _check(program, f"---\n{line}\n---\n# T\n", "D520") == []


@pytest.mark.parametrize(
    "command",
    [
        "curl https://a.example/x?a=1&b=2", "curl https://a.example/x?a=1&b=2&c=3", "wget http://a.example/?a&b",
        "curl https://a.example/x?q={job=\"app\"}&start=1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_quoted_is_found_once(command: str, program: Program) -> None:
    """The shell runs what is before the `&`, without the rest; the advice is to quote the address."""
    program.write("page.md", f"# T\n\n## Steps\n\n```bash\n{command}\n```\n")
    ran = program.run("lint", "--select", "M306", "page.md")
    assert ran.stdout.count("M306") == 1
    assert "put the address in quotes" in ran.stdout


def test_output_in_a_console_block_is_no_syntax_error(program: Program) -> None:
    """A console block without prompts that no shell reads holds output or a query: it does not run."""
    page = (
        "# T\n\n## Steps\n\n```bash\ncurl -v https://a.example\n```\n\nOutput:\n\n```console\n"
        "*  issuer: C=US; O=(STAGING) Let's Encrypt\n```\n\n```terminal\nsum(rate(x[5m])) by (node)\n```\n"
    )
    assert _check(program, page, "P") == []
    shown = program.run("show", "page.md").stdout
    assert "line 12 may be output" in shown
    assert "line 16 may be output" in shown


def test_a_console_block_without_prompts_still_ends_whole(program: Program) -> None:
    """A command that `\\` continues into nothing is one with or without a prompt."""
    page = "# T\n\n## Steps\n\n```console\nkubectl create secret generic a \\\n  --from-literal=b=c \\\n```\n"
    assert _check(program, page, "P") == [("P101", 7)]


def test_a_block_that_is_never_closed_is_reported_once(program: Program) -> None:
    """The prose that such a block swallows is no syntax error of its own."""
    page = "# T\n\n## Steps\n\n```bash\nls\n\nThen it's done (or not).\n"
    assert _check(program, page, "P") == [("P103", 5)]


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic cGxheTo=", "Authorization: Basic dXNlcm5hbWU6cGFzc3dvcmQK",
        "> Authorization: Basic Zm9vOmJhcg==", "-H 'Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='",
        "Authorization: Bearer MY-PERSONAl-ACCESS-TOKEN", '-H "Authorization: Bearer strong-password"',
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    ],
)  # fmt: skip
def test_what_a_text_teaches_with_is_no_token(text: str, program: Program) -> None:
    """Headers and addresses of examples open nothing."""
    assert _check(program, f"# T\n\n```\n{text}\n```\n", "S401") == []


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic YWRtaW46aHVudGVyMg==",  # admin:hunter2
        "Authorization: Bearer " + "q7Zk3vQ9x1LmN8pR5tYw2sBc7dEf4gHj",
        "https://hooks.slack.com/services/T01ABCD2EFG/B02HIJK3LMN/" + "aB3dE5fG7hI9jK1lM3nO5pQ7",
    ],
)  # fmt: skip
def test_a_header_with_a_password_is_one(text: str, program: Program) -> None:
    """A weak password in Base64 is a password too."""
    assert _check(program, f"# T\n\n```\n{text}\n```\n", "S401") == [("S401", 4)]


@pytest.mark.parametrize(
    ("opens", "after", "found"),
    [
        ("oc exec -it web-0 -- bash", "oc get pods", []),
        ("kubectl exec -it web-0 -- bash", "kubectl exec -it web-1 -- bash", []),
        ("docker-machine ssh test", "docker-machine rm test", []),
        ("sudo docker exec -it web sh", "docker logs web\nls", []),
        ("kubectl exec -it web-0 -- bash", "env\nkubectl get pods", []),  # all of it is inside
        ("oc debug node/a", "oc get pods", [("M310", 10)]),  # the host of a node may have `oc` too
        ("ssh web1", "ssh web2", [("M310", 10)]),  # from the first to the second, perhaps
    ],
)
def test_a_block_that_begins_with_the_program_that_opened_the_shell(
    opens: str, after: str, found: list[tuple[str, int]], program: Program
) -> None:
    """`kubectl` after `kubectl exec` runs here: a container seldom has it."""
    page = f"# T\n\n## Steps\n\n```bash\n{opens}\n```\n\n```bash\n{after}\n```\n"
    assert _check(program, page, "M310") == found
