import { Database } from 'bun:sqlite'
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'bun:test'
import { runImportJourney } from '../support/import-journey.ts'
import { ids, lampId, oldHousehold } from '../support/old-household.ts'
import { ada, type OldInstallation, oldInstallation, oldMasterKey, oldUser } from '../support/old-installation.ts'
import { highestMb } from '../support/process-memory.ts'
import { startFromSource, temporaryFolder } from '../support/server-process.ts'

const main = resolve(import.meta.dir, '../../src/main.ts')

const spawnImport = (folder: string, args: string[], env: Record<string, string> = {}) =>
  Bun.spawn([process.execPath, main, 'import', ...args], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  })

const run = async (...options: Parameters<typeof spawnImport>) => {
  const child = spawnImport(...options)
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, exitCode }
}

const fill = (old: OldInstallation, messages: number) => {
  old.insert('users', oldUser(ada, 'ada'))
  old.insert('conversations', { id: ids.conversation, user_id: ada })
  old.sqlite.run(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${messages})
     INSERT INTO messages (id, conversation_id, sender, message, message_metadata, created_at)
     SELECT 'm' || i, '${ids.conversation}', 'user', printf('%.*c', 200, 'x') || i, '{"n":' || i || '}', datetime(1735689600 + i, 'unixepoch') FROM n`,
  )
}

const databaseIn = (folder: string) => join(folder, 'data', 'braindrive.db')

const countIn = (folder: string, table: string): number => {
  const sqlite = new Database(databaseIn(folder), { readonly: true })
  try {
    return sqlite.query<{ count: number }, []>(`SELECT count(*) AS count FROM "${table}"`).get()?.count ?? 0
  } finally {
    sqlite.close()
  }
}

test('import, start, sign in: the whole way of an owner', () => runImportJourney([process.execPath, main]), 30_000)

test('wrong usage and wrong files end with their exit codes, and with a reason', async () => {
  using folder = temporaryFolder()
  expect(await run(folder.path, [])).toMatchObject({ exitCode: 2, out: '' })
  expect(await run(folder.path, ['--from', 'nothing.db'])).toMatchObject({
    exitCode: 1,
    out: '',
    err: expect.stringContaining('There is no database file'),
  })
  using old = await oldHousehold('http://localhost:1')
  const wrong = await run(folder.path, ['--from', old.path], { IMPORT_MASTER_KEY: 'wrong' })
  expect([wrong.exitCode, wrong.out]).toEqual([1, ''])
  expect(wrong.err).toContain('opens none of the 1 encrypted settings')
  const right = await run(folder.path, ['--from', old.path], { IMPORT_MASTER_KEY: oldMasterKey })
  expect(right).toMatchObject({ exitCode: 0 })
}, 30_000)

test('what stands in the source cannot speak to the terminal', async () => {
  using folder = temporaryFolder()
  using old = oldInstallation()
  old.insert('personas', { id: 'a\u001b[31mred', name: 'x', system_prompt: 'x', user_id: 'nobody' })
  const { out } = await run(folder.path, ['--from', old.path])
  expect(out).toContain('�[31mred')
  expect(out).not.toContain('\u001b')
}, 30_000)

test('a hundred thousand messages take less than thirty seconds and little memory', async () => {
  using folder = temporaryFolder()
  using old = oldInstallation()
  fill(old, 100_000)
  const began = performance.now()
  const child = spawnImport(folder.path, ['--from', old.path])
  // Not `resourceUsage`: the system counts what the parent held when the child was made.
  let peakMb = 0
  while (child.exitCode === null) {
    peakMb = Math.max(peakMb, highestMb(child.pid))
    await Bun.sleep(20)
  }
  expect(child.exitCode).toBe(0)
  expect(performance.now() - began).toBeLessThan(30_000)
  expect(countIn(folder.path, 'messages')).toBe(100_000)
  // The program itself takes about 150 MB.
  expect(peakMb).toBeGreaterThan(0)
  expect(peakMb).toBeLessThan(500)
}, 60_000)

test('killed at any moment, it leaves an installation that works, and a second try does the rest', async () => {
  using folder = temporaryFolder()
  using old = await oldHousehold('http://localhost:1')
  old.sqlite.run('DELETE FROM messages')
  old.sqlite.run('DELETE FROM conversations')
  old.sqlite.run('DELETE FROM users')
  fill(old, 20_000)
  const args = ['--from', old.path, '--plugins', old.plugins, '--master-key', oldMasterKey]
  for (const delayMs of [300, 600, 900, 1200]) {
    const child = spawnImport(folder.path, args)
    await Bun.sleep(delayMs)
    child.kill('SIGKILL')
    await child.exited
    // All or nothing.
    if (existsSync(databaseIn(folder.path)) && child.signalCode) {
      const sqlite = new Database(databaseIn(folder.path))
      const isMigrated = sqlite.query("SELECT 1 FROM sqlite_schema WHERE name = 'messages'").get() !== null
      sqlite.close()
      if (isMigrated) expect([0, 20_000]).toContain(countIn(folder.path, 'messages'))
    }
  }
  await (await startFromSource(folder.path))[Symbol.asyncDispose]()
  expect((await run(folder.path, args)).exitCode).toBe(0)
  expect(countIn(folder.path, 'messages')).toBe(20_000)
  expect(readdirSync(join(folder.path, 'data', 'plugins', 'staging'))).toEqual([])
  await using server = await startFromSource(folder.path)
  const contents = readdirSync(join(folder.path, 'data', 'plugins', 'contents'))
  expect(contents).toHaveLength(1)
  expect((await server.send('GET', `/api/v1/public/plugins/${lampId}/dist/remoteEntry.js`)).status).toBe(200)
}, 120_000)
