"""How the server starts and ends, and that bad pages, settings and folders do not stop it or run anything."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys

import pytest
from lsprotocol import types

from tests.support.editor import PATIENCE, codes, position_in, start_editor
from tests.support.program import COMMAND, Program

BROKEN = "# Deploy\n\n## Steps\n\n```bash\nmake x | tee y\n"


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start a server without a client."""
    return subprocess.Popen(
        [*COMMAND, "lsp"],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


INITIALIZE = (
    b'{"jsonrpc":"2.0","id":1,"method":"initialize",'
    b'"params":{"processId":null,"rootUri":null,"capabilities":{}}}'
)


def greet(server: subprocess.Popen[bytes]) -> None:
    """Send the first request, and wait for its answer."""
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(INITIALIZE), INITIALIZE))
    server.stdin.flush()
    assert server.stdout.readline().startswith(b"Content-Length")


def test_without_the_extra_a_sentence_says_what_to_install(program: Program) -> None:
    """The command is refused with 2 and one line where pygls is not installed."""
    hide = "import sys; sys.modules['pygls'] = None\n"
    hide += "from runbook_exec.cli.main import main\nsys.exit(main(['lsp']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", hide],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "`pip install 'runbook-live[lsp]'`" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("left", [b"", b"Content-Length: 500\r\n\r\n{", b"Content-Length: 3\r\n\r\n{{{"])
def test_the_server_ends_with_its_client(program: Program, left: bytes) -> None:
    """A closed pipe ends it, also if a whole message never came."""
    with start(program) as server:
        greet(server)
        assert server.stdin is not None
        server.stdin.write(left)
        server.stdin.close()
        assert server.wait(PATIENCE) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_server(program: Program, number: signal.Signals) -> None:
    """The server ends although its client is silent and keeps the pipe open."""
    with start(program) as server:
        greet(server)
        server.send_signal(number)
        assert server.wait(PATIENCE) == -number


@pytest.mark.asyncio
async def test_exit_after_shutdown_is_success(program: Program) -> None:
    """The client's `shutdown` and `exit` end the server with 0."""
    async with start_editor(program) as editor:
        await editor.open("page.md", BROKEN)
    assert await asyncio.wait_for(editor.process.wait(), PATIENCE) == 0


@pytest.mark.asyncio
async def test_broken_settings_are_reported_once(program: Program) -> None:
    """A settings file with a mistake is named in a message, and the defaults apply until it is mended."""
    settings = program.write("runbook-exec.toml", "selct = []\n")
    async with start_editor(program) as editor:
        assert "M303" in codes(await editor.open("page.md", BROKEN))
        editor.replace("page.md", BROKEN + "\n")
        await editor.wait_for_findings("page.md")
        (shown,) = editor.client.messages
        assert "selct" in shown.message
        settings.write_text('ignore = ["M303"]\n')
        assert "M303" not in codes(await editor.save("page.md"))


@pytest.mark.asyncio
async def test_two_folders_have_their_own_settings_and_links(program: Program) -> None:
    """Each page is checked with the settings and the pages of its own folder."""
    for name in ("one", "two"):
        (program.work / name).mkdir()
        program.write(f"{name}/mkdocs.yml", "")
        program.write(f"{name}/{name}.md", "# Here\n")
    program.write("two/runbook-exec.toml", 'ignore = ["M303"]\n')
    text = "# A\n\nSee [[one]] and [[two]].\n\n```bash\nmake | tee x\n```\n"
    async with start_editor(program) as editor:
        found = await editor.open("one/page.md", text)
        assert found[0].message.startswith("there is no page `two`")
        assert codes(found) == ["D501", "M303"]
        found = await editor.open("two/page.md", text)
        assert [each.message.split("\n")[0] for each in found] == ["there is no page `one`"]


