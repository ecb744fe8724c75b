"""A built site in a browser, by both builders: a reader's actions, and forbidden events."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.paths import REPOSITORY
from tests.support.screen import ENTER, open_screen
from tests.support.site_cases import FILE, make_cases
from tests.support.site_kit import BUILDERS, build_site, make_project, serve_site

HOSTILE = '\tit\'s "quoted"\t$HOME \\ back\\\\ `id` \x01\x7f $(id)\n \t second line \\'
AXE = REPOSITORY / ".tools" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session", params=BUILDERS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site under test, by each of the builders, served with a strict policy."""
    folder = make_project(tmp_path_factory.mktemp("browsed"))
    status, told = build_site(folder, request.param)
    assert status == 0, told
    with serve_site(folder / "site") as address:
        yield address


class Reader:
    """A reader with a browser of their own; records every forbidden event."""

    def __init__(self, browser: Browser, site: str, **settings: Any) -> None:
        self.site = site
        self.forbidden: list[str] = []
        self.context: BrowserContext = browser.new_context(
            permissions=["clipboard-read", "clipboard-write"], **settings
        )
        self.page: Page = self.context.new_page()
        self.page.expose_function("hacked", lambda how: self.forbidden.append(f"script ran: {how}"))
        self.page.on("console", lambda said: self._said(said.type, said.text))
        self.page.on("pageerror", lambda error: self.forbidden.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" or "Content Security Policy" in text:
            self.forbidden.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.site, "data:", "blob:" + self.site)):
            self.forbidden.append(f"request to {url}")

    def open(self, path: str) -> Page:
        """Open a page of the site, and wait for its scripts."""
        self.page.goto(self.site + path)
        return self.page

    def copied(self) -> str:
        """The content of the clipboard."""
        return str(self.page.evaluate("navigator.clipboard.readText()"))


@pytest.fixture
def reader(browser: Browser, site: str) -> Iterator[Reader]:
    """A reader without forbidden events: the fixture fails on any."""
    made = Reader(browser, site, viewport={"width": 1280, "height": 900})
    yield made
    made.context.close()
    assert made.forbidden == []


def field(page: Page, name: str) -> Any:
    """The field beside a placeholder."""
    return page.get_by_label(f"<{name}>", exact=True)


# filling in and copying ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "shell"), [("values", "fish"), ("bash", "bash")])
def test_a_hostile_value_arrives_in_a_real_shell(
    reader: Reader, path: str, shell: str, tmp_path: Path
) -> None:
    """Any typed value, copied and pasted at a prompt, reaches programs exactly."""
    page = reader.open(f"runbooks/{path}/")
    field(page, "value").fill(HOSTILE)
    page.get_by_role("button", name="Copy all of step 1").click()
    expect(page.locator(".rb-status")).to_contain_text("Copied all of step 1.")
    here = tmp_path / "here"
    here.mkdir()
    paste_at_prompt(shell, reader.copied(), here)
    written = {file.name: file.read_text(encoding="utf-8") for file in here.iterdir()}
    expected = {"bare": HOSTILE, "single": HOSTILE, "double": HOSTILE}
    if shell == "fish":
        expected["after"] = str(tmp_path) + HOSTILE
    else:
        expected |= {"ansi": HOSTILE, "expanded": f"{HOSTILE}\n", "verbatim": f"{HOSTILE}\n$HOME `id`\n"}
    assert written == expected


def paste_at_prompt(shell: str, text: str, folder: Path) -> None:
    """Paste text into an interactive shell as a terminal does, press Enter, and leave."""
    prompt = "function fish_prompt; echo 'ready> '; end"
    command = [shell, "-i", "-C", prompt] if shell == "fish" else [shell, "--norc", "-i"]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "LANG": "C.UTF-8",
        "PS1": "ready> ",
    }
    with open_screen(command, folder, environment) as shown:
        shown.wait_until(lambda text: text.endswith("ready>") and shown.modes.get(b"2004", False), "a prompt")
        shown.type(f"\x1b[200~{text}\x1b[201~", ENTER, "exit 7", ENTER)
        assert shown.wait_status() == 7


