import type { Log } from '../../shared/log.ts'
import { openNotifySocket, type SendDatagram } from './notify-socket.ts'

type Environment = Record<string, string | undefined>

/** What a supervisor hears of the server, by the protocol of sd_notify(3). */
export interface Supervision {
  /** The server takes requests. From now on the watchdog is fed. */
  ready(): void
  /** The server is ending in order. */
  stopping(): void
}

export interface SupervisionOptions {
  environment: Environment
  /** Whether all threads work; while not, the watchdog gets nothing, and the supervisor starts the server again. */
  isHealthy: () => boolean
  log: Pick<Log, 'warn'>
}

const unsupervised: Supervision = { ready: () => {}, stopping: () => {} }

/** How often the supervisor wants to hear something; undefined when it does not, or means another process. */
const watchdogMs = ({ WATCHDOG_USEC: period, WATCHDOG_PID: pid }: Environment): number | undefined => {
  const ms = Number(period) / 1000
  return ms > 0 && (pid === undefined || Number(pid) === process.pid) ? ms : undefined
}

const sendWith = (send: SendDatagram, log: SupervisionOptions['log']) => (state: string) => {
  try {
    send(state)
  } catch (error) {
    log.warn('the supervisor was not told', { state, error })
  }
}

/** Tells systemd, or whoever set `NOTIFY_SOCKET`, how the server is. Without one it does nothing. */
export const createSupervision = ({ environment, isHealthy, log }: SupervisionOptions): Supervision => {
  const { NOTIFY_SOCKET: socket } = environment
  if (!socket || process.platform !== 'linux') return unsupervised
  let tell: (state: string) => void
  try {
    tell = sendWith(openNotifySocket(socket), log)
  } catch (error) {
    log.warn('the supervisor cannot be told anything', { error })
    return unsupervised
  }
  const periodMs = watchdogMs(environment)
  let feeding: ReturnType<typeof setInterval> | undefined
  // While the server's thread is blocked this does not run. Ready again, in case the first message was lost.
  const feed = () => {
    if (isHealthy()) tell('READY=1\nWATCHDOG=1')
  }
  return {
    ready() {
      tell('READY=1')
      if (periodMs) feeding = setInterval(feed, periodMs / 3).unref()
    },
    stopping() {
      clearInterval(feeding)
      tell('STOPPING=1')
    },
  }
}
