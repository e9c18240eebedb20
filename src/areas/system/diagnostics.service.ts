import { newestMigration, sqliteVersion } from '../../db/versions.ts'
import type { Deps } from '../../deps.ts'
import { redactText } from '../../shared/redact.ts'
import { commit, version } from '../../shared/version.ts'
import { summarizePlugins } from '../plugins/plugins-read.service.ts'
import type { Diagnostics } from './diagnostics.schema.ts'

/** What a report of a problem needs (auth.md 8). Of users' data only the plugins of the one who asks. */
export const diagnose = ({ config, db, log }: Pick<Deps, 'config' | 'db' | 'log'>, userId: string): Diagnostics => ({
  app: { name: config.appName, environment: config.appEnv, version, commit },
  backend: { db: { type: 'sqlite', version: sqliteVersion(db), migration_version: newestMigration(db) } },
  plugins: summarizePlugins({ db }, userId),
  logs: {
    message: 'The newest lines since the server started',
    lines: log.recent().map((line) => redactText(line.trimEnd()).slice(0, 2000)),
  },
})
