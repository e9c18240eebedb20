import { newestMigration, sqliteVersion } from '../../db/versions.ts'
import type { Deps } from '../../deps.ts'
import { redactText } from '../../shared/redact.ts'
import { commit, version } from '../../shared/version.ts'
import type { Diagnostics } from './diagnostics.schema.ts'

/** What a report of a problem needs (auth.md 8): nothing of any user's data. */
export const diagnose = ({ config, db, log }: Pick<Deps, 'config' | 'db' | 'log'>): Diagnostics => ({
  app: { name: config.appName, environment: config.appEnv, version, commit },
  backend: { db: { type: 'sqlite', version: sqliteVersion(db), migration_version: newestMigration(db) } },
  // Nothing installs plugins yet.
  plugins: { count: 0, modules: 0, items: [] },
  logs: {
    message: 'The newest lines since the server started',
    lines: log.recent().map((line) => redactText(line.trimEnd()).slice(0, 2000)),
  },
})
