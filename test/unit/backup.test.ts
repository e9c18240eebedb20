import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createPackageStore,
  holdContents,
  packagesFolder,
} from '../../src/areas/plugins/packages/create-package-store.ts'
import { pruneBackups } from '../../src/operate/backup/backup-folder.ts'
import { backupBeforeUpgrade } from '../../src/operate/backup/backup-before-upgrade.ts'
import { newBackupName, parseBackupName } from '../../src/operate/backup/backup-names.ts'
import { createBackup } from '../../src/operate/backup/create-backup.ts'
import { readManifest, writeManifest } from '../../src/operate/backup/manifest.ts'
import { openKeys, sealKeys } from '../../src/operate/backup/sealed-keys.ts'
import { migrations } from '../../src/db/migrate.ts'
import { contentHash, hashDatabase, makeInstallation, readTree, writeContent } from '../support/backups.ts'
import { failureOf } from '../support/failure-of.ts'
import { smallDisk } from '../support/small-disk.ts'
import { tempFolder } from '../support/temp-folder.ts'

// Processes, and keys that take their time by intent, on machines with other work.
setDefaultTimeout(60_000)

const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const order = (dataPath: string) =>
  ({ dataPath, folder: join(dataPath, 'backups'), kind: 'manual', isPaced: false, now }) as const

test('names tell kind and time, and nothing else is one', () => {
  const names = [
    newBackupName('manual', now),
    newBackupName('scheduled', now),
    newBackupName('upgrade', now, '0003_jobs'),
  ]
  expect(names.map(parseBackupName)).toMatchObject([
    { kind: 'manual', madeAt: now },
    { kind: 'scheduled', madeAt: now },
    { kind: 'upgrade', subject: 'before-0003_jobs', madeAt: now },
  ])
  expect(names[0]).toBe('backup-2026-01-02T03-04-05.678Z')
  for (const name of ['', 'backup', 'backup-1', `x${names[0]}`, `.unfinished-${names[0]}`, `${names[0]}.old`])
    expect(parseBackupName(name)).toBeUndefined()
})

test('contents that are held stay, whoever wants to remove them; later they go', async () => {
  await using folder = await tempFolder()
  writeContent(folder.path, contentHash('a'), { 'files/a.js': 'a' })
  const store = createPackageStore(packagesFolder(folder.path))
  const release = holdContents(folder.path)
  expect(holdContents(folder.path)).toBeUndefined()
  store.collect(() => false)
  expect(existsSync(store.filesOf(contentHash('a')))).toBe(true)
  release?.()
  store.collect(() => false)
  expect(existsSync(store.filesOf(contentHash('a')))).toBe(false)
})

