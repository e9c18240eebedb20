/** What crosses between the server's thread and the worker's: plain data only. */
export type ToWorker = { type: 'start'; databasePath: string } | { type: 'ping'; id: number } | { type: 'stop' }

export type FromWorker =
  | { type: 'ready' }
  | { type: 'pong'; id: number }
  | { type: 'log'; level: 'info' | 'warn' | 'error'; message: string; fields: Record<string, unknown> }
  | { type: 'stopped' }
