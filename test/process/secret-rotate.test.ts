import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getTableName } from 'drizzle-orm'
import { lockKeys } from '../../src/data-dir.ts'
import { openDatabase } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { rotateEncryptionKey, sealedColumns } from '../../src/operate/secrets/rotate-encryption-key.ts'
import { readKeyFile } from '../../src/shared/encryption-keys.ts'
import { deriveSecretKey } from '../../src/shared/secret-box.ts'
import { runCli, runCliJson } from '../support/run-cli.ts'
import { fileKeys, listKeyIds, makeSealedInstallation, openAll } from '../support/sealed-installation.ts'
import { account, startFromSource, temporaryFolder } from '../support/server-process.ts'

setDefaultTimeout(60_000)

const idOf = (key: string) => deriveSecretKey(key).id
const currentIds = (dir: string) => readKeyFile(fileKeys(dir).file).map(idOf)
const rotate = (dir: string, env: Record<string, string> = {}) =>
  runCliJson(['secret', 'rotate', '--dir', dir], { env })
const rotateHere = async (dir: string) => {
  const database = openDatabase(join(dir, 'braindrive.db'))
  const rotation = await rotateEncryptionKey({ db: database.db, keys: fileKeys(dir), pause: () => Promise.resolve() })
  database.close()
  return rotation
}
const crashing = fileURLToPath(import.meta.resolve('../support/crashing-rotation.ts'))

test('every column that holds something sealed is known to the rotation', async () => {
  using folder = temporaryFolder()
  const dir = join(folder.path, 'data')
  await using server = await startFromSource(folder.path, { DATA_DIR: dir })
  await server.call('POST', '/api/v1/auth/register', account)
  await server.signIn()
  const payload = { model_name: 'lamp', server_url: 'http://127.0.0.1:9', api_key: 'secret' }
  await server.call('POST', '/api/v1/jobs', {
    job_type: 'ollama.install',
    payload,
    scheduled_for: '2099-01-01T00:00:00Z',
  })
  const database = new Database(join(dir, 'braindrive.db'), { readonly: true })
  const tables = database.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  const sealed = tables.flatMap(({ name: table }) =>
    database
      .query<{ name: string }, []>(`SELECT name FROM pragma_table_info('${table}')`)
      .all()
      .filter(
        ({ name }) => database.query(`SELECT 1 FROM "${table}" WHERE "${name}" GLOB 'v1.????????.*'`).get() !== null,
      )
      .map(({ name }) => `${table}.${name}`),
  )
  database.close()
  expect(sealed.toSorted()).toEqual(
    sealedColumns.map(({ table, value }) => `${getTableName(table)}.${value.name}`).toSorted(),
  )
})

describe('secret rotate', () => {
  test('makes a new key, seals everything again and keeps the key before', async () => {
    using folder = temporaryFolder()
    const dir = folder.path
    makeSealedInstallation(dir, 250)
    const [before = ''] = readKeyFile(fileKeys(dir).file)
    const texts = openAll(dir)
    const { json, exitCode } = await rotate(dir)
    expect(exitCode).toBe(0)
    expect(json).toMatchObject({ isNewKey: true, resealed: 500, unreadable: 0 })
    expect(currentIds(dir)).toEqual([json.keyId])
    expect(listKeyIds(dir)).toEqual([json.keyId])
    expect(openAll(dir)).toEqual(texts)
    expect(json.retired).toEqual([join(dir, 'keys', `encryption-retired-${idOf(before)}.key`)])
    expect(readFileSync(json.retired[0], 'utf8')).toBe(`${before}\n`)
    for (const name of readdirSync(join(dir, 'keys')))
      expect(statSync(join(dir, 'keys', name)).mode & 0o777).toBe(0o600)
    // No key is shown.
    expect(JSON.stringify(json)).not.toContain(before)
  })

  test('what no key opens stays as it is, is told with exit code 4, and keeps its key in the file', async () => {
    using folder = temporaryFolder()
    const dir = folder.path
    makeSealedInstallation(dir, 3)
    const [before] = currentIds(dir)
    const database = new Database(join(dir, 'braindrive.db'))
    database.run("UPDATE settings_instances SET value = substr(value, 1, 30) WHERE id = 'i1'")
    database.run("UPDATE jobs SET secrets = 'v1.00000000.abc' WHERE id = 'j2'")
    const { json, exitCode, err } = await rotate(dir)
    expect([exitCode, json.resealed, json.unreadable]).toEqual([4, 4, 2])
    expect(err).toContain('2 values stay as they are')
    expect(currentIds(dir)).toEqual([json.keyId, before])
    expect(database.query("SELECT secrets FROM jobs WHERE id = 'j2'").get()).toEqual({ secrets: 'v1.00000000.abc' })
    database.close()
  })

  test('waits for a backup that is being made', async () => {
    using folder = temporaryFolder()
    makeSealedInstallation(folder.path, 1)
    const [before = ''] = currentIds(folder.path)
    const unlock = lockKeys(folder.path)
    const rotating = rotate(folder.path)
    await Bun.sleep(1500)
    expect(currentIds(folder.path)).toEqual([before])
    unlock()
    expect((await rotating).json.isNewKey).toBe(true)
  })

  test('refuses a key file that is damaged', async () => {
    using folder = temporaryFolder()
    const dir = folder.path
    makeSealedInstallation(dir, 1)
    writeFileSync(fileKeys(dir).file, 'damaged')
    expect(await rotate(dir)).toMatchObject({ exitCode: 1, err: expect.stringContaining('is damaged') })
  })
})

