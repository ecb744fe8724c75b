"""A single change of a trusted page either leaves its plan as it was, or the run asks."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.diagnostics.problem import Problem, Severity
from runbook_exec.document.front_matter.reader import read_inputs_file
from runbook_exec.document.model import Annotation, Input, Procedure, Runbook
from runbook_exec.document.parser import parse_runbook
from runbook_exec.plan.alternatives import list_choices
from runbook_exec.plan.builder import choose_procedure, make_page_plan, make_plan
from runbook_exec.plan.model import Plan
from runbook_exec.runner.plan_digest import NOT_COUNTED, digest_page, list_fields
from runbook_exec.runner.trust import Reliance, TrustState, read_trust, record_trust

PAGE = """\
---
title: Ship it
runbook:
  shell: bash
  cwd: /srv
  timeout: 10m
  literal: [in]
  choose: [Debian]
  captures:
    build-id: '1.1:id (\\d+)'
  inputs:
    app:
      default: web
      choices: [web, api]
    region:
      pattern: 'eu-.*'
      source: env:REGION
    api-token:
      default: hunter2hunter2
    note:
      source: file:note.txt
      secret: false
---
# Ship it

Some words first.

## Procedure

### 1. Build

```bash
make build APP=<app>
sort <in>out
```

### 2. Install

=== "Debian"

    ```bash
    apt install <app>
    ```

=== "macOS"

    ```bash
    brew install <app>
    ```

### 3. Tell the team

Write to the channel that <app> is down.

### 4. Roll

<!-- runbook: id=roll retry=2 timeout=30s expect="done" -->
```bash
roll <app> --region <region> --id <build-id>
# or:
roll --all
```

<!-- runbook: confirm="Really drop it?" when="app == 'web'" capture=old /re/ -->
```console
$ drop <app> <note>
dropped
$ curl -d <api-token> example.com/<old>
```

### 5. Check

<details>
<summary>Only if it fails</summary>

```bash
reset --hard
```

</details>

<!-- runbook: allow-failure expect-not="error" expect-status=1 secret -->
```bash
check <<EOT
$HOME <app>
EOT
```

## Rollback

```bash
rm -r /srv/<app>
```
""".replace(" capture=old /re/", ' capture="old=/re(.)/"')

ALL = Reliance(steps=True, default=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Desk:
    """A folder in which pages are trusted, and changed."""

    folder: Path

    def read(self, text: str, inputs: str = "") -> Runbook:
        """Return a page of this text, with the settings of a file for `--inputs`."""
        overlay = read_inputs_file(inputs, "inputs.yaml")[0] if inputs else None
        return parse_runbook(text.encode("utf-8", "surrogatepass"), str(self.folder / "page.md"), overlay)

    def state(self, runbook: Runbook, procedure: Procedure) -> TrustState:
        """Return what is trusted of a procedure."""
        return read_trust(runbook, procedure, self.folder / "state" / "runs", {})

    def trust(self, text: str, inputs: str = "") -> None:
        """Trust the procedure that runs of a page."""
        runbook = self.read(text, inputs)
        procedure = choose_procedure(runbook, None)
        assert isinstance(procedure, Procedure)
        record_trust(self.state(runbook, procedure), self.folder / "state" / "runs")

    def doubt(self, text: str, reliance: Reliance = ALL, inputs: str = "") -> str:
        """Return why a run of the page asks, or ""."""
        runbook = self.read(text, inputs)
        procedure = choose_procedure(runbook, None)
        if isinstance(procedure, Problem):
            return "refused"
        return self.state(runbook, procedure).explain_doubt(reliance)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder for one page."""
    (tmp_path / "note.txt").write_text("a note\n")
    return Desk(tmp_path)


# every way round -----------------------------------------------------------------------------------------


CHECK = PAGE[PAGE.index("```bash\ncheck") : PAGE.index("## Rollback")]

