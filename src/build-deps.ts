import type { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { createArchives } from './adapters/archive/create-archives.ts'
import { createDocumentReader } from './adapters/documents/create-document-reader.ts'
import { createPageReader } from './adapters/documents/pages/create-page-reader.ts'
import { createGitSource } from './adapters/git/create-git-source.ts'
import { createGithubReleases } from './adapters/github/create-github-releases.ts'
import { createLlm } from './adapters/llm/create-llm.ts'
import { createOllama } from './adapters/ollama/create-ollama.ts'
import { createDownload } from './adapters/web/download.ts'
import { createGuardedFetch } from './adapters/web/guarded-fetch.ts'
import { createLiveReplies } from './areas/ai/live-replies.ts'
import { createModelLists } from './areas/ai/model-lists.ts'
import { createAudit } from './areas/auth/audit.ts'
import { createFindSession } from './areas/auth/find-session.ts'
import { createPasswords } from './areas/auth/passwords.ts'
import { createSessionTokens } from './areas/auth/session-tokens.ts'
import { createReplyJournal } from './areas/conversations/reply-journal.service.ts'
import { tooManyDocuments, tooManyOwnDocuments } from './areas/documents/documents.errors.ts'
import type { JobFeed, JobWorker } from './areas/jobs/job-news.ts'
import { createPackageStore, packagesFolder } from './areas/plugins/packages/create-package-store.ts'
import type { InstallingThread } from './areas/plugins/packages/package-store.ts'
import { createPluginRegistry } from './areas/plugins/registry/plugin-registry.ts'
import { jobTypes } from './background/job-types.ts'
import type { Config } from './config.ts'
import type { DatabaseHandle } from './db/client.ts'
import { isMigrated } from './db/migrate.ts'
import type { Deps, Readiness } from './deps.ts'
import { createCors } from './http/cors.ts'
import { createRateLimiter } from './http/rate-limit.ts'
import type { Clock } from './shared/clock.ts'
import { createKeyRing, type ServerKeys } from './shared/encryption-keys.ts'
import type { Log } from './shared/log.ts'
import { createMetrics } from './shared/metrics.ts'
import { createSecretBox } from './shared/secret-box.ts'

export interface Outside {
  config: Config
  database: DatabaseHandle
  /** The data folder. */
  dataPath: string
  keys: ServerKeys
  log: Log
  clock: Clock
  isWorkerAlive: () => boolean
  /** Which thread these parts are for; `server` if left out. */
  thread?: InstallingThread
  jobFeed: JobFeed
  jobWorker: JobWorker
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
export const buildDeps = (outside: Outside): Deps => {
  const { config, database, dataPath, keys, log, clock, isWorkerAlive, thread, jobFeed, jobWorker } = outside
  const { db, sqlite } = database
  const metrics = createMetrics()
  const privateHosts = new Set(config.privateHosts)
  const fetch = createGuardedFetch({
    maxConcurrent: config.maxUpstreamCalls,
    allowedHosts: privateHosts,
    defaultIdleTimeoutMs: config.upstreamIdleSeconds * 1000,
    metrics,
  })
  const llm = createLlm(fetch)
  const tokens = createSessionTokens(config, keys.signing, clock)
  return {
    config,
    db,
    clock,
    log,
    metrics,
    fetch,
    tokens,
    llm,
    ollama: createOllama(fetch),
    download: createDownload({ fetch, privateHosts }),
    git: createGitSource({ fetch, privateHosts }),
    github: createGithubReleases({ fetch, clock, apiUrl: config.githubApiUrl }),
    archives: createArchives(),
    documentReader: createDocumentReader({
      folder: join(dataPath, 'documents'),
      maxMs: config.documentSeconds * 1000,
      maxMemoryBytes: config.documentMemoryMb * 1_000_000,
      full: tooManyDocuments,
      userFull: tooManyOwnDocuments,
    }),
    packageStore: createPackageStore(packagesFolder(dataPath), thread),
    pluginRegistry: createPluginRegistry({ config, fetch, clock, log }),
    secretBox: createSecretBox(createKeyRing(keys.encryption)),
    cors: createCors(config),
    rateLimiter: createRateLimiter(clock, config.rateLimiting),
    audit: createAudit({ db, clock, log }),
    passwords: createPasswords(),
    findSession: createFindSession({ db, clock, tokens }),
    pageReader: createPageReader(),
    liveReplies: createLiveReplies(),
    replyJournal: createReplyJournal({ db, clock, log }),
    modelLists: createModelLists({ llm, clock, config }),
    jobTypes,
    jobFeed,
    jobWorker,
    readiness: () => checkReadiness(sqlite, isWorkerAlive),
  }
}
