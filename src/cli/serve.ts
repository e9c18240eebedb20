import { createApp } from '../app.ts'
import { recoverPackages } from '../areas/plugins/package-upkeep.service.ts'
import { startWorker } from '../background/host.ts'
import { buildDeps } from '../build-deps.ts'
import type { Config } from '../config.ts'
import { openDataDir } from '../data-dir.ts'
import { openDatabase } from '../db/client.ts'
import { migrate } from '../db/migrate.ts'
import { createLog, type LogLevel } from '../shared/log.ts'
import { stopOnSignal } from './stop-on-signal.ts'
import { version } from '../shared/version.ts'

const levels: Record<Config['logLevel'], LogLevel> = {
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  warn: 'warn',
  error: 'error',
  critical: 'error',
}

const createServerLog = ({ logFormat, logLevel }: Config) => {
  const isText = logFormat === 'text' || (logFormat === 'auto' && process.stdout.isTTY)
  return createLog({
    level: levels[logLevel],
    format: isText ? 'text' : 'json',
    write: (text) => process.stdout.write(text),
  })
}

const listenOptions = (config: Config) => ({
  hostname: config.host,
  port: config.port,
  // Elysia's default would let a second server share the port, and take half of the requests.
  reusePort: false,
  ...(config.tlsKeyFile && config.tlsCertFile
    ? { tls: { key: Bun.file(config.tlsKeyFile), cert: Bun.file(config.tlsCertFile) } }
    : {}),
})

/** Runs the server until a signal. Throws before it listens when the folder, the schema or the port is not usable. */
export const serve = (config: Config): void => {
  const log = createServerLog(config)
  const dataDir = openDataDir(config)
  const database = openDatabase(dataDir.databasePath)
  const applied = migrate(database.sqlite)
  const worker = startWorker(dataDir.databasePath, log)
  const deps = buildDeps({
    config,
    database,
    dataPath: dataDir.path,
    keys: dataDir.keys,
    log,
    clock: Date.now,
    isWorkerAlive: worker.isAlive,
  })
  const interrupted = deps.replyJournal.recover()
  recoverPackages(deps)
  const app = createApp(deps).listen(listenOptions(config))
  const address = `${config.tlsCertFile ? 'https' : 'http'}://${config.host}:${app.server?.port}`
  log.info(`BrainDrive Server ${version} listens on ${address}`, {
    address,
    dataDir: dataDir.path,
    ...(applied.length > 0 ? { migrations: applied } : {}),
    ...(interrupted > 0 ? { interruptedReplies: interrupted } : {}),
  })
  stopOnSignal({ app, deps, worker, log, database, unlock: dataDir.unlock })
}