WAYS: Mapping[str, tuple[str, str]] = {
    "a command": ("make build", "make build2"),
    "a blank in a command": ("make build APP", "make  build APP"),
    "a blank at the end": ("make build APP=<app>", "make build APP=<app>\\ "),
    "an invisible character": ("make build", "make\u200b build"),
    "a blank that is a letter": ("make build", "make\u00a0build"),
    "a letter that looks the same": ("make build", "m\u0430ke build"),
    "text that is turned around": ("make build", "make \u202ebuild"),
    "a line end in a here-document": ("$HOME <app>\n", "$HOME <app>\r\r\n"),
    "a statement joined with the next": ("make build APP=<app>\n", "make build APP=<app> \\\n"),
    "the order of statements": ("roll --all\n", "roll --all --now\nroll --all\n"),
    "a label of a tab": ('=== "macOS"', '=== "Mac"'),
    "the tab that is chosen": ('=== "Debian"', '=== "Ubuntu"'),
    "a tab that is none": ('=== "Debian"\n\n    ```', "    ```"),
    "a border of alternatives": ("# or:\nroll --all", "roll --all\n# or:"),
    "an alternative less": ("# or:\n", ""),
    "another label of an alternative": ("# or:", "# or with everything:"),
    "a capture less": (' capture="old=/re(.)/"', ""),
    "the pattern of a capture": ("/re(.)/", "/r(.)/"),
    "the name of a capture": ('"old=/re', '"old2=/re'),
    "a capture of the front matter": ("build-id: '1.1:", "app: '1.1:"),
    "its step": ("'1.1:id", "'1.2:id"),
    "its pattern": ("id (\\d+)", "id (\\w+)"),
    "literal": ("literal: [in]", "literal: [inn]"),
    "literal for another": ("literal: [in]", "literal: [in, app]"),
    "choices": ("choices: [web, api]", "choices: [web, api, db]"),
    "a pattern": ("pattern: 'eu-.*'", "pattern: '.*'"),
    "secret": ("secret: false", "secret: true"),
    "a default": ("default: web", "default: api"),
    "a default that is a secret": ("hunter2hunter2", "hunter3hunter3"),
    "a default beside a source": ("source: env:REGION", "source: env:REGION\n      default: eu-1"),
    "a source": ("source: env:REGION", "source: env:REGION2"),
    "another file": ("file:note.txt", "file:./note.txt"),
    "choose": ("choose: [Debian]", "choose: [macOS]"),
    "cwd": ("cwd: /srv", "cwd: /"),
    "timeout": ("timeout: 10m", "timeout: 11m"),
    "shell": ("shell: bash", "shell: zsh"),
    "languages": ("  cwd: /srv", "  languages: {bash: none}\n  cwd: /srv"),
    "procedure": ("  cwd: /srv", "  procedure: rollback\n  cwd: /srv"),
    "expect": ('expect="done"', 'expect="don"'),
    "no expect": (' expect="done"', ""),
    "expect-not": ('expect-not="error"', 'expect-not="errors"'),
    "expect-status": ("expect-status=1", "expect-status=2"),
    "allow-failure": ("allow-failure ", ""),
    "timeout of a block": ("timeout=30s", "timeout=31s"),
    "retry": ("retry=2", "retry=3"),
    "when": ("when=\"app == 'web'\"", "when=\"app != 'web'\""),
    "no when": (" when=\"app == 'web'\"", ""),
    "confirm": ('confirm="Really drop it?" ', ""),
    "its question": ("Really drop it?", "Go on?"),
    "secret of a block": (" secret -->", " -->"),
    "setup": ("retry=2", "retry=2 setup"),
    "cwd of a block": ("retry=2", "retry=2 cwd=/"),
    "shell of a block": ("retry=2", "retry=2 shell=zsh"),
    "skip": ("retry=2", "retry=2 skip"),
    "manual": ("retry=2", "retry=2 manual"),
    "choose of a block": ("retry=2", "retry=2 choose=2"),
    "an annotation of a step": ("### 5. Check", "<!-- runbook: retry=1 -->\n### 5. Check"),
    "an annotation after the fence": ("```bash\nmake", "```bash {allow-failure}\nmake"),
    "a manual step less": (
        "### 3. Tell the team\n\nWrite to the channel that <app> is down.\n\n### 4.",
        "### 3.",
    ),
    "another title of a manual step": ("Tell the team", "Tell nobody"),
    "other words of a manual step": ("is down", "is up"),
    "a folded section opened": ("<details>", "<details open>"),
    "a comment around a block": (CHECK, f"<!--\n{CHECK}-->\n"),
    "a hidden block": (CHECK, f"<div hidden>\n\n{CHECK}\n</div>\n"),
    "a block of another language": ("```bash\ncheck", "```text\ncheck"),
    "output that is a command": ("dropped\n", "$ dropped\n"),
    "a prompt": ("$ drop <app>", "root@web:~# drop <app>"),
    "a new section": ("### 5. Check", "### Before\n\n```bash\ntrue\n```\n\n### 5. Check"),
}  # for each way round what to put in place of what


