import type { JobNews } from '../areas/jobs/job-news.ts'
import type { Config } from '../config.ts'
import type { ServerKeys } from '../shared/encryption-keys.ts'
import type { LogFields, LogLevel } from '../shared/log.ts'

/** What the worker's thread needs to make `Deps` of its own. */
export interface WorkerStart {
  databasePath: string
  /** The data folder. */
  dataPath: string
  config: Config
  keys: ServerKeys
}

/** What crosses between the server's thread and the worker's: plain data only. */
export type ToWorker =
  | { type: 'start'; start: WorkerStart }
  | { type: 'wake' }
  | { type: 'cancel'; jobId: string }
  | { type: 'ping' }
  | { type: 'stop' }

export type FromWorker =
  | { type: 'ready' }
  | { type: 'pong' }
  | { type: 'news'; news: JobNews }
  | { type: 'log'; level: LogLevel; message: string; fields: LogFields }
  | { type: 'stopped' }
