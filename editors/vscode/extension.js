'use strict'

// Connects VS Code with `runbook-exec lsp`, and opens a terminal for "Run from here" and "Dry run".

const path = require('path')
const vscode = require('vscode')
const { LanguageClient } = require('vscode-languageclient/node')

let client

function program () {
  return vscode.workspace.getConfiguration('runbook-exec').get('command') || 'runbook-exec'
}

/** Whether these are the words of a lens: the address of a page, `--from=STEP`, and perhaps `--dry-run`. */
function areWordsOfLens (words) {
  return Array.isArray(words) && words.every((word) => typeof word === 'string') &&
    (words.length === 2 || (words.length === 3 && words[2] === '--dry-run')) &&
    path.isAbsolute(words[0]) && words[1].startsWith('--from=')
}

/** Save the page, and run it in a terminal. The words go to the program as they are: no shell reads them. */
async function runInTerminal (words) {
  if (!areWordsOfLens(words)) {
    vscode.window.showErrorMessage('runbook-exec: expected the address of a page and a step.')
    return
  }
  const page = vscode.workspace.textDocuments.find(({ uri }) =>
    uri.scheme === 'file' && (words[0] === uri.fsPath || words[0].startsWith(uri.fsPath + '#')))
  if (page && page.isDirty && !(await page.save())) {
    vscode.window.showErrorMessage('runbook-exec: the page was not saved, so nothing was run.')
    return
  }
  const folder = page && vscode.workspace.getWorkspaceFolder(page.uri)
  const directory = folder ? folder.uri.fsPath : path.dirname(page ? page.uri.fsPath : words[0])
  const task = new vscode.Task(
    { type: 'runbook-exec' }, folder || vscode.TaskScope.Workspace, `${path.basename(words[0])} ${words[1]}`,
    'runbook-exec', new vscode.ProcessExecution(program(), words, { cwd: directory }))
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always, panel: vscode.TaskPanelKind.New, focus: true, showReuseMessage: false
  }
  await vscode.tasks.executeTask(task)
}

async function start () {
  const server = { command: program(), args: ['lsp'] }
  client = new LanguageClient('runbook-exec', 'runbook-exec', server, {
    documentSelector: [{ scheme: 'file', language: 'markdown' }, { scheme: 'untitled', language: 'markdown' }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/{*.md,*.markdown,runbook-exec.toml,pyproject.toml}') }
  })
  try {
    await client.start()
  } catch (error) {
    vscode.window.showErrorMessage(
      `runbook-exec: \`${server.command} lsp\` did not start. Install it: pip install 'runbook-live[lsp]'. (${error.message})`)
  }
}

async function stop () {
  const running = client
  client = undefined
  if (running) await running.stop()
}

async function activate (context) {
  context.subscriptions.push(
    vscode.commands.registerCommand('runbook-exec.run', runInTerminal),
    vscode.commands.registerCommand('runbook-exec.dryRun', runInTerminal),
    vscode.commands.registerCommand('runbook-exec.restart', async () => { await stop(); await start() }))
  await start()
}

module.exports = { activate, deactivate: stop }
