import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { storedFolders } from '../support/plugin-installs.ts'
import { writePackage } from '../support/plugin-packages.ts'
import { startServerProcess, temporaryFolder } from '../support/server-process.ts'

const main = join(import.meta.dir, '../../src/main.ts')

test('a server that starts removes what a crash left of installations', async () => {
  using folder = temporaryFolder()
  const dataPath = join(folder.path, 'data')
  await writePackage(join(dataPath, 'plugins'), {
    'staging/one/tree/a.js': 'x',
    'trash/two/a.js': 'x',
    [`contents/${'0'.repeat(64)}/files/a.js`]: 'x',
  })
  await using server = await startServerProcess([process.execPath, main, 'serve'], folder.path, { DATA_DIR: dataPath })
  expect(storedFolders(dataPath)).toEqual({ staging: [], trash: [], contents: [] })
  expect(await server.kill('SIGTERM')).toBe(0)
}, 20_000)