@pytest.mark.parametrize("way", WAYS)
def test_no_way_round_the_digest(desk: Desk, way: str) -> None:
    """Whatever decides what runs counts, even for a run whose options name nothing on the page."""
    old, new = WAYS[way]
    changed = PAGE.replace(old, new, 1)
    assert changed != PAGE
    desk.trust(PAGE)
    assert desk.doubt(PAGE) == ""
    assert desk.doubt(changed, Reliance(default=True)) != ""


STEPS: Mapping[str, tuple[str, str]] = {
    "a number": ("### 4. Roll", "### 6. Roll"),
    "two numbers": ("### 4. Roll", "### 5. Roll"),
    "an anchor": ("### 4. Roll", "### 4. Roll {#check}"),
    "an id": ("id=roll", "id=build"),
    "a title": ("### 4. Roll", "### 4. Rolls"),
    "a step divided in two": ("\n<!-- runbook: confirm", "\n### 4b. More\n\n<!-- runbook: confirm"),
}  # changes of what options such as `--only` can name


@pytest.mark.parametrize("way", STEPS)
def test_names_and_numbers_of_steps_count_where_an_option_names_one(desk: Desk, way: str) -> None:
    """Without such an option they decide nothing."""
    old, new = STEPS[way]
    changed = PAGE.replace(old, new, 1)
    assert changed != PAGE
    desk.trust(PAGE)
    assert desk.doubt(changed, Reliance(default=True)) == ""
    assert "other names or numbers" in desk.doubt(changed, Reliance(steps=True))


def test_the_procedure_that_runs_by_default_counts_for_a_run_that_names_none(desk: Desk) -> None:
    """Every procedure of a page may be trusted: that does not mean that any of them runs by itself."""
    runbook = desk.read(PAGE)
    for procedure in runbook.procedures:
        record_trust(desk.state(runbook, procedure), desk.folder / "state" / "runs")
    changed = PAGE.replace("  cwd: /srv", "  procedure: rollback\n  cwd: /srv")
    assert "not what runs by default" in desk.doubt(changed, Reliance(default=True))
    assert desk.doubt(changed, Reliance()) == ""


@pytest.mark.parametrize(
    "changed",
    [
        PAGE.replace("Some words first.", "Better words first, and more."),
        PAGE.replace("## Rollback", "## Going back"),
        PAGE.replace("\nreset --hard\n", "\nreset --soft\n"),
        PAGE.replace("title: Ship it", "title: Ship it\ntags: [a, b]"),
        PAGE.replace("  timeout: 10m", "  cadence: 75d\n  timeout: 600s"),
        PAGE.replace("default: web", "help: The name.\n      default: web"),
        PAGE.replace("\ndropped\n", "\ndropped it\n"),
        PAGE.replace("retry=2 timeout=30s", "timeout=30s retry=2"),
        PAGE.replace("\n", "\r\n"),
        "\ufeff" + PAGE,
    ],
)
def test_what_decides_nothing_is_not_asked_about(desk: Desk, changed: str) -> None:
    """Words, titles, other procedures and the line ends of a whole page do not count."""
    assert changed != PAGE
    desk.trust(PAGE)
    assert desk.doubt(changed, Reliance(default=True)) == ""


def test_a_settings_file_counts_as_the_front_matter_does(desk: Desk) -> None:
    """Captures, literals and inputs of `--inputs` are as much a part of the plan."""
    page = PAGE[PAGE.index("# Ship it") :]
    inputs = "shell: bash\nliteral: [in]\ncaptures: {build-id: '1.1:(.)'}\ninputs: {app: {pattern: 'w.*'}}\n"
    desk.trust(page, inputs)
    assert desk.doubt(page, inputs=inputs) == ""
    for old, new in (("[in]", "[inn]"), ("(.)", "(..)"), ("1.1:", "1.2:"), ("w.*", ".*"), ("{app", "{note")):
        assert desk.doubt(page, inputs=inputs.replace(old, new)) != "", new


# files ---------------------------------------------------------------------------------------------------


