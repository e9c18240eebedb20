import { expect, test } from 'bun:test'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lockDataDir } from '../../src/data-dir.ts'
import { listBackups } from '../../src/operate/backup/backup-folder.ts'
import { verifyBackup } from '../../src/operate/backup/verify-backup.ts'
import { runBackupStep } from '../support/backup-step.ts'
import { describeInstallation, hashDatabase, makeInstallation } from '../support/backups.ts'
import { temporaryFolder } from '../support/server-process.ts'

const program = fileURLToPath(import.meta.resolve('../support/crashing-backup.ts'))

/** False when it came to its end before step n. */
const killBefore = async (step: number, action: string, dataPath: string, place: string): Promise<boolean> => {
  const child = Bun.spawn([process.execPath, program, action, dataPath, place, String(step)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [errors] = await Promise.all([child.stderr.text(), child.exited])
  if (child.signalCode !== 'SIGKILL' && child.exitCode !== 0) throw new Error(errors)
  return child.signalCode === 'SIGKILL'
}

test('create: killed at any step it leaves the data as they were, no half backup, and nothing in the way of the next', async () => {
  using folder = temporaryFolder()
  const [dataPath, backups] = [join(folder.path, 'data'), join(folder.path, 'backups')]
  makeInstallation(dataPath, 'ada', { rows: 3, folders: 1 })
  const before = describeInstallation(dataPath)
  let step = 0
  while (await killBefore(++step, 'create', dataPath, backups))
    for (const { path } of listBackups(backups))
      expect([step, await verifyBackup(path)]).toMatchObject([step, { problems: [] }])
  expect(step).toBeGreaterThan(15)
  expect(describeInstallation(dataPath)).toEqual(before)
  expect(readdirSync(backups).filter((name) => name.startsWith('.'))).toEqual([])
  expect(listBackups(backups).length).toBeGreaterThan(0)
}, 120_000)

test('restore: killed at any step the next start has the old installation or the new one as a whole', async () => {
  using folder = temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  makeInstallation(at('ada'), 'ada', { rows: 3, folders: 1 })
  makeInstallation(at('bob'), 'bob', { rows: 3, folders: 1 })
  const [old, restored] = [describeInstallation(at('bob')), describeInstallation(at('ada'))]
  await runBackupStep('create', at('ada'), at('backups'))
  const [backup] = listBackups(at('backups'))
  const outcomes: string[] = []
  for (let step = 1; ; step++) {
    const dataPath = at(`data-${step}`)
    await cp(at('bob'), dataPath, { recursive: true })
    const isKilled = await killBefore(step, 'restore', dataPath, backup?.path ?? '')
    lockDataDir({ dataDir: dataPath }).unlock()
    const now = describeInstallation(dataPath)
    const outcome = Bun.deepEquals(now, old) ? 'old' : Bun.deepEquals(now, restored) ? 'new' : 'broken'
    outcomes.push(outcome)
    expect([step, outcome]).not.toEqual([step, 'broken'])
    const names = readdirSync(dataPath)
    expect(names.filter((name) => name.startsWith('restor'))).toEqual([])
    const replaced = names.find((name) => name.startsWith('replaced-'))
    if (outcome === 'new') expect(existsSync(join(dataPath, replaced ?? '', 'braindrive.db'))).toBe(true)
    if (!isKilled) break
  }
  // Old up to one moment, new from then on.
  expect(outcomes.length).toBeGreaterThan(30)
  expect(outcomes.lastIndexOf('old')).toBe(outcomes.indexOf('new') - 1)
  expect(outcomes.filter((outcome) => outcome === 'new').length).toBeGreaterThan(5)
}, 400_000)

test('a restore that crashed is completed by the next start, wherever that one is killed in turn', async () => {
  using folder = temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  makeInstallation(at('ada'), 'ada', { rows: 3, folders: 1 })
  makeInstallation(at('bob'), 'bob', { rows: 3, folders: 1 })
  await runBackupStep('create', at('ada'), at('backups'))
  const [old, restored] = [describeInstallation(at('bob')), describeInstallation(at('ada'))]
  // As a crash leaves it that comes at the first moment from which on there is no way back.
  const crashed = at('bob')
  await cp(at('ada'), join(crashed, 'restoring-x'), { recursive: true })
  const plan = { staging: 'restoring-x', replaced: 'replaced-x', parts: ['braindrive.db', 'plugins/contents', 'keys'] }
  writeFileSync(join(crashed, 'restore.json'), JSON.stringify(plan))
  for (let step = 1; ; step++) {
    const dataPath = at(`data-${step}`)
    await cp(crashed, dataPath, { recursive: true })
    const isKilled = await killBefore(step, 'finish', dataPath, '')
    lockDataDir({ dataDir: dataPath }).unlock()
    expect([step, describeInstallation(dataPath)]).toEqual([step, restored])
    expect([step, hashDatabase(join(dataPath, 'replaced-x'))]).toEqual([step, old.tables])
    if (!isKilled) break
    expect(step).toBeLessThan(100)
  }
}, 120_000)
