import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** A server that speaks bytes, so that a test sees connections open and close and can answer wrongly on purpose. */
export interface RawServer extends AsyncDisposable {
  port: number
  url: string
  /** Heads of the requests so far, as sent. */
  heads: string[]
  connections: () => number
  /** Resolves when `count` connections have been closed since the start. */
  closed: (count?: number) => Promise<void>
}

/** Starts a server on loopback that calls `answer` for the first bytes of each request. */
export const rawServer = async (
  answer: (socket: Socket, head: string) => void,
  options: { tls?: TlsOptions; hostname?: string; port?: number } = {},
): Promise<RawServer> => {
  const heads: string[] = []
  const sockets = new Set<Socket>()
  const waiting: { count: number; resolve: () => void }[] = []
  let opened = 0
  let closes = 0
  const onSocket = (socket: Socket) => {
    opened += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      heads.push(data.toString())
      answer(socket, data.toString())
    })
    socket.on('close', () => {
      sockets.delete(socket)
      closes += 1
      for (const { resolve } of waiting.filter(({ count }) => count <= closes)) resolve()
    })
  }
  const server: Server = options.tls ? createTlsServer(options.tls, onSocket) : createServer(onSocket)
  const hostname = options.hostname ?? '127.0.0.1'
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, hostname, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const { port } = address
  return {
    port,
    url: `http${options.tls ? 's' : ''}://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}/`,
    heads,
    connections: () => opened,
    closed: (count = 1) => new Promise((resolve) => (closes >= count ? resolve() : waiting.push({ count, resolve }))),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** A whole answer with a length. */
export const plainAnswer = (body = 'ok', headers: Record<string, string> = {}, status = '200 OK'): string => {
  const lines = Object.entries({ 'Content-Length': String(Buffer.byteLength(body)), ...headers })
  return `HTTP/1.1 ${status}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}
