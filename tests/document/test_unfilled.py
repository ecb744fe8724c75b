"""Values that nobody filled in: every spelling that is one, and look-alikes that are none."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.document.model import Placeholder
from runbook_exec.document.parser import parse_runbook
from tests.support.paths import DATA

CASES = DATA / "cases"


def find_in(script: str, language: str = "bash", literal: str = "") -> list[Placeholder]:
    """The placeholders of a page with one block."""
    matter = f"---\nrunbook:\n  literal: [{literal}]\n---\n" if literal else ""
    page = f"{matter}# T\n\n## Steps\n\n````{language}\n{script}\n````\n"
    runbook = parse_runbook(page.encode(), "page.md")
    return [each for block in runbook.blocks for one in block.statements for each in one.placeholders]


def names_in(script: str, language: str = "bash", literal: str = "") -> list[str]:
    """Their names, with `?` after those that may be meant as written."""
    return [each.name + "?" * each.suspected for each in find_in(script, language, literal)]


@pytest.mark.parametrize("language", ["bash", "fish", "zsh", "sh"])
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("scale deploy/YOUR_APP", ["your-app"]),
        ("curl -H 'Authorization: Bearer YOUR_API_KEY'", ["your-api-key"]),
        ("git clone https://github.com/your-org/your_repo", ["your-org", "your-repo"]),
        ("ping your-domain.com", ["your-domain.com"]),
        ("ping api.yourdomain.com", ["yourdomain.com"]),
        ("login yourusername Your-Name", ["yourusername", "your-name"]),
        ("x --from-literal=token=xoxb-YOUR-TOKEN", ["your-token"]),
        ("npm install @your-org/pkg", ["your-org"]),
        ("x --password=CHANGEME --user REPLACE_ME", ["password", "user"]),
        ("x CHANGE_ME", ["change-me"]),
        ("x --password changeme", ["password?"]),
        ("x REPLACE_WITH_TOKEN PASTE_TOKEN_HERE", ["replace-with-token", "paste-token-here"]),
        ("ssh xxx.xxx.xxx.xxx", ["xxx.xxx.xxx.xxx"]),
        ("ssh root@10.0.x.x", ["10.0.x.x"]),
        ("dd if=x.img of=/dev/sdX; mkfs.ext4 /dev/sdX1; wipefs -a '/dev/nvmeXn1'", ["sdx", "sdx", "nvmex"]),
        ("diskutil eraseDisk x /dev/diskN; fsck /dev/mmcblkXp1", ["diskn", "mmcblkx"]),
        ("ls /dev/null /dev/sda /dev/sdxa /dev/vda1 /dev/disk/by-id /dev/nvme0n1 /dev/xvda dev/sdX", []),
        ("x --subnet subnet-xxxxxxxx --key AKIAXXXXXXXX", ["subnet", "key"]),
        ("x sk-xxxx", ["sk-xxxx"]),
        ("deploy --region [region] [app name]", ["region", "app-name"]),
        ("deploy --region=[region]", ["region"]),
        ("deploy {name} --url https://a.example/{id}/x", ["name", "id"]),
        ('curl "https://a.example/{user id}/x"', ["user-id"]),
        ("deploy {{ namespace }} {{app}} {{ site.version }}", ["namespace", "app", "site.version"]),
        ("curl 'https://a.example/{{ id }}'", ["id?"]),
        ("wget https://a.example/v{{< current-version >}}/x", ["current-version"]),
        ("echo \"<user's name>\" '<1-5>' < name >", ["user's-name", "1-5", "name"]),
        ("x <path/to/x> <a|b> <you@example.com> <one, two or three>",
         ["path/to/x", "a|b", "you@example.com", "one,-two-or-three"]),
        ("get pods -n NAMESPACE -c CLUSTER_NAME", ["namespace?", "cluster-name?"]),
        ("x --project=PROJECT_ID", ["project-id?"]),
        ("x [<name>] <a> --key=<<YOUR_KEY>>", ["name", "a", "your-key"]),
    ],
)  # fmt: skip
def test_values_that_nobody_filled_in_are_found(script: str, expected: list[str], language: str) -> None:
    """Each spelling is a placeholder, in every shell."""
    assert names_in(script, language) == expected


@pytest.mark.parametrize(
    "script",
    [
        "echo $YOUR_APP ${YOUR_APP}",
        "export YOUR_APP=demo",
        "echo bring-your-own-key BRING-YOUR-OWN-KEY my-app myapp example.com",
        "sed -i 's/YOUR_APP/demo/' app.yaml",
        'sed -i "s|<app>|$APP|g" app.yaml',
        "grep -rn CHANGEME .",
        "mktemp /tmp/page.XXXXXX",
        "tmp=$(mktemp -d -t pageXXXXXXXX)",
        "docker ps --format '{{.Names}}'",
        "docker inspect -f {{json .State}} web",
        "docker inspect --format '{{ range .Mounts }}{{ .Name }}{{ end }}' web",
        "kubectl get pods -o jsonpath='{range .items[*]}{end}'",
        "kubectl get pods -o go-template='{{ name }}'",
        "ansible all -m debug -a 'msg={{ inventory_hostname }}'",
        "cat <<'EOF' > page.j2\nhello {{ name }}\nEOF",
        "curl -w '%{http_code}' https://a.example/",
        "awk '{print}' file; awk '{print $1}' file",
        "git rev-parse @{upstream} HEAD@{1} stash@{0}",
        "gh api repos/{owner}/{repo}/issues",
        "find . -name x -exec rm {} +",
        "ls | xargs -I {file} mv {file} old/",
        "echo a{b,c} {1..3} ${HOME}",
        "f() { echo a; }",
        "[ -f x ] && [[ -n y ]]",
        "ls file[12] [a-z]* [abc]",
        "tr [:lower:] [:upper:]",
        "grep '[region]' file",
        "pip install .[dev] 'app[extra]'",
        "cd app/[slug]",
        "curl -X POST https://a.example/",
        "export PROJECT_ID",
        "gh secret set API_TOKEN",
        "unset CLUSTER_NAME; read NAMESPACE",
        "docker run -e USER_NAME alpine",
        "aws cloudformation deploy --capabilities CAPABILITY_NAMED_IAM",
        "aws dynamodb create-table --billing-mode PAY_PER_REQUEST",
        "NAMESPACE=a; echo NAMESPACE $NAMESPACE",
        "psql -c 'SELECT NAME FROM x'",
        "git reset --hard ORIG_HEAD",
        "git commit --author 'Jo Doe <jo@example.com>'",
        "sort <in >out; sort < in > out; cat <in | sort >out",
        "echo '<a href=x>' 'a < b > c'",
        'echo "${1:?usage: bump <dir>}" "${found:-<none>}"',
        "# YOUR_APP is the app's name",
        "NODE_ID  NODE_IP  NODE_NAME",
        "cat <<EOF>>file\nEOF",
        "cat < file",
    ],
)
def test_look_alikes_are_no_placeholders(script: str) -> None:
    """Variables, templates, globs, searches and names of variables run as written."""
    assert names_in(script) == []


def test_names_are_kept_as_written_where_the_page_says_so() -> None:
    """A name under `literal` is no placeholder, in any spelling and with any brackets."""
    literal = 'your-app, "[region]", NAMESPACE, "{{ name }}", changeme'
    assert names_in("x YOUR_APP [region] NAMESPACE {{ name }} --password changeme {id}", literal=literal) == [
        "id"
    ]


def test_a_page_with_every_spelling(tmp_path: Path) -> None:
    """The five values of the page are asked for; before, they ran as they were written."""
    page = CASES / "bugs" / "24-placeholders.md"
    runbook = parse_runbook(page.read_bytes(), str(page))
    (statement,) = runbook.procedures[0].steps[0].blocks[0].statements
    assert [each.name for each in statement.placeholders] == [
        "your-domain", "user's-name", "1-5", "region", "namespace",
    ]  # fmt: skip


def test_text_for_an_unset_variable_is_no_placeholder() -> None:
    """The text of `${1:?usage: … <dir>}` is shown, not filled in."""
    page = CASES / "lint" / "v208-usage.md"
    runbook = parse_runbook(page.read_bytes(), str(page))
    assert [each.placeholders for block in runbook.blocks for each in block.statements] == [(), ()]


pieces = st.sampled_from(
    [
        "YOUR_A",
        "your-",
        "xxxx",
        "X",
        "[a]",
        "[",
        "{{",
        "}}",
        "{a}",
        "<",
        ">",
        " ",
        "\n",
        "'",
        '"',
        "$",
        "NAME",
        "=",
        "s/",
    ]
)


@given(st.lists(pieces, max_size=25).map("".join))
def test_places_are_exact(script: str) -> None:
    """Each placeholder is the text at its place, and none overlaps another."""
    page = f"# T\n\n## Steps\n\n````bash\n{script}\n````\n"
    runbook = parse_runbook(page.encode(), "page.md")
    for block in runbook.blocks:
        for statement in block.statements:
            end = 0
            for each in statement.placeholders:
                assert statement.text[each.start : each.end] == each.text
                assert each.start >= end
                assert page[each.span.start : each.span.end] == each.text
                end = each.end


@pytest.mark.parametrize(
    "unit",
    [
        "your-",
        "YOUR_A ",
        "xxxx",
        "x.",
        "[aa",
        "{aa",
        "{{ a",
        "{{<a",
        "A_",
        "NAME ",
        "sed s/",
        "<a|",
        "< a ",
        "'<1-",
    ],
)
def test_a_hostile_script_is_read_in_linear_time(unit: str) -> None:
    """A page in which a value could begin everywhere is read within seconds of processor time."""
    began = time.process_time()
    find_in("echo " + unit * (200_000 // len(unit)))
    assert time.process_time() - began < 20
