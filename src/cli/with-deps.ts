import { createJobFeed } from '../areas/jobs/create-job-feed.ts'
import { buildDeps } from '../build-deps.ts'
import type { Config } from '../config.ts'
import type { Deps } from '../deps.ts'
import { type Installation, openInstallation } from '../operate/open-installation.ts'
import { createLog, type Log } from '../shared/log.ts'
import { configOf } from './settings.ts'

/** What a server would work with, for a program that serves nobody. */
export const buildCommandDeps = (
  config: Config,
  { path: dataPath, database, keys }: Pick<Installation, 'path' | 'database' | 'keys'>,
  log: Log,
): Deps =>
  buildDeps({
    config,
    database,
    dataPath,
    // No command signs tokens.
    keys: { signing: 'unused', encryption: keys },
    log,
    clock: Date.now,
    isWorkerAlive: () => false,
    jobFeed: createJobFeed(),
    jobWorker: { wake: () => {}, cancel: () => {} },
  })

/**
 * Runs a command with what a server would work with, perhaps beside one. A server's worker finds jobs that it makes within
 * seconds, or at its next start. Throws what `openInstallation` throws.
 */
export const withDeps = async (
  flags: { dir?: string },
  work: (deps: Deps) => void | Promise<void>,
  options?: { mayMake: boolean },
): Promise<void> => {
  const config = configOf(flags)
  const { path, database, keys, close } = openInstallation(config, options)
  const log = createLog({ level: 'error', format: 'text', write: (text) => process.stderr.write(text) })
  try {
    const deps = buildCommandDeps(config, { path, database, keys }, log)
    await work(deps)
  } finally {
    log.flush()
    close()
  }
}
