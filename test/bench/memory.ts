import { chatBody } from '../support/chat.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { temporaryFolder } from './folder.ts'
import { useModelServer } from './model-settings.ts'
import { atMost, type Row } from './report.ts'
import { type BenchServer, startServer } from './server.ts'

const listeners = 1000
const openAtOnce = 50
const settleMs = 3000

const toRequest = ({ headers }: BenchServer, body: string): string => {
  const lines = Object.entries({ ...headers, host: '127.0.0.1', 'content-length': Buffer.byteLength(body) })
  return `POST /api/v1/ai/providers/chat HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

/** Resolves with the socket once the first event is there. A raw socket: `fetch` allows 256 requests only. */
const listen = async (port: number, request: string) => {
  const { promise: firstEvent, resolve, reject } = Promise.withResolvers<void>()
  let received = ''
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data(_, piece) {
        received += piece.toString()
        if (received.includes('data: ')) resolve()
      },
      close: () => reject(new Error(`a stream was closed: ${received.slice(0, 300)}`)),
    },
  })
  socket.write(request)
  await firstEvent
  return socket
}

/** Memory that idle listeners of one silent reply cost: they have the same body, so each joins the reply of the first. */
const measureListeners = async (server: BenchServer): Promise<{ before: number; after: number }> => {
  const model = startFakeOllama({ pieces: ['one '], fault: { kind: 'hang', after: 1 } })
  await useModelServer(server, model.url)
  const request = toRequest(server, JSON.stringify(chatBody('Hi')))
  const sockets = [await listen(server.port, request)]
  await Bun.sleep(settleMs / 2)
  const before = server.rssMb()
  while (sockets.length <= listeners)
    sockets.push(...(await Promise.all(Array.from({ length: openAtOnce }, () => listen(server.port, request)))))
  await Bun.sleep(settleMs)
  const after = server.rssMb()
  for (const socket of sockets) socket.terminate()
  await model.stop()
  return { before, after }
}

export const measureMemory = async (): Promise<Row[]> => {
  using folder = temporaryFolder()
  await using server = await startServer(folder.path)
  const fresh = server.rssMb()
  await server.signUp()
  await Bun.sleep(settleMs)
  const idle = server.rssMb()
  const { before, after } = await measureListeners(server)
  return [
    {
      measure: 'idle RSS after sign-in',
      ours: `${idle.toFixed(0)} MB`,
      figure: `${fresh.toFixed(0)} MB at the first answer`,
      target: atMost(idle, 90, 'MB'),
    },
    {
      measure: `${listeners} idle SSE connections`,
      ours: `${after.toFixed(0)} MB`,
      baseline: `${before.toFixed(0)} MB`,
      figure: `+${(after - before).toFixed(1)} MB`,
      target: atMost(after - before, 40, 'MB more'),
    },
  ]
}
