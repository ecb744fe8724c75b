"""The documented configurations: Neovim without a screen, and the extension for VS Code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.paths import REPOSITORY
from tests.support.program import Program

GUIDE = (REPOSITORY / "docs" / "how-to" / "edit-pages.md").read_text(encoding="utf-8")

PAGE = """\
# Deploy 😀

## Steps

### 1. Make an id

<!-- runbook: capture=new-id -->
```bash
make-id | tee out.log
```

### 2. Deploy

```bash
deploy --id <new-id>
```
"""

# what a person does in the editor; its last line writes what was seen
SESSION = """
local function wait(what, done)
  if not vim.wait(60000, done, 50) then print('TIMEOUT ' .. what) end
end
vim.cmd('edit page.md')
local uri = vim.uri_from_bufnr(0)
local seen = {}
wait('diagnostics', function() return #vim.diagnostic.get(0) > 0 end)
for _, each in ipairs(vim.diagnostic.get(0)) do
  seen.diagnostic = { each.code, each.lnum, each.col, each.end_col }
end
local function ask(method, line, character, more)
  local params = { textDocument = { uri = uri }, position = { line = line, character = character } }
  local answers = vim.lsp.buf_request_sync(0, method, vim.tbl_extend('force', params, more or {}), 60000)
  for _, answer in pairs(answers) do return answer.result end
end
seen.hover = ask('textDocument/hover', 14, 13).contents.value
vim.lsp.codelens.refresh()
wait('lenses', function() return #vim.lsp.codelens.get(0) > 0 end)
seen.lenses = vim.tbl_map(function(lens) return lens.command.title end, vim.lsp.codelens.get(0))
local edit = ask('textDocument/rename', 14, 13, { newName = 'release-id' })
local client = vim.lsp.get_client_by_id(vim.tbl_keys(vim.lsp.buf_get_clients(0))[1])
vim.lsp.util.apply_workspace_edit(edit, client.offset_encoding)
seen.renamed = vim.api.nvim_buf_get_lines(0, 0, -1, false)
vim.api.nvim_buf_set_lines(0, 14, 15, false, { 'deploy --id <re' })
vim.wait(300)
seen.completed = ask('textDocument/completion', 14, 15).items[1].textEdit.newText
vim.api.nvim_buf_set_lines(0, 14, 15, false, { 'deploy --id <release-id>' })
vim.api.nvim_win_set_cursor(0, { 12, 0 })
vim.lsp.codelens.refresh()
vim.wait(500)
local dry = vim.tbl_filter(function(lens) return lens.command.title == 'Dry run' end, vim.lsp.codelens.get(0))
vim.lsp.commands[dry[2].command.command](dry[2].command)
wait('the program', function()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n'):find('deploy %-%-id') ~= nil
end)
seen.terminal = vim.bo.buftype
vim.fn.writefile({ vim.fn.json_encode(seen) }, 'seen.json')
vim.cmd('qall!')
"""


def test_neovim_with_the_documented_configuration(program: Program) -> None:
    """Findings, hover, lenses, rename, completion and a dry run work with the lines of the guide."""
    (lines,) = re.findall(r"```lua\n(.*?)```", GUIDE, re.DOTALL)
    bin = program.folder / "bin"
    bin.mkdir()
    (bin / "runbook-exec").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m runbook_exec "$@"\n')
    (bin / "runbook-exec").chmod(0o755)
    program.write("init.lua", lines)
    program.write("session.lua", SESSION)
    program.write("page.md", PAGE)
    done = subprocess.run(
        ["nvim", "--headless", "-n", "-u", "init.lua", "-c", "luafile session.lua", "-c", "qall!"],
        cwd=program.work,
        env=program.environment({"PATH": f"{bin}:{os.environ['PATH']}"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=200,
    )
    path = program.work / "seen.json"
    assert path.exists(), done.stderr.decode()
    seen = json.loads(path.read_text())
    assert seen["diagnostic"] == ["M303", 8, 10, 13]
    assert "Captured from the output of step 1" in seen["hover"]
    assert seen["lenses"] == ["Run from here", "Dry run"] * 2
    assert "\n".join(seen["renamed"]) + "\n" == PAGE.replace("new-id", "release-id")
    assert seen["completed"] == "release-id>"
    assert seen["terminal"] == "terminal"
    assert "TIMEOUT" not in done.stderr.decode()
    assert (program.work / "page.md").read_text() == PAGE.replace("new-id", "release-id")


def test_the_extension_for_vs_code() -> None:
    """The extension is valid JavaScript, starts the server, and hands the words of a lens to no shell."""
    folder = REPOSITORY / "editors" / "vscode"
    for command in (["--check", "extension.js"], ["test.js"]):
        done = subprocess.run(["node", *command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_manifest_of_the_extension() -> None:
    """A folder that is not trusted does not start it, and no workspace chooses the program."""
    manifest = json.loads(Path(REPOSITORY, "editors", "vscode", "package.json").read_text())
    assert manifest["capabilities"]["untrustedWorkspaces"]["supported"] is False
    assert (
        manifest["contributes"]["configuration"]["properties"]["runbook-exec.command"]["scope"] == "machine"
    )
    assert manifest["main"] == "./extension.js"
