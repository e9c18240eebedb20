// A program of its own: changes a plugin, and ends itself before the n-th step: something that changes files or follows
// such a change, a step of the installation, the begin and the end of the transaction. As a process it is run with the data
// folder, the user's id, n, and what to do: `install <archive>`, `update` or `uninstall`; it kills itself there, and ends
// with 0 when n was not reached. As a thread it is sent the same, tells `reached` or `done`, and waits to be terminated.
import { mock } from 'bun:test'
import * as fs from 'node:fs'
import * as fsPromises from 'node:fs/promises'
import { countCalls } from './count-calls.ts'

declare const self: Worker

const received = Bun.isMainThread
  ? process.argv.slice(2)
  : await new Promise<string[]>((resolve) => {
      self.onmessage = ({ data }: MessageEvent<string[]>) => resolve(data)
    })
const [dataPath = '', userId = '', killAt = '0', action = '', argument = ''] = received

const end = () => {
  if (Bun.isMainThread) process.kill(process.pid, 'SIGKILL')
  self.postMessage('reached')
  for (;;);
}

let steps = 0
const count = () => {
  if (++steps === Number(killAt)) end()
}

// Between two of these no process can leave anything else behind. The store reads its folders after each transaction.
const watched = /^(?:mkdir|open|rename|rm|writeFile|fsync|readdir)(?:Sync)?$/

const promises = countCalls({ ...fsPromises }, watched, count)
void mock.module('node:fs/promises', () => promises)
const sync = countCalls({ ...fs }, watched, count)
void mock.module('node:fs', () => sync)

const { changePlugin } = await import('./plugin-change.ts')
steps = 0
const privateHosts = process.env['PRIVATE_HOSTS'] ?? ''
const thread = Bun.isMainThread ? 'server' : 'worker'
await changePlugin({ dataPath, userId, action, argument, privateHosts, thread, onStep: count })
if (Bun.isMainThread) process.exit(0)
self.postMessage('done')
