import { type DatabaseHandle, openDatabase } from '../db/client.ts'
import { tidyUp } from './housekeeping.ts'
import type { FromWorker, ToWorker } from './messages.ts'

declare const self: Worker

const tidyUpEveryMs = 3_600_000

let database: DatabaseHandle | undefined
let timer: ReturnType<typeof setInterval> | undefined

const send = (message: FromWorker) => self.postMessage(message)

const runHousekeeping = () => {
  if (!database) return
  try {
    const removed = tidyUp(database.db, Date.now())
    send({ type: 'log', level: 'info', message: 'housekeeping done', fields: { ...removed } })
  } catch (error) {
    send({ type: 'log', level: 'error', message: 'housekeeping failed', fields: { error: (error as Error).message } })
  }
}

const start = (databasePath: string) => {
  database = openDatabase(databasePath)
  timer = setInterval(runHousekeeping, tidyUpEveryMs)
  send({ type: 'ready' })
  runHousekeeping()
}

const stop = () => {
  clearInterval(timer)
  database?.sqlite.close()
  database = undefined
  send({ type: 'stopped' })
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case 'start':
      return start(data.databasePath)
    case 'ping':
      return send({ type: 'pong', id: data.id })
    case 'stop':
      return stop()
  }
}
