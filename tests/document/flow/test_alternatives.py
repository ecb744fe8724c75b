"""Tabs, an "or" in the text and comments in a block make alternatives, of which one runs."""

# ruff: noqa: E501 - pages are easier to read on one line

from __future__ import annotations

import pytest

from runbook_exec.document.flow.labels import is_system
from tests.document.flow.test_visible import CASES, fence, outline, page

TABS = {
    "material": '=== "Debian"\n\n    ```bash\n    echo one\n    ```\n\n=== "macOS"\n\n    ```bash\n    echo two\n    ```',
    "material without blank lines": '=== "Debian"\n    ```bash\n    echo one\n    ```\n=== "macOS"\n    ```bash\n    echo two\n    ```',
    "pymdown blocks": "/// tab | Debian\n```bash\necho one\n```\n///\n\n/// tab | macOS\n```bash\necho two\n```\n///",
    "docusaurus": '<Tabs>\n<TabItem value="deb" label="Debian">\n\n```bash\necho one\n```\n\n</TabItem>\n'
    '<TabItem value="mac" label="macOS">\n\n```bash\necho two\n```\n\n</TabItem>\n</Tabs>',
    "docusaurus, indented": '<Tabs groupId="os">\n  <TabItem value="Debian">\n    ```bash\n    echo one\n    ```\n  </TabItem>\n'
    '  <TabItem value="macOS">\n    ```bash\n    echo two\n    ```\n  </TabItem>\n</Tabs>',
    "mintlify": '<Tabs>\n<Tab title="Debian">\n```bash\necho one\n```\n</Tab>\n<Tab title="macOS">\n```bash\necho two\n```\n</Tab>\n</Tabs>',
    "code group of mintlify": "<CodeGroup>\n```bash Debian\necho one\n```\n\n```bash macOS\necho two\n```\n</CodeGroup>",
    "code group of vitepress": "::: code-group\n\n```bash [Debian]\necho one\n```\n\n```bash [macOS]\necho two\n```\n\n:::",
    "tabs of vitepress": "::: tabs\n== Debian\n```bash\necho one\n```\n== macOS\n```bash\necho two\n```\n:::",
    "tabs of vuepress": "::: tabs\n\n@tab Debian\n\n```bash\necho one\n```\n\n@tab:active macOS\n\n```bash\necho two\n```\n\n:::",
    "myst": "::::{tab-set}\n\n:::{tab-item} Debian\n```bash\necho one\n```\n:::\n\n:::{tab-item} macOS\n```bash\necho two\n```\n:::\n\n::::",
    "myst, in fences": "``````{tab-set}\n\n`````{tab-item} Debian\n```bash\necho one\n```\n`````\n\n`````{tab-item} macOS\n```bash\necho two\n```\n`````\n\n``````",
    "myst, inline": "````{tab} Debian\n```bash\necho one\n```\n````\n\n````{tab} macOS\n```bash\necho two\n```\n````",
    "gitbook": '{% tabs %}\n{% tab title="Debian" %}\n```bash\necho one\n```\n{% endtab %}\n\n{% tab title="macOS" %}\n'
    "```bash\necho two\n```\n{% endtab %}\n{% endtabs %}",
    "hugo": '{{< tabs "os" >}}\n{{< tab "Debian" >}}\n```bash\necho one\n```\n{{< /tab >}}\n{{< tab "macOS" >}}\n'
    "```bash\necho two\n```\n{{< /tab >}}\n{{< /tabs >}}",
    "kubernetes": '{{< tabs name="os" >}}\n{{% tab name="Debian" %}}\n```bash\necho one\n```\n{{% /tab %}}\n'
    '{{% tab name="macOS" %}}\n```bash\necho two\n```\n{{% /tab %}}\n{{< /tabs >}}',
    "learn": "# [Debian](#tab/deb)\n\n```bash\necho one\n```\n\n# [macOS](#tab/mac)\n\n```bash\necho two\n```\n\n---",
    "learn, in subheadings": "#### [Debian](#tab/deb)\n\n```bash\necho one\n```\n\n#### [macOS](#tab/mac)\n\n```bash\necho two\n```\n\n***",
    "pivots": '::: zone pivot="Debian"\n\n```bash\necho one\n```\n\n::: zone-end\n\n::: zone pivot="macOS"\n\n```bash\necho two\n```\n\n::: zone-end',
    "folded systems": "<details><summary>Debian</summary>\n\n```bash\necho one\n```\n\n</details>\n"
    "<details><summary>macOS</summary>\n\n```bash\necho two\n```\n\n</details>",
    "in prose": "Debian:\n\n```bash\necho one\n```\n\n**macOS**\n\n```bash\necho two\n```",
}


