import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { plugins } from '../../src/areas/plugins/plugins.table.ts'
import type { Deps } from '../../src/deps.ts'

type Row = typeof plugins.$inferInsert

export interface ServedPlugin extends Partial<Row> {
  userId: string
  pluginSlug?: string
  /** Contents by their paths in the package. */
  files?: Record<string, string | Uint8Array>
  /** Paths that get a compressed copy of each kind. */
  compressed?: string[]
}

const write = (folder: string, path: string, content: string | Uint8Array) => {
  const place = join(folder, path)
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, content)
}

const hashOf = (files: Record<string, string | Uint8Array>): string => {
  const hash = createHash('sha256')
  for (const [path, content] of Object.entries(files)) hash.update(`${path}\n`).update(content)
  return hash.digest('hex')
}

/** Puts files into the store and a row beside them, as an install does. Returns the row's id and the content's hash. */
export const servePlugin = (
  { db, packageStore, clock }: Pick<Deps, 'db' | 'packageStore' | 'clock'>,
  { userId, pluginSlug = 'Sample', files = {}, compressed = [], ...fields }: ServedPlugin,
) => {
  const contentHash = hashOf(files)
  mkdirSync(packageStore.filesOf(contentHash), { recursive: true })
  for (const [path, content] of Object.entries(files)) write(packageStore.filesOf(contentHash), path, content)
  for (const path of compressed) {
    const content = files[path] ?? ''
    write(packageStore.compressedOf(contentHash, 'br'), path, brotliCompressSync(content))
    write(packageStore.compressedOf(contentHash, 'gzip'), path, gzipSync(content))
  }
  const row: Row = {
    id: `${userId}_${pluginSlug}`,
    userId,
    pluginSlug,
    name: pluginSlug,
    description: 'For tests',
    version: '1.0.0',
    type: 'frontend',
    enabled: true,
    status: 'activated',
    official: false,
    downloads: 0,
    scope: pluginSlug,
    bundleMethod: 'webpack',
    bundleLocation: 'dist/remoteEntry.js',
    isLocal: false,
    updateAvailable: false,
    packageSource: 'upload',
    contentHash,
    createdAt: clock(),
    updatedAt: clock(),
    ...fields,
  }
  db.insert(plugins).values(row).run()
  return { id: row.id, contentHash }
}
