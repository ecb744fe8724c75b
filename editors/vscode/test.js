'use strict'

// Tests what the extension asks VS Code to do, with stand-ins for `vscode` and its client: node test.js

const assert = require('assert')
const Module = require('module')

const did = []
const commands = {}
const pages = []

class LanguageClient {
  constructor (...words) { this.words = words }
  async start () { did.push(['start', this.words[2], this.words[3].documentSelector]) }
  async stop () { did.push(['stop']) }
}

const vscode = {
  workspace: {
    textDocuments: pages,
    getConfiguration: () => ({ get: () => '/opt/runbook-exec' }),
    getWorkspaceFolder: () => ({ uri: { fsPath: '/notes' } }),
    createFileSystemWatcher: (pattern) => pattern
  },
  window: { showErrorMessage: (message) => did.push(['error', message]) },
  commands: { registerCommand: (name, run) => { commands[name] = run; return { dispose () {} } } },
  tasks: { executeTask: async (task) => did.push(['run', task.execution]) },
  Task: class { constructor (definition, scope, name, source, execution) { Object.assign(this, { name, execution }) } },
  ProcessExecution: class { constructor (program, words, options) { Object.assign(this, { program, words, options }) } },
  TaskScope: { Workspace: 2 },
  TaskRevealKind: { Always: 1 },
  TaskPanelKind: { New: 3 }
}

const load = Module._load
Module._load = (name, ...rest) =>
  name === 'vscode' ? vscode : name === 'vscode-languageclient/node' ? { LanguageClient } : load(name, ...rest)

const { activate, deactivate } = require('./extension.js')

function page (name, saves) {
  return {
    uri: { scheme: 'file', fsPath: name },
    isDirty: true,
    save: async () => { did.push(['save', name]); return saves }
  }
}

async function test () {
  const subscriptions = []
  await activate({ subscriptions })
  assert.strictEqual(subscriptions.length, 3)
  assert.deepStrictEqual(did.shift().slice(0, 2), ['start', { command: '/opt/runbook-exec', args: ['lsp'] }])

  const words = ['/notes/a $(touch b).md#fix', '--from=2']
  pages.push(page('/notes/a $(touch b).md', true))
  await commands['runbook-exec.run'](words)
  await commands['runbook-exec.dryRun']([...words, '--dry-run'])
  const [saved, ran, , dry] = did.splice(0)
  assert.deepStrictEqual(saved, ['save', '/notes/a $(touch b).md'])
  assert.deepStrictEqual({ ...ran[1] }, { program: '/opt/runbook-exec', words, options: { cwd: '/notes' } })
  assert.deepStrictEqual(dry[1].words, [...words, '--dry-run'])

  pages.splice(0, 1, page('/notes/a.md', false))
  await commands['runbook-exec.run'](['/notes/a.md', '--from=1'])
  assert.deepStrictEqual(did.splice(0).map(([what]) => what), ['save', 'error'])

  const wrong = [undefined, 'x', [], ['a.md', '--from=1'], ['/a.md', '--yes'], ['/a.md', '--from', '1'],
    ['/a.md', '--from=1', '--yes'], ['/a.md', '--from=1', '--dry-run', '--yes'], ['/a.md', 1]]
  for (const each of wrong) {
    await commands['runbook-exec.run'](each)
    assert.deepStrictEqual(did.splice(0).map(([what]) => what), ['error'])
  }

  await commands['runbook-exec.restart']()
  await deactivate()
  await deactivate()
  assert.deepStrictEqual(did.splice(0).map(([what]) => what), ['stop', 'start', 'stop'])
}

test().then(() => console.log('the extension asks for what it should'))
