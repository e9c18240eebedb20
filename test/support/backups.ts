import type { Database } from 'bun:sqlite'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { users } from '../../src/areas/auth/auth.table.ts'
import { conversations, messages } from '../../src/areas/conversations/conversations.table.ts'
import { plugins } from '../../src/areas/plugins/plugins.table.ts'
import { settingContext } from '../../src/areas/settings/sealed-value.ts'
import { settingDefinitions, settingInstances } from '../../src/areas/settings/settings.table.ts'
import { openDatabase } from '../../src/db/client.ts'
import { migrate } from '../../src/db/migrate.ts'
import { createSecretBox, deriveSecretKey } from '../../src/shared/secret-box.ts'
import { pluginRow } from './plugins-rows.ts'

const main = join(import.meta.dir, '../../src/main.ts')

/** Runs a command of the program to its end. */
export const runCommand = async (args: string[], env: Record<string, string> = {}) => {
  const child = Bun.spawn([process.execPath, main, ...args], {
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, exitCode, maxMb: (child.resourceUsage()?.maxRSS ?? 0) / 1024 / 1024 }
}

/** A digest of all rows of each table. */
export const hashTables = (sqlite: Database): Record<string, string> => {
  const tables = sqlite
    .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
  return Object.fromEntries(
    tables.map(({ name }) => {
      const hash = createHash('sha256')
      for (const row of sqlite.query(`SELECT * FROM "${name}" ORDER BY 1, 2`).iterate())
        hash.update(JSON.stringify(row))
      return [name, hash.digest('hex')]
    }),
  )
}

export const hashDatabase = (dataPath: string): Record<string, string> => {
  const database = openDatabase(join(dataPath, 'braindrive.db'))
  try {
    return hashTables(database.sqlite)
  } finally {
    database.close()
  }
}

/** Texts of all files below a folder, by path. */
export const readTree = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .toSorted()
      .map((path) => [relative(folder, path), readFileSync(path, 'latin1')]),
  )

/** What makes up an installation: rows, files of plugins, keys. */
export const describeInstallation = (dataPath: string) => ({
  tables: hashDatabase(dataPath),
  contents: readTree(join(dataPath, 'plugins/contents')),
  keys: readTree(join(dataPath, 'keys')),
})

const write = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode: 0o600 })
}

export const contentHash = (letter: string) => letter.repeat(64)

/** Puts files where the store of plugins keeps this content. */
export const writeContent = (dataPath: string, hash: string, files: Record<string, string>) => {
  for (const [path, text] of Object.entries(files)) write(join(dataPath, 'plugins/contents', hash, path), text)
}

/** An installation whose every row, file and key has `name` in it: a user with a plugin, a setting and a conversation. */
export const makeInstallation = (dataPath: string, name: string, { rows = 50, folders = 12 } = {}): void => {
  const key = name.padEnd(64, '0')
  write(join(dataPath, 'keys/encryption.key'), `${key}\n`)
  write(join(dataPath, 'keys/signing.key'), `${key}\n`)
  const database = openDatabase(join(dataPath, 'braindrive.db'))
  migrate(database.sqlite)
  const { db } = database
  const times = { createdAt: 1, updatedAt: 2 }
  db.insert(users)
    .values({
      id: name,
      username: name,
      email: name,
      emailKey: name,
      passwordHash: '',
      role: 'member',
      isActive: true,
      isVerified: false,
      version: '',
      ...times,
    })
    .run()
  const hash = contentHash(name.slice(0, 1))
  db.insert(plugins)
    .values(pluginRow(name, 'Lamp', { contentHash: hash }))
    .run()
  const deep = `files/${'very-long-name-of-a-folder/'.repeat(folders)}Ünïcode 🚀.js`
  writeContent(dataPath, hash, {
    'files/dist/remoteEntry.js': name,
    'br/dist/remoteEntry.js': 'br',
    'files/empty': '',
    [deep]: name,
  })
  db.insert(settingDefinitions)
    .values({
      id: 'd',
      name: 'd',
      category: 'c',
      type: 'object',
      allowedScopes: ['user'],
      isMultiple: false,
      tags: [],
      ...times,
    })
    .run()
  const value = createSecretBox([deriveSecretKey(key)]).seal('"secret"', settingContext('i'))
  db.insert(settingInstances)
    .values({ id: 'i', definitionId: 'd', name: 'n', value, scope: 'user', userId: name, ...times })
    .run()
  db.insert(conversations)
    .values({ id: 'c', userId: name, title: name, conversationType: 'chat', ...times })
    .run()
  for (let index = 0; index < rows; index++)
    db.insert(messages)
      .values({
        id: `m${index}`,
        conversationId: 'c',
        sender: 'user',
        message: `${name} ${index} 🚀`,
        state: 'complete',
        ...times,
      })
      .run()
  database.close()
}