def test_values_are_inserted_and_are_gone_after_a_reload(reader: Reader) -> None:
    """Every block shows the value as it is typed; neither the storage nor the address keeps it."""
    page = reader.open("runbooks/values/")
    block = page.locator(".rb-runs").first
    field(page, "value").fill("it's")
    expect(block).to_contain_text("printf '%s' 'it\\'s' > bare")
    expect(block).to_contain_text("# not <value>")
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, location.href, document.cookie])"
    )
    assert "it's" not in kept
    page.reload()
    expect(block).to_contain_text("printf '%s' <value> > bare")
    expect(field(page, "value")).to_have_value("")


def test_choices_defaults_and_patterns(reader: Reader) -> None:
    """A choice is chosen, a default is filled in, and an invalid value is reported and not used."""
    page = reader.open("runbooks/values/")
    line = page.locator("[data-n='4.1']")
    expect(line).to_have_text(f"echo <colour> 7 on-{page.evaluate('new Date().toLocaleDateString(`sv`)')}")
    field(page, "colour").select_option("green")
    expect(line).to_contain_text("echo green 7")
    field(page, "number").fill("seven")
    expect(page.get_by_text("Expected a value that matches [0-9]+.")).to_be_visible()
    expect(line).to_contain_text("echo green <number>")


def test_a_secret_has_no_field(reader: Reader) -> None:
    """The copied text keeps the placeholder, with a message."""
    page = reader.open("runbooks/values/")
    assert field(page, "api-token").count() == 0
    field(page, "value").fill("me")
    page.get_by_role("button", name="Copy statement 4.2").click()
    expect(page.locator(".rb-status")).to_contain_text("Still to be filled in: <api-token>")
    assert reader.copied() == "login --with <api-token> --as me"


def test_alternatives_are_copied_one_by_one(reader: Reader) -> None:
    """No button copies two alternatives at once."""
    page = reader.open("runbooks/values/")
    names = [
        each.get_attribute("aria-label")
        for each in page.locator(".rb-runs").nth(4).get_by_role("button").all()
    ]
    assert names == [
        "Copy 1, an alternative of step 4: apt install x",
        "Copy 2, an alternative of step 4: dnf install x",
    ]
    page.get_by_role("button", name=str(names[1])).click()
    expect(page.locator(".rb-status")).to_contain_text("Copied")
    assert reader.copied() == "dnf install x"


def test_a_console_block_is_copied_without_prompts_and_output(reader: Reader) -> None:
    """Only the typed commands are copied."""
    page = reader.open("runbooks/bash/")
    page.get_by_role("button", name="Copy all of step 2").click()
    expect(page.locator(".rb-status")).to_contain_text("Copied")
    assert reader.copied() == "ls | wc -l\ncat bare"


def test_the_script_quotes_values_like_the_shells_modules(reader: Reader) -> None:
    """Both give the same text for the cases of the file and for some thousand random cases."""
    page = reader.open("runbooks/values/")
    known = json.loads(FILE.read_text(encoding="utf-8")) + [case._asdict() for case in make_cases(7, 30)]
    assert len(known) > 2000
    wrong = page.evaluate(
        """(cases) => cases.map((each) => {
          let got = null;
          try { got = runbookExec.text(each.recipe, each.values); }
          catch (error) { if (!(error instanceof runbookExec.Refused)) throw error; }
          return { ...each, got };
        }).filter((each) => each.got !== each.expected)""",
        known,
    )
    assert wrong == []


# facts on the page -----------------------------------------------------------------------------------------


