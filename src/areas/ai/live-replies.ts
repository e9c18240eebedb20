import { encodeEvent, type SseWriter } from '../../http/sse.ts'
import { isSameId } from '../../shared/ids.ts'

export type StopReason = 'cancelled' | 'shutdown' | 'too_long'

export interface LiveReply<Result = unknown> {
  conversationId: string | undefined
  /** Sends what was said so far, then all that follows. Returns how to stop listening; the reply goes on. */
  attach(writer: SseWriter): () => void
  result: Promise<Result>
  /** Closes the upstream call at once; what came so far is kept. */
  stop(): void
}

export interface ReplyPlan<Result> {
  /** Two requests with one key get the same reply. */
  key: string
  userId: string
  conversationId: string | undefined
  /** Events that bring a late listener up to date. */
  snapshot: () => unknown[]
  /** Must not reject: it ends by itself with an outcome. */
  run: (publish: (event: unknown) => void, signal: AbortSignal) => Promise<Result>
}

export interface LiveReplies {
  readonly size: number
  countOf(userId: string): number
  /** Keys of different kinds of replies must not clash: the result is what `start` was given under this key. */
  find<Result>(key: string): LiveReply<Result> | undefined
  start<Result>(plan: ReplyPlan<Result>): LiveReply<Result>
  /** Aborts the replies of one conversation. The number of them. */
  cancel(userId: string, conversationId: string): number
  /** Ends all replies and waits until they are stored. */
  stopAll(): Promise<void>
}

interface Entry {
  key: string
  userId: string
  reply: LiveReply
  abort: (reason: StopReason) => void
}

const maxReplyMs = 3_600_000

/** Who listens to one reply. Events are encoded once, however many listen. */
const createAudience = () => {
  const listeners = new Set<SseWriter>()
  return {
    add: (writer: SseWriter) => void listeners.add(writer),
    remove: (writer: SseWriter) => void listeners.delete(writer),
    publish(event: unknown) {
      if (listeners.size === 0) return
      const bytes = encodeEvent(event)
      for (const listener of listeners) listener.write(bytes)
    },
    dismiss() {
      for (const listener of listeners) listener.done()
    },
  }
}

/** The replies that run. One that was told to stop still counts, but nobody joins it: its client asks again on purpose. */
const createRegister = () => {
  const entries = new Set<Entry>()
  const joinable = new Map<string, Entry>()
  const close = (entry: Entry) => {
    if (joinable.get(entry.key) === entry) joinable.delete(entry.key)
  }
  return {
    entries,
    find: (key: string) => joinable.get(key)?.reply,
    add(entry: Entry) {
      entries.add(entry)
      joinable.set(entry.key, entry)
    },
    abort(entry: Entry, reason: StopReason) {
      close(entry)
      entry.abort(reason)
    },
    remove(entry: Entry) {
      close(entry)
      entries.delete(entry)
    },
  }
}

const startEntry = <Result>(
  { key, userId, conversationId, snapshot, run }: ReplyPlan<Result>,
  register: ReturnType<typeof createRegister>,
): { entry: Entry; reply: LiveReply<Result> } => {
  const controller = new AbortController()
  const audience = createAudience()
  const timer = setTimeout(() => register.abort(entry, 'too_long'), maxReplyMs)
  const result = run(audience.publish, controller.signal).finally(() => {
    clearTimeout(timer)
    register.remove(entry)
    audience.dismiss()
  })
  const reply: LiveReply<Result> = {
    conversationId,
    result,
    stop: () => register.abort(entry, 'cancelled'),
    attach(writer) {
      for (const event of snapshot()) writer.write(encodeEvent(event))
      audience.add(writer)
      return () => audience.remove(writer)
    },
  }
  const entry: Entry = { key, userId, reply, abort: (reason) => controller.abort(reason) }
  return { entry, reply }
}

/**
 * Replies that are being written right now. They belong to the server, not to the connection that asked: a client that
 * goes away loses nothing (contract decision 24).
 */
export const createLiveReplies = (): LiveReplies => {
  const register = createRegister()
  let isStopping = false
  return {
    get size() {
      return register.entries.size
    },
    countOf: (userId) => [...register.entries].filter((entry) => entry.userId === userId).length,
    find: <Result>(key: string) => register.find(key) as LiveReply<Result> | undefined,
    start(plan) {
      const { entry, reply } = startEntry(plan, register)
      register.add(entry)
      if (isStopping) register.abort(entry, 'shutdown')
      return reply
    },
    cancel(userId, conversationId) {
      const isMeant = ({ userId: owner, reply }: Entry) =>
        owner === userId && reply.conversationId !== undefined && isSameId(reply.conversationId, conversationId)
      const chosen = [...register.entries].filter(isMeant)
      for (const entry of chosen) register.abort(entry, 'cancelled')
      return chosen.length
    },
    async stopAll() {
      isStopping = true
      // Requests that were already let in may still start replies.
      while (register.entries.size > 0) {
        const running = [...register.entries]
        for (const entry of running) register.abort(entry, 'shutdown')
        await Promise.allSettled(running.map((entry) => entry.reply.result))
      }
    },
  }
}
