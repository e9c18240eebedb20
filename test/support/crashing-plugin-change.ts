// A program of its own: changes a plugin, and kills itself before the n-th step: something that changes files or follows
// such a change, a step of the installation, the begin and the end of the transaction. Run it with the data folder,
// the user's id, n, and what to do: `install <archive>`, `update` or `uninstall`. It ends with 0 when n was not reached.
import { mock } from 'bun:test'
import * as fs from 'node:fs'
import * as fsPromises from 'node:fs/promises'

const [dataPath = '', userId = '', killAt = '0', action = '', argument = ''] = process.argv.slice(2)

let steps = 0
const count = () => {
  if (++steps === Number(killAt)) process.kill(process.pid, 'SIGKILL')
}

// Between two of these no process can leave anything else behind. The store reads its folders after each transaction.
const watched = /^(?:mkdir|open|rename|rm|writeFile|fsync|readdir)(?:Sync)?$/

type Callable = (...args: unknown[]) => unknown

const counted = <Module extends object>(module: Module): Module =>
  Object.fromEntries(
    Object.entries(module).map(([name, value]) => [
      name,
      typeof value === 'function' && watched.test(name)
        ? (...args: unknown[]) => {
            count()
            return (value as Callable)(...args)
          }
        : value,
    ]),
  ) as Module

const promises = counted({ ...fsPromises })
void mock.module('node:fs/promises', () => promises)
const sync = counted({ ...fs })
void mock.module('node:fs', () => sync)

const { changePlugin } = await import('./plugin-change.ts')
steps = 0
const privateHosts = process.env['PRIVATE_HOSTS'] ?? ''
await changePlugin({ dataPath, userId, action, argument, privateHosts, onStep: count })
process.exit(0)