def test_a_page_shows_how_fresh_each_step_is(reader: Reader) -> None:
    """By the reader's clock, a step is unchanged, changed or never run, and has a due date.

    A page without an export has no state that could be wrong.
    """
    reader.page.clock.set_fixed_time("2026-11-13T12:00:00Z")
    page = reader.open("runbooks/values/")
    told = [each.inner_text().strip() for each in page.locator(".rb-fresh").all()]
    assert told == [
        "last succeeded 12 days ago, unchanged since",
        "never run",
        "never run",
        "last succeeded 12 days ago, its text has changed since",
        "never run",
    ]
    expect(page.locator(".rb-facts")).to_contain_text("12 days ago")
    expect(page.locator(".rb-facts")).to_contain_text("ada")
    expect(page.locator(".rb-banner")).to_contain_text("Run it again by 2026-12-01.")
    expect(page.locator(".rb-banner .rb-late")).to_have_text("Its review was due on 2026-11-01.")
    reader.page.clock.set_fixed_time("2026-12-02T12:00:00Z")
    page.reload()
    expect(page.locator(".rb-banner .rb-late").first).to_have_text("Running it again was due on 2026-12-01.")
    reader.open("runbooks/rotate-fly-token/")
    expect(page.locator(".rb-facts")).to_contain_text("no recorded run")
    assert page.locator(".rb-fresh, .rb-banner .rb-late").count() == 0


def test_a_block_that_does_not_run_has_the_reason(reader: Reader) -> None:
    """In a quote, and in another shell."""
    page = reader.open("runbooks/values/")
    why = [each.inner_text() for each in page.locator(".rb-why").all()]
    assert why == ["inside a quote", "in bash; this procedure runs in fish"]


def test_the_command_names_the_procedure_if_needed(reader: Reader) -> None:
    """The page's default procedure needs no anchor; every other procedure does."""
    page = reader.open("runbooks/values/")
    commands = [each.inner_text() for each in page.locator(".rb-command").all()]
    assert commands == [
        "runbook-exec docs/runbooks/values.md",
        "runbook-exec 'docs/runbooks/values.md#emergency'",
    ]
    page.get_by_role("button", name="Copy the command").last.click()
    expect(page.locator(".rb-status")).to_contain_text("Copied the command.")
    assert reader.copied() == commands[1]


@pytest.mark.parametrize("shell", ["fish", "bash"])
def test_the_command_takes_the_typed_values(reader: Reader, shell: str, tmp_path: Path) -> None:
    """It is one word in fish and in bash; a default is left out; the button shows that it has copied."""
    typed = "it's \\\\'two' \\$HOME \"`id`\"\\"
    page = reader.open("runbooks/values/")
    field(page, "value").fill(typed)
    button = page.get_by_role("button", name="Copy the command").first
    button.click()
    expect(button).to_have_text("Copied")
    words = reader.copied().removeprefix("runbook-exec ")
    ran = subprocess.run(
        [shell, "-c", f"printf '%s\\n' {words}"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert ran.stdout.splitlines() == ["docs/runbooks/values.md", "--set", f"value={typed}"]
    expect(button).to_have_text("Copy")


def test_the_table_of_runbooks_sorts(reader: Reader) -> None:
    """By each column, in both directions, with empty values last."""
    page = reader.open("")
    titles = page.locator(".rb-table tbody td:first-child")
    owners = page.get_by_role("button", name="Owner")
    assert "Values" in titles.all_inner_texts()
    owners.click()
    expect(titles.nth(0)).to_have_text("</title><script>hacked('title')</script>")
    expect(titles.nth(1)).to_have_text("Values")
    owners.click()
    expect(titles.nth(0)).to_have_text("Values")
    titles.nth(0).get_by_role("link").click()
    expect(page.get_by_role("heading", name="Values")).to_be_visible()


def test_the_table_sorts_on_a_telephone(browser: Browser, site: str) -> None:
    """Its columns can be touched, and a runbook without success is marked."""
    reader = Reader(browser, site, viewport={"width": 360, "height": 800}, has_touch=True)
    page = reader.open("")
    titles = page.locator(".rb-table tbody td:first-child")
    page.get_by_role("button", name="Runbook").tap()
    first = titles.nth(0).inner_text()
    page.get_by_role("button", name="Runbook").tap()
    expect(titles.nth(0)).not_to_have_text(first)
    expect(page.get_by_role("cell", name="never").first).to_be_visible()
    reader.context.close()


def test_a_manual_step_stays_ticked(reader: Reader) -> None:
    """A tick survives a reload of the tab, and does not appear in another tab."""
    page = reader.open("runbooks/values/")
    box = page.get_by_role("checkbox", name="Step 3 is done")
    box.check()
    page.reload()
    expect(box).to_be_checked()
    other = reader.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("checkbox", name="Step 3 is done")).not_to_be_checked()


def test_a_recorded_run_is_played(reader: Reader) -> None:
    """The player runs in the page, with files of the site alone."""
    page = reader.open("runbooks/backup-a-folder/")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".ap-player")).to_be_visible()
    expect(page.locator(".ap-player")).to_contain_text("du -sh", timeout=20_000)