@pytest.mark.parametrize("kind", TABS)
def test_tabs_are_alternatives(kind: str) -> None:
    """Each block knows its tab; the blocks before and after run with each."""
    text = page("### 1. First", fence("echo a"), TABS[kind], "### 2. Second", fence("echo b"))
    for ends in ("\n", "\r\n"):
        assert outline(text.replace("\n", ends)) == [
            "echo a",
            "echo one [Debian]",
            "echo two [macOS]",
            "echo b",
        ]


def test_a_tab_for_another_shell_is_no_alternative() -> None:
    """If one tab is left that can run, it runs."""
    tabs = '=== "Linux"\n\n    ```bash\n    echo one\n    ```\n\n=== "Windows"\n\n    ```powershell\n    dir\n    ```'
    assert outline(page(fence("echo a"), tabs)) == ["echo a", "echo one", "dir -- PowerShell"]


def test_tabs_in_tabs_are_chosen_from_the_outside() -> None:
    """A block has a label for each of the tabs around it."""
    inner = '    === "apt"\n\n        ```bash\n        echo 1\n        ```\n\n    === "snap"\n\n        ```bash\n        echo 2\n        ```'
    tabs = f'=== "Debian"\n\n{inner}\n\n=== "macOS"\n\n    ```bash\n    echo 3\n    ```'
    assert outline(page(tabs)) == ["echo 1 [Debian] [apt]", "echo 2 [Debian] [snap]", "echo 3 [macOS]"]


@pytest.mark.parametrize("level", ["###", "####"])
@pytest.mark.parametrize(
    ("one", "two"), [("Debian", "macOS"), ("Option 1: Helm", "Option 2: YAML"), ("On Linux", "On `macOS`")]
)
def test_sections_for_different_systems_are_alternatives(level: str, one: str, two: str) -> None:
    """With all their blocks, as steps of a procedure or in a step."""
    step = "### Install" if level == "####" else ""
    text = page(
        step,
        f"{level} {one}",
        fence("echo 1"),
        "x",
        fence("echo 2"),
        f"{level} {two}",
        fence("echo 3"),
        "### Check",
        fence("echo 4"),
    )
    label = two.replace("`", "")
    assert outline(text) == [
        f"echo 1 [{one}]",
        f"echo 2 [{one}]",
        f"echo 3 [{label}]",
        "echo 4",
    ]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Debian", "Docker"),
        ("1. Debian", "2. Fedora"),
        ("Set up Linux", "Set up macOS"),
        ("Options", "Option 2"),
    ],
)
def test_other_sections_follow_each_other(one: str, two: str) -> None:
    """Numbered ones, those of different kinds, and those whose titles say more."""
    assert outline(page(f"### {one}", fence("echo 1"), f"### {two}", fence("echo 2"))) == ["echo 1", "echo 2"]


def test_text_between_tabs_begins_new_ones() -> None:
    """Tabs that do not touch are two groups, each of one tab here."""
    tabs = '=== "Debian"\n\n    ```bash\n    echo 1\n    ```\n\ntext\n\n=== "macOS"\n\n    ```bash\n    echo 2\n    ```'
    assert outline(page(tabs)) == ["echo 1", "echo 2"]


