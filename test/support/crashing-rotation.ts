// A program of its own: rotates the encryption key of the data folder, and kills itself before the n-th step, which is
// whatever changes files and each pause between two transactions. It ends with 0 when n was not reached.
import { mock } from 'bun:test'
import * as fs from 'node:fs'
import { join } from 'node:path'

const [dataPath = '', killAt = '0'] = process.argv.slice(2)

let steps = 0
const count = () => {
  if (++steps === Number(killAt)) process.kill(process.pid, 'SIGKILL')
}

const watched = new Set([
  'openSync',
  'writeSync',
  'writeFileSync',
  'fsyncSync',
  'renameSync',
  'unlinkSync',
  'chownSync',
])

type Callable = (...args: unknown[]) => unknown

const counted = Object.fromEntries(
  Object.entries({ ...fs }).map(([name, value]) => [
    name,
    watched.has(name)
      ? (...args: unknown[]) => {
          count()
          return (value as Callable)(...args)
        }
      : value,
  ]),
)
void mock.module('node:fs', () => counted)

const { openDatabase } = await import('../../src/db/client.ts')
const { rotateEncryptionKey } = await import('../../src/operate/secrets/rotate-encryption-key.ts')
const database = openDatabase(join(dataPath, 'braindrive.db'))
steps = 0
await rotateEncryptionKey({
  db: database.db,
  keys: { given: undefined, old: undefined, file: join(dataPath, 'keys/encryption.key') },
  pause: async () => count(),
})
process.exit(0)
