"""The HTML report in a browser: wide, narrow, in dark mode, and printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.program import prepare_program

DESK, PHONE = (1280, 900), (360, 740)
LONG = "/srv/archive/mail/2026/11/25/" + "backup-of-everything" * 8 + ".tar.zst"
REPORTED = f"""# Restore the mail archive

Only after the on-call has agreed. <script>window.hacked = "page"</script>

<img src=x onerror="window.hacked = 1">

## Procedure

### 1. Look at what is there, with a heading that is too long for one line of any telephone that there is

| file | size |
|---|---|
| {LONG} | 12 |

```bash
printf '\\e[31mred\\e[0m <script>window.hacked = "output"</script> %0300d\\n' 7
head -c 10000000 /dev/zero | tr '\\0' x
seq 1 300
```

### 2. Ask the customer

### 3. Restore

```bash
cat {LONG} <host-name>
echo never
```
"""
_LUMINANCE = """(color) => {
  const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map((n) => n / 255)
    .map((n) => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}"""
# the lowest contrast of any text with its background, and the text
_CONTRAST = (
    """() => {
  const luminance = """
    + _LUMINANCE
    + """;
  const solid = (color) => !/, 0\\)$|transparent/.test(color);
  let least = [99, ""];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility()) continue;
    let behind = element;
    while (behind && !solid(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
    const back = luminance(behind ? getComputedStyle(behind).backgroundColor : "rgb(255, 255, 255)");
    const ink = luminance(getComputedStyle(element).color);
    const contrast = (Math.max(ink, back) + 0.05) / (Math.min(ink, back) + 0.05);
    if (contrast < least[0]) least = [contrast, node.data.trim().slice(0, 40)];
  }
  return least;
}"""
)
# elements that reach out of the window, except those that scroll by themselves
_OUTSIDE = """() => [...document.querySelectorAll("main *")]
  .filter((each) => each.checkVisibility() && !each.closest(".screen, details > pre, svg"))
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 0.5)
  .map((each) => each.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of a run that failed in its last step."""
    program = prepare_program(tmp_path_factory.mktemp("reported"))
    program.write("page.md", REPORTED)
    options = ("--done", "2", "--set", "host-name=mail-1.example.com")
    assert program.run("page.md", "--yes", *options).status == 1
    path = program.work / "report.html"
    path.write_text(program.run("runs", "report", "--format", "html").stdout, encoding="utf-8")
    return path


@pytest.fixture(params=[(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")], ids=str)
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    """Open the report in a window, and fail on any error or fetch."""
    (width, height), scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.on("request", lambda asked: wrong.append(asked.url) if asked.url != report.as_uri() else None)
    opened.goto(report.as_uri())
    yield opened
    hacked = opened.evaluate("window.hacked ?? null")
    context.close()
    assert (wrong, hacked) == ([], None)


def test_everything_fits_and_can_be_read(page: Page) -> None:
    """For any output, nothing reaches out of the window and no text is faint, folded or not."""
    for unfolded in (False, True):
        page.evaluate(
            "(open) => document.querySelectorAll('details').forEach((d) => { d.open = open; })", unfolded
        )
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(_OUTSIDE) == []
        contrast, text = page.evaluate(_CONTRAST)
        assert contrast >= 4.5, f"{contrast:.1f} for `{text}`"


def test_the_first_window_shows_the_outcome(page: Page) -> None:
    """It has the outcome and the reason; only the output of the failure is unfolded."""
    assert page.locator(".outcome").inner_text() == "failed"
    assert "step 3, Restore: exited 1" in page.locator("header .note").inner_text()
    assert page.locator("header .note").bounding_box()["y"] < 740  # type: ignore[index]
    steps = page.locator(".step > header h2").all_inner_texts()
    assert [step.split()[0] for step in steps] == ["1.", "2.", "3."]
    rows = page.locator(".time .row").count()
    assert rows == 3
    assert page.locator(".time rect.bar-failed").count() == 1
    folded = page.evaluate("[...document.querySelectorAll('.step details')].map((each) => each.open)")
    assert folded == [False, False, False, True]
    assert '<script>window.hacked = "output"</script>' in (
        page.locator(".step pre").nth(1).text_content() or ""
    )


def test_the_replay_plays(page: Page) -> None:
    """It starts at its end, goes back, plays, and can be used with keys alone."""
    screen = page.locator("#screen")
    assert screen.evaluate("(each) => each.scrollTop + each.clientHeight >= each.scrollHeight - 1")
    assert "failed exited 1" in (screen.text_content() or "")
    page.locator("#seek").focus()
    page.keyboard.press("Home")
    assert "failed" not in (screen.text_content() or "")
    page.locator("#speed").select_option("20")
    page.locator("#play").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#play")).to_have_text("Play again")
    assert "failed exited 1" in (screen.text_content() or "")
    boxes = [page.locator(each).bounding_box() for each in ("#play", "#seek", "#speed")]
    assert all(box is not None and box["height"] >= 16 and box["width"] >= 44 for box in boxes)


def test_the_printed_report_is_unfolded(page: Page) -> None:
    """It has dark text on white and no player; afterwards the page is folded again."""
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('details')].every((each) => each.open)")
    assert not page.locator(".player").is_visible()
    contrast, text = page.evaluate(_CONTRAST)
    assert contrast >= 4.5, f"{contrast:.1f} for `{text}`"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.evaluate("[...document.querySelectorAll('details')].every((each) => each.open)")
    assert page.pdf(format="A4").startswith(b"%PDF")