# for everybody ---------------------------------------------------------------------------------------------


def test_everything_works_by_keyboard(reader: Reader) -> None:
    """Filling in, copying and ticking with Tab, Enter and Space; the focus is always visible."""
    page = reader.open("runbooks/values/")

    def tab_to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                break
        else:
            raise AssertionError(f"Tab never reached {selector}")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"

    tab_to("[data-name=value] textarea")
    page.keyboard.type("a b")
    tab_to("[data-name=colour] select")
    page.keyboard.press("b")
    tab_to("[aria-label='Copy all of step 1']")
    page.keyboard.press("Enter")
    expect(page.locator(".rb-status")).to_contain_text("Copied all of step 1.")
    assert "printf '%s' 'a b' > bare" in reader.copied()
    tab_to("[aria-label='Step 3 is done']")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Step 3 is done")).to_be_checked()
    expect(page.locator("[data-n='4.1']")).to_contain_text("echo blue")


# what no page of the themes is without: a dialog that has no name, and buttons of a form that are hidden
THEMES_OWN = [[".md-search[role=dialog]"], ["input.md-option"]]


@pytest.mark.parametrize("path", ["", "runbooks/values/", "runbooks/rotate-fly-token/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_site_is_accessible(browser: Browser, site: str, path: str, scheme: Any, width: int) -> None:
    """axe finds nothing serious outside the themes' own elements; no text is cut off."""
    reader = Reader(
        browser, site, viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page = reader.open(path)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("(own) => axe.run({ exclude: own }, { resultTypes: ['violations'] })", THEMES_OWN)
    serious = [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    reader.context.close()


# where the text of each row of an element begins, from the left
ROWS = """(element) => {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const range = document.createRange(), rows = new Map();
  while (texts.nextNode()) {
    range.selectNodeContents(texts.currentNode);
    for (const { left, top } of range.getClientRects()) rows.set(top, Math.min(left, rows.get(top) ?? left));
  }
  return [...rows.values()];
}"""


def test_a_wrapped_line_does_not_look_like_two(browser: Browser, site: str) -> None:
    """On a telephone it is indented; the text to copy is the same."""
    reader = Reader(browser, site, viewport={"width": 360, "height": 800})
    page = reader.open("runbooks/bash/")
    field(page, "value").fill("a-value with-its hyphens")
    first, *more = page.locator("[data-n='1.2']").evaluate(ROWS)
    assert more
    assert all(left - first > 10 for left in more)
    assert all(
        rows[0] == first for rows in [page.locator(f"[data-n='1.{n}']").evaluate(ROWS) for n in (1, 3)]
    )
    own_lines = page.locator("[data-n='1.6'] .rb-line")
    assert own_lines.count() == 4
    assert [
        line.evaluate(ROWS)[0] for line in own_lines.all() if not line.locator("[data-name]").count()
    ] == [first] * 3
    code = page.locator(".rb-runs code").first
    assert code.evaluate(
        "(code) => { getSelection().selectAllChildren(code); return `${getSelection()}`; }"
    ) == (code.evaluate("(code) => code.textContent"))
    reader.context.close()


def test_everything_but_the_form_works_without_javascript(browser: Browser, site: str) -> None:
    """Help, freshness, commands and boxes are there, and no control without a function."""
    reader = Reader(browser, site, java_script_enabled=False)
    page = reader.open("runbooks/values/")
    expect(page.get_by_text("Anything at all.")).to_be_visible()
    expect(page.get_by_text("last succeeded 2026-11-01, unchanged since")).to_be_visible()
    expect(page.locator(".rb-banner")).to_contain_text("Review it by 2026-11-01.")
    expect(page.get_by_text("runbook-exec docs/runbooks/values.md", exact=True)).to_be_visible()
    page.get_by_role("checkbox", name="Step 3 is done").check()
    assert page.locator(".rb-copy, .rb-input textarea").count() == 0
    reader.context.close()


def test_a_printed_page_is_a_checklist(reader: Reader) -> None:
    """Each step has a box, and there are no buttons."""
    page = reader.open("runbooks/values/")
    page.emulate_media(media="print")
    assert not page.locator(".rb-copy").first.is_visible()
    boxes = page.evaluate(
        "[...document.querySelectorAll('.rb-step')].map((each) => getComputedStyle(each, '::before').width)"
    )
    assert len(boxes) == 5
    assert all(width != "auto" for width in boxes)


@pytest.mark.parametrize("scripted", [True, False])
def test_values_can_be_written_on_paper(browser: Browser, site: str, scripted: bool) -> None:
    """Each has its name, its help and a blank, except secrets; in ink for every colour scheme."""
    reader = Reader(browser, site, java_script_enabled=scripted, color_scheme="dark")
    page = reader.open("runbooks/values/")
    if scripted:
        page.locator("input[data-md-color-media*=dark]").evaluate("(input) => input.click()")
        expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    page.emulate_media(media="print")
    expect(page.get_by_text("Anything at all.")).to_be_visible()
    expect(page.get_by_text("It opens everything.")).to_be_visible()
    blanks = page.locator(".rb-input").evaluate_all(
        """(rows) => rows.map((row) => {
          const field = row.querySelector("textarea, select"), dd = row.querySelector("dd");
          const drawn = field ? getComputedStyle(field) : getComputedStyle(dd, "::before");
          return [row.dataset.name, drawn.content !== "none" && drawn.borderBottomStyle];
        })"""
    )
    assert blanks == [
        ["value", "solid"], ["colour", "solid"], ["number", "solid"], ["day", "solid"], ["api-token", False],
    ]  # fmt: skip
    ink = page.locator(".rb-step").first.evaluate("(step) => getComputedStyle(step).color")
    assert max(map(float, re.findall(r"[\d.]+", ink)[:3])) < 100
    reader.context.close()


@pytest.mark.parametrize("name", ["hostile", "untitled"])
def test_a_hostile_page_runs_nothing(reader: Reader, name: str) -> None:
    """All content of a runbook is text: no script runs on its page or in the table."""
    page = reader.open(f"runbooks/{name}/")
    for each in page.locator("textarea, select").all():
        each.focus()
    for each in page.locator(".md-content a[href]").all():
        assert str(each.get_attribute("href")).startswith(("#", "http", "..", "./", "/"))
    harmful = "[onclick], [onerror], [onmouseover], [onfocus], [onload], [srcdoc], .md-content [style]"
    assert page.locator(harmful).count() == 0
    assert "hacked" not in " ".join(page.locator("script:not([src])").all_inner_texts())
    if name == "hostile":
        expect(page.get_by_role("link", name="a picture")).to_be_visible()
        assert page.locator("img[src*='//pictures']").count() == 0
    reader.open("").wait_for_load_state("networkidle")
    assert reader.forbidden == []


def test_harmless_tags_in_a_runbook_are_kept(reader: Reader) -> None:
    """Tags that only format text are kept; every other tag is displayed as text."""
    page = reader.open("runbooks/hostile/")
    expect(page.locator("h1 b").first).to_have_text("hostile")
    expect(page.get_by_text("<script>hacked('block')</script>").first).to_be_visible()