def test_the_content_of_a_file_that_is_a_source_counts(desk: Desk) -> None:
    """Whoever changes a page can change the files beside it."""
    desk.trust(PAGE)
    (desk.folder / "note.txt").write_text("another note\n")
    assert "have changed" in desk.doubt(PAGE)
    (desk.folder / "note.txt").unlink()
    assert desk.doubt(PAGE) != ""
    (desk.folder / "note.txt").write_text("a note\n")
    assert desk.doubt(PAGE) == ""


@pytest.mark.parametrize("secret", ["true", "false"])
def test_a_secret_outside_of_the_folder_of_the_page_may_be_rotated(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory, secret: str
) -> None:
    """Another value from outside counts, and so does a secret beside the page or a link to one."""
    outside = tmp_path_factory.mktemp("outside") / "token"
    outside.write_text("one")
    (desk.folder / "link").symlink_to(outside)
    for source, asks in ((str(outside), secret == "false"), ("link", True)):
        page = PAGE.replace("file:note.txt", f"file:{source}").replace("secret: false", f"secret: {secret}")
        outside.write_text("one")
        desk.trust(page)
        outside.write_text("two")
        assert (desk.doubt(page) != "") == asks, source


def test_a_secret_is_neither_listed_nor_easy_to_guess(desk: Desk) -> None:
    """The lines that are shown have no secret default and no content of a secret file."""
    page = PAGE.replace("secret: false", "secret: true")
    runbook = desk.read(page)
    state = desk.state(runbook, runbook.procedures[0])
    told = "\n".join(state.commands)
    assert "hunter2" not in told
    assert "a note" not in told
    assert "<api-token> a default, not shown" in told


# by construction -----------------------------------------------------------------------------------------


