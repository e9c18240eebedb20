import { Database } from 'bun:sqlite'
import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { oldSchema } from './old-schema.ts'
import { temporaryFolder } from './server-process.ts'

export const oldMasterKey = 'correct horse battery staple 0123456789'

type Cell = string | number | null | Uint8Array
export type OldRow = Record<string, Cell>

/** As the backend encrypts a value (auth.md 14.2). */
export const encryptOld = (value: unknown, masterKey = oldMasterKey): string => {
  const key = pbkdf2Sync(masterKey, 'BrainDrive2025', 100_000, 32, 'sha256')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const body = Buffer.concat([cipher.update(gzipSync(JSON.stringify(value))), cipher.final()])
  return Buffer.concat([iv, body, cipher.getAuthTag()]).toString('base64')
}

/** A database of the backend in a folder of its own, without rows but for those of its migrations. */
export const oldInstallation = (schema = oldSchema) => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'braindrive.db')
  const sqlite = new Database(path, { create: true })
  // Declared, but never enforced by the backend.
  sqlite.run('PRAGMA foreign_keys = OFF')
  sqlite.run('PRAGMA synchronous = OFF')
  sqlite.run(schema)
  return {
    folder: folder.path,
    path,
    plugins: join(folder.path, 'plugins'),
    sqlite,
    insert(table: string, ...rows: OldRow[]) {
      for (const row of rows) {
        const names = Object.keys(row).map((name) => `"${name}"`)
        const places = names.map(() => '?').join(', ')
        sqlite
          .prepare<unknown, Cell[]>(`INSERT INTO "${table}" (${names.join(', ')}) VALUES (${places})`)
          .run(...Object.values(row))
      }
    },
    [Symbol.dispose]() {
      sqlite.close()
      folder[Symbol.dispose]()
    },
  }
}
export type OldInstallation = ReturnType<typeof oldInstallation>

export const ada = 'ada0ada0ada0ada0ada0ada0ada0ada0'
export const bob = 'b0bb0bb0b0bb0bb0b0bb0bb0b0bb0bb0'
export const password = 'the old password'

export const dashed = (id: string) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

/** Cheap: tests make many. The backend's have 12 rounds. */
export const oldHash = (text = password) =>
  Bun.password.hashSync(Buffer.from(text).subarray(0, 72), { algorithm: 'bcrypt', cost: 4 })

export const oldUser = (id: string, name: string, more: OldRow = {}): OldRow => ({
  id,
  username: name,
  email: `${name}@home.local`,
  hashed_password: oldHash(),
  ...more,
})