PROSE = {
    "Or, if you are using minikube:": "Or, if you are using minikube",
    "or": "echo two",
    "**Or**": "echo two",
    "Alternatively, use the script:": "Alternatively, use the script",
    "The output is `up`. Alternatively, with curl:": "The output is up. Alternatively, with curl",
    "As an alternative:": "As an alternative",
    "Another way:": "Another way",
    "Option 2: by hand": "Option 2: by hand",
    "If you use podman instead:": "If you use podman instead",
}


@pytest.mark.parametrize("prose", PROSE)
def test_an_or_between_two_blocks_makes_them_alternatives(prose: str) -> None:
    """Only the blocks beside it; the one before and the one after run with each."""
    text = page(
        fence("echo a"), "Then:", fence("echo one"), prose, fence("echo two"), "Then:", fence("echo b")
    )
    assert outline(text) == ["echo a", "echo one [echo one]", f"echo two [{PROSE[prose]}]", "echo b"]


@pytest.mark.parametrize(
    "prose",
    [
        "If you use minikube:",
        "If you're using a proxy, set it:",
        "On macOS:",
        "If you are on Fedora:",
    ],
)
def test_a_condition_makes_an_alternative_that_may_also_be_an_addition(prose: str) -> None:
    """The choice includes to run both."""
    text = page("Start it:", fence("echo one"), prose, fence("echo two"))
    first, second = outline(text)
    assert (first, second) == ("echo one [Start it]", f"echo two [{prose.rstrip(':')}]")


def test_conditions_are_alternatives_of_each_other() -> None:
    """The block above several of them runs with each."""
    text = page(
        "First.\n\nThen this, and then:",
        fence("echo a"),
        "If you use npm:",
        fence("echo 1"),
        "If you use yarn:",
        fence("echo 2"),
    )
    assert outline(text) == ["echo a", "echo 1 [If you use npm]", "echo 2 [If you use yarn]"]


@pytest.mark.parametrize(
    "prose",
    [
        "Wait for it. Then:",
        "Orders are kept in a table:",
        "Or else it fails; so run:",
        "If you see an error, look at the log:",
        "Optionally, check it:",
        "One or the other is printed:",
        "This alternates between two states:",
        "Check on which system it runs. It may be macOS or Debian. Then restart it:",
        "If this fails, stop.",
        "Now use the other one or its copy:",
    ],
)
def test_other_text_between_two_blocks_makes_no_alternatives(prose: str) -> None:
    """The blocks run one after the other."""
    assert outline(page(fence("echo a"), prose, fence("echo b"))) == ["echo a", "echo b"]


def test_an_or_far_from_the_block_above_belongs_to_something_else() -> None:
    """Three paragraphs are between them: the text in between is the other way."""
    prose = "It prints `x`.\n\nLook at the console: the group grows.\n\nAlternatively, use kubectl:"
    assert outline(page(fence("echo a"), prose, fence("echo b"))) == ["echo a", "echo b"]


COMMENTS = {
    "or and others": (
        "echo 1\n# Or using curl\necho 2\n# Or manually delete it\necho 3",
        ["echo 1 [echo 1]", "echo 2 [Or using curl]", "echo 3 [Or manually delete it]"],
    ),
    "only its paragraph": (
        "echo a\n\necho 1\n# or with yarn\necho 2\n\necho b",
        ["echo a", "echo 1 [echo 1]", "echo 2 [or with yarn]", "echo b"],
    ),
    "paragraphs of their own": (
        "echo a\n\n# By name\necho 1\n\n# OR by number\necho 2\n\n# Check\necho b",
        ["echo a", "echo 1 [By name]", "echo 2 [OR by number]", "echo b"],
    ),
    "an or between paragraphs": ("echo 1\n\n# or\n\necho 2", ["echo 1 [echo 1]", "echo 2 [echo 2]"]),
    "options": (
        "echo a\n# Option 1: fast\necho 1\n# Option 2: safe\necho 2",
        ["echo a", "echo 1 [Option 1: fast]", "echo 2 [Option 2: safe]"],
    ),
    "systems": (
        "# macOS:\necho 1\n\n# Debian/Ubuntu (apt):\necho 2\necho 3\n\n# Fedora\necho 4\n\n# Log in\necho b",
        [
            "echo 1 [macOS:]",
            "echo 2 [Debian/Ubuntu (apt):]",
            "echo 3 [Debian/Ubuntu (apt):]",
            "echo 4 [Fedora]",
            "echo b",
        ],
    ),
    "a system after commands": ("echo 1\n# on macOS\necho 2", ["echo 1 [echo 1]", "echo 2 [on macOS]"]),
    "two kinds in one block": (
        "# Linux\necho 1\n# macOS\necho 2\n\necho 3\n# or:\necho 4",
        ["echo 1 [Linux]", "echo 2 [macOS]", "echo 3 [echo 3]", "echo 4 [echo 4]"],
    ),
    "by hand": (
        "./all.sh\n\n# Or manually:\necho 1\n\n# Then\necho 2",
        ["./all.sh [./all.sh]", "echo 1 [Or manually:]", "echo 2 [Or manually:]"],
    ),
}


