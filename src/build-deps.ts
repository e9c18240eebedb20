import type { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { createArchives } from './adapters/archive/create-archives.ts'
import { createGitSource } from './adapters/git/create-git-source.ts'
import { createGithubReleases } from './adapters/github/create-github-releases.ts'
import { createLlm } from './adapters/llm/create-llm.ts'
import { createDownload } from './adapters/web/download.ts'
import { createGuardedFetch } from './adapters/web/guarded-fetch.ts'
import { createLiveReplies } from './areas/ai/live-replies.ts'
import { createModelLists } from './areas/ai/model-lists.ts'
import { createAudit } from './areas/auth/audit.ts'
import { createFindSession } from './areas/auth/find-session.ts'
import { createPasswords } from './areas/auth/passwords.ts'
import { createSessionTokens } from './areas/auth/session-tokens.ts'
import { createReplyJournal } from './areas/conversations/reply-journal.service.ts'
import { createPackageStore } from './areas/plugins/packages/create-package-store.ts'
import { createPluginRegistry } from './areas/plugins/registry/plugin-registry.ts'
import type { Config } from './config.ts'
import type { DatabaseHandle } from './db/client.ts'
import { isMigrated } from './db/migrate.ts'
import type { Deps, Readiness } from './deps.ts'
import { createCors } from './http/cors.ts'
import { createRateLimiter } from './http/rate-limit.ts'
import type { Clock } from './shared/clock.ts'
import type { Log } from './shared/log.ts'
import { createSecretBox, deriveSecretKey } from './shared/secret-box.ts'

export interface Outside {
  config: Config
  database: DatabaseHandle
  /** The data folder. */
  dataPath: string
  keys: { signing: string; encryption: string }
  log: Log
  clock: Clock
  isWorkerAlive: () => boolean
}

const checkReadiness = (sqlite: Database, isWorkerAlive: () => boolean): Readiness => {
  const probe = (check: () => boolean) => {
    try {
      return check() ? 'ok' : 'failed'
    } catch {
      return 'failed'
    }
  }
  return {
    database: probe(() => sqlite.query('SELECT 1').get() !== null),
    migrations: probe(() => isMigrated(sqlite)),
    worker: probe(isWorkerAlive),
  }
}

/** The only place that picks implementations. */
export const buildDeps = ({ config, database, dataPath, keys, log, clock, isWorkerAlive }: Outside): Deps => {
  const { db, sqlite } = database
  const privateHosts = new Set(config.privateHosts)
  const fetch = createGuardedFetch({
    maxConcurrent: config.maxUpstreamCalls,
    allowedHosts: privateHosts,
    defaultIdleTimeoutMs: config.upstreamIdleSeconds * 1000,
  })
  const llm = createLlm(fetch)
  const tokens = createSessionTokens(config, keys.signing, clock)
  return {
    config,
    db,
    clock,
    log,
    fetch,
    tokens,
    llm,
    download: createDownload({ fetch, privateHosts }),
    git: createGitSource({ fetch, privateHosts }),
    github: createGithubReleases({ fetch, clock, apiUrl: config.githubApiUrl }),
    archives: createArchives(),
    packageStore: createPackageStore(join(dataPath, 'plugins')),
    pluginRegistry: createPluginRegistry({ config, fetch, clock, log }),
    secretBox: createSecretBox([deriveSecretKey(keys.encryption)]),
    cors: createCors(config),
    rateLimiter: createRateLimiter(clock, config.rateLimiting),
    audit: createAudit({ db, clock, log }),
    passwords: createPasswords(),
    findSession: createFindSession({ db, clock, tokens }),
    liveReplies: createLiveReplies(),
    replyJournal: createReplyJournal({ db, clock, log }),
    modelLists: createModelLists({ llm, clock, config }),
    readiness: () => checkReadiness(sqlite, isWorkerAlive),
  }
}
