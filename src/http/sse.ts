const encoder = new TextEncoder()

/** One event as bytes: JSON on one line, ended by a blank line (ai.md 2.6). */
export const encodeEvent = (data: unknown): Uint8Array => encoder.encode(`data: ${JSON.stringify(data)}\n\n`)

const doneBytes = encoder.encode('data: [DONE]\n\n')
/** One line, not two: a blank line would dispatch an empty message in the web client (ai.md 2.6). */
const heartbeatBytes = encoder.encode(': ping\n')
const heartbeatEveryMs = 15_000
/** What a client may leave unread before it counts as gone. */
const maxUnreadBytes = 4 * 1024 * 1024

export interface SseWriter {
  /** False once the client is gone or too slow; further calls do nothing. */
  write(bytes: Uint8Array): boolean
  /** Sends `[DONE]` and ends the stream. The web client waits for ever without it. */
  done(): void
}

interface OpenStream extends SseWriter {
  heartbeat(): void
}

const openStreams = new Set<OpenStream>()
let heartbeats: ReturnType<typeof setInterval> | undefined

// One timer for all streams: a thousand idle clients cost no thousand timers.
const watch = (stream: OpenStream) => {
  openStreams.add(stream)
  heartbeats ??= setInterval(() => {
    for (const open of openStreams) open.heartbeat()
  }, heartbeatEveryMs)
}

const unwatch = (stream: OpenStream) => {
  openStreams.delete(stream)
  if (openStreams.size > 0) return
  clearInterval(heartbeats)
  heartbeats = undefined
}

const createStream = (
  controller: ReadableStreamDefaultController<Uint8Array>,
  onClose: () => void,
): OpenStream & { close(): void } => {
  let isOpen = true
  const close = () => {
    if (!isOpen) return
    isOpen = false
    unwatch(stream)
    onClose()
  }
  const end = () => {
    close()
    try {
      controller.close()
    } catch {
      // The client closed it first.
    }
  }
  const write = (bytes: Uint8Array): boolean => {
    if (!isOpen) return false
    try {
      controller.enqueue(bytes)
      if ((controller.desiredSize ?? 0) > 0) return true
      // Should it ever read on, it must not wait for the end for ever.
      controller.enqueue(doneBytes)
    } catch {
      // Gone without a word. One lost listener must not fail the reply that all others listen to.
    }
    end()
    return false
  }
  const stream = {
    write,
    close,
    heartbeat: () => void write(heartbeatBytes),
    done: () => {
      if (write(doneBytes)) end()
    },
  }
  return stream
}

interface SseContext {
  request: Request
  server: { timeout(request: Request, seconds: number): void } | null
  set: { headers: Record<string, string | number | string[] | undefined> }
}

/**
 * The only place that frames server-sent events. `onOpen` gets the writer and returns what to do when the stream ends,
 * whoever ends it. Never cut for being idle: a heartbeat comes every 15 s.
 */
export const openSse = ({ request, server, set }: SseContext, onOpen: (writer: SseWriter) => () => void): Response => {
  server?.timeout(request, 0)
  set.headers['cache-control'] = 'no-cache, no-transform'
  let close = () => {}
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let isClosed = false
        let release: (() => void) | undefined
        const stream = createStream(controller, () => {
          isClosed = true
          release?.()
        })
        close = stream.close
        watch(stream)
        release = onOpen(stream)
        // The stream may have ended while it was being opened.
        if (isClosed) release()
      },
      cancel: () => close(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxUnreadBytes }),
  )
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' } })
}
