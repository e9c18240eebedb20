import { join } from 'node:path'
import { installPlugin } from '../../src/areas/plugins/install/install.service.ts'
import { uninstallPlugin } from '../../src/areas/plugins/install/uninstall.service.ts'
import { updatePlugin } from '../../src/areas/plugins/install/update.service.ts'
import type { InstallingThread } from '../../src/areas/plugins/packages/package-store.ts'
import { createJobFeed } from '../../src/areas/jobs/create-job-feed.ts'
import { buildDeps } from '../../src/build-deps.ts'
import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/db/client.ts'
import { createLog } from '../../src/shared/log.ts'

/** The parts of a server over a data folder, without the server. */
export const openParts = (dataPath: string, privateHosts: string, thread: InstallingThread = 'server') => {
  const database = openDatabase(join(dataPath, 'braindrive.db'))
  const deps = buildDeps({
    config: readConfig({ PRIVATE_HOSTS: privateHosts }),
    database,
    dataPath,
    keys: {
      signing: 'test signing key of 32 characters',
      encryption: { given: 'test encryption key, 32 characters', old: undefined, file: '' },
    },
    log: createLog({ level: 'error', format: 'json', write: () => undefined }),
    clock: Date.now,
    isWorkerAlive: () => true,
    thread,
    jobFeed: createJobFeed(),
    jobWorker: { wake: () => {}, cancel: () => {} },
  })
  return { database, deps }
}

export interface PluginChange {
  dataPath: string
  userId: string
  /** `install`, `update` or `uninstall` the plugin `Lamp`. */
  action: string
  /** The archive to install. */
  argument: string
  privateHosts: string
  /** `server` if left out. */
  thread?: InstallingThread
  /** Called at each step of the work, and inside of the transaction. */
  onStep?: () => void
}

export const changePlugin = async (change: PluginChange): Promise<void> => {
  const { dataPath, userId, action, argument, privateHosts, thread, onStep } = change
  const { database, deps: parts } = openParts(dataPath, privateHosts, thread)
  const deps: typeof parts = {
    ...parts,
    audit: (event) => {
      onStep?.()
      parts.audit(event)
      onStep?.()
    },
  }
  const work = { onProgress: () => onStep?.() }
  if (action === 'install') {
    await installPlugin(deps, userId, { kind: 'upload', file: argument, filename: 'lamp.zip' }, work)
  } else if (action === 'update') await updatePlugin(deps, userId, 'Lamp', work)
  else uninstallPlugin(deps, userId, 'Lamp')
  database.close()
}
