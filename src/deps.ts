import type { Archives } from './adapters/archive/types.ts'
import type { PageReader } from './adapters/documents/pages/types.ts'
import type { DocumentReader } from './adapters/documents/types.ts'
import type { GitSource } from './adapters/git/types.ts'
import type { GithubReleases } from './adapters/github/types.ts'
import type { LlmAdapter, ProviderId } from './adapters/llm/types.ts'
import type { Ollama } from './adapters/ollama/types.ts'
import type { Download, GuardedFetch } from './adapters/web/types.ts'
import type { LiveReplies } from './areas/ai/live-replies.ts'
import type { ModelLists } from './areas/ai/model-lists.ts'
import type { Audit } from './areas/auth/audit.ts'
import type { Passwords } from './areas/auth/passwords.ts'
import type { FindSession, SessionTokens } from './areas/auth/session-tokens.ts'
import type { ReplyJournal } from './areas/conversations/reply-journal.service.ts'
import type { JobFeed, JobWorker } from './areas/jobs/job-news.ts'
import type { JobTypes } from './areas/jobs/job-type.ts'
import type { PackageStore } from './areas/plugins/packages/package-store.ts'
import type { PluginRegistry } from './areas/plugins/registry/plugin-registry.ts'
import type { Config } from './config.ts'
import type { Db } from './db/client.ts'
import type { Cors } from './http/cors.ts'
import type { RateLimiter } from './http/rate-limit.ts'
import type { Clock } from './shared/clock.ts'
import type { Log } from './shared/log.ts'
import type { Metrics } from './shared/metrics.ts'
import type { SecretBox } from './shared/secret-box.ts'

export interface SignedInUser {
  /** 32 hex characters. */
  id: string
  username: string
  isAdmin: boolean
}

export interface Session {
  id: string
  user: SignedInUser
}

export interface Readiness {
  database: 'ok' | 'failed'
  migrations: 'ok' | 'failed'
  worker: 'ok' | 'failed'
}

/** What the parts of the server may ask for. A function names the few that it uses: `Pick<Deps, 'db' | 'clock'>`. */
export interface Deps {
  config: Config
  db: Db
  clock: Clock
  log: Log
  metrics: Metrics
  secretBox: SecretBox
  fetch: GuardedFetch
  download: Download
  git: GitSource
  github: GithubReleases
  archives: Archives
  documentReader: DocumentReader
  packageStore: PackageStore
  pluginRegistry: PluginRegistry
  llm: (provider: ProviderId) => LlmAdapter
  ollama: Ollama
  cors: Cors
  rateLimiter: RateLimiter
  audit: Audit
  passwords: Passwords
  tokens: SessionTokens
  findSession: FindSession
  readiness: () => Readiness
  pageReader: PageReader
  liveReplies: LiveReplies
  replyJournal: ReplyJournal
  modelLists: ModelLists
  jobTypes: JobTypes
  jobFeed: JobFeed
  jobWorker: JobWorker
}
