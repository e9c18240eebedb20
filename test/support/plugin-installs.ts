import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { InstallSource } from '../../src/areas/plugins/install/install-types.ts'
import { AppError } from '../../src/shared/app-error.ts'
import { failureOf } from './failure-of.ts'
import { type PackageFiles, zipOf } from './plugin-packages.ts'
import type { TestServer } from './test-app.ts'

export interface StoredPlugin {
  id: string
  user_id: string
  plugin_slug: string
  name: string
  version: string
  enabled: number
  source_url: string | null
  package_source: string
  package_url: string | null
  package_ref: string | null
  content_hash: string
  latest_version: string | null
  update_available: number
}

export interface StoredModule {
  id: string
  plugin_id: string
  name: string
  enabled: number
  props: string
}

type Database = Pick<TestServer['database'], 'sqlite'>

export const pluginRows = ({ sqlite }: Database) =>
  sqlite.query<StoredPlugin, []>('SELECT * FROM plugins ORDER BY id').all()

export const moduleRows = ({ sqlite }: Database) =>
  sqlite.query<StoredModule, []>('SELECT * FROM plugin_modules ORDER BY rowid').all()

/** What lies in the store of plugin files: the names in each of its folders. */
export const storedFolders = (dataPath: string) => {
  const list = (name: string) => {
    const path = join(dataPath, 'plugins', name)
    return existsSync(path) ? readdirSync(path).toSorted() : []
  }
  return { staging: list('staging'), trash: list('trash'), contents: list('contents') }
}

/** The same once the store has removed what it put into the trash. */
export const settledFolders = async (dataPath: string) => {
  for (let tries = 0; tries < 300 && storedFolders(dataPath).trash.length > 0; tries++) await Bun.sleep(10)
  return storedFolders(dataPath)
}

/** An uploaded archive of these files in the folder. */
export const uploadOf = async (folder: string, files: PackageFiles | Uint8Array, filename = 'lamp.zip') => {
  const file = join(folder, `upload-${crypto.randomUUID()}`)
  await Bun.write(file, files instanceof Uint8Array ? files : zipOf(files))
  return { kind: 'upload', file, filename } satisfies InstallSource
}

/** The refusal that `work` throws. */
export const refusalOf = async (work: Promise<unknown>): Promise<AppError> => {
  const failure = await failureOf(work)
  if (failure instanceof AppError) return failure
  throw failure
}
