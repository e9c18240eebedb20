const chunkEveryMs = 50
const encoder = new TextEncoder()

const toLine = (content: string, isDone: boolean): Uint8Array =>
  encoder.encode(
    `${JSON.stringify({ model: 'm', message: { role: 'assistant', content }, done: isDone, ...(isDone ? { done_reason: 'stop', eval_count: 1 } : {}) })}\n`,
  )

interface Stream {
  controller: ReadableStreamDefaultController<Uint8Array>
  dueAt: number
}

const send = ({ controller }: Stream, line: Uint8Array, isLast: boolean) => {
  try {
    controller.enqueue(line)
    if (isLast) controller.close()
  } catch {
    // The client went away.
  }
}

/** `@<ms>@` of performance.now(), which the client, in the same process, reads too. */
export const stampPattern = /@([\d.]+)@/g

/**
 * An Ollama that writes into each chunk when it was sent, one chunk every 50 ms for each stream. The streams are spread
 * over those 50 ms: tokens of independent chats do not come all at once.
 */
export const startStampingModel = () => {
  const streams = new Set<Stream>()
  const sendDue = () => {
    for (const stream of streams) {
      if (performance.now() < stream.dueAt) continue
      stream.dueAt += chunkEveryMs
      send(stream, toLine(`@${performance.now().toFixed(3)}@`, false), false)
    }
  }
  const timer = setInterval(sendDue, 1)
  const openStream = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => void streams.add({ controller, dueAt: performance.now() + Math.random() * chunkEveryMs }),
    })
  const fetch = (request: Request) => {
    if (request.method === 'GET') return Response.json({ models: [{ name: 'llama3.2:3b', model: 'llama3.2:3b' }] })
    return new Response(openStream(), { headers: { 'content-type': 'application/x-ndjson' } })
  }
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 0, fetch })
  return {
    url: `http://127.0.0.1:${server.port}`,
    finishAll() {
      for (const stream of streams) send(stream, toLine('', true), true)
      streams.clear()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await server.stop(true)
    },
  }
}
