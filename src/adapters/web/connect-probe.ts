import { connect } from 'node:net'

const KNOWN_GOOD_MS = 30_000
const MAX_KNOWN_GOOD = 512

/**
 * Finds out whether an address takes connections, since `fetch` has no connect timeout and does not say when it connected.
 * Resolves when a connection opens (or one did a moment ago); rejects when refused, after the limit, or on abort.
 */
export type ConnectProbe = (address: string, port: number, signal: AbortSignal) => Promise<void>

/** Makes a probe that remembers good addresses for half a minute, so that a busy upstream is not probed on each request. */
export const createConnectProbe = (timeoutMs: number): ConnectProbe => {
  const goodUntilMs = new Map<string, number>()
  return async (address, port, signal) => {
    const key = `${address} ${port}`
    if ((goodUntilMs.get(key) ?? 0) > performance.now()) return
    await openAndClose(address, port, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
    if (goodUntilMs.size >= MAX_KNOWN_GOOD) goodUntilMs.clear()
    goodUntilMs.set(key, performance.now() + KNOWN_GOOD_MS)
  }
}

const openAndClose = async (host: string, port: number, signal: AbortSignal): Promise<void> => {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ host, port })
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  socket.once('connect', resolve)
  socket.on('error', reject)
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    socket.destroy()
  }
}