@pytest.mark.parametrize("kind", COMMENTS)
def test_comments_in_a_block_set_alternatives_apart(kind: str) -> None:
    """An alternative is the commands of a paragraph; the rest of the block runs with each."""
    code, expected = COMMENTS[kind]
    assert outline(page(fence(code))) == expected


def test_comments_between_prompted_lines_count() -> None:
    """A console block has them among the output."""
    code = "$ oc edit vm\n\n# Or patch it\n$ oc patch vm\n\n# Check\n$ oc get vm"
    expected = ["oc edit vm [oc edit vm]", "oc patch vm [Or patch it]", "oc get vm"]
    assert outline(page(fence(code, info="console"))) == expected


@pytest.mark.parametrize(
    "code",
    [
        "echo a\n# or else it fails\necho b",
        "# version 3\n# or newer ones\necho a\necho b",
        "npm install\n# or yarn install\nnpm start",
        "git clone a\n# Or: git clone b\ncd x",
        "echo a\n# order the rows\necho b",
        "# on macOS\necho a\necho b",
        "# Docker must be running\ndocker info\n\n# kind must be installed\nkind version",
        "echo a\n# optional\necho b",
        "f() {\n  # or:\n  echo\n}\necho b",
        "echo a # or b\necho b",
        "cat <<X\n# or:\nX\necho b",
        "echo a\n# or\n",
        "# Alternatively build it yourself by\n# 1. this\n# 2. that\n\necho a\necho b",
    ],
)
def test_other_comments_set_nothing_apart(code: str) -> None:
    """A command left out in a comment, or a sentence that goes on, is no alternative."""
    assert not [line for line in outline(page(fence(code))) if line.endswith("]")]


@pytest.mark.parametrize(
    "label", ["On macOS:", "Debian / Ubuntu", "RHEL 8 and CentOS", "for Fedora users", "npm"]
)
def test_a_name_of_a_system_is_a_label(label: str) -> None:
    """So is a list of them."""
    assert is_system(label)


@pytest.mark.parametrize(
    "label", ["Docker must be running", "Linux is required", "Unix seconds", "", "macOS " * 50]
)
def test_a_sentence_about_a_system_is_no_label(label: str) -> None:
    """Nor is a text without one."""
    assert not is_system(label)


def test_the_page_with_or_in_comments() -> None:
    """Three alternatives: none runs after another."""
    text = (CASES / "selection" / "or-comment.md").read_text(encoding="utf-8")
    assert outline(text) == [
        "brew install thing [brew install thing]",
        "curl -fsSL https://example.invalid/install.sh -o install.sh [Or using curl]",
        "rm -f thing [Or manually delete it]",
    ]


def test_the_page_with_or_in_prose() -> None:
    """Compose or minikube, not both."""
    text = (CASES / "selection" / "or-prose.md").read_text(encoding="utf-8")
    assert outline(text) == [
        "docker compose up -d [docker compose up -d]",
        "minikube start [Or, if you are using minikube]",
    ]
