import { heartbeatBytes, keepAlive } from './sse-heartbeats.ts'
import { type SseContext, toSseResponse } from './sse.ts'

/** What may wait for one client, besides what is written in one go. */
const maxUnreadBytes = 65_536
/** How long a client may take nothing of what waits for it. */
const maxStallMs = 60_000
/** A credential is checked when a stream is opened, so none stays open for ever. */
const maxLifeMs = 3_600_000

export interface EventSink {
  /** False while much waits for the client. Write no more then: `onRoom` is called once it has been taken. */
  hasRoom(): boolean
  write(bytes: Uint8Array): void
  /** Ends the stream when the client has got what was written. */
  end(): void
  /** Breaks the stream off: to the client this is a lost connection, not the end of all events. */
  fail(error: unknown): void
}

/** Who writes to a sink. What it throws breaks the stream off. */
export interface EventFollower {
  /** Called first, and whenever the client has taken what waited. */
  onRoom(): void
  /** Called every 15 s. */
  onCheck(): void
  /** Called once, whoever ended the stream. */
  onClose(): void
}

/** How to break off each open stream. */
const openStreams = new Set<(error: unknown) => void>()

/** For the end of the server. Clients go on with another one from the last event that they have got. */
export const breakOffStreams = (): void => {
  for (const fail of openStreams) fail(new Error('The server stops'))
}

const createSink = (controller: ReadableStreamDefaultController<Uint8Array>) => {
  const openedAt = performance.now()
  let takenAt = openedAt
  let isOpen = true
  let isWriting = false
  let follower: EventFollower | undefined
  let stopHeartbeat = () => {}
  const close = () => {
    if (!isOpen) return
    isOpen = false
    openStreams.delete(fail)
    stopHeartbeat()
    follower?.onClose()
  }
  const stop = (how: () => void) => {
    close()
    try {
      how()
    } catch {
      // The client ended it first.
    }
  }
  const fail = (error: unknown) => stop(() => controller.error(error))
  const end = () => stop(() => controller.close())
  const hasRoom = () => isOpen && (controller.desiredSize ?? 0) > 0
  const write = (bytes: Uint8Array) => {
    if (!isOpen) return
    isWriting = true
    try {
      controller.enqueue(bytes)
    } catch {
      // Gone without a word.
      close()
    }
    isWriting = false
  }
  const ask = (what: 'onRoom' | 'onCheck') => {
    try {
      if (isOpen) follower?.[what]()
    } catch (error) {
      fail(error)
    }
  }
  const heartbeat = () => {
    const now = performance.now()
    if (!hasRoom() && now - takenAt > maxStallMs) return fail(new Error('The client takes no events'))
    if (now - openedAt > maxLifeMs) return end()
    if (hasRoom()) write(heartbeatBytes)
    return ask('onCheck')
  }
  return {
    sink: { hasRoom, write, end, fail },
    close,
    follow(one: EventFollower) {
      follower = one
      if (!isOpen) return one.onClose()
      openStreams.add(fail)
      stopHeartbeat = keepAlive({ heartbeat })
    },
    onTaken() {
      takenAt = performance.now()
      // A stream asks for more while it is handed something: who writes goes on by itself while there is room.
      if (!isWriting) ask('onRoom')
    },
  }
}

/**
 * A stream of events that can be read again from where they are kept: what a client has no time for is not kept in memory.
 * A heartbeat comes every 15 s. It ends after an hour at the latest, and is broken off when the client takes nothing for a
 * minute. `HEAD` gets no events. Throws what `onOpen` throws.
 */
export const openResumableSse = (context: SseContext, onOpen: (sink: EventSink) => EventFollower): Response => {
  const { method, signal } = context.request
  if (method === 'HEAD') return toSseResponse(context, null)
  let opened: ReturnType<typeof createSink> | undefined
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void (opened = createSink(controller)),
      pull: () => opened?.onTaken(),
      cancel: () => opened?.close(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxUnreadBytes }),
  )
  if (opened) {
    opened.follow(onOpen(opened.sink))
    // A client that is gone before the answer begins cancels nothing.
    if (signal.aborted) opened.close()
    else signal.addEventListener('abort', opened.close, { once: true })
  }
  return toSseResponse(context, body)
}