describe('createBackup', () => {
  test('a plugin that is uninstalled while the backup is made is in it as a whole', async () => {
    await using folder = await tempFolder()
    makeInstallation(folder.path, 'ada')
    const store = createPackageStore(packagesFolder(folder.path))
    const making = createBackup(order(folder.path))
    // As an uninstallation does it, again and again.
    const removing = setInterval(() => store.collect(() => false), 1)
    const { manifest } = await making
    clearInterval(removing)
    expect(manifest).toMatchObject({ contents: [contentHash('a')], missingContents: [] })
  })

  test('tells of contents that are gone, and makes no second one meanwhile', async () => {
    await using folder = await tempFolder()
    makeInstallation(folder.path, 'ada')
    createPackageStore(packagesFolder(folder.path)).collect(() => false)
    const making = createBackup(order(folder.path))
    expect((await failureOf(createBackup(order(folder.path)))).message).toContain('Another backup')
    expect((await making).manifest).toMatchObject({ contents: [], missingContents: [contentHash('a')] })
  })

  test('is refused before anything is written when the disk has no room, and so is an upgrade', async () => {
    await using folder = await tempFolder()
    makeInstallation(folder.path, 'ada')
    const readFreeBytes = () => 1_000_000
    const failure = await failureOf(createBackup({ ...order(folder.path), readFreeBytes }))
    expect(failure.message).toMatch(/not enough room .*1 MB are free/)
    expect(readdirSync(join(folder.path, 'backups'))).toEqual([])
  })

  test('leaves nothing, and the database as it is, when the disk is full in the middle', async () => {
    await using folder = await tempFolder()
    using disk = smallDisk(folder.path)
    if (!disk) return
    makeInstallation(folder.path, 'ada', { rows: 5000 })
    const before = hashDatabase(folder.path)
    const readFreeBytes = () => Infinity
    const failure = await failureOf(createBackup({ ...order(folder.path), folder: disk.path, readFreeBytes }))
    expect(failure.message).toContain('ENOSPC')
    expect(readdirSync(disk.path)).toEqual([])
    expect(hashDatabase(folder.path)).toEqual(before)
  })

  test('before an upgrade: the last three steps are kept, once each; the database stays as it is', async () => {
    await using folder = await tempFolder()
    makeInstallation(folder.path, 'ada')
    const before = hashDatabase(folder.path)
    const backups = join(folder.path, 'backups')
    const upgradeTo = (tag: string, at: number) =>
      backupBeforeUpgrade({
        dataPath: folder.path,
        folder: backups,
        now: now + at,
        known: [...migrations, { tag, hash: tag, statements: [] }],
      })
    for (const [at, tag] of ['0100_a', '0101_b', '0101_b', '0102_c', '0103_d'].entries()) await upgradeTo(tag, at)
    const subjects = readdirSync(backups).map((name) => parseBackupName(name)?.subject)
    expect(subjects.toSorted()).toEqual(['before-0101_b', 'before-0102_c', 'before-0103_d'])
    expect(await backupBeforeUpgrade({ dataPath: folder.path, folder: backups, now })).toBeUndefined()
    expect(hashDatabase(folder.path)).toEqual(before)
    expect(await pruneBackups(backups, 1, ['manual', 'scheduled'])).toEqual([])
  })
})

test('keys: only the passphrase opens them, and nothing of them is readable', () => {
  const keys = { 'encryption.key': `${'k'.repeat(64)}\n` }
  const sealed = sealKeys(keys, 'pässphrase')
  expect(openKeys(sealed, 'pässphrase'.normalize('NFD'))).toEqual(keys)
  expect(sealed).not.toContain('kkkk')
  expect(sealed).not.toBe(sealKeys(keys, 'pässphrase'))
  for (const [text, passphrase] of [
    [sealed, 'passphrase'],
    [sealed.replace('"data":"', '"data":"AAAA'), 'pässphrase'],
    [sealKeys({ '../braindrive.db': 'x' }, 'pässphrase'), 'pässphrase'],
    ['{}', 'pässphrase'],
    ['', 'pässphrase'],
  ] as const)
    expect(() => openKeys(text, passphrase)).toThrow(/do not open with this passphrase|are not understood/)
})

test('a manifest that was changed, or names files elsewhere, is not read', async () => {
  await using folder = await tempFolder()
  const part = { bytes: 1, sha256: 'a'.repeat(64) }
  const manifest = {
    format: 1,
    createdAt: '',
    version: '1',
    schema: null,
    contents: [],
    missingContents: [],
    danglingRows: 0,
  } as const
  const read = (parts: Record<string, typeof part>) => {
    const path = join(folder.path, crypto.randomUUID())
    mkdirSync(path)
    writeManifest(path, { ...manifest, contents: [], missingContents: [], parts })
    return readManifest(path)
  }
  expect(read({ 'database.db': part })).toBeDefined()
  expect(read({ '../database.db': part })).toBeUndefined()
  expect(read({ '/etc/passwd': part })).toBeUndefined()
  writeFileSync(join(folder.path, 'manifest.json'), JSON.stringify({ ...manifest, parts: {}, checksum: 'x' }))
  expect(readManifest(folder.path)).toBeUndefined()
  expect(Object.keys(readTree(folder.path))).toHaveLength(4)
})

test('a manifest that is a pipe or a link, or far too large, is not read', async () => {
  await using folder = await tempFolder()
  const path = join(folder.path, 'manifest.json')
  Bun.spawnSync(['mkfifo', path])
  expect(readManifest(folder.path)).toBeUndefined()
  rmSync(path)
  symlinkSync('/dev/zero', path)
  expect(readManifest(folder.path)).toBeUndefined()
  rmSync(path)
  writeFileSync(path, '{')
  truncateSync(path, 2 ** 40)
  expect(readManifest(folder.path)).toBeUndefined()
})
