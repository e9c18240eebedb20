import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createPackageStore } from '../../src/areas/plugins/packages/create-package-store.ts'
import { openDatabase } from '../../src/db/client.ts'
import { servePlugin } from '../support/served-plugin.ts'

const bundleBytes = 1_000_000

/** Gives a user of the server in `folder` a plugin with a bundle of 1 MB. */
export const installBundle = (folder: string, userId: string) => {
  const packageStore = createPackageStore(join(folder, 'data/plugins'))
  const { db, close } = openDatabase(join(folder, 'data/braindrive.db'))
  const files = { 'dist/remoteEntry.js': randomBytes(bundleBytes / 2).toString('hex') }
  const { id, contentHash } = servePlugin({ db, packageStore, clock: Date.now }, { userId, files })
  close()
  return {
    path: `/api/v1/public/plugins/${id}/dist/remoteEntry.js`,
    diskPath: join(packageStore.filesOf(contentHash), 'dist/remoteEntry.js'),
  }
}