describe('beside a running server', () => {
  test('settings stay readable and writable all the time', async () => {
    using folder = temporaryFolder()
    const dir = join(folder.path, 'data')
    makeSealedInstallation(dir, 400)
    await using server = await startFromSource(folder.path, { DATA_DIR: dir })
    const signUp = { username: 'bob', email: 'bob@home.local', password: account.password }
    await server.call('POST', '/api/v1/auth/register', signUp)
    const login = await server.call('POST', '/api/v1/auth/login', signUp)
    server.useToken(login.body.access_token)
    const save = (text: string) =>
      server.call('POST', '/api/v1/settings/instances', {
        definition_id: 'lamp',
        name: 'Lamp',
        scope: 'user',
        value: { text },
      })
    const read = async () =>
      (await server.call('GET', '/api/v1/settings/instances?scope=user&user_id=current&definition_id=lamp')).body[0]
        .value
    const end = new AbortController()
    let rounds = 0
    const use = async () => {
      while (!end.signal.aborted) {
        const text = `round ${rounds++}`
        expect((await save(text)).status).toBe(200)
        expect(JSON.stringify(await read())).toContain(text)
      }
    }
    const usage = use()
    const results = [await rotate(dir), await rotate(dir), await rotate(dir)]
    end.abort()
    await usage
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0])
    expect(results.every(({ json }) => json.isNewKey && json.resealed >= 800)).toBe(true)
    expect(rounds).toBeGreaterThan(3)
    const last = results[2]?.json.keyId
    expect(currentIds(dir)).toEqual([last])
    // Not one text of the server was sealed by a key that had left.
    expect(listKeyIds(dir)).toEqual([last])
    expect(server.output()).not.toContain('do not open')
  })
})

describe('killed', () => {
  test('before any step: everything opens, and the next run completes it', async () => {
    using folder = temporaryFolder()
    const template = join(folder.path, 'template')
    makeSealedInstallation(template, 120)
    const texts = openAll(template)
    const [before = ''] = currentIds(template)
    let wasReached = true
    for (let step = 1; wasReached; step++) {
      const dir = join(folder.path, String(step))
      cpSync(template, dir, { recursive: true })
      const child = Bun.spawn([process.execPath, crashing, dir, String(step)], { stderr: 'pipe' })
      const problems = await child.stderr.text()
      await child.exited
      wasReached = child.signalCode === 'SIGKILL'
      if (!wasReached) expect([child.exitCode, problems]).toEqual([0, ''])
      expect(openAll(dir)).toEqual(texts)
      const { keyId } = await rotateHere(dir)
      expect(openAll(dir)).toEqual(texts)
      expect(listKeyIds(dir)).toEqual([keyId])
      expect(currentIds(dir)).toEqual([keyId])
      expect(keyId).not.toBe(before)
      // A new key, or the one that the run before had made; nothing lies about.
      const keys = readdirSync(join(dir, 'keys')).filter((name) => !name.startsWith('encryption-retired-'))
      expect(keys).toEqual(['encryption.key'])
      if (!wasReached) expect(step).toBeGreaterThan(12)
    }
  }, 300_000)

  test('at any moment, by the clock', async () => {
    using folder = temporaryFolder()
    makeSealedInstallation(folder.path, 1500)
    const texts = openAll(folder.path)
    for (const delay of [450, 550, 650, 750, 850, 1000]) {
      const child = Bun.spawn(
        [process.execPath, join(import.meta.dir, '../../src/main.ts'), 'secret', 'rotate', '--dir', folder.path],
        {
          stdout: 'ignore',
          stderr: 'ignore',
        },
      )
      await Bun.sleep(delay)
      child.kill('SIGKILL')
      await child.exited
      expect(openAll(folder.path)).toEqual(texts)
    }
    expect((await rotate(folder.path)).exitCode).toBe(0)
    expect(openAll(folder.path)).toEqual(texts)
    expect(listKeyIds(folder.path)).toEqual(currentIds(folder.path))
  }, 120_000)
})

