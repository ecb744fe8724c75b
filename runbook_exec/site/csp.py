"""Builds the Content-Security-Policy of a site: `python -m runbook_exec.site.policy site/`.

Our own files need no inline scripts and styles. Themes have inline scripts, the same on every page of one
depth; the policy allows exactly these by their digests.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

# a style sheet that the script of zensical 0.0.73's theme inserts; no page contains it
_OF_ZENSICAL = "'sha256-NwSx/R2V/U4jnW0Tq5pQ53Y/rzPVJ4dqE7D6UTA/J1k='"

_NO_SCRIPT = re.compile(r"(?:application|text)/(?:ld\+)?json|text/template", re.IGNORECASE)


class _InlineCollector(HTMLParser):
    """Collects the inline scripts, style sheets and style attributes of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[str, str]] = []
        self._inside = ""
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the style of a tag, and note whether its text is a script or a style sheet."""
        given = dict(attrs)
        if given.get("style"):
            self.found.append(("attribute", given["style"] or ""))
        is_script = (
            tag == "script" and "src" not in given and not _NO_SCRIPT.fullmatch(given.get("type") or "")
        )
        self._inside, self._text = (tag if is_script or tag == "style" else ""), ""

    def handle_data(self, data: str) -> None:
        """Add a piece of the text of a script or style sheet."""
        self._text += data if self._inside else ""

    def handle_endtag(self, tag: str) -> None:
        """Collect the whole script or style sheet."""
        if tag == self._inside:
            self.found.append((tag, self._text))
            self._inside = ""


def build_csp(site: Path) -> str:
    """Return the policy for all pages of a built site. Raises OSError."""
    found: dict[str, set[str]] = {"script": set(), "style": set(), "attribute": set()}
    for page in sorted(site.rglob("*.html")):
        inline = _InlineCollector()
        inline.feed(page.read_text(encoding="utf-8"))
        for kind, text in inline.found:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            found[kind].add(f"'sha256-{digest}'")
    return "; ".join(_directives(found))


def _directives(found: dict[str, set[str]]) -> Iterator[str]:
    yield "default-src 'none'"
    # the player of recordings is a WebAssembly module
    yield " ".join(["script-src 'self' 'wasm-unsafe-eval'", *sorted(found["script"])])
    yield " ".join(["style-src-elem 'self'", _OF_ZENSICAL, *sorted(found["style"])])
    if found["attribute"]:
        yield " ".join(["style-src-attr 'unsafe-hashes'", *sorted(found["attribute"])])
    else:
        yield "style-src-attr 'none'"
    yield "img-src 'self' data:"
    yield "font-src 'self' data:"
    yield "connect-src 'self' data:"
    yield "worker-src 'self' blob:"
    yield "base-uri 'self'"
    yield "form-action 'self'"
    yield "frame-ancestors 'none'"


def main() -> None:
    """Print the policy of the site in the folder that the command line names."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("expected the folder of a built site, such as site/")
    print(build_csp(Path(sys.argv[1])))
