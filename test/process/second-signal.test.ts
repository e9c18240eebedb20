import { describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { type ServerProcess, startFromSource, temporaryFolder } from '../support/server-process.ts'

/** A request whose body does not come: a graceful stop waits for it. */
const holdStop = async ({ url, call }: ServerProcess) => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.write(
    `POST /api/v1/auth/login HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`,
  )
  // An answer to a later request tells that the first one has arrived.
  await call('GET', '/health')
  return socket
}

const pairs: [NodeJS.Signals, NodeJS.Signals][] = [
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
]

describe('a second signal during a graceful stop', () => {
  test.each(pairs)(
    '%s, then %s: ends the process at once, and the folder is free for the next',
    async (first, second) => {
      using folder = temporaryFolder()
      await using server = await startFromSource(folder.path)
      const socket = await holdStop(server)
      server.child.kill(first)
      await server.untilOutput(/"message":"stopping"/)
      await Bun.sleep(300)
      expect(server.child.exitCode).toBeNull()
      const startedAt = performance.now()
      expect(await server.kill(second)).toBe(1)
      expect(performance.now() - startedAt).toBeLessThan(1000)
      expect(server.output()).not.toContain('"message":"stopped"')
      socket.destroy()

      const next = await startFromSource(folder.path)
      expect(await next.kill('SIGTERM')).toBe(0)
    },
    30_000,
  )
})
