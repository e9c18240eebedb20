import { heartbeatBytes, keepAlive, type KeptAlive } from './sse-heartbeats.ts'

const encoder = new TextEncoder()

/**
 * One event as bytes: JSON on one line, ended by a blank line (ai.md 2.6). A client that comes back names the last `id` that
 * it saw (`Last-Event-ID`).
 */
export const encodeEvent = (data: unknown, id?: number): Uint8Array =>
  encoder.encode(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`)

const doneBytes = encoder.encode('data: [DONE]\n\n')
/** What a client may leave unread before it counts as gone. */
const maxUnreadBytes = 4 * 1024 * 1024

export interface SseWriter {
  /** False once the client is gone or too slow; further calls do nothing. */
  write(bytes: Uint8Array): boolean
  /** Sends `[DONE]` and ends the stream. The web client waits for ever without it. */
  done(): void
}

interface OpenStream extends SseWriter, KeptAlive {}

const createStream = (
  controller: ReadableStreamDefaultController<Uint8Array>,
  onClose: () => void,
): OpenStream & { close(): void } => {
  let isOpen = true
  const close = () => {
    if (!isOpen) return
    isOpen = false
    stopHeartbeat()
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
  const stopHeartbeat = keepAlive(stream)
  return stream
}

export interface SseContext {
  request: Request
  server: { timeout(request: Request, seconds: number): void } | null
  set: { headers: Record<string, string | number | string[] | undefined> }
}

/** An answer that is never cut for being silent, and that no proxy keeps back. */
export const toSseResponse = (
  { request, server, set }: SseContext,
  body: ReadableStream<Uint8Array> | null,
): Response => {
  server?.timeout(request, 0)
  set.headers['cache-control'] = 'no-cache, no-transform'
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' } })
}

/**
 * A stream of what is said now and cannot be said again: a client that is too slow is cut. `onOpen` gets the writer and
 * returns what to do when the stream ends, whoever ends it. Never cut for being idle: a heartbeat comes every 15 s.
 */
export const openSse = (context: SseContext, onOpen: (writer: SseWriter) => () => void): Response => {
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
        release = onOpen(stream)
        // The stream may have ended while it was being opened.
        if (isClosed) release()
      },
      cancel: () => close(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxUnreadBytes }),
  )
  return toSseResponse(context, body)
}
