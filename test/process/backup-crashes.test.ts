import { expect, test } from 'bun:test'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lockDataDir } from '../../src/data-dir.ts'
import { listBackups } from '../../src/operate/backup/backup-folder.ts'
import { verifyBackup } from '../../src/operate/backup/verify-backup.ts'
import { runBackupStep } from '../support/backup-step.ts'
import { describeInstallation, hashDatabase, makeInstallation } from '../support/backups.ts'
import { sampleSteps } from '../support/sample-steps.ts'
import { temporaryFolder } from '../support/server-process.ts'

const program = fileURLToPath(import.meta.resolve('../support/crashing-backup.ts'))

const run = async (action: string, dataPath: string, place: string, killAt: number) => {
  const child = Bun.spawn([process.execPath, program, action, dataPath, place, String(killAt)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, errors] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (child.signalCode !== 'SIGKILL' && child.exitCode !== 0) throw new Error(errors)
  return { isKilled: child.signalCode === 'SIGKILL', steps: Number(out) }
}

const killBefore = async (step: number, action: string, dataPath: string, place: string): Promise<void> =>
  expect([step, (await run(action, dataPath, place, step)).isKilled]).toEqual([step, true])

const countSteps = async (action: string, dataPath: string, place: string): Promise<number> =>
  (await run(action, dataPath, place, 0)).steps

test('create: killed at any step it leaves the data as they were, no half backup, and nothing in the way of the next', async () => {
  using folder = temporaryFolder()
  const [dataPath, backups] = [join(folder.path, 'data'), join(folder.path, 'backups')]
  makeInstallation(dataPath, 'ada', { rows: 3, folders: 1 })
  const before = describeInstallation(dataPath)
  const steps = await countSteps('create', dataPath, backups)
  expect(steps).toBeGreaterThan(15)
  // The last ones give the backup its name.
  for (const step of [...sampleSteps(steps - 2, 4), steps - 1, steps]) {
    await killBefore(step, 'create', dataPath, backups)
    for (const { path } of listBackups(backups))
      expect([step, await verifyBackup(path)]).toMatchObject([step, { problems: [] }])
  }
  await runBackupStep('create', dataPath, backups)
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
  // One copy for all: SQLite removes its files beside the database when it likes, and each is a few steps.
  await cp(at('bob'), at('before'), { recursive: true })
  const isNewAfter = async (step: number): Promise<boolean> => {
    const dataPath = at(`data-${step}`)
    await cp(at('before'), dataPath, { recursive: true })
    await killBefore(step, 'restore', dataPath, backup?.path ?? '')
    lockDataDir({ dataDir: dataPath }).unlock()
    const now = describeInstallation(dataPath)
    const isNew = Bun.deepEquals(now, restored)
    expect([step, isNew || Bun.deepEquals(now, old)]).toEqual([step, true])
    const names = readdirSync(dataPath)
    expect(names.filter((name) => name.startsWith('restor'))).toEqual([])
    const replaced = names.find((name) => name.startsWith('replaced-'))
    if (isNew) expect(existsSync(join(dataPath, replaced ?? '', 'braindrive.db'))).toBe(true)
    rmSync(dataPath, { recursive: true })
    return isNew
  }
  await cp(at('before'), at('counted'), { recursive: true })
  const steps = await countSteps('restore', at('counted'), backup?.path ?? '')
  expect(steps).toBeGreaterThan(30)
  // Old up to one moment, new from then on: the steps on both sides of it, found by halving, and some anywhere.
  let [lastOld, firstNew] = [1, steps]
  expect([await isNewAfter(lastOld), await isNewAfter(firstNew)]).toEqual([false, true])
  while (firstNew - lastOld > 1) {
    const middle = Math.floor((lastOld + firstNew) / 2)
    if (await isNewAfter(middle)) firstNew = middle
    else lastOld = middle
  }
  expect(steps - firstNew).toBeGreaterThan(4)
  for (const step of sampleSteps(steps, 3)) expect([step, await isNewAfter(step)]).toEqual([step, step >= firstNew])
}, 120_000)

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
  await cp(crashed, at('counted'), { recursive: true })
  const steps = await countSteps('finish', at('counted'), '')
  // The last ones are not always made: they are about what SQLite left beside the file.
  for (const step of sampleSteps(Math.floor(steps * 0.8), 6)) {
    const dataPath = at(`data-${step}`)
    await cp(crashed, dataPath, { recursive: true })
    await killBefore(step, 'finish', dataPath, '')
    lockDataDir({ dataDir: dataPath }).unlock()
    expect([step, describeInstallation(dataPath)]).toEqual([step, restored])
    expect([step, hashDatabase(join(dataPath, 'replaced-x'))]).toEqual([step, old.tables])
  }
}, 120_000)