def reachable(kind: Any, found: set[type]) -> set[type]:
    """Return the classes with fields that a value of this type can hold."""
    if get_origin(kind) is not None:
        for each in get_args(kind):
            reachable(each, found)
    elif kind not in found and (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")):
        found.add(kind)
        for name, inner in get_type_hints(kind).items():
            if name not in NOT_COUNTED.get(kind, {}):
                reachable(inner, found)
    return found


def test_each_field_of_a_plan_counts_unless_it_has_a_reason() -> None:
    """The list of exceptions names classes and fields that exist, and no class is left to chance."""
    kinds = reachable(Plan, set()) | reachable(get_type_hints(Plan)["items"], set())
    for kind, without in NOT_COUNTED.items():
        assert without.keys() <= list_fields(kind).keys(), kind
        assert all(without.values())
    assert {"Annotation", "Statement", "Block", "Branch", "Input", "RunbookSettings"} <= {
        kind.__name__ for kind in kinds
    }
    assert NOT_COUNTED.keys() <= kinds


def test_nothing_of_a_plan_is_made_for_a_run_alone(desk: Desk) -> None:
    """The plan that a digest is made of is that of a run without options, in every field."""
    plan = plan_of(desk, PAGE)
    made = make_plan(plan.runbook, plan.procedure, is_root=True)
    assert isinstance(made, Plan)
    for name in list_fields(Plan):
        assert getattr(made, name) == getattr(plan, name), name


OTHERS: Mapping[str, Any] = {
    "expect": ("other",),
    "expect_not": ("other",),
    "expect_status": 7,
    "timeout": 7.5,
    "retry": 7,
    **dict.fromkeys(("secret", "allow_failure", "manual", "skip", "setup"), True),
}  # other values for fields of an annotation that are no text


@pytest.mark.parametrize("name", [n for n in Annotation._fields if n not in NOT_COUNTED[Annotation]])
def test_each_field_of_an_annotation_counts(desk: Desk, name: str) -> None:
    """So does one that is added later."""
    plan = plan_of(desk, PAGE)
    item = plan.items[0]
    changed = item._replace(annotation=item.annotation._replace(**{name: OTHERS.get(name, "other")}))
    assert digest_page(dataclasses.replace(plan, items=(changed, *plan.items[1:]))) != digest_page(plan)


@pytest.mark.parametrize("name", [n for n in list_fields(Input) if n not in NOT_COUNTED[Input]])
def test_each_field_of_an_input_counts(desk: Desk, name: str) -> None:
    """So does one that is added later."""
    plan = plan_of(desk, PAGE)
    other: Any = "other"
    known = dataclasses.replace(plan.inputs["note"], **{name: other})
    assert digest_page(dataclasses.replace(plan, inputs={**plan.inputs, "note": known})) != digest_page(plan)


def plan_of(desk: Desk, text: str) -> Plan:
    """Return the plan of the procedure that runs of a page."""
    runbook = desk.read(text)
    procedure = choose_procedure(runbook, None)
    assert isinstance(procedure, Procedure)
    return make_page_plan(runbook, procedure)


# any change ----------------------------------------------------------------------------------------------


LINES = (
    "",
    "```",
    "```bash",
    "```fish",
    "```console",
    "rm -rf /",
    "$ rm -rf /",
    "# or:",
    "# Option 2",
    "# on macOS",
    '=== "Tab"',
    "<details>",
    "</details>",
    "<details open>",
    "<!--",
    "-->",
    "%%",
    "### 9. Nine",
    "## Steps",
    "Or:",
    "Alternatively, use the other one:",
    "1. One",
    "> quoted",
    "    indented",
    "--8<-- 'x.md'",
    "<!-- runbook: skip -->",
    "<!-- runbook: manual -->",
    "<!-- runbook: allow-failure -->",
    "<!-- runbook: retry=3 -->",
    '<!-- runbook: when="1 == 2" -->',
    "<!-- runbook: cwd=/ -->",
    "<!-- runbook: capture=app -->",
    '<!-- runbook: capture="region=/x/" secret -->',
    "<!-- runbook: shell=fish -->",
    '<!-- runbook: expect="x" -->',
    '<!-- runbook: expect-not="x" -->',
    "<!-- runbook: expect-status=3 -->",
    "<!-- runbook: timeout=1s -->",
    "<!-- runbook: confirm -->",
    "<!-- runbook: choose=1 -->",
    "<!-- runbook: setup id=x -->",
    '<div style="display: none">',
    "</div>",
    "{% comment %}",
    "EOT",
)

SETTINGS = (
    "  cwd: /",
    "  timeout: 1s",
    "  shell: fish",
    "  literal: [app]",
    "  choose: [macOS]",
    "  procedure: rollback",
    "  captures: {app: '1'}",
    "  languages: {bash: none}",
    "  inputs: {app: api}",
    "      secret: true",
    "      secret: false",
    "      default: other",
    "      pattern: '.'",
    "      choices: [a]",
    "      source: 'cmd:id'",
    "      source: env:HOME",
    "  cadence: 1d",
    "      help: Words.",
)

CHARACTERS = st.one_of(
    st.sampled_from("\n\r\t `#<>$\\'\"{}[]-:=|&;\u200b\u00a0\u202e\u0430\ufeff\u2028"),
    st.characters(codec="utf-8"),
)


@st.composite
def changes(draw: st.DrawFn) -> Callable[[str], str]:
    """A single change: of characters, of a line, of a setting or of line ends."""
    at = draw(st.integers(0, len(PAGE) - 1))
    match draw(st.sampled_from(("characters", "insert", "remove", "swap", "copy", "setting", "end"))):
        case "characters":
            new, gone = draw(st.text(CHARACTERS, max_size=3)), draw(st.integers(0, 4))
            return lambda text: text[:at] + new + text[at + gone :]
        case "setting":
            line = draw(st.sampled_from(SETTINGS))
            place = draw(st.integers(2, PAGE[: PAGE.index("\n---")].count("\n") + 1))
            return lambda text: edit_lines(text, place, lambda lines, n: [*lines[:n], line, *lines[n:]])
        case "insert":
            line = draw(st.sampled_from(LINES))
            return lambda text: edit_lines(text, at, lambda lines, n: [*lines[:n], line, *lines[n:]])
        case "remove":
            return lambda text: edit_lines(text, at, lambda lines, n: lines[:n] + lines[n + 1 :])
        case "copy":
            to = draw(st.integers(0, PAGE.count("\n")))
            return lambda text: edit_lines(text, at, lambda lines, n: [*lines[:to], lines[n], *lines[to:]])
        case "swap":
            return lambda text: edit_lines(text, at, swap)
        case _:
            end = draw(
                st.sampled_from((" ", "  ", "\t", "\\", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u200b"))
            )
            return lambda text: edit_lines(
                text, at, lambda lines, n: [*lines[:n], lines[n] + end, *lines[n + 1 :]]
            )


def edit_lines(text: str, at: int, edit: Callable[[list[str], int], list[str]]) -> str:
    """Return the text with its lines edited at a place."""
    lines = text.split("\n")
    return "\n".join(edit(lines, at % len(lines)))


def swap(lines: list[str], at: int) -> list[str]:
    """Return the lines with one and the next in each other's place."""
    return [*lines[:at], *reversed(lines[at : at + 2]), *lines[at + 2 :]]


def behaviour(plan: Plan) -> object:
    """Return what the engine takes from a plan, without the code of the digest."""
    order = {item.where: number for number, item in enumerate(plan.items)}
    items: list[object] = []
    blocks: list[object] = []
    for item in plan.items:
        if not blocks or blocks[-1] is not item.block:
            blocks.append(item.block)
        notes = item.annotation._replace(id=None, span=None)
        choices = [
            (choice.number, choice.labels, choice.named, choice.group > 0, choice.key[2])
            for choice in list_choices(item)
        ]
        asks = [each.question for each in plan.warnings.get(item.where, ())]
        if item.statement is None:
            items.append(
                (len(blocks), notes, choices, item.step.title if item.block is None else item.block.code)
            )
            continue
        statement = item.statement
        holes = [each._replace(span=None) for each in statement.placeholders]  # type: ignore[arg-type]
        secret = [plan.is_secret(each.name) for each in statement.placeholders]
        odd = [(each.message, each.asks) for each in statement.suspicions]
        items.append(
            (len(blocks), notes, choices, statement.text, holes, secret, odd, asks, item.first, item.last)
        )
    inputs = {
        name: (known.default, known.pattern, known.choices, plan.is_secret(name), known.source)
        for name, known in plan.inputs.items()
    }
    captures = [(order[where], capture.name, capture.pattern) for where, capture in plan.captures]
    return plan.procedure.shell, plan.cwd, plan.timeout, plan.choose, inputs, captures, items


def selections(runbook: Runbook, procedure: Procedure, wanted: set[str]) -> object:
    """Return which items each name of a step selects, and which steps of a person it calls done."""
    found: dict[str, object] = {}
    plan = make_page_plan(runbook, procedure)
    order = {item.where: number for number, item in enumerate(plan.items)}
    for name in wanted:
        each: list[object] = []
        for options in ({"only": name}, {"first": name}, {"done": (name,)}):
            made = make_plan(runbook, procedure, is_root=True, **options)
            if isinstance(made, Plan):
                done = [item.step.title for item in made.items if item.where.step in made.done]
                each.append(([order[item.where] for item in made.items], done))
            else:
                each.append("refused")
        found[name] = each
    return found


def names_of(plan: Plan) -> set[str]:
    """Return every name that an option can call a step by."""
    names = {name for item in plan.items for name in item.names}
    return names | {item.label for item in plan.items}


_TRUSTED: dict[str, Desk] = {}


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A folder in which the page is trusted."""
    folder = tmp_path_factory.mktemp("trusted")
    (folder / "note.txt").write_text("a note\n")
    desk = Desk(folder)
    assert desk.read(PAGE).problems == ()
    desk.trust(PAGE)
    return desk


@given(changes())
def test_any_change_leaves_the_plan_as_it_is_or_asks(trusted: Desk, change: Callable[[str], str]) -> None:
    """Whatever is asked about is also shown: the lines to review have a difference."""
    runbook = trusted.read(change(PAGE))
    procedure = choose_procedure(runbook, None)
    if isinstance(procedure, Problem) or any(
        each.severity == Severity.ERROR and procedure.has_problem(each) for each in runbook.problems
    ):
        return  # the run is refused
    state = trusted.state(runbook, procedure)
    plan, before = make_page_plan(runbook, procedure), plan_of(trusted, PAGE)
    if not state.explain_doubt(Reliance(default=True)):
        assert behaviour(plan) == behaviour(before)
        if not state.explain_doubt(ALL):
            original = trusted.read(PAGE)
            wanted = names_of(plan) | names_of(before)
            assert selections(runbook, procedure, wanted) == selections(original, before.procedure, wanted)
    elif state.before is not None:
        shown = "\n".join(state.lines_to_review())
        assert re.search(r"^[-+]|not shown here", shown, re.M), shown
