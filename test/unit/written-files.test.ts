import { chownSync, lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, setDefaultTimeout, test } from 'bun:test'
import { giveImportedToOwner } from '../../src/operate/import/give-imported.ts'
import { walkTree } from '../../src/shared/walk-tree.ts'
import { tempFolder } from '../support/temp-folder.ts'

setDefaultTimeout(30_000)

const main = fileURLToPath(import.meta.resolve('../../src/main.ts'))
const nobody = 65_534
const isRoot = process.getuid?.() === 0

const pathsIn = (folder: string) => [...walkTree(folder)].map(({ path }) => path)

/** A program of ours as somebody starts it whose new files are for everybody. */
const run = async (args: string[]) => {
  const command = ['sh', '-c', 'umask 0; exec "$@"', 'sh', process.execPath, main, ...args]
  const child = Bun.spawn(command, {
    env: { PATH: '/usr/bin:/bin' },
    stdin: new TextEncoder().encode('correct horse battery\n'),
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const [errors, exitCode] = await Promise.all([child.stderr.text(), child.exited])
  expect([exitCode, errors]).toEqual([0, ''])
}

test('whatever is written into a data folder is for its account alone, also when an administrator does it', async () => {
  await using folder = await tempFolder()
  const data = join(folder.path, 'data')
  mkdirSync(data)
  if (isRoot) chownSync(data, nobody, nobody)
  await run(['user', 'create', 'ada@home.local', '--username', 'ada', '--dir', data])
  await run(['backup', 'create', '--dir', data])
  const paths = pathsIn(data)
  expect(paths.length).toBeGreaterThan(8)
  for (const path of paths) expect([path, lstatSync(path).mode & 0o077]).toEqual([path, 0])
  if (isRoot) for (const path of paths) expect([path, lstatSync(path).uid]).toEqual([path, nobody])
})

test('a link is walked to, and never through', async () => {
  await using folder = await tempFolder()
  const at = (name: string) => join(folder.path, name)
  mkdirSync(at('tree/deep'), { recursive: true })
  writeFileSync(at('outside'), '')
  writeFileSync(at('tree/deep/file'), '')
  symlinkSync(folder.path, at('tree/up'))
  symlinkSync(at('outside'), at('tree/deep/out'))
  expect(pathsIn(at('tree')).toSorted()).toEqual(['tree/deep', 'tree/deep/file', 'tree/deep/out', 'tree/up'].map(at))
})

test.if(isRoot)('an administrator gives away no file that a link in the data folder leads to', async () => {
  await using folder = await tempFolder()
  const at = (name: string) => join(folder.path, name)
  mkdirSync(at('data/plugins/contents'), { recursive: true })
  mkdirSync(at('system'))
  for (const name of ['system/shadow', 'data/plugins/ours']) writeFileSync(at(name), '')
  symlinkSync(at('system'), at('data/plugins/contents/folder'))
  symlinkSync(at('system/shadow'), at('data/plugins/file'))
  symlinkSync(at('system/shadow'), at('data/braindrive.db'))
  chownSync(at('data'), nobody, nobody)
  giveImportedToOwner(at('data'))
  expect(statSync(at('data/plugins/ours')).uid).toBe(nobody)
  expect([statSync(at('system')).uid, statSync(at('system/shadow')).uid]).toEqual([0, 0])
})
