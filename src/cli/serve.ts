import { Command } from 'commander'
import { createApp } from '../app.ts'
import { createJobFeed } from '../areas/jobs/create-job-feed.ts'
import { reportUnknownDefaults } from '../areas/plugins/default-plugins.service.ts'
import { recoverPackages } from '../areas/plugins/package-upkeep.service.ts'
import { createWorkerHost } from '../background/host.ts'
import { buildDeps } from '../build-deps.ts'
import type { Config } from '../config.ts'
import { openDataDir } from '../data-dir.ts'
import { openDatabase } from '../db/client.ts'
import { migrate } from '../db/migrate.ts'
import { backupBeforeUpgrade } from '../operate/backup/backup-before-upgrade.ts'
import { backupFolderOf } from '../operate/backup/backup-folder.ts'
import { createSupervision } from '../operate/systemd/supervision.ts'
import { createLog, type LogLevel } from '../shared/log.ts'
import { configOf, withServerOptions } from './settings.ts'
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
export const serve = async (config: Config): Promise<void> => {
  const log = createServerLog(config)
  const dataDir = openDataDir(config)
  const backup = await backupBeforeUpgrade({
    dataPath: dataDir.path,
    folder: backupFolderOf(config, dataDir.path),
    now: Date.now(),
  })
  const database = openDatabase(dataDir.databasePath)
  const applied = migrate(database.sqlite)
  const jobFeed = createJobFeed()
  const { path: dataPath, databasePath, keys } = dataDir
  const worker = createWorkerHost({ start: { databasePath, dataPath, config, keys }, log, onNews: jobFeed.tell })
  const deps = buildDeps({
    config,
    database,
    dataPath,
    keys,
    log,
    clock: Date.now,
    isWorkerAlive: worker.isAlive,
    jobFeed,
    jobWorker: worker,
  })
  const interrupted = deps.replyJournal.recover()
  // Before jobs run: it removes the folders of installations that are not finished.
  recoverPackages(deps)
  await deps.documentReader.recover()
  worker.start()
  void reportUnknownDefaults(deps)
  const app = createApp(deps).listen(listenOptions(config))
  const address = `${config.tlsCertFile ? 'https' : 'http'}://${config.host}:${app.server?.port}`
  log.info(`BrainDrive Server ${version} listens on ${address}`, {
    address,
    dataDir: dataPath,
    ...(applied.length > 0 ? { migrations: applied } : {}),
    ...(backup ? { backupBeforeUpgrade: backup } : {}),
    ...(interrupted > 0 ? { interruptedReplies: interrupted } : {}),
  })
  const supervision = createSupervision({ environment: process.env, isHealthy: worker.isAlive, log })
  supervision.ready()
  stopOnSignal({ app, deps, worker, log, database, supervision, unlock: dataDir.unlock })
}

export const serveCommand = () =>
  withServerOptions(new Command('serve'))
    .description('run the server (the default)')
    .action((flags) => serve(configOf(flags)))
