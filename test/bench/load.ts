import type { Socket } from 'bun'

export interface Target {
  port: number
  path: string
  headers?: Record<string, string>
}

/** Answers per second while 32 requests are under way for `ms`. */
export type MeasureRate = (target: Target, ms: number) => Promise<number>

const connections = 32

/** By Bun's own HTTP client, as a program that uses the API asks: what the targets stand for. */
export const byHttpClient: MeasureRate = async ({ port, path, headers = {} }, ms) => {
  const url = `http://127.0.0.1:${port}${path}`
  const startedAt = performance.now()
  let answers = 0
  const keepAsking = async () => {
    while (performance.now() - startedAt < ms) {
      const response = await fetch(url, { headers })
      await response.arrayBuffer()
      if (!response.ok) throw new Error(`${path} answered ${response.status}`)
      answers++
    }
  }
  await Promise.all(Array.from({ length: connections }, keepAsking))
  return answers / ((performance.now() - startedAt) / 1000)
}

const toText = ({ port, path, headers = {} }: Target): string => {
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

/** Bytes of a whole answer, known from its head. */
const sizeOf = (answer: string): number => {
  const body = answer.indexOf('\r\n\r\n') + 4
  const length = /content-length: (\d+)/i.exec(answer)?.[1]
  return body > 3 && length !== undefined ? body + Number(length) : Number.POSITIVE_INFINITY
}

/** By bare sockets, which cost next to nothing: how far a server is from doing nothing at all. */
export const byRawSockets: MeasureRate = async (target, ms) => {
  const request = toText(target)
  let answers = 0
  const socket = {
    open: (connection: Socket<{ text: string }>) => void connection.write(request),
    data(connection: Socket<{ text: string }>, bytes: Buffer) {
      connection.data.text += bytes.toString('latin1')
      if (connection.data.text.length < sizeOf(connection.data.text)) return
      if (!connection.data.text.startsWith('HTTP/1.1 200')) throw new Error(connection.data.text.slice(0, 200))
      connection.data.text = ''
      answers++
      connection.write(request)
    },
  }
  const open = () => Bun.connect({ hostname: '127.0.0.1', port: target.port, data: { text: '' }, socket })
  const sockets = await Promise.all(Array.from({ length: connections }, open))
  const startedAt = performance.now()
  answers = 0
  await Bun.sleep(ms)
  const rate = answers / ((performance.now() - startedAt) / 1000)
  for (const one of sockets) one.terminate()
  return rate
}