describe('a key of the configuration', () => {
  const [first, second] = ['first master key of somebody', 'second master key of somebody']

  test('is not replaced: the way is told', async () => {
    using folder = temporaryFolder()
    makeSealedInstallation(folder.path, 2, { ...fileKeys(folder.path), given: first })
    const { exitCode, err } = await rotate(folder.path, { ENCRYPTION_MASTER_KEY: first })
    expect(exitCode).toBe(1)
    expect(err).toContain('ENCRYPTION_MASTER_KEY_OLD')
    expect(err).not.toContain(first)
    expect(readdirSync(join(folder.path, 'keys'))).toEqual([])
  })

  test('gives way to another, to the key file, and takes over from it', async () => {
    using folder = temporaryFolder()
    const dir = folder.path
    const keys = fileKeys(dir)
    makeSealedInstallation(dir, 2, { ...keys, given: first })
    const texts = openAll(dir, { ...keys, given: first })

    const swap = await rotate(dir, { ENCRYPTION_MASTER_KEY: second, ENCRYPTION_MASTER_KEY_OLD: first })
    expect(swap.json).toMatchObject({ keyId: idOf(second), resealed: 4, isOldKeyUnused: true, isNewKey: false })
    expect(openAll(dir, { ...keys, given: second })).toEqual(texts)
    expect((await rotate(dir, { ENCRYPTION_MASTER_KEY: second, ENCRYPTION_MASTER_KEY_OLD: first })).exitCode).toBe(0)

    // A server makes the file; a command does not.
    makeSealedInstallation(join(dir, 'other'), 0)
    cpSync(join(dir, 'other/keys/encryption.key'), keys.file)
    const toFile = await rotate(dir, { ENCRYPTION_MASTER_KEY_OLD: second })
    expect(toFile.json).toMatchObject({ resealed: 4, isOldKeyUnused: true, isNewKey: false })
    expect(openAll(dir)).toEqual(texts)

    const fromFile = await rotate(dir, { ENCRYPTION_MASTER_KEY: first })
    expect(fromFile.json).toMatchObject({ keyId: idOf(first), resealed: 4 })
    expect(openAll(dir, { ...keys, given: first, file: '' })).toEqual(texts)
  })

  test('is not changed under a running server, which could not learn of it', async () => {
    using folder = temporaryFolder()
    const dir = join(folder.path, 'data')
    await using server = await startFromSource(folder.path, { DATA_DIR: dir, ENCRYPTION_MASTER_KEY: first })
    await server.call('POST', '/api/v1/auth/register', account)
    const { exitCode, err } = await rotate(dir, { ENCRYPTION_MASTER_KEY: second, ENCRYPTION_MASTER_KEY_OLD: first })
    expect([exitCode, err]).toEqual([1, expect.stringContaining('Stop the server first')])
  })
})

describe('secret rotate --signing', () => {
  test('signs everybody out, for good, with the server stopped', async () => {
    using folder = temporaryFolder()
    const dir = join(folder.path, 'data')
    const args = ['secret', 'rotate', '--signing', '--dir', dir]
    const first = await startFromSource(folder.path, { DATA_DIR: dir })
    await first.call('POST', '/api/v1/auth/register', account)
    await first.signIn()
    const token = first.token()
    expect(await runCli(args)).toMatchObject({ exitCode: 1, err: expect.stringContaining('is running') })
    expect((await first.call('GET', '/api/v1/auth/me')).status).toBe(200)
    await first.kill('SIGTERM')

    const before = readFileSync(join(dir, 'keys/signing.key'), 'utf8')
    const { json, exitCode } = await runCliJson(args)
    expect([exitCode, json]).toEqual([0, { sessions: 1 }])
    expect(readFileSync(join(dir, 'keys/signing.key'), 'utf8')).not.toBe(before)
    await using second = await startFromSource(folder.path, { DATA_DIR: dir })
    second.useToken(token)
    expect((await second.call('GET', '/api/v1/auth/me')).status).toBe(401)
    second.useToken('')
    await second.signIn()
    expect((await second.call('GET', '/api/v1/auth/me')).status).toBe(200)
    const env = { SECRET_KEY: 'a key from the environment' }
    expect((await runCli(args, { env })).err).toContain('SECRET_KEY')
  })
})

test('an installation without anything sealed rotates as well', async () => {
  using folder = temporaryFolder()
  makeSealedInstallation(folder.path, 0)
  const database = openDatabase(join(folder.path, 'braindrive.db'))
  migrate(database.sqlite)
  database.close()
  expect((await rotate(folder.path)).json).toMatchObject({ isNewKey: true, resealed: 0 })
})
