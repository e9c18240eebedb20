import { existsSync } from 'node:fs'
import type { Db } from '../../db/client.ts'
import { createPackageStore, packagesFolder } from './packages/create-package-store.ts'
import { listContents } from './plugins.store.ts'

/** Plugins, of all users, whose files are not in the data folder. */
export const listMissingPackages = (db: Db, dataPath: string): { slug: string }[] => {
  const store = createPackageStore(packagesFolder(dataPath))
  return listContents(db).filter(({ contentHash }) => contentHash !== null && !existsSync(store.filesOf(contentHash)))
}