@pytest.mark.asyncio
async def test_pages_that_are_no_files(program: Program) -> None:
    """A page that was never saved, was deleted or renamed, or is not open, is no reason to stop."""
    async with start_editor(program) as editor:
        item = types.TextDocumentItem("untitled:Untitled-1", "markdown", 1, BROKEN)
        editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        published = await editor.client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        assert "M303" in codes(published.diagnostics)
        lenses = await editor.client.text_document_code_lens_async(
            types.CodeLensParams(types.TextDocumentIdentifier("untitled:Untitled-1"))
        )
        assert not lenses
        await editor.open("page.md", BROKEN)
        (program.work / "page.md").rename(program.work / "new.md")
        editor.replace("page.md", "# Only this\n")
        assert codes(await editor.wait_for_findings("page.md")) == []
        editor.client.text_document_did_close(types.DidCloseTextDocumentParams(editor.document("page.md")))
        nothing = await editor.client.text_document_hover_async(
            types.HoverParams(editor.document("page.md"), types.Position(0, 0))
        )
        assert nothing is None
        assert "M303" in codes(await editor.open("new.md", BROKEN, saved=False))


@pytest.mark.asyncio
async def test_odd_texts_and_places(program: Program) -> None:
    """Lone surrogates, NUL, marks, places far outside and reversed ranges are taken as they are."""
    odd = "\ufeff# 😀\u2028\x00\ud800\r\n\n<!-- runbook: capture=\n```bash\nx <a> '\n"
    async with start_editor(program) as editor:
        await editor.open("page.md", odd, saved=False)
        far = types.Range(types.Position(900, 900), types.Position(0, 2))
        editor.change("page.md", far, "\n```bash\nmake | tee x\n```\n")
        assert "M303" in codes(await editor.wait_for_findings("page.md"))
        for line, character in ((0, 0), (0, 999), (99, 0)):
            at = types.Position(line, character)
            page = editor.document("page.md")
            await editor.client.text_document_hover_async(types.HoverParams(page, at))
            await editor.client.text_document_completion_async(types.CompletionParams(page, at))
            await editor.client.text_document_definition_async(types.DefinitionParams(page, at))


@pytest.mark.asyncio
async def test_nothing_of_a_hostile_folder_runs(program: Program) -> None:
    """Neither a page, nor git's settings in a checkout, start a program while a page is read and edited."""
    touch = program.folder / "touched"
    evil = program.folder / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {touch}\n")
    evil.chmod(0o755)
    git = ["git", "-C", str(program.work)]
    subprocess.run([*git, "init", "-q"], check=True)
    for key in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "core.editor"):
        subprocess.run([*git, "config", key, str(evil)], check=True)
    subprocess.run([*git, "config", "core.fsmonitor", str(evil)], check=True)
    text = (
        f"---\nrunbook:\n  inputs:\n    a:\n      source: cmd:touch {touch}\n"
        f"    b:\n      default: '{{{{ a }}}}'\n---\n\n# <a>\n\n[[x]] [y](y.md)\n\n"
        f"```bash\n$(touch {touch}) <a> `touch {touch}` <b>\n```\n\n"
        f"```fish\ntouch {touch}; (touch {touch})\n```\n\n"
        f"```zsh\n=(touch {touch}) ${{(e):-$(touch {touch})}}\n```\n"
    )
    async with start_editor(program, env={"HOME": str(program.folder / "home")}) as editor:
        await editor.open("page.md", text)
        at = position_in(text, "<a> `touch")
        page = editor.document("page.md")
        shown = await editor.client.text_document_hover_async(types.HoverParams(page, at))
        assert shown is not None
        await editor.client.text_document_completion_async(types.CompletionParams(page, at))
        await editor.client.text_document_definition_async(
            types.DefinitionParams(page, position_in(text, "[[x]]", 3))
        )
        editor.replace("page.md", text + "x\n")
        await editor.wait_for_findings("page.md")
    assert not touch.exists()


LOADED = """
import sys
sys.argv = ["runbook-exec", *sys.argv[1:]]
from runbook_exec.cli.main import main
try:
    main()
finally:
    loaded = {name.partition(".")[0] for name in sys.modules}
    heavy = {"pygls", "lsprotocol", "cattrs", "mcp", "mcp_types", "anyio", "pydantic", "starlette"}
    print("LOADED", sorted(loaded & heavy), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "command",
    ["--version", "--help", "lint page.md", "show page.md", "page.md --dry-run", "rehearse", "runs", "due",
     "trust page.md", "lsp --help", "mcp --help", "attach", "resume"],
)  # fmt: skip
def test_no_other_command_loads_the_library(program: Program, command: str) -> None:
    """Only a server that serves loads the library of its protocol."""
    program.write("page.md", BROKEN)
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOADED, *command.split()],
        cwd=program.work,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert "LOADED []" in done.stderr.splitlines(), done.stderr
